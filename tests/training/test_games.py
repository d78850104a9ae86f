"""The games against their equations, written out with NumPy; their gradients against differences of those."""

from math import log
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from gan_lib.errors import BadInput
from gan_lib.training import games
from gan_lib.training.games import Batch

LOGIT_SHAPES = [(1,), (7, 1), (3, 1, 2, 2)]
BATCHES = [(1, 2), (3, 3, 2, 5)]
CLASSES = 3


@pytest.fixture(autouse=True)
def the_same_numbers_every_time():
    torch.manual_seed(0)


def draws(shape, seed, scale=1.0):
    return scale * torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def probability(logit):
    return 1 / (1 + np.exp(-logit))


def one_sentence(refused):
    message = str(refused.value)
    return message.endswith(".") and ". " not in message and "\n" not in message


# ------------------------------------------------------------------------------------------ the equations


def d_equation(real, fake, smoothing=0.0):
    on_real = (1 - smoothing) * np.log(probability(real)) + smoothing * np.log(1 - probability(real))
    return -np.mean(on_real) - np.mean(np.log(1 - probability(fake)))


def minimax_equation(fake):
    return np.mean(np.log(1 - probability(fake)))


def non_saturating_equation(fake):
    return -np.mean(np.log(probability(fake)))


def hinge_equation(real, fake):
    return np.mean(np.maximum(0, 1 - real)) + np.mean(np.maximum(0, 1 + fake))


def squares_equation(values, target):
    return np.mean((values - target) ** 2) / 2


def pairs_equation(values, others):
    """−E[log σ(f(x) − f(other))]."""
    return -np.mean(np.log(probability(values - others)))


def class_equation(values, labels):
    """−E[log P(class = label)]."""
    shares = np.exp(values) / np.exp(values).sum(1, keepdims=True)
    return -np.mean(np.log(shares[np.arange(len(labels)), labels]))


def slope_equation(gradients):
    """E[|∇f|²]."""
    return np.mean(np.sum(gradients.reshape(len(gradients), -1) ** 2, axis=1))


def penalty_equation(gradients):
    return np.mean((np.sqrt((gradients.reshape(len(gradients), -1) ** 2).sum(1)) - 1) ** 2)


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.5])
@pytest.mark.parametrize("shape", LOGIT_SHAPES)
def test_eq_relativistic_eq_hinge_eq_least_squares_and_the_other_losses_on_logits_are_their_equations(shape, smoothing):
    real, fake = draws(shape, 1, 3), draws((5, 1), 2, 3)
    r, f = real.numpy(), fake.numpy()
    for loss, expected in (
        (games.discriminator_loss(real, fake, smoothing), d_equation(r, f, smoothing)),
        (games.minimax_generator_loss(real), minimax_equation(r)),
        (games.non_saturating_generator_loss(real), non_saturating_equation(r)),
        (games.critic_loss(real, fake), f.mean() - r.mean()),
        (games.critic_generator_loss(real), -r.mean()),
        (games.hinge_critic_loss(real, fake), hinge_equation(r, f)),
        (games.least_squares_critic_loss(real, fake), squares_equation(r, 1) + squares_equation(f, 0)),
        (games.least_squares_generator_loss(real), squares_equation(r, 1)),
        (games.relativistic_loss(real, real.flip(0) - 1), pairs_equation(r, r[::-1] - 1)),
    ):
        assert loss.shape == ()
        assert loss.item() == pytest.approx(expected, rel=1e-12)


