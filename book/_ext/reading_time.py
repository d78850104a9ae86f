"""Sphinx extension: under the title of each chapter stands how long it takes.

`book.minutes` counts, so no number is written down that a change of the text would make untrue.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path, PurePosixPath

from docutils import nodes

sys.path.append(str(Path(__file__).parents[2]))  # where `book` is; a build need not have been started there
from book import minutes


def setup(app) -> dict:
    app.connect("doctree-resolved", add_line)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def add_line(app, doctree: nodes.document, page: str) -> None:
    """To a chapter's page, in HTML alone: the page is resolved for each build, so that its source stays as it is."""
    title = next(doctree.findall(nodes.title), None)
    if app.builder.format != "html" or PurePosixPath(page).name not in minutes.CHAPTERS or title is None:
        return
    said = line(Path(app.env.doc2path(page)))
    title.parent.insert(title.parent.index(title) + 1, nodes.paragraph("", said, classes=["gan-reading-time"]))


def line(notebook: Path) -> str:
    """What the page of this notebook says."""
    return minutes.line(json.loads(notebook.read_text(encoding="utf-8")))
