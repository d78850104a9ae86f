"""A folder with many kinds of trouble, and what becomes of each: python -m tests.data.trouble prints the table."""

from __future__ import annotations

import os
import shutil
import struct
import tempfile
import threading
import warnings
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageCms

from gan_lib import data
from gan_lib.errors import GanLibError

SIDE = 32
READ, OTHER, HIDDEN, FOLLOWED = "read", "another file", "hidden", "followed"
PICTURE = Image.new("RGB", (80, 80))  # a bright quarter in each corner: another turn is another picture
for corner, colour in zip(
    ((0, 0), (40, 0), (0, 40), (40, 40)), ("#c03020", "#20a040", "#3050d0", "#d0c040"), strict=True
):
    PICTURE.paste(colour, (*corner, corner[0] + 40, corner[1] + 40))
GREY, TRANSPARENT = PICTURE.convert("L"), PICTURE.convert("RGBA")
TRANSPARENT.paste((9, 9, 9, 0), (0, 0, 40, 40))  # nearly black, and not to be seen
OVER_WHITE = PICTURE.copy()
OVER_WHITE.paste("white", (0, 0, 40, 40))
TURNS = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # EXIF's orientation → PIL's operation that undoes the right one


class Trouble(NamedTuple):
    """One file.

    Attributes:
        name: where it lies.
        what: what is special.
        make: writes it to a path.
        becomes: READ, OTHER, HIDDEN, FOLLOWED, "" (not counted), or a part of what is said of it.
        looks: what it must look like, if it is read.
    """

    name: str
    what: str
    make: Callable[[Path], object]
    becomes: str = READ
    looks: Image.Image | None = PICTURE


def _saved(image: Image.Image, **options: object) -> Callable[[Path], object]:
    return lambda path: image.save(path, **options)


def _bytes(content: bytes) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(content)


def _array(values: np.ndarray) -> Callable[[Path], object]:
    return lambda path: Image.fromarray(values).save(path)


def _turned(orientation: int) -> Callable[[Path], object]:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return _saved(PICTURE.transpose(Image.Transpose(TURNS[orientation])), exif=exif)


def _cut(image: Image.Image, kind: str, share: float) -> Callable[[Path], object]:
    """All but the end of a file."""

    def make(path: Path) -> None:
        image.save(path, kind)
        content = path.read_bytes()
        path.write_bytes(content[: int(len(content) * share)])

    return make


