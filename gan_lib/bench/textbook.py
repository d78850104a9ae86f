"""The loop that ours is compared with: what many a tutorial does, with the recipe's networks, game and batch."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from PIL import Image
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from gan_lib import data
from gan_lib.training.games import Batch
from gan_lib.training.recipe import Recipe


class _AsPictures(Dataset):
    """What torchvision's data sets do: a PIL picture from the array, then the transforms, one at a time."""

    def __init__(self, images: data.ImageSet, transform):
        self.pixels, self.labels, self.transform = images.pixels[:, 0].numpy(), images.labels, transform

    def __len__(self) -> int:
        return len(self.pixels)

    def __getitem__(self, row: int):
        return self.transform(Image.fromarray(self.pixels[row])), self.labels[row]


def textbook(
    recipe: Recipe, images: data.ImageSet, steps: int, *, generator_passes: int
) -> tuple[nn.Module, list[tuple[float, float]]]:
    """The loop of many a tutorial: DataLoader and PIL transforms, plain optimizers, float32, `.item()` each step.

    The networks, the game, the optimizers and the batch are the recipe's.

    Args:
        recipe: the training; its averaging, its bfloat16 and a fall of its rates are left out.
        images: the training set, on the CPU, in its own size.
        steps: updates of G.
        generator_passes: 1 uses D's last fakes again for G, 2 draws new ones.

    Returns:
        The trained generator, and D's and G's loss at each update.
    """
    game = recipe.game
    generator, discriminator = recipe.build()
    g_optimizer, d_optimizer = (
        player.optimizer(network.parameters(), **player.optimizer_args)
        for player, network in zip(recipe.players.values(), (generator, discriminator), strict=True)
    )
    batches, losses = _forever(_loader(recipe, images)), []
    for _ in range(steps):
        for _ in range(recipe.d_steps):
            real, labels = next(batches)
            given = (labels,) if game.conditional else ()
            fake = generator(torch.randn(recipe.batch_size, generator.latent_dim), *given)
            d_optimizer.zero_grad()
            d_loss = game.d_loss(discriminator, Batch(real, fake.detach(), *given)).loss
            d_loss.backward()
            d_optimizer.step()
            if game.clip:
                for weight in discriminator.parameters():
                    weight.data.clamp_(-game.clip, game.clip)
        if generator_passes == 2:
            fake = generator(torch.randn(recipe.batch_size, generator.latent_dim), *given)
        g_optimizer.zero_grad()
        g_loss = game.g_loss(discriminator, Batch(real, fake, *given))
        g_loss.backward()
        g_optimizer.step()
        losses.append((d_loss.item(), g_loss.item()))
    return generator, losses


def _loader(recipe: Recipe, images: data.ImageSet) -> DataLoader:
    from torchvision import transforms  # takes more than a second, which no other command needs

    resize = [] if images.pixels.shape[-1] == recipe.image_size else [transforms.Resize(recipe.image_size)]
    transform = transforms.Compose([*resize, transforms.ToTensor(), transforms.Normalize((0.5,), (0.5,))])
    return DataLoader(_AsPictures(images, transform), recipe.batch_size, shuffle=True, drop_last=True)


def _forever(loader: DataLoader) -> Iterator[tuple[Tensor, Tensor]]:
    while True:
        yield from loader
