"""The networks, one family a file.

A generator has `latent_dim`, `image_shape` (C, H, W) and `classes` (0 if it takes no labels).
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from gan_lib.errors import BadInput


@contextmanager
def evaluating(network: nn.Module) -> Iterator[nn.Module]:
    """The network in eval mode inside the `with`, in its own mode again after it."""
    mode = network.training
    try:
        yield network.eval()
    finally:
        network.train(mode)


def check_z(z: Tensor, latent_dim: int) -> None:
    """BadInput unless z is float (B, latent_dim)."""
    if z.ndim != 2 or z.shape[1] != latent_dim or not z.is_floating_point():
        raise BadInput(
            f"z has shape {tuple(z.shape)} and is {z.dtype}; this generator takes float (B, {latent_dim}), "
            f"for example torch.randn(8, {latent_dim})."
        )


def check_images(x: Tensor, image_shape: tuple[int, ...]) -> None:
    """BadInput unless x is float (B, *image_shape)."""
    if x.shape[1:] != image_shape or not x.is_floating_point():
        wanted = ", ".join(map(str, ("B", *image_shape)))
        raise BadInput(
            f"images have shape {tuple(x.shape)} and are {x.dtype}; this discriminator takes float ({wanted}), "
            "in −1…1 (gan_lib.data.to_range makes them from pixels)."
        )


def check_labels(labels: Tensor, classes: int, n: int | None = None) -> None:
    """BadInput unless labels are whole numbers 0…classes − 1, n of them; looking at them waits for a GPU."""
    if labels.dtype != torch.int64 or labels.ndim != 1 or (n is not None and len(labels) != n):
        wanted = "B" if n is None else n
        raise BadInput(
            f"labels are {labels.dtype} of shape {tuple(labels.shape)}; int64 of shape ({wanted},) is needed, "
            "one class number for each z or image."
        )
    if len(labels) and not (labels.min() >= 0 and labels.max() < classes):
        raise BadInput(f"labels run from {labels.min()} to {labels.max()}; choose from 0…{classes - 1}.")


def check_labels_without_waiting(labels: Tensor, classes: int, n: int) -> None:
    """`check_labels` on the CPU; elsewhere type and shape alone, since looking at values waits: `train` looks once.
    Nothing is checked while a program is exported, which cannot look at values."""
    if torch.compiler.is_compiling():
        return
    if labels.device.type == "cpu" or labels.dtype != torch.int64 or labels.shape != (n,):
        check_labels(labels, classes, n)


def at_least_float32(x: Tensor) -> Tensor:
    """What autocast left in bfloat16 becomes float32 again, so that losses are exact; the rest stays as it is."""
    return x.float() if x.dtype in (torch.bfloat16, torch.float16) else x


def normal_weights(network: nn.Module, std: float) -> nn.Module:
    """DCGAN's first weights (Radford et al. 2015, section 4): N(0, std²), biases 0; BatchNorm scales N(1, std²)."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
            nn.init.normal_(module.weight, 0.0, std)
        elif isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.weight, 1.0, std)
        else:
            continue
        if module.bias is not None:
            nn.init.zeros_(module.bias)
    return network
