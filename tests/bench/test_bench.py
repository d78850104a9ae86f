"""The textbook loop that ours is timed against, and the table."""

import json
import os
import platform
from dataclasses import replace

import pytest
import torch

from gan_lib import runs
from gan_lib.bench import memory, quality, reading, speed, textbook
from gan_lib.data import ImageSet, to_range
from gan_lib.errors import BadInput, BadRun
from gan_lib.machine.device import give_memory_back
from gan_lib.networks.mlp import MLPGenerator
from gan_lib.training import loop, recipes, train
from gan_lib.training.games import NON_SATURATING, wgan_gp
from gan_lib.training.state import State
from tests.conftest import random_images


def in_an_order(pictures):
    """(N, …) → (N, numbers), sorted by a mixture of each picture's numbers."""
    flat = pictures.flatten(1).double()
    return flat[(flat @ torch.arange(1.0, 1 + flat.shape[1], dtype=torch.float64).sqrt()).argsort()]


def test_the_textbook_loop_sees_the_same_pictures_as_ours(tiny, images):
    seen = []

    def d_loss(discriminator, batch):
        seen.append(batch.real)
        return NON_SATURATING.d_loss(discriminator, batch)

    recipe = replace(tiny, game=replace(NON_SATURATING, name="watched", d_loss=d_loss))
    textbook.textbook(recipe, images, 8, generator_passes=1)  # an epoch of batches of 8
    torch.testing.assert_close(in_an_order(torch.cat(seen)), in_an_order(to_range(images.pixels)))


@pytest.mark.parametrize("generator_passes", [1, 2])
def test_the_textbook_loop_draws_new_pictures_for_g_where_it_is_asked_to(tiny, images, generator_passes):
    passes = []

    class Generator(MLPGenerator):
        def forward(self, z, labels=None):
            passes.append(len(z))
            return super().forward(z)

    recipe = replace(tiny, generator=Generator)
    _, losses = textbook.textbook(recipe, images, 10, generator_passes=generator_passes)  # more than an epoch's 8
    assert passes == [8] * 10 * generator_passes and len(losses) == 10


# --------------------------------------------------------------------------------------- its losses are the game's


def small(recipe):
    """The recipe on few and narrow layers, without what the textbook loop leaves out or draws otherwise."""
    width = {"dcgan": {"features": 4}, "conditional": {"width": 8}}
    width["ablated"] = width["residual"] = width["dcgan"]
    changes = {
        "batch_size": 4,
        "d_steps": 2,
        "log_every": 1,
        "milestones": (),
        "ema": None,
        "lr_end": 1.0,
        "bfloat16": False,
    }
    for who in ("generator", "discriminator"):
        network = getattr(recipe, who)
        args = width.get(network.__module__.split(".")[-1], {})
        if "ACGAN" in network.__name__ and "MLP" not in network.__name__:
            args = width["dcgan"]
        dropout = {"dropout": 0.0} if args == width["conditional"] and who == "discriminator" else {}
        changes[f"{who}_args"] = getattr(recipe, f"{who}_args") | args | dropout
    return replace(recipe, **changes)


def deciding(recipe):
    """What the losses of a small training depend on."""
    card = recipe.as_card()
    return json.dumps([card["players"], card["decides"]["game"], recipe.init_std])


DISTINCT = {deciding(small(recipe)): recipe.name for recipe in recipes.RECIPES.values()}
# One picture again and again, so that the order does not matter.
ALIKE = ImageSet("alike", random_images().pixels[:1].repeat(16, 1, 1, 1), torch.full((16,), 3), tuple("0123456789"))


@pytest.fixture
def the_same_draws(monkeypatch):
    """Both loops get the same z and the same ε, from the first on after each call of this."""
    rng = torch.Generator()
    randn, rand = torch.randn, torch.rand
    monkeypatch.setattr(torch, "randn", lambda *size, **_: randn(*size, generator=rng))
    monkeypatch.setattr(torch, "rand", lambda *size, dtype=None, device=None: rand(*size, generator=rng))
    return lambda: rng.manual_seed(0)


def both(recipe, again, other=None):
    """D's and G's losses in two updates of our loop, and in two of the textbook loop, with another recipe if given."""
    images = ALIKE.resized(recipe.image_size)
    state = State(recipe, len(images.pixels))

    def watch():
        if state.step == 0:
            again()

    ours = train(state, images, steps=2, watch=watch, show_progress=False)[:, 1:3]
    again()
    _, theirs = textbook.textbook(other or recipe, images, 2, generator_passes=1)
    return ours, torch.tensor(theirs)