def pairs_slopes(real, fake):
    """∂E[−log σ(r − f)]: each pair pulls its two apart by 1 − σ(r − f)."""
    pull = torch.from_numpy(1 - probability((real[:4] - fake).numpy())) / 4
    return torch.cat([-pull, torch.zeros(2, 1)]), pull


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.5])
def test_the_gradients_by_the_logits_are_those_derived_by_hand(smoothing):
    real, fake = draws((6, 1), 5, 3).requires_grad_(), draws((4, 1), 6, 3).requires_grad_()
    d_real = torch.from_numpy(probability(real.detach().numpy()) - (1 - smoothing)) / 6
    d_fake = torch.from_numpy(probability(fake.detach().numpy())) / 4
    for loss, expected in (
        (games.discriminator_loss(real, fake, smoothing), (d_real, d_fake)),
        (games.minimax_generator_loss(fake), (None, -d_fake)),
        (games.non_saturating_generator_loss(fake), (None, d_fake - 1 / 4)),
        (games.critic_loss(real, fake), (torch.full_like(real, -1 / 6), torch.full_like(fake, 1 / 4))),
        (games.critic_generator_loss(fake), (None, torch.full_like(fake, -1 / 4))),
        (games.hinge_critic_loss(real, fake), ((real < 1).double() / -6, (fake > -1).double() / 4)),
        (games.least_squares_critic_loss(real, fake), ((real - 1) / 6, fake / 4)),
        (games.least_squares_generator_loss(fake), (None, (fake - 1) / 4)),
        (games.relativistic_loss(real[:4], fake), pairs_slopes(real.detach(), fake.detach())),
    ):
        torch.testing.assert_close(torch.autograd.grad(loss, (real, fake), allow_unused=True), expected)


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.3])
def test_the_best_d_says_p_over_p_plus_q_times_one_minus_the_smoothing(smoothing):
    p, q = torch.tensor([6, 3, 1]), torch.tensor([2, 3, 5])  # how often each of three pictures is real, is fake
    best = (1 - smoothing) * p / (p + q).double()

    def slopes(shift):
        logit = (best.logit() + shift).requires_grad_()
        loss = games.discriminator_loss(logit.repeat_interleave(p), logit.repeat_interleave(q), smoothing)
        return torch.autograd.grad(loss, logit)[0]

    torch.testing.assert_close(slopes(0), torch.zeros(3, dtype=torch.float64))
    assert (slopes(0.1) > 0).all() and (slopes(-0.1) < 0).all()


def test_a_d_that_says_one_half_everywhere_loses_2_log_2():
    zeros = torch.zeros(4, 1, dtype=torch.float64)
    assert games.discriminator_loss(zeros, zeros).item() == pytest.approx(2 * log(2), rel=1e-12)
    assert games.minimax_generator_loss(zeros).item() == pytest.approx(-log(2), rel=1e-12)
    assert games.non_saturating_generator_loss(zeros).item() == pytest.approx(log(2), rel=1e-12)
    assert games.relativistic_loss(zeros + 7, zeros + 7).item() == pytest.approx(log(2), rel=1e-12)


def test_the_best_critic_of_least_squares_says_p_over_p_plus_q_and_of_the_hinge_which_is_more():
    p, q = torch.tensor([6.0, 3.0, 1.0]), torch.tensor([2.0, 3.5, 5.0])  # how often three pictures are real, are fake
    tried = torch.linspace(-3, 3, 601, dtype=torch.float64)  # what a critic may say of one picture
    for loss, best in (
        (games.least_squares_critic_loss, p / (p + q)),
        (games.hinge_critic_loss, torch.where(p > q, 1.0, -1.0)),
    ):
        none = loss(torch.full((1,), 9.0), torch.full((1,), -9.0))  # what the two means are shifted by
        for i in range(3):
            real_only = [loss(value[None], torch.full((1,), -9.0)) - none for value in tried]
            fake_only = [loss(torch.full((1,), 9.0), value[None]) - none for value in tried]
            losses = p[i] * torch.stack(real_only) + q[i] * torch.stack(fake_only)
            assert tried[losses.argmin()].item() == pytest.approx(best[i].item(), abs=0.006)


def test_only_the_non_saturating_gradient_survives_a_d_that_is_sure():
    sure = torch.full((1, 1), -20.0, dtype=torch.float64, requires_grad=True)
    (minimax,) = torch.autograd.grad(games.minimax_generator_loss(sure), sure)
    (non_saturating,) = torch.autograd.grad(games.non_saturating_generator_loss(sure), sure)
    assert abs(minimax.item()) < 1e-8
    assert non_saturating.item() == pytest.approx(-1)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(("real", "fake"), [(1000.0, -1000.0), (-1000.0, 1000.0), (1000.0, 1000.0)])
def test_everything_stays_finite_where_a_sigmoid_would_round_to_0_or_1(real, fake, dtype):
    real, fake = (torch.full((2, 1), value, dtype=dtype, requires_grad=True) for value in (real, fake))
    r, f = real[0].item(), fake[0].item()
    for loss, expected in (
        (games.discriminator_loss(real, fake), max(0, -r) + max(0, f)),
        (games.discriminator_loss(real, fake, 0.25), max(0, -r) + 0.25 * r + max(0, f)),
        (games.minimax_generator_loss(fake), -max(0, f)),
        (games.non_saturating_generator_loss(fake), max(0, -f)),
        (games.relativistic_loss(real, fake), max(log(2) * (r == f), f - r)),
    ):
        assert loss.item() == pytest.approx(expected)
        gradients = torch.autograd.grad(loss, (real, fake), allow_unused=True)
        assert all(gradient is None or gradient.isfinite().all() for gradient in gradients)


