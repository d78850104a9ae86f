"""Shrink z: a sheet of pictures of ψ · z under one slider, beside what was measured of such samples."""

from __future__ import annotations

from collections.abc import Mapping

import ipywidgets as ipw
import matplotlib.pyplot as plt
import torch
from IPython.display import display
from matplotlib.figure import Figure
from torch import Tensor, nn

from gan_lib.data import to_pixels
from gan_lib.data.pictures import figure_png, png, sheet
from gan_lib.errors import BadInput, GanLibError, brief
from gan_lib.machine.given import finite, whole
from gan_lib.machine.progress import is_static
from gan_lib.machine.rng import z_from_seed
from gan_lib.networks.brought import Drawer, brought
from gan_lib.widgets.export import NotExportable
from gan_lib.widgets.face import display_page
from gan_lib.widgets.latent_explorer import travelling
from gan_lib.widgets.live_latent import PIXELATED, WRAP
from gan_lib.widgets.moves import Newest

MOST_PSI, MOST_PICTURES = 1.2, 36
SHOWN = (0.0, 0.5, 1.0)  # ψ of the still picture
NAMES = ("precision", "recall", "frechet")
BLUE, ORANGE = "#2b7bb9", "#d1602f"  # as in page/widget.css
Measured = Mapping[float, Mapping[str, float]]


def shrink_z(
    generator: nn.Module, measured: Measured | None = None, *, psi: float = 1.0, count: int = 16, seed: int = 0
) -> None:
    """Display the slider ψ, the pictures of ψ · z, and precision, recall and distance over ψ with a mark at its place.

    In a kernel it draws with the live module; on a page the exported weights are drawn by a script.

    Args:
        generator: any that `networks.brought` understands; with classes, the labels take turns.
        measured: ψ → "precision", "recall", "frechet", as `scores.shrunk.scores_by_psi` gives it; if None, the pictures
            stand alone.
        psi: what the slider says first, 0…1.2.
        count: how many pictures, 1…36.
        seed: decides their z, 0…2³²−1.

    Raises:
        BadInput: no generator, a number out of range, or measured values that are none.
    """
    setting = _Setting(generator, measured, psi, count, seed)
    if is_static():
        _display_static(setting)
    else:
        display(LiveShrink(setting).box)


class _Setting:
    """The arguments of `shrink_z`, checked."""

    def __init__(self, generator: nn.Module, measured: Measured | None, psi: float, count: int, seed: int):
        self.drawer = brought(generator).sound()
        self.measured = _checked({} if measured is None else measured)
        self.most = max([MOST_PSI, *self.measured])
        self.psi, self.count = finite("psi", psi), whole("count", count, 1, MOST_PICTURES)
        if not 0 <= self.psi <= self.most:
            raise BadInput(f"psi is {self.psi:g}; choose a number from 0 to {self.most:g}.")
        self.seed = whole("seed", seed, 0, 2**32 - 1)
        self.columns = next(n for n in range(1, 7) if n * n >= self.count)

    def drawn(self, psi: float, seed: int, drawer: Drawer | None = None) -> Tensor:
        """The pictures of ψ · z: uint8 (count, C, H, W) on the CPU."""
        drawer = drawer or self.drawer
        z = psi * z_from_seed(seed, drawer.latent_dim, self.count)  # (count, latent_dim)
        labels = torch.arange(self.count) % drawer.classes if drawer.classes else None
        return to_pixels(drawer.draw(z, labels)).cpu()

    def told(self, psi: float) -> str:
        """What was measured at the ψ nearest to this one, as page/shrink writes it; empty if nothing was."""
        if not self.measured:
            return ""
        near = min(self.measured, key=lambda at: abs(at - psi))
        precision, recall, distance = (self.measured[near][name] for name in NAMES)
        return (
            f"Measured at ψ = {near:.2f}: precision {precision:.2f}, recall {recall:.2f}, "
            f"Fréchet distance {distance:.1f}."
        )

    def chart(self, psi: float) -> Figure:
        """Precision and recall, and the distance, over ψ, with a mark."""
        figure, (shares, distance) = plt.subplots(2, 1, figsize=(4.2, 3.4), sharex=True)
        for axis, names in ((shares, NAMES[:2]), (distance, NAMES[2:])):
            for name, colour, style in zip(names, (BLUE, ORANGE), ("o-", "o--"), strict=False):
                axis.plot(
                    [*self.measured], [at[name] for at in self.measured.values()], style, color=colour, label=name
                )
            axis.axvline(psi, color="grey", linestyle=":")
            axis.set(xlim=(0, self.most), ylim=(0, 1) if axis is shares else (0, None))
        shares.legend(loc="center left")  # there lies no line
        distance.set(xlabel="ψ", ylabel="Fréchet distance")
        return figure


