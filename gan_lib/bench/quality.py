"""Time to a quality, and whether bfloat16 costs any."""

from __future__ import annotations

import time
from dataclasses import replace

import torch

from gan_lib import data
from gan_lib.bench.textbook import textbook
from gan_lib.errors import BadInput
from gan_lib.machine.device import has_bfloat16
from gan_lib.scores import metrics
from gan_lib.training import train
from gan_lib.training.recipe import Recipe
from gan_lib.training.state import State

LOOK_EVERY = 50  # updates between two scores


def time_to_quality(recipe: Recipe, epochs: float = 2) -> dict:
    """Seconds the textbook loop takes for some epochs, and seconds ours takes to reach the distance it has then.

    Scoring is not counted on either side. Ours stops when it gets there, or at the end of its recipe.

    Returns:
        recipe, epochs, the textbook's "frechet" and "textbook_s", "ours_s" and "ours_frechet", and their "ratio".
    """
    images = data.load(recipe.dataset)
    steps = round(epochs * len(images.pixels) / recipe.batch_size / recipe.d_steps)
    start = time.perf_counter()
    generator, _ = textbook(recipe, images, steps, generator_passes=2)
    textbook_s = time.perf_counter() - start
    goal = metrics.frechet_distance(generator, dataset=recipe.dataset)

    images = images.resized(recipe.image_size)
    state, last, scoring = State(recipe, len(images.pixels)), float("inf"), 0.0
    start = time.perf_counter()

    def watch() -> bool:
        nonlocal last, scoring
        if state.step and state.step % LOOK_EVERY == 0:
            before = time.perf_counter()
            last = metrics.frechet_distance(state.drawing, dataset=recipe.dataset)
            scoring += time.perf_counter() - before
        return last <= goal

    train(state, images, watch=watch)
    ours_s = time.perf_counter() - start - scoring
    return {
        "recipe": recipe.name,
        "epochs": epochs,
        "frechet": goal,
        "textbook_s": textbook_s,
        "ours_s": ours_s,
        "ours_frechet": last,
        "ratio": textbook_s / ours_s,
    }


def precision(recipe: Recipe, steps: int, seeds: int = 3) -> dict:
    """The Fréchet distance after `steps` updates in float32 and with bfloat16, for each of some seeds.

    BadInput where the CPU multiplies no bfloat16: there a training stays in float32, and both would be the same.
    """
    if not has_bfloat16(torch.device("cpu")):
        raise BadInput(
            "this CPU has no bfloat16 hardware, so there is only float32 to measure; take one with AVX512-BF16 or AMX "
            "for --what precision, or measure speed, memory or quality here."
        )
    images = data.load(recipe.dataset).resized(recipe.image_size)

    def score(seed: int, bfloat16: bool) -> float:
        state = State(replace(recipe, seed=seed, bfloat16=bfloat16, milestones=()), len(images.pixels))
        train(state, images, steps=steps)
        return metrics.frechet_distance(state.drawing, dataset=recipe.dataset)

    found = {name: [score(s, half) for s in range(seeds)] for name, half in (("float32", False), ("bfloat16", True))}
    return {"recipe": recipe.name, "steps": steps} | found
