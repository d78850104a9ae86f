"""FID and KID against their definitions; and what is said where Inception is not at hand. Nothing is downloaded."""

import pytest
import torch
from torch import nn

from gan_lib.data import ImageSet
from gan_lib.errors import BadInput
from gan_lib.scores import inception, metrics
from gan_lib.scores.own import OwnScore
from tests.scores.test_kid import pair_by_pair
from tests.scores.test_own import Shows
from tests.scores.trials import shapes


class Means(nn.Module):
    """In Inception's place: the mean of each quarter of each channel, uint8 (B, 3, H, W) → (B, 12)."""

    def forward(self, x):
        assert x.dtype == torch.uint8 and x.shape[1] == 3
        return nn.functional.adaptive_avg_pool2d(x.float() / 255, 2).flatten(1)


def test_the_distances_are_those_of_their_definitions():
    rng = torch.Generator().manual_seed(0)
    real, fake = torch.rand(30, 4, generator=rng), torch.rand(30, 4, generator=rng) * 1.2
    found = inception.distances(real, fake)
    moments = [m for x in (real, fake) for m in metrics.mean_and_covariance(*metrics.sums(x))]
    assert found["fid"] == pytest.approx(metrics.frechet(*moments).item(), rel=1e-4)
    assert found["kid"] == pytest.approx(pair_by_pair(real.double().numpy(), fake.double().numpy()), rel=1e-3)
    assert inception.distances(real, real)["fid"] == pytest.approx(0, abs=1e-5)


def test_distances_leave_torchs_random_numbers_alone():
    before = torch.get_rng_state()
    inception.distances(torch.rand(9, 4, generator=torch.Generator()), torch.ones(5, 4))
    assert torch.equal(torch.get_rng_state(), before)


def test_grey_pictures_are_seen_as_colour():
    grey = shapes(60)[:, :1]  # two parts
    seen = inception.features(Means(), grey)
    assert torch.equal(seen, Means()(grey.expand(-1, 3, -1, -1)))


def test_they_stand_beside_the_sliced_distance_with_their_floor():
    images = ImageSet("mine", shapes(301))
    shows = Shows(shapes(150, seed=3) // 2)
    found = metrics.evaluation_of(images, network=Means())(shows)
    score = OwnScore(images)
    place, against = score._real(images, score._rows), score._real(score._others, score._others_rows)
    features = [inception.features(Means(), x) for x in (against, place, shapes(150, seed=3) // 2)]
    assert {key: found[key] for key in ("fid", "kid")} == inception.distances(features[0], features[2])
    assert {key: found["floor"][key] for key in ("fid", "kid")} == inception.distances(*features[:2])
    assert found["fid"] > 2 * found["floor"]["fid"] and found["sliced"] > found["floor"]["sliced"]


def nowhere(*_, **__):
    raise AssertionError("a download was begun")


@pytest.fixture(autouse=True)
def _without_downloads(monkeypatch, tmp_path):
    monkeypatch.setattr("torch.hub.download_url_to_file", nowhere)
    monkeypatch.setattr("torch_fidelity.feature_extractor_inceptionv3.load_state_dict_from_url", nowhere)
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))


def test_without_weights_one_sentence_says_where_they_belong(tmp_path):
    with pytest.raises(BadInput, match=rf"checkpoints/{inception.FILE} is not there; put Inception's weights there"):
        inception.extractor()
    (tmp_path / "other.pth").write_bytes(b"no weights")
    with pytest.raises(BadInput, match=r"other.pth holds no weights that torchmetrics' Inception takes"):
        inception.extractor(tmp_path / "other.pth")
    with pytest.raises(BadInput, match="weights is 7"):
        inception.extractor(7)


def test_without_the_packages_one_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setattr(inception, "find_spec", lambda name: None)
    with pytest.raises(BadInput, match="pip install torchmetrics torch-fidelity"):
        inception.extractor()
    with pytest.raises(BadInput, match="FID needs torchmetrics; install it: pip install torchmetrics"):
        inception.distances(torch.rand(4, 2), torch.rand(4, 2))


def test_weights_in_the_cache_or_in_a_file_are_taken(monkeypatch, tmp_path):
    """Random ones, in the format of the real ones."""
    from torch_fidelity import feature_extractor_inceptionv3 as theirs

    class Random(theirs.FeatureExtractorInceptionV3):
        def load_state_dict(self, *_):
            pass

    monkeypatch.setattr(theirs, "load_state_dict_from_url", lambda *_, **__: {})
    weights = Random("inception-v3-compat", ["2048"]).state_dict()
    monkeypatch.setattr(theirs, "load_state_dict_from_url", nowhere)
    (tmp_path / "checkpoints").mkdir()
    file = tmp_path / "checkpoints" / inception.FILE
    torch.save(weights, file)
    network = inception.extractor()
    seen = inception.features(network, shapes(3))
    assert seen.shape == (3, 2048) and seen.isfinite().all() and not network.training
    assert torch.equal(inception.features(inception.extractor(file), shapes(3)), seen)
    assert set(inception.distances(seen, seen.flip(0))) == {"fid", "kid"}


@pytest.mark.parametrize(
    ("real", "fake", "said"),
    [
        (torch.rand(4, 2), torch.rand(4, 3), r"fake has the shape \(4, 3\)"),
        (torch.rand(1, 2), torch.rand(4, 2), "1 real and 4 generated pictures were given"),
        (torch.full((4, 2), torch.nan), torch.rand(4, 2), "NaN"),
    ],
)
def test_other_features_are_refused(real, fake, said):
    with pytest.raises(BadInput, match=said):
        inception.distances(real, fake)


def test_pictures_with_alpha_are_refused():
    with pytest.raises(BadInput, match="have 4 channels; Inception sees grey or RGB"):
        inception.features(Means(), torch.zeros(2, 4, 16, 16, dtype=torch.uint8))
