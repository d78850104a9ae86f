"""ACGAN on CGAN's MLPs: the same trunk, which guesses the label instead of being told it; and the famous mistake."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.optimize import minimize_scalar
from scipy.stats import norm

from gan_lib.chapters import two_classes
from gan_lib.errors import BadInput
from gan_lib.networks.conditional import ACGANMLPDiscriminator, CGANDiscriminator
from gan_lib.training import games
from gan_lib.training.games import Batch


def test_its_trunk_is_cgans_without_the_label_at_the_door():
    mine = [repr(layer) for layer in ACGANMLPDiscriminator().trunk]
    cgans = [repr(layer) for layer in CGANDiscriminator().model[:-1]]
    assert mine[0] == cgans[0].replace("794", "784") and mine[1:] == cgans[1:]


def test_two_heads_read_one_trunk():
    torch.manual_seed(0)
    network = ACGANMLPDiscriminator((1, 4, 4), classes=3, width=4).eval()
    x = torch.rand(5, 1, 4, 4)
    logits, classes = network(x)
    h = network.trunk(x.flatten(1))
    torch.testing.assert_close(logits, h @ network.head.weight.T + network.head.bias)
    torch.testing.assert_close(classes, h @ network.class_head.weight.T + network.class_head.bias)
    assert logits.shape == (5, 1) and classes.shape == (5, 3)


def test_the_mistaken_one_gives_probabilities_which_cannot_bring_the_loss_to_0():
    torch.manual_seed(0)
    network = ACGANMLPDiscriminator((1, 4, 4), classes=10, width=4, softmax=True).eval()
    with torch.no_grad():
        network.class_head.bias[3] = 100.0  # as sure as it can be, and right
    _, classes = network(torch.rand(2, 1, 4, 4))
    torch.testing.assert_close(classes.sum(1), torch.ones(2))
    loss = torch.nn.functional.cross_entropy(classes, torch.tensor([3, 3]))
    assert loss.item() == pytest.approx(torch.log1p(9 * torch.tensor(-1.0).exp()).item())  # log(1 + 9/e), not 0


# ------------------------------------------------------------------- chapter 6's equations, derived another way


def joint(seed, labels=3, places=6):
    """A table of probabilities p(x, y), (labels, places), that sums to 1."""
    return np.random.default_rng(seed).dirichlet(np.ones(labels * places)).reshape(labels, places)


def drawn_pairs(table, n, seed):
    """n labels and places from a table."""
    flat = torch.from_numpy(np.random.default_rng(seed).choice(table.size, n, p=table.ravel()))
    return flat // table.shape[1], flat % table.shape[1]


def test_eq_conditional_value_is_minus_the_loss_of_d_averaged_over_pairs():
    real_table, n = joint(1), 200_000
    drawn = np.random.default_rng(2).dirichlet(np.ones(6), size=3)  # p_g(x | y)
    logits = torch.randn(3, 6, generator=torch.Generator().manual_seed(3))
    says = 1 / (1 + np.exp(-logits.numpy()))
    value = (real_table * np.log(says)).sum()  # by the equation's two sums over the tables
    value += sum(real_table[y].sum() * (drawn[y] * np.log(1 - says[y])).sum() for y in range(3))
    labels, real = drawn_pairs(real_table, n, 4)  # by the game, which draws the fakes for the real batch's labels
    fake = torch.from_numpy(drawn)[labels].multinomial(1, generator=torch.Generator().manual_seed(5))[:, 0]
    loss = games.CGAN.d_loss(lambda x, y: logits[y, x][:, None], Batch(real, fake, labels)).loss
    assert -loss.item() == pytest.approx(value, abs=0.02)


def test_eq_conditional_best_d_is_where_a_search_for_each_pair_ends():
    p, q = joint(1), joint(2)
    q *= p.sum(1, keepdims=True) / q.sum(1, keepdims=True)  # the labels of the fakes are as frequent as the data's
    conditional = [table / table.sum(1, keepdims=True) for table in (p, q)]  # p(x | y), p_g(x | y)
    best = conditional[0] / (conditional[0] + conditional[1])
    for y, x in np.ndindex(p.shape):
        found = minimize_scalar(
            lambda d, y=y, x=x: -p[y, x] * np.log(d) - q[y, x] * np.log(1 - d),
            bounds=(1e-6, 1 - 1e-6),
            method="bounded",
        )
        assert found.x == pytest.approx(best[y, x], abs=1e-4)


class Tables(torch.nn.Module):
    """An ACGAN's D on places 0…5: a source logit and class logits for each."""

    def __init__(self, places=6, labels=3):
        super().__init__()
        numbers = torch.Generator().manual_seed(6)
        self.source = torch.randn(places, 1, generator=numbers, dtype=torch.float64)
        self.classes = torch.randn(places, labels, generator=numbers, dtype=torch.float64)

    def forward(self, x):
        return self.source[x], self.classes[x]


