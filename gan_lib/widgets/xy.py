"""The game V = x · y from the reader's own start: does its path arrive?

Static, the page's script walks; live, `chapters.xy.walk`.
"""

from __future__ import annotations

from dataclasses import dataclass

import ipywidgets as ipw
import matplotlib.pyplot as plt
from IPython.display import display

from gan_lib.chapters.xy import STEPS, walk
from gan_lib.data.pictures import figure_png
from gan_lib.errors import BadInput
from gan_lib.machine.given import finite, flag
from gan_lib.machine.progress import is_static
from gan_lib.widgets.face import display_page
from gan_lib.widgets.moves import Newest

RANGES = {"x": (-2, 2), "y": (-2, 2), "rate": (0.01, 0.5), "damping": (0, 2)}  # also in page/xy.js
EDGE = 3  # of the picture, as there
WAYS = {False: ("both at once", "#d1602f"), True: ("in turns", "#2b7bb9")}  # name and colour, as there


def play_xy(x: float = 1.0, y: float = 0.0, rate: float = 0.2, damping: float = 0.0, in_turns: bool = False) -> None:
    """Display sixty steps of the game V(x, y) = x · y as a path, from a start that the reader moves.

    Player x makes x · y small, player y makes x · y − (damping / 2) y² large (`chapters.xy`). Numbers are kept to
    hundredths.

    Args:
        x, y: where it starts, −2…2.
        rate: of both players' steps, 0.01…0.5.
        damping: 0…2.
        in_turns: y sees the new x.

    Raises:
        BadInput: other numbers.
    """
    given = {"x": x, "y": y, "rate": rate, "damping": damping}
    game = _Game(**{name: _kept(name, value) for name, value in given.items()}, in_turns=flag("in_turns", in_turns))
    if is_static():
        data = {"start": [game.x, game.y], "rate": game.rate, "damping": game.damping, "inTurns": game.in_turns}
        display_page("xy", data, game.picture(), game.told())
    else:
        display(LiveXY(game).box)


def _kept(name: str, given: object) -> float:
    """To hundredths. BadInput: outside its range."""
    number, (least, most) = finite(name, given), RANGES[name]
    if not least <= number <= most:
        raise BadInput(f"{name} is {number:g}; choose a number from {least:g} to {most:g}.".replace("-", "−"))
    return round(number, 2)


@dataclass(frozen=True)
class _Game:
    x: float
    y: float
    rate: float
    damping: float
    in_turns: bool

    def picture(self) -> bytes:
        """The path; + is (0, 0), the large dot the start."""
        (name, colour), places = WAYS[self.in_turns], walk(**vars(self))
        figure, axis = plt.subplots(figsize=(4, 4), layout="constrained")
        axis.plot(*places.T, color=colour, marker=".", markersize=4, linewidth=0.8)
        axis.plot(self.x, self.y, "o", color=colour, markersize=9)
        axis.plot(0, 0, "+", color="#555555", markersize=12)
        axis.set(xlim=(-EDGE, EDGE), ylim=(-EDGE, EDGE), aspect="equal", xlabel="x", ylabel="y")
        axis.set(title=f"{name}, rate {self.rate:g}, damping {self.damping:g}")
        return figure_png(figure)

    def told(self) -> str:
        """How far from (0, 0) it is in the end, as page/xy.js says it."""
        first, *_, last = walk(**vars(self)).norm(dim=1).tolist()
        where = f"{STEPS} steps {WAYS[self.in_turns][0]} from ({self.x + 0:g}, {self.y + 0:g})".replace("-", "−")
        return f"{where}: {_short(first)} away from (0, 0) at first, {_short(last)} at the end."


def _short(far: float) -> str:
    return "less than 0.001" if 0 < far < 0.001 else f"{far:.{3 if far < 1 else 2}f}"


class LiveXY:
    """The live face. `box` is what to display.

    Attributes:
        sliders: x, y, rate and damping → the slider of each.
        in_turns: how they step.
        picture: the path as it is now.
        told: how far it leads.
    """

    def __init__(self, game: _Game):
        self.sliders = {
            name: ipw.FloatSlider(value=getattr(game, name), min=least, max=most, step=0.01, description=name)
            for name, (least, most) in RANGES.items()
        }
        options = [(name, way) for way, (name, _) in WAYS.items()]
        self.in_turns = ipw.ToggleButtons(options=options, value=game.in_turns)
        self.picture, self.told = ipw.Image(format="png"), ipw.Label()
        self._newest = Newest(self._draw)
        for control in (*self.sliders.values(), self.in_turns):
            control.observe(lambda _: self._newest(), "value")
        self.box = ipw.VBox([self.picture, *self.sliders.values(), self.in_turns, self.told])
        self._newest.now()

    def _draw(self) -> None:
        values = {name: round(slider.value, 2) for name, slider in self.sliders.items()}
        game = _Game(**values, in_turns=self.in_turns.value)
        self.picture.value, self.told.value = game.picture(), game.told()
