"""The critic between two clouds: its limits hold, and the gradient's length at each layer is autograd's."""

from __future__ import annotations

import pytest
import torch

from gan_lib.chapters import critic, transport
from gan_lib.errors import BadInput
from gan_lib.networks.points import PointDiscriminator

REAL, MADE = critic.two_clouds()
BOTH = torch.cat([REAL, MADE])


def value_and_steepest(trained) -> tuple[float, float]:
    with torch.no_grad():
        values = trained(BOTH)
    return (values[:24].mean() - values[24:].mean()).item(), transport.steepest(values, BOTH)


def test_with_the_penalty_the_value_over_the_steepest_slope_comes_near_w1_and_without_it_it_does_not():
    w1 = transport.wasserstein(REAL, MADE)
    value, steepest = value_and_steepest(critic.fit(REAL, MADE))
    assert 0.95 * w1 < value / steepest <= w1
    assert 0.9 < steepest < 1.2
    value, steepest = value_and_steepest(critic.fit(REAL, MADE, "nothing"))
    assert value / steepest < 0.9 * w1 and steepest > 20


def test_a_clip_holds_every_weight_and_many_stand_at_the_wall():
    weights = torch.cat([each.detach().flatten() for each in critic.fit(REAL, MADE, "clip", clip=0.02).parameters()])
    assert weights.abs().max() == pytest.approx(0.02)
    assert (weights.abs() > 0.0199).float().mean() > 0.5


def test_the_same_seed_gives_the_same_critic_and_leaves_torchs_own_numbers_alone():
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    one, again, other = (critic.fit(REAL, MADE, updates=3, seed=seed).head.weight for seed in (1, 1, 2))
    assert torch.equal(one, again) and not torch.equal(one, other)
    assert torch.equal(torch.rand(3), expected)


@pytest.mark.parametrize("layers", [2, 5])
def test_lengths_at_the_layers_are_those_that_autograd_gives_one_point_at_a_time(layers):
    trained = critic.fit(REAL, MADE, "clip", layers=layers, updates=3)
    lengths = critic.gradient_lengths(trained, BOTH)
    assert lengths.shape == (48, layers)
    for point, found in zip(BOTH[::9], lengths[::9], strict=True):
        slope = torch.autograd.functional.jacobian(trained, point[None]).flatten()
        assert found[0].item() == pytest.approx(slope.norm().item(), rel=1e-5)
        h = trained.trunk[:-2](point[None]) if layers > 2 else point[None]  # the input of the last hidden layer
        slope = torch.autograd.functional.jacobian(lambda h: trained.head(trained.trunk[-2:](h)), h).flatten()
        assert found[-2].item() == pytest.approx(slope.norm().item(), rel=1e-5)
    assert torch.allclose(lengths[:, -1], trained.head.weight.norm().expand(48))  # the last layer is linear


def test_ten_clipped_layers_let_the_slope_die_or_explode_with_the_clip():
    slopes = []
    for clip in (0.02, 0.05):
        trained = critic.fit(REAL, MADE, "clip", clip=clip, layers=10, updates=50)
        slopes.append(critic.gradient_lengths(trained, BOTH)[:, 0].mean().item())
    assert slopes[0] < 1e-4 and slopes[1] > 5


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"made": MADE[:23]}, "real holds 24 points and made 23"),
        ({"real": 2 * REAL}, r"a point lies at 1\.\d+, outside"),
        ({"limit": "spectral"}, "limit 'spectral' is not known"),
        ({"layers": 13}, "from 2 to 12"),
        ({"clip": 0}, "clip is 0"),
        ({"weight": -1}, "weight is -1"),
        ({"updates": -1}, "updates is -1"),
    ],
)
def test_what_cannot_be_fitted_is_refused(changes, said):
    with pytest.raises(BadInput, match=said):
        critic.fit(**{"real": REAL, "made": MADE} | changes)


def test_a_critic_that_sees_labels_or_waves_has_other_layers():
    for other in (PointDiscriminator(4, classes=2), PointDiscriminator(4, waves=1)):
        with pytest.raises(BadInput, match="labels or waves"):
            critic.gradient_lengths(other, BOTH)
