"""The losses against their equations, written out with plain floats."""

from math import exp, log

import pytest
import torch

from gan_lib import games

SHAPES = [(1,), (7, 1), (3, 1, 2, 2)]


def logits(shape, seed):
    return 3 * torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def sigmoid(logit):
    return 1 / (1 + exp(-logit))


def mean(values):
    values = list(values)
    return sum(values) / len(values)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_discriminator_loss_is_its_equation(shape):
    real, fake = logits(shape, 1), logits((5, 1), 2)
    expected = -mean(log(sigmoid(x)) for x in real.flatten().tolist())
    expected -= mean(log(1 - sigmoid(x)) for x in fake.flatten().tolist())
    assert games.discriminator_loss(real, fake).item() == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_minimax_generator_loss_is_its_equation(shape):
    fake = logits(shape, 3)
    expected = mean(log(1 - sigmoid(x)) for x in fake.flatten().tolist())
    assert games.minimax_generator_loss(fake).item() == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_non_saturating_generator_loss_is_its_equation(shape):
    fake = logits(shape, 4)
    expected = -mean(log(sigmoid(x)) for x in fake.flatten().tolist())
    assert games.non_saturating_generator_loss(fake).item() == pytest.approx(expected, rel=1e-12)


def test_the_gradients_are_those_derived_by_hand():
    real, fake = logits((6, 1), 5).requires_grad_(), logits((4, 1), 6).requires_grad_()
    d_real = torch.tensor([[(sigmoid(x) - 1) / 6] for x in real.flatten().tolist()], dtype=torch.float64)
    d_fake = torch.tensor([[sigmoid(x) / 4] for x in fake.flatten().tolist()], dtype=torch.float64)

    of_d = torch.autograd.grad(games.discriminator_loss(real, fake), (real, fake))
    of_minimax = torch.autograd.grad(games.minimax_generator_loss(fake), fake)[0]
    of_non_saturating = torch.autograd.grad(games.non_saturating_generator_loss(fake), fake)[0]

    torch.testing.assert_close(of_d, (d_real, d_fake))
    torch.testing.assert_close(of_minimax, -d_fake)
    torch.testing.assert_close(of_non_saturating, d_fake - 1 / 4)


@pytest.mark.parametrize("value", [-1000.0, 1000.0])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_everything_stays_finite_where_a_sigmoid_would_round_to_0_or_1(value, dtype):
    logit = torch.full((2, 1), value, dtype=dtype, requires_grad=True)
    for loss in (
        games.discriminator_loss(logit, logit),
        games.minimax_generator_loss(logit),
        games.non_saturating_generator_loss(logit),
    ):
        (gradient,) = torch.autograd.grad(loss, logit)
        assert loss.isfinite() and gradient.isfinite().all()


def test_a_d_that_says_one_half_everywhere_loses_2_log_2():
    zeros = torch.zeros(4, 1, dtype=torch.float64)
    assert games.discriminator_loss(zeros, zeros).item() == pytest.approx(2 * log(2), rel=1e-12)
    assert games.minimax_generator_loss(zeros).item() == pytest.approx(-log(2), rel=1e-12)
    assert games.non_saturating_generator_loss(zeros).item() == pytest.approx(log(2), rel=1e-12)


def test_only_the_non_saturating_gradient_survives_a_d_that_is_sure():
    sure = torch.full((1, 1), -20.0, dtype=torch.float64, requires_grad=True)
    (minimax,) = torch.autograd.grad(games.minimax_generator_loss(sure), sure)
    (non_saturating,) = torch.autograd.grad(games.non_saturating_generator_loss(sure), sure)
    assert abs(minimax.item()) < 1e-8
    assert non_saturating.item() == pytest.approx(-1)


def test_each_game_pairs_the_losses_of_its_name():
    assert (games.MINIMAX.d_loss, games.MINIMAX.g_loss) == (games.discriminator_loss, games.minimax_generator_loss)
    assert games.NON_SATURATING.d_loss is games.discriminator_loss
    assert games.NON_SATURATING.g_loss is games.non_saturating_generator_loss
