"""Networks of the plane, which learn a set of points in seconds."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot

from gan_lib.errors import BadInput
from gan_lib.machine.given import flag, floats, whole
from gan_lib.networks.checks import check_images, check_labels_without_waiting, check_z, sizes

MOST_WAVES = 12  # float32 has no digits for shorter ones


class PointGenerator(nn.Module):
    """z → a point of the plane within −1…1, by an MLP; z and one-hot label if it has classes.

    Args:
        latent_dim: length of z.
        width: of each hidden layer.
        classes: 0, or how many labels there are.
        hidden: how many hidden layers.
        uniform: turn each number of z, from N(0, 1), into one that is uniform in −1…1: erf(z/√2).
        waves: how many `waves_of` z it sees beside z.
    """

    image_shape = (2,)

    def __init__(
        self,
        latent_dim: int = 2,
        width: int = 128,
        classes: int = 0,
        hidden: int = 2,
        uniform: bool = False,
        waves: int = 0,
    ):
        super().__init__()
        latent_dim, width, hidden = sizes(latent_dim=latent_dim, width=width, hidden=hidden)
        self.latent_dim, self.classes = latent_dim, whole("classes", classes, 0)
        self.uniform, self.waves = flag("uniform", uniform), whole("waves", waves, 0, MOST_WAVES)
        n_in = latent_dim * (1 + 2 * self.waves) + self.classes
        self.model = nn.Sequential(*_hidden(n_in, width, hidden), nn.Linear(width, 2), nn.Tanh())

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """z (B, latent_dim), labels int64 (B,) only with classes → (B, 2). BadInput: other shapes."""
        check_z(z, self.latent_dim, self)
        z = (z * math.sqrt(0.5)).erf() if self.uniform else z  # (B, latent_dim)
        z = _with_waves(z, self.waves)  # (B, latent_dim · (1 + 2 waves))
        return self.model(_with_labels(z, labels, self.classes))


class PointDiscriminator(nn.Module):
    """A point → one logit, by an MLP.

    Args:
        width: of each hidden layer.
        classes: 0, or how many labels there are.
        auxiliary: with classes: give class logits too (ACGAN) instead of being told the label (CGAN).
        hidden: how many hidden layers.
        waves: how many `waves_of` the point it sees beside the point.
    """

    image_shape = (2,)

    def __init__(self, width: int = 128, classes: int = 0, auxiliary: bool = False, hidden: int = 2, waves: int = 0):
        super().__init__()
        width, hidden = sizes(width=width, hidden=hidden)
        self.waves = whole("waves", waves, 0, MOST_WAVES)
        auxiliary = flag("auxiliary", auxiliary)
        classes = whole("classes", classes, int(auxiliary))
        self.told = 0 if auxiliary else classes
        self.trunk = nn.Sequential(*_hidden(2 * (1 + 2 * self.waves) + self.told, width, hidden))
        self.head = nn.Linear(width, 1)
        self.class_head = nn.Linear(width, classes) if auxiliary else None

    def forward(self, x: Tensor, labels: Tensor | None = None) -> Tensor | tuple[Tensor, Tensor]:
        """x (B, 2), labels int64 (B,) for a CGAN → logits (B, 1), for an ACGAN with class logits (B, classes)."""
        check_images(x, self.image_shape, self)
        x = _with_waves(x, self.waves)  # (B, 2 · (1 + 2 waves))
        h = self.trunk(_with_labels(x, labels, self.told))  # (B, width)
        return self.head(h) if self.class_head is None else (self.head(h), self.class_head(h))


def waves_of(x: Tensor, waves: int) -> Tensor:
    """sin(2ᵏπx) and cos(2ᵏπx) of each number, k = 0 … waves − 1: float x (B, d) → (B, 2 · d · waves), within −1…1.

    An MLP learns what varies slowly with its input first. A fast wave as one more input lets it learn what varies fast
    (Tancik et al. 2020, section 6.1, "positional encoding"). One turn of the fastest is 2^(2 − waves) long.

    Raises:
        BadInput: no tensor of floats (B, d), or waves not 1…12.
    """
    floats("x", x)
    if x.ndim != 2:
        raise BadInput(f"x has shape {tuple(x.shape)}; give rows of numbers, (B, d).")
    waves = whole("waves", waves, 1, MOST_WAVES)
    angles = x[:, :, None] * (math.pi * torch.arange(waves, device=x.device).exp2().to(x.dtype))  # (B, d, waves)
    return torch.cat([angles.sin(), angles.cos()], dim=1).flatten(1)  # (B, 2 · d · waves)


def _with_waves(x: Tensor, waves: int) -> Tensor:
    return torch.cat([x, waves_of(x, waves)], dim=1) if waves else x


def _hidden(n_in: int, width: int, layers: int) -> list[nn.Module]:
    sizes_in = (n_in, *[width] * (layers - 1))
    return [part for size in sizes_in for part in (nn.Linear(size, width), nn.LeakyReLU(0.2))]


def _with_labels(x: Tensor, labels: Tensor | None, classes: int) -> Tensor:
    if not classes:
        return x
    check_labels_without_waiting(labels, classes, len(x))
    return torch.cat([x, one_hot(labels, classes).to(x.dtype)], dim=1)
