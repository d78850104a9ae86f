"""Exercises: the right answer is right, every other is told why not, and none breaks the page."""

from functools import partial
from math import pi

import numpy as np
import pytest
import torch
from scipy.stats import wasserstein_distance
from torch.utils.flop_counter import FlopCounterMode

from gan_lib import plots, runs
from gan_lib.chapters import ledger, slopes
from gan_lib.chapters.arithmetic import overlap
from gan_lib.chapters.broken import TRAININGS
from gan_lib.chapters.exercises import EXERCISES, check, theory
from gan_lib.chapters.exercises.autograd import FOUR_WIRINGS
from gan_lib.chapters.exercises.conditional import four_classifiers
from gan_lib.chapters.exercises.convolution import GRIDS, PROFILE
from gan_lib.chapters.exercises.evaluation import SIZES, four_sets
from gan_lib.chapters.exercises.modern import CLAIMS, four_walks
from gan_lib.chapters.exercises.own_pictures import four_discriminators
from gan_lib.chapters.exercises.wasserstein import CURVES
from gan_lib.chapters.loops import four_loops
from gan_lib.errors import BadInput
from gan_lib.scores import scoreboard
from gan_lib.training import held_out


def generator_loss(logits):
    return torch.logaddexp(torch.zeros(()), -logits).mean()


def spherical(a, b, steps):
    angle = torch.atan2((a.norm() * b - b.norm() * a).norm(), (a.norm() * b + b.norm() * a).norm()) * 2
    walk = [torch.sin((1 - t) * angle) * a + torch.sin(t * angle) * b for t in torch.linspace(0, 1, steps)]
    return torch.stack(walk) / torch.sin(angle)


def generator_gradient(generator, discriminator, z):
    torch.nn.functional.softplus(-discriminator(generator(z))).mean().backward()
    return generator.fc2.bias.grad


def one_update(generator, discriminator, real, z):
    bce, ones, zeros = torch.nn.functional.binary_cross_entropy_with_logits, torch.ones(8, 1), torch.zeros(8, 1)
    d_adam = torch.optim.Adam(discriminator.parameters(), lr=0.01, betas=(0.5, 0.999))
    g_adam = torch.optim.Adam(generator.parameters(), lr=0.01, betas=(0.5, 0.999))
    with torch.no_grad():
        fake = generator(z)
    for network in (discriminator, generator):
        network.zero_grad()
    (bce(discriminator(real), ones) + bce(discriminator(fake), zeros)).backward()
    d_adam.step()
    bce(discriminator(generator(z)), ones).backward()
    g_adam.step()
    return torch.cat([p.flatten() for network in (discriminator, generator) for p in network.parameters()])


def stamps(x, kernel, stride):
    out = np.zeros((len(x) - 1) * stride + len(kernel))
    for i, value in enumerate(x.tolist()):
        out[i * stride : i * stride + len(kernel)] += value * kernel.numpy()
    return out


def field(layers):
    """From the last cell back to the picture."""
    cells = 1
    for kernel, stride in reversed(layers):
        cells = (cells - 1) * stride + kernel
    return cells


def uneven_grid():
    """By counting products, away from the border."""
    inner = {k: overlap(8, layer.kernel_size, layer.stride)[6:12, 6:12] for k, layer in GRIDS.items()}
    (letter,) = (k for k, counts in inner.items() if len(counts.unique()) > 1)
    return letter


def false_row():
    """By torch's own counter."""
    wrong = []
    for letter, (network, shape, macs) in PROFILE.items():
        with FlopCounterMode(display=False) as counter, torch.no_grad():
            network(torch.zeros(1, *shape))
        wrong += [letter] * (counter.get_total_flops() != 2 * macs)
    (letter,) = wrong
    return letter


def jsd(p, q):
    p, q = (heap.double().numpy() for heap in (p, q))

    def entropy(h):
        return -(h * np.log(h)).sum()

    return entropy((p + q) / 2) - (entropy(p) + entropy(q)) / 2


def value(real, fake):
    bce = torch.nn.functional.binary_cross_entropy_with_logits
    return -bce(real, torch.ones_like(real)) - bce(fake, torch.zeros_like(fake))


ODDS = theory.MADE / theory.DATA


