"""Chapter 1's equations, each derived in another way: closed forms, brute force, linear programming, differences."""

import math

import numpy as np
import pytest
import torch
from scipy.optimize import linprog, minimize_scalar

from gan_lib.chapters import divergences
from gan_lib.errors import BadInput
from gan_lib.training import games

X = torch.linspace(-12, 12, 4801, dtype=torch.float64)
DX = (X[1] - X[0]).item()
BATCH = games.Batch(torch.zeros(1, 1), torch.zeros(1, 1))
PAIRS = [((0.0, 1.0), (1.0, 0.7)), ((-1.0, 0.5), (2.0, 1.5)), ((0.3, 1.2), (0.3, 1.2))]


@pytest.fixture(params=PAIRS)
def pair(request):
    return [divergences.gaussian(X, *one) for one in request.param]


def test_the_density_is_a_density_with_its_mean_and_width():
    for mu, sigma in ((0.0, 1.0), (-1.5, 0.4)):
        p = divergences.gaussian(X, mu, sigma)
        assert p.sum() * DX == pytest.approx(1, abs=1e-9)
        assert (p * X).sum() * DX == pytest.approx(mu, abs=1e-9)
        assert (p * (X - mu) ** 2).sum() * DX == pytest.approx(sigma**2, abs=1e-9)


def test_eq_optimal_d_is_the_maximum_of_the_integrand_at_every_point(pair):
    """Brute force: at each place, the d that maximises p log d + q log(1 − d)."""
    p, q = pair
    best = divergences.best_discriminator(p, q)
    for i in range(1_600, 3_200, 160):
        found = minimize_scalar(
            lambda d, i=i: -(p[i] * math.log(d) + q[i] * math.log(1 - d)).item(),
            bounds=(1e-9, 1 - 1e-9),
            method="bounded",
            options={"xatol": 1e-12},
        )
        assert best[i].item() == pytest.approx(found.x, abs=2e-4)


def test_eq_minimax_value_is_the_mean_over_samples(pair):
    """Monte Carlo instead of the integral, for a D that is not the best."""
    d = torch.sigmoid(0.8 * X - 0.3)
    rng = np.random.default_rng(0)
    n = 2_000_000
    samples = [rng.choice(X.numpy(), n, p=(one / one.sum()).numpy()) for one in pair]
    real, fake = (1 / (1 + np.exp(-(0.8 * s - 0.3))) for s in samples)
    expected = np.log(real).mean() + np.log(1 - fake).mean()
    assert divergences.value(*pair, d, DX) == pytest.approx(expected, abs=5e-3)


def test_eq_value_at_optimum_is_twice_jsd_less_log_4(pair):
    p, q = pair
    best = divergences.best_discriminator(p, q)
    at_best = divergences.value(p, q, best, DX)
    assert at_best == pytest.approx(2 * divergences.jsd(p, q, DX) - math.log(4), abs=1e-9)
    for wrong in (best * 0.9, best * 0.9 + 0.05, torch.full_like(best, 0.5)):
        assert divergences.value(p, q, wrong.clamp(1e-12, 1 - 1e-12), DX) <= at_best + 1e-12


def test_equal_densities_leave_a_half_everywhere_and_log_4():
    p = divergences.gaussian(X, 0.0, 1.0)
    best = divergences.best_discriminator(p, p)
    assert torch.allclose(best, torch.full_like(best, 0.5))
    assert divergences.value(p, p, best, DX) == pytest.approx(-math.log(4), abs=1e-9)


def test_eq_kl_of_gaussians_is_the_closed_form():
    for (m1, s1), (m2, s2) in PAIRS:
        p, q = divergences.gaussian(X, m1, s1), divergences.gaussian(X, m2, s2)
        closed = math.log(s2 / s1) + (s1**2 + (m1 - m2) ** 2) / (2 * s2**2) - 0.5
        assert divergences.kl(p, q, DX) == pytest.approx(closed, abs=1e-7)


def test_eq_jsd_is_bounded_by_log_2_and_reached_far_apart():
    p, q = divergences.gaussian(X, -8, 0.3), divergences.gaussian(X, 8, 0.3)
    assert divergences.jsd(p, q, DX) == pytest.approx(math.log(2), abs=1e-9)
    assert math.isinf(divergences.kl(torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0]), 1.0))


def test_eq_jsd_is_half_the_mutual_information_of_picture_and_label(pair):
    """Another definition: a fair coin chooses p or q; how many nats does one draw tell about the coin?"""
    p, q = (one * DX for one in pair)
    joint = torch.stack([p, q]) / 2  # (2, n)
    independent = joint.sum(1, keepdim=True) * joint.sum(0, keepdim=True)
    information = (torch.xlogy(joint, joint) - torch.xlogy(joint, independent)).sum().item()
    assert divergences.jsd(*pair, DX) == pytest.approx(information, abs=1e-9)


