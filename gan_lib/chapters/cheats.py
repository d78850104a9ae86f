"""Points in the plane, real and made, and sets of made ones that cheat a score: each score asks one question only."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

from gan_lib.errors import BadInput
from gan_lib.machine.given import numbers
from gan_lib.scores.metrics import MOMENTS, NEIGHBOURS, Judge, sums

REAL = (  # three kinds of four, in hundredths
    *((-4, 68), (13, 58), (2, 48), (-14, 55)),
    *((-58, -22), (-42, -30), (-50, -42), (-66, -36)),
    *((44, -24), (60, -30), (50, -44), (36, -38)),
)
MADE = (  # one kind is missing, and two points lie where nothing is
    *((4, 62), (-8, 60), (6, 52), (30, 22)),
    *((-52, -30), (-60, -30), (-46, -38), (-12, -4)),
)


@dataclass(frozen=True)
class Goal:
    """What a set of made points can be built for.

    Attributes:
        aim: in words.
        within: name of a score → the least and the greatest value that reach the goal.
        told: what one learns when it is reached.
        one: points that reach it beside `REAL`, in hundredths.
    """

    aim: str
    within: dict[str, tuple[float, float]]
    told: str
    one: tuple[tuple[int, int], ...]

    def reached(self, scores: dict[str, float]) -> bool:
        """Whether scores, as `scores_of` gives them, reach it."""
        return all(least <= scores[name] <= most for name, (least, most) in self.within.items())


GOALS = (
    Goal(
        "All look real, and most of the real is missing: precision 1, recall at most 0.34.",
        {"precision": (1, 1), "recall": (0, 0.34)},
        "Every made point lies near real ones. That they are all alike, precision does not ask.",
        ((-6, 62), (2, 64), (6, 58), (-2, 56), (0, 60), (-4, 52), (4, 52), (-8, 58)),
    ),
    Goal(
        "Garbage that covers everything: recall 1, precision 0.",
        {"recall": (1, 1), "precision": (0, 0)},
        "Points that are far apart have huge balls, and these hold every real point. That none of them looks real, "
        "recall does not ask.",
        ((90, 90), (-90, 90), (-90, -90), (90, -90), (92, 10), (-92, 10), (80, 70), (-80, 70)),
    ),
    Goal(
        "The right ellipse out of wrong points: Fréchet distance at most 0.02, precision 0.",
        {"frechet": (0, 0.02), "precision": (0, 0)},
        "The Fréchet distance sees the mean and the covariance, and they agree. Where the points lie, it does not ask.",
        ((-2, -60), (6, -54), (-11, -54), (59, 39), (53, 32), (-64, 38), (-58, 30), (-2, 5)),
    ),
)


def scores_of(real: Tensor, made: Tensor) -> dict[str, float]:
    """Precision, recall and Fréchet distance of points, as a `Judge` computes them of features.

    Args:
        real: (n, d), n at least 4, d at least 2.
        made: (m, d), m from 4 to n.

    Returns:
        "precision" and "recall", 0…1, and "frechet", ≥ 0, a squared distance.

    Raises:
        BadInput: other shapes, numbers that are not finite, too few points or more made than real ones.
    """
    real = numbers("real", real, None, None).double()
    made = numbers("made", made, None, real.shape[1]).double()
    for what, points in (("real", real), ("made", made)):
        if len(points) <= NEIGHBOURS or points.shape[1] < 2:
            raise BadInput(f"{what} has the shape {tuple(points.shape)}; give {NEIGHBOURS + 1} points or more, (n, 2).")
    if len(made) > len(real):
        raise BadInput(f"made holds {len(made):,} points and real {len(real):,}; give no more made than real ones.")
    found = Judge(nn.Identity(), dict(zip(MOMENTS, sums(real), strict=True)), real).scores(made)
    return found | {"frechet": max(0.0, found["frechet"])}  # it can come out a rounding below 0
