"""Points and balls, sets to sort, and where a figure under a slider starts, each on a page of its own from disk."""

from __future__ import annotations

import re
from itertools import combinations

import matplotlib.pyplot as plt
import pytest
import torch
from playwright.sync_api import Page, expect

from gan_lib import widgets
from gan_lib.chapters.cheats import GOALS, MADE, REAL, scores_of
from gan_lib.scores.metrics import NEIGHBOURS
from tests.browser.alone import PHONE, alive, assert_fits_and_accessible, pages, status

SCORES = {
    "Fréchet distance": {"A": 0.4, "B": 35, "C": 22.25, "D": 10},
    "recall": {"A": 0.5, "B": 0.25, "C": 0.12, "D": 0.37},
}
WORDS = {"A": "0.4 0.5", "B": "35.0 0.25", "C": "22.2 0.12", "D": "10.0 0.37"}  # the same as they are written
ABOUT = {"A": "boots", "B": "coats", "C": "bags", "D": "shirts"}


def bars(n, width):
    figure, axis = plt.subplots(figsize=(3, 2))
    axis.bar(range(int(n)), 1, width)
    axis.set(xlim=(-1, 3), ylim=(0, 1))
    return figure


@pytest.fixture(scope="module")
def addresses(tmp_path_factory) -> dict[str, str]:
    """kind → the address of a page that holds this widget alone."""
    sets = dict(zip("ABCD", torch.rand(4, 10, 1, 28, 28, generator=torch.Generator().manual_seed(0)), strict=True))
    shows = {
        "points": widgets.play_scores,
        "sort": lambda: widgets.sort_sets(sets, SCORES, ABOUT, high=["recall"]),
        "explore": lambda: widgets.explore(bars, "{n} bars of {width}.", start={"n": 1}, n=(1, 2, 3), width=(0.5, 1)),
    }
    return pages(tmp_path_factory.mktemp("pages"), shows)


# ------------------------------------------------------------------------------------------ points and balls

PLACES = """figure => [...figure.querySelectorAll(".gan-point")].map((dot) => [
  +dot.classList.contains("gan-made"), +dot.classList.contains("gan-inside"),
  ...dot.getAttribute("transform").match(/-?\\d+/g).map(Number)])"""


def points(figure) -> list[torch.Tensor]:
    """Real and made points as they are drawn: int64 (n, 2), in hundredths."""
    seen = torch.tensor(figure.evaluate(PLACES))
    return [seen[seen[:, 0] == kind, 2:] for kind in (0, 1)]


def assert_agrees_with_the_library(figure) -> dict[str, float]:
    """What is written, filled, and drawn as balls and ellipses is what torch says of the points that are drawn."""
    real, made = (places.double() for places in points(figure))
    expected = scores_of(real, made)
    expected["frechet"] /= 1e4
    written = figure.locator(".gan-measures output").all_inner_texts()
    assert written == [f"{expected['precision']:.2f}", f"{expected['recall']:.2f}", f"{expected['frechet']:.3f}"]
    radii = [torch.cdist(places, places).kthvalue(NEIGHBOURS + 1).values for places in (real, made)]
    between = torch.cdist(real, made)
    inside = torch.cat([(between <= radii[1]).any(1), (between <= radii[0][:, None]).any(0)])
    assert torch.equal(torch.tensor(figure.evaluate(PLACES))[:, 1].bool(), inside)
    for box, name, places, radius in zip(("precision", "recall"), ("real", "made"), (real, made), radii, strict=True):
        balls = figure.locator(f".gan-ball.gan-{name}").evaluate_all(
            "all => all.map((ball) => ['cx', 'cy', 'r'].map((name) => +ball.getAttribute(name)))"
        )
        if figure.get_by_label(box).is_checked():
            assert torch.allclose(torch.tensor(balls).double(), torch.cat([places, radius[:, None]], 1), atol=1e-4)
        else:
            assert balls == []
    for name, places in (("real", real), ("made", made)):
        for text in figure.locator(f".gan-ellipse.gan-{name}").evaluate_all(
            "all => all.map((circle) => circle.getAttribute('transform'))"
        ):
            a, b, c, d, *mean = (float(v) for v in re.findall(r"-?[\d.]+", text))
            root = torch.tensor([[a, c], [b, d]]).double()  # of the unit circle's two directions
            assert torch.allclose(root @ root.T, torch.cov(places.T), atol=0.2)
            assert torch.allclose(torch.tensor(mean).double(), places.mean(0), atol=1e-3)
    return expected


def on_screen(figure, place) -> tuple[float, float]:
    """Hundredths → where that is in the window."""
    box = figure.locator(".gan-board svg").bounding_box()
    return box["x"] + box["width"] * (place[0] + 104) / 208, box["y"] + box["height"] * (104 - place[1]) / 208


def drag(page: Page, figure, start, end) -> None:
    page.mouse.move(*on_screen(figure, start))
    page.mouse.down()
    page.mouse.move(*on_screen(figure, end), steps=3)
    page.mouse.up()


