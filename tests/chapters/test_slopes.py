"""Chapter 9: the smallest GAN, the equations beside the games, and the ladder as a table."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.integrate import solve_ivp

from gan_lib import runs
from gan_lib.chapters import slopes
from gan_lib.errors import BadInput
from gan_lib.training import games
from gan_lib.training.games import Batch
from gan_lib.training.recipes import RUNGS, recipe

STARTS = [(1.0, 0.0), (0.7, -1.2), (-2.0, 0.5)]


def sigmoid(t):
    return 1 / (1 + np.exp(-t))


def where_they_want_to_go(gamma, *, non_saturating=False):
    """The equation of the chapter, and the same with −log D."""

    def velocity(_, place):
        theta, psi = place
        on_fake = psi * theta
        return [psi * sigmoid(-on_fake if non_saturating else on_fake), -theta * sigmoid(on_fake) - gamma * psi]

    return velocity


@pytest.mark.parametrize("gamma", [0.0, 0.3, 2.0])
@pytest.mark.parametrize("start", STARTS)
def test_eq_dirac_is_what_the_games_own_losses_descend(start, gamma):
    theta, psi = (torch.tensor([[number]], dtype=torch.float64, requires_grad=True) for number in start)
    data = torch.zeros(1, 1, dtype=torch.float64)

    def d(x):
        return x * psi

    d_loss = games.discriminator_loss(d(data), d(theta.detach())) + gamma / 2 * games.zero_centred_penalty(d, data)
    found = [
        -torch.autograd.grad(loss, player)[0].item()
        for loss, player in ((games.minimax_generator_loss(d(theta)), theta), (d_loss, psi))
    ]
    assert found == pytest.approx(where_they_want_to_go(gamma)(0, start), abs=1e-12)
    frozen = psi.detach()
    (pull,) = torch.autograd.grad(games.non_saturating_generator_loss(theta * frozen), theta)
    assert -pull.item() == pytest.approx(where_they_want_to_go(gamma, non_saturating=True)(0, start)[0], abs=1e-12)


@pytest.mark.parametrize("start", STARTS)
def test_eq_dirac_energy_stays_without_a_penalty_and_falls_by_gamma_psi_squared_with_one(start):
    def lost(gamma, **kind):
        """Along the way: by how much half the squared distance fell, and γ ∫ ψ² dt, by the trapezoid rule."""
        times = np.linspace(0, 40, 40_001)
        way = solve_ivp(where_they_want_to_go(gamma, **kind), (0, 40), start, t_eval=times, rtol=1e-10, atol=1e-12).y
        return (start[0] ** 2 + start[1] ** 2 - (way[:, -1] ** 2).sum()) / 2, gamma * np.trapezoid(way[1] ** 2, times)

    assert lost(0.0)[0] == pytest.approx(0, abs=1e-7)
    for gamma in (0.2, 1.0):
        fell, paid = lost(gamma)
        assert fell == pytest.approx(paid, rel=1e-5) and fell > 0.1
    assert lost(0.0, non_saturating=True)[0] > 0.01  # −log D pulls in by itself, far from the middle


def test_near_the_middle_minus_log_d_pulls_only_by_the_fourth_power():
    shares = []
    for size in (1.0, 0.1):
        theta, psi = size * 0.6, size * 0.8
        velocity = where_they_want_to_go(0.0, non_saturating=True)(0, (theta, psi))
        fall = theta * velocity[0] + psi * velocity[1]
        assert fall == pytest.approx(-theta * psi * np.tanh(theta * psi / 2))
        shares.append(fall / size**4)
    assert shares[0] == pytest.approx(shares[1], rel=0.03)


def test_the_gradient_penalty_of_the_smallest_gan_wants_a_slope_of_one_where_r1_wants_none():
    psi = torch.tensor(0.3, dtype=torch.float64, requires_grad=True)
    x = torch.zeros(4, 1, dtype=torch.float64)
    toward = {
        "penalty": torch.autograd.grad(games.gradient_penalty(lambda x: x * psi, x, x), psi)[0].item(),
        "R1": torch.autograd.grad(games.zero_centred_penalty(lambda x: x * psi, x), psi)[0].item(),
    }
    assert toward == pytest.approx({"penalty": 2 * (0.3 - 1), "R1": 2 * 0.3})


def test_eq_falling_rate_is_torchs_cosine_schedule():
    rate, left, steps = 5e-4, 0.1, 50
    weight = torch.nn.Parameter(torch.zeros(1))
    sgd = torch.optim.SGD([weight], lr=rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(sgd, steps, eta_min=left * rate)
    chosen = replace(recipe("slope-ns-0"), steps=steps, lr_end=left, milestones=())
    for step in range(1, steps + 1):
        sgd.step()
        schedule.step()
        assert schedule.get_last_lr()[0] == pytest.approx(rate * chosen.rate_left(step), rel=1e-9)


# ------------------------------------------------------------------------------------------- the ladder's table


def what_it_is(rung):
    """Its loss and its limit, read off what its game does with a small critic, and off its networks."""
    chosen = recipe(f"slope-{rung}-0")
    asked = []

    def f(x):
        asked.append(x)
        return x.sum(1, keepdim=True) * 0.7

    real, fake = torch.tensor([[1.0, 0.4]]), torch.tensor([[-0.3, 0.2]])
    g_loss = chosen.game.g_loss(f, Batch(real, fake)).item()
    on_real, on_fake = (0.7 * x.sum().item() for x in (real, fake))
    losses = {
        -on_fake: "Wasserstein",
        np.logaddexp(0, -on_fake): "non-saturating",
        np.logaddexp(0, on_real - on_fake): "relativistic",
    }
    (loss,) = [name for value, name in losses.items() if value == pytest.approx(g_loss, rel=1e-5)]
    asked.clear()
    chosen.game.d_loss(f, Batch(real, fake))
    places = [x for x in asked if x.requires_grad]  # where it asks for a slope
    if chosen.game.clip:
        limit = "clipped weights"
    elif chosen.discriminator_args.get("spectral"):
        limit = "spectral norm"
    elif not places:
        limit = "nothing"
    elif len(places) == 2:
        limit = "R1 and R2"
    else:
        limit = "R1" if torch.equal(places[0].detach(), real) else "gradient penalty"
    return loss, limit


@pytest.mark.parametrize("loss", slopes.LADDER)
def test_each_rung_stands_where_its_game_and_its_networks_put_it(loss):
    for limit, rung in slopes.LADDER[loss].items():
        assert what_it_is(rung) == (loss, limit)


def test_the_table_and_what_has_a_knob_more_are_all_rungs():
    named = [rung for row in slopes.LADDER.values() for rung in row.values()]
    assert sorted([*named, "clip-five", "clip-rmsprop", "penalty-five"]) == sorted(RUNGS)
    assert {limit for row in slopes.LADDER.values() for limit in row} == set(slopes.LIMITS)


def test_the_three_seeds_of_a_rung_are_its_own_runs(monkeypatch):
    monkeypatch.setattr(runs, "load", lambda name: name)
    assert slopes.seeds("ns-r1") == ["slope-ns-r1-0", "slope-ns-r1-1", "slope-ns-r1-2"]
    with pytest.raises(BadInput, match="rung 'r2' is not known"):
        slopes.seeds("r2")
