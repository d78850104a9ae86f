"""The arithmetic playground: a convolution or a transposed convolution, cell by cell.

It needs no kernel: the same output serves the page, JupyterLab and Colab.
"""

from __future__ import annotations

import matplotlib.pyplot as plt

from gan_lib.chapters.arithmetic import conv_size, conv_transpose_size, overlap
from gan_lib.data.pictures import figure_png
from gan_lib.errors import BadInput, brief
from gan_lib.machine.given import flag
from gan_lib.widgets.face import display_page

MOST = {"size": 8, "kernel_size": 5, "stride": 4, "padding": 4, "dilation": 3, "output_padding": 3}


def play_arithmetic(
    *,
    transposed: bool = False,
    size: int = 5,
    kernel_size: int = 3,
    stride: int = 1,
    padding: int = 0,
    dilation: int = 1,
    output_padding: int = 0,
) -> None:
    """Display the playground, starting with this setting, the same along both axes.

    Raises:
        BadInput: torch refuses the setting, or a number is none that its slider can show.
    """
    transposed = flag("transposed", transposed)
    setting = {"size": size, "kernel_size": kernel_size, "stride": stride, "padding": padding, "dilation": dilation}
    for name, value in (setting | {"output_padding": output_padding}).items():
        if not isinstance(value, int) or not 0 <= value <= MOST[name]:
            raise BadInput(f"{name} {brief(value)} cannot be shown; choose a whole number from 0 to {MOST[name]}.")
    if transposed:
        setting["output_padding"] = output_padding
        n, name = conv_transpose_size(**setting), "transposed convolution"
    else:
        n, name = conv_size(**setting), "convolution"
    told = ", ".join(f"{key} {value}" for key, value in setting.items())
    data = {
        "transposed": transposed,
        "size": size,
        "kernel": kernel_size,
        "stride": stride,
        "padding": padding,
        "dilation": dilation,
        "outputPadding": output_padding,
    }
    alt = f"A {name} with {told}: the output has {n} × {n} cells."
    display_page("arithmetic", data, _poster(transposed, setting, n), alt)


def _poster(transposed: bool, setting: dict[str, int], n: int) -> bytes:
    """Input and output as grids; the number of products of each output cell where it differs."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(5, 2.6))
    for axis, side, title in ((left, setting["size"], "input"), (right, n, "output")):
        axis.set(xticks=range(side + 1), yticks=range(side + 1), xlim=(0, side), ylim=(side, 0), aspect="equal")
        axis.set(xticklabels=[], yticklabels=[], title=f"{title} {side} × {side}")
        axis.grid(True, alpha=1)
    if transposed:
        right.imshow(overlap(**setting), extent=(0, n, n, 0), cmap="Blues", vmin=0)
    return figure_png(figure)
