"""One family of DCGAN's networks (Radford et al. 2015) for pictures of 32, 64, 128 or 256 pixels, with labels or not.

Between 4×4 and the picture each layer doubles or halves the side, so a side of 2ⁿ needs n − 2 of them.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot

from gan_lib.errors import BadInput, brief
from gan_lib.machine.given import counted, flag, whole
from gan_lib.networks.checks import at_least_float32, check_images, check_labels_without_waiting, check_z, sizes
from gan_lib.networks.spectral import spectrally_normalised

SIDES = (32, 64, 128, 256)
WIDEST = 1024  # channels at most: those of the paper's first layer


def check_side(side: object) -> int:
    """A side that the family has. BadInput: another one."""
    number = counted(side)
    if number not in SIDES:
        raise BadInput(
            f"a side of {brief(side)} pixels is not possible, because each layer doubles it from 4 on; "
            f"choose one of: {', '.join(map(str, SIDES))}."
        )
    return number


def widths(side: int, features: int) -> list[int]:
    """Channels of the layers from the picture inwards: features, 2 × features, … down to 4×4, at most 1,024.

    For a side of 64 and 64 features: 64 at 32×32, 128 at 16×16, 256 at 8×8, 512 at 4×4.

    Raises:
        BadInput: a side that the family does not have, or features below 1.
    """
    (features,) = sizes(features=features)
    layers = check_side(side).bit_length() - 3  # three for 32 = 2⁵ pixels
    return [min(features << k, max(WIDEST, features)) for k in range(layers)]


class AnySideGenerator(nn.Module):
    """z, and the label if it has classes → a picture; 3,576,704 parameters as standard.

    No convolution has a bias, BatchNorm follows each but the last. With a side of 256 and 32 features it is the
    generator whose cost chapter 2 counts.

    Args:
        latent_dim: length of z, without the label.
        side: of the picture: 32, 64, 128 or 256.
        features: channels of the last hidden layer; each one before it has twice as many, 1,024 at most.
        channels: of the picture.
        classes: 0, or how many labels there are; the label stands behind z as a one-hot vector.
        full_side: channels of one more hidden layer, of the picture's own side; 0 for none, as the paper has it.
    """

    def __init__(
        self,
        latent_dim: int = 100,
        side: int = 64,
        features: int = 64,
        channels: int = 3,
        classes: int = 0,
        *,
        full_side: int = 0,
    ):
        super().__init__()
        latent_dim, channels = sizes(latent_dim=latent_dim, channels=channels)
        side, wide, full_side = check_side(side), widths(side, features)[::-1], whole("full_side", full_side, 0)
        self.latent_dim, self.image_shape = latent_dim, (channels, side, side)
        self.classes = whole("classes", classes, 0)
        layers = [nn.ConvTranspose2d(latent_dim + self.classes, wide[0], 4, 1, 0, bias=False)]  # (B, 512, 4, 4)
        for width, narrower in pairwise((*wide, full_side or channels)):  # (B, 256, 8, 8), …, (B, 64, 32, 32)
            layers += [nn.BatchNorm2d(width), nn.ReLU(), nn.ConvTranspose2d(width, narrower, 4, 2, 1, bias=False)]
        if full_side:  # (B, full_side, 64, 64)
            layers += [nn.BatchNorm2d(full_side), nn.ReLU(), nn.Conv2d(full_side, channels, 3, 1, 1)]
        self.model = nn.Sequential(*layers, nn.Tanh())  # (B, 3, 64, 64)

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """z (B, latent_dim) from N(0, 1), labels int64 (B,) only with classes → images (B, C, side, side) in −1…1.

        Raises:
            BadInput: z or labels of another shape.
        """
        check_z(z, self.latent_dim, self)
        if self.classes:
            check_labels_without_waiting(labels, self.classes, len(z))
            z = torch.cat([z, one_hot(labels, self.classes).to(z.dtype)], dim=1)  # (B, 100 + classes)
        return at_least_float32(self.model(z[:, :, None, None]))  # z becomes (B, 100, 1, 1)


class AnySideDiscriminator(nn.Module):
    """A picture → one logit; 2,765,633 parameters as standard.

    It has a generator's widths in the other order. A bias stands where no BatchNorm follows.

    Args:
        side: of the picture: 32, 64, 128 or 256.
        features: channels of the first layer; each one after it has twice as many, 1,024 at most.
        channels: of the picture.
        classes: 0, or how many labels there are: D is told the label, and adds to its logit how well the picture
            fits it (the projection of Miyato & Koyama 2018, eq. 5).
        auxiliary: with classes: D is not told the label; it gives class logits too, from a second head (ACGAN).
        batch_norm: BatchNorm after each layer but the first. Without it, it is the critic of `wgan_gp`: a penalty on
            each example's gradient makes no sense where an example's output depends on the rest of its batch.
        spectral: each layer divided by its largest stretch (`spectrally_normalised`), only without BatchNorm.
        full_side: channels of one more layer, before the first, of the picture's own side; 0 for none.
    """

    def __init__(
        self,
        side: int = 64,
        features: int = 64,
        channels: int = 3,
        classes: int = 0,
        *,
        auxiliary: bool = False,
        batch_norm: bool = True,
        spectral: bool = False,
        full_side: int = 0,
    ):
        super().__init__()
        side, wide, (channels,) = check_side(side), widths(side, features), sizes(channels=channels)
        full_side = whole("full_side", full_side, 0)
        self.auxiliary, batch_norm = flag("auxiliary", auxiliary), flag("batch_norm", batch_norm)
        self.classes, self.image_shape = whole("classes", classes, int(self.auxiliary)), (channels, side, side)
        layers = [nn.Conv2d(channels, full_side, 3, 1, 1), nn.LeakyReLU(0.2)] if full_side else []
        layers += [nn.Conv2d(full_side or channels, wide[0], 4, 2, 1), nn.LeakyReLU(0.2)]  # (B, 64, 32, 32)
        for width, wider in pairwise(wide):  # (B, 128, 16, 16), (B, 256, 8, 8), (B, 512, 4, 4)
            norm = [nn.BatchNorm2d(wider)] if batch_norm else []
            layers += [nn.Conv2d(width, wider, 4, 2, 1, bias=not batch_norm), *norm, nn.LeakyReLU(0.2)]
        self.trunk = nn.Sequential(*layers)
        self.head = nn.Conv2d(wide[-1], 1, 4, 1, 0)  # (B, 1, 1, 1)
        self.class_head = nn.Conv2d(wide[-1], self.classes, 4, 1, 0) if self.auxiliary else None
        # Row y is what the projection compares a picture with that is said to be of class y.
        self.told = nn.Linear(wide[-1], self.classes, bias=False) if self.classes and not self.auxiliary else None
        if flag("spectral", spectral):
            spectrally_normalised(self)

    def forward(self, x: Tensor, labels: Tensor | None = None) -> Tensor | tuple[Tensor, Tensor]:
        """x (B, C, side, side) in −1…1 → logits (B, 1); above 0 means "looks real".

        With `auxiliary` the class logits (B, classes) come too; labels int64 (B,) are wanted where D is told them.

        Raises:
            BadInput: x or labels of another shape.
        """
        check_images(x, self.image_shape, self)
        h = self.trunk(x)  # (B, 512, 4, 4)
        logits = self.head(h).flatten(1)  # (B, 1)
        if self.told is not None:
            check_labels_without_waiting(labels, self.classes, len(x))
            fits = self.told(h.mean((2, 3)))  # (B, classes); a mean where the paper sums over the 16 places
            logits = logits + fits.gather(1, labels[:, None])
        if self.class_head is None:
            return at_least_float32(logits)
        return at_least_float32(logits), at_least_float32(self.class_head(h).flatten(1))
