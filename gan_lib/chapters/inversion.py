"""Find the z of a picture: G stands still, and gradient descent moves z until G(z) looks like the picture."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

import torch
from torch import Tensor, nn

from gan_lib.data import to_range
from gan_lib.errors import BadInput
from gan_lib.machine.given import called, fraction, numbers, positive, whole
from gan_lib.machine.rng import z_from_seed
from gan_lib.networks.brought import Drawer, brought

STEPS, STARTS, RATE, WEIGHT = 200, 4, 0.1, 1e-3
MOST_STARTS, MOST_RATE = 64, 10


class Inversion(NamedTuple):
    """What was found.

    Attributes:
        z: float32 (n, latent_dim), for each picture that of the start which ended with the smallest error.
        curves: float32 (n, starts, steps + 1), the error of each start before the first step, after it, …, at the end.
    """

    z: Tensor
    curves: Tensor


def invert(
    generator: nn.Module,
    pictures: Tensor,
    *,
    steps: int = STEPS,
    starts: int = STARTS,
    rate: float = RATE,
    weight: float = WEIGHT,
    label: int | None = None,
    seed: int = 0,
    watch: Callable[[int, Tensor, Tensor], object] | None = None,
) -> Inversion:
    """Descend mean (G(z) − x)² + weight · mean z² in z by Adam, from several random z (Zhu et al. 2016, section 4.1;
    Lipton and Tripathi 2017). The means are over the numbers of one picture and of one z; the first is the error.

    A descent ends in a valley near its start, so several are tried. Every picture begins at the same z, those that
    `z_from_seed(seed, latent_dim, starts)` draws; the page does the same (page/find_z).

    Args:
        generator: any that `networks.brought` understands; it is used in eval mode and not changed.
        pictures: (n, C, H, W) as the generator draws them; uint8, or floats in −1…1.
        steps: of Adam.
        starts: random z to begin with, 1…64.
        rate: of Adam, above 0, at most 10.
        weight: from 0 on and below 1; the larger, the shorter z stays. G has never seen a z that is far longer than
            random ones.
        label: the class, for a conditional generator.
        seed: decides the first z.
        watch: called as watch(step, z, error) with z (n, starts, latent_dim) and the error (n, starts) before each step
            and at the end.

    Raises:
        BadInput: pictures of another shape, numbers out of range, or a generator without gradients.
    """
    drawer = brought(generator).sound()
    target = _targets(pictures, drawer)[:, None]  # (n, 1, C, H, W)
    steps, starts = whole("steps", steps), whole("starts", starts, 1, MOST_STARTS)
    rate, weight = positive("rate", rate), fraction("weight", weight)
    if rate > MOST_RATE:
        raise BadInput(f"rate is {rate:g}; choose a number above 0, at most {MOST_RATE}, for example {RATE}.")
    watch is None or called("watch", watch)
    first = z_from_seed(whole("seed", seed, 0, 2**32 - 1), drawer.latent_dim, starts)  # (starts, latent_dim)
    z = first.to(drawer.device).repeat(len(target), 1, 1).requires_grad_()  # (n, starts, latent_dim)
    labels, curves = drawer.labels(label, z[..., 0].numel()), []
    adam = torch.optim.Adam([z], lr=rate)
    with torch.enable_grad(), drawer.evaluating():
        for step in range(steps + 1):
            drawn = _drawn(drawer, z.flatten(0, 1), labels).unflatten(0, z.shape[:2])  # (n, starts, C, H, W)
            error = (drawn - target.to(drawn)).square().mean((2, 3, 4))  # (n, starts)
            curves.append(error.detach().clone())
            if watch:
                watch(step, z.detach().clone(), curves[-1])
            if step < steps:
                loss = error + weight * z.square().mean(2)  # (n, starts)
                (z.grad,) = torch.autograd.grad(loss.sum(), z)
                adam.step()
    curves = torch.stack(curves, 2).float().cpu()  # (n, starts, steps + 1)
    best = curves[..., -1].argmin(1)  # (n,)
    return Inversion(z.detach().cpu()[torch.arange(len(best)), best], curves)


def _drawn(drawer: Drawer, z: Tensor, labels: Tensor | None) -> Tensor:
    """The pictures of z. BadInput: no gradient leads from them to z."""
    drawn = None
    with suppress(RuntimeError):  # as .numpy() raises it, where gradients are wanted
        drawn = drawer(z, labels)
    if drawn is None or not drawn.requires_grad:
        raise BadInput("no gradient leads from this generator's pictures to z; draw them by torch alone.")
    return drawn


def _targets(pictures: object, drawer: Drawer) -> Tensor:
    """float (n, C, H, W) in −1…1. BadInput: not what the generator draws."""
    fits = isinstance(pictures, Tensor) and pictures.ndim == 4 and pictures.shape[1:] == drawer.image_shape
    if not fits or not len(pictures):
        shape = tuple(pictures.shape) if isinstance(pictures, Tensor) else f"a {type(pictures).__name__}"
        wanted = ", ".join(map(str, drawer.image_shape))
        raise BadInput(
            f"the pictures are {shape}, and this generator draws (n, {wanted}); fit them, as data.resize does."
        )
    if pictures.dtype not in (torch.uint8, torch.float16, torch.bfloat16, torch.float32, torch.float64):
        raise BadInput(f"the pictures are {pictures.dtype}; give bytes, or floats in −1…1.")
    return numbers("pictures", to_range(pictures).detach().float(), None, *drawer.image_shape)
