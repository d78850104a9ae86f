"""The textbook loop that ours is timed against, and the table."""

import json
from dataclasses import replace

import pytest
import torch
from torchvision import transforms

from gan_lib import bench, games, recipes
from gan_lib.data import to_range
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
    pictures = bench._AsPictures(images, to_tensor)
    assert len(pictures) == 64
    for row in (0, 31, 63):
        picture, label = pictures[row]
        torch.testing.assert_close(picture, to_range(images.pixels[row]))
        assert label == images.labels[row]


@pytest.mark.parametrize("generator_passes", [1, 2])
def test_the_textbook_loop_makes_its_steps_and_trains_both_networks(recipe, images, generator_passes):
    bench.textbook(recipe, images, 10, generator_passes=generator_passes)  # more than the 8 batches of an epoch
    for trained, fresh in zip(made, recipe.build(), strict=False):
        assert not torch.equal(trained.fc1.weight, fresh.fc1.weight)
    assert made[0].passes == 10 * generator_passes


@pytest.mark.parametrize("name", bench.KINDS)
def test_the_textbook_loop_plays_every_kind_of_game(name, images):
    recipe = recipes.recipe(name)
    small = {"features": 4} if recipe.image_size == 32 else {}
    recipe = replace(recipe, batch_size=8, d_steps=1, generator_args=small, discriminator_args=small)
    trained = bench.textbook(recipe, images, 2, generator_passes=1)
    fresh, _ = recipe.build()
    assert all(
        p.isfinite().all() and not torch.equal(p, q)
        for p, q in zip(trained.parameters(), fresh.parameters(), strict=True)
    )


def test_the_textbook_penalty_is_ours(images):
    critic = DCGANDiscriminator(features=4, batch_norm=False)
    real, fake = torch.rand(2, 8, 1, 32, 32)
    torch.manual_seed(1)
    theirs = bench._penalty(critic, real, fake)
    torch.manual_seed(1)
    assert theirs.item() == pytest.approx(10 * games.gradient_penalty(critic, real, fake).item(), rel=1e-4)


def test_three_loops_are_timed_in_turns_and_compared(tiny, images, monkeypatch):
    monkeypatch.setattr(bench.data, "load", lambda name: images)
    rates = iter([100.0, 10.0, 5.0, 900.0, 90.0, 45.0, 200.0, 20.0, 10.0])  # three rounds of three loops
    ran = []
    monkeypatch.setattr(bench, "_rate", lambda loop, seconds: ran.append((loop(2), seconds)) or next(rates))
    found = bench.measure(tiny, seconds=0.1, rounds=3)
    assert json.loads(json.dumps(found)) == found
    assert found["recipe"] == "tiny" and found["batch_size"] == 8 and found["data"] == str(images)
    one, two = "textbook, one generator pass", "textbook, two generator passes"
    assert found["images_per_s"] == {"ours": 1600.0, one: 160.0, two: 80.0}  # the median, 200 steps/s, times 8
    assert found["ratio"] == {"ours": 1.0, one: 10.0, two: 20.0}
    assert len(ran) == 9 and all(seconds == 0.1 for _, seconds in ran)
    lines = [line.split() for line in bench.table(found).splitlines()]
    assert lines[1] == ["ours", "1,600", "images/s", "1.0×"] and lines[3][-3:] == ["80", "images/s", "20.0×"]


def test_a_rate_is_updates_per_second_without_the_start(monkeypatch):
    clock = 0.0

    def loop(steps):
        nonlocal clock
        clock += 3 + steps * 0.01  # a hundred a second, after three seconds of preparation

    monkeypatch.setattr(bench.time, "perf_counter", lambda: clock)
    assert bench._rate(loop, seconds=5) == pytest.approx(100)
