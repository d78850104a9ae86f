"""KID: how far apart two clouds of features lie, without taking either for a Gaussian.

The Fréchet distance sees mean and covariance; this one compares all pairs of points (Bińkowski et al. 2018, section 4).
Its expectation does not depend on how many pictures there are, so it has no floor to subtract: two halves of one set
are about 0 apart, and half of the time a little below.
"""

from __future__ import annotations

import torch
from torch import Tensor

from gan_lib.errors import BadInput
from gan_lib.machine.given import numbers

ROWS = 1_000  # of a kernel matrix at once: of 10,000 points a side, 40 MB instead of 400


def kid(x: Tensor, y: Tensor) -> float:
    """The squared maximum mean discrepancy of two sets, its unbiased estimate (Gretton et al. 2012, eq. 3) with the
    kernel k(a, b) = (a·b / d + 1)³ (Bińkowski et al. 2018, section 4).

    mean of k(xᵢ, xⱼ) over i ≠ j, the same of y, minus twice the mean of k(xᵢ, yⱼ) over all i and j.

    Args:
        x, y: features, (N, d) and (M, d), of two pictures or more each.

    Returns:
        About 0 for two samples of one distribution, of either sign; larger where they differ.

    Raises:
        BadInput: other shapes, numbers that are not finite, or a single picture.
    """
    x = numbers("x", x, None, None).float()
    y = numbers("y", y, None, x.shape[1]).float()
    n, m = len(x), len(y)
    if min(n, m) < 2:
        raise BadInput(f"{n} and {m} pictures were given; KID is about pairs, so give at least two of both.")
    itself_x, itself_y = ((points.square().mean(1) + 1).pow(3).sum() for points in (x, y))  # i = j
    within_x = (_kernel(x, x) - itself_x) / (n * (n - 1))
    within_y = (_kernel(y, y) - itself_y) / (m * (m - 1))
    across = _kernel(x, y) / (n * m)
    return (within_x + within_y - 2 * across).item()


def _kernel(x: Tensor, y: Tensor) -> Tensor:
    """The sum of k over all pairs (N, d) × (M, d): float64, because what is subtracted later is nearly as large."""
    blocks = ((part @ y.T / x.shape[1] + 1).pow(3) for part in x.split(ROWS))  # (≤ 1000, M) each
    return torch.stack([block.sum(dtype=torch.float64) for block in blocks]).sum()
