"""Trainings in the plane, kept moment by moment: what G draws, and what D thinks of every place."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from gan_lib import games, toy
from gan_lib.data import ImageSet
from gan_lib.latent import z_from_seed
from gan_lib.networks import evaluating
from gan_lib.recipes import Recipe
from gan_lib.state import State
from gan_lib.training import train

POINTS, SIDE = 256, 40  # drawn at each moment; places along each axis at which D is asked
POINTS_SEED = 9

RING = Recipe(
    "ring",
    "a ring of Gaussians, the non-saturating game",
    generator=toy.PointGenerator,
    discriminator=toy.PointDiscriminator,
    batch_size=256,
    lr_g=1e-3,
    lr_d=1e-3,
    steps=800,
)
_WASSERSTEIN = {"d_steps": 3, "steps": 600}
RECIPES = {
    "minimax": replace(RING, game=games.MINIMAX),
    "non-saturating": RING,
    "smoothed": replace(RING, game=games.smoothed(0.1)),
    "WGAN": replace(RING, game=games.wgan(0.1), optimizer=torch.optim.RMSprop, lr_g=5e-4, lr_d=5e-4, **_WASSERSTEIN),
    "WGAN-GP": replace(RING, game=games.wgan_gp(1.0), betas=(0.0, 0.9), **_WASSERSTEIN),
}


@dataclass(frozen=True)
class Play:
    """A training in the plane.

    Attributes:
        recipe: what was trained.
        real: some of the data, float32 (POINTS, 2).
        steps: the updates of G at which it was looked at.
        points: float32 (moments, POINTS, 2), always from the same z.
        field: float32 (moments, SIDE, SIDE), D(x) or the critic's value on an even grid over −1…1, row 0 at the top.
        history: float32 (lines, 5), columns `training.HISTORY_COLUMNS`.
    """

    recipe: Recipe
    real: Tensor
    steps: tuple[int, ...]
    points: Tensor
    field: Tensor
    history: Tensor


def play(recipe: Recipe, data: ImageSet, moments: int = 25) -> Play:
    """Train `recipe` on points of the plane and look at it `moments` times, evenly, the start and the end included."""
    state = State(recipe, len(data.pixels))
    wanted = {round(i * recipe.steps / (moments - 1)) for i in range(moments)}
    z, places = z_from_seed(POINTS_SEED, state.generator.latent_dim, POINTS), grid()
    points, field = {}, {}

    @torch.no_grad()
    def watch() -> None:
        if state.step in wanted:
            with evaluating(state.generator), evaluating(state.discriminator):
                points[state.step] = state.generator(z)  # (POINTS, 2)
                values = state.discriminator(places)  # (SIDE², 1)
            values = values.sigmoid() if recipe.game.has_probability else values
            field[state.step] = values.reshape(SIDE, SIDE)

    history = train(state, data, watch=watch)
    kept = (torch.stack(list(values.values())) for values in (points, field))
    return Play(recipe, data.pixels[:POINTS], tuple(points), *kept, history)


def grid() -> Tensor:
    """The places at which D is asked: float32 (SIDE², 2), row by row from the top left."""
    along = torch.linspace(-1, 1, SIDE)
    y, x = torch.meshgrid(-along, along, indexing="ij")
    return torch.stack([x, y], dim=-1).reshape(-1, 2)
