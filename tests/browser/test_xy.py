"""The game x · y, on a page of its own from disk."""

from __future__ import annotations

import re

import pytest
import torch
from playwright.sync_api import Page, expect

from gan_lib import widgets
from gan_lib.chapters.xy import walk
from tests.browser.alone import PHONE, alive, assert_fits_and_accessible, pages, status


@pytest.fixture(scope="module")
def address(tmp_path_factory) -> str:
    return pages(tmp_path_factory.mktemp("pages"), {"xy": widgets.play_xy})["xy"]


def start(figure) -> tuple[float, float]:
    x, y = re.findall(r"-?[\d.]+", figure.locator(".gan-point").get_attribute("transform"))
    return float(x) / 100, -float(y) / 100


def assert_walks(figure, x, y, rate=0.2, damping=0.0, in_turns=False) -> None:
    """The path that is drawn is Python's, and the words say how far it leads."""
    assert start(figure) == (x, y)
    drawn = figure.locator("path[stroke-width='2']").get_attribute("d")
    drawn = torch.tensor([float(v) for v in re.findall(r"-?[\d.]+", drawn)], dtype=torch.float64).view(-1, 2)
    places = walk(x, y, rate, damping, in_turns)
    torch.testing.assert_close(drawn * torch.tensor([1, -1]) / 100, places, rtol=0, atol=6e-4)
    dots = figure.locator("path[stroke-width='8']").get_attribute("d")
    assert dots.count("h0") == len(places)
    first, *_, last = places.norm(dim=1).tolist()
    said = [float(v) for v in re.findall(r"([\d.]+) (?:away|at the end)", status(figure))]
    assert said == pytest.approx([first, last], abs=0.006)
    assert f"60 steps {'in turns' if in_turns else 'both at once'} from" in status(figure)


def on_screen(figure, place) -> tuple[float, float]:
    box = figure.locator(".gan-board svg").bounding_box()
    return box["x"] + box["width"] * (place[0] + 3) / 6, box["y"] + box["height"] * (3 - place[1]) / 6


def drag(page: Page, figure, begin, end) -> None:
    page.mouse.move(*on_screen(figure, begin))
    page.mouse.down()
    page.mouse.move(*on_screen(figure, end), steps=3)
    page.mouse.up()


def near(place, wanted) -> bool:
    return max(abs(a - b) for a, b in zip(place, wanted, strict=True)) <= 0.02


def test_the_start_is_dragged_and_held_in_the_square(address, open_page):
    page = open_page(address)
    figure = alive(page, "xy")
    assert_walks(figure, 1, 0)
    drag(page, figure, (1, 0), (-0.5, 1.5))
    assert near(start(figure), (-0.5, 1.5))
    assert_walks(figure, *start(figure))
    drag(page, figure, start(figure), (2.9, -2.9))
    assert_walks(figure, 2, -2)
    drag(page, figure, (-1, -1), (1, 1))  # nothing lies there
    assert_walks(figure, 2, -2)


def test_the_start_is_moved_by_keys_and_each_control_counts(address, open_page):
    page = open_page(address)
    figure = alive(page, "xy")
    board = figure.get_by_role("group")
    board.focus()
    for key in ("ArrowLeft", "ArrowUp", "Shift+ArrowDown"):
        page.keyboard.press(key)
    assert_walks(figure, 0.95, -0.45)
    expect(board).to_have_attribute("aria-label", "start at (0.95, −0.45); arrow keys move it")
    for name, keys in (("rate η", ["ArrowRight"] * 5), ("damping γ", ["ArrowRight"] * 30)):
        figure.get_by_label(name).focus()
        for key in keys:
            page.keyboard.press(key)
    assert_walks(figure, 0.95, -0.45, 0.25, 0.3)
    assert figure.locator("output").all_inner_texts() == ["0.25", "0.30"]
    figure.get_by_label("who steps").select_option("in turns")
    assert_walks(figure, 0.95, -0.45, 0.25, 0.3, in_turns=True)
    figure.get_by_label("damping γ").focus()
    page.keyboard.press("End")
    figure.get_by_label("rate η").focus()
    page.keyboard.press("End")
    assert "less than 0.001 at the end" in status(figure)


@pytest.mark.parametrize(("scheme", "size"), [("light", {"width": 1200, "height": 800}), ("dark", PHONE)])
def test_it_fits_and_satisfies_axe_and_a_finger_drags_it(address, open_page, scheme, size):
    page = open_page(address, color_scheme=scheme, viewport=size, has_touch=True)
    figure = alive(page, "xy")
    touch = page.context.new_cdp_session(page)
    for kind, place in (("touchStart", (1, 0)), ("touchMove", (0.2, -0.6)), ("touchMove", (0, -1.5))):
        x, y = on_screen(figure, place)
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    assert near(start(figure), (0, -1.5))
    assert page.evaluate("scrollY") == 0
    assert_walks(figure, *start(figure))
    assert_fits_and_accessible(page)
