"""Train and record the classifiers that `metrics` looks through: `python -m gan_lib classifier`.

`record_judge` writes any judge; the second one is trained in `self_taught`.
"""

from __future__ import annotations

import time
from pathlib import Path

import torch
from safetensors.torch import save as save_tensors
from torch import Tensor, nn

from gan_lib.data import ImageSet, ShuffledIndices, to_range
from gan_lib.machine.given import instance, named_path, seeded, whole
from gan_lib.machine.progress import progress
from gan_lib.machine.rng import isolated_rng
from gan_lib.networks.classifier import SmallClassifier
from gan_lib.runs import weights
from gan_lib.runs.folders import FORMAT, made, write_folder
from gan_lib.scores.metrics import MOMENTS, NEIGHBOURS, SAMPLES, SIDES, Judge, look, sharpness, sums

NEAR = 5_000  # images whose features a classifier keeps one by one, for precision and recall


def record_classifier(train: ImageSet, test: ImageSet, folder: Path, *, epochs: int = 12, seed: int = 0) -> dict:
    """Train the classifier, add what it sees on the test images, measure the floors, write the run; its card.

    BadInput: no data sets, a folder without a name, no epochs, or no seed.
    """
    folder, start = named_path("folder", folder), time.perf_counter()
    for name, images in (("train", train), ("test", test)):
        instance(name, images, ImageSet, "an ImageSet, as data.load gives it")
    epochs, seed = whole("epochs", epochs), seeded(seed)
    with isolated_rng(seed):
        network = _train(train, epochs, seed).half().float()  # what is stored is what judges
    return record_judge(network, train, test, folder, {"epochs": epochs, "seed": seed}, start, NEAR)


def record_judge(
    network: SmallClassifier, train: ImageSet, test: ImageSet, folder: Path, recipe: dict, start: float, near: int
) -> dict:
    """Add what a trained network sees on the test images, measure the floors, write the run; its card.

    Args:
        network: with features and a head, its weights as they are stored, in half precision.
        train, test: the first gives the floors, the second what is compared with.
        folder: of the run.
        recipe: how it was trained.
        start: when, by time.perf_counter().
        near: of how many test images the features are kept one by one, for precision, recall and KID.
    """
    _, guesses = look(network, to_range(test.pixels).split(1000))
    files = {"weights.safetensors": weights.to_bytes(network)}
    floors = {}
    for side in SIDES:
        seen, floors[side] = _see(network, test.resized(side), train.resized(side), near)
        files[f"test_{side}.safetensors"] = save_tensors(seen)
    card = {
        "format": FORMAT,
        "recipe": {"name": folder.name} | recipe | {"network": type(network).__name__},
        "data": train.name,
        "test_accuracy": (guesses == test.labels).float().mean().item(),
        "floors": floors,
        "floor_protocol": f"first {SAMPLES:,} training images against the {len(test.pixels):,} test images; "
        f"precision and recall: {near:,} of both, {NEIGHBOURS} neighbours; KID: against {near:,} test images",
        "made": made(time.perf_counter() - start),
    }
    write_folder(folder, card, files)
    return card


def _see(
    network: SmallClassifier, test: ImageSet, train: ImageSet, near: int
) -> tuple[dict[str, Tensor], dict[str, float]]:
    """What `metrics.judge` needs of the test images, features in 256 steps; and the floors."""
    features, _ = look(network, to_range(test.pixels).split(1000))
    scale = features.amax() / 255
    every = max(1, len(features) // near)  # not the first ones: MNIST's first half is cleaner than its second
    steps = (features[::every][:near] / scale).round().to(torch.uint8)
    moments = dict(zip(MOMENTS, sums(features), strict=True))
    images = to_range(train.pixels[:SAMPLES]).split(1000)
    judge, found = Judge(network, moments, steps * scale), look(network, images)[0]
    floors = judge.scores(found) | {"kid": judge.kid(found), "sharpness": sharpness(images)}
    return moments | {"features": steps, "scale": scale}, floors


def _train(train: ImageSet, epochs: int, seed: int) -> SmallClassifier:
    network, batch = SmallClassifier().to(memory_format=torch.channels_last), 128
    mirror = train.name == "fashion-mnist"  # a mirrored shoe is a shoe, a mirrored 2 is none
    rng = torch.Generator().manual_seed(seed)
    steps = epochs * (len(train.pixels) // batch)
    adam = torch.optim.AdamW(network.parameters(), weight_decay=0.01, fused=True)
    rate = torch.optim.lr_scheduler.OneCycleLR(adam, max_lr=3e-3, total_steps=steps)
    order = ShuffledIndices(len(train.pixels), batch, rng)
    network.train()
    for _ in progress(steps, "classifier"):
        rows = next(order)
        images, labels = to_range(train.pixels[rows]), train.labels[rows]
        if mirror:
            images = torch.where(torch.rand(batch, 1, 1, 1, generator=rng) < 0.5, images.flip(3), images)
        adam.zero_grad()
        nn.functional.cross_entropy(network(images), labels).backward()
        adam.step()
        rate.step()
    return network.eval()
