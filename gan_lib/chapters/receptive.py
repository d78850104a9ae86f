"""The receptive field: how much of a network's input one cell of a layer's output can see."""

from __future__ import annotations

from torch import nn

from gan_lib.chapters.arithmetic import conv_size, conv_transpose_size
from gan_lib.errors import BadInput
from gan_lib.machine.given import instance, whole

MOST_CELLS = 1024  # on a side
CONVOLUTIONS = (nn.Conv2d, nn.ConvTranspose2d)
CELL_BY_CELL = (nn.BatchNorm2d, nn.ReLU, nn.LeakyReLU, nn.Tanh, nn.Sigmoid)  # they see what they stand on
Convolution = nn.Conv2d | nn.ConvTranspose2d


def receptive_fields(network: nn.Module, size: int) -> list[int]:
    """For each convolution of a network, transposed or not: how many cells of the input one cell of its output depends
    on at most, along one axis, from the first to the last. Padding is no part of the input: no field is above `size`.

    Args:
        network: convolutions one behind the other, with or without BatchNorm and activations between them, each alike
            along both axes.
        size: rows (and columns) of the input, 1…1,024.

    Raises:
        BadInput: another layer, or a size that one of them refuses.
    """
    layers, size = convolutions(network), whole("size", size, 1, MOST_CELLS)
    reach: list[tuple[int, ...]] = [(i, i) for i in range(size)]  # of each cell: the first and the last that it sees
    fields = []
    for layer in layers:
        reach = _seen_through(layer, reach)
        fields.append(max((cell[-1] - cell[0] + 1 for cell in reach if cell), default=0))
    return fields


def convolutions(network: nn.Module) -> list[Convolution]:
    """The convolutions of a network, in their order. BadInput: it has a layer that is something else."""
    instance("network", network, nn.Module, "layers that are built, for example nn.Conv2d(1, 8, 4, 2, 1)")
    found = []
    for _, layer in network.named_modules(remove_duplicate=False):  # one may stand there twice
        if isinstance(layer, CONVOLUTIONS):
            found.append(layer)
        elif not isinstance(layer, CELL_BY_CELL) and not list(layer.children()):
            raise BadInput(
                f"the network has a {type(layer).__name__}; give convolutions, BatchNorm2d and activations alone."
            )
    return found


def one_number(layer: Convolution, name: str) -> int:
    """A setting that is alike along both axes. BadInput: it is not."""
    values = getattr(layer, name)
    if layer.padding_mode != "zeros" or isinstance(values, str) or len(set(values)) > 1:
        raise BadInput(f"{layer} is not plain; give one whole number for each setting, and zeros around.")
    return values[0]


def _seen_through(layer: Convolution, reach: list[tuple[int, ...]]) -> list[tuple[int, ...]]:
    """What each cell behind the layer sees; an empty tuple where nothing comes through."""
    k, s, p, d = (one_number(layer, name) for name in ("kernel_size", "stride", "padding", "dilation"))
    if isinstance(layer, nn.Conv2d):
        n = conv_size(len(reach), k, s, p, d)
    else:
        n = conv_transpose_size(len(reach), k, s, p, one_number(layer, "output_padding"), d)
    if n > MOST_CELLS:
        raise BadInput(f"the output of {layer} would have {n:,} cells on a side; {MOST_CELLS:,} are the most here.")
    behind = []
    for cell in range(n):
        if isinstance(layer, nn.Conv2d):
            read = [cell * s - p + tap * d for tap in range(k)]
        else:
            read = [(cell + p - tap * d) // s for tap in range(k) if (cell + p - tap * d) % s == 0]
        ends = [end for i in read if 0 <= i < len(reach) for end in reach[i]]
        behind.append((min(ends), max(ends)) if ends else ())
    return behind
