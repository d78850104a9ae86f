"""How good samples are, as our own small classifiers see the pictures.

The literature looks through Inception, a network trained on photographs. Here a small classifier of the same data
looks, so the distances are not those of papers. There is one for each data set ("classifier-fashion",
"classifier-mnist"), recorded like any run, together with what it saw on the 10,000 test images, so that a score needs
no data.

A second judge of each data set has learned without labels ("judge-fashion", "judge-mnist", see `self_taught`): a
verdict that hangs on what one network happens to see is none.

The test images are held out: no generator is trained on them. Every measure has a floor, what real training
images reach in the generator's place, on the classifier's card. A 32×32 generator learns from pictures enlarged
from 28×28; enlarging blurs a little, which the classifier sees, so its samples are compared with test images
that were enlarged too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache, cached_property, partial, wraps

import numpy as np
import torch
from safetensors.torch import load as load_tensors
from torch import Tensor, nn

from gan_lib.data import ImageSet, resize, to_range
from gan_lib.data.brought import CHANNELS, as_pixels
from gan_lib.errors import BadInput, BadRun, brief, one_line, one_of
from gan_lib.machine.given import counted, finite, instance, numbers, positive, whole
from gan_lib.machine.rng import isolated_rng, z_from_seed
from gan_lib.networks import check_labels
from gan_lib.networks.brought import Drawer, brought
from gan_lib.networks.classifier import SmallClassifier
from gan_lib.networks.self_taught import SelfTaught
from gan_lib.runs import find, weights
from gan_lib.runs.folders import read_folder
from gan_lib.runs.run import SHIPPED
from gan_lib.scores.kid import kid
from gan_lib.scores.own import own_score

CLASSIFIERS = {"fashion-mnist": "classifier-fashion", "mnist": "classifier-mnist"}
SECOND = {"fashion-mnist": "judge-fashion", "mnist": "judge-mnist"}  # learned without labels, see `self_taught`
SAMPLES = 10_000  # the distance is biased upwards for few samples, so every score uses the same number
NEIGHBOURS = 3  # k of precision and recall
SIDES = (28, 32)  # of the pictures that can be judged
CLASSES = 10  # that each of the judges tells apart
MOMENTS = ("real_features_sum", "real_features_cov_sum", "real_features_num_samples")  # of `sums`, in a judge's files
NO_IMAGES = "no images were given; a score needs some thousands."
SELECTION_SEED, REPORT_SEED = 0, 1  # other z choose the best milestone than those that are reported


class Judge:
    """A classifier, and what it saw on the test images at one size.

    Attributes:
        classifier: 28×28 image → features (B, 128) and class logits.
        moments: the `sums` of all the test images' features, by the names `MOMENTS`.
        real: float32 (5000, 128), features of every second test image; of the second judge (2500, 128), every fourth.
    """

    def __init__(self, classifier: SmallClassifier, moments: dict[str, Tensor], real: Tensor):
        self.classifier = classifier.eval().requires_grad_(False).to(memory_format=torch.channels_last)
        self.moments, self.real = moments, real

    @cached_property
    def gaussian(self) -> tuple[Tensor, Tensor]:
        """Mean (128,) and covariance (128, 128) of all the test images' features."""
        return mean_and_covariance(*(self.moments[name] for name in MOMENTS))

    @cached_property
    def classes(self) -> Tensor:
        """int64 (5000,): which class the classifier takes each of `real` for."""
        return self.classifier.head(self.real).argmax(1)

    @cached_property
    def radii(self) -> Tensor:
        """float32 (5000,): from each of `real` to its k-th neighbour among them."""
        return _radii(self.real)

    def distance(self, features: Tensor) -> float:
        """Fréchet distance between features (N, 128) and those of the test images (Heusel et al. 2017, eq. 6)."""
        return frechet(*self.gaussian, *mean_and_covariance(*sums(features))).item()

    def kid(self, features: Tensor) -> float:
        """The kernel distance between features (N, 128) and `real` (see `scores.kid`)."""
        return kid(self.real, features)

    def precision_recall(self, features: Tensor) -> tuple[float, float]:
        """Kynkäänniemi et al. 2019, eq. 2, on the first 5,000 features: the share of the fakes that lie in a ball
        around one of 5,000 real images, and the share of the real images that lie in a ball around a fake; a ball
        reaches to its centre's third neighbour among its own kind."""
        features = features[: len(self.real)]
        precision = _share_inside(features, self.real, self.radii)
        return precision, _share_inside(self.real, features, _radii(features))

    def diversity(self, features: Tensor, labels: Tensor) -> float:
        """How varied the pictures of one class are: the total variance of their features, divided by that of the real
        ones, mean over the classes; 1 is as varied as real. Pictures of another class than their label do not count."""
        right = self.classifier.head(features).argmax(1) == labels  # (N,)
        ratios = []
        for label in range(CLASSES):
            fake, real = features[right & (labels == label)], self.real[self.classes == label]
            ratios.append(fake.var(0).sum() / real.var(0).sum() if len(fake) > 1 else torch.zeros(()))
        return torch.stack(ratios).mean().item()

    def distance_by_class(self, features: Tensor, labels: Tensor) -> list[float]:
        """Fréchet distance for each label alone, to those of `real` that are of its class (about 500); ten numbers."""
        pairs = [(self.real[self.classes == label], features[labels == label]) for label in range(CLASSES)]
        gaussians = [[mean_and_covariance(*sums(points)) for points in pair] for pair in pairs]
        return [frechet(*real, *fake).item() for real, fake in gaussians]

    def scores(self, features: Tensor) -> dict[str, float]:
        """Fréchet distance, precision and recall by name."""
        precision, recall = self.precision_recall(features)
        return {"frechet": self.distance(features), "precision": precision, "recall": recall}


