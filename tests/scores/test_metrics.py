"""Every measure against its definition, written out with NumPy and scikit-learn in float64."""

import json
import shutil
from functools import partial

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from scipy.linalg import sqrtm
from sklearn.metrics import pairwise_distances
from sklearn.neighbors import NearestNeighbors
from torch import nn
from torchmetrics.image.fid import FrechetInceptionDistance

from gan_lib import runs
from gan_lib.data import ImageSet, to_pixels, to_range
from gan_lib.errors import BadInput, BadRun
from gan_lib.networks.classifier import SmallClassifier
from gan_lib.networks.mlp import MLPGenerator
from gan_lib.scores import metrics
from gan_lib.scores.metrics import Judge
from gan_lib.scores.own import OwnScore
from gan_lib.show.latent import z_from_seed

N = 1020  # pictures: two batches, so that their seams are tested too
BOTH = [(dataset, side) for dataset in metrics.CLASSIFIERS for side in metrics.SIDES]


# ---------------------------------------------------------------------------------------- the definitions


def square_root(matrix):
    """Of a symmetric matrix without negative eigenvalues."""
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * np.sqrt(values.clip(0))) @ vectors.T


def frechet(mean_1, cov_1, mean_2, cov_2):
    """|μ₁ − μ₂|² + tr Σ₁ + tr Σ₂ − 2 tr (Σ₁^½ Σ₂ Σ₁^½)^½, the symmetric way to write it."""
    root = square_root(cov_1)
    both = square_root(root @ cov_2 @ root)
    return ((mean_1 - mean_2) ** 2).sum() + np.trace(cov_1) + np.trace(cov_2) - 2 * np.trace(both)


class Passed(nn.Module):
    """What torchmetrics wants, a module that gives features, for features that are computed already."""

    def __init__(self, size):
        super().__init__()
        self.num_features = size

    def forward(self, features):
        return features


def torchmetrics_distance(real, fake):
    """Between (N, D) each, or a judge's moments, which have torchmetrics' own names, and (N, D)."""
    metric = FrechetInceptionDistance(Passed(fake.shape[1]))
    if isinstance(real, dict):
        for name, value in real.items():
            setattr(metric, name, value)
    else:
        metric.update(real, real=True)
    metric.update(fake, real=False)
    return metric.compute().item()


def moments(points):
    """Mean and covariance of (N, D)."""
    return points.mean(0), np.cov(points.T)


def precision_recall(real, fake):
    """Kynkäänniemi et al. 2019 with k = 3; `kneighbors()` of nothing leaves out the point itself."""
    radii = [NearestNeighbors(n_neighbors=3, algorithm="brute").fit(x).kneighbors()[0][:, 2] for x in (real, fake)]
    between = pairwise_distances(real, fake)  # (real, fake)
    return (between <= radii[0][:, None]).any(0).mean(), (between <= radii[1]).any(1).mean()


def precision_by_hand(real, fake):
    """The first of them point by point."""

    def radius(i):
        return sorted(np.linalg.norm(real[i] - real[j]) for j in range(len(real)) if j != i)[2]

    balls = [(real[i], radius(i)) for i in range(len(real))]
    return np.mean([any(np.linalg.norm(x - centre) <= r for centre, r in balls) for x in fake])


def sharpness(images):
    """Tensor (N, 1, H, W): the mean over the images of the variance of each one's Laplacian."""
    x = images[:, 0].double().numpy()
    edges = x[:, :-2, 1:-1] + x[:, 2:, 1:-1] + x[:, 1:-1, :-2] + x[:, 1:-1, 2:] - 4 * x[:, 1:-1, 1:-1]
    return edges.reshape(len(x), -1).var(axis=1, ddof=1).mean()


def shrinking(old, new):
    """The matrix (new, old) of a bilinear resize: a triangle as wide as the coarser of the two grids."""
    scale = old / new
    centres, places = (np.arange(new)[:, None] + 0.5) * scale, np.arange(old) + 0.5
    weights = (1 - abs(places - centres) / max(scale, 1)).clip(0)
    return weights / weights.sum(1, keepdims=True)


def resized(images, side):
    """Tensor (N, 1, H, H) → float32 (N, 1, side, side)."""
    matrix = shrinking(images.shape[-1], side)
    return torch.from_numpy(matrix @ images.double().numpy() @ matrix.T).float()


@torch.no_grad()
def features(classifier, images):
    """What the classifier sees in images of any size: float64 (N, 128)."""
    images = images if images.shape[-1] == 28 else resized(images, 28)
    classifier = classifier.to(memory_format=torch.channels_last)  # three times as fast here
    return torch.cat([classifier.features(part) for part in images.split(100)]).double().numpy()


