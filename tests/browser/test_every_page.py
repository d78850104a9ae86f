"""Every page: it is there, light, as wide as its window, alive over http and from disk, and satisfies axe."""

from __future__ import annotations

import gzip
import re
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from book.pdf import contents
from tests.browser.test_pages import WIDGETS, come_alive, wait_until_laid_out

OTHERS = ("genindex", "py-modindex", "search")
GENERATORS_AT_ONCE = ("book/index", "book/touch")  # there a generator stands where the page begins
EXERCISES_WITH_LINKS = ("05_autograd_pitfalls", "07_wasserstein", "08_evaluation", "09_modern", "your_own_pictures")
LIGHT = (*(f"book/{name}" for name in EXERCISES_WITH_LINKS), "book/touch", "search")  # all widgets; code: below
# Colours come from the one style sheet: where all that it colours stands, axe looks at them, the longest of its looks.
COLOURED = (*LIGHT, "book/01_theory", "book/08_evaluation", "book/glossary", "book/reference")
NO_COLOURS = {"rules": {"color-contrast": {"enabled": False}}}
CODE = re.compile(r'<div class="highlight"><pre>(.*?)</pre>', re.S)
WIDE = {"width": 1440, "height": 800}
BESIDE = (".bd-sidebar-primary", ".bd-sidebar-secondary", ".bd-header-article")
GROUNDS = (".cell_input", ".cell_output", ".exercise .cell_input", ".exercise .cell_output")


def test_every_page_of_the_contents_is_built(html):
    built = {
        path.relative_to(html).with_suffix("").as_posix()
        for path in html.rglob("*.html")
        if "_static" not in path.parts
    }
    assert built == {*contents(), *OTHERS, "index"}  # the last leads to the first page of the contents


@cache
def sent(path: Path) -> int:
    """What a host would send of a file: its bytes, gzipped."""
    return len(gzip.compress(path.read_bytes()))


# Most of axe's work, for nothing: code and signatures are looked at once below, a formula is looked at as MathML, and
# of a list of hundreds alike the first are enough. What can be scrolled must stay so: the code keeps its text, and a
# formula its place.
PLAIN = """() => {
  for (const code of document.querySelectorAll(".highlight pre, dt.sig")) code.textContent = code.textContent;
  for (const alike of [".genindextable li", ".modindextable tr", "section > dl.py"])
    for (const node of [...document.querySelectorAll(alike)].slice(40)) node.remove();
  const formulas = [...document.querySelectorAll(".katex-html")];
  const sizes = formulas.map((formula) => {
    const { width, height } = formula.getBoundingClientRect();
    return { width: Math.max(width, formula.scrollWidth), height };
  });
  formulas.forEach((formula, i) => {
    const place = document.createElement("span");
    place.style.cssText = `display: inline-block; width: ${sizes[i].width}px; height: ${sizes[i].height}px`;
    formula.replaceChildren(place);
  });
}"""
EVERY = pytest.mark.parametrize("name", [*contents(), *OTHERS])


@EVERY
def test_a_page_over_http_is_light_wide_and_every_widget_comes_alive(served, html, open_page, name, measured):
    """The weight is what a host would send: every answer gzipped. What figures fetch themselves is counted apart."""
    answers = []
    page = open_page("about:blank", viewport=WIDE, color_scheme="light")
    page.on("response", lambda answer: answers.append(answer))
    page.goto(f"{served}/{name}.html")
    page.wait_for_load_state("networkidle")
    fetched = [urlsplit(answer.url).path.lstrip("/") for answer in answers if answer.ok]
    whole, figures = (
        sum(sent(html / path) for path in fetched if re.match(part, path)) / 1e6
        for part in ("", "_static/(generators|figures)/")
    )
    measured.append(f"{name}, gzipped: {whole:.2f} MB in {len(answers)} answers, {figures:.2f} MB of it for figures")
    assert len(answers) > 10 and whole - figures < 0.5
    scripts = [path for path in fetched if re.match(r"_static/widgets-\w+\.js", path)]
    assert len(scripts) == (name in WIDGETS)  # one for all of its widgets
    assert whole < 1.2 or name in GENERATORS_AT_ONCE
    assert "widget-view+json" not in (html / f"{name}.html").read_text(encoding="utf-8")
    assert_alive_and_as_wide_as_its_window(page, name)
    if name in LIGHT:
        page.evaluate(PLAIN)
        assert_accessible(page, "light", {})


