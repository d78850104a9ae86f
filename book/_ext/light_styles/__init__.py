"""Sphinx extension: a page loads one style sheet, with its fonts inside, and nothing in it that no page uses.

The theme and its parts bring a dozen, most of it for what this book does not have. `rules.py` and `fonts.py` say what
stays.
"""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

from bs4 import BeautifulSoup

from .fonts import letters, with_fonts
from .rules import lighter

MADE = "pages-"
LINK = re.compile(r"<link\b[^>]*>\s*")
ADDRESS = re.compile(r"""url\(["']?(?!data:|#|https?:)([^"')?#]+)[^)]*\)""")
IMPORT = re.compile(r"""@import ["']([^"']+)["'];""")
FONTS_FIRST = "<script>document.fonts.forEach((font) => font.load())</script>\n"  # before the first line is drawn
WORD = re.compile(r"[\w-]+")


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
    shown = {letter for html in pages.values() for letter in letters(html)}
    made: dict[tuple[str, ...], str] = {}  # the sheets that a page asks for → the one that it gets
    for path, html in pages.items():
        sheets = asked_for(html, out / "_static")
        if not sheets:  # index.html, which leads to the first page
            continue
        if sheets not in made:
            made[sheets] = one_sheet(sheets, out / "_static", words, shown)
        path.write_text(relinked(html, made[sheets]), encoding="utf-8")
    for old in {path.name for path in (out / "_static").glob(f"{MADE}*.css")} - set(made.values()):
        (out / "_static" / old).unlink()


def asked_for(html: str, static: Path) -> tuple[str, ...]:
    """The sheets of a page; of one that was done in an earlier build, those of which its sheet was made."""
    sheets = tuple(sheet[1] for link in LINK.findall(html) if (sheet := sheet_of(link)))
    if sheets and sheets[0].startswith(MADE):
        return made_of((static / sheets[0]).read_text(encoding="utf-8"))
    return sheets


def sheet_of(link: str) -> tuple[str, str] | None:
    """The way to _static and the name there, if a <link> asks for a sheet of every medium."""
    tag = BeautifulSoup(link, "html.parser").link
    if "stylesheet" not in tag.get("rel", ()) or "media" in tag.attrs or "_static/" not in tag["href"]:
        return None
    way, name = tag["href"].partition("?")[0].split("_static/", 1)
    return f"{way}_static/", name


def one_sheet(sheets: tuple[str, ...], static: Path, words: set[str], shown: set[str]) -> str:
    """Write the sheets as one, which begins with their names; returns its own."""
    css = lighter("".join(whole(static / sheet, static) for sheet in sheets), words)
    css = f'@charset "utf-8";\n/* {" ".join(sheets)} */\n' + with_fonts(css, static, shown)
    name = f"{MADE}{hashlib.sha256(css.encode()).hexdigest()[:12]}.css"
    (static / name).write_text(css, encoding="utf-8")
    return name


def made_of(css: str) -> tuple[str, ...]:
    """The names with which `one_sheet` begins its sheet."""
    return tuple(re.search(r"/\* (.*) \*/", css)[1].split())


def relinked(html: str, sheet: str) -> str:
    """The page with this sheet where the first stood, and no other."""
    links = [(found, way) for found in LINK.finditer(html) if (way := sheet_of(found[0]))]
    first, (way, _) = links[0]
    for found, _ in links[::-1]:
        html = html[: found.start()] + html[found.end() :]
    link = f'<link rel="stylesheet" href="{way}{sheet}">\n{FONTS_FIRST}'
    return html[: first.start()] + link + html[first.start() :].replace(FONTS_FIRST, "")


def whole(sheet: Path, static: Path) -> str:
    """The sheet with what it imports, and addresses as seen from the folder `static`."""
    css = IMPORT.sub(lambda found: whole(sheet.parent / found[1], static), sheet.read_text(encoding="utf-8"))
    if "@import" in css:
        raise ValueError(f'{sheet} imports a sheet in another way than @import "…"; light_styles would lose it.')
    return ADDRESS.sub(lambda found: f"url({moved(found[1], sheet.parent, static)})", css)


def moved(address: str, old: Path, new: Path) -> str:
    return Path(os.path.relpath(old / address, new)).as_posix()
