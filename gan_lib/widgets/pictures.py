"""Chapter 3 trains in the page: its two small networks on real pictures, and every mistake one can make in its loop.

The page trains by itself, so the same output serves the page, JupyterLab and Colab. On a page of the book the pictures
lie beside it, in a file that book/_ext/training_pictures.py writes; elsewhere the output carries them.
"""

from __future__ import annotations

import zlib
from dataclasses import replace

import torch

from gan_lib import data, runs
from gan_lib.data import ImageSet, to_pixels
from gan_lib.data.pictures import png, sheet
from gan_lib.errors import BadInput
from gan_lib.machine.given import instance, whole
from gan_lib.machine.progress import is_static
from gan_lib.training.recipes import MLP_FASHION
from gan_lib.widgets.face import PAGE, base64_text, display_page

MOST = 4096  # pictures: 1.8 MB when packed
FILE = "training-pictures"  # in _static/figures of the book
SHAPE = (1, 28, 28)
# Chapter 3's, in smaller batches and at ten times its rates: a minute is enough to see clothes.
RECIPE = replace(MLP_FASHION, name="mlp-in-the-page", batch_size=64, lr_g=2e-3, lr_d=2e-3)
MOMENTS = (0, 1_000, 5_000, 50_000)  # of the recorded run, in the still picture
CREDITS = {  # by the name of the data
    "fashion-mnist": "Fashion-MNIST, © 2017 Zalando SE, MIT licence",
    "mnist": "MNIST, by Y. LeCun, C. Cortes and C. J. C. Burges",
    "digits": "the 8×8 digits of scikit-learn, enlarged: E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten "
    "Digits, UCI Machine Learning Repository, CC BY 4.0",
}


def train_pictures(images: ImageSet | None = None, seed: int = 0) -> None:
    """Display chapter 3's two networks, to be trained in the page, by `RECIPE`.

    A generator that was trained there can be explored, and saved as a file that torch opens: the same file as
    `state_dict` of `MLPGenerator` gives.

    Args:
        images: grey pictures to train on, of which the first 4,096 are taken, at 28×28; Fashion-MNIST if None.
        seed: decides the first weights, the order of the data and every z, 0…2³²−1.

    Raises:
        BadInput: images that the networks do not take, fewer than one batch, or a seed out of range.
    """
    seed = whole("seed", seed, 0, 2**32 - 1)
    beside = images is None and is_static()
    if images is None and not beside:
        images = data.load("fashion-mnist")
    source = FILE if beside else packed(images)
    name = "fashion-mnist" if beside else images.name
    spec = {"recipe": _recipe(seed), "name": name, "pictures": source, "credit": CREDITS.get(name, "your own pictures")}
    poster = png(sheet(torch.cat([runs.load("mlp-fashion").samples[step][:8] for step in MOMENTS]), 8), 2)
    alt = (
        "Chapter 3's recorded training. The pictures of eight z, row by row: before the first update, and after 1,000, "
        "5,000 and 50,000."
    )
    note = "Chapter 3's networks and loop, in batches of 64 and at ten times its learning rates: a minute is enough."
    display_page("pictures", spec, poster, alt, note)


def packed(images: ImageSet) -> dict:
    """The first 4,096 pictures as plain JSON values, for page/pictures/training_set.js.

    Returns:
        "name", "credit", "licence"; "n", and "d" numbers each; "content": the bytes, deflated, as base64 text.

    Raises:
        BadInput: no ImageSet, or its pictures are not grey and square, or fewer than one batch.
    """
    instance("images", images, ImageSet, "an ImageSet, for example data.load('fashion-mnist')")
    least = RECIPE.batch_size
    if len(images.pixels) < least:
        raise BadInput(f"there are {len(images.pixels)} pictures, and one batch takes {least}; bring more.")
    pixels = ImageSet(images.name, images.pixels[:MOST]).fitted(SHAPE).pixels.cpu()  # (n, 1, 28, 28)
    rows = (to_pixels(pixels) if pixels.is_floating_point() else pixels).flatten(1)  # (n, 784)
    licence = PAGE / "pictures" / f"{images.name}-licence.txt"
    return {
        "name": images.name,
        "credit": CREDITS.get(images.name, "your own pictures"),
        "licence": licence.read_text(encoding="utf-8") if images.name in CREDITS and licence.exists() else "",
        "n": rows.shape[0],
        "d": rows.shape[1],
        "content": base64_text(zlib.compress(rows.contiguous().numpy().tobytes())),
    }


def _recipe(seed: int) -> dict:
    """What page/train/recipe.js understands."""
    recipe, (beta1, beta2) = RECIPE, RECIPE.betas
    generator, discriminator = recipe.build()
    return {
        "networks": "pictures",
        "game": recipe.game.name,
        "generator": {"width": generator.fc1.out_features},
        "discriminator": {"width": discriminator.fc1.out_features},
        "latent_dim": generator.latent_dim,
        "optimizer": "adam",
        "lr_g": recipe.lr_g,
        "lr_d": recipe.lr_d,
        "beta1": beta1,
        "beta2": beta2,
        "batch_size": recipe.batch_size,
        "d_steps": recipe.d_steps,
        "ema": recipe.ema,
        "seed": seed,
    }
