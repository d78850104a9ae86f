"""A folder of somebody's own pictures → one ImageSet."""

from __future__ import annotations

import os
import warnings
from collections import Counter
from contextlib import closing
from dataclasses import asdict
from itertools import islice
from math import prod
from pathlib import Path

import torch
from PIL import ImageColor
from torch import Tensor

from gan_lib.data.cache import mapped
from gan_lib.data.files import Found, find
from gan_lib.data.images import ImageSet, Origin, fingerprints
from gan_lib.data.kept import Kept, Listing, Rows, Wanted, changed, shown
from gan_lib.data.official import DATASETS
from gan_lib.data.pictures import sheet
from gan_lib.data.reader import OTHER
from gan_lib.data.readers import read_all
from gan_lib.data.report import FEW, FolderReport, counts
from gan_lib.errors import BadInput, brief, one_of
from gan_lib.machine.device import known, memory_left
from gan_lib.machine.given import flag, instance, whole
from gan_lib.machine.progress import progress

LARGEST = 1024  # of a side
SHARE = 0.25  # of the free memory: larger sets stay on disk
UNREADABLE = 0.1  # of the pictures: with more than that the folder is refused
FITS = ("crop", "pad")
HEIC = {".heic", ".heif"}  # what iPhones write
SHEET = 64  # pictures on the sheet


class NotKeptNotice(UserWarning):
    """The cache cannot be written, so the pictures are in memory, and read again next time."""


def folder(
    path: str | Path,
    side: int = 64,
    *,
    channels: int = 3,
    fit: str = "crop",
    ground: str = "white",
    labels: str | None = None,
    device: str | torch.device = "cpu",
    show_progress: bool = True,
) -> ImageSet:
    """Read all pictures in a folder, at any depth, once: afterwards they come from the cache, unless they changed.

    Pictures may be of any kind that Pillow reads, of any size and mode: palettes, transparency, CMYK, 16 bits (65,535
    is white), animated ones (the first frame). EXIF turns them upright; `reader.square` says how they shrink, and
    nothing is squashed. Hidden files and other files are left out, unreadable ones as well while they are few; the
    `report` of what comes back says what was, and why. Sets above a quarter of the free memory stay on disk: their
    pixels are read from there batch by batch.

    Args:
        path: the folder.
        side: the pictures become side × side, 1…1024.
        channels: 3 for RGB, 1 for grey.
        fit: "crop" cuts the largest square out of the middle, "pad" keeps all and puts the ground beside it.
        ground: a colour's name or "#rrggbb": what shows through transparent pictures, and beside padded ones.
        labels: "folders" makes classes of the folder's own subfolders; None makes one class, "all".
        device: where the training happens.
        show_progress: show a progress bar.

    Returns:
        The pictures, sorted by path; the name is the folder's.

    Raises:
        BadInput: no folder, or nothing in it that can be learned from: fewer than two different pictures, a single
            class, too many that cannot be read; or another argument that is not allowed.
        BadData: neither the cache nor the memory has room.
    """
    wanted = _wanted(side, channels, fit, ground)
    labels is None or one_of("labels", labels, ("folders",))
    device, show_progress = known(device), flag("show_progress", show_progress)
    root = _folder(path)
    found, kept = find(root), Kept(root, wanted)
    _check_subfolders(root, found, labels)
    newest = kept.newest()
    if newest and _is_same(newest[0], found):
        (listing, pixels), why = newest, ""
    else:
        listing, pixels, why = _read(root, found, kept, newest, show_progress)
    return _image_set(root, found, kept, listing, pixels, why, labels, device)


def what_changed(images: ImageSet, fingerprint: str) -> str:
    """What became of the folder of `images` since its pictures had another fingerprint, "3 pictures are new (…)".

    Empty where nobody remembers: the earlier pictures were read on another machine, or come from no folder.

    BadInput: no ImageSet.
    """
    instance("images", images, ImageSet, "an ImageSet, as data.folder gives it")
    origin = images.origin
    return "" if origin is None or origin.listing is None else changed(origin.listing, origin.splits, fingerprint)


