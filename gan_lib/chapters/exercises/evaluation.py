"""Chapter 8: when is a sample good enough?"""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor

from gan_lib.chapters.exercises.exercise import HEAPS, Exercise, logits

SIZES = 50, 100, 200, 400, 800, 1600  # points that each of `four_sets` shows


def _best_accuracy(p: Tensor, q: Tensor, real: float) -> Tensor:
    """Of the best D, on densities p of real pictures and q of generated ones; `real` is the share of real ones."""
    return torch.maximum(real * p, (1 - real) * q).sum()


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


def _coverage(real: Tensor, fake: Tensor, radii_of_real: Tensor) -> Tensor:
    """The share of real points (n, d) whose ball, of these radii (n,), holds at least one fake one (m, d)."""
    return (torch.cdist(real, fake) <= radii_of_real[:, None]).any(1).double().mean()


def _enough(n1: int, d1: float, n2: int, d2: float) -> float:
    """From how many pictures on d is at most a tenth above that of infinitely many; d is falling like 1/n."""
    bias = (d1 - d2) / (1 / n1 - 1 / n2)
    return 10 * bias / (d1 - bias / n1)


def _copies(fake: Tensor, train: Tensor, test: Tensor) -> Tensor:
    """How far fakes are from the training pictures, divided by how far test pictures are; medians."""
    return _nearest(fake, train).median() / _nearest(test, train).median()


def _kid(x: Tensor, y: Tensor) -> Tensor:
    """Of points (n, d) and (m, d), the unbiased estimate."""

    def within(points: Tensor) -> Tensor:
        alike = _alike(points, points)
        return (alike.sum() - alike.trace()) / (len(points) * (len(points) - 1))

    return within(x) + within(y) - 2 * _alike(x, y).mean()


def _two_judges(a: Tensor, b: Tensor) -> int:
    """Distances (judges, draws) of A and B: 1 if each judge puts each draw of A nearer than each of B, −1 the other way
    round, else 0."""
    if (a.amax(1) < b.amin(1)).all():
        return 1
    return -1 if (b.amax(1) < a.amin(1)).all() else 0


def _nearest(points: Tensor, train: Tensor) -> Tensor:
    return torch.cdist(points, train).amin(1)


def _root(cov: Tensor) -> Tensor:
    values, vectors = torch.linalg.eigh(cov)
    return (vectors * values.clamp_min(0).sqrt()) @ vectors.T


def _alike(a: Tensor, b: Tensor) -> Tensor:
    return (a @ b.T / a.shape[1] + 1) ** 3


def _kid_over_squares(x: Tensor, y: Tensor) -> Tensor:
    """Without the diagonal, but divided as if it were there."""
    within = sum((_alike(p, p).sum() - _alike(p, p).trace()) / len(p) ** 2 for p in (x, y))
    return within - 2 * _alike(x, y).mean()


def _kid_without_diagonals(x: Tensor, y: Tensor) -> Tensor:
    """The pairs across lose a diagonal as well."""
    across, pairs = _alike(x, y), x.shape[0] * y.shape[0]
    return _kid(x, y) + 2 * across.mean() - 2 * (across.sum() - across.trace()) / (pairs - min(across.shape))


def _biased_kid(x: Tensor, y: Tensor) -> Tensor:
    """With each point beside itself."""
    return _alike(x, x).mean() + _alike(y, y).mean() - 2 * _alike(x, y).mean()


@cache
def four_sets() -> dict[str, list[float]]:
    """Fréchet distances of four sets to the same 2,000 test points, at each of `SIZES`; means over ten draws. The sets:
    one that is a little too narrow, new points of the test points' own kind, copies of test points, one point alone."""
    rng = torch.Generator().manual_seed(0)

    def points(n: int) -> Tensor:
        return torch.randn(n, 8, dtype=torch.float64, generator=rng)

    test = points(2000)
    sets = {
        "a": lambda n: 0.85 * points(n) + 0.1,
        "b": lambda n: test[torch.randperm(len(test), generator=rng)[:n]],
        "c": lambda n: test[:1] + 0.01 * points(n),
        "d": points,
    }
    return {
        letter: [sum(_to_cloud(draw(n), test).item() for _ in range(10)) / 10 for n in SIZES]
        for letter, draw in sets.items()
    }


def _to_cloud(points: Tensor, cloud: Tensor) -> Tensor:
    return (points.mean(0) - cloud.mean(0)).square().sum() + _frechet(torch.cov(points.T), torch.cov(cloud.T))


