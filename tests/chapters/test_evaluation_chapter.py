"""Chapter 8: its equations, derived another way; its scoreboard, against the command line's numbers."""

import re
from dataclasses import replace
from itertools import product

import nbformat
import numpy as np
import pytest
import torch
from scipy.stats import norm

from book.produce import BOOK
from gan_lib import runs
from gan_lib.chapters.exercises import EXERCISES
from gan_lib.errors import BadInput
from gan_lib.networks.classifier import SmallClassifier
from gan_lib.scores import metrics, scoreboard
from gan_lib.scores.kid import kid
from gan_lib.scores.metrics import Judge

CPU = torch.device("cpu")


def covariance(rng, size):
    x = rng.normal(size=(2 * size, size))
    return x.T @ x / (2 * size)


def judged_by(features):
    """A judge that has seen these features (n, 128) only."""
    points = torch.as_tensor(features, dtype=torch.float32)
    seen = points.double()
    sums = seen.sum(0), seen.T @ seen, torch.tensor(len(seen))
    return Judge(SmallClassifier(), dict(zip(metrics.MOMENTS, sums, strict=True)), points)


# ------------------------------------------------------------------------------------------ equations


def test_eq_best_accuracy_no_way_to_call_places_real_or_not_is_right_more_often():
    rng = np.random.default_rng(0)
    p, q = rng.dirichlet(np.ones(6), 2)
    right = [np.where(calls, p, q).sum() / 2 for calls in product((True, False), repeat=6)]  # all 64 of them
    variation = max(abs(p[list(s)].sum() - q[list(s)].sum()) for s in _subsets(6))  # TV by its other definition
    assert max(right) == pytest.approx(0.5 + variation / 2)
    reference = EXERCISES["best-accuracy"].reference(torch.from_numpy(p), torch.from_numpy(q), 0.5)
    assert max(right) == pytest.approx(reference.item())
    right = [np.where(calls, 0.3 * p, 0.7 * q).sum() for calls in product((True, False), repeat=6)]
    reference = EXERCISES["best-accuracy"].reference(torch.from_numpy(p), torch.from_numpy(q), 0.3)
    assert max(right) == pytest.approx(reference.item())


def _subsets(n):
    return [[i for i in range(n) if chosen[i]] for chosen in product((0, 1), repeat=n) if any(chosen)]


def test_eq_inception_score_is_the_exp_of_the_information_that_a_picture_gives_about_its_class():
    logits = 3 * torch.randn(50, 10, generator=torch.Generator().manual_seed(0))
    p = logits.softmax(1).double().numpy() / 50  # joint distribution of picture and class
    independent = np.outer(p.sum(1), p.sum(0))
    information = (p * np.log(p / independent)).sum()
    assert metrics.inception_score(logits) == pytest.approx(np.exp(information), rel=1e-5)


@pytest.mark.parametrize(("mu1", "s1", "mu2", "s2"), [(0, 1, 2, 0.5), (-1, 2, -1, 2), (0.3, 0.1, 0, 3)])
def test_eq_frechet_line_is_the_mean_squared_way_from_quantile_to_quantile(mu1, s1, mu2, s2):
    u = (np.arange(200_000) + 0.5) / 200_000
    way = ((norm.ppf(u, mu1, s1) - norm.ppf(u, mu2, s2)) ** 2).mean()
    assert (mu1 - mu2) ** 2 + (s1 - s2) ** 2 == pytest.approx(way, rel=1e-3, abs=1e-9)
    gaussians = [torch.tensor([float(x)], dtype=torch.float64) for x in (mu1, s1**2, mu2, s2**2)]
    mean_1, var_1, mean_2, var_2 = gaussians
    found = metrics.frechet(mean_1, var_1[None], mean_2, var_2[None])  # the formula of many dimensions, in one
    assert found.item() == pytest.approx(way, rel=1e-3, abs=1e-9)


