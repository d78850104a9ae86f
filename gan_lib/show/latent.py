"""Walks through the latent space: sweeps of one dimension, interpolation, what a dimension moves."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from gan_lib.errors import BadInput, GanLibError, brief, one_line
from gan_lib.machine.given import counted
from gan_lib.machine.rng import z_from_seed
from gan_lib.networks import check_z
from gan_lib.networks.brought import brought

__all__ = ["check_dimension", "effect_map", "effects", "labels_like", "linear", "spherical", "sweep", "z_from_seed"]


def check_dimension(k: int, latent_dim: int) -> None:
    """BadInput unless k is a dimension of z, counted from 0."""
    number = counted(k)
    if number is None or not 0 <= number < latent_dim:
        raise BadInput(
            f"latent dimension {brief(k)} does not exist; z has {latent_dim}, counted from 0 to {latent_dim - 1}."
        )


@torch.no_grad()
def sweep(
    generator: nn.Module, z: Tensor, k: int, values: Iterable[float] = (-3.0, 0.0, 3.0), label: int | None = None
) -> Tensor:
    """The pictures of one z whose dimension k takes each of `values` in turn.

    Args:
        generator: one of the book's, or any that `networks.brought` understands.
        z: (latent_dim,) or (1, latent_dim).
        k: 0…latent_dim − 1.
        values: what z[k] is set to.
        label: the class, for a conditional generator.

    Returns:
        float (len(values), C, H, W) in −1…1.

    Raises:
        BadInput: k is not a dimension of z, z has another size, there is no value, or no such label.
    """
    drawer = brought(generator)
    check_dimension(k, drawer.latent_dim)
    z = _one(z, drawer.latent_dim)
    try:
        values = torch.as_tensor(list(values), dtype=torch.float32, device=z.device)
    except (TypeError, ValueError) as error:
        raise BadInput(f"values are {brief(values)}; give numbers, for example (-3, 0, 3).") from error
    if values.ndim != 1 or not len(values):
        raise BadInput("values are empty or nested; give numbers, for example (-3, 0, 3).")
    walk = z.repeat(len(values), 1)  # (V, 100)
    walk[:, k] = values.to(walk.dtype)
    return drawer(walk, drawer.labels(label, len(walk)))


def linear(a: Tensor, b: Tensor, steps: int) -> Tensor:
    """Straight line from a to b, both ends included: a, b (latent_dim,) → (steps, latent_dim).

    Raises:
        BadInput: a and b are not two vectors of one length.
    """
    _check_ends(a, b, steps)
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
    _check_ends(a, b, steps)
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
        generator: one of the book's, or any that `networks.brought` understands.
        k: 0…latent_dim − 1.
        z: (n, latent_dim) drawn from N(0, 1).
        label: the class, for a conditional generator.

    Returns:
        float (C, H, W): change of a pixel (range −1…1) per unit of z_k.

    Raises:
        BadInput: k is not a dimension of z, z has another shape, no such label, or no derivative.
    """
    drawer = brought(generator)
    check_dimension(k, drawer.latent_dim)
    check_z(z, drawer.latent_dim)
    labels = drawer.labels(label, len(z))
    direction = torch.zeros_like(z)
    direction[:, k] = 1
    with _differentiating():
        _, derivative = torch.func.jvp(lambda v: drawer(v, labels), (z,), (direction,))  # (n, C, H, W), in one pass
    return derivative.detach().abs().mean(0)


def effects(generator: nn.Module, z: Tensor, label: int | None = None) -> Tensor:
    """`effect_map` of every dimension: (latent_dim, C, H, W).

    G runs once, and only its derivative for each dimension: three times as fast as one map after the other.
    """
    drawer = brought(generator)
    check_z(z, drawer.latent_dim)
    labels = drawer.labels(label, len(z))
    each = torch.eye(drawer.latent_dim, dtype=z.dtype, device=z.device)
    directions = each[:, None].expand(-1, len(z), -1)  # (100, n, 100)
    try:
        with _differentiating():
            _, derivative = torch.func.linearize(lambda v: drawer(v, labels), z)
            change = torch.func.vmap(lambda direction: derivative(direction).abs().mean(0), chunk_size=5)(directions)
    except BadInput:  # a layer that works in place, for example, cannot be linearized
        return torch.stack([effect_map(drawer, k, z, label) for k in range(drawer.latent_dim)])
    return change.detach()


@contextmanager
def _differentiating() -> Iterator[None]:
    """Torch warns about its own use of torch.jit.script, and of how it keeps the weights while it linearizes. BadInput
    where it has no forward derivative of a layer."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*(torch.jit.script|insert a get_attr Node).*")
        try:
            yield
        except (NotImplementedError, RuntimeError) as error:
            if isinstance(error, GanLibError):
                raise
            raise BadInput(f"torch cannot differentiate this generator ({one_line(error)}); it has no map.") from error


def labels_like(z: Tensor, label: int | None) -> tuple[Tensor, ...]:
    """What a generator takes beside z (n, …): one label int64 (n,), or nothing without a label."""
    return () if label is None else (torch.full((len(z),), label, device=z.device),)


def _check_ends(a: Tensor, b: Tensor, steps: int) -> None:
    for end in (a, b):
        if not isinstance(end, Tensor) or not end.is_floating_point():
            raise BadInput(f"an end is {getattr(end, 'dtype', type(end).__name__)}; give two tensors of floats.")
    if a.ndim != 1 or a.shape != b.shape or a.dtype != b.dtype:
        raise BadInput(
            f"the ends have shapes {tuple(a.shape)} and {tuple(b.shape)}, of {a.dtype} and {b.dtype}; "
            "give two vectors of one length and kind, for example z[0] and z[1]."
        )
    if (counted(steps) or 0) < 1:
        raise BadInput(f"steps is {brief(steps)}; choose a whole number from 1 on.")


def _one(z: Tensor, latent_dim: int) -> Tensor:
    if not isinstance(z, Tensor) or not z.is_floating_point():
        raise BadInput(f"z is {getattr(z, 'dtype', type(z).__name__)}; a tensor of {latent_dim} floats is needed.")
    if z.numel() != latent_dim:
        raise BadInput(f"z has shape {tuple(z.shape)}; one vector of {latent_dim} numbers is needed.")
    return z.reshape(1, latent_dim)
