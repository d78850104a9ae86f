"""Every diagram of the book, drawn by code in one style: `drawings.the_game()` ends a cell, and the drawing is shown.

Numbers in a drawing are read from the networks and the arithmetic of this library.
"""

from __future__ import annotations

from collections.abc import Callable

from gan_lib.chapters.drawings.book_map import book_map
from gan_lib.chapters.drawings.conditional import acgan, cgan, projection, three_conditional_games
from gan_lib.chapters.drawings.convolutions import (
    checkerboard,
    convolution_arrows,
    padding_and_stride,
    receptive_field,
    transposed_arrows,
    zeros_between,
)
from gan_lib.chapters.drawings.game import autoencoder_and_gan, step_of_d, step_of_g, the_game, two_kls, xy_turns
from gan_lib.chapters.drawings.graphs import (
    graph_changed,
    graph_detached,
    graph_freed,
    graph_frozen,
    graph_joint,
    graph_of_a_step,
)
from gan_lib.chapters.drawings.modern import (
    augmentation,
    inversion,
    relativistic_pairs,
    residual_block,
    slope_of_d,
    truncation,
)
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
from gan_lib.chapters.drawings.own import crop_and_pad, from_folder_to_run
from gan_lib.chapters.drawings.scores import frechet_pipeline, kid_pairs, precision_and_recall, two_judges
from gan_lib.chapters.drawings.svg import Drawing
from gan_lib.chapters.drawings.transport import (
    critic_and_discriminator,
    earth_and_shovels,
    limiting_a_slope,
    parallel_lines,
    where_the_penalty_looks,
)

BY_CHAPTER: dict[str, tuple[Callable[[], Drawing], ...]] = {
    "index": (book_map,),
    "01_theory": (the_game, step_of_d, step_of_g, autoencoder_and_gan, xy_turns, two_kls),
    "02_convolution_arithmetic": (
        convolution_arrows,
        transposed_arrows,
        padding_and_stride,
        zeros_between,
        checkerboard,
        receptive_field,
    ),
    "03_mlp_gan": (mlp_generator, mlp_discriminator, training_loop, latent_walk),
    "04_dcgan": (dcgan_generator, dcgan_discriminator, batch_norm, averaged_weights),
    "05_autograd_pitfalls": (
        graph_of_a_step,
        graph_freed,
        graph_changed,
        graph_detached,
        graph_frozen,
        graph_joint,
    ),
    "06_conditional": (cgan, acgan, projection, three_conditional_games),
    "07_wasserstein": (
        earth_and_shovels,
        parallel_lines,
        limiting_a_slope,
        where_the_penalty_looks,
        critic_and_discriminator,
    ),
    "08_evaluation": (frechet_pipeline, precision_and_recall, kid_pairs, two_judges),
    "09_modern": (slope_of_d, residual_block, truncation, inversion, augmentation, relativistic_pairs),
    "your_own_pictures": (from_folder_to_run, crop_and_pad),
}
DRAWINGS: dict[str, Callable[[], Drawing]] = {
    function.__name__: function for functions in BY_CHAPTER.values() for function in functions
}
