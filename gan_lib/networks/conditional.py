"""Networks that know the label: CGAN (Mirza & Osindero 2014) of MLPs, ACGAN (Odena et al. 2017) of convolutions."""

from __future__ import annotations

from itertools import pairwise
from math import prod

import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot

from gan_lib.machine.given import flag, fraction
from gan_lib.networks.checks import (
    at_least_float32,
    check_images,
    check_labels_without_waiting,
    check_z,
    shape,
    sizes,
)
from gan_lib.networks.dcgan import DCGANDiscriminator, DCGANGenerator


class CGANGenerator(nn.Module):
    """(z, label) → image by an MLP (latent_dim + classes)-256-512-1024-784; the label's embedding stands beside z.

    Args:
        latent_dim: length of z.
        classes: how many labels there are.
        image_shape: (C, H, W) of the picture.
        width: of the first hidden layer; the next two have twice and four times as many.
    """

    def __init__(
        self,
        latent_dim: int = 100,
        classes: int = 10,
        image_shape: tuple[int, ...] = (1, 28, 28),
        width: int = 256,
    ):
        super().__init__()
        latent_dim, classes, width = sizes(latent_dim=latent_dim, classes=classes, width=width)
        self.latent_dim, self.classes, self.image_shape = latent_dim, classes, shape(image_shape)
        self.label_emb = nn.Embedding(classes, classes)
        self.model = nn.Sequential(
            nn.Linear(latent_dim + classes, width),  # (B, 110) → (B, 256)
            nn.LeakyReLU(0.2),
            nn.Linear(width, 2 * width),  # (B, 512)
            nn.LeakyReLU(0.2),
            nn.Linear(2 * width, 4 * width),  # (B, 1024)
            nn.LeakyReLU(0.2),
            nn.Linear(4 * width, prod(self.image_shape)),  # (B, 784)
            nn.Tanh(),
        )

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """z (B, latent_dim) from N(0, 1), labels int64 (B,) → images (B, C, H, W) in −1…1. BadInput: other shapes."""
        check_z(z, self.latent_dim, self)
        check_labels_without_waiting(labels, self.classes, z.shape[0])
        x = torch.cat([z, self.label_emb(labels)], dim=1)  # (B, 110)
        return at_least_float32(self.model(x)).unflatten(1, self.image_shape)  # (B, 1, 28, 28)


class CGANDiscriminator(nn.Module):
    """(image, label) → one logit by an MLP (784 + classes)-1024-512-256-1 with dropout 0.3.

    Args:
        image_shape: (C, H, W) of the picture.
        classes: how many labels there are.
        width: of the last hidden layer; those before have twice and four times as many.
        dropout: share of the hidden values that each training pass leaves out.
    """

    def __init__(
        self,
        image_shape: tuple[int, ...] = (1, 28, 28),
        classes: int = 10,
        width: int = 256,
        dropout: float = 0.3,
    ):
        super().__init__()
        classes, width = sizes(classes=classes, width=width)
        self.classes, self.image_shape = classes, shape(image_shape)
        self.label_emb = nn.Embedding(classes, classes)
        hidden = _mlp_trunk(prod(self.image_shape) + classes, width, dropout)  # (B, 794) → (B, 256)
        self.model = nn.Sequential(*hidden, nn.Linear(width, 1))  # (B, 1)

    def forward(self, x: Tensor, labels: Tensor | None = None) -> Tensor:
        """x (B, C, H, W) in −1…1, labels int64 (B,) → logits (B, 1). BadInput: other shapes."""
        check_images(x, self.image_shape, self)
        check_labels_without_waiting(labels, self.classes, x.shape[0])
        return at_least_float32(self.model(torch.cat([x.flatten(1), self.label_emb(labels)], dim=1)))


class ACGANMLPDiscriminator(nn.Module):
    """Image → (source logit, class logits): `CGANDiscriminator`'s MLP, which guesses the label; it is not told it.

    Args:
        image_shape, classes, width, dropout: as for `CGANDiscriminator`.
        softmax: a famous mistake, for chapter 6: probabilities where `cross_entropy` expects logits.
    """

    def __init__(
        self,
        image_shape: tuple[int, ...] = (1, 28, 28),
        classes: int = 10,
        width: int = 256,
        dropout: float = 0.3,
        *,
        softmax: bool = False,
    ):
        super().__init__()
        classes, width = sizes(classes=classes, width=width)
        self.classes, self.image_shape, self.softmax = classes, shape(image_shape), flag("softmax", softmax)
        self.trunk = nn.Sequential(*_mlp_trunk(prod(self.image_shape), width, dropout))  # (B, 784) → (B, 256)
        self.head, self.class_head = nn.Linear(width, 1), nn.Linear(width, classes)

    def forward(self, x: Tensor, labels: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """x (B, C, H, W) in −1…1 → logits (B, 1) and class logits (B, classes). BadInput: x has another shape."""
        check_images(x, self.image_shape, self)
        h = self.trunk(x.flatten(1))  # (B, 256)
        classes = at_least_float32(self.class_head(h))  # (B, 10)
        return at_least_float32(self.head(h)), classes.softmax(1) if self.softmax else classes


class ACGANGenerator(DCGANGenerator):
    """(z, label) → 32×32 image: DCGAN's generator, its z longer by the label as a one-hot vector.

    Args:
        latent_dim: length of z, without the label.
        classes: how many labels there are.
        features, channels: as for `DCGANGenerator`.
    """

    def __init__(self, latent_dim: int = 100, classes: int = 10, features: int = 64, channels: int = 1):
        latent_dim, classes = sizes(latent_dim=latent_dim, classes=classes)
        super().__init__(latent_dim + classes, features, channels)
        self.latent_dim, self.classes = latent_dim, classes

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """z (B, latent_dim) from N(0, 1), labels int64 (B,) → images (B, C, 32, 32) in −1…1. BadInput: other shapes."""
        check_z(z, self.latent_dim, self)
        check_labels_without_waiting(labels, self.classes, z.shape[0])
        x = torch.cat([z, one_hot(labels, self.classes).to(z.dtype)], dim=1)  # (B, 110)
        return at_least_float32(self.model(x[:, :, None, None]))


class ACGANDiscriminator(DCGANDiscriminator):
    """32×32 image → (source logit, class logits): one trunk, two heads. It is never told the label.

    Args:
        classes: how many labels there are.
        features, channels: as for `DCGANDiscriminator`.
    """

    def __init__(self, classes: int = 10, features: int = 64, channels: int = 1):
        super().__init__(features, channels)
        features, self.classes = sizes(features=features, classes=classes)
        self.class_head = nn.Conv2d(4 * features, self.classes, 4, 2, 0)  # (B, 10, 1, 1)

    def forward(self, x: Tensor, labels: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """x (B, C, 32, 32) in −1…1 → logits (B, 1) and class logits (B, classes). BadInput: x has another shape."""
        check_images(x, self.image_shape, self)
        h = self.trunk(x)  # (B, 256, 4, 4)
        return at_least_float32(self.head(h).flatten(1)), at_least_float32(self.class_head(h).flatten(1))


def _mlp_trunk(n_in: int, width: int, dropout: float) -> list[nn.Module]:
    """(B, n_in) → (B, 4 × width) → (B, 2 × width) → (B, width)."""
    widths, dropout = (n_in, 4 * width, 2 * width, width), fraction("dropout", dropout)
    return [
        layer
        for wide, narrow in pairwise(widths)
        for layer in (nn.Linear(wide, narrow), nn.LeakyReLU(0.2), nn.Dropout(dropout))
    ]
