"""Chapter 9's ladder as a table of two sides: the loss, and what holds D's slope down under it."""

from __future__ import annotations

from gan_lib import runs
from gan_lib.errors import one_of
from gan_lib.runs import Run
from gan_lib.training.recipes import RUNGS

SEEDS = (0, 1, 2)
LIMITS = ("nothing", "clipped weights", "gradient penalty", "spectral norm", "R1", "R1 and R2")
LADDER = {  # loss → limit → rung; what is not there was not trained
    "non-saturating": {"nothing": "ns", "spectral norm": "ns-spectral", "R1": "ns-r1", "R1 and R2": "ns-r1-r2"},
    "Wasserstein": {
        "nothing": "loss",
        "clipped weights": "clip",
        "gradient penalty": "penalty",
        "spectral norm": "spectral",
    },
    "relativistic": {"nothing": "pairs", "R1 and R2": "pairs-r1-r2"},
}


def seeds(rung: str) -> list[Run]:
    """The three recorded trainings of a rung of `recipes.RUNGS`, by their seed. BadInput: no such rung."""
    one_of("rung", rung, RUNGS)
    return [runs.load(f"slope-{rung}-{seed}") for seed in SEEDS]
