"""What Colab meets: the first cell, the launch buttons, and an installation that leaves its packages alone."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import time
import venv
from pathlib import Path

import nbformat
import pytest

from book import colab
from book.produce import chapters

ROOT = Path(__file__).parents[2]
PUBLIC = 'url: "https://github.com/somebody/gan-book"'
# An older torch, and what else lies in Colab, each at a version that gan_lib must be content with.
THERE = {
    "torch": "2.8.0",
    "torchvision": "0.23.0",
    "numpy": "2.0.2",
    "pillow": "11.3.0",
    "psutil": "5.9.5",
    "matplotlib": "3.10.0",
    "ipywidgets": "7.7.1",
    "safetensors": "0.6.2",
    "scipy": "1.16.1",
    "scikit-learn": "1.6.1",
    "tqdm": "4.67.1",
    "typer": "0.16.1",
    "pooch": "1.8.2",
    "platformdirs": "4.3.8",
    "packaging": "25.0",
    "typing-extensions": "4.15.0",
}


def with_address() -> str:
    config = (ROOT / "_config.yml").read_text(encoding="utf-8")
    changed = re.sub(r'url: ".*?"', PUBLIC, config, count=1)
    assert PUBLIC in changed
    return changed


@pytest.mark.parametrize("path", chapters(), ids=lambda path: path.stem)
def test_every_notebook_begins_with_the_cell_that_the_setting_asks_for(path):
    notebook = nbformat.read(path, as_version=4)
    first = next(cell for cell in notebook.cells if cell.cell_type == "code")
    assert first.source == colab.source()
    assert first.metadata["tags"] == [colab.TAG, "remove-cell"]
    assert notebook.metadata["accelerator"] == "GPU"


def test_the_cell_does_nothing_where_gan_lib_is():
    exec(colab.source(), {})


def test_without_gan_lib_it_installs_from_the_address_or_says_what_to_do(monkeypatch):
    assert "%pip install --quiet https://github.com/somebody/gan-book/archive/" in colab.source(with_address())
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ModuleNotFoundError, match="run %pip install"):
        exec(colab.LOOK + colab.ASK, {})


def test_one_setting_gives_every_notebook_its_launch_button(tmp_path):
    """A book of one page, built with an address; without one the whole book is built in tests/browser."""
    for name in ("book/_ext", "book/_static"):
        shutil.copytree(ROOT / name, tmp_path / name)
    for name in ("book/index.ipynb", "book/minutes.py", "book/references.bib"):
        shutil.copy(ROOT / name, tmp_path / name)
    notebook = nbformat.read(tmp_path / "book/index.ipynb", as_version=4)
    notebook.cells = notebook.cells[:1]  # its links lead to pages that are not here
    nbformat.write(notebook, tmp_path / "book/index.ipynb")
    (tmp_path / "_toc.yml").write_text("format: jb-book\nroot: book/index\n")
    (tmp_path / "_config.yml").write_text(with_address(), encoding="utf-8")
    jupyter_book = Path(sys.executable).with_name("jupyter-book")
    result = subprocess.run(
        [jupyter_book, "build", tmp_path, "-W", "--keep-going"], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr[-2000:]
    page = (tmp_path / "_build/html/book/index.html").read_text(encoding="utf-8")
    assert "https://colab.research.google.com/github/somebody/gan-book/blob/main/book/index.ipynb" in page


def test_installing_into_an_environment_with_an_older_torch_changes_nothing_else(tmp_path, record_property):
    """pip decides by what it finds installed, so an entry for each package is enough here: no gigabytes.

    The workflow "canary" does the same with the real packages.
    """
    environment = tmp_path / "venv"
    venv.create(environment, with_pip=False)
    python = environment / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    packages = Path(
        subprocess.check_output([python, "-c", "import site; print(site.getsitepackages()[-1])"], text=True).strip()
    )
    for name, version in THERE.items():
        entry = packages / f"{name.replace('-', '_')}-{version}.dist-info"
        entry.mkdir()
        (entry / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        (entry / "INSTALLER").write_text("test\n")
        (entry / "RECORD").write_text("")
    source = tmp_path / "source"
    shutil.copytree(ROOT / "gan_lib", source / "gan_lib", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, source)
    pip = [sys.executable, "-m", "pip", "--python", str(python), "--disable-pip-version-check"]
    start = time.perf_counter()
    subprocess.run([*pip, "install", "--quiet", str(source)], check=True, capture_output=True)
    record_property("measured", f"Colab's cell: gan_lib installed in {time.perf_counter() - start:.0f} s")
    listed = json.loads(subprocess.check_output([*pip, "list", "--format", "json"], text=True))
    now = {package["name"].lower().replace("_", "-"): package["version"] for package in listed}
    assert THERE.items() <= now.items()
    assert set(now) - set(THERE) == {"gan-lib"} | set(now) & {"setuptools"}
