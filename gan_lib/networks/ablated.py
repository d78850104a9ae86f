"""DCGAN's networks with one of its guidelines given up (Radford et al. 2015, section 3), for chapter 4's ablation."""

from __future__ import annotations

from collections.abc import Callable

from torch import nn

from gan_lib.errors import one_of
from gan_lib.networks.checks import sizes
from gan_lib.networks.dcgan import DCGANDiscriminator, DCGANGenerator

HIDDEN = 512  # units of the fully connected hidden layer


class AblatedGenerator(DCGANGenerator):
    """DCGANGenerator without one guideline.

    Args:
        without: "strides" (enlarge, then convolve), "convolutions-only" (a fully connected hidden layer first) or
            "relu" (LeakyReLU 0.2 instead).
        features: as in DCGANGenerator.

    Raises:
        BadInput: `without` is none of these.
    """

    def __init__(self, without: str, features: int = 32):
        one_of("guideline", without, ("strides", "convolutions-only", "relu"))
        super().__init__(features=features)
        (features,) = sizes(features=features)
        if without == "strides":
            _swap(self, lambda m: isinstance(m, nn.ConvTranspose2d) and m.stride == (2, 2), _enlarge)
        elif without == "relu":
            _swap(self, lambda m: isinstance(m, nn.ReLU), lambda _: nn.LeakyReLU(0.2))
        else:
            widest = 8 * features
            self.model[0] = nn.Sequential(
                nn.Flatten(),  # (B, 100)
                nn.Linear(self.latent_dim, HIDDEN),
                nn.ReLU(),
                nn.Linear(HIDDEN, widest * 4 * 4),
                nn.Unflatten(1, (widest, 4, 4)),  # (B, 256, 4, 4)
            )


class AblatedDiscriminator(DCGANDiscriminator):
    """DCGANDiscriminator without one guideline.

    Args:
        without: "strides" (convolve, then pool), "convolutions-only" (a fully connected hidden layer at the end) or
            "leaky-relu" (ReLU instead).
        features: as in DCGANDiscriminator.

    Raises:
        BadInput: `without` is none of these.
    """

    def __init__(self, without: str, features: int = 32):
        one_of("guideline", without, ("strides", "convolutions-only", "leaky-relu"))
        super().__init__(features=features)
        (features,) = sizes(features=features)
        if without == "strides":
            _swap(self.trunk, lambda m: isinstance(m, nn.Conv2d), _pool)
        elif without == "leaky-relu":
            _swap(self, lambda m: isinstance(m, nn.LeakyReLU), lambda _: nn.ReLU())
        else:
            self.head = nn.Sequential(
                nn.Flatten(),  # (B, 4 × features × 4 × 4)
                nn.Linear(4 * features * 4 * 4, HIDDEN),
                nn.LeakyReLU(0.2),
                nn.Linear(HIDDEN, 1),  # (B, 1)
            )


def _swap(network: nn.Module, chosen: Callable[[nn.Module], bool], make: Callable[[nn.Module], nn.Module]) -> None:
    """Put `make(module)` in the place of each chosen module, at any depth."""
    for name, child in network.named_children():
        if chosen(child):
            setattr(network, name, make(child))
        else:
            _swap(child, chosen, make)


def _enlarge(layer: nn.ConvTranspose2d) -> nn.Module:
    """(B, C, H, W) → (B, C', 2H, 2W): each pixel four times, then a convolution that keeps the size."""
    return nn.Sequential(nn.Upsample(scale_factor=2), nn.Conv2d(layer.in_channels, layer.out_channels, 3, 1, 1))


def _pool(layer: nn.Conv2d) -> nn.Module:
    """(B, C, H, W) → (B, C', H/2, W/2): a convolution that keeps the size, then the largest of each 2 × 2."""
    return nn.Sequential(nn.Conv2d(layer.in_channels, layer.out_channels, 3, 1, 1), nn.MaxPool2d(2))
