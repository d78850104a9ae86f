"""What a training stands on: the device, random numbers, several processes, progress bars."""
