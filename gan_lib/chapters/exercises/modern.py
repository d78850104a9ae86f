"""Chapter 9: what ten years bought."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from gan_lib.chapters import slopes
from gan_lib.chapters.exercises.exercise import Exercise, logits
from gan_lib.training.games import relativistic_loss, zero_centred_penalty


def _non_saturating_dirac(theta: float, psi: float, gamma: float) -> Tensor:
    """Where G and D want to go: minus the slopes of softplus(−ψθ) by θ and of softplus(ψθ) + γ/2 ψ² by ψ."""
    logit = torch.tensor(psi * theta)
    return torch.stack([psi * torch.sigmoid(-logit), -theta * torch.sigmoid(logit) - gamma * psi])


def _pull(gamma: float) -> float:
    """How fast the slower of two ways home shrinks: minus the largest real part of the linear game's eigenvalues."""
    return (gamma - math.sqrt(max(0.0, gamma**2 - 1))) / 2


def _r1_gradient(discriminator: nn.Module, real: Tensor) -> Tensor:
    """What D's first weights get from it."""
    return torch.autograd.grad(zero_centred_penalty(discriminator, real), next(discriminator.parameters()))[0]


def _judge() -> nn.Module:
    """A small D whose slope differs from picture to picture."""
    network = nn.Sequential(nn.Flatten(), nn.Linear(12, 5), nn.Tanh(), nn.Linear(5, 1))
    with torch.no_grad():
        for i, weight in enumerate(network.parameters()):
            weight.copy_(logits(i + 1, weight.numel())[i].view(weight.shape) / 4)
    return network


def _bound(weights: list[Tensor]) -> float:
    """The product of the layers' largest stretches."""
    return math.prod(torch.linalg.matrix_norm(weight, 2).item() for weight in weights)


def _memory(ema: float, share: float) -> float:
    return math.log(share) / math.log(ema)


def _minimax_dirac(theta: float, psi: float, gamma: float) -> Tensor:
    """The same with G's other loss, log(1 − D)."""
    on_fake = torch.sigmoid(torch.tensor(psi * theta))
    return torch.stack([psi * on_fake, -theta * on_fake - gamma * psi])


def _r1_of(to_one: str, length: str, discriminator: nn.Module, real: Tensor) -> Tensor:
    """What D's first weights get from a penalty on the slope of the logits' mean or sum, squared or not."""
    x = real.clone().requires_grad_()
    logits = discriminator(x)
    (slope,) = torch.autograd.grad(logits.mean() if to_one == "mean" else logits.sum(), x, create_graph=True)
    squares = slope.flatten(1).square().sum(1)
    penalty = squares.mean() if length == "squared" else squares.sqrt().mean()
    return torch.autograd.grad(penalty, next(discriminator.parameters()))[0]


def _product(weights: list[Tensor]) -> Tensor:
    return torch.linalg.multi_dot(weights[::-1])


def four_walks(steps: int = 200, rate: float = 0.1) -> dict[str, np.ndarray]:
    """Four games of the smallest GAN, each as its places (steps, 2): θ, where G draws, and ψ, the slope of D.

    Nothing holds a down; R1 with a weight of 10 holds b, and R1 with a weight of 0.4 holds c; d's slope is pulled to 1.
    """
    return {
        letter: _walk(weight, slope, steps, rate)
        for letter, weight, slope in (("a", 0, 0), ("b", 10, 0), ("c", 0.4, 0), ("d", 0.4, 1))
    }


def _walk(weight: float, slope: float, steps: int, rate: float) -> np.ndarray:
    theta, psi, places = 1.0, 0.0, []
    for _ in range(steps):
        places.append((theta, psi))
        psi -= rate * (theta / (1 + math.exp(-psi * theta)) + weight * (abs(psi) - slope) * math.copysign(1, psi))
        theta += rate * psi / (1 + math.exp(-psi * theta))
    return np.array(places)


def _held_too_flat() -> str:
    """Which of the four ends flat and wrong?"""
    ends = {letter: np.abs(places[-1]) for letter, places in four_walks().items()}
    return max(ends, key=lambda letter: ends[letter][0] / ends[letter][1])


CLAIMS = {  # what is said of two rungs: that the second is better, by both judges and with all its seeds
    "a": ("ns", "ns-spectral"),
    "b": ("loss", "spectral"),
    "c": ("ns-r1", "ns"),
    "d": ("spectral", "ns-spectral"),
}


def _carried() -> str:
    """Which of these claims do the seeds carry?"""
    (letter,) = (letter for letter, rungs in CLAIMS.items() if all(_apart(*rungs, by) for by in ("frechet", "second")))
    return letter


def _apart(before: str, after: str, measure: str) -> bool:
    worse, better = ([run.card["evaluation"][measure] for run in slopes.seeds(rung)] for rung in (before, after))
    return max(better) < min(worse)


