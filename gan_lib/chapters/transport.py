"""Earth mover's distance between two small sets of weighted points, by linear programming and by its dual; on a line,
by hand.

Tensors, arrays and lists are taken, of any real dtype; what holds NaN or has another shape is a BadInput.
"""

from __future__ import annotations

import numpy as np
import torch
from scipy.optimize import linprog
from torch import Tensor

from gan_lib.errors import BadInput
from gan_lib.machine.given import numbers


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
    p, q = (numbers(name, mass, None).detach().double().cpu() for name, mass in (("p", p), ("q", q)))
    n, m = len(p), len(q)
    cost = numbers("cost", cost, n, m).detach().double().cpu()
    p, q = _balanced(p, q)
    rows = np.kron(np.eye(n), np.ones(m))  # (n, n · m): sum over j
    columns = np.kron(np.ones(n), np.eye(m))  # (m, n · m): sum over i
    masses = torch.cat([p, q]).numpy()
    found = linprog(cost.numpy().ravel(), A_eq=np.vstack([rows, columns]), b_eq=masses, method="highs")
    return torch.from_numpy(found.x).reshape(n, m)


def wasserstein(x: Tensor, y: Tensor) -> float:
    """W₁ between the points x (n, d) and y (m, d), each point of a set with the same mass: the cheapest plan's cost."""
    x, y = (numbers(name, points, None, None).double() for name, points in (("x", x), ("y", y)))
    if x.shape[1] != y.shape[1]:
        raise BadInput(f"the points of x have {x.shape[1]} coordinates, those of y {y.shape[1]}; give as many.")
    cost = torch.cdist(x, y)  # (n, m)
    masses = (torch.full((len(each),), 1 / len(each), dtype=torch.float64) for each in (x, y))
    return (cheapest_plan(cost, *masses) * cost.cpu()).sum().item()


def sorted_plan(p: Tensor, q: Tensor) -> Tensor:
    """The plan that keeps the order, for places in a row: the first piece of p goes to the first place of q that wants
    one. No plan is cheaper where a unit of mass pays |i − j| (Villani 2009, chapter 1, the increasing rearrangement).

    Args:
        p, q: (n,), masses ≥ 0 with the same sum.

    Returns:
        float64 (n, n), π.

    Raises:
        BadInput: other shapes, a negative mass, or unequal sums.
    """
    p, q = _in_a_row(p, q)
    to, end = p.cumsum(0)[:, None], q.cumsum(0)[None]  # (n, 1), (1, n): where each place's piece of all the mass ends
    return (torch.minimum(to, end) - torch.maximum(to - p[:, None], end - q[None])).clamp(min=0)


def best_prices(p: Tensor, q: Tensor) -> Tensor:
    """The prices with which a merchant who buys p and sells q earns most, where no two neighbours differ by more than
    1: Σ price (q − p) is then W₁ of the two (the dual, with −f for the price; Villani 2009, theorem 5.10).

    Args:
        p, q: as for `sorted_plan`.

    Returns:
        float64 (n,), the lowest is 0.

    Raises:
        BadInput: as `sorted_plan`.
    """
    p, q = _in_a_row(p, q)
    passing = (p - q).cumsum(0)[:-1]  # (n − 1,): what must pass each border to the right
    passing = torch.where(passing.abs() > 1e-9 * p.sum(), passing, 0.0)  # a rounded 0 has a sign, too
    prices = torch.cat([torch.zeros(1).double(), passing.sign().cumsum(0)])
    return prices - prices.min()


def _in_a_row(p: object, q: object) -> tuple[Tensor, Tensor]:
    """Two heaps on the same places, float64 (n,) each."""
    p = numbers("p", p, None).detach().double().cpu()
    q = numbers("q", q, len(p)).detach().double().cpu()
    return _balanced(p, q)


def _balanced(p: Tensor, q: Tensor) -> tuple[Tensor, Tensor]:
    """The same masses, q's sum made p's to the last bit. BadInput: a negative mass, or unequal sums."""
    if (p < 0).any() or (q < 0).any():
        raise BadInput("a mass is negative; masses are 0 or more.")
    if not torch.isclose(p.sum(), q.sum()):
        raise BadInput(f"the masses sum to {p.sum():g} and {q.sum():g}; make them equal, nothing may get lost.")
    return p, q * (p.sum() / q.sum()) if q.sum() > 0 else q  # the solver is stricter than float32


def steepest(values: Tensor, points: Tensor) -> float:
    """The smallest K with |f(a) − f(b)| ≤ K |a − b| on these points: the Lipschitz constant that the dual needs there.

    For finite sets a bound on the points themselves is enough: (E f(x) − E f(y)) / K is never above W₁.

    Args:
        values: f at each point, (n,) or (n, 1).
        points: (n, d), no two of them equal.

    Raises:
        BadInput: other shapes, or two equal points.
    """
    points = numbers("points", points, None, None).double()
    one_column = () if np.ndim(values) == 1 else (1,)
    values = numbers("values", values, len(points), *one_column).double().reshape(-1, 1)
    apart = torch.cdist(points, points).fill_diagonal_(torch.inf)  # (n, n)
    if apart.min() == 0:
        raise BadInput("two of the points are equal, so no slope lies between them; give each point once.")
    return (torch.cdist(values, values) / apart).max().item()
