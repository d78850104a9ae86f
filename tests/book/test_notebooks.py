"""The stored notebooks: fresh, alive on a page, exercises that check themselves, and runnable with TRAIN=True."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import nbformat
import papermill
import pytest
import torch

from book import colab
from book.produce import BOOK, chapters, stamp
from gan_lib.widgets import LatentExplorer

NUMBERED = [path for path in chapters() if path.stem not in ("index", "touch")]  # no switch, no exercise


@pytest.fixture(params=NUMBERED, ids=lambda path: path.stem)
def path(request) -> Path:
    return request.param


@pytest.fixture
def chapter(path) -> nbformat.NotebookNode:
    return nbformat.read(path, as_version=4)


@pytest.fixture(params=chapters(), ids=lambda path: path.stem)
def notebook(request) -> nbformat.NotebookNode:
    return nbformat.read(request.param, as_version=4)


def cells(notebook, tag: str) -> list:
    return [cell for cell in notebook.cells if tag in cell.metadata.get("tags", [])]


def printed(cell) -> str:
    return "".join(output.text for output in cell.outputs if output.output_type == "stream")


def test_stored_outputs_were_made_from_the_present_code_and_runs(notebook):
    assert notebook.metadata["gan_lib"]["stamp"] == stamp(notebook), "run `make notebooks`"


def test_the_stamp_notices_a_change_in_code(notebook):
    before = stamp(notebook)
    next(cell for cell in colab.without(notebook) if cell.cell_type == "code").source += "\n# changed"
    assert stamp(notebook) != before


def test_every_code_cell_has_run_in_order(notebook):
    counts = [cell.execution_count for cell in colab.without(notebook) if cell.cell_type == "code"]
    assert counts == list(range(1, len(counts) + 1))


def test_no_stored_output_needs_a_kernel_or_shows_an_error(notebook):
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            assert output.output_type != "error"
            assert not [kind for kind in output.get("data", {}) if "widget" in kind]


def test_no_stored_output_holds_a_path_of_the_machine_that_made_it(notebook):
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            plain = output.get("data", {}).get("text/plain", "") + output.get("text", "")
            assert str(Path.home()) not in plain
            assert not re.search(r"site-packages|/(home|root|tmp|Users)/|[A-Z]:\\", plain)


def test_there_is_one_parameters_cell_that_trains_nothing_by_default(chapter):
    (cell,) = cells(chapter, "parameters")
    assert cell.source == 'TRAIN = False  # @param {type:"boolean"}\nSTEPS = None  # @param {type:"raw"}'


def test_every_stub_says_not_yet_and_every_solution_is_right(chapter):
    stubs, solutions = cells(chapter, "exercise-stub"), cells(chapter, "exercise-solution")
    assert len(stubs) == len(solutions) >= 1
    for stub, solution in zip(stubs, solutions, strict=True):
        assert stub.source.splitlines()[-1] == solution.source.splitlines()[-1]  # the same check
        assert printed(stub).startswith("not yet")
        assert printed(solution) == "right\n"


def test_every_picture_has_a_text_for_those_who_cannot_see_it(notebook):
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if "image/png" in data:
                assert cell.metadata.get("mystnb", {}).get("image", {}).get("alt") or "alt=" in data["text/html"]


def test_no_summary_holds_markdown_which_would_stand_there_as_it_is(notebook):
    for cell in notebook.cells:
        for summary in re.findall(r"<summary>.*?</summary>", cell.source, re.S):
            assert not re.search(r"[$`]|\*\*", summary), summary


def test_every_cell_that_promises_a_picture_shows_one(notebook):
    for cell in notebook.cells:
        if "mystnb" in cell.metadata:
            assert [output for output in cell.outputs if "image/png" in output.get("data", {})], cell.source


def test_the_explorer_takes_the_generator_class_that_chapter_3_writes():
    notebook = nbformat.read(BOOK / "03_mlp_gan.ipynb", as_version=4)
    (cell,) = [cell for cell in notebook.cells if cell.source.startswith("class Generator")]
    written = {"torch": torch, "nn": torch.nn}
    exec(cell.source, written)
    explorer = LatentExplorer(written["Generator"]())
    before = explorer.views[0].picture.value
    explorer.sliders[25].value = 2.5
    assert explorer.views[0].picture.value != before and explorer.message.value == ""


LIGHT = """def lighten():
    from dataclasses import replace
    from gan_lib import data, latent, metrics, runs
    from gan_lib.machine import progress
    load, record, samples = data.load, runs.record, metrics.samples
    bar, effects = progress.progress, latent.effects

    def few(*asked, **options):
        found = load(*asked, **options)
        return replace(found, pixels=found.pixels[:1_000], labels=found.labels[:1_000])

    def narrow(recipe, *others, **options):
        args = {side: getattr(recipe, side) for side in ("generator_args", "discriminator_args")}
        fewer = {side: given | {"features": 16} for side, given in args.items() if "features" in given}
        return record(replace(recipe, **fewer), *others, **options)

    data.load, runs.record = few, narrow
    metrics.samples = lambda generator, n, *others: samples(generator, min(n, 200), *others)
    progress.progress = lambda steps, *others: bar(min(steps, 20), *others)
    latent.effects = lambda generator, z: effects(generator, z[:2])
    for score in (metrics.frechet_distance, metrics.evaluate):
        score.__kwdefaults__["n"] = 200