def heaps(points):
    """How many points lie within two standard deviations of each of the eight clouds."""
    turn = 2 * np.pi * np.arange(8) / 8
    centres = 0.75 * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    return (np.linalg.norm(points.numpy()[:, None] - centres, axis=2) <= 2 * 0.03).sum(0)


def squared(d):
    """By differences, at the logit."""
    at, step = np.log(d / (1 - d)), 1e-5
    below, above = ((1 - 1 / (1 + np.exp(-logit))) ** 2 for logit in (at - step, at + step))
    return (above - below) / (2 * step)


def frozen(generator, discriminator, z):
    for weight in discriminator.parameters():
        weight.requires_grad = False
    return stepped(lambda logits: torch.nn.functional.softplus(-logits).mean(), generator, discriminator, z)


def stepped(loss, generator, discriminator, z, freeze_late=False, clear=False):
    """G's step, and what chapter 5's check looks at: G's gradient, how many weights of D received one, how many can."""
    weights, received = list(discriminator.parameters()), []
    for weight in weights:
        if weight.requires_grad:
            weight.register_post_accumulate_grad_hook(received.append)
    value = loss(discriminator(generator(z)))
    discriminator.requires_grad_(not freeze_late and weights[0].requires_grad)
    value.backward()
    if clear:
        discriminator.zero_grad()
    discriminator.requires_grad_(True)
    gradients = [p.grad.flatten() for p in generator.parameters()]
    return torch.cat([*gradients, torch.tensor([len(received), len(weights)])])


def simultaneous(generator, discriminator, real, z):
    """With detach, D frozen while G's loss is built, and both optimizers at the end."""
    softplus, descend = torch.nn.functional.softplus, partial(torch.optim.SGD, lr=1.0)
    g_sgd, d_sgd = descend(generator.parameters()), descend(discriminator.parameters())
    fake = generator(z)
    (softplus(-discriminator(real)).mean() + softplus(discriminator(fake.detach())).mean()).backward()
    discriminator.requires_grad_(False)
    softplus(-discriminator(fake)).mean().backward()
    g_sgd.step()
    d_sgd.step()
    return torch.nn.utils.parameters_to_vector([*generator.parameters(), *discriminator.parameters()])


def class_gradient(logits, labels):
    logits.requires_grad_()
    (-logits.log_softmax(1)[range(len(labels)), labels].mean()).backward()
    return logits.grad


def shuffle(n, batch, epochs, rng):
    rows = []
    for _ in range(epochs):
        order = torch.randperm(n, generator=rng).tolist()
        rows.append([order[i : i + batch] for i in range(0, n - batch + 1, batch)])
    return rows


def normalised(x):
    mean, variance = (f((0, 2, 3), keepdim=True) for f in (x.mean, partial(x.var, unbiased=False)))
    return torch.cat([((x - mean) / (variance + 1e-5).sqrt()).flatten(), 0.2 * mean.flatten()])


def fewest_kinds():
    """By the classifier's verdicts on 10,000 pictures of each run."""
    cards = [runs.load(f"ablation-{name}-1").card["evaluation"] for name in ("no-norm", "beta", "hidden", "torch-init")]
    kinds, recalls = ([card[key] for card in cards] for key in ("evenness", "recall"))
    assert np.argmin(kinds) == np.argmin(recalls)
    return "abcd"[np.argmin(kinds)]


def flat_losses():
    """What the losses hide: from 1,250 updates on they stand, and the score falls to an eighth."""
    run = runs.load("ns-fashion")
    steps, loss = plots.column(run.history, "step"), plots.running_mean(plots.column(run.history, "d_loss"), 100)
    loss = loss[-len(steps) :][steps[-len(loss) :] > 1_250]
    falls = run.scores[10_000] < run.scores[1_250] / 8
    return "b" if falls and (loss.max() - loss.min()) / loss.mean() < 0.1 else "a"


def own_labels(discriminator, real, y, fake, asked):
    bce = torch.nn.functional.binary_cross_entropy_with_logits
    logits = discriminator(torch.cat([real, fake]), torch.cat([y, asked]))  # one batch: no BatchNorm in there
    return 2 * bce(logits, torch.cat([torch.ones(len(y), 1), torch.zeros(len(asked), 1)]))


