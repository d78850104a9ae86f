"""Chapter 6: conditional GANs."""

from __future__ import annotations

from functools import cache
from math import e, log

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, nll_loss, one_hot, softplus

from gan_lib.chapters.exercises.exercise import Exercise, logits
from gan_lib.machine.rng import isolated_rng
from gan_lib.networks.conditional import ACGANMLPDiscriminator, CGANDiscriminator, CGANGenerator
from gan_lib.training.games import discriminator_loss, non_saturating_generator_loss

LABELS, ASKED = torch.tensor([2, 0, 1]), torch.tensor([0, 1, 1])  # of real pictures, and those asked of G


def _quiet(network: type[nn.Module], *arguments: object) -> nn.Module:
    """A small network in eval mode, always with the same weights, which leaves torch's random numbers alone."""
    with isolated_rng(), torch.no_grad():
        built = network(*arguments).eval()
        for weight in built.parameters():
            weight *= 3  # so that every input, the label too, makes a difference that one can see
    return built


def _ten(generator: nn.Module, z: Tensor) -> Tensor:
    return torch.cat([generator(z[None], torch.tensor([k])) for k in range(generator.classes)])


def _own_labels(discriminator: nn.Module, real: Tensor, y: Tensor, fake: Tensor, asked: Tensor) -> Tensor:
    """A CGAN's loss of D whose fakes were drawn for labels of their own."""
    return discriminator_loss(discriminator(real, y), discriminator(fake, asked))


def _partners(discriminator: nn.Module, fake: Tensor, y: Tensor) -> Tensor:
    """An ACGAN's loss of G."""
    source, classes = discriminator(fake)
    return non_saturating_generator_loss(source) + cross_entropy(classes, y)


def _class_gradient(logits: Tensor, labels: Tensor) -> Tensor:
    return (logits.softmax(1) - one_hot(labels, logits.shape[1])) / len(labels)


def _label_columns(table: Tensor, weight: Tensor) -> Tensor:
    split = weight.shape[1] - table.shape[1]
    return torch.cat([weight[:, :split], weight[:, split:] @ table.T], dim=1)


def _perfect_accuracy(p: Tensor) -> Tensor:
    """Class accuracy of a perfect G under the best classifier; p(x | y) as (labels, places), equally frequent."""
    return p.amax(0).sum() / len(p)


@cache
def four_classifiers() -> dict[str, list[float]]:
    """The class loss, update by update, of four linear classifiers of the same points in 100 classes.

    a learns from labels of which one in five is drawn by lot, b from the right ones, c from shuffled ones, and d from
    the right ones with a softmax before `cross_entropy`.
    """
    numbers = torch.Generator().manual_seed(0)
    middles = 3 * torch.randn(100, 12, generator=numbers)
    labels = torch.arange(3000) % 100
    points = middles[labels] + 0.3 * torch.randn(3000, 12, generator=numbers)
    by_lot = torch.rand(3000, generator=numbers) < 0.19
    noisy = torch.where(by_lot, torch.randint(100, (3000,), generator=numbers), labels)
    shuffled = labels[torch.randperm(3000, generator=numbers)]
    return {
        "a": _class_losses(points, noisy),
        "b": _class_losses(points, labels),
        "c": _class_losses(points, shuffled),
        "d": _class_losses(points, labels, softmax=True),
    }


def _class_losses(points: Tensor, labels: Tensor, *, softmax: bool = False) -> list[float]:
    weight = torch.zeros(points.shape[1], 100, requires_grad=True)
    adam, losses = torch.optim.Adam([weight], lr=0.05), []
    for _ in range(80):
        classes = points @ weight
        loss = cross_entropy(classes.softmax(1) if softmax else classes, labels)
        (weight.grad,) = torch.autograd.grad(loss, [weight])
        adam.step()
        losses.append(loss.item())
    return losses


def _rests_at(floor: float) -> str:
    """Which of the four classifiers comes to rest nearest to this loss?"""
    return min(four_classifiers(), key=lambda letter: abs(four_classifiers()[letter][-1] - floor))


def _scrambled(generator: nn.Module, z: Tensor) -> Tensor:
    rows = z.repeat_interleave(generator.classes).view(generator.classes, -1)
    return generator(rows, torch.arange(generator.classes))


