"""The static face: one output of text/html, image/png and text/plain, and no widget state.

An output holds its data, and copies of the scripts and the style that bring it alive, so that it needs nothing beside
it. The pages of the book use no copies: they share the present scripts and style, see `shared` and `without_copies`.
"""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterable
from pathlib import Path

from IPython.display import display

PAGE = Path(__file__).parent / "page"
SCRIPTS = {  # kind of widget → its files in page/; the last one mounts it. Of a .wasm file, a constant of its name
    "arithmetic": ("arithmetic.js", "playground.js"),
    "explore": ("explore.js",),
    "latent": (
        "random.js",
        "gemm.wasm",
        "engine.js",
        "generators.js",
        "latent_view.js",
        "latent_link.js",
        "latent_explorer.js",
    ),
    "ledger": ("ledger.js",),
    "scrubber": ("scrubber.js",),
}
# As display_page writes them; "<" of the data is escaped, so nothing else looks like this. Also in tests/nbval.ini.
COPIES = re.compile(r"<style>.*?</style>\n|<script>.*</script>\n", re.S)


def display_page(kind: str, data: dict | None, poster: bytes, alt: str, note: str = "") -> None:
    """Display a widget that lives on its own page.

    Args:
        kind: names the widget in the page, and its scripts in `SCRIPTS`.
        data: what its function in the page gets; None leaves the picture alone.
        poster: PNG, seen where no script runs.
        alt: what the picture shows.
        note: one sentence under the picture.
    """
    parts = [
        f"<style>{_read('widget.css')}</style>",
        f'<figure class="gan-widget" data-kind="{kind}">',
        f'<img class="gan-poster" alt="{html.escape(alt)}" src="data:image/png;base64,{base64_text(poster)}">',
    ]
    if note:
        parts.append(f"<p>{html.escape(note)}</p>")
    if data is not None:
        content = json.dumps(data, ensure_ascii=False, allow_nan=False).replace("<", "\\u003c")
        parts.append(f'<script type="application/json">{content}</script>')
        parts.append(f"<script>{_program(SCRIPTS[kind])}</script>")
    parts.append("</figure>")
    # A blank line would end the HTML block where a notebook becomes Markdown.
    text = "\n".join(line for line in "\n".join(parts).splitlines() if line.strip())
    display({"text/html": text, "image/png": base64_text(poster), "text/plain": alt}, raw=True)


def without_copies(text: str) -> str:
    """A widget's text/html without its scripts and style: picture, words and data."""
    return COPIES.sub("", text)


def shared() -> dict[str, str]:
    """Name → text of the two files that the built pages have in place of the copies."""
    every = dict.fromkeys(name for names in SCRIPTS.values() for name in names)
    return {"widgets.js": _program(every), "widgets.css": _read("widget.css")}


def base64_text(content: bytes) -> str:
    """Bytes → base64 text."""
    return base64.b64encode(content).decode()


def _program(names: Iterable[str]) -> str:
    """Files in page/ as one script that leaves no names in the page."""
    code = "\n".join(_read(name) for name in ("mount.js", *names))
    return f"(() => {{\n{code}\n}})();"


def _read(name: str) -> str:
    if name.endswith(".wasm"):
        return f'const {Path(name).stem.upper()} = "{base64_text((PAGE / name).read_bytes())}";'
    return (PAGE / name).read_text(encoding="utf-8")
