"""Earth mover's distance: against scipy's formula on a line, an assignment in the plane, and its own dual."""

import numpy as np
import pytest
import torch
from scipy.optimize import linear_sum_assignment
from scipy.stats import wasserstein_distance

from gan_lib.chapters.transport import best_prices, cheapest_plan, sorted_plan, steepest, wasserstein
from gan_lib.errors import BadInput


@pytest.fixture(autouse=True)
def the_same_numbers_every_time():
    torch.manual_seed(0)


def on_a_line(n, m):
    return (torch.arange(n)[:, None] - torch.arange(m)[None]).abs().double()


@pytest.mark.parametrize("seed", range(3))
def test_on_a_line_the_cheapest_plan_costs_the_area_between_the_cumulative_sums(seed):
    torch.manual_seed(seed)
    p, q = torch.rand(2, 6).double()
    p, q = p / p.sum(), q / q.sum()
    plan = cheapest_plan(on_a_line(6, 6), p, q)
    torch.testing.assert_close(plan.sum(1), p)
    torch.testing.assert_close(plan.sum(0), q)
    assert (plan >= -1e-12).all()
    expected = wasserstein_distance(range(6), range(6), p.numpy(), q.numpy())
    assert (plan * on_a_line(6, 6)).sum().item() == pytest.approx(expected)


def test_between_equally_many_points_it_is_the_best_assignment():
    x, y = torch.rand(9, 3), torch.rand(9, 3) + 0.5
    cost = np.linalg.norm(x.numpy()[:, None] - y.numpy()[None], axis=2)
    assert wasserstein(x, y) == pytest.approx(cost[linear_sum_assignment(cost)].mean(), rel=1e-5)


def test_a_shift_costs_its_length_and_nothing_costs_nothing():
    x = torch.rand(8, 2)
    assert wasserstein(x, x) == pytest.approx(0, abs=1e-6)
    assert wasserstein(x, x + torch.tensor([3.0, 4.0])) == pytest.approx(5, rel=1e-5)


def test_two_points_may_carry_the_mass_of_one():
    assert wasserstein(torch.zeros(1, 1), torch.tensor([[-1.0], [3.0]])) == pytest.approx(2)


def test_eq_dual_every_function_stays_below_and_the_distance_to_a_place_reaches_it_for_a_shift():
    x = torch.rand(12, 2)
    y = x + torch.tensor([2.0, 0.0])
    points = torch.cat([x, y])
    for f in (lambda p: p[:, 1], lambda p: torch.sin(3 * p).sum(1), lambda p: -p.norm(dim=1)):
        values = f(points)
        assert (values[:12].mean() - values[12:].mean()).item() / steepest(values, points) <= wasserstein(x, y) + 1e-6
    best = -points[:, 0]
    assert (best[:12].mean() - best[12:].mean()).item() / steepest(best, points) == pytest.approx(2, rel=1e-5)


def test_steepest_is_the_largest_quotient_of_any_pair():
    points = torch.tensor([[0.0, 0.0], [3.0, 4.0], [0.0, 1.0]])
    assert steepest(torch.tensor([0.0, 10.0, 1.0]), points) == pytest.approx(9 / 18**0.5)  # second and third


@pytest.mark.parametrize(
    ("p", "q", "message"),
    [
        ([0.5, 0.5], [1.0], r"cost has the shape \(2, 2\); give \(2, 1\)"),
        ([1.5, -0.5], [0.5, 0.5], "a mass is negative"),
        ([0.5, 0.5], [0.5, 0.4], "the masses sum to 1 and 0.9"),
        ([0.5, np.nan], [0.5, 0.5], "p holds NaN"),
    ],
)
def test_masses_that_cannot_be_carried_are_refused(p, q, message):
    with pytest.raises(BadInput, match=message):
        cheapest_plan(on_a_line(2, 2), torch.tensor(p), torch.tensor(q))


def test_points_that_do_not_fit_are_refused():
    for call, said in (
        (lambda: wasserstein(torch.rand(3, 2), torch.rand(3, 3)), "the points of x have 2 coordinates, those of y 3"),
        (lambda: wasserstein(torch.rand(3), torch.rand(3)), r"x has the shape \(3,\); give \(n, n\)"),
        (lambda: wasserstein([], []), "x has the shape"),
        (lambda: steepest([0.0, 1.0], [[1.0], [1.0]]), "two of the points are equal"),
        (lambda: steepest([0.0, 1.0, 2.0], [[1.0], [2.0]]), r"values has the shape \(3,\); give \(2,\)"),
    ):
        with pytest.raises(BadInput, match=said):
            call()


def test_masses_that_are_equal_but_for_float32_can_be_carried():
    p = torch.rand(50) + 0.01
    q = p.flip(0) * (1 + 2e-6)
    assert cheapest_plan(on_a_line(50, 50), p, q).sum().item() == pytest.approx(p.sum().item(), rel=1e-5)


@pytest.mark.parametrize("seed", range(3))
def test_on_a_line_the_sorted_plan_costs_the_least_and_the_best_prices_earn_it(seed):
    torch.manual_seed(seed)
    p, q = torch.rand(2, 7).double()
    p, q = p / p.sum(), q / q.sum()
    plan, prices = sorted_plan(p, q), best_prices(p, q)
    torch.testing.assert_close(plan.sum(1), p)
    torch.testing.assert_close(plan.sum(0), q)
    rows, columns = plan.nonzero().T
    assert (rows.diff() >= 0).all() and (columns.diff() >= 0).all()  # nothing overtakes
    expected = wasserstein_distance(range(7), range(7), p.numpy(), q.numpy())
    assert (plan * on_a_line(7, 7)).sum().item() == pytest.approx(expected)
    assert prices.diff().abs().max() <= 1 and prices.min() == 0
    assert (prices * (q - p)).sum().item() == pytest.approx(expected)


def test_where_nothing_passes_the_price_stays():
    # 0.1 + 0.2 − 0.2 − 0.1 is not 0 in floating point
    assert best_prices([0.1, 0.2, 0.3, 0.4], [0.2, 0.1, 0.4, 0.3]).tolist() == [2, 1, 1, 0]


@pytest.mark.parametrize("function", [sorted_plan, best_prices])
@pytest.mark.parametrize(
    ("p", "q", "said"),
    [([1, 2], [1, 1, 1], "q has the shape"), ([1, 2], [2, 2], "sum to 3 and 4"), ([1, -1], [0, 0], "negative")],
)
def test_heaps_that_cannot_be_carried_are_refused(function, p, q, said):
    with pytest.raises(BadInput, match=said):
        function(p, q)