EXERCISES = {
    "one-z": Exercise(
        _ten,
        ((_quiet(CGANGenerator, 3, 4, (1, 4, 4), 4), logits(1, 3)[0]),),
        {
            "print the rows that you give to the generator: is each of them z?": _scrambled,
            "your pictures all have one label; the labels go from 0 to classes − 1.": lambda generator, z: generator(
                z.expand(generator.classes, -1), torch.zeros(generator.classes, dtype=torch.int64)
            ),
            "the pictures are right, their order is not.": lambda generator, z: _ten(generator, z).flip(0),
            "only the last picture is left; collect all of them.": lambda generator, z: _ten(generator, z)[-1:],
        },
    ),
    "whose-label": Exercise(
        _own_labels,
        ((_quiet(CGANDiscriminator, (1, 4, 4), 3, 4), logits(3, 1, 4, 4), LABELS, logits(3, 1, 4, 4), ASKED),),
        {
            "D gets a fake with a label that it was not drawn for.": lambda d, real, y, fake, asked: _own_labels(
                d, real, y, fake, y
            ),
            "the real pictures have labels of their own.": lambda d, real, y, fake, asked: _own_labels(
                d, real, asked, fake, asked
            ),
            "you changed both labels; one of them was right.": lambda d, real, y, fake, asked: _own_labels(
                d, real, asked, fake, y
            ),
            "the labels are right, but D is now paid for calling fakes real.": lambda d, real, y, fake, asked: (
                softplus(-d(real, y)).mean() + softplus(-d(fake, asked)).mean()
            ),
        },
    ),
    "partners": Exercise(
        _partners,
        ((_quiet(ACGANMLPDiscriminator, (1, 4, 4), 3, 4), logits(3, 1, 4, 4).tanh(), ASKED),),
        {
            "which should cost G less: a fake that is taken for its class, or another one?": lambda d, fake, y: (
                softplus(-d(fake)[0]).mean() - cross_entropy(d(fake)[1], y)
            ),
            "which way does your first term push the source logit of a fake?": lambda d, fake, y: (
                softplus(d(fake)[0]).mean() + cross_entropy(d(fake)[1], y)
            ),
            "now nothing asks G to draw what was ordered.": lambda d, fake, y: softplus(-d(fake)[0]).mean(),
            "now nothing asks G to look real.": lambda d, fake, y: cross_entropy(d(fake)[1], y),
        },
    ),
    "class-gradient": Exercise(
        _class_gradient,
        ((logits(4, 10), torch.tensor([3, 0, 9, 3])),),
        {
            "the loss is a mean over the batch.": lambda logits, y: _class_gradient(logits, y) * len(y),
            "descending your gradient would make the right class less probable.": lambda logits, y: (
                -_class_gradient(logits, y)
            ),
            "the right class must enter somewhere.": lambda logits, y: logits.softmax(1) / len(y),
            "the mean is over the examples, not over all the logits.": lambda logits, y: (
                _class_gradient(logits, y) / logits.shape[1]
            ),
        },
    ),
    "softmax-twice": Exercise(
        lambda features, weight, y: cross_entropy(features @ weight.T, y),
        ((logits(3, 5), logits(4, 5), LABELS),),
        {
            "count the softmaxes between the features and the loss, that of cross_entropy too.": (
                lambda features, weight, y: cross_entropy((features @ weight.T).softmax(1), y)
            ),
            "nll_loss expects logarithms of probabilities.": (
                lambda features, weight, y: nll_loss((features @ weight.T).softmax(1), y)
            ),
            "now no softmax is left at all.": lambda features, weight, y: nll_loss(features @ weight.T, y),
            "for each example, the probabilities of the classes sum to 1: over which dimension?": (
                lambda features, weight, y: nll_loss((features @ weight.T).log_softmax(0), y)
            ),
        },
    ),
    "label-columns": Exercise(
        _label_columns,
        ((logits(4, 2), logits(3, 7)),),
        {
            "the layer reads z first; here the label comes first.": lambda table, weight: torch.cat(
                [weight[:, -table.shape[1] :] @ table.T, weight[:, : -table.shape[1]]], dim=1
            ),
            "which columns of the layer read z, the first or the last ones?": lambda table, weight: torch.cat(
                [weight[:, table.shape[1] :], weight[:, : table.shape[1]] @ table.T], dim=1
            ),
            "a one-hot label has K numbers, a row of the table has E.": lambda table, weight: weight,
            "the new layer still has to read z.": lambda table, weight: weight[:, -table.shape[1] :] @ table.T,
        },
    ),
    "perfect-accuracy": Exercise(
        _perfect_accuracy,
        ((logits(2, 5).softmax(1),), (logits(3, 6).softmax(1),), (torch.eye(3),)),
        {
            "a perfect G also draws the pictures that belong to two classes.": lambda p: 1.0,
            "not every place has as many pictures as every other.": lambda p: (p.amax(0) / p.sum(0)).mean(),
            "the best classifier does not draw lots; it names the most probable class.": (
                lambda p: (p * p / p.sum(0)).sum() / len(p)
            ),
            "how much of all the pictures belongs to one label?": lambda p: p.amax(0).sum(),
        },
    ),
    "which-softmax": Exercise(
        lambda: _rests_at(log(1 + 99 / e)),
        mistakes={
            "1.46 is the floor for ten classes. How many are there here?": lambda: _rests_at(1.46),
            "this one falls below every floor that a second softmax could set.": lambda: _rests_at(0.0),
            "this one stays near what guessing costs, which is log 100. It has learned next to nothing.": (
                lambda: _rests_at(log(100))
            ),
        },
    ),
    "what-next": Exercise(
        lambda: "b",
        mistakes={
            "do the ranges of the two games overlap, and has either game come to rest?": lambda: "a",
            "then you would know very well who is ahead after 8,000 updates. Is that the question?": lambda: "c",
            "a new run with another weight cannot tell what the old runs are still missing.": lambda: "d",
        },
    ),
}
