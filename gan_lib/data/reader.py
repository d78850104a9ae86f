"""One picture file of any kind → the bytes of one square picture.

This file is a program as well, `python reader.py`: it answers lists of paths until its input ends. It imports Pillow
alone, so several of them start in a moment, on every system, and without a copy of the training.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import os
import signal
import sys
import time
from functools import cache
from typing import Any

from PIL import Image, UnidentifiedImageError

MOST_PIXELS = 178_956_970  # beyond this Pillow takes a picture for an attack; each needs up to four bytes of memory
MOST_BYTES = 2**30  # of a file
FRESH = 3 * 10**9  # nanoseconds: a file changed so shortly before may change again and keep its time
OTHER = "no picture"  # why a file is left out that neither ends nor begins like a picture
NOTHING = {"why": "", "pixels": b"", "width": 0, "height": 0, "kind": "", "mode": "", "size": 0, "mtime": 0, "sha": ""}
READY = b"ready\n"
# EXIF's number for it. Pillow's own ImageOps.exif_transpose writes all notes anew, and fails where one is broken.
ORIENTATION = 0x0112
TURNS = {  # its value → what puts the picture upright
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
LIES = 5  # from this value on, width and height change places
OFTEN = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")  # tried first
# What Pillow opens, but decodes only by another program (EPS: one that runs what the file says) or not at all.
WITHOUT = {"BUFR", "EPS", "GRIB", "HDF5", "MPEG", "WMF"}


class _LeftOutError(Exception):
    """Why a file is left out."""


@cache
def formats() -> tuple[str, ...]:
    """Pillow's names of what is read, in the order in which they are tried."""
    Image.init()
    return tuple(dict.fromkeys(kind for kind in (*OFTEN, *Image.ID) if kind in Image.OPEN and kind not in WITHOUT))


@cache
def endings() -> frozenset[str]:
    """The endings of picture files, for example ".png"."""
    known = formats()
    return frozenset(ending for ending, kind in Image.registered_extensions().items() if kind in known)


def read(path: str, side: int, channels: int, fit: str, ground: tuple[int, int, int]) -> dict[str, Any]:
    """Read one file; nothing is raised, whatever is in it.

    Args:
        path: the file.
        side, channels, fit, ground: what `square` makes of it.

    Returns:
        "why": why it is left out, "" if it is not; "pixels": channels × side × side bytes, row by row; "width" and
        "height" (upright), "kind" and "mode" of the picture; "size", "mtime" (0 if it is too fresh to tell the next
        change) and "sha" of the file: 16 hexadecimal digits of its content's SHA-256.
    """
    found = dict(NOTHING)
    is_named = os.path.splitext(path)[1].lower() in endings()
    try:
        content = _content(path, is_named, found)
        found["sha"] = hashlib.sha256(content).hexdigest()[:16]
        with Image.open(io.BytesIO(content), formats=formats()) as image:
            found |= {"kind": image.format, "mode": image.mode, "width": image.width, "height": image.height}
            if image.width * image.height > MOST_PIXELS:
                raise Image.DecompressionBombError
            picture, turn = square(image, side, channels, fit, ground)
        if turn >= LIES:
            found |= {"width": found["height"], "height": found["width"]}
        pixels = picture.tobytes()  # side × side × channels
        found["pixels"] = b"".join(pixels[c::channels] for c in range(channels))
    except _LeftOutError as error:
        found["why"] = str(error)
    except UnidentifiedImageError:
        found["why"] = "is no picture that Pillow knows"
    except Image.DecompressionBombError:
        found["why"] = f"has more than {MOST_PIXELS:,} pixels"
    except MemoryError:
        found["why"] = "needs more memory than there is"
    except Exception as error:  # each of Pillow's readers has errors of its own
        said = " ".join(str(getattr(error, "strerror", None) or error).split())[:100] or type(error).__name__
        found["why"] = f"cannot be read ({said})"
    if found["why"] and not is_named:
        found["why"] = OTHER
    return found


def _content(path: str, is_named: bool, found: dict[str, Any]) -> bytes:
    """All that the file held when it was opened; its size and time go into `found`."""
    with open(path, "rb") as file:
        before = os.fstat(file.fileno())
        found["size"] = before.st_size
        if time.time_ns() - before.st_mtime_ns > FRESH:
            found["mtime"] = before.st_mtime_ns
        if before.st_size == 0:
            raise _LeftOutError("is empty (0 bytes)")
        if not is_named:
            Image.open(file, formats=formats())  # its first bytes: a film of 5 GB is not read to the end
            file.seek(0)
        if before.st_size > MOST_BYTES:
            raise _LeftOutError(f"has more than {MOST_BYTES:,} bytes")
        content = file.read(before.st_size)  # and no more: a file that grows has no end
        after = os.fstat(file.fileno())
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns) or len(content) != before.st_size:
        raise _LeftOutError("was written to while it was read")
    return content


