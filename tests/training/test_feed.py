"""Real pictures on their way to the networks: the same bits from disk as from memory, and no row is drawn early."""

import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from gan_lib import data, runs
from gan_lib.errors import BadRun
from gan_lib.training import feed as feed_module
from gan_lib.training import train
from gan_lib.training.feed import AHEAD, Feed
from gan_lib.training.state import State
from tests.conftest import TINY
from tests.data import trouble
from tests.data.test_folder import write

folder_module = sys.modules["gan_lib.data.folder"]
ALL = slice(0, 8)


@pytest.fixture
def pair(monkeypatch):
    """43 grey pictures of 28×28 in two classes: in memory, and on disk."""
    with trouble.place() as place:
        for i in range(43):
            write(place / "mine" / "ab"[i % 2] / f"{i:02}.png", seed=i)
        options = {"channels": 1, "labels": "folders", "show_progress": False}
        memory = data.folder(place / "mine", 28, **options)
        monkeypatch.setattr(folder_module, "SHARE", 0)
        disk = data.folder(place / "mine", 28, **options)
        assert disk.is_on_disk
        yield memory, disk


def rows_of(n, batch=8):
    return data.ShuffledIndices(n, batch, torch.Generator().manual_seed(3))


def test_the_feed_gives_the_batches_of_the_rows_and_moves_nothing(pair):
    _, disk = pair
    rows, expected = rows_of(43), rows_of(43)
    feed = Feed(disk, rows, ALL)
    for _ in range(23):  # more than four epochs of five batches
        drawn, same = next(rows), next(expected)
        assert torch.equal(feed.take(drawn), disk.pixels[same])
        assert rows.start == expected.start and torch.equal(rows.order, expected.order)
        assert torch.equal(rows.rng.get_state(), expected.rng.get_state())
        assert all(end <= len(rows.order) for end, _ in feed.coming) and len(feed.coming) <= AHEAD


def test_the_feed_fetches_what_comes_before_it_is_asked(pair, monkeypatch):
    _, disk = pair
    monkeypatch.setattr(feed_module, "AHEAD", 2)
    rows = rows_of(43)
    feed, fetched = Feed(disk, rows, ALL), []
    real = feed._fetch
    monkeypatch.setattr(
        feed, "_fetch", lambda start, end: fetched.append((start, threading.get_ident())) or real(start, end)
    )
    feed.take(next(rows))
    [future.result() for _, future in feed.coming]
    assert sorted(start for start, _ in fetched) == [0, 8, 16]
    assert threading.get_ident() not in {thread for _, thread in fetched}
    for _ in range(4):
        feed.take(next(rows))
    assert sorted(start for start, _ in fetched) == [0, 8, 16, 24, 32]  # each once, and none of the next epoch


def test_rows_that_somebody_drew_and_left_are_not_mixed_up(pair):
    _, disk = pair
    rows = rows_of(43)
    feed = Feed(disk, rows, ALL)
    feed.take(next(rows))
    next(rows)
    drawn = next(rows)
    assert torch.equal(feed.take(drawn), disk.pixels[drawn])
    rows.order, rows.start = torch.arange(43).flip(0), 0  # as a restored state has it
    drawn = next(rows)
    assert torch.equal(feed.take(drawn), disk.pixels[drawn])


def test_each_process_fetches_its_own_part(pair):
    _, disk = pair
    rows = rows_of(43)
    feed = Feed(disk, rows, slice(4, 8))
    for _ in range(7):
        drawn = next(rows)[4:8]
        assert torch.equal(feed.take(drawn), disk.pixels[drawn])


def trained(images, steps=None):
    state = State(TINY["mlp"], len(images.pixels))
    train(state, images, steps=steps, show_progress=False)
    return state


def same_weights(one, other):
    return all(torch.equal(value, other[key]) for key, value in one.items())


def test_a_training_from_disk_ends_with_the_bits_of_one_from_memory(pair):
    memory, disk = (trained(images).generator.state_dict() for images in pair)
    assert same_weights(memory, disk)


def test_a_stopped_training_from_disk_goes_on_to_the_same_bits(pair, tmp_path):
    _, disk = pair
    whole = trained(disk).generator.state_dict()
    begun = trained(disk, steps=7).as_dict()
    resumed = State(TINY["mlp"], len(disk.pixels))
    resumed.restore(begun)
    train(resumed, disk, show_progress=False)
    assert same_weights(whole, resumed.generator.state_dict())


def test_a_run_of_a_folder_that_changed_is_refused_with_what_changed(pair, tmp_path):
    _, disk = pair
    recipe, folder = replace(TINY["mlp"], dataset="mine"), tmp_path / "run"
    rest, held_out = disk.split(5)
    runs.record(recipe, rest, folder, steps=3, held_out=held_out, show_progress=False)
    assert runs.record(recipe, rest, folder, steps=3, resume=True, show_progress=False).card["steps_done"] == 3
    root = Path(disk.origin.listing.folder)
    write(root / "b" / "new.png", seed=99)
    (root / "a" / "00.png").unlink()
    now = data.folder(root, 28, channels=1, labels="folders", show_progress=False).split(5)[0]
    with pytest.raises(
        BadRun, match=r"other pictures .*1 picture is new \(b/new.png\), 1 picture is gone \(a/00.png\)"
    ):
        runs.record(recipe, now, folder, steps=5, resume=True, show_progress=False)
