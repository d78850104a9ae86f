"""The first cell of every notebook: in Colab it installs gan_lib. `python -m book.colab` writes it after a move.

Where the repository is public stands once, in `_config.yml` (repository: url). A page shows its launch button, and the
cell an address to install from, as soon as it is set.
"""

from __future__ import annotations

from pathlib import Path

import nbformat
import yaml

CONFIG = Path(__file__).parents[1] / "_config.yml"
TAG = "colab"
LOOK = """# Colab: installs gan_lib in less than a minute, and leaves torch and numpy alone. Elsewhere: nothing to do.
from importlib.util import find_spec

if not find_spec("gan_lib"):
"""
INSTALL = "    %pip install --quiet {url}/archive/refs/heads/{branch}.tar.gz"
ASK = """    raise ModuleNotFoundError(
        "gan_lib is not installed, and this book has no public address; run %pip install with its folder or archive."
    )"""


def source(config: str | None = None) -> str:
    """The cell's code, for the text of `_config.yml`."""
    repository = yaml.safe_load(config or CONFIG.read_text(encoding="utf-8"))["repository"]
    return LOOK + (INSTALL.format(**repository) if repository["url"] else ASK)


def without(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    """The cells of the chapter itself."""
    return [cell for cell in notebook.cells if TAG not in cell.metadata.get("tags", [])]


def prepare(notebook: nbformat.NotebookNode) -> None:
    """Give the notebook this cell, before its first code cell, and a GPU in Colab."""
    cells = without(notebook)
    cell = nbformat.v4.new_code_cell(source(), id=TAG, metadata={"tags": [TAG, "remove-cell"]})
    first = next(i for i, other in enumerate(cells) if other.cell_type == "code")
    notebook.cells = [*cells[:first], cell, *cells[first:]]
    notebook.metadata["accelerator"] = "GPU"
    notebook.metadata["colab"] = {"gpuType": "T4"}


def main() -> None:
    """Write the cell into every notebook; nothing is run."""
    for path in sorted(Path(__file__).parent.glob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        prepare(notebook)
        nbformat.write(notebook, path)


if __name__ == "__main__":
    main()
