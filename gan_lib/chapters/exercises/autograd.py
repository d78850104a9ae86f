"""Chapter 5: autograd pitfalls."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from gan_lib.chapters.exercises.exercise import Exercise, logits
from gan_lib.chapters.ledger import Wiring, run
from gan_lib.machine.rng import isolated_rng, z_from_seed
from gan_lib.networks.points import PointDiscriminator, PointGenerator
from gan_lib.training.recipes import MLP_FASHION

FOUR_WIRINGS = {  # all run without an error; in one of them a step uses a gradient that is not its own
    "a": Wiring("turns", forwards=1),
    "b": Wiring("together"),
    "c": Wiring("turns", detach=False),
    "d": Wiring("together", freeze=True),
}


def _wrong_wiring() -> str:
    (letter,) = (
        letter
        for letter, wiring in FOUR_WIRINGS.items()
        if any(verdict.startswith("wrong") for verdict in run(wiring).steps.values())
    )
    return letter


def _g_step(loss: Callable[[Tensor], Tensor] = lambda fake: softplus(-fake).mean(), received: int = 0, thawed: int = 1):
    """A step of G: its gradient (n,), then how many of D's weights received one and how many can get one: (n + 2,).

    Args:
        loss: of D's logits.
        received: 1 if D's weights received a gradient.
        thawed: 1 if they can get one afterwards.
    """

    def answer(generator: nn.Module, discriminator: nn.Module, z: Tensor) -> Tensor:
        grads = torch.autograd.grad(loss(discriminator(generator(z))), list(generator.parameters()))
        weights = len(list(discriminator.parameters()))
        return torch.cat([*(g.flatten() for g in grads), torch.tensor([received * weights, thawed * weights])])

    return answer


def _weights(*networks: nn.Module) -> Tensor:
    return torch.cat([p.detach().flatten() for network in networks for p in network.parameters()])


def _descend(network: nn.Module, grads: Sequence[Tensor]) -> None:
    """A step of gradient descent at a rate of 1."""
    with torch.no_grad():
        for p, grad in zip(network.parameters(), grads, strict=True):
            p.sub_(grad)


def _at_once(of_g: Callable[..., Tensor], of_d: Callable[..., Tensor]):
    """Both networks step at the same moment, each down its own number of (real logits, fake logits)."""

    def answer(generator: nn.Module, discriminator: nn.Module, real: Tensor, z: Tensor) -> Tensor:
        real_logits, fake_logits = discriminator(real), discriminator(generator(z))
        downhill = [
            torch.autograd.grad(loss(real_logits, fake_logits), list(network.parameters()), retain_graph=True)
            for network, loss in ((generator, of_g), (discriminator, of_d))
        ]
        _descend(generator, downhill[0])
        _descend(discriminator, downhill[1])
        return _weights(generator, discriminator)

    return answer


def _loss_of_g(real: Tensor, fake: Tensor) -> Tensor:
    return softplus(-fake).mean()


def _loss_of_d(real: Tensor, fake: Tensor) -> Tensor:
    return softplus(-real).mean() + softplus(fake).mean()


def _both(real: Tensor, fake: Tensor) -> Tensor:
    return _loss_of_g(real, fake) + _loss_of_d(real, fake)


def _in_turn(generator: nn.Module, discriminator: nn.Module, real: Tensor, z: Tensor) -> Tensor:
    for network, loss in ((discriminator, _loss_of_d), (generator, _loss_of_g)):
        value = loss(discriminator(real), discriminator(generator(z)))
        _descend(network, torch.autograd.grad(value, list(network.parameters())))
    return _weights(generator, discriminator)


def _small() -> tuple[nn.Module, nn.Module]:
    with isolated_rng(5):
        return PointGenerator(width=8), PointDiscriminator(width=8)


def _length_gradient(length: Callable[[Tensor], Tensor], after: Callable[[Tensor], Tensor] = lambda g: g):
    def answer(x: Tensor) -> Tensor:
        x = x.requires_grad_()
        return after(torch.autograd.grad(length(x), x)[0])

    return answer


EXERCISES = {
    "rest-of-a-fake": Exercise(
        lambda w: w / (1 + w),
        ((3.0,), (1.0,), (0.5,)),
        {
            "one half is right only if both losses weigh the same. Which of the two pulls harder here?": lambda w: 0.5,
            "that is where it rests if the weight stands on D's loss. Whose loss is made larger here?": lambda w: (
                1 / (1 + w)
            ),
            "that is the logit. The exercise asks for what D says there, a probability.": math.log,
            "a probability is at most 1. Set the slope of the weighted sum to 0, and solve for σ.": lambda w: w,
        },
    ),
    "simultaneous": Exercise(
        _at_once(_loss_of_g, _loss_of_d),
        ((*_small(), logits(16, 2), z_from_seed(4, n=16, latent_dim=2)),),
        {
            "G and D both moved down the sum of the two losses. Who else gets a gradient from each loss?": _at_once(
                _both, _both
            ),
            "G is right, but D also follows G's loss: it passes through D on its way, and D kept some.": _at_once(
                _loss_of_g, _both
            ),
            "D is right, but G also follows D's loss: what cuts the way from D's loss to G?": _at_once(
                _both, _loss_of_d
            ),
            "D stepped before G's loss was built, so G answers the new D. Both are to answer the old one.": _in_turn,
        },
    ),
    "frozen": Exercise(
        _g_step(),
        ((*MLP_FASHION.build(), z_from_seed(4, n=8)),),
        {
            "D's weights still received a gradient on the way. Freeze D before the graph is built.": _g_step(
                received=1
            ),
            "D received none, but it is still frozen: its next step would have nothing to learn from.": _g_step(
                thawed=0
            ),
            "G's gradient has the wrong sign: this G would learn to look fake.": _g_step(
                lambda fake: -softplus(-fake).mean()
            ),
            "that is the gradient of log(1 − D), and of the wrong sign. Keep the loss of G that stands there.": _g_step(
                lambda fake: softplus(fake).mean()
            ),
        },
    ),
    "norm-gradient": Exercise(
        lambda x: x / x.norm().clamp_min(1e-12),
        (
            (logits(1, 3)[0],),
            (1e-6 * logits(1, 3)[0],),
            (torch.zeros(3),),
            (torch.tensor([1.0, torch.nan, 2.0]),),
        ),
        {
            "at 0 the root has an infinite slope, and 0 · ∞ is NaN. Only that one point needs another rule.": (
                _length_gradient(lambda x: (x**2).sum().sqrt())
            ),
            "that hides every NaN, also one that came in with x. Cure the slope at 0, and let a broken input show.": (
                _length_gradient(lambda x: (x**2).sum().sqrt(), lambda g: g.nan_to_num())
            ),
            "what you add below the root also shortens the gradient of short vectors, and this one is short.": (
                _length_gradient(lambda x: ((x**2).sum() + 1e-12).sqrt())
            ),
            "a clamped length has no gradient at all below its limit, and short vectors need one.": (
                _length_gradient(lambda x: (x**2).sum().clamp_min(1e-8).sqrt())
            ),
        },
    ),
    "let-it-run": Exercise(
        lambda: "c",
        mistakes={
            "both losses come to one value and stay there together. Would two opponents agree like that?": lambda: "a",
            "these lines are flat. If D answered every move of G, and G every move of D, would they be?": lambda: "b",
            "one loss goes to 0 and the other grows and grows. Does anybody here still answer D?": lambda: "d",
        },
    ),
    "wrong-gradient": Exercise(
        _wrong_wiring,
        mistakes={
            "here D gets a gradient from G's loss as well. But has D not stepped by then?": lambda: "a",
            "here G gets a gradient from D's loss. What stands directly before G's own backward?": lambda: "c",
            "read the row again: each loss leaves something in one network only. Which loop differs from it?": lambda: (
                "d"
            ),
        },
    ),
}