@EVERY
def test_a_page_from_disk_fits_a_phone_and_satisfies_axe_in_the_dark(html, open_page, name):
    page = open_page("about:blank")
    for width, scheme in ((360, "light"), (768, "dark")):  # the theme looks at both when it starts
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme=scheme)
        page.goto((html / f"{name}.html").as_uri())
        assert_alive_and_as_wide_as_its_window(page, name)
    page.evaluate(PLAIN)
    assert_accessible(page, "dark", {}, **({} if name in COLOURED else NO_COLOURS))


def assert_alive_and_as_wide_as_its_window(page: Page, name: str) -> None:
    come_alive(page)
    assert page.locator(".gan-widget .gan-body").count() == WIDGETS.get(name, 0)
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]


def test_every_colour_of_code_and_of_what_stands_beside_a_wide_page_can_be_read_in_light_and_dark(html, open_page):
    """One word of each class that code and printed text have anywhere, on each ground that code stands on."""
    blocks = "".join("".join(CODE.findall(path.read_text(encoding="utf-8"))) for path in html.glob("book/*.html"))
    classes = set(re.findall(r'<span class="([^"]+)"', blocks))
    assert {"k", "nb", "mi", "gt"} & classes and len(classes) > 20
    words = "\n".join(f'<span class="{name}">word</span>' for name in sorted(classes))  # nothing to scroll
    page = open_page((html / "book/05_autograd_pitfalls.html").as_uri(), color_scheme="light", viewport=WIDE)
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        page.reload()
        page.evaluate("document.querySelectorAll('details').forEach((fold) => { fold.open = true; })")
        for number, ground in enumerate(GROUNDS):
            place = page.locator(f"{ground} .highlight pre").first
            place.evaluate("(pre, [id, words]) => { pre.id = id; pre.innerHTML = words; }", [f"words-{number}", words])
        places = [*(f"#words-{number}" for number in range(len(GROUNDS))), *BESIDE]
        for place in places:  # axe passes over what is not there
            expect(page.locator(place)).to_be_visible()
        assert_accessible(page, theme, {"include": [[place] for place in places]})


# Signatures that hold a kind of element, named by its classes and those around it, that none before them holds.
ONE_OF_EACH = """() => {
  const seen = new Set();
  for (const signature of document.querySelectorAll("dt.sig")) {
    const kinds = [...signature.querySelectorAll("*")].map((node) => {
      const names = [signature.parentElement.className];
      for (; node !== signature; node = node.parentElement) names.push(`${node.tagName}.${node.className}`);
      return names.join(" < ");
    });
    if (kinds.every((kind) => seen.has(kind))) signature.remove();
    kinds.forEach((kind) => seen.add(kind));
  }
  return [seen.size, document.querySelectorAll("dt.sig").length];
}"""


def test_every_kind_of_signature_satisfies_axe_beside_the_longest_contents_in_light_and_dark(html, open_page):
    page = open_page((html / "book/reference.html").as_uri(), color_scheme="light", viewport=WIDE)
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        page.reload()
        kinds, left = page.evaluate(ONE_OF_EACH)
        assert kinds > 30 and left > 5
        assert_accessible(page, theme, {"include": [["dt.sig"], *([place] for place in BESIDE)]})


def assert_accessible(page: Page, theme: str, context: dict, **options: dict) -> None:
    """Axe may not load the style sheets once more ("preload"), and need not describe what is in order."""
    wait_until_laid_out(page)
    page.wait_for_function("document.getAnimations().length === 0")  # the theme fades from colour to colour
    assert page.evaluate("document.documentElement.dataset.theme") == theme
    result = Axe().run(page, context=context, options={"preload": False, "resultTypes": ["violations"]} | options)
    found = [(v["id"], [n["html"][:160] for n in v["nodes"]]) for v in result.response["violations"]]
    assert found == []
