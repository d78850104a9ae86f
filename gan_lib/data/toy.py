"""Games in the plane: data that one can see whole."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from gan_lib.data.images import ImageSet
from gan_lib.errors import BadInput
from gan_lib.machine.given import finite, numbers, positive, seeded, whole

RADIUS, SPREAD = 0.75, 0.03


def ring_centres(modes: int = 8, radius: float = RADIUS) -> Tensor:
    """float32 (modes, 2), evenly on a circle, the first one on the x axis. BadInput: modes below 1, no radius."""
    modes, radius = whole("modes", modes), finite("radius", radius)
    angles = torch.arange(modes) * (2 * math.pi / modes)
    return radius * torch.stack([angles.cos(), angles.sin()], dim=1)


def ring(n: int, modes: int = 8, *, seed: int = 0, radius: float = RADIUS, spread: float = SPREAD) -> ImageSet:
    """n points from a ring of Gaussians, as a data set for `training.train`; the label is the number of the mode.

    Args:
        n: how many points, spread evenly over the modes.
        modes: how many Gaussians.
        seed: decides the points.
        radius: of the ring; the points must stay within −1…1.
        spread: standard deviation of each Gaussian.

    Raises:
        BadInput: n or modes below 1, no finite radius or spread above 0, or a ring that leaves −1…1.
    """
    n, modes, radius, spread = (
        whole("n", n),
        whole("modes", modes),
        positive("radius", radius),
        positive("spread", spread),
    )
    if radius + 6 * spread > 1:
        raise BadInput(f"a ring of radius {radius} and spread {spread} leaves −1…1; choose a smaller one.")
    labels = torch.arange(n) % modes
    noise = torch.randn(n, 2, generator=torch.Generator().manual_seed(seeded(seed))).clamp_(-6, 6)
    points = ring_centres(modes, radius)[labels] + spread * noise
    return ImageSet(f"ring of {modes}", points, labels, tuple(map(str, range(modes))))


def modes_covered(
    points: Tensor, centres: Tensor, *, within: float = 4 * SPREAD, share: float = 0.02
) -> tuple[int, float]:
    """How many modes get at least `share` of the points, and which fraction of the points lies near any mode.

    Args:
        points: (N, 2).
        centres: (modes, 2).
        within: a point belongs to the nearest centre if it is not farther than this.
        share: of all the points.

    Raises:
        BadInput: other shapes, or centres that are not finite.
    """
    points, centres = numbers("points", points, None, 2, finite=False), numbers("centres", centres, None, 2)
    within, share = finite("within", within), finite("share", share)
    distance, nearest = torch.cdist(points, centres.to(points)).min(1)  # (N,) each
    good = nearest[distance <= within]
    counts = good.bincount(minlength=len(centres))
    return int((counts >= share * len(points)).sum()), len(good) / len(points)
