"""Figures, one style. Each function returns the figure, which a notebook shows when it ends the cell."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from gan_lib.data import to_pixels
from gan_lib.training import HISTORY_COLUMNS

REAL, FAKE, THIRD = "#2b7bb9", "#d1602f", "#4d9a51"
GREY = "#7a7a7a"  # words on no background: readable on white and on black
plt.rcParams |= {
    "figure.dpi": 110,
    "figure.constrained_layout.use": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.25,
    "font.size": 9,
    "legend.frameon": False,
}


def pictures(
    images: Tensor, columns: int = 8, rows: Sequence[str] = (), titles: Sequence[str] = (), size: float = 0.9
) -> Figure:
    """A sheet of pictures, filled row by row, on no background: it fits a light and a dark page.

    Args:
        images: uint8 0…255 or float −1…1, (n, C, H, W) with 1 or 3 channels.
        columns: pictures in a row.
        rows: a name for each row.
        titles: a name for each column.
        size: inches of one picture.
    """
    pixels = (images if images.dtype == torch.uint8 else to_pixels(images)).cpu()
    lines = -(-len(pixels) // columns)
    figure, axes = plt.subplots(lines, columns, figsize=(columns * size, lines * size), squeeze=False, facecolor="none")
    for i, axis in enumerate(axes.flat):
        axis.set(xticks=[], yticks=[], frame_on=False)
        if i < len(pixels):
            axis.imshow(pixels[i].permute(1, 2, 0).squeeze().numpy(), cmap="gray", vmin=0, vmax=255)
    for axis, name in zip(axes[:, 0], rows, strict=False):
        axis.set_ylabel(name, rotation=0, ha="right", va="center", color=GREY)
    for axis, name in zip(axes[0], titles, strict=False):
        axis.set_title(name, fontsize=9, color=GREY)
    return _closed(figure)


def matrix(values: Tensor, title: str) -> Figure:
    """A matrix (rows, columns) as coloured cells, 0 dark."""
    rows, columns = values.shape
    figure, axis = plt.subplots(figsize=(7, 0.6 + 7 * rows / columns), facecolor="none")
    axis.imshow(values.numpy(), cmap="magma")
    axis.set(xticks=[], yticks=[])
    axis.set_title(title, color=GREY)
    return _closed(figure)


def history(table: Tensor, window: int = 50) -> Figure:
    """D(real) and D(fake), and both losses, over training: single lines faint, their running mean strong.

    Args:
        table: (lines, 5) from `training.train`.
        window: lines in the running mean.
    """
    figure, (top, bottom) = plt.subplots(2, 1, figsize=(7, 4.4), sharex=True)
    for axis, names in ((top, ("d_real", "d_fake")), (bottom, ("d_loss", "g_loss"))):
        for name, colour in zip(names, (REAL, FAKE), strict=True):
            _curve(axis, table, name, colour, window)
        axis.legend(ncols=2, loc="upper right")
    top.axhline(0.5, color="grey", lw=0.8, ls=":")
    top.set(ylim=(0, 1), ylabel="probability “real”")
    bottom.set(xlabel="updates of G", ylabel="loss", ylim=(0, None))
    return _closed(figure)


def band(
    tables: Sequence[Tensor],
    names: Sequence[str],
    *,
    highlight: Tensor | None = None,
    window: int = 50,
    player: str = "D",
) -> Figure:
    """Several seeds of one recipe: the mean of their running means, and the band from the lowest to the highest.

    Args:
        tables: one (lines, 5) for each seed, all of the same length.
        names: columns of the history, one panel each, two in a row: an even number.
        highlight: one more run (lines, 5), of any length, as a line of its own.
        window: lines in the running mean.
        player: what the panels call D; "critic", say.
    """
    rows = math.ceil(len(names) / 2)
    figure, axes = plt.subplots(rows, 2, figsize=(7, 2 * rows + 0.3), sharex=True, squeeze=False)
    for axis, name in zip(axes.flat, names, strict=True):
        means = torch.stack([running_mean(column(t, name), window) for t in tables])  # (seeds, lines − window + 1)
        steps = running_mean(column(tables[0], "step"), window).numpy()
        axis.fill_between(steps, means.amin(0).numpy(), means.amax(0).numpy(), color=REAL, alpha=0.25, lw=0)
        axis.plot(steps, means.mean(0).numpy(), color=REAL, lw=1)
        if highlight is not None:
            own = running_mean(column(highlight, name), window)
            axis.plot(running_mean(column(highlight, "step"), window).numpy(), own.numpy(), color=FAKE, lw=1)
        axis.set_title(LABELS[name].replace("D", player))
    for axis in axes[-1]:
        axis.set_xlabel("updates of G")
    return _closed(figure)


def maps(values: Tensor, titles: Sequence[str]) -> Figure:
    """Heat maps side by side on one scale: values (n, H, W), all ≥ 0."""
    figure, axes = plt.subplots(1, len(values), figsize=(1.5 * len(values), 1.9), squeeze=False, facecolor="none")
    for axis, value, title in zip(axes[0], values.cpu(), titles, strict=True):
        axis.set(xticks=[], yticks=[], frame_on=False)
        axis.set_title(title, color=GREY)
        shown = axis.imshow(value.numpy(), cmap="magma", vmin=0, vmax=values.max())
    figure.colorbar(shown, ax=axes, shrink=0.75).ax.tick_params(colors=GREY)
    return _closed(figure)


def ranking(values: Tensor, marked: Sequence[int], xlabel: str, ylabel: str) -> Figure:
    """Bars of values (n,), largest first, the marked ones in another colour.

    Args:
        values: one number for each thing that is ranked.
        marked: indices into `values`.
        xlabel, ylabel: names of the axes.
    """
    values = values.cpu()
    order = values.argsort(descending=True)
    figure, axis = plt.subplots(figsize=(7, 2))
    colours = [FAKE if index in marked else REAL for index in order.tolist()]
    axis.bar(range(1, len(order) + 1), values[order].numpy(), color=colours)
    axis.set(xlabel=xlabel, ylabel=ylabel)
    return _closed(figure)


def column(table: Tensor, name: str) -> Tensor:
    """One column of a history, by its name."""
    return table[:, HISTORY_COLUMNS.index(name)]


def running_mean(values: Tensor, window: int) -> Tensor:
    """Means of `window` neighbours: (n,) → (n − window + 1,)."""
    return values.unfold(0, min(window, len(values)), 1).mean(1)


LABELS = {"d_real": "D(real)", "d_fake": "D(fake)", "d_loss": "loss of D", "g_loss": "loss of G"}


def _closed(figure: Figure) -> Figure:
    """Take the figure out of pyplot's list, so that a notebook shows it once: as the value of its cell."""
    plt.close(figure)
    return figure


