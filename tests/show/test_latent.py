"""Walks through the latent space, each against another way to get there."""

import math

import numpy as np
import pytest
import torch

from gan_lib.errors import BadInput
from gan_lib.networks.mlp import MLPGenerator
from gan_lib.show import latent


@pytest.fixture(scope="module")
def generator():
    torch.manual_seed(0)
    return MLPGenerator(latent_dim=20, hidden=16, image_shape=(1, 4, 4)).double()


def vector(seed, n=20):
    return torch.randn(n, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize(("seed", "n"), [(0, 100), (12345, 100), (2**32 - 1, 64), (7, 16)])
def test_z_from_a_seed_is_box_muller_over_a_mersenne_twister(seed, n):
    """The page draws z this way (page/random.js); if torch changes its numbers, the page must follow."""
    words = iter(np.random.RandomState(seed).randint(0, 2**32, size=2 * n, dtype=np.uint32).tolist())
    z = [(next(words) & 0xFFFFFF) / 2**24 for _ in range(n)]

    def box_muller(start):
        for j in range(start, start + 8):
            radius, angle = math.sqrt(-2 * math.log(1 - z[j])), 2 * math.pi * z[j + 8]
            z[j], z[j + 8] = radius * math.cos(angle), radius * math.sin(angle)

    for start in range(0, n - 15, 16):
        box_muller(start)
    if n % 16:
        z[-16:] = [(next(words) & 0xFFFFFF) / 2**24 for _ in range(16)]
        box_muller(n - 16)
    torch.testing.assert_close(latent.z_from_seed(seed, n)[0], torch.tensor(z), rtol=1e-4, atol=1e-5)


def test_the_same_seed_gives_the_same_z_and_leaves_torchs_own_numbers_alone():
    torch.manual_seed(1)
    expected = torch.rand(1)
    torch.manual_seed(1)
    assert torch.equal(latent.z_from_seed(5, 30, n=4), latent.z_from_seed(5, 30, n=4))
    assert not torch.equal(latent.z_from_seed(5), latent.z_from_seed(6))
    assert torch.equal(torch.rand(1), expected)


@pytest.mark.parametrize("k", [0, 11, 19])
def test_a_sweep_sets_one_dimension_and_leaves_the_rest(generator, k):
    z = vector(1)
    before = z.clone()
    values = [-3.0, 0.25, 3.0, 7.0]
    by_hand = [[value if i == k else number for i, number in enumerate(z.tolist())] for value in values]
    expected = generator(torch.tensor(by_hand, dtype=torch.float64))
    torch.testing.assert_close(latent.sweep(generator, z, k, values), expected)
    torch.testing.assert_close(latent.sweep(generator, z[None], k, iter(values)), expected)
    assert torch.equal(z, before)


@pytest.mark.parametrize("k", [-1, 20, 100, 2.0, "5", True, None])
def test_a_dimension_that_z_does_not_have_is_refused(generator, k):
    for walk in (
        lambda: latent.check_dimension(k, 20),
        lambda: latent.sweep(generator, vector(1), k),
        lambda: latent.effect_map(generator, k, vector(1)[None]),
    ):
        with pytest.raises(BadInput, match="z has 20, counted from 0 to 19") as refused:
            walk()
        assert repr(k) in str(refused.value)


@pytest.mark.parametrize(
    ("walk", "said"),
    [
        (lambda g, z: latent.sweep(g, z, 0, ()), "values are empty"),
        (lambda g, z: latent.sweep(g, z, 0, "abc"), "values are 'abc'"),
        (lambda g, z: latent.sweep(g, z, 0, 3), "values are 3"),
        (lambda g, z: latent.sweep(g, z, 0, label=1), "takes no labels"),
        (lambda g, z: latent.sweep(g, [0.0] * 20, 0), "z is list; a tensor of 20 floats"),
        (lambda g, z: latent.sweep(g, torch.zeros(20).long(), 0), "z is torch.int64"),
        (lambda g, z: latent.effects(g, z), r"takes float \(B, 20\)"),
        (lambda g, z: latent.effect_map(g, 0, z[None], label=2), "takes no labels"),
        (lambda g, z: latent.linear(z, z, 0), "steps is 0"),
        (lambda g, z: latent.spherical(z, z, 2.5), "steps is 2.5"),
        (lambda g, z: latent.linear(z, z.tolist(), 3), "an end is list"),
        (lambda g, z: latent.spherical(z.long(), z.long(), 3), "an end is torch.int64"),
    ],
)
def test_walks_that_are_none_are_refused_in_a_sentence(generator, walk, said):
    with pytest.raises(BadInput, match=said):
        walk(generator, vector(1))


@pytest.mark.parametrize("shape", [(19,), (2, 20), (0,)])
def test_a_sweep_from_a_z_of_the_wrong_size_is_refused(generator, shape):
    with pytest.raises(BadInput, match="one vector of 20 numbers is needed"):
        latent.sweep(generator, torch.zeros(shape, dtype=torch.float64), 0)


def test_the_line_has_both_ends_and_equal_steps():
    a, b = vector(1), vector(2)
    walk = latent.linear(a, b, 5)
    for i, point in enumerate(walk):
        torch.testing.assert_close(point, a + (b - a) * i / 4)


@pytest.mark.parametrize("seeds", [(1, 2), (3, 4)])
def test_the_arc_is_a_rotation_in_the_plane_of_its_ends(seeds):
    a, b = (vector(seed) / vector(seed).norm() * 4 for seed in seeds)
    u = a / 4
    v = b - (b @ u) * u  # Gram-Schmidt: u and v span the plane
    v = v / v.norm()
    angle = math.atan2(float(b @ v), float(b @ u))
    for i, point in enumerate(latent.spherical(a, b, 7)):
        t = angle * i / 6
        torch.testing.assert_close(point, 4 * (math.cos(t) * u + math.sin(t) * v), rtol=1e-6, atol=1e-6)


def test_the_arc_between_different_lengths_keeps_both_ends_and_stays_between_them():
    a, b = torch.tensor([2.0, 0.0]), torch.tensor([0.0, 3.0])
    walk = latent.spherical(a, b, 9)
    torch.testing.assert_close(walk[[0, -1]], torch.stack([a, b]))
    lengths = walk.norm(dim=1)
    assert lengths.min() >= 2 - 1e-6 and lengths.max() <= 3 + 1e-6


def test_the_arc_between_equal_directions_is_the_line():
    a = vector(1)
    torch.testing.assert_close(latent.spherical(a, 2 * a, 3), torch.stack([a, 1.5 * a, 2 * a]))
    torch.testing.assert_close(latent.spherical(a, a, 3), torch.stack([a, a, a]))


def test_opposite_and_zero_ends_have_no_arc():
    a = vector(1)
    for b in (-a, -3 * a, torch.zeros_like(a)):
        with pytest.raises(BadInput, match="no one arc"):
            latent.spherical(a, b, 5)


@pytest.mark.parametrize("walk", [latent.linear, latent.spherical])
def test_ends_that_are_not_two_vectors_of_one_length_are_refused(walk):
    for a, b in ((torch.ones(1, 20), torch.ones(1, 20)), (torch.ones(20), torch.ones(19))):
        with pytest.raises(BadInput, match="two vectors of one length"):
            walk(a, b, 5)


@pytest.mark.parametrize("k", [0, 13])
def test_the_effect_map_is_the_mean_absolute_central_difference(generator, k):
    z, h = torch.stack([vector(seed) for seed in range(6)]), 1e-5
    step = h * torch.eye(20, dtype=torch.float64)[k]
    with torch.no_grad():
        expected = ((generator(z + step) - generator(z - step)) / (2 * h)).abs().mean(0)
    found = latent.effect_map(generator, k, z)
    torch.testing.assert_close(found, expected, rtol=1e-6, atol=1e-8)
    assert not found.requires_grad  # so that it can be drawn


def test_effects_are_the_maps_of_all_dimensions_in_order(generator):
    z = torch.stack([vector(seed) for seed in range(3)])
    found = latent.effects(generator, z)
    assert found.shape == (20, 1, 4, 4)
    for k in (0, 7, 19):
        torch.testing.assert_close(found[k], latent.effect_map(generator, k, z))
