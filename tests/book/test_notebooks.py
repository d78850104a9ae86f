"""The stored notebooks: fresh, alive on a page, exercises that check themselves, and runnable with TRAIN=True."""

from __future__ import annotations

import ast
import json
import os
import re
import symtable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest
import torch

from book import colab
from book.produce import BOOK, chapters, stamp
from gan_lib import data, runs
from gan_lib.machine import progress
from gan_lib.scores import metrics
from gan_lib.show import latent
from gan_lib.widgets import LatentExplorer
from tests.conftest import FORKS

OWN = "your_own_pictures"  # has a switch more
CHAPTERS = [path for path in chapters() if path.stem[0].isdigit() or path.stem == OWN]  # the others have no exercises


@pytest.fixture(params=CHAPTERS, ids=lambda path: path.stem)
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
            assert str(Path.home()) not in plain and str(BOOK.parent) not in plain
            assert not re.search(r"site-packages|/(home|root|tmp|Users)/|[A-Z]:\\", plain)


def test_no_stored_output_is_a_complaint(notebook):
    """Warnings go to stderr, which nbval does not compare."""
    assert not [o for cell in notebook.cells for o in cell.get("outputs", []) if o.get("name") == "stderr"]


def test_there_is_one_parameters_cell_that_trains_nothing_by_default(path, chapter):
    (cell,) = cells(chapter, "parameters")
    wanted = ['TRAIN = False  # @param {type:"boolean"}', 'STEPS = None  # @param {type:"raw"}']
    assert cell.source.splitlines() == wanted + ['FOLDER = ""  # @param {type:"string"}'] * (path.stem == OWN)


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


def test_the_explorer_takes_the_generator_class_that_chapter_3_writes(no_running_loop):
    notebook = nbformat.read(BOOK / "03_mlp_gan.ipynb", as_version=4)
    (cell,) = [cell for cell in notebook.cells if cell.source.startswith("class Generator")]
    written = {"torch": torch, "nn": torch.nn}
    exec(cell.source, written)
    explorer = LatentExplorer(written["Generator"]())
    before = explorer.views[0].picture.value
    explorer.sliders[25].value = 2.5
    assert explorer.views[0].picture.value != before and explorer.message.value == ""


def lighten() -> None:
    """Fewer pictures, shorter loops and narrower convolutions, in this process and for good."""
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
    metrics.samples = lambda generator, n, *others, **options: samples(generator, min(n, 200), *others, **options)
    progress.progress = lambda steps, *others: bar(min(steps, 20), *others)
    latent.effects = lambda generator, z: effects(generator, z[:2])
    for score in (metrics.frechet_distance, metrics.evaluate):
        score.__kwdefaults__["n"] = 200


def names(source: str) -> tuple[set[str], set[str]]:
    """The names that a cell reads and has not given itself before, and those that it gives."""
    reads, gives = set(), set()
    for statement in ast.parse(source).body:
        whole = symtable.symtable(ast.unparse(statement), "a cell", "exec")
        inside = [whole]
        for table in inside:
            inside += table.get_children()
            symbols = (s for s in table.get_symbols() if s.is_referenced() and (table is whole or s.is_global()))
            reads |= {symbol.get_name() for symbol in symbols} - gives
        gives |= {s.get_name() for s in whole.get_symbols() if s.is_assigned() or s.is_imported()}
    return reads, gives


def trained(cells: list) -> list:
    """Of the code cells after the parameters those that look at TRAIN and STEPS, those that read what these give, and
    what both build on; the others do what nbval sees them do."""
    found = [names(cell.source) for cell in cells]
    given, kept, needed = set(), [], set()
    asked = [bool(reads & {"TRAIN", "STEPS"}) for reads, _ in found]
    touched = []
    for (reads, gives), asks in zip(found, asked, strict=True):
        touched.append(asks or bool(reads & given))
        given = given | gives if asks else given - gives
    for cell, (reads, gives), own in reversed(list(zip(cells, found, touched, strict=True))):
        if own or gives & needed:
            kept.insert(0, cell)
            needed = (needed - gives) | reads
    return kept


def train_itself(sources: list[str], folder: Path) -> None:
    """Run these cells, with the live face, in a process that is done then."""
    del os.environ["GAN_LIB_STATIC"]
    os.chdir(folder)
    lighten()
    written = {"__name__": "__main__", "TRAIN": True, "STEPS": 10, "FOLDER": ""}
    for source in sources:
        exec(compile(source, "a cell", "exec"), written)


def test_the_chapter_trains_itself_when_asked(path, chapter, tmp_path):
    """As a reader runs it, with fewer pictures, shorter loops and narrower convolutions, and without what does not
    depend on the training. Not in a kernel, which takes seconds to start: that nbval does.

    With the digits, where nothing can be downloaded, a chapter has fewer pictures still.
    """
    code = [cell for cell in colab.without(chapter) if cell.cell_type == "code"]
    (parameters,) = cells(chapter, "parameters")
    asked = [cell.source for cell in trained(code[code.index(parameters) + 1 :])]
    with ProcessPoolExecutor(1, mp_context=FORKS) as pool:
        pool.submit(train_itself, asked, tmp_path).result()
    cards = [json.loads(card.read_text()) for card in (tmp_path / "runs").glob("*/card.json")]
    assert bool(cards) == ("runs.record(" in path.read_text(encoding="utf-8"))
    assert all(card["steps_done"] == 10 for card in cards)


def test_every_numbered_equation_has_a_test_of_its_name():
    tests = "".join(file.read_text(encoding="utf-8") for file in Path(__file__).parents[1].rglob("test_*.py"))
    labels = {label for path in chapters() for label in re.findall(r":label: (eq-[a-z0-9-]+)", path.read_text("utf-8"))}
    assert {"eq-conv-size", "eq-conv-transpose-size"} <= labels
    for label in labels:
        assert re.search(rf"def test_\w*{label.replace('-', '_')}", tests), label