# ----------------------------------------------------------------------------- whole games, with a small D


class Small(nn.Module):
    """tanh(x w + b (+ e[label])) v + c, in float64; keeps what it is called on."""

    def __init__(self, batch, outputs=1, takes_labels=False):
        super().__init__()
        sizes = {"w": (batch[1:].numel(), 4), "b": (4,), "v": (4, outputs), "c": (outputs,)}
        sizes |= {"e": (CLASSES, 4)} if takes_labels else {}
        for seed, (name, size) in enumerate(sizes.items()):
            self.register_parameter(name, nn.Parameter(draws(size, 10 + seed)))
        self.split, self.calls = outputs > 1, []

    def forward(self, x, labels=None):
        self.calls.append((x, labels))
        hidden = x.flatten(1) @ self.w + self.b
        if labels is not None:
            hidden = hidden + self.e[labels]
        values = hidden.tanh() @ self.v + self.c
        return (values[:, :1], values[:, 1:]) if self.split else values


def hidden(n, x, labels=None):
    return np.tanh(x.reshape(len(x), -1) @ n.w + n.b + (0 if labels is None else n.e[labels]))


def values(n, x, labels=None):
    """`Small` in NumPy."""
    return hidden(n, x, labels) @ n.v + n.c


def slopes(n, x, labels=None):
    """Its gradient by x, by hand."""
    return (1 - hidden(n, x, labels) ** 2) * n.v[:, 0] @ n.w.T


def source_and_class(n, x, labels, source):
    logits = values(n, x)
    return source(logits[:, 0]) + class_equation(logits[:, 1:], labels)


def plain(smoothing=0.0):
    return lambda n: d_equation(values(n, n.real), values(n, n.fake), smoothing)


def hinge_d(n):
    return hinge_equation(values(n, n.real), values(n, n.fake))


def squares_d(n):
    return squares_equation(values(n, n.real), 1) + squares_equation(values(n, n.fake), 0)


def squares_g(n):
    return squares_equation(values(n, n.fake), 1)


def penalised(weight):
    return lambda n: (
        values(n, n.fake).mean() - values(n, n.real).mean() + weight * penalty_equation(slopes(n, n.between))
    )


def with_slopes(d, weight, r2, labelled=False):
    """γ/2 (R1 + R2) beside what D descends."""

    def equation(n):
        labels = n.labels if labelled else None
        found = slope_equation(slopes(n, n.real, labels)) + r2 * slope_equation(slopes(n, n.fake, labels))
        return d(n) + weight / 2 * found

    return equation


def pairs_d(n):
    return pairs_equation(values(n, n.real), values(n, n.fake))


def pairs_g(n):
    return pairs_equation(values(n, n.fake), values(n, n.real))


def look_real(n):
    return non_saturating_equation(values(n, n.fake))


def please(n):
    return -values(n, n.fake).mean()


def acgan_d(n, weight=1):
    real, fake = values(n, n.real), values(n, n.fake)
    classes = class_equation(real[:, 1:], n.labels) + class_equation(fake[:, 1:], n.labels)
    return d_equation(real[:, 0], fake[:, 0]) + weight * classes


def acgan_g(n, weight=1):
    fake = values(n, n.fake)
    return non_saturating_equation(fake[:, 0]) + weight * class_equation(fake[:, 1:], n.labels)


def cgan_d(n):
    return d_equation(values(n, n.real, n.labels), values(n, n.fake, n.labels))


def cgan_g(n):
    return non_saturating_equation(values(n, n.fake, n.labels))


