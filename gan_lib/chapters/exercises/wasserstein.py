"""Chapter 7: WGAN."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

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


EXERCISES = {
    "steepest": Exercise(
        steepest,
        (
            (logits(5, 1)[:, 0], logits(5, 2)),
            (torch.tensor([0.0, 1.0, 5.0, -3.0]), torch.tensor([[0.0], [2.0], [4.0], [4.5]])),
        ),
    ),
    "thick-lines": Exercise(_thick_lines, ((0.1, 0.5), (0.0, 0.5), (-2.0, 0.5), (-0.3, 1.5))),
    "undo-penalty": Exercise(_undo_penalty, ((0.945, 1.0), (6.25, 10.0), (0.0, 1.0))),
    "between": Exercise(
        _between, ((logits(4, 3, 2, 2), logits(4, 3, 2, 2).flip(0), torch.Generator().manual_seed(2)),)
    ),
    "penalty": Exercise(_penalty_gradient, (_flat_somewhere(),)),
    "estimate": Exercise(lambda loss, penalty, weight: weight * penalty - loss, ((-3.7, 0.03, 10.0), (0.5, 0.2, 1.0))),
}