def frechet(mean_1: Tensor, cov_1: Tensor, mean_2: Tensor, cov_2: Tensor) -> Tensor:
    """Squared Fréchet distance between two Gaussians, (D,) and (D, D) each (Dowson & Landau 1982).

    BadInput: other shapes, or numbers that are not finite.
    """
    mean_1 = numbers("mean_1", mean_1, None)
    size = len(mean_1)
    mean_2, cov_1 = numbers("mean_2", mean_2, size), numbers("cov_1", cov_1, size, size)
    cov_2 = numbers("cov_2", cov_2, size, size).to(cov_1)
    apart = (mean_1 - mean_2).square().sum()  # |μ₁ − μ₂|²
    spread = cov_1.trace() + cov_2.trace()  # tr(Σ₁ + Σ₂)
    shared = torch.linalg.eigvals(cov_1 @ cov_2).sqrt().real.sum()  # tr (Σ₁Σ₂)^½: a trace is the sum of eigenvalues
    return apart + spread - 2 * shared


def sums(points: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """(N, D) → Σ x (D,), Σ x xᵀ (D, D) and N, in float64; of two sets together they are the sums of both.

    BadInput: another shape.
    """
    points = numbers("points", points, None, None, finite=False).double()
    return points.sum(0), points.T @ points, torch.tensor(len(points))


def mean_and_covariance(total: Tensor, squares: Tensor, n: Tensor) -> tuple[Tensor, Tensor]:
    """`sums` → mean (D,) and covariance (D, D), divided by N − 1. BadInput: other shapes."""
    total, n = numbers("total", total, None, finite=False), positive("n", n)
    squares = numbers("squares", squares, len(total), len(total), finite=False)
    mean = total / n
    return mean, (squares - n * torch.outer(mean, mean)) / (n - 1)


@torch.no_grad()
def look(classifier: SmallClassifier, images: Iterable[Tensor]) -> tuple[Tensor, Tensor]:
    """Batches (B, 1, H, W) in −1…1, square of any size → features (N, 128) and guessed classes (N,).

    Raises:
        BadInput: no images, other than one channel, not square, or numbers that are not finite.
    """
    instance("classifier", classifier, SmallClassifier, "a judge's, for example metrics.judge('mnist', 28).classifier")
    found = []
    for part in [images] if isinstance(images, Tensor) else _batches(images):
        if not isinstance(part, Tensor) or part.is_complex():
            raise BadInput(f"a batch is {brief(part)}; give tensors of shape (B, 1, H, W), in −1…1.")
        if part.ndim != 4 or part.shape[1] != 1:
            raise BadInput(f"images have shape {tuple(part.shape)}; only grey ones (N, 1, H, W) can be judged.")
        if part.shape[2] != part.shape[3]:
            raise BadInput(f"images are {part.shape[2]}×{part.shape[3]} pixels; only square ones can be judged.")
        if not part.isfinite().all():
            raise BadInput("the images hold numbers that are not finite; a generator like that has no score.")
        # small batches, channels last: four times as fast on a CPU as a thousand at once
        found += [classifier.features(small) for small in resize(part.float(), 28).split(100)]
    if not found:
        raise BadInput(NO_IMAGES)
    features = torch.cat(found)
    return features, classifier.head(features).argmax(1)


def _kept(judging: Callable[[str, int], Judge]) -> Callable[[str, int], Judge]:
    """Each judge is loaded once; what cannot be kept in a dict goes straight to `judging`, which refuses it."""
    cached = cache(judging)

    @wraps(judging)
    def asked(dataset: str, side: int) -> Judge:
        return (cached if isinstance(dataset, str) and isinstance(side, int) else judging)(dataset, side)

    return asked


@_kept
def judge(dataset: str, side: int) -> Judge:
    """The recorded judge of "fashion-mnist" or "mnist" pictures with sides of 28 or 32.

    Raises:
        BadInput: another data set or side.
        BadRun: the classifier's run is missing or damaged.
    """
    found = _opened(dataset, side, CLASSIFIERS, SmallClassifier)
    SHIPPED.add(found.classifier)
    return found


@_kept
def second_judge(dataset: str, side: int) -> Judge:
    """The recorded judge that learned without labels; its classes are those that a linear layer reads off its features.

    Arguments and errors as for `judge`.
    """
    return _opened(dataset, side, SECOND, SelfTaught)


def _opened(dataset: str, side: int, names: dict[str, str], network: type[SmallClassifier]) -> Judge:
    one_of("data set", dataset, names)
    one_of("side of the pictures to judge", one_line(side), map(str, SIDES))
    folder = find(names[dataset])
    _, files = read_folder(folder)
    try:
        content, seen = files["weights.safetensors"], load_tensors(files[f"test_{side}.safetensors"])
    except KeyError as error:
        command = "classifier" if names is CLASSIFIERS else "judge"
        raise BadRun(f"{folder} lacks {error}; record it again (python -m gan_lib {command} {dataset}).") from error
    with isolated_rng():  # its first weights, soon overwritten, must not use up random numbers
        filled = weights.fill(network(), content)
    return Judge(filled, {name: seen[name] for name in MOMENTS}, seen["features"] * seen["scale"])


def classifier_card(dataset: str) -> dict:
    """How the data set's classifier was made: test accuracy, floors by the pictures' side. BadInput: unknown."""
    one_of("data set", dataset, CLASSIFIERS)
    return read_folder(find(CLASSIFIERS[dataset]))[0]


def second_card(dataset: str) -> dict:
    """The same of the second judge; its test accuracy is that of the linear layer. BadInput: unknown."""
    one_of("data set", dataset, SECOND)
    return read_folder(find(SECOND[dataset]))[0]


def frechet_distance(
    generator: nn.Module, *, n: int = SAMPLES, seed: int = SELECTION_SEED, dataset: str = "fashion-mnist"
) -> float:
    """Fréchet distance between n generated images and the 10,000 test images (Heusel et al. 2017, eq. 6).

    d² = |μ₁ − μ₂|² + tr(Σ₁ + Σ₂ − 2 (Σ₁Σ₂)^½), on the classifier's 128 features; 0 is best. Its floor, real
    training images against the test images, stands in the classifier's card.

    Args:
        generator: z (B, latent_dim), and labels if it has classes → images (B, 1, H, W) in −1…1, or any that
            `networks.brought` understands.
        n: how many images are drawn, each class equally often if it has classes.
        seed: decides the z.
        dataset: "fashion-mnist" or "mnist", whose classifier looks.
    """
    one_of("data set", dataset, CLASSIFIERS)
    _check_n(n, 2)
    images = list(samples(generator, n, seed))
    judge = _judge_of(images, dataset)
    return judge.distance(look(judge.classifier, images)[0])


def class_shares(
    generator: nn.Module, *, n: int = SAMPLES, seed: int = SELECTION_SEED, dataset: str = "fashion-mnist"
) -> Tensor:
    """The share of n generated images that the classifier puts into each class: float32 (10,), sums to 1.

    Real test images give 0.1 for each class. A class that is missing here is one that G does not draw, or draws
    so badly that the classifier does not know it. Arguments as for `frechet_distance`.
    """
    guesses = look(judge(dataset, SIDES[0]).classifier, samples(generator, n, seed))[1]
    return guesses.bincount(minlength=CLASSES) / n


def evaluate(
    generator: nn.Module, dataset: str = "fashion-mnist", *, n: int = SAMPLES, seed: int = REPORT_SEED
) -> dict[str, float | list[float]]:
    """Every measure of one generator on the same n samples; arguments as for `frechet_distance`.

    Returns:
        those of `evaluate_images`; with classes, of the labels that the samples were asked for.

    Raises:
        BadInput: fewer than four samples, or two of each class; or other than ten classes, if it has some.
    """
    one_of("data set", dataset, CLASSIFIERS)
    drawer = brought(generator)
    if drawer.classes not in (0, CLASSES):
        raise BadInput(
            f"this generator has {drawer.classes} classes, and the judge of {dataset} knows {CLASSES}; "
            "only those can be compared."
        )
    _check_n(n, max(NEIGHBOURS + 1, 2 * drawer.classes))
    labels = _labels(n, drawer.classes) if drawer.classes else None
    return _evaluated(list(samples(drawer, n, seed)), dataset, labels)


def score_of(
    images: ImageSet, side: int | None = None, held_out: ImageSet | None = None
) -> Callable[[nn.Module], float] | None:
    """generator → a distance, lower is better, for each milestone: the Fréchet distance of this data set's judge, or,
    where no judge knows it, the sliced distance of `scores.own`.

    Args:
        images: what is trained on; "fashion-mnist" and "mnist", in grey, have a judge.
        side: of the generator's pictures; that of the images if None.
        held_out: pictures that nothing is trained on; see `scores.own.OwnScore`. The judges have the test images.

    Returns:
        None for points, for pictures below 16×16, for a single one, and for the digits that stand in where the data
        cannot be had: they are scored by nobody, so that their score is not taken for the data's.

    Raises:
        BadInput: no data set, no such side, or held-out pictures of another shape.
    """
    if _has_judge(images, side):
        return partial(frechet_distance, dataset=images.name)
    own = own_score(images, side, held_out)
    return own and partial(own.score, seed=SELECTION_SEED)


def evaluation_of(
    images: ImageSet, side: int | None = None, held_out: ImageSet | None = None, network: nn.Module | None = None
) -> Callable[[nn.Module], dict] | None:
    """generator → every measure of it (`evaluate`, or `OwnScore.evaluate`), with what a card says about them: which
    `measure`, of how many `pictures`, and its `floor`, what real pictures reach.

    Arguments, and when there is none, as for `score_of`; and network: `inception.extractor()`, for FID and KID beside
    the sliced distance.
    """
    if _has_judge(images, side):
        return partial(_judged, dataset=images.name)
    own = own_score(images, side, held_out, network)
    return own and partial(own.evaluate, seed=REPORT_SEED)


def _judged(generator: nn.Module, dataset: str) -> dict:
    """`evaluate`, and what the card says about it."""
    side = brought(generator).image_shape[-1]
    return evaluate(generator, dataset) | {
        "measure": f"Fréchet distance of what {CLASSIFIERS[dataset]} sees",
        "pictures": SAMPLES,
        "against": "the test images",
        "floor": classifier_card(dataset)["floors"][str(side)],
    }


def evaluate_images(
    images: Iterable[Tensor], dataset: str, labels: Tensor | None = None
) -> dict[str, float | list[float]]:
    """Every measure of some images.

    Args:
        images: batches (B, 1, H, W), or one tensor or array of all; −1…1, or what is obviously 0…1 or 0…255; sides of
            28 or 32; 10,000 in all for scores to compare with the book's. Of pairs (images, labels), as a DataLoader
            gives them, the images are taken.
        dataset: "fashion-mnist" or "mnist".
        labels: (N,), the classes that were asked for, each of the ten at least twice; or None.

    Returns:
        Scores by name. frechet: the distance, ≥ 0, 0 is best.
        precision, recall: 0…1, see `Judge.precision_recall`; how real the samples are, how much of the real is there.
        classes: how many of the ten classes get at least a tenth of their share (1 % of the samples).
        evenness: exp(entropy) of the class shares, 1…10; 10 when all ten are drawn equally often.
        shares: of each class, ten numbers that sum to 1.
        sharpness: see there; compare it with the floor's.
        inception_score: see there.
        second, kid: the Fréchet distance and KID as the second judge sees the images.
        With labels also
        accuracy: share of the images whose class is their label.
        diversity, frechet_by_class: see `Judge.diversity` and `Judge.distance_by_class`.

    Raises:
        BadInput: images or labels that cannot be judged; the sentence says why.
    """
    one_of("data set", dataset, CLASSIFIERS)
    return _evaluated(_read(images), dataset, labels)


def _evaluated(images: list[Tensor], dataset: str, labels: Tensor | None) -> dict[str, float | list[float]]:
    """The same of batches in −1…1."""
    judge = _judge_of(images, dataset)
    n = sum(map(len, images))
    if n <= NEIGHBOURS:
        raise BadInput(f"{n} image{'s were' if n > 1 else ' was'} given; give at least {NEIGHBOURS + 1}.")
    labels = None if labels is None else _checked_labels(labels, n)
    features, guesses = look(judge.classifier, images)
    second = second_judge(dataset, images[0].shape[-1])
    seen, _ = look(second.classifier, images)
    shares = guesses.bincount(minlength=CLASSES) / len(guesses)
    found = judge.scores(features) | {
        "classes": int((shares >= 0.01).sum()),
        "evenness": torch.special.entr(shares).sum().exp().item(),
        "sharpness": _sharpness(images),
        "shares": [round(share, 4) for share in shares.tolist()],
        "inception_score": inception_score(judge.classifier.head(features)),
        "second": second.distance(seen),
        "kid": second.kid(seen),
    }
    if labels is None:
        return found
    return found | {
        "accuracy": (guesses == labels).float().mean().item(),
        "diversity": judge.diversity(features, labels),
        "frechet_by_class": [round(each, 2) for each in judge.distance_by_class(features, labels)],
    }


def inception_score(class_logits: Tensor) -> float:
    """exp E[KL(p(y|x) ‖ p(y))], Salimans et al. 2016, section 4, with our classifier in Inception's place: from 1
    (it says the same of every picture) to the number of classes (sure of each, and all equally often).

    Args:
        class_logits: (N, classes).

    Raises:
        BadInput: another shape, numbers that are not finite, or probabilities.
    """
    logits = numbers("class_logits", class_logits, None, None).double()
    if (logits >= 0).all() and torch.allclose(logits.sum(1), torch.ones(()).double(), atol=1e-4):
        raise BadInput("each row is ≥ 0 and sums to 1, so these are probabilities; give the logits before the softmax.")
    log_p = logits.log_softmax(1)  # (N, 10)
    marginal = log_p.exp().mean(0)  # (10,)
    return (log_p.exp() * (log_p - marginal.log())).sum(1).mean().exp().item()


def sharpness(images: Iterable[Tensor]) -> float:
    """Mean over the images of the variance of their Laplacian, ≥ 0: blur lowers it, noise raises it.

    The Laplacian at a pixel is its four neighbours minus four times itself (Pech-Pacheco et al. 2000).

    Args:
        images: batches (B, 1, H, W), or one tensor of all, from 4×4 pixels on. uint8 is taken for 0…255; floats are
            measured as they are, −1…1 for numbers to compare with the book's.
    """
    return _sharpness(_grey(_joined(images)))


def _sharpness(images: list[Tensor]) -> float:
    kernel = torch.tensor([[0.0, 1, 0], [1, -4, 1], [0, 1, 0]])[None, None]  # (1, 1, 3, 3)
    edges = [torch.nn.functional.conv2d(part, kernel) for part in images]  # (B, 1, H − 2, W − 2)
    return torch.cat([part.flatten(1).var(1) for part in edges]).mean().item()


def samples(generator: nn.Module, n: int, seed: int, label: int | None = None, *, psi: float = 1.0) -> Iterator[Tensor]:
    """n generated images, a thousand at a time, on the CPU: float32 (≤ 1000, C, H, W) in −1…1, in eval mode.

    With classes the labels are 0, 1, …, 9, 0, 1, … unless one `label` is given. z is multiplied by `psi`, see `shrunk`.

    Raises:
        BadInput: n below 1, an impossible seed or psi, a label that the generator does not have, or no generator.
    """
    drawer = brought(generator).sound()
    _check_n(n, 1)
    n, start = counted(n), counted(seed)  # plain numbers, also where NumPy's came in
    if start is None or not 0 <= start < 2**32:
        raise BadInput(f"seed {brief(seed)} is not possible; choose a whole number from 0 to {2**32 - 1}.")
    z = finite("psi", psi) * z_from_seed(start, drawer.latent_dim, n)
    labels = _labels(n, drawer.classes) if drawer.classes and label is None else drawer.labels(label, n)
    return _drawn(drawer, z, labels)  # a function of its own, so that bad input is refused now


@torch.no_grad()
def _drawn(drawer: Drawer, z: Tensor, labels: Tensor | None) -> Iterator[Tensor]:
    with drawer.evaluating():
        for batch in torch.arange(len(z)).split(1000):
            # in small parts, which stay in a CPU's cache: a third faster than a thousand at once
            parts = [drawer(z[rows], None if labels is None else labels[rows]) for rows in batch.split(100)]
            yield torch.cat(parts).float().cpu()


# ------------------------------------------------------------------------------------------- what is given


def _has_judge(images: ImageSet, side: int | None) -> bool:
    instance("images", images, ImageSet, "an ImageSet, as data.load gives it")
    side = None if side is None else whole("side", side)
    channels, *sides = images.pixels.shape[1:]  # points of the plane have no sides
    return images.name in CLASSIFIERS and channels == 1 and len(sides) == 2 and (side or sides[-1]) in SIDES


def _judge_of(images: list[Tensor], dataset: str) -> Judge:
    """BadInput: no pictures, or none that a judge knows."""
    if not images:
        raise BadInput(NO_IMAGES)
    shapes = sorted({tuple(part.shape[1:]) for part in images})
    if len(shapes) > 1 or shapes[0][0] != 1 or shapes[0][1] != shapes[0][-1]:
        told = " and ".join("×".join(map(str, shape)) for shape in shapes)
        raise BadInput(f"the images are {told}; the judges know grey square ones of one size, 1×28×28 or 1×32×32.")
    return judge(dataset, shapes[0][-1])


def _read(images: Iterable) -> list[Tensor]:
    """Whatever holds grey pictures → float32 batches (≤ 1000, 1, H, W) in −1…1, as an `ImageSet` would take them."""
    return _grey(as_pixels(_joined(images)))


def _grey(images: Tensor) -> list[Tensor]:
    """uint8 or floats (N, 1, H, W) → float32 batches. BadInput: another shape."""
    if images.ndim != 4 or images.shape[1] != 1 or min(images.shape[2:]) < 4:
        raise BadInput(f"the images have shape {tuple(images.shape)}; only grey ones, (N, 1, H, W), can be judged.")
    return list(to_range(images).float().cpu().split(1000))


def _batches(images: Iterable) -> Iterable:
    """What can be gone through one batch after the other. BadInput: anything else."""
    if isinstance(images, str | bytes | dict) or not isinstance(images, Iterable):
        raise BadInput(f"images are a {type(images).__name__}; give batches (B, 1, H, W), or one tensor of all.")
    return images


def _joined(images: Iterable) -> Tensor:
    """One tensor or array of all, batches, single pictures (C, H, W), or pairs with labels → one tensor."""
    images = getattr(images, "pixels", images)  # an ImageSet
    if isinstance(images, Tensor | np.ndarray):
        return torch.as_tensor(images) if getattr(images.dtype, "kind", "f") in "buif" else as_pixels(images)
    parts = [part[0] if isinstance(part, tuple | list) and len(part) else part for part in _batches(images)]
    if not parts:
        raise BadInput(NO_IMAGES)
    for part in parts:
        if not isinstance(part, Tensor | np.ndarray) or not part.ndim:
            raise BadInput(f"a batch is a {type(part).__name__}; give tensors of shape (B, 1, H, W).")
    try:
        parts = [torch.as_tensor(part) for part in parts]
        return torch.cat([part[None] if part.ndim == 3 and len(part) <= CHANNELS else part for part in parts])
    except (TypeError, ValueError, RuntimeError) as error:
        shapes = " and ".join(sorted({f"{part.dtype} {tuple(part.shape[1:])}" for part in parts}))
        raise BadInput(f"the batches hold {shapes}, which cannot be put together; give them alike.") from error


def _checked_labels(labels: object, n: int) -> Tensor:
    """int64 (n,), each of the ten classes at least twice. BadInput: they are not."""
    try:
        labels = torch.as_tensor(labels)
    except (TypeError, ValueError, RuntimeError) as error:
        raise BadInput(f"labels are a {type(labels).__name__}; give {n:,} class numbers.") from error
    if not labels.is_floating_point() and not labels.is_complex() and labels.dtype != torch.bool:
        labels = labels.long()
    check_labels(labels, CLASSES, n)
    label, times = min(enumerate(labels.bincount(minlength=CLASSES).tolist()), key=lambda pair: pair[1])
    if times < 2:
        raise BadInput(
            f"label {label} stands beside {times} image{'' if times == 1 else 's'}; give at least two of each class."
        )
    return labels.cpu()


def _check_n(n: int, least: int) -> None:
    number = counted(n)
    if number is None or number < least:
        raise BadInput(f"n is {brief(n)}; draw at least {least} image{'s' if least > 1 else ''}.")


def _labels(n: int, classes: int) -> Tensor:
    return torch.arange(n) % classes


def _radii(points: Tensor) -> Tensor:
    """(N,): from each point to its k-th nearest other one."""
    parts = [torch.cdist(part, points).kthvalue(NEIGHBOURS + 1).values for part in points.split(1000)]  # 0 is itself
    return torch.cat(parts)


def _share_inside(points: Tensor, centres: Tensor, radii: Tensor) -> float:
    """The share of the points that lie in at least one ball."""
    inside = [(torch.cdist(part, centres) <= radii).any(1) for part in points.split(1000)]
    return torch.cat(inside).float().mean().item()
