"""The weights of a kernel under the hand, until the checkerboard of a transposed convolution is gone.

It needs no kernel of Jupyter: the same output serves the page, JupyterLab and Colab.
"""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib.pyplot as plt
import torch
from torch import Tensor
from torch.nn.functional import conv_transpose1d

from gan_lib.data.pictures import figure_png
from gan_lib.errors import BadInput
from gan_lib.machine.given import flag, numbers
from gan_lib.widgets.face import display_page

MOST = 1  # a weight, without its sign
COLOURS = ("#2b7bb9", "#d1602f")  # of even and odd cells, as in page/stack/kernel_bars.js
CELLS = 8  # of the input


def play_kernel(weights: Sequence[float] = (1.0, 1.0, 1.0), *, step: bool = False) -> None:
    """Display the weights of a one-dimensional kernel, each to be moved, and what a transposed convolution of stride 2
    makes by them.

    Args:
        weights: what is shown first, two to six numbers in −1…1.
        step: let the input, eight cells, step from 0 to 1 in its middle; if False, all of it is 1.

    Raises:
        BadInput: other weights.
    """
    weights, step = numbers("weights", weights, None).double(), flag("step", step)
    if not 2 <= len(weights) <= 6 or weights.abs().max() > MOST:
        raise BadInput(f"weights are {weights.tolist()}; give two to six numbers from −1 to 1.")
    x = torch.ones(CELLS, dtype=weights.dtype)
    if step:
        x[: CELLS // 2] = 0
    y = conv_transpose1d(x[None, None], weights[None, None], stride=2)[0, 0]  # (14 + len(weights),)
    data = {"weights": weights.tolist(), "step": step}
    alt = f"The weights {_told(weights)} on the input {_told(x)}, with stride 2, give {_told(y)}."
    display_page("kernel", data, _poster(weights, y), alt)


def _told(values: Tensor) -> str:
    return ", ".join(f"{value:.3g}" for value in values.tolist())


def _poster(weights: Tensor, y: Tensor) -> bytes:
    """Both as bars, even and odd cells in two colours."""
    figure, axes = plt.subplots(1, 2, figsize=(7, 2.2), width_ratios=(len(weights), 14))
    for axis, values, title in zip(axes, (weights, y), ("weights w", "output y"), strict=True):
        axis.bar(range(len(values)), values.tolist(), color=[COLOURS[i % 2] for i in range(len(values))])
        axis.axhline(0, color="grey", linewidth=0.8)
        axis.set(title=title, xticks=range(0, len(values), 2))
    return figure_png(figure)