EXERCISES = {
    "dirac": Exercise(
        _non_saturating_dirac,
        ((1.0, 0.5, 0.0), (-0.7, 2.0, 0.5), (0.0, 1.5, 1.0)),
        {
            "this is G's other loss, log(1 − D). What is the slope of −log D?": _minimax_dirac,
            "both go uphill.": lambda theta, psi, gamma: -_non_saturating_dirac(theta, psi, gamma),
            "D pays γ/2 · ψ². What is the slope of that by ψ?": (
                lambda theta, psi, gamma: _non_saturating_dirac(theta, psi, 2 * gamma)
            ),
            "at the goal D says ½, elsewhere not.": (
                lambda theta, psi, gamma: torch.tensor([psi / 2, -theta / 2 - gamma * psi])
            ),
        },
    ),
    "pull": Exercise(
        _pull,
        ((0.2,), (0.9,), (1.0,), (3.0,)),
        {
            "right up to γ = 1. Above it there are two ways home: which one lasts longer?": lambda gamma: gamma / 2,
            "above γ = 1 this is the way home that is over first; the other one counts.": (
                lambda gamma: (gamma + math.sqrt(max(0.0, gamma**2 - 1))) / 2
            ),
            "where do your eigenvalues become complex? The slopes of this game are ½, not 1.": (
                lambda gamma: (gamma - math.sqrt(max(0.0, gamma**2 - 4))) / 2
            ),
            "below γ = 1 the root is imaginary: what is then the real part?": (
                lambda gamma: (gamma - math.sqrt(abs(gamma**2 - 1))) / 2
            ),
        },
    ),
    "r1": Exercise(
        _r1_gradient,
        ((_judge(), logits(6, 3, 2, 2)), (_judge(), logits(2, 12) / 3)),
        {
            "by how much does one picture move the mean of B logits?": lambda d, real: _r1_of(
                "mean", "squared", d, real
            ),
            "R1 is the mean of the squared lengths; yours is that of the lengths.": lambda d, real: _r1_of(
                "sum", "plain", d, real
            ),
            "the half belongs to the weight γ/2, not to R1 itself.": lambda d, real: _r1_gradient(d, real) / 2,
            "nothing comes back to the weights: was the graph of the slope kept?": lambda d, real: torch.zeros_like(
                next(d.parameters())
            ),
        },
    ),
    "stretches": Exercise(
        _bound,
        (
            ([torch.eye(3), 2 * torch.eye(3)[:1]],),
            ([logits(4, 3), logits(5, 4) / 2, logits(1, 5)],),
            ([torch.tensor([[0.0, 1.0], [0.0, 0.0]]), torch.tensor([[0.0, 3.0]])],),
        ),
        {
            "a bound, too, but not the best: one vector cannot use all rows of a layer at once.": lambda weights: (
                math.prod(weight.norm().item() for weight in weights)
            ),
            "stretches that follow each other multiply.": lambda weights: sum(
                torch.linalg.matrix_norm(weight, 2).item() for weight in weights
            ),
            "this is the largest entry. A layer can stretch a vector more than that.": lambda weights: math.prod(
                weight.abs().max().item() for weight in weights
            ),
            "LeakyReLU stands between the layers, and it bends each coordinate by itself.": lambda weights: (
                torch.linalg.matrix_norm(_product(weights), 2).item()
            ),
        },
    ),
    "look-more-real": Exercise(
        lambda real, fake: relativistic_loss(fake, real),
        ((logits(5, 1), logits(1, 5).T.flip(0) / 2), (torch.tensor([[9.0]]), torch.tensor([[-9.0]]))),
        {
            "how steep is it where D is sure, at f(x) = 9 and f(G(z)) = −9?": lambda real, fake: (
                -softplus(fake - real).mean()
            ),
            "this is D's loss: G would help D.": lambda real, fake: softplus(fake - real).mean(),
            "the pairs are compared one by one; the mean comes last.": lambda real, fake: softplus(
                real.mean() - fake.mean()
            ),
            "this judges a fake by itself. Whom is it compared with?": lambda real, fake: softplus(-fake).mean(),
        },
    ),
    "memory": Exercise(
        _memory,
        ((0.999, 0.5), (0.99, 0.5), (0.999, 0.1)),
        {
            "this is the usual age of what is in it, whatever the share.": lambda ema, share: 1 / (1 - ema),
            "β is so near 1 that the size is about right, but a number of updates is not below 0.": (
                lambda ema, share: math.log(share) / (1 - ema)
            ),
            "the share is what is left, not what is gone.": lambda ema, share: _memory(ema, 1 - share),
            "an update keeps the part β of it, not the part 1 − β.": lambda ema, share: (
                math.log(share) / math.log(1 - ema)
            ),
        },
    ),
    "which-too-flat": Exercise(
        _held_too_flat,
        mistakes={
            "this game has no penalty. What would you lower?": lambda: "a",
            "here D says ½ in the end, too. But where is G's point by then?": lambda: "c",
            "D's answer does not come to rest here. Is such a D flat?": lambda: "d",
        },
    ),
    "which-carries": Exercise(
        _carried,
        mistakes={
            "the first judge agrees. Look at the second judge's numbers in the two rows: do they overlap?": lambda: "a",
            "find the two rows, and look whether any number of one lies among those of the other.": lambda: "c",
            "by the first judge, yes. By the second, is the worst seed of one row ahead of the best of the other?": (
                lambda: "d"
            ),
        },
    ),
}