def by_hand(d, x, y):
    """log P_S(real | x) and log P_C(y | x) of one place."""
    shares = np.exp(d.classes[x].numpy())
    return -np.log(1 + np.exp(-d.source[x].item())), np.log(shares[y] / shares.sum())


def test_eq_acgan_source_and_eq_acgan_class_are_what_both_networks_are_asked():
    d, y = Tables(), torch.tensor([0, 2, 1, 1])
    real, fake = torch.tensor([5, 1, 0, 3]), torch.tensor([2, 2, 4, 1])
    batch = Batch(real, fake, y)
    on_real = [by_hand(d, x, k) for x, k in zip(real.tolist(), y.tolist(), strict=True)]
    on_fake = [by_hand(d, x, k) for x, k in zip(fake.tolist(), y.tolist(), strict=True)]
    l_s = np.mean([s for s, _ in on_real]) + np.mean([np.log(1 - np.exp(s)) for s, _ in on_fake])
    l_c = np.mean([c for _, c in on_real]) + np.mean([c for _, c in on_fake])
    assert -games.ACGAN.d_loss(d, batch).loss.item() == pytest.approx(l_s + l_c)
    looks_real = np.mean([s for s, _ in on_fake])  # the non-saturating form of −L_S
    right = np.mean([c for _, c in on_fake])
    assert -games.ACGAN.g_loss(d, batch).item() == pytest.approx(looks_real + right)


def test_eq_acgan_class():
    """The class term alone: a D that is blind for the source adds log 2 for each kind of picture, and no more."""
    d, y = Tables(), torch.tensor([0, 2, 1])
    d.source.zero_()
    l_c = sum(
        np.mean([by_hand(d, x, k)[1] for x, k in zip(xs, y.tolist(), strict=True)]) for xs in ([5, 1, 0], [2, 2, 4])
    )
    loss = games.ACGAN.d_loss(d, Batch(torch.tensor([5, 1, 0]), torch.tensor([2, 2, 4]), y)).loss
    assert loss.item() == pytest.approx(2 * np.log(2) - l_c)


def best_logits(losses, *shapes):
    """Free logits of these shapes, brought by descent to where `losses(*logits)` is smallest."""
    free = [torch.zeros(shape, dtype=torch.float64, requires_grad=True) for shape in shapes]
    newton = torch.optim.LBFGS(
        free, max_iter=500, tolerance_grad=1e-13, tolerance_change=1e-16, line_search_fn="strong_wolfe"
    )

    def closure():
        newton.zero_grad()
        total = losses(*free)
        total.backward()
        return total

    newton.step(closure)
    return [each.detach() for each in free]


def acgan_population_loss(p, q, source, classes):
    """What D descends, over whole tables (labels, places) instead of batches."""
    softplus, shares = torch.nn.functional.softplus, classes.log_softmax(0)
    on_source = (p.sum(0) * softplus(-source) + q.sum(0) * softplus(source)).sum()
    return on_source - ((p + q) * shares).sum()


def test_eq_acgan_best_classifier_is_where_descent_ends():
    p, q = (torch.from_numpy(joint(seed)) for seed in (1, 2))
    _, classes = best_logits(lambda s, c: acgan_population_loss(p, q, s, c), (6,), (3, 6))
    torch.testing.assert_close(classes.softmax(0), (p + q) / (p.sum(0) + q.sum(0)), rtol=1e-4, atol=1e-5)


def test_eq_acgan_unrest_is_the_gradient_of_a_perfect_g():
    p = torch.from_numpy(joint(1))
    source, classes = best_logits(lambda s, c: acgan_population_loss(p, p, s, c), (6,), (3, 6))
    q = p.clone().requires_grad_()  # G's table; its gradient is the price of a picture at each place
    loss = (q * (torch.nn.functional.softplus(-source) - classes.log_softmax(0))).sum()
    (price,) = torch.autograd.grad(loss, q)
    expected = np.log(2) - np.log(p.numpy() / p.numpy().sum(0))
    np.testing.assert_allclose(price.numpy(), expected, rtol=1e-4, atol=1e-4)
    within = [price[y].max() - price[y].min() for y in range(3)]
    assert min(within) > 0.1  # so no class is at rest