def recorded(folder, side, network=SmallClassifier):
    """The network in a folder; mean and covariance of the test images' features; the features that are kept."""
    classifier, seen = network(), load_file(folder / f"test_{side}.safetensors")
    classifier.load_state_dict(load_file(folder / "weights.safetensors"))
    total, squares, n = (seen[f"real_features_{part}"].double() for part in ("sum", "cov_sum", "num_samples"))
    mean = total / n
    cov = (squares - n * torch.outer(mean, mean)) / (n - 1)
    kept = seen["features"].double() * seen["scale"].double()
    return classifier.eval(), (mean.numpy(), cov.numpy()), kept.numpy()


def shipped(dataset, side):
    return recorded(runs.RECORDED / metrics.CLASSIFIERS[dataset], side)


# ------------------------------------------------------------------------------------- what is judged here


class Enlarged(nn.Module):
    """A generator whose pictures are made side × side."""

    def __init__(self, generator, side):
        super().__init__()
        self.generator, self.latent_dim, self.side = generator, generator.latent_dim, side

    def forward(self, z):
        return nn.functional.interpolate(self.generator(z), self.side, mode="bilinear")


class Reel(nn.Module):
    """Shows the pictures of the given classes one after the other, whatever the z; never heard of `classes`."""

    latent_dim = 5

    def __init__(self, pictures, shown):
        super().__init__()
        self.pictures, self.shown = nn.Parameter(pictures), list(shown)

    def forward(self, z):
        rows, self.shown = self.shown[: len(z)], self.shown[len(z) :]
        return self.pictures[rows]


class Album(nn.Module):
    """Shows for each label the picture of the class that stands there in `order`; keeps how it was asked."""

    latent_dim, classes = 5, 10

    def __init__(self, pictures, order=range(10)):
        super().__init__()
        self.pictures, self.order = nn.Parameter(pictures), torch.tensor(order)
        self.labels, self.modes = [], set()

    def forward(self, z, labels):
        assert z.shape == (len(labels), self.latent_dim)
        self.labels.append(labels)
        self.modes.add(self.training)
        return self.pictures[self.order[labels]]


class Broken(MLPGenerator):
    """Fails after its first ten pictures."""

    def forward(self, z):
        return super().forward(z) if len(z) < 10 else 1 / 0


@pytest.fixture(scope="module")
def untrained():
    torch.manual_seed(1)
    return MLPGenerator()


@pytest.fixture(scope="module")
def trained():
    return runs.load("mlp-fashion").generator


@pytest.fixture(scope="module")
def generator(trained):
    """side → a generator of such pictures."""
    return {28: trained, 32: Enlarged(trained, 32)}


@pytest.fixture(scope="module")
def pictures():
    """side → ten pictures (10, 1, side, side), painted until fashion's classifier takes the k-th for class k."""
    classifier = shipped("fashion-mnist", 28)[0].requires_grad_(False)
    paint = torch.zeros(10, 1, 28, 28, requires_grad=True)
    adam = torch.optim.Adam([paint], lr=0.1)
    for _ in range(30):
        adam.zero_grad()
        nn.functional.cross_entropy(classifier(paint.tanh()), torch.arange(10)).backward()
        adam.step()
    small = paint.detach().tanh()
    found = {28: small, 32: resized(small, 32)}
    for each in found.values():
        guesses = classifier.head(torch.from_numpy(features(classifier, each)).float()).argmax(1)
        assert guesses.tolist() == list(range(10))
    return found


@pytest.fixture(scope="module")
def clouds():
    """side by side: 1,020 points each (more than one part), 4 dimensions, that overlap partly."""
    rng = np.random.default_rng(0)
    return rng.normal(size=(N, 4)), rng.normal(size=(N, 4)) * [0.5, 1, 1.5, 2] + [1.5, 0, 0, 0]


def judged_by(real):
    """A judge that has seen these points, for precision and recall."""
    return Judge(SmallClassifier(), {}, torch.as_tensor(real, dtype=torch.float32))


def pr(real, fake):
    return judged_by(real).precision_recall(torch.as_tensor(fake, dtype=torch.float32))


# ------------------------------------------------------------------------------------- Fréchet distance


@pytest.mark.parametrize(("dataset", "side"), BOTH)
def test_the_distance_is_its_equation_on_the_recorded_classifiers_features(dataset, side, generator):
    classifier, real, _ = shipped(dataset, side)
    with torch.no_grad():
        images = generator[side](z_from_seed(3, 100, N))
    expected = frechet(*real, *moments(features(classifier, images)))
    assert metrics.frechet_distance(generator[side], n=N, seed=3, dataset=dataset) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("size", [2, 128])
