"""Our loop against the textbook loop: the same networks, the same batch, one run, in turns."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from statistics import median

import torch

from gan_lib import data
from gan_lib.bench.textbook import textbook
from gan_lib.machine.progress import progress
from gan_lib.training import train
from gan_lib.training.recipe import Recipe
from gan_lib.training.state import State

KINDS = ("mlp-fashion", "cgan-mnist", "dcgan-fashion", "acgan-fashion", "ns-fashion", "wgan-fashion", "wgan-gp-fashion")


def measure(recipe: Recipe, seconds: float, rounds: int) -> dict:
    """Time the three loops in turns, `seconds` each: real images/s (median of the rounds), and ours as a multiple.

    Returns:
        recipe, batch, threads, data, and "images_per_s" and "ratio" by the name of the loop.
    """
    images, plain = data.load(recipe.dataset), replace(recipe, milestones=())
    resized = images.resized(recipe.image_size)

    def ours(steps: int) -> None:
        train(State(plain, len(resized.pixels)), resized, steps=steps, show_progress=False)

    loops: dict[str, Callable[[int], object]] = {
        "ours": ours,
        "textbook, one generator pass": lambda steps: textbook(plain, images, steps, generator_passes=1),
        "textbook, two generator passes": lambda steps: textbook(plain, images, steps, generator_passes=2),
    }
    rates: dict[str, list[float]] = {name: [] for name in loops}
    for _ in progress(rounds, recipe.name):
        for name, loop in loops.items():
            rates[name].append(rate(loop, seconds) * recipe.batch_size * recipe.d_steps)
    middle = {name: median(values) for name, values in rates.items()}
    return {
        "recipe": recipe.name,
        "batch_size": recipe.batch_size,
        "threads": torch.get_num_threads(),
        "data": str(images),
        "images_per_s": middle,
        "ratio": {name: middle["ours"] / value for name, value in middle.items()},
    }


def as_text(found: dict) -> str:
    """What `measure` found, as text."""
    head = f"{found['recipe']}, batch {found['batch_size']}, {found['threads']} threads, {found['data']}"
    rates, ratios = found["images_per_s"], found["ratio"]
    return "\n".join([head, *(f"{name:32}{rates[name]:10,.0f} images/s{ratios[name]:8.1f}×" for name in rates)])


def rate(loop: Callable[[int], object], seconds: float) -> float:
    """Updates of G per second over about `seconds`, what each call needs to start taken off.

    The number of updates doubles until a call takes half of the time; a call of one update is what is taken off.
    """

    def timed(steps: int) -> float:
        start = time.perf_counter()
        loop(steps)
        return time.perf_counter() - start

    timed(1)
    empty, steps = min(timed(1), timed(1)), 2  # what disturbs one of them must not be taken off the other calls
    while (spent := timed(steps)) < seconds / 2:
        steps *= 2
    if (more := int(steps * seconds / spent)) > steps:
        steps, spent = more, timed(more)
    return (steps - 1) / max(spent - empty, 1e-9)
