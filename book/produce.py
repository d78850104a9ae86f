"""Run every chapter and store its outputs: `make notebooks`, or `python -m book.produce [03_mlp_gan …]`.

papermill runs the notebook under the static face, so that what is stored lives on a page without a kernel. A
stamp in the notebook's metadata says what the outputs were made from; a test compares it (see `stamp`).
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
from fnmatch import fnmatch
from pathlib import Path

import nbformat
import papermill

from book import colab
from gan_lib import data, recipes, runs
from gan_lib.chapters import autoencoder, be_d, plane

BOOK = Path(__file__).parent
UNNAMED = {  # recordings that code loads without their names
    "plane.": [plane.EIGHT.name],
    "plane.TWENTY_FIVE": [plane.TWENTY_FIVE.name],
    "autoencoder.": [autoencoder.NAME],
    "be_the_discriminator(": [be_d.NAME],
    "few.name(": ["few-*"],
    "slopes.": ["slope-*"],
    "metrics": ["classifier-*"],
    "second_": ["judge-*"],
    "scoreboard.": ["scoreboard", *recipes.RECIPES],
}


def chapters() -> list[Path]:
    """All notebooks of the book."""
    return sorted(BOOK.glob("*.ipynb"))


def stamp(notebook: nbformat.NotebookNode) -> str:
    """sha256 of what the outputs come from: code cells and the recorded runs they name.

    The widgets' scripts are no part of it: the built pages take the present ones, whatever copies an output holds.
    """
    code = "\n".join(cell.source for cell in colab.without(notebook) if cell.cell_type == "code")
    cards = [(runs.RECORDED / name / "card.json").read_bytes() for name in loaded(code)]
    return hashlib.sha256(code.encode() + b"".join(cards)).hexdigest()


def loaded(code: str) -> list[str]:
    """The recorded runs that code may load: those it names, also as f"ablation-{name}-0", and those of `UNNAMED`."""
    quoted = {re.sub(r"{[^}]*}", "*", text) for text in re.findall(r'"([a-z0-9_{}-]+)"', code)} - {"*"}
    patterns = [*quoted, *(name for call, names in UNNAMED.items() if call in code for name in names)]
    recorded = sorted(path.parent.name for path in runs.RECORDED.glob("*/card.json"))
    return [name for name in recorded if any(fnmatch(name, pattern) for pattern in patterns)]


def produce(path: Path) -> None:
    """Run one chapter and replace it by the run one; left as it was if a cell fails."""
    notebook = nbformat.read(path, as_version=4)
    notebook.cells = colab.without(notebook)
    notebook = papermill.execute_notebook(
        notebook,
        None,  # nothing is saved after every cell
        cwd=BOOK,
        kernel_name="python3",
        progress_bar=sys.stderr.isatty(),
        coalesce_streams=True,  # where a stream of prints is cut depends on timing
    )
    for part in (notebook, *notebook.cells):
        part.metadata.pop("papermill", None)  # times and paths: a new diff at every run
        part.metadata.pop("execution", None)
    notebook.metadata["language_info"] = {"name": "python"}
    notebook.metadata["gan_lib"] = {"stamp": stamp(notebook)}
    colab.prepare(notebook)
    beside = path.with_suffix(".part")
    nbformat.write(notebook, beside)
    beside.replace(path)


def main(names: list[str]) -> None:
    """Produce the named chapters, or all; refuse on fallback data, whose pictures must not be printed."""
    if data.load("fashion-mnist").is_fallback:
        sys.exit("The chapters are produced on the real data only; set GAN_LIB_DATA or run with a network.")
    os.environ["GAN_LIB_STATIC"] = "1"  # the kernels inherit it
    for path in chapters():
        if not names or path.stem in names:
            print(path.name, flush=True)
            produce(path)


if __name__ == "__main__":
    main(sys.argv[1:])
