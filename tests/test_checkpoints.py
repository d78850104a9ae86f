"""Stopped, killed, damaged, full: a training goes on from its checkpoint to the same bits, or says why it cannot."""

import errno
import json
import os
import pickle
import random
import re
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

import gan_lib.__main__ as cli
from gan_lib import checkpoints, data, recording, runs, training
from gan_lib.checkpoints import Checkpoint
from gan_lib.errors import BadInput, BadRun, Diverged
from gan_lib.recipes import MLP_FASHION
from gan_lib.recording import Stopped, record
from gan_lib.state import State
from gan_lib.training import train
from tests.conftest import FORKS, TINY, random_images

NOWHERE = "http://127.0.0.1:9"  # as a proxy: nothing can be reached
SEED = random.randrange(10**6)  # of the moments at which processes are killed; a failure shows it


def same_bits(one, other):
    """Whether two dicts of tensors hold the same names, shapes, types and bytes."""
    assert one.keys() == other.keys()
    for key, value in one.items():
        assert (value.shape, value.dtype) == (other[key].shape, other[key].dtype), key
        assert value.contiguous().numpy().tobytes() == other[key].contiguous().numpy().tobytes(), key
    return True


def trained(recipe, images, state=None, **options):
    images = images.resized(recipe.image_size)
    state = state or State(recipe, len(images.pixels))
    train(state, images, show_progress=False, **options)
    return state


def score(generator):
    """Something that depends on the weights, and on nothing else."""
    return runs.draw(generator, runs.fixed_z(100), *runs.fixed_labels(generator.classes)).float().std().item()


def scored(recipe):
    """A recipe with much to lose: scores, the best milestone, both networks."""
    return replace(recipe, milestones=(0, 2, 5, 9), keep_best=True, keeps=("generator", "discriminator"))


def recorded(recipe, folder, **options):
    images = replace(random_images(), name=recipe.dataset)
    return record(recipe, images, folder, score=score, show_progress=False, **options)


def run_files(folder):
    """What must be the same after every interruption: all files, and the card without date and seconds."""
    files = {str(f.relative_to(folder)): f.read_bytes() for f in folder.rglob("*") if f.is_file()}
    card = json.loads(files.pop("card.json"))
    card["made"] = {key: value for key, value in card["made"].items() if key not in ("date", "seconds")}
    return files | {"card": card}


@pytest.fixture
def path(tmp_path):
    """Where the checkpoint of the run tmp_path / "run" lies."""
    return checkpoints.path_of(tmp_path / "run")


def press(monkeypatch, at, number=signal.SIGINT, times=1):
    """Ctrl-C in the middle of a step: while the batch number `at` is being cut."""
    to_range, calls = training.to_range, []

    def press_there(pixels):
        calls.append(1)
        if len(calls) == at:
            for _ in range(times):
                signal.raise_signal(number)
        return to_range(pixels)

    monkeypatch.setattr(training, "to_range", press_there)


# ------------------------------------------------------------------------------------------ to the same bits


@pytest.mark.parametrize("name", TINY)
def test_a_training_that_was_stopped_and_restored_ends_with_the_same_bits(images, path, name):
    recipe = TINY[name]
    whole = trained(recipe, images)
    for stop in (0, *random.Random(SEED).sample(range(1, recipe.steps), 2), recipe.steps):
        first = trained(recipe, images, State(recipe, 64), watch=lambda: first_state[0].step == stop) if False else None
        state = State(recipe, 64)
        trained(recipe, images, state, watch=lambda state=state, stop=stop: state.step == stop)
        checkpoints.save(path, recipe, Checkpoint(state.tensors(), {}))
        fresh = State(recipe, 64)
        fresh.restore(checkpoints.load(path, recipe).tensors)
        assert fresh.step == stop and same_bits(fresh.tensors(), state.tensors()), SEED
        assert same_bits(trained(recipe, images, fresh).tensors(), whole.tensors()), SEED
