"""Layers one behind the other: size, parameters, cost and receptive field of each, while the reader changes them.

It needs no kernel: the same output serves the page, JupyterLab and Colab.
"""

from __future__ import annotations

import matplotlib.pyplot as plt
from torch import nn

from gan_lib.chapters.cost import LayerCost, cost
from gan_lib.chapters.receptive import Convolution, convolutions, one_number, receptive_fields
from gan_lib.data.pictures import figure_png
from gan_lib.errors import BadInput
from gan_lib.machine.given import whole
from gan_lib.widgets.face import display_page

MOST_SIZE, MOST_LAYERS = 256, 8
LIMITS = {"channels": (1, 1024), "kernel_size": (1, 8), "stride": (1, 4), "padding": (0, 4)}  # also in page/stack


def play_stack(network: nn.Module, size: int = 28) -> None:
    """Display the convolutions of a network as a table that the reader can change.

    Args:
        network: convolutions one behind the other, transposed or not, at most 8, without dilation, output_padding and
            groups; at most 1,024 channels, kernel_size 8, stride 4, padding 4. BatchNorm and activations are left out.
        size: rows (and columns) of the input, 1…256.

    Raises:
        BadInput: another network, or a size that one of its layers refuses.
    """
    layers, size = convolutions(network), whole("size", size, 1, MOST_SIZE)
    if not 1 <= len(layers) <= MOST_LAYERS:
        raise BadInput(f"the network has {len(layers)} convolutions; give from 1 to {MOST_LAYERS}.")
    data = {"size": size, "channels": layers[0].in_channels, "layers": [_setting(layer) for layer in layers]}
    fields = receptive_fields(network, size)
    rows = cost(nn.Sequential(*layers), (layers[0].in_channels, size, size))
    told = [_told(*row) for row in zip(rows, fields, strict=True)]
    alt = f"An input of {_shape(rows[0].in_shape)} goes through {len(layers)} layers. {' '.join(told)}"
    display_page("stack", data, _poster(rows, fields), alt)


def _setting(layer: Convolution) -> dict[str, int | bool]:
    """As page/stack changes it. BadInput: something that it does not show."""
    numbers = {"channels": layer.out_channels}
    numbers |= {name: one_number(layer, name) for name in ("kernel_size", "stride", "padding")}
    plain = layer.groups == one_number(layer, "dilation") == 1 and one_number(layer, "output_padding") == 0
    if not plain or not all(least <= numbers[name] <= most for name, (least, most) in LIMITS.items()):
        allowed = ", ".join(f"{name} {least} to {most}" for name, (least, most) in LIMITS.items())
        raise BadInput(f"{layer} cannot be shown; without dilation, output_padding and groups, choose {allowed}.")
    return {"transposed": isinstance(layer, nn.ConvTranspose2d), **numbers, "bias": layer.bias is not None}


def _shape(shape: tuple[int, ...]) -> str:
    return " × ".join(map(str, shape))


def _told(row: LayerCost, field: int) -> str:
    return (
        f"{row.name.split()[-1]}: {_shape(row.out_shape)}, {row.parameters:,} parameters, {row.macs:,} MAC, "
        f"receptive field {field} × {field}."
    )


def _poster(rows: list[LayerCost], fields: list[int]) -> bytes:
    figure, axis = plt.subplots(figsize=(7, 0.32 * (len(rows) + 1) + 0.1))
    axis.axis("off")
    texts = [
        [row.name.split()[-1], _shape(row.out_shape), f"{row.parameters:,}", f"{row.macs:,}", f"{field} × {field}"]
        for row, field in zip(rows, fields, strict=True)
    ]
    heads = ["layer", "output", "parameters", "MAC", "receptive field"]
    axis.table(texts, colLabels=heads, edges="horizontal", bbox=(0, 0, 1, 1))
    return figure_png(figure)
