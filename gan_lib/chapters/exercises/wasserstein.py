"""Chapter 7: WGAN."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from gan_lib.chapters.exercises.exercise import Exercise, logits
from gan_lib.chapters.transport import steepest


def _between(real: Tensor, fake: Tensor, rng: torch.Generator) -> Tensor:
    epsilon = torch.rand(len(real), 1, 1, 1, generator=rng)
    return epsilon * real + (1 - epsilon) * fake


EXERCISES = {
    "steepest": Exercise(
        steepest,
        (
            (logits(5, 1)[:, 0], logits(5, 2)),
            (torch.tensor([0.0, 1.0, 5.0, -3.0]), torch.tensor([[0.0], [2.0], [4.0], [4.5]])),
        ),
    ),
    "parallel-lines": Exercise(
        lambda theta: torch.tensor([math.log(2) if theta else 0.0, abs(theta)]), ((0.5,), (0.0,), (-2.0,))
    ),
    "penalised-slope": Exercise(lambda w, weight: 1 + w / (2 * weight), ((0.7, 1.0), (5.0, 10.0))),
    "between": Exercise(
        _between, ((logits(4, 3, 2, 2), logits(4, 3, 2, 2).flip(0), torch.Generator().manual_seed(2)),)
    ),
    "penalty": Exercise(
        lambda gradient: (gradient.flatten(1).norm(dim=1) - 1).square().mean(),
        ((logits(4, 3, 2, 2),), (0.1 * logits(2, 1, 3, 3),)),
    ),
    "estimate": Exercise(lambda loss, penalty, weight: weight * penalty - loss, ((-3.7, 0.03, 10.0), (0.5, 0.2, 1.0))),
}
