"""Chapter 7's equations, derived another way."""

import math

import nbformat
import numpy as np
import pytest
import torch
from scipy.optimize import linprog, minimize_scalar

from book.produce import BOOK
from gan_lib.chapters import divergences, transport
from gan_lib.chapters.critic import two_clouds
from gan_lib.chapters.exercises import EXERCISES
from gan_lib.networks.points import PointDiscriminator
from gan_lib.training import games

X = torch.linspace(-12, 12, 4801, dtype=torch.float64)
DX = 0.005


def bump(mu, sigma):
    return np.exp(-(((X.numpy() - mu) / sigma) ** 2) / 2) / sigma / math.sqrt(2 * math.pi)


@pytest.mark.parametrize(("mu", "sigma"), [(1.0, 1.0), (-0.5, 0.7), (2.0, 1.5)])
def test_eq_non_saturating_kl_at_the_best_d_the_gradient_is_that_of_reverse_kl_minus_twice_jsd(mu, sigma):
    """Left: autograd through samples x = μ + σ z with D* held fixed. Right: finite differences of the divergences."""
    z = torch.distributions.Normal(0.0, 1.0).icdf((torch.arange(20_000, dtype=torch.float64) + 0.5) / 20_000)
    theta = torch.tensor([mu, sigma], dtype=torch.float64, requires_grad=True)
    data, fixed = (torch.distributions.Normal(torch.tensor(m).double(), s) for m, s in ((0.0, 1.0), (mu, sigma)))
    x = theta[0] + theta[1] * z
    logit = data.log_prob(x) - fixed.log_prob(x)  # of D*(x) = p_data / (p_data + p_g), at the present θ
    (left,) = torch.autograd.grad(games.non_saturating_generator_loss(logit), theta)

    def right(m, s):
        p, q = torch.from_numpy(bump(0.0, 1.0)), torch.from_numpy(bump(m, s))
        total = divergences.kl(q, p, DX) - 2 * divergences.jsd(p, q, DX)
        assert total == pytest.approx(2 * divergences.kl((p + q) / 2, p, DX), abs=1e-9)  # the other form
        return total

    h = 1e-4
    slopes = [
        (right(mu + h, sigma) - right(mu - h, sigma)) / (2 * h),
        (right(mu, sigma + h) - right(mu, sigma - h)) / (2 * h),
    ]
    np.testing.assert_allclose(left.numpy(), slopes, rtol=2e-3, atol=2e-3)


def test_eq_earth_mover_is_at_most_the_cost_of_any_plan_and_equals_the_area_on_a_line():
    rng = np.random.default_rng(0)
    p, q = rng.dirichlet(np.ones(5), 2)
    cost = np.abs(np.subtract.outer(np.arange(5), np.arange(5))).astype(float)
    best = (transport.cheapest_plan(*map(torch.from_numpy, (cost, p, q))).numpy() * cost).sum()
    assert best <= (np.outer(p, q) * cost).sum()  # everything everywhere is a plan, too
    assert best == pytest.approx(np.abs(np.cumsum(p - q)).sum())


def test_eq_dual_its_own_linear_program_has_the_same_value():
    rng = np.random.default_rng(1)
    points, p, q = rng.normal(size=(7, 2)), *rng.dirichlet(np.ones(7), 2)
    distance = np.linalg.norm(points[:, None] - points[None], axis=2)
    pairs = [(i, j) for i in range(7) for j in range(7) if i != j]
    slopes = np.zeros((len(pairs), 7))
    for row, (i, j) in enumerate(pairs):
        slopes[row, i], slopes[row, j] = 1, -1  # f(i) − f(j) ≤ |i − j|
    dual = linprog(q - p, A_ub=slopes, b_ub=[distance[pair] for pair in pairs], bounds=(None, None))
    plan = transport.cheapest_plan(*map(torch.from_numpy, (distance, p, q)))
    assert -dual.fun == pytest.approx((plan.numpy() * distance).sum())


