"""What a network costs: shapes, parameters, operations and bytes, layer by layer."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from math import prod

import torch
from torch import Tensor, nn

from gan_lib.errors import BadInput, brief
from gan_lib.machine.given import whole
from gan_lib.show.tables import Table

BYTES = 4  # of a float32


@dataclass(frozen=True)
class LayerCost:
    """One layer for one input.

    Attributes:
        name: its place in the network, and what it is.
        in_shape, out_shape: without the batch.
        parameters: numbers that are learned.
        macs: multiplications whose product is added to something: those of matrix products and convolutions, one for
            each value in a BatchNorm (its scale and shift), none in an activation.
        flops: two for each of these, one for each value of an activation, and for each that a mean adds up.
        bytes_moved: input and parameters read once, output written once, as float32.
    """

    name: str
    in_shape: tuple[int, ...]
    out_shape: tuple[int, ...]
    parameters: int
    macs: int
    flops: int
    bytes_moved: int


def cost(module: nn.Module, shape: tuple[int, ...]) -> list[LayerCost]:
    """The cost of every layer for one input of `shape` (without the batch). Nothing is computed.

    Raises:
        BadInput: a layer that is not a linear, (transposed) convolution, BatchNorm, activation, AvgPool2d, Upsample,
            PixelShuffle or Flatten, a shape that does not fit, or a network that asks for more than one input.
    """
    if not isinstance(module, nn.Module):
        raise BadInput(f"{brief(module)} is no network; give one that is built, for example nn.Linear(3, 2).")
    try:
        shape = tuple(whole("a number of the shape", n) for n in shape)
    except TypeError:
        raise BadInput(f"the shape is {brief(shape)}; give that of one input, as (100,) or (1, 32, 32).") from None
    rows: list[LayerCost] = []
    shadow = deepcopy(module).to("meta").eval()
    for name, layer in shadow.named_modules():
        if not list(layer.children()):
            layer.register_forward_hook(lambda m, given, out, name=name: rows.append(_cost(name, m, given[0], out)))
    try:
        with torch.no_grad():
            shadow(torch.empty(1, *shape, device="meta"))
    except (RuntimeError, TypeError, IndexError) as error:  # a TypeError: it takes labels as well, say
        raise BadInput(f"an input of shape {shape} does not fit: {str(error).splitlines()[0]}") from error
    return rows


def cost_table(rows: list[LayerCost], only: str = "", caption: str = "") -> Table:
    """What `cost` returns as a table, with a row of totals; its `str` is aligned text.

    Args:
        rows: as `cost` returns them.
        only: a word of some layers' names, such as "ConvTranspose2d": these get rows, all others share one.
        caption: one sentence below it.

    Raises:
        BadInput: something else, or a word that is in no name.
    """
    if not (isinstance(rows, list) and all(isinstance(row, LayerCost) for row in rows)):
        raise BadInput(f"{brief(rows)} is no list of costs; give what cost(network, shape) returns.")
    if not isinstance(caption, str):
        raise BadInput(f"caption is {brief(caption)}; give one sentence.")
    if not isinstance(only, str) or (only and not any(only in row.name for row in rows)):
        raise BadInput(f"only is {brief(only)}; give a word that is in a layer's name.")
    shown = [row for row in rows if only in row.name]
    others = [row for row in rows if only not in row.name]
    lines = [
        (row.name, *("×".join(map(str, shape)) for shape in (row.in_shape, row.out_shape)), *_sums([row]))
        for row in shown
    ]
    lines += [(f"{len(others)} other layers", "", "", *_sums(others))] * bool(others)
    lines += [("total", "", "", *_sums(rows))]
    return Table(
        ("layer", "input", "output", "parameters", "MAC", "FLOP", "MB"), tuple(lines), {"MB": "{:.2f}"}, {}, caption
    )


def _sums(rows: list[LayerCost]) -> tuple[int, int, int, float]:
    parameters, macs, flops, moved = (
        sum(getattr(row, name) for row in rows) for name in ("parameters", "macs", "flops", "bytes_moved")
    )
    return parameters, macs, flops, moved / 1e6


def _cost(name: str, layer: nn.Module, x: Tensor, y: Tensor) -> LayerCost:
    parameters = sum(p.numel() for p in layer.parameters())
    macs, single = _operations(layer, x, y)
    moved = BYTES * (x.numel() + parameters + y.numel())
    title = f"{name} {type(layer).__name__}".strip()
    return LayerCost(title, tuple(x.shape[1:]), tuple(y.shape[1:]), parameters, macs, 2 * macs + single, moved)


def _operations(layer: nn.Module, x: Tensor, y: Tensor) -> tuple[int, int]:
    """(multiply-adds, single operations) of one layer."""
    match layer:
        case nn.Linear():
            return layer.weight.numel() * y.numel() // layer.out_features, 0
        case nn.Conv2d():  # every output position reads the whole kernel
            return layer.weight.numel() * prod(y.shape[2:]), 0
        case nn.ConvTranspose2d():  # every input position is multiplied with the whole kernel
            return layer.weight.numel() * prod(x.shape[2:]), 0
        case nn.BatchNorm2d():
            return y.numel(), 0
        case nn.ReLU() | nn.LeakyReLU() | nn.Tanh() | nn.Sigmoid():
            return 0, y.numel()
        case nn.AvgPool2d():  # it adds up what it reads
            return 0, x.numel()
        case nn.Upsample(mode="nearest") | nn.PixelShuffle() | nn.Flatten():
            return 0, 0
    raise BadInput(
        f"the cost of {type(layer).__name__} is not known; leave it out or add it to gan_lib/chapters/cost.py."
    )
