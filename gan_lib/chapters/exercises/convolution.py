"""Chapter 2: convolution arithmetic."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import conv_transpose1d

from gan_lib.chapters.arithmetic import conv_size, conv_transpose_size
from gan_lib.chapters.cost import cost
from gan_lib.chapters.exercises.exercise import Exercise, logits
from gan_lib.data import to_range


def _output_padding(n: int, k: int, s: int, p: int) -> int:
    """What brings a transposed convolution back to n, found by trying."""
    small = conv_size(n, k, s, p)
    return next(o for o in range(s) if conv_transpose_size(small, k, s, p, o) == n)


def _stamps(x: Tensor, kernel: Tensor, stride: int) -> Tensor:
    return conv_transpose1d(x[None, None], kernel[None, None], stride=stride)[0, 0]


def _transposed_macs(n: int, c_in: int, c_out: int, k: int) -> int:
    return cost(nn.ConvTranspose2d(c_in, c_out, k, 2, bias=False), (c_in, n, n))[0].macs


EXERCISES = {
    "conv-size": Exercise(conv_size, ((96, 4, 2, 1, 1), (7, 4, 2, 1, 1), (28, 5, 3, 2, 2), (9, 3, 4, 0, 1))),
    "output-padding": Exercise(_output_padding, ((7, 3, 2, 1), (8, 3, 2, 1), (31, 5, 4, 2), (13, 2, 3, 0))),
    "stamps": Exercise(_stamps, ((torch.ones(3), torch.ones(3), 2), (logits(1, 5)[0], logits(1, 4)[0], 3))),
    "transposed-macs": Exercise(_transposed_macs, ((4, 1024, 512, 4), (7, 3, 5, 3))),
    "range": Exercise(to_range, ((torch.tensor([0, 51, 255], dtype=torch.uint8),),)),
}
