"""Trainings in the plane, kept moment by moment: what G draws, and what D thinks of every place."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from torch import Tensor

from gan_lib import games, runs, toy
from gan_lib.data import ImageSet
from gan_lib.errors import one_of
from gan_lib.folders import FORMAT, made, read_folder, write_folder
from gan_lib.latent import z_from_seed
from gan_lib.networks import evaluating
from gan_lib.recipe import Recipe
from gan_lib.state import State
from gan_lib.training import train

NAME, SEEDS = "ring", 5
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


def data() -> ImageSet:
    """The ring of eight Gaussians that was recorded."""
    return toy.ring(8192)


def play(recipe: Recipe, data: ImageSet, moments: int = 17) -> Play:
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


def record_ring(folder: Path) -> dict:
    """Train every game of `RECIPES` with each seed, write the plays of the first and the curves of all; the card."""
    start, files, evaluation = time.perf_counter(), {}, {}
    for name, recipe in RECIPES.items():
        plays = [play(replace(recipe, seed=seed), data()) for seed in range(SEEDS)]
        first, curves = plays[0], torch.stack([each.history for each in plays])  # (SEEDS, lines, 5)
        tensors = {"steps": torch.tensor(first.steps), "points": first.points.half(), "field": first.field.half()}
        files[f"{name}.safetensors"] = save_tensors(tensors | {"histories": curves})
        covered = [toy.modes_covered(each.points[-1], toy.ring_centres()) for each in plays]
        evaluation[name] = {"modes": [modes for modes, _ in covered], "near": [round(near, 3) for _, near in covered]}
    card = {
        "format": FORMAT,
        "recipe": {"name": folder.name} | {name: recipe.as_card() for name, recipe in RECIPES.items()},
        "seeds": SEEDS,
        "evaluation": evaluation,
        "made": made(time.perf_counter() - start),
    }
    write_folder(folder, card, files)
    return card


def load(name: str) -> Play:
    """The recorded play of a game of `RECIPES` (seed 0). BadInput: no such game; BadRun: the folder is damaged."""
    tensors = _recorded(name)
    kept = (tensors[key].float() for key in ("points", "field"))
    return Play(RECIPES[name], data().pixels[:POINTS], tuple(tensors["steps"].tolist()), *kept, tensors["histories"][0])


def histories(name: str) -> Tensor:
    """The curves of all seeds: float32 (SEEDS, lines, 5), columns `training.HISTORY_COLUMNS`. Raises as `load`."""
    return _recorded(name)["histories"]


def evaluation(name: str) -> dict[str, list]:
    """Of each seed: "modes" that it covers, and "near", the part of the points close to one. Raises as `load`."""
    one_of("game", name, RECIPES)
    return read_folder(runs.RECORDED / NAME)[0]["evaluation"][name]


def _recorded(name: str) -> dict[str, Tensor]:
    one_of("game", name, RECIPES)
    return load_tensors(read_folder(runs.RECORDED / NAME)[1][f"{name}.safetensors"])


def grid() -> Tensor:
    """The places at which D is asked: float32 (SIDE², 2), row by row from the top left."""
    along = torch.linspace(-1, 1, SIDE)
    y, x = torch.meshgrid(-along, along, indexing="ij")
    return torch.stack([x, y], dim=-1).reshape(-1, 2)
