"""The auto-encoder: what it learns, what is recorded, what comes back."""

import pytest
import torch

from gan_lib.chapters import autoencoder
from gan_lib.data import ImageSet, to_range
from gan_lib.errors import BadInput, BadRun


@pytest.fixture(autouse=True, scope="module")
def small_batches():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(autoencoder, "BATCH", 32)
        yield


@pytest.fixture(scope="module")
def bars():
    """256 pictures that a code can hold: a bright bar at one of ten heights."""
    labels = torch.arange(256) % 10
    pixels = torch.zeros(256, 1, 28, 28, dtype=torch.uint8)
    for picture, label in zip(pixels, labels, strict=True):
        picture[:, 2 * label : 2 * label + 4] = 230
    return ImageSet("bars", pixels, labels, tuple("0123456789"))


@pytest.fixture(scope="module")
def recorded(bars, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "bars"
    autoencoder.record_autoencoder(bars, bars, folder, steps=60)
    return folder


def test_it_descends_the_mean_squared_error(bars):
    large = bars.resized(32)
    encoder, decoder, losses = autoencoder.train_autoencoder(large, 60)
    assert losses.shape == (60,) and losses[-5:].mean() < 0.3 * losses[:5].mean()
    x = to_range(large.pixels[:20])
    with torch.no_grad():
        error = (decoder(encoder(x)) - x).square().mean()
    assert error < 0.5 * x.var()


def test_the_same_seed_gives_the_same_bits_and_leaves_torchs_numbers_alone(bars):
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    first, again, other = (autoencoder.train_autoencoder(bars.resized(32), 3, seed)[2] for seed in (0, 0, 1))
    assert torch.equal(torch.rand(2), expected)
    assert torch.equal(first, again) and not torch.equal(first, other)


def test_the_first_loss_is_the_mean_of_the_squares(bars):
    large = bars.resized(32)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        encoder, decoder = (
            autoencoder.normal_weights(network, 0.02)
            for network in (autoencoder.Encoder(), autoencoder.DCGANGenerator(100, 32))
        )
    rows = torch.randperm(256, generator=torch.Generator().manual_seed(0))[: autoencoder.BATCH]
    real = large.pixels[rows] / 127.5 - 1
    expected = ((decoder(encoder(real)) - real) ** 2).mean()
    assert autoencoder.train_autoencoder(large, 1)[2].item() == pytest.approx(expected.item(), rel=0.01)


def test_what_was_recorded_comes_back(recorded, bars):
    run = autoencoder.recorded(recorded)
    x = to_range(bars.resized(32).pixels[:50])
    assert run.history.shape == (60,) and run.card["reconstructions"] == {}  # not Fashion-MNIST: no score
    remade = run.reconstruct(x)
    assert remade.shape == x.shape and (remade - x).square().mean() < 0.5 * x.var()


def test_the_samplers_codes_have_the_mean_and_covariance_of_the_trainings(recorded, bars):
    run = autoencoder.recorded(recorded)
    with torch.no_grad():
        codes = run.encoder(to_range(bars.resized(32).pixels))  # (256, 100)
    factor, spread = run.sampler.factor, codes.T.cov()
    torch.testing.assert_close(run.sampler.mean, codes.mean(0), rtol=0.02, atol=0.02)
    assert (factor @ factor.T - spread).norm() < 0.05 * spread.norm()
    z = torch.zeros(1, 100)
    torch.testing.assert_close(run.sampler(z), run.sampler.decoder(run.sampler.mean[None]))


def test_bad_input_is_refused(tmp_path, bars):
    with pytest.raises(BadInput, match="steps is 0"):
        autoencoder.train_autoencoder(bars.resized(32), 0)
    with pytest.raises(BadInput, match=r"images have shape \(2, 1, 28, 28\)"):
        autoencoder.Encoder()(torch.zeros(2, 1, 28, 28))
    with pytest.raises(BadRun, match="is not a recorded run"):
        autoencoder.recorded(tmp_path / "nothing")
    with pytest.raises(BadRun, match="is no auto-encoder's run"):
        autoencoder.recorded("mlp-fashion")