def test_the_first_state_is_the_librarys_and_layers_can_be_shown(addresses, open_page):
    figure = alive(open_page(addresses["points"]), "points")
    assert_agrees_with_the_library(figure)
    assert figure.locator(".gan-ball.gan-real").count() == 12 and figure.locator(".gan-ball.gan-made").count() == 0
    assert figure.locator(".gan-ellipse").count() == 2
    figure.get_by_label("recall").check()
    assert_agrees_with_the_library(figure)
    figure.get_by_label("precision").uncheck()
    figure.get_by_label("Fréchet distance").uncheck()
    assert figure.locator(".gan-ball").count() == 8 and figure.locator(".gan-ellipse").count() == 0
    assert "6 of 8 made points in a ball around a real one" in figure.locator(".gan-measures").inner_text()
    assert "9 of 12 real points in a ball around a made one" in figure.locator(".gan-measures").inner_text()


def test_points_are_dragged_by_mouse_and_all_follows(addresses, open_page):
    page = open_page(addresses["points"])
    figure = alive(page, "points")
    figure.get_by_label("recall").check()
    drag(page, figure, MADE[3], (-30, 80))
    real, made = points(figure)
    assert (made[3] - torch.tensor([-30, 80])).abs().max() <= 1 and torch.equal(real, torch.tensor(REAL))
    assert made[:3].tolist() == [[*place] for place in MADE[:3]]
    assert_agrees_with_the_library(figure)
    before = figure.locator(".gan-ball.gan-real").nth(9).get_attribute("r")
    drag(page, figure, REAL[9], (200, -30))  # out of the square
    real, _ = points(figure)
    assert real[9, 0] == 100 and abs(real[9, 1] + 30) <= 1
    assert float(figure.locator(".gan-ball.gan-real").nth(9).get_attribute("r")) > float(before) + 30
    assert_agrees_with_the_library(figure)
    page.mouse.move(*on_screen(figure, (0, -80)))  # nothing is held any more, and nothing lies here
    page.mouse.down()
    page.mouse.move(*on_screen(figure, (20, 0)))
    page.mouse.up()
    assert torch.equal(points(figure)[0], real)
    figure.get_by_role("button", name="Start again").click()
    assert [each.tolist() for each in points(figure)] == [[[*place] for place in each] for each in (REAL, MADE)]


def test_points_are_chosen_and_moved_by_keyboard(addresses, open_page):
    page = open_page(addresses["points"])
    figure, board = alive(page, "points"), page.locator(".gan-board")
    board.focus()
    expect(board).to_have_attribute("aria-label", re.compile(r"^made point 1 at \(0\.04, 0\.62\)"))
    for key in ("ArrowRight", "ArrowUp", "Shift+ArrowLeft", "ArrowDown", "ArrowDown"):
        page.keyboard.press(key)
    expect(board).to_have_attribute("aria-label", re.compile(r"^made point 1 at \(−0\.14, 0\.60\)"))
    assert_agrees_with_the_library(figure)
    page.keyboard.press("p")
    page.keyboard.press("Shift+ArrowDown")
    expect(board).to_have_attribute("aria-label", re.compile(r"^real point 12 at \(0\.36, −0\.58\)"))
    for _ in range(9):
        page.keyboard.press("n")
    expect(board).to_have_attribute("aria-label", re.compile(r"^real point 1 at"))  # once around
    real, made = points(figure)
    assert made[0].tolist() == [-14, 60] and real[11].tolist() == [36, -58]
    assert_agrees_with_the_library(figure)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Start again"


def test_a_finger_drags_a_point_and_elsewhere_it_scrolls(addresses, open_page):
    page = open_page(addresses["points"], viewport=PHONE, has_touch=True)
    figure = alive(page, "points")
    session = page.context.new_cdp_session(page)

    def swipe(start, end):
        way = [tuple(a + (b - a) * k / 4 for a, b in zip(start, end, strict=True)) for k in range(5)]
        for kind, place in (("touchStart", way[0]), *(("touchMove", place) for place in way[1:])):
            x, y = on_screen(figure, place)
            session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
        session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    swipe(MADE[7], (-12, -80))
    _, made = points(figure)
    assert (made[7] - torch.tensor([-12, -80])).abs().max() <= 1
    assert page.evaluate("scrollY") == 0
    assert_agrees_with_the_library(figure)
    swipe((75, -10), (75, 90))
    page.wait_for_function("scrollY > 0")
    assert torch.equal(points(figure)[1], made)