GAMES = {  # name: the game, what D descends, what G descends
    "minimax": (games.MINIMAX, plain(), lambda n: minimax_equation(values(n, n.fake))),
    "non-saturating": (games.NON_SATURATING, plain(), look_real),
    "smoothed by 0": (games.smoothed(0), plain(), look_real),
    "smoothed": (games.smoothed(), plain(0.1), look_real),
    "smoothed much": (games.smoothed(0.4), plain(0.4), look_real),
    "CGAN": (games.CGAN, cgan_d, cgan_g),
    "ACGAN": (games.ACGAN, acgan_d, acgan_g),
    "ACGAN, light": (games.weighted_acgan(0.3), lambda n: acgan_d(n, 0.3), lambda n: acgan_g(n, 0.3)),
    "hinge": (games.HINGE, hinge_d, please),
    "least squares": (games.LEAST_SQUARES, squares_d, squares_g),
    "WGAN": (games.wgan(), penalised(0), please),
    "WGAN-GP": (games.wgan_gp(), penalised(10), please),
    "WGAN-GP, light": (games.wgan_gp(0.5), penalised(0.5), please),
    "R1": (games.r1(0.5), with_slopes(plain(), 0.5, r2=0), look_real),
    "CGAN with R1": (games.cgan_r1(), with_slopes(cgan_d, 1, r2=0, labelled=True), cgan_g),
    "R1 and R2": (games.r1_r2(3), with_slopes(plain(), 3, r2=1), look_real),
    "relativistic": (games.relativistic(0.5), with_slopes(pairs_d, 0.5, r2=1), pairs_g),
    "relativistic alone": (games.relativistic(0), pairs_d, pairs_g),
}
CUT_OFF = ("R1", "CGAN with R1", "R1 and R2", "relativistic")  # D's turn gives the pictures no gradient
TOLD = ("CGAN", "CGAN with R1")  # D takes the labels, too


def small_for(name, batch):
    outputs = 1 + CLASSES if "ACGAN" in name else 1
    return Small(torch.Size(batch), outputs, takes_labels=name in TOLD)


def pictures(batch):
    return draws(batch, 1).requires_grad_(), draws(batch, 2).requires_grad_()


def labels_for(game, batch):
    return (torch.arange(1, 1 + batch[0]) % CLASSES,) if game.conditional else ()


def numbers(network, labels, **images):
    """Everything the equations ask for, as NumPy."""
    arrays = {name: tensor.detach().numpy().copy() for name, tensor in [*network.named_parameters(), *images.items()]}
    return SimpleNamespace(**arrays, labels=labels[0].numpy() if labels else None)


def differences(equation, n, name, step=1e-5):
    """∂equation/∂(each number of that name), by central differences."""
    array = getattr(n, name)
    result = np.zeros_like(array)
    for i in np.ndindex(array.shape):
        here = array[i]
        array[i] = here + step
        above = equation(n)
        array[i] = here - step
        result[i] = (above - equation(n)) / (2 * step)
        array[i] = here
    return torch.from_numpy(result)


def assert_gradients(loss, tensors, equation, n):
    gradients = torch.autograd.grad(loss, list(tensors.values()), materialize_grads=True)
    for name, gradient in zip(tensors, gradients, strict=True):
        torch.testing.assert_close(gradient, differences(equation, n, name), rtol=1e-6, atol=1e-8, msg=name)


@pytest.mark.parametrize("batch", BATCHES)
@pytest.mark.parametrize("name", GAMES)
def test_what_d_descends_is_the_equation_of_its_game_with_its_gradients(name, batch):
    game, equation, _ = GAMES[name]
    network, (real, fake), labels = small_for(name, batch), pictures(batch), labels_for(game, batch)

    loss, real_logits, fake_logits = game.d_loss(network, Batch(real, fake, *labels))

    n = numbers(network, labels, real=real, fake=fake, between=network.calls[-1][0])
    assert loss.shape == ()
    assert loss.item() == pytest.approx(equation(n), rel=1e-12)
    shown = (torch.from_numpy(values(n, x, n.labels if name in TOLD else None)[:, :1]) for x in (n.real, n.fake))
    torch.testing.assert_close((real_logits, fake_logits), tuple(shown))
    pictures_too = {} if name in CUT_OFF else {"real": real, "fake": fake}
    assert_gradients(loss, {**dict(network.named_parameters()), **pictures_too}, equation, n)


@pytest.mark.parametrize("batch", BATCHES)
@pytest.mark.parametrize("name", GAMES)
def test_what_g_descends_is_the_equation_of_its_game_with_its_gradients(name, batch):
    game, _, equation = GAMES[name]
    network, (real, fake), labels = small_for(name, batch), pictures(batch), labels_for(game, batch)

    loss = game.g_loss(network, Batch(real, fake, *labels))

    n = numbers(network, labels, real=real, fake=fake)
    assert loss.shape == () and len(network.calls) == 1 + (equation is pairs_g)
    assert loss.item() == pytest.approx(equation(n), rel=1e-12)
    assert_gradients(loss, {**dict(network.named_parameters()), "fake": fake}, equation, n)


