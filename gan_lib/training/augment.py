"""Other looks of the same pictures, so that a discriminator with few of them cannot learn them by heart.

Flips make more real pictures. What makes D see real and made pictures alike through the same random changes
(DiffAugment, Zhao et al. 2020) lets the gradient through to G, so that G does not learn to draw the changes. All random
numbers are torch's global ones, which the loop seeds at each step; each picture of a batch gets its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from gan_lib.errors import BadInput, brief, one_of
from gan_lib.machine.given import floats, listed

SHIFT = 1 / 8  # of the side: as far as a translation goes
HOLE = 1 / 2  # of the side: the square that is cut out


def flipped(images: Tensor) -> Tensor:
    """(B, C, H, W) → the same, each picture mirrored left to right with probability ½."""
    _check(images)
    mirrored = torch.rand(len(images), 1, 1, 1, device=images.device) < 0.5  # (B, 1, 1, 1)
    return torch.where(mirrored, images.flip(3), images)


def colour(images: Tensor) -> Tensor:
    """(B, C, H, W) → the same with another brightness (± ½), saturation (0…2 times) and contrast (½…1½ times)."""
    _check(images)
    more, richer, stronger = torch.rand(3, len(images), 1, 1, 1, device=images.device)  # (B, 1, 1, 1) each
    images = images + (more - 0.5)
    grey = images.mean(1, keepdim=True)  # (B, 1, H, W)
    images = grey + (images - grey) * (2 * richer)
    mean = images.mean((1, 2, 3), keepdim=True)  # (B, 1, 1, 1)
    return mean + (images - mean) * (stronger + 0.5)


def translation(images: Tensor) -> Tensor:
    """(B, C, H, W) → the same, moved by up to an eighth of each side; 0 comes in where nothing was."""
    _check(images)
    rows, inside_rows = _moved(images, 2)  # (B, H) each
    columns, inside_columns = _moved(images, 3)  # (B, W) each
    n, channels, _, width = images.shape
    from_where = (rows[:, :, None] * width + columns[:, None, :]).view(n, 1, -1)  # (B, 1, H · W)
    # A gather that takes each pixel once: its gradient adds nothing up, so that the bits are the same each time.
    moved = images.flatten(2).gather(2, from_where.expand(-1, channels, -1)).view(images.shape)
    return moved * (inside_rows[:, None, :, None] & inside_columns[:, None, None, :])


def _moved(images: Tensor, axis: int) -> tuple[Tensor, Tensor]:
    """For each place along an axis: where its value comes from, int64 (B, side), and whether that lies inside."""
    side = images.shape[axis]
    most = int(side * SHIFT + 0.5)
    by = torch.randint(-most, most + 1, (len(images), 1), device=images.device)  # (B, 1)
    source = torch.arange(side, device=images.device) - by  # (B, side)
    return source % side, (source >= 0) & (source < side)


def cutout(images: Tensor) -> Tensor:
    """(B, C, H, W) → the same with a square of half the side set to 0; it may reach over the border."""
    _check(images)
    rows, columns = (_hole(images, axis) for axis in (2, 3))  # (B, H), (B, W)
    return images * ~(rows[:, None, :, None] & columns[:, None, None, :])


def _hole(images: Tensor, axis: int) -> Tensor:
    """Whether each place along an axis lies in the hole: bool (B, side)."""
    side = images.shape[axis]
    size = int(side * HOLE + 0.5)
    middle = torch.randint(0, side + (1 - size % 2), (len(images), 1), device=images.device)  # (B, 1)
    start, place = middle - size // 2, torch.arange(side, device=images.device)
    return (place >= start) & (place < start + size)


AUGMENTATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "colour": colour,
    "translation": translation,
    "cutout": cutout,
}


def augmented(images: Tensor, kinds: Sequence[str] = tuple(AUGMENTATIONS)) -> Tensor:
    """The pictures as D sees them: changed in each of these ways, one after the other (Zhao et al. 2020, eqs. 4 and 5).

    Args:
        images: float (B, C, H, W) in −1…1; the result may go beyond.
        kinds: names out of "colour", "translation", "cutout"; none of them leaves the pictures as they are.

    Raises:
        BadInput: no such pictures, or another name.
    """
    for kind in known_kinds(kinds):
        images = AUGMENTATIONS[kind](images)
    return images


def known_kinds(kinds: Sequence[str]) -> tuple[str, ...]:
    """The names of augmentations as a tuple. BadInput: one is none, or a text instead of several."""
    if isinstance(kinds, str):
        raise BadInput(f'augment is {brief(kinds)}; give several names, for example ("colour", "translation").')
    found = tuple(listed("augment", kinds))
    for kind in found:
        one_of("augmentation", kind, AUGMENTATIONS)
    return found


def _check(images: Tensor) -> None:
    floats("images", images)
    if images.ndim != 4:
        raise BadInput(f"images have the shape {tuple(images.shape)}; give pictures, (B, C, H, W).")
