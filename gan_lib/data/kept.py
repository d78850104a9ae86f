"""Pictures of a folder that were read once, kept in the cache under their content's name."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import reduce
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from gan_lib.data.cache import cache_folder, mapped
from gan_lib.data.images import split_fingerprint
from gan_lib.errors import BadData
from gan_lib.machine.device import memory_left

FORMAT = 1  # raised when the same file becomes other pixels
LISTINGS = 20  # kept for each folder, so that it can be said what changed
HELD_TRIED = 2_000  # numbers of pictures held out that are tried, where it is asked what changed


@dataclass(frozen=True)
class Wanted:
    """What is made of each picture: the arguments of `reader.square`."""

    side: int
    channels: int
    fit: str
    ground: tuple[int, int, int]

    @property
    def shape(self) -> tuple[int, int, int]:
        """(C, H, W)"""
        return self.channels, self.side, self.side


@dataclass(frozen=True)
class Listing:
    """All that is known of a folder that was read.

    Attributes:
        folder: where it lay.
        wanted: what was made of each picture, as a dict.
        files: path below the folder → what `reader.read` found, but its pixels; those without "why" are the rows.
        fingerprints: those of the pictures as one class, and by subfolders.
    """

    folder: str
    wanted: dict[str, Any]
    files: dict[str, dict[str, Any]]
    fingerprints: tuple[str, str]

    @property
    def name(self) -> str:
        """The content's: the fingerprint as one class."""
        return self.fingerprints[0]

    @property
    def rows(self) -> list[str]:
        """The file of each picture."""
        return [name for name, file in self.files.items() if not file["why"]]


class Kept:
    """The cache of one folder, read in one way: `NAME.pixels`, the newest, and some `NAME.json`, what was read when."""

    def __init__(self, folder: Path, wanted: Wanted):
        self.folder, self.wanted = folder, wanted
        key = hashlib.sha256(json.dumps([FORMAT, str(folder), asdict(wanted)]).encode()).hexdigest()[:12]
        self.place = _all() / f"{re.sub('[^A-Za-z0-9_-]+', '-', folder.name)[:40]}-{key}"

    def newest(self) -> tuple[Listing, Tensor] | None:
        """What was read last, with its pixels, uint8 (N, C, H, W) mapped from the file; None if it is not there."""
        for path in _newest_first(self.place):
            listing = _read(path)
            if listing is not None:
                with suppress(OSError):
                    pixels = mapped(self.file(listing), *self.wanted.shape)
                    if len(pixels) == len(listing.rows):
                        return listing, pixels
        return None

    def file(self, listing: Listing) -> Path:
        """Where its pixels lie."""
        return self.place / f"{listing.name}.pixels"

    def keep(self, listing: Listing, part: Path | None) -> None:
        """Keep what was read, and of what was read before only the listing.

        Args:
            listing: what was read.
            part: the file with its pixels, which is moved; None if they are kept already.

        Raises:
            OSError: it cannot be written; `part` lies where it lay.
        """
        beside = self.place / f".{os.getpid()}.json"
        try:
            beside.write_text(json.dumps(vars(listing)))
            if part is not None:
                part.replace(self.file(listing))
            beside.replace(self.place / f"{listing.name}.json")
        except OSError:
            with suppress(OSError):
                beside.unlink()
            raise
        for old in [*_newest_first(self.place)[LISTINGS:], *self.place.glob("*.pixels")]:
            if old.stem != listing.name:
                with suppress(OSError):  # some systems do not remove what another process has open
                    old.unlink()


