"""Convolutional generators and discriminators after Radford et al. 2015 (DCGAN)."""

from __future__ import annotations

from torch import Tensor, nn

from gan_lib.machine.given import flag
from gan_lib.networks.any_side import AnySideGenerator
from gan_lib.networks.checks import at_least_float32, check_images, check_z, sizes
from gan_lib.networks.spectral import spectrally_normalised


class DCGANGenerator(nn.Module):
    """z → 32×32 image by four transposed convolutions; 3,444,353 parameters with 64 features and one channel.

    The notes' network: every convolution has a bias, and no BatchNorm follows the first one.

    Args:
        latent_dim: length of z.
        features: half the channels of the last hidden layer; the first one has 8 × features.
        channels: of the picture.
        batch_norm: BatchNorm after the second and third convolution.
    """

    def __init__(
        self,
        latent_dim: int = 100,
        features: int = 64,
        channels: int = 1,
        *,
        batch_norm: bool = True,
    ):
        super().__init__()
        latent_dim, f, channels = sizes(latent_dim=latent_dim, features=features, channels=channels)
        batch_norm = flag("batch_norm", batch_norm)
        self.latent_dim, self.classes, self.image_shape = latent_dim, 0, (channels, 32, 32)
        self.model = nn.Sequential(
            nn.ConvTranspose2d(latent_dim, 8 * f, 4, 1, 0),  # (B, 512, 4, 4)
            nn.ReLU(),
            *_up(8 * f, 4 * f, batch_norm),  # (B, 256, 8, 8)
            *_up(4 * f, 2 * f, batch_norm),  # (B, 128, 16, 16)
            nn.ConvTranspose2d(2 * f, channels, 4, 2, 1),  # (B, 1, 32, 32)
            nn.Tanh(),
        )

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """z (B, latent_dim), drawn from N(0, 1) → images (B, C, 32, 32) in −1…1. BadInput: z has another shape."""
        check_z(z, self.latent_dim, self)
        return at_least_float32(self.model(z[:, :, None, None]))  # z becomes (B, 100, 1, 1)


class DCGANDiscriminator(nn.Module):
    """32×32 image → one logit; 661,697 parameters with 64 features and one channel.

    Without BatchNorm it is the critic of `wgan` and `wgan_gp`: a penalty on each example's gradient makes no
    sense where an example's output depends on the rest of its batch.

    Args:
        features: channels of the first layer.
        channels: of the picture.
        batch_norm: BatchNorm after the second and third convolution.
        spectral: each layer divided by its largest stretch (`spectrally_normalised`), only without BatchNorm.
    """

    def __init__(self, features: int = 64, channels: int = 1, *, batch_norm: bool = True, spectral: bool = False):
        super().__init__()
        features, channels = sizes(features=features, channels=channels)
        self.image_shape = (channels, 32, 32)
        self.trunk = nn.Sequential(*trunk(features, channels, flag("batch_norm", batch_norm)))
        self.head = nn.Conv2d(4 * features, 1, 4, 2, 0)  # (B, 1, 1, 1)
        if flag("spectral", spectral):
            spectrally_normalised(self)

    def forward(self, x: Tensor, labels: Tensor | None = None) -> Tensor:
        """x (B, C, 32, 32) in −1…1 → logits (B, 1); above 0 means "looks real". BadInput: x has another shape."""
        check_images(x, self.image_shape, self)
        return at_least_float32(self.head(self.trunk(x)).flatten(1))


class LargeDCGANGenerator(AnySideGenerator):
    """z → 3×256×256 image: the generator whose cost chapter 2 counts; 12,817,856 parameters as standard.

    Args:
        latent_dim, side, features, channels, classes: as for `AnySideGenerator`.
    """

    def __init__(self, latent_dim: int = 100, side: int = 256, features: int = 32, channels: int = 3, classes: int = 0):
        super().__init__(latent_dim, side, features, channels, classes)


def _up(wide: int, narrow: int, batch_norm: bool) -> list[nn.Module]:
    norm = [nn.BatchNorm2d(narrow)] if batch_norm else []
    return [nn.ConvTranspose2d(wide, narrow, 4, 2, 1), *norm, nn.ReLU()]


def trunk(features: int, channels: int, batch_norm: bool) -> list[nn.Module]:
    """(B, C, 32, 32) → (B, 4 × features, 4, 4)."""
    layers = [nn.Conv2d(channels, features, 4, 2, 1), nn.LeakyReLU(0.2)]  # (B, 64, 16, 16)
    for width in (features, 2 * features):
        norm = [nn.BatchNorm2d(2 * width)] if batch_norm else []
        layers += [nn.Conv2d(width, 2 * width, 4, 2, 1), *norm, nn.LeakyReLU(0.2)]  # (B, 128, 8, 8), (B, 256, 4, 4)
    return layers
