"""The textbook loop that ours is timed against, and the table."""

from dataclasses import replace

import pytest
import torch
from torchvision import transforms

from gan_lib import bench
from gan_lib.data import to_range
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


def test_the_table_has_the_three_loops_their_speeds_and_their_ratios(tiny, images, monkeypatch):
    monkeypatch.setattr(bench.data, "load", lambda name: images)
    rates = iter([100.0, 10.0, 5.0, 900.0, 90.0, 45.0, 200.0, 20.0, 10.0])  # three rounds of three loops
    ran = []
    monkeypatch.setattr(bench, "_rate", lambda loop, seconds: ran.append((loop(2), seconds)) or next(rates))
    head, ours, one, two = bench.table(tiny, seconds=0.1, rounds=3).splitlines()
    assert head.startswith("tiny, batch 8, ") and str(images) in head
    assert ours.split() == ["ours", "1,600", "images/s", "1.0×"]  # the median, 200 steps/s, times 8
    assert one.split() == ["textbook,", "one", "generator", "pass", "160", "images/s", "10.0×"]
    assert two.split() == ["textbook,", "two", "generator", "passes", "80", "images/s", "20.0×"]
    assert len(ran) == 9 and all(seconds == 0.1 for _, seconds in ran)


def test_a_rate_is_steps_per_second(monkeypatch):
    clock = 0.0

    def loop(steps):
        nonlocal clock
        clock += steps * 0.01  # a hundred a second

    monkeypatch.setattr(bench.time, "perf_counter", lambda: clock)
    assert bench._rate(loop, seconds=5) == pytest.approx(100)
    assert clock == pytest.approx(0.5 + 5)
