"""Shrink z, and find the z of a picture, each on a page of its own from disk."""

from __future__ import annotations

import re

import pytest
import torch
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from gan_lib import runs, widgets
from gan_lib.chapters.inversion import invert
from gan_lib.data import to_pixels
from gan_lib.machine.rng import z_from_seed
from tests.browser.alone import PHONE, alive, assert_fits_and_accessible, grey, pages, status
from tests.widgets.test_pictures_widget import discs
from tests.widgets.test_shrink_and_find import MEASURED

STEPS, STARTS = 30, 2
DONE = re.compile(rf"^{STEPS} steps from {STARTS} random z: error ")


@pytest.fixture(scope="module")
def generator():
    return runs.load("mlp-fashion").generator


@pytest.fixture(scope="module")
def given():
    """uint8 (3, 1, 28, 28): one that the generator draws, and two discs."""
    with torch.no_grad():
        drawn = to_pixels(runs.load("mlp-fashion").generator(z_from_seed(11)))
    return torch.cat([drawn, discs(2).pixels])


@pytest.fixture(scope="module")
def addresses(tmp_path_factory, generator, given) -> dict[str, str]:
    """kind → the address of a page that holds this widget alone."""
    shows = {
        "shrink": lambda: widgets.shrink_z(generator, MEASURED, count=7, seed=2),
        "find": lambda: widgets.find_z(generator, given, ["shirt", "disc", "moon"], steps=STEPS, starts=STARTS),
    }
    return pages(tmp_path_factory.mktemp("pages"), shows)


# ------------------------------------------------------------------------------------------ shrink z


def drawn(generator, psi: float, seed: int, n: int = 7) -> torch.Tensor:
    """The sheet of 3 × 3 that torch would draw; what is left is black."""
    with torch.no_grad():
        pictures = to_pixels(generator(psi * z_from_seed(seed, n=n)))[:, 0].int()
    blank = torch.zeros(9 - n, 28, 28, dtype=torch.int)
    return torch.cat([pictures, blank]).reshape(3, 3, 28, 28).transpose(1, 2).reshape(84, 84)


def assert_shows(figure, generator, psi: float, seed: int) -> None:
    sheet = figure.locator(".gan-sheet")
    expect(sheet).to_have_attribute("aria-label", f"7 pictures of ψ · z with ψ = {psi:.2f}, z from seed {seed}")
    assert (grey(sheet) - drawn(generator, psi, seed)).abs().max() <= 1


def test_the_slider_redraws_the_sheet_and_moves_the_marks(addresses, open_page, generator):
    page = open_page(addresses["shrink"])
    figure = alive(page, "shrink")
    assert_shows(figure, generator, 1.0, 2)
    assert status(figure) == "Measured at ψ = 1.00: precision 0.80, recall 0.50, Fréchet distance 10.3."
    marks = figure.locator(".gan-marker")
    assert marks.evaluate_all("all => all.map((m) => m.getAttribute('x1'))") == ["250.0", "250.0"]
    slider = figure.get_by_label("psi, by which z is multiplied")
    slider.focus()
    for _ in range(6):
        page.keyboard.press("ArrowLeft")
    assert_shows(figure, generator, 0.7, 2)
    assert slider.get_attribute("aria-valuetext") == "0.70"
    assert status(figure) == "Measured at ψ = 0.50: precision 0.95, recall 0.20, Fréchet distance 55.0."
    assert marks.evaluate_all("all => all.map((m) => m.getAttribute('x1'))") == ["175.0", "175.0"]
    page.keyboard.press("Home")
    assert_shows(figure, generator, 0.0, 2)
    figure.get_by_role("button", name="ψ = 1").click()
    assert_shows(figure, generator, 1.0, 2)