@pytest.mark.parametrize("name", DISTINCT.values())
def test_the_textbook_loop_has_the_losses_of_our_loop_for_every_game_and_network(name, the_same_draws):
    recipe = small(recipes.recipe(name))
    torch.testing.assert_close(*both(recipe, the_same_draws), rtol=1e-4, atol=1e-5)


def test_a_penalty_that_a_game_does_not_have_would_be_seen(the_same_draws):
    recipe = small(recipes.recipe("slope-loss-0"))
    ours, theirs = both(recipe, the_same_draws, replace(recipe, game=wgan_gp()))
    assert (ours - theirs)[:, 0].abs().min() > 1


# ------------------------------------------------------------------------------------------------ measurements


def test_three_loops_are_timed_in_turns_and_compared(tiny, images, monkeypatch):
    monkeypatch.setattr(speed.data, "load", lambda name: images)
    rates = iter([100.0, 10.0, 5.0, 900.0, 90.0, 45.0, 200.0, 20.0, 10.0])  # three rounds of three loops
    ran = []
    monkeypatch.setattr(speed, "rate", lambda loop, seconds: ran.append((loop(2), seconds)) or next(rates))
    found = speed.measure(tiny, seconds=0.1, rounds=3)
    assert json.loads(json.dumps(found)) == found
    assert found["recipe"] == "tiny" and found["batch_size"] == 8 and found["data"] == str(images)
    one, two = "textbook, one generator pass", "textbook, two generator passes"
    assert found["images_per_s"] == {"ours": 1600.0, one: 160.0, two: 80.0}  # the median, 200 steps/s, times 8
    assert found["ratio"] == {"ours": 1.0, one: 10.0, two: 20.0}
    assert len(ran) == 9 and all(seconds == 0.1 for _, seconds in ran)
    lines = [line.split() for line in speed.as_text(found).splitlines()]
    assert lines[1] == ["ours", "1,600", "images/s", "1.0×"] and lines[3][-3:] == ["80", "images/s", "20.0×"]


def test_a_rate_is_updates_per_second_without_the_start(monkeypatch):
    clock = 0.0

    def loop(steps):
        nonlocal clock
        clock += 3 + steps * 0.01  # a hundred a second, after three seconds of preparation

    monkeypatch.setattr(speed.time, "perf_counter", lambda: clock)
    assert speed.rate(loop, seconds=5) == pytest.approx(100)


def test_memory_is_looked_at_after_the_warm_up_and_at_the_end(tiny, images, monkeypatch):
    monkeypatch.setattr(memory.data, "load", lambda name: images)
    monkeypatch.setattr(memory, "WARM_UP", 3)
    resident = iter((90.0, 95.0, 98.0, 100.0, 150.0, 120.0, 130.0))  # before the first update, then after each
    monkeypatch.setattr(memory, "resident", lambda: next(resident))
    found = memory.measure(tiny, 6)
    assert (found["after_warm_up"], found["peak"], found["at_the_end"]) == (100, 150, 130)
    assert found["peaks"] == [90, 95, 98, 100, 150, 120, 130]


def test_resident_memory_is_seen_to_grow():
    before = memory.resident()
    kept = torch.ones(20_000_000)  # 80 MB
    assert 60 < memory.resident() - before < 120 and kept.sum() > 0


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries keep no such heaps")
def test_memory_that_nobody_uses_is_given_back():
    blocks = [torch.ones(20_000) for _ in range(1_000)]  # 80 MB, in blocks too small for maps of their own
    last = blocks[-1]  # holds the heap's end, so that free alone cannot give it back
    del blocks
    before = memory.resident()
    give_memory_back()
    assert before - memory.resident() > 50 and last.sum() == 20_000


def test_ours_stops_where_it_is_as_good_as_the_textbook_loop(tiny, images, monkeypatch):
    monkeypatch.setattr(quality.data, "load", lambda name: images)
    monkeypatch.setattr(quality, "LOOK_EVERY", 2)
    scores, steps = iter((50.0, 80.0, 60.0, 50.0)), []
    monkeypatch.setattr(quality.metrics, "frechet_distance", lambda *_, **__: next(scores))
    plain = quality.textbook
    monkeypatch.setattr(quality, "textbook", lambda *asked, **given: steps.append(asked[2]) or plain(*asked, **given))
    found = quality.time_to_quality(tiny, epochs=2)
    assert steps == [16] and found["textbook_frechet"] == found["textbook_ours_frechet"] == 50
    assert found["textbook_ratio"] == found["textbook_s"] / found["textbook_ours_s"] > 0 and not list(scores)


