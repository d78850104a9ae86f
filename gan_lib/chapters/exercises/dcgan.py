"""Chapter 4: DCGAN."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from gan_lib.chapters.exercises.exercise import Exercise, logits, recall


def _block(c_in: int, c_out: int, k: int) -> int:
    block = nn.ConvTranspose2d(c_in, c_out, k, 2), nn.BatchNorm2d(c_out)
    return sum(p.numel() for layer in block for p in layer.parameters())


def _normalised(x: Tensor, **options: float) -> Tensor:
    """BatchNorm's output, and its running mean after one batch."""
    norm = nn.BatchNorm2d(x.shape[1], **options)
    return torch.cat([norm(x).flatten(), norm.running_mean])


def _epochs(n: int, batch: int, orders: list[Tensor]) -> Tensor:
    return torch.stack([order[: n // batch * batch].reshape(-1, batch) for order in orders])


def _orders(n: int, epochs: int, rng: torch.Generator) -> list[Tensor]:
    return [torch.randperm(n, generator=rng) for _ in range(epochs)]


def _batches_shuffled(n: int, batch: int, epochs: int, rng: torch.Generator) -> Tensor:
    return torch.stack(
        [each[torch.randperm(n // batch, generator=rng)] for each in _epochs(n, batch, _sorted(n, epochs))]
    )


def _sorted(n: int, epochs: int) -> list[Tensor]:
    return [torch.arange(n)] * epochs


def _within(real: Tensor, fake: Tensor, radii: Tensor) -> Tensor:
    """Which real point (n) lies in which fake one's ball (m)."""
    return torch.cdist(real, fake) <= radii


def _nearest_ball(real: Tensor, fake: Tensor, radii: Tensor) -> Tensor:
    distance, nearest = torch.cdist(real, fake).min(1)
    return (distance <= radii[nearest]).double().mean()


def _entropy(shares: Tensor) -> Tensor:
    return torch.special.entr(shares).sum()


def _letter(letter: str) -> Callable[[], str]:
    return lambda: letter


EXERCISES = {
    "fewest-kinds": Exercise(
        _letter("c"),
        mistakes={
            "a grid of dots is a poor surface. Now count the kinds below it: tops, shoes, a bag.": _letter("a"),
            "these are soft and torn. But is any picture of this row a repetition of another?": _letter("b"),
            "this row is the best of the four: compare any two of its pictures.": _letter("d"),
        },
    ),
    "flat-losses": Exercise(
        _letter("b"),
        mistakes={
            "a balance says that neither is ahead. Does it say that the pictures are good?": _letter("a"),
            "a D that learns nothing more would soon lose against a G that does. Does it lose here?": _letter("c"),
            "a loss does not see which kinds are missing. What would show a collapse?": _letter("d"),
        },
    ),
    "evenness": Exercise(
        lambda shares: _entropy(shares).exp(),
        ((torch.full((10,), 0.1),), (logits(1, 6)[0].softmax(0),), (torch.tensor([0.5, 0.0, 0.5]),)),
        {
            "this is the entropy itself. Ten equal classes should give 10.": _entropy,
            "your logarithm and your power have different bases.": lambda shares: 2 ** _entropy(shares),
            "entropy is a sum over the classes, not a mean.": lambda shares: torch.special.entr(shares).mean().exp(),
            "look at the class with a share of 0: what is 0 · log 0 on a computer?": lambda shares: (
                (-shares * shares.log()).sum().exp()
            ),
        },
    ),
    "recall": Exercise(
        recall,
        ((logits(40, 3), logits(20, 3) + 1, torch.linspace(0.2, 3, 20)),),
        {
            "you count generated points that hold a real one. Of which points is recall a share?": lambda *points: (
                _within(*points).any(0).double().mean()
            ),
            "must a real point lie in every ball?": lambda *points: _within(*points).all(1).double().mean(),
            "this is the mean over all pairs. Ask first, for each real point: is there a ball?": lambda *points: (
                _within(*points).double().mean()
            ),
            "the nearest generated point may have a small ball, and one farther away a large ball.": _nearest_ball,
        },
    ),
    "block": Exercise(
        _block,
        ((512, 256, 4), (3, 5, 2)),
        {
            "BatchNorm learns something, too: how many numbers for each channel?": lambda c_in, c_out, k: (
                (c_in * k**2 + 1) * c_out
            ),
            "a convolution has a bias unless one says otherwise.": lambda c_in, c_out, k: (c_in * k**2 + 2) * c_out,
            "running means and variances are measured, not learned.": lambda c_in, c_out, k: (c_in * k**2 + 5) * c_out,
            "the kernel has rows and columns.": lambda c_in, c_out, k: (c_in * k + 3) * c_out,
        },
    ),
    "eps": Exercise(
        lambda x: _normalised(x, momentum=0.2),
        ((0.1 * logits(4, 3, 2, 2),),),
        {
            "the output is far too narrow: what is BatchNorm2d's second argument?": lambda x: _normalised(x, eps=0.8),
            "which part of the new batch goes into the running mean now, and which in Keras?": lambda x: _normalised(
                x, momentum=0.8
            ),
            "this is PyTorch's own momentum. Which one does Keras's 0.8 correspond to?": _normalised,
        },
    ),
    "shuffle": Exercise(
        lambda n, batch, epochs, rng: _epochs(n, batch, _orders(n, epochs, rng)),
        ((10, 3, 2, torch.Generator().manual_seed(1)),),
        {
            "these are the same batches in each epoch, in the order of the file.": lambda n, batch, epochs, rng: (
                _epochs(n, batch, _sorted(n, epochs))
            ),
            "each epoch needs an order of its own; yours repeats the first one.": lambda n, batch, epochs, rng: _epochs(
                n, batch, _orders(n, 1, rng) * epochs
            ),
            "inside a batch the neighbours of the file are still together.": _batches_shuffled,
            "some pictures come twice in an epoch, and others not at all.": lambda n, batch, epochs, rng: _epochs(
                n, batch, [torch.randint(n, (n,), generator=rng) for _ in range(epochs)]
            ),
        },
    ),
}
