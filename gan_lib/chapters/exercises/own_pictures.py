"""Your own pictures."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from gan_lib import runs
from gan_lib.chapters import few
from gan_lib.chapters.exercises.exercise import Exercise, logits
from gan_lib.scores.sliced import sliced_wasserstein
from gan_lib.training.games import non_saturating_generator_loss
from gan_lib.training.held_out import by_heart


def _crop(width: int, height: int) -> Tensor:
    """Left, top, right and bottom edge of the largest square out of the middle."""
    side = min(width, height)
    left, top = (width - side) // 2, (height - side) // 2
    return torch.tensor([left, top, left + side, top + side])


def _by_heart(d_real: Tensor, d_fake: Tensor, d_held_out: Tensor) -> float:
    others = torch.zeros(3, len(d_real))  # step and losses
    return by_heart(torch.cat([others, torch.stack([d_real, d_fake, d_held_out])]).T)


def _augmented(discriminator: nn.Module, fake: Tensor, see: Callable[[Tensor], Tensor]) -> Tensor:
    """What G gets: the gradient with respect to its pictures."""
    (gradient,) = torch.autograd.grad(non_saturating_generator_loss(discriminator(see(fake))), fake)
    return gradient


def _lines(seed: int, n: int) -> tuple[Tensor, Tensor, Tensor]:
    """Three verdicts over n lines, noisy: in single lines D(real) comes near D(fake), in the mean it does not."""
    noise = 0.12 * torch.randn(3, n, generator=torch.Generator().manual_seed(seed))
    learned = torch.linspace(0, 1, n)
    return tuple(0.5 + torch.tensor([[0.2], [-0.2], [-0.1]]) * learned + noise)


def _halved(images: Tensor) -> Tensor:
    """A look of pictures that is no chance: half as bright, without its upper half."""
    return torch.cat([torch.zeros_like(images[:, :, ::2]), images[:, :, 1::2] / 2], dim=2)


def _judge() -> nn.Module:
    network = nn.Sequential(nn.Flatten(), nn.Linear(32, 1))
    with torch.no_grad():
        network[1].weight.copy_(logits(1, 32))
        network[1].bias.zero_()
    return network


def four_discriminators() -> dict[str, Tensor]:
    """The histories of four recorded runs, a to d, with D's verdict on pictures that it never learned from.

    a learned from 1,000 pictures, b from 1,716 emoji, augmented, c from 200, augmented, and d from 59,500.
    """
    names = {"a": few.name(1_000, False), "b": "dcgan-emoji", "c": few.name(200, True, 1), "d": few.name(59_500, False)}
    return {letter: runs.load(name).history for letter, name in names.items()}


def _least_at_ease() -> str:
    """Which of the four knows its pictures best by heart?"""
    shares = {letter: by_heart(history) for letter, history in four_discriminators().items()}
    return max(shares, key=shares.__getitem__)


def _mean_of_quotients(d_real: Tensor, d_fake: Tensor, d_held_out: Tensor) -> Tensor:
    return ((d_real - d_held_out) / (d_real - d_fake))[len(d_real) * 3 // 4 :].mean()


def _last_ten(*verdicts: Tensor) -> Tensor:
    real, fake, held_out = (each[-10:].mean() for each in verdicts)
    return (real - held_out) / (real - fake)


def _from_corner(width: int, height: int) -> list[int]:
    return [0, 0, min(width, height), min(width, height)]


def _always_wide(width: int, height: int) -> list[int]:
    return [(width - height) // 2, 0, (width + height) // 2, height]


def _axes_swapped(width: int, height: int) -> Tensor:
    return _crop(height, width)


def _later_half(width: int, height: int) -> list[int]:
    side = min(width, height)
    left, top = (width - side + 1) // 2, (height - side + 1) // 2
    return [left, top, left + side, top + side]


def _lengths(width: int, height: int) -> list[int]:
    left, top, right, bottom = _crop(width, height).tolist()
    return [left, top, right - left, bottom - top]


def _gradient(loss: Tensor, fake: Tensor) -> Tensor:
    return torch.autograd.grad(loss, fake)[0]


EXERCISES = {
    "crop": Exercise(
        _crop,
        ((640, 480), (3, 8), (64, 64), (5, 2)),
        {
            "your square lies in a corner.": _from_corner,
            "try a picture that is higher than wide.": _always_wide,
            "left and right depend on the width, top and bottom on the height.": _axes_swapped,
            "half a pixel is left over. On which side does the exercise want it?": _later_half,
            "the last two are edges, too, not lengths.": _lengths,
        },
    ),
    "by-heart": Exercise(
        _by_heart,
        (_lines(1, 40), _lines(2, 240)),
        {
            "in some lines D(real) and D(fake) nearly meet. What does a quotient do there?": _mean_of_quotients,
            "how many lines are a quarter, if the history is longer?": _last_ten,
            "that is the whole training. The question is how it ends.": lambda real, fake, held_out: (
                (real - held_out).mean() / (real - fake).mean()
            ),
            "a D that treats unseen pictures like its own should get 0; which number does yours give it?": (
                lambda *verdicts: 1 - _by_heart(*verdicts)
            ),
        },
    ),
    "sliced": Exercise(
        sliced_wasserstein,
        (
            (logits(9, 3), logits(9, 3).flip(0), torch.eye(3)),
            (logits(30, 4), 2 * logits(4, 30).T + 1, normalize(logits(4, 7), dim=0)),
        ),
        {
            "the first row of x has nothing to do with the first row of y. What pairs them on a line?": (
                lambda x, y, u: (x @ u - y @ u).abs().mean()
            ),
            "you sorted along the directions; sort the points on each direction.": lambda x, y, u: (
                ((x @ u).sort(1).values - (y @ u).sort(1).values).abs().mean()
            ),
            "each direction puts the points into an order of its own.": lambda x, y, u: (
                (x.sort(0).values @ u - y.sort(0).values @ u).abs().mean()
            ),
            "this transport pays for the way, not for its square.": lambda x, y, u: (
                ((x @ u).sort(0).values - (y @ u).sort(0).values).square().mean()
            ),
            "with more directions your distance would grow.": lambda x, y, u: (
                ((x @ u).sort(0).values - (y @ u).sort(0).values).abs().mean(0).sum()
            ),
        },
    ),
    "augmented-g": Exercise(
        _augmented,
        ((_judge(), (logits(5, 2, 4, 4) / 3).requires_grad_(), _halved),),
        {
            "in what form has D met real pictures: as they are, or changed?": lambda discriminator, fake, see: (
                _augmented(discriminator, fake, lambda images: images)
            ),
            "now G is paid for pictures that D calls fake.": lambda discriminator, fake, see: _gradient(
                non_saturating_generator_loss(-discriminator(see(fake))), fake
            ),
            "a picture is changed once before D sees it.": lambda discriminator, fake, see: _augmented(
                discriminator, fake, lambda images: see(see(images))
            ),
            "the loss is a mean over the pictures of the batch.": lambda discriminator, fake, see: (
                _augmented(discriminator, fake, see) * len(fake)
            ),
        },
    ),
    "which-by-heart": Exercise(
        _least_at_ease,
        mistakes={
            "its gap looks wide. How wide is it beside the distance from D(real) to D(fake)?": lambda: "a",
            "compare held-out pictures with its own: does this D doubt unseen pictures at all?": lambda: "b",
            "it tells real from fake very well. But what does it say to real pictures that it never saw?": lambda: "d",
        },
    ),
    "next-for-logos": Exercise(
        lambda: "c",
        mistakes={
            "what does this score say of exact copies?": lambda: "a",
            "what has D learned in 50,000 updates, and what would it learn in as many more?": lambda: "b",
            "how much of the way from D(real) to D(fake) does D(held out) lie? That comes before any new network.": (
                lambda: "d"
            ),
        },
    ),
}
