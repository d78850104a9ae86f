"""Games in the plane: data that one can see whole."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from gan_lib.data.images import ImageSet
from gan_lib.errors import BadInput
from gan_lib.machine.given import finite, numbers, positive, seeded, whole

RADIUS, SPREAD = 0.75, 0.03
FARTHEST = 6  # spreads; farther from its place no point lies


def ring_centres(modes: int = 8, radius: float = RADIUS) -> Tensor:
    """float32 (modes, 2), evenly on a circle, the first one on the x axis. BadInput: modes below 1, no radius."""
    modes, radius = whole("modes", modes), finite("radius", radius)
    angles = torch.arange(modes) * (2 * math.pi / modes)
    return radius * torch.stack([angles.cos(), angles.sin()], dim=1)


def even_circle(n: int = 5_000, radius: float = RADIUS) -> Tensor:
    """float32 (n, 2), evenly on the circle on which a ring's modes lie: no clouds, so a test of clouds must find none.

    BadInput: n below 1, no radius.
    """
    return ring_centres(n, radius)


def grid_centres(side: int = 5) -> Tensor:
    """float32 (side², 2), evenly in a square, row by row from the bottom left. BadInput: side below 2."""
    along = torch.linspace(-RADIUS, RADIUS, whole("side", side, 2))
    y, x = torch.meshgrid(along, along, indexing="ij")
    return torch.stack([x, y], dim=-1).reshape(-1, 2)


def clouds(n: int, centres: Tensor, *, seed: int = 0, spread: float = SPREAD, name: str = "clouds") -> ImageSet:
    """n points around the centres, as a data set for `training.train`; the label is the number of the centre.

    Args:
        n: how many points, spread evenly over the centres.
        centres: (modes, 2) within −1…1, for example what somebody painted.
        seed: decides the points.
        spread: standard deviation of each cloud, a Gaussian; what would leave −1…1 is kept at the edge.
        name: of the data set.

    Raises:
        BadInput: n below 1, centres of another shape or outside −1…1, or no spread above 0.
    """
    n, centres, spread = whole("n", n), numbers("centres", centres, None, 2).float(), positive("spread", spread)
    if centres.abs().max() > 1:
        raise BadInput(f"a centre lies at {centres.abs().max():.4g}, outside −1…1; scale them into it.")
    labels = torch.arange(n) % len(centres)
    points = centres[labels] + spread * _noise(n, _generator(seed))
    return ImageSet(name, points.clamp(-1, 1), labels, tuple(map(str, range(len(centres)))))


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
    radius, spread = positive("radius", radius), positive("spread", spread)
    if radius + FARTHEST * spread > 1:
        raise BadInput(f"a ring of radius {radius} and spread {spread} leaves −1…1; choose a smaller one.")
    return clouds(n, ring_centres(modes, radius), seed=seed, spread=spread, name=f"ring of {modes}")


def two(n: int, *, seed: int = 0, spread: float = SPREAD) -> ImageSet:
    """n points from two Gaussians, left and right; the label is 0 or 1. BadInput: n below 1, no spread above 0."""
    return clouds(n, torch.tensor([[-0.5, 0.0], [0.5, 0.0]]), seed=seed, spread=spread, name="two clouds")


def grid(n: int, side: int = 5, *, seed: int = 0, spread: float = SPREAD) -> ImageSet:
    """n points from side² Gaussians in a square; the label is the number of the mode.

    BadInput: n below 1, side below 2, no spread above 0.
    """
    return clouds(n, grid_centres(side), seed=seed, spread=spread, name=f"grid of {side}×{side}")


def line(n: int, *, seed: int = 0, spread: float = SPREAD) -> ImageSet:
    """n points around the straight line from (−0.75, −0.375) to (0.75, 0.375), evenly along it.

    BadInput: n below 1, no spread above 0.
    """
    rng = _generator(seed)
    along = 2 * torch.rand(whole("n", n), generator=rng) - 1  # (n,)
    return _scattered("line", along[:, None] * torch.tensor([RADIUS, RADIUS / 2]), spread, rng)


def circle(n: int, *, seed: int = 0, spread: float = SPREAD) -> ImageSet:
    """n points around a circle, evenly along it: a ring without gaps. BadInput: n below 1, no spread above 0."""
    rng = _generator(seed)
    angles = 2 * math.pi * torch.rand(whole("n", n), generator=rng)
    return _scattered("circle", RADIUS * torch.stack([angles.cos(), angles.sin()], dim=1), spread, rng)


def moons(n: int, *, seed: int = 0, spread: float = SPREAD) -> ImageSet:
    """n points around two half circles that reach into each other, as scikit-learn's `make_moons` has them, scaled into
    −1…1; the label is the moon's, 0 of the upper one. BadInput: n below 1, no spread above 0."""
    rng = _generator(seed)
    angles = math.pi * torch.rand(whole("n", n), generator=rng)
    labels = torch.arange(n) % 2
    half = torch.stack([angles.cos(), angles.sin()], dim=1) - torch.tensor([0.5, 0.25])  # centred on both together
    return _scattered("moons", torch.where(labels[:, None] == 1, -half, half) / 2, spread, rng, labels)


def modes_covered(points: Tensor, centres: Tensor, spread: float = SPREAD) -> tuple[int, float]:
    """How many modes are found, and which fraction of the points lies near any. It is a strict test.

    A point is near a centre within two standard deviations of it. A mode is found if at least half of its fair share
    of the points is near. True clouds pass (86 % of a Gaussian is so near), and what is drawn evenly must not: hold
    `even_circle` against each count.

    Args:
        points: (N, 2).
        centres: (modes, 2).
        spread: standard deviation of each mode.

    Raises:
        BadInput: other shapes, centres that are not finite, or no spread above 0.
    """
    points, centres = numbers("points", points, None, 2, finite=False), numbers("centres", centres, None, 2)
    distance, nearest = torch.cdist(points, centres.to(points)).min(1)  # (N,) each
    near = nearest[distance <= 2 * positive("spread", spread)]
    counts = near.bincount(minlength=len(centres))  # (modes,)
    return int((counts >= 0.5 / len(centres) * len(points)).sum()), len(near) / len(points)


def _generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seeded(seed))


def _noise(n: int, rng: torch.Generator) -> Tensor:
    """(n, 2) of standard deviation 1."""
    return torch.randn(n, 2, generator=rng).clamp_(-FARTHEST, FARTHEST)


def _scattered(
    name: str, places: Tensor, spread: float, rng: torch.Generator, labels: Tensor | None = None
) -> ImageSet:
    """A point around each of the places (n, 2)."""
    return ImageSet(name, places + positive("spread", spread) * _noise(len(places), rng), labels)