# ------------------------------------------------------------------------------------------------------- arguments


def _wanted(side: object, channels: object, fit: object, ground: object) -> Wanted:
    side = whole("side", side, 1, LARGEST)
    if whole("channels", channels) not in (1, 3):
        raise BadInput(f"channels is {channels}; choose 3 for colour, or 1 for grey.")
    one_of("fit", fit, FITS)
    try:
        colour = ImageColor.getrgb(ground)
    except (ValueError, TypeError, AttributeError):
        colour = ()
    if len(colour) != 3:
        raise BadInput(f'ground is {brief(ground)}; give the name of a colour, "white" or "black", say, or "#rrggbb".')
    return Wanted(side, int(channels), fit, colour)


def _folder(path: object) -> Path:
    instance("path", path, str | Path, "the path of a folder with pictures")
    root = Path(path).expanduser()
    name = shown(str(path))
    try:
        if not str(path) or not root.exists():
            raise BadInput(f"there is no folder {brief(name)}; give the path of one that holds pictures.")
        if not root.is_dir():
            raise BadInput(f"{name} is a file; give the folder that holds the pictures (unpack an archive first).")
        os.scandir(root).close()
        return root.resolve()
    except (OSError, ValueError, RuntimeError) as error:  # no permission, a null byte, a link in a circle
        if isinstance(error, BadInput):
            raise
        said = getattr(error, "strerror", None) or error
        raise BadInput(f"{brief(name)} cannot be read ({said}); make it readable, or give another folder.") from error


def _check_subfolders(root: Path, found: Found, labels: str | None) -> None:
    """BadInput before anything is read: no files, or none that could have a class."""
    if not found.files:
        closed = "".join(f" {shown(name)} cannot be read ({why})." for name, why in islice(found.closed.items(), 1))
        hidden = f" ({found.hidden:,} hidden ones do not count)" if found.hidden else ""
        raise BadInput(f"{_name(root)} holds no files{hidden};{closed} give the folder that holds the pictures.")
    if labels and not any("/" in name for name in found.files):
        raise BadInput(
            f"{_name(root)} has no subfolders with pictures, so there are no classes; leave labels out, or put the "
            "pictures of each class into a subfolder of its own."
        )


# --------------------------------------------------------------------------------------------------------- reading


def _is_same(listing: Listing, found: Found) -> bool:
    """Whether no file is new, gone, or other than when it was read."""
    return len(listing.files) == len(found.files) and all(
        _same_file(file, found.files.get(name)) for name, file in listing.files.items()
    )


def _same_file(file: dict, size_and_time: tuple[int, int] | None) -> bool:
    return (file["size"], file["mtime"]) == size_and_time


def _read(
    root: Path, found: Found, kept: Kept, newest: tuple[Listing, Tensor] | None, show_progress: bool
) -> tuple[Listing, Tensor, str]:
    """Read what is new, take the rest from what was read last, and keep all.

    Returns:
        The listing, the pixels, and why they are in memory instead of the cache ("" if they are not).
    """
    wanted, same, row_of = kept.wanted, {}, {}
    if newest is not None:
        row_of = {name: i for i, name in enumerate(newest[0].rows)}
        same = {name: file for name, file in newest[0].files.items() if _same_file(file, found.files.get(name))}
    new = [name for name in found.files if name not in same]
    results = read_all([os.path.join(root, *name.split("/")) for name in new], tuple(vars(wanted).values()))
    told = zip(progress(len(new), f"reading {shown(root.name)}", show_progress), results, strict=False)
    files: dict[str, dict] = {}
    allowed, bad, first, is_alike = UNREADABLE * len(found.files), len(found.closed), None, True
    with closing(Rows(kept, len(found.files) * prod(wanted.shape))) as rows, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's, of what it mends and of large pictures: here they are no surprise
        for name in found.files:
            if name in same:
                files[name] = file = same[name]
                row = b"" if file["why"] else newest[1][row_of[name]].numpy().tobytes()
            else:
                _, read = next(told)
                row = read["pixels"]
                files[name] = file = {key: value for key, value in read.items() if key != "pixels"}
            bad += file["why"] not in ("", OTHER)
            if bad > allowed:  # of all files, so of the pictures, too
                raise BadInput(_too_many(root, found, files))
            if not file["why"]:
                first = row if first is None else first
                is_alike = is_alike and row == first
                rows.append(row)
        next(told, None)  # ends the bar
        _check_pictures(root, found, files, is_alike)
        pixels = rows.pixels()
        both = fingerprints(pixels, [torch.zeros(len(pixels), dtype=torch.int64), _by_folder(files)[0]])
        listing = Listing(str(root), asdict(wanted) | {"ground": list(wanted.ground)}, files, tuple(both))
        if rows.path is not None:
            del pixels  # some systems do not move a file that is mapped
            try:
                kept.keep(listing, rows.path)
                pixels = mapped(kept.file(listing), *wanted.shape)
            except OSError as error:
                rows.rescue(error)
                pixels = rows.pixels()
        return listing, pixels, rows.why


