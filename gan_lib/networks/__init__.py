"""The networks, one family a file.

A generator has `latent_dim`, `image_shape` (C, H, W) and `classes` (0 if it takes no labels). A width, or
another size, that is no whole number of at least 1 is a BadInput.
"""

from torch import nn

from gan_lib.networks.ablated import AblatedDiscriminator, AblatedGenerator
from gan_lib.networks.any_side import AnySideDiscriminator, AnySideGenerator
from gan_lib.networks.checks import (
    at_least_float32,
    check_images,
    check_labels,
    check_labels_without_waiting,
    check_z,
    evaluating,
    normal_weights,
)
from gan_lib.networks.conditional import (
    ACGANDiscriminator,
    ACGANGenerator,
    ACGANMLPDiscriminator,
    CGANDiscriminator,
    CGANGenerator,
)
from gan_lib.networks.dcgan import DCGANDiscriminator, DCGANGenerator, LargeDCGANGenerator
from gan_lib.networks.mlp import MLPDiscriminator, MLPGenerator
from gan_lib.networks.points import PointDiscriminator, PointGenerator
from gan_lib.networks.residual import ResidualDiscriminator, ResidualGenerator

__all__ = [
    "NETWORKS",
    "at_least_float32",
    "check_images",
    "check_labels",
    "check_labels_without_waiting",
    "check_z",
    "evaluating",
    "normal_weights",
]

# What a run's card calls each network: names that stay when a class or a file is renamed. One of your own joins by
# NETWORKS["my-generator"] = MyGenerator, before its run is loaded.
NETWORKS: dict[str, type[nn.Module]] = {
    "mlp-generator": MLPGenerator,
    "mlp-discriminator": MLPDiscriminator,
    "dcgan-generator": DCGANGenerator,
    "dcgan-discriminator": DCGANDiscriminator,
    "dcgan-256-generator": LargeDCGANGenerator,
    "any-side-generator": AnySideGenerator,
    "any-side-discriminator": AnySideDiscriminator,
    "residual-generator": ResidualGenerator,
    "residual-discriminator": ResidualDiscriminator,
    "ablated-generator": AblatedGenerator,
    "ablated-discriminator": AblatedDiscriminator,
    "cgan-generator": CGANGenerator,
    "cgan-discriminator": CGANDiscriminator,
    "acgan-generator": ACGANGenerator,
    "acgan-discriminator": ACGANDiscriminator,
    "acgan-mlp-discriminator": ACGANMLPDiscriminator,
    "point-generator": PointGenerator,
    "point-discriminator": PointDiscriminator,
}
