"""The Fréchet distance against its equation, written out with NumPy in float64."""

import json

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from gan_lib import metrics, runs
from gan_lib.data import ImageSet, to_range
from gan_lib.networks.classifier import SmallClassifier
from gan_lib.networks.mlp import MLPGenerator

N = 1500  # pictures: two batches, so that sums over batches are tested too


def square_root(matrix):
    """Of a symmetric matrix without negative eigenvalues."""
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * np.sqrt(values.clip(0))) @ vectors.T


def frechet(mean_1, cov_1, mean_2, cov_2):
    """|μ₁ − μ₂|² + tr Σ₁ + tr Σ₂ − 2 tr (Σ₁^½ Σ₂ Σ₁^½)^½, the symmetric way to write it."""
    root = square_root(cov_1)
    both = square_root(root @ cov_2 @ root)
    return ((mean_1 - mean_2) ** 2).sum() + np.trace(cov_1) + np.trace(cov_2) - 2 * np.trace(both)


def recorded(folder):
    """The classifier of a run, and mean and covariance of the real features that lie beside its weights."""
    tensors = load_file(folder / "weights.safetensors")
    total, squares, n = (tensors.pop(f"real_features_{part}").double() for part in ("sum", "cov_sum", "num_samples"))
    classifier = SmallClassifier()
    classifier.load_state_dict(tensors)
    mean = total / n
    cov = (squares - n * torch.outer(mean, mean)) / (n - 1)
    return classifier.eval(), mean.numpy(), cov.numpy(), int(n)


@torch.no_grad()
def features(classifier, images):
    return torch.cat([classifier.features(part) for part in images.split(500)]).double().numpy()


def random_set(n, seed):
    rng = torch.Generator().manual_seed(seed)
    pixels = torch.randint(256, (n, 1, 28, 28), generator=rng, dtype=torch.uint8)
    return ImageSet("random", pixels, torch.arange(n) % 10, tuple("0123456789"))


@pytest.fixture(scope="module")
def generator():
    torch.manual_seed(1)
    return MLPGenerator()


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """A classifier recorded on few random pictures, the same to train and to test: (its folder, its card)."""
    images, folder = random_set(256, seed=0), tmp_path_factory.mktemp("runs") / "own"
    return folder, metrics.record_classifier(images, images, folder, epochs=5)


def test_the_distance_is_its_equation_on_the_recorded_classifiers_features(generator):
    classifier, mean, cov, n = recorded(runs.RECORDED / metrics.CLASSIFIER)
    assert n == 10_000
    z = torch.randn(N, 100, generator=torch.Generator().manual_seed(3))
    with torch.no_grad():
        fake = features(classifier, generator(z))
    expected = frechet(mean, cov, fake.mean(0), np.cov(fake.T))
    assert metrics.frechet_distance(generator, n=N, seed=3) == pytest.approx(expected, rel=1e-3)


def test_the_distance_is_the_same_each_time_and_depends_on_the_seed(generator):
    first, again, other = (metrics.frechet_distance(generator, n=500, seed=seed) for seed in (0, 0, 1))
    assert first == again != other


def test_a_trained_generator_is_nearer_than_an_untrained_one(generator):
    trained = runs.load("mlp-fashion").generator
    assert metrics.frechet_distance(trained, n=500) < metrics.frechet_distance(generator, n=500) / 2


def test_the_shipped_classifier_is_worth_looking_through():
    card = json.loads((runs.RECORDED / metrics.CLASSIFIER / "card.json").read_text())
    assert card["data"] == "fashion-mnist" and card["test_accuracy"] > 0.9
    assert 0 < card["floor"] < min(runs.load("mlp-fashion").scores.values())


def test_a_set_is_at_distance_0_from_itself_and_the_card_says_so(own):
    _, card = own
    assert card["floor"] == pytest.approx(0, abs=1e-3)


def test_the_recorded_sums_are_those_of_the_test_images(own):
    folder, _ = own
    classifier, mean, cov, n = recorded(folder)
    real = features(classifier, to_range(random_set(256, seed=0).pixels))
    assert n == 256
    np.testing.assert_allclose(mean, real.mean(0), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(cov, np.cov(real.T), rtol=1e-3, atol=1e-5)


def test_a_classifier_of_ones_own_can_be_looked_through(own, generator):
    folder, _ = own
    classifier, mean, cov, _ = recorded(folder)
    z = torch.randn(300, 100, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        fake = features(classifier, generator(z))
    expected = frechet(mean, cov, fake.mean(0), np.cov(fake.T))
    assert metrics.frechet_distance(generator, n=300, classifier=str(folder)) == pytest.approx(expected, rel=1e-3)


def test_the_accuracy_on_the_card_is_the_share_of_right_answers(own):
    folder, card = own
    images = random_set(256, seed=0)
    with torch.no_grad():
        guesses = recorded(folder)[0](to_range(images.pixels)).argmax(1)
    assert card["test_accuracy"] == pytest.approx(sum(guesses == images.labels).item() / 256)


def test_class_shares_are_ten_parts_of_one():
    shares = metrics.class_shares(runs.load("mlp-fashion").generator, n=2000)
    assert shares.shape == (10,)
    assert shares.sum() == pytest.approx(1)


def test_a_generator_of_one_picture_has_one_class():
    class Still(torch.nn.Module):
        latent_dim = 100

        def __init__(self):
            super().__init__()
            self.picture = torch.nn.Parameter(torch.full((1, 1, 28, 28), -1.0))

        def forward(self, z):
            return self.picture.expand(len(z), -1, -1, -1)

    assert metrics.class_shares(Still(), n=100).max() == 1


def test_the_seed_that_chapter_3_calls_collapsed_draws_no_shoes():
    lost, kept = (runs.load(f"mlp-fashion-seed{seed}").generator for seed in (3, 4))
    shoes = [5, 7, 9]
    assert metrics.class_shares(lost, n=2000)[shoes].sum() < 0.02
    assert metrics.class_shares(kept, n=2000)[shoes].sum() > 0.1
