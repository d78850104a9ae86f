"""How much memory a training takes, and whether it grows."""

from __future__ import annotations

import psutil

from gan_lib import data
from gan_lib.training import train
from gan_lib.training.recipe import Recipe
from gan_lib.training.state import State

WARM_UP = 100  # updates after which all buffers are there
PARTS = 10


def measure(recipe: Recipe, steps: int) -> dict:
    """Train for `steps` updates on the CPU and look at the process's resident memory, in MB of 10⁶ bytes.

    Returns:
        recipe, steps, "after_warm_up", "at_the_end" and "peak", the highest between two updates, also of each tenth
        of the training; Python, torch and the data are in it.
    """
    images = data.load(recipe.dataset).resized(recipe.image_size)
    state, seen = State(recipe, len(images.pixels)), []

    def watch() -> None:
        seen.append(resident())

    train(state, images, steps=steps, watch=watch)
    part = -(-len(seen) // PARTS)
    peaks = [round(max(seen[start : start + part])) for start in range(0, len(seen), part)]
    found = {"after_warm_up": seen[min(WARM_UP, steps)], "at_the_end": seen[-1], "peak": max(seen), "peaks": peaks}
    return {"recipe": recipe.name, "steps": steps} | found


def resident() -> float:
    """The process's resident memory in MB of 10⁶ bytes."""
    return psutil.Process().memory_info().rss / 1e6
