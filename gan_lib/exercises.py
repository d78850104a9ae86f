"""Exercises that check themselves: `check("spherical", my_spherical)` prints "right" or "not yet" and why."""

from __future__ import annotations

import math
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass

import torch

from gan_lib import arithmetic, divergences, games, latent, transport
from gan_lib.cost import cost
from gan_lib.data import to_range
from gan_lib.errors import one_of
from gan_lib.networks.conditional import ACGANMLPDiscriminator, CGANDiscriminator, CGANGenerator
from gan_lib.recipes import MLP_FASHION
from gan_lib.rng import isolated_rng


@dataclass(frozen=True)
class Exercise:
    """A reference answer and the arguments it is tried on; `used` networks hold gradients of an earlier step."""

    reference: Callable
    tries: tuple[tuple, ...]
    used: bool = False

    def arguments(self, values: tuple) -> tuple:
        """A copy of one try's arguments, because networks are trained in place; with gradients of 1 if `used`."""
        copied = deepcopy(values)
        if self.used:
            for network in filter(lambda value: isinstance(value, torch.nn.Module), copied):
                for weight in network.parameters():
                    weight.grad = torch.ones_like(weight)
        return copied


def _logits(*shape: int) -> torch.Tensor:
    return 3 * torch.randn(*shape, generator=torch.Generator().manual_seed(3))


def _one_update(generator: torch.nn.Module, discriminator: torch.nn.Module, real: torch.Tensor, z: torch.Tensor):
    """All weights after one update of D and then of G, with Adam at a rate of 0.01."""
    g_adam = torch.optim.Adam(generator.parameters(), lr=0.01, betas=(0.5, 0.999))
    d_adam = torch.optim.Adam(discriminator.parameters(), lr=0.01, betas=(0.5, 0.999))
    fake = generator(z)
    d_adam.zero_grad()
    games.discriminator_loss(discriminator(real), discriminator(fake.detach())).backward()
    d_adam.step()
    g_adam.zero_grad()
    games.non_saturating_generator_loss(discriminator(fake)).backward()
    g_adam.step()
    return torch.nn.utils.parameters_to_vector([*discriminator.parameters(), *generator.parameters()]).detach()


def _generator_gradient(generator: torch.nn.Module, discriminator: torch.nn.Module, z: torch.Tensor) -> torch.Tensor:
    """What G's last bias receives in one step of the non-saturating game: (784,)."""
    loss = games.non_saturating_generator_loss(discriminator(generator(z)))
    return torch.autograd.grad(loss, generator.fc2.bias)[0]


def _output_padding(n: int, k: int, s: int, p: int) -> int:
    """What brings a transposed convolution back to n, found by trying."""
    small = arithmetic.conv_size(n, k, s, p)
    return next(o for o in range(s) if arithmetic.conv_transpose_size(small, k, s, p, o) == n)


def _stamps(x: torch.Tensor, kernel: torch.Tensor, stride: int) -> torch.Tensor:
    return torch.nn.functional.conv_transpose1d(x[None, None], kernel[None, None], stride=stride)[0, 0]


def _transposed_macs(n: int, c_in: int, c_out: int, k: int) -> int:
    return cost(torch.nn.ConvTranspose2d(c_in, c_out, k, 2, bias=False), (c_in, n, n))[0].macs


def _value(real_logits: torch.Tensor, fake_logits: torch.Tensor) -> torch.Tensor:
    return -games.discriminator_loss(real_logits, fake_logits)


def _frozen_step(generator: torch.nn.Module, discriminator: torch.nn.Module, z: torch.Tensor) -> torch.Tensor:
    """The length of G's gradient; how many of D's weights hold one (none), and how many can get one (all)."""
    loss = games.non_saturating_generator_loss(discriminator(generator(z)))
    grads = torch.autograd.grad(loss, list(generator.parameters()))
    return torch.tensor([torch.cat([g.flatten() for g in grads]).norm(), 0, len(list(discriminator.parameters()))])