def _checked(measured: object) -> dict[float, dict[str, float]]:
    """ψ → precision, recall, frechet, by rising ψ. BadInput: something else."""
    wanted = "give what scores.shrunk.scores_by_psi gives"
    if not isinstance(measured, Mapping):
        raise BadInput(f"measured is {brief(measured)}; {wanted}.")
    found = {}
    for psi, scores in measured.items():
        if not isinstance(scores, Mapping) or not set(NAMES) <= set(scores):
            raise BadInput(f"measured[{brief(psi)}] is {brief(scores)}, without {', '.join(NAMES)}; {wanted}.")
        found[finite("a ψ", psi, above=-1e-9)] = {name: finite(name, scores[name]) for name in NAMES}
    return dict(sorted(found.items()))


def _display_static(setting: _Setting) -> None:
    who = f"{setting.count} pictures of ψ · z, z from seed {setting.seed}"
    shown = f"for ψ = {', '.join(f'{psi:g}' for psi in SHOWN)}, row by row, the first {setting.columns} of them"
    alt = " ".join([f"{who}; {shown}.", *(setting.told(psi) for psi in setting.measured)])
    try:
        data = {
            "generators": [{"title": "", "network": travelling(setting.drawer.module())}],
            "psi": setting.psi,
            "count": setting.count,
            "seed": setting.seed,
            "most": setting.most,
            "measured": [
                {"psi": psi} | {name: round(value, 3) for name, value in scores.items()}
                for psi, scores in setting.measured.items()
            ],
        }
        note = ""
    except NotExportable as error:
        data, note = None, f"{error} Run this cell in Jupyter to move the slider."
    display_page("shrink", data, _poster(setting), alt, note)


def _poster(setting: _Setting) -> bytes:
    """A row of pictures for each of `SHOWN`; below, what was measured."""
    exact = setting.drawer.exact()  # the same pictures on every machine
    rows = torch.cat([setting.drawn(psi, setting.seed, exact)[: setting.columns] for psi in SHOWN])
    pictures = sheet(rows, min(setting.columns, setting.count))  # (C, rows · H, columns · W)
    if not setting.measured:
        return png(pictures, 3)
    figure = setting.chart(setting.psi)
    figure.set_size_inches(7.5, 3.4)
    figure.set_layout_engine("none")
    for axis, low in zip(figure.axes, (0.57, 0.14), strict=True):
        axis.set_position((0.53, low, 0.45, 0.38))
    left = figure.add_axes((0.01, 0.02, 0.42, 0.96))
    left.imshow(pictures.permute(1, 2, 0).expand(-1, -1, 3).numpy())
    left.axis("off")
    return figure_png(figure)


class LiveShrink:
    """The live face. `box` is what to display.

    Attributes:
        slider: ψ.
        seed: of the z.
        sheet: the pictures, as they are now.
        chart: what was measured, with the mark.
        told: the same in words.
    """

    def __init__(self, setting: _Setting):
        self.setting = setting
        self.slider = ipw.FloatSlider(value=setting.psi, min=0, max=setting.most, step=0.05, description="ψ")
        self.seed = ipw.BoundedIntText(value=setting.seed, min=0, max=2**32 - 1, description="seed")
        self.sheet, self.chart = ipw.Image(format="png", width=336), ipw.Image(format="png")
        self.sheet.add_class("gan-pixelated")
        self.told, self.message = ipw.Label(), ipw.Label()
        self._newest = Newest(self._draw)
        for control in (self.slider, self.seed):
            control.observe(lambda _: self._newest(), "value")
        charts = [self.chart] if setting.measured else []
        right = ipw.VBox([self.slider, self.seed, self.told, *charts, self.message, ipw.HTML(PIXELATED)])
        self.box = ipw.HBox([self.sheet, right], layout=ipw.Layout(**WRAP))
        self._newest.now()

    def _draw(self) -> None:
        setting, psi = self.setting, self.slider.value
        try:
            self.sheet.value = png(sheet(setting.drawn(psi, self.seed.value), setting.columns))
            self.told.value = setting.told(psi)
            if setting.measured:
                self.chart.value = figure_png(setting.chart(psi))
            self.message.value = ""
        except Exception as error:  # a callback's error would vanish in the browser's log
            self.message.value = str(error) if isinstance(error, GanLibError) else f"{type(error).__name__}: {error}"
