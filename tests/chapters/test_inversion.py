"""Finding z: of pictures whose z is known, by the docstring's equation, or a sentence that says why not."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from gan_lib import runs
from gan_lib.chapters.inversion import invert
from gan_lib.data import to_pixels
from gan_lib.errors import BadInput
from gan_lib.machine.rng import z_from_seed
from gan_lib.networks.conditional import CGANGenerator
from gan_lib.networks.dcgan import DCGANGenerator
from gan_lib.networks.mlp import MLPGenerator
from gan_lib.networks.residual import ResidualGenerator


@pytest.fixture(scope="module")
def trained():
    return runs.load("mlp-fashion").generator


@pytest.fixture
def small():
    torch.manual_seed(0)
    return MLPGenerator(latent_dim=6, hidden=8, image_shape=(1, 5, 4)).eval()


def test_the_picture_of_a_known_z_is_found_far_better_than_a_random_z_draws_it(trained):
    with torch.no_grad():
        pictures = trained(z_from_seed(7, n=3))  # (3, 1, 28, 28)
    z, curves = invert(trained, pictures, steps=150)
    with torch.no_grad():
        again = (trained(z) - pictures).square().mean((1, 2, 3))  # (3,)
    torch.testing.assert_close(again, curves[..., -1].min(1).values)
    assert (again < 0.03 * curves[..., 0].mean(1)).all()


@pytest.mark.parametrize(
    "make",
    [
        lambda: DCGANGenerator(latent_dim=4, features=4),
        lambda: ResidualGenerator(latent_dim=4, features=2),
        lambda: CGANGenerator(latent_dim=4, width=16),
    ],
)
def test_other_generators_descend_too_and_are_left_as_they_were(make):
    torch.manual_seed(0)
    generator = make().train()
    for weight in generator.parameters():
        nn.init.normal_(weight, 0, 0.6)
    before = {name: value.clone() for name, value in generator.state_dict().items()}
    label = 3 if generator.classes else None
    with torch.no_grad():
        picture = generator.eval()(z_from_seed(1, 4), *([torch.tensor([3])] if generator.classes else []))
    _, curves = invert(generator.train(), picture, steps=60, label=label)
    assert curves[0, :, -1].min() < 0.3 * curves[0, :, 0].min()
    assert generator.training and all(torch.equal(v, before[k]) for k, v in generator.state_dict().items())
    assert all(weight.grad is None for weight in generator.parameters())


def test_eq_inversion_is_what_adam_descends_step_by_step(small):
    """Written out once more, in float64 and start by start."""
    picture, (steps, starts, rate, weight) = torch.rand(1, 1, 5, 4) * 2 - 1, (9, 3, 0.07, 0.05)
    _, curves = invert(small, picture, steps=steps, starts=starts, rate=rate, weight=weight, seed=5)
    network = MLPGenerator(6, 8, (1, 5, 4)).double()
    network.load_state_dict(small.state_dict())
    for start in range(starts):
        z = z_from_seed(5, 6, starts)[start].double()
        m, v = torch.zeros(6).double(), torch.zeros(6).double()
        for t in range(1, steps + 1):
            z.requires_grad_()
            error = ((network(z[None]) - picture.double()) ** 2).sum() / 20
            assert error.item() == pytest.approx(curves[0, start, t - 1].item(), abs=1e-5)
            (g,) = torch.autograd.grad(error + weight * (z**2).sum() / 6, z)
            m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
            z = (z - rate * (m / (1 - 0.9**t)) / ((v / (1 - 0.999**t)).sqrt() + 1e-8)).detach()


def test_a_larger_weight_keeps_z_shorter(small):
    picture = torch.rand(1, 1, 5, 4) * 2 - 1
    free, held = (invert(small, picture, weight=weight).z.norm() for weight in (0.0, 0.5))
    assert held < 0.8 * free


def test_bytes_are_looked_for_as_the_floats_that_they_stand_for(small):
    picture = torch.rand(2, 1, 5, 4) * 2 - 1
    found = invert(small, to_pixels(picture), steps=5).curves
    torch.testing.assert_close(found, invert(small, picture, steps=5).curves, atol=0.02, rtol=0)
    with torch.no_grad():  # a caller's
        assert torch.equal(found, invert(small, to_pixels(picture), steps=5).curves)


def test_whoever_watches_sees_each_step(small):
    seen = []
    picture = torch.zeros(1, 1, 5, 4)
    z, curves = invert(small, picture, steps=4, starts=2, watch=lambda *what: seen.append(what))
    assert [step for step, *_ in seen] == [0, 1, 2, 3, 4]
    torch.testing.assert_close(torch.stack([error for *_, error in seen], 2), curves)
    assert torch.equal(seen[-1][1][0, curves[0, :, -1].argmin()], z[0])


class Untaught(nn.Module):
    latent_dim, image_shape = 4, (1, 2, 2)

    def forward(self, z):
        return z.detach().tanh().view(-1, 1, 2, 2)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"pictures": torch.zeros(1, 1, 28, 28)}, r"\(1, 1, 28, 28\), and this generator draws \(n, 1, 5, 4\)"),
        ({"pictures": torch.zeros(0, 1, 5, 4)}, "draws"),
        ({"pictures": torch.full((1, 1, 5, 4), torch.nan)}, "NaN"),
        ({"pictures": "shoe"}, "a str"),
        ({"steps": 0}, "steps is 0"),
        ({"starts": 65}, "from 1 to 64"),
        ({"rate": 0}, "above 0"),
        ({"rate": 11}, "at most 10"),
        ({"weight": 1}, "below 1"),
        ({"label": 2}, "takes no labels"),
        ({"watch": 3}, "give a function"),
        ({"generator": Untaught(), "pictures": torch.zeros(1, 1, 2, 2)}, "no gradient leads"),
    ],
)
def test_what_cannot_be_looked_for_is_refused_in_one_sentence(small, changes, said):
    given = {"generator": small, "pictures": torch.zeros(1, 1, 5, 4), "steps": 8} | changes
    with pytest.raises(BadInput, match=said):
        invert(**given)
