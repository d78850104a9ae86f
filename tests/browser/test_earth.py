"""Move the earth, on a page of its own from disk: by mouse, by finger and by keyboard."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect
from scipy.stats import wasserstein_distance

from gan_lib import widgets
from tests.browser.alone import PHONE, alive, assert_fits_and_accessible, pages

NAMES = ("earth", "merchant")
FIRST, SECOND = [0, 3, 1, 0, 1], [1, 1, 0, 3, 0]  # the cheapest plan costs 1 + 2 + 1 + 1


@pytest.fixture(scope="module")
def addresses(tmp_path_factory) -> dict[str, str]:
    """earth and merchant → the address of a page that holds this widget alone."""
    shows = {name: lambda name=name: widgets.move_earth(FIRST, SECOND, merchant=name == "merchant") for name in NAMES}
    return pages(tmp_path_factory.mktemp("pages"), shows)


def told(figure) -> str:
    return figure.locator("[role=status]").first.inner_text()


def bargain(figure) -> str:
    return figure.locator("[role=status]").last.inner_text()


def seen(figure) -> tuple[list[int], list[int]]:
    """How many shovels lie at each place, and how many are wanted."""
    said = figure.locator("svg[role=img]").first.get_attribute("aria-label")
    lie, wanted = re.fullmatch(r"shovels at the places 1 to \d+: (.*); wanted: (.*)", said).groups()
    return [*map(int, lie.split(", "))], [*map(int, wanted.split(", "))]


def numbers(figure) -> dict[str, int]:
    """What the meter says."""
    said = figure.locator("svg[role=img]").last.get_attribute("aria-label").replace("−", "-")
    names = {"plan": "plan costs", "merchant": "merchant earns", "least": "the cheapest costs"}
    found = {name: re.search(rf"{words} (-?\d+)", said) for name, words in names.items()}
    return {name: int(match[1]) for name, match in found.items() if match}


def ways(figure) -> set[str]:
    """Of each arc: from, to, shovels."""
    return set(figure.locator("[data-way]").evaluate_all("all => all.map((way) => way.dataset.way)"))


def spots(figure, shovel: int, place: int) -> tuple[tuple[float, float], tuple[float, float]]:
    """The middle of a shovel, and, as high, the middle of a place."""
    board = figure.locator("svg").first.bounding_box()
    box = figure.locator(f'[data-shovel="{shovel}"]').bounding_box()
    high = box["y"] + box["height"] / 2
    return (box["x"] + box["width"] / 2, high), (board["x"] + (place - 0.5) * board["width"] / len(FIRST), high)


def drag(page: Page, figure, shovel: int, place: int) -> None:
    start, end = spots(figure, shovel, place)
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(*end, steps=3)
    page.mouse.up()


def test_the_mouse_carries_and_the_counter_counts_the_plan(addresses, open_page):
    page = open_page(addresses["earth"])
    figure = alive(page, "earth")
    cheapest = figure.get_by_role("button", name="Show the cheapest plan")
    assert seen(figure) == (FIRST, SECOND) and told(figure) == "4 shovels still to carry."
    assert numbers(figure) == {"plan": 0, "least": 5} and cheapest.is_disabled()
    drag(page, figure, 4, 4)  # the nearest outline
    assert seen(figure)[0] == [0, 3, 1, 1, 0] and numbers(figure)["plan"] == 1
    drag(page, figure, 0, 5)  # too far, and a step back, which is given back
    assert numbers(figure)["plan"] == 4
    drag(page, figure, 0, 4)
    assert numbers(figure)["plan"] == 3 and ways(figure) == {"5 4 1", "2 4 1"}
    drag(page, figure, 1, 1)
    drag(page, figure, 3, 4)
    assert seen(figure)[0] == SECOND and ways(figure) == {"5 4 1", "2 4 1", "2 1 1", "3 4 1"}
    assert told(figure).startswith("All is carried, for 5. No plan is cheaper.") and "W₁ = 5 / 5 = 1." in told(figure)
    page.mouse.move(1, 1)  # nothing is in hand any more
    assert seen(figure)[0] == SECOND
    figure.get_by_role("button", name="Start again").click()
    assert seen(figure)[0] == FIRST and numbers(figure)["plan"] == 0 and ways(figure) == set()


def test_a_dear_plan_is_told_and_the_cheapest_shown(addresses, open_page):
    page = open_page(addresses["earth"])
    figure = alive(page, "earth")
    for shovel, place in ((0, 4), (1, 4), (3, 4), (4, 1)):
        drag(page, figure, shovel, place)
    assert numbers(figure) == {"plan": 9, "least": 5}
    assert told(figure).startswith("All is carried, for 9. There is a plan for 5")
    figure.get_by_role("button", name="Show the cheapest plan").click()
    assert numbers(figure)["plan"] == 5
    assert ways(figure) == {"2 1 1", "2 4 1", "3 4 1", "5 4 1"} and seen(figure)[0] == SECOND
    drag(page, figure, 0, 5)  # it is looked at, not changed
    assert seen(figure)[0] == SECOND and numbers(figure)["plan"] == 5
    figure.get_by_role("button", name="Back to your plan").click()
    assert numbers(figure)["plan"] == 9 and ways(figure) == {"2 4 2", "3 4 1", "5 1 1"}


def test_the_keyboard_carries(addresses, open_page):
    page = open_page(addresses["earth"])
    figure = alive(page, "earth")
    figure.get_by_role("group", name="the earth").focus()

    def press(*keys: str) -> str:
        for key in keys:
            page.keyboard.press(key)
        return told(figure)

    assert press("ArrowRight", "ArrowRight") == "Place 2: 3 shovels, 1 wanted. 4 shovels still to carry."
    assert press(" ").startswith("Place 2: 3 shovels, 1 wanted. In your hand: one of place 2.")
    assert press("ArrowLeft").startswith("Place 1: 1 shovel, 1 wanted. In your hand")
    assert numbers(figure)["plan"] == 1
    assert press("ArrowRight", "ArrowRight", "Escape") == "Place 2: 3 shovels, 1 wanted. 4 shovels still to carry."
    assert press(" ", "ArrowLeft", " ") == "Place 1: 1 shovel, 1 wanted. 3 shovels still to carry."
    press("ArrowRight", " ", "ArrowRight", "ArrowRight", " ")
    press("ArrowLeft", " ", "ArrowRight", " ")
    assert "All is carried, for 5" in press("ArrowRight", " ", "ArrowLeft", " ")
    assert press("Tab").startswith("All is carried, for 5") and seen(figure)[0] == SECOND
    assert page.evaluate("document.activeElement.textContent") == "Start again"


def test_a_finger_drags_or_presses_a_shovel_and_then_a_place(addresses, open_page):
    page = open_page(addresses["earth"], viewport=PHONE, has_touch=True)
    figure = alive(page, "earth")
    start, end = spots(figure, 1, 1)
    page.touchscreen.tap(*start)
    assert "In your hand: one of place 2" in told(figure) and seen(figure)[0] == FIRST
    page.touchscreen.tap(*end)
    assert seen(figure)[0] == [1, 2, 1, 0, 1] and told(figure) == "3 shovels still to carry."
    swipe(page, *spots(figure, 4, 4))
    assert seen(figure)[0] == [1, 2, 1, 1, 0] and numbers(figure)["plan"] == 2


def swipe(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    """A finger goes from one point to the other, by the browser's own protocol."""
    session = page.context.new_cdp_session(page)

    def touch(kind: str, *places: tuple[float, float]) -> None:
        points = [{"x": x, "y": y} for x, y in places]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", start)
    for part in (0.3, 0.6, 1):
        touch("touchMove", tuple(a + part * (b - a) for a, b in zip(start, end, strict=True)))
    touch("touchEnd")


