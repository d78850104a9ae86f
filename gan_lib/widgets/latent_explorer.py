"""The latent explorer: sliders over single dimensions of z redraw a generator's picture at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from operator import index

import torch
from IPython.display import display
from torch import Tensor, nn
from torch.nn.functional import pad

from gan_lib.data import to_pixels
from gan_lib.errors import BadInput
from gan_lib.latent import check_dimension, sweep, z_from_seed
from gan_lib.pictures import png, sheet
from gan_lib.progress import is_static
from gan_lib.widgets.export import NotExportable, export
from gan_lib.widgets.face import base64_text, display_page
from gan_lib.widgets.live_latent import DIMENSIONS, LatentExplorer, titled

SCRIPTS = (
    "random.js",
    "gemm.wasm",
    "engine.js",
    "generators.js",
    "latent_view.js",
    "latent_link.js",
    "latent_explorer.js",
)
TRAVELS = 500_000  # bytes of weights that an output carries itself; larger ones come from a file beside the page


def explore_latent(
    generator: nn.Module | Mapping[str, nn.Module],
    dims: Sequence[int] = DIMENSIONS,
    seed: int = 0,
    label: int = 0,
    classes: Sequence[str] | None = None,
) -> None:
    """Display the explorer over any generator: z (1, latent_dim), and a label if it has classes → (1, C, H, W) in −1…1.

    In a kernel it draws with the live module, on its device, as it is at that moment; on a page the
    exported weights are drawn by a script.

    Args:
        generator: needs an attribute `latent_dim`, and `classes` (how many) if it takes labels. A mapping
            title → generator puts several under the same sliders, all with z of one length.
        dims: dimensions of z that get a slider at once, counted from 0.
        seed: decides the z shown first, 0…2³²−1.
        label: the class shown first, for a conditional generator.
        classes: what the classes are called; their numbers if not given.

    Raises:
        BadInput: a dimension that z does not have, none at all, a seed out of range, a label or names that
            do not fit the classes, no `latent_dim`, or generators that do not share one.
    """
    generators = titled(generator)
    latent_dim, count = _sizes(generators)
    if len(dims) == 0:
        raise BadInput("dims is empty; name at least one dimension of z.")
    for k in dims:
        check_dimension(k, latent_dim)
    dims = [index(k) for k in dims]  # plain numbers, also where NumPy's came in
    if not hasattr(seed, "__index__") or not 0 <= index(seed) < 2**32:
        raise BadInput(f"seed {seed!r} is not possible; choose a whole number from 0 to {2**32 - 1}.")
    seed, label = index(seed), index(label)
    names = [str(i) for i in range(count)] if classes is None else list(classes)
    if len(names) != count or (count and not 0 <= label < count):
        raise BadInput(
            f"label {label!r} and {len(names)} names do not fit a generator of {count} classes; "
            f"name all {count} and choose a label from 0 to {count - 1}."
        )
    if is_static():
        _display_static(generators, dims, seed, label, names)
    else:
        display(LatentExplorer(generators, dims, seed, label, names).box)


def _sizes(generators: dict[str, nn.Module]) -> tuple[int, int]:
    """(latent_dim, classes), the same for all."""
    if not generators:
        raise BadInput("no generator was given; give one, or a mapping title → generator.")
    for network in generators.values():
        if not hasattr(network, "latent_dim"):
            raise BadInput(
                f"{type(network).__name__} does not say how long its z is; "
                "set it first, for example G.latent_dim = 100."
            )
    sizes = {(network.latent_dim, getattr(network, "classes", 0)) for network in generators.values()}
    channels = {network.image_shape[0] for network in generators.values() if hasattr(network, "image_shape")}
    if len(channels) > 1:
        raise BadInput(f"the generators draw in {sorted(channels)} channels; side by side they need the same number.")
    if len(sizes) != 1:
        raise BadInput(
            f"the generators have different z or labels, (latent_dim, classes) = {sorted(sizes)}; "
            "under one set of sliders they need the same."
        )
    return sizes.pop()


def _display_static(generators: dict[str, nn.Module], dims: list[int], seed: int, label: int, names: list[str]) -> None:
    told = f" and the label {names[label]}" if names else ""
    who = f" Side by side: {', '.join(generators)}." if len(generators) > 1 else ""
    alt = (
        f"Pictures of z from seed {seed}{told}; row by row, dimension {', '.join(map(str, dims))} of z "
        f"is set to −3, 0 and 3 while the rest stays.{who}"
    )
    try:
        shown = [{"title": title, "network": _network(network)} for title, network in generators.items()]
        data, note = {"generators": shown, "dims": dims, "seed": seed, "label": label, "classes": names or None}, ""
    except NotExportable as error:
        data, note = None, f"{error} Run this cell in Jupyter to move the sliders."
    display_page("latent", "exploreLatent", SCRIPTS, data, _poster(generators, dims, seed, label), alt, note)


def _network(generator: nn.Module) -> dict:
    exported = export(generator)
    if len(exported.weights) > TRAVELS:
        return exported.spec
    return exported.spec | {"data": base64_text(exported.weights)}


def _poster(generators: dict[str, nn.Module], dims: list[int], seed: int, label: int) -> bytes:
    """For each dimension a row: −3, 0, 3 of the first generator, then of the next one."""
    rows = [torch.stack([_sweep(network, seed, k, label) for k in dims]) for network in generators.values()]
    side = max(row.shape[-1] for row in rows)
    rows = [pad(row, [(side - row.shape[-1]) // 2] * 4) for row in rows]  # (D, 3, C, side, side), black around
    return png(sheet(torch.cat(rows, dim=1).flatten(0, 1), 3 * len(rows)), 3)


def _sweep(generator: nn.Module, seed: int, k: int, label: int) -> Tensor:
    """uint8 (3, C, H, W). In float64 the pictures come out the same on every machine, bit for bit."""
    exact = deepcopy(generator).cpu().double().eval()
    z = z_from_seed(seed, generator.latent_dim).double()
    return to_pixels(sweep(exact, z, k, label=label if getattr(generator, "classes", 0) else None))