@pytest.mark.parametrize("k", range(3))
def test_a_goal_tells_when_it_is_reached(addresses, open_page, k):
    page = open_page(addresses["points"])
    figure = alive(page, "points")
    marks = figure.locator(".gan-goals p")
    assert status(figure) == "These points reach no goal." and figure.locator(".gan-goals .gan-right").count() == 0
    figure.get_by_role("button", name="Show one").nth(k).click()
    assert points(figure)[1].tolist() == [[*place] for place in GOALS[k].one]
    reached = [goal.reached(assert_agrees_with_the_library(figure)) for goal in GOALS]
    told = [f"Reached. {goal.told}" for goal, there in zip(GOALS, reached, strict=True) if there]
    assert reached[k] and status(figure) == " ".join(told)
    classes = [mark.get_attribute("class") for mark in marks.all()]
    assert classes == ["gan-right" if r else "gan-open" for r in reached]
    figure.get_by_role("button", name="Start again").click()
    assert status(figure) == "These points reach no goal."
    assert [mark.get_attribute("class") for mark in marks.all()] == classes  # what was reached once stays ticked


def test_the_reader_reaches_a_goal_by_hand(addresses, open_page):
    page = open_page(addresses["points"])
    figure = alive(page, "points")
    ways = [(MADE[3], (-2, 62)), *((MADE[i], (2 * i - 8, 58)) for i in (4, 5, 6, 7))]
    for i, (start, end) in enumerate(ways):
        assert status(figure) == "These points reach no goal.", i
        drag(page, figure, start, end)
        reached = GOALS[0].reached(assert_agrees_with_the_library(figure))
        assert reached == status(figure).startswith("Reached. Every made point")
    assert reached


# ------------------------------------------------------------------------------------------ sort the sets


def names(figure) -> str:
    return "".join(figure.locator(".gan-sets b").all_inner_texts())


def test_sets_are_moved_and_the_scores_tell_their_orders(addresses, open_page):
    page = open_page(addresses["sort"])
    figure = alive(page, "sort")
    assert names(figure) == "ABCD" and status(figure) == "Your order: A B C D."
    assert not any(word in figure.inner_text() for word in ABOUT.values())
    expect(figure.get_by_role("button", name="move A up")).to_be_disabled()
    figure.get_by_role("button", name="move D up").click()
    figure.get_by_role("button", name="move B down").click()
    assert names(figure) == "ADBC"
    figure.get_by_role("button", name="Show the scores").click()
    expect(figure.get_by_role("button", name="Show the scores")).to_be_hidden()
    assert figure.locator(".gan-sets p").all_inner_texts() == [f"{name}: {ABOUT[name]}" for name in "ADBC"]
    assert_orders(figure)
    figure.get_by_role("button", name="move D down").click()
    assert names(figure) == "ABDC"
    assert_orders(figure)


def assert_orders(figure) -> None:
    mine = names(figure)
    rows = figure.locator("tr")
    assert "".join(rows.first.locator("b").all_inner_texts()) == mine
    agreed = {}
    for row, (score, values) in zip(rows.all()[1:], SCORES.items(), strict=True):
        sign = -1 if score == "recall" else 1
        found = sorted(values, key=lambda name, of=values, sign=sign: sign * of[name])
        agreed[score] = sum(sign * values[a] < sign * values[b] for a, b in combinations(mine, 2))
        written = {name: words.split()[score == "recall"] for name, words in WORDS.items()}
        expected = [*(f"{name}\n{written[name]}" for name in found), f"{agreed[score]} of 6"]
        assert row.locator("td").all_inner_texts() == expected
    best = max(agreed, key=agreed.get)
    assert status(figure).endswith(f"Nearest to it: {best}, with {agreed[best]} of 6 pairs.")


def test_sets_are_moved_by_keyboard_and_the_focus_goes_along(addresses, open_page):
    page = open_page(addresses["sort"])
    figure = alive(page, "sort")
    figure.get_by_role("button", name="move C up").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    assert names(figure) == "CABD"
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "move C down"  # it is at the top
    page.keyboard.press(" ")
    assert names(figure) == "ACBD"


def test_a_finger_moves_a_set(addresses, open_page):
    figure = alive(open_page(addresses["sort"], viewport=PHONE, has_touch=True), "sort")
    figure.get_by_role("button", name="move B up").tap()
    assert names(figure) == "BACD"


@pytest.mark.parametrize("kind", ["points", "sort"])
@pytest.mark.parametrize(("scheme", "size"), [("light", {"width": 1200, "height": 800}), ("dark", PHONE)])
def test_both_fit_and_satisfy_axe(addresses, open_page, kind, scheme, size):
    page: Page = open_page(addresses[kind], color_scheme=scheme, viewport=size)
    figure = alive(page, kind)
    assert_fits_and_accessible(page)
    figure.get_by_role("button", name="Show").first.click()
    assert_fits_and_accessible(page)


# ------------------------------------------------------------------------------------------ where a slider starts


def test_a_slider_starts_where_it_is_told_to_and_else_in_the_middle(addresses, open_page):
    page = open_page(addresses["explore"])
    figure = alive(page, "explore")
    drawing = figure.locator(".gan-frame")
    assert [box.input_value() for box in figure.locator("input").all()] == ["0", "1"]
    assert drawing.get_attribute("aria-label") == "1 bars of 1."
    figure.get_by_label("n", exact=True).focus()
    page.keyboard.press("ArrowRight")
    assert drawing.get_attribute("aria-label") == "2 bars of 1."
