"""How good samples are, as our own small classifiers see the pictures.

The usual measures look through Inception, a network trained on photographs. For 28×28 grey pictures a small
classifier of the same data says more. There is one for each data set ("classifier-fashion", "classifier-mnist"),
recorded like any run, together with what it saw on the 10,000 test images, so that a score needs no data.

The test images are held out: no generator is trained on them. Every measure has a floor, what real training
images reach in the generator's place, on the classifier's card. A 32×32 generator learns from pictures enlarged
from 28×28; enlarging blurs a little, which the classifier sees, so its samples are compared with test images
that were enlarged too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache, cached_property
from typing import TYPE_CHECKING

import torch
from safetensors.torch import load as load_tensors
from torch import Tensor, nn

from gan_lib import weights
from gan_lib.data import resize
from gan_lib.errors import BadInput, BadRun, one_of
from gan_lib.folders import read_folder
from gan_lib.latent import z_from_seed
from gan_lib.networks import evaluating
from gan_lib.networks.classifier import SmallClassifier
from gan_lib.rng import isolated_rng
from gan_lib.runs import find

if TYPE_CHECKING:
    from torchmetrics import Metric

CLASSIFIERS = {"fashion-mnist": "classifier-fashion", "mnist": "classifier-mnist"}
SAMPLES = 10_000  # the distance is biased upwards for few samples, so every score uses the same number
NEIGHBOURS = 3  # k of precision and recall
SIDES = (28, 32)  # of the pictures that can be judged
MOMENTS = ("real_features_sum", "real_features_cov_sum", "real_features_num_samples")  # torchmetrics' names
SELECTION_SEED, REPORT_SEED = 0, 1  # other z choose the best milestone than those that are reported


class Judge:
    """A classifier, and what it saw on the test images at one size.

    Attributes:
        classifier: 28×28 image → features (B, 128) and class logits.
        moments: what torchmetrics needs to know of all the test images' features, by its own names.
        real: float32 (5000, 128), features of every second test image.
    """

    def __init__(self, classifier: SmallClassifier, moments: dict[str, Tensor], real: Tensor):
        self.classifier = classifier.eval().requires_grad_(False).to(memory_format=torch.channels_last)
        self.moments, self.real = moments, real

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
        metric = frechet_metric()
        for name, value in self.moments.items():
            setattr(metric, name, value)
        metric.update(features, real=False)
        return metric.compute().item()

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
        for label in range(10):
            fake, real = features[right & (labels == label)], self.real[self.classes == label]
            ratios.append(fake.var(0).sum() / real.var(0).sum() if len(fake) > 1 else torch.zeros(()))
        return torch.stack(ratios).mean().item()

    def distance_by_class(self, features: Tensor, labels: Tensor) -> list[float]:
        """Fréchet distance for each label alone, to the some 500 of `real` that are of its class; ten numbers."""
        found = []
        for label in range(10):
            metric = frechet_metric()
            metric.update(self.real[self.classes == label], real=True)
            metric.update(features[labels == label], real=False)
            found.append(metric.compute().item())
        return found

    def scores(self, features: Tensor) -> dict[str, float]:
        """The three of them by name."""
        precision, recall = self.precision_recall(features)
        return {"frechet": self.distance(features), "precision": precision, "recall": recall}


@torch.no_grad()
def look(classifier: SmallClassifier, images: Iterable[Tensor]) -> tuple[Tensor, Tensor]:
    """Batches (B, 1, H, W) in −1…1, of any size → features (N, 128) and guessed classes (N,).

    Raises:
        BadInput: other than one channel, or numbers that are not finite.
    """
    found = []
    for part in images:
        if part.ndim != 4 or part.shape[1] != 1:
            raise BadInput(f"images have shape {tuple(part.shape)}; only grey ones (N, 1, H, W) can be judged.")
        if not part.isfinite().all():
            raise BadInput("the images hold numbers that are not finite; a generator like that has no score.")
        # small batches, channels last: four times as fast on a CPU as a thousand at once
        found += [classifier.features(small) for small in resize(part, 28).split(100)]
    features = torch.cat(found)
    return features, classifier.head(features).argmax(1)


@cache
def judge(dataset: str, side: int) -> Judge:
    """The recorded judge of "fashion-mnist" or "mnist" pictures with sides of 28 or 32.

    Raises:
        BadInput: another data set or side.
        BadRun: the classifier's run is missing or damaged.
    """
    one_of("data set", dataset, CLASSIFIERS)
    one_of("side of the pictures to judge", str(side), map(str, SIDES))
    folder = find(CLASSIFIERS[dataset])
    _, files = read_folder(folder)
    try:
        content, seen = files["weights.safetensors"], load_tensors(files[f"test_{side}.safetensors"])
    except KeyError as error:
        raise BadRun(f"{folder} lacks {error}; record it again (python -m gan_lib classifier {dataset}).") from error
    with isolated_rng():  # its first weights, soon overwritten, must not use up random numbers
        network = weights.fill(SmallClassifier(), content)
    return Judge(network, {name: seen[name] for name in MOMENTS}, seen["features"] * seen["scale"])


def classifier_card(dataset: str) -> dict:
    """How the data set's classifier was made: test accuracy, floors by the pictures' side. BadInput: unknown."""
    one_of("data set", dataset, CLASSIFIERS)
    return read_folder(find(CLASSIFIERS[dataset]))[0]


def frechet_distance(
    generator: nn.Module, *, n: int = SAMPLES, seed: int = SELECTION_SEED, dataset: str = "fashion-mnist"
) -> float:
    """Fréchet distance between n generated images and the 10,000 test images (Heusel et al. 2017, eq. 6).

    d² = |μ₁ − μ₂|² + tr(Σ₁ + Σ₂ − 2 (Σ₁Σ₂)^½), on the classifier's 128 features; 0 is best. Its floor, real
    training images against the test images, stands in the classifier's card.

    Args:
        generator: z (B, latent_dim), and labels if it has classes → images (B, 1, H, W) in −1…1.
        n: how many images are drawn, each class equally often if it has classes.
        seed: decides the z.
        dataset: "fashion-mnist" or "mnist", whose classifier looks.
    """
    _check_n(n, 2)
    images = list(samples(generator, n, seed))
    eye = judge(dataset, images[0].shape[-1])
    return eye.distance(look(eye.classifier, images)[0])


def class_shares(
    generator: nn.Module, *, n: int = SAMPLES, seed: int = SELECTION_SEED, dataset: str = "fashion-mnist"
) -> Tensor:
    """Which part of n generated images the classifier puts into each class: float32 (10,), sums to 1.

    Real test images give 0.1 for each class. A class that is missing here is one that G does not draw, or draws
    so badly that the classifier does not know it. Arguments as for `frechet_distance`.
    """
    guesses = look(judge(dataset, SIDES[0]).classifier, samples(generator, n, seed))[1]
    return guesses.bincount(minlength=10) / n


def evaluate(
    generator: nn.Module, dataset: str = "fashion-mnist", *, n: int = SAMPLES, seed: int = REPORT_SEED
) -> dict[str, float | list[float]]:
    """Every measure of one generator on the same n samples; arguments as for `frechet_distance`.

    Returns:
        those of `evaluate_images`; with classes, of the labels that the samples were asked for.
    """
    _check_n(n, NEIGHBOURS + 1)
    labels = _labels(n, _classes(generator)) if _classes(generator) else None
    return evaluate_images(samples(generator, n, seed), dataset, labels)


def evaluate_images(
    images: Iterable[Tensor], dataset: str, labels: Tensor | None = None
) -> dict[str, float | list[float]]:
    """Every measure of some images.

    Args:
        images: batches (B, 1, H, W) in −1…1, sides of 28 or 32; 10,000 in all for scores to compare with the book's.
        dataset: "fashion-mnist" or "mnist".
        labels: int64 (N,), the classes that were asked for, or None.

    Returns:
        Scores by name. frechet: the distance, ≥ 0, 0 is best.
        precision, recall: 0…1, see `Judge.precision_recall`; how real the samples are, how much of the real is there.
        classes: how many of the ten classes get at least a tenth of their share (1 % of the samples).
        evenness: exp(entropy) of the class shares, 1…10; 10 when all ten are drawn equally often.
        shares: of each class, ten numbers that sum to 1.
        sharpness: see there; compare it with the floor's.
        inception_score: see there.
        With labels also
        accuracy: share of the images whose class is their label.
        diversity, frechet_by_class: see `Judge.diversity` and `Judge.distance_by_class`.
    """
    images = list(images)
    eye = judge(dataset, images[0].shape[-1])
    features, guesses = look(eye.classifier, images)
    shares = guesses.bincount(minlength=10) / len(guesses)
    found = eye.scores(features) | {
        "classes": int((shares >= 0.01).sum()),
        "evenness": torch.special.entr(shares).sum().exp().item(),
        "sharpness": sharpness(images),
        "shares": [round(share, 4) for share in shares.tolist()],
        "inception_score": inception_score(eye.classifier.head(features)),
    }
    if labels is None:
        return found
    return found | {
        "accuracy": (guesses == labels).float().mean().item(),
        "diversity": eye.diversity(features, labels),
        "frechet_by_class": [round(each, 2) for each in eye.distance_by_class(features, labels)],
    }


def inception_score(class_logits: Tensor) -> float:
    """exp E[KL(p(y|x) ‖ p(y))], Salimans et al. 2016, section 4, with our classifier in Inception's place: from 1
    (it says the same of every picture) to the number of classes (sure of each, and all equally often).

    Args:
        class_logits: (N, classes).
    """
    log_p = class_logits.double().log_softmax(1)  # (N, 10)
    marginal = log_p.exp().mean(0)  # (10,)
    return (log_p.exp() * (log_p - marginal.log())).sum(1).mean().exp().item()


def sharpness(images: Iterable[Tensor]) -> float:
    """Mean over the images of the variance of their Laplacian, ≥ 0: blur lowers it, noise raises it.

    The Laplacian at a pixel is its four neighbours minus four times itself (Pech-Pacheco et al. 2000).

    Args:
        images: batches (B, 1, H, W) in −1…1.
    """
    kernel = torch.tensor([[0.0, 1, 0], [1, -4, 1], [0, 1, 0]])[None, None]  # (1, 1, 3, 3)
    edges = [torch.nn.functional.conv2d(part, kernel) for part in images]  # (B, 1, H − 2, W − 2)
    return torch.cat([part.flatten(1).var(1) for part in edges]).mean().item()


def samples(generator: nn.Module, n: int, seed: int, label: int | None = None) -> Iterator[Tensor]:
    """n generated images, a thousand at a time, on the CPU: float32 (≤ 1000, C, H, W) in −1…1, in eval mode.

    With classes the labels are 0, 1, …, 9, 0, 1, … unless one `label` is given.

    Raises:
        BadInput: n below 1, or a label that the generator does not have.
    """
    classes = _classes(generator)
    _check_n(n, 1)
    if label is not None and not 0 <= label < classes:
        allowed = f"choose 0…{classes - 1}" if classes else "this generator takes no labels"
        raise BadInput(f"label {label} is not possible; {allowed}.")
    inputs = [z_from_seed(seed, generator.latent_dim, n)]
    if classes:
        inputs.append(_labels(n, classes) if label is None else torch.full((n,), label))
    return _drawn(generator, inputs)  # a function of its own, so that bad input is refused now


@torch.no_grad()
def _drawn(generator: nn.Module, inputs: list[Tensor]) -> Iterator[Tensor]:
    device = next(generator.parameters()).device
    with evaluating(generator):
        for batch in zip(*(each.split(1000) for each in inputs), strict=True):
            # in small parts, which stay in a CPU's cache: a third faster than a thousand at once
            parts = zip(*(each.to(device).split(100) for each in batch), strict=True)
            yield torch.cat([generator(*part) for part in parts]).float().cpu()


def _check_n(n: int, least: int) -> None:
    if n < least:
        raise BadInput(f"n is {n}; draw at least {least} image{'s' if least > 1 else ''}.")


def _classes(generator: nn.Module) -> int:
    return getattr(generator, "classes", 0)  # a reader's own generator may not have it


def _labels(n: int, classes: int) -> Tensor:
    return torch.arange(n) % classes


def frechet_metric() -> Metric:
    """Torchmetrics' Fréchet distance between features that are computed already."""
    from torchmetrics.image.fid import FrechetInceptionDistance  # takes seconds, and most chapters only draw

    return FrechetInceptionDistance(Passed())


class Passed(nn.Module):
    """What torchmetrics wants, a module that gives features, for features that are computed already."""

    num_features = SmallClassifier.num_features

    def forward(self, features: Tensor) -> Tensor:
        """The features themselves."""
        return features


def _radii(points: Tensor) -> Tensor:
    """(N,): from each point to its k-th nearest other one."""
    parts = [torch.cdist(part, points).kthvalue(NEIGHBOURS + 1).values for part in points.split(1000)]  # 0 is itself
    return torch.cat(parts)


def _share_inside(points: Tensor, centres: Tensor, radii: Tensor) -> float:
    """The share of the points that lie in at least one ball."""
    inside = [(torch.cdist(part, centres) <= radii).any(1) for part in points.split(1000)]
    return torch.cat(inside).float().mean().item()
