"""The one style sheet of the pages: nothing that a page uses is lost, and its fonts have every letter."""

from __future__ import annotations

import base64
import io
import re

import pytest
from fontTools.ttLib import TTFont

from book._ext.light_fonts import letters

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


@pytest.mark.parametrize("width, scheme", [(1280, "light"), (360, "dark")])
@pytest.mark.parametrize("name", ["search", "book/05_autograd_pitfalls", "book/reference", "book/touch"])
def test_a_page_looks_as_it_would_with_all_sheets_whole(html, open_page, name, width, scheme):
    (sheet,) = (html / "_static").glob("pages-*.css")
    names = re.match(r"/\* (.*) \*/", sheet.read_text(encoding="utf-8"))[1].split()
    address = (html / f"{name}.html").as_uri() + "?q=critic"  # a search, so that there are results
    page = open_page(address, viewport={"width": width, "height": 800}, color_scheme=scheme)
    page.wait_for_function("document.readyState === 'complete' && document.getAnimations().length === 0")
    if name == "search":
        page.locator(".search li").first.wait_for()
    page.add_style_tag(content="* { transition: none !important }")  # the theme fades from colour to colour
    one = page.evaluate(STYLES, SEEN)
    assert page.evaluate(ALL_SHEETS, names) == len(names) > 8
    assert one == page.evaluate(STYLES, SEEN)


def test_each_letter_of_a_formula_and_each_icon_has_its_font(html):
    (sheet,) = (html / "_static").glob("pages-*.css")
    css = sheet.read_text(encoding="utf-8")
    drawn = {"KaTeX": set(), "Awesome": set()}
    for face in re.findall(r"@font-face\s*{[^}]*}", css):
        font = TTFont(io.BytesIO(base64.b64decode(re.search("base64,([^)]+)", face)[1])))
        drawn["KaTeX" if "KaTeX" in face else "Awesome"] |= set(map(chr, font.getBestCmap()))
    shown = {letter for page in html.glob("book/*.html") for letter in letters(page.read_text(encoding="utf-8"))}
    assert len(shown) > 80 and shown - drawn["KaTeX"] <= {"\u200b"}  # of no width
    icons = set(re.findall('content:"([\ue000-\uf8ff])"', css))
    assert len(icons) > 10 and icons <= drawn["Awesome"]
