"""A whole data set as one tensor on one device, and the batches cut from it."""

from __future__ import annotations

import hashlib
import math
import warnings
from copy import copy
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from gan_lib.data.brought import as_labels, as_pixels
from gan_lib.data.cache import mapped
from gan_lib.errors import BadInput
from gan_lib.machine.device import known
from gan_lib.machine.given import instance, listed, seeded, whole

if TYPE_CHECKING:
    from gan_lib.data.kept import Listing
    from gan_lib.data.report import FolderReport


class ResizedNotice(UserWarning):
    """The pictures are larger than those of the network, and were shrunk."""


@dataclass(frozen=True)
class Origin:
    """Where the pixels of a set come from, and what is known of them without a look at each.

    Attributes:
        fingerprint: that of the set.
        splits: what was split off on the way, as `split` names it.
        file: where the pixels stay on disk, None if they do not.
        order: int64 (N,), the file's row of each picture.
        report, listing: what the folder held and all its files, if they come from one.
    """

    fingerprint: str
    splits: tuple[str, ...] = ()
    file: Path | None = None
    order: Tensor | None = None
    report: FolderReport | None = None
    listing: Listing | None = None

    def part(self, split: str) -> Origin:
        """That of a part, whose fingerprint the whole's and the split's name decide."""
        fingerprint = split_fingerprint(self.fingerprint, split)
        return replace(self, fingerprint=fingerprint, splits=(*self.splits, split), file=None, order=None)


def split_fingerprint(whole: str, split: str) -> str:
    """The fingerprint of a part of the set with the fingerprint `whole`."""
    return hashlib.sha256(f"{whole} {split}".encode()).hexdigest()[:16]


