"""Trainings in the plane, kept moment by moment: what G draws, and what D thinks of every place.

Two rings of Gaussians are recorded, one of eight (chapter 1) and one of twenty-five (chapter 7).
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from torch import Tensor

from gan_lib import runs
from gan_lib.data import ImageSet, toy
from gan_lib.errors import BadInput, BadRun, brief, one_of
from gan_lib.machine.given import named_path, numbers, whole
from gan_lib.machine.rng import z_from_seed
from gan_lib.networks import evaluating
from gan_lib.networks.points import PointDiscriminator, PointGenerator
from gan_lib.runs.folders import FORMAT, made, read_folder, write_folder
from gan_lib.training import games, train
from gan_lib.training.recipe import Recipe
from gan_lib.training.state import State

POINTS, SIDE = 256, 40  # of the data that are kept; places along each axis at which D is asked
POINTS_SEED = 9

RING = Recipe(
    "ring",
    "a ring of Gaussians, the non-saturating game",
    generator=PointGenerator,
    discriminator=PointDiscriminator,
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
_FIVE = {"d_steps": 5, "steps": 3_000}
RECIPES_25 = {
    "minimax": replace(RING, game=games.MINIMAX, steps=3_000),
    "non-saturating": replace(RING, steps=3_000),
    "WGAN": replace(RECIPES["WGAN"], **_FIVE),
    "WGAN-GP": replace(RECIPES["WGAN-GP"], **_FIVE),
}


@dataclass(frozen=True)
class Ring:
    """A ring of Gaussians, and what is recorded of the games on it.

    Attributes:
        name: of the recording's folder.
        modes: how many Gaussians.
        spread: standard deviation of each.
        size: points in the data.
        seeds: how many, from 0.
        points: that G draws at each moment.
        within, share: when a mode counts as covered, see `toy.modes_covered`.
        recipes: the games by their names.
    """

    name: str
    modes: int
    spread: float
    size: int
    seeds: int
    points: int
    within: float
    share: float
    recipes: dict[str, Recipe]

    def data(self) -> ImageSet:
        """The points that the games learn."""
        return toy.ring(self.size, self.modes, spread=self.spread)

    def covered(self, points: Tensor) -> tuple[int, float]:
        """How many modes the points (N, 2) cover, and the share of them that is near one. BadInput: other shapes."""
        points = numbers("points", points, None, 2).float()
        return toy.modes_covered(points, toy.ring_centres(self.modes), within=self.within, share=self.share)


EIGHT = Ring("ring", 8, 0.03, 8_192, seeds=5, points=256, within=0.12, share=0.02, recipes=RECIPES)
# Narrow clouds, two standard deviations and half of the fair share: a circle that is drawn evenly covers none.
TWENTY_FIVE = Ring("ring25", 25, 0.015, 10_000, seeds=3, points=500, within=0.03, share=0.02, recipes=RECIPES_25)
RINGS = {ring.name: ring for ring in (EIGHT, TWENTY_FIVE)}
data = EIGHT.data


@dataclass(frozen=True)
class Play:
    """A training in the plane.

    Attributes:
        recipe: what was trained.
        real: some of the data, float32 (POINTS, 2).
        steps: the updates of G at which it was looked at.
        points: float32 (moments, points, 2), always from the same z.
        field: float32 (moments, SIDE, SIDE), D(x) or the critic's value on an even grid over −1…1, row 0 at the top.
        history: float32 (lines, 5), columns `training.HISTORY_COLUMNS`.
    """

    recipe: Recipe
    real: Tensor
    steps: tuple[int, ...]
    points: Tensor
    field: Tensor
    history: Tensor


def play(recipe: Recipe, data: ImageSet | Tensor, moments: int = 17, points: int = POINTS) -> Play:
    """Train `recipe` on points of the plane and look at it `moments` times, evenly, the start and the end included;
    G draws `points` each time. Of the data the points (n, 2) are enough.

    Raises:
        BadInput: fewer than two moments, no points, a game with labels, or a recipe or data of something else than
            points of the plane.
    """
    moments, points = whole("moments", moments, 2), whole("points", points)
    data = data if isinstance(data, ImageSet) else ImageSet("points", data)
    if not isinstance(recipe, Recipe):
        raise BadInput(f"{brief(recipe)} is no recipe; vary one of plane.RECIPES.")
    if recipe.game.conditional:
        raise BadInput(
            f"a play has no labels, and the game {recipe.game.name} asks for them; train it with training.train."
        )
    state = State(recipe, len(data.pixels))
    if getattr(state.generator, "image_shape", ()) != (2,):
        raise BadInput(f"{recipe.name} draws no points of the plane; vary one of plane.RECIPES, which do.")
    wanted = {round(i * recipe.steps / (moments - 1)) for i in range(moments)}
    z, places = z_from_seed(POINTS_SEED, state.generator.latent_dim, points), grid()
    drawn, field = {}, {}

    @torch.no_grad()
    def watch() -> None:
        if state.step in wanted:
            with evaluating(state.generator), evaluating(state.discriminator):
                drawn[state.step] = state.generator(z)  # (points, 2)
                values = state.discriminator(places)  # (SIDE², 1)
            values = values.sigmoid() if recipe.game.has_probability else values
            field[state.step] = values.reshape(SIDE, SIDE)

    history = train(state, data, watch=watch)
    kept = (torch.stack(list(values.values())) for values in (drawn, field))
    return Play(recipe, data.pixels[:POINTS], tuple(drawn), *kept, history)


def record_ring(folder: str | Path, ring: Ring = EIGHT) -> dict:
    """Train every game of the ring with each seed, write the plays of the first and the curves of all; the card.

    BadInput: no ring, or a folder without a name.
    """
    _check_ring(ring)
    folder, start, files, evaluation = named_path("folder", folder), time.perf_counter(), {}, {}
    data = ring.data()
    for name, recipe in ring.recipes.items():
        plays = [play(replace(recipe, seed=seed), data, points=ring.points) for seed in range(ring.seeds)]
        first, curves = plays[0], torch.stack([each.history for each in plays])  # (seeds, lines, 5)
        tensors = {"steps": torch.tensor(first.steps), "points": first.points.half(), "field": first.field.half()}
        files[f"{name}.safetensors"] = save_tensors(tensors | {"histories": curves})
        covered = [[ring.covered(points) for points in each.points] for each in plays]
        evaluation[name] = {
            "modes": [found[-1][0] for found in covered],
            "near": [round(found[-1][1], 3) for found in covered],
            "modes_at": [[modes for modes, _ in found] for found in covered],  # (seeds, moments)
        }
    card = {
        "format": FORMAT,
        "recipe": {"name": folder.name} | {name: recipe.as_card() for name, recipe in ring.recipes.items()},
        "seeds": ring.seeds,
        "evaluation": evaluation,
        "made": made(time.perf_counter() - start),
    }
    write_folder(folder, card, files)
    return card


def recorded(name: str, ring: Ring = EIGHT) -> Play:
    """The recorded play of a game of the ring (seed 0). BadInput: no such game; BadRun: the folder is damaged."""
    tensors = _tensors(name, ring)
    kept = (tensors[key].float() for key in ("points", "field"))
    real, steps = ring.data().pixels[:POINTS], tuple(tensors["steps"].tolist())
    return Play(ring.recipes[name], real, steps, *kept, tensors["histories"][0])


def histories(name: str, ring: Ring = EIGHT) -> Tensor:
    """The curves of all seeds: float32 (seeds, lines, 5), columns `training.HISTORY_COLUMNS`. Raises as `recorded`."""
    return _tensors(name, ring)["histories"]


def evaluation(name: str, ring: Ring = EIGHT) -> dict[str, list]:
    """Of each seed: "modes" that it covers at the end, "modes_at" each moment (where recorded), and "near", the share
    of the points close to one. Raises as `recorded`."""
    return _folder(name, ring)[0]["evaluation"][name]


def _tensors(name: str, ring: Ring) -> dict[str, Tensor]:
    return load_tensors(_folder(name, ring)[1][f"{name}.safetensors"])


def _folder(name: str, ring: Ring) -> tuple[dict, dict[str, bytes]]:
    _check_ring(ring)
    one_of("game", name, ring.recipes)
    folder = runs.RECORDED / ring.name
    card, files = read_folder(folder)
    if f"{name}.safetensors" not in files or name not in card.get("evaluation", {}):
        raise BadRun(f"{folder} holds no game {name!r}; it is damaged or no recorded ring: record it again.")
    return card, files


def _check_ring(ring: Ring) -> None:
    if not isinstance(ring, Ring):
        raise BadInput(f"{brief(ring)} is no ring; give {' or '.join(f'plane.RINGS[{known!r}]' for known in RINGS)}.")


def grid() -> Tensor:
    """The places at which D is asked: float32 (SIDE², 2), row by row from the top left."""
    along = torch.linspace(-1, 1, SIDE)
    y, x = torch.meshgrid(-along, along, indexing="ij")
    return torch.stack([x, y], dim=-1).reshape(-1, 2)
