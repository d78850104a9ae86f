"""Figures in one style. Each function returns the figure, which a notebook shows when it ends the cell.

Importing this changes nothing: the style holds inside these functions. `use_style` gives it to figures of your own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import wraps

import matplotlib.pyplot as plt
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from gan_lib.data import to_pixels
from gan_lib.errors import BadInput, brief, one_of
from gan_lib.machine.given import counted, instance, listed, numbers, positive, whole
from gan_lib.training import HISTORY_COLUMNS
from gan_lib.training.held_out import HELD_OUT

REAL, FAKE, THIRD = "#2b7bb9", "#d1602f", "#4d9a51"
GREY = "#7a7a7a"  # words on no background: readable on white and on black
STYLE = {
    "figure.dpi": 110,
    "figure.constrained_layout.use": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.25,
    "font.size": 9,
    "legend.frameon": False,
}


def use_style() -> None:
    """Draw every figure from now on in the book's style: sets matplotlib's rcParams, `STYLE` says which."""
    plt.rcParams |= STYLE


@contextmanager
def _styled() -> Iterator[None]:
    """The style inside the `with`. Not rc_context, which would also take back what a notebook's backend sets when its
    first figure is made."""
    before = {key: plt.rcParams[key] for key in STYLE}
    use_style()
    try:
        yield
    finally:
        plt.rcParams |= before


def _in_style(function: Callable[..., Figure]) -> Callable[..., Figure]:
    """`function` in our style, its figure taken out of pyplot's list: so a notebook shows it once, as the value of its
    cell."""

    @wraps(function)
    def drawn(*args: object, **options: object) -> Figure:
        others = set(plt.get_fignums())
        try:
            with _styled():
                figure = function(*args, **options)
                for axis in figure.axes:  # ticks are chosen and made late, and would ask for the style of that time
                    axis.tick_params(labelsize=STYLE["font.size"])
                    axis.xaxis.get_major_ticks(1), axis.yaxis.get_major_ticks(1)
                return figure
        finally:
            for number in set(plt.get_fignums()) - others:
                plt.close(number)

    return drawn


@_in_style
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

    Raises:
        BadInput: no pictures, or of another shape.
    """
    shown = numbers("images", images, None, None, None, None, finite=False).detach()
    if shown.shape[1] not in (1, 3):
        raise BadInput(f"the pictures have {shown.shape[1]} channels; give 1 (grey) or 3 (red, green, blue).")
    is_float, columns = torch.as_tensor(images).is_floating_point(), whole("columns", columns)
    size, rows, titles = positive("size", size), listed("rows", rows), listed("titles", titles)
    pixels = (to_pixels(shown) if is_float else shown.clamp(0, 255).to(torch.uint8)).cpu()
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
    return figure


@_in_style
def matrix(values: Tensor, title: str) -> Figure:
    """A matrix (rows, columns) as coloured cells, 0 dark. BadInput: no matrix of finite numbers."""
    values = numbers("values", values, None, None).detach().cpu()
    rows, columns = values.shape
    figure, axis = plt.subplots(figsize=(7, 0.6 + 7 * rows / columns), facecolor="none")
    axis.imshow(values.numpy(), cmap="magma")
    axis.set(xticks=[], yticks=[])
    axis.set_title(title, color=GREY)
    return figure


@_in_style
def history(table: Tensor, window: int = 50) -> Figure:
    """D(real) and D(fake), and both losses, over training: single lines faint, their running mean strong.

    Args:
        table: (lines, 5) from `training.train`; or (lines, 6), and D's verdict on held-out pictures stands with them.
        window: lines in the running mean.

    Raises:
        BadInput: a table of another shape, or an empty window.
    """
    figure, (top, bottom) = plt.subplots(2, 1, figsize=(7, 4.4), sharex=True)
    judged = ("d_real", "d_fake", HELD_OUT)[: _columns(table) - 3]
    for axis, names in ((top, judged), (bottom, ("d_loss", "g_loss"))):
        for name, colour in zip(names, (REAL, FAKE, THIRD), strict=False):
            _curve(axis, table, name, colour, window)
        axis.legend(ncols=len(names), loc="upper right")
    top.axhline(0.5, color="grey", lw=0.8, ls=":")
    top.set(ylim=(0, 1), ylabel="probability “real”")
    bottom.set(xlabel="updates of G", ylabel="loss", ylim=(0, None))
    return figure


