"""A look inside a generator in a kernel: core ipywidgets over the live module."""

from __future__ import annotations

from random import randrange

import ipywidgets as ipw
import matplotlib.pyplot as plt
import torch
from torch import Tensor

from gan_lib.data import to_pixels
from gan_lib.data.pictures import figure_png, png, sheet
from gan_lib.errors import GanLibError
from gan_lib.machine.rng import z_from_seed
from gan_lib.widgets.live_latent import PIXELATED, WRAP
from gan_lib.widgets.moves import Newest
from gan_lib.widgets.stages import Opened, moved

TILES, COLUMNS = 12, 6


class LiveInside:
    """The live face. `box` is what to display.

    Attributes:
        layer, channel, strength: which channel of which layer is multiplied by what.
        pictures: with the change, without, and their difference, side by side.
        tiles: the channels of the layer at hand that matter most.
        told: what was changed, and how much the picture changed, in words.
    """

    def __init__(self, opened: Opened, dims: list[int], seed: int, label: int, names: list[str]):
        self.opened, self.effects, self._quiet = opened, None, False
        inner = opened.stages[:-1]
        options = [(f"{k + 1}: {' × '.join(map(str, stage.shape))}", k) for k, stage in enumerate(inner)]
        self.layer = ipw.Dropdown(options=options, value=0 if inner else None, description="layer")
        self.channel = ipw.Dropdown(description="channel")
        self.strength = ipw.FloatSlider(value=1, min=0, max=4, step=0.1, description="strength")
        self.measure = ipw.Button(description="Measure this layer")
        self.seed = ipw.BoundedIntText(value=seed, min=0, max=2**32 - 1, description="seed")
        self.new = ipw.Button(description="New z")
        self.label = ipw.Dropdown(
            options=[(name, i) for i, name in enumerate(names)], value=label if names else None, description="label"
        )
        self.sliders = {k: ipw.FloatSlider(min=-3, max=3, step=0.05, description=f"z[{k}]") for k in dims}
        self.pictures, self.tiles = ipw.Image(format="png", width=420), ipw.Image(format="png")
        self.pictures.add_class("gan-pixelated")
        self.told, self.message = ipw.Label(), ipw.Label()
        self._newest = Newest(self._draw)
        self._listen()
        self._lay_out(bool(names))
        self._from_seed()

    def _listen(self) -> None:
        self.seed.observe(lambda _: self._from_seed(), "value")
        self.new.on_click(lambda _: setattr(self.seed, "value", randrange(10**6)))
        self.measure.on_click(lambda _: self._measure())
        self.layer.observe(lambda _: self._forget(), "value")
        self.label.observe(lambda _: self._forget(), "value")
        for control in (self.channel, self.strength):
            control.observe(lambda _: self._quiet or self._newest(), "value")
        for k, slider in self.sliders.items():
            slider.observe(lambda change, k=k: self._move(k, change["new"]), "value")

    def _lay_out(self, labelled: bool) -> None:
        rows = [(self.layer, self.measure), (self.channel, self.strength), (self.new, self.seed)]
        rows += [(self.label,)] if labelled else []
        controls = [ipw.HBox(row, layout=ipw.Layout(**WRAP)) for row in rows]
        right = ipw.VBox([*controls, *self.sliders.values(), self.message, ipw.HTML(PIXELATED)])
        left = ipw.VBox([self.pictures, self.told, self.tiles])
        self.box = ipw.HBox([left, right], layout=ipw.Layout(**WRAP))

    def _from_seed(self) -> None:
        self.z, self._quiet = z_from_seed(self.seed.value, self.opened.drawer.latent_dim), True  # (1, 100)
        for k, slider in self.sliders.items():
            slider.value = float(self.z[0, k].clamp(-3, 3))
        self._quiet = False
        self._forget()

    def _move(self, k: int, value: float) -> None:
        if not self._quiet:
            self.z[0, k] = value
            self._forget()

    def _forget(self) -> None:
        """Nothing of this layer is measured for this z; the brightest channels come first."""
        self.effects = None
        self._newest()

    def _measure(self) -> None:
        stage = self.layer.value
        if stage is None:
            return
        channels = range(self.opened.stages[stage].shape[0])
        self._tried(lambda: setattr(self, "effects", self._effects(stage, channels)))
        self._newest.now()

    def _effects(self, stage: int, channels: range) -> Tensor:
        return self.opened.effects(self.z, self.label.value, stage, channels)

    def _draw(self) -> None:
        self._tried(self._show)

    def _tried(self, act) -> None:
        try:
            act()
            self.message.value = ""
        except Exception as error:  # a callback's error would vanish in the browser's log
            self.message.value = str(error) if isinstance(error, GanLibError) else f"{type(error).__name__}: {error}"

    def _show(self) -> None:
        stage, base = self.layer.value, self.opened.look(self.z, self.label.value)
        if stage is None:
            self.pictures.value = png(to_pixels(base[-1])[0])
            return
        self._name_channels(base[stage])
        strengths = torch.ones(1, base[stage].shape[1])
        strengths[0, self.channel.value] = self.strength.value
        now = self.opened.look(self.z, self.label.value, {stage: strengths})
        change = (now[-1] - base[-1]).abs()
        change = 2 * change / change.max().clamp(min=1e-12) - 1  # white: most
        self.pictures.value = png(sheet(to_pixels(torch.cat([now[-1], base[-1], change])), 3))
        mean, share = moved(base[-1], now[-1])[0].tolist()
        self.told.value = (
            f"Channel {self.channel.value} of layer {stage + 1} × {self.strength.value:.1f}: the picture changes by "
            f"{mean:.1f} of 255 grey levels on average, and {share:.0%} of its pixels by more than 10."
        )
        self.tiles.value = self._tiles(now[stage], base[stage])

    def _name_channels(self, values: Tensor) -> None:
        """The list of channels: those that matter most first, or, before they are measured, the brightest."""
        effects = self.effects
        by = values[0].abs().mean((1, 2)) if effects is None else effects[:, 0]
        self.order = by.argsort(descending=True, stable=True).tolist()
        names = [f"{k}" if effects is None else f"{k}: {effects[k, 0]:.1f} grey levels" for k in self.order]
        options, chosen = tuple(zip(names, self.order, strict=True)), self.channel.value
        if self.channel.options != options:
            self._quiet = True
            self.channel.options = options
            self.channel.value = chosen if chosen in self.order else self.order[0]
            self._quiet = False

    def _tiles(self, now: Tensor, base: Tensor) -> bytes:
        shown, white = self.order[:TILES], base.abs().max().clamp(min=1e-12)
        rows = -(-len(shown) // COLUMNS)
        figure, axes = plt.subplots(rows, COLUMNS, figsize=(5, 1.05 * rows), squeeze=False)
        for axis, k in zip(axes.flat, shown, strict=False):
            axis.imshow((now[0, k].abs() / white).sqrt().numpy(), cmap="gray", vmin=0, vmax=1)
            axis.set_title(f"{k}" if self.effects is None else f"{k}: {self.effects[k, 0]:.1f}", fontsize=8)
        for axis in axes.flat:
            axis.axis("off")
        return figure_png(figure)
