"""Find the z of a picture: one is chosen or drawn, and gradient descent looks for the z whose picture is nearest.

A generator of linear layers descends in the page itself, which serves JupyterLab and Colab, too, because only there can
a picture be drawn by hand. Any other descends in the kernel, by torch.
"""

from __future__ import annotations

from collections.abc import Sequence

import ipywidgets as ipw
import matplotlib.pyplot as plt
import torch
from IPython.display import display
from torch import Tensor, nn

from gan_lib.chapters.inversion import MOST_STARTS, RATE, STARTS, STEPS, WEIGHT, Inversion, invert
from gan_lib.data import to_pixels, to_range
from gan_lib.data.pictures import figure_png, png
from gan_lib.errors import BadInput, GanLibError, brief
from gan_lib.machine.given import counted, fraction, listed, positive, whole
from gan_lib.machine.progress import is_static
from gan_lib.networks.brought import Drawer, brought
from gan_lib.widgets.export import NotExportable
from gan_lib.widgets.face import base64_text, display_page
from gan_lib.widgets.latent_explorer import travelling
from gan_lib.widgets.live_latent import PIXELATED, WRAP

MOST_PICTURES, MOST_STEPS = 12, 1000
IN_THE_STILL = 6  # pictures
BACK_THROUGH = {
    "linear",
    "affine",
    "leaky_relu",
    "tanh",
    "sigmoid",
    "keep",
    "add",
}  # layers that page/find goes back through
LOOKS = 10  # at a descent in the kernel


def find_z(
    generator: nn.Module,
    pictures: Tensor,
    names: Sequence[str] | None = None,
    *,
    label: int = 0,
    steps: int = STEPS,
    starts: int = STARTS,
    rate: float = RATE,
    weight: float = WEIGHT,
    seed: int = 0,
) -> None:
    """Display pictures to choose from, and what `chapters.inversion.invert` finds for the chosen one, step by step.

    On a page the reader can draw a picture, too, if the generator consists of linear layers; of another one the page
    shows what was found when the notebook was produced.

    Args:
        generator: any that `networks.brought` understands.
        pictures: (n, C, H, W) as the generator draws them, n at most 12; uint8, or floats in −1…1.
        names: what they are called; "picture 1", … if None.
        label: the class asked for first, for a conditional generator; on the page the reader can choose another.
        steps, starts, rate, weight, seed: as for `invert`; at most 1,000 steps.

    Raises:
        BadInput: what `invert` refuses, too many pictures, or another number of names.
    """
    finder = LiveFind(generator, pictures, names, label, steps, starts, rate, weight, seed)
    try:
        data, note = finder.for_page(), ""
    except NotExportable as error:
        if not is_static():
            display(finder.box)
            return
        data, note = None, f"{error} Run this cell in Jupyter to look for other z."
    shown = finder.pixels[:IN_THE_STILL]
    found = finder.invert(shown, finder.drawer.exact())
    errors = ", ".join(f"{error:.3f}" for error in found.curves[..., -1].min(1).values.tolist())
    alt = (
        f"Above {len(shown)} pictures, below the nearest ones that the generator draws, found in {steps} steps from "
        f"{starts} random z each; mean squared errors {errors}."
    )
    display_page("find", data, finder.poster(shown, found), alt, note)