def _check_pictures(root: Path, found: Found, files: dict[str, dict], is_alike: bool) -> None:
    """BadInput unless there is something to learn from."""
    unreadable, others = _unreadable(found, files), _others(files)
    n = len(files) - len(unreadable) + len(found.closed) - sum(others.values())
    if len(unreadable) > UNREADABLE * (n + len(unreadable)):
        raise BadInput(_too_many(root, found, files))
    if not n:
        todo = "give the folder that holds the pictures"
        if set(others) & HEIC:
            todo = "Pillow does not read HEIC, so convert those to JPEG"
        raise BadInput(f"{_name(root)} holds no pictures, only other files ({counts(others)}); {todo}.")
    if n == 1 or is_alike:
        holds = "one picture" if n == 1 else f"{n:,} pictures that all look the same"
        raise BadInput(f"{_name(root)} holds {holds}, and a GAN learns what many have in common; bring more.")


def _too_many(root: Path, found: Found, files: dict[str, dict]) -> str:
    unreadable = _unreadable(found, files)
    examples = ", ".join(f"{name} {why}" for name, why in islice(unreadable.items(), 3))
    return (
        f"of the first {len(files):,} files in {_name(root)}, {len(unreadable):,} cannot be read ({examples}), and at "
        f"most {UNREADABLE:.0%} may be left out; mend those, or take them away."
    )


def _unreadable(found: Found, files: dict[str, dict]) -> dict[str, str]:
    closed = {f"{shown(name)}/": f"cannot be read ({why})" for name, why in found.closed.items()}
    return closed | {shown(name): file["why"] for name, file in files.items() if file["why"] not in ("", OTHER)}


def _others(files: dict[str, dict]) -> dict[str, int]:
    """The endings of what is no picture, and how many there are."""
    endings = (Path(name).suffix.lower() or "without an ending" for name, file in files.items() if file["why"] == OTHER)
    return {shown(ending): number for ending, number in Counter(endings).most_common()}


def _by_folder(files: dict[str, dict]) -> tuple[Tensor, tuple[str, ...]]:
    """The number of each picture's subfolder, int64 (N,), and their names; "" for those in none."""
    tops = [name.split("/")[0] if "/" in name else "" for name, file in files.items() if not file["why"]]
    names = sorted(set(tops))
    number = {name: i for i, name in enumerate(names)}
    return torch.tensor([number[top] for top in tops], dtype=torch.int64), tuple(names)


# ----------------------------------------------------------------------------------------------------- what is given


