"""How many pictures does a GAN need? One training on few and on many of the same pictures, augmented and not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from torch import nn

from gan_lib import runs
from gan_lib.data import ImageSet
from gan_lib.errors import BadInput
from gan_lib.machine.given import called, flag, instance, named_path, whole
from gan_lib.runs import Run
from gan_lib.training.recipe import Recipe
from gan_lib.training.recipes import for_pictures

HELD_OUT = 500  # pictures that no training here learns from, and of which D is asked
COUNTS = (200, 500, 1_000, 5_000, 60_000 - HELD_OUT)
SEEDS = {200: (0, 1, 2)}  # where memorising is shown; the others have the first alone
RUNS = [(n, augmented, seed) for n in COUNTS for augmented in (False, True) for seed in SEEDS.get(n, (0,))]
STEPS = {200: 12_000, 500: 12_000, 1_000: 6_000, 5_000: 6_000, 60_000 - HELD_OUT: 6_000}  # updates of G
EVERY = 1_000  # updates between two scores


def name(n: int, augmented: bool, seed: int = 0) -> str:
    """What a run is called: "few-200-augmented-0"."""
    return f"few-{whole('n', n)}-{'augmented' if flag('augmented', augmented) else 'plain'}-{whole('seed', seed, 0)}"


def recipe(n: int, augmented: bool, seed: int = 0, steps: int = 6_000) -> Recipe:
    """`for_pictures("dcgan", …)` for n grey pictures of 32×32, small enough for minutes on one core.

    No flips: in Fashion-MNIST all shoes point to the left.

    BadInput: no such numbers.
    """
    chosen = for_pictures("dcgan", (1, 32, 32), n, steps=steps, few=augmented, dataset="fashion-mnist")
    how = "with" if augmented else "without"
    return replace(
        chosen,
        name=name(n, augmented, seed),
        about=f"dcgan on {n:,} pictures, {how} augmentation, seed {seed}",
        generator_args=chosen.generator_args | {"features": 16},
        discriminator_args=chosen.discriminator_args | {"features": 16},
        batch_size=min(32, n),
        milestones=tuple(range(EVERY, steps + 1, EVERY)),
        flip=False,
        keep_best=False,
        keeps=(),
        pictures=16 if n == COUNTS[0] else 1,  # of the others no page shows any
        log_every=5,
        seed=seed,
    )


def parts(images: ImageSet, n: int) -> tuple[ImageSet, ImageSet]:
    """n pictures of a data set, drawn at random, and 500 held out, the same for every n.

    BadInput: no data set, or one of fewer than n + 500 pictures.
    """
    instance("images", images, ImageSet, "an ImageSet, as data.load gives it")
    n, total = whole("n", n), len(images.pixels)
    if total < n + HELD_OUT:
        raise BadInput(f"{images.name} holds {total:,} pictures; ask for {total - HELD_OUT:,} or fewer.")
    rest, held_out = images.split(HELD_OUT)
    return (rest if n == len(rest.pixels) else rest.split(n)[1]), held_out


def record(
    images: ImageSet,
    n: int,
    augmented: bool,
    folder: str | Path,
    *,
    seed: int = 0,
    steps: int = 6_000,
    score: Callable[[nn.Module], float] | None = None,
    resume: bool = False,
) -> Run:
    """Train on n of the pictures, and record the run.

    Args:
        images: what they are taken from, grey.
        n: how many.
        augmented: whether D sees them, and G's, changed at random.
        folder: of the new run.
        seed: of the training; the pictures are the same.
        steps: updates of G.
        score: generator → a distance, after every 1,000 updates and at the end.
        resume: go on from a checkpoint.

    Raises:
        BadInput: too few pictures, or other numbers that are not allowed.
    """
    folder, some = named_path("folder", folder), parts(images, n)
    score is None or called("score", score)
    return runs.record(
        recipe(n, augmented, seed, steps),
        some[0],
        folder,
        held_out=some[1],
        score=score,
        resume=flag("resume", resume),
        keep_state=False,
    )
