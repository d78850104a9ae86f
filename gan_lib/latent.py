"""Walks through the latent space: sweeps of one dimension, interpolation, what a dimension moves."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from operator import index

import torch
from torch import Tensor, nn

from gan_lib.errors import BadInput
from gan_lib.networks import check_z


def z_from_seed(seed: int, latent_dim: int = 100, n: int = 1) -> Tensor:
    """n latent vectors decided by a seed: float32 (n, latent_dim) ~ N(0, 1).

    The explorer on the built page draws the same numbers from the same seed.
    """
    return torch.randn(n, latent_dim, generator=torch.Generator().manual_seed(seed))


def check_dimension(k: int, latent_dim: int) -> None:
    """BadInput unless k is a dimension of z, counted from 0."""
    if isinstance(k, bool) or not hasattr(k, "__index__") or not 0 <= index(k) < latent_dim:
        raise BadInput(
            f"latent dimension {k!r} does not exist; z has {latent_dim}, counted from 0 to {latent_dim - 1}."
        )


@torch.no_grad()
def sweep(
    generator: nn.Module, z: Tensor, k: int, values: Iterable[float] = (-3.0, 0.0, 3.0), label: int | None = None
) -> Tensor:
    """The pictures of one z whose dimension k takes each of `values` in turn.

    Args:
        generator: with an attribute `latent_dim`.
        z: (latent_dim,) or (1, latent_dim).
        k: 0…latent_dim − 1.
        values: what z[k] is set to.
        label: the class, for a conditional generator.

    Returns:
        float (len(values), C, H, W) in −1…1.

    Raises:
        BadInput: k is not a dimension of z, or z has another size.
    """
    values = torch.as_tensor(list(values), dtype=torch.float32, device=z.device)
    check_dimension(k, generator.latent_dim)
    walk = _one(z, generator.latent_dim).repeat(len(values), 1)  # (V, 100)
    walk[:, k] = values
    return generator(walk, *labels_like(walk, label))


def linear(a: Tensor, b: Tensor, steps: int) -> Tensor:
    """Straight line from a to b, both ends included: a, b (latent_dim,) → (steps, latent_dim).

    Raises:
        BadInput: a and b are not two vectors of one length.
    """
    _check_ends(a, b)
    t = torch.linspace(0, 1, steps, device=a.device)[:, None]
    return (1 - t) * a + t * b


def spherical(a: Tensor, b: Tensor, steps: int) -> Tensor:
    """Along the arc from a to b (slerp; Shoemake 1985, White 2016): for |a| = |b| the length stays.

    a, b (latent_dim,), neither zero nor opposite → (steps, latent_dim):
    [sin((1 − t) ω) a + sin(t ω) b] / sin ω, with ω the angle between a and b.

    Raises:
        BadInput: a and b are not two vectors of one length; one is zero; or they point in opposite directions,
            so that there is no one arc.
    """
    _check_ends(a, b)
    lengths = a.norm() * b.norm()
    cosine = (a @ b / lengths).clamp(-1, 1) if lengths > 0 else torch.tensor(-1.0)
    if cosine < -1 + 1e-6:
        raise BadInput("no one arc joins a and b (one is zero, or they are opposite); choose other ends.")
    if cosine > 1 - 1e-6:
        return linear(a, b, steps)  # same direction: the arc is the line, and sin ω would be 0
    omega = torch.acos(cosine)
    t = torch.linspace(0, 1, steps, device=a.device)[:, None]
    return (torch.sin((1 - t) * omega) * a + torch.sin(t * omega) * b) / torch.sin(omega)


def effect_map(generator: nn.Module, k: int, z: Tensor, label: int | None = None) -> Tensor:
    """Which pixels dimension k moves: E_z |∂G(z)/∂z_k|, averaged over the given z.

    Args:
        generator: with an attribute `latent_dim`.
        k: 0…latent_dim − 1.
        z: (n, latent_dim) drawn from N(0, 1).
        label: the class, for a conditional generator.

    Returns:
        float (C, H, W): change of a pixel (range −1…1) per unit of z_k.

    Raises:
        BadInput: k is not a dimension of z, or z has another shape.
    """
    check_dimension(k, generator.latent_dim)
    check_z(z, generator.latent_dim)
    direction = torch.zeros_like(z)
    direction[:, k] = 1

    def draw(v: Tensor) -> Tensor:
        return generator(v, *labels_like(z, label))

    with _quiet_torch():
        _, derivative = torch.func.jvp(draw, (z,), (direction,))  # (n, C, H, W), forward mode: one pass
    return derivative.detach().abs().mean(0)


def effects(generator: nn.Module, z: Tensor) -> Tensor:
    """`effect_map` of every dimension: (latent_dim, C, H, W).

    G runs once, and only its derivative for each dimension: three times as fast as one map after the other.
    """
    check_z(z, generator.latent_dim)
    each = torch.eye(generator.latent_dim, dtype=z.dtype, device=z.device)
    directions = each[:, None].expand(-1, len(z), -1)  # (100, n, 100)
    with _quiet_torch():
        _, derivative = torch.func.linearize(generator, z)
        change = torch.func.vmap(lambda direction: derivative(direction).abs().mean(0), chunk_size=5)(directions)
    return change.detach()


@contextmanager
def _quiet_torch() -> Iterator[None]:
    """Torch warns about its own use of torch.jit.script, and of how it keeps the weights while it linearizes."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*(torch.jit.script|insert a get_attr Node).*")
        yield


def labels_like(z: Tensor, label: int | None) -> tuple[Tensor, ...]:
    """What a generator takes beside z (n, …): one label int64 (n,), or nothing without a label."""
    return () if label is None else (torch.full((len(z),), label, device=z.device),)


def _check_ends(a: Tensor, b: Tensor) -> None:
    if a.ndim != 1 or a.shape != b.shape:
        raise BadInput(
            f"the ends have shapes {tuple(a.shape)} and {tuple(b.shape)}; "
            "give two vectors of one length, for example z[0] and z[1]."
        )


def _one(z: Tensor, latent_dim: int) -> Tensor:
    if z.numel() != latent_dim:
        raise BadInput(f"z has shape {tuple(z.shape)}; one vector of {latent_dim} numbers is needed.")
    return z.reshape(1, latent_dim)
