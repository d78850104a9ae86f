"""A score for pictures that no judge of ours knows: the sliced distance, and Inception's two where it is at hand.

The real pictures stand in two groups. Generated ones are compared with the first. The second, as many as are drawn,
stands in the generator's place once: what real pictures reach is the floor.
"""

from __future__ import annotations

from functools import cached_property
from statistics import fmean

import torch
from torch import Tensor, nn

from gan_lib.data import ImageSet, resize, to_pixels, to_range
from gan_lib.errors import BadInput
from gan_lib.machine.given import instance
from gan_lib.machine.rng import z_from_seed
from gan_lib.networks.brought import brought
from gan_lib.runs import draw
from gan_lib.scores import inception
from gan_lib.scores.sliced import COARSEST, SlicedJudge

PICTURES = 2_000  # at most, in either group
SEED = 0  # of the groups
MEASURE = "sliced Wasserstein distance × 1,000 of Laplacian-pyramid patches"


class OwnScore:
    """How near a generator's pictures are to somebody's own.

    Args:
        images: what the generator learns from.
        held_out: pictures that it does not learn from, to compare with. If they are fewer than half of `images` (and
            than 2,000), half of `images` is compared with instead: the more pictures, the lower and steadier the floor,
            and the sliced distance would not see a generator that knows its pictures by heart.
        side: of the generator's pictures; that of the images if None.
        network: `inception.extractor()`, for FID and KID as well.

    Attributes:
        pictures: how many stand in the generator's place, and are drawn.
        against: what they are compared with, in words.

    Raises:
        BadInput: held-out pictures of another shape, or no data set; or no network.
    """

    def __init__(
        self,
        images: ImageSet,
        held_out: ImageSet | None = None,
        side: int | None = None,
        network: nn.Module | None = None,
    ):
        _check(images, held_out, network)
        n = len(images.pixels)
        order = torch.randperm(n, generator=torch.Generator().manual_seed(SEED))  # files come sorted by their names
        half = min(n // 2, PICTURES)
        self._others, rows = images, order[half : 2 * half]
        self._images, self._rows, self._side, self._network = images, order[:half], side, network
        self.against = f"{half:,} of the training pictures"
        if held_out is not None and len(held_out.pixels) >= half:
            self._rows, self._others, rows = order[:PICTURES], held_out, torch.arange(len(held_out.pixels))[:PICTURES]
            self.against = f"{len(rows):,} held-out pictures"
        self._others_rows, self.pictures = rows, len(self._rows)

    def score(self, generator: nn.Module, seed: int) -> float:
        """The sliced distance of as many drawn pictures; `seed` decides the z."""
        return self._judge.distance(self._drawn(generator, seed))

    def evaluate(self, generator: nn.Module, seed: int) -> dict:
        """The same as scores by name, with what a card says about them.

        Returns:
            sliced: the distance, ≥ 0, 0 is best; sliced_by_side: of each level of the pyramid.
            fid, kid: Inception's, if it was asked for.
            floor: the same of real pictures in the generator's place.
            measure, pictures, against: which score it is, how many were drawn, and what they were compared with.
        """
        said = {"measure": MEASURE, "pictures": self.pictures, "against": self.against, "floor": self._floor}
        return self._measured(self._drawn(generator, seed)) | said

    def _measured(self, pictures: Tensor) -> dict:
        by_side = self._judge.distances(pictures)
        found = {"sliced": fmean(by_side.values()), "sliced_by_side": by_side}
        if self._network is None:
            return found
        return found | inception.distances(self._seen, inception.features(self._network, pictures))

    @cached_property
    def _judge(self) -> SlicedJudge:
        return SlicedJudge(self._real(self._others, self._others_rows))

    @cached_property
    def _seen(self) -> Tensor:
        """What Inception sees in the pictures that are compared with: float32 (m, 2048)."""
        return inception.features(self._network, self._real(self._others, self._others_rows))

    @cached_property
    def _floor(self) -> dict:
        return self._measured(self._real(self._images, self._rows))

    def _real(self, images: ImageSet, rows: Tensor) -> Tensor:
        """uint8 (n, C, H, W) on the CPU, of the size that the generator draws."""
        pixels = images.pixels[rows.to(images.pixels.device)].cpu()
        h, w = pixels.shape[2:]
        if h != w or self._side in (None, h):
            return to_pixels(to_range(pixels))
        parts = [to_pixels(resize(to_range(part), self._side)) for part in pixels.split(100)]
        return torch.cat(parts)

    def _drawn(self, generator: nn.Module, seed: int) -> Tensor:
        """uint8 (n, C, H, W), the classes as often as among the real pictures in whose place they stand."""
        drawer = brought(generator).sound()
        labels = ()
        if drawer.classes:
            real = self._images.labels.cpu()[self._rows]
            fits = len(self._images.classes) == drawer.classes
            labels = (real if fits else torch.arange(self.pictures) % drawer.classes,)
        z = z_from_seed(seed, drawer.latent_dim, self.pictures)
        parts = torch.arange(self.pictures).split(100)
        return torch.cat([draw(drawer, z[rows], *(each[rows] for each in labels)) for rows in parts])


def own_score(
    images: ImageSet, side: int | None = None, held_out: ImageSet | None = None, network: nn.Module | None = None
) -> OwnScore | None:
    """The score of such pictures; None for points, small pictures, a single one, and the digits that stand in where
    other data could not be had. Arguments as for `OwnScore`."""
    shape = images.pixels.shape
    if images.is_fallback or len(shape) != 4 or len(images.pixels) < 2:
        return None
    smallest = min(shape[2:]) if side is None or shape[2] != shape[3] else side
    return OwnScore(images, held_out, side, network) if smallest >= COARSEST else None


def _check(images: ImageSet, held_out: ImageSet | None, network: nn.Module | None) -> None:
    held_out is None or instance("held_out", held_out, ImageSet, "an ImageSet, as images.split(n) gives it, or None")
    network is None or instance("network", network, nn.Module, "what inception.extractor() gives, or None")
    shapes = [tuple(each.pixels.shape[1:]) for each in (images, held_out or images)]
    if shapes[0] != shapes[1]:
        told = ["×".join(map(str, shape)) for shape in shapes]
        raise BadInput(f"the held-out pictures are {told[1]}, and the others {told[0]}; bring both alike.")