def _class_gradient(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    return (logits.softmax(1) - torch.nn.functional.one_hot(labels, logits.shape[1])) / len(labels)


def _recall(real: torch.Tensor, fake: torch.Tensor, radii_of_fake: torch.Tensor) -> float:
    return ((real[:, None] - fake[None]).norm(dim=2) <= radii_of_fake).any(1).double().mean().item()


def _epochs(n: int, batch: int, epochs: int, rng: torch.Generator) -> torch.Tensor:
    orders = [torch.randperm(n, generator=rng) for _ in range(epochs)]
    return torch.stack([order[: n // batch * batch].reshape(-1, batch) for order in orders])


def _block(c_in: int, c_out: int, k: int) -> int:
    block = torch.nn.ConvTranspose2d(c_in, c_out, k, 2), torch.nn.BatchNorm2d(c_out)
    return sum(p.numel() for layer in block for p in layer.parameters())


def _normalised(x: torch.Tensor) -> torch.Tensor:
    """BatchNorm's output, and its running mean after one batch with momentum 0.8."""
    norm = torch.nn.BatchNorm2d(x.shape[1], momentum=0.8)
    return torch.cat([norm(x).flatten(), norm.running_mean])


def _quiet(network: type[torch.nn.Module], *arguments: object, **settings: object) -> torch.nn.Module:
    """A small network in eval mode, always with the same weights, which leaves torch's random numbers alone."""
    with isolated_rng(), torch.no_grad():
        built = network(*arguments, **settings).eval()
        for weight in built.parameters():
            weight *= 3  # so that every input, the label too, makes a difference that one can see
    return built


def _own_labels(
    discriminator: torch.nn.Module, real: torch.Tensor, y: torch.Tensor, fake: torch.Tensor, asked: torch.Tensor
) -> torch.Tensor:
    """A CGAN's loss of D whose fakes were drawn for labels of their own."""
    return games.discriminator_loss(discriminator(real, y), discriminator(fake, asked))


def _label_columns(table: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    split = weight.shape[1] - table.shape[1]
    return torch.cat([weight[:, :split], weight[:, split:] @ table.T], dim=1)


PAIRS = torch.tensor([2, 0, 1]), torch.tensor([0, 1, 1])  # labels of real pictures, and those asked for


def _between(real: torch.Tensor, fake: torch.Tensor, rng: torch.Generator) -> torch.Tensor:
    epsilon = torch.rand(len(real), 1, 1, 1, generator=rng)
    return epsilon * real + (1 - epsilon) * fake


def _inception_score(p: torch.Tensor) -> torch.Tensor:
    """From class probabilities (n, classes)."""
    marginal = p.mean(0)
    return (torch.xlogy(p, p) - torch.xlogy(p, marginal)).sum(1).mean().exp()


def _spread(size: int, seed: int) -> torch.Tensor:
    """A covariance matrix."""
    x = torch.randn(2 * size, size, generator=torch.Generator().manual_seed(seed))
    return torch.cov(x.T)


def _frechet(cov1: torch.Tensor, cov2: torch.Tensor) -> torch.Tensor:
    """Between two Gaussians with the same mean."""
    return cov1.trace() + cov2.trace() - 2 * torch.linalg.eigvals(cov1 @ cov2).real.clamp_min(0).sqrt().sum()


def _copies(fake: torch.Tensor, train: torch.Tensor, test: torch.Tensor) -> torch.Tensor:
    """How far fakes are from the training pictures, divided by how far test pictures are; medians."""
    return torch.cdist(fake, train).amin(1).median() / torch.cdist(test, train).amin(1).median()


HEAPS = (_logits(1, 5)[0].softmax(0), _logits(2, 5)[1].softmax(0)), (torch.ones(2) / 2, torch.tensor([0.1, 0.9]))

EXERCISES = {
    "best-d": Exercise(lambda p, q: divergences.best_discriminator(p, q), HEAPS),
    "jsd": Exercise(lambda p, q: divergences.jsd(p, q, 1.0), HEAPS),
    "w1": Exercise(
        lambda p, q: divergences.wasserstein(p, q, 1.0),
        (*HEAPS, (torch.tensor([0.5, 0.0, 0.5]), torch.tensor([0.0, 1.0, 0.0]))),
    ),
    "gradient-ratio": Exercise(lambda d: 1 / d - 1, ((0.01,), (0.5,), (0.9,))),
    "value": Exercise(_value, ((_logits(6, 1), _logits(5, 1)), (torch.full((2, 1), -200.0), torch.full((2, 1), 90.0)))),
    "conv-size": Exercise(
        lambda n, k, s, p, d: arithmetic.conv_size(n, k, s, p, d),
        ((96, 4, 2, 1, 1), (7, 4, 2, 1, 1), (28, 5, 3, 2, 2), (9, 3, 4, 0, 1)),
    ),
    "output-padding": Exercise(_output_padding, ((7, 3, 2, 1), (8, 3, 2, 1), (31, 5, 4, 2), (13, 2, 3, 0))),
    "stamps": Exercise(_stamps, ((torch.ones(3), torch.ones(3), 2), (_logits(1, 5)[0], _logits(1, 4)[0], 3))),
    "transposed-macs": Exercise(_transposed_macs, ((4, 1024, 512, 4), (7, 3, 5, 3))),
    "range": Exercise(to_range, ((torch.tensor([0, 51, 255], dtype=torch.uint8),),)),
    "generator-loss": Exercise(
        games.non_saturating_generator_loss,
        ((torch.zeros(1, 1),), (_logits(8, 1),), (torch.full((2, 1), -200.0),)),
    ),
    "one-update": Exercise(
        _one_update,
        ((*MLP_FASHION.build(), _logits(8, 1, 28, 28).tanh(), latent.z_from_seed(6, n=8)),),
        used=True,
    ),
    "generator-gradient": Exercise(_generator_gradient, ((*MLP_FASHION.build(), latent.z_from_seed(5, n=8)),)),
    "evenness": Exercise(
        lambda shares: torch.special.entr(shares).sum().exp(),
        ((torch.full((10,), 0.1),), (_logits(1, 6)[0].softmax(0),), (torch.tensor([0.5, 0.0, 0.5]),)),
    ),
    "recall": Exercise(_recall, ((_logits(40, 3), _logits(20, 3) + 1, torch.linspace(0.2, 3, 20)),)),
    "block": Exercise(_block, ((512, 256, 4), (3, 5, 2))),
    "eps": Exercise(_normalised, ((0.1 * _logits(4, 3, 2, 2),),)),
    "shuffle": Exercise(_epochs, ((10, 3, 2, torch.Generator().manual_seed(1)),)),
    "shared-gradient": Exercise(lambda logit: 2 * logit.sigmoid() - 1, ((_logits(5, 1),),)),
    "joint-d": Exercise(lambda p, q: (p + q) / (p + 2 * q), HEAPS),
    "frozen": Exercise(_frozen_step, ((*MLP_FASHION.build(), latent.z_from_seed(4, n=8)),)),
    "norm-gradient": Exercise(
        lambda x: x / x.norm().clamp_min(1e-12), ((_logits(1, 3)[0],), (1e-6 * _logits(1, 3)[0],), (torch.zeros(3),))
    ),
    "class-gradient": Exercise(_class_gradient, ((_logits(4, 10), torch.tensor([3, 0, 9, 3])),)),
    "spherical": Exercise(
        latent.spherical,
        (
            (torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0]), 3),
            (_logits(2, 100)[0], _logits(2, 100)[1], 5),
        ),
    ),
    "one-z": Exercise(
        lambda generator, z: torch.cat([generator(z[None], torch.tensor([k])) for k in range(generator.classes)]),
        ((_quiet(CGANGenerator, 3, 4, (1, 4, 4), 4), _logits(1, 3)[0]),),
    ),
    "whose-label": Exercise(
        _own_labels,
        ((_quiet(CGANDiscriminator, (1, 4, 4), 3, 4), _logits(3, 1, 4, 4), PAIRS[0], _logits(3, 1, 4, 4), PAIRS[1]),),
    ),
    "partners": Exercise(
        games.ACGAN.g_loss,
        ((_quiet(ACGANMLPDiscriminator, (1, 4, 4), 3, 4), _logits(3, 1, 4, 4).tanh(), PAIRS[1]),),
    ),
    "softmax-twice": Exercise(
        lambda features, weight, y: torch.nn.functional.cross_entropy(features @ weight.T, y),
        ((_logits(3, 5), _logits(4, 5), PAIRS[0]),),
    ),
    "label-columns": Exercise(_label_columns, ((_logits(4, 2), _logits(3, 7)),)),
    "class-accuracy": Exercise(
        lambda logits, y: (logits.argmax(1) == y).double().mean(),
        ((_logits(3, 4), PAIRS[0]), (_logits(3, 4), PAIRS[1])),
    ),
    "steepest": Exercise(
        transport.steepest,
        (
            (_logits(5, 1)[:, 0], _logits(5, 2)),
            (torch.tensor([0.0, 1.0, 5.0, -3.0]), torch.tensor([[0.0], [2.0], [4.0], [4.5]])),
        ),
    ),
    "parallel-lines": Exercise(
        lambda theta: torch.tensor([math.log(2) if theta else 0.0, abs(theta)]), ((0.5,), (0.0,), (-2.0,))
    ),
    "penalised-slope": Exercise(lambda w, weight: 1 + w / (2 * weight), ((0.7, 1.0), (5.0, 10.0))),
    "between": Exercise(
        _between, ((_logits(4, 3, 2, 2), _logits(4, 3, 2, 2).flip(0), torch.Generator().manual_seed(2)),)
    ),
    "penalty": Exercise(
        lambda gradient: (gradient.flatten(1).norm(dim=1) - 1).square().mean(),
        ((_logits(4, 3, 2, 2),), (0.1 * _logits(2, 1, 3, 3),)),
    ),
    "estimate": Exercise(lambda loss, penalty, weight: weight * penalty - loss, ((-3.7, 0.03, 10.0), (0.5, 0.2, 1.0))),
    "best-accuracy": Exercise(lambda p, q: torch.maximum(p, q).sum() / 2, HEAPS),
    "inception-score": Exercise(_inception_score, ((_logits(6, 4).softmax(1),), (torch.eye(3).repeat(2, 1),))),
    "frechet-line": Exercise(
        lambda mu1, sigma1, mu2, sigma2: (mu1 - mu2) ** 2 + (sigma1 - sigma2) ** 2,
        ((0.0, 1.0, 0.0, 1.0), (1.0, 0.5, -0.5, 2.5), (0.0, 1.0, 3.0, 1.0)),
    ),
    "frechet-matrix": Exercise(_frechet, ((torch.eye(2), 4 * torch.eye(2)), (_spread(3, 1), _spread(3, 2)))),
    "precision": Exercise(
        lambda real, fake, radii: _recall(fake, real, radii),
        ((_logits(30, 3), _logits(20, 3) + 1, torch.linspace(0.2, 3, 30)),),
    ),
    "copies": Exercise(_copies, ((_logits(9, 3) + 0.3, _logits(12, 3), _logits(7, 3) - 1),)),
    "endless": Exercise(
        lambda n1, d1, n2, d2: (n1 * d1 - n2 * d2) / (n1 - n2), ((1_000, 12.0, 10_000, 10.2), (250, 9.0, 500, 5.0))
    ),
}


def check(name: str, answer: Callable) -> None:
    """Try an answer and print whether it is right; it never raises for a wrong one.

    Args:
        name: the exercise.
        answer: the reader's function.

    Raises:
        BadInput: there is no such exercise.
    """
    one_of("exercise", name, EXERCISES)
    exercise = EXERCISES[name]
    for arguments in exercise.tries:
        expected = exercise.reference(*exercise.arguments(arguments))
        try:
            given = answer(*exercise.arguments(arguments))
            if given is None:
                print("not yet: the function gives back None")
                return
            torch.testing.assert_close(
                torch.as_tensor(given), torch.as_tensor(expected), rtol=1e-3, atol=1e-4, check_dtype=False
            )
        except Exception as error:
            print(f"not yet: for the arguments {_short(arguments)}\n{str(error).strip()}")
            return
    print("right")


def _short(arguments: tuple) -> str:
    def words(argument: object) -> str:
        if isinstance(argument, torch.nn.Module):
            return type(argument).__name__
        large = torch.is_tensor(argument) and argument.numel() > 4
        if isinstance(argument, torch.Generator):
            return "a generator of random numbers"
        return f"tensor {tuple(argument.shape)}" if large else repr(argument)

    return ", ".join(map(words, arguments))
