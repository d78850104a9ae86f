"""MNIST and Fashion-MNIST as one uint8 tensor on the device, and the batches cut from it.

torchvision's own dataset classes download, check and unpack the files. Only `.gz` files whose md5 is the
official one are ever opened, and they are unpacked into a temporary folder each time: a folder named by
`GAN_LIB_DATA` is never written to, and nothing half-unpacked can be met later.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import socket
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from gan_lib.errors import BadData, BadInput, one_of

if TYPE_CHECKING:
    from torchvision import datasets

DATASETS = {"fashion-mnist": "FashionMNIST", "mnist": "MNIST"}  # torchvision's names
CONNECT_SECONDS = 10  # a silent firewall must not hold the reader up for minutes


class FallbackNotice(UserWarning):
    """The real data could not be had; scikit-learn's bundled digits stand in for it."""


@dataclass(frozen=True)
class ImageSet:
    """A whole data set on one device.

    Attributes:
        name: "fashion-mnist", "mnist", "digits" when the fallback stands in, or a name of your own.
        pixels: uint8 (N, C, H, W), 0 = black, 255 = white; or float in −1…1, as `toy.ring` has it.
        labels: int64 (N,), from 0; all 0 if there is but one kind.
        classes: the names of the labels.
    """

    name: str
    pixels: Tensor
    labels: Tensor
    classes: tuple[str, ...]

    @property
    def is_fallback(self) -> bool:
        """The small digits that stand in where nothing else can be reached."""
        return self.name == "digits"

    def resized(self, side: int) -> ImageSet:
        """The same pictures, side × side: bilinear, antialiased where they shrink; themselves if they fit.

        Raises:
            BadInput: pictures of another size that are not uint8.
        """
        if self.pixels.shape[2:] == (side, side):
            return self
        if self.pixels.dtype != torch.uint8:
            raise BadInput(f"the pictures are {self.pixels.dtype}; only uint8 ones are resized: resize yours before.")
        parts = [resize(part.float(), side).round().to(torch.uint8) for part in self.pixels.split(10_000)]
        return replace(self, pixels=torch.cat(parts))

    def __str__(self) -> str:
        n, c, h, w = self.pixels.shape
        return f"{self.name}: {n:,} images, {c}×{h}×{w}, {self.pixels.dtype} on {self.pixels.device}"


def load(name: str, split: str = "train", device: str | torch.device = "cpu") -> ImageSet:
    """Load a whole data set onto `device`.

    The files come from the folder `GAN_LIB_DATA` (torchvision's layout) if that is set, else from the
    cache, else from the network. Where none of these has them, the digits fallback is used and a
    `FallbackNotice` is shown.

    Args:
        name: "fashion-mnist" or "mnist".
        split: "train" (60,000 images) or "test" (10,000).
        device: where the tensors shall live.

    Raises:
        BadInput: unknown name or split.
        BadData: a file is missing in `GAN_LIB_DATA`, or damaged, or the cache cannot be written.
    """
    one_of("data set", name, DATASETS)
    one_of("split", split, ("train", "test"))
    try:
        found = _official(_torchvision(name), train=split == "train")
        pixels, labels, classes = found.data[:, None], found.targets, tuple(found.classes)
    except ConnectionError as error:
        warnings.warn(_fallback_text(name, error), FallbackNotice, stacklevel=2)
        name, (pixels, labels) = "digits", _digits(split)
        classes = tuple(map(str, range(10)))
    return ImageSet(name, pixels.to(device), labels.to(device), classes)


def resize(images: Tensor, side: int) -> Tensor:
    """float (N, C, H, W) → (N, C, side, side), bilinear, antialiased where it shrinks."""
    return interpolate(images, size=(side, side), mode="bilinear", antialias=True)


def to_range(pixels: Tensor) -> Tensor:
    """uint8 0…255 → float32 −1…1, the range of the generator's tanh; floats are in it already. Any shape."""
    return pixels if pixels.is_floating_point() else pixels.float().div_(127.5).sub_(1)


def to_pixels(images: Tensor) -> Tensor:
    """float −1…1 → uint8 0…255, rounded to the nearest grey level. Any shape."""
    return images.float().add(1).mul(127.5).round().clamp(0, 255).to(torch.uint8)


class ShuffledIndices:
    """The rows of one batch after the other, for ever: each epoch a new order, no short batch at its end.

    `order` (int64, the epoch's permutation) and `start` (where the next batch begins) are all that decides
    what comes next, together with the state of `rng`: a checkpoint keeps the three.

    Args:
        n: how many rows the data has.
        batch_size: B, 1…n.
        rng: alone decides the order; the indices live on its device.

    Raises:
        BadInput: batch_size outside 1…n.
    """

    def __init__(self, n: int, batch_size: int, rng: torch.Generator):
        if not 1 <= batch_size <= n:
            raise BadInput(f"batch size {batch_size} is not possible with {n:,} images; choose 1…{n:,}.")
        self.n, self.batch_size, self.rng = n, batch_size, rng
        self.order, self.start = torch.empty(0, dtype=torch.int64, device=rng.device), 0

    def __iter__(self) -> ShuffledIndices:
        return self

    def __next__(self) -> Tensor:
        """int64 (B,)."""
        if self.start + self.batch_size > len(self.order):
            self.order, self.start = torch.randperm(self.n, generator=self.rng, device=self.rng.device), 0
        self.start += self.batch_size
        return self.order[self.start - self.batch_size : self.start]


