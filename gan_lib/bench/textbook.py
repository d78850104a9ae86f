"""The loop that ours is held against: what many a tutorial does, with the recipe's networks, losses and batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from PIL import Image
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from gan_lib import data
from gan_lib.games import ACGAN
from gan_lib.recipe import Recipe


class _AsPictures(Dataset):
    """What torchvision's data sets do: a PIL picture from the array, then the transforms, one at a time."""

    def __init__(self, images: data.ImageSet, transform):
        self.pixels, self.labels, self.transform = images.pixels[:, 0].numpy(), images.labels, transform

    def __len__(self) -> int:
        return len(self.pixels)

    def __getitem__(self, row: int):
        return self.transform(Image.fromarray(self.pixels[row])), self.labels[row]


def textbook(recipe: Recipe, images: data.ImageSet, steps: int, *, generator_passes: int) -> nn.Module:
    """The loop of many a tutorial: DataLoader and PIL transforms, BCELoss on sigmoids, float32, `.item()` each step.

    The networks, their losses and the batch are the recipe's; the generator is given back trained.

    Args:
        recipe: sizes, rates and game.
        images: the training set, on the CPU, in its own size.
        steps: updates of G.
        generator_passes: 1 uses D's last fakes again for G, 2 draws new ones.
    """
    generator, discriminator = recipe.build()
    batches = _forever(_loader(recipe, images))
    g_optimizer, d_optimizer = (
        _optimizer(recipe, generator, recipe.lr_g),
        _optimizer(recipe, discriminator, recipe.lr_d),
    )
    d_loss_of, g_loss_of = _losses(recipe, discriminator)
    log = []
    for _ in range(steps):
        for _ in range(recipe.d_steps):
            real, labels = next(batches)
            given = (labels,) if recipe.game.conditional else ()
            fake = generator(torch.randn(recipe.batch_size, generator.latent_dim), *given)
            d_optimizer.zero_grad()
            d_loss = d_loss_of(real, fake.detach(), labels)
            d_loss.backward()
            d_optimizer.step()
            if recipe.game.clip:
                for weight in discriminator.parameters():
                    weight.data.clamp_(-recipe.game.clip, recipe.game.clip)
        if generator_passes == 2:
            fake = generator(torch.randn(recipe.batch_size, generator.latent_dim), *given)
        g_optimizer.zero_grad()
        g_loss = g_loss_of(fake, labels)
        g_loss.backward()
        g_optimizer.step()
        log.append((d_loss.item(), g_loss.item()))
    return generator


def _loader(recipe: Recipe, images: data.ImageSet) -> DataLoader:
    from torchvision import transforms  # takes more than a second, which no other command needs

    resize = [] if images.pixels.shape[-1] == recipe.image_size else [transforms.Resize(recipe.image_size)]
    transform = transforms.Compose([*resize, transforms.ToTensor(), transforms.Normalize((0.5,), (0.5,))])
    return DataLoader(_AsPictures(images, transform), recipe.batch_size, shuffle=True, drop_last=True)


def _forever(loader: DataLoader) -> Iterator[tuple[Tensor, Tensor]]:
    while True:
        yield from loader


def _optimizer(recipe: Recipe, network: nn.Module, lr: float) -> torch.optim.Optimizer:
    betas = {"betas": recipe.betas} if recipe.optimizer is torch.optim.Adam else {}
    return recipe.optimizer(network.parameters(), lr=lr, **betas)


def _losses(recipe: Recipe, discriminator: nn.Module) -> tuple[Callable[..., Tensor], Callable[..., Tensor]]:
    """D's and G's loss as tutorials write them."""
    ones, zeros = torch.ones(recipe.batch_size, 1), torch.zeros(recipe.batch_size, 1)
    bce, classes = nn.BCELoss(), nn.CrossEntropyLoss()
    if not recipe.game.has_probability:
        penalty = _penalty if recipe.game.clip is None else lambda *_: 0
        return (
            lambda real, fake, _: (
                discriminator(fake).mean() - discriminator(real).mean() + penalty(discriminator, real, fake)
            ),
            lambda fake, _: -discriminator(fake).mean(),
        )
    if recipe.game is ACGAN:

        def both(x: Tensor, target: Tensor, labels: Tensor) -> Tensor:
            logits, guesses = discriminator(x)
            return bce(logits.sigmoid(), target) + classes(guesses, labels)

    else:

        def both(x: Tensor, target: Tensor, labels: Tensor) -> Tensor:
            given = (labels,) if recipe.game.conditional else ()
            return bce(discriminator(x, *given).sigmoid(), target)

    return (
        lambda real, fake, labels: both(real, ones, labels) + both(fake, zeros, labels),
        lambda fake, labels: both(fake, ones, labels),
    )


def _penalty(critic: nn.Module, real: Tensor, fake: Tensor) -> Tensor:
    epsilon = torch.rand(len(real), 1, 1, 1)
    between = (epsilon * real + (1 - epsilon) * fake).requires_grad_(True)
    values = critic(between)
    gradient = torch.autograd.grad(values, between, torch.ones_like(values), create_graph=True, retain_graph=True)[0]
    return 10 * ((gradient.view(len(gradient), -1).norm(2, dim=1) - 1) ** 2).mean()
