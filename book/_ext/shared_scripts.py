"""Sphinx extension: one script for the widgets of a built page, one style for those of all pages, beside the pages.

The outputs of a notebook hold copies, so that they are alive wherever it is opened; a page gets none of them. So what
pages run is always what `gan_lib/widgets/page` holds now. A page's script holds what its own kinds of widget need.
"""

from __future__ import annotations

import json
import re
from hashlib import sha256
from pathlib import Path

import minify

from gan_lib.widgets.face import SCRIPTS, program_of, style, without_copies

KIND = re.compile(r'<figure class="gan-widget" data-kind="([\w-]+)"')


def setup(app) -> dict:
    every = sha256(program_of(SCRIPTS).encode()).hexdigest()
    app.add_config_value("widget_scripts", every, "html", str)  # changed scripts: every page is written again
    app.connect("builder-inited", write_style)
    app.connect("source-read", take_out_copies)
    app.connect("html-page-context", add_script)
    app.add_css_file("widgets.css", priority=900)  # for every page, as all style is one sheet; after the theme's
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def write_style(app) -> None:
    """In every build, also one in which no page has changed."""
    if app.builder.format == "html":
        _write(app, "widgets.css", style())


def take_out_copies(app, page: str, source: list[str]) -> None:
    """Out of the outputs of a notebook that is about to become a page."""
    if not app.env.doc2path(page).endswith(".ipynb"):
        return
    notebook = json.loads(source[0])
    for cell in notebook["cells"]:
        for output in cell.get("outputs", ()):
            if 'class="gan-widget"' in (html := "".join(output.get("data", {}).get("text/html", ()))):
                output["data"]["text/html"] = without_copies(html)
    source[0] = json.dumps(notebook)


def smaller(script: str) -> str:
    """The same with short names and no spaces."""
    return minify.string("application/javascript", script)


def add_script(app, page: str, template: str, context: dict, doctree) -> None:
    """To a page with widgets; its name is made of its content, so that no browser keeps an old one."""
    kinds = set(KIND.findall(context.get("body", "")))
    if kinds and app.builder.format == "html":
        text = smaller(program_of(kinds))
        name = f"widgets-{sha256(text.encode()).hexdigest()[:12]}.js"
        _write(app, name, text)
        app.add_js_file(name, loading_method="defer")


def _write(app, name: str, text: str) -> None:
    static = Path(app.outdir) / "_static"
    static.mkdir(parents=True, exist_ok=True)
    (static / name).write_text(text, encoding="utf-8")
