"""Sphinx extension: a page loads one style sheet, without the rules that no page can use.

The theme and its parts bring a dozen, most of it for what this book does not have. A rule stays if each class and id it
asks for is a word somewhere in the built pages or their scripts. So what a script adds later is kept, too, as long as
the script spells its name.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

import tinycss2
from tinycss2.ast import Node

LINK = re.compile(r'<link (?=[^>]*rel="stylesheet")[^>]*href="([^"?]*_static/)([^"?]+)[^>]*>\s*')
ADDRESS = re.compile(r"""url\(["']?(?!data:|#|https?:)([^"')?#]+)[^)]*\)""")
IMPORT = re.compile(r"""@import ["']([^"']+)["'];?""")
FONTS_FIRST = "<script>document.fonts.forEach((font) => font.load())</script>"  # before the first line is drawn
MADE = "pages-"
WORD = re.compile(r"[\w-]+")
COMPOSED = ("bs-",)  # Bootstrap's script puts these names together: bs-tooltip-auto
HOLDERS = ("media", "supports")  # rules that hold rules


def setup(app) -> dict:
    app.connect("build-finished", lighten, priority=700)  # after light_pages: pages are what they will be
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def lighten(app, exception) -> None:
    """Every page in place, and the one style sheet that they share beside the others."""
    if exception or app.builder.format != "html":
        return
    out = Path(app.outdir)
    pages = {path: path.read_text(encoding="utf-8") for path in (*out.glob("*.html"), *out.glob("book/*.html"))}
    scripts = [path.read_text(encoding="utf-8") for path in out.rglob("*.js")]
    words = {word for text in (*pages.values(), *scripts) for word in WORD.findall(text)}
    made: dict[tuple[str, ...], str] = {}  # the sheets that a page asked for → the one that it gets
    for path, html in pages.items():
        sheets = tuple(name for _, name in LINK.findall(html))
        if not sheets or sheets[0].startswith(MADE):  # index.html, which leads to the first page; a page done before
            continue
        if sheets not in made:
            made[sheets] = one_sheet(sheets, out / "_static", words)
        path.write_text(relinked(html, made[sheets]), encoding="utf-8")


def one_sheet(sheets: tuple[str, ...], static: Path, words: set[str]) -> str:
    """Write the sheets as one, which begins with their names; returns its own."""
    css = f"/* {' '.join(sheets)} */\n" + lighter("".join(whole(static / sheet, static) for sheet in sheets), words)
    name = f"{MADE}{hashlib.sha256(css.encode()).hexdigest()[:12]}.css"
    (static / name).write_text(css, encoding="utf-8")
    return name


def relinked(html: str, sheet: str) -> str:
    """The page with this sheet where the first stood, and no other."""
    prefix = LINK.search(html)
    link = f'<link rel="stylesheet" href="{prefix[1]}{sheet}">\n{FONTS_FIRST}\n'
    return LINK.sub(lambda found: link if found.start() == prefix.start() else "", html)


def whole(sheet: Path, static: Path) -> str:
    """The sheet with what it imports, and addresses as seen from the folder `static`."""
    css = sheet.read_text(encoding="utf-8")
    css = IMPORT.sub(lambda found: whole(sheet.parent / found[1], static), css)
    return ADDRESS.sub(lambda found: f"url({moved(found[1], sheet.parent, static)})", css)


def moved(address: str, old: Path, new: Path) -> str:
    return Path(os.path.relpath(old / address, new)).as_posix()


def lighter(css: str, words: set[str]) -> str:
    """The style sheet without comments, and without rules for what is not among the words."""
    return "".join(kept(tinycss2.parse_stylesheet(css, skip_comments=True, skip_whitespace=True), words))


def kept(rules: list[Node], words: set[str]) -> Iterator[str]:
    """The rules that stay, as CSS."""
    for rule in rules:
        if rule.type == "qualified-rule":
            used = [part for part in selectors(rule.prelude) if all(known(name, words) for name in names(part))]
            if used:
                yield f"{','.join(tinycss2.serialize(part).strip() for part in used)}{{{packed(rule.content)}}}\n"
        elif rule.type == "at-rule" and rule.lower_at_keyword in HOLDERS:
            inner = "".join(kept(tinycss2.parse_rule_list(rule.content, True, True), words))
            if inner:
                yield f"@{rule.lower_at_keyword}{tinycss2.serialize(rule.prelude)}{{\n{inner}}}\n"
        else:  # @font-face, @keyframes, …
            yield rule.serialize() + "\n"


def packed(content: list[Node]) -> str:
    """Declarations on one line."""
    parts = [part for part in content if part.type != "comment"]
    return "".join(" " if part.type == "whitespace" else part.serialize() for part in parts).strip()


def selectors(prelude: list[Node]) -> Iterator[list[Node]]:
    """What stands between the commas."""
    selector: list[Node] = []
    for part in prelude:
        if part == ",":
            yield selector
            selector = []
        else:
            selector.append(part)
    yield selector


def names(selector: list[Node]) -> Iterator[str]:
    """The classes and ids that an element must have; those in :not() and :is() are not asked for."""
    for before, part in zip([None, *selector], selector, strict=False):
        if part.type == "hash" or (part.type == "ident" and before == "."):
            yield part.value


def known(name: str, words: set[str]) -> bool:
    return name in words or name.startswith(COMPOSED)