def _curve(axis: Axes, table: Tensor, name: str, colour: str, window: int) -> None:
    steps, values = column(table, "step"), column(table, name)
    axis.plot(steps.numpy(), values.numpy(), color=colour, alpha=0.15, lw=0.5)
    steps, values = running_mean(steps, window), running_mean(values, window)
    axis.plot(steps.numpy(), values.numpy(), color=colour, lw=1.4, label=LABELS[name])


PATH = ("z", "G", "fake", "D", "loss")


def gradient_paths(rows: Mapping[str, tuple[str, str]]) -> Figure:
    """How far a loss's gradient walks back along z → G → fake → D → loss, and which networks keep some of it.

    Args:
        rows: title → (the last box that the gradient reaches, the networks that keep one: "", "G", "D" or "GD").
    """
    figure, axes = plt.subplots(len(rows), 1, figsize=(7, 0.95 * len(rows)), squeeze=False)
    for axis, (title, (last, keepers)) in zip(axes[:, 0], rows.items(), strict=True):
        axis.set(xlim=(-0.6, len(PATH) - 0.4), ylim=(-0.75, 0.75))
        axis.axis("off")
        axis.set_title(title, loc="left", fontsize=9)
        for i, name in enumerate(PATH):
            colour = FAKE if name in keepers else "#dddddd"
            box = {"boxstyle": "round,pad=0.35", "facecolor": colour, "edgecolor": "#555555"}
            axis.text(i, 0, name, ha="center", va="center", bbox=box, color="white" if name in keepers else "black")
            if i + 1 < len(PATH):
                _arrow(axis, i + 0.25, i + 0.75, 0.2, "#999999")
                if i >= PATH.index(last):
                    _arrow(axis, i + 0.75, i + 0.25, -0.2, FAKE)
    return _closed(figure)


def _arrow(axis: Axes, start: float, end: float, y: float, colour: str) -> None:
    axis.annotate("", (end, y), (start, y), arrowprops={"arrowstyle": "->", "color": colour, "lw": 1.5})
