"""A reader's own generators on a page: what the scripts draw is what torch draws, and what they cannot is named."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from gan_lib.data import to_pixels
from gan_lib.machine.rng import z_from_seed
from gan_lib.networks import brought
from gan_lib.networks.ablated import AblatedGenerator
from gan_lib.networks.conditional import ACGANGenerator, CGANGenerator
from gan_lib.networks.dcgan import DCGANGenerator
from gan_lib.networks.mlp import MLPGenerator
from gan_lib.networks.residual import ResidualGenerator
from gan_lib.widgets.export import NotExportable, export, layer_by_layer
from tests.page_scripts import context, drawn


def sized(network: nn.Module, latent_dim: int = 100, **more) -> nn.Module:
    network.latent_dim = latent_dim
    for name, value in more.items():
        setattr(network, name, value)
    return network


def tutorial(channels: int = 3) -> nn.Module:
    """As in PyTorch's DCGAN tutorial: z (B, 100, 1, 1), no bias."""
    return sized(
        nn.Sequential(
            nn.ConvTranspose2d(100, 16, 4, 1, 0, bias=False),
            nn.BatchNorm2d(16),
            nn.ReLU(True),
            nn.ConvTranspose2d(16, 8, 4, 2, 1, bias=False),
            nn.BatchNorm2d(8),
            nn.ReLU(True),
            nn.ConvTranspose2d(8, channels, 4, 2, 1, bias=False),
            nn.Tanh(),
        )
    )


def noisy_weights(network: nn.Module) -> nn.Module:
    """Its branches begin at 0: give them something to say."""
    for weight in network.parameters():
        nn.init.normal_(weight, 0.0, 0.3)
    return network


def flat(latent_dim: int = 100, shape: tuple[int, ...] = (3, 8, 8), last: nn.Module | None = None) -> nn.Module:
    layers = [nn.Linear(latent_dim, 16), nn.BatchNorm1d(16), nn.LeakyReLU(0.1), nn.Linear(16, int(np.prod(shape)))]
    return sized(nn.Sequential(*layers, last or nn.Tanh(), nn.Unflatten(1, shape)), latent_dim)


class Functional(nn.Module):
    """Functions in `forward`, a picture that is not square, an enlarged one, odd sizes, and dropout."""

    latent_dim = 20

    def __init__(self):
        super().__init__()
        self.start, self.norm = nn.Linear(20, 8 * 4 * 3), nn.BatchNorm2d(8, affine=False)
        self.middle, self.last = nn.Conv2d(8, 6, 3, padding="same"), nn.ConvTranspose2d(6, 3, 3, 2, 1, output_padding=1)

    def forward(self, z):
        x = functional.relu(self.start(z)).view(-1, 8, 4, 3)  # (B, 8, 4, 3)
        x = functional.interpolate(functional.dropout(self.norm(x), 0.5, self.training), scale_factor=2)
        return torch.tanh(self.last(functional.leaky_relu(self.middle(x), 0.3)))  # (B, 3, 16, 12)


class Sums(nn.Module):
    """A branch with a norm inside a branch, a sum in place, one with linear layers, one the other way round."""

    latent_dim = 10

    def __init__(self):
        super().__init__()
        self.start, self.other, self.picture = nn.Linear(10, 20), nn.Linear(20, 20), nn.Linear(20, 4 * 5 * 3)
        self.norm, self.conv, self.inner = nn.BatchNorm2d(4), nn.Conv2d(4, 4, 3, 1, 1), nn.Conv2d(4, 4, 1)
        self.last = nn.ConvTranspose2d(4, 3, 4, 2, 1)

    def forward(self, z):
        x = self.start(z)
        x = x + torch.tanh(self.other(x))
        x = self.picture(x).view(-1, 4, 5, 3)
        y = self.norm(x)
        y = functional.leaky_relu(self.inner(y).relu() + y)
        x = self.conv(y) + x
        x = x + x
        x += self.inner(x).tanh()
        return self.last(x).sigmoid()


class Labelled(nn.Module):
    """The label before z, and 0…1 with the channels last."""

    latent_dim, classes = 12, 3

    def __init__(self):
        super().__init__()
        self.code, self.layer = nn.Embedding(3, 5), nn.Linear(17, 5 * 6 * 3)

    def forward(self, z, labels):
        return self.layer(torch.cat([self.code(labels), z], -1)).sigmoid().view(-1, 5, 6, 3)