def test_eq_wasserstein_of_histograms_is_the_cheapest_transport():
    """Linear programming over every way to carry one heap to the other."""
    rng = np.random.default_rng(0)
    for n in (3, 6, 9):
        p, q = (h / h.sum() for h in rng.random((2, n)))
        places = np.arange(n) * 0.5
        cost = np.abs(places[:, None] - places[None]).ravel()
        rows = np.kron(np.eye(n), np.ones(n))  # what leaves each place
        columns = np.kron(np.ones(n), np.eye(n))  # what arrives there
        plan = linprog(cost, A_eq=np.vstack([rows, columns]), b_eq=np.concatenate([p, q]))
        found = divergences.wasserstein(torch.tensor(p) / 0.5, torch.tensor(q) / 0.5, 0.5)
        assert found == pytest.approx(plan.fun, abs=1e-9)


def test_shifted_bumps_are_as_far_apart_as_the_shift():
    p, q = divergences.gaussian(X, -1.0, 0.6), divergences.gaussian(X, 1.5, 0.6)
    assert divergences.wasserstein(p, q, DX) == pytest.approx(2.5, abs=1e-6)


@pytest.mark.parametrize(
    ("loss", "gradient"),
    [
        (games.MINIMAX.g_loss, lambda d: -d),
        (games.NON_SATURATING.g_loss, lambda d: -(1 - d)),
    ],
    ids=["eq_saturating_gradient", "eq_non_saturating_gradient"],
)
def test_eq_saturating_gradient_and_eq_non_saturating_gradient(loss, gradient):
    """Finite differences of the book's own losses, by the logit."""
    for logit in (-4.6, -1.0, 0.0, 2.0):
        value = [
            loss(lambda x, at=logit + e: torch.full((1, 1), at, dtype=torch.float64), BATCH).item()
            for e in (-1e-6, 1e-6)
        ]
        d = 1 / (1 + math.exp(-logit))
        assert (value[1] - value[0]) / 2e-6 == pytest.approx(gradient(d), abs=1e-6)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: divergences.gaussian(X, 0, 0), "sigma is 0; choose a finite number above 0"),
        (lambda: divergences.kl(X.exp(), X[:5].exp(), DX), "4801 and 5 values; give two on the same grid"),
        (lambda: divergences.jsd(X.exp(), X[:5].exp(), DX), "4801 and 5 values; give two on the same grid"),
        (lambda: divergences.kl([0.5, math.nan], [0.5, 0.5], 1), "a density holds NaN"),
        (lambda: divergences.wasserstein([0.5, 0.5], "ab", 1), "a density cannot be read as numbers"),
        (lambda: divergences.kl([0.5, 0.5], [0.5, 0.5], -1), "dx is -1; choose a finite number above 0"),
        (lambda: divergences.value([0.5, 0.5], [0.5, 0.5], [0.5, 2], 1), "d runs from 0.5 to 2; give probabilities"),
        (lambda: divergences.gaussian(X, "a", 1), "mu is 'a'; choose a finite number"),
        (lambda: divergences.gaussian([], 0, 1), r"x has the shape \(0,\); give \(n,\)"),
        (lambda: divergences.jsd(-X.exp(), X.exp(), DX), "a density is negative somewhere"),
    ],
)
def test_bad_input_is_refused(call, said):
    with pytest.raises(BadInput, match=said):
        call()


@pytest.mark.parametrize("kind", [list, np.array, torch.tensor, lambda values: torch.tensor(values).half()])
def test_lists_arrays_and_every_dtype_are_taken(kind):
    p, q = kind([0.25, 0.75]), kind([1.0, 0.0])
    assert divergences.wasserstein(p, q, 1.0) == pytest.approx(0.75)
    assert divergences.kl(q, p, 1.0) == pytest.approx(math.log(4))
    assert divergences.best_discriminator(p, q).tolist() == pytest.approx([0.2, 1.0])
    assert divergences.wasserstein(kind([1, 0]), kind([0, 1]), 1) == 1


@pytest.mark.parametrize("rate", [0.05, 0.3, 1.5])
def test_eq_at_once_and_eq_in_turns_by_gradient_steps_of_torch(rate):
    for in_turns in (False, True):
        x, y = (torch.tensor(start, dtype=torch.float64, requires_grad=True) for start in (1.0, -0.4))
        descends, climbs = torch.optim.SGD([x], lr=rate), torch.optim.SGD([y], lr=rate, maximize=True)
        for _ in range(20):
            before = (x**2 + y**2).item(), (x**2 + y**2 - rate * x * y).item()
            x.grad, y.grad = torch.autograd.grad(x * y, (x, y))
            descends.step()
            if in_turns:
                (y.grad,) = torch.autograd.grad(x * y, y)
            climbs.step()
            if in_turns:
                assert (x**2 + y**2 - rate * x * y).item() == pytest.approx(before[1], rel=1e-9)
            else:
                assert (x**2 + y**2).item() == pytest.approx((1 + rate**2) * before[0], rel=1e-9)
