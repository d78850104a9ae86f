"""Train and record the second judge, which learns to look without labels: `python -m gan_lib judge`.

A classifier of ten classes learns what tells the classes apart, and may pass over the rest. This network has another
task: to find a picture again among others after it was moved by up to four pixels. The others are the rest of the
batch, and a changed copy of each picture: with grain, blurred, upside down, or with half of another picture. So its
features say which picture it is; they must not mind a small shift, which the first judge minds more than a person does;
and they must see grain, blur and halves that do not fit, which generators draw. That is InfoNCE (van den Oord et al.
2018), as SimCLR (Chen et al. 2020) takes it to pictures; the changed copies are ours.
"""

from __future__ import annotations

import time
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, cross_entropy, normalize

from gan_lib.data import ImageSet, ShuffledIndices, to_range
from gan_lib.errors import BadInput
from gan_lib.machine.given import instance, named_path, numbers, seeded, whole
from gan_lib.machine.progress import progress
from gan_lib.machine.rng import isolated_rng
from gan_lib.networks.self_taught import SelfTaught
from gan_lib.scores.judges import record_judge
from gan_lib.scores.metrics import look
from gan_lib.training.augment import translation

BATCH = 256
STEPS = 1_500  # six times through the 60,000 pictures
TEMPERATURE = 0.1
GRAIN = 0.3  # the widest, of −1…1
NEAR = 2_500  # test images whose features are kept; half as many as the first judge's, and half as large a file
PART = 128  # pictures at once, which stay in a CPU's cache


def contrastive_loss(anchors: Tensor, same: Tensor, others: Tensor) -> Tensor:
    """How badly each anchor is found again: mean of −log (e^{s(aᵢ, bᵢ)/τ} / Σⱼ (e^{s(aᵢ, bⱼ)/τ} + e^{s(aᵢ, cⱼ)/τ})),
    s the cosine and τ = 0.1 (Chen et al. 2020, eq. 1, in one direction, with further others c).

    Args:
        anchors: a, (B, d).
        same: b, (B, d): row i shows what row i of the anchors shows; the other rows do not.
        others: c, (B, d): none of them shows what an anchor shows.

    Returns:
        A scalar; log 2B if nothing is told apart, 0 at best.

    Raises:
        BadInput: other shapes, or numbers that are not finite.
    """
    anchors = numbers("anchors", anchors, None, None)
    same, others = numbers("same", same, *anchors.shape), numbers("others", others, *anchors.shape)
    if not anchors.dtype == same.dtype == others.dtype:
        raise BadInput("anchors, same and others are of different dtypes; give floats of one dtype.")
    a, b, c = (normalize(points, dim=1) for points in (anchors, same, others))
    logits = a @ torch.cat([b, c]).T / TEMPERATURE  # (B, 2B)
    return cross_entropy(logits, torch.arange(len(a)))


def changed(images: Tensor) -> Tensor:
    """(B, 1, H, W) in −1…1 → as many that show something else, of four kinds by chance: with grain, blurred (each more
    or less), upside down, or with the right half of another picture of the batch. torch's global random numbers.

    BadInput: no such pictures.
    """
    images = numbers("images", images, None, 1, None, None).float()
    n = len(images)
    much = torch.rand(n, 1, 1, 1) * 0.8 + 0.2  # (B, 1, 1, 1): never so little that nothing changes
    grain = (images + GRAIN * much * torch.randn_like(images)).clamp(-1, 1)
    blurred = images + much * (avg_pool2d(images + 1, 3, stride=1, padding=1) - 1 - images)  # black around
    half = images.shape[3] // 2
    halves = torch.cat([images[..., :half], images.roll(1, 0)[..., half:]], 3)
    kinds = torch.stack([grain, blurred, images.flip(2), halves])  # (4, B, 1, H, W)
    return kinds[torch.randint(len(kinds), (n,)), torch.arange(n)]


def record_second_judge(train: ImageSet, test: ImageSet, folder: Path, *, steps: int = STEPS, seed: int = 0) -> dict:
    """Train it without labels, read the classes off its features by a linear layer (which says how much of them is in
    there), add what it sees on the test images, measure the floors, write the run; its card.

    BadInput: no data sets, a folder without a name, no steps, or no seed.
    """
    folder, start = named_path("folder", folder), time.perf_counter()
    for name, images in (("train", train), ("test", test)):
        instance(name, images, ImageSet, "an ImageSet, as data.load gives it")
    steps, seed = whole("steps", steps), seeded(seed)
    with isolated_rng(seed):
        network = _train(train, steps, seed)
    _probe(network, train)
    recipe = {"steps": steps, "seed": seed, "labels": "none; its last layer alone has learned the classes"}
    return record_judge(network.half().float(), train, test, folder, recipe, start, NEAR)


def _train(train: ImageSet, steps: int, seed: int) -> SelfTaught:
    batch = min(BATCH, len(train.pixels))
    network = SelfTaught().to(memory_format=torch.channels_last)
    size = network.num_features
    head = nn.Sequential(nn.Linear(size, size), nn.ReLU(), nn.Linear(size, size // 2))  # thrown away, as SimCLR does
    weights = [*network.body.parameters(), *head.parameters()]
    adam = torch.optim.AdamW(weights, weight_decay=0.01, fused=True)
    rate = torch.optim.lr_scheduler.OneCycleLR(adam, max_lr=3e-3, total_steps=steps)
    order = ShuffledIndices(len(train.pixels), batch, torch.Generator().manual_seed(seed))
    for _ in progress(steps, "second judge"):
        images = to_range(train.pixels[next(order)])  # (B, 1, 28, 28)
        views = torch.cat([_moved(images), _moved(images), _moved(changed(images))])  # (3B, 1, 28, 28)
        seen = head(torch.cat([network.features(part) for part in views.split(PART)]))  # (3B, 64)
        adam.zero_grad()
        contrastive_loss(*seen.chunk(3)).backward()
        adam.step()
        rate.step()
    return network.eval().requires_grad_(False)


def _moved(images: Tensor) -> Tensor:
    return translation(images + 1) - 1  # what comes in is black


def _probe(network: SelfTaught, train: ImageSet) -> None:
    """Bring the features to a mean square of 1, and fit the last layer to the labels, the features as they are."""
    features, _ = look(network, to_range(train.pixels).split(1_000))  # (N, 128)
    last, scale = network.body[-2], features.square().mean().sqrt()
    last.weight.div_(scale), last.bias.div_(scale)  # a ReLU keeps the factor, and KID's kernel has a constant beside it
    features, head = features / scale, network.head.requires_grad_(True)
    lbfgs = torch.optim.LBFGS(head.parameters(), max_iter=200, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        lbfgs.zero_grad()
        found = cross_entropy(head(features), train.labels)
        found.backward()
        return found

    lbfgs.step(loss)
    head.requires_grad_(False)
