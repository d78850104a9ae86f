"""Four loops of the plane that run without an error. One is a GAN's; its losses alone must tell which."""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor
from torch.nn.functional import softplus

from gan_lib.data import toy
from gan_lib.machine.given import whole
from gan_lib.machine.progress import progress
from gan_lib.machine.rng import isolated_rng
from gan_lib.networks.points import PointDiscriminator, PointGenerator

LOOPS = {
    "a": "each network also gets the other's gradient",
    "b": "D's optimizer never steps",
    "c": "the textbook's loop",
    "d": "the fakes are detached in G's step, too",
}


def four_loops(steps: int = 400) -> dict[str, dict[str, list[float]]]:
    """Train each of `LOOPS` on the ring, from the same weights: letter → "D" and "G" → the loss of each update, and
    "distance" → how far 1,024 samples lie from the nearest data at the end.

    Args:
        steps: updates of each.

    Raises:
        BadInput: steps is no whole number of at least 1.
    """
    steps = whole("steps", steps, 1)
    return {letter: _played(letter, steps) for letter in LOOPS}


def _played(letter: str, steps: int) -> dict[str, list[float]]:
    losses: dict[str, list[float]] = {"D": [], "G": []}
    ring = toy.ring(8192).pixels  # (8192, 2)
    with isolated_rng():
        generator, discriminator = PointGenerator(), PointDiscriminator()
        adam = partial(torch.optim.Adam, lr=1e-3, betas=(0.5, 0.999))
        g_adam, d_adam = adam(generator.parameters()), adam(discriminator.parameters())
        for _ in progress(steps, f"loop {letter}"):
            real, fake = ring[torch.randint(len(ring), (256,))], generator(torch.randn(256, 2))
            if letter == "a":
                _joint(discriminator, g_adam, d_adam, real, fake, losses)
                continue
            d_loss = softplus(-discriminator(real)).mean() + softplus(discriminator(fake.detach())).mean()
            if letter != "b":
                d_adam.zero_grad()
                d_loss.backward()
                d_adam.step()
            g_loss = softplus(-discriminator(fake.detach() if letter == "d" else fake)).mean()
            g_adam.zero_grad()
            g_loss.backward()
            g_adam.step()
            losses["D"].append(d_loss.item())
            losses["G"].append(g_loss.item())
        with torch.no_grad():
            samples = generator(torch.randn(1024, 2))
    return losses | {"distance": [torch.cdist(samples, ring[:1024]).amin(1).mean().item()]}


def _joint(discriminator, g_adam, d_adam, real: Tensor, fake: Tensor, losses: dict[str, list[float]]) -> None:
    logits = discriminator(fake)  # (B, 1)
    g_loss = softplus(-logits).mean()
    d_loss = softplus(-discriminator(real)).mean() + softplus(logits).mean()
    g_adam.zero_grad()
    d_adam.zero_grad()
    (g_loss + d_loss).backward()
    g_adam.step()
    d_adam.step()
    losses["D"].append(d_loss.item())
    losses["G"].append(g_loss.item())