def _distances(*rows: tuple[float, ...]) -> Tensor:
    return torch.tensor(rows)


ONE, OTHER = (9.9, 9.5, 9.7), (30.7, 30.4, 30.8)  # of judge 1
NEAR, FAR, BETWEEN = (1.2, 1.3, 1.1), (2.9, 2.7, 2.8), (1.4, 1.2, 1.6)  # of judge 2
VERDICTS = (  # A, B; each way in which a short cut goes wrong is among them, alone where that is possible
    (_distances(ONE, NEAR), _distances(OTHER, FAR)),  # A, says everybody
    (_distances(OTHER, FAR), _distances(ONE, NEAR)),  # B
    (_distances(FAR, ONE), _distances(NEAR, OTHER)),  # they disagree, and the second one's numbers are larger
    (_distances(ONE, FAR), _distances(OTHER, NEAR)),  # they disagree
    (_distances(ONE, BETWEEN), _distances(OTHER, NEAR)),  # by one of them it is chance
    (_distances(ONE, NEAR), _distances(OTHER, BETWEEN)),  # the means agree, the draws overlap
)

EXERCISES = {
    "best-accuracy": Exercise(
        _best_accuracy,
        tuple((*heaps, real) for heaps, real in zip(HEAPS, (0.3, 0.8), strict=True)),
        {
            "your D has not heard that one of the two kinds comes more often.": lambda p, q, real: (
                torch.maximum(p, q).sum() / 2
            ),
            "p belongs to the real pictures: which share is theirs?": lambda p, q, real: _best_accuracy(q, p, real),
            "a D that always gives the same answer reaches this; the best one looks at each place.": (
                lambda p, q, real: max(real, 1 - real)
            ),
            "the best D decides by both, the densities and how often each kind comes.": lambda p, q, real: torch.where(
                p > q, real * p, (1 - real) * q
            ).sum(),
        },
    ),
    "inception-score": Exercise(
        _inception_score,
        ((logits(6, 4).softmax(1),), (torch.eye(3).repeat(2, 1),)),
        {
            "this is the logarithm of the score.": lambda p: _inception_score(p).log(),
            "the KL of each row is a sum over the classes, and then comes a mean over the pictures.": lambda p: (
                (torch.xlogy(p, p) - torch.xlogy(p, p.mean(0))).mean().exp()
            ),
            "you compare with equal shares of the classes, not with the mean of these rows.": lambda p: (
                (torch.xlogy(p, p) + p * torch.tensor(float(p.shape[1])).log()).sum(1).mean().exp()
            ),
            "first the mean, then the exponential.": lambda p: (
                (torch.xlogy(p, p) - torch.xlogy(p, p.mean(0))).sum(1).exp().mean()
            ),
            "0 · log 0 should count as 0, and p.log() makes it NaN: torch.xlogy knows it.": lambda p: (
                (p * (p / p.mean(0)).log()).sum(1).mean().exp()
            ),
        },
    ),
    "frechet-matrix": Exercise(
        _frechet,
        ((torch.eye(2), 4 * torch.eye(2)), (_spread(3, 1), _spread(3, 2))),
        {
            "this is the root of each entry; the root of a matrix, times itself, gives the matrix.": (
                lambda cov1, cov2: (cov1 + cov2 - 2 * (cov1 @ cov2).abs().sqrt()).trace()
            ),
            "the root of the trace is not the trace of the root.": lambda cov1, cov2: (
                cov1.trace() + cov2.trace() - 2 * (cov1 @ cov2).trace().sqrt()
            ),
            "the root of a product is the product of the roots only where the two matrices commute.": (
                lambda cov1, cov2: (_root(cov1) - _root(cov2)).square().sum()
            ),
            "in the formula the root stands twice.": lambda cov1, cov2: (
                (_frechet(cov1, cov2) + cov1.trace() + cov2.trace()) / 2
            ),
        },
    ),
    "kid": Exercise(
        _kid,
        ((logits(6, 3), logits(9, 3) / 2), (torch.eye(3), torch.eye(3)[:2])),
        {
            "each point still stands beside itself, where it is most alike.": _biased_kid,
            "a factor cannot mend it: which pairs have to go?": lambda x, y: _biased_kid(x, y) * len(x) / (len(x) - 1),
            "the pairs of a point with itself are gone, but you still divide by n².": lambda x, y: _kid_over_squares(
                x, y
            ),
            "a pair of a real and a generated point is never one point twice: keep all of those.": (
                lambda x, y: _kid_without_diagonals(x, y)
            ),
        },
    ),
    "two-judges": Exercise(
        _two_judges,
        VERDICTS,
        {
            "the means agree, but do the draws overlap?": lambda a, b: torch.sign((b.mean(1) - a.mean(1)).sign().sum()),
            "one sure judge is not enough for a sentence about pictures.": lambda a, b: (
                int((a.amax(1) < b.amin(1)).any()) - int((b.amax(1) < a.amin(1)).any())
            ),
            "this is the first judge's word alone.": lambda a, b: torch.sign(b[0].mean() - a[0].mean()),
            "a mean over two judges mixes two units, and the larger one decides alone.": lambda a, b: torch.sign(
                b.mean() - a.mean()
            ),
            "B can win, too.": lambda a, b: int((a.amax(1) < b.amin(1)).all()),
        },
    ),
    "coverage": Exercise(
        _coverage,
        ((logits(30, 3), logits(20, 3) + 1, torch.linspace(0.2, 3, 30)),),
        {
            "this is precision: it counts generated points. Which kind is counted here?": lambda real, fake, radii: (
                (torch.cdist(real, fake) <= radii[:, None]).any(0).double().mean()
            ),
            "one generated point in a ball is enough.": lambda real, fake, radii: (
                (torch.cdist(real, fake) <= radii[:, None]).all(1).double().mean()
            ),
            "a ball with many generated points counts once, like one with a single point.": lambda real, fake, radii: (
                (torch.cdist(real, fake) <= radii[:, None]).double().mean()
            ),
            "every real point has a radius of its own.": lambda real, fake, radii: (
                (torch.cdist(real, fake) <= radii.mean()).any(1).double().mean()
            ),
        },
    ),
    "copies": Exercise(
        _copies,
        ((logits(9, 3) + 0.3, logits(12, 3), logits(7, 3) - 1),),
        {
            "how far is a training picture from the nearest training picture?": lambda fake, train, test: (
                _nearest(fake, train).median() / _nearest(train, train).median()
            ),
            "the fakes must be compared with what the generator has seen.": lambda fake, train, test: (
                _nearest(fake, test).median() / _nearest(test, train).median()
            ),
            "test pictures belong below the line: they show what new means.": lambda fake, train, test: (
                _nearest(test, train).median() / _nearest(fake, train).median()
            ),
            "take medians; one far picture moves a mean.": lambda fake, train, test: (
                _nearest(fake, train).mean() / _nearest(test, train).mean()
            ),
        },
    ),
    "enough": Exercise(
        _enough,
        ((1_000, 12.0, 10_000, 10.2), (250, 9.0, 500, 5.5)),
        {
            "the second distance still holds a bias of its own: a tenth of what do you need?": lambda n1, d1, n2, d2: (
                10 * (d1 - d2) / (1 / n1 - 1 / n2) / d2
            ),
            "you found the bias b and the end, but where does b/n equal a tenth of it?": lambda n1, d1, n2, d2: (
                0.1 * (d1 - d2) / (1 / n1 - 1 / n2) / ((n1 * d1 - n2 * d2) / (n1 - n2))
            ),
            "that is the distance of infinitely many pictures; the question is how many are enough.": (
                lambda n1, d1, n2, d2: (n1 * d1 - n2 * d2) / (n1 - n2)
            ),
            "the straight line is one over 1/n, not over n.": lambda n1, d1, n2, d2: (
                n1 + (n2 - n1) * (d1 - 1.1 * d2) / (d1 - d2)
            ),
        },
    ),
    "which-leaks": Exercise(
        lambda: min(four_sets(), key=lambda letter: four_sets()[letter][-1]),
        mistakes={
            "this one comes to rest above others: it draws something that the test points are not.": lambda: "a",
            "one point, shown often, has no bias. What would copies of test points do as their number grows?": (
                lambda: "c"
            ),
            "this one falls like 1/n. Is there one that falls faster, at the end?": lambda: "d",
        },
    ),
    "would-you-print": Exercise(
        lambda: "c",
        mistakes={
            "one training of each: is that enough for a sentence about methods?": lambda: "a",
            "both judges looked at the pictures. Do they say the same?": lambda: "b",
            "does either judge find the two equal?": lambda: "d",
        },
    ),
}
