"""Networks of the plane, which learn a set of points in seconds."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot

from gan_lib.machine.given import flag, whole
from gan_lib.networks.checks import check_images, check_labels_without_waiting, check_z, sizes


class PointGenerator(nn.Module):
    """z → a point of the plane within −1…1, by an MLP; z and one-hot label if it has classes.

    Args:
        latent_dim: length of z.
        width: of each hidden layer.
        classes: 0, or how many labels there are.
        hidden: how many hidden layers.
        uniform: turn each number of z, from N(0, 1), into one that is uniform in −1…1: erf(z/√2).
    """

    image_shape = (2,)

    def __init__(self, latent_dim: int = 2, width: int = 128, classes: int = 0, hidden: int = 2, uniform: bool = False):
        super().__init__()
        latent_dim, width, hidden = sizes(latent_dim=latent_dim, width=width, hidden=hidden)
        self.latent_dim, self.classes = latent_dim, whole("classes", classes, 0)
        self.uniform = flag("uniform", uniform)
        self.model = nn.Sequential(*_hidden(latent_dim + self.classes, width, hidden), nn.Linear(width, 2), nn.Tanh())

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """z (B, latent_dim), labels int64 (B,) only with classes → (B, 2). BadInput: other shapes."""
        check_z(z, self.latent_dim, self)
        z = (z * math.sqrt(0.5)).erf() if self.uniform else z  # (B, latent_dim)
        return self.model(_with_labels(z, labels, self.classes))


class PointDiscriminator(nn.Module):
    """A point → one logit, by an MLP.

    Args:
        width: of each hidden layer.
        classes: 0, or how many labels there are.
        auxiliary: with classes: give class logits too (ACGAN) instead of being told the label (CGAN).
        hidden: how many hidden layers.
    """

    image_shape = (2,)

    def __init__(self, width: int = 128, classes: int = 0, auxiliary: bool = False, hidden: int = 2):
        super().__init__()
        width, hidden = sizes(width=width, hidden=hidden)
        auxiliary = flag("auxiliary", auxiliary)
        classes = whole("classes", classes, int(auxiliary))
        self.told = 0 if auxiliary else classes
        self.trunk = nn.Sequential(*_hidden(2 + self.told, width, hidden))
        self.head = nn.Linear(width, 1)
        self.class_head = nn.Linear(width, classes) if auxiliary else None

    def forward(self, x: Tensor, labels: Tensor | None = None) -> Tensor | tuple[Tensor, Tensor]:
        """x (B, 2), labels int64 (B,) for a CGAN → logits (B, 1), for an ACGAN with class logits (B, classes)."""
        check_images(x, self.image_shape, self)
        h = self.trunk(_with_labels(x, labels, self.told))  # (B, width)
        return self.head(h) if self.class_head is None else (self.head(h), self.class_head(h))


def _hidden(n_in: int, width: int, layers: int) -> list[nn.Module]:
    sizes_in = (n_in, *[width] * (layers - 1))
    return [part for size in sizes_in for part in (nn.Linear(size, width), nn.LeakyReLU(0.2))]


def _with_labels(x: Tensor, labels: Tensor | None, classes: int) -> Tensor:
    if not classes:
        return x
    check_labels_without_waiting(labels, classes, len(x))
    return torch.cat([x, one_hot(labels, classes).to(x.dtype)], dim=1)
