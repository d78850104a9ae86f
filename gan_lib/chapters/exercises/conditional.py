"""Chapter 6: conditional GANs."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, one_hot

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


EXERCISES = {
    "one-z": Exercise(_ten, ((_quiet(CGANGenerator, 3, 4, (1, 4, 4), 4), logits(1, 3)[0]),)),
    "whose-label": Exercise(
        _own_labels,
        ((_quiet(CGANDiscriminator, (1, 4, 4), 3, 4), logits(3, 1, 4, 4), LABELS, logits(3, 1, 4, 4), ASKED),),
    ),
    "partners": Exercise(
        _partners, ((_quiet(ACGANMLPDiscriminator, (1, 4, 4), 3, 4), logits(3, 1, 4, 4).tanh(), ASKED),)
    ),
    "class-gradient": Exercise(_class_gradient, ((logits(4, 10), torch.tensor([3, 0, 9, 3])),)),
    "softmax-twice": Exercise(
        lambda features, weight, y: cross_entropy(features @ weight.T, y), ((logits(3, 5), logits(4, 5), LABELS),)
    ),
    "label-columns": Exercise(_label_columns, ((logits(4, 2), logits(3, 7)),)),
    "class-accuracy": Exercise(
        lambda logits, y: (logits.argmax(1) == y).double().mean(), ((logits(3, 4), LABELS), (logits(3, 4), ASKED))
    ),
}