def partners(discriminator, fake, y):
    source, classes = discriminator(fake)
    shares = classes.exp() / classes.exp().sum(1, keepdim=True)
    return -torch.log(source.sigmoid()).mean() - torch.log(shares[range(len(y)), y]).mean()


def one_z(generator, z):
    return generator(z.repeat(generator.classes, 1), torch.arange(generator.classes))


def softmax_twice(features, weight, y):
    logits = (features @ weight.T).double().numpy()
    return np.mean([np.log(np.exp(row - row[k]).sum()) for row, k in zip(logits, y.tolist(), strict=True)])


def label_columns(table, weight):
    out, read = weight.shape[0], weight.shape[1] - table.shape[1]
    found = np.zeros((out, read + len(table)))
    found[:, :read] = weight[:, :read].numpy()
    for k, row in enumerate(table):
        found[:, read + k] = (weight[:, read:] * row).sum(1).numpy()
    return found


def perfect_accuracy(p):
    """One minus what the second best answers lose, place by place."""
    joint = p.double().numpy() / len(p)
    return 1 - sum(joint[y, x] for y, x in np.ndindex(joint.shape) if y != joint[:, x].argmax())


def which_softmax():
    """The one that rests above the floor of a second softmax and, other than one who guesses, has learned."""
    floor = np.log(np.exp(np.eye(100)[0]).sum()) - 1
    (found,) = (k for k, losses in four_classifiers().items() if floor - 1e-3 < losses[-1] < 0.9 * np.log(100))
    return found


def what_next():
    """Train on if each game still gains more in a thousand updates than the games are apart; else more seeds."""
    means = [
        [np.mean([runs.load(f"{game}-mlp-{seed}").scores[step] for seed in range(3)]) for step in (7000, 8000)]
        for game in ("cgan", "acgan")
    ]
    gains = [before - after for before, after in means]
    return "b" if min(gains) > abs(means[0][1] - means[1][1]) else "c"


