"""A folder of pictures to practise with: clothes in many colours and sizes, and the trouble that real folders hold."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch
from PIL import Image, ImageColor, ImageOps
from torch import Tensor

from gan_lib.data import ImageSet
from gan_lib.errors import BadInput
from gan_lib.machine.given import instance, named_path, whole

PICTURES = 600
SEED = 0  # of their colours and sizes
SPECIAL, LOST = "from everywhere", "from an old disk"  # subfolders: of pictures with something special; of trouble
EXIF_ORIENTATION, TURNED_LEFT = 0x0112, 6


def make(folder: str | Path, images: ImageSet, n: int = PICTURES) -> dict[str, str]:
    """Write n pictures, each into the subfolder of its class, and beside them files of every awkward kind.

    Args:
        folder: a new one.
        images: what is drawn on them, grey squares (N, 1, H, W).
        n: how many.

    Returns:
        The names of the awkward files → what is special about them.

    Raises:
        BadInput: the folder exists or has no name, or there are no such pictures, or not so many.
    """
    folder = named_path("folder", folder)
    instance("images", images, ImageSet, "an ImageSet, as data.load gives it")
    n = whole("n", n, 10)
    if images.pixels.ndim != 4 or images.pixels.dtype != torch.uint8 or images.pixels.shape[1] != 1:
        raise BadInput(f"{images.name} holds {tuple(images.pixels.shape)}; give grey pictures of bytes, (N, 1, H, W).")
    if len(images.pixels) < n:
        raise BadInput(f"{images.name} holds {len(images.pixels):,} pictures; ask for at most as many.")
    if folder.exists():
        raise BadInput(f"{folder} is there already; give the name of a new folder.")
    rng = torch.Generator().manual_seed(SEED)
    for i in range(n):
        path = folder / images.classes[images.labels[i]].replace("/", " or ") / f"{i:04}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        side = int(torch.randint(40, 121, (), generator=rng))
        hue = int(torch.randint(360, (), generator=rng))
        _coloured(images.pixels[i, 0], hue).resize((side, side), Image.Resampling.BICUBIC).save(path)
    picture = _coloured(images.pixels[0, 0], 210).resize((96, 96), Image.Resampling.BICUBIC)
    for subfolder, files in AWKWARD.items():
        (folder / subfolder).mkdir()
        for name, (_, write) in files.items():
            write(picture, folder / subfolder / name)
    return {f"{subfolder}/{name}": what for subfolder, files in AWKWARD.items() for name, (what, _) in files.items()}


def _coloured(pixels: Tensor, hue: int) -> Image.Image:
    """uint8 (H, W) → the bright parts in one hue, on white."""
    strong = ImageColor.getrgb(f"hsl({hue}, 70%, 35%)")
    return ImageOps.colorize(Image.fromarray(pixels.cpu().numpy()), "white", strong)


def _transparent(picture: Image.Image) -> Image.Image:
    """What is white becomes transparent, and black below, as many programs leave it."""
    shown = picture.convert("L").point(lambda v: 255 * (v < 250))
    return Image.merge("RGBA", (*Image.composite(picture, Image.new("RGB", picture.size), shown).split(), shown))


def _wide(picture: Image.Image) -> Image.Image:
    return ImageOps.expand(picture, (picture.width, 0), "white")  # three times as wide as high


def _turned(picture: Image.Image, path: Path) -> None:
    exif = Image.Exif()
    exif[EXIF_ORIENTATION] = TURNED_LEFT
    picture.transpose(Image.Transpose.ROTATE_90).save(path, exif=exif)


def _sixteen_bits(picture: Image.Image, path: Path) -> None:
    grey = torch.tensor(list(picture.convert("L").tobytes()), dtype=torch.int32).view(picture.size[::-1]) * 257
    Image.fromarray(grey.numpy().astype("uint16")).save(path)


def _half(picture: Image.Image, path: Path) -> None:
    picture.save(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


AWKWARD: dict[str, dict[str, tuple[str, Callable[[Image.Image, Path], object]]]] = {
    SPECIAL: {
        "1 phone.jpg": ("lies on its side, and EXIF says so", _turned),
        "2 cut out.png": ("transparent", lambda picture, path: _transparent(picture).save(path)),
        "3 wide.png": ("three times as wide as high", lambda picture, path: _wide(picture).save(path)),
        "4 print.jpg": ("CMYK, for a printer", lambda picture, path: picture.convert("CMYK").save(path)),
        "5 scan.png": ("16 bits", _sixteen_bits),
        "6 palette.gif": ("a palette of 16 colours", lambda picture, path: picture.quantize(16).save(path)),
        "7 动画.gif": (
            "moves",
            lambda picture, path: picture.save(path, save_all=True, append_images=[ImageOps.invert(picture)]),
        ),
    },
    LOST: {
        "broken.png": ("half of a file", _half),
        "empty.jpg": ("nothing in it", lambda _, path: path.touch()),
        "notes.txt": ("a text", lambda _, path: path.write_text("buy film\n", encoding="utf-8")),
        ".thumbnail.png": ("hidden", lambda picture, path: picture.save(path)),
    },
}
