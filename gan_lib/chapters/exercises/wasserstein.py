"""Chapter 7: WGAN."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

from gan_lib import runs
from gan_lib.chapters.exercises.exercise import Exercise, logits
from gan_lib.chapters.transport import steepest


def _between(real: Tensor, fake: Tensor, rng: torch.Generator) -> Tensor:
    epsilon = torch.rand(len(real), 1, 1, 1, generator=rng)
    return epsilon * real + (1 - epsilon) * fake


def _thick_lines(theta: float, width: float) -> Tensor:
    """JSD and W₁ of two bands of that width, θ apart: the share that only one of them covers counts log 2."""
    return torch.tensor([math.log(2) * min(abs(theta) / width, 1.0), abs(theta)])


def _undo_penalty(value: float, weight: float) -> float:
    """W₁ from value = s W₁ with s = 1 + W₁ / 2λ: the root of W₁² + 2λ W₁ − 2λ value that is not negative."""
    return math.sqrt(weight**2 + 2 * weight * value) - weight


def _penalty_gradient(critic: nn.Module, between: Tensor) -> Tensor:
    (slope,) = torch.autograd.grad(critic(between).sum(), between, create_graph=True)
    norms = torch.linalg.vector_norm(slope.flatten(1), dim=1)  # (B,)
    return torch.autograd.grad((norms - 1).square().mean(), critic[1].weight)[0]


def _flat_somewhere() -> tuple[nn.Module, Tensor]:
    """A critic, and places of which the first lies where it is flat: there all its hidden units are off."""
    critic = nn.Sequential(nn.Flatten(), nn.Linear(12, 6), nn.ReLU(), nn.Linear(6, 1))
    with torch.no_grad():
        starts = logits(6, 12) / 3, -torch.ones(6) / 3, logits(1, 6) / 3, torch.zeros(1)
        for weight, start in zip(critic.parameters(), starts, strict=True):
            weight.copy_(start)
    places = logits(4, 3, 2, 2)
    places[0] = 0
    return critic, places.requires_grad_()


def _penalty_of(norms: Callable[[Tensor], Tensor], wanted: float = 1.0) -> Callable:
    """A wrong penalty: the mean of (norm − wanted)² over these norms of the slopes (B, C, H, W)."""

    def mistake(critic: nn.Module, between: Tensor) -> Tensor:
        (slope,) = torch.autograd.grad(critic(between).sum(), between, create_graph=True)
        return torch.autograd.grad((norms(slope) - wanted).square().mean(), critic[1].weight)[0]

    return mistake


def _mixed(real: Tensor, fake: Tensor, epsilon: Tensor) -> Tensor:
    return epsilon * real + (1 - epsilon) * fake


def _failed_critic() -> str:
    """The letter of the run that is farthest from the data after 1,000 updates of G."""
    ends = {letter: runs.load(name).scores[1_000] for letter, name in CURVES.items()}
    return max(ends, key=ends.__getitem__)


CURVES = {  # the letters under which the chapter draws four recorded critics
    "a": "wgan-gp-fashion-seed1",
    "b": "wgan-fashion-seed2",
    "c": "wgan-fashion-seed1",
    "d": "wgan-fashion",
}
EXERCISES = {
    "steepest": Exercise(
        steepest,
        (
            (logits(5, 1)[:, 0], logits(5, 2)),
            (torch.tensor([0.0, 1.0, 5.0, -3.0]), torch.tensor([[0.0], [2.0], [4.0], [4.5]])),
        ),
        mistakes={
            "you compared neighbours in the list only; the steepest pair may be any two of the points.": lambda v, x: (
                (v[1:] - v[:-1]).abs() / (x[1:] - x[:-1]).norm(dim=1)
            ).max(),
            "the largest rise and the largest distance may belong to different pairs; divide pair by pair.": (
                lambda v, x: (v.max() - v.min()) / torch.cdist(x, x).max()
            ),
            "the condition must hold for every pair, so a mean of the slopes is not enough.": lambda v, x: (
                torch.pdist(v[:, None]) / torch.pdist(x)
            ).mean(),
            "the distance of two points is the length of their difference, not the sum of its parts.": lambda v, x: (
                torch.pdist(v[:, None]) / torch.pdist(x, p=1)
            ).max(),
        },
    ),
    "thick-lines": Exercise(
        _thick_lines,
        ((0.1, 0.5), (0.0, 0.5), (-2.0, 0.5), (-0.3, 1.5)),
        mistakes={
            "that is JSD of thin lines. Where both bands lie their densities are equal: what does JSD count there?": (
                lambda theta, width: [math.log(2) * (theta != 0), abs(theta)]
            ),
            "you counted the part that both bands cover; which part tells them apart?": lambda theta, width: [
                math.log(2) * max(1 - abs(theta) / width, 0),
                abs(theta),
            ],
            "the gap between the two edges is not the way that a grain moves.": lambda theta, width: [
                math.log(2) * min(abs(theta) / width, 1),
                max(abs(theta) - width, 0),
            ],
            "JSD is never above log 2. What happens once the bands no longer touch?": lambda theta, width: [
                math.log(2) * abs(theta) / width,
                abs(theta),
            ],
            "the second band may lie left of the first, too: no distance is below 0.": lambda theta, width: [
                math.log(2) * min(theta / width, 1),
                theta,
            ],
        },
    ),
    "undo-penalty": Exercise(
        _undo_penalty,
        ((0.945, 1.0), (6.25, 10.0), (0.0, 1.0)),
        mistakes={
            "that is the value which the critic shows; it is s times too large.": lambda value, weight: value,
            "the s of the formula holds W₁, which you do not know yet, and not the value: solve for it.": (
                lambda value, weight: value / (1 + value / (2 * weight))
            ),
            "the shown value is too large already; your answer is larger still.": lambda value, weight: (
                value * (1 + value / (2 * weight))
            ),
            "a quadratic equation has two roots. Which of them can be a distance?": lambda value, weight: (
                -math.sqrt(weight**2 + 2 * weight * value) - weight
            ),
        },
    ),
    "between": Exercise(
        _between,
        ((logits(4, 3, 2, 2), logits(4, 3, 2, 2).flip(0), torch.Generator().manual_seed(2)),),
        mistakes={
            "one ε moves the whole batch by the same part of the way; each pair should have its own.": (
                lambda real, fake, rng: _mixed(real, fake, torch.rand(1, generator=rng))
            ),
            "each pixel has its own ε now, so the place is not on the line between two pictures.": (
                lambda real, fake, rng: _mixed(real, fake, torch.rand(real.shape, generator=rng))
            ),
            "each channel has its own ε now; one number belongs to the whole picture.": (
                lambda real, fake, rng: _mixed(real, fake, torch.rand(*real.shape[:2], 1, 1, generator=rng))
            ),
            "ε = 1 should give the real picture: the two ends are exchanged.": lambda real, fake, rng: _between(
                fake, real, rng
            ),
        },
    ),
    "penalty": Exercise(
        _penalty_gradient,
        (_flat_somewhere(),),
        mistakes={
            "your answer is not finite: a root by hand has no finite slope at 0, and one of the places is flat.": (
                _penalty_of(lambda slope: slope.flatten(1).square().sum(1).sqrt())
            ),
            "norm(dim=1) runs over the channels, so each pixel has a norm of its own; one belongs to each picture.": (
                _penalty_of(lambda slope: slope.norm(dim=1))
            ),
            "that is one norm for the whole batch; each picture has its own.": _penalty_of(lambda slope: slope.norm()),
            "the norm should be pulled to 1, not to 0.": _penalty_of(lambda slope: slope.flatten(1).norm(dim=1), 0.0),
        },
    ),
    "estimate": Exercise(
        lambda loss, penalty, weight: weight * penalty - loss,
        ((-3.7, 0.03, 10.0), (0.5, 0.2, 1.0)),
        mistakes={
            "the loss still holds the penalty, which is a price and no part of the distance.": (
                lambda loss, penalty, weight: -loss
            ),
            "take the penalty off, and then look at the sign: the critic lowers its loss.": (
                lambda loss, penalty, weight: loss - weight * penalty
            ),
            "the penalty is in the loss already; you have added it once more.": lambda loss, penalty, weight: (
                -(loss + weight * penalty)
            ),
            "the penalty enters the loss with its weight λ.": lambda loss, penalty, weight: penalty - loss,
        },
    ),
    "fair-sentence": Exercise(
        lambda: "c",
        mistakes={
            "the two recipes differ in loss, optimizer and updates of the critic, too: is it the penalty?": lambda: "a",
            "“faster” by which clock? Compare the first column with the last.": lambda: "b",
            "look at the middle column: what did the two see before that update?": lambda: "d",
        },
    ),
    "which-critic-failed": Exercise(
        _failed_critic,
        mistakes={
            "a is high, but it is another game with another scale. Does a ever cross 0?": lambda: "a",
            "b settles early, and stays above 0. Which one never settles?": lambda: "b",
            "d jumps first, and then settles above 0. Which one jumps to the end?": lambda: "d",
        },
    ),
}