lighten()
del lighten
"""


def names(source: str) -> tuple[set[str], set[str]]:
    """The names that a cell reads, and those that it gives."""
    reads, gives = set(), set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Name):
            (reads if isinstance(node.ctx, ast.Load) else gives).add(node.id)
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            gives.add(node.name)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            gives |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
    return reads, gives


def trained(cells: list) -> list:
    """Of the code cells after the parameters those that TRAIN and STEPS change, and those that they build on; the
    others do what nbval sees them do."""
    changed, touched, found = {"TRAIN", "STEPS"}, [], [names(cell.source) for cell in cells]
    for reads, gives in found:
        touched.append(bool(reads & changed))
        changed = changed | gives if touched[-1] else changed - gives
    kept, needed = [], set()
    for cell, (reads, gives), own in reversed(list(zip(cells, found, touched, strict=True))):
        if own or gives & needed:
            kept.insert(0, cell)
            needed = (needed - gives) | reads
    return kept


def test_the_chapter_trains_itself_when_asked(path, chapter, tmp_path, monkeypatch):
    """As a reader runs it, with the live face, but with fewer pictures, shorter loops and narrower convolutions, and
    without what does not depend on the training.

    With the digits, where nothing can be downloaded, a chapter has fewer pictures still.
    """
    monkeypatch.delenv("GAN_LIB_STATIC")  # the kernel inherits what this process has
    code = [cell for cell in colab.without(chapter) if cell.cell_type == "code"]
    (parameters,) = cells(chapter, "parameters")
    chapter.cells = [parameters, nbformat.v4.new_code_cell(LIGHT), *trained(code[code.index(parameters) + 1 :])]
    papermill.execute_notebook(
        chapter, None, {"TRAIN": True, "STEPS": 10}, cwd=tmp_path, kernel_name="python3", progress_bar=False
    )
    cards = [json.loads(card.read_text()) for card in (tmp_path / "runs").glob("*/card.json")]
    assert bool(cards) == ("runs.record(" in path.read_text(encoding="utf-8"))
    assert all(card["steps_done"] == 10 for card in cards)


def test_every_numbered_equation_has_a_test_of_its_name():
    tests = "".join(file.read_text(encoding="utf-8") for file in Path(__file__).parents[1].rglob("test_*.py"))
    labels = {label for path in chapters() for label in re.findall(r":label: (eq-[a-z0-9-]+)", path.read_text("utf-8"))}
    assert {"eq-conv-size", "eq-conv-transpose-size"} <= labels
    for label in labels:
        assert re.search(rf"def test_\w*{label.replace('-', '_')}", tests), label
