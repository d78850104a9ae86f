"""A folder of pictures: how fast it is read, and how fast one trains from what stays on disk."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import replace
from pathlib import Path
from statistics import median

import torch
from PIL import Image
from torch import Tensor
from torch.nn.functional import interpolate

from gan_lib import data
from gan_lib.bench.speed import rate
from gan_lib.data.cache import mapped
from gan_lib.data.images import ImageSet
from gan_lib.data.kept import Kept, Wanted
from gan_lib.data.readers import cores
from gan_lib.machine.progress import progress
from gan_lib.training import train
from gan_lib.training.recipes import for_pictures
from gan_lib.training.state import State

SIDE, BATCH, FEATURES = 64, 256, 8
SIZES = ((64, 64), (128, 96), (320, 240))  # of the files, in turn: icons, thumbnails, small photos


def measure(n: int, seconds: float, rounds: int) -> dict:
    """Read n JPEG files that are made here, a third of each size, by us and by torchvision's ImageFolder with a
    DataLoader on the same cores; then train from disk and from memory in turns.

    Args:
        n: how many pictures.
        seconds: how long each training runs in a round.
        rounds: medians of so many.

    Returns:
        pictures, cores, and the medians of: "pictures_per_s" by who reads ("again" is from our cache), and
        "images_per_s" of the training by where the pixels are; "ratio" is from disk over from memory.
    """
    with _place() as root:
        _make(root / "pictures", n)
        readers: dict[str, Callable[[int], object]] = {
            "ours": lambda turn: _ours(root / "pictures", turn),
            "again": lambda turn: _ours(root / "pictures", turn),
            "ImageFolder": lambda turn: _image_folder(root / "pictures"),
        }
        read: dict[str, list[float]] = {name: [] for name in readers}
        for turn in progress(rounds, "reading"):
            for name, reader in readers.items():
                start = time.perf_counter()
                reader(turn)
                read[name].append(n / (time.perf_counter() - start))
        trained = _trained(_ours(root / "pictures", 0), seconds, rounds)
    middle = {name: median(values) for name, values in trained.items()}
    return {
        "pictures": n,
        "cores": cores(),
        "pictures_per_s": {name: median(values) for name, values in read.items()},
        "images_per_s": middle,
        "ratio": middle["disk"] / middle["memory"],
    }


@contextmanager
def _place() -> Iterator[Path]:
    """A folder with a cache of its own, gone afterwards."""
    before = os.environ.get("XDG_CACHE_HOME")
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "gan_lib").mkdir()
        os.environ["XDG_CACHE_HOME"] = folder
        try:
            yield Path(folder)
        finally:
            os.environ.pop("XDG_CACHE_HOME")
            if before is not None:
                os.environ["XDG_CACHE_HOME"] = before


def _make(folder: Path, n: int) -> None:
    """Blurred noise, as smooth as photos are, in two subfolders."""
    rng = torch.Generator().manual_seed(0)
    for i in range(n):
        width, height = SIZES[i % len(SIZES)]
        coarse = torch.rand(1, 3, height // 8, width // 8, generator=rng)
        smooth = interpolate(coarse, (height, width), mode="bilinear")[0].mul(255).byte()  # (3, H, W)
        path = folder / "ab"[i % 2] / f"{i:06}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(smooth.permute(1, 2, 0).numpy()).save(path)


def _ours(folder: Path, turn: int) -> ImageSet:
    """Read; or from the cache, the second time in a turn: another ground, which nobody sees, is another cache."""
    return data.folder(folder, SIDE, ground=f"#0000{turn:02x}", labels="folders", show_progress=False)


def _image_folder(folder: Path) -> Tensor:
    """What many a tutorial does: uint8 (N, 3, SIDE, SIDE)."""
    from torch.utils.data import DataLoader
    from torchvision import datasets, transforms  # takes more than a second, which no other command needs

    change = transforms.Compose([transforms.Resize(SIDE), transforms.CenterCrop(SIDE), transforms.PILToTensor()])
    loader = DataLoader(datasets.ImageFolder(str(folder), change), BATCH, num_workers=cores())
    return torch.cat([pixels for pixels, _ in loader])


def _on_disk(images: ImageSet) -> ImageSet:
    """The same set as if it were too large for the memory, its file as cold as the system can be asked to make it."""
    listing = images.origin.listing
    file = Kept(Path(listing.folder), Wanted(**listing.wanted)).file(listing)
    if hasattr(os, "posix_fadvise"):
        with open(file, "rb") as opened:
            os.posix_fadvise(opened.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    disk = copy(images)
    pixels = mapped(file, *images.pixels.shape[1:])
    disk.__dict__.update(pixels=pixels, origin=replace(images.origin, file=file, order=torch.arange(len(pixels))))
    return disk


def _trained(images: ImageSet, seconds: float, rounds: int) -> dict[str, list[float]]:
    """Real images per second of a small DCGAN, for which the pictures must come quickly; from both in turns."""
    whole = for_pictures("dcgan", tuple(images.pixels.shape[1:]), len(images.pixels), few=False)
    small = {"features": FEATURES}
    recipe = replace(
        whole, generator_args=whole.generator_args | small, discriminator_args=whole.discriminator_args | small
    )

    def once(given: ImageSet, steps: int) -> None:
        train(State(recipe, len(given.pixels)), given, steps=steps, show_progress=False)

    loops: dict[str, Callable[[int], object]] = {
        "memory": lambda steps: once(images, steps),
        "disk": lambda steps: once(_on_disk(images), steps),
    }
    rates: dict[str, list[float]] = {name: [] for name in loops}
    for _ in progress(rounds, "training"):
        for name, loop in loops.items():
            rates[name].append(rate(loop, seconds) * recipe.batch_size)
    return rates
