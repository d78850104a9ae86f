"""Points and balls, and sets to sort: what the page gets, its measures beside the library's, what is refused."""

from __future__ import annotations

import base64
import io
import json

import numpy as np
import pytest
import torch
from PIL import Image

from gan_lib import widgets
from gan_lib.chapters.cheats import GOALS, MADE, REAL, scores_of
from gan_lib.data import to_pixels
from gan_lib.errors import BadInput
from gan_lib.scores import metrics
from tests.outputs import spec_of
from tests.page_scripts import context

pytestmark = pytest.mark.usefixtures("no_running_loop")


# ------------------------------------------------------------------------------------------ points and balls

MEASURE = "const measured = (real, made, k) => JSON.stringify(measuresOf([real, made], k));"


@pytest.fixture
def page(no_running_loop):
    engine = context("points/measures.js")
    engine.eval(MEASURE)
    return engine


def sets_of_points(case: int) -> tuple[torch.Tensor, torch.Tensor]:
    """float64 (n, 2) and (m, 2), whole numbers, in two heaps each; in every third case on a coarse grid, where points
    coincide and distances are equal."""
    rng = torch.Generator().manual_seed(case)

    def whole(least: int, most: int, *shape: int) -> torch.Tensor:
        return torch.randint(least, most + 1, shape, generator=rng)

    def heaps(count: int) -> torch.Tensor:
        centres = whole(-70, 70, 2, 2)
        points = centres[whole(0, 1, count)] + whole(-30, 30, count, 2)  # (count, 2)
        return (points if case % 3 else points // 20 * 20).double()

    n = int(whole(4, 40))
    return heaps(n), heaps(int(whole(4, n)))


@pytest.mark.parametrize("case", range(30))
def test_the_pages_measures_are_the_librarys(page, case):
    real, made = sets_of_points(case)
    found = json.loads(page.call("measured", real.tolist(), made.tolist(), metrics.NEIGHBOURS))
    expected = scores_of(real, made)
    for name in ("precision", "recall"):
        assert found[name] == pytest.approx(expected[name], abs=1e-6)
    assert found["frechet"] == pytest.approx(expected["frechet"] / 1e4, abs=1e-9)
    for points, balls in zip((real, made), found["balls"], strict=True):
        radii = torch.cdist(points, points).kthvalue(metrics.NEIGHBOURS + 1).values
        np.testing.assert_allclose(np.sqrt(balls), radii, atol=1e-9)


def test_those_sets_tell_the_measures_apart():
    found = [scores_of(*sets_of_points(case)) for case in range(30)]
    assert len({scores["precision"] for scores in found}) > 5 and len({scores["recall"] for scores in found}) > 5
    assert sum(scores["precision"] != scores["recall"] for scores in found) > 15


@pytest.mark.parametrize("line", [[(0, 0)] * 4, [(k, 2 * k) for k in range(5)]])
def test_sets_without_a_width_have_a_distance_too(page, line):
    found = json.loads(page.call("measured", [*REAL], line, 3))
    expected = scores_of(torch.tensor(REAL), torch.tensor(line))
    assert found["frechet"] == pytest.approx(expected["frechet"] / 1e4, abs=1e-6)


def test_the_scores_are_those_of_eq_precision_recall_and_eq_frechet():
    real, made = (torch.tensor(points).double() for points in (REAL, MADE))
    radius = [sorted((p - q).norm().item() for q in real)[3] for p in real]
    inside = sum(any((g - x).norm().item() <= r for x, r in zip(real, radius, strict=True)) for g in made)
    assert scores_of(real, made)["precision"] == pytest.approx(inside / len(made))
    moved = scores_of(real[:, :1].repeat(1, 2), real[:, :1].repeat(1, 2) + 3)  # the same cloud elsewhere: |(3, 3)|²
    assert moved["frechet"] == pytest.approx(18, rel=1e-6)


@pytest.mark.parametrize("goal", GOALS, ids=lambda goal: goal.aim.split(":")[0])
def test_each_goal_can_be_reached_and_is_not_at_the_start(goal):
    def scores(made):
        found = scores_of(torch.tensor(REAL), torch.tensor(made))
        return found | {"frechet": found["frechet"] / 1e4}

    assert goal.reached(scores(goal.one)) and not goal.reached(scores(MADE))
    assert len(goal.one) == len(MADE) and max(abs(v) for place in goal.one for v in place) <= 100


def test_the_page_gets_points_goals_and_the_number_of_neighbours(shown):
    widgets.play_scores()
    (output,) = shown
    spec = spec_of(output["text/html"])
    assert spec["real"] == [[*place] for place in REAL] and spec["made"] == [[*place] for place in MADE]
    assert spec["neighbours"] == metrics.NEIGHBOURS and [g["aim"] for g in spec["goals"]] == [g.aim for g in GOALS]
    assert output["text/plain"].endswith("precision 0.75, recall 0.75, Fréchet distance 0.123.")
    assert Image.open(io.BytesIO(base64.b64decode(output["image/png"]))).width > 600


def test_own_points_come_in_hundredths_and_without_solutions(shown):
    real, made = torch.rand(9, 2) * 2 - 1, torch.rand(4, 2)
    widgets.play_scores(real, made.numpy())
    spec = spec_of(shown[0]["text/html"])
    assert spec["real"] == (100 * real).round().int().tolist() and spec["made"] == (100 * made).round().int().tolist()
    assert not any("one" in goal for goal in spec["goals"])
    real, made = torch.tensor(spec["real"]), torch.tensor(spec["made"])
    assert f"Fréchet distance {scores_of(real, made)['frechet'] / 1e4:.3f}." in shown[0]["text/plain"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"real": torch.zeros(3, 2)}, "give 4 points or more"),
        ({"made": torch.zeros(13, 2)}, "give no more made than real ones"),
        ({"real": torch.zeros(41, 2)}, "give 40 or fewer"),
        ({"made": torch.full((5, 2), 1.1)}, "from −1 to 1"),
        ({"real": torch.zeros(5, 3)}, r"give \(n, 2\)"),
    ],
)
def test_points_that_cannot_be_shown_are_refused(shown, changes, said):
    with pytest.raises(BadInput, match=said):
        widgets.play_scores(**changes)
    assert shown == []