@pytest.mark.parametrize("n", [40, 700])  # with fewer points than dimensions, too: a covariance without an inverse
def test_the_four_lines_are_torchmetrics_distance_and_that_by_scipys_matrix_root(n, size):
    rng = torch.Generator().manual_seed(n)
    mix = torch.randn(size, size, generator=rng)
    real, fake = (torch.randn(n, size, generator=rng) @ mix * stretch + stretch for stretch in (1, 1.3))
    own = metrics.frechet(
        *(part for x in (real, fake) for part in metrics.mean_and_covariance(*metrics.sums(x)))
    ).item()
    (mean_1, cov_1), (mean_2, cov_2) = (moments(x.double().numpy()) for x in (real, fake))
    by_scipy = ((mean_1 - mean_2) ** 2).sum() + np.trace(cov_1 + cov_2 - 2 * sqrtm(cov_1 @ cov_2).real)
    assert own == pytest.approx(torchmetrics_distance(real, fake), rel=1e-5)
    assert own == pytest.approx(by_scipy, rel=1e-4)


@pytest.mark.parametrize(("dataset", "side"), BOTH)
def test_on_recorded_features_too_the_four_lines_are_torchmetrics_distance(dataset, side):
    own, seen = metrics.judge(dataset, side), metrics.judge("mnist", 28).real[:500]
    assert own.distance(seen) == pytest.approx(torchmetrics_distance(own.moments, seen), rel=1e-5)
    by_class = own.distance_by_class(seen, torch.arange(500) % 10)
    assert by_class[4] == pytest.approx(torchmetrics_distance(own.real[own.classes == 4], seen[4::10]), rel=1e-4)


def test_features_that_are_shifted_by_c_are_c_squared_away():
    seen = torch.randn(300, 128, generator=torch.Generator().manual_seed(0))
    sums = seen.double().sum(0), seen.double().T @ seen.double(), torch.tensor(300)
    own = Judge(SmallClassifier(), dict(zip(metrics.MOMENTS, sums, strict=True)), seen)
    assert own.distance(seen) == pytest.approx(0, abs=1e-6)
    assert own.distance(seen + 0.5) == pytest.approx(128 * 0.25, rel=1e-5)
    assert own.distance(seen) == pytest.approx(0, abs=1e-6)  # what was asked before has left nothing behind


def test_a_trained_generator_is_nearer_than_an_untrained_one(trained, untrained):
    assert metrics.frechet_distance(trained, n=500) < metrics.frechet_distance(untrained, n=500) / 2


# ------------------------------------------------------------------------------------ precision and recall


def test_precision_and_recall_are_those_of_a_loop_over_all_points(clouds):
    real, fake = (cloud[:40] for cloud in clouds)
    expected = precision_by_hand(real, fake), precision_by_hand(fake, real)
    assert pr(real, fake) == pytest.approx(expected)
    assert precision_recall(real, fake) == pytest.approx(expected)  # so that it can be asked in the loop's place
    assert min(expected) > 0.1 and max(expected) < 0.9


def test_precision_and_recall_of_more_points_are_scikit_learns(clouds):
    expected = precision_recall(*clouds)
    assert pr(*clouds) == pytest.approx(expected, abs=1e-6)
    assert min(expected) > 0.1 and max(expected) < 0.99


def test_real_and_fake_swap_precision_and_recall(clouds):
    assert pr(*clouds) == pr(*clouds[::-1])[::-1]


def test_a_ball_reaches_to_its_centres_third_neighbour_and_includes_it():
    real, fake = [[0.0], [1.0], [2.0], [3.0]], [[6.0], [6.5], [7.0], [100.0]]
    assert pr(real, fake) == (1 / 4, 1)  # 6 is 3 away from 3, whose ball has radius 3; 6.5 is in nobody's
    assert judged_by(real).radii.tolist() == [3, 2, 2, 3]


def test_a_set_against_itself_has_precision_and_recall_1(clouds):
    assert pr(clouds[0], clouds[0]) == (1, 1)


def test_sets_far_apart_have_precision_and_recall_0(clouds):
    assert pr(clouds[0], clouds[0] + 1000) == (0, 0)


def test_one_point_again_and_again_has_no_recall(clouds):
    one = np.repeat(clouds[0][:1] + 0.01, N, axis=0)
    assert pr(clouds[0], one) == (1, 0)


def test_precision_and_recall_look_at_no_more_fakes_than_real_ones_are_kept(clouds):
    real, fake = clouds[0][:300], clouds[1][:300]
    assert pr(real, np.concatenate([fake, real])) == pr(real, fake)
    assert len(metrics.judge("fashion-mnist", 28).real) == 5000


@pytest.mark.parametrize("side", metrics.SIDES)
def test_a_generators_precision_and_recall_are_those_of_its_pictures_features(side, generator):
    classifier, _, real = shipped("fashion-mnist", side)
    with torch.no_grad():
        fake = features(classifier, generator[side](z_from_seed(3, 100, 400)))
    found = metrics.evaluate(generator[side], n=400, seed=3)
    assert (found["precision"], found["recall"]) == pytest.approx(precision_recall(real, fake), abs=0.003)
    assert found["precision"] > 0.5


# ------------------------------------------------------------------------------------------ class coverage


