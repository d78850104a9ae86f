"""The residual pair: its sums against matrices, its first weights, its sides, and that its slope can be asked for."""

from itertools import pairwise

import pytest
import torch
from torch import nn

from gan_lib.errors import BadInput
from gan_lib.networks.dcgan import DCGANDiscriminator, DCGANGenerator
from gan_lib.networks.residual import Residual, ResidualDiscriminator, ResidualGenerator
from gan_lib.training import games
from gan_lib.training.games import Batch

PAIR = (ResidualGenerator, ResidualDiscriminator)


@pytest.fixture(autouse=True)
def the_same_numbers_every_time():
    torch.manual_seed(0)


def parameters(network):
    return sum(p.numel() for p in network.parameters())


def blocks(network):
    return [m for m in network.modules() if isinstance(m, Residual)]


def test_the_pair_is_no_larger_than_the_notes_dcgan():
    with torch.device("meta"):
        mine, notes = [kind() for kind in PAIR], (DCGANGenerator(), DCGANDiscriminator())
    assert [parameters(network) for network in mine] == [1_011_841, 606_145]
    assert all(parameters(one) < parameters(other) for one, other in zip(mine, notes, strict=True))
    assert not any(isinstance(m, nn.BatchNorm2d) for network in mine for m in network.modules())


def leaky(x):
    return torch.where(x > 0, x, 0.2 * x)


@pytest.mark.parametrize("width", [1, 4, 7])
def test_a_block_adds_three_convolutions_to_what_comes_in(width):
    """Each place by itself, its 3×3 neighbours padded with 0, in float64."""
    block, x = Residual(width).double(), torch.randn(2, width, 3, 5, dtype=torch.float64)
    first, _, second, _, last = (getattr(layer, "weight", None) for layer in block.branch)
    first_bias, second_bias = block.branch[0].bias, block.branch[2].bias
    h = leaky(torch.einsum("oi,bihw->bohw", first[:, :, 0, 0], x) + first_bias[:, None, None])
    around = torch.zeros(2, len(h[0]), 5, 7, dtype=torch.float64)
    around[:, :, 1:-1, 1:-1] = h
    taps = (second[:, :, i, j] @ around[:, :, i : i + 3, j : j + 5].flatten(2) for i in range(3) for j in range(3))
    h = leaky(sum(taps) + second_bias[:, None])
    torch.testing.assert_close(block(x), x + (last[:, :, 0, 0] @ h).view_as(x))
    assert block.branch[2].out_channels == (width + 1) // 2


@pytest.mark.parametrize("kind", PAIR)
def test_each_branch_begins_at_0_and_can_leave_it(kind):
    network, seen = kind(features=4), []
    for block in blocks(network):
        block.register_forward_hook(lambda _, inputs, output: seen.append(torch.equal(inputs[0], output)))
    given = torch.randn(4, 100) if kind is ResidualGenerator else torch.randn(4, 1, 32, 32)
    network(given).square().sum().backward()
    assert len(seen) == 6 and all(seen)
    assert all(block.branch[4].weight.grad.abs().max() > 0 for block in blocks(network))


def spread(weight):
    return weight.detach().std().item()


def test_the_first_weights_are_hes_and_in_the_branches_fixups():
    """Variance 1/n, and in a branch 2 / 1.04 / n with 0.2 below 0, times L^(−1/2) for L branches."""
    d = ResidualDiscriminator(features=64, blocks=3)
    for block in blocks(d):
        assert block.branch[4].weight.abs().max() == 0 == block.branch[0].bias.abs().max()
        for layer in (block.branch[0], block.branch[2]):
            n = layer.in_channels * layer.kernel_size[0] ** 2
            assert spread(layer.weight) == pytest.approx((2 / 1.04 / n / 9**0.5) ** 0.5, rel=0.06)
    plain = [m for m in d.trunk if isinstance(m, nn.Conv2d)] + [d.head]
    for layer in plain:
        assert spread(layer.weight) == pytest.approx(layer.weight[0].numel() ** -0.5, rel=0.06)


@pytest.mark.parametrize(("side", "features"), [(32, 32), (64, 16)])
def test_numbers_keep_their_size_on_the_way_from_z_to_the_picture(side, features):
    generator, sizes = ResidualGenerator(side=side, features=features), []
    for layer in generator.model[:-1]:
        layer.register_forward_hook(lambda _, __, output: sizes.append(output.std().item()))
    generator(torch.randn(64, 100))
    assert all(0.75 < size < 1.25 for size in sizes)


@pytest.mark.parametrize("side", [32, 64, 128, 256])
def test_all_blocks_work_at_half_of_the_side_or_less(side):
    with torch.device("meta"):
        generator, discriminator = ResidualGenerator(5, side, 4, 3, 2, 1), ResidualDiscriminator(side, 4, 3, 2, 1)
        seen = {network: [] for network in (generator, discriminator)}
        for network, found in seen.items():
            for block in blocks(network):
                block.register_forward_hook(lambda _, __, x, found=found: found.append(tuple(x.shape[1:])))
        labels = torch.zeros(2, dtype=torch.int64)
        drawn = generator.model(torch.randn(2, 7, 1, 1))
        discriminator.told = None  # labels have no values here
        assert discriminator(drawn).shape == (len(labels), 1)
    assert drawn.shape == (2, 3, side, side) and seen[discriminator] == seen[generator][::-1]
    sides = [shape[1] for shape in seen[generator]]
    assert sides == [4 * 2**i for i in range(len(sides))] and sides[-1] == side // 2
    assert seen[generator][-1][0] == 4 and all(a[0] == 2 * b[0] for a, b in pairwise(seen[generator]))


@pytest.mark.parametrize("game", [games.r1_r2(), games.relativistic(), games.wgan_gp()])
def test_its_slope_can_be_asked_for_and_reaches_every_weight(game):
    d = ResidualDiscriminator(features=4, blocks=1)
    for block in blocks(d):
        nn.init.normal_(block.branch[4].weight)
    real, fake = torch.randn(3, 1, 32, 32), torch.randn(3, 1, 32, 32)
    game.d_loss(d, Batch(real, fake)).loss.backward()
    assert all(p.grad.isfinite().all() and p.grad.any() for name, p in d.named_parameters() if name != "head.bias")


def test_with_a_spectral_norm_the_branches_begin_with_something_that_can_be_divided():
    d = ResidualDiscriminator(features=4, blocks=1, spectral=True)
    assert d(torch.randn(4, 1, 32, 32)).isfinite().all()
    stretches = [torch.linalg.matrix_norm(block.branch[4].weight.detach().flatten(1), 2) for block in blocks(d)]
    assert all(stretch.item() == pytest.approx(1, abs=0.1) for stretch in stretches)


@pytest.mark.parametrize("kind", PAIR)
@pytest.mark.parametrize(("name", "value"), [("blocks", 0), ("side", 48), ("features", 0), ("classes", -1)])
def test_what_no_pair_can_be_built_with_is_refused(kind, name, value):
    with pytest.raises(BadInput, match="choose"):
        kind(**{name: value})