def test_each_game_says_what_goes_with_it():
    facts = {name: (g.conditional, g.clip, g.has_probability, g.per_example) for name, (g, _, _) in GAMES.items()}
    conditional, critic = (True, None, True, False), (False, None, False, True)
    assert facts == dict.fromkeys(GAMES, (False, None, True, False)) | {
        "CGAN": conditional,
        "ACGAN": conditional,
        "ACGAN, light": conditional,
        "hinge": (False, None, False, False),
        "least squares": (False, None, False, False),
        "WGAN": (False, 0.01, False, False),
        "WGAN-GP": critic,
        "WGAN-GP, light": critic,
        "R1": (False, None, True, True),
        "CGAN with R1": (True, None, True, True),
        "R1 and R2": (False, None, True, True),
        "relativistic": critic,
        "relativistic alone": (False, None, False, False),
    }
    assert games.wgan(0.5).clip == 0.5


def test_a_game_is_made_again_by_its_name_and_its_arguments():
    for game in (*(game for game, _, _ in GAMES.values()), games.UNBOUNDED, games.wgan(0.5)):
        known = games.GAMES[game.name]
        again = known if isinstance(known, games.Game) else known(**game.arguments)
        assert (again.name, again.arguments, again.clip) == (game.name, game.arguments, game.clip)
        name = {"cgan-r1": "CGAN"}.get(game.name, game.name.upper())
        network, (real, fake) = small_for(name, (4, 2)), pictures((4, 2))
        batch = Batch(real, fake, *labels_for(game, (4, 2)))
        losses = []
        for same in (game, again):
            torch.manual_seed(0)
            losses.append(same.d_loss(network, batch).loss.item())
        assert losses[0] == losses[1]


def test_cgan_shows_d_the_labels_beside_the_real_and_the_fake_images():
    network, (real, fake), labels = small_for("CGAN", (4, 2)), pictures((4, 2)), torch.tensor([2, 0, 1, 1])
    games.CGAN.d_loss(network, Batch(real, fake, labels))
    games.CGAN.g_loss(network, Batch(real, fake, labels))
    assert [id(x) for x, _ in network.calls] == [id(real), id(fake), id(fake)]
    assert all(torch.equal(seen, labels) for _, seen in network.calls)


def test_acgan_never_tells_d_the_labels():
    network, (real, fake), labels = small_for("ACGAN", (4, 2)), pictures((4, 2)), torch.tensor([2, 0, 1, 1])
    games.ACGAN.d_loss(network, Batch(real, fake, labels))
    games.ACGAN.g_loss(network, Batch(real, fake, labels))
    assert len(network.calls) == 3 and all(seen is None for _, seen in network.calls)


def test_acgan_asks_nothing_more_of_a_d_that_is_sure_and_right_about_every_class():
    labels = torch.tensor([2, 0, 1])
    sure = 1000 * torch.eye(3)[labels]  # after a softmax of its own the cross-entropy would be 0.55 still

    def right(x):
        return torch.zeros(3, 1), sure

    assert games.ACGAN.d_loss(right, Batch(sure, sure, labels)).loss.item() == pytest.approx(2 * log(2))
    assert games.ACGAN.g_loss(right, Batch(sure, sure, labels)).item() == pytest.approx(log(2))


@pytest.mark.parametrize("wrong", ["real", "fake"])
def test_acgan_asks_for_the_class_of_the_real_and_of_the_fake_images(wrong):
    labels = torch.tensor([2, 0, 1])

    def d(kind):
        return torch.zeros(3, 1), 50 * torch.eye(3)[labels.roll(1) if kind == wrong else labels]

    assert games.ACGAN.d_loss(d, Batch("real", "fake", labels)).loss.item() == pytest.approx(2 * log(2) + 50)
    assert games.ACGAN.g_loss(d, Batch("real", "fake", labels)).item() == pytest.approx(log(2) + 50 * (wrong == "fake"))


