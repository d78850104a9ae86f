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

from PIL import Image

SCRIPT = re.compile(r"<script (?=[^>]*\bsrc=)(?!defer)")
OPTIONS = re.compile(r'<script src="[^"]*documentation_options\.js[^"]*"></script>')
EARLY = re.compile(r'<link rel="preload" as="script"[^>]*>\n?')
UNUSED = re.compile(
    r'<script (?:defer )?src="[^"]*(fontawesome|searchtools|language_data|searchindex)\.js[^"]*"></script>\s*'
)
DATA = re.compile(r'(<script type="application/json">)(.*?)(?=</script>)', re.S)
INSIDE = re.compile(r'(?<=src=")data:image/png;base64,([^"]+)')
PICTURE = re.compile(r'<img (?![^>]*\bwidth=)(?=[^>]*\bsrc="(\.\./[^"]+\.png)")')
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
    options = out / "_static" / "documentation_options.js"
    html = OPTIONS.sub(lambda _: f"<script>{options.read_text(encoding='utf-8')}</script>", EARLY.sub("", html))
    searching = 'id="search-results"' in html
    html = UNUSED.sub(lambda found: found[0] if searching and found[1] != "fontawesome" else "", html)
    html = SCRIPT.sub("<script defer ", html)
    html = DATA.sub(lambda found: found[1] + data_beside(found[2], out / "_static" / "figures"), html)
    html = INSIDE.sub(lambda found: f"../_images/{picture_beside(found[1], out / '_images')}", html)
    return PICTURE.sub(lambda found: f"<img {size(out / 'book' / found[1])}", html)


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


def size(picture: Path) -> str:
    """Attributes of the <img> of a picture."""
    with Image.open(picture) as opened:
        width, height = opened.size
    return f'loading="lazy" width="{width}" height="{height}" '