# ------------------------------------------------------------------------------------------ sort the sets


def given(**changes) -> dict:
    """Arguments of `sort_sets`."""
    pictures = torch.randint(256, (3, 2, 1, 4, 5), generator=torch.Generator().manual_seed(1), dtype=torch.uint8)
    arguments = {
        "sets": dict(zip("ABC", pictures, strict=True)),
        "scores": {"distance": {"C": 1234.5, "B": 2, "A": 0.0312}, "recall": {"A": 0.5, "B": 0.1, "C": 0.7}},
        "about": {"A": "real", "B": "noise", "C": "<drawn>"},
        "high": ["recall"],
    }
    return arguments | changes


def test_the_page_gets_the_sets_and_the_scores_in_their_order(shown):
    widgets.sort_sets(**given())
    spec = spec_of(shown[0]["text/html"])
    assert [(each["name"], each["about"]) for each in spec["sets"]] == [("A", "real"), ("B", "noise"), ("C", "<drawn>")]
    assert spec["scores"] == [
        {"name": "distance", "sign": 1, "values": [0.0312, 2.0, 1234.5], "words": ["0.031", "2.0", "1,234"]},
        {"name": "recall", "sign": -1, "values": [0.5, 0.1, 0.7], "words": ["0.5", "0.1", "0.7"]},
    ]
    for each, pictures in zip(spec["sets"], given()["sets"].values(), strict=True):
        found = np.array(Image.open(io.BytesIO(base64.b64decode(each["png"]))))
        assert np.array_equal(found, np.hstack([*pictures[:, 0].numpy()]))
    assert shown[0]["text/plain"].endswith("by distance: A, B, C; by recall: C, A, B.")


def test_sets_may_be_floats_in_colour_of_different_length(shown):
    sets = {"A": torch.rand(2, 3, 4, 4) * 2 - 1, "B": torch.rand(3, 3, 4, 4) * 2 - 1, "C": torch.rand(1, 3, 4, 4)}
    widgets.sort_sets(**given(sets=sets))
    png = np.array(Image.open(io.BytesIO(base64.b64decode(spec_of(shown[0]["text/html"])["sets"][0]["png"]))))
    assert np.array_equal(png[:, :4], to_pixels(sets["A"])[0].permute(1, 2, 0))
    poster = np.array(Image.open(io.BytesIO(base64.b64decode(shown[0]["image/png"]))))
    assert poster.shape == (24, 24, 3) and not poster[:8, 16:].any()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"sets": {"A": torch.zeros(1, 1, 2, 2)}}, "2 to 8 sets"),
        ({"sets": {n: torch.zeros(13, 1, 2, 2) for n in "ABC"}}, "at most 12"),
        ({"sets": {n: torch.zeros(1, 1, k, 2) for k, n in enumerate("ABC", 2)}}, "of one shape"),
        ({"sets": {n: torch.zeros(1, 2, 2, 2) for n in "ABC"}}, "1 or 3 channels"),
        ({"scores": {}}, "scores is {}"),
        ({"scores": {"x": {"A": 1, "B": 2}}}, "x is .*one for each of the sets A, B, C"),
        ({"scores": {"x": {"A": 1, "B": 2, "C": float("nan")}}}, "x of C is nan"),
        ({"about": {"A": "real"}}, "about is"),
        ({"high": "recall"}, "high is 'recall'"),
        ({"high": ["precision"]}, "high is .'precision'"),
    ],
)
def test_sets_that_cannot_be_sorted_are_refused(shown, changes, said):
    with pytest.raises(BadInput, match=said):
        widgets.sort_sets(**given(**changes))
    assert shown == []


AGREE = "const orders = (order, score) => JSON.stringify([bestFirst(score), agreeing(order, score)]);"


@pytest.mark.parametrize("seed", range(6))
def test_the_page_orders_and_counts_pairs(seed):
    engine = context("sort/sort.js")
    engine.eval(AGREE)
    rng = np.random.default_rng(seed)
    order, values, sign = rng.permutation(6).tolist(), rng.integers(0, 5, 6).tolist(), (1, -1)[seed % 2]
    found, agreed = json.loads(engine.call("orders", order, {"values": values, "sign": sign}))
    assert found == sorted(range(6), key=lambda i: sign * values[i])
    pairs = [(a, b) for k, a in enumerate(order) for b in order[k + 1 :]]
    assert agreed == sum(sign * values[a] < sign * values[b] for a, b in pairs)
