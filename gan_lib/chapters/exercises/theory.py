"""Chapter 1: the theory of the game."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from gan_lib.chapters import divergences, plane
from gan_lib.chapters.exercises.exercise import HEAPS, Exercise, logits
from gan_lib.data import toy
from gan_lib.training.games import discriminator_loss

# Which of these curves is the best D of these two densities?
PLACES = torch.linspace(-4, 5, 181, dtype=torch.float64)
DATA, MADE = divergences.gaussian(PLACES, 0, 1), divergences.gaussian(PLACES, 1.5, 0.6)
CURVES: dict[str, Tensor] = {
    "a": DATA / DATA.max(),
    "b": MADE / (DATA + MADE),
    "c": (DATA > MADE).double(),
    "d": divergences.best_discriminator(DATA, MADE),
}
# Which of these sets of points, made when they are asked for, finds all eight clouds?
SETS: dict[str, Callable[[], Tensor]] = {
    "a": lambda: plane.recorded("minimax").points[6],
    "b": lambda: toy.circle(plane.POINTS).pixels,
    "c": lambda: plane.recorded("relativistic").points[-1],
    "d": lambda: plane.recorded("non-saturating").points[-1],
}


def _carried(p: Tensor, q: Tensor) -> Tensor:
    """What has not yet been carried past each place."""
    return (p - q).cumsum(0)


def _kl(p: Tensor, q: Tensor) -> Tensor:
    return (p * (p / q).log()).sum()


def _clamped(real: Tensor, fake: Tensor) -> Tensor:
    probabilities = real.sigmoid(), 1 - fake.sigmoid()
    return sum(each.clamp(min=1e-7).log().mean() for each in probabilities)


EXERCISES = {
    "which-d": Exercise(
        lambda: max(CURVES, key=lambda letter: divergences.value(DATA, MADE, CURVES[letter], 0.05)),
        mistakes={
            "This one follows the data's density alone. Far to the left there is little data: but is there any fake?": (
                lambda: "a"
            ),
            "This one is high where G draws. Of what is D's answer the probability?": lambda: "b",
            "This one is always sure. What should D say where both densities are equal?": lambda: "c",
        },
    ),
    "all-eight": Exercise(
        lambda: max(SETS, key=lambda letter: plane.EIGHT.covered(SETS[letter]())[0]),
        mistakes={
            "Look inside the discs: how many of them hold a heap, and not only the points that pass by?": lambda: "a",
            "It passes every disc. But are there more points in the discs than between them?": lambda: "b",
            "Nearly. Go round the ring once more: does every disc hold a heap of points?": lambda: "d",
        },
    ),
    "best-d": Exercise(
        lambda p, q, k: divergences.best_discriminator(p, k * q),
        tuple((*heaps, k) for heaps, k in zip(HEAPS, (2, 5), strict=True)),
        mistakes={
            "This is the best D of equal shares. How many made samples stand here for each real one?": (
                lambda p, q, k: p / (p + q)
            ),
            "You count the real samples k times. Which ones are there more of?": lambda p, q, k: k * p / (k * p + q),
            "Where nothing is made, D should still be sure. Is your answer 1 there?": lambda p, q, k: p / (k * (p + q)),
            "This is the share of the made ones. Whose probability does D give?": lambda p, q, k: k * q / (p + k * q),
        },
    ),
    "jsd": Exercise(
        lambda p, q: divergences.jsd(p, q, 1.0),
        HEAPS,
        mistakes={
            "This is KL. JSD compares each of the two with their middle.": _kl,
            "This compares the two with each other. With what should each be compared?": (
                lambda p, q: (_kl(p, q) + _kl(q, p)) / 2
            ),
            "Nearly: JSD is the mean of the two KLs, and never above log 2.": (
                lambda p, q: _kl(p, (p + q) / 2) + _kl(q, (p + q) / 2)
            ),
            "This compares the middle with each of the two. Which one comes first in KL?": (
                lambda p, q: (_kl((p + q) / 2, p) + _kl((p + q) / 2, q)) / 2
            ),
        },
    ),
    "w1": Exercise(
        lambda p, q: divergences.wasserstein(p, q, 1.0),
        (*HEAPS, (torch.tensor([0.5, 0.0, 0.5]), torch.tensor([0.0, 1.0, 0.0]))),
        mistakes={
            "This says how much mass differs. How far does it have to go?": lambda p, q: (p - q).abs().sum(),
            "Carrying to the left does not undo carrying to the right: both cost.": lambda p, q: (
                _carried(p, q).sum().abs()
            ),
            "Add what is carried past the places; a mean divides it by their number.": (
                lambda p, q: _carried(p, q).abs().mean()
            ),
            "This is the cost past one place, the busiest. What about the others?": lambda p, q: (
                _carried(p, q).abs().max()
            ),
        },
    ),
    "squared": Exercise(
        lambda d: -2 * d * (1 - d) ** 2,
        ((0.2,), (0.01,), (0.5,), (0.9,)),
        mistakes={
            "This is the slope by D. The logit comes one step earlier: what is the slope of the sigmoid?": (
                lambda d: -2 * (1 - d)
            ),
            "With this sign the loss would rise with D. Does it?": lambda d: 2 * d * (1 - d) ** 2,
            "A factor is missing: the square gives one, and so does the sigmoid.": lambda d: -2 * d * (1 - d),
            "This is the slope of the square and half of the sigmoid's: its slope has two factors.": (
                lambda d: -2 * (1 - d) ** 2
            ),
        },
    ),
    "value": Exercise(
        lambda real, fake: -discriminator_loss(real, fake),
        ((logits(6, 1), logits(5, 1)), (torch.full((2, 1), -200.0), torch.full((2, 1), 90.0))),
        mistakes={
            "At a logit of −200 the sigmoid is exactly 0 in float32. Can you get its logarithm without it?": (
                lambda real, fake: real.sigmoid().log().mean() + (1 - fake.sigmoid()).log().mean()
            ),
            "Finite, but no longer the value: a clamp hides how wrong D is. Leave the probability out.": _clamped,
            "This is the loss of D, which D makes small. What does D make large?": discriminator_loss,
            "Here D earns by calling fakes real. Which sign does their logit need?": (
                lambda real, fake: -discriminator_loss(real, -fake)
            ),
        },
    ),
}