def test_other_heaps_have_scipys_distance(addresses, open_page):
    figure, found = alive(open_page(addresses["earth"]), "earth"), []
    for _ in range(12):
        figure.get_by_role("button", name="Other heaps").click()
        p, q = seen(figure)
        assert numbers(figure)["least"] == pytest.approx(5 * wasserstein_distance(range(5), range(5), p, q))
        assert numbers(figure)["plan"] == 0 and sum(p) == 5
        found.append((p, q))
    assert found[0] != found[1] or found[1] != found[2]


def prices(figure) -> list[int]:
    return [int(each.get_attribute("aria-valuenow")) for each in figure.get_by_role("slider").all()]


def earns(prices: list[int]) -> int:
    return sum(price * (b - a) for price, a, b in zip(prices, FIRST, SECOND, strict=True))


def test_the_prices_are_pulled_by_keys_and_the_two_numbers_meet(addresses, open_page):
    page = open_page(addresses["merchant"])
    figure = alive(page, "earth")
    assert numbers(figure) == {"plan": 5, "merchant": 0, "least": 5} and seen(figure)[0] == SECOND
    assert prices(figure) == [2] * 5 and bargain(figure) == "He could earn more: the cheapest plan costs 5."
    figure.get_by_role("slider", name="price at place 2").focus()
    page.keyboard.press("ArrowDown")
    assert prices(figure) == [2, 1, 2, 2, 2] and numbers(figure)["merchant"] == earns(prices(figure)) == 2
    page.keyboard.press("Home")
    assert prices(figure) == [1, 0, 1, 2, 2] and numbers(figure)["merchant"] == earns(prices(figure)) == 4
    figure.get_by_role("slider", name="price at place 5").focus()
    page.keyboard.press("ArrowLeft")
    assert prices(figure) == [1, 0, 1, 2, 1]
    assert numbers(figure) == {"plan": 5, "merchant": 5, "least": 5}
    assert bargain(figure).startswith("He earns 5, what the cheapest plan costs.")
    page.keyboard.press("End")
    assert prices(figure) == [1, 1, 2, 3, 4] and numbers(figure)["merchant"] == earns(prices(figure))
    figure.get_by_role("button", name="Show the best prices").click()
    assert prices(figure) == [1, 0, 1, 2, 1] and numbers(figure)["merchant"] == 5


