"""Any two labels: a generator's picture of a blend of them, and what a classifier says to it."""

from __future__ import annotations

import ipywidgets as ipw
import matplotlib.pyplot as plt
import torch
from IPython.display import display
from matplotlib.axes import Axes
from torch import Tensor, nn

from gan_lib.data import to_pixels
from gan_lib.data.pictures import figure_png, png
from gan_lib.errors import BadInput, GanLibError, brief, one_line
from gan_lib.machine.given import instance, whole
from gan_lib.machine.progress import is_static
from gan_lib.machine.rng import z_from_seed
from gan_lib.networks.brought import Drawer, brought
from gan_lib.networks.checks import evaluating
from gan_lib.show.blended import blended, share
from gan_lib.widgets.export import NotExportable, export_classifier
from gan_lib.widgets.face import display_page
from gan_lib.widgets.latent_explorer import travelling
from gan_lib.widgets.live_latent import PIXELATED, WRAP
from gan_lib.widgets.moves import Newest

SHOWN = (0.0, 0.25, 0.5, 0.75, 1.0)  # t of the still picture
ALONG = 21  # values of t in the chart
FIRST, SECOND, OTHER = "#2b7bb9", "#d1602f", "#7a7a7a"  # as in page/blend/blend.js


def blend_labels(
    generator: nn.Module, classifier: nn.Module, a: int = 0, b: int = 1, *, t: float = 0.5, seed: int = 0
) -> None:
    """Display two labels to choose, a slider t, the picture of (1 − t) of one and t of the other, and ten answers.

    In a kernel it draws with the live modules; on a page the exported weights are run by a script.

    Args:
        generator: one with labels, of the book, or any that `networks.brought` understands.
        classifier: (B, C, H, W) in −1…1 → logits (B, classes), for pictures as the generator draws them.
        a, b: the labels shown first, counted from 0.
        t: the share of b shown first, 0…1.
        seed: decides z, 0…2³²−1.

    Raises:
        BadInput: no generator with labels, no classifier of its pictures, or a number out of range.
    """
    setting = _Setting(generator, classifier, a, b, t, seed)
    if is_static():
        _display_static(setting)
    else:
        display(LiveBlend(setting).box)


class _Setting:
    """The arguments of `blend_labels`, checked."""

    def __init__(self, generator: nn.Module, classifier: nn.Module, a: int, b: int, t: float, seed: int):
        self.drawer = brought(generator).sound()
        classes = self.drawer.classes
        if not classes:
            raise BadInput("this generator takes no labels; give one that does, for example a CGAN's.")
        instance("classifier", classifier, nn.Module, "a network, from pictures to logits")
        self.classifier = classifier
        self.a, self.b = (whole(name, label, 0, classes - 1) for name, label in (("a", a), ("b", b)))
        self.t, self.seed = share(t), whole("seed", seed, 0, 2**32 - 1)
        self.names = [str(name) for name in self.drawer.names or range(classes)]
        self.look(self.a, self.b, [self.t], self.seed)

    def look(self, a: int, b: int, ts: list[float], seed: int, drawer: Drawer | None = None) -> tuple[Tensor, Tensor]:
        """For each t the picture, uint8 (n, C, H, W), and the classifier's probabilities, float32 (n, classes)."""
        drawer = drawer or self.drawer
        z = z_from_seed(seed, drawer.latent_dim)  # (1, latent_dim)
        pictures = torch.cat([blended(drawer, z, a, b, t) for t in ts])
        return to_pixels(pictures).cpu(), self.answers(pictures)

    def answers(self, pictures: Tensor) -> Tensor:
        """Pictures (n, C, H, W) → probabilities (n, classes) on the CPU. BadInput: the classifier takes others."""
        like = next(self.classifier.parameters(), pictures)
        shape = tuple(pictures.shape[1:])
        try:
            with torch.no_grad(), evaluating(self.classifier):
                logits = self.classifier(pictures.to(like))
        except Exception as error:  # it is somebody else's code: anything may come
            raise BadInput(f"the classifier cannot look at pictures of shape {shape} ({one_line(error)}).") from error
        wanted = (len(pictures), self.drawer.classes)
        if not isinstance(logits, Tensor) or tuple(logits.shape) != wanted or not logits.is_floating_point():
            found = f"of shape {tuple(logits.shape)}" if isinstance(logits, Tensor) else brief(logits)
            raise BadInput(f"the classifier's answer to pictures is {found}; one logit a label, {wanted}, is needed.")
        return logits.float().softmax(1).cpu()

    def told(self, a: int, b: int, t: float, answers: Tensor) -> str:
        """As page/blend writes it."""
        first = answers.argsort(descending=True, stable=True)[:3].tolist()
        said = ", ".join(f"{self.names[i]}: {answers[i]:.0%}".replace("%", " %") for i in first)
        return f"{1 - t:.2f} of {self.names[a]} and {t:.2f} of {self.names[b]}. The classifier says {said}."

    def draw_answers(self, axis: Axes, a: int, b: int, answers: Tensor) -> None:
        """The answers as bars."""
        colours = [FIRST if i == a else SECOND if i == b else OTHER for i in range(len(self.names))]
        axis.bar(range(len(self.names)), answers.tolist(), color=colours)
        axis.set(ylim=(0, 1), xticks=range(len(self.names)), xticklabels=[name[:5] for name in self.names])
        axis.set_ylabel("the classifier's answer")

    def draw_way(self, axis: Axes, a: int, b: int, way: Tensor) -> None:
        """way (ALONG, classes): the answers a and b over t."""
        t = torch.linspace(0, 1, len(way))
        for label, colour, style in ((a, FIRST, "-"), (b, SECOND, "--")):
            axis.plot(t, way[:, label], style, color=colour, label=self.names[label])
        axis.set(xlim=(0, 1), ylim=(0, 1), xlabel="t")
        axis.legend(loc="center left")