def test_class_shares_are_the_parts_of_the_classes_that_are_shown(pictures):
    shown = [0] * 50 + [3] * 30 + [9] * 20
    shares = metrics.class_shares(Reel(pictures[28], shown), n=100)
    torch.testing.assert_close(shares, torch.tensor([0.5, 0, 0, 0.3, 0, 0, 0, 0, 0, 0.2]))


@pytest.mark.parametrize(
    ("shown", "classes", "evenness"),
    [
        (list(range(10)) * 10, 10, 10),
        ([4] * 100, 1, 1),
        ([0, 7] * 50, 2, 2),
        ([0, 0, 1, 2] * 25, 3, 2**1.5),  # entropy ½ ln 2 + 2 · ¼ ln 4 = 1.5 ln 2
    ],
)
@pytest.mark.parametrize("side", metrics.SIDES)
def test_classes_and_evenness_are_those_counted_by_hand(side, shown, classes, evenness, pictures):
    found = metrics.evaluate(Reel(pictures[side], shown), n=100)
    assert found["classes"] == classes
    assert found["evenness"] == pytest.approx(evenness, rel=1e-5)
    assert "accuracy" not in found


@pytest.mark.parametrize(("times", "classes"), [(9, 1), (10, 2)])
def test_a_class_counts_from_1_percent_of_the_samples_on(times, classes, pictures):
    shown = [2] * (1000 - times) + [6] * times
    assert metrics.evaluate(Reel(pictures[28], shown), n=1000)["classes"] == classes


def test_the_seed_that_chapter_3_calls_collapsed_draws_no_shoes():
    lost, kept = (runs.load(f"mlp-fashion-seed{seed}").generator for seed in (3, 4))
    shoes = [5, 7, 9]
    assert metrics.class_shares(lost, n=1000)[shoes].sum() < 0.02
    assert metrics.class_shares(kept, n=1000)[shoes].sum() > 0.1


# ----------------------------------------------------------------------------------------------- sharpness


def test_sharpness_is_the_variance_of_the_laplacian(generator):
    for each in generator.values():
        parts = list(metrics.samples(each, 30, seed=0))
        assert metrics.sharpness(parts) == pytest.approx(sharpness(torch.cat(parts)), rel=1e-5)