def test_the_charts_go_through_what_was_measured(addresses, open_page):
    figure = alive(open_page(addresses["shrink"]), "shrink")
    lines = figure.locator("polyline").evaluate_all("all => all.map((line) => line.getAttribute('points'))")
    places = [[float(v) for v in re.split("[ ,]", line)] for line in lines]
    for place, name, high in zip(places, ("precision", "recall", "frechet"), (1, 1, 55), strict=True):
        for k, psi in enumerate((0.5, 1.0)):
            x, y = place[2 * k : 2 * k + 2]
            assert x == pytest.approx(300 * psi / 1.2, abs=0.1)
            assert 98 - y == pytest.approx(96 * MEASURED[psi][name] / high, abs=0.1)
    assert "measured at 0.5, 1" in figure.locator(".gan-curves svg").first.get_attribute("aria-label")


def test_another_seed_draws_other_pictures_and_an_impossible_one_is_told(addresses, open_page, generator):
    figure = alive(open_page(addresses["shrink"]), "shrink")
    box = figure.get_by_label("seed", exact=True)
    box.fill("5")
    box.press("Enter")
    assert_shows(figure, generator, 1.0, 5)
    box.fill("-1")
    box.press("Enter")
    assert "Seed -1 is not possible" in figure.locator("[role=alert]").inner_text()
    figure.get_by_role("button", name="New z").click()
    expect(figure.locator("[role=alert]")).to_have_text("")
    assert_shows(figure, generator, 1.0, int(box.input_value()))


# ------------------------------------------------------------------------------------------ find z


def canvases(figure) -> list[torch.Tensor]:
    """x, G(z), |G(z) − x|"""
    return [grey(canvas) for canvas in figure.locator(".gan-trio canvas").all()]


def find(figure) -> None:
    figure.get_by_role("button", name="Find z").click()
    expect(figure.get_by_role("status")).to_have_text(DONE, timeout=60_000)


def test_the_z_of_a_picture_is_found_as_torch_finds_it(addresses, open_page, generator, given):
    figure = alive(open_page(addresses["find"]), "find")
    for i, name in enumerate(("shirt", "disc", "moon")):
        figure.get_by_role("button", name=name, exact=True).click()
        x, found, missed = canvases(figure)
        assert torch.equal(x, given[i, 0].int()) and not found.any() and not missed.any()
        find(figure)
        z, curves = invert(generator, given[i : i + 1], steps=STEPS, starts=STARTS)
        with torch.no_grad():
            expected = to_pixels(generator(z))[0, 0].int()
        x, found, missed = canvases(figure)
        assert (found - expected).abs().float().mean() < 1  # both are float32
        assert torch.equal(missed, (found - x).abs())
        error = float(re.search(r"error ([\d.]+),", status(figure))[1])
        assert error == pytest.approx(curves[0, :, -1].min().item(), abs=2e-3)
        assert error < 0.4 * curves[0, :, 0].mean()
        chart = figure.locator(".gan-curves svg")
        assert f"to {error:.3f} in {STEPS} steps" in chart.get_attribute("aria-label")
        assert len(chart.locator("polyline").first.get_attribute("points").split()) == STEPS + 1


SHIRT = [(0.3, 0.3), (0.7, 0.3), (0.7, 0.8), (0.3, 0.8), (0.3, 0.4), (0.6, 0.4), (0.6, 0.7), (0.4, 0.7), (0.4, 0.5)]


def test_a_picture_is_drawn_by_mouse_and_found(addresses, open_page):
    page = open_page(addresses["find"])
    figure = alive(page, "find")
    figure.get_by_role("button", name="Draw one").click()
    target = figure.locator(".gan-trio canvas").first
    assert not grey(target).any()
    box = target.bounding_box()
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in SHIRT]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places:
        page.mouse.move(*place, steps=3)
    page.mouse.up()
    page.mouse.move(box["x"] + 1, box["y"] + 1)  # nothing more is drawn
    mine = grey(target)
    assert 150 < (mine > 200).sum() < 350 and not mine[:6].any()
    assert mine[int(0.3 * 28), 14] == 255 and mine[26, 14] == 0
    find(figure)
    x, found, missed = canvases(figure)
    assert torch.equal(x, mine) and missed.float().mean() < 0.6 * mine.float().mean()
    assert found[mine > 200].float().mean() > found[mine == 0].float().mean() + 50
    figure.get_by_role("button", name="Clear").click()
    assert not any(picture.any() for picture in canvases(figure))
    expect(figure.get_by_role("button", name="Find z")).to_be_enabled()