def _along() -> list[float]:
    return [i / (ALONG - 1) for i in range(ALONG)]


def _display_static(setting: _Setting) -> None:
    exact = setting.drawer.exact()  # the same pictures on every machine
    a, b, seed = setting.a, setting.b, setting.seed
    pictures, answers = setting.look(a, b, list(SHOWN), seed, exact)
    told = " ".join(setting.told(a, b, t, each) for t, each in zip(SHOWN, answers, strict=True))
    alt = f"Pictures of one z, from seed {seed}, under a blend of two labels. {told}"
    try:
        classifier = travelling(setting.classifier, lambda network: export_classifier(network, pictures.shape[1:]))
        networks = {"": travelling(setting.drawer.module()), "classifier": classifier}
        data = {
            "generators": [{"title": title, "network": network} for title, network in networks.items()],
            "classes": setting.names,
            **{name: getattr(setting, name) for name in ("a", "b", "t", "seed")},
        }
        note = ""
    except NotExportable as error:
        data, note = None, f"{error} Run this cell in Jupyter to move the slider."
    display_page("blend", data, _poster(setting, pictures, exact), alt, note)


def _poster(setting: _Setting, pictures: Tensor, exact: Drawer) -> bytes:
    """The pictures of `SHOWN`, and the two answers over t."""
    _, way = setting.look(setting.a, setting.b, _along(), setting.seed, exact)
    figure, axes = plt.subplot_mosaic("01234;wwwww", figsize=(6, 3.6), height_ratios=(1, 1.3))
    for i, (t, picture) in enumerate(zip(SHOWN, pictures, strict=True)):
        axes[str(i)].imshow(picture.permute(1, 2, 0).expand(-1, -1, 3).numpy())
        axes[str(i)].set_title(f"t = {t:g}")
        axes[str(i)].axis("off")
    setting.draw_way(axes["w"], setting.a, setting.b, way)
    axes["w"].set_ylabel("answers")
    return figure_png(figure)


class LiveBlend:
    """The live face. `box` is what to display.

    Attributes:
        slider: t.
        lists: the two labels.
        seed: of z.
        picture: of the blend, as it is now.
        chart: the answers as bars, and two of them over t.
        told: the same in words.
    """

    def __init__(self, setting: _Setting):
        self.setting, self._way = setting, None
        self.slider = ipw.FloatSlider(value=setting.t, min=0, max=1, step=0.01, description="t")
        options = [(name, i) for i, name in enumerate(setting.names)]
        self.lists = [
            ipw.Dropdown(options=options, value=label, description=title)
            for title, label in (("from", setting.a), ("to", setting.b))
        ]
        self.seed = ipw.BoundedIntText(value=setting.seed, min=0, max=2**32 - 1, description="seed")
        _, high, wide = setting.drawer.image_shape
        self.picture = ipw.Image(format="png", width=252, height=max(1, round(252 * high / wide)))
        self.picture.add_class("gan-pixelated")
        self.chart, self.told, self.message = ipw.Image(format="png"), ipw.Label(), ipw.Label()
        self._newest = Newest(self._draw)
        for control in (self.slider, *self.lists, self.seed):
            control.observe(lambda _: self._newest(), "value")
        right = [self.slider, *self.lists, self.seed, self.told, self.chart, self.message, ipw.HTML(PIXELATED)]
        self.box = ipw.HBox([self.picture, ipw.VBox(right)], layout=ipw.Layout(**WRAP))
        self._newest.now()

    def _draw(self) -> None:
        setting, t, seed = self.setting, self.slider.value, self.seed.value
        a, b = (each.value for each in self.lists)
        try:
            (picture,), (answers,) = setting.look(a, b, [t], seed)
            if self._way is None or self._way[0] != (a, b, seed):
                self._way = (a, b, seed), setting.look(a, b, _along(), seed)[1]
            self.picture.value = png(picture)
            figure, (bars, way) = plt.subplots(2, 1, figsize=(4.2, 3.8))
            setting.draw_answers(bars, a, b, answers)
            setting.draw_way(way, a, b, self._way[1])
            way.axvline(t, color="grey", linestyle=":")
            self.chart.value = figure_png(figure)
            self.told.value, self.message.value = setting.told(a, b, t, answers), ""
        except Exception as error:  # a callback's error would vanish in the browser's log
            self.message.value = str(error) if isinstance(error, GanLibError) else f"{type(error).__name__}: {error}"
