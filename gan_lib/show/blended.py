"""Two labels in one order: (1 − t) of what a label becomes inside a generator, and t of what another one becomes."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from gan_lib.errors import BadInput, brief
from gan_lib.machine.given import finite
from gan_lib.networks import check_z
from gan_lib.networks.brought import brought

CODES = ("embedding", "one_hot")  # what makes numbers of a label


@torch.no_grad()
def blended(generator: nn.Module, z: Tensor, a: int, b: int, t: float) -> Tensor:
    """Pictures of z under a blend of two labels, an order that never came up in the training.

    Args:
        generator: one of the book's with labels, or any that `networks.brought` understands. What is blended is the row
            of its embedding, or the one-hot vector, that the label becomes.
        z: (n, latent_dim).
        a, b: the labels, counted from 0.
        t: the share of b, 0…1.

    Returns:
        float (n, C, H, W) in −1…1.

    Raises:
        BadInput: z has another shape, no such label, t out of range, or a label becomes something else there.
    """
    drawer, t = brought(generator), share(t)
    check_z(z, drawer.latent_dim)
    labels, others = (drawer.labels(label, len(z)) for label in (a, b))
    with _Blend(labels, others, t) as blend, drawer.evaluating():
        pictures = drawer(z, labels)
    if not blend.met:
        raise BadInput("this generator's labels go through no embedding and no one_hot, so there is nothing to blend.")
    return pictures


def share(t: float) -> float:
    """t as a number. BadInput: not 0…1."""
    number = finite("t", t)
    if not 0 <= number <= 1:
        raise BadInput(f"t is {brief(t)}; choose a number from 0 to 1.")
    return number


class _Blend(TorchFunctionMode):
    """Where labels a become numbers, those of a and b are blended."""

    def __init__(self, a: Tensor, b: Tensor, t: float):
        super().__init__()
        self.a, self.b, self.t, self.met = a, b, t, False

    def __torch_function__(self, function, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        code = function(*args, **kwargs)
        if getattr(function, "__name__", "") not in CODES or not (args and self._are_labels(args[0])):
            return code
        self.met = True
        return (1 - self.t) * code + self.t * function(self.b.to(args[0].device), *args[1:], **kwargs)

    def _are_labels(self, given: object) -> bool:
        return isinstance(given, Tensor) and given.tolist() == self.a.tolist()
