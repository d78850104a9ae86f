"""A table on a page: sorted by mouse and keyboard, and read without a mouse. No book is built for it."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from gan_lib.show.tables import table
from tests.browser.alone import PAGE, PHONE, assert_fits_and_accessible
from tests.browser.conftest import ROOT

STATIC = ROOT / "book" / "_static"
SCORES = [20, 3, 1_000, None, 7, -5, 0.5, 64, [8, 10]]
BY_SCORE = ["f", "g", "b", "e", "i", "a", "h", "c", "d"]  # what is missing comes last, both ways
ROWS = {
    name: {"Fréchet distance of 10,000 pictures": score, "word": word, "steps": 1}
    for name, score, word in zip("abcdefghi", SCORES, "ihgfedcba", strict=True)
}
SHORT = table({name: ROWS[name] for name in "abcdefgh"}, first="run")
LONG = table(
    ROWS, first="run", best={"Fréchet distance of 10,000 pictures": min}, caption="Nine runs, one of each kind."
)
STYLE = "<style>%s</style><script>%s</script>"


@pytest.fixture
def address(tmp_path) -> str:
    """The two tables on a page, with the book's style and script."""
    head = STYLE % ((STATIC / "book.css").read_text("utf-8"), (STATIC / "book.js").read_text("utf-8"))
    path = tmp_path / "tables.html"
    path.write_text(PAGE % (head + SHORT._repr_html_() + LONG._repr_html_()), encoding="utf-8")
    return path.as_uri()


def names(page: Page) -> list[str]:
    return page.locator(".gan-table").last.locator("tbody th").all_inner_texts()


def test_a_click_sorts_and_the_next_one_turns_it_round(open_page, address):
    page = open_page(address)
    head = page.locator(".gan-table").last.get_by_role("columnheader", name="Fréchet")
    assert names(page) == [*"abcdefghi"]
    head.get_by_role("button").click()
    expect(head).to_have_attribute("aria-sort", "ascending")
    assert names(page) == BY_SCORE
    head.get_by_role("button").click()
    expect(head).to_have_attribute("aria-sort", "descending")
    assert names(page) == [*reversed(BY_SCORE[:-1]), BY_SCORE[-1]]
    assert page.locator("tr:has(.best) th").inner_text() == "f"  # its mark moved with it


def test_enter_sorts_words_and_only_one_column_is_called_sorted(open_page, address):
    page = open_page(address)
    page.get_by_role("button", name="word").press("Enter")
    assert names(page) == [*"ihgfedcba"]
    page.get_by_role("button", name="run").press("Enter")
    assert names(page) == [*"abcdefghi"]
    assert page.locator("[aria-sort]").count() == 1


def test_equal_rows_keep_their_order(open_page, address):
    page = open_page(address)
    page.get_by_role("button", name="word").click()
    page.get_by_role("button", name="steps").click()
    assert names(page) == [*"ihgfedcba"]


def test_a_short_table_stays_as_it_is(open_page, address):
    page = open_page(address)
    assert page.get_by_role("table").count() == 2
    assert page.locator(".gan-table").first.get_by_role("button").count() == 0


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_on_a_phone_it_scrolls_inside_the_page_and_satisfies_axe(open_page, address, colours):
    page = open_page(address, viewport=PHONE, color_scheme=colours)
    assert_fits_and_accessible(page)
    boxes = page.locator(".gan-table-box")
    expect(boxes.first).to_have_attribute(
        "tabindex", "0" if boxes.first.evaluate("b => b.scrollWidth > b.clientWidth") else "-1"
    )
