"""CONTRIBUTING.md's examples work as they stand there."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest
import torch

from book.produce import loaded, stamp
from gan_lib.networks import NETWORKS
from gan_lib.widgets import face

TEXT = (Path(__file__).parents[2] / "CONTRIBUTING.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", TEXT, re.M | re.S))
SCREEN = 60  # lines


@pytest.fixture
def ran(request, tmp_path, monkeypatch):
    """What the example of a section defines, run in an empty folder."""
    monkeypatch.chdir(tmp_path)
    (example,) = re.findall(r"^```python\n(.*?)^```", SECTIONS[request.param], re.M | re.S)
    names = {"__name__": "example"}
    exec(compile(example, "CONTRIBUTING.md", "exec"), names)
    return names


@pytest.mark.parametrize("section", ["A chapter", "A network", "A game", "A data set", "A widget"])
def test_each_is_within_one_screen(section):
    assert len(SECTIONS[section].splitlines()) <= SCREEN


@pytest.mark.parametrize("ran", ["A chapter"], indirect=True)
def test_the_chapter_has_a_stub_that_is_not_yet_right_and_a_solution_that_is(ran, capsys):
    notebook = nbformat.read("09_logit.ipynb", as_version=4)
    nbformat.validate(notebook)
    names = {}
    for cell in notebook.cells:
        if cell.cell_type == "code":
            exec(cell.source, names)
    assert capsys.readouterr().out == "not yet: the function returns None\nright\n"


@pytest.mark.parametrize("ran", ["A chapter"], indirect=True)
def test_the_chapters_stamp_notices_a_change(ran):
    notebook = nbformat.read("09_logit.ipynb", as_version=4)
    before = stamp(notebook)
    assert before == stamp(ran["chapter"])
    assert not loaded("".join(cell.source for cell in notebook.cells))
    notebook.cells[1].source = "TRAIN = True\nSTEPS = None"
    assert stamp(notebook) != before


@pytest.mark.parametrize("ran", ["A game"], indirect=True)
def test_the_game_trains(ran):
    history = ran["history"]
    assert history.isfinite().all() and history[-1, 0] == ran["recipe"].steps == 50
    assert history[-1, 1] < 0.99  # 1 is what D pays for the same answer everywhere
    assert history[-1, 3] > history[-1, 4]  # real points get the larger values


@pytest.mark.parametrize("ran", ["A network"], indirect=True)
def test_the_network_is_known_by_its_name(ran, capsys):
    assert NETWORKS.pop("thin-generator") is ran["ThinGenerator"]
    assert ran["recipe"].build()[0](torch.zeros(2, 16)).shape == (2, 1, 28, 28)


@pytest.mark.parametrize("ran", ["A data set"], indirect=True)
def test_the_data_set_is_trained_on(ran):
    assert ran["images"].classes == ("left", "right") and ran["run"].card["steps_done"] == 3


@pytest.fixture
def shown(monkeypatch):
    """What is displayed; comes before `ran`."""
    outputs = []
    monkeypatch.setattr(face, "display", lambda what, raw: outputs.append(what))
    return outputs


@pytest.mark.parametrize("ran", ["A widget"], indirect=True)
def test_the_widget_is_alive_on_a_page(shown, ran):
    """In the static face, which the tests ask for."""
    (output,) = shown
    assert 'data-kind="explore"' in output["text/html"] and "image/png" in output
    assert output["text/plain"] == "The loss of G, with a point at the logit 0."


def test_every_file_that_it_names_exists():
    root = Path(__file__).parents[2]
    for name in re.findall(r"`((?:book|gan_lib|tests)/[\w/.-]*)`", TEXT):
        assert name.startswith("book/09_") or (root / name).exists(), name


def test_the_readmes_training_on_own_pictures_works_as_it_stands_there(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"^```python\n(.*?)^```", readme, re.M | re.S)
    shorter = example.replace("20_000", "2").replace('"features": 64', '"features": 4')
    assert shorter.count("steps=2,") == shorter.count('"features": 4,') == 1
    names = {}
    exec(compile(shorter, "README.md", "exec"), names)
    run = names["run"]
    assert run.card["data"] == "mine" and run.card["steps_done"] == 2
    assert run.generator.image_shape == (3, 32, 32)
    assert run.samples[2].shape == (run.recipe.pictures, 3, 32, 32)
