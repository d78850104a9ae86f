"""Fonts inside a style sheet, with no more than what the pages show.

A font that no rule names goes. Of KaTeX's the letters of the pages' formulas are left, of others the icons that rules
name, a tenth. They are data inside the sheet, because some browsers refuse a page that comes from the disk any font
that lies beside it; so there is no moment without them, and nothing jumps when they come.
"""

from __future__ import annotations

import base64
import io
import re
from pathlib import Path

from bs4 import BeautifulSoup, SoupStrainer
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont

FACE = re.compile(r"@font-face\s*{[^}]*}")
RULE = re.compile(r"([^{}]*){([^{}]*)}")
FAMILY = re.compile(r"font-family:\s*([^;}]+)")
BOLD, ITALIC = re.compile(r"font(-weight)?:[^;}]*(700|bold)"), re.compile(r"font(-style)?:[^;}]*italic")
QUOTING = re.compile(r"[\"'\\]")  # Font Awesome\ 6 Free, "Font Awesome 6 Free"
SOURCE = re.compile(r"""src:\s*url\(["']?(?!data:)([^"')?#]+)[^;}]*""")
VARIABLE = re.compile(r"--[\w-]+:[^;}]*")  # names a font, but shows nothing
FORMULAS = SoupStrainer("span", class_="katex-html")


def letters(html: str) -> set[str]:
    """The letters of a page's formulas, as drawn."""
    if "katex-html" not in html:
        return set()
    return set(BeautifulSoup(html, "html.parser", parse_only=FORMULAS).get_text())


def with_fonts(css: str, folder: Path, shown: set[str]) -> str:
    """The style sheet with its fonts inside; `folder` is where it lies, `shown` the letters of formulas."""
    rules = FACE.sub("", css)
    icons = {sign for sign in rules if not sign.isascii()}
    rules = RULE.findall(QUOTING.sub("", VARIABLE.sub("", rules)))

    def face(found: re.Match) -> str:
        if not asked_for(QUOTING.sub("", found[0]), rules):
            return ""
        glyphs = shown if "KaTeX" in FAMILY.search(found[0])[1] else icons
        return SOURCE.sub(lambda source: f"src:url({data_address(folder / source[1], glyphs)})", found[0])

    return FACE.sub(face, css)


def asked_for(face: str, rules: list[tuple[str, str]]) -> bool:
    """Whether a rule names the family; of KaTeX's, whose rules say all that its letters have, also weight and style."""
    family = FAMILY.search(face)[1]
    if "KaTeX" not in family:
        return any(family in block for _, block in rules)
    own = [block for selector, block in rules if "katex" in selector and (family in block or "family" not in block)]
    return any(family in block for block in own) and all(
        any(kind.search(block) for block in own) for kind in (BOLD, ITALIC) if kind.search(face)
    )


def data_address(font_file: Path, glyphs: set[str]) -> str:
    """A font, reduced to these glyphs, as a data: address of WOFF2."""
    font = TTFont(font_file, recalcTimestamp=False)  # the same bytes in every build
    subsetter = Subsetter(Options(hinting=False, layout_features=[], name_IDs=[1, 2, 4, 6]))
    subsetter.populate(unicodes=map(ord, glyphs))
    subsetter.subset(font)
    font.flavor = "woff2"
    content = io.BytesIO()
    font.save(content)
    return f"data:font/woff2;base64,{base64.b64encode(content.getvalue()).decode()}"
