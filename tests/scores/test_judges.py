"""The classifiers behind every score: how one is trained and recorded, and what the shipped ones are worth."""

import hashlib
import json
import warnings
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch.nn.functional import interpolate

from gan_lib import data, runs
from gan_lib.data import ImageSet, to_range
from gan_lib.errors import BadRun
from gan_lib.networks.classifier import SmallClassifier
from gan_lib.runs.folders import FORMAT
from gan_lib.scores import judges, metrics
from tests.scores.test_metrics import (
    features,
    frechet,
    moments,
    precision_recall,
    recorded,
    resized,
    sharpness,
    shipped,
)

KEPT, DRAWN = 100, 150  # what stands in for 5,000 and 10,000 below
PATTERNS = torch.rand(10, 1, 7, 7, generator=torch.Generator().manual_seed(9))


def blurs(n, seed):
    """n noisy pictures, one blurred pattern for each class."""
    rng, labels = torch.Generator().manual_seed(seed), torch.arange(n) % 10
    small = 0.7 * PATTERNS[labels] + 0.3 * torch.rand(n, 1, 7, 7, generator=rng)
    large = interpolate(small, 28, mode="bilinear") + 0.2 * torch.rand(n, 1, 28, 28, generator=rng)
    pixels = (large / large.max() * 255).to(torch.uint8)
    return ImageSet("random", pixels, labels, tuple("0123456789"))


def scores(real_moments, real_kept, fake):
    """What `Judge.scores` is to find."""
    precision, recall = precision_recall(real_kept, fake[: len(real_kept)])
    return {"frechet": frechet(*real_moments, *moments(fake)), "precision": precision, "recall": recall}


def images_at(pixels, side):
    """uint8 pictures (N, 1, 28, 28) → side × side in grey levels → −1…1."""
    enlarged = pixels if side == 28 else resized(pixels, side).round()
    return to_range(enlarged.to(torch.uint8))


def seen_at(classifier, pixels, side):
    """Their features."""
    return features(classifier, images_at(pixels, side))


def kid(x, y):
    """Bińkowski et al. 2018, section 4, by the three whole matrices of the kernel."""
    within = [np.mean((points @ points.T / 128 + 1)[~np.eye(len(points), dtype=bool)] ** 3) for points in (x, y)]
    return sum(within) - 2 * np.mean((x @ y.T / 128 + 1) ** 3)


def floors(folder, side, pixels, network=SmallClassifier):
    """What stands in the card for these training images."""
    classifier, real, kept = recorded(folder, side, network)
    images = images_at(pixels, side)
    seen = features(classifier, images)
    return scores(real, kept, seen) | {"kid": kid(kept, seen), "sharpness": sharpness(images)}


# -------------------------------------------------------------------------------------- recording one's own


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """A classifier trained for a moment on 256 pictures and recorded with 200 others: (its folder, its card)."""
    folder = tmp_path_factory.mktemp("runs") / "own"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(judges, "NEAR", KEPT)
        patch.setattr(judges, "SAMPLES", DRAWN)
        return folder, judges.record_classifier(blurs(256, seed=0), blurs(200, seed=1), folder, epochs=4)


@pytest.mark.parametrize("side", metrics.SIDES)
def test_what_is_recorded_can_judge(own, side, monkeypatch):
    folder, _ = own
    monkeypatch.setattr("gan_lib.runs.run.RECORDED", folder.parent)
    monkeypatch.setitem(metrics.CLASSIFIERS, "random", folder.name)
    judge = metrics.judge.__wrapped__("random", side)
    classifier, real, kept = recorded(folder, side)
    np.testing.assert_allclose(judge.real.numpy(), kept, rtol=1e-6)
    fake = seen_at(classifier, blurs(120, seed=2).pixels, side)
    assert judge.scores(torch.from_numpy(fake).float()) == pytest.approx(scores(real, kept, fake), rel=1e-3)


