"""The smallest game, one number for each player: V(x, y) = x · y. Player x makes it small, player y makes it large.

Damped, y earns x · y − (γ/2) y². It is the smallest GAN with the critic's losses of chapter 7: the data is the point 0,
G draws the point x, and the critic is a straight line of slope −y. Then (γ/2) y² is R1, γ/2 times the squared slope at
the data (Mescheder et al. 2018, eq. 9).
"""

from __future__ import annotations

import torch
from torch import Tensor

from gan_lib.errors import BadInput
from gan_lib.machine.given import finite, flag, positive, whole

STEPS = 60
MOST_STEPS = 100_000


def walk(
    x: float = 1.0, y: float = 0.0, rate: float = 0.2, damping: float = 0.0, in_turns: bool = False, steps: int = STEPS
) -> Tensor:
    """Where the steps of both players lead, each by the rate times its own slope.

    Args:
        x, y: where they start.
        rate: η, above 0.
        damping: γ, 0 or more.
        in_turns: y sees where x is after its step, and not before.
        steps: of each player, 1…100,000.

    Returns:
        float64 (steps + 1, 2), the first row is the start; infinite or NaN once the numbers are too large for it.

    Raises:
        BadInput: a number that is not finite, or outside these ranges.
    """
    x, y, rate, damping = finite("x", x), finite("y", y), positive("rate", rate), finite("damping", damping)
    if damping < 0:
        raise BadInput(f"damping is {damping:g}; choose 0 or more.")
    in_turns, places = flag("in_turns", in_turns), [(x, y)]
    for _ in range(whole("steps", steps, 1, MOST_STEPS)):
        seen = x
        x = x - rate * y
        y = y + rate * ((x if in_turns else seen) - damping * y)
        places.append((x, y))
    return torch.tensor(places, dtype=torch.float64)
