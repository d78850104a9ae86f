"""Sphinx extension: write the weights that the built pages ask for into _static/generators, one script each.

A page that was opened from disk may not fetch data, but it may load a script; so the weights are one call. They come
from the recorded runs and are not stored twice.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path

from bs4 import BeautifulSoup, SoupStrainer
from sphinx.errors import ExtensionError

from gan_lib import metrics, runs
from gan_lib.widgets.export import Exported, NotExportable, export, export_classifier
from gan_lib.widgets.face import base64_text

DATA = SoupStrainer("script", type="application/json")


def setup(app) -> dict:
    app.connect("build-finished", write_files)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def write_files(app, exception) -> None:
    """Once the pages are there; a page whose generator is no recorded run ends the build."""
    if exception or app.builder.format != "html":
        return
    out = Path(app.outdir)
    wanted = {name for page in out.rglob("*.html") for name in asked_for(page.read_text(encoding="utf-8"))}
    folder = out / "_static" / "generators"
    for exported in recorded():
        if not wanted:
            return
        if (name := exported.spec["name"]) in wanted:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{name}.js").write_text(f'ganFile("{name}", "{base64_text(exported.weights)}");\n')
            wanted.remove(name)
    if wanted:
        raise ExtensionError(f"No recorded run has the generators {sorted(wanted)} of a page; run `make notebooks`.")


def asked_for(html: str) -> Iterator[str]:
    """The names of the generators whose weights do not travel inside the page."""
    if '"generators"' not in html:  # to parse all pages would take seconds
        return
    for script in BeautifulSoup(html, "html.parser", parse_only=DATA):
        data = json.loads(script.string)
        for generator in data.get("generators", ()) if isinstance(data, dict) else ():
            if "data" not in generator["network"]:
                yield generator["network"]["name"]


def recorded() -> Iterator[Exported]:
    """Every recorded generator that a page can run, and the classifiers."""
    for history in sorted(runs.RECORDED.glob("*/history.safetensors")):
        if (history.parent / "weights.safetensors").exists():
            with contextlib.suppress(NotExportable):
                yield export(runs.load(history.parent.name).generator)
    for dataset in metrics.CLASSIFIERS:
        yield export_classifier(metrics.judge(dataset, 28).classifier)