def test_sharpness_is_a_mean_over_images_however_they_are_cut_into_batches():
    images = torch.randn(7, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    assert metrics.sharpness(images.split(3)) == pytest.approx(metrics.sharpness([images]), rel=1e-6)


def test_a_grey_picture_and_a_ramp_have_no_sharpness_and_a_checkerboard_has_the_most():
    steps = torch.linspace(-1, 1, 28)
    board = 1 - 2 * (torch.arange(28)[:, None] + torch.arange(28) & 1).float()  # each ±1 among four ∓1: ∓8
    flat, ramp, checkered = (metrics.sharpness([x.expand(1, 1, 28, 28)]) for x in (steps[:1], steps, board))
    assert (flat, ramp) == pytest.approx((0, 0), abs=1e-9)
    assert checkered == pytest.approx(64 * 676 / 675)  # 26 × 26 values


def test_blur_lowers_sharpness_and_noise_raises_it(trained):
    drawn = torch.cat(list(metrics.samples(trained, 20, seed=0)))
    noise = torch.randn(drawn.shape, generator=torch.Generator().manual_seed(0)) / 2
    blurred = nn.functional.avg_pool2d(drawn, 3, stride=1)
    assert metrics.sharpness([blurred]) < metrics.sharpness([drawn]) < metrics.sharpness([drawn + noise])


# ------------------------------------------------------------------------------------------------- labels


@pytest.mark.parametrize(
    ("order", "accuracy"),
    [
        (range(10), 1),
        ((1, 2, 3, 4, 5, 6, 7, 8, 9, 0), 0),  # always the next class
        ((0, 1, 2, 3, 4, 5, 6, 7, 9, 8), 0.8),
    ],
)
@pytest.mark.parametrize("side", metrics.SIDES)
def test_accuracy_is_the_share_of_labels_whose_class_is_drawn(side, order, accuracy, pictures):
    found = metrics.evaluate(Album(pictures[side], order), n=100)
    assert found["accuracy"] == pytest.approx(accuracy)
    assert (found["classes"], found["evenness"]) == (10, pytest.approx(10))


def test_labels_go_round_all_classes_over_the_seams_of_the_batches(pictures):
    album = Album(pictures[28])
    sizes = [len(part) for part in metrics.samples(album, 2003, seed=0)]
    assert sizes == [1000, 1000, 3]
    assert torch.equal(torch.cat(album.labels), torch.arange(2003) % 10)


def test_one_label_can_be_asked_for(pictures):
    album = Album(pictures[28])
    drawn = torch.cat(list(metrics.samples(album, 1002, seed=0, label=7)))
    assert torch.equal(drawn, pictures[28][7].expand(1002, -1, -1, -1))
    assert torch.cat(album.labels).unique().tolist() == [7]


@pytest.mark.parametrize("label", [-1, 10])
def test_a_label_that_the_generator_does_not_have_is_refused(label, pictures):
    with pytest.raises(BadInput, match=rf"label {label} is not possible; choose 0…9"):
        list(metrics.samples(Album(pictures[28]), 1, seed=0, label=label))


def test_a_label_for_a_generator_without_classes_is_refused(untrained):
    with pytest.raises(BadInput, match="label 0 is not possible; this generator takes no labels"):
        list(metrics.samples(untrained, 1, seed=0, label=0))


@pytest.mark.parametrize("n", [0, -5])
@pytest.mark.parametrize("measure", [metrics.frechet_distance, metrics.class_shares, metrics.evaluate])
def test_less_than_one_sample_is_refused(measure, n, untrained):
    with pytest.raises(BadInput, match=rf"n is {n}; draw at least \d image"):
        measure(untrained, n=n)


@pytest.mark.parametrize("n", [-5, 4, 19, 20.0, True])
def test_less_than_two_samples_of_each_class_are_refused(n, pictures):
    with pytest.raises(BadInput, match=rf"n is {n}; draw at least 20 images"):
        metrics.evaluate(Album(pictures[28]), n=n)


# --------------------------------------------------------------------- inception score, variety within a class


def inception_score(logits):
    """exp of the mean KL, picture by picture, in float64."""
    p = np.exp(logits - logits.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    return np.exp(np.mean([(row * np.log(row / p.mean(0))).sum() for row in p]))


@pytest.mark.parametrize("width", [0.1, 1, 5])
def test_the_inception_score_is_the_mean_kl_written_out(width):
    logits = width * torch.randn(200, 10, generator=torch.Generator().manual_seed(0))
    assert metrics.inception_score(logits) == pytest.approx(inception_score(logits.double().numpy()), rel=1e-6)


def test_the_inception_score_goes_from_1_to_the_number_of_classes():
    assert metrics.inception_score(torch.randn(1, 10).expand(50, 10)) == pytest.approx(1)
    assert metrics.inception_score(1000 * torch.eye(10).repeat(3, 1)) == pytest.approx(10)  # probabilities of 0 and 1
    assert metrics.inception_score(torch.zeros(5, 10)) == pytest.approx(1)


def test_evaluates_inception_score_is_that_of_the_classifiers_logits(trained):
    classifier, _, _ = shipped("fashion-mnist", 28)
    with torch.no_grad():
        seen = torch.from_numpy(features(classifier, trained(z_from_seed(4, 100, 200)))).float()
        logits = classifier.head(seen).double().numpy()
    found = metrics.evaluate(trained, n=200, seed=4)
    assert found["inception_score"] == pytest.approx(inception_score(logits), rel=1e-4)
    assert 1 < found["inception_score"] < 10


@pytest.fixture(scope="module")
def labelled():
    """The real judge; features of 400 generated pictures, the classes it takes them for, and half-wrong labels."""
    own = metrics.judge("fashion-mnist", 28)
    seen, guesses = metrics.look(own.classifier, metrics.samples(runs.load("mlp-fashion").generator, 400, seed=5))
    return own, seen, guesses, torch.where(torch.arange(400) % 2 == 0, guesses, (guesses + 1) % 10)


def test_the_judges_classes_are_its_own_guesses_about_the_real_pictures():
    own = metrics.judge("fashion-mnist", 28)
    classifier, _, real = shipped("fashion-mnist", 28)
    expected = (
        real @ classifier.head.weight.double().detach().numpy().T + classifier.head.bias.detach().numpy()
    ).argmax(1)
    assert (own.classes.numpy() == expected).mean() > 0.999  # float32 may decide a tie otherwise


def test_diversity_is_the_variance_within_each_class_relative_to_real(labelled):
    own, seen, guesses, labels = labelled
    x, real, right = seen.double().numpy(), own.real.double().numpy(), (guesses == labels).numpy()
    ratios = []
    for label in range(10):
        fakes, reals = x[right & (labels == label).numpy()], real[(own.classes == label).numpy()]
        ratios.append(fakes.var(0, ddof=1).sum() / reals.var(0, ddof=1).sum() if len(fakes) > 1 else 0)
    assert own.diversity(seen, labels) == pytest.approx(np.mean(ratios), rel=1e-4)


def test_diversity_of_the_real_pictures_is_1_and_of_one_picture_per_class_0():
    own = metrics.judge("fashion-mnist", 28)
    assert own.diversity(own.real, own.classes) == pytest.approx(1)
    firsts = torch.stack([own.real[own.classes == label][0] for label in range(10)])
    assert own.diversity(firsts.repeat(20, 1), torch.arange(10).repeat(20)) == pytest.approx(0, abs=1e-6)
    assert own.diversity(own.real, (own.classes + 1) % 10) == 0  # nothing is of its label


def test_the_distance_by_class_is_the_equation_on_each_class_alone(labelled):
    own, seen, _, _ = labelled
    labels = torch.arange(400) % 10
    found = own.distance_by_class(seen, labels)
    for label in (0, 4, 9):
        pair = own.real[own.classes == label], seen[labels == label]
        (mean_1, cov_1), (mean_2, cov_2) = (moments(x.double().numpy()) for x in pair)
        assert found[label] == pytest.approx(frechet(mean_1, cov_1, mean_2, cov_2), rel=1e-3)
    assert len(found) == 10


def test_with_labels_evaluate_adds_accuracy_diversity_and_the_distance_of_each_class(pictures):
    album = Album(pictures[28])
    found = metrics.evaluate(album, n=100)
    own = metrics.judge("fashion-mnist", 28)
    seen, _ = metrics.look(own.classifier, metrics.samples(album, 100, seed=1))
    labels = torch.arange(100) % 10
    assert found["diversity"] == own.diversity(seen, labels) == pytest.approx(0, abs=1e-6)
    assert found["frechet_by_class"] == [round(each, 2) for each in own.distance_by_class(seen, labels)]
    assert "diversity" not in metrics.evaluate(Reel(pictures[28], [0, 1] * 5), n=10)


# ------------------------------------------------------------------------------------- seeds and side effects


@pytest.mark.parametrize("measure", [metrics.frechet_distance, metrics.class_shares, metrics.evaluate])
def test_the_same_seed_gives_the_same_numbers_and_another_one_others(measure, trained):
    first, again, other = (str(measure(trained, n=200, seed=seed)) for seed in (0, 0, 1))
    assert first == again != other


def test_samples_are_the_pictures_of_the_seeds_z(untrained):
    drawn = torch.cat(list(metrics.samples(untrained, 20, seed=5)))
    torch.testing.assert_close(drawn, untrained(z_from_seed(5, 100, 20)).detach())
    assert drawn.dtype == torch.float32 and not drawn.requires_grad


def test_evaluate_scores_as_the_single_measures_do(trained):
    found, shares = metrics.evaluate(trained, n=200, seed=4), metrics.class_shares(trained, n=200, seed=4)
    assert found["frechet"] == metrics.frechet_distance(trained, n=200, seed=4)
    assert found["classes"] == (shares >= 0.01).sum()
    assert found["sharpness"] == metrics.sharpness(metrics.samples(trained, 200, seed=4))


@pytest.mark.parametrize("side", metrics.SIDES)
def test_images_are_evaluated_as_the_generator_that_drew_them(side, generator, pictures):
    of_images = metrics.evaluate_images(metrics.samples(generator[side], 300, seed=2), "fashion-mnist")
    assert of_images == metrics.evaluate(generator[side], n=300, seed=2)
    album, labels = Album(pictures[side], (0, 1, 2, 3, 4, 5, 6, 7, 9, 8)), torch.arange(300) % 10
    of_images = metrics.evaluate_images(metrics.samples(album, 300, seed=2), "fashion-mnist", labels)
    assert of_images == metrics.evaluate(album, n=300, seed=2)


def test_other_z_report_than_those_that_choose_the_milestone(trained):
    reported, chosen = metrics.evaluate(trained, n=200)["frechet"], metrics.frechet_distance(trained, n=200)
    assert chosen == metrics.frechet_distance(trained, n=200, seed=0)
    assert reported == metrics.frechet_distance(trained, n=200, seed=1) != chosen


def test_torchs_global_random_numbers_are_left_alone(trained):
    metrics.judge("fashion-mnist", 28)  # loaded
    before = torch.get_rng_state()
    metrics.evaluate(trained, n=50)
    metrics.frechet_distance(trained, n=50)
    assert torch.equal(torch.get_rng_state(), before)


def test_loading_a_judge_leaves_torchs_global_random_numbers_alone():
    before = torch.get_rng_state()
    metrics.judge.__wrapped__("fashion-mnist", 28)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("training", [True, False])
def test_the_generator_draws_in_eval_mode_and_has_its_own_mode_afterwards(training, pictures):
    album = Album(pictures[28]).train(training)
    metrics.evaluate(album, n=20)
    assert album.modes == {False} and album.training is training


def test_a_generator_that_fails_has_its_own_mode_afterwards():
    broken = Broken().train()
    with pytest.raises(ZeroDivisionError):
        metrics.frechet_distance(broken, n=20)
    assert broken.training


# ----------------------------------------------------------------------------------------- images as they come


AS_THEY_COME = {  # from (100, 1, 28, 28) in −1…1, a whole number of 255 steps
    "one tensor": lambda x: x,
    "batches": lambda x: x.split(30),
    "a generator of batches": lambda x: (part for part in x.split(30)),
    "pictures one by one": lambda x: list(x),
    "pairs with labels": lambda x: [(part, torch.zeros(len(part))) for part in x.split(50)],
    "an ImageSet": lambda x: ImageSet("mine", to_pixels(x)),
    "NumPy": lambda x: x.numpy(),
    "batches of NumPy": lambda x: [part.numpy() for part in x.split(50)],
    "no axis for the channel": lambda x: x[:, 0],
    "channels last": lambda x: x.permute(0, 2, 3, 1),
    "bytes": lambda x: to_pixels(x),
    "0…1": lambda x: (x + 1) / 2,
    "0…255": lambda x: (x + 1) * 127.5,
    "whole numbers": lambda x: to_pixels(x).long(),
    "float64": lambda x: x.double(),
}


TOLD = torch.arange(100) % 10


@pytest.fixture(scope="module")
def hundred(pictures):
    """The ten pictures ten times, each with a little noise, in 255 steps; and their scores."""
    noise = 0.1 * torch.randn(100, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    images = to_range(to_pixels(pictures[28].repeat(10, 1, 1, 1) + noise))
    return images, metrics.evaluate_images([images], "fashion-mnist", TOLD)


@pytest.mark.parametrize("kind", AS_THEY_COME)
def test_images_are_scored_however_they_come(kind, hundred):
    images, expected = hundred
    found = metrics.evaluate_images(AS_THEY_COME[kind](images), "fashion-mnist", TOLD)
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, rel=1e-4, abs=1e-4), name


@pytest.mark.parametrize("labels", [TOLD.int(), TOLD.tolist(), TOLD.numpy()])
def test_so_are_labels(labels, hundred):
    assert metrics.evaluate_images(hundred[0], "fashion-mnist", labels) == hundred[1]


@pytest.mark.parametrize(
    ("images", "labels", "said"),
    [
        ([], None, "no images were given"),
        (torch.zeros(0, 1, 28, 28), None, "nothing in them"),
        (torch.zeros(1, 1, 28, 28), None, "1 image was given; give at least 4"),
        (torch.zeros(3, 1, 28, 28), None, "3 images were given; give at least 4"),
        (torch.zeros(9, 3, 28, 28), None, r"shape \(9, 3, 28, 28\); only grey"),
        (torch.zeros(9, 1, 20, 28), None, "1×20×28; the judges know"),
        (torch.zeros(9, 1, 64, 64), None, "'64' is not known; choose one of: 28, 32"),
        ([torch.zeros(9, 1, 28, 28), torch.zeros(9, 1, 32, 32)], None, "cannot be put together"),
        (torch.full((9, 1, 28, 28), torch.nan), None, "are NaN or infinite"),
        (torch.linspace(-5, 5, 9 * 784).view(9, 1, 28, 28), None, "floats from -5 to 5"),
        (torch.zeros(9, 1, 28, 28, dtype=torch.complex64), None, "plain numbers"),
        ("pictures", None, "images are a str"),
        (7, None, "images are a int"),
        ([["a"]], None, "a batch is a str"),
        (np.array(["a"]), None, "bring numbers alone"),
        (torch.zeros(20, 1, 28, 28), torch.arange(10), r"shape \(20,\) is needed"),
        (torch.zeros(20, 1, 28, 28), torch.arange(20), "labels run from 0 to 19"),
        (torch.zeros(20, 1, 28, 28), torch.zeros(20).long(), "label 1 stands beside 0 images"),
        (torch.zeros(20, 1, 28, 28), torch.zeros(20), "labels are torch.float32"),
        (torch.zeros(20, 1, 28, 28), ["a"] * 20, "labels are a list; give 20 class numbers"),
    ],
)
def test_images_and_labels_that_cannot_be_judged_are_refused_in_a_sentence(images, labels, said):
    with pytest.raises(BadInput, match=said) as refused:
        metrics.evaluate_images(images, "fashion-mnist", labels)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("seed", [-1, 2**32, 1.5, "0", None, True])
def test_an_impossible_seed_is_refused(seed, untrained):
    with pytest.raises(BadInput, match=f"seed {seed!r} is not possible"):
        metrics.frechet_distance(untrained, n=20, seed=seed)


@pytest.mark.parametrize("logits", [torch.eye(10), torch.zeros(0, 10), torch.zeros(10), torch.full((2, 10), torch.nan)])
def test_what_is_no_logits_has_no_inception_score(logits):
    with pytest.raises(BadInput, match="logits"):
        metrics.inception_score(logits)


def test_a_generator_of_other_classes_than_the_judges_is_refused(pictures):
    album = Album(pictures[28])
    album.classes = 7
    with pytest.raises(BadInput, match="has 7 classes, and the judge of fashion-mnist knows 10"):
        metrics.evaluate(album, n=100)
    assert metrics.frechet_distance(album, n=100) > 0  # which does not look at labels


def test_a_data_set_has_a_score_or_none(trained):
    grey, large = torch.zeros(4, 1, 28, 28, dtype=torch.uint8), torch.zeros(4, 1, 64, 64, dtype=torch.uint8)
    for name in metrics.CLASSIFIERS:
        images = ImageSet(name, grey)
        assert metrics.score_of(images)(trained, n=50) == metrics.frechet_distance(trained, n=50, dataset=name)
        assert metrics.evaluation_of(images).keywords == {"dataset": name}
        assert metrics.score_of(ImageSet(name, large), side=32).func is metrics.frechet_distance
        assert isinstance(metrics.score_of(images, side=64).func.__self__, OwnScore)
    for name, pixels in ("mine", grey), ("mnist", grey.repeat(1, 3, 1, 1)), ("mnist", large):
        for score in (metrics.score_of(ImageSet(name, pixels)), metrics.evaluation_of(ImageSet(name, pixels))):
            assert isinstance(score.func.__self__, OwnScore)
    for nobody_knows in (ImageSet("digits", grey), ImageSet("mine", grey[..., :15, :15]), ImageSet("one", grey[:1])):
        assert metrics.score_of(nobody_knows) is metrics.evaluation_of(nobody_knows) is None
    assert metrics.score_of(ImageSet("points", torch.rand(4, 2))) is None


def test_the_card_says_which_score_it_is_of_how_many_and_its_floor(monkeypatch, trained):
    monkeypatch.setitem(metrics.evaluate.__kwdefaults__, "n", 50)
    found = metrics.evaluation_of(ImageSet("mnist", torch.zeros(4, 1, 28, 28, dtype=torch.uint8)))(trained)
    assert "classifier-mnist" in found["measure"] and found["pictures"] == metrics.SAMPLES
    assert found["floor"] == metrics.classifier_card("mnist")["floors"]["28"] and found["frechet"] > 1


# ---------------------------------------------------------------------------------------------- the judges


def test_a_judge_is_loaded_once():
    first = metrics.judge("fashion-mnist", 28)
    assert metrics.judge("fashion-mnist", 28) is first
    assert metrics.judge("fashion-mnist", 32) is not first


def test_a_data_set_without_a_judge_is_refused(untrained):
    measures = (metrics.frechet_distance, metrics.class_shares, metrics.evaluate)
    for ask in (partial(metrics.judge, side=28), *(partial(measure, untrained, n=10) for measure in measures)):
        with pytest.raises(BadInput, match=r"data set 'letters' is not known; choose one of: fashion-mnist, mnist\."):
            ask(dataset="letters")


@pytest.mark.parametrize("dataset", metrics.CLASSIFIERS)
def test_the_card_behind_a_data_set_is_its_classifiers(dataset):
    assert metrics.classifier_card(dataset)["recipe"]["name"] == metrics.CLASSIFIERS[dataset]
    with pytest.raises(BadInput, match="'letters' is not known"):
        metrics.classifier_card("letters")


def test_a_size_without_a_judge_is_refused():
    with pytest.raises(BadInput, match=r"side of the pictures to judge '64' is not known; choose one of: 28, 32\."):
        metrics.judge("fashion-mnist", 64)
    with pytest.raises(BadInput, match="'64' is not known"):
        metrics.frechet_distance(MLPGenerator(image_shape=(1, 64, 64)), n=10)


@pytest.fixture
def copy(tmp_path, monkeypatch):
    """Fashion's classifier in a folder that may be damaged."""
    name = metrics.CLASSIFIERS["fashion-mnist"]
    shutil.copytree(runs.RECORDED / name, tmp_path / name)
    monkeypatch.setattr("gan_lib.runs.run.RECORDED", tmp_path)
    return tmp_path / name


def test_a_sound_copy_of_a_classifier_judges_alike(copy, trained, monkeypatch):
    before = metrics.frechet_distance(trained, n=50)
    monkeypatch.setattr(metrics, "judge", metrics.judge.__wrapped__)
    assert metrics.frechet_distance(trained, n=50) == before


@pytest.mark.parametrize("name", ["weights.safetensors", "test_28.safetensors", "test_32.safetensors", "card.json"])
@pytest.mark.parametrize("damage", ["one bit", "half of it", "gone"])
def test_a_damaged_classifier_is_refused(copy, name, damage):
    path = copy / name
    content = bytearray(path.read_bytes())
    content[0 if name == "card.json" else len(content) // 2] ^= 1
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(content if damage == "one bit" else content[: len(content) // 2])
    with pytest.raises(BadRun, match=rf"{copy.name}(/{name})? .*(damaged|not a recorded run)"):
        metrics.judge.__wrapped__("fashion-mnist", 28)


def test_a_classifier_of_the_old_layout_is_refused(copy):
    card = json.loads((copy / "card.json").read_text())
    card["files"] = {"weights.safetensors": card["files"]["weights.safetensors"]}
    (copy / "card.json").write_text(json.dumps(card))
    with pytest.raises(BadRun):
        metrics.judge.__wrapped__("fashion-mnist", 28)
