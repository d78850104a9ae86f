"""Move the earth: the page's plans and prices beside SciPy's distance, what the page gets, what is refused."""

from __future__ import annotations

import itertools
import random

import pytest
import torch
from scipy.stats import wasserstein_distance

from gan_lib import widgets
from gan_lib.chapters.transport import best_prices, sorted_plan
from gan_lib.errors import BadInput
from tests.outputs import spec_of
from tests.page_scripts import context

pytestmark = pytest.mark.usefixtures("no_running_loop")


@pytest.fixture
def page():
    return context("earth/plans.js")


def heaps(rng: random.Random, places: int = 6, shovels: int = 9) -> tuple[list[int], list[int]]:
    def heap():
        return [*map([rng.randrange(places) for _ in range(shovels)].count, range(places))]

    return heap(), heap()


def steps(p: list[int], q: list[int]) -> float:
    """By SciPy, in shovel-steps."""
    return sum(p) * wasserstein_distance(range(len(p)), range(len(q)), p, q)


@pytest.mark.parametrize("seed", range(20))
def test_the_pages_plan_and_its_prices_are_worth_scipys_distance(page, seed):
    p, q = heaps(random.Random(seed))
    plan, prices = page.call("sortedPlan", p, q), page.call("bestPrices", p, q)
    assert [sum(ways) for ways in zip(*(torch.eye(6).int()[i].tolist() for i, _ in plan), strict=True)] == p
    assert [sum(ways) for ways in zip(*(torch.eye(6).int()[j].tolist() for _, j in plan), strict=True)] == q
    assert page.call("stepsOf", plan) == pytest.approx(steps(p, q))
    assert page.call("earnedWith", prices, p, q) == pytest.approx(steps(p, q))
    assert max(abs(a - b) for a, b in itertools.pairwise(prices)) <= 1 and min(prices) == 0
    of_python = torch.zeros(6, 6)
    for i, j in plan:
        of_python[i, j] += 1
    assert torch.equal(of_python, sorted_plan(p, q).float()) and best_prices(p, q).tolist() == prices


def test_whatever_is_pulled_the_prices_stay_within_1_and_earn_no_more_than_carrying_costs(page):
    rng, earned = random.Random(0), []
    p, q = heaps(rng)
    prices = [2] * 6
    for _ in range(300):
        place, price = rng.randrange(6), rng.randrange(6)
        before, prices = prices, page.call("pulledPrices", prices, place, price)
        assert prices[place] == price and max(abs(a - b) for a, b in itertools.pairwise(prices)) <= 1
        kept = [i for i in range(6) if abs(before[i] - price) <= abs(i - place)]
        assert all(prices[i] == before[i] for i in kept)  # none follows without need
        earned.append(page.call("earnedWith", prices, p, q))
    assert max(earned) <= steps(p, q) + 1e-9 and min(earned) < 0 < max(earned)


def test_every_other_plan_costs_as_much_or_more(page):
    p, q = [1, 0, 2, 1, 1, 0], [1, 2, 0, 0, 0, 2]
    start, end = [i for i, n in enumerate(p) for _ in range(n)], [j for j, n in enumerate(q) for _ in range(n)]
    plans = [[*zip(start, order, strict=True)] for order in itertools.permutations(end)]
    costs = [page.call("stepsOf", plan) for plan in plans]
    assert page.call("stepsOf", page.call("sortedPlan", p, q)) == min(costs) == steps(p, q) < max(costs)


CHOSEN = """
let chance = 0.1;
const chosen = (...given) => otherHeaps(...given, () => (chance = (997.13 * chance) % 1));
"""


def test_other_heaps_are_as_large_and_differ(page):
    page.eval(CHOSEN)
    found = set()
    for places, shovels in [(8, 10), (3, 4), (2, 1)] * 20:
        p, q = page.call("chosen", places, shovels)
        assert len(p) == len(q) == places and sum(p) == sum(q) == shovels and p != q
        found.add((*p, *q))
    assert len(found) > 20


@pytest.mark.parametrize("merchant", [False, True])
def test_the_page_gets_both_heaps_and_words_say_the_cheapest_plan(shown, merchant):
    widgets.move_earth([4, 2, 1, 1], torch.tensor([1, 1, 2, 4]), merchant=merchant)
    (output,) = shown
    assert set(output) == {"text/html", "image/png", "text/plain"}
    assert spec_of(output["text/html"]) == {"first": [4, 2, 1, 1], "second": [1, 1, 2, 4], "merchant": merchant}
    assert "1 from 1 to 2, 2 from 1 to 3" in output["text/plain"] and "costs 10." in output["text/plain"]
    assert ("merchant: 0, 1, 2, 3." in output["text/plain"]) == merchant


def test_in_the_first_heaps_the_nearest_outline_first_is_dear(shown):
    """The reader shall have something to find out."""
    widgets.move_earth()
    spec = spec_of(shown[0]["text/html"])
    more = [a - b for a, b in zip(spec["first"], spec["second"], strict=True)]
    cost = 0
    while any(more):
        pairs = itertools.product((i for i, n in enumerate(more) if n > 0), (j for j, n in enumerate(more) if n < 0))
        near, i, j = min((abs(i - j), i, j) for i, j in pairs)
        more[i], more[j], cost = more[i] - 1, more[j] + 1, cost + near
    assert cost > steps(spec["first"], spec["second"]) == 10


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"first": [1, 2]}, "as many places"),
        ({"first": [1, 1], "second": [1, 2]}, "as many shovels"),
        ({"first": [1, 2], "second": [1, 2]}, "two different ones"),
        ({"first": [3]}, "give 2 to 10"),
        ({"first": [0, 10]}, "from 0 to 9"),
        ({"second": [0.5, 0.5]}, "a whole number"),
        ({"second": 4}, "give a list"),
        ({"merchant": "yes"}, "True or False"),
    ],
)
def test_other_heaps_are_refused(shown, changes, said):
    with pytest.raises(BadInput, match=said):
        widgets.move_earth(**changes)
    assert shown == []
