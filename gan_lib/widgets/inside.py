"""Look inside a generator: what each layer makes of z, as tiles; a tile that is pressed takes its channel away."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib.pyplot as plt
import torch
from IPython.display import display
from torch import Tensor, nn

from gan_lib.data import to_pixels
from gan_lib.data.pictures import figure_png
from gan_lib.errors import BadInput
from gan_lib.machine.progress import is_static
from gan_lib.machine.rng import z_from_seed
from gan_lib.widgets.export import NotExportable
from gan_lib.widgets.face import display_page
from gan_lib.widgets.latent_explorer import travelling
from gan_lib.widgets.live_inside import LiveInside
from gan_lib.widgets.live_latent import setting
from gan_lib.widgets.stages import Opened

SLIDERS = 3
IN_THE_STILL = 8  # channels of a layer


def look_inside(
    generator: nn.Module,
    dims: Sequence[int] | int | None = None,
    *,
    seed: int = 0,
    label: int = 0,
    classes: Sequence[str] | None = None,
) -> None:
    """Display the layers of a generator with their sizes, and each layer's channels for the z at hand as tiles. A tile
    that is pressed takes its channel away, or makes it stronger; how much the picture changes is measured for each.

    In a kernel it draws with the live module; on a page the exported weights are drawn by a script.

    Args:
        generator: any that `networks.brought` understands.
        dims: dimensions of z that get a slider, counted from 0; if None, 5, 25 and 45, or the first three.
        seed: decides the z shown first, 0…2³²−1.
        label: the class shown first, for a conditional generator.
        classes: what the classes are called; if None, what the generator calls them, or their numbers.

    Raises:
        BadInput: no generator, or one without layers that could be followed; a dimension, seed, label or names that
            do not fit it.
    """
    drawers, chosen, seed, label, names = setting(generator, dims, seed, label, classes)
    if len(drawers) > 1:
        raise BadInput(f"look_inside was given {len(drawers)} generators; give one.")
    (drawer,) = drawers.values()
    opened = Opened(drawer)
    chosen = chosen[:SLIDERS] if dims is None else chosen
    if is_static():
        _display_static(opened, chosen, seed, label, names)
    else:
        display(LiveInside(opened, chosen, seed, label, names).box)


def _display_static(opened: Opened, dims: list[int], seed: int, label: int, names: list[str]) -> None:
    module = opened.drawer.module()
    try:
        data = {
            "generators": [{"title": "", "network": travelling(module)}],
            "stages": [
                {"shape": stage.shape, "layers": stage.layers, "weights": stage.weights, "end": stage.end}
                for stage in opened.stages
            ],
            "dims": dims,
            "seed": seed,
            "label": label,
            "classes": names or None,
        }
        note = ""
    except NotExportable as error:
        data, note = None, f"{error} Run this cell in Jupyter to press the tiles."
    poster, told = _poster(opened, seed, label if names else None)
    called = f" and the label {names[label]}" if names else ""
    alt = f"The layers of {type(module).__name__} for z from seed {seed}{called}. {told}"
    display_page("inside", data, poster, alt, note)


def _poster(opened: Opened, seed: int, label: int | None) -> tuple[bytes, str]:
    """For each layer its brightest channels, and above each how much the picture changes without it; in words, too."""
    exact = opened.exactly()  # the same numbers on every machine
    z = z_from_seed(seed, opened.drawer.latent_dim).double()  # (1, 100)
    *layers, picture = exact.look(z, label)
    figure = plt.figure(figsize=(7.5, max(1.9, 0.95 * len(layers) + 0.3)))
    left, right = figure.subfigures(1, 2, width_ratios=(1, 3.2))
    _show(left.subplots(), to_pixels(picture)[0].permute(1, 2, 0), 255, "the picture")
    axes = right.subplots(len(layers), IN_THE_STILL, squeeze=False) if layers else ()
    told = []
    for k, (row, values) in enumerate(zip(axes, layers, strict=True)):
        size = values[0].abs().mean((1, 2))  # (C,)
        brightest = size.argsort(descending=True, stable=True)[:IN_THE_STILL].tolist()
        effects = exact.effects(z, label, k, brightest)[:, 0].tolist()
        for axis, channel, effect in zip(row, brightest, effects, strict=False):
            tile = (values[0, channel].abs() / values.abs().max().clamp(min=1e-12)).sqrt()
            _show(axis, tile[..., None], 1, f"{effect:.1f}")
        for axis in row[len(brightest) :]:
            axis.axis("off")
        row[0].set_ylabel(f"layer {k + 1}")
        told.append(_words(k, values, brightest, effects))
    return figure_png(figure), " ".join(told)


def _words(k: int, values: Tensor, brightest: list[int], effects: list[float]) -> str:
    _, channels, high, wide = values.shape
    size = f"{channels} channels of {high} × {wide}" if high * wide > 1 else f"{channels} numbers"
    most = max(range(len(effects)), key=effects.__getitem__)
    return (
        f"Layer {k + 1}, {size}: of the {len(brightest)} brightest, channel {brightest[most]} matters most; without it "
        f"the picture changes by {effects[most]:.1f} of 255 grey levels on average."
    )


def _show(axis: plt.Axes, values: Tensor, white: float, title: str) -> None:
    """values (H, W, 1 or 3)"""
    axis.imshow(torch.as_tensor(values).expand(-1, -1, 3).numpy() / white)
    axis.set_title(title, fontsize=8)
    axis.set(xticks=[], yticks=[])
