"""Any plotting function of one or two numbers, under one or two sliders."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product

import ipywidgets as ipw
import matplotlib.pyplot as plt
from IPython.display import display
from matplotlib.figure import Figure

from gan_lib.errors import BadInput
from gan_lib.pictures import figure_png
from gan_lib.progress import is_static
from gan_lib.widgets import frames
from gan_lib.widgets.face import display_page

MOST = {1: 61, 2: 15}  # values of each slider
BYTES = 400_000  # of all frames together


def explore(figure: Callable[..., Figure], alt: str, **sliders: Sequence[float]) -> None:
    """Display a figure under sliders.

    In a kernel the function is called at every move; on a page the frames are flipped through that were drawn when
    the notebook was produced. Let it fix the limits of its axes: then they are stored once, and the eye can compare.

    Args:
        figure: called with one number for each slider, by name; returns a matplotlib Figure.
        alt: what the figure shows, for those who cannot see it; "{mu}" is replaced by the value of slider mu.
        sliders: name → the values it can take, at most 61 for one slider, 15 for each of two. It starts in the middle.

    Raises:
        BadInput: no slider or more than two, too many values or none, or frames of more than 400 kB on the page.
    """
    values = {name: [float(v) for v in given] for name, given in sliders.items()}
    most = MOST.get(len(values))
    if most is None:
        raise BadInput(f"explore was given {len(values)} sliders; give one or two, for example mu=range(-3, 4).")
    for name, given in values.items():
        if not 2 <= len(given) <= most:
            raise BadInput(
                f"slider {name} has {len(given)} values; 2 to {most} are possible with {len(values)} sliders."
            )
    if is_static():
        _display_static(figure, alt, values)
    else:
        display(LiveFigure(figure, values).box)


class LiveFigure:
    """The live face. `box` is what to display.

    Attributes:
        picture: the figure as it is now.
        sliders: name → its slider.
        message: the error of the last call, or nothing.
    """

    def __init__(self, figure: Callable[..., Figure], values: dict[str, list[float]]):
        self.figure, self.picture, self.message = figure, ipw.Image(format="png"), ipw.Label()
        self.sliders = {
            name: ipw.SelectionSlider(options=[(_short(v), v) for v in given], value=_middle(given), description=name)
            for name, given in values.items()
        }
        for slider in self.sliders.values():
            slider.observe(lambda _: self.redraw(), "value")
        self.box = ipw.VBox([self.picture, *self.sliders.values(), self.message])
        self.redraw()

    def redraw(self) -> None:
        """Call the function with what the sliders say."""
        try:
            drawn = self.figure(**{name: slider.value for name, slider in self.sliders.items()})
            self.picture.value, self.message.value = figure_png(drawn), ""
        except Exception as error:  # a callback's error would vanish in the browser's log
            self.message.value = f"{type(error).__name__}: {error}"


def _display_static(figure: Callable[..., Figure], alt: str, values: dict[str, list[float]]) -> None:
    def drawn(point: Sequence[float]) -> bytes:
        found = figure(**dict(zip(values, point, strict=True)))
        plt.close(found)
        return frames.svg(found)

    merged = frames.merge([drawn(point) for point in product(*values.values())])
    size = len(merged["svg"]) + sum(map(len, merged["looks"]))
    if size > BYTES:
        raise BadInput(
            f"the frames take {size:,} bytes, {BYTES:,} are allowed on a page; "
            "draw fewer points, fix the limits of the axes, or give a slider fewer values."
        )
    middle = {name: _middle(given) for name, given in values.items()}
    shown = {name: [_short(v) for v in given] for name, given in values.items()}
    said = alt.format(**{name: _short(v) for name, v in middle.items()})
    data = merged | {"sliders": [{"name": name, "values": given} for name, given in shown.items()], "alt": alt}
    display_page("explore", "exploreFrames", ("explore.js",), data, figure_png(figure(**middle)), said)


def _middle(values: Sequence[float]) -> float:
    return values[len(values) // 2]


def _short(value: float) -> str:
    return f"{value:.3g}".replace("-", "−")
