"""Sphinx extension: all widgets of the built pages share one script and one style, which lie beside the pages.

The outputs of a notebook hold copies, so that they are alive wherever it is opened; a page gets none of them. So what
pages run is always what `gan_lib/widgets/page` holds now.
"""

from __future__ import annotations

import json
from pathlib import Path

import rjsmin

from gan_lib.widgets.face import shared, without_copies


def setup(app) -> dict:
    app.connect("builder-inited", write_files)
    app.connect("source-read", take_out_copies)
    app.connect("html-page-context", ask_for_script)
    app.add_css_file("widgets.css", priority=900)  # for every page, as all style is one sheet; after the theme's
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def write_files(app) -> None:
    """In every build, also one in which no page has changed."""
    if app.builder.format == "html":
        static = Path(app.outdir) / "_static"
        static.mkdir(parents=True, exist_ok=True)
        for name, text in shared().items():
            small = rjsmin.jsmin(text) if name.endswith(".js") else text
            (static / name).write_text(small, encoding="utf-8")


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


def ask_for_script(app, page: str, template: str, context: dict, doctree) -> None:
    """On a page with widgets."""
    if 'class="gan-widget"' in context.get("body", ""):
        app.add_js_file("widgets.js", loading_method="defer")
