"""A distance between pictures that needs no network: sliced Wasserstein of patches of Laplacian pyramids.

Karras et al. 2018 (Progressive Growing of GANs), section 5 and appendix. A Laplacian pyramid takes a picture apart by
coarseness: its finest details, the details twice as coarse, and so on, and last a small blurred picture. Of each level
many patches of 7×7 pixels are taken. If generated and real patches are alike at a level, the pictures look alike there.

Two things differ from the paper's program. It scales each of the two sets by its own mean and standard deviation, so
it sees neither pictures that are all too dark nor those of too little contrast; here both are scaled by those of the
real ones. And it takes two million patches of each level; here it is 32,768, which a CPU sorts in a moment.

What it does not see: where in the picture a patch lies, and whether pictures come again and again. A generator that
knows 200 pictures by heart is hardly farther from the real ones than other real pictures are.
"""

from __future__ import annotations

from functools import cache
from statistics import fmean

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import conv1d, pad

from gan_lib.data import to_pixels, to_range
from gan_lib.data.brought import CHANNELS, as_pixels
from gan_lib.errors import BadInput
from gan_lib.machine.given import numbers

PATCH = 7  # pixels, both ways
COARSEST = 16  # no level has a shorter side than this
PATCHES = 2**15  # of each level
DIRECTIONS = 128  # on which they are projected; with 512 of them the distance changes by at most 5 %
SCALE = 1_000  # the paper's distances are given in thousandths
GREY_LEVEL = 2 / 255  # of −1…1: details smaller than this are rounding
SEED = 0  # of the places and the directions, the same for all pictures that are compared
PART = 100  # pictures at once


