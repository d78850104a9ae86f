"""The gradient ledger: choose how a GAN step is wired, see the code that ran, who got which gradient, what failed.

It shows what was really run when it was displayed, so it needs no kernel afterwards.
"""

from __future__ import annotations

from dataclasses import asdict

import matplotlib.pyplot as plt

from gan_lib.chapters import ledger
from gan_lib.chapters.ledger import ORDERS, Outcome, Wiring, every_wiring
from gan_lib.data.pictures import figure_png
from gan_lib.errors import BadInput, brief
from gan_lib.widgets.face import display_page


def show_ledger(start: Wiring | None = None) -> None:
    """Run every wiring (a second or two) and display the ledger, beginning with `start`; the textbook's if None.

    Raises:
        BadInput: `start` is no wiring.
    """
    start = started(start)
    outcomes = {key_of(wiring): asdict(ledger.run(wiring)) for wiring in every_wiring()}
    data = {"orders": ORDERS, "start": asdict(start), "outcomes": outcomes}
    shown = ledger.run(start)
    display_page("ledger", data, _poster(shown), _told(shown))


def started(start: Wiring | None) -> Wiring:
    """What a figure of the wirings begins with; the textbook's if None. BadInput: `start` is no wiring."""
    start = Wiring() if start is None else start
    if not isinstance(start, Wiring):
        raise BadInput(f"start is {brief(start)}; give a Wiring, for example ledger.Wiring(), or leave it out.")
    return start


def key_of(wiring: Wiring) -> str:
    """A wiring's name in a page's data, as page/ledger.js and page/graph make it."""
    return " ".join(str(int(v)) if not isinstance(v, str) else v for v in asdict(wiring).values())


def _told(outcome: Outcome) -> str:
    end = f"line {outcome.error[0] + 1} raises: {outcome.error[1]}" if outcome.error else "no error"
    used = f"D's step: {outcome.steps['D']}, G's step: {outcome.steps['G']}"
    return f"The code {'; '.join(outcome.lines)}. {end}. {used}."


def _poster(outcome: Outcome) -> bytes:
    """The code as text, with what each backward added and the line that raised."""
    figure, axis = plt.subplots(figsize=(6.5, 0.22 * len(outcome.lines) + 0.2))
    axis.axis("off")
    for i, line in enumerate(outcome.lines):
        added = outcome.gradients.get(i)
        note = f"   → G {added['G']:.2f}, D {added['D']:.2f}" if added else ""
        note = "   → raises" if outcome.error and outcome.error[0] == i else note
        axis.text(0, 1 - (i + 0.5) / len(outcome.lines), line + note, family="monospace", va="center")
    return figure_png(figure)
