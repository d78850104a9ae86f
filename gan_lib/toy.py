"""Games in the plane: data that one can see whole, and networks that learn it in seconds."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot

from gan_lib.data import ImageSet
from gan_lib.errors import BadInput
from gan_lib.networks import check_images, check_labels_without_waiting, check_z

RADIUS, SPREAD = 0.75, 0.03


def ring_centres(modes: int = 8, radius: float = RADIUS) -> Tensor:
    """float32 (modes, 2), evenly on a circle, the first one on the x axis. BadInput: modes below 1."""
    if modes < 1:
        raise BadInput(f"modes is {modes}; choose at least 1.")
    angles = torch.arange(modes) * (2 * math.pi / modes)
    return radius * torch.stack([angles.cos(), angles.sin()], dim=1)


def ring(n: int, modes: int = 8, *, seed: int = 0, radius: float = RADIUS, spread: float = SPREAD) -> ImageSet:
    """n points from a ring of Gaussians, as a data set for `training.train`; the label is the number of the mode.

    Args:
        n: how many points, spread evenly over the modes.
        modes: how many Gaussians.
        seed: decides the points.
        radius: of the ring; the points must stay within −1…1.
        spread: standard deviation of each Gaussian.

    Raises:
        BadInput: modes below 1, or a ring that leaves −1…1.
    """
    if radius + 6 * spread > 1:
        raise BadInput(f"a ring of radius {radius} and spread {spread} leaves −1…1; choose a smaller one.")
    labels = torch.arange(n) % modes
    noise = torch.randn(n, 2, generator=torch.Generator().manual_seed(seed)).clamp_(-6, 6)
    points = ring_centres(modes, radius)[labels] + spread * noise
    return ImageSet(f"ring of {modes}", points, labels, tuple(map(str, range(modes))))


def modes_covered(
    points: Tensor, centres: Tensor, *, within: float = 4 * SPREAD, share: float = 0.02
) -> tuple[int, float]:
    """How many modes get at least `share` of the points, and which part of the points lies near any mode.

    Args:
        points: (N, 2).
        centres: (modes, 2).
        within: a point belongs to the nearest centre if it is not farther than this.
        share: of all the points.
    """
    distance, nearest = torch.cdist(points, centres).min(1)  # (N,) each
    good = nearest[distance <= within]
    counts = good.bincount(minlength=len(centres))
    return int((counts >= share * len(points)).sum()), len(good) / len(points)


class PointGenerator(nn.Module):
    """z → a point of the plane within −1…1, by an MLP with two hidden layers; z and one-hot label if it has classes.

    Args:
        latent_dim: length of z.
        width: of both hidden layers.
        classes: 0, or how many labels there are.
    """

    image_shape = (2,)

    def __init__(self, latent_dim: int = 2, width: int = 128, classes: int = 0):
        super().__init__()
        self.latent_dim, self.classes = latent_dim, classes
        self.model = nn.Sequential(*_hidden(latent_dim + classes, width), nn.Linear(width, 2), nn.Tanh())

    def forward(self, z: Tensor, *labels: Tensor) -> Tensor:
        """z (B, latent_dim), labels int64 (B,) only with classes → (B, 2). BadInput: other shapes."""
        check_z(z, self.latent_dim)
        return self.model(_with_labels(z, labels, self.classes))


class PointDiscriminator(nn.Module):
    """A point → one logit, by an MLP with two hidden layers.

    Args:
        width: of both hidden layers.
        classes: 0, or how many labels there are.
        auxiliary: with classes: give class logits too (ACGAN) instead of being told the label (CGAN).
    """

    image_shape = (2,)

    def __init__(self, width: int = 128, classes: int = 0, auxiliary: bool = False):
        super().__init__()
        self.told = 0 if auxiliary else classes
        self.trunk = nn.Sequential(*_hidden(2 + self.told, width))
        self.head = nn.Linear(width, 1)
        self.class_head = nn.Linear(width, classes) if auxiliary else None

    def forward(self, x: Tensor, *labels: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        """x (B, 2), labels int64 (B,) for a CGAN → logits (B, 1), for an ACGAN with class logits (B, classes)."""
        check_images(x, self.image_shape)
        h = self.trunk(_with_labels(x, labels, self.told))  # (B, 128)
        return self.head(h) if self.class_head is None else (self.head(h), self.class_head(h))


def _hidden(n_in: int, width: int) -> list[nn.Module]:
    return [nn.Linear(n_in, width), nn.LeakyReLU(0.2), nn.Linear(width, width), nn.LeakyReLU(0.2)]


def _with_labels(x: Tensor, labels: tuple[Tensor, ...], classes: int) -> Tensor:
    if not classes:
        return x
    check_labels_without_waiting(labels[0], classes, len(x))
    return torch.cat([x, one_hot(labels[0], classes).to(x.dtype)], dim=1)