class LiveFind:
    """The live face. `box` is what to display; the arguments are those of `find_z`.

    Attributes:
        pixels: uint8 (n, C, H, W), the pictures to choose from.
        choice, go: the picture's name, and the button.
        found: the nearest picture found so far.
        curve: the error over the steps, once the descent has ended.
        told: where it stands, in words.
    """

    def __init__(
        self,
        generator: nn.Module,
        pictures: Tensor,
        names: Sequence[str] | None = None,
        label: int = 0,
        steps: int = STEPS,
        starts: int = STARTS,
        rate: float = RATE,
        weight: float = WEIGHT,
        seed: int = 0,
    ):
        self.drawer = brought(generator).sound()
        if isinstance(pictures, Tensor) and pictures.ndim and len(pictures) > MOST_PICTURES:
            raise BadInput(f"there are {len(pictures):,} pictures to choose from; give {MOST_PICTURES} or fewer.")
        self.label = label if self.drawer.classes else self._no(label)
        self.settings = {
            "steps": whole("steps", steps, 1, MOST_STEPS),
            "starts": whole("starts", starts, 1, MOST_STARTS),
            "rate": positive("rate", rate),
            "weight": fraction("weight", weight),
            "seed": whole("seed", seed, 0, 2**32 - 1),
        }
        invert(
            self.drawer, pictures, label=self.label, **self.settings | {"steps": 1}
        )  # it refuses what it cannot take
        self.pixels = to_pixels(to_range(pictures)).cpu()
        given = [f"picture {i}" for i in range(1, len(pictures) + 1)] if names is None else listed("names", names)
        self.names = [str(name) for name in given]
        if isinstance(names, str) or len(self.names) != len(pictures):
            raise BadInput(f"names is {brief(names)}; give a list of {len(pictures)}, one for each picture.")
        self._lay_out()

    def _no(self, label: object) -> None:
        if counted(label) != 0:
            raise BadInput(f"label is {brief(label)}, and this generator takes none; leave it out.")

    def _lay_out(self) -> None:
        high, wide = self.pixels.shape[2:]
        self.target, self.found = (
            ipw.Image(format="png", width=168, height=max(1, round(168 * high / wide))) for _ in range(2)
        )
        for image in (self.target, self.found):
            image.add_class("gan-pixelated")
        options = [(name, i) for i, name in enumerate(self.names)]
        self.choice = ipw.Dropdown(options=options, value=0, description="picture")
        self.go = ipw.Button(description="Find z")
        self.told, self.curve = ipw.Label(), ipw.Image(format="png")
        self.curve.layout.display = "none"
        self.choice.observe(lambda _: self._choose(), "value")
        self.go.on_click(lambda _: self.find())
        titled = [ipw.VBox([ipw.Label(title), image]) for title, image in (("x", self.target), ("G(z)", self.found))]
        controls = ipw.HBox([self.choice, self.go], layout=ipw.Layout(**WRAP))
        pictures = ipw.HBox(titled, layout=ipw.Layout(**WRAP))
        self.box = ipw.VBox([controls, pictures, self.told, self.curve, ipw.HTML(PIXELATED)])
        self._choose()

    def _choose(self) -> None:
        self.target.value = png(self.pixels[self.choice.value])
        self.found.value = png(torch.zeros_like(self.pixels[0]))
        self.told.value, self.curve.layout.display = "Press Find z.", "none"

    def find(self) -> None:
        """Look for the z of the chosen picture, and show what is found on the way."""
        try:
            found = self.invert(self.pixels[self.choice.value][None], watch=self._watch)
        except Exception as error:  # a callback's error would vanish in the browser's log
            self.told.value = str(error) if isinstance(error, GanLibError) else f"{type(error).__name__}: {error}"
            return
        (curves,) = found.curves  # (starts, steps + 1)
        figure, axis = plt.subplots(figsize=(4.5, 2.2))
        axis.plot(curves.T)
        axis.set(xlabel="step", ylabel="error", ylim=(0, None))
        self.curve.value, self.curve.layout.display = figure_png(figure), None
        self.told.value += f" |z| = {found.z.norm():.1f}; random z have about {self.drawer.latent_dim**0.5:.1f}."

    def _watch(self, step: int, z: Tensor, error: Tensor) -> None:
        """z (1, starts, latent_dim), error (1, starts)."""
        steps = self.settings["steps"]
        if step % max(1, steps // LOOKS) and step != steps:
            return
        best = error[0].argmin()
        self.found.value = png(
            to_pixels(self.drawer.draw(z[0, best][None], self.drawer.labels(self.label, 1)))[0].cpu()
        )
        self.told.value = f"Step {step} of {steps}: error {error[0, best]:.3f}."

    def invert(self, pixels: Tensor, drawer: Drawer | None = None, **more: object) -> Inversion:
        """`chapters.inversion.invert` with the settings."""
        return invert(drawer or self.drawer, pixels, label=self.label, **self.settings, **more)

    def for_page(self) -> dict:
        """What page/find gets. NotExportable: it cannot go back through this generator."""
        network = travelling(self.drawer.module())
        if others := {layer["op"] for layer in network["layers"]} - BACK_THROUGH:
            name = type(self.drawer.module()).__name__
            raise NotExportable(
                f"{name} has layers ({', '.join(sorted(others))}) through which a page finds no way back."
            )
        names = self.drawer.names or [str(i) for i in range(self.drawer.classes)]
        levels = self.pixels.permute(0, 2, 3, 1).contiguous()  # (n, H, W, C), as the page paints
        return self.settings | {
            "generators": [{"title": "", "network": network}],
            "pictures": [base64_text(each.numpy().tobytes()) for each in levels],
            "names": self.names,
            "label": self.label or 0,
            "classes": list(names) or None,
        }

    def poster(self, shown: Tensor, found: Inversion) -> bytes:
        """The pictures, and below each what was found."""
        labels = self.drawer.labels(self.label, len(shown))
        nearest = to_pixels(self.drawer.exact().draw(found.z, labels)).cpu()  # (n, C, H, W)
        figure, axes = plt.subplots(2, len(shown), figsize=(1.2 * len(shown) + 0.4, 2.7), squeeze=False)
        for row, (title, pictures) in zip(axes, (("x", shown), ("G(z)", nearest)), strict=True):
            for axis, picture in zip(row, pictures, strict=True):
                axis.imshow(picture.permute(1, 2, 0).expand(-1, -1, 3).numpy())
                axis.set(xticks=[], yticks=[])
            row[0].set_ylabel(title)
        return figure_png(figure)
