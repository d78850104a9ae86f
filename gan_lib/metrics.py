"""Fréchet distance and class shares, as our own small classifier sees the pictures.

The usual distance looks through Inception, a network trained on photographs. For 28×28 grey pictures a small
classifier of the same data says more. It is recorded like any run ("classifier-fashion"), together with the
sums of its features over the 10,000 test images, so that a score needs no data.
"""

from __future__ import annotations

import platform
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import torch
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from torch import Tensor, nn
from torchmetrics.image.fid import FrechetInceptionDistance

from gan_lib.data import ImageSet, shuffled_indices, to_range
from gan_lib.latent import z_from_seed
from gan_lib.networks import evaluating
from gan_lib.networks.classifier import SmallClassifier
from gan_lib.progress import progress
from gan_lib.runs import FORMAT, find, read_folder, write_folder

CLASSIFIER = "classifier-fashion"
SAMPLES = 10_000  # the distance is biased upwards for few samples, so every score uses the same number
_REAL = ("real_features_sum", "real_features_cov_sum", "real_features_num_samples")


class _Features(nn.Module):
    """What torchmetrics wants: a module that gives features."""

    def __init__(self, classifier: SmallClassifier):
        super().__init__()
        self.classifier, self.num_features = classifier, classifier.num_features

    def forward(self, images: Tensor) -> Tensor:
        return self.classifier.features(images)


def frechet_distance(generator: nn.Module, *, n: int = SAMPLES, seed: int = 0, classifier: str = CLASSIFIER) -> float:
    """Fréchet distance between n generated images and the 10,000 test images (Heusel et al. 2017, eq. 6).

    d² = |μ₁ − μ₂|² + tr(Σ₁ + Σ₂ − 2 (Σ₁Σ₂)^½), on the classifier's 128 features; 0 is best. Its floor, real
    training images against the test images, stands in the classifier's card.

    Args:
        generator: z (B, latent_dim) → images (B, 1, 28, 28) in −1…1.
        n: how many images are drawn.
        seed: decides the z.
        classifier: the recorded classifier to look through.
    """
    metric = _metric(classifier)
    metric.reset()
    with torch.no_grad():
        for images in _samples(generator, n, seed):
            metric.update(images, real=False)
    return metric.compute().item()


@torch.no_grad()
def class_shares(generator: nn.Module, *, n: int = SAMPLES, seed: int = 0, classifier: str = CLASSIFIER) -> Tensor:
    """Which part of n generated images the classifier puts into each class: float32 (10,), sums to 1.

    Real test images give 0.1 for each class. A class that is missing here is one that G does not draw, or draws
    so badly that the classifier does not know it.

    Args:
        generator: z (B, latent_dim) → images (B, 1, 28, 28) in −1…1.
        n: how many images are drawn.
        seed: decides the z.
        classifier: the recorded classifier to look through.
    """
    network = _metric(classifier).inception.classifier
    guesses = torch.cat([network(images).argmax(1) for images in _samples(generator, n, seed)])  # (n,)
    return guesses.bincount(minlength=10) / n


def _samples(generator: nn.Module, n: int, seed: int) -> Iterator[Tensor]:
    """n generated images on the CPU, a thousand at a time: float32 (1000, 1, 28, 28)."""
    z = z_from_seed(seed, generator.latent_dim, n)
    with evaluating(generator):
        for part in z.to(next(generator.parameters()).device).split(1000):
            yield generator(part).float().cpu()


@cache
def _metric(classifier: str) -> FrechetInceptionDistance:
    """torchmetrics' distance with the recorded classifier's features and the recorded sums of the real ones."""
    _, files = read_folder(find(classifier))
    tensors = load_tensors(files["weights.safetensors"])
    real = {name: tensors.pop(name) for name in _REAL}
    network = SmallClassifier()
    network.load_state_dict(tensors)
    metric = FrechetInceptionDistance(_Features(network.eval()), reset_real_features=False)
    for name, value in real.items():
        setattr(metric, name, value)
    return metric


# ------------------------------------------------------------------------------------ recording the classifier


def record_classifier(train: ImageSet, test: ImageSet, folder: Path, *, epochs: int = 12, seed: int = 0) -> dict:
    """Train the classifier, add the real images' feature sums, measure the floor, write the run; its card."""
    start = time.perf_counter()
    network = _train_classifier(train, epochs, seed)
    accuracy = _accuracy(network, test)
    metric = FrechetInceptionDistance(_Features(network), reset_real_features=False)
    with torch.no_grad():
        for part in to_range(test.pixels).split(1000):
            metric.update(part, real=True)
        for part in to_range(train.pixels[:SAMPLES]).split(1000):
            metric.update(part, real=False)
    card = {
        "format": FORMAT,
        "recipe": {"name": folder.name, "epochs": epochs, "seed": seed, "network": "SmallClassifier"},
        "data": train.name,
        "test_accuracy": accuracy,
        "floor": metric.compute().item(),
        "floor_protocol": f"first {SAMPLES:,} training images against the {len(test.pixels):,} test images",
        "made": {
            "torch": torch.__version__,
            "python": platform.python_version(),
            "seconds": time.perf_counter() - start,
        },
    }
    tensors = {k: v.contiguous() for k, v in network.state_dict().items()} | {k: getattr(metric, k) for k in _REAL}
    write_folder(folder, card, {"weights.safetensors": save_tensors(tensors)})
    return card


def _train_classifier(train: ImageSet, epochs: int, seed: int) -> SmallClassifier:
    torch.manual_seed(seed)
    network, batch = SmallClassifier().to(memory_format=torch.channels_last), 128
    rng = torch.Generator().manual_seed(seed)
    steps = epochs * (len(train.pixels) // batch)
    adam = torch.optim.AdamW(network.parameters(), weight_decay=0.01, fused=True)
    rate = torch.optim.lr_scheduler.OneCycleLR(adam, max_lr=3e-3, total_steps=steps)
    order = shuffled_indices(len(train.pixels), batch, rng)
    network.train()
    for _ in progress(steps, "classifier"):
        rows = next(order)
        images, labels = to_range(train.pixels[rows]), train.labels[rows]
        mirrored = torch.rand(batch, 1, 1, 1, generator=rng) < 0.5
        images = torch.where(mirrored, images.flip(3), images)
        adam.zero_grad()
        nn.functional.cross_entropy(network(images), labels).backward()
        adam.step()
        rate.step()
    return network.eval()


@torch.no_grad()
def _accuracy(network: SmallClassifier, test: ImageSet) -> float:
    guesses = torch.cat([network(part).argmax(1) for part in to_range(test.pixels).split(1000)])
    return (guesses == test.labels).float().mean().item()
