"""Sphinx extension: write the pictures that a page trains on into _static/figures, as one script.

A page that was opened from disk may not fetch data, but it may load a script; so the pictures are one call, and they
are loaded when the reader presses Train. They come from where the chapters have theirs. Another process gets and packs
them while the pages are built, so that nothing waits; and no build fails without them: where there is no network, small
digits stand in, and the figure says so.
"""

from __future__ import annotations

import json
import subprocess
import sys
import warnings
from pathlib import Path

from gan_lib import data
from gan_lib.widgets.pictures import FILE, packed

PATIENCE = 60  # seconds after the pages are built: the first time, 30 MB may have to be downloaded
ASKS = 'class=\\"gan-widget\\" data-kind=\\"pictures\\"'  # as it stands in a notebook


def setup(app) -> dict:
    app.connect("builder-inited", begin)
    app.connect("build-finished", end)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def begin(app) -> None:
    """Start the other process if a notebook asks for the file and no earlier build has written it."""
    app.training_pictures = None
    if app.builder.format != "html":
        return
    path = Path(app.outdir) / "_static" / "figures" / f"{FILE}.js"
    notebooks = (Path(app.srcdir) / "book").glob("*.ipynb")
    if not is_whole(path) and any(ASKS in notebook.read_text(encoding="utf-8") for notebook in notebooks):
        command = [sys.executable, __file__, str(path)]
        app.training_pictures = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


def end(app, exception, patience: float = PATIENCE) -> None:
    """Wait for it. What it says is told, and is no reason to fail."""
    if app.training_pictures is None:
        return
    try:
        said, _ = app.training_pictures.communicate(timeout=patience)
    except subprocess.TimeoutExpired:
        app.training_pictures.kill()
        app.training_pictures.communicate()
        said = "they could not be had in time; the next build tries again."
    if app.training_pictures.returncode != 0 and not exception:
        from sphinx.util import logging

        logging.getLogger(__name__).info(f"The figure that trains on pictures has none: {said.strip()}")


def is_whole(path: Path) -> bool:
    """Whether it holds what is wanted; digits that stand in are replaced when the data can be had."""
    if not path.exists():
        return False
    with path.open(encoding="utf-8") as file:
        return '"name": "fashion-mnist"' in file.read(200)


def write(path: Path) -> None:
    """The file. BadData: the folder that the reader named lacks the data."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", data.FallbackNotice)  # the page says whose pictures they are
        content = json.dumps(packed(data.load("fashion-mnist")), ensure_ascii=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".part")
    beside.write_text(f'ganFile("{FILE}", {content});\n', encoding="utf-8")
    beside.replace(path)


def main(arguments: list[str]) -> int:
    """The other process: 0, or 1 and a sentence."""
    try:
        write(Path(arguments[0]))
    except Exception as error:
        print(error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
