"""The latent explorer in a kernel: core ipywidgets over the live modules."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import index
from random import randrange
from typing import NamedTuple

import ipywidgets as ipw
import torch
from torch import Tensor, nn

from gan_lib.data import to_pixels
from gan_lib.data.pictures import png, sheet
from gan_lib.errors import BadInput, GanLibError, brief
from gan_lib.machine.given import counted, listed
from gan_lib.machine.rng import z_from_seed
from gan_lib.networks import check_z
from gan_lib.networks.brought import Drawer, brought
from gan_lib.show.latent import check_dimension, effect_map
from gan_lib.widgets.moves import Newest

DIMENSIONS = (5, 25, 45, 65, 85)  # the ones the notes try
Generators = nn.Module | Mapping[str, nn.Module] | Sequence[nn.Module]
# The browser enlarges the pictures: ten times less work for the kernel than sending large ones.
PIXELATED = "<style>.gan-pixelated { image-rendering: pixelated; }</style>"
EFFECT_SEED, EFFECT_Z = 1234, 16  # the map's z, the same ones as on the page
WRAP = {"flex_flow": "row wrap"}


class LatentExplorer:
    """Sliders over z, for one or several generators of one latent_dim. `box` is what to display.

    Attributes:
        z: float32 (1, latent_dim), the vector shown now.
        views: one for each generator, with its `picture`, `strip` and `map`.
        sliders: dimension → its slider.
    """

    def __init__(
        self,
        generator: Generators,
        dims: Sequence[int] | int | None = None,
        seed: int = 0,
        label: int = 0,
        classes: Sequence[str] | None = None,
    ):
        """The arguments are those of `explore_latent`."""
        drawers, dims, seed, label, classes = setting(generator, dims, seed, label, classes)
        self.latent_dim = next(iter(drawers.values())).latent_dim
        self.active, self._quiet, self.pinned = dims[0], False, None
        self.views = [_View(title, drawer) for title, drawer in drawers.items()]
        self._newest = Newest(self._draw)
        self.sliders: dict[int, ipw.FloatSlider] = {}
        self.column, self.message, self.told = ipw.VBox(), ipw.Label(), ipw.Label()
        self.seed = ipw.BoundedIntText(value=seed, min=0, max=2**32 - 1, description="seed")
        self.dimension = ipw.BoundedIntText(value=0, min=0, max=self.latent_dim - 1, description="dimension")
        self.label = ipw.Dropdown(
            options=[(name, i) for i, name in enumerate(classes)], value=label if classes else None, description="label"
        )
        self.seed.observe(lambda change: self.from_seed(change["new"]), "value")
        self.label.observe(lambda _: self._newest(), "value")
        self.box = self._lay_out()
        self._take_seed(seed)
        for k in dims:
            self.sliders[k] = self._slider(k)
        self.column.children = tuple(self.sliders.values())
        self.redraw()

    def _lay_out(self) -> ipw.Widget:
        buttons = {
            "New z": lambda: setattr(self.seed, "value", randrange(10**6)),
            "Reset": lambda: self.set_z(self.start),
            "Add slider": lambda: self.add_slider(self.dimension.value),
            "Pin": self.pin,
            "Back to the pin": self.back_to_pin,
        }
        new_z, reset, add, pin, back = (_button(text, act) for text, act in buttons.items())
        rows = [(new_z, self.seed, reset), (self.dimension, add), (pin, back)]
        if self.label.options:
            rows.insert(0, (self.label,))
        controls = [ipw.HBox(row, layout=ipw.Layout(**WRAP)) for row in rows]
        views = [view.box for view in self.views]
        right = ipw.VBox([self.column, *controls, self.told, self.message, ipw.HTML(PIXELATED)])
        return ipw.HBox([*views, right], layout=ipw.Layout(**WRAP))

    def from_seed(self, seed: int) -> None:
        """Show the z of another seed."""
        self._take_seed(seed)
        self.set_z(self.start)

    def set_z(self, z: Tensor) -> None:
        """Show this z (1, latent_dim); the sliders follow without rounding it. BadInput if it has another shape."""
        check_z(z, self.latent_dim)
        self.z, self._quiet = z.clone(), True
        try:
            for k, slider in self.sliders.items():
                slider.value = self._on_slider(k)
        finally:
            self._quiet = False
        self._newest.now()

    def add_slider(self, k: int) -> None:
        """Give dimension k a slider, if it has none. BadInput if z has no such dimension."""
        check_dimension(k, self.latent_dim)
        if k not in self.sliders:
            self.sliders[k] = self._slider(k)
            self.column.children = tuple(self.sliders.values())
        self.active = k
        self._newest.now()

    def pin(self) -> None:
        """Keep what is shown now beside what comes."""
        self.pinned = (self.seed.value, self.z.clone(), self.label.value)
        for view in self.views:
            view.pin()

    def back_to_pin(self) -> None:
        """Show the pinned seed, z and label again; nothing if there is no pin."""
        if self.pinned:
            self.seed.value, z, self.label.value = self.pinned
            self.set_z(z)

    def redraw(self) -> None:
        """Draw the picture, the strip −3, 0, 3 of the dimension in hand and its map, with the modules as they are."""
        for view in self.views:
            view.forget_map()
        self._newest.now()

    def _draw(self) -> None:
        """The same, but a map that is there already stays: it does not depend on the z in hand."""
        self.told.value = f"z from seed {self.seed.value}, z[{self.active}] = {self.z[0, self.active]:.2f}"
        try:
            for view in self.views:
                view.draw(self.z, self.active, self.label.value)
            self.message.value = ""
        except Exception as error:  # a callback's error would vanish in the browser's log
            self.message.value = str(error) if isinstance(error, GanLibError) else f"{type(error).__name__}: {error}"

    def _take_seed(self, seed: int) -> None:
        self.start = z_from_seed(seed, self.latent_dim)  # (1, 100)
        self.z = self.start.clone()

    def _slider(self, k: int) -> ipw.FloatSlider:
        slider = ipw.FloatSlider(value=self._on_slider(k), min=-3, max=3, step=0.05, description=f"z[{k}]")
        slider.observe(lambda change: self._moved(k, change["new"]), "value")
        return slider

    def _on_slider(self, k: int) -> float:
        return float(self.z[0, k].clamp(-3, 3))

    def _moved(self, k: int, value: float) -> None:
        if not self._quiet:
            self.active, self.z[0, k] = k, value
            self._newest()


class Setting(NamedTuple):
    """What both faces start from."""

    drawers: dict[str, Drawer]
    dims: list[int]
    seed: int
    label: int
    classes: list[str]


def setting(
    generator: Generators, dims: Sequence[int] | int | None, seed: int, label: int, classes: Sequence[str] | None
) -> Setting:
    """The arguments of `explore_latent`, understood. BadInput: see there."""
    drawers = {title: brought(each).sound() for title, each in _titled(generator).items()}
    latent_dim, count = _sizes(drawers)
    if dims is None:
        dims = [k for k in DIMENSIONS if k < latent_dim] or range(min(latent_dim, len(DIMENSIONS)))
    elif counted(dims) is not None:
        dims = [dims]
    elif isinstance(dims, str | type) or not hasattr(dims, "__iter__"):
        raise BadInput(f"dims is {brief(dims)}; give dimensions of z, for example (0, 1, 2).")
    for k in listed("dims", dims):
        check_dimension(k, latent_dim)
    dims = list(dict.fromkeys(index(k) for k in dims))  # plain numbers, also where NumPy's came in; each once
    if not dims:
        raise BadInput("dims is empty; name at least one dimension of z.")
    start, first = counted(seed), counted(label)
    if start is None or not 0 <= start < 2**32:
        raise BadInput(f"seed {brief(seed)} is not possible; choose a whole number from 0 to {2**32 - 1}.")
    own = next(iter(drawers.values())).names or [str(i) for i in range(count)]
    if isinstance(classes, str):
        raise BadInput(f"classes is {brief(classes)}; give a list of names.")
    names = [str(name) for name in listed("classes", own if classes is None else classes)]
    possible = first is not None and 0 <= first < max(count, 1)
    if len(names) != count or not possible:
        what = f"name all {count} and choose a label from 0 to {count - 1}" if count else "leave both out"
        told = f"label {brief(label)} and {len(names)} names do not fit a generator of {count} classes"
        raise BadInput(f"{told}; {what}.")
    return Setting(drawers, dims, start, first, names)


def _titled(generator: Generators) -> dict[str, nn.Module]:
    """title → generator; a single one has no title."""
    if isinstance(generator, list | tuple):
        return {f"generator {i}": each for i, each in enumerate(generator, 1)} or _titled({})
    if not isinstance(generator, Mapping):
        return {"": generator}
    if not generator:
        raise BadInput("no generator was given; give one, or a mapping title → generator.")
    if any(isinstance(value, Tensor) for value in generator.values()):
        return {"": generator}  # the weights of one, which `brought` refuses
    return {str(title): each for title, each in generator.items()}


def _sizes(drawers: dict[str, Drawer]) -> tuple[int, int]:
    """(latent_dim, classes), the same for all."""
    sizes = {(drawer.latent_dim, drawer.classes) for drawer in drawers.values()}
    if len(sizes) != 1:
        raise BadInput(
            f"the generators have different z or labels, (latent_dim, classes) = {sorted(sizes)}; "
            "under one set of sliders they need the same."
        )
    for title, drawer in drawers.items():
        if len(drawer.image_shape) != 3 or not 1 <= drawer.image_shape[0] <= 4:
            shape = "×".join(map(str, drawer.image_shape))
            raise BadInput(f"{title or 'the generator'} draws {shape}; pictures of 1 to 4 channels can be shown.")
    channels = sorted({drawer.image_shape[0] for drawer in drawers.values()})
    if len(channels) > 1:
        raise BadInput(f"the generators draw in {channels} channels; side by side they need the same number.")
    return sizes.pop()


class _View:
    """One generator: the picture, the strip, the map of the pixels that the dimension moves, the pinned picture."""

    def __init__(self, title: str, drawer: Drawer):
        self.drawer, self._mapped = drawer, None
        _, h, w = drawer.image_shape
        high, wide = h / max(h, w), w / max(h, w)  # 1 and 1 for a square
        self.picture, self.strip, self.map, self.pinned = (
            ipw.Image(format="png", width=round(columns * side * wide), height=max(1, round(side * high)))
            for side, columns in ((252, 1), (84, 3), (120, 1), (120, 1))
        )
        for image in (self.picture, self.strip, self.map, self.pinned):
            image.add_class("gan-pixelated")
        self.strip_title, self.map_title, self.pin_title = ipw.Label(), ipw.Label(), ipw.Label()
        self.pinned.layout.display = "none"
        pair = ipw.HBox([ipw.VBox([self.map, self.map_title]), ipw.VBox([self.pinned, self.pin_title])])
        head = [ipw.Label(title)] if title else []
        self.box = ipw.VBox([*head, self.picture, self.strip, self.strip_title, pair])

    def draw(self, z: Tensor, k: int, label: int | None) -> None:
        """z (1, 100): the picture, the strip of dimension k, and its map if it is another one than before."""
        walk = z.repeat(3, 1)  # (3, 100)
        walk[:, k] = torch.tensor([-3.0, 0.0, 3.0])
        self.picture.value = png(self._pixels(z, label)[0])
        self.strip.value = png(sheet(self._pixels(walk, label), 3))
        self.strip_title.value = f"z[{k}] at −3, 0, 3"
        if self._mapped != (k, label):
            self._draw_map(k, label)
            self._mapped = (k, label)

    def forget_map(self) -> None:
        """The next draw makes the map again."""
        self._mapped = None

    def pin(self) -> None:
        """Show the present picture below, too, and keep it."""
        self.pinned.value, self.pinned.layout.display, self.pin_title.value = self.picture.value, None, "pinned"

    def _draw_map(self, k: int, label: int | None) -> None:
        z = z_from_seed(EFFECT_SEED, self.drawer.latent_dim, EFFECT_Z).to(self.drawer.device)  # (16, 100)
        with self.drawer.evaluating():
            moved = effect_map(self.drawer, k, z, label).cpu()  # (C, H, W)
        most = moved.max().clamp(min=1e-12)
        self.map.value = png((255 * moved / most).round().to(torch.uint8))
        self.map_title.value = f"pixels that z[{k}] moves; white: {127.5 * most:.0f} of 255 grey levels for one unit"

    def _pixels(self, z: Tensor, label: int | None) -> Tensor:
        """z (n, latent_dim) → uint8 (n, C, H, W) on the CPU; the module's mode is left as it was."""
        images = self.drawer.draw(z, self.drawer.labels(label, len(z)))
        if not images.isfinite().all():
            raise BadInput("the generator draws numbers that are not finite (NaN or infinite); load other weights.")
        return to_pixels(images).cpu()


def _button(text: str, act: Callable[[], object]) -> ipw.Button:
    button = ipw.Button(description=text)
    button.on_click(lambda _: act())
    return button
