"""Sizes and cell-by-cell connections of convolutions and transposed convolutions (Dumoulin & Visin 2016).

Everything takes an int for both axes or a pair (vertical, horizontal), as torch does, and refuses what torch refuses:
BadInput, a ValueError, says why.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from operator import index

import torch
from torch import Tensor

from gan_lib.errors import BadInput, brief
from gan_lib.machine.given import numbers

Size = int | tuple[int, int]
Cell = tuple[int, int]


def conv_size(size: Size, kernel_size: Size, stride: Size = 1, padding: Size = 0, dilation: Size = 1) -> Size:
    """Output size of nn.Conv2d: ⌊(n + 2p − d(k − 1) − 1) / s⌋ + 1, with a floor.

    Args:
        size: n, rows (and columns) of the input.
        kernel_size, stride, padding, dilation: k, s, p, d.

    Returns:
        an int if all arguments are ints, else a pair.

    Raises:
        BadInput (a ValueError): torch refuses this setting; the sentence says why.
    """
    given = (size, kernel_size, stride, padding, dilation)
    return _both(given, lambda n, k, s, p, d: _conv_size(n, k, s, p, d))


def conv_transpose_size(
    size: Size, kernel_size: Size, stride: Size = 1, padding: Size = 0, output_padding: Size = 0, dilation: Size = 1
) -> Size:
    """Output size of nn.ConvTranspose2d: (n − 1)s − 2p + d(k − 1) + output_padding + 1.

    Args, returns and raises as `conv_size`; output_padding must be smaller than the stride or than the dilation.
    """
    given = (size, kernel_size, stride, padding, output_padding, dilation)
    return _both(given, lambda n, k, s, p, o, d: _conv_transpose_size(n, k, s, p, o, d))


def conv_sources(
    cell: Cell, size: Size, kernel_size: Size, stride: Size = 1, padding: Size = 0, dilation: Size = 1
) -> list[tuple[Cell, Cell]]:
    """What output cell (y, x) of a convolution reads: (input cell, kernel cell) pairs, without those on the padding.

    BadInput: a refused setting, or a cell that the output does not have.
    """
    cell = _cell(cell, conv_size(size, kernel_size, stride, padding, dilation))
    axes = []
    for o, n, k, s, p, d in zip(cell, *map(_pair, (size, kernel_size, stride, padding, dilation)), strict=True):
        axes.append([(i, t) for t in range(k) if 0 <= (i := o * s - p + t * d) < n])
    return _crossed(axes)


def conv_transpose_sources(
    cell: Cell,
    size: Size,
    kernel_size: Size,
    stride: Size = 1,
    padding: Size = 0,
    output_padding: Size = 0,
    dilation: Size = 1,
) -> list[tuple[Cell, Cell]]:
    """What output cell (y, x) of a transposed convolution is the sum of: (input cell, kernel cell) pairs.

    Input i adds to output i·s − p + t·d for every kernel cell t. BadInput as for `conv_sources`.
    """
    cell = _cell(cell, conv_transpose_size(size, kernel_size, stride, padding, output_padding, dilation))
    axes = []
    for o, n, k, s, p, d in zip(cell, *map(_pair, (size, kernel_size, stride, padding, dilation)), strict=True):
        axes.append([(i, t) for i in range(n) for t in range(k) if i * s - p + t * d == o])
    return _crossed(axes)


def overlap(
    size: Size, kernel_size: Size, stride: Size = 1, padding: Size = 0, output_padding: Size = 0, dilation: Size = 1
) -> Tensor:
    """How many products each output cell of a transposed convolution sums: int64 (H, W).

    Uneven where the stride does not divide the kernel: the checkerboard of Odena et al. 2016. BadInput as before.
    """
    given = (size, kernel_size, stride, padding, output_padding, dilation)
    rows, columns = _pair(conv_transpose_size(*given))
    counts = [len(conv_transpose_sources(cell, *given)) for cell in product(range(rows), range(columns))]
    return torch.tensor(counts).reshape(rows, columns)


def _conv_size(n: int, k: int, s: int, p: int, d: int) -> int:
    _check(n, k, s, p, d)
    if n + 2 * p < d * (k - 1) + 1:
        raise BadInput(
            f"a kernel that spans {d * (k - 1) + 1} cells does not fit into a padded input of {n + 2 * p}; "
            "take a smaller kernel or dilation, or more padding."
        )
    return (n + 2 * p - d * (k - 1) - 1) // s + 1


def _conv_transpose_size(n: int, k: int, s: int, p: int, output_padding: int, d: int) -> int:
    _check(n, k, s, p, d)
    if not 0 <= output_padding < max(s, d):
        raise BadInput(f"output_padding {output_padding} is not possible; it must be from 0 to {max(s, d) - 1} here.")
    size = (n - 1) * s - 2 * p + d * (k - 1) + output_padding + 1
    if size < 1:
        raise BadInput(f"the output would have {size} cells; take less padding, a larger kernel or a larger input.")
    return size


def _check(n: int, k: int, s: int, p: int, d: int) -> None:
    for name, value, least in (
        ("size", n, 1),
        ("kernel_size", k, 1),
        ("stride", s, 1),
        ("padding", p, 0),
        ("dilation", d, 1),
    ):
        if value < least:
            raise BadInput(f"{name} {value} is not possible; it must be {least} or more.")


def _both(given: tuple[Size, ...], formula) -> Size:
    vertical, horizontal = (formula(*axis) for axis in zip(*map(_pair, given), strict=True))
    return vertical if all(_whole(value) is not None for value in given) else (vertical, horizontal)


def _pair(value: Size) -> tuple[int, int]:
    if (both := _whole(value)) is not None:
        return both, both
    try:
        vertical, horizontal = map(index, value)
    except (TypeError, ValueError):
        raise BadInput(
            f"{brief(value)} is not possible; give a whole number, or a pair of them (vertical, horizontal)."
        ) from None
    return vertical, horizontal


def _whole(value: object) -> int | None:
    try:
        return index(value)
    except TypeError:
        return None


def _cell(cell: Cell, size: Size) -> Cell:
    cell, (rows, columns) = _pair(cell), _pair(size)
    if not (0 <= cell[0] < rows and 0 <= cell[1] < columns):
        raise BadInput(f"the output has no cell {cell}; it is {rows} × {columns}, counted from 0.")
    return cell


def _crossed(axes: list[list[tuple[int, int]]]) -> list[tuple[Cell, Cell]]:
    """The pairs of two axes → the cells of the plane, row by row."""
    return [((y, x), (ty, tx)) for (y, ty), (x, tx) in product(*axes)]


def conv_matrix(weight: Tensor, size: Size, stride: Size = 1, padding: Size = 0, dilation: Size = 1) -> Tensor:
    """The convolution as one matrix C: conv2d(x, weight).flatten() = C @ x.flatten().

    Args:
        weight: (kh, kw), one channel in and out.
        size, stride, padding, dilation: as for `conv_size`.

    Returns:
        (output cells, input cells), float32 if the weight is, else float64; mostly zeros.

    Raises:
        BadInput: a refused setting, or a weight that is no matrix of finite numbers.
    """
    weight = numbers("weight", weight, None, None)
    given = (size, tuple(weight.shape), stride, padding, dilation)
    rows, columns = _pair(conv_size(*given))
    return _matrix(weight, size, rows, columns, lambda cell: conv_sources(cell, *given))


def conv_transpose_matrix(
    weight: Tensor, size: Size, stride: Size = 1, padding: Size = 0, output_padding: Size = 0, dilation: Size = 1
) -> Tensor:
    """The transposed convolution as one matrix, in the same way as `conv_matrix`.

    For output_padding 0 it is the transpose of `conv_matrix` of the same weight on the larger size, which gives the
    operation its name (Dumoulin & Visin 2016).
    """
    weight = numbers("weight", weight, None, None)
    given = (size, tuple(weight.shape), stride, padding, output_padding, dilation)
    rows, columns = _pair(conv_transpose_size(*given))
    return _matrix(weight, size, rows, columns, lambda cell: conv_transpose_sources(cell, *given))


def _matrix(weight: Tensor, size: Size, rows: int, columns: int, sources: Callable) -> Tensor:
    height, width = _pair(size)
    matrix = weight.new_zeros(rows, columns, height, width)
    for cell in product(range(rows), range(columns)):
        for at, tap in sources(cell):
            matrix[cell + at] += weight[tap]
    return matrix.reshape(rows * columns, height * width)
