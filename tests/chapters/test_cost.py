"""The cost table against torch's own FLOP counter and the notes' table."""

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from gan_lib.chapters.cost import cost, cost_table
from gan_lib.errors import BadInput
from gan_lib.networks.dcgan import DCGANDiscriminator, LargeDCGANGenerator

# Output shapes and parameters of the notes' 19 layers.
NOTES = [
    *[((c, s, s), p) for c, s, w in ((1024, 4, 1638400), (512, 8, 8388608), (256, 16, 2097152), (128, 32, 524288),
                                     (64, 64, 131072), (32, 128, 32768)) for p in (w, 2 * c, 0)],
    ((3, 256, 256), 1536),
]  # fmt: skip


def counted(network, x):
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        network(x)
    return counter.get_total_flops()


def test_the_large_generator_has_the_notes_shapes_and_parameters_and_the_true_flops():
    network = LargeDCGANGenerator().model
    rows = cost(network[:-1], (100, 1, 1))  # the notes list no Tanh
    assert [(row.out_shape, row.parameters) for row in rows] == NOTES and len(rows) == 19
    assert sum(row.parameters for row in rows) == 12_817_856
    transposed = [row for row in rows if "ConvTranspose2d" in row.name]
    assert sum(row.macs for row in transposed) == 697_892_864
    assert sum(row.flops for row in transposed) == 1_395_785_728 == counted(network, torch.zeros(1, 100, 1, 1))
    assert [row.flops for row in transposed[1:-1]] == [268_435_456] * 5  # the inner blocks cost the same


@pytest.mark.parametrize(
    ("network", "shape"),
    [
        (DCGANDiscriminator(features=8).trunk, (1, 32, 32)),
        (nn.Sequential(nn.Flatten(), nn.Linear(12, 5), nn.ReLU()), (3, 2, 2)),
        (nn.Sequential(nn.Conv2d(4, 16, 3, 2, 1), nn.PixelShuffle(2), nn.Tanh()), (4, 9, 7)),
        (nn.Sequential(nn.Upsample(scale_factor=2), nn.Conv2d(2, 3, 3, 1, 1), nn.Sigmoid()), (2, 5, 5)),
    ],
)
def test_matrix_products_are_counted_as_torch_counts_them(network, shape):
    rows = cost(network, shape)
    products = [row for row in rows if any(kind in row.name for kind in ("Linear", "Conv"))]
    assert sum(row.flops for row in products) == counted(network, torch.zeros(1, *shape))
    assert sum(row.parameters for row in rows) == sum(p.numel() for p in network.parameters())
    for row in rows:
        values = torch.Size(row.in_shape).numel() + torch.Size(row.out_shape).numel() + row.parameters
        assert row.bytes_moved == 4 * values


def test_the_other_layers_count_one_operation_or_one_multiply_add_a_value():
    rows = cost(nn.Sequential(nn.BatchNorm2d(3), nn.LeakyReLU(), nn.PixelShuffle(1)), (3, 4, 4))
    assert [(row.macs, row.flops) for row in rows] == [(48, 96), (0, 48), (0, 0)]


def test_a_mean_adds_up_each_value_that_it_reads():
    (row,) = cost(nn.AvgPool2d(2), (3, 4, 6))
    assert (row.macs, row.flops, row.out_shape) == (0, 3 * 4 * 6, (3, 2, 3))


def test_the_table_ends_with_the_totals():
    text = str(cost_table(cost(LargeDCGANGenerator().model, (100, 1, 1)))).splitlines()
    assert len(text) == 1 + 20 + 1 and "12,817,856" in text[-1] and "1024×4×4" in text[1]
    assert text[-1].index("856") == text[4].index("608")  # aligned


def test_the_table_of_one_kind_sums_up_the_others():
    rows = cost(LargeDCGANGenerator().model, (100, 1, 1))
    lines = cost_table(rows, "ConvTranspose2d", "A point.").rows
    assert len(lines) == 7 + 1 + 1 and lines[-1] == cost_table(rows).rows[-1] and lines[-2][0] == "13 other layers"
    for place in (3, 4, 5, 6):
        assert sum(line[place] for line in lines[:-1]) == pytest.approx(lines[-1][place])
    with pytest.raises(BadInput, match="a word that is in a layer's name"):
        cost_table(rows, "GRU")


def test_what_cannot_be_counted_is_refused():
    with pytest.raises(BadInput, match="the cost of GRU is not known"):
        cost(nn.Sequential(nn.GRU(3, 3)), (2, 3))
    with pytest.raises(BadInput, match=r"an input of shape \(5,\) does not fit"):
        cost(nn.Linear(3, 3), (5,))
    with pytest.raises(BadInput, match="the shape is 3"):
        cost(nn.Linear(3, 3), 3)
    with pytest.raises(BadInput, match="is no network"):
        cost(nn.Linear, (3,))
    with pytest.raises(BadInput, match="does not fit"):
        cost(nn.Bilinear(3, 3, 3), (3,))
