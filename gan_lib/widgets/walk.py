"""From a to b: the pictures between two z, on the line and on the arc, under one slider, and how long z is there."""

from __future__ import annotations

import ipywidgets as ipw
import matplotlib.pyplot as plt
import torch
from IPython.display import display
from torch import Tensor, nn

from gan_lib.data import to_pixels
from gan_lib.data.pictures import figure_png, png, sheet
from gan_lib.errors import BadInput, GanLibError, brief
from gan_lib.machine.given import counted, finite, whole
from gan_lib.machine.progress import is_static
from gan_lib.machine.rng import z_from_seed
from gan_lib.networks.brought import Drawer, brought
from gan_lib.show.latent import linear, spherical
from gan_lib.widgets.export import NotExportable
from gan_lib.widgets.face import display_page
from gan_lib.widgets.latent_explorer import travelling
from gan_lib.widgets.live_latent import PIXELATED, WRAP
from gan_lib.widgets.moves import Newest

STEPS = 100  # of the slider
IN_THE_STILL = 9  # pictures on each way
WAYS = ("on the line", "on the arc")
INKS = ("#2b7bb9", "#d1602f")  # as in page/widget.css


def walk_between(generator: nn.Module, *, seed: int = 0, t: float = 0.5, label: int = 0) -> None:
    """Display the slider t between two z, a and b: the picture of the z on the line, (1 − t) a + t b, beside that of
    the z on the arc (`latent.spherical`), and |z| of both.

    In a kernel it draws with the live module; on a page the exported weights are drawn by a script.

    Args:
        generator: any that `networks.brought` understands, with a z of two numbers or more.
        seed: decides a and b, 0…2³²−1.
        t: what the slider says first, 0…1.
        label: the class of all pictures, for a conditional generator.

    Raises:
        BadInput: no generator, or a number out of range.
    """
    setting = _Setting(generator, seed, t, label)
    if is_static():
        _display_static(setting)
    else:
        display(LiveWalk(setting).box)


class _Setting:
    """The arguments of `walk_between`, checked."""

    def __init__(self, generator: nn.Module, seed: int, t: float, label: int):
        self.drawer = brought(generator).sound()
        if self.drawer.latent_dim < 2:
            raise BadInput("z is one number, and there is no arc; give a generator with a z of two numbers or more.")
        self.seed, self.t = whole("seed", seed, 0, 2**32 - 1), finite("t", t)
        if not 0 <= self.t <= 1:
            raise BadInput(f"t is {self.t:g}; choose a number from 0 to 1.")
        if not self.drawer.classes and counted(label) != 0:
            raise BadInput(f"label is {brief(label)}, and this generator takes none; leave it out.")
        self.label = label if self.drawer.classes else None
        self.drawer.labels(self.label, 1)  # refuses one that it does not have

    def ways(self, seed: int, steps: int) -> tuple[Tensor, Tensor]:
        """z on the line and on the arc: (steps, latent_dim) each."""
        a, b = z_from_seed(seed, self.drawer.latent_dim, 2)
        return linear(a, b, steps), spherical(a, b, steps)

    def drawn(self, z: Tensor, label: int | None, drawer: Drawer | None = None) -> Tensor:
        """z (n, latent_dim) → uint8 (n, C, H, W) on the CPU."""
        drawer = drawer or self.drawer
        return to_pixels(drawer.draw(z, drawer.labels(label, len(z)))).cpu()

    def chart(self, ways: tuple[Tensor, Tensor], t: float) -> bytes:
        """|z| over t, with a mark."""
        figure, axis = plt.subplots(figsize=(4.5, 2))
        for z, name, ink in zip(ways, WAYS, INKS, strict=True):
            axis.plot(torch.linspace(0, 1, len(z)), z.norm(dim=1), color=ink, label=name)
        axis.axvline(t, color="grey", linestyle=":")
        axis.set(xlim=(0, 1), ylim=(0, None), xlabel="t", ylabel="|z|")
        axis.legend(loc="lower right")
        return figure_png(figure)


def _display_static(setting: _Setting) -> None:
    ways = setting.ways(setting.seed, IN_THE_STILL)
    line, arc = (" ".join(f"{length:.1f}" for length in z.norm(dim=1).tolist()) for z in ways)
    alt = (
        f"{IN_THE_STILL} pictures from a to b, two z from seed {setting.seed}: above on the line, where |z| is {line}; "
        f"below on the arc, where |z| is {arc}."
    )
    try:
        names = setting.drawer.names or [str(i) for i in range(setting.drawer.classes)]
        data = {
            "generators": [{"title": "", "network": travelling(setting.drawer.module())}],
            "count": 2,
            "seed": setting.seed,
            "t": setting.t,
            "label": setting.label or 0,
            "classes": list(names) or None,
        }
        note = ""
    except NotExportable as error:
        data, note = None, f"{error} Run this cell in Jupyter to move the slider."
    exact = setting.drawer.exact()  # the same pictures on every machine
    pictures = torch.cat([setting.drawn(z, setting.label, exact) for z in ways])
    display_page("walk", data, png(sheet(pictures, IN_THE_STILL), 2), alt, note)


class LiveWalk:
    """The live face. `box` is what to display.

    Attributes:
        slider: t.
        seed: of a and b.
        label: the class, for a conditional generator.
        pictures: on the line and on the arc, as they are now.
        chart: |z| of both, with the mark.
        told: the same in words.
    """

    def __init__(self, setting: _Setting):
        self.setting, classes = setting, setting.drawer.classes
        names = setting.drawer.names or [str(i) for i in range(classes)]
        self.slider = ipw.FloatSlider(value=setting.t, min=0, max=1, step=1 / STEPS, description="t")
        self.seed = ipw.BoundedIntText(value=setting.seed, min=0, max=2**32 - 1, description="seed")
        options = [(name, i) for i, name in enumerate(names)]
        self.label = ipw.Dropdown(options=options, value=setting.label, description="label")
        self.pictures = [ipw.Image(format="png", width=224) for _ in WAYS]
        for image in self.pictures:
            image.add_class("gan-pixelated")
        self.chart, self.told, self.message = ipw.Image(format="png"), ipw.Label(), ipw.Label()
        self._newest = Newest(self._draw)
        controls = [self.slider, self.seed, *([self.label] if classes else [])]
        for control in controls:
            control.observe(lambda _: self._newest(), "value")
        views = [ipw.VBox([ipw.Label(way), image]) for way, image in zip(WAYS, self.pictures, strict=True)]
        right = ipw.VBox([*controls, self.told, self.chart, self.message, ipw.HTML(PIXELATED)])
        self.box = ipw.HBox([*views, right], layout=ipw.Layout(**WRAP))
        self._newest.now()

    def _draw(self) -> None:
        setting, t = self.setting, self.slider.value
        try:
            ways = setting.ways(self.seed.value, STEPS + 1)
            z = torch.stack([way[round(STEPS * t)] for way in ways])  # (2, latent_dim)
            for image, picture in zip(self.pictures, setting.drawn(z, self.label.value), strict=True):
                image.value = png(picture)
            line, arc = z.norm(dim=1).tolist()
            usual = setting.drawer.latent_dim**0.5
            self.told.value = f"|z| = {line:.1f} on the line, {arc:.1f} on the arc; random z have about {usual:.1f}."
            self.chart.value, self.message.value = setting.chart(ways, t), ""
        except Exception as error:  # a callback's error would vanish in the browser's log
            self.message.value = str(error) if isinstance(error, GanLibError) else f"{type(error).__name__}: {error}"
