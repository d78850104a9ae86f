"""Chapter 3: a GAN of two small MLPs."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from gan_lib.chapters.exercises.exercise import Exercise, logits
from gan_lib.machine.rng import z_from_seed
from gan_lib.show.latent import linear, spherical
from gan_lib.training.games import discriminator_loss, non_saturating_generator_loss
from gan_lib.training.recipes import MLP_FASHION


def _saturating(fake_logits: Tensor) -> Tensor:
    """What G lowers if it lowers what D raises: the mean of log(1 − D)."""
    return -softplus(fake_logits).mean()


def _one_update(
    generator: nn.Module,
    discriminator: nn.Module,
    real: Tensor,
    z: Tensor,
    *,
    order: str = "DG",
    clear: bool = True,
    swapped: bool = False,
    loss_of_g: Callable[[Tensor], Tensor] = non_saturating_generator_loss,
) -> Tensor:
    """All weights after one update of D and then of G, with Adam at a rate of 0.01; or after one with a mistake."""
    g_adam = torch.optim.Adam(generator.parameters(), lr=0.01, betas=(0.5, 0.999))
    d_adam = torch.optim.Adam(discriminator.parameters(), lr=0.01, betas=(0.5, 0.999))
    fake = generator(z)
    for player in order:
        adam = d_adam if player == "D" else g_adam
        if clear:
            adam.zero_grad()
        if player == "D":
            on_real, on_fake = discriminator(real), discriminator(fake.detach())
            loss = discriminator_loss(*((on_fake, on_real) if swapped else (on_real, on_fake)))
        else:
            loss = loss_of_g(discriminator(fake))
        loss.backward()
        adam.step()
    return nn.utils.parameters_to_vector([*discriminator.parameters(), *generator.parameters()]).detach()


def _generator_gradient(
    generator: nn.Module,
    discriminator: nn.Module,
    z: Tensor,
    loss: Callable[[Tensor], Tensor] = non_saturating_generator_loss,
    layer: str = "fc2",
) -> Tensor:
    """What G's last bias receives in one step of the non-saturating game: (784,)."""
    return torch.autograd.grad(loss(discriminator(generator(z))), getattr(generator, layer).bias)[0]


def _without_lengths(a: Tensor, b: Tensor, steps: int) -> Tensor:
    """The arc, its angle from the dot product alone."""
    omega, t = torch.acos(a @ b), torch.linspace(0, 1, steps)[:, None]
    return (torch.sin((1 - t) * omega) * a + torch.sin(t * omega) * b) / torch.sin(omega)


def _undivided(a: Tensor, b: Tensor, steps: int) -> Tensor:
    """The arc without the division by sin ω."""
    return spherical(a, b, steps) * torch.sin(torch.acos(a @ b / (a.norm() * b.norm())))


EXERCISES = {
    "generator-loss": Exercise(
        non_saturating_generator_loss,
        ((torch.zeros(1, 1),), (logits(8, 1),), (torch.full((2, 1), -200.0),)),
        {
            "with this loss G is glad when D says “generated”. For which sign of the logit should it be small?": (
                lambda fake_logits: softplus(fake_logits).mean()
            ),
            "this is log(1 − D), whose slope is almost 0 when D is sure. Which one should G raise?": _saturating,
            "you add up where you should average: the loss must not grow with the batch.": (
                lambda fake_logits: softplus(-fake_logits).sum()
            ),
            "right for small logits, but not finite for −200. Which part of the exponent can you take out first?": (
                lambda fake_logits: -torch.log(torch.sigmoid(fake_logits)).mean()
            ),
        },
    ),
    "one-update": Exercise(
        _one_update,
        ((*MLP_FASHION.build(), logits(8, 1, 28, 28).tanh(), z_from_seed(6, n=8)),),
        {
            "the old gradients are still in there, added to the new ones. What clears them?": partial(
                _one_update, clear=False
            ),
            "G has learned from the old D. Who takes the first step?": partial(_one_update, order="GD"),
            "D has learned to call the fakes real. Look at the signs in its loss.": partial(_one_update, swapped=True),
            "D is right, but G has not moved. Does its loss reach it, and does it take a step?": partial(
                _one_update, order="D"
            ),
            "D is right, but G lowers log(1 − D). Which loss did the chapter choose, and why?": partial(
                _one_update, loss_of_g=_saturating
            ),
        },
        used=True,
    ),
    "generator-gradient": Exercise(
        _generator_gradient,
        ((*MLP_FASHION.build(), z_from_seed(5, n=8)),),
        {
            "the gradient reaches G now, but it pushes the other way: this is D's wish, not G's.": partial(
                _generator_gradient, loss=lambda fake_logits: softplus(fake_logits).mean()
            ),
            "this is log(1 − D), another loss. The loss was not the mistake; leave it as it was.": partial(
                _generator_gradient, loss=_saturating
            ),
            "you look at the first layer now. The question is why the last one gets nothing.": partial(
                _generator_gradient, layer="fc1"
            ),
        },
    ),
    "never-sure": Exercise(
        lambda: "a",
        mistakes={
            "this D is quite sure of itself, only the wrong way round. Could a D with a sigmoid too many be sure?": (
                lambda: "b"
            ),
            "its pictures look like those of another one, so compare the curves: which of the two is never sure?": (
                lambda: "c"
            ),
            "the grey ground is strange, yes. But look at how high D(real) was at its start.": lambda: "d",
        },
    ),
    "quiet-failure": Exercise(
        lambda: "d",
        mistakes={
            "it lost its shoes, but not quietly: is this D(real) one that you would call normal?": lambda: "a",
            "this run draws shoes. Which row lacks them, with curves almost the same as here?": lambda: "b",
            "noise is no secret, and look at the number of updates. Which run has normal curves and no shoes?": (
                lambda: "c"
            ),
        },
    ),
    "spherical": Exercise(
        spherical,
        (
            (torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0]), 3),
            (logits(2, 100)[0], logits(2, 100)[1], 5),
        ),
        {
            "this is the straight line, whose middle is too short. Do the arc's two factors add up to 1?": linear,
            "you walk from b to a. Which of the two should stand alone at t = 0?": lambda a, b, steps: spherical(
                b, a, steps
            ),
            "right for vectors of length 1. By what must the dot product be divided before acos?": _without_lengths,
            "right where the angle is a right one. What stands below the fraction bar?": _undivided,
        },
    ),
}