@dataclass(frozen=True)
class ImageSet:
    """A whole data set on one device. What people really have is taken too: `gan_lib.data.brought` says what.

    Attributes:
        name: "fashion-mnist", "mnist", "digits" when the fallback stands in, or a name of your own.
        pixels: uint8 (N, C, H, W), 0 = black, 255 = white; or float32 in −1…1, (N, C, H, W) or points (N, d).
        labels: int64 (N,), from 0, on `device`; all 0 if none are given.
        classes: the names of the labels; if none are given, their numbers.
        device: where networks shall see the pictures; the pixels' own if None. Pixels that stay elsewhere, in memory or
            on disk, go there batch by batch.
        origin: what is known of pixels that were read from a folder or split off.

    Raises:
        BadInput: pixels, labels, classes or device that cannot be taken, in one sentence.
    """

    name: str
    pixels: Tensor
    labels: Tensor = None  # None is replaced at once
    classes: tuple[str, ...] = None
    device: torch.device = None
    origin: Origin | None = field(default=None, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not isinstance(self.name, str):
            raise BadInput(f"the name of the data is a {type(self.name).__name__}; give a string, then the pixels.")
        pixels = as_pixels(self.pixels, self.labels)
        device = pixels.device if self.device is None else known(self.device)
        labels, classes = as_labels(self.labels, len(pixels), self.classes, device)
        self.__dict__.update(pixels=pixels, labels=labels, classes=classes, device=device)

    @property
    def is_on_disk(self) -> bool:
        """Whether the pixels are read from a file when they are looked at."""
        return self.origin is not None and self.origin.file is not None

    @property
    def report(self) -> FolderReport | None:
        """What the folder held that the pictures come from; None if they do not come from one."""
        return None if self.origin is None else self.origin.report

    @property
    def is_fallback(self) -> bool:
        """The small digits that stand in where nothing else can be reached."""
        return self.name == "digits"

    def fitted(self, image_shape: tuple[int, ...]) -> ImageSet:
        """The same pictures at the size that a network draws: bilinear, antialiased; themselves if they fit.

        A `ResizedNotice` is shown where they shrink. Nothing is cropped, squashed, or given other channels.

        Args:
            image_shape: (C, H, W), or (d,) for points.

        Raises:
            BadInput: pictures with other channels or another ratio of height to width, points of another length, or
                pictures that stay on disk in another size.
        """
        wanted = tuple(whole("a number of image_shape", size) for size in listed("image_shape", image_shape))
        mine = tuple(self.pixels.shape[1:])
        if mine == wanted:
            return self
        _check_fit(mine, wanted)
        if self.is_on_disk:
            raise BadInput(
                f"{self.name} stays on disk as {_times(mine)}, and the network draws {_times(wanted)}; "
                f"read the folder anew with side={wanted[-1]}."
            )
        if mine[1] > wanted[1]:
            told = f"the pictures are {_times(mine)} and were shrunk to the {_times(wanted)} of the network."
            warnings.warn(told, ResizedNotice, stacklevel=2)
        parts = [_interpolated(part.float(), wanted[1:]) for part in self.pixels.split(10_000)]
        is_bytes = self.pixels.dtype == torch.uint8
        parts = [part.round().to(torch.uint8) if is_bytes else part.clamp(-1, 1) for part in parts]
        fitted = copy(self)  # not `replace`, which would look at the pixels again
        fitted.__dict__.update(pixels=torch.cat(parts), origin=None)
        return fitted

    def resized(self, side: int) -> ImageSet:
        """`fitted`, to side × side."""
        return self.fitted((*self.pixels.shape[1:2], side, side))

    def split(self, n: int, seed: int = 0) -> tuple[ImageSet, ImageSet]:
        """Hold n pictures out: (the rest, those n). Both keep name, classes and device.

        A permutation decides, and `seed` decides it. The rest keeps its order, except that its last pictures move to
        where one is missing: so a set that stays on disk does, and no more than n pictures of it are copied.

        Args:
            n: how many, fewer than there are.
            seed: another one holds others out.

        Raises:
            BadInput: not so many pictures, or no seed.
        """
        total, seed = len(self.pixels), seeded(seed)
        if total < 2:
            raise BadInput(f"{self.name} holds one picture, so none can be held out; bring more.")
        n = whole("n", n, 1, total - 1)
        held = torch.randperm(total, generator=torch.Generator().manual_seed(seed))[:n]  # (n,)
        stays = torch.ones(total, dtype=torch.bool)
        stays[held] = False
        order, left = torch.arange(total - n), total - n
        order[~stays[:left]] = left + stays[left:].nonzero()[:, 0]  # as many stay behind `left` as are missing before
        origin = self.origin or Origin(self.fingerprint())
        rest, out = (origin.part(f"{n} held out, seed {seed}: {which}") for which in ("the rest", "those"))
        if not self.is_on_disk:
            return self._rows(order, rest), self._rows(held, out)
        rows = origin.order[order]  # (N − n,)
        pixels = mapped(origin.file, *self.pixels.shape[1:])  # (rows of the file, …)
        moved = (rows != torch.arange(left)).nonzero()[:, 0]
        pixels[moved] = pixels[rows[moved]]  # in memory: the file stays as it is
        rest = replace(rest, file=origin.file, order=rows)
        return self._rows(order, rest, pixels[:left]), self._rows(held, out)

    def _rows(self, rows: Tensor, origin: Origin, pixels: Tensor | None = None) -> ImageSet:
        """A part of the set; its pixels, if they are not to be copied."""
        part = copy(self)  # not `replace`, which would look at the pixels again
        pixels = self.pixels[rows.to(self.pixels.device)] if pixels is None else pixels
        part.__dict__.update(pixels=pixels, labels=self.labels[rows.to(self.labels.device)], origin=origin)
        return part

    def fingerprint(self) -> str:
        """16 hexadecimal digits that change with any pixel or label (of SHA-256), the same on every device."""
        return fingerprints(self.pixels, [self.labels])[0] if self.origin is None else self.origin.fingerprint

    def __str__(self) -> str:
        n, *shape = self.pixels.shape
        what = f"images, {_times(shape)}" if len(shape) == 3 else f"points of {_times(shape)} numbers"
        on = "disk" if self.is_on_disk else str(self.pixels.device)
        to = "" if self.device == self.pixels.device else f", for {self.device}"
        return f"{self.name}: {n:,} {what}, {self.pixels.dtype} on {on}{to}"


def fingerprints(pixels: Tensor, labels: list[Tensor]) -> list[str]:
    """The fingerprints of the same pixels with each of these labels; one look at the pixels."""
    found = hashlib.sha256(f"{pixels.dtype} {tuple(pixels.shape)}".encode())
    for part in pixels.split(10_000):
        found.update(part.cpu().contiguous().numpy())
    each = [found.copy() for _ in labels]
    for hashed, own in zip(each, labels, strict=True):
        hashed.update(own.cpu().contiguous().numpy())
    return [hashed.hexdigest()[:16] for hashed in each]


def _times(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape))