@pytest.mark.parametrize("sign", [-1000.0, 1000.0])
@pytest.mark.parametrize("name", GAMES)
def test_no_game_becomes_infinite_when_d_is_as_sure_as_can_be(name, sign):
    game = GAMES[name][0]
    network, (real, fake), labels = small_for(name, (4, 2)), pictures((4, 2)), labels_for(game, (4, 2))
    with torch.no_grad():
        network.v.mul_(sign)
    batch = Batch(real, fake, *labels)
    for loss in (game.d_loss(network, batch).loss, game.g_loss(network, batch)):
        gradients = torch.autograd.grad(loss, list(network.parameters()), materialize_grads=True)
        assert loss.isfinite() and all(gradient.isfinite().all() for gradient in gradients)


# --------------------------------------------------------------------------------------- gradient penalty


class Recorder:
    """A critic that keeps what it is called on."""

    def __init__(self, critic):
        self.critic = critic

    def __call__(self, x):
        self.x = x
        return self.critic(x)


def half_square(x):
    """½ |x|², whose gradient is x."""
    return x.flatten(1).square().sum(1, keepdim=True) / 2


def coefficients(between, real, fake):
    """ε of every number of every picture, (B, …), solved for in x̂ = ε x + (1 − ε) G(z)."""
    return ((between - fake) / (real - fake)).detach().flatten(1)


def drawn_coefficients(real, fake):
    recorder = Recorder(half_square)
    games.gradient_penalty(recorder, real, fake)
    return coefficients(recorder.x, real, fake)


