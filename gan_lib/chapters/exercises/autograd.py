"""Chapter 5: autograd pitfalls."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from gan_lib.chapters.exercises.exercise import HEAPS, Exercise, logits
from gan_lib.machine.rng import z_from_seed
from gan_lib.training.games import non_saturating_generator_loss
from gan_lib.training.recipes import MLP_FASHION


def _frozen_step(generator: nn.Module, discriminator: nn.Module, z: Tensor) -> Tensor:
    """G's gradient (n,), then how many of D's weights received one (none) and how many can get one (all): (n + 2,)."""
    loss = non_saturating_generator_loss(discriminator(generator(z)))
    grads = torch.autograd.grad(loss, list(generator.parameters()))
    counts = torch.tensor([0, len(list(discriminator.parameters()))])
    return torch.cat([*(g.flatten() for g in grads), counts])


EXERCISES = {
    "shared-gradient": Exercise(lambda logit: 2 * logit.sigmoid() - 1, ((logits(5, 1),),)),
    "joint-d": Exercise(lambda p, q: (p + q) / (p + 2 * q), HEAPS),
    "frozen": Exercise(_frozen_step, ((*MLP_FASHION.build(), z_from_seed(4, n=8)),)),
    "norm-gradient": Exercise(
        lambda x: x / x.norm().clamp_min(1e-12), ((logits(1, 3)[0],), (1e-6 * logits(1, 3)[0],), (torch.zeros(3),))
    ),
}