def test_eq_frechet_is_the_least_mean_squared_way_and_what_the_judge_computes():
    """x → T x with T = Σ₁^-½ (Σ₁^½ Σ₂ Σ₁^½)^½ Σ₁^-½ carries one cloud onto the other's moments; no other plan with
    Gaussian pairs is cheaper (tried: many)."""
    rng = np.random.default_rng(0)
    cov_1, cov_2, shift = covariance(rng, 128), 2 * covariance(rng, 128), rng.normal(size=128)
    values, vectors = np.linalg.eigh(cov_1)
    root, inverse = ((vectors * values**power) @ vectors.T for power in (0.5, -0.5))
    middle, turned = np.linalg.eigh(root @ cov_2 @ root)
    carry = inverse @ (turned * np.sqrt(middle)) @ turned.T @ inverse
    np.testing.assert_allclose(carry @ cov_1 @ carry.T, cov_2, atol=1e-8)
    move = carry - np.eye(128)
    least = np.trace(move @ cov_1 @ move.T) + shift @ shift

    other = np.linalg.cholesky(cov_2) @ np.linalg.inv(np.linalg.cholesky(cov_1))  # another map with the right moments
    detour = other - np.eye(128)
    assert np.trace(detour @ cov_1 @ detour.T) + shift @ shift > least

    white = rng.normal(size=(500, 128))
    white -= white.mean(0)
    white = white @ np.linalg.inv(np.linalg.cholesky(np.cov(white.T))).T  # covariance exactly 1
    real, fake = white @ np.linalg.cholesky(cov_1).T, white[::-1] @ np.linalg.cholesky(cov_2).T + shift
    assert judged_by(real).distance(torch.tensor(fake.copy(), dtype=torch.float32)) == pytest.approx(least, rel=1e-3)


def test_eq_kid_compares_the_means_of_all_products_of_up_to_three_features():
    """(a·b/d + 1)³ = Σ (3 over k) (a·b/d)^k, and (a·b)^k is the product of all k-fold products of a with those of b. So
    with each point beside itself it is a squared distance of means; i ≠ j is n² such pairs less the n."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(7, 4)), rng.normal(size=(9, 4)) + 0.5

    def products(points):  # (n, d) → (n, 1 + d + d² + d³), all 0- to 3-fold products, weighted
        found = []
        for k, times in enumerate((1, 3, 3, 1)):
            terms = [np.prod(points[:, list(which)], axis=1) for which in product(range(4), repeat=k)]
            found += [np.sqrt(times / 4**k) * term * np.ones(len(points)) for term in terms]
        return np.stack(found, 1)

    def within(phi):
        total, n = phi.sum(0), len(phi)
        return (total @ total - (phi**2).sum()) / (n * (n - 1))

    p, q = products(x), products(y)
    expected = within(p) + within(q) - 2 * p.mean(0) @ q.mean(0)
    given = torch.tensor(x), torch.tensor(y)
    assert kid(*given) == pytest.approx(expected, rel=1e-4)
    assert EXERCISES["kid"].reference(*given).item() == pytest.approx(expected)
    shown = {}
    exec(_cell("def k(a, b)").split("\n\n\nsome")[0], shown)  # the functions on the page
    assert shown["kid"](*given) == pytest.approx(expected)


def _cell(start):
    """The source of the chapter's one cell that starts like this."""
    notebook = nbformat.read(BOOK / "08_evaluation.ipynb", as_version=4)
    (source,) = [cell.source for cell in notebook.cells if cell.source.startswith(start)]
    return source


def test_eq_precision_recall_point_by_point():
    rng = np.random.default_rng(0)
    real, fake = rng.normal(size=(30, 128)), rng.normal(size=(30, 128)) * 0.8 + 0.12

    def radius(points, i):
        return sorted(np.linalg.norm(points[i] - other) for other in points)[3]  # 0 is itself

    def share(points, centres):
        balls = [(centres[i], radius(centres, i)) for i in range(len(centres))]
        return np.mean([any(np.linalg.norm(x - c) <= r for c, r in balls) for x in points])

    found = judged_by(real).precision_recall(torch.tensor(fake, dtype=torch.float32))
    assert found == pytest.approx((share(fake, real), share(real, fake)))
    assert 0 < found[0] != found[1]


@pytest.mark.parametrize("n", [50, 400])
def test_eq_frechet_bias_a_perfect_generator_on_a_line_is_three_halves_of_its_variance_over_n_away(n):
    rng, sigma = np.random.default_rng(0), 2.0
    drawn = rng.normal(1.0, sigma, size=(20_000, n))
    distances = (drawn.mean(1) - 1) ** 2 + (drawn.std(1, ddof=1) - sigma) ** 2
    assert distances.mean() == pytest.approx(1.5 * sigma**2 / n, rel=0.05)


