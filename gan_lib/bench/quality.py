"""Time to a quality, and whether bfloat16 costs any."""

from __future__ import annotations

import time
from dataclasses import replace

from gan_lib import data, metrics
from gan_lib.bench.textbook import textbook
from gan_lib.recipe import Recipe
from gan_lib.state import State
from gan_lib.training import train

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
    generator = textbook(recipe, images, steps, generator_passes=2)
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
    """The Fréchet distance after `steps` updates in float32 and with bfloat16, for each of some seeds."""
    images = data.load(recipe.dataset).resized(recipe.image_size)

    def score(seed: int, bfloat16: bool) -> float:
        state = State(replace(recipe, seed=seed, bfloat16=bfloat16, milestones=()), len(images.pixels))
        train(state, images, steps=steps)
        return metrics.frechet_distance(state.drawing, dataset=recipe.dataset)

    found = {name: [score(s, half) for s in range(seeds)] for name, half in (("float32", False), ("bfloat16", True))}
    return {"recipe": recipe.name, "steps": steps} | found
