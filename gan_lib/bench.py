"""Our loop against a textbook loop: the same networks, the same batch, one run, in turns."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from statistics import median

import torch
from PIL import Image
from torch import nn
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms

from gan_lib import data
from gan_lib.recipes import Recipe
from gan_lib.training import train


class _AsPictures(Dataset):
    """What torchvision's data sets do: a PIL picture from the array, then the transforms, one at a time."""

    def __init__(self, images: data.ImageSet, transform):
        self.pixels, self.labels, self.transform = images.pixels[:, 0].numpy(), images.labels, transform

    def __len__(self) -> int:
        return len(self.pixels)

    def __getitem__(self, row: int):
        return self.transform(Image.fromarray(self.pixels[row])), self.labels[row]


def textbook(recipe: Recipe, images: data.ImageSet, steps: int, *, generator_passes: int) -> None:
    """The loop of many a tutorial: DataLoader and PIL transforms, sigmoid and BCELoss, `.item()` each step.

    Args:
        recipe: sizes and rates.
        images: the training set, on the CPU.
        steps: updates of G.
        generator_passes: 1 uses D's fakes again for G, 2 draws new ones.
    """
    generator, discriminator = recipe.build()
    transform = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.5,), (0.5,))])
    loader = DataLoader(_AsPictures(images, transform), recipe.batch_size, shuffle=True, drop_last=True)
    g_adam = torch.optim.Adam(generator.parameters(), lr=recipe.lr_g, betas=recipe.betas)
    d_adam = torch.optim.Adam(discriminator.parameters(), lr=recipe.lr_d, betas=recipe.betas)
    bce, log, batches = nn.BCELoss(), [], iter(loader)
    ones, zeros = torch.ones(recipe.batch_size, 1), torch.zeros(recipe.batch_size, 1)
    for _ in range(steps):
        try:
            real, _ = next(batches)
        except StopIteration:
            batches = iter(loader)
            real, _ = next(batches)
        d_adam.zero_grad()
        fake = generator(torch.randn(recipe.batch_size, generator.latent_dim))
        d_real, d_fake = discriminator(real).sigmoid(), discriminator(fake.detach()).sigmoid()
        d_loss = bce(d_real, ones) + bce(d_fake, zeros)
        d_loss.backward()
        d_adam.step()
        if generator_passes == 2:
            fake = generator(torch.randn(recipe.batch_size, generator.latent_dim))
        g_adam.zero_grad()
        g_loss = bce(discriminator(fake).sigmoid(), ones)
        g_loss.backward()
        g_adam.step()
        log.append((d_loss.item(), g_loss.item(), d_real.mean().item(), d_fake.mean().item()))


def table(recipe: Recipe, seconds: float, rounds: int) -> str:
    """Time the three loops in turns, `seconds` each, and say images/s (median of the rounds) and the ratios."""
    images = data.load(recipe.dataset)
    plain = replace(recipe, milestones=())

    def ours(steps: int) -> None:
        train(plain, *plain.build(), images.pixels, steps=steps, show_progress=False)

    loops: dict[str, Callable[[int], None]] = {
        "ours": ours,
        "textbook, one generator pass": lambda steps: textbook(plain, images, steps, generator_passes=1),
        "textbook, two generator passes": lambda steps: textbook(plain, images, steps, generator_passes=2),
    }
    rates = {name: [] for name in loops}
    for _ in range(rounds):
        for name, loop in loops.items():
            rates[name].append(_rate(loop, seconds) * recipe.batch_size)
    middle = {name: median(values) for name, values in rates.items()}
    head = f"{recipe.name}, batch {recipe.batch_size}, {torch.get_num_threads()} threads, {images}"
    lines = [f"{name:32}{rate:10,.0f} images/s{middle['ours'] / rate:8.1f}×" for name, rate in middle.items()]
    return "\n".join([head, *lines])


def _rate(loop: Callable[[int], None], seconds: float) -> float:
    """Steps per second, over about `seconds`, after a short warm-up that also finds the number of steps."""
    start = time.perf_counter()
    loop(50)
    steps = max(50, int(50 * seconds / (time.perf_counter() - start)))
    start = time.perf_counter()
    loop(steps)
    return steps / (time.perf_counter() - start)
