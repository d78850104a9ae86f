"""Spectral normalisation: each layer's largest stretch against its eigenvalues, in D and in a training."""

from copy import deepcopy
from dataclasses import replace

import pytest
import torch
from torch import nn

from gan_lib.errors import BadInput
from gan_lib.networks import normal_weights
from gan_lib.networks.any_side import AnySideDiscriminator
from gan_lib.networks.dcgan import DCGANDiscriminator
from gan_lib.networks.residual import ResidualDiscriminator
from gan_lib.networks.spectral import spectrally_normalised
from gan_lib.training import games, train
from gan_lib.training.state import State
from tests.conftest import TINY

WITHOUT = {"batch_norm": False, "spectral": True}
D = {
    "dcgan": lambda **more: DCGANDiscriminator(4, 3, **WITHOUT | more),
    "any side": lambda **more: AnySideDiscriminator(32, 4, 3, **WITHOUT | more),
    "residual": lambda: ResidualDiscriminator(32, 4, 3, blocks=1, spectral=True),
    "projection": lambda **more: AnySideDiscriminator(32, 4, 3, classes=5, **WITHOUT | more),
}
SPECTRAL = replace(
    TINY["wgan"],
    name="tiny-spectral",
    game=games.HINGE,
    optimizer=torch.optim.Adam,
    discriminator_args={"features": 4, **WITHOUT},
)


@pytest.fixture(autouse=True)
def the_same_numbers_every_time():
    torch.manual_seed(0)


def layers(network):
    return [m for m in network.modules() if isinstance(m, nn.Conv2d | nn.Linear)]


def own(layer):
    return layer.parametrizations.weight.original.detach().double()


def largest_stretch(weight):
    """By the eigenvalues of WᵀW, where torch's norm looks for σ by a power iteration."""
    rows = weight.flatten(1).double()
    return torch.linalg.eigvalsh(rows.T @ rows)[-1].sqrt()


@pytest.mark.parametrize("name", D)
def test_eq_spectral_each_layer_of_d_multiplies_by_its_weight_over_its_largest_stretch(name):
    d = D[name]()
    assert len(layers(d)) == {"residual": 1 + 3 * 3 + 2 + 1, "projection": 5}.get(name, 4)
    for _ in range(300):  # looks, in which the power iteration gets as near as it can
        seen = [layer.weight for layer in layers(d)]
    for layer, weight in zip(layers(d), seen, strict=True):
        torch.testing.assert_close(
            weight.detach().double(), own(layer) / largest_stretch(own(layer)), rtol=1e-3, atol=1e-6
        )


@pytest.mark.parametrize("name", ["dcgan", "any side"])
def test_d_is_nowhere_steeper_than_the_product_of_its_layers_allows(name):
    """A 4×4 kernel with stride 2 reads each pixel four times at most: a layer stretches by 2 σ or less."""
    d = normal_weights(D[name](), 0.5).eval()
    x = torch.randn(16, 3, 32, 32, requires_grad=True)
    (slopes,) = torch.autograd.grad(d(x).sum(), x)
    bound = torch.stack([largest_stretch(layer.weight.detach()) for layer in layers(d)]).prod() * 2**3
    assert slopes.flatten(1).norm(dim=1).max() <= bound < 8.5
    plain = normal_weights(D[name](spectral=False), 0.5)
    (slopes,) = torch.autograd.grad(plain(x).sum(), x)
    assert slopes.flatten(1).norm(dim=1).max() > 100  # what the same numbers do without


def test_dcgans_first_weights_are_those_that_are_divided_and_sigma_is_found_again():
    d = normal_weights(DCGANDiscriminator(16, **WITHOUT), 0.02)
    for layer in layers(d):
        assert own(layer).std().item() == pytest.approx(0.02, rel=0.2)
        assert largest_stretch(layer.weight.detach()) == pytest.approx(1, abs=0.05)


def test_what_is_no_weight_of_a_layer_stays_and_the_notes_network_is_untouched():
    d = D["dcgan"]()
    torch.testing.assert_close(dict(d.named_parameters())["head.bias"], d.head.bias)
    assert not any("parametrizations" in name for name, _ in DCGANDiscriminator(4).named_parameters())


@pytest.mark.parametrize("network", [DCGANDiscriminator, AnySideDiscriminator])
def test_batch_norm_beside_it_is_refused(network):
    with pytest.raises(BadInput, match=f"BatchNorm in {network.__name__} has scales of its own") as refused:
        network(spectral=True)
    assert "\n" not in str(refused.value)
    with pytest.raises(BadInput, match="network is None; give one that is built"):
        spectrally_normalised(None)


# ------------------------------------------------------------------------------------------------ in a training


def trained(recipe, images, **options):
    images = images.resized(32)
    state = State(recipe, len(images.pixels))
    return state, train(state, images, show_progress=False, **options)


def test_the_power_iteration_goes_on_in_training_and_rests_elsewhere(images):
    state, _ = trained(SPECTRAL, images)
    d, before = state.discriminator, dict(SPECTRAL.build()[1].named_buffers())
    assert before and all(
        not torch.equal(value, before[name]) for name, value in d.named_buffers() if value.numel() > 1
    )
    kept = deepcopy(d.eval())
    d(torch.randn(2, 1, 32, 32))
    for name, value in d.named_buffers():
        assert torch.equal(value, dict(kept.named_buffers())[name])
    torch.testing.assert_close(kept.state_dict(), d.state_dict())


def test_held_out_pictures_leave_no_trace_in_it(images):
    states = [trained(SPECTRAL, images, held_out=held)[0] for held in (None, images.resized(32))]
    one, other = (state.discriminator.state_dict() for state in states)
    assert all(torch.equal(value, other[name]) for name, value in one.items())
