"""Every diagram of the book, drawn by code in one style: `drawings.the_game()` ends a cell, and the drawing is shown.

Numbers in a drawing are read from the networks and the arithmetic of this library; none is typed.
"""

from __future__ import annotations

from collections.abc import Callable

from gan_lib.chapters.drawings.convolutions import (
    checkerboard,
    convolution_arrows,
    padding_and_stride,
    receptive_field,
    transposed_arrows,
    zeros_between,
)
from gan_lib.chapters.drawings.game import autoencoder_and_gan, step_of_d, step_of_g, the_game, two_kls, xy_turns
from gan_lib.chapters.drawings.networks import (
    averaged_weights,
    batch_norm,
    dcgan_discriminator,
    dcgan_generator,
    latent_walk,
    mlp_discriminator,
    mlp_generator,
    training_loop,
)
from gan_lib.chapters.drawings.svg import Drawing

ALL = (
    (the_game, step_of_d, step_of_g, autoencoder_and_gan, xy_turns, two_kls)
    + (convolution_arrows, transposed_arrows, padding_and_stride, zeros_between, checkerboard, receptive_field)
    + (mlp_generator, mlp_discriminator, training_loop, latent_walk)
    + (dcgan_generator, dcgan_discriminator, batch_norm, averaged_weights)
)
DRAWINGS: dict[str, Callable[[], Drawing]] = {function.__name__: function for function in ALL}
