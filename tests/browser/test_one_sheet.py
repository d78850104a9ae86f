"""The one style sheet of the pages: nothing that a page uses is lost, and its fonts have every letter."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from book._ext.light_styles import made_of
from book._ext.light_styles.fonts import letters
from tests.book.test_light_styles import drawn
from tests.browser.test_pages import come_alive

# What a rule can be seen by; sizes would follow from the fonts, whose letters are a little narrower without hinting.
SEEN = """
    color background-color background-image border-top-width border-top-color border-left-width border-left-color
    border-bottom-width border-radius box-shadow content cursor display position float clear z-index visibility opacity
    filter mix-blend-mode font-size font-weight font-style line-height text-align text-decoration-line white-space
    overflow-x overflow-y padding-top padding-left padding-bottom margin-top margin-bottom max-width
    flex-direction align-items justify-content list-style-type vertical-align
"""

# → one line for each node and what stands before and after it
STYLES = r"""(seen) => [...document.querySelectorAll("html, body, body *")].flatMap((node) =>
  [null, "::before", "::after"].flatMap((part) => {
    const style = getComputedStyle(node, part);
    if (part && style.content === "none") return [];
    const values = seen.match(/\S+/g).map((name) => style[name]);
    return [[node.tagName, node.className.baseVal ?? node.className, part, ...values].join("|")];
  }))"""

ALL_SHEETS = """(names) => {
  const one = document.querySelector('link[href*="/pages-"]'), folder = one.href.replace(/pages-.*/, "");
  const link = (name) => Object.assign(document.createElement("link"), { rel: "stylesheet", href: folder + name });
  const links = names.map(link);
  const loaded = links.map((node) => new Promise((resolve, reject) => {
    node.onload = resolve;
    node.onerror = reject;
  }));
  one.replaceWith(...links);
  return Promise.all(loaded).then(() => links.length);
}"""


@pytest.mark.parametrize(
    ("name", "width", "scheme"),
    [
        ("search", 360, "dark"),
        ("book/05_autograd_pitfalls", 1280, "light"),
        ("book/reference", 1280, "dark"),
        ("book/touch", 360, "light"),
    ],
)
def test_a_page_looks_as_it_would_with_all_sheets_whole(html, open_page, name, width, scheme):
    (sheet,) = (html / "_static").glob("pages-*.css")
    names = made_of(sheet.read_text(encoding="utf-8"))
    address = (html / f"{name}.html").as_uri() + "?q=critic"  # a search, so that there are results
    page = open_page(address, viewport={"width": width, "height": 800}, color_scheme=scheme)
    if name == "search":
        expect(page.locator("#search-results")).to_contain_text("Search finished")
    come_alive(page)  # all widgets: none may change between the two looks
    page.add_style_tag(content="*, ::before, ::after { transition: none !important; animation: none !important }")
    page.evaluate("scrollTo(0, 0)")
    page.wait_for_function("!document.body.matches('.scrolled') && document.getAnimations().length === 0")
    one = page.evaluate(STYLES, SEEN)
    assert page.evaluate(ALL_SHEETS, names) == len(names) > 8
    assert one == page.evaluate(STYLES, SEEN)


def test_each_letter_of_a_formula_and_each_icon_has_its_font(html):
    (sheet,) = (html / "_static").glob("pages-*.css")
    css, has = sheet.read_text(encoding="utf-8"), {}
    for face in re.findall(r"@font-face\s*{[^}]*}", css):
        family = re.search("font-family:([^;]+)", face)[1]
        has[family] = has.get(family, set()) | drawn(face)
    texts = [page.read_text(encoding="utf-8") for page in html.glob("book/*.html")]
    shown = {letter for text in texts for letter in letters(text)} - {"\u200b"}  # which has no width
    assert len(shown) > 80 and shown <= set().union(*(has[family] for family in has if "KaTeX" in family))
    for kind, family in (("mathnormal", "KaTeX_Math"), ("mathbb", "KaTeX_AMS")):
        own = {
            letter for text in texts for found in re.findall(rf'"mord {kind}[^>]*>([^<]+)<', text) for letter in found
        }
        assert own and own <= has[family]
    icons = set(re.findall('content:"([\ue000-\uf8ff])"', css))
    assert len(icons) > 10 and icons <= set().union(*(has[family] for family in has if "Awesome" in family))
