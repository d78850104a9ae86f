"""The second judge: its loss, what it is shown, that no label reaches its features, and what the shipped ones see."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from gan_lib import runs
from gan_lib.data import to_range
from gan_lib.networks.self_taught import SelfTaught
from gan_lib.scores import judges, metrics, self_taught
from tests.scores.test_judges import DRAWN, KEPT, blurs, floors, official, seen_at
from tests.scores.test_metrics import recorded

IMAGES = to_range(blurs(64, seed=0).pixels)  # (64, 1, 28, 28)


def points(seed, n=5, size=3):
    return torch.randn(n, size, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


# ------------------------------------------------------------------------------------------------ how it learns


def test_the_loss_is_minus_the_log_of_the_right_share_written_out():
    a, b, c = (points(seed).numpy() for seed in range(3))

    def e(x, y):
        return np.exp(x @ y / np.sqrt((x @ x) * (y @ y)) / 0.1)

    shares = [e(a[i], b[i]) / sum(e(a[i], b[j]) + e(a[i], c[j]) for j in range(5)) for i in range(5)]
    found = self_taught.contrastive_loss(*(torch.from_numpy(x) for x in (a, b, c)))
    assert found.item() == pytest.approx(-np.mean(np.log(shares)), rel=1e-9)


def test_the_loss_is_log_2b_where_nothing_is_told_apart_and_0_where_all_is():
    same = torch.ones(4, 3)
    assert self_taught.contrastive_loss(same, same, same).item() == pytest.approx(np.log(8), rel=1e-5)
    apart = torch.eye(4)
    assert self_taught.contrastive_loss(apart, 7 * apart, -apart).item() < 1e-3


def test_a_changed_picture_shows_something_else_in_each_of_the_four_ways():
    torch.manual_seed(0)
    images = IMAGES.repeat(4, 1, 1, 1)  # (256, 1, 28, 28)
    found = self_taught.changed(images)
    assert found.shape == images.shape and found.abs().max() <= 1
    assert ((found - images).abs().flatten(1).mean(1) > 0.005).all()
    upside_down = (found == images.flip(2)).flatten(1).all(1)
    left = (found[..., :14] == images[..., :14]).flatten(1).all(1)
    edges = torch.stack([(x[..., 1:] - x[..., :-1]).square().flatten(1).mean(1) for x in (found, images)])
    rougher = edges[0] / edges[1]
    rest = ~upside_down & ~left
    shares = [upside_down, left, rest & (rougher > 1), rest & (rougher < 1)]
    assert all(0.15 < share.float().mean() < 0.35 for share in shares)
    assert torch.equal(found[left][..., 14:], images.roll(1, 0)[left][..., 14:])


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """One that learned for a moment from 256 pictures, recorded with 200 others: (its folder, its card)."""
    folder = tmp_path_factory.mktemp("runs") / "own"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(self_taught, "NEAR", KEPT)
        patch.setattr(judges, "SAMPLES", DRAWN)
        patch.setattr(self_taught, "BATCH", 64)
        return folder, self_taught.record_second_judge(blurs(256, seed=0), blurs(200, seed=1), folder, steps=30)


def found_again(network):
    """How many of 64 new pictures, moved, are nearest to themselves, moved otherwise, among all and changed copies."""
    images = to_range(blurs(64, seed=5).pixels)
    torch.manual_seed(0)
    views = [self_taught._moved(x) for x in (images, images, self_taught.changed(images))]
    a, b, c = (torch.nn.functional.normalize(network.features(x)) for x in views)
    return ((a @ torch.cat([b, c]).T).argmax(1) == torch.arange(64)).float().mean().item()


def test_it_learns_its_task(own):
    torch.manual_seed(0)
    assert found_again(recorded(own[0], 28, SelfTaught)[0]) > found_again(SelfTaught().eval()) + 0.05


def test_labels_decide_the_last_layer_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(self_taught, "BATCH", 32)
    found = []
    for turn in (0, 3):
        images = blurs(64, seed=0)
        images = replace(images, labels=images.labels.roll(turn))
        self_taught.record_second_judge(images, blurs(20, seed=1), tmp_path / str(turn), steps=2)
        found.append(load_file(tmp_path / str(turn) / "weights.safetensors"))
    for name, value in found[0].items():
        assert torch.equal(value, found[1][name]) != name.startswith("head"), name


def test_a_seed_decides_what_it_learns(tmp_path, monkeypatch):
    monkeypatch.setattr(self_taught, "BATCH", 32)
    found = []
    for i, seed in enumerate((3, 3, 4)):
        self_taught.record_second_judge(blurs(64, 0), blurs(20, 1), tmp_path / str(i), steps=2, seed=seed)
        found.append(load_file(tmp_path / str(i) / "weights.safetensors")["body.0.weight"].float())
    torch.testing.assert_close(found[0], found[1], rtol=0, atol=1e-4)
    assert (found[0] - found[2]).abs().max() > 0.01


def test_its_features_have_a_mean_square_of_1_on_the_training_pictures(own):
    network = recorded(own[0], 28, SelfTaught)[0]
    seen, _ = metrics.look(network, to_range(blurs(256, seed=0).pixels))
    assert seen.square().mean().item() == pytest.approx(1, rel=5e-3)  # stored in half precision


def test_its_last_layer_is_the_best_linear_one(own):
    network = recorded(own[0], 28, SelfTaught)[0]
    images = blurs(256, seed=0)
    _, guesses = metrics.look(network, to_range(images.pixels))
    assert (guesses == images.labels).float().mean() > 0.95  # 128 numbers of 256 pictures
    assert own[1]["test_accuracy"] > 0.5  # of others; a tenth is what guessing reaches


@pytest.mark.parametrize("side", metrics.SIDES)
def test_its_floors_are_the_scores_of_the_first_training_pictures(own, side):
    folder, card = own
    expected = floors(folder, side, blurs(256, seed=0).pixels[:DRAWN], SelfTaught)
    found = card["floors"][side]
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        near = 1.1 / KEPT if name in ("precision", "recall") else 1e-4
        assert found[name] == pytest.approx(value, rel=1e-2, abs=near), name


def test_its_card_says_how_it_was_made(own):
    stored = json.loads((own[0] / "card.json").read_text())
    told = {"labels": "none; its last layer alone has learned the classes", "network": "SelfTaught"}
    assert stored["recipe"] == {"name": "own", "steps": 30, "seed": 0} | told
    assert stored["made"]["seconds"] > 0


# ------------------------------------------------------------------------------------------ the shipped ones

NEEDED = {"fashion-mnist": 0.80, "mnist": 0.93}


def folder_of(dataset):
    return runs.RECORDED / metrics.SECOND[dataset]


@pytest.mark.parametrize("dataset", metrics.SECOND)
def test_a_shipped_one_is_small_and_worth_looking_through(dataset):
    folder, card = folder_of(dataset), metrics.second_card(dataset)
    assert (folder / "weights.safetensors").stat().st_size < 400_000
    assert sum(path.stat().st_size for path in folder.iterdir()) < 1_300_000
    assert card["data"] == dataset and card["test_accuracy"] >= NEEDED[dataset]
    assert card["floor_protocol"].startswith("first 10,000 training images against the 10,000 test images")
    for side in metrics.SIDES:
        judge, floor = metrics.second_judge(dataset, side), card["floors"][str(side)]
        assert judge.real.shape == (2_500, 128)
        assert 0 < floor["frechet"] < judge.gaussian[1].trace() / 50
        assert 0.7 < floor["precision"] < 0.95 and 0.7 < floor["recall"] < 0.95


@pytest.mark.parametrize("dataset", metrics.SECOND)
def test_a_shipped_one_sees_what_its_files_say_on_the_real_test_images(dataset):
    network, (mean, cov), kept = recorded(folder_of(dataset), 28, SelfTaught)
    test = official(dataset, "test")
    seen = seen_at(network, test.pixels, 28)
    guesses = network.head(torch.from_numpy(seen).float()).argmax(1)
    accuracy = (guesses == test.labels).float().mean().item()
    assert accuracy == pytest.approx(metrics.second_card(dataset)["test_accuracy"], abs=0.0005)
    np.testing.assert_allclose(mean, seen.mean(0), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(cov, np.cov(seen.T), rtol=1e-3, atol=1e-3)
    assert abs(kept - seen[::4]).max() <= seen.max() / 255 * 0.51  # half a step


def test_a_shipped_ones_floors_are_the_scores_of_real_training_images():
    expected = floors(folder_of("fashion-mnist"), 32, official("fashion-mnist", "train").pixels[:10_000], SelfTaught)
    assert metrics.second_card("fashion-mnist")["floors"]["32"] == pytest.approx(expected, rel=2e-3, abs=1e-3)


def test_it_minds_grain_and_halves_more_than_a_shift_and_the_first_judge_does_not():
    images = to_range(official("fashion-mnist", "test").pixels[:2_000])
    rng = torch.Generator().manual_seed(0)
    sets = {
        "moved": torch.nn.functional.pad(images, (1, 0, 1, 0), value=-1.0)[..., :-1, :-1],
        "grain": (images + 0.1 * torch.randn(images.shape, generator=rng)).clamp(-1, 1),
        "halves": torch.cat([images[..., :14], images.roll(1, 0)[..., 14:]], 3),
    }
    first, second = (
        {name: judge.distance(metrics.look(judge.classifier, x)[0]) for name, x in sets.items()}
        for judge in (metrics.judge("fashion-mnist", 28), metrics.second_judge("fashion-mnist", 28))
    )
    assert first["moved"] > first["grain"]
    assert second["moved"] < second["grain"] / 2 and second["moved"] < second["halves"] / 2
