"""Where downloads, and pictures that were read once, are kept."""

from __future__ import annotations

import os
from math import prod
from pathlib import Path

import torch
from torch import Tensor


def cache_folder() -> Path:
    """This user's cache of gan_lib; it need not be there yet. `XDG_CACHE_HOME` moves it."""
    from platformdirs import user_cache_path

    earlier = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "gan_lib"  # the first edition's
    return earlier if earlier.is_dir() else user_cache_path("gan_lib", appauthor=False)


def mapped(file: Path, *shape: int) -> Tensor:
    """The bytes of a file as uint8 (N, *shape): read from disk where they are looked at, changed only in memory.

    OSError: the file cannot be read, or no whole number of pictures is in it.
    """
    n, rest = divmod(file.stat().st_size, prod(shape))
    if rest or not n:
        raise OSError(f"{file} does not hold pictures of {prod(shape)} bytes")
    try:
        return torch.from_file(str(file), shared=False, size=n * prod(shape), dtype=torch.uint8).reshape(n, *shape)
    except RuntimeError as error:  # torch's word for what the system says
        raise OSError(str(error)) from error
