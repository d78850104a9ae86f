"""Somebody's own folder of pictures, from the command line: trained, gone on with, refused, and out again."""

import json
import sys

import numpy as np
import pytest
import torch
from PIL import Image

import gan_lib.__main__ as cli
from gan_lib import runs
from gan_lib.errors import Stopped
from gan_lib.networks.any_side import AnySideGenerator
from gan_lib.scores import scoreboard
from gan_lib.training.held_out import HELD_OUT

SMALL = ("--side", "32", "--batch-size", "8", "--device", "cpu")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """60 colour pictures of 40×32 pixels in two subfolders, and a file that is none; the cache is empty."""
    rng = np.random.default_rng(0)
    for i in range(60):
        path = tmp_path / "shapes and things" / ("round", "square")[i % 2] / f"{i}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(256, size=(40, 32, 3), dtype=np.uint8)).save(path)
    (tmp_path / "shapes and things" / "notes.txt").write_text("not a picture")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "shapes and things"


@pytest.fixture
def command(monkeypatch, capsys):
    """Run the command line here: (exit status, stdout, stderr)."""
    monkeypatch.setattr(cli.parallel, "local_device", lambda name: name)

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["gan_lib", *map(str, arguments)])
        status = cli.main()
        return status, *capsys.readouterr()

    return run


def test_a_folder_becomes_a_run_and_a_page(folder, command, tmp_path):
    status, out, err = command("train", "dcgan", "--data", folder, *SMALL, "--steps", 4)
    assert status == 0, err
    assert "shapes and things: 60 pictures, 32×32, colour" in out and "1 other file (.txt 1)" in out
    sheet = Image.open(tmp_path / "runs" / "dcgan-shapes and things.pictures.png")
    assert sheet.size == (8 * 32, 8 * 32)
    run = runs.load(tmp_path / "runs" / "dcgan-shapes and things")
    assert isinstance(run.generator, AnySideGenerator) and run.card["held_out"]["pictures"] == 6
    assert run.card["pictures"] == 54 and run.history.shape[1] == 6 and HELD_OUT == "d_held_out"
    assert run.card["evaluation"]["sliced"] > run.card["evaluation"]["floor"]["sliced"]  # four updates draw noise
    assert command("export", run_folder(run, tmp_path), "--out", "page.html")[0] == 0
    assert "shapes and things" in (tmp_path / "page.html").read_text(encoding="utf-8")
    assert command("sample", run_folder(run, tmp_path), "-n", 3, "--out", "drawn/")[0] == 0
    assert sorted(path.name for path in (tmp_path / "drawn").iterdir()) == ["0000.png", "0001.png", "0002.png"]
    assert "real shapes and things" in command("evaluate", run_folder(run, tmp_path), "--data", folder)[1]


@pytest.mark.parametrize(
    ("options", "flip", "augmented"),
    [
        ((), True, True),
        (("--no-flip",), False, True),
        (("--no-augment",), False, False),
        (("--no-augment", "--flip"), True, False),
    ],
)
def test_flips_and_other_looks_are_chosen_apart(folder, command, monkeypatch, options, flip, augmented):
    asked = []

    def record(recipe, *_, **__):
        asked.append(recipe)
        raise Stopped("seen")

    monkeypatch.setattr(cli.runs, "record", record)
    command("train", "dcgan", "--data", folder, *SMALL, *options)
    assert [(recipe.flip, bool(recipe.augment)) for recipe in asked] == [(flip, augmented)]


def run_folder(run, tmp_path):
    return tmp_path / "runs" / run.recipe.name


def test_it_goes_on_with_other_rates_and_not_with_other_pictures(folder, command, tmp_path):
    train = ("train", "dcgan", "--data", folder, *SMALL, "--hold-out", 0)
    assert command(*train, "--steps", 2)[0] == 0
    status, _, err = command(*train, "--steps", 3, "--lr", 1e-5, "--resume")
    assert status == 0, err
    card = json.loads((tmp_path / "runs" / "dcgan-shapes and things" / "card.json").read_text(encoding="utf-8"))
    assert [(each["after"], each["generator"]) for each in card["learning_rates"]] == [(0, 2e-4), (2, 1e-5)]
    assert "held_out" not in card
    Image.new("RGB", (50, 50)).save(folder / "round" / "new.png")
    (folder / "square" / "1.png").unlink()
    status, _, err = command(*train, "--steps", 4, "--lr", 1e-5, "--resume")
    assert status == 2
    assert "1 picture is new (round/new.png), 1 picture is gone (square/1.png)" in err


def test_new_pictures_are_named_where_more_of_them_are_held_out_and_a_batch_takes_more(folder, command):
    train = ("train", "dcgan", "--data", folder, "--side", "32", "--device", "cpu", "--resume")  # a batch of all 54
    assert command(*train, "--steps", 1)[0] == 0
    for i in range(12):
        Image.new("RGB", (50, 50), (i, 0, 0)).save(folder / "round" / f"new {i}.png")
    status, _, err = command(*train, "--steps", 2)
    assert status == 2 and "was trained on other pictures or labels (12 pictures are new (round/new 0.png, …))" in err


def test_it_is_compared_with_pictures_that_are_read_as_those_it_learned_from(folder, command, tmp_path, monkeypatch):
    padded = ("--fit", "pad", "--ground", "black", "--steps", 1, "--out", "mine")
    status, _, err = command("train", "dcgan", "--data", folder, *SMALL, *padded)
    assert status == 0, err
    read, asked = scoreboard.read_pictures, []
    monkeypatch.setattr(scoreboard, "read_pictures", lambda *a, **k: asked.append(k) or read(*a, **k))
    assert command("evaluate", tmp_path / "mine", "--data", folder)[0] == 0
    assert asked == [{"channels": 3, "fit": "pad", "ground": "#000000"}]


def test_subfolders_are_classes_where_the_game_has_labels(folder, command, tmp_path):
    status, _, err = command("train", "acgan", "--data", folder, *SMALL, "--steps", 1, "--out", "mine")
    assert status == 0, err
    run = runs.load(tmp_path / "mine")
    assert run.generator.classes == 2 and run.card["classes"] == ["round", "square"]


def test_a_recipe_of_the_book_gets_networks_of_their_size(folder, command, tmp_path):
    grey = ("--side", "16", "--channels", "1", "--steps", "1", "--batch-size", "8")
    status, _, err = command("train", "mlp-fashion", "--data", folder, *grey, "--out", "mine")
    assert status == 0, err
    run = runs.load(tmp_path / "mine")
    assert run.generator.image_shape == (1, 16, 16) and torch.isfinite(run.history).all()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("train", "dcgan"), "dcgan is for any pictures; name the folder of yours (--data FOLDER)."),
        (("train", "dcgan", "--data", "nowhere"), "there is no folder 'nowhere'"),
        (("train", "dcgan", "--data", "shapes and things", "--side", "48"), "a side of 48 pixels is not possible"),
        (
            ("train", "dcgan", "--data", "shapes and things", "--hold-out", "60"),
            "--hold-out is 60 and there are 60 pictures; choose 0…59.",
        ),
        (("train", "acgan", "--data", "shapes and things/round"), "no subfolders"),
        (("train", "nothing", "--data", "shapes and things"), "recipe 'nothing' is not known"),
    ],
)
def test_what_cannot_be_trained_is_said_before_anything_is_written(folder, command, tmp_path, arguments, said):
    status, _, err = command(*arguments)
    assert status == 2 and said in err and len(err.strip().splitlines()) == 1
    assert not list(tmp_path.glob("runs/*"))