class OneHot(Labelled):
    """It wants its label as a vector, and scales its picture itself."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(15, 3 * 4 * 4)

    def forward(self, z, labels):
        return self.layer(torch.cat((z, labels), dim=1)).sigmoid().reshape(-1, 3, 4, 4) * 2 - 1


OWN = {
    "the book's MLP in colour": lambda: MLPGenerator(image_shape=(3, 8, 8)),
    "the book's CGAN": lambda: CGANGenerator(width=8),
    "the book's DCGAN": lambda: DCGANGenerator(features=4),
    "the book's ACGAN": lambda: ACGANGenerator(features=4, channels=3),
    "enlarge and convolve": lambda: AblatedGenerator("strides", 4),
    "a hidden layer first": lambda: AblatedGenerator("convolutions-only", 4),
    "PyTorch's tutorial": tutorial,
    "grey": lambda: tutorial(1),
    "colour from linear layers": flat,
    "0…1": lambda: flat(last=nn.Sigmoid()),
    "z of one number": lambda: flat(1),
    "z of 15 numbers": lambda: flat(15),
    "not square": lambda: flat(shape=(1, 5, 9)),
    "half": lambda: flat().half(),
    "double": lambda: flat().double(),
    "functions": Functional,
    "sums": Sums,
    "the book's residual one": lambda: noisy_weights(ResidualGenerator(12, features=4)),
    "the book's residual one with labels": lambda: noisy_weights(ResidualGenerator(12, 64, 2, 3, 5, blocks=1)),
    "labels first": Labelled,
    "one-hot labels": OneHot,
    "no weights at all": lambda: sized(nn.Sequential(nn.Tanh(), nn.Unflatten(1, (1, 2, 5))), 10),
    "spectral norm": lambda: nn.Sequential(nn.utils.parametrizations.spectral_norm(nn.Linear(9, 16)), nn.Tanh()),
}


@pytest.fixture(params=OWN)
def own(request) -> nn.Module:
    torch.manual_seed(0)
    network = OWN[request.param]()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            module.running_mean.normal_()
            module.running_var.uniform_(0.5, 2)
    return network


def test_a_page_draws_what_torch_draws(own):
    exported, drawer = export(own), brought.brought(own)
    z = z_from_seed(5, drawer.latent_dim, 4)
    for label in range(drawer.classes) or [None]:
        labels = drawer.labels(label, 4)
        expected = to_pixels(drawer.draw(z, labels)).int().numpy()
        inputs = z.numpy() if label is None else np.hstack([z, np.tile(exported.spec["labels"][label], (4, 1))])
        assert np.abs(drawn(exported, inputs) - expected).max() <= 1
    assert np.abs(drawn(exported, inputs, wasm=False) - expected).max() <= 1


def test_exporting_leaves_the_network_and_the_callers_random_numbers_alone(own):
    own.train()
    before, torch_state = {name: t.clone() for name, t in own.state_dict().items()}, torch.get_rng_state()
    export(own)
    assert torch.equal(torch.get_rng_state(), torch_state) and own.training
    assert all(torch.equal(t, before[name]) and t.dtype == before[name].dtype for name, t in own.state_dict().items())
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in own.modules())


class Noisy(nn.Module):
    latent_dim = 4

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(4, 16)

    def forward(self, z):
        return (self.layer(z) + 0.1 * torch.randn(len(z), 16)).tanh().view(-1, 1, 4, 4)


class Gated(Noisy):
    meet = staticmethod(lambda h: h * h.relu())

    def forward(self, z):
        return self.meet(self.layer(z)).tanh().view(-1, 1, 4, 4)


def meeting(meet) -> nn.Module:
    return type("Met", (Gated,), {"meet": staticmethod(meet)})()


class InPlace(Noisy):
    def forward(self, z):
        x = self.layer(z).tanh().view(-1, 1, 4, 4)
        x[:, :, 0] = 0
        return x


class Flipped(MLPGenerator):
    def forward(self, z):
        return super().forward(z)[..., ::2]


def swapped(place: int, layer: nn.Module) -> nn.Module:
    network = tutorial()
    network[place] = layer
    return network


def not_finite() -> nn.Module:
    network = flat()
    nn.init.constant_(network[0].weight, float("nan"))
    return network


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: swapped(1, nn.GroupNorm(4, 16)), r"GroupNorm cannot run on a page \(layer 2 of Sequential\)"),
        (lambda: swapped(2, nn.GELU()), r"GELU cannot run on a page \(layer 3 of"),
        (lambda: swapped(4, nn.BatchNorm2d(8, track_running_stats=False)), "BatchNorm2d without running statistics"),
        (lambda: swapped(3, nn.ConvTranspose2d(16, 8, 4, 2, 1, groups=4)), "ConvTranspose2d with groups 4 cannot"),
        (lambda: swapped(3, nn.ConvTranspose2d(16, 8, (4, 2), 2, 1)), r"kernel size \(4, 2\) cannot"),
        (lambda: swapped(3, nn.Conv2d(16, 8, 3, 2, 1)), "Conv2d with stride 2 cannot"),
        (lambda: nn.Sequential(flat(), nn.Upsample(scale_factor=1.5)), "Upsample cannot"),
        (Gated, r"mul cannot run on a page \(layer 2 of Gated\)"),
        (lambda: meeting(lambda h: h.relu() + h.tanh()), r"add cannot run on a page \(layer 3 of Met\)"),
        (lambda: meeting(lambda h: torch.add(h, h.relu(), alpha=2)), "add cannot"),
        (lambda: meeting(lambda h: h + h.relu()[:, :1]), "indexing cannot|add cannot"),
        (lambda: meeting(lambda h: h + (h.relu() + h.tanh())), "add cannot"),
        (lambda: meeting(lambda h: h + h.flip(1)), "add cannot"),
        (Flipped, r"indexing cannot run on a page \(layer 5 of Flipped\)"),
        (InPlace, "InPlace does more than a page can follow"),
        (Noisy, "Noisy draws other pictures of the same z each time"),
        (lambda: flat(shape=(2, 8, 8)), "draws 2 channels, and a page shows 1"),
        (lambda: flat(shape=(4, 8, 8)), "draws 4 channels"),
        (not_finite, "numbers that are not finite"),
    ],
)
def test_what_a_page_cannot_run_is_named(make, said):
    torch.manual_seed(0)
    with pytest.raises(NotExportable, match=said) as caught:
        export(make())
    assert re.fullmatch(r"[^\n]+\.", str(caught.value))


def test_a_dictionary_of_layers_is_the_same_in_torch(own):
    exported, drawer = export(own), brought.brought(own)
    numbers = torch.from_numpy(np.frombuffer(exported.weights, exported.spec["dtype"]).astype(np.float32))
    z = z_from_seed(1, drawer.latent_dim, 3)
    labels = drawer.labels(0 if drawer.classes else None, 3)
    torch.testing.assert_close(
        layer_by_layer(exported.spec, numbers, z, labels).float(), drawer.draw(z, labels).float(), atol=4e-3, rtol=0
    )


# ------------------------------------------------------------------------------------------ the scripts alone


@pytest.mark.parametrize("n", [*range(1, 18), 31, 32, 100, 1600])
def test_the_page_draws_torchs_random_numbers(n):
    engine = context("random.js")
    for seed in (0, 1, 2**32 - 1):
        found = engine.call("((seed, n) => Array.from(normals(seed, n)))", seed, n)
        np.testing.assert_allclose(found, z_from_seed(seed, n)[0], atol=2e-6)


SLOW = """
const drawn = [];
let now = "first", ends;
const redraw = newestWish(() => { drawn.push(now); return new Promise((resolve) => { ends = resolve; }); });
function moved() { redraw(); for (let i = 0; i < 100; i++) { now = `move ${i}`; redraw(); } return drawn.join(); }
"""


def test_moves_that_a_slow_generator_cannot_follow_are_skipped():
    """Of a hundred moves made while it draws, the newest alone is drawn."""
    engine = context("newest.js")
    engine.eval(SLOW)
    assert engine.call("moved") == "first"
    engine.eval("ends()")
    assert engine.eval("drawn.join()") == "first,move 99"
    engine.eval("ends()")
    assert engine.eval("drawn.join()") == "first,move 99"