@pytest.mark.parametrize("side", metrics.SIDES)
def test_the_recorded_sums_are_those_of_the_test_images(own, side):
    classifier, (mean, cov), kept = recorded(own[0], side)
    seen = seen_at(classifier, blurs(200, seed=1).pixels, side)
    np.testing.assert_allclose(mean, seen.mean(0), rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(cov, np.cov(seen.T), rtol=1e-3, atol=1e-3)
    assert kept.shape == (KEPT, 128)
    assert abs(kept - seen[:: 200 // KEPT][:KEPT]).max() <= seen.max() / 255 * 0.51  # half a step


@pytest.mark.parametrize("side", metrics.SIDES)
def test_the_floors_are_the_scores_of_the_first_training_images(own, side):
    folder, card = own
    expected = floors(folder, side, blurs(256, seed=0).pixels[:DRAWN])
    found = card["floors"][side]
    assert found.keys() == expected.keys()
    for name in ("frechet", "kid", "sharpness"):
        assert found[name] == pytest.approx(expected[name], rel=1e-3, abs=1e-5)
    for name in ("precision", "recall"):
        assert found[name] == pytest.approx(expected[name], abs=1.1 / KEPT)  # one may lie on the edge of a ball


def test_the_accuracy_on_the_card_is_the_share_of_right_answers(own):
    folder, card = own
    images, classifier = blurs(200, seed=1), recorded(folder, 28)[0]
    with torch.no_grad():
        guesses = classifier(to_range(images.pixels)).argmax(1)
    assert card["test_accuracy"] == pytest.approx((guesses == images.labels).float().mean().item())
    assert card["test_accuracy"] > 0.5  # a tenth is what guessing reaches


def test_the_card_says_how_the_classifier_was_made(own):
    folder, card = own
    stored = json.loads((folder / "card.json").read_text())
    assert stored["recipe"] == {"name": "own", "epochs": 4, "seed": 0, "network": "SmallClassifier"}
    assert (stored["format"], stored["data"]) == (FORMAT, "random")
    assert stored["floor_protocol"] == (
        "first 150 training images against the 200 test images; precision and recall: 100 of both, 3 neighbours; "
        "KID: against 100 test images"
    )
    assert stored["made"]["torch"] == torch.__version__ and stored["made"]["seconds"] > 0
    assert {path.name for path in folder.iterdir()} == {"card.json", *stored["files"]}
    for name, expected in stored["files"].items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == expected
    assert stored == json.loads(json.dumps(card)) | {"files": stored["files"]}


def weights(folder, images, **kwargs):
    """What one epoch on the images makes."""
    judges.record_classifier(images, blurs(20, seed=1), folder, epochs=1, **kwargs)
    return torch.cat([value.float().flatten() for value in load_file(folder / "weights.safetensors").values()])


def test_a_seed_decides_the_classifier(tmp_path):
    images = blurs(128, seed=0)
    first, again, other = (weights(tmp_path / str(i), images, seed=seed) for i, seed in enumerate((3, 3, 4)))
    torch.testing.assert_close(first, again, rtol=0, atol=1e-4)
    assert (first - other).abs().max() > 0.01


def test_fashion_is_mirrored_while_it_trains_and_digits_are_not(tmp_path):
    images = blurs(256, seed=0)
    names = ("fashion-mnist", "mnist", "random")
    fashion, mnist, random = (weights(tmp_path / name, replace(images, name=name)) for name in names)
    torch.testing.assert_close(mnist, random, rtol=0, atol=1e-4)
    assert (fashion - mnist).abs().max() > 1e-3
    both_ways = replace(images, pixels=torch.maximum(images.pixels, images.pixels.flip(3)))
    fashion, mnist = (weights(tmp_path / f"{name} 2", replace(both_ways, name=name)) for name in names[:2])
    torch.testing.assert_close(fashion, mnist, rtol=0, atol=1e-4)


def test_a_full_disk_leaves_nothing_behind(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(BadRun, match="could not be written"):
        weights(tmp_path / "file" / "own", blurs(128, seed=0))
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


# ------------------------------------------------------------------------------------------ the shipped ones

NEEDED = {"fashion-mnist": 0.92, "mnist": 0.99}


@cache
def load(dataset, split):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", data.FallbackNotice)
        return data.load(dataset, split)


def official(dataset, split):
    """The real data set from GAN_LIB_DATA, the cache or the network; the test is skipped if none of them has it."""
    images = load(dataset, split)
    if images.is_fallback:
        pytest.skip(f"what was seen on {dataset} can only be seen again where it is: set GAN_LIB_DATA, or a network")
    return images


def folder_of(dataset):
    return runs.RECORDED / metrics.CLASSIFIERS[dataset]


def card_of(dataset):
    return json.loads((folder_of(dataset) / "card.json").read_text())


@pytest.mark.parametrize("dataset", metrics.CLASSIFIERS)
def test_a_shipped_classifier_is_worth_looking_through(dataset):
    card = card_of(dataset)
    assert card["data"] == dataset and card["test_accuracy"] >= NEEDED[dataset]
    assert set(card["floors"]) == {"28", "32"}
    for side, floor in card["floors"].items():
        _, (_, cov), _ = shipped(dataset, int(side))
        assert 0 < floor["frechet"] < np.trace(cov) / 100
        assert 0.8 < floor["precision"] < 0.95 and 0.8 < floor["recall"] < 0.95
    assert card["floor_protocol"].startswith("first 10,000 training images against the 10,000 test images")


def test_every_generator_is_above_the_floor():
    assert card_of("fashion-mnist")["floors"]["28"]["frechet"] < min(runs.load("mlp-fashion").scores.values())


@pytest.mark.parametrize("dataset", metrics.CLASSIFIERS)
def test_a_shipped_classifier_is_small(dataset):
    folder = folder_of(dataset)
    assert sum(path.stat().st_size for path in folder.iterdir()) < 3_000_000
    assert all(value.dtype == torch.float16 for value in load_file(folder / "weights.safetensors").values())
    for side in metrics.SIDES:
        seen = load_file(folder / f"test_{side}.safetensors")
        assert seen["real_features_num_samples"] == 10_000
        assert seen["features"].shape == (5000, 128) and seen["features"].dtype == torch.uint8


@pytest.mark.parametrize("dataset", metrics.CLASSIFIERS)
def test_a_shipped_classifier_is_as_good_as_its_card_says_on_the_real_test_images(dataset):
    classifier, (mean, cov), kept = shipped(dataset, 28)
    test = official(dataset, "test")
    seen = seen_at(classifier, test.pixels, 28)
    guesses = classifier.head(torch.from_numpy(seen).float()).argmax(1)
    accuracy = (guesses == test.labels).float().mean().item()
    assert accuracy == pytest.approx(card_of(dataset)["test_accuracy"], abs=0.0003) and accuracy >= NEEDED[dataset]
    np.testing.assert_allclose(mean, seen.mean(0), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(cov, np.cov(seen.T), rtol=1e-3, atol=1e-3)
    assert abs(kept - seen[::2]).max() <= seen.max() / 255 * 0.51  # half a step


@pytest.mark.parametrize("dataset", metrics.CLASSIFIERS)
def test_a_shipped_classifier_has_seen_the_enlarged_test_images(dataset):
    classifier, _, kept = shipped(dataset, 32)
    seen = seen_at(classifier, official(dataset, "test").pixels[:2000:2], 32)
    step = load_file(folder_of(dataset) / "test_32.safetensors")["scale"].item()
    assert abs(kept[:1000] - seen).max() <= step * 0.51


@pytest.mark.parametrize(("dataset", "side"), [("fashion-mnist", 28), ("mnist", 32)])  # made together with the others
def test_a_shipped_classifiers_floors_are_the_scores_of_real_training_images(dataset, side):
    expected = floors(folder_of(dataset), side, official(dataset, "train").pixels[:10_000])
    del expected["kid"]  # which is younger than these cards
    assert card_of(dataset)["floors"][str(side)] == pytest.approx(expected, rel=1e-3, abs=1e-3)