def pyramid(images: Tensor) -> list[Tensor]:
    """The Laplacian pyramid (Burt & Adelson 1983): details, coarser and coarser, and last what is left without them.

    Each level is half as large as the one before; the last one's shorter side is 16…30. Doubled as often as they were
    halved, the levels add up to the pictures.

    Args:
        images: float (N, C, H, W).

    Returns:
        float (N, C, H, W), (N, C, H/2, W/2), …; a half is rounded up.

    Raises:
        BadInput: no such tensor, or sides below 16.
    """
    images = numbers("images", images, None, None, None, None)
    if min(images.shape[2:]) < COARSEST:
        h, w = images.shape[2:]
        raise BadInput(f"the images are {h}×{w}; a pyramid needs sides from {COARSEST} on.")
    levels = [images]
    while -(-min(levels[-1].shape[2:]) // 2) >= COARSEST:
        rows, columns = (_smoothing(size).to(images) for size in levels[-1].shape[2:])  # (H, H), (W, W)
        half = rows[::2] @ levels[-1] @ columns[::2].T  # (N, C, H/2, W/2): smooth, then take each second
        doubled = 4 * rows[:, ::2] @ half @ columns[:, ::2].T  # (N, C, H, W): spread with zeros between, then smooth
        levels[-1:] = [levels[-1] - doubled, half]
    return levels


@cache
def _smoothing(size: int) -> Tensor:
    """The matrix (size, size) that mixes each pixel with its neighbours, 1 4 6 4 1 to 16; mirrored at the ends."""
    kernel = torch.tensor([1.0, 4, 6, 4, 1]) / 16
    each = torch.eye(size)[:, None]  # (size, 1, size): a picture of one bright pixel for each place
    return conv1d(pad(each, (2, 2), mode="reflect"), kernel[None, None])[:, 0].T


def sliced_wasserstein(x: Tensor, y: Tensor, directions: Tensor) -> float:
    """Mean over the directions of the Wasserstein-1 distance between the projections of two sets of points (Rabin et
    al. 2012): on a line the cheapest transport moves the smallest to the smallest, and so on.

    Args:
        x, y: (N, d) each.
        directions: (d, K), each column of length 1.

    Raises:
        BadInput: other shapes, or numbers that are not finite.
    """
    x = numbers("x", x, None, None).float()
    y, directions = numbers("y", y, *x.shape).float(), numbers("directions", directions, x.shape[1], None).float()
    return _apart(_sorted(x, directions), _sorted(y, directions))


def _sorted(points: Tensor, directions: Tensor) -> np.ndarray:
    """(N, d) → float32 (K, N): the projections on each direction, by size. NumPy sorts five times as fast as torch."""
    projections = (directions.T @ points.T).numpy()
    projections.sort(axis=1)
    return projections


def _apart(x: np.ndarray, y: np.ndarray) -> float:
    return float(np.abs(x - y).mean())


class SlicedJudge:
    """What patches of some real pictures look like.

    Args:
        real: pictures (N, C, H, W), bytes or floats in −1…1, or what an `ImageSet` would take; sides from 16 on.

    Attributes:
        shape: (C, H, W).

    Raises:
        BadInput: other pictures.
    """

    def __init__(self, real: Tensor):
        real = pictures_of(real)
        self.shape = tuple(real.shape[1:])
        levels = _patches(real)
        self.directions = _directions(levels[0][0].numel())  # (d, K)
        self.scales = [torch.std_mean(level, (0, 2, 3), keepdim=True) for level in levels]  # (1, C, 1, 1) each
        self.real = [self._projected(*each) for each in zip(levels, self.scales, strict=True)]  # (K, PATCHES) each

    def distances(self, pictures: Tensor) -> dict[str, float]:
        """The sliced Wasserstein distance × 1,000 of each level, by the shorter side of its pictures; 0 is best.

        Args:
            pictures: like the real ones, of the same shape. However many they are, as many patches are taken; but fewer
                pictures are farther away by chance, so compare with real ones of the same number, the floor.

        Raises:
            BadInput: other pictures.
        """
        pictures = pictures_of(pictures)
        if tuple(pictures.shape[1:]) != self.shape:
            told = ["×".join(map(str, shape)) for shape in (pictures.shape[1:], self.shape)]
            raise BadInput(f"the pictures are {told[0]} and the real ones {told[1]}; bring both alike.")
        found, side = {}, min(self.shape[1:])
        for level, scale, real in zip(_patches(pictures), self.scales, self.real, strict=True):
            found[str(side)] = SCALE * _apart(real, self._projected(level, scale))
            side = -(-side // 2)
        return found

    def distance(self, pictures: Tensor) -> float:
        """The mean of `distances`."""
        return fmean(self.distances(pictures).values())

    def _projected(self, patches: Tensor, scale: tuple[Tensor, Tensor]) -> np.ndarray:
        """(PATCHES, C, 7, 7) → (K, PATCHES), each channel by the mean and the spread that the real ones have."""
        spread, mean = scale
        return _sorted(((patches - mean) / spread.clamp(min=GREY_LEVEL)).flatten(1), self.directions)


def pictures_of(given: object) -> Tensor:
    """uint8 (N, C, H, W) on the CPU: what a file would hold. BadInput: no pictures, or too small ones."""
    given = getattr(given, "pixels", given)  # an ImageSet
    is_bytes = (
        isinstance(given, Tensor) and given.dtype == torch.uint8 and given.ndim == 4 and given.shape[1] <= CHANNELS
    )
    pictures = given if is_bytes and given.numel() else as_pixels(given)
    if pictures.ndim != 4 or min(pictures.shape[2:]) < COARSEST:
        shape = tuple(pictures.shape)
        raise BadInput(
            f"pictures of shape {shape} cannot be compared; give (N, C, H, W) with sides from {COARSEST} on."
        )
    return (pictures if pictures.dtype == torch.uint8 else to_pixels(pictures)).cpu()


def _directions(size: int) -> Tensor:
    """float32 (size, K): evenly on the sphere."""
    drawn = torch.randn(size, DIRECTIONS, generator=torch.Generator().manual_seed(SEED))
    return drawn / drawn.norm(dim=0)


def _patches(pictures: Tensor) -> list[Tensor]:
    """uint8 (N, C, H, W) → of each level float32 (PATCHES, C, 7, 7), as many from each picture, give or take one."""
    rng = torch.Generator().manual_seed(SEED)
    picture = torch.arange(PATCHES) * len(pictures) // PATCHES  # (PATCHES,): which one each patch is cut from
    found = []
    for start in range(0, len(pictures), PART):
        of = picture[(start <= picture) & (picture < start + PART)] - start
        levels = pyramid(to_range(pictures[start : start + PART]))
        found.append([_cut(level, of, rng) for level in levels])
    return [torch.cat(level) for level in zip(*found, strict=True)]


def _cut(level: Tensor, of: Tensor, rng: torch.Generator) -> Tensor:
    """(N, C, H, W) → (p, C, 7, 7): a patch somewhere in each of the pictures `of`, int64 (p,)."""
    y, x = (torch.randint(size - PATCH + 1, (len(of),), generator=rng) for size in level.shape[2:])
    windows = level.unfold(2, PATCH, 1).unfold(3, PATCH, 1)  # (N, C, H − 6, W − 6, 7, 7), a view
    return windows[of, :, y, x]