def _png_of(width: int, height: int) -> bytes:
    """A PNG file that says it is that large, and holds nothing."""

    def part(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = part(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + part(b"IDAT", zlib.compress(bytes(10))) + part(b"IEND", b"")


def _large(path: Path) -> None:
    PICTURE.resize((12_000, 9_000), 0).save(path)


def _lab(path: Path) -> None:
    spaces = (ImageCms.createProfile(name) for name in ("sRGB", "LAB"))
    ImageCms.profileToProfile(PICTURE, *spaces, outputMode="LAB").save(path)


def _linked(target: str) -> Callable[[Path], object]:
    return lambda path: path.symlink_to(target)


def _closed_file(path: Path) -> None:
    PICTURE.save(path)
    path.chmod(0)


def _closed_folder(path: Path) -> None:
    path.mkdir()
    PICTURE.save(path / "x.png")
    path.chmod(0)


GREY_16 = np.asarray(GREY, dtype=np.uint16) * 257
GREY_FLOAT = np.asarray(GREY, dtype=np.float32)
FRAMES = {"save_all": True, "append_images": [PICTURE.transpose(1)] * 2}
WIDE, TALL = (PICTURE.resize(size) for size in ((4_000, 3), (3, 4_000)))

FILES = [
    Trouble("modes/rgb.png", "RGB", _saved(PICTURE)),
    Trouble("modes/grey.png", "grey", _saved(GREY), looks=GREY),
    Trouble(
        "modes/grey alpha.png", "grey with alpha", _saved(TRANSPARENT.convert("LA")), looks=OVER_WHITE.convert("L")
    ),
    Trouble("modes/rgba.png", "RGBA", _saved(TRANSPARENT), looks=OVER_WHITE),
    Trouble("modes/palette.png", "palette", _saved(PICTURE.quantize(8))),
    Trouble("modes/palette alpha.png", "palette with alpha", _saved(TRANSPARENT.quantize(8)), looks=OVER_WHITE),
    Trouble(
        "modes/colour is clear.png",
        "RGB, one colour transparent",
        _saved(PICTURE, transparency=(192, 48, 32)),
        looks=OVER_WHITE,
    ),
    Trouble(
        "modes/grey is clear.png",
        "grey, one level transparent",
        _saved(GREY, transparency=GREY.getpixel((0, 0))),
        looks=OVER_WHITE.convert("L"),
    ),
    Trouble("modes/bit.png", "one bit", _saved(GREY.point(lambda v: 255 * (v > 110)).convert("1")), looks=None),
    Trouble("modes/16 bits.png", "16 bits", _array(GREY_16), looks=GREY),
    Trouble("modes/16 bits.tif", "16 bits, TIFF", _array(GREY_16), looks=GREY),
    Trouble("modes/32 bits.tif", "32 bits, up to 65,535", _array(GREY_16.astype(np.int32)), looks=GREY),
    Trouble(
        "modes/more bits.tif", "32 bits, above 65,535", _array(GREY_16.astype(np.int32) * 99), "whole numbers from"
    ),
    Trouble("modes/floats 1.tif", "floats up to 1", _array(GREY_FLOAT / 255), looks=GREY),
    Trouble("modes/floats 255.tif", "floats up to 255", _array(GREY_FLOAT), looks=GREY),
    Trouble("modes/nan.tif", "floats, all NaN", _array(GREY_FLOAT * np.nan), "floats from nan"),
    Trouble("modes/cmyk.jpg", "CMYK", _saved(PICTURE.convert("CMYK"), quality=95)),
    Trouble("modes/cmyk.tif", "CMYK, TIFF", _saved(PICTURE.convert("CMYK"))),
    Trouble("modes/lab.tif", "L*a*b*", _lab),
    Trouble("kinds/photo.jpg", "JPEG", _saved(PICTURE, quality=95)),
    Trouble(
        "kinds/progressive.JPEG", "progressive JPEG, ending in capitals", _saved(PICTURE, progressive=True, quality=95)
    ),
    Trouble("kinds/lossy.webp", "WebP", _saved(PICTURE, quality=95)),
    Trouble("kinds/x.bmp", "BMP", _saved(PICTURE)),
    Trouble("kinds/x.ppm", "PPM", _saved(PICTURE)),
    Trouble("kinds/x.tga", "TGA", _saved(PICTURE)),
    Trouble("kinds/x.ico", "icon", _saved(PICTURE, sizes=[(64, 64), (16, 16)])),
    Trouble("kinds/x.pcx", "PCX", _saved(PICTURE)),
    Trouble("kinds/moving.gif", "animated GIF", _saved(PICTURE, **FRAMES)),
    Trouble("kinds/moving.png", "animated PNG", _saved(PICTURE, **FRAMES)),
    Trouble("kinds/moving.webp", "animated WebP", _saved(PICTURE, **FRAMES, lossless=True)),
    Trouble("kinds/pages.tif", "TIFF with three pages", _saved(PICTURE, **FRAMES)),
    Trouble("kinds/png.jpg", "PNG that is called JPEG", lambda path: PICTURE.save(path, "PNG")),
    Trouble("kinds/picture", "PNG without an ending", lambda path: PICTURE.save(path, "PNG")),
    *(Trouble(f"turned/{k}.jpg", f"EXIF's orientation {k}", _turned(k)) for k in TURNS if k % 2),
    *(Trouble(f"turned/{k}.png", f"EXIF's orientation {k}, PNG", _turned(k)) for k in TURNS if k % 2 == 0),
    Trouble("turned/6.tif", "EXIF's orientation 6, TIFF", _turned(6)),
    Trouble(
        "sizes/1x1.png", "one pixel", _saved(Image.new("RGB", (1, 1), "red")), looks=Image.new("RGB", (9, 9), "red")
    ),
    Trouble("sizes/wide.png", "4,000×3", _saved(WIDE), looks=None),
    Trouble("sizes/tall.png", "3×4,000", _saved(TALL), looks=None),
    Trouble("sizes/large.jpg", "12,000×9,000", _large, looks=PICTURE.crop((10, 0, 70, 80))),
    Trouble(
        "sizes/bomb.png", "says that it has 30,000×30,000", _bytes(_png_of(30_000, 30_000)), "more than 178,956,970"
    ),
    Trouble("names/two words.png", "a space", _saved(PICTURE)),
    Trouble("names/猫和狗 😀.png", "Chinese letters", _saved(PICTURE)),
    Trouble("names/-q'uo\"te%s.png", "quotes, a dash, a percent sign", _saved(PICTURE)),
    Trouble("names/new\nline.png", "a new line in the name", _saved(PICTURE)),
    Trouble("names/not utf\udcff.png", "a name that is no text", _saved(PICTURE)),
    Trouble(f"names/{'long' * 60}.png", "a name of 244 letters", _saved(PICTURE)),
    Trouble("a/b/c/d/e/f/g/h/deep.png", "nine folders deep", _saved(PICTURE)),
    Trouble(".hidden.png", "a hidden picture", _saved(PICTURE), HIDDEN),
    Trouble(".git/x.png", "in a hidden folder", _saved(PICTURE), HIDDEN),
    Trouble("__MACOSX/x.png", "macOS's shadow of an archive", _saved(PICTURE), HIDDEN),
    Trouble("others/notes.txt", "a text", _bytes(b"two words"), OTHER),
    Trouble("others/labels.json", "JSON", _bytes(b"{}"), OTHER),
    Trouble("others/Thumbs.db", "Windows' thumbnails", _bytes(bytes.fromhex("d0cf11e0a1b11ae1") + bytes(99)), OTHER),
    Trouble("others/film.mp4", "a film", _bytes(b"\0\0\0\x18ftypmp42" + bytes(99)), OTHER),
    Trouble("others/photo.heic", "HEIC", _bytes(b"\0\0\0\x18ftypheic" + bytes(99)), OTHER),
    Trouble("others/drawing.svg", "SVG", _bytes(b"<svg xmlns='http://www.w3.org/2000/svg'/>"), OTHER),
    Trouble(
        "others/program.eps", "EPS, a program", _bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n"), OTHER
    ),
    Trouble("others/paper.pdf", "PDF", _bytes(b"%PDF-1.4"), OTHER),
    Trouble("others/empty", "0 bytes without an ending", _bytes(b""), OTHER),
    Trouble("broken/empty.png", "0 bytes", _bytes(b""), "is empty"),
    Trouble(
        "broken/page.jpg", "a web page that is called JPEG", _bytes(b"<html>404</html>"), "no picture that Pillow knows"
    ),
    Trouble(
        "broken/half.jpg", "half of a JPEG", _cut(PICTURE.resize((400, 400)), "JPEG", 0.5), "cannot be read (image file"
    ),
    Trouble("broken/half.png", "half of a PNG", _cut(PICTURE, "PNG", 0.5), "cannot be read ("),
    Trouble("broken/half.gif", "half of a GIF", _cut(PICTURE, "GIF", 0.9), "cannot be read ("),
    Trouble(
        "broken/head.png", "the first 8 bytes of a PNG", _bytes(b"\x89PNG\r\n\x1a\n"), "no picture that Pillow knows"
    ),
    Trouble("links/picture.png", "a link to a picture", _linked("../modes/rgb.png")),
    Trouble("links/folder", "a link to a folder outside", _linked("../../outside"), FOLLOWED),
    Trouble("links/nothing.png", "a link to nothing", _linked("nothing-there.png"), ""),
    Trouble("links/itself.png", "a link to itself", _linked("itself.png"), ""),
    Trouble("links/circle", "a link to the folder above", _linked(".."), ""),
    Trouble("links/pipe.png", "a pipe", os.mkfifo, ""),
    Trouble("closed/file.png", "no right to read", _closed_file, "Permission denied"),
    Trouble("closed/folder", "a folder without the right to read", _closed_folder, "Permission denied"),
]


def build(root: Path, tiny: int) -> Path:
    """The folder, with that many pictures of 8×8 pixels that nothing is wrong with: no. i has the grey level i."""
    for trouble in FILES:
        path = root / "pictures" / trouble.name
        path.parent.mkdir(parents=True, exist_ok=True)
        trouble.make(path)
    (root / "outside").mkdir()
    PICTURE.save(root / "outside" / "x.png")
    (root / "pictures" / "tiny").mkdir()
    for i in range(tiny):
        Image.new("L", (8, 8), i % 256).save(root / "pictures" / "tiny" / f"{i:05}.png", compress_level=0)
    return root / "pictures"


@contextmanager
def unprivileged() -> Iterator[None]:
    """For the administrator nothing is closed, so inside the `with` nobody is one."""
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if is_root:
            os.seteuid(0)


@contextmanager
def place() -> Iterator[Path]:
    """A new folder that anybody may look into, with a cache that anybody may write to; gone afterwards."""
    root, before = Path(tempfile.mkdtemp()), os.environ.get("XDG_CACHE_HOME")
    (root / "cache" / "gan_lib").mkdir(parents=True)
    for path in (root, root / "cache", root / "cache" / "gan_lib"):
        path.chmod(0o777)
    os.environ["XDG_CACHE_HOME"] = str(root / "cache")
    try:
        yield root
    finally:
        os.environ.pop("XDG_CACHE_HOME")
        if before is not None:
            os.environ["XDG_CACHE_HOME"] = before
        for path in root.glob("pictures/closed/*"):
            path.chmod(0o700)
        shutil.rmtree(root)


@contextmanager
def growing(path: Path) -> Iterator[None]:
    """Inside the `with` a thread writes to the end of a picture, again and again."""
    PICTURE.save(path)
    with open(path, "ab", buffering=0) as file:
        file.write(bytes(2**25))
        stop = threading.Event()
        thread = threading.Thread(target=lambda: [file.write(b"more") for _ in iter(stop.is_set, True)])
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()


def what_became(images: data.ImageSet, name: str) -> str:
    """READ, OTHER, FOLLOWED, what is said of it, or "" where the walk did not count it as a file."""
    report, files = images.report, images.origin.listing.files
    file = files.get(name)
    if file is None:
        is_followed = any(other.startswith(f"{name}/") for other in files)
        return FOLLOWED if is_followed else report.unreadable.get(f"{name}/", "")
    return OTHER if file["why"] == "no picture" else file["why"] or READ


# ------------------------------------------------------------------------------------------------- whole folders


def _of(pictures: int, *, alike: bool = False, folders: int = 0) -> Callable[[Path], Path]:
    def make(root: Path) -> Path:
        for i in range(pictures):
            path = root / "mine" / (f"class {i % folders}" if folders else "") / f"{i}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (8, 8), (0 if alike else i, 9, 9)).save(path)
        return root / "mine"

    return make


def _empty(root: Path) -> Path:
    (root / "mine").mkdir()
    return root / "mine"


def _file(root: Path) -> Path:
    PICTURE.save(root / "mine.png")
    return root / "mine.png"


def _others(root: Path) -> Path:
    for i in range(3):
        (_of(0)(root) / f"{i}.heic").parent.mkdir(exist_ok=True)
        (root / "mine" / f"{i}.heic").write_bytes(b"\0\0\0\x18ftypheic" + bytes(9))
    return root / "mine"


def _bad(root: Path) -> Path:
    (_of(8)(root) / "bad.png").write_bytes(b"nothing")
    return root / "mine"


def _mixed(root: Path) -> Path:
    PICTURE.save(_of(4, folders=2)(root) / "beside.png")
    return root / "mine"


def _closed(root: Path) -> Path:
    _of(3)(root).chmod(0)
    return root / "mine"


FOLDERS: dict[str, tuple[Callable[[Path], Path], dict, str]] = {  # what it is → makes it, arguments, what is said
    "not there": (lambda root: root / "nowhere", {}, "there is no folder"),
    "an empty folder": (_empty, {}, "holds no files"),
    "a file": (_file, {}, "is a file; give the folder"),
    "no right to read": (_closed, {}, "cannot be read (Permission denied)"),
    "no pictures": (_others, {}, "holds no pictures, only other files (.heic 3); Pillow does not read HEIC"),
    "one picture": (_of(1), {}, "holds one picture"),
    "all alike": (_of(5, alike=True), {}, "holds 5 pictures that all look the same"),
    "one class": (_of(6, folders=1), {"labels": "folders"}, "all pictures lie in one subfolder, 'class 0'"),
    "no subfolders": (_of(6), {"labels": "folders"}, "has no subfolders with pictures"),
    "pictures beside the classes": (_mixed, {"labels": "folders"}, "1 picture lies in mine itself"),
    "one of nine is broken": (_bad, {}, "at most 10% may be left out"),
    "side 0": (_of(3), {"side": 0}, "side is 0; choose a whole number, from 1 to 1,024"),
    "two channels": (_of(3), {"channels": 2}, "channels is 2; choose 3 for colour, or 1 for grey"),
    "stretched": (_of(3), {"fit": "stretch"}, "choose one of: crop, pad"),
    "no colour": (_of(3), {"ground": "whitish"}, "ground is 'whitish'; give the name of a colour"),
    "labels from names": (_of(3), {"labels": "names"}, "choose one of: folders"),
}


def main() -> None:
    """Build all, read, and print what became of each."""
    with place() as root, warnings.catch_warnings():
        warnings.simplefilter("error")
        pictures = build(root, 20_000)
        PICTURE.resize((12_000, 9_000), 0).save(pictures / "sizes" / "large.png")
        with growing(pictures / "broken" / "grows.png"), unprivileged():
            images = data.folder(pictures, SIDE)
        rows = [(trouble.what, trouble.name) for trouble in FILES]
        rows += [("12,000×9,000, PNG", "sizes/large.png"), ("grows while it is read", "broken/grows.png")]
        for what, name in rows:
            became = what_became(images, name) or "not followed, and counted"
            print(f"{what:40} {name.encode('unicode_escape').decode()[:34]:34} {became}")
        tiny = sum(name.startswith("tiny/") for name in images.origin.listing.rows)
        print(f"{'20,000 tiny files':40} {'tiny/':34} {tiny:,} read")
        print(images.report)
    for what, (make, arguments, _) in FOLDERS.items():
        with place() as root:
            path = make(root)
            try:
                with unprivileged():
                    data.folder(path, **arguments, show_progress=False)
                print(f"{what:30} taken")
            except GanLibError as error:
                print(f"{what:30} {error}")


if __name__ == "__main__":
    main()
