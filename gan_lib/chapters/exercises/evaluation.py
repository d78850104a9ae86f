"""Chapter 8: when is a sample good enough?"""

from __future__ import annotations

import torch
from torch import Tensor

from gan_lib.chapters.exercises.exercise import HEAPS, Exercise, logits, recall


def _inception_score(p: Tensor) -> Tensor:
    """From class probabilities (n, classes)."""
    marginal = p.mean(0)
    return (torch.xlogy(p, p) - torch.xlogy(p, marginal)).sum(1).mean().exp()


def _spread(size: int, seed: int) -> Tensor:
    """A covariance matrix."""
    x = torch.randn(2 * size, size, generator=torch.Generator().manual_seed(seed))
    return torch.cov(x.T)


def _frechet(cov1: Tensor, cov2: Tensor) -> Tensor:
    """Between two Gaussians with the same mean."""
    return cov1.trace() + cov2.trace() - 2 * torch.linalg.eigvals(cov1 @ cov2).real.clamp_min(0).sqrt().sum()


def _copies(fake: Tensor, train: Tensor, test: Tensor) -> Tensor:
    """How far fakes are from the training pictures, divided by how far test pictures are; medians."""
    return torch.cdist(fake, train).amin(1).median() / torch.cdist(test, train).amin(1).median()


EXERCISES = {
    "best-accuracy": Exercise(lambda p, q: torch.maximum(p, q).sum() / 2, HEAPS),
    "inception-score": Exercise(_inception_score, ((logits(6, 4).softmax(1),), (torch.eye(3).repeat(2, 1),))),
    "frechet-line": Exercise(
        lambda mu1, sigma1, mu2, sigma2: (mu1 - mu2) ** 2 + (sigma1 - sigma2) ** 2,
        ((0.0, 1.0, 0.0, 1.0), (1.0, 0.5, -0.5, 2.5), (0.0, 1.0, 3.0, 1.0)),
    ),
    "frechet-matrix": Exercise(_frechet, ((torch.eye(2), 4 * torch.eye(2)), (_spread(3, 1), _spread(3, 2)))),
    "precision": Exercise(
        lambda real, fake, radii: recall(fake, real, radii),
        ((logits(30, 3), logits(20, 3) + 1, torch.linspace(0.2, 3, 30)),),
    ),
    "copies": Exercise(_copies, ((logits(9, 3) + 0.3, logits(12, 3), logits(7, 3) - 1),)),
    "endless": Exercise(
        lambda n1, d1, n2, d2: (n1 * d1 - n2 * d2) / (n1 - n2), ((1_000, 12.0, 10_000, 10.2), (250, 9.0, 500, 5.0))
    ),
}
