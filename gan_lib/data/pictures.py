"""Pictures as sheets and as PNG files."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import torch
from PIL import Image
from torch import Tensor

from gan_lib.errors import BadInput
from gan_lib.machine.given import instance, whole

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def png(pixels: Tensor, scale: int = 1) -> bytes:
    """One picture → PNG, each pixel drawn as scale × scale.

    Args:
        pixels: uint8 (C, H, W), with 1 channel (grey), 2 (grey, alpha), 3 (RGB) or 4 (RGBA).
        scale: at least 1.

    Raises:
        BadInput: anything else.
    """
    _check(pixels, 3, "(C, H, W) with 1 to 4 channels")
    scale = whole("scale", scale)
    array = pixels.detach().permute(1, 2, 0).cpu().contiguous().numpy()  # (H, W, C)
    picture = Image.fromarray(array[:, :, 0] if len(pixels) == 1 else array)
    picture = picture.resize((picture.width * scale, picture.height * scale), Image.Resampling.NEAREST)
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def figure_png(figure: Figure) -> bytes:
    """A matplotlib figure → PNG; the figure is closed. BadInput: no figure."""
    import matplotlib.pyplot as plt  # takes most of a second, and the command line draws no figure

    instance("figure", figure, plt.Figure, "a matplotlib figure")
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    plt.close(figure)
    return buffer.getvalue()


def sheet(pictures: Tensor, columns: int) -> Tensor:
    """Pictures side by side, row by row; what is left of the last row is black, or transparent where they have alpha.

    Args:
        pictures: uint8 (n, C, H, W), 1 to 4 channels.
        columns: at least 1.

    Returns:
        uint8 (C, rows·H, columns·W).

    Raises:
        BadInput: anything else.
    """
    _check(pictures, 4, "(n, C, H, W) with 1 to 4 channels")
    columns = whole("columns", columns)
    n, c, h, w = pictures.shape
    blank = pictures.new_zeros(-n % columns, c, h, w)
    rows = torch.cat([pictures, blank]).reshape(-1, columns, c, h, w)
    return rows.permute(2, 0, 3, 1, 4).reshape(c, -1, columns * w)


def _check(pixels: object, axes: int, wanted: str) -> None:
    if not isinstance(pixels, Tensor):
        raise BadInput(f"a {type(pixels).__name__} is no picture here; give a tensor, uint8 {wanted}.")
    shape = tuple(pixels.shape)
    if pixels.dtype != torch.uint8 or len(shape) != axes or 0 in shape or shape[-3] > 4:
        raise BadInput(
            f"pictures of {pixels.dtype} and shape {shape} cannot be drawn; give uint8 {wanted} "
            "(gan_lib.data.to_pixels makes bytes of floats in −1…1)."
        )
