"""Chapter 2: convolution arithmetic."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import conv_transpose1d

from gan_lib.chapters.arithmetic import conv_size, conv_transpose_size
from gan_lib.chapters.checkerboard import strengths
from gan_lib.chapters.cost import cost
from gan_lib.chapters.exercises.exercise import Exercise, logits
from gan_lib.chapters.receptive import receptive_fields
from gan_lib.data import to_range

Layers = list[tuple[int, int]]  # kernel and stride of each, from the first to the last

GRIDS = {  # which of them has a checkerboard in the mean over all weights?
    "a": nn.ConvTranspose2d(8, 1, 6, 3, bias=False),
    "b": nn.ConvTranspose2d(8, 1, 4, 2, bias=False),
    "c": nn.ConvTranspose2d(8, 1, 5, 2, bias=False),
    "d": nn.ConvTranspose2d(8, 1, 2, 2, bias=False),
}
PROFILE = {  # a profiler's table: the layers, the input's shape, and the MACs it claims. One of them is wrong.
    "a": (nn.Sequential(nn.ConvTranspose2d(64, 32, 4, 2, 1, bias=False)), (64, 16, 16), 8_388_608),
    "b": (nn.Sequential(nn.Conv2d(32, 64, 4, 2, 1, bias=False)), (32, 32, 32), 8_388_608),
    "c": (
        nn.Sequential(nn.Upsample(scale_factor=2), nn.Conv2d(64, 32, 3, 1, 1, bias=False)),
        (64, 16, 16),
        4_718_592,
    ),
    "d": (
        nn.Sequential(nn.Conv2d(64, 128, 3, 1, 1, bias=False), nn.PixelShuffle(2)),
        (64, 16, 16),
        18_874_368,
    ),
}


def _largest_input(m: int, k: int, s: int, p: int) -> int:
    """The largest input that a convolution turns into m cells, found by trying."""
    return max(n for n in range(1, m * s + k + 1) if n + 2 * p >= k and conv_size(n, k, s, p) == m)


def _output_padding(n: int, k: int, s: int, p: int) -> int:
    """What brings a transposed convolution back to n, found by trying."""
    small = conv_size(n, k, s, p)
    return next(o for o in range(s) if conv_transpose_size(small, k, s, p, o) == n)


def _stamps(x: Tensor, kernel: Tensor, stride: int) -> Tensor:
    return conv_transpose1d(x[None, None], kernel[None, None], stride=stride)[0, 0]


def _overwritten(x: Tensor, kernel: Tensor, stride: int) -> Tensor:
    out = torch.zeros((len(x) - 1) * stride + len(kernel))
    for i, value in enumerate(x):
        out[i * stride : i * stride + len(kernel)] = value * kernel
    return out


def _one_step(x: Tensor, kernel: Tensor, stride: int) -> Tensor:
    out = torch.zeros((len(x) - 1) * stride + len(kernel))
    for i, value in enumerate(x):
        out[i : i + len(kernel)] += value * kernel
    return out


def _field(layers: Layers) -> int:
    network = nn.Sequential(*(nn.Conv2d(1, 1, kernel, stride) for kernel, stride in layers))
    return receptive_fields(network, 256)[-1]


def _field_by_steps(layers: Layers, cells: int = 1, first: int = 1, early: bool = False, still: bool = False) -> int:
    """The usual sum, with its usual mistakes: a layer adds `kernel − cells` steps, and a step grows by the strides."""
    field, step = first, 1
    for kernel, stride in layers:
        step *= stride if early else 1
        field += (kernel - cells) * step
        step *= 1 if early or still else stride
    return field


def _uneven_grid() -> str:
    spread = {}
    for letter, layer in GRIDS.items():
        mean = strengths(layer, scale=layer.stride[0]).mean(0)
        spread[letter] = (mean.std() / mean.mean()).item()
    return max(spread, key=spread.get)


def _false_row() -> str:
    return next(
        letter for letter, (net, shape, macs) in PROFILE.items() if sum(r.macs for r in cost(net, shape)) != macs
    )


EXERCISES = {
    "largest-input": Exercise(
        _largest_input,
        ((3, 4, 3, 1), (3, 4, 2, 1), (7, 5, 4, 2), (9, 3, 1, 0)),
        {
            "this input works, but so does a larger one. How many cells may the floor leave unread?": (
                lambda m, k, s, p: (m - 1) * s + k - 2 * p
            ),
            "the stride alone does not decide: think of the last kernel's cells, and of the padding.": (
                lambda m, k, s, p: m * s
            ),
            "padding lies at both ends.": lambda m, k, s, p: m * s + k - 1 - p,
            "padding is not part of the input: with more of it a smaller input will do.": (
                lambda m, k, s, p: m * s + k - 1 + 2 * p
            ),
        },
    ),
    "output-padding": Exercise(
        _output_padding,
        ((9, 3, 4, 1), (7, 3, 2, 1), (8, 3, 2, 1), (31, 5, 4, 2), (13, 2, 3, 0)),
        {
            "the first kernel takes up k cells; only what comes after it is divided into steps of s.": (
                lambda n, k, s, p: n % s
            ),
            "that is the most there can be. Try an input of which every cell is read.": lambda n, k, s, p: s - 1,
            "the kernel walks over the padded input, which is longer than n.": lambda n, k, s, p: (n - k) % s,
        },
    ),
    "stamps": Exercise(
        _stamps,
        ((torch.ones(3), torch.ones(3), 2), (logits(1, 5)[0], logits(1, 4)[0], 3)),
        {
            "where two stamps overlap, look at what happens to the first one.": _overwritten,
            "how far apart do two stamps begin?": _one_step,
            "a stamp is laid down as it is; only the way by zeros turns the kernel.": (
                lambda x, kernel, stride: _stamps(x, kernel.flip(0), stride)
            ),
        },
    ),
    "field": Exercise(
        _field,
        (([(4, 2), (4, 2)],), ([(3, 1), (3, 2), (5, 3), (2, 1)],), ([(7, 2)],)),
        {
            "two neighbours of a later layer lie further apart in the input than 1. How far?": (
                lambda layers: _field_by_steps(layers, still=True)
            ),
            "a layer's own stride moves the kernel, not the cells inside it.": (
                lambda layers: _field_by_steps(layers, early=True)
            ),
            "four cells in a row are three steps apart.": lambda layers: _field_by_steps(layers, cells=0, first=0),
            "fields do not multiply: draw the second layer's cells above the first one's.": (
                lambda layers: torch.tensor([kernel for kernel, _ in layers]).prod()
            ),
        },
    ),
    "range": Exercise(
        to_range,
        ((torch.tensor([0, 51, 255], dtype=torch.uint8),),),
        {
            "that is how a classifier's pictures are prepared: white becomes 2.8. Which numbers can a tanh draw?": (
                lambda pixels: (pixels / 255 - 0.1307) / 0.3081
            ),
            "0…1 is the range of a sigmoid. Where does tanh put black?": lambda pixels: pixels / 255,
            "the middle is right. How long is the way from black to white, and how long should it be?": (
                lambda pixels: pixels / 255 - 0.5
            ),
            "a byte holds nothing above 255. What does 2 · 255 become before you divide?": (
                lambda pixels: 2 * pixels / 255 - 1
            ),
            "the length is right. Where does black land, and where should it?": lambda pixels: pixels / 127.5,
        },
    ),
    "which-grid": Exercise(
        _uneven_grid,
        mistakes={
            "in the lower row its blocks are nearly flat. Which row shows the arithmetic, and which one chance?": (
                lambda: "a"
            ),
            "its upper picture is one throw of the dice. Look at the lower one.": lambda: "b",
            "strong in one network, and nearly flat in the mean. Which one is far from flat there?": lambda: "d",
        },
    ),
    "which-row-lies": Exercise(
        _false_row,
        mistakes={
            "a transposed convolution uses each weight once at each cell of its input: 16 × 16.": lambda: "a",
            "its output has 16 × 16 cells, and each weight is used once at each of them.": lambda: "b",
            "PixelShuffle only lays out what is there; how large is the picture that the convolution works on?": (
                lambda: "d"
            ),
        },
    ),
}
