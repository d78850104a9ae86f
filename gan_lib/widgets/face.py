"""The static face: one output of text/html, image/png and text/plain, and no widget state."""

from __future__ import annotations

import base64
import html
import json
from pathlib import Path

from IPython.display import display

PAGE = Path(__file__).parent / "page"


def display_page(
    kind: str, call: str, scripts: tuple[str, ...], data: dict | None, poster: bytes, alt: str, note: str = ""
) -> None:
    """Display a widget that lives on its own page.

    Args:
        kind: names the widget in the page.
        call: the JavaScript function (element, data) that builds it.
        scripts: files in `page/`, put into the output so that it needs nothing beside it; of a .wasm file, the
            base64 text as a constant of its name.
        data: what the function gets; None leaves the picture alone.
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
        code = "\n".join(_read(name) for name in (*scripts, "mount.js"))
        parts.append(f'<script type="application/json">{content}</script>')
        parts.append(f'<script>(() => {{\n{code}\nmount("{kind}", {call});\n}})();</script>')
    parts.append("</figure>")
    # A blank line would end the HTML block where a notebook becomes Markdown.
    text = "\n".join(line for line in "\n".join(parts).splitlines() if line.strip())
    display({"text/html": text, "image/png": base64_text(poster), "text/plain": alt}, raw=True)


def base64_text(content: bytes) -> str:
    """Bytes → base64 text."""
    return base64.b64encode(content).decode()


def _read(name: str) -> str:
    if name.endswith(".wasm"):
        return f'const {Path(name).stem.upper()} = "{base64_text((PAGE / name).read_bytes())}";'
    return (PAGE / name).read_text(encoding="utf-8")