def test_the_line_over_1_over_n_leads_to_the_distance_of_infinitely_many():
    rng = np.random.default_rng(0)
    found = []
    for n in (200, 800):
        drawn = rng.normal(1.0, 2.0, size=(20_000, n))
        found += [n, (drawn.mean(1) ** 2 + (drawn.std(1, ddof=1) - 1) ** 2).mean()]  # from N(0, 1): 1 + 1
    (few, first), (many, second) = found[:2], found[2:]
    assert first > second > 2.001
    assert (few * first - many * second) / (few - many) == pytest.approx(2, abs=5e-3)
    exact = [few, 2 + 5 / few, many, 2 + 5 / many]  # mean² is off by σ²/n = 4/n, (width − 1)² by 1/n
    assert [first, second] == pytest.approx(exact[1::2], abs=5e-3)
    assert EXERCISES["enough"].reference(*exact) == pytest.approx(25)  # there 5/n is a tenth of 2


# ----------------------------------------------------------------------------------------- the scoreboard


# With labels in 28 pixels, and without in 32. In minutes, `python -m gan_lib evaluate --all` draws all of them anew.
ANEW = ("cgan-mnist", "wgan-gp-fashion")


@pytest.mark.parametrize("name", ANEW)
def test_the_scores_on_a_card_are_those_that_evaluate_draws_anew(name):
    anew, card = scoreboard.scores([name], CPU)[name], scoreboard.recorded([name])[name]
    for key in card.keys() - {"z"}:  # which begins with this draw, and has four more
        if key in ("dataset", "side", "from_card", "classes"):
            assert anew[key] == card[key]
        else:
            assert anew[key] == pytest.approx(card[key], rel=5e-3, abs=5e-3), key


def test_the_page_shows_each_recorded_run_with_its_distance():
    every = scoreboard.recorded(scoreboard.shipped())
    notebook = nbformat.read(BOOK / "08_evaluation.ipynb", as_version=4)
    cells = [cell for cell in notebook.cells if cell.source.startswith(("board(", "rest = "))]
    shown = "\n".join(output.data["text/plain"] for cell in cells for output in cell.outputs if "data" in output)
    for row in every.values():  # several seeds stand in one row, each with its number
        assert re.search(rf"(?<![\d.]){row['frechet']:.2f}(?!\d)", shown), row


def test_a_row_from_a_card_says_so_and_a_missing_score_is_a_dash():
    row = scoreboard.recorded(["dcgan-collapse", "mlp-fashion"])
    assert (row["dcgan-collapse"]["from_card"], row["mlp-fashion"]["from_card"]) == (True, False)
    head, kept, floor, collapsed, other_floor = scoreboard.as_text(row).splitlines()
    assert collapsed.startswith("dcgan-collapse *") and kept.startswith("mlp-fashion  ")
    assert collapsed.split()[-1] == kept.split()[-1] == "-" and head.split()[-1] == "accuracy"
    assert floor.startswith("real fashion-mnist 28") and other_floor.startswith("real fashion-mnist 32")


# ------------------------------------------------------------------------------- what these judges cannot see


@pytest.mark.parametrize(
    ("data", "shape", "said"),
    [
        (
            "digits",
            (1, 28, 28),
            "1×28×28 pictures of 'digits'; the judges see grey pictures of fashion-mnist",
        ),
        ("mine", (1, 28, 28), "pictures of 'mine'"),
        ("mnist", (3, 32, 32), "3×32×32 pictures of 'mnist'"),
        ("mnist", (1, 64, 64), "1×64×64 pictures"),
        ("mnist", (1, 28, 20), "1×28×20 pictures"),
    ],
)
def test_a_run_on_what_no_judge_knows_has_no_score(monkeypatch, data, shape, said):
    """Not a wrong one: the digits that stand in for Fashion-MNIST are not Fashion-MNIST."""
    shipped = runs.load("mlp-fashion")
    samples = {0: torch.zeros(8, *shape, dtype=torch.uint8)}
    run = replace(shipped, card=shipped.card | {"data": data}, samples=samples)
    monkeypatch.setattr(runs, "load", lambda name: run)
    for ask in (lambda: scoreboard.scores(["own"], CPU), lambda: scoreboard.recorded(["own"])):
        with pytest.raises(BadInput, match=f"own draws {said}" if said[0] in "13" else said):
            ask()


def test_a_run_without_weights_and_scores_is_refused(monkeypatch):
    shipped = runs.load("mlp-fashion")
    card = shipped.card | {"evaluation": {}}
    monkeypatch.setattr(runs, "load", lambda name: replace(shipped, generator=None, card=card))
    with pytest.raises(BadInput, match="own keeps neither weights nor scores"):
        scoreboard.scores(["own"], CPU)
    monkeypatch.setattr(runs, "load", lambda name: replace(shipped, card=card))
    with pytest.raises(BadInput, match="the card of own holds no scores"):
        scoreboard.recorded(["own"])
