"""Chapter 3: a GAN of two small MLPs."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from gan_lib.chapters.exercises.exercise import Exercise, logits
from gan_lib.machine.rng import z_from_seed
from gan_lib.show.latent import spherical
from gan_lib.training.games import discriminator_loss, non_saturating_generator_loss
from gan_lib.training.recipes import MLP_FASHION


def _one_update(generator: nn.Module, discriminator: nn.Module, real: Tensor, z: Tensor) -> Tensor:
    """All weights after one update of D and then of G, with Adam at a rate of 0.01."""
    g_adam = torch.optim.Adam(generator.parameters(), lr=0.01, betas=(0.5, 0.999))
    d_adam = torch.optim.Adam(discriminator.parameters(), lr=0.01, betas=(0.5, 0.999))
    fake = generator(z)
    d_adam.zero_grad()
    discriminator_loss(discriminator(real), discriminator(fake.detach())).backward()
    d_adam.step()
    g_adam.zero_grad()
    non_saturating_generator_loss(discriminator(fake)).backward()
    g_adam.step()
    return nn.utils.parameters_to_vector([*discriminator.parameters(), *generator.parameters()]).detach()


def _generator_gradient(generator: nn.Module, discriminator: nn.Module, z: Tensor) -> Tensor:
    """What G's last bias receives in one step of the non-saturating game: (784,)."""
    loss = non_saturating_generator_loss(discriminator(generator(z)))
    return torch.autograd.grad(loss, generator.fc2.bias)[0]


EXERCISES = {
    "generator-loss": Exercise(
        non_saturating_generator_loss, ((torch.zeros(1, 1),), (logits(8, 1),), (torch.full((2, 1), -200.0),))
    ),
    "one-update": Exercise(
        _one_update, ((*MLP_FASHION.build(), logits(8, 1, 28, 28).tanh(), z_from_seed(6, n=8)),), used=True
    ),
    "generator-gradient": Exercise(_generator_gradient, ((*MLP_FASHION.build(), z_from_seed(5, n=8)),)),
    "spherical": Exercise(
        spherical,
        (
            (torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0]), 3),
            (logits(2, 100)[0], logits(2, 100)[1], 5),
        ),
    ),
}
