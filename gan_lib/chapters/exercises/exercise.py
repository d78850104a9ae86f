"""What an exercise is, and what several chapters try answers on."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Exercise:
    """A reference answer and the arguments it is tried on; `used` networks hold gradients of an earlier step."""

    reference: Callable
    tries: tuple[tuple, ...]
    used: bool = False

    def arguments(self, values: tuple) -> tuple:
        """A copy of one try's arguments, because networks are trained in place; with gradients of 1 if `used`."""
        copied = deepcopy(values)
        if self.used:
            for network in filter(lambda value: isinstance(value, nn.Module), copied):
                for weight in network.parameters():
                    weight.grad = torch.ones_like(weight)
        return copied


def logits(*shape: int) -> Tensor:
    """Numbers around 0, always the same ones."""
    return 3 * torch.randn(*shape, generator=torch.Generator().manual_seed(3))


def recall(real: Tensor, fake: Tensor, radii_of_fake: Tensor) -> float:
    """The share of real points (n, d) within the radius (m,) of a fake one (m, d)."""
    return ((real[:, None] - fake[None]).norm(dim=2) <= radii_of_fake).any(1).double().mean().item()


HEAPS = (logits(1, 5)[0].softmax(0), logits(2, 5)[1].softmax(0)), (torch.ones(2) / 2, torch.tensor([0.1, 0.9]))
