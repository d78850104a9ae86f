"""What chapter 3 says in passing, without printing it."""

import pytest

from gan_lib import runs
from gan_lib.show import latent
from gan_lib.training import recipes


def test_lengths_of_z_below_8_are_rare():
    lengths = latent.z_from_seed(0, n=10_000).norm(dim=1)
    assert lengths.mean() == pytest.approx(10, abs=0.1)
    assert (lengths < 8).float().mean() < 0.01


def test_the_map_of_a_single_z_is_more_concentrated_than_the_mean_map():
    def share_of_the_strongest_tenth(z):
        maps = latent.effects(runs.load("mlp-fashion").generator, z).flatten(1)  # (100, 784)
        return (maps.topk(78).values.sum(1) / maps.sum(1)).mean()

    z = latent.z_from_seed(1, n=200)
    singles = [share_of_the_strongest_tenth(one) for one in z[:5].split(1)]
    assert min(singles) > 1.5 * share_of_the_strongest_tenth(z)


def test_the_run_with_both_changes_was_still_getting_better():
    scores = runs.load("mlp-fashion-k5-slow-g").scores
    assert scores[20_000] < 0.7 * scores[5_000]


def test_an_epoch_has_937_updates_of_64_and_6_of_10000():
    small, large = (recipes.recipe(f"mlp-fashion-batch{size}") for size in (64, 10_000))
    assert (small.steps, large.steps) == (20 * 937, 20 * 6)