def test_ours_is_as_good_as_another_recipe_and_as_its_recorded_run(tiny, images, monkeypatch):
    slow, looked = replace(recipes.MLP_FASHION, batch_size=8, steps=7, milestones=()), []
    monkeypatch.setattr(quality.data, "load", lambda name: images)
    monkeypatch.setattr(quality, "LOOK_EVERY", 1)
    monkeypatch.setattr(quality, "rate", lambda loop, seconds: loop(1) or 3.5)
    recorded = runs.load("mlp-fashion").card["evaluation"]["frechet"]
    scores = iter((recorded / 2, recorded, recorded / 4))
    monkeypatch.setattr(quality.metrics, "frechet_distance", lambda *_, **__: looked.append(1) or next(scores))
    found = quality.time_to_quality(tiny, against=slow)
    assert len(looked) == 3 and found["against"] == "mlp-fashion" and found["recorded_s"] == 2
    assert (found["recorded_frechet"], found["recorded_ours_frechet"]) == (recorded, recorded)
    assert (found["textbook_frechet"], found["textbook_ours_frechet"]) == (recorded / 2, recorded / 4)
    assert 0 < found["recorded_ours_s"] < found["textbook_ours_s"]
    with pytest.raises(BadRun, match="nothing"):
        quality.time_to_quality(tiny, against=replace(slow, name="nothing"))


@pytest.fixture
def fingerprints(images, monkeypatch):
    """Of the generators that are scored: a weight of each."""
    seen = []
    monkeypatch.setattr(quality.data, "load", lambda name: images)
    monkeypatch.setattr(
        quality.metrics, "frechet_distance", lambda g, dataset: seen.append(g.fc2.bias[0].item()) or 1.0
    )
    return seen


def test_both_precisions_are_scored_for_every_seed(tiny, fingerprints, monkeypatch):
    for module in (quality, loop):  # torch multiplies bfloat16 on any CPU, only slower without the hardware
        monkeypatch.setattr(module, "has_bfloat16", lambda device: True)
    found = quality.precision(tiny, steps=3, seeds=2)
    assert found["float32"] == found["bfloat16"] == [1.0, 1.0] and len(set(fingerprints)) == 4


def test_without_bfloat16_hardware_nothing_is_called_bfloat16(tiny, fingerprints, monkeypatch):
    monkeypatch.setattr(quality, "has_bfloat16", lambda device: False)
    with pytest.raises(BadInput, match="no bfloat16 hardware"):
        quality.precision(tiny, steps=3)
    assert not fingerprints


# --------------------------------------------------------------------------------------------- a folder of pictures


def test_reading_measures_the_same_pictures_and_leaves_nothing(monkeypatch, tmp_path):
    monkeypatch.setattr(reading, "SIZES", ((16, 16), (24, 16)))
    monkeypatch.setattr(reading, "FEATURES", 1)
    monkeypatch.setattr(reading, "rate", lambda loop, seconds: loop(1) or 2.0)
    monkeypatch.setattr(reading, "SIDE", 32)
    monkeypatch.setattr(reading, "cores", lambda: 0)  # the DataLoader in this process
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    both = []
    monkeypatch.setattr(reading, "_image_folder", lambda folder, real=reading._image_folder: both.append(real(folder)))
    monkeypatch.setattr(
        reading, "_ours", lambda folder, turn, real=reading._ours: both.append(real(folder, turn)) or both[-1]
    )
    found = reading.measure(12, 1.0, 1)
    ours, again, theirs = both[0].pixels, both[1].pixels, both[2]
    assert torch.equal(ours, again) and theirs.shape == ours.shape == (12, 3, 32, 32)
    assert (theirs.int() - ours.int()).abs().float().mean() < 4  # bilinear, and bicubic
    assert found["ratio"] == 1 and set(found["pictures_per_s"]) == {"ours", "again", "ImageFolder"}
    assert not list(tmp_path.iterdir()) and os.environ["XDG_CACHE_HOME"] == str(tmp_path)