class Rows:
    """Pixels as they are read: into a file of the cache, or into memory where that cannot be written.

    Attributes:
        path: the file; None if they are in memory.
        why: then, why.
    """

    def __init__(self, kept: Kept, most: int):
        """`most`: bytes that there may become. BadData: neither the cache nor the memory has room for so many."""
        self.shape, self.most, self.done, self.memory, self.why = kept.wanted.shape, most, 0, bytearray(), ""
        self.path: Path | None = kept.place / f".{os.getpid()}.pixels"
        try:
            kept.place.mkdir(parents=True, exist_ok=True)
            if shutil.disk_usage(kept.place).free < most:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            self.file = open(self.path, "wb", buffering=0)  # noqa: SIM115 (open until all are read)
        except OSError as error:
            self.rescue(error)

    def append(self, row: bytes) -> None:
        """One more picture."""
        if self.path is not None:
            try:
                if self.file.write(row) == len(row):
                    self.done += len(row)
                    return
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            except OSError as error:
                self.rescue(error)
        self.memory += row

    def pixels(self) -> Tensor:
        """All of them: uint8 (N, C, H, W)."""
        if self.path is not None:
            try:
                os.fsync(self.file.fileno())
                self.file.close()
                return mapped(self.path, *self.shape)
            except OSError as error:
                self.rescue(error)
        return torch.frombuffer(self.memory, dtype=torch.uint8).reshape(-1, *self.shape)

    def rescue(self, error: OSError) -> None:
        """The file cannot be written, so on in memory. BadData: there is no room either."""
        self.why = error.strerror or str(error)
        if self.most > memory_left():
            raise BadData(
                f"the pictures need {self.most / 1e9:.1f} GB, and neither the cache ({cache_folder()}: {self.why}) "
                "nor the memory has room; set XDG_CACHE_HOME to a folder on another disk, or choose a smaller side."
            ) from error
        if self.done:
            self.memory = bytearray(self.path.read_bytes()[: self.done])
        self.close()
        self.path = None

    def close(self) -> None:
        """Leave no file behind that was not kept."""
        if hasattr(self, "file"):
            self.file.close()
        if self.path is not None:
            with suppress(OSError):
                self.path.unlink(missing_ok=True)


# ---------------------------------------------------------------------------------------------------- what changed


def changed(now: Listing, splits: tuple[str, ...], fingerprint: str) -> str:
    """What differs from the folder whose pictures had this fingerprint; "" if nobody remembers them.

    Args:
        now: the folder as it is.
        splits: what was split off, as `ImageSet.split` names it.
        fingerprint: that of the earlier set.
    """
    same = [each for each in _listings() if fingerprint in _led_to(each, splits)]
    if not same:
        return ""
    earlier = max(same, key=lambda each: len(each.files.keys() & now.files.keys()))  # a copy may lie elsewhere
    was = earlier.wanted
    other = [f"{key} is {value} and was {was[key]}" for key, value in now.wanted.items() if value != was[key]]
    before, after = (
        {name: file["sha"] for name, file in each.items() if not file["why"]} for each in (earlier.files, now.files)
    )
    new, gone = [name for name in after if name not in before], [name for name in before if name not in after]
    inside = [name for name in after if name in before and before[name] != after[name]]
    for names, one, many in (
        (new, "picture is new", "pictures are new"),
        (gone, "picture is gone", "pictures are gone"),
        (inside, "picture has another content", "pictures have another content"),
    ):
        if names:
            example = shown(names[0]) + ", …" * (len(names) > 1)
            other.append(f"{len(names):,} {one if len(names) == 1 else many} ({example})")
    return ", ".join(other)


def _led_to(listing: Listing, splits: tuple[str, ...]) -> list[str]:
    """The fingerprints of the pictures of a listing: of all, and split in this way, with any number held out, because
    that may follow from how many there were ("6 held out, seed 0: the rest")."""
    found = list(listing.fingerprints)
    if splits:
        (now, how), others = splits[0].split(" ", 1), splits[1:]
        numbers = {int(now), *range(1, min(len(listing.rows), HELD_TRIED))}
        found += [reduce(split_fingerprint, (f"{n} {how}", *others), each) for n in numbers for each in found]
    return found


def shown(name: str) -> str:
    """A file's name as text in one line that can be printed, also where its bytes are none."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in name)


def _all() -> Path:
    return cache_folder() / "folders"


def _newest_first(place: Path) -> list[Path]:
    with suppress(OSError):
        return sorted(place.glob("*.json"), key=lambda path: path.stat().st_mtime_ns, reverse=True)
    return []


def _listings() -> Iterator[Listing]:
    for place in _all().glob("*"):
        yield from filter(None, map(_read, _newest_first(place)))


def _read(path: Path) -> Listing | None:
    try:
        return Listing(**json.loads(path.read_text()))
    except (OSError, ValueError, TypeError):
        return None
