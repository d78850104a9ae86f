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


def _kid(x: Tensor, y: Tensor) -> Tensor:
    """Of points (n, d) and (m, d), the unbiased estimate."""

    def within(points: Tensor) -> Tensor:
        alike = (points @ points.T / points.shape[1] + 1) ** 3
        return (alike.sum() - alike.trace()) / (len(points) * (len(points) - 1))

    return within(x) + within(y) - 2 * ((x @ y.T / x.shape[1] + 1) ** 3).mean()


def _two_judges(a: Tensor, b: Tensor) -> int:
    """Distances (judges, draws) of A and B: 1 if each judge puts each draw of A nearer than each of B, −1 the other way
    round, else 0."""
    if (a.amax(1) < b.amin(1)).all():
        return 1
    return -1 if (b.amax(1) < a.amin(1)).all() else 0


def _distances(*rows: tuple[float, ...]) -> Tensor:
    return torch.tensor(rows)


ONE, OTHER = (9.9, 9.5, 9.7), (30.7, 30.4, 30.8)  # of judge 1
NEAR, FAR, BETWEEN = (1.2, 1.3, 1.1), (2.9, 2.7, 2.8), (1.4, 1.2, 1.6)  # of judge 2
VERDICTS = (  # A, B; each of the four ways in which a short cut goes wrong is among them
    (_distances(ONE, NEAR), _distances(OTHER, FAR)),  # A, says everybody
    (_distances(OTHER, FAR), _distances(ONE, NEAR)),  # B
    (_distances(ONE, FAR), _distances(OTHER, NEAR)),  # they disagree
    (_distances(ONE, BETWEEN), _distances(OTHER, NEAR)),  # by one of them it is chance
    (_distances(ONE, NEAR), _distances(OTHER, BETWEEN)),  # the means agree, the draws overlap
)

EXERCISES = {
    "best-accuracy": Exercise(lambda p, q: torch.maximum(p, q).sum() / 2, HEAPS),
    "inception-score": Exercise(_inception_score, ((logits(6, 4).softmax(1),), (torch.eye(3).repeat(2, 1),))),
    "frechet-matrix": Exercise(_frechet, ((torch.eye(2), 4 * torch.eye(2)), (_spread(3, 1), _spread(3, 2)))),
    "kid": Exercise(_kid, ((logits(6, 3), logits(9, 3) / 2), (torch.eye(3), torch.eye(3)[:2]))),
    "two-judges": Exercise(_two_judges, VERDICTS),
    "precision": Exercise(
        lambda real, fake, radii: recall(fake, real, radii),
        ((logits(30, 3), logits(20, 3) + 1, torch.linspace(0.2, 3, 30)),),
    ),
    "copies": Exercise(_copies, ((logits(9, 3) + 0.3, logits(12, 3), logits(7, 3) - 1),)),
    "endless": Exercise(
        lambda n1, d1, n2, d2: (n1 * d1 - n2 * d2) / (n1 - n2), ((1_000, 12.0, 10_000, 10.2), (250, 9.0, 500, 5.0))
    ),
}
