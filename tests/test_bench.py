"""The textbook loop that ours is timed against, and the table."""

import json
import platform
from dataclasses import replace

import pytest
import torch
from torchvision import transforms

from gan_lib import games, recipes
from gan_lib.bench import memory, quality, speed, textbook
from gan_lib.data import to_range
from gan_lib.device import give_memory_back
from gan_lib.networks.dcgan import DCGANDiscriminator
from gan_lib.networks.mlp import MLPDiscriminator, MLPGenerator

made = []


class Generator(MLPGenerator):
    def __init__(self):
        super().__init__()
        self.passes = 0
        made.append(self)

    def forward(self, z):
        self.passes += 1
        return super().forward(z)


class Discriminator(MLPDiscriminator):
    def __init__(self):
        super().__init__()
        made.append(self)


@pytest.fixture
def recipe(tiny):
    made.clear()
    return replace(tiny, generator=Generator, discriminator=Discriminator)


def test_the_textbook_data_set_gives_the_same_pictures_as_ours(images):
    to_tensor = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.5,), (0.5,))])
    pictures = textbook._AsPictures(images, to_tensor)
    assert len(pictures) == 64
    for row in (0, 31, 63):
        picture, label = pictures[row]
        torch.testing.assert_close(picture, to_range(images.pixels[row]))
        assert label == images.labels[row]


@pytest.mark.parametrize("generator_passes", [1, 2])
def test_the_textbook_loop_makes_its_steps_and_trains_both_networks(recipe, images, generator_passes):
    textbook.textbook(recipe, images, 10, generator_passes=generator_passes)  # more than the 8 batches of an epoch
    for trained, fresh in zip(made, recipe.build(), strict=False):
        assert not torch.equal(trained.fc1.weight, fresh.fc1.weight)
    assert made[0].passes == 10 * generator_passes


@pytest.mark.parametrize("name", speed.KINDS)
def test_the_textbook_loop_plays_every_kind_of_game(name, images):
    recipe = recipes.recipe(name)
    small = {"features": 4} if recipe.image_size == 32 else {}
    recipe = replace(recipe, batch_size=8, d_steps=1, generator_args=small, discriminator_args=small)
    trained = textbook.textbook(recipe, images, 2, generator_passes=1)
    fresh, _ = recipe.build()
    assert all(
        p.isfinite().all() and not torch.equal(p, q)
        for p, q in zip(trained.parameters(), fresh.parameters(), strict=True)
    )


def test_the_textbook_penalty_is_ours(images):
    critic = DCGANDiscriminator(features=4, batch_norm=False)
    real, fake = torch.rand(2, 8, 1, 32, 32)
    torch.manual_seed(1)
    theirs = textbook._penalty(critic, real, fake)
    torch.manual_seed(1)
    assert theirs.item() == pytest.approx(10 * games.gradient_penalty(critic, real, fake).item(), rel=1e-4)


def test_three_loops_are_timed_in_turns_and_compared(tiny, images, monkeypatch):
    monkeypatch.setattr(speed.data, "load", lambda name: images)
    rates = iter([100.0, 10.0, 5.0, 900.0, 90.0, 45.0, 200.0, 20.0, 10.0])  # three rounds of three loops
    ran = []
    monkeypatch.setattr(speed, "_rate", lambda loop, seconds: ran.append((loop(2), seconds)) or next(rates))
    found = speed.measure(tiny, seconds=0.1, rounds=3)
    assert json.loads(json.dumps(found)) == found
    assert found["recipe"] == "tiny" and found["batch_size"] == 8 and found["data"] == str(images)
    one, two = "textbook, one generator pass", "textbook, two generator passes"
    assert found["images_per_s"] == {"ours": 1600.0, one: 160.0, two: 80.0}  # the median, 200 steps/s, times 8
    assert found["ratio"] == {"ours": 1.0, one: 10.0, two: 20.0}
    assert len(ran) == 9 and all(seconds == 0.1 for _, seconds in ran)
    lines = [line.split() for line in speed.table(found).splitlines()]
    assert lines[1] == ["ours", "1,600", "images/s", "1.0×"] and lines[3][-3:] == ["80", "images/s", "20.0×"]


def test_a_rate_is_updates_per_second_without_the_start(monkeypatch):
    clock = 0.0

    def loop(steps):
        nonlocal clock
        clock += 3 + steps * 0.01  # a hundred a second, after three seconds of preparation

    monkeypatch.setattr(speed.time, "perf_counter", lambda: clock)
    assert speed._rate(loop, seconds=5) == pytest.approx(100)


def test_memory_is_looked_at_after_the_warm_up_and_at_the_end(tiny, images, monkeypatch):
    monkeypatch.setattr(memory.data, "load", lambda name: images)
    monkeypatch.setattr(memory, "WARM_UP", 3)
    resident = iter((90.0, 95.0, 98.0, 100.0, 150.0, 120.0, 130.0))  # before the first update, then after each
    monkeypatch.setattr(memory, "_resident", lambda: next(resident))
    found = memory.measure(tiny, 6)
    assert (found["after_warm_up"], found["peak"], found["at_the_end"]) == (100, 150, 130)
    assert found["peaks"] == [90, 95, 98, 100, 150, 120, 130]


def test_resident_memory_is_seen_to_grow():
    before = memory._resident()
    kept = torch.ones(20_000_000)  # 80 MB
    assert 60 < memory._resident() - before < 120 and kept.sum() > 0


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries keep no such heaps")
def test_memory_that_nobody_uses_is_given_back():
    blocks = [torch.ones(20_000) for _ in range(1_000)]  # 80 MB, in blocks too small for maps of their own
    last = blocks[-1]  # holds the heap's end, so that free alone cannot give it back
    del blocks
    before = memory._resident()
    give_memory_back()
    assert before - memory._resident() > 50 and last.sum() == 20_000


def test_ours_stops_where_it_is_as_good_as_the_textbook_loop(tiny, images, monkeypatch):
    monkeypatch.setattr(quality.data, "load", lambda name: images)
    monkeypatch.setattr(quality, "LOOK_EVERY", 2)
    scores, steps = iter((50.0, 80.0, 60.0, 50.0)), []
    monkeypatch.setattr(quality.metrics, "frechet_distance", lambda *_, **__: next(scores))
    loop = quality.textbook
    monkeypatch.setattr(quality, "textbook", lambda *asked, **given: steps.append(asked[2]) or loop(*asked, **given))
    found = quality.time_to_quality(tiny, epochs=2)
    assert steps == [16] and found["frechet"] == found["ours_frechet"] == 50
    assert found["ratio"] == found["textbook_s"] / found["ours_s"] > 0 and not list(scores)


def test_both_precisions_are_scored_for_every_seed(tiny, images, monkeypatch):
    monkeypatch.setattr(quality.data, "load", lambda name: images)
    seen = []
    monkeypatch.setattr(
        quality.metrics, "frechet_distance", lambda g, dataset: seen.append(g.fc2.bias[0].item()) or 1.0
    )
    found = quality.precision(tiny, steps=3, seeds=2)
    assert found["float32"] == found["bfloat16"] == [1.0, 1.0] and len(set(seen)) >= 3