@pytest.mark.parametrize("batch", BATCHES)
@pytest.mark.parametrize("length", [0.25, 1.0, 3.0])
def test_the_penalty_of_a_plane_is_its_slopes_distance_from_1(batch, length):
    slope = draws(batch[1:], 3)
    slope *= length / slope.square().sum().sqrt()

    def plane(x):
        return (x * slope).flatten(1).sum(1, keepdim=True) + 7

    penalty = games.gradient_penalty(plane, draws(batch, 1), draws(batch, 2))
    assert penalty.item() == pytest.approx((length - 1) ** 2, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("batch", BATCHES)
def test_the_penalty_of_half_a_square_is_the_mean_distance_of_x_from_the_unit_sphere(batch):
    recorder = Recorder(half_square)
    penalty = games.gradient_penalty(recorder, draws(batch, 1), draws(batch, 2))
    assert penalty.shape == ()
    assert penalty.item() == pytest.approx(penalty_equation(recorder.x.detach().numpy()), rel=1e-12)


def test_each_example_has_a_norm_of_its_own():
    x = draws((3, 1, 2, 2), 1)
    lengths = x.flatten(1).square().sum(1).sqrt().tolist()
    larger = torch.cat([10 * x[:1], x[1:]])
    before, after = (games.gradient_penalty(half_square, points, points).item() for points in (x, larger))
    assert before == pytest.approx(sum((length - 1) ** 2 for length in lengths) / 3)
    assert after - before == pytest.approx(((10 * lengths[0] - 1) ** 2 - (lengths[0] - 1) ** 2) / 3)


@pytest.mark.parametrize("batch", [(5, 2), (4, 1, 4, 4), (4, 3, 2, 5), (6, 3, 8, 8)])
def test_each_example_lies_between_its_own_real_and_fake_at_one_coefficient_of_its_own(batch):
    epsilon = drawn_coefficients(draws(batch, 1), draws(batch, 2))
    torch.testing.assert_close(epsilon, epsilon[:, :1].expand_as(epsilon), rtol=0, atol=1e-9)
    assert epsilon.min() > -1e-9 and epsilon.max() < 1 + 1e-9
    gaps = epsilon[:, 0].sort().values.diff()
    assert gaps.min() > 1e-6


def test_wgan_gp_asks_its_critic_about_real_about_fake_and_about_what_lies_between():
    network, (real, fake) = small_for("WGAN-GP", (6, 2)), pictures((6, 2))
    games.wgan_gp().d_loss(network, Batch(real, fake))
    (first, second, between), _ = zip(*network.calls, strict=True)
    assert first is real and second is fake
    epsilon = coefficients(between, real, fake)
    torch.testing.assert_close(epsilon[:, 0], epsilon[:, 1])
    assert epsilon.min() > 0 and epsilon.max() < 1 and epsilon[:, 0].unique().numel() == 6


def test_the_coefficients_are_uniform_and_drawn_anew_from_torchs_global_numbers():
    real, fake = torch.ones(8000, 1, dtype=torch.float64), torch.zeros(8000, 1, dtype=torch.float64)
    torch.manual_seed(0)
    first, second = drawn_coefficients(real, fake), drawn_coefficients(real, fake)
    torch.manual_seed(0)
    again = drawn_coefficients(real, fake)
    assert torch.equal(first, again) and not torch.equal(first, second)
    shares = torch.histc(first, bins=8, min=0, max=1) / 8000
    torch.testing.assert_close(shares, torch.full((8,), 1 / 8, dtype=torch.float64), rtol=0, atol=0.015)


@pytest.mark.parametrize("batch", BATCHES)
def test_the_penalty_can_be_differentiated_by_the_critics_weights(batch):
    network, (real, fake) = Small(torch.Size(batch)), pictures(batch)
    penalty = games.gradient_penalty(network, real, fake)
    n = numbers(network, (), between=network.calls[0][0])
    assert_gradients(penalty, dict(network.named_parameters()), lambda n: penalty_equation(slopes(n, n.between)), n)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("zero", ["v", "w"])
def test_the_penalty_of_a_flat_critic_is_1_with_finite_gradients(zero, dtype):
    network = Small(torch.Size((4, 3, 2, 2))).to(dtype)
    nn.init.zeros_(getattr(network, zero))
    penalty = games.gradient_penalty(network, draws((4, 3, 2, 2), 1).to(dtype), draws((4, 3, 2, 2), 2).to(dtype))
    gradients = torch.autograd.grad(penalty, list(network.parameters()), materialize_grads=True)
    assert penalty.item() == 1
    assert all(gradient.isfinite().all() for gradient in gradients)


def test_one_flat_example_does_not_spoil_the_gradient_of_the_others():
    x = torch.tensor([[0.0, 0.0], [3.0, 4.0]])
    weight = torch.tensor(1.0, requires_grad=True)
    penalty = games.gradient_penalty(lambda x: weight * half_square(x), x, x)
    assert penalty.item() == pytest.approx((1 + 16) / 2)
    assert torch.autograd.grad(penalty, weight)[0].item() == pytest.approx(2 * 4 * 5 / 2)


def linear_critic(dtypes):
    critic = nn.Sequential(nn.Flatten(), nn.Linear(12, 8), nn.LeakyReLU(0.2), nn.Linear(8, 1))
    for layer in (critic[1], critic[3]):
        layer.register_forward_hook(lambda layer, inputs, output: dtypes.append(output.dtype))
    return critic


def test_the_penalty_is_float32_inside_the_critic_even_under_autocast():
    dtypes, real, fake = [], torch.randn(4, 3, 2, 2), torch.randn(4, 3, 2, 2)
    critic = linear_critic(dtypes)
    torch.manual_seed(0)
    expected = games.gradient_penalty(critic, real, fake)
    dtypes.clear()
    torch.manual_seed(0)
    with torch.autocast("cpu", torch.bfloat16):
        penalty = games.gradient_penalty(critic, real, fake)
        inside = list(dtypes)
        loss = games.wgan_gp().d_loss(critic, Batch(real, fake)).loss
    assert inside == [torch.float32] * 2
    assert dtypes[2:] == [torch.bfloat16] * 4 + [torch.float32] * 2  # real, fake, penalty
    assert penalty.dtype == loss.dtype == torch.float32
    assert torch.equal(penalty, expected)
    loss.backward()
    assert all(weight.grad.dtype == torch.float32 and weight.grad.isfinite().all() for weight in critic.parameters())


def test_the_penalty_sends_no_gradient_to_g_nor_to_the_pictures():
    generator, critic = nn.Linear(2, 3), nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
    real = torch.randn(5, 3, requires_grad=True)
    games.gradient_penalty(critic, real, generator(torch.randn(5, 2))).backward()
    assert real.grad is None and all(weight.grad is None for weight in generator.parameters())
    assert all(layer.weight.grad.any() for layer in (critic[0], critic[2]))


# --------------------------------------------------------------------------------- penalties on the slope itself


@pytest.mark.parametrize("batch", BATCHES)
def test_eq_zero_centred_the_slope_of_a_plane_and_of_half_a_square_are_known(batch):
    x, slope = draws(batch, 1), draws(batch[1:], 3)

    def plane(x):
        return (x * slope).flatten(1).sum(1, keepdim=True) + 7

    assert games.zero_centred_penalty(plane, x).item() == pytest.approx((slope**2).sum().item(), rel=1e-12)
    assert games.zero_centred_penalty(half_square, x).item() == pytest.approx((x**2).sum().item() / batch[0], rel=1e-12)


@pytest.mark.parametrize("batch", BATCHES)
def test_the_slopes_penalty_can_be_differentiated_by_the_critics_weights(batch):
    network, (real, _) = Small(torch.Size(batch)), pictures(batch)
    penalty = games.zero_centred_penalty(network, real)
    n = numbers(network, (), real=real)
    assert_gradients(penalty, dict(network.named_parameters()), lambda n: slope_equation(slopes(n, n.real)), n)


def test_r1_looks_at_the_slope_at_real_pictures_alone_and_r2_at_the_fakes():
    def d(x):  # flat for pictures below 0, a slope of 3 in each of two numbers above
        return 3 * x.relu().sum(1, keepdim=True)

    low, high = torch.full((4, 2), -1.0), torch.full((4, 2), 1.0)
    plain = games.NON_SATURATING.d_loss
    for game, at_real, at_fake in ((games.r1(2.0), 18, 0), (games.r1_r2(2.0), 18, 18)):
        for real, fake in ((high, low), (low, high), (high, high)):
            batch = Batch(real, fake)
            extra = game.d_loss(d, batch).loss - plain(d, batch).loss
            assert extra.item() == pytest.approx(at_real * (real is high) + at_fake * (fake is high))


@pytest.mark.parametrize("game", [games.r1(), games.r1_r2(), games.relativistic()])
def test_each_slope_costs_one_pass_and_all_of_it_is_float32_even_under_autocast(game):
    dtypes, real, fake = [], torch.randn(4, 3, 2, 2), torch.randn(4, 3, 2, 2)
    critic = linear_critic(dtypes)
    expected = games.zero_centred_penalty(critic, real)
    dtypes.clear()
    with torch.autocast("cpu", torch.bfloat16):
        penalty = games.zero_centred_penalty(critic, real)
        loss = game.d_loss(critic, Batch(real, fake)).loss
    fakes = torch.bfloat16 if game.name == "r1" else torch.float32
    assert dtypes == [torch.float32] * 4 + [fakes] * 2
    assert torch.equal(penalty, expected) and loss.dtype == torch.float32
    loss.backward()
    assert all(weight.grad.dtype == torch.float32 and weight.grad.isfinite().all() for weight in critic.parameters())


@pytest.mark.parametrize("game", [games.r1(), games.r1_r2(), games.relativistic()])
def test_the_slopes_leave_the_pictures_of_the_batch_as_they_are(game):
    real, fake = torch.randn(5, 3), torch.randn(5, 3)
    critic = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
    game.d_loss(critic, Batch(real, fake)).loss.backward()
    assert not real.requires_grad and not fake.requires_grad


def test_the_pairs_are_those_of_the_batch_and_must_be_as_many():
    values, others = torch.tensor([[5.0], [-5.0]]), torch.tensor([[-5.0], [5.0]])
    assert games.relativistic_loss(values, others).item() == pytest.approx(5, abs=1e-4)
    assert games.relativistic_loss(values, others.flip(0)).item() == pytest.approx(log(2))
    with pytest.raises(BadInput, match=r"values are \(2, 1\), others \(1, 1\); give pairs") as refused:
        games.relativistic_loss(values, others[:1])
    assert one_sentence(refused)


def test_without_penalties_batch_norm_may_stay_and_with_them_it_may_not():
    assert not games.relativistic(0).per_example
    assert all(game.per_example for game in (games.relativistic(1e-3), games.r1(), games.r1_r2(), games.cgan_r1()))


# --------------------------------------------------------------------------------------------- bad input


@pytest.mark.parametrize("value", [-0.1, float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize(
    "game", [games.smoothed, games.wgan, games.wgan_gp, games.r1, games.cgan_r1, games.r1_r2, games.relativistic]
)
def test_a_smoothing_a_clip_or_a_weight_that_makes_no_game_is_refused(game, value):
    values = {games.smoothed: (value, 1), games.relativistic: (value,)}.get(game, (value, 0))
    for wrong in values:
        with pytest.raises(BadInput, match="choose") as refused:
            game(wrong)
        assert str(wrong) in str(refused.value) and one_sentence(refused)
