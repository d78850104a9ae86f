"""Measurements, run by hand: `python -m gan_lib bench`. None of them is a test."""
