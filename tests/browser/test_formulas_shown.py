"""Formulas on the built pages: drawn without a script, in their own letters, and whole on a phone."""

from __future__ import annotations

PHONE = {"width": 360, "height": 740}

# Formulas that stay whole, and those torn: wider than their place, or a sign that touches them in another line.
TORN = """() => {
  const torn = [], whole = [];
  for (const shown of document.querySelectorAll(".katex-display"))
    (shown.scrollWidth > shown.clientWidth + 1 ? torn : whole).push(shown);
  for (const shown of document.querySelectorAll(".bd-article span.math")) {
    const bases = [...shown.querySelectorAll(".katex-base")].map((base) => base.getBoundingClientRect());
    for (const [sign, base] of [[shown.firstChild, bases[0]], [shown.lastChild, bases.at(-1)]]) {
      if (sign.nodeType !== Node.TEXT_NODE) continue;
      const range = document.createRange();
      range.selectNode(sign);
      const at = range.getBoundingClientRect();
      const apart = sign === shown.firstChild ? at.right > base.left + 1 : at.left < base.right - 1;
      (apart ? torn : whole).push(shown);
    }
  }
  return [torn.map((shown) => shown.textContent), whole.length];
}"""


def test_a_formula_is_drawn_where_scripts_are_forbidden(html, open_page):
    page = open_page((html / "book" / "01_theory.html").as_uri(), java_script_enabled=False)
    fraction = page.locator(".katex-display .mfrac:visible").first  # others lie in folds
    over, under = (fraction.locator(f".mord >> nth={i}").bounding_box() for i in (-1, 0))
    assert over["y"] + over["height"] <= under["y"] + 1 and over["width"] > 5
    loaded = page.evaluate("[...document.fonts].filter((font) => font.status === 'loaded').map((font) => font.family)")
    assert {"KaTeX_Main", "KaTeX_Math"} <= set(loaded)
    assert "KaTeX_Math" in fraction.locator(".mathnormal").first.evaluate("node => getComputedStyle(node).fontFamily")


def test_no_formula_is_torn_on_a_phone(html, open_page):
    page = open_page("about:blank", viewport=PHONE)
    found = 0
    for chapter in sorted(html.glob("book/*.html")):
        page.goto(chapter.as_uri())
        torn, whole = page.evaluate(TORN)
        assert torn == [] and page.locator("h1 .katex").count() == 0  # which would be in the browser's tab, as LaTeX
        found += whole
    assert found > 300
