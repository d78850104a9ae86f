"""Chapter 5's loop in which both networks descend both losses: its equations, derived another way."""

import math

import numpy as np
import pytest
import torch

from gan_lib.networks.points import PointDiscriminator, PointGenerator


def bce(logit, label):
    """Binary cross-entropy in NumPy, float64."""
    return np.logaddexp(0, logit) - label * logit


def best_by_search(p_data, p_g):
    """The D that makes p_d·bce(1) + p_g·bce(0) + p_g·bce(1) smallest, by halving brackets, and that smallest value."""
    low, high = 1e-9, 1 - 1e-9
    cost = lambda d: -(p_data * math.log(d) + p_g * math.log(1 - d) + p_g * math.log(d))  # noqa: E731
    for _ in range(200):
        a, b = low + (high - low) / 3, high - (high - low) / 3
        low, high = (low, b) if cost(a) < cost(b) else (a, high)
    return low, cost(low)


def joint_value(p_data, p_g):
    """Equation eq-joint-value on lists of probabilities."""
    real, fake = (p_data + p_g) / (p_data + 2 * p_g), p_g / (p_data + 2 * p_g)
    return -((p_data + p_g) * real.log() + torch.special.xlogy(p_g, fake)).sum()


def test_eq_shared_fake_gradient_is_the_slope_of_both_losses():
    logits, h = np.linspace(-8, 8, 33), 1e-5
    slope = [(bce(v + h, 1) + bce(v + h, 0) - bce(v - h, 1) - bce(v - h, 0)) / (2 * h) for v in logits]
    book = 2 * torch.tensor(logits).sigmoid() - 1
    np.testing.assert_allclose(book, slope, atol=1e-6)


@pytest.mark.parametrize(("p_data", "p_g"), [(0.3, 0.3), (0.9, 0.05), (0.01, 0.7), (1.0, 1e-4), (0.2, 0.4)])
def test_eq_joint_best_d_is_what_a_search_finds(p_data, p_g):
    book = (p_data + p_g) / (p_data + 2 * p_g)
    assert book == pytest.approx(best_by_search(p_data, p_g)[0], abs=1e-6)


def test_eq_joint_value_is_the_sum_of_the_smallest_costs_and_has_the_ends_that_the_text_names():
    torch.manual_seed(0)
    p_data, p_g = torch.rand(2, 6, dtype=torch.float64).softmax(1)
    searched = sum(best_by_search(a.item(), b.item())[1] for a, b in zip(p_data, p_g, strict=True))
    assert joint_value(p_data, p_g).item() == pytest.approx(searched, abs=1e-6)
    assert joint_value(p_data, p_data).item() == pytest.approx(2 * math.log(1.5) + math.log(3))
    apart = torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0])
    assert joint_value(*apart).item() == pytest.approx(2 * math.log(2))


def entropy(p):
    return -(p * p.log()).sum()


def two_to_one(p, q):
    """JSD with weights ⅔ and ⅓, by entropies: what the mixture has more of than its parts have on average."""
    return entropy((2 * p + q) / 3) - (2 * entropy(p) + entropy(q)) / 3


def test_eq_joint_distance_is_the_joint_value_and_largest_at_the_data_alone():
    torch.manual_seed(1)
    at_the_data = 2 * math.log(1.5) + math.log(3)
    for _ in range(20):
        p_data, p_g = torch.rand(2, 6, dtype=torch.float64).softmax(1)
        one_line = at_the_data - 3 * two_to_one((p_data + p_g) / 2, p_g)
        torch.testing.assert_close(one_line, joint_value(p_data, p_g), rtol=0, atol=1e-12)
        near = 0.99 * p_data + 0.01 * p_g
        assert joint_value(p_data, p_g) < joint_value(p_data, near) < at_the_data


def test_in_the_joint_loop_each_network_receives_the_gradient_of_the_sum():
    """One forward pass, two backwards: .grad holds d(d_loss + g_loss), in G as in D."""
    torch.manual_seed(0)
    generator, discriminator = PointGenerator(width=8), PointDiscriminator(width=8)
    z, real = torch.randn(16, 2), torch.rand(16, 2)
    weights = [*generator.parameters(), *discriminator.parameters()]

    def losses():
        fake = discriminator(generator(z))
        return torch.nn.functional.softplus(-fake).mean(), (
            torch.nn.functional.softplus(fake).mean() + torch.nn.functional.softplus(-discriminator(real)).mean()
        )

    g_loss, d_loss = losses()
    g_loss.backward(retain_graph=True)
    d_loss.backward()
    for weight, both in zip(weights, torch.autograd.grad(sum(losses()), weights), strict=True):
        torch.testing.assert_close(weight.grad, both)
