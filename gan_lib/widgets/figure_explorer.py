"""Any plotting function of one or two numbers, under one or two sliders."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import product
from math import isfinite

import ipywidgets as ipw
import matplotlib.pyplot as plt
from IPython.display import display
from matplotlib.figure import Figure

from gan_lib.data.pictures import figure_png
from gan_lib.errors import BadInput, brief
from gan_lib.machine.given import finite
from gan_lib.machine.progress import is_static
from gan_lib.widgets import frames
from gan_lib.widgets.face import display_page
from gan_lib.widgets.moves import Newest

MOST = {1: 61, 2: 15}  # values of each slider
BYTES = 400_000  # of all frames together


def explore(
    figure: Callable[..., Figure], alt: str, *, start: Mapping[str, float] | None = None, **sliders: Sequence[float]
) -> None:
    """Display a figure under sliders.

    In a kernel the function is called at every move; on a page the frames are flipped through that were drawn when
    the notebook was produced. Let it fix the limits of its axes: then they are stored once, and the eye can compare.
    Where the axes stand is settled once, for where the sliders start, unless their number or their grid changes or a
    place of their own was given to one: so they stand still, and much longer words elsewhere may be cut at the edge.

    Args:
        figure: called with one number for each slider, by name; returns a matplotlib Figure.
        alt: what the figure shows, for those who cannot see it; "{mu}" is replaced by the value of slider mu.
        start: name of a slider → the one of its values that it starts with; it starts in the middle if it has none.
        sliders: name → the values it can take, at most 61 for one slider, 15 for each of two.

    Raises:
        BadInput: no function, no slider or more than two, too many values or none, a start that is none of them, or
            frames of more than 400 kB on the page.
    """
    if not callable(figure) or not isinstance(alt, str):
        wrong = alt if callable(figure) else figure
        raise BadInput(f"{brief(wrong)} is out of place; give a function that returns a figure, then a sentence.")
    values = {name: _numbers(name, given) for name, given in sliders.items()}
    most = MOST.get(len(values))
    if most is None:
        raise BadInput(f"explore was given {len(values)} sliders; give one or two, for example mu=range(-3, 4).")
    for name, given in values.items():
        if not 2 <= len(given) <= most:
            raise BadInput(
                f"slider {name} has {len(given)} values; 2 to {most} are possible with {len(values)} sliders."
            )
    first = _first(values, start)
    if is_static():
        _display_static(figure, alt, values, first)
    else:
        display(LiveFigure(figure, values, alt, first).box)


def _numbers(name: str, given: object) -> list[float]:
    try:
        values = [float(v) for v in given]
    except (TypeError, ValueError) as error:
        raise BadInput(f"slider {name} is {brief(given)}; give numbers, for example range(-3, 4).") from error
    if not all(map(isfinite, values)):
        raise BadInput(f"slider {name} has a value that is not finite; give numbers, for example range(-3, 4).")
    return values


def _first(values: dict[str, list[float]], start: object) -> dict[str, float]:
    """Name of each slider → what it starts with. BadInput: it cannot take that value."""
    wanted = {} if start is None else start
    if not isinstance(wanted, Mapping) or not set(wanted) <= set(values):
        raise BadInput(f"start is {brief(start)}; give name → value for some of these sliders: {', '.join(values)}.")
    first = {name: _middle(given) for name, given in values.items()}
    for name, value in wanted.items():
        first[name] = finite(f"the start of {name}", value)
        if first[name] not in values[name]:
            allowed = ", ".join(_words(values[name]))
            raise BadInput(f"the start of {name} is {brief(value)}; choose one of its values: {allowed}.")
    return first


class LiveFigure:
    """The live face. `box` is what to display.

    Attributes:
        picture: the figure as it is now.
        sliders: name → its slider.
        message: the error of the last call, or nothing.
    """

    def __init__(
        self,
        figure: Callable[..., Figure],
        values: dict[str, list[float]],
        alt: str = "",
        first: dict[str, float] | None = None,
    ):
        self.figure, self.picture, self.alt = _StandingStill(figure), ipw.Image(format="png"), alt
        self.message, self.told = ipw.Label(), ipw.Label()
        self.sliders = {
            name: ipw.SelectionSlider(
                options=list(zip(_words(given), given, strict=True)),
                value=(first or {}).get(name, _middle(given)),
                description=name,
            )
            for name, given in values.items()
        }
        self._newest = Newest(self._draw)
        for slider in self.sliders.values():
            slider.observe(lambda _: self._newest(), "value")
        self.box = ipw.VBox([self.picture, *self.sliders.values(), self.told, self.message])
        self.redraw()

    def redraw(self) -> None:
        """Call the function with what the sliders say."""
        self._newest.now()

    def _draw(self) -> None:
        try:
            drawn = self.figure(**{name: slider.value for name, slider in self.sliders.items()})
            self.picture.value, self.message.value = figure_png(drawn), ""
            self.told.value = _told(self.alt, {name: slider.label for name, slider in self.sliders.items()})
        except Exception as error:  # a callback's error would vanish in the browser's log
            self.message.value = f"{type(error).__name__}: {error}"


def _display_static(
    figure: Callable[..., Figure], alt: str, values: dict[str, list[float]], first: dict[str, float]
) -> None:
    still = _StandingStill(figure)
    poster = figure_png(still(**first))  # the first to be drawn: its layout is everyone's

    def frame(point: Sequence[float]) -> bytes:
        found = still(**dict(zip(values, point, strict=True)))
        plt.close(found)
        return frames.svg(found)

    merged = frames.merge([frame(point) for point in product(*values.values())])
    size = len(merged["svg"]) + sum(map(len, merged["looks"]))
    if size > BYTES:
        raise BadInput(
            f"the frames take {size:,} bytes, {BYTES:,} are allowed on a page; "
            "draw fewer points, fix the limits of the axes, or give a slider fewer values."
        )
    shown = {name: _words(given) for name, given in values.items()}
    places = {name: given.index(first[name]) for name, given in values.items()}
    said = _told(alt, {name: words[places[name]] for name, words in shown.items()})
    sliders = [
        {"name": name, "values": words} | ({} if places[name] == len(words) // 2 else {"at": places[name]})
        for name, words in shown.items()
    ]
    data = merged | {"sliders": sliders, "alt": alt}
    display_page("explore", data, poster, said)


class _StandingStill:
    """A plotting function whose axes stay where they are in its first figure: the eye can compare, and a layout is a
    large part of a drawing's time. A figure whose axes are arranged in another way keeps its own layout."""

    def __init__(self, figure: Callable[..., Figure]):
        self.figure, self.grid, self.places = figure, None, []

    def __call__(self, **values: float) -> Figure:
        drawn = _drawn(self.figure, values)
        specs = [axis.get_subplotspec() for axis in drawn.axes]
        grid = [spec.get_geometry() if spec else None for spec in specs]
        if self.grid is None:
            drawn.draw_without_rendering()  # the layout engine works while it draws
            self.grid, self.places = grid, [axis.get_position(original=True) for axis in drawn.axes]
        if grid == self.grid and None not in grid:
            drawn.set_layout_engine("none")
            for axis, place in zip(drawn.axes, self.places, strict=True):
                axis.set_position(place)
        return drawn


def _drawn(figure: Callable[..., Figure], values: dict[str, float]) -> Figure:
    """The function's figure; what it left open when it failed is closed. BadInput: it gave back something else."""
    before = set(plt.get_fignums())
    try:
        found = figure(**values)
        if not isinstance(found, Figure):
            raise BadInput(f"the function gave back {brief(found)}; let it return its matplotlib figure.")
        return found
    except Exception:
        for number in set(plt.get_fignums()) - before:
            plt.close(number)
        raise


def _told(alt: str, words: dict[str, str]) -> str:
    """The sentence with the sliders' values in it, as page/explore.js writes it."""
    for name, word in words.items():
        alt = alt.replace(f"{{{name}}}", word)
    return alt


def _middle(values: Sequence):
    return values[len(values) // 2]


def _words(values: Sequence[float]) -> list[str]:
    """The values with as few digits as tell them apart; what is nearly 0, next to the others, is 0."""
    largest = max(map(abs, values)) or 1
    values = [0.0 if abs(v) < 1e-9 * largest else v for v in values]
    for digits in range(3, 16):
        words = [(f"{v:.0f}" if v == int(v) else f"{v:.{digits}g}").replace("-", "−") for v in values]
        if len(set(words)) == len(set(values)):
            break
    return words
