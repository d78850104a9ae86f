"""Time to a quality, and whether bfloat16 costs any."""

from __future__ import annotations

import time
from dataclasses import replace

import torch

from gan_lib import data, runs
from gan_lib.bench.speed import rate
from gan_lib.bench.textbook import textbook
from gan_lib.errors import BadInput
from gan_lib.machine.device import has_bfloat16
from gan_lib.scores import metrics
from gan_lib.training import train
from gan_lib.training.recipe import Recipe
from gan_lib.training.state import State

LOOK_EVERY = 50  # updates between two scores


def time_to_quality(recipe: Recipe, epochs: float = 2, against: Recipe | None = None) -> dict:
    """Seconds the textbook loop takes for some epochs, and seconds ours takes to reach the distance it has then.

    Scoring is not counted on either side. Ours stops when it has reached every goal, or at the end of its recipe.

    Args:
        recipe: what our loop trains.
        epochs: of the textbook loop.
        against: what the textbook loop trains; `recipe` if left out. If given, there is a second goal: the distance of
            its recorded run, which our loop would take so many seconds for, by its speed over some seconds here.

    Returns:
        recipe, against, epochs, and for the textbook's goal "textbook_frechet", its "textbook_s", "textbook_ours_s" and
        "textbook_ours_frechet", and "textbook_ratio" of the seconds; with a second goal the same with "recorded". None
        where a goal was not reached.

    Raises:
        BadRun: `against` is not recorded.
    """
    slow, goals, seconds = against or recipe, {}, {}
    if against:  # first: a recipe that is not recorded is refused before any work
        goals["recorded_"] = runs.load(against.name).card["evaluation"]["frechet"]
    images = data.load(slow.dataset)
    steps = round(epochs * len(images.pixels) / slow.batch_size / slow.d_steps)
    start = time.perf_counter()
    generator, _ = textbook(slow, images, steps, generator_passes=2)
    seconds["textbook_"] = time.perf_counter() - start
    goals["textbook_"] = metrics.frechet_distance(generator, dataset=slow.dataset)
    if against:
        seconds["recorded_"] = against.steps / rate(lambda steps: _ours(against, images, steps), 20)
    reached = _reached(recipe, images.resized(recipe.image_size), goals)
    found = {"recipe": recipe.name, "against": slow.name, "epochs": epochs}
    for goal, frechet in goals.items():
        ours_s, ours_frechet = reached.get(goal, (None, None))
        found |= {
            f"{goal}frechet": frechet,
            f"{goal}s": seconds[goal],
            f"{goal}ours_s": ours_s,
            f"{goal}ours_frechet": ours_frechet,
            f"{goal}ratio": ours_s and seconds[goal] / ours_s,
        }
    return found


def _ours(recipe: Recipe, images: data.ImageSet, steps: int) -> None:
    resized = images.resized(recipe.image_size)
    train(State(replace(recipe, milestones=()), len(resized.pixels)), resized, steps=steps, show_progress=False)


def _reached(recipe: Recipe, images: data.ImageSet, goals: dict[str, float]) -> dict[str, tuple[float, float]]:
    """For each goal that a training reaches: after how many seconds, but those of scoring, and its distance then."""
    state, scoring, found = State(recipe, len(images.pixels)), 0.0, {}
    start = time.perf_counter()

    def watch() -> bool:
        nonlocal scoring
        if state.step and state.step % LOOK_EVERY == 0:
            before = time.perf_counter()
            distance = metrics.frechet_distance(state.drawing, dataset=recipe.dataset)
            for goal in goals.keys() - found.keys():
                if distance <= goals[goal]:
                    found[goal] = before - start - scoring, distance
            scoring += time.perf_counter() - before
        return len(found) == len(goals)

    train(state, images, watch=watch)
    return found


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
