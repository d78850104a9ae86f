"""Four trainings of chapter 3 that run without an error. Curves and pictures must tell what is wrong with three."""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor
from torch.nn.functional import softplus

from gan_lib.data import ImageSet, to_range
from gan_lib.errors import BadInput
from gan_lib.machine.given import instance, whole
from gan_lib.machine.progress import progress
from gan_lib.machine.rng import isolated_rng
from gan_lib.training.recipes import MLP_FASHION

TRAININGS = {
    "a": "D ends in a sigmoid, and the loss takes it for a logit",
    "b": "the labels are swapped in D's step",
    "c": "the loop of the chapter",
    "d": "the pictures are in 0…1",
}
BATCH, SHOWN = 64, 8


def four_trainings(images: ImageSet, steps: int = 700) -> dict[str, tuple[Tensor, Tensor]]:
    """Train each of `TRAININGS` from the same first weights: letter → D(real) and D(fake) of each update, (steps, 2),
    and what it draws at the end, (8, 1, 28, 28) in −1…1.

    Args:
        images: grey, 28×28.
        steps: updates of each.

    Raises:
        BadInput: other images, or steps is no whole number of at least 1.
    """
    instance("images", images, ImageSet, "an ImageSet, as data.load gives it")
    steps, shape = whole("steps", steps), tuple(images.pixels.shape[1:])
    if shape != MLP_FASHION.build()[0].image_shape:
        raise BadInput(f"{images.name} holds pictures of {shape}; give grey ones of 28×28.")
    return {letter: _trained(letter, images.pixels, steps) for letter in TRAININGS}


def _trained(letter: str, pixels: Tensor, steps: int) -> tuple[Tensor, Tensor]:
    end = torch.sigmoid if letter == "a" else torch.nn.Identity()
    sign = -1 if letter == "b" else 1
    answers = []
    with isolated_rng():
        torch.manual_seed(0)
        generator, network = MLP_FASHION.build()
        adam = partial(torch.optim.Adam, lr=2e-4, betas=(0.5, 0.999))
        g_adam, d_adam = adam(generator.parameters()), adam(network.parameters())
        for _ in progress(steps, f"training {letter}"):
            real = to_range(pixels[torch.randint(len(pixels), (BATCH,))])
            if letter == "d":
                real = (real + 1) / 2
            fake = generator(torch.randn(BATCH, generator.latent_dim))
            on_real, on_fake = end(network(real)), end(network(fake.detach()))
            d_adam.zero_grad()
            (softplus(-sign * on_real).mean() + softplus(sign * on_fake).mean()).backward()
            d_adam.step()
            g_adam.zero_grad()
            softplus(-end(network(fake))).mean().backward()
            g_adam.step()
            answers.append([on_real.sigmoid().mean().item(), on_fake.sigmoid().mean().item()])
        with torch.no_grad():
            return torch.tensor(answers), generator(torch.randn(SHOWN, generator.latent_dim))
