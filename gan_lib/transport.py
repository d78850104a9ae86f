"""Earth mover's distance between two small sets of weighted points, by linear programming and by its dual."""

from __future__ import annotations

import numpy as np
import torch
from scipy.optimize import linprog
from torch import Tensor

from gan_lib.errors import BadInput


def cheapest_plan(cost: Tensor, p: Tensor, q: Tensor) -> Tensor:
    """The transport plan that carries the masses p to the masses q at the least cost:

    min Σ π[i, j] cost[i, j] over all π ≥ 0 with row sums p and column sums q (Villani 2009, definition 6.1).

    Args:
        cost: (n, m), what one unit of mass pays from place i to place j.
        p: (n,), masses ≥ 0.
        q: (m,), masses ≥ 0 with the same sum.

    Returns:
        float64 (n, m), π.

    Raises:
        BadInput: shapes that do not fit, a negative mass, or unequal sums.
    """
    n, m = _check(cost, p, q)
    rows = np.kron(np.eye(n), np.ones(m))  # (n, n · m): sum over j
    columns = np.kron(np.ones(n), np.eye(m))  # (m, n · m): sum over i
    masses = np.concatenate([p.double().numpy(), q.double().numpy()])
    found = linprog(cost.double().numpy().ravel(), A_eq=np.vstack([rows, columns]), b_eq=masses, method="highs")
    return torch.from_numpy(found.x).reshape(n, m)


def wasserstein(x: Tensor, y: Tensor) -> float:
    """W₁ between the points x (n, d) and y (m, d), each point of a set with the same mass: the cheapest plan's cost."""
    cost = torch.cdist(x.double(), y.double())  # (n, m)
    masses = (torch.full((len(each),), 1 / len(each), dtype=torch.float64) for each in (x, y))
    return (cheapest_plan(cost, *masses) * cost).sum().item()


def steepest(values: Tensor, points: Tensor) -> float:
    """The smallest K with |f(a) − f(b)| ≤ K |a − b| on these points: the Lipschitz constant that the dual needs there.

    For finite sets a bound on the points themselves is enough: (E f(x) − E f(y)) / K is never above W₁.

    Args:
        values: f at each point, (n,) or (n, 1).
        points: (n, d), no two of them equal.
    """
    values = values.reshape(-1, 1).double()
    slopes = torch.cdist(values, values) / torch.cdist(points.double(), points.double())  # (n, n), NaN on the diagonal
    return slopes.fill_diagonal_(0).max().item()


def _check(cost: Tensor, p: Tensor, q: Tensor) -> tuple[int, int]:
    if cost.shape != (len(p), len(q)):
        raise BadInput(f"cost has shape {tuple(cost.shape)}; give ({len(p)}, {len(q)}).")
    if (p < 0).any() or (q < 0).any():
        raise BadInput("a mass is negative; masses are 0 or more.")
    if not torch.isclose(p.double().sum(), q.double().sum()):
        raise BadInput(f"the masses sum to {p.sum():g} and {q.sum():g}; make them equal, nothing may get lost.")
    return tuple(cost.shape)
