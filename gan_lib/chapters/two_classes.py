"""Two classes in the plane that overlap, and three ways to play for them: chapter 6's test of what a game wants."""

from __future__ import annotations

import math
from dataclasses import replace

import torch
from torch import Tensor, nn

from gan_lib.data import ImageSet
from gan_lib.errors import BadInput, brief
from gan_lib.machine.given import finite, numbers, whole
from gan_lib.machine.rng import z_from_seed
from gan_lib.networks.points import PointDiscriminator, PointGenerator
from gan_lib.training import train
from gan_lib.training.games import ACGAN, CGAN, NON_SATURATING, Batch, DLoss, Game
from gan_lib.training.recipe import Recipe
from gan_lib.training.state import State

MIDDLE, WIDTH = 0.2, 0.2  # of the first coordinate: class 0 lies around −MIDDLE, class 1 around MIDDLE
FARTHEST = 0.6  # for MIDDLE: from there on the square −1…1 would cut off much
POINTS, POINTS_SEED = 4000, 9  # drawn from a trained G


def data(n: int = 8192, middle: float = MIDDLE) -> ImageSet:
    """n points float32 (n, 2) in −1…1 with labels 0 and 1 in turn; the second coordinate is the same for both.

    Args:
        n: how many.
        middle: the mean of class 1's first coordinate, 0…0.6; that of class 0 is −middle. 0: the two are one.

    Raises:
        BadInput: n below 1, or another middle.
    """
    n, middle = whole("n", n), _checked(middle)
    labels = torch.arange(n) % 2
    points = WIDTH * torch.randn(n, 2, generator=torch.Generator().manual_seed(0))
    points[:, 0] += middle * (2 * labels - 1)
    return ImageSet("two classes", points.clamp(-1, 1), labels, ("left", "right"))


def _checked(middle: float) -> float:
    """`middle` as a number. BadInput: not 0…0.6."""
    number = finite("middle", middle)
    if not 0 <= number <= FARTHEST:
        raise BadInput(f"middle is {number:g}; choose a number from 0 to {FARTHEST:g}.")
    return number


def overlap(middle: float = MIDDLE) -> float:
    """The share of a class that lies on the other one's side of 0: Φ(−middle / WIDTH). BadInput: as for `data`."""
    return 0.5 * math.erfc(_checked(middle) / WIDTH / math.sqrt(2))


def _forgetful_d_loss(discriminator: nn.Module, batch: Batch) -> DLoss:
    return NON_SATURATING.d_loss(discriminator, batch._replace(labels=None))


def _forgetful_g_loss(discriminator: nn.Module, batch: Batch) -> Tensor:
    return NON_SATURATING.g_loss(discriminator, batch._replace(labels=None))


FORGETFUL = Game("forgetful", _forgetful_d_loss, _forgetful_g_loss, conditional=True)

_BASE = Recipe(
    "two-classes",
    "two overlapping classes in the plane",
    generator=PointGenerator,
    discriminator=PointDiscriminator,
    generator_args={"classes": 2},
    batch_size=256,
    lr_g=5e-4,
    lr_d=1e-3,
    betas=(0.0, 0.99),  # with β₁ = 0.5 both games circle around where they should rest
    ema=0.99,
    steps=400,
)
RECIPES = {
    "CGAN": replace(_BASE, game=CGAN, discriminator_args={"classes": 2}),
    "ACGAN": replace(_BASE, game=ACGAN, discriminator_args={"classes": 2, "auxiliary": True}),
    "D is not told": replace(_BASE, game=FORGETFUL),
}


def labels() -> Tensor:
    """The labels of the points that `drawn` gives: int64 (POINTS,), 0 and 1 in turn."""
    return torch.arange(POINTS) % 2


def drawn(recipe: Recipe, middle: float = MIDDLE) -> Tensor:
    """Train one of `RECIPES`, or a variation, and draw one point for each of `labels`: float32 (POINTS, 2).

    BadInput: a recipe without labels, one that does not learn points of two classes, or a middle as for `data`.
    """
    if not isinstance(recipe, Recipe):
        raise BadInput(f"{brief(recipe)} is no recipe; take one of two_classes.RECIPES, or vary it.")
    if not recipe.game.conditional:
        raise BadInput(f"the game {recipe.game.name} has no labels; take one of two_classes.RECIPES, or vary it.")
    points = data(middle=middle)
    state = State(recipe, len(points.pixels))
    train(state, points, show_progress=False)
    with torch.no_grad():
        return state.drawing.eval()(z_from_seed(POINTS_SEED, state.drawing.latent_dim, POINTS), labels())


def wrong_side(points: Tensor, labels: Tensor) -> float:
    """The share of points (N, 2) whose first coordinate lies on the other class's side of 0; labels 0 and 1 (N,).

    BadInput: other shapes.
    """
    points = numbers("points", points, None, 2)
    labels = numbers("labels", labels, len(points))
    return (points[:, 0] * (2 * labels - 1) < 0).float().mean().item()