@pytest.mark.parametrize("theta", [-0.7, 0.05, 2.0])
def test_eq_parallel_lines_have_jsd_log_2_and_w1_theta(theta):
    heights = torch.linspace(0, 1, 9)
    left, right = (torch.stack([torch.full((9,), at), heights], dim=1) for at in (0.0, theta))
    assert transport.wasserstein(left, right) == pytest.approx(abs(theta), rel=1e-5)
    p, q = (
        torch.tensor(mass).double().repeat_interleave(9) / 9 for mass in ([1.0, 0.0], [0.0, 1.0])
    )  # no place shared
    assert divergences.jsd(p, q, 1.0) == pytest.approx(math.log(2))
    thin = EXERCISES["thick-lines"].reference(theta, 1e-9)
    np.testing.assert_allclose(thin, [math.log(2), abs(theta)])


@pytest.mark.parametrize(("theta", "width"), [(0.2, 0.5), (-0.75, 1.0), (2.0, 1.0)])
def test_two_thick_lines_on_a_grid(theta, width):
    """As densities across the lines; the places are even along them."""
    at = torch.linspace(-4, 4, 8001, dtype=torch.float64)
    p, q = ((at - middle).abs().le(width / 2).double() / width for middle in (0.0, theta))
    jsd, w1 = EXERCISES["thick-lines"].reference(theta, width)
    assert divergences.jsd(p, q, 0.001) == pytest.approx(jsd.item(), abs=5e-3)
    assert divergences.wasserstein(p, q, 0.001) == pytest.approx(w1.item(), abs=5e-3)


def test_eq_critic_losses_are_differences_of_means():
    real, fake = np.array([1.0, 4.0, -2.0]), np.array([0.5, 0.5])
    of_critic = games.critic_loss(torch.from_numpy(real), torch.from_numpy(fake))
    assert of_critic.item() == pytest.approx(np.mean(fake) - np.mean(real))
    assert games.critic_generator_loss(torch.from_numpy(fake)).item() == pytest.approx(-0.5)


def test_eq_gradient_penalty_by_finite_differences():
    torch.manual_seed(0)
    network = torch.nn.Sequential(torch.nn.Linear(3, 5), torch.nn.Tanh(), torch.nn.Linear(5, 1)).double()
    real, fake = torch.randn(2, 4, 3).double()
    torch.manual_seed(7)
    book = games.gradient_penalty(network, real, fake).item()
    torch.manual_seed(7)
    epsilon = torch.rand(4, 1, dtype=torch.float64)  # one for each example
    between, h = epsilon * real + (1 - epsilon) * fake, 1e-6
    with torch.no_grad():
        slopes = torch.cat([(network(between + h * e) - network(between - h * e)) / (2 * h) for e in torch.eye(3)], 1)
    assert book == pytest.approx(np.mean((np.linalg.norm(slopes, axis=1) - 1) ** 2), rel=1e-6)


@pytest.mark.parametrize(("w", "weight"), [(0.7, 1.0), (0.7, 10.0), (5.0, 10.0)])
def test_eq_penalty_bias_is_the_best_height_that_a_search_finds(w, weight):
    found = minimize_scalar(lambda s: weight * (s - 1) ** 2 - s * w, bounds=(0, 10), method="bounded")
    assert found.x == pytest.approx(1 + w / (2 * weight), abs=1e-4)
    assert EXERCISES["undo-penalty"].reference(found.x * w, weight) == pytest.approx(w, abs=1e-3)


def test_the_chapters_critic_finds_the_solvers_distance_to_2_percent_once_its_slope_is_divided_out():
    """The chapter's cell as it stands. The dual allows no more than W₁; a weak penalty's value is far above it."""
    (cell,) = [
        cell.source for cell in nbformat.read(BOOK / "07_wasserstein.ipynb", 4).cells if "def fit_critic" in cell.source
    ]
    names = {"torch": torch, "transport": transport, "games": games, "PointDiscriminator": PointDiscriminator}
    written = names | {"two_clouds": two_clouds}
    exec(cell, written)
    assert all(0.98 <= written["found"][weight] <= 1 + 1e-6 for weight in (10, 100))
    assert written["fit_critic"](1)[0] > 1.2 * written["true"]