@pytest.mark.parametrize("how", ["mouse", "finger"])
def test_the_prices_are_pulled_by_mouse_and_finger(addresses, open_page, how):
    page = open_page(addresses["earth"], viewport=PHONE, has_touch=True)
    figure = alive(page, "earth")
    figure.get_by_role("button", name="The merchant’s prices").click()
    knobs = figure.get_by_role("slider")
    knobs.last.scroll_into_view_if_needed()
    box, other = (knobs.nth(place).bounding_box() for place in (1, 3))
    start = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    end = start[0], start[1] + 130  # as low as it goes
    if how == "finger":
        swipe(page, start, end)
    else:
        page.mouse.move(*start)
        page.mouse.down()
        page.mouse.move(*end, steps=3)
        page.mouse.up()
        page.mouse.move(other["x"], other["y"])  # which pulls no more
    assert prices(figure) == [1, 0, 1, 2, 2] and numbers(figure)["merchant"] == 4
    expect(figure.get_by_role("button", name="The merchant’s prices")).to_have_attribute("aria-expanded", "true")
    figure.get_by_role("button", name="The merchant’s prices").click()
    assert "merchant" not in numbers(figure) and knobs.count() == 0


@pytest.mark.parametrize("name", ["earth", "merchant"])
@pytest.mark.parametrize(("scheme", "size"), [("light", {"width": 1200, "height": 800}), ("dark", PHONE)])
def test_it_fits_and_satisfies_axe(addresses, open_page, name, scheme, size):
    page = open_page(addresses[name], color_scheme=scheme, viewport=size)
    figure = alive(page, "earth")
    assert_fits_and_accessible(page)
    figure.get_by_role("button", name="Other heaps").click()
    figure.get_by_role("group", name="the earth").focus()
    page.keyboard.press("ArrowRight")
    assert_fits_and_accessible(page)