# ---------------------------------------------------------------------------- where the files come from


def _torchvision(name: str) -> type[datasets.MNIST]:
    from torchvision import datasets  # takes more than a second, and most chapters only draw

    return getattr(datasets, DATASETS[name])


def _official(dataset: type[datasets.MNIST], *, train: bool) -> datasets.MNIST:
    """Open torchvision's data set from GAN_LIB_DATA, the cache or the network, in that order."""
    given = os.environ.get("GAN_LIB_DATA")
    if given:
        source = Path(given).expanduser() / dataset.__name__ / "raw"
        _check_files(source, dataset)
        return _unpack(source, dataset, train)
    source = _cache() / dataset.__name__ / "raw"
    if all((source / name).exists() for name, _ in dataset.resources):
        _check_files(source, dataset)
        return _unpack(source, dataset, train)
    return _download(source, dataset, train)


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "gan_lib"


def _check_files(source: Path, dataset: type[datasets.MNIST]) -> None:
    """Refuse a folder in which one of the four official files is missing or differs."""
    for name, md5 in dataset.resources:
        path = source / name
        if not path.is_file():
            raise BadData(
                f"{path} does not exist; put the official {dataset.__name__} .gz files there "
                "or unset GAN_LIB_DATA to download them."
            )
        try:
            content = path.read_bytes()
        except OSError as error:
            raise BadData(
                f"{path} cannot be read ({error.strerror}); make it readable or choose another folder."
            ) from error
        if hashlib.md5(content, usedforsecurity=False).hexdigest() != md5:
            raise BadData(
                f"{path} is damaged or not the official {dataset.__name__} file "
                f"({len(content):,} bytes, md5 is not {md5}); delete it and get it anew."
            )


def _unpack(source: Path, dataset: type[datasets.MNIST], train: bool) -> datasets.MNIST:
    """Let torchvision unpack links to checked files in a folder that goes away again."""
    try:
        with tempfile.TemporaryDirectory(prefix="gan_lib-") as scratch:
            raw = Path(scratch) / dataset.__name__ / "raw"
            raw.mkdir(parents=True)
            for name, _ in dataset.resources:
                _link_or_copy(source / name, raw / name)
            return dataset(scratch, train=train, download=True)
    except OSError as error:
        raise BadData(
            f"{dataset.__name__} could not be unpacked into {tempfile.gettempdir()} ({error.strerror}); "
            "free some space there or set TMPDIR to another folder."
        ) from error


def _link_or_copy(path: Path, link: Path) -> None:
    try:
        link.symlink_to(path.resolve())
    except OSError:  # Windows without the right to make links
        shutil.copyfile(path, link)


def _download(target: Path, dataset: type[datasets.MNIST], train: bool) -> datasets.MNIST:
    """Download beside the cache, then move the checked files in. ConnectionError without a network."""
    try:
        target.mkdir(parents=True, exist_ok=True)
        scratch = tempfile.TemporaryDirectory(dir=_cache(), prefix="download-")
    except OSError as error:
        raise BadData(
            f"{target} cannot be written ({error.strerror}); "
            "set XDG_CACHE_HOME to a folder you may write to, or GAN_LIB_DATA to one that holds the data."
        ) from error
    with scratch, _connect_timeout(CONNECT_SECONDS):
        try:
            found = dataset(scratch.name, train=train, download=True)
        except (RuntimeError, OSError) as error:  # torchvision's own words for "no mirror answered"
            if getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT):
                raise BadData(
                    f"{target} has no room for {dataset.__name__} ({error.strerror}); "
                    "free some space or set XDG_CACHE_HOME to another folder."
                ) from error
            if "corrupted" in str(error):
                raise BadData(f"The download of {dataset.__name__} came back damaged; try again later.") from error
            raise ConnectionError(f"no mirror of {dataset.__name__} could be reached") from error
        for name, _ in dataset.resources:
            os.replace(Path(scratch.name) / dataset.__name__ / "raw" / name, target / name)
    return found


@contextmanager
def _connect_timeout(seconds: float) -> Iterator[None]:
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(seconds)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


def _fallback_text(name: str, error: Exception) -> str:
    return (
        f"{name} is not here ({error}), so scikit-learn's 8×8 digits, enlarged to 28×28, stand in for it: "
        "set GAN_LIB_DATA to a folder that holds the data, or run again with a network."
    )


def _digits(split: str) -> tuple[Tensor, Tensor]:
    """scikit-learn's 1,797 digits as (N, 1, 28, 28) uint8: the first 1,500 to train, the rest to test."""
    from sklearn.datasets import load_digits  # slow to import, and hardly ever needed

    digits = load_digits()
    rows = slice(0, 1500) if split == "train" else slice(1500, None)
    small = torch.tensor(digits.images[rows], dtype=torch.float32)[:, None] * (255 / 16)  # (N, 1, 8, 8)
    large = interpolate(small, size=28, mode="bilinear")  # (N, 1, 28, 28)
    return large.round().to(torch.uint8), torch.tensor(digits.target[rows])