@pytest.mark.parametrize("k", [2, 10, 100])
def test_eq_softmax_floor_is_what_no_classifier_gets_below(k):
    def loss(shares):
        return np.log(np.exp(shares).sum()) - shares[0]

    numbers = np.random.default_rng(0)
    floor = np.log(1 + (k - 1) / np.e)
    assert loss(np.eye(k)[0]) == pytest.approx(floor)  # sure, and right
    assert min(loss(numbers.dirichlet(np.full(k, 0.1))) for _ in range(500)) >= floor - 1e-12
    assert np.log(1 + 9 / np.e) == pytest.approx(1.46, abs=0.005)


def test_eq_softmax_gradient_by_differences():
    logits, y, step = np.array([0.3, -1.0, 2.0, 0.5]), 1, 1e-6

    def loss(t):
        s = np.exp(t) / np.exp(t).sum()
        return np.log(np.exp(s).sum()) - s[y]

    found = [(loss(logits + step * unit) - loss(logits - step * unit)) / (2 * step) for unit in np.eye(4)]
    s = np.exp(logits) / np.exp(logits).sum()
    wanted = np.exp(s) / np.exp(s).sum() - np.eye(4)[y]
    np.testing.assert_allclose(found, s * (wanted - (s * wanted).sum()), atol=1e-8)


# ---------------------------------------------------------------------------------- two classes that overlap


def test_the_two_classes_overlap_as_much_as_two_gaussians_one_width_from_the_border():
    points = two_classes.data(100_000)
    assert two_classes.wrong_side(points.pixels, points.labels) == pytest.approx(norm.cdf(-1), abs=0.01)
    assert points.pixels[points.labels == 1, 0].std().item() == pytest.approx(0.2, abs=0.005)
    assert points.pixels[:, 1].mean().item() == pytest.approx(0, abs=0.005)


@pytest.mark.parametrize("middle", [0, 0.1, 0.4])
def test_the_overlap_is_the_share_of_a_gaussian_beyond_the_border(middle):
    assert two_classes.overlap(middle) == pytest.approx(norm.cdf(-middle / 0.2), rel=1e-12)
    points = two_classes.data(100_000, middle)
    assert two_classes.wrong_side(points.pixels, points.labels) == pytest.approx(two_classes.overlap(middle), abs=0.01)
    first = points.pixels[points.labels == 1, 0]
    assert first.mean().item() == pytest.approx(middle, abs=0.005)


@pytest.mark.parametrize("middle", [-0.1, 0.7, "x", None])
def test_bells_that_would_leave_the_square_are_refused(middle):
    for refuses in (lambda: two_classes.data(8, middle), lambda: two_classes.overlap(middle)):
        with pytest.raises(BadInput, match="middle is"):
            refuses()


def test_the_forgetful_game_looks_at_no_label():
    d, batch = Tables(), Batch(torch.tensor([5, 1, 0]), torch.tensor([2, 2, 4]), torch.tensor([0, 1, 1]))
    loss = two_classes.FORGETFUL.d_loss(lambda x: d(x)[0], batch).loss
    assert loss == games.discriminator_loss(d.source[batch.real], d.source[batch.fake])
    wants = two_classes.FORGETFUL.g_loss(lambda x: d(x)[0], batch)
    assert wants == games.non_saturating_generator_loss(d.source[batch.fake])


@pytest.mark.parametrize("name", two_classes.RECIPES)
def test_each_game_in_the_plane_can_be_played_and_draws_as_many_points_as_labels(name):
    points = two_classes.drawn(replace(two_classes.RECIPES[name], steps=2))
    assert points.shape == (len(two_classes.labels()), 2) and points.abs().max() <= 1


def test_the_acgan_empties_the_overlap():
    """What chapter 6 says of it (and shows, beside a CGAN that does not, with three seeds)."""
    share = two_classes.wrong_side(
        two_classes.drawn(replace(two_classes.RECIPES["ACGAN"], steps=300)), two_classes.labels()
    )
    assert share < 0.03
