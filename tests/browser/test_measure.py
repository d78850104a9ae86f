"""What a page looks like where one reads: the length of its lines, and what would have to be scrolled sideways."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.test_pages import wait_until_laid_out

LETTERS = """(least) => [...document.querySelectorAll('.bd-article section > p')]
  .filter((p) => p.innerText.length > least && !p.querySelector('.katex, code'))
  .map((p) => p.innerText.length / Math.round(p.clientHeight / parseFloat(getComputedStyle(p).lineHeight)))"""
TOO_WIDE = """(selector) => [...document.querySelectorAll(selector)]
  .filter((e) => e.clientWidth && !e.closest('details:not([open])') && e.scrollWidth > e.clientWidth + 1)
  .map((e) => e.innerText.slice(0, 80))"""


def test_a_line_has_about_75_letters(html, open_page):
    page = open_page((html / "book/08_evaluation.html").as_uri(), viewport={"width": 1920, "height": 900})
    wait_until_laid_out(page)
    lines = page.evaluate(LETTERS, 200)
    assert len(lines) > 5
    assert 50 < sum(lines) / len(lines) < 78 and max(lines) < 85


@pytest.mark.parametrize("name", ["02_convolution_arithmetic", "05_autograd_pitfalls"])
def test_what_is_printed_wraps_and_no_open_line_of_code_is_cut_off(html, open_page, name):
    page = open_page((html / f"book/{name}.html").as_uri(), viewport={"width": 1440, "height": 900})
    assert page.evaluate(TOO_WIDE, ".bd-article .cell_input pre") == []
    page.evaluate("document.querySelectorAll('details').forEach((fold) => { fold.open = true; })")
    assert page.locator(".bd-article .cell_output pre").count() > 5
    assert page.evaluate(TOO_WIDE, ".bd-article .cell_output pre") == []


def test_next_on_the_first_page_leads_where_a_beginner_starts(html, open_page):
    page = open_page((html / "book/index.html").as_uri())
    page.locator("a.right-next").click()
    expect(page.locator("article h1")).to_contain_text("A GAN of two small MLPs")