def _image_set(
    root: Path,
    found: Found,
    kept: Kept,
    listing: Listing,
    pixels: Tensor,
    why: str,
    labels: str | None,
    device: torch.device,
) -> ImageSet:
    """The set in its place, with its labels and its report."""
    classes, fingerprint = ("all",), listing.fingerprints[0]
    numbers = torch.zeros(len(pixels), dtype=torch.int64)  # (N,)
    if labels is not None:
        (numbers, classes), fingerprint = _by_folder(listing.files), listing.fingerprints[1]
        _check_classes(root, numbers, classes)
    classes = tuple(map(shown, classes))
    stays = pixels.numel() > SHARE * min(memory_left(), memory_left(device))
    if not stays:
        pixels = pixels.clone() if device.type == "cpu" and not why else pixels.to(device)
    file = kept.file(listing) if stays and not why else None
    report = _report(root, found, listing, pixels, _place(pixels, file), why, numbers, classes)
    images = ImageSet.__new__(ImageSet)  # not by its own way in, which may look at every pixel on the disk
    images.__dict__.update(
        name=report.name,
        pixels=pixels,
        labels=numbers.to(device),
        classes=classes,
        device=device,
        origin=Origin(fingerprint, file=file, order=torch.arange(len(pixels)), report=report, listing=listing),
    )
    if why:
        warnings.warn(report.notes[0], NotKeptNotice, stacklevel=3)
    return images


def _check_classes(root: Path, numbers: Tensor, classes: tuple[str, ...]) -> None:
    if "" in classes:
        beside = int((numbers == classes.index("")).sum())
        lie = "picture lies" if beside == 1 else "pictures lie"
        raise BadInput(
            f"{beside:,} {lie} in {_name(root)} itself and not in one of the subfolders, which are the classes; move "
            "what lies there into one, or leave labels out."
        )
    if len(classes) == 1:
        raise BadInput(
            f"all pictures lie in one subfolder, {brief(shown(classes[0]))}, so there is one class; leave labels out, "
            f"or give that folder if its own subfolders are the classes."
        )


def _place(pixels: Tensor, file: Path | None) -> str:
    size = pixels.numel()
    amount = f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.1f} MB"
    return f"{amount} on disk" if file else f"{amount} in the memory of {pixels.device}"


def _report(
    root: Path,
    found: Found,
    listing: Listing,
    pixels: Tensor,
    place: str,
    why: str,
    numbers: Tensor,
    classes: tuple[str, ...],
) -> FolderReport:
    rows = [listing.files[name] for name in listing.rows]
    side, is_cropped = listing.wanted["side"], listing.wanted["fit"] == "crop"
    sizes = [(file["width"], file["height"]) for file in rows]
    enlarged = sum((min(size) if is_cropped else max(size)) < side for size in sizes)
    cut = sum(1 - min(size) / max(size) for size in sizes) / len(sizes) if is_cropped else 0.0
    copies = len(rows) - len({file["sha"] for file in rows})
    per_class = dict(zip(classes, torch.bincount(numbers.cpu(), minlength=len(classes)).tolist(), strict=True))
    others = _others(listing.files)
    few = {name: number for name, number in per_class.items() if number < FEW}
    notes = {
        f"the cache cannot be written ({why}), so the pictures are read again next time": why,
        f"{enlarged:,} are smaller than {side}×{side} and were enlarged": enlarged,
        f'the crop cuts away {cut:.0%} of a picture on average; fit="pad" keeps all of it': cut > 0.2,
        f"{copies:,} files are copies of others": copies,
        f"too few to learn a class from: {counts(few, len(few))}": len(classes) > 1 and few,
        "Pillow does not read HEIC; convert those to JPEG": set(others) & HEIC,
    }
    some = torch.linspace(0, len(pixels) - 1, min(SHEET, len(pixels))).round().long()  # (64,)
    return FolderReport(
        name=_name(root),
        shape=tuple(pixels.shape),
        sizes=dict(Counter(f"{w}×{h}" for w, h in sizes).most_common()),
        kinds=dict(Counter(f"{file['kind']} {file['mode']}" for file in rows).most_common()),
        enlarged=enlarged,
        cut=cut,
        copies=copies,
        classes=per_class,
        unreadable=_unreadable(found, listing.files),
        others=others,
        hidden=found.hidden,
        nowhere=found.nowhere,
        place=place,
        notes=tuple(text for text, holds in notes.items() if holds),
        sheet=sheet(pixels[some.to(pixels.device)].cpu(), 8),
    )


def _name(root: Path) -> str:
    """What the set is called: as its folder, but not as data that our judges know."""
    name = shown(root.name) or "pictures"
    return f"{name}-folder" if name in (*DATASETS, "digits") else name
