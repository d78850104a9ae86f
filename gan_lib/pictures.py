"""Pictures as sheets and as PNG files."""

from __future__ import annotations

import io

import matplotlib.pyplot as plt
from matplotlib.figure import Figure
from PIL import Image
from torch import Tensor


def png(pixels: Tensor, scale: int = 1) -> bytes:
    """uint8 (1 or 3, H, W) → PNG, each pixel drawn as scale × scale."""
    picture = Image.fromarray(pixels.permute(1, 2, 0).numpy().squeeze())
    picture = picture.resize((picture.width * scale, picture.height * scale), Image.Resampling.NEAREST)
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def figure_png(figure: Figure) -> bytes:
    """A matplotlib figure → PNG; the figure is closed."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    plt.close(figure)
    return buffer.getvalue()


def sheet(pictures: Tensor, columns: int) -> Tensor:
    """uint8 (n, C, H, W) → one picture (C, rows·H, columns·W), filled row by row; n a multiple of columns."""
    n, c, h, w = pictures.shape
    rows = pictures.reshape(n // columns, columns, c, h, w)
    return rows.permute(2, 0, 3, 1, 4).reshape(c, n // columns * h, columns * w)