def _check_fit(mine: tuple[int, ...], wanted: tuple[int, ...]) -> None:
    """BadInput unless pictures of the shape `mine` need nothing but another size to be `wanted`."""
    facts = f"the data has the shape {_times(mine)}, and the network draws {_times(wanted)}"
    if len(mine) != 3 or len(wanted) != 3:
        raise BadInput(f"{facts}; points and pictures need networks of their own shape.")
    if mine[0] != wanted[0]:
        raise BadInput(f"{facts}; build it with channels={mine[0]}, or bring pictures with {wanted[0]} channels.")
    (_, h, w), (_, high, wide) = mine, wanted
    if h * wide == w * high:
        return
    common = math.gcd(high, wide)
    largest = min(h * common // high, w * common // wide)  # how often the ratio, in lowest terms, fits in
    shape = "squares" if high == wide else f"that ratio of {high // common} to {wide // common}"
    example = f"pixels[..., :{largest * high // common}, :{largest * wide // common}]"
    raise BadInput(f"{facts}: crop the pictures to {shape} first, for example by {example}.")


def _interpolated(images: Tensor, size: tuple[int, int]) -> Tensor:
    return interpolate(images, size=size, mode="bilinear", antialias=True)


def resize(images: Tensor, side: int) -> Tensor:
    """float (N, C, H, W) → (N, C, side, side), bilinear, antialiased where it shrinks. BadInput: other images."""
    instance("images", images, Tensor, "a tensor of floats (N, C, H, W)")
    side = whole("side", side)
    if images.ndim != 4 or images.dtype not in (torch.float32, torch.float64) or not images.numel():
        shape = tuple(images.shape)
        raise BadInput(f"images have shape {shape} and are {images.dtype}; give floats (N, C, H, W), as to_range does.")
    return _interpolated(images, (side, side))


def to_range(pixels: Tensor) -> Tensor:
    """uint8 0…255 → float32 −1…1, the range of the generator's tanh; floats are in it already. Any shape.

    BadInput: no tensor of real numbers.
    """
    _check_real("pixels", pixels)
    return pixels if pixels.is_floating_point() else pixels.float().div_(127.5).sub_(1)


def to_pixels(images: Tensor) -> Tensor:
    """float −1…1 → uint8 0…255, rounded to the nearest grey level. Any shape.

    BadInput: no tensor of real numbers.
    """
    _check_real("images", images)
    return images.float().add(1).mul(127.5).round().clamp(0, 255).to(torch.uint8)


def _check_real(what: str, given: Tensor) -> None:
    instance(what, given, Tensor, "a tensor of bytes or of floats")
    if given.is_complex():
        raise BadInput(f"{what} are complex numbers; give bytes or floats.")


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
        n, batch_size = whole("n", n), whole("batch_size", batch_size, -math.inf)
        instance("rng", rng, torch.Generator, "a torch.Generator, for example torch.Generator().manual_seed(0)")
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
