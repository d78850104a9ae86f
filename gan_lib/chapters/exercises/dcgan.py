"""Chapter 4: DCGAN."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from gan_lib.chapters.exercises.exercise import Exercise, logits, recall


def _block(c_in: int, c_out: int, k: int) -> int:
    block = nn.ConvTranspose2d(c_in, c_out, k, 2), nn.BatchNorm2d(c_out)
    return sum(p.numel() for layer in block for p in layer.parameters())


def _normalised(x: Tensor) -> Tensor:
    """BatchNorm's output, and its running mean after one batch with momentum 0.8."""
    norm = nn.BatchNorm2d(x.shape[1], momentum=0.8)
    return torch.cat([norm(x).flatten(), norm.running_mean])


def _epochs(n: int, batch: int, epochs: int, rng: torch.Generator) -> Tensor:
    orders = [torch.randperm(n, generator=rng) for _ in range(epochs)]
    return torch.stack([order[: n // batch * batch].reshape(-1, batch) for order in orders])


EXERCISES = {
    "evenness": Exercise(
        lambda shares: torch.special.entr(shares).sum().exp(),
        ((torch.full((10,), 0.1),), (logits(1, 6)[0].softmax(0),), (torch.tensor([0.5, 0.0, 0.5]),)),
    ),
    "recall": Exercise(recall, ((logits(40, 3), logits(20, 3) + 1, torch.linspace(0.2, 3, 20)),)),
    "block": Exercise(_block, ((512, 256, 4), (3, 5, 2))),
    "eps": Exercise(_normalised, ((0.1 * logits(4, 3, 2, 2),),)),
    "shuffle": Exercise(_epochs, ((10, 3, 2, torch.Generator().manual_seed(1)),)),
}
