"""What every network does with what it is given, and first weights."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from gan_lib.errors import BadInput, brief
from gan_lib.machine.given import instance, listed, positive, whole
from gan_lib.networks.spectral import look_again, own_weight


@contextmanager
def evaluating(network: nn.Module) -> Iterator[nn.Module]:
    """The network in eval mode inside the `with`; after it each of its modules in its own mode again."""
    modes = [(module, module.training) for module in network.modules()]
    try:
        yield network.eval()
    finally:
        for module, mode in modes:
            module.training = mode


def sizes(**given: int) -> Iterator[int]:
    """Each as a whole number of at least 1. BadInput: one is none."""
    return (whole(name, size) for name, size in given.items())


def shape(given: tuple[int, ...], name: str = "image_shape") -> tuple[int, ...]:
    """A picture's shape, (C, H, W), or (d,) of points. BadInput: no numbers of at least 1."""
    found = tuple(whole(f"a number of {name}", size) for size in listed(name, given))
    if not found:
        raise BadInput(f"{name} is empty; give one whole number or more, for example (1, 28, 28).")
    return found


def check_z(z: Tensor, latent_dim: int, network: nn.Module | None = None) -> None:
    """BadInput unless z is float (B, latent_dim), in the network's precision if one is given."""
    if not isinstance(z, Tensor):
        raise BadInput(f"z is {brief(z)}; give a tensor, float (B, {latent_dim}), as torch.randn(8, {latent_dim}).")
    if z.ndim != 2 or z.shape[1] != latent_dim or not z.is_floating_point():
        raise BadInput(
            f"z has shape {tuple(z.shape)} and is {z.dtype}; this generator takes float (B, {latent_dim}), "
            f"for example torch.randn(8, {latent_dim})."
        )
    _check_precision("z is", z, network)


def check_images(x: Tensor, image_shape: tuple[int, ...], network: nn.Module | None = None) -> None:
    """BadInput unless x is float (B, *image_shape), in the network's precision if one is given."""
    if not isinstance(x, Tensor):
        raise BadInput(f"images are {brief(x)}; give a tensor of floats (B, C, H, W) in −1…1.")
    if x.shape[1:] != image_shape or not x.is_floating_point():
        wanted = ", ".join(map(str, ("B", *image_shape)))
        raise BadInput(
            f"images have shape {tuple(x.shape)} and are {x.dtype}; this network takes float ({wanted}), "
            "in −1…1 (gan_lib.data.to_range makes them from pixels)."
        )
    _check_precision("the pictures are", x, network)


def _check_precision(what: str, x: Tensor, network: nn.Module | None) -> None:
    """BadInput where x is neither float32 nor as precise as the network; autocast would see to that itself."""
    if x.dtype == torch.float32 or network is None:
        return
    weight = next((p for p in network.parameters() if p.is_floating_point()), x)
    if weight.dtype != x.dtype and not torch.is_autocast_enabled(x.device.type):
        raise BadInput(f"{what} {x.dtype}, and the weights {weight.dtype}; convert them by .to({weight.dtype}).")


def check_labels(labels: Tensor, classes: int, n: int | None = None) -> None:
    """BadInput unless labels are whole numbers 0…classes − 1, n of them; looking at them waits for a GPU."""
    instance("labels", labels, Tensor, f"an int64 tensor of class numbers, 0…{classes - 1}")
    if labels.dtype != torch.int64 or labels.ndim != 1 or (n is not None and len(labels) != n):
        wanted = "B" if n is None else n
        raise BadInput(
            f"labels are {labels.dtype} of shape {tuple(labels.shape)}; int64 of shape ({wanted},) is needed, "
            "one class number for each z or image."
        )
    if len(labels) and not (labels.min() >= 0 and labels.max() < classes):
        raise BadInput(f"labels run from {labels.min()} to {labels.max()}; choose from 0…{classes - 1}.")


def check_labels_without_waiting(labels: Tensor | None, classes: int, n: int) -> None:
    """`check_labels` on the CPU; elsewhere type and shape alone, since looking at values waits: `train` looks once.
    Nothing is checked while a program is exported, which cannot look at values."""
    if labels is None:
        raise BadInput(f"no labels were given; this network needs one of 0…{classes - 1} for each of its {n} inputs.")
    if torch.compiler.is_compiling():
        return
    fits = isinstance(labels, Tensor) and labels.dtype == torch.int64 and labels.shape == (n,)
    if not fits or labels.device.type == "cpu":
        check_labels(labels, classes, n)


def at_least_float32(x: Tensor) -> Tensor:
    """What autocast left in bfloat16 becomes float32 again, so that losses are exact; the rest stays as it is."""
    return x.float() if x.dtype in (torch.bfloat16, torch.float16) else x


def normal_weights(network: nn.Module, std: float) -> nn.Module:
    """DCGAN's first weights (Radford et al. 2015, section 4): N(0, std²), biases 0; BatchNorm scales N(1, std²).

    BadInput: no network, or a std that is not above 0.
    """
    instance("network", network, nn.Module, "one that is built, for example DCGANGenerator()")
    std = positive("std", std)
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
            nn.init.normal_(own_weight(module), 0.0, std)
            look_again(module)
        elif isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.weight, 1.0, std)
        else:
            continue
        if module.bias is not None:
            nn.init.zeros_(module.bias)
    return network
