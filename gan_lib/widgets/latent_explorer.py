"""The latent explorer: sliders over single dimensions of z redraw a generator's picture at once."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from operator import index
from random import randrange

import ipywidgets as ipw
import torch
from IPython.display import display
from torch import Tensor, nn

from gan_lib.data import to_pixels
from gan_lib.errors import BadInput
from gan_lib.latent import check_dimension, sweep, z_from_seed
from gan_lib.networks import check_z, evaluating
from gan_lib.pictures import png, sheet
from gan_lib.progress import is_static
from gan_lib.widgets.export import NotExportable, export
from gan_lib.widgets.face import display_page

DIMENSIONS = (5, 25, 45, 65, 85)  # the ones the notes try
SCRIPTS = ("random.js", "network.js", "latent_explorer.js")
# The browser enlarges the pictures: ten times less work for the kernel than sending large ones.
PIXELATED = "<style>.gan-pixelated { image-rendering: pixelated; }</style>"


def explore_latent(generator: nn.Module, dims: Sequence[int] = DIMENSIONS, seed: int = 0) -> None:
    """Display the explorer over any generator: z (1, latent_dim) → (1, C, H, W) in −1…1.

    In a kernel it draws with the live module, on its device, as it is at that moment; on a page the
    exported weights are drawn by a script.

    Args:
        generator: needs an attribute `latent_dim`.
        dims: dimensions of z that get a slider at once, counted from 0.
        seed: decides the z shown first, 0…2³²−1.

    Raises:
        BadInput: a dimension that z does not have, none at all, a seed out of range, or no `latent_dim`.
    """
    if not hasattr(generator, "latent_dim"):
        raise BadInput(
            f"{type(generator).__name__} does not say how long its z is; set it first, for example G.latent_dim = 100."
        )
    if len(dims) == 0:
        raise BadInput("dims is empty; name at least one dimension of z.")
    for k in dims:
        check_dimension(k, generator.latent_dim)
    dims = [index(k) for k in dims]  # plain numbers, also where NumPy's came in
    _check_seed(seed)
    if is_static():
        _display_static(generator, dims, seed)
    else:
        display(LatentExplorer(generator, dims, seed).box)


class LatentExplorer:
    """The live face: core ipywidgets over the live module. `box` is what to display.

    Attributes:
        z: float32 (1, latent_dim), the vector shown now.
        picture: the large picture.
        sliders: dimension → its slider.
    """

    def __init__(self, generator: nn.Module, dims: Sequence[int] = DIMENSIONS, seed: int = 0):
        self.generator, self.active, self._quiet = generator, dims[0], False
        self.picture = ipw.Image(format="png", width=252, height=252)
        self.strip = ipw.Image(format="png", width=252, height=84)
        self.strip_title, self.message = ipw.Label(), ipw.Label()
        self.sliders: dict[int, ipw.FloatSlider] = {}
        self.column = ipw.VBox()
        self.seed = ipw.BoundedIntText(value=seed, min=0, max=2**32 - 1, description="seed")
        self.dimension = ipw.BoundedIntText(value=0, min=0, max=generator.latent_dim - 1, description="dimension")
        new_z, reset, add = (ipw.Button(description=text) for text in ("New z", "Reset", "Add slider"))
        new_z.on_click(lambda _: setattr(self.seed, "value", randrange(10**6)))
        reset.on_click(lambda _: self.set_z(self.start))
        add.on_click(lambda _: self.add_slider(self.dimension.value))
        self.seed.observe(lambda change: self.from_seed(change["new"]), "value")
        for image in (self.picture, self.strip):
            image.add_class("gan-pixelated")
        left = ipw.VBox([self.picture, self.strip, self.strip_title, ipw.HTML(PIXELATED)])
        buttons = ipw.HBox([new_z, self.seed, reset], layout=ipw.Layout(flex_flow="row wrap"))
        adding = ipw.HBox([self.dimension, add], layout=ipw.Layout(flex_flow="row wrap"))
        right = ipw.VBox([self.column, buttons, adding, self.message])
        self.box = ipw.HBox([left, right], layout=ipw.Layout(flex_flow="row wrap"))
        self.from_seed(seed)
        for k in dims:
            self.add_slider(k)
        self.active = dims[0]
        self.redraw()

    def from_seed(self, seed: int) -> None:
        """Show the z of another seed."""
        self.start = z_from_seed(seed, self.generator.latent_dim)  # (1, 100)
        self.set_z(self.start)

    def set_z(self, z: Tensor) -> None:
        """Show this z (1, latent_dim); the sliders follow without rounding it. BadInput if it has another shape."""
        check_z(z, self.generator.latent_dim)
        self.z, self._quiet = z.clone(), True
        try:
            for k, slider in self.sliders.items():
                slider.value = self._on_slider(k)
        finally:
            self._quiet = False
        self.redraw()

    def add_slider(self, k: int) -> None:
        """Give dimension k a slider, if it has none. BadInput if z has no such dimension."""
        check_dimension(k, self.generator.latent_dim)
        if k not in self.sliders:
            slider = ipw.FloatSlider(value=self._on_slider(k), min=-3, max=3, step=0.05, description=f"z[{k}]")
            slider.observe(lambda change: self._moved(k, change["new"]), "value")
            self.sliders[k] = slider
            self.column.children = tuple(self.sliders.values())
        self.active = k
        self.redraw()

    def redraw(self) -> None:
        """Draw the picture and the strip −3, 0, 3 of the dimension in hand, with the module as it is now."""
        try:
            self.picture.value = png(self._draw(self.z)[0])
            walk = self.z.repeat(3, 1)  # (3, 100)
            walk[:, self.active] = torch.tensor([-3.0, 0.0, 3.0])
            self.strip.value = png(sheet(self._draw(walk), 3))
            self.strip_title.value = f"z[{self.active}] at −3, 0, 3"
            self.message.value = ""
        except Exception as error:  # a callback's error would vanish in the browser's log
            self.message.value = f"{type(error).__name__}: {error}"

    def _on_slider(self, k: int) -> float:
        return float(self.z[0, k].clamp(-3, 3))

    def _moved(self, k: int, value: float) -> None:
        if not self._quiet:
            self.active, self.z[0, k] = k, value
            self.redraw()

    @torch.no_grad()
    def _draw(self, z: Tensor) -> Tensor:
        """z (n, latent_dim) → uint8 (n, C, H, W) on the CPU; the module's mode is left as it was."""
        device = next(self.generator.parameters()).device
        with evaluating(self.generator):
            return to_pixels(self.generator(z.to(device))).cpu()


def _display_static(generator: nn.Module, dims: Sequence[int], seed: int) -> None:
    alt = (
        f"Pictures of z from seed {seed}; row by row, dimension {', '.join(map(str, dims))} of z "
        "is set to −3, 0 and 3 while the rest stays."
    )
    # In float64 the pictures come out the same on every machine, bit for bit.
    exact = deepcopy(generator).cpu().double().eval()
    z = z_from_seed(seed, generator.latent_dim).double()
    poster = png(sheet(torch.cat([to_pixels(sweep(exact, z, k)) for k in dims]), 3), 3)
    try:
        data, note = {"network": export(generator), "dims": list(dims), "seed": seed}, ""
    except NotExportable as error:
        data, note = None, f"{error} Run this cell in Jupyter to move the sliders."
    display_page("latent", "exploreLatent", SCRIPTS, data, poster, alt, note)


def _check_seed(seed: int) -> None:
    if not isinstance(seed, int) or not 0 <= seed < 2**32:
        raise BadInput(f"seed {seed!r} is not possible; choose a whole number from 0 to {2**32 - 1}.")
