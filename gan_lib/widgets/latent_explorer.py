"""The latent explorer: sliders over single dimensions of z redraw a generator's picture at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from IPython.display import display
from torch import Tensor, nn
from torch.nn.functional import pad

from gan_lib.data import to_pixels
from gan_lib.data.pictures import png, sheet
from gan_lib.machine.progress import is_static
from gan_lib.machine.rng import z_from_seed
from gan_lib.networks.brought import Drawer
from gan_lib.runs.run import SHIPPED
from gan_lib.show.latent import sweep
from gan_lib.widgets.export import Exported, NotExportable, export
from gan_lib.widgets.face import display_page
from gan_lib.widgets.live_latent import Generators, LatentExplorer, setting

TRAVELS = 500_000  # bytes of weights that an output carries itself; larger ones of the book's runs lie beside the page


def explore_latent(
    generator: Generators,
    dims: Sequence[int] | int | None = None,
    seed: int = 0,
    label: int = 0,
    classes: Sequence[str] | None = None,
) -> None:
    """Display the explorer over any generator: z (1, latent_dim), and a label if it has classes → (1, C, H, W) in −1…1.

    In a kernel it draws with the live module, on its device, as it is at that moment; on a page the
    exported weights are drawn by a script.

    Args:
        generator: one of the book's, or any that `networks.brought` understands. A mapping title → generator, or a
            list, puts several under the same sliders, all with z of one length.
        dims: dimensions of z that get a slider at once, counted from 0; if None, those of 5, 25, 45, 65 and 85 that it
            has, or else its first five.
        seed: decides the z shown first, 0…2³²−1.
        label: the class shown first, for a conditional generator.
        classes: what the classes are called; if None, what the generator calls them, or their numbers.

    Raises:
        BadInput: a dimension that z does not have, none at all, a seed out of range, a label or names that
            do not fit the classes, no generator, or several that do not fit together.
    """
    if is_static():
        _display_static(*setting(generator, dims, seed, label, classes))
    else:
        display(LatentExplorer(generator, dims, seed, label, classes).box)


def _display_static(drawers: dict[str, Drawer], dims: list[int], seed: int, label: int, names: list[str]) -> None:
    generators = {title: drawer.module() for title, drawer in drawers.items()}
    told = f" and the label {names[label]}" if names else ""
    who = f" Side by side: {', '.join(generators)}." if len(generators) > 1 else ""
    alt = (
        f"Pictures of z from seed {seed}{told}; row by row, dimension {', '.join(map(str, dims))} of z "
        f"is set to −3, 0 and 3 while the rest stays.{who}"
    )
    try:
        shown = {title: travelling(network) for title, network in generators.items()}
        data, note = data_of(shown, dims, seed, label, names), ""
    except NotExportable as error:
        data, note = None, f"{error} Run this cell in Jupyter to move the sliders."
    display_page("latent", data, _poster(drawers, dims, seed, label), alt, note)


def data_of(networks: dict[str, dict], dims: list[int], seed: int, label: int, names: list[str]) -> dict:
    """What page/latent_explorer.js gets: title → network, and the rest of what `live_latent.setting` gives."""
    generators = [{"title": title, "network": network} for title, network in networks.items()]
    return {"generators": generators, "dims": dims, "seed": seed, "label": label, "classes": names or None}


def travelling(network: nn.Module, how: Callable[[nn.Module], Exported] = export) -> dict:
    """The network as a page gets it: with its weights, or without those of a large one of the book. NotExportable."""
    exported = how(network)
    if len(exported.weights) > TRAVELS and network in SHIPPED:
        return exported.spec
    return exported.whole()


def _poster(drawers: dict[str, Drawer], dims: list[int], seed: int, label: int) -> bytes:
    """For each dimension a row: −3, 0, 3 of the first generator, then of the next one."""
    rows = [_sweeps(drawer, seed, dims, label) for drawer in drawers.values()]
    high, wide = (max(row.shape[axis] for row in rows) for axis in (-2, -1))
    rows = [_framed(row, high, wide) for row in rows]  # (D, 3, C, high, wide)
    return png(sheet(torch.cat(rows, dim=1).flatten(0, 1), 3 * len(rows)), 3)


def _sweeps(drawer: Drawer, seed: int, dims: list[int], label: int) -> Tensor:
    """uint8 (D, 3, C, H, W). In float64 the pictures come out the same on every machine, bit for bit."""
    exact = drawer.exact()
    z = z_from_seed(seed, drawer.latent_dim).double()
    return torch.stack([to_pixels(sweep(exact, z, k, label=label if drawer.classes else None)) for k in dims])


def _framed(pictures: Tensor, high: int, wide: int) -> Tensor:
    """(…, H, W) → (…, high, wide), black around."""
    down, right = high - pictures.shape[-2], wide - pictures.shape[-1]
    return pad(pictures, [right // 2, right - right // 2, down // 2, down - down // 2])
