"""Points and balls: real and made points under the reader's hand, and what three scores say of them.

It needs no kernel: the same output serves the page, JupyterLab and Colab.
"""

from __future__ import annotations

import matplotlib.pyplot as plt
import torch
from matplotlib.axes import Axes
from matplotlib.patches import Circle
from torch import Tensor

from gan_lib.chapters.cheats import GOALS, MADE, REAL, scores_of
from gan_lib.data.pictures import figure_png
from gan_lib.errors import BadInput
from gan_lib.machine.given import numbers
from gan_lib.scores.metrics import NEIGHBOURS
from gan_lib.widgets.face import display_page

MOST = 40  # points of a kind
BLUE, ORANGE = "#2b7bb9", "#d1602f"  # as in page/widget.css


def play_scores(real: Tensor | None = None, made: Tensor | None = None) -> None:
    """Display points to be dragged, the balls of precision and recall, the ellipses of the Fréchet distance, and the
    goals of `chapters.cheats`: a bad set that one score likes.

    Args:
        real: (n, 2) in −1…1, n from 4 to 40; twelve points of three kinds if None. Kept to hundredths.
        made: (m, 2) in −1…1, m from 4 to n; eight points if None.

    Raises:
        BadInput: other shapes, too few or too many points, or points outside the square.
    """
    shown = {"real": _kept("real", real, REAL), "made": _kept("made", made, MADE)}  # (n, 2), hundredths
    scores = scores_of(*shown.values())  # of whole numbers, as in the page: then equal distances are equal
    scores["frechet"] /= 100**2
    goals = [{"aim": goal.aim, "within": goal.within, "told": goal.told} for goal in GOALS]
    if real is None and made is None:
        for goal, known in zip(goals, GOALS, strict=True):
            goal["one"] = known.one
    data = {name: points.tolist() for name, points in shown.items()} | {"neighbours": NEIGHBOURS, "goals": goals}
    display_page("points", data, _poster(shown, scores), _told(shown, scores))


def _kept(what: str, given: object, usual: tuple) -> Tensor:
    """int64 (n, 2), in hundredths. BadInput: none that can be shown."""
    if given is None:
        return torch.tensor(usual)
    points = numbers(what, given, None, 2)
    if len(points) > MOST or points.abs().max() > 1:
        largest = points.abs().max().item()
        raise BadInput(
            f"{what} has {len(points):,} points, the largest number {largest:g}; give {MOST} or fewer, from −1 to 1."
        )
    return (100 * points).round().long()


def _told(shown: dict[str, Tensor], scores: dict[str, float]) -> str:
    return (
        f"{len(shown['real'])} real and {len(shown['made'])} made points in the plane, each with a ball that reaches "
        f"to its third neighbour of its own kind, and both Gaussian ellipses: precision {scores['precision']:.2f}, "
        f"recall {scores['recall']:.2f}, Fréchet distance {scores['frechet']:.3f}."
    )


def _poster(shown: dict[str, Tensor], scores: dict[str, float]) -> bytes:
    """The points three times: with the balls of the real ones, of the made ones, and with the ellipses."""
    figure, axes = plt.subplots(1, 3, figsize=(7.5, 2.8))
    looks = {"real": (BLUE, "o"), "made": (ORANGE, "D")}
    places = {kind: points.double() / 100 for kind, points in shown.items()}
    for axis, (name, digits) in zip(axes, (("precision", 2), ("recall", 2), ("frechet", 3)), strict=True):
        for kind, points in places.items():
            colour, marker = looks[kind]
            axis.scatter(*points.T, s=14, color=colour, marker=marker, zorder=2)
        axis.set(xlim=(-1, 1), ylim=(-1, 1), xticks=[], yticks=[], aspect="equal")
        axis.set_title(f"{'Fréchet distance' if name == 'frechet' else name} {scores[name]:.{digits}f}")
    _balls(axes[0], places["real"], BLUE)
    _balls(axes[1], places["made"], ORANGE)
    for kind, points in places.items():
        axes[2].plot(*_ellipse(points).T, color=looks[kind][0])
    return figure_png(figure)


def _balls(axis: Axes, points: Tensor, colour: str) -> None:
    for place, radius in zip(points, torch.cdist(points, points).kthvalue(NEIGHBOURS + 1).values, strict=True):
        axis.add_patch(Circle(place.tolist(), radius.item(), color=colour, alpha=0.12))


def _ellipse(points: Tensor) -> Tensor:
    """(65, 2): one standard deviation from the mean in each direction."""
    angles = torch.linspace(0, 2 * torch.pi, 65, dtype=torch.float64)
    values, directions = torch.linalg.eigh(torch.cov(points.T))
    circle = torch.stack([angles.cos(), angles.sin()], 1)  # (65, 2)
    return points.mean(0) + circle * values.clamp(min=0).sqrt() @ directions.T