def test_a_picture_is_drawn_by_keyboard(addresses, open_page):
    page = open_page(addresses["find"])
    figure = alive(page, "find")
    figure.get_by_role("button", name="Draw one").click()
    figure.get_by_label("your picture: draw").focus()
    page.keyboard.press("ArrowLeft")
    shown = grey(figure.locator(".gan-trio canvas").first)
    assert (shown > 0).nonzero().tolist() == [[14, 13]]  # where the cursor stands
    page.keyboard.press(" ")
    for _ in range(4):
        page.keyboard.press("ArrowUp")
        page.keyboard.press(" ")
    page.keyboard.press("Tab")
    drawn = grey(figure.locator(".gan-trio canvas").first)
    assert (drawn[10:15, 13] == 255).all() and not drawn[:7].any() and not drawn[18:].any()
    assert page.evaluate("document.activeElement.textContent") == "Find z"
    page.keyboard.press("Enter")
    expect(figure.get_by_role("status")).to_have_text(DONE, timeout=60_000)


def test_a_descent_can_be_stopped_and_another_picture_ends_it(addresses, open_page):
    page = open_page(addresses["find"])
    figure = alive(page, "find")
    page.evaluate("() => { window.kept = requestAnimationFrame; window.requestAnimationFrame = () => 0; }")
    figure.get_by_role("button", name="Find z").click()  # and no frame comes, as in a hidden tab
    assert status(figure) == "Looking …" and canvases(figure)[1].any()
    figure.get_by_role("button", name="Stop").click()
    expect(figure.get_by_role("button", name="Find z")).to_be_visible()
    figure.get_by_role("button", name="Find z").click()
    figure.get_by_role("button", name="moon").click()
    assert status(figure) == "Press Find z." and not canvases(figure)[1].any()
    page.evaluate("() => { window.requestAnimationFrame = window.kept; }")
    find(figure)


def test_without_motion_the_end_is_the_same(addresses, open_page):
    found = []
    for motion in ("reduce", "no-preference"):
        figure = alive(open_page(addresses["find"], reduced_motion=motion), "find")
        find(figure)
        found.append(canvases(figure)[1])
    assert torch.equal(*found)


def test_without_webassembly_it_is_found_all_the_same(addresses, open_page):
    page = open_page("about:blank")
    page.add_init_script("delete window.WebAssembly")
    page.goto(addresses["find"])
    find(alive(page, "find"))


@pytest.mark.parametrize("kind", ["shrink", "find"])
@pytest.mark.parametrize(("scheme", "size"), [("light", {"width": 1200, "height": 800}), ("dark", PHONE)])
def test_both_fit_and_satisfy_axe(addresses, open_page, kind, scheme, size):
    page: Page = open_page(addresses[kind], color_scheme=scheme, viewport=size)
    figure = alive(page, kind)
    if kind == "find":
        find(figure)
        assert_fits_and_accessible(page)
        figure.get_by_role("button", name="Draw one").click()
    assert_fits_and_accessible(page)


def test_a_finger_draws_and_moves_the_slider(addresses, open_page, generator):
    page = open_page(addresses["shrink"], viewport=PHONE, has_touch=True)
    figure = alive(page, "shrink")
    box = figure.locator("input[type=range]").bounding_box()
    page.touchscreen.tap(box["x"] + 0.25 * box["width"], box["y"] + box["height"] / 2)
    psi = float(figure.locator("output").inner_text())
    assert psi < 0.5
    assert_shows(figure, generator, psi, 2)
    page = open_page(addresses["find"], viewport=PHONE, has_touch=True)
    figure = alive(page, "find")
    figure.get_by_role("button", name="Draw one").tap()
    target = figure.locator(".gan-trio canvas").first
    target.scroll_into_view_if_needed()
    box = target.bounding_box()
    page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert grey(target)[14, 14] == 255 and not grey(target)[0].any()
    result = Axe().run(page, options={"preload": False, "resultTypes": ["violations"]})
    assert result.response["violations"] == []
