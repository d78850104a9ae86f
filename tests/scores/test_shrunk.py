"""Scores of shrunk z: the same measures as everywhere, of G(ψ · z)."""

from __future__ import annotations

import pytest
import torch

from gan_lib import runs
from gan_lib.errors import BadInput
from gan_lib.machine.rng import z_from_seed
from gan_lib.networks.mlp import MLPGenerator
from gan_lib.scores import metrics
from gan_lib.scores.shrunk import scores_by_psi


@pytest.fixture(scope="module")
def trained():
    return runs.load("mlp-fashion").generator


def test_each_psi_is_scored_by_the_pictures_of_psi_z(trained):
    found = scores_by_psi(trained, (0.5, 1), n=60, seed=3)
    assert list(found) == [0.5, 1.0]
    judge, second = metrics.judge("fashion-mnist", 28), metrics.second_judge("fashion-mnist", 28)
    for psi, scores in found.items():
        with torch.no_grad():
            pictures = trained(psi * z_from_seed(3, n=60))
        (features, _), (seen, _) = (metrics.look(each.classifier, pictures) for each in (judge, second))
        assert scores == pytest.approx(judge.scores(features) | {"second": second.distance(seen)}, rel=1e-3)
    whole = metrics.evaluate(trained, n=60, seed=3)
    assert found[1.0] == pytest.approx({name: whole[name] for name in found[1.0]})


def test_with_small_z_more_is_precise_and_less_is_there():
    """Of the notes' DCGAN in the non-saturating game, by the first thousand pictures."""
    small, whole = scores_by_psi(runs.load("ns-fashion").generator, (0.5, 1.0), n=1000).values()
    assert small["precision"] > whole["precision"] + 0.02 and small["recall"] < whole["recall"] - 0.1


def test_a_wider_z_pleases_the_first_judge_and_displeases_the_second():
    """Chapter 9's reason not to choose ψ by the score that reports it."""
    whole, wide = scores_by_psi(runs.load("modern-fashion").generator, (1.0, 1.1), n=2000).values()
    assert wide["frechet"] < whole["frechet"] and wide["recall"] > whole["recall"]
    assert wide["second"] > 2 * whole["second"]


def test_samples_of_psi_0_are_one_picture(trained):
    (pictures,) = metrics.samples(trained, 5, 0, psi=0.0)
    assert (pictures == pictures[:1]).all()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"psis": ()}, "psis is empty"),
        ({"psis": (-0.5,)}, "a ψ is -0.5"),
        ({"psis": ("x",)}, "a ψ is 'x'"),
        ({"psis": 0.5}, "give a list"),
        ({"n": 3}, "n is 3"),
        ({"dataset": "cifar"}, "data set"),
        ({"generator": MLPGenerator(image_shape=(1, 16, 16))}, "side of the pictures"),
    ],
)
def test_what_cannot_be_scored_is_refused(trained, changes, said):
    with pytest.raises(BadInput, match=said):
        scores_by_psi(**{"generator": trained, "psis": (1.0,), "n": 4} | changes)