def square(
    image: Image.Image, side: int, channels: int, fit: str, ground: tuple[int, int, int]
) -> tuple[Image.Image, int]:
    """An opened picture → a square one, upright and never squashed, and its EXIF orientation.

    It shrinks and grows by Pillow's bicubic filter, which widens as the picture shrinks (no aliasing; Parmar et al.
    2022, section 3). JPEG files are decoded at an eighth, a quarter or half of their size where at least twice the side
    is left.

    Args:
        image: its first frame is taken.
        side: of the square.
        channels: 1 (grey) or 3 (RGB).
        fit: "crop" cuts the largest square out of the middle, "pad" puts the ground beside the whole picture.
        ground: RGB in 0…255, also what shows through where the picture is transparent.
    """
    enough = 2 * side / (min if fit == "crop" else max)(image.size)
    image.draft(None, (math.ceil(image.width * enough), math.ceil(image.height * enough)))
    image.load()
    orientation = _orientation(image)  # only now: Pillow turns TIFF files itself while it loads them
    image = _plain(image)
    if orientation in TURNS:
        image = image.transpose(TURNS[orientation])
    width, height = image.size
    if fit == "crop":
        left, top, short = (width - min(width, height)) / 2, (height - min(width, height)) / 2, min(width, height)
        box, size = (left, top, left + short, top + short), (side, side)
    else:
        scale = side / max(width, height)
        box, size = (0, 0, width, height), (max(1, round(width * scale)), max(1, round(height * scale)))
    image = image.resize(size, Image.Resampling.BICUBIC, box, reducing_gap=3)
    has_alpha = image.mode == "RGBA"
    if has_alpha or image.size != (side, side):
        canvas = Image.new("RGB", (side, side), ground)
        canvas.paste(image, ((side - image.width) // 2, (side - image.height) // 2), image if has_alpha else None)
        image = canvas
    return image.convert("L" if channels == 1 else "RGB"), orientation


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(ORIENTATION, 1))
    except Exception:  # a broken note about a picture is no reason to leave the picture out
        return 1


def _plain(image: Image.Image) -> Image.Image:
    """Any mode → L, RGB or RGBA."""
    mode = image.mode
    if mode in ("L", "RGB", "RGBA") and "transparency" not in image.info:
        return image
    if mode.startswith("I"):  # 16 bits, 65,535 is white
        image = image.convert("I")
        low, high = image.getextrema()
        if low < 0 or high > 65_535:
            raise _LeftOutError(f"holds whole numbers from {low:,} to {high:,}, where 0 to 65,535 are known")
        return image.point(lambda value: value * (1 / 257) + 0.5).convert("L")
    if mode == "F":
        low, high = image.getextrema()
        if not 0 <= low <= high <= 255:  # false for NaN, too
            raise _LeftOutError(f"holds floats from {low:g} to {high:g}, where 0 to 1 and 0 to 255 are known")
        scale = 255.0 if high <= 1 else 1.0
        return image.point(lambda value: value * scale + 0.5).convert("L")
    has_alpha = mode in ("LA", "La", "PA", "RGBA", "RGBa") or "transparency" in image.info
    if mode in ("La", "RGBa"):
        image = image.convert({"La": "LA", "RGBa": "RGBA"}[mode])
    return image.convert("RGBA" if has_alpha else "L" if mode == "1" else "RGB")


def main() -> None:
    """Answer each line of the input, paths and the further arguments of `read` as JSON, until the input ends: a line
    with what was found, then the pixels one after the other."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the program that asks; it then closes the input
    answers, sys.stdout = sys.stdout.buffer, sys.stderr  # nothing else may be printed among them
    endings()  # loads all that is needed
    answers.write(READY)
    answers.flush()
    for line in sys.stdin.buffer:
        paths, (*wanted, ground) = json.loads(line)
        found = [read(path, *wanted, tuple(ground)) for path in paths]
        pixels = [each.pop("pixels") for each in found]
        answers.write(json.dumps([found, list(map(len, pixels))]).encode() + b"\n" + b"".join(pixels))
        answers.flush()


if __name__ == "__main__":
    main()
