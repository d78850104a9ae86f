"""gan_lib: the training code behind the book. Start at `recipes`, then `training`."""

__version__ = "0.1.0"
