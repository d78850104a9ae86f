"""How many pictures: the runs differ in what they compare, and in nothing else."""

from __future__ import annotations

import sys
from dataclasses import fields, replace

import pytest
import torch

import gan_lib.__main__ as cli
from gan_lib import data, runs
from gan_lib.chapters import few
from gan_lib.errors import BadInput
from gan_lib.training.recipe import Recipe

NAMES = {"name", "about"}


def different(a: Recipe, b: Recipe) -> set[str]:
    return {f.name for f in fields(Recipe) if getattr(a, f.name) != getattr(b, f.name)} - NAMES


def numbered(n: int) -> data.ImageSet:
    """Each picture says in its first two pixels which one it is."""
    pixels = torch.zeros(n, 1, 32, 32, dtype=torch.uint8)
    pixels[:, 0, 0, 0], pixels[:, 0, 0, 1] = torch.arange(n) // 256, torch.arange(n) % 256
    return data.ImageSet("numbers", pixels)


def told(images: data.ImageSet) -> list[int]:
    first = images.pixels[:, 0, 0, :2].int()
    return (first[:, 0] * 256 + first[:, 1]).tolist()


@pytest.mark.parametrize("n", few.COUNTS)
def test_only_augmentation_differs_and_between_seeds_the_seed(n):
    assert different(few.recipe(n, False), few.recipe(n, True)) == {"augment"}
    assert different(few.recipe(n, True, 1), few.recipe(n, True, 2)) == {"seed"}
    assert different(few.recipe(n, True), few.recipe(few.COUNTS[0], True)) <= {"pictures"}  # those that are kept


def test_the_held_out_are_the_same_for_every_number_and_nobody_learns_them():
    images = numbered(700)
    (some, held_out), (all_others, same) = few.parts(images, 50), few.parts(images, 200)
    assert told(held_out) == told(same) and len(set(told(held_out))) == few.HELD_OUT
    assert len(set(told(some))) == 50 and set(told(some)) < set(told(all_others))
    assert sorted(told(all_others) + told(same)) == list(range(700))
    assert told(some) != sorted(told(some))[:50]  # drawn, not the first ones


def test_too_few_are_refused():
    with pytest.raises(BadInput, match="numbers holds 510 pictures; ask for 10 or fewer"):
        few.parts(numbered(510), 11)


def test_a_run_says_what_it_learned_from_and_keeps_ds_verdict(tmp_path, monkeypatch):
    made = few.recipe
    monkeypatch.setattr(few, "recipe", lambda *args: replace(made(*args), ema=None, log_every=1))
    run = few.record(numbered(540), 40, True, tmp_path / "few", steps=6, score=lambda _: 1.0)
    assert run.card["pictures"] == 40 and run.card["held_out"]["pictures"] == few.HELD_OUT
    assert run.history.shape == (6, 6) and run.generator is None and set(run.scores) == {6}
    assert run.recipe.augment and not run.recipe.flip


def test_the_command_records_those_that_are_missing(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(few, "RUNS", [(40, False, 0), (40, True, 0)])
    monkeypatch.setattr(cli.data, "load", lambda _: numbered(540))
    monkeypatch.setattr(cli.metrics, "score_of", lambda *_: lambda _: 1.0)
    (tmp_path / "few-40-plain-0").mkdir()
    (tmp_path / "few-40-plain-0" / "card.json").touch()
    monkeypatch.setattr(sys, "argv", ["gan_lib", "few", "--out", str(tmp_path), "--steps", "6"])
    assert cli.main() == 0, capsys.readouterr().err
    assert runs.load(tmp_path / "few-40-augmented-0").recipe.augment
    assert [path.name for path in (tmp_path / "few-40-plain-0").iterdir()] == ["card.json"]


def test_the_recorded_ones_are_what_the_code_makes():
    for n, augmented, seed in few.RUNS:
        run = runs.load(few.name(n, augmented, seed))
        assert run.recipe == few.recipe(n, augmented, seed, few.STEPS[n])
        assert (run.card["pictures"], run.card["steps_done"]) == (n, few.STEPS[n])
