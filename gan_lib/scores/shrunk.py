"""What shrinking z does to a generator's scores: more samples look real, less of the real is there."""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from gan_lib.errors import BadInput, one_of
from gan_lib.machine.given import finite, listed, whole
from gan_lib.scores import metrics

PSIS = (0.3, 0.5, 0.7, 0.85, 1.0, 1.15)


def scores_by_psi(
    generator: nn.Module,
    psis: Sequence[float] = PSIS,
    *,
    n: int = metrics.SAMPLES,
    seed: int = metrics.REPORT_SEED,
    dataset: str = "fashion-mnist",
) -> dict[float, dict[str, float]]:
    """The scores of the samples G(ψ · z), for each ψ.

    To shrink z towards its mean, which is 0, is what Karras et al. 2019 (appendix B) do with w: w̄ + ψ · (w − w̄). Brock
    et al. 2019 (section 3.1) draw each number of z anew until it lies below a threshold, with the same aim.

    Args:
        generator: grey pictures of 28×28 or 32×32, any that `networks.brought` understands.
        psis: what z is multiplied by, each from 0 on.
        n: samples for each ψ, 4 or more. Precision and recall look at the first 5,000, the distance at all; 10,000 for
            numbers to compare with the book's. The same z for each ψ.
        seed: decides the z.
        dataset: "fashion-mnist" or "mnist", whose judge looks.

    Returns:
        ψ → "frechet" (≥ 0, 0 is best), "precision" and "recall" (0…1, see `Judge.precision_recall`), all three as the
        first judge sees the pictures, and "second", the distance as the second judge does.

    Raises:
        BadInput: no ψ or one below 0, too few samples, pictures or a data set that no judge knows.
    """
    one_of("data set", dataset, metrics.CLASSIFIERS)
    n = whole("n", n, metrics.NEIGHBOURS + 1)
    psis = [_psi(psi) for psi in listed("psis", psis)]
    if not psis:
        raise BadInput("psis is empty; give numbers from 0 on, for example (0.5, 0.7, 1.0).")
    return {psi: _scores(generator, psi, n, seed, dataset) for psi in psis}


def _psi(given: object) -> float:
    psi = finite("a ψ", given)
    if isinstance(given, bool) or psi < 0:
        raise BadInput(f"a ψ is {given}; choose a number from 0 on, where 1 leaves z as it is.")
    return psi


def _scores(generator: nn.Module, psi: float, n: int, seed: int, dataset: str) -> dict[str, float]:
    images = list(metrics.samples(generator, n, seed, psi=psi))
    side = images[0].shape[-1]
    first, second = metrics.judge(dataset, side), metrics.second_judge(dataset, side)
    scores = first.scores(metrics.look(first.classifier, images)[0])
    return scores | {"second": second.distance(metrics.look(second.classifier, images)[0])}
