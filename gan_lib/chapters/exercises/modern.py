"""Chapter 9: what ten years bought."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from gan_lib.chapters.exercises.exercise import Exercise, logits
from gan_lib.training.games import relativistic_loss, zero_centred_penalty


def _non_saturating_dirac(theta: float, psi: float, gamma: float) -> Tensor:
    """Where G and D want to go: minus the slopes of softplus(−ψθ) by θ and of softplus(ψθ) + γ/2 ψ² by ψ."""
    logit = torch.tensor(psi * theta)
    return torch.stack([psi * torch.sigmoid(-logit), -theta * torch.sigmoid(logit) - gamma * psi])


def _pull(gamma: float) -> float:
    """How fast the slower of two ways home shrinks: minus the largest real part of the linear game's eigenvalues."""
    return (gamma - math.sqrt(max(0.0, gamma**2 - 1))) / 2


def _r1_gradient(discriminator: nn.Module, real: Tensor) -> Tensor:
    """What D's first weights get from it."""
    return torch.autograd.grad(zero_centred_penalty(discriminator, real), next(discriminator.parameters()))[0]


def _judge() -> nn.Module:
    """A small D whose slope differs from picture to picture."""
    network = nn.Sequential(nn.Flatten(), nn.Linear(12, 5), nn.Tanh(), nn.Linear(5, 1))
    with torch.no_grad():
        for i, weight in enumerate(network.parameters()):
            weight.copy_(logits(i + 1, weight.numel())[i].view(weight.shape) / 4)
    return network


def _bound(weights: list[Tensor]) -> float:
    """The product of the layers' largest stretches."""
    return math.prod(torch.linalg.matrix_norm(weight, 2).item() for weight in weights)


def _memory(ema: float, share: float) -> float:
    return math.log(share) / math.log(ema)


EXERCISES = {
    "dirac": Exercise(_non_saturating_dirac, ((1.0, 0.5, 0.0), (-0.7, 2.0, 0.5), (0.0, 1.5, 1.0))),
    "pull": Exercise(_pull, ((0.2,), (0.9,), (1.0,), (3.0,))),
    "r1": Exercise(_r1_gradient, ((_judge(), logits(6, 3, 2, 2)), (_judge(), logits(2, 12) / 3))),
    "stretches": Exercise(
        _bound,
        (
            ([torch.eye(3), 2 * torch.eye(3)[:1]],),
            ([logits(4, 3), logits(5, 4) / 2, logits(1, 5)],),
            ([torch.tensor([[0.0, 1.0], [0.0, 0.0]]), torch.tensor([[0.0, 3.0]])],),
        ),
    ),
    "look-more-real": Exercise(
        lambda real, fake: relativistic_loss(fake, real),
        ((logits(5, 1), logits(1, 5).T.flip(0)), (torch.tensor([[9.0]]), torch.tensor([[-9.0]]))),
    ),
    "memory": Exercise(_memory, ((0.999, 0.5), (0.99, 0.5), (0.999, 0.1))),
}
