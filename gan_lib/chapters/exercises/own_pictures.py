"""Your own pictures."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from gan_lib.chapters.exercises.exercise import Exercise, logits
from gan_lib.scores.sliced import sliced_wasserstein
from gan_lib.training.games import non_saturating_generator_loss
from gan_lib.training.held_out import by_heart


def _crop(width: int, height: int) -> Tensor:
    """Left, top, right and bottom edge of the largest square out of the middle."""
    side = min(width, height)
    left, top = (width - side) // 2, (height - side) // 2
    return torch.tensor([left, top, left + side, top + side])


def _by_heart(d_real: Tensor, d_fake: Tensor, d_held_out: Tensor) -> float:
    others = torch.zeros(3, len(d_real))  # step and losses
    return by_heart(torch.cat([others, torch.stack([d_real, d_fake, d_held_out])]).T)


def _augmented(discriminator: nn.Module, fake: Tensor, see: Callable[[Tensor], Tensor]) -> Tensor:
    """What G gets: the gradient with respect to its pictures."""
    (gradient,) = torch.autograd.grad(non_saturating_generator_loss(discriminator(see(fake))), fake)
    return gradient


def _lines(seed: int, n: int) -> tuple[Tensor, Tensor, Tensor]:
    """Three verdicts over n lines, noisy: in single lines D(real) comes near D(fake), in the mean it does not."""
    noise = 0.12 * torch.randn(3, n, generator=torch.Generator().manual_seed(seed))
    learned = torch.linspace(0, 1, n)
    return tuple(0.5 + torch.tensor([[0.2], [-0.2], [-0.1]]) * learned + noise)


def _halved(images: Tensor) -> Tensor:
    """A look of pictures that is no chance: half as bright, without its upper half."""
    return torch.cat([torch.zeros_like(images[:, :, ::2]), images[:, :, 1::2] / 2], dim=2)


def _judge() -> nn.Module:
    network = nn.Sequential(nn.Flatten(), nn.Linear(32, 1))
    with torch.no_grad():
        network[1].weight.copy_(logits(1, 32))
        network[1].bias.zero_()
    return network


EXERCISES = {
    "crop": Exercise(_crop, ((640, 480), (3, 8), (64, 64), (5, 2))),
    "by-heart": Exercise(_by_heart, (_lines(1, 40), _lines(2, 240))),
    "sliced": Exercise(
        sliced_wasserstein,
        (
            (logits(9, 3), logits(9, 3).flip(0), torch.eye(3)),
            (logits(30, 4), 2 * logits(4, 30).T + 1, normalize(logits(4, 7), dim=0)),
        ),
    ),
    "augmented-g": Exercise(_augmented, ((_judge(), (logits(5, 2, 4, 4) / 3).requires_grad_(), _halved),)),
}