@_in_style
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

    Raises:
        BadInput: no tables, tables of different lengths, an odd number of names, or other names.
    """
    tables = [numbers("a table", table, None, _columns(table), finite=False) for table in listed("tables", tables)]
    names, player = listed("names", names), str(player)
    lines = [len(table) for table in tables]
    if len(set(lines)) != 1:
        raise BadInput(f"the tables have {lines} lines; give one table or more, all of the same length.")
    for name in names:
        one_of("column", name, LABELS)
    if not names or len(names) % 2:
        raise BadInput(f"{len(names)} names were given; give an even number, for two panels in a row.")
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
    return figure


@_in_style
def maps(values: Tensor, titles: Sequence[str]) -> Figure:
    """Heat maps side by side on one scale: values (n, H, W), all ≥ 0. BadInput: other values, or not n titles."""
    values, titles = numbers("values", values, None, None, None).detach().cpu(), listed("titles", titles)
    if values.min() < 0 or len(titles) != len(values):
        least = values.min()
        raise BadInput(f"{len(values)} maps from {least:g} on and {len(titles)} titles; give as many, and values ≥ 0.")
    figure, axes = plt.subplots(1, len(values), figsize=(1.5 * len(values), 1.9), squeeze=False, facecolor="none")
    for axis, value, title in zip(axes[0], values, titles, strict=True):
        axis.set(xticks=[], yticks=[], frame_on=False)
        axis.set_title(title, color=GREY)
        shown = axis.imshow(value.numpy(), cmap="magma", vmin=0, vmax=values.max())
    figure.colorbar(shown, ax=axes, shrink=0.75).ax.tick_params(colors=GREY)
    return figure


@_in_style
def ranking(values: Tensor, marked: Sequence[int], xlabel: str, ylabel: str) -> Figure:
    """Bars of values (n,), largest first, the marked ones in another colour.

    Args:
        values: one number for each thing that is ranked.
        marked: indices into `values`.
        xlabel, ylabel: names of the axes.

    Raises:
        BadInput: no values, or of another shape.
    """
    values = numbers("values", values, None).detach().cpu()
    order, marked = values.argsort(descending=True), {counted(each) for each in listed("marked", marked)}
    figure, axis = plt.subplots(figsize=(7, 2))
    colours = [FAKE if index in marked else REAL for index in order.tolist()]
    axis.bar(range(1, len(order) + 1), values[order].numpy(), color=colours)
    axis.set(xlabel=xlabel, ylabel=ylabel)
    return figure


def column(table: Tensor, name: str) -> Tensor:
    """One column of a history (lines, 5 or 6), by its name: (lines,). BadInput: another table, or no such column."""
    names = (*HISTORY_COLUMNS, HELD_OUT)[: _columns(table)]
    one_of("column", name, names)
    return numbers("a history", table, None, len(names), finite=False)[:, names.index(name)]


def _columns(table: Tensor) -> int:
    """6 of a history with held-out pictures, else 5."""
    return 6 if getattr(table, "ndim", 0) == 2 and table.shape[1] == 6 else 5


def running_mean(values: Tensor, window: int) -> Tensor:
    """Means of `window` neighbours: (n,) → (n − window + 1,); one mean where the window is longer. BadInput: no values,
    or a window below 1."""
    values = numbers("values", values, None, finite=False)
    return values.unfold(0, min(whole("window", window), len(values)), 1).mean(1)


LABELS = {
    "d_real": "D(real)",
    "d_fake": "D(fake)",
    HELD_OUT: "D(held out)",
    "d_loss": "loss of D",
    "g_loss": "loss of G",
}


def _curve(axis: Axes, table: Tensor, name: str, colour: str, window: int) -> None:
    steps, values = column(table, "step"), column(table, name)
    axis.plot(steps.numpy(), values.numpy(), color=colour, alpha=0.15, lw=0.5)
    steps, values = running_mean(steps, window), running_mean(values, window)
    axis.plot(steps.numpy(), values.numpy(), color=colour, lw=1.4, label=LABELS[name])


PATH = ("z", "G", "fake", "D", "loss")


@_in_style
def gradient_paths(rows: Mapping[str, tuple[str, str]]) -> Figure:
    """How far a loss's gradient walks back along z → G → fake → D → loss, and which networks keep some of it.

    Args:
        rows: title → (the last box that the gradient reaches, the networks that keep one: "", "G", "D" or "GD").

    Raises:
        BadInput: no rows, or a box that is not on the path.
    """
    example = "{'a step of G': ('z', 'G')}"
    instance("rows", rows, Mapping, f"title → (box, networks), for example {example}")
    if not rows:
        raise BadInput(f"no rows were given; give one or more, for example {example}.")
    for row in rows.values():
        if not isinstance(row, Sequence) or len(row) != 2 or not isinstance(row[1], str):
            raise BadInput(f"a row is {brief(row)}; give (box, networks), for example {example}.")
        one_of("box", row[0], PATH)
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
    return figure


def _arrow(axis: Axes, start: float, end: float, y: float, colour: str) -> None:
    axis.annotate("", (end, y), (start, y), arrowprops={"arrowstyle": "->", "color": colour, "lw": 1.5})
