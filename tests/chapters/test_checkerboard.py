"""The checkerboard of untrained layers: its mean is that of the overlap, and it is the same each time."""

import pytest
import torch
from torch import nn

from gan_lib.chapters.arithmetic import overlap
from gan_lib.chapters.checkerboard import strengths, unevenness
from gan_lib.errors import BadInput


def up(kernel, stride):
    return nn.ConvTranspose2d(8, 1, kernel, stride, bias=False)


@pytest.mark.parametrize(("kernel", "stride"), [(3, 2), (4, 2), (5, 2), (6, 3)])
def test_the_mean_over_many_networks_is_in_step_with_the_number_of_products(kernel, stride):
    found = strengths(up(kernel, stride), 4_000, scale=stride).mean(0)
    start = 2 * stride
    counts = overlap(8, kernel, stride)[start : start + stride, start : start + stride]
    torch.testing.assert_close(found, 8.0 * counts, rtol=0.15, atol=0)


def test_kernel_3_is_uneven_in_the_mean_kernel_4_is_not_and_upsampling_never_is():
    three, four = (unevenness(up(kernel, 2), 1_000) for kernel in (3, 4))
    assert three["mean of all"] > 0.4 > 0.1 > four["mean of all"] and three == unevenness(up(3, 2), 1_000)
    assert min(three["one network"], four["one network"]) > 0.9
    smooth = unevenness(nn.Sequential(nn.Upsample(scale_factor=2), nn.Conv2d(8, 1, 3, 1, 1, bias=False)), 1_000)
    assert smooth == {"one network": 0, "mean of all": 0, "by chance": "0.00…0.00"} or smooth["one network"] < 1e-4


def test_what_does_not_enlarge_is_refused():
    with pytest.raises(BadInput, match=r"does not enlarge 8 × 8 cells 2 times"):
        strengths(nn.Conv2d(8, 1, 3), 2)
    with pytest.raises(BadInput, match="does not enlarge 8 channels"):
        strengths(nn.Linear(3, 3), 2)
