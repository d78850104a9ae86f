"""How sure is D, on a page of its own from disk."""

from __future__ import annotations

import math
import re

import pytest

from gan_lib import widgets
from tests.browser.alone import PHONE, alive, assert_fits_and_accessible, pages, status

RATE = 0.5


@pytest.fixture(scope="module")
def address(tmp_path_factory) -> str:
    return pages(tmp_path_factory.mktemp("pages"), {"sure": widgets.how_sure})["sure"]


def d(logit: float) -> float:
    return 1 / (1 + math.exp(-logit))


def arrows(figure) -> list[float]:
    """Of each arrow: how long it is, in pulls of 1, from the dot to the tip."""
    places = figure.evaluate(
        """figure => [...figure.querySelectorAll("circle")].map((dot) => {
          const tip = dot.nextSibling.nextSibling.getBBox();
          return [dot.cx.baseVal.value, tip.x + tip.width];
        })"""
    )
    return [(end - start) / 80 for start, end in places]


def test_the_arrows_are_as_long_as_the_gradients(address, open_page):
    page = open_page(address)
    figure = alive(page, "sure")
    slider = figure.get_by_label("D’s logit on the fake")
    assert arrows(figure) == pytest.approx([0.5, 0.5, 1], abs=1e-3)
    assert status(figure).startswith("D = 0.5: both pull alike.")
    slider.focus()
    for _ in range(10):
        page.keyboard.press("ArrowLeft")
    assert arrows(figure) == pytest.approx([d(-1), d(1), 1], abs=1e-3)
    assert "−log D pulls 2.7 times as hard as log(1 − D)" in status(figure)
    page.keyboard.press("End")
    assert arrows(figure) == pytest.approx([d(7), d(-7), 1], abs=1e-3)
    assert status(figure).startswith("D = 0.99909: log(1 − D) pulls 1100 times as hard")
    figure.get_by_role("button", name="D = 0.01").click()
    assert arrows(figure) == pytest.approx([0.01, 0.99, 1], abs=1e-3)
    assert slider.get_attribute("aria-valuetext") == "logit −4.6, D = 0.01"
    assert "−log D pulls 99 times as hard" in status(figure)
    assert figure.locator("svg").get_attribute("aria-label").startswith("arrows: log(1 − D) 0.01, −log D 0.99, ")


def test_ten_steps_are_those_of_a_descent_and_lead_back(address, open_page):
    figure = alive(open_page(address), "sure")
    figure.get_by_role("button", name="D = 0.01").click()
    at = [-4.6] * 3
    for taken in (10, 20):
        figure.get_by_role("button", name="Ten steps").click()
        for _ in range(10):
            pulls = d(at[0]), d(-at[1]), 1
            at = [a + RATE * pull for a, pull in zip(at, pulls, strict=True)]
        assert status(figure).startswith(f"After {taken} steps: ")
        said = [float(each) for each in re.findall(r"D = ([\d.]+)", status(figure))]
        assert said == pytest.approx([d(a) for a in at], abs=0.006)
        assert arrows(figure) == pytest.approx([d(at[0]), d(-at[1]), 1], abs=1e-3)
    assert said[0] < 0.02 and said[1] > 0.7  # the one has not moved, the other has arrived
    figure.get_by_role("button", name="Back").click()
    assert arrows(figure) == pytest.approx([0.01, 0.99, 1], abs=1e-3)


@pytest.mark.parametrize(("scheme", "size"), [("light", {"width": 1200, "height": 800}), ("dark", PHONE)])
def test_it_fits_and_satisfies_axe_and_a_finger_moves_it(address, open_page, scheme, size):
    page = open_page(address, color_scheme=scheme, viewport=size, has_touch=True)
    figure = alive(page, "sure")
    box = figure.locator("input[type=range]").bounding_box()
    page.touchscreen.tap(box["x"] + 0.25 * box["width"], box["y"] + box["height"] / 2)
    first, second, _ = arrows(figure)
    assert first < 0.1 and second > 0.9
    assert_fits_and_accessible(page)
