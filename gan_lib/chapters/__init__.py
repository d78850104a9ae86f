"""What single chapters need."""
