"""KID against its definition, pair by pair in float64, against torchmetrics, and against what it shall see."""

import math
import warnings

import numpy as np
import pytest
import torch
from torch import nn
from torchmetrics.image.kid import KernelInceptionDistance

from gan_lib.errors import BadInput
from gan_lib.scores import kid as module
from gan_lib.scores.kid import kid


def pair_by_pair(x, y):
    """Bińkowski et al. 2018, eq. 4 with k(a, b) = (a·b / d + 1)³, float64 (n, d) and (m, d)."""

    def kernel(a, b):
        return (sum(p * q for p, q in zip(a, b, strict=True)) / len(a) + 1) ** 3

    def within(points):
        return np.mean([kernel(a, b) for i, a in enumerate(points) for j, b in enumerate(points) if i != j])

    return within(x) + within(y) - 2 * np.mean([kernel(a, b) for a in x for b in y])


def points(n, seed, size=6):
    return torch.rand(n, size, generator=torch.Generator().manual_seed(seed)) * 3


class Passed(nn.Module):
    num_features = 6

    def forward(self, features):
        return features


@pytest.mark.parametrize(("n", "m"), [(2, 2), (30, 30), (25, 40)])
def test_it_is_the_mean_over_pairs_written_out(n, m):
    x, y = points(n, 0), points(m, 1) * 1.2 + 0.1
    assert kid(x, y) == pytest.approx(pair_by_pair(x.double().tolist(), y.double().tolist()), rel=1e-4, abs=1e-6)
    assert kid(y, x) == pytest.approx(kid(x, y), rel=1e-5)


def test_it_is_torchmetrics_of_all_pictures_at_once():
    x, y = points(200, 0), points(200, 1) + 0.2
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it keeps all features, which is known
        theirs = KernelInceptionDistance(Passed(), subsets=1, subset_size=200)
    theirs.update(x, real=True)
    theirs.update(y, real=False)
    assert kid(x, y) == pytest.approx(theirs.compute()[0].item(), rel=1e-3)


def test_how_many_rows_at_once_does_not_matter(monkeypatch):
    x, y = points(50, 0), points(40, 1) * 1.1
    whole = kid(x, y)
    monkeypatch.setattr(module, "ROWS", 7)
    assert kid(x, y) == pytest.approx(whole, rel=1e-5)


def test_on_average_it_is_the_distance_of_the_distributions_whatever_the_number_of_pictures():
    """Of two distributions on four places each the squared distance is a sum; estimates from 3, 5 or 20 draws must
    have it as their mean. With i = j left in, the mean would be larger by more than chance allows."""
    places, p, q = points(4, 0), torch.tensor([0.4, 0.3, 0.2, 0.1]), torch.tensor([0.25] * 4)
    kernel = (places @ places.T / 6 + 1) ** 3  # (4, 4)
    true = (p - q) @ kernel @ (p - q)
    spread = sum(kernel.diag() @ each - each @ kernel @ each for each in (p, q))
    for n in (3, 5, 20):
        rng, found = torch.Generator().manual_seed(n), []
        for _ in range(1_000):
            x, y = (places[torch.multinomial(each, n, replacement=True, generator=rng)] for each in (p, q))
            found.append(kid(x, y))
        error = np.std(found) / math.sqrt(len(found))
        assert abs(np.mean(found) - true) < 4 * error < spread / n  # the last is what the biased one has too much


def test_two_halves_of_one_set_are_about_0_apart_and_some_below():
    found = []
    for seed in range(40):
        x = points(200, seed)
        found.append(kid(x[:100], x[100:]))
    assert abs(np.mean(found)) < 3 * np.std(found) / math.sqrt(len(found)) and min(found) < 0 < max(found)


def test_noise_is_farther_than_another_sample():
    x = points(300, 0)
    grainy = x + torch.randn(x.shape, generator=torch.Generator().manual_seed(2))
    assert kid(x, grainy) > 20 * abs(kid(x, points(300, 1)))


@pytest.mark.parametrize(
    ("x", "y", "said"),
    [
        (torch.rand(4, 2), torch.rand(4, 3), r"y has the shape \(4, 3\)"),
        (torch.rand(1, 2), torch.rand(4, 2), "1 and 4 pictures were given"),
        (torch.rand(4, 2), torch.full((4, 2), torch.nan), "NaN"),
    ],
)
def test_other_features_are_refused(x, y, said):
    with pytest.raises(BadInput, match=said):
        kid(x, y)