def which_by_heart():
    """Where, over the last quarter, unseen pictures are called real least willingly on the way from fake to its own."""
    told = {}
    for letter, history in four_discriminators().items():
        d_real, d_fake, d_held_out = history[-(len(history) // 4) :, 3:].mean(0)
        told[letter] = (d_held_out - d_fake) / (d_real - d_fake)
    first, second = sorted(told, key=told.get)[:2]
    assert told[second] - told[first] > 0.1  # no close race
    return first


def next_for_logos():
    """The friend's four numbers: D knows the logos by heart, and a score near its floor cannot tell."""
    d_real, d_held_out, d_fake, sliced, floor = 0.95, 0.30, 0.25, 18, 15
    looks_good, knows = sliced < 1.5 * floor, (d_real - d_held_out) / (d_real - d_fake) > held_out.MUCH
    return "c" if looks_good and knows else "a"


def between(real, fake, rng):
    epsilons = torch.rand(len(real), 1, 1, 1, generator=rng).flatten()
    return torch.stack([f + e * (r - f) for r, f, e in zip(real, fake, epsilons, strict=True)])


def thick_lines(theta, width):
    """Of many places across the first line, those that the second does not cover."""
    at = np.linspace(-width / 2, width / 2, 100_001)
    return [np.log(2) * np.mean(abs(at - theta) > width / 2), np.hypot(theta, 0)]


def penalty_by_differences(critic, between):
    """The slope of each place is wᵀ diag(on) W; the penalty's own slope by differences of W."""
    inner, outer = critic[1], critic[3].weight.detach().double().numpy()[0]
    first, x = (t.detach().double().numpy() for t in (inner.weight, between.flatten(1)))
    on = x @ first.T + inner.bias.detach().double().numpy() > 0

    def penalty(weight):
        return np.mean((np.linalg.norm((on * outer) @ weight, axis=1) - 1) ** 2)

    found, step = np.zeros_like(first), 1e-6
    for place in np.ndindex(first.shape):
        by = np.zeros_like(first)
        by[place] = step
        found[place] = (penalty(first + by) - penalty(first - by)) / (2 * step)
    return found


def slopes_at(critic, between):
    return torch.autograd.grad(critic(between).sum(), between, create_graph=True)[0]


def penalty_of(norms):
    """A wrong penalty: of these norms of the slopes (B, C, H, W)."""

    def answer(critic, between):
        penalty = (norms(slopes_at(critic, between)) - 1).square().mean()
        return torch.autograd.grad(penalty, critic[1].weight)[0]

    return answer


def fair_sentence():
    """By the first milestone below a distance of 50: WGAN-GP needed fewer updates of G, and more real pictures."""

    def first_below_50(name):
        run = runs.load(name)
        updates = next(step for step, distance in run.scores.items() if step and distance < 50)
        return updates, updates * run.recipe.d_steps * run.recipe.batch_size

    (fewer, more), (updates, pictures) = map(first_below_50, ("wgan-gp-fashion", "ns-fashion"))
    return "c" if fewer < updates and more > pictures else "none of them"


def critic_that_fails():
    """The one whose difference is below 0 again and again in the last third of what is drawn."""

    def below(name):
        history = runs.load(name).history[67:100]
        return (plots.column(history, "d_real") < plots.column(history, "d_fake")).sum()

    return max(CURVES, key=lambda letter: below(CURVES[letter]))


def frechet_matrix(cov1, cov2):
    """E|x − Tx|² for the map T that carries the one Gaussian into the other."""
    values, vectors = np.linalg.eigh(cov1.double().numpy())
    root, inverse = ((vectors * values**power) @ vectors.T for power in (0.5, -0.5))
    middle, turned = np.linalg.eigh(root @ cov2.double().numpy() @ root)
    move = np.eye(len(root)) - inverse @ (turned * np.sqrt(middle)) @ turned.T @ inverse
    return np.trace(move @ cov1.double().numpy() @ move.T)


def inception_score(p):
    """exp of entropy of the mean minus mean of the entropies."""

    def entropy(q):
        return -sum(float(x) * np.log(float(x)) for x in q if x > 0)

    return np.exp(entropy(p.mean(0)) - np.mean([entropy(q) for q in p]))


def copies(fake, train, test):
    def middle(points):
        nearest = sorted(min(np.linalg.norm(a - b) for b in train.numpy()) for a in points.numpy())
        return nearest[(len(nearest) - 1) // 2]  # torch's median is the lower one of two

    return middle(fake) / middle(test)


def kid(x, y):
    """Pair by pair."""

    def alike(a, b):
        return (float(a @ b) / len(a) + 1) ** 3

    def others(points):
        return np.mean([alike(a, b) for i, a in enumerate(points) for j, b in enumerate(points) if i != j])

    return others(x) + others(y) - 2 * np.mean([alike(a, b) for a in x for b in y])


def enough(n1, d1, n2, d2):
    """By the line over 1/n, tried at each number."""
    slope, end = np.polyfit([1 / n1, 1 / n2], [d1, d2], 1)
    n = np.arange(1, 100_000)
    return n[end + slope / n <= 1.1 * end][0].item() if end > 0 else np.inf


def which_leaks():
    """Whose curve, times n, bends down: copies of test points have no bias left when all of them are there."""
    return min(
        four_sets(), key=lambda letter: four_sets()[letter][-1] * SIZES[-1] / (four_sets()[letter][0] * SIZES[0])
    )


def would_you_print():
    """A sentence about pictures if both judges agree, else one about a judge."""
    ours, theirs = scoreboard.recorded(["ns-fashion", "wgan-gp-fashion"]).values()
    return "b" if (ours["frechet"] < theirs["frechet"]) == (ours["second"] < theirs["second"]) else "c"


def two_judges(a, b):
    """By pairs of draws."""
    pairs = [[x - y for x in row for y in other] for row, other in zip(a.tolist(), b.tolist(), strict=True)]
    signs = {np.sign(x) for row in pairs for x in row}
    return -signs.pop() if len(signs) == 1 else 0


def augmented_gradient(discriminator, fake, see):
    """By differences of the loss."""
    network, x, step = discriminator.double(), fake.detach().double(), 1e-4

    def loss(images):
        return np.mean(np.log1p(np.exp(-network(see(images)).detach().numpy())))

    steps = step * torch.eye(x.numel(), dtype=torch.float64).view(-1, *x.shape)
    return torch.tensor([(loss(x + e) - loss(x - e)) / (2 * step) for e in steps]).view(x.shape)


def dirac_steps(theta, psi, gamma):
    """By differences of the two losses."""

    def loss_of_g(at):
        return np.logaddexp(0, -psi * at)

    def loss_of_d(at):
        return np.logaddexp(0, at * theta) + gamma / 2 * at**2

    step = 1e-5
    return torch.tensor(
        [-(f(at + step) - f(at - step)) / (2 * step) for f, at in ((loss_of_g, theta), (loss_of_d, psi))]
    )


def r1_by_sums(discriminator, real):
    """One picture after the other, each with its own gradient."""
    first, total = next(discriminator.parameters()), 0
    for picture in real:
        x = picture[None].clone().requires_grad_()
        (slope,) = torch.autograd.grad(discriminator(x), x, create_graph=True)
        total = total + (slope**2).sum() / len(real)
    return torch.autograd.grad(total, first)[0]


def too_flat():
    """The game in which D says ½ at G's point, and a fresh D would still see where that point is wrong."""
    ends = {letter: places[-1] for letter, places in four_walks().items()}
    (letter,) = (k for k, (theta, psi) in ends.items() if abs(1 / (1 + np.exp(-psi * theta)) - 0.5) < 0.01 < theta / 5)
    return letter


def carried():
    """By the ranks of all six seeds: the three of the better rung come first by both judges."""
    found = []
    for letter, rungs in CLAIMS.items():
        scored = [[run.card["evaluation"] for run in slopes.seeds(rung)] for rung in rungs]
        ranks = [
            np.argsort([row[measure] for rows in scored for row in rows])[:3].tolist()
            for measure in ("frechet", "second")
        ]
        found += [letter] if all(sorted(first) == [3, 4, 5] for first in ranks) else []
    (letter,) = found
    return letter


def quiet_failure():
    """Of the runs whose D(real) is like that of the chapter's sound run, the one that is farthest from the data."""
    shown = {"a": "mlp-fashion-k5", "b": "mlp-fashion-seed4", "c": "mlp-fashion-batch10000", "d": "mlp-fashion-seed3"}
    found = {letter: runs.load(name) for letter, name in shown.items()}
    sound = plots.column(runs.load("mlp-fashion").history[-1000:], "d_real").mean()
    usual = {
        letter: run.scores[run.card["steps_done"]]
        for letter, run in found.items()
        if abs(plots.column(run.history[-len(run.history) // 5 :], "d_real").mean() - sound) < 0.1
    }
    assert set(usual) == {"b", "d"}
    return max(usual, key=usual.get)


WRONG = {  # plausible answers
    "kid": [lambda x, y: abs(kid(x, y))],  # of two samples it may be below 0
    "two-judges": [lambda a, b: torch.sign((b.amin(1) - a.amax(1)).amax())],  # one judge is enough
    "frozen": [
        partial(stepped, generator_loss),  # not frozen
        partial(stepped, generator_loss, clear=True),  # the gradients are made, and thrown away
        partial(stepped, generator_loss, freeze_late=True),  # the same work
    ],
    "penalty": [penalty_of(lambda slopes: slopes.detach().flatten(1).norm(dim=1))],  # it raises
    "augmented-g": [  # an answer that stops: no gradient reaches G
        lambda discriminator, fake, see: slope(discriminator(see(fake.detach())), fake),
    ],
}


def slope(logits, fake):
    return torch.autograd.grad(torch.nn.functional.softplus(-logits).mean(), fake)[0]


RIGHT = {
    "dirac": dirac_steps,
    "pull": lambda gamma: -np.linalg.eigvals(np.array([[0, 0.5], [-0.5, -gamma]])).real.max(),
    "r1": r1_by_sums,
    "stretches": lambda weights: np.prod([np.sqrt(np.linalg.eigvalsh((w @ w.T).numpy()).max()) for w in weights]),
    "look-more-real": lambda real, fake: -torch.log(torch.sigmoid(fake - real)).mean(),
    "memory": lambda ema, share: np.emath.logn(1 / ema, 1 / share),
    "best-accuracy": lambda p, q, real: 0.5 + (real * p - (1 - real) * q).abs().sum() / 2,
    "which-too-flat": too_flat,
    "which-carries": carried,
    "inception-score": inception_score,
    "kid": kid,
    "two-judges": two_judges,
    "frechet-matrix": frechet_matrix,
    "coverage": lambda real, fake, radii: np.mean(
        [any(np.linalg.norm(r - f) <= d for f in fake) for r, d in zip(real, radii, strict=True)]
    ),
    "copies": copies,
    "enough": enough,
    "which-leaks": which_leaks,
    "would-you-print": would_you_print,
    "fewest-kinds": fewest_kinds,
    "flat-losses": flat_losses,
    "evenness": lambda shares: np.prod([p**-p for p in shares.double().numpy() if p > 0]),
    "recall": lambda real, fake, radii: np.mean(
        [any(np.linalg.norm(r - f) <= d for f, d in zip(fake, radii, strict=True)) for r in real]
    ),
    "block": lambda c_in, c_out, k: c_out * (c_in * k * k + 3),
    "eps": normalised,
    "shuffle": shuffle,
    "rest-of-a-fake": lambda w: 1 / (1 + np.exp(-np.log(w))),
    "simultaneous": simultaneous,
    "frozen": frozen,
    "norm-gradient": lambda x: torch.nn.functional.normalize(x, dim=0),
    "let-it-run": lambda: "C",
    "wrong-gradient": lambda: " b",
    "class-gradient": class_gradient,
    "which-d": lambda: min(theory.CURVES, key=lambda letter: (theory.CURVES[letter] - 1 / (1 + ODDS)).abs().max()),
    "all-eight": lambda: next(letter for letter, points in theory.SETS.items() if (heaps(points()) >= 256 / 16).all()),
    "best-d": lambda p, q, k: 1 / (1 + k * q / p),
    "jsd": jsd,
    "w1": lambda p, q: wasserstein_distance(range(len(p)), range(len(p)), p, q),
    "squared": squared,
    "value": value,
    "largest-input": lambda m, k, s, p: m * s + k - 1 - 2 * p,
    "output-padding": lambda n, k, s, p: (n + 2 * p - k) % s,
    "stamps": stamps,
    "field": field,
    "which-grid": uneven_grid,
    "which-row-lies": false_row,
    "range": lambda pixels: pixels.double() / 127.5 - 1,
    "one-update": one_update,
    "generator-loss": generator_loss,
    "spherical": spherical,
    "generator-gradient": generator_gradient,
    "never-sure": lambda: next(letter.upper() for letter, what in TRAININGS.items() if "sigmoid" in what),
    "quiet-failure": quiet_failure,
    "one-z": one_z,
    "whose-label": own_labels,
    "partners": partners,
    "softmax-twice": softmax_twice,
    "label-columns": label_columns,
    "perfect-accuracy": perfect_accuracy,
    "which-softmax": which_softmax,
    "what-next": what_next,
    "steepest": lambda values, points: max(
        abs(values[i] - values[j]) / np.linalg.norm(points[i] - points[j]) for i in range(len(points)) for j in range(i)
    ),
    "thick-lines": thick_lines,
    "undo-penalty": lambda value, weight: max(np.roots([1, 2 * weight, -2 * weight * value]).real),
    "between": between,
    "penalty": penalty_by_differences,
    "crop": lambda w, h: [(w - min(w, h)) // 2, (h - min(w, h)) // 2, (w + min(w, h)) // 2, (h + min(w, h)) // 2],
    "by-heart": lambda real, fake, out: (
        1 - (out - fake).tensor_split(4)[-1].sum() / (real - fake).tensor_split(4)[-1].sum()
    ),
    "sliced": lambda x, y, u: np.mean([wasserstein_distance((x @ d).numpy(), (y @ d).numpy()) for d in u.T]),
    "augmented-g": augmented_gradient,
    "which-by-heart": which_by_heart,
    "next-for-logos": next_for_logos,
    "estimate": lambda loss, penalty, weight: -(loss - penalty * weight),
    "fair-sentence": fair_sentence,
    "which-critic-failed": critic_that_fails,
}


def test_every_exercise_has_an_answer_here():
    assert set(RIGHT) == set(EXERCISES)


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_answer_in_other_words_is_right_each_time(capsys, name):
    check(name, RIGHT[name])
    check(name, RIGHT[name])  # the first may have left gradients behind
    assert capsys.readouterr().out == "right\nright\n"


@pytest.mark.parametrize("name", RIGHT)
def test_an_unwritten_answer_is_not_yet(capsys, name):
    check(name, lambda *_: None)
    assert capsys.readouterr().out == "not yet: the function returns None\n"


@pytest.mark.parametrize("name", RIGHT)
@pytest.mark.parametrize("wrong", [torch.zeros(2, 3, 4), torch.tensor(torch.nan), "a text", [[1], [2, 3]]])
def test_a_wrong_answer_is_not_yet_and_is_told_why(capsys, name, wrong):
    check(name, lambda *_: wrong)
    assert capsys.readouterr().out.startswith("not yet: ")


@pytest.mark.parametrize(("name", "k"), [(name, k) for name, answers in WRONG.items() for k in range(len(answers))])
def test_a_plausible_wrong_answer_is_not_yet(capsys, name, k):
    check(name, WRONG[name][k])
    assert capsys.readouterr().out.startswith("not yet: ")


@pytest.mark.parametrize("name", EXERCISES)
def test_three_mistakes_are_known_and_each_is_told_what_helps(capsys, name):
    mistakes = EXERCISES[name].mistakes
    assert len(mistakes) >= 3
    for hint, mistake in mistakes.items():
        check(name, mistake)
        assert capsys.readouterr().out.startswith(f"not yet: {hint}")


def test_an_answer_that_raises_is_not_yet_with_its_error(capsys):
    def answer(logits):
        raise NotImplementedError("write me")

    check("generator-loss", answer)
    assert capsys.readouterr().out.startswith("not yet: your function stops with NotImplementedError: write me\n")


def test_a_loss_that_becomes_infinite_is_not_yet(capsys):
    check("generator-loss", lambda logits: -torch.log(torch.sigmoid(logits)).mean())
    out = capsys.readouterr().out
    assert out.startswith("not yet") and "finite" in out


def test_the_line_is_not_the_arc(capsys):
    check("spherical", lambda a, b, steps: torch.stack([a + (b - a) * t for t in torch.linspace(0, 1, steps)]))
    assert capsys.readouterr().out.endswith("(tried on tensor([1., 0.]), tensor([0., 1.]), 3)\n")


def test_an_answer_may_change_its_arguments(capsys):
    def answer(a, b, steps):
        a /= a.norm()
        return b

    tries = [[t.clone() for t in arguments[:2]] for arguments in EXERCISES["spherical"].tries]
    check("spherical", answer)
    check("spherical", spherical)
    assert capsys.readouterr().out.endswith("right\n")
    for arguments, before in zip(EXERCISES["spherical"].tries, tries, strict=True):
        assert torch.equal(arguments[0], before[0])


def test_the_references_give_what_is_known_by_heart():
    loss, arc = EXERCISES["generator-loss"].reference, EXERCISES["spherical"].reference
    assert loss(torch.zeros(3, 1)).item() == pytest.approx(0.693147, abs=1e-6)
    walk = arc(torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0]), 3)
    torch.testing.assert_close(walk[1], torch.tensor([pi / 4, pi / 4]).cos())


def test_an_unknown_exercise_is_refused_with_the_known_ones():
    with pytest.raises(BadInput, match=r"exercise 'sferical' is not known; choose one of: .*spherical"):
        check("sferical", spherical)


def test_an_update_that_keeps_old_gradients_is_not_yet(capsys):
    def without_zero_grad(generator, discriminator, real, z):
        for network in (generator, discriminator):
            network.zero_grad = lambda: None
        return one_update(generator, discriminator, real, z)

    check("one-update", without_zero_grad)
    assert capsys.readouterr().out.startswith("not yet")


def test_of_chapter_5s_four_loops_the_one_to_let_run_is_the_one_that_comes_nearest_to_the_data():
    distances = {letter: played["distance"][0] for letter, played in four_loops().items()}
    assert min(distances, key=distances.get) == EXERCISES["let-it-run"].reference()
    assert sorted(distances.values())[1] > 2 * min(distances.values())


def test_chapter_5s_four_wirings_run_and_in_one_of_them_a_step_uses_a_wrong_gradient():
    outcomes = {letter: ledger.run(wiring) for letter, wiring in FOUR_WIRINGS.items()}
    assert not any(outcome.error for outcome in outcomes.values())
    wrong = [letter for letter, outcome in outcomes.items() if set(outcome.steps.values()) != {"right"}]
    assert wrong == [EXERCISES["wrong-gradient"].reference()]
