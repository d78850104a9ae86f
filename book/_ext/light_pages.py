"""Sphinx extension: the theme's icons come from its font alone.

The theme ships every icon twice, as a font and as a script of 1.5 MB that replaces the font's letters by drawings. Each
page would load both.
"""

from __future__ import annotations

from pathlib import Path


def setup(app) -> dict:
    app.connect("build-finished", empty_script)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def empty_script(app, exception) -> None:
    """Leave the script's file, which every page names, without a content."""
    script = Path(app.outdir) / "_static" / "scripts" / "fontawesome.js"
    if not exception and app.builder.format == "html" and script.exists():
        script.write_text("/* emptied by book/_ext/light_pages.py: the font has the same icons */\n")
