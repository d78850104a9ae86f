"""Sphinx extension: what a page loads before one can read it becomes small. It changes the pages once they are built.

The theme ships every icon twice, as a font and as a script of 1.5 MB that replaces the font's letters by drawings: the
script goes. Other scripts wait until the page has been read (`defer`), and none is asked for before the style; the few
options that every script wants stand in the page; what searches comes to the page of search alone.
Pictures and the data of figures, which stand inside a notebook's outputs, become files that come when they are near. A
picture says its size, so that nothing jumps.
"""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path
from urllib.parse import urlsplit

from bs4 import BeautifulSoup
from PIL import Image

# A parser reads each of these, but not all the rest, which would take seconds and be written anew.
ELEMENT = re.compile(r"<(?:link|img)\b[^>]*>|<script\b[^>]*>.*?</script>", re.S)
SEARCH = ("searchtools", "language_data", "searchindex")
INSIDE = "data:image/png;base64,"
SMALL = 4_000  # characters; a file of its own would cost more than it saves


def setup(app) -> dict:
    app.connect("build-finished", lighten, priority=600)  # after generator_files, which reads the figures' data
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def lighten(app, exception) -> None:
    """Every page in place."""
    if exception or app.builder.format != "html":
        return
    out = Path(app.outdir)
    (out / "_static" / "scripts" / "fontawesome.js").unlink(missing_ok=True)
    for page in (*out.glob("*.html"), *(out / "book").glob("*.html")):
        page.write_text(lighter(page.read_text(encoding="utf-8"), out), encoding="utf-8")


def lighter(html: str, out: Path) -> str:
    """The page, its data and pictures in files of `out`; a page that is light already stays as it is."""
    searching = 'id="search-results"' in html
    return ELEMENT.sub(lambda found: lighter_element(found[0], out, searching), html)


def lighter_element(html: str, out: Path, searching: bool) -> str:
    """One link, script or picture of a page."""
    element = BeautifulSoup(html, "html.parser").contents[0]
    source = element.get("src", "")
    name = Path(urlsplit(source).path).stem if element.name == "script" else ""
    if element.get("as") == "script" or name == "fontawesome" or (name in SEARCH and not searching):
        return ""
    if name == "documentation_options":
        element = BeautifulSoup("<script></script>", "html.parser").script
        element.string = (out / "_static" / "documentation_options.js").read_text(encoding="utf-8")
    elif name and "defer" not in element.attrs:
        element["defer"] = ""
    elif element.get("type") == "application/json":
        element.string = data_beside(element.string, out / "_static" / "figures")
    elif element.name == "img" and source.startswith(INSIDE):
        element["src"] = f"../_images/{picture_beside(source.removeprefix(INSIDE), out / '_images')}"
        element.attrs |= size(out / "book" / element["src"])
    elif element.name == "img" and re.fullmatch(r"\.\./.+\.png", source) and "width" not in element.attrs:
        element.attrs |= size(out / "book" / source)
    else:
        return html
    return str(element)


def data_beside(content: str, folder: Path) -> str:
    """JSON → where it now is, as JSON that page/mount.js understands; the file is one call, as the weights are."""
    if len(content) < SMALL:
        return content
    folder.mkdir(parents=True, exist_ok=True)
    name = hashlib.sha256(content.encode()).hexdigest()[:16]
    (folder / f"{name}.js").write_text(f'ganFile("{name}", {content});\n', encoding="utf-8")
    return f'{{"beside": "{name}"}}'


def picture_beside(text: str, folder: Path) -> str:
    """Base64 text of a PNG → the name of its file."""
    content = base64.b64decode(text)
    name = f"{hashlib.sha256(content).hexdigest()}.png"
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(content)
    return name


def size(picture: Path) -> dict[str, str]:
    """Attributes of the <img> of a picture."""
    with Image.open(picture) as opened:
        width, height = opened.size
    return {"loading": "lazy", "width": str(width), "height": str(height)}
