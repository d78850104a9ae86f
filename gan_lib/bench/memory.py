"""How much memory a training takes, and whether it grows."""

from __future__ import annotations

import os
import resource
import sys

from gan_lib import data
from gan_lib.recipes import Recipe
from gan_lib.state import State
from gan_lib.training import train

WARM_UP = 100  # updates after which all buffers are there


def measure(recipe: Recipe, steps: int) -> dict:
    """Train for `steps` updates on the CPU and look at the process's memory, in MB of 10⁶ bytes.

    Returns:
        recipe, steps, "after_warm_up" and "at_the_end" (resident), and "peak", the process's highest so far, Python,
        torch and the data included.
    """
    images = data.load(recipe.dataset).resized(recipe.image_size)
    state, seen = State(recipe, len(images.pixels)), {}

    def watch() -> None:
        if state.step in (WARM_UP, steps):
            seen[state.step] = _resident()

    train(state, images, steps=steps, watch=watch)
    unit = 1 if sys.platform == "darwin" else 1024  # macOS counts bytes, Linux kilobytes
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6
    found = {"after_warm_up": seen.get(WARM_UP, seen[steps]), "at_the_end": seen[steps], "peak": peak}
    return {"recipe": recipe.name, "steps": steps} | found


def _resident() -> float:
    """This process's resident memory in MB; Linux only, elsewhere the peak so far."""
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
