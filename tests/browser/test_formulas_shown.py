"""Formulas on the built pages: drawn without a script, in their own letters, and whole on a phone."""

from __future__ import annotations

import base64
import io
import re

from fontTools.ttLib import TTFont

from book._ext.light_fonts import letters

PHONE = {"width": 360, "height": 740}

# Formulas that stay whole, and those torn: wider than their place, or a sign behind them alone in the next line.
TORN = """() => {
  const torn = [], whole = [];
  for (const shown of document.querySelectorAll(".katex-display"))
    (shown.scrollWidth > shown.clientWidth + 1 ? torn : whole).push(shown);
  for (const shown of document.querySelectorAll("p > span.math")) {
    const sign = shown.lastChild, range = document.createRange();
    if (sign.nodeType !== Node.TEXT_NODE) continue;
    range.selectNode(sign);
    const last = [...shown.querySelectorAll(".katex-base")].pop().getBoundingClientRect();
    (range.getBoundingClientRect().left < last.right - 1 ? torn : whole).push(shown);
  }
  return [torn.map((shown) => shown.textContent), whole.length];
}"""


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


def test_a_formula_is_drawn_where_scripts_are_forbidden(html, open_page):
    page = open_page((html / "book" / "01_theory.html").as_uri(), java_script_enabled=False)
    fraction = page.locator(".katex-display .mfrac").first
    over, under = (fraction.locator(f".mord >> nth={i}").bounding_box() for i in (-1, 0))
    assert over["y"] + over["height"] <= under["y"] + 1 and over["width"] > 5
    assert "KaTeX_Math" in fraction.locator(".mathnormal").first.evaluate("node => getComputedStyle(node).fontFamily")


def test_no_formula_is_torn_on_a_phone(html, open_page):
    page = open_page("about:blank", viewport=PHONE)
    found = 0
    for chapter in sorted(html.glob("book/0*.html")):
        page.goto(chapter.as_uri())
        torn, whole = page.evaluate(TORN)
        assert torn == []
        found += whole
    assert found > 300
