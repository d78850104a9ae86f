"""A residual pair without BatchNorm, after R3GAN (Huang et al. 2024, section 3), for pictures of 32 to 256 pixels.

Sides and widths are those of DCGAN's family (`any_side`). Between two changes of the side stand residual blocks, each
of which adds a correction to what comes in (He et al. 2016); what goes past them is linear. Enlarging copies each
pixel, shrinking takes means. Only the step from and to the picture has strides: blocks work at half its side or less.
"""

from __future__ import annotations

from itertools import pairwise
from math import sqrt

from torch import Tensor, nn

from gan_lib.machine.given import flag
from gan_lib.networks.any_side import AnySideDiscriminator, AnySideGenerator, widths
from gan_lib.networks.checks import sizes
from gan_lib.networks.spectral import spectrally_normalised

SLOPE = 0.2  # of LeakyReLU below 0
KEEPS = sqrt(2 / (1 + SLOPE**2))  # what such a LeakyReLU takes from the size of numbers (He et al. 2015, eq. 15)


class Residual(nn.Module):
    """x + branch(x), (B, width, H, W) both; the 3×3 convolution sees half of the channels, which costs a quarter."""

    def __init__(self, width: int):
        super().__init__()
        narrow = (width + 1) // 2
        self.branch = nn.Sequential(
            nn.Conv2d(width, narrow, 1),  # (B, width / 2, H, W)
            nn.LeakyReLU(SLOPE),
            nn.Conv2d(narrow, narrow, 3, 1, 1),
            nn.LeakyReLU(SLOPE),
            nn.Conv2d(narrow, width, 1, bias=False),  # (B, width, H, W)
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, width, H, W) → the same shape."""
        return x + self.branch(x)


class ResidualGenerator(AnySideGenerator):
    """z, and the label if it has classes → a picture; 1,011,841 parameters as standard.

    Args:
        latent_dim: length of z, without the label.
        side: of the picture: 32, 64, 128 or 256.
        features: channels at half of the side; at each side below there are twice as many, 1,024 at most.
        channels: of the picture.
        classes: 0, or how many labels there are; the label stands behind z as a one-hot vector.
        blocks: residual blocks at each side.
    """

    def __init__(
        self,
        latent_dim: int = 100,
        side: int = 32,
        features: int = 64,
        channels: int = 1,
        classes: int = 0,
        blocks: int = 2,
    ):
        wide, (blocks,) = widths(side, features)[::-1], sizes(blocks=blocks)
        super().__init__(latent_dim, side, 1, channels, classes)  # for its forward; the layers are others
        layers = [nn.ConvTranspose2d(self.latent_dim + self.classes, wide[0], 4, 1, 0)]  # (B, 256, 4, 4)
        layers += [Residual(wide[0]) for _ in range(blocks)]
        for width, narrower in pairwise(wide):  # (B, 128, 8, 8), (B, 64, 16, 16)
            layers += [nn.Conv2d(width, narrower, 1, bias=False), nn.Upsample(scale_factor=2)]
            layers += [Residual(narrower) for _ in range(blocks)]
        layers += [nn.ConvTranspose2d(wide[-1], self.image_shape[0], 4, 2, 1)]  # (B, 1, 32, 32)
        self.model = first_weights(nn.Sequential(*layers, nn.Tanh()))


class ResidualDiscriminator(AnySideDiscriminator):
    """A picture → one logit; 606,145 parameters as standard. Without BatchNorm, so that any game may ask for its slope.

    Args:
        side: of the picture: 32, 64, 128 or 256.
        features: channels at half of the side; at each side below there are twice as many, 1,024 at most.
        channels: of the picture.
        classes: 0, or how many labels there are: D is told the label, by a projection as in `AnySideDiscriminator`.
        blocks: residual blocks at each side.
        spectral: each layer divided by its largest stretch (`spectrally_normalised`).
    """

    def __init__(
        self,
        side: int = 32,
        features: int = 64,
        channels: int = 1,
        classes: int = 0,
        blocks: int = 2,
        *,
        spectral: bool = False,
    ):
        (blocks,), spectral = sizes(blocks=blocks), flag("spectral", spectral)
        super().__init__(side, features, channels, classes, batch_norm=False)  # for its forward and its head
        wide = widths(side, features)
        layers = [nn.Conv2d(self.image_shape[0], wide[0], 4, 2, 1)]  # (B, 64, 16, 16)
        layers += [Residual(wide[0]) for _ in range(blocks)]
        for width, wider in pairwise(wide):  # (B, 128, 8, 8), (B, 256, 4, 4)
            layers += [nn.AvgPool2d(2), nn.Conv2d(width, wider, 1, bias=False)]
            layers += [Residual(wider) for _ in range(blocks)]
        self.trunk = nn.Sequential(*layers)
        first_weights(self, branches=1.0 if spectral else 0.0)  # 0 has no direction that could be divided by
        if spectral:
            spectrally_normalised(self)


def first_weights(network: nn.Module, branches: float = 0.0) -> nn.Module:
    """The network with first weights that keep the size of numbers from layer to layer (He et al. 2015), and branches
    that begin at 0 and grow slowly together, as Fixup has them (Zhang et al. 2019, section 3). In place.

    Args:
        network: of convolutions, some of them in `Residual`.
        branches: by how much the last layer of each branch is smaller than that; 0 makes it 0.
    """
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
            _drawn(layer, 1.0)
    residuals = [block for block in network.modules() if isinstance(block, Residual)]
    for block in residuals:
        first, _, second, _, last = block.branch
        for layer in (first, second):  # of three layers, L blocks in all: each smaller by L^(−1 / (2 · 3 − 2))
            _drawn(layer, KEEPS * len(residuals) ** -0.25)
        _drawn(last, branches)
    return network


def _drawn(layer: nn.Module, gain: float) -> None:
    """Weights from N(0, gain² / n), where n numbers make one number of the result; biases 0."""
    n = layer.weight[0].numel()
    if isinstance(
        layer, nn.ConvTranspose2d
    ):  # z, a picture of one pixel, meets one tap; else 4×4 taps, 2 apart, are 2×2
        n = layer.in_channels * (layer.kernel_size[0] // 2) ** 2 if layer.stride[0] > 1 else layer.in_channels
    nn.init.normal_(layer.weight, 0.0, gain / sqrt(n))
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
