"""Trainings in the plane, kept moment by moment: what G draws, and what D thinks of every place.

Two rings of Gaussians are recorded, one of eight (chapter 1) and one of twenty-five (chapter 7). What counts as a found
cloud: `toy.modes_covered`.
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
COUNTED = 4_000  # points that G draws for the test: of 25 true clouds none is missed by chance

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
# What truly finds clouds, with either pair of networks: several numbers in z or waves, and rates that end at 0.
_CALM = replace(RING, betas=(0.0, 0.99), lr_end=0.0)
_EIGHT = replace(
    _CALM,
    generator_args={"latent_dim": 8, "width": 64},
    discriminator_args={"width": 64},
    steps=4_000,
    log_every=20,
)
RECIPES = {  # the game alone differs
    "minimax": replace(_EIGHT, game=games.MINIMAX),
    "non-saturating": _EIGHT,
    "WGAN-GP": replace(_EIGHT, game=games.wgan_gp(0.1)),
    "R1": replace(_EIGHT, game=games.r1(0.1)),
    "R1 + R2": replace(_EIGHT, game=games.r1_r2(0.1)),
    "relativistic": replace(_EIGHT, game=games.relativistic(0.1)),
}
_G, _D = {"latent_dim": 1, "width": 64, "uniform": True, "waves": 5}, {"width": 64, "waves": 6}
_25 = {"generator_args": _G, "discriminator_args": _D, "game": games.relativistic(0.01)}
_WIDE = replace(_CALM, **_25, steps=10_000, log_every=50)
RECIPES_25 = {  # each one change from the first
    "relativistic": _WIDE,
    "R1 + R2": replace(_WIDE, game=games.r1_r2(0.01)),
    "non-saturating": replace(_WIDE, game=games.NON_SATURATING),
    "WGAN-GP": replace(_WIDE, game=games.wgan_gp(0.1)),
    "no waves for G": replace(_WIDE, generator_args=_G | {"waves": 0}),
    "no waves for D": replace(_WIDE, discriminator_args=_D | {"waves": 0}),
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
        points: of those that G draws at each moment, how many are kept.
        recipes: the games by their names.
    """

    name: str
    modes: int
    spread: float
    size: int
    seeds: int
    points: int
    recipes: dict[str, Recipe]

    def data(self) -> ImageSet:
        """The points that the games learn."""
        return toy.ring(self.size, self.modes, spread=self.spread)

    def covered(self, points: Tensor) -> tuple[int, float]:
        """`toy.modes_covered` of the points (N, 2): how many modes, and which share is near. BadInput: other shapes."""
        points = numbers("points", points, None, 2).float()
        return toy.modes_covered(points, toy.ring_centres(self.modes), self.spread)


EIGHT = Ring("ring", 8, 0.03, 8_192, seeds=3, points=256, recipes=RECIPES)
TWENTY_FIVE = Ring("ring25", 25, 0.015, 10_000, seeds=3, points=500, recipes=RECIPES_25)
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
            with evaluating(state.drawing), evaluating(state.discriminator):
                drawn[state.step] = state.drawing(z)  # (points, 2), by the average if there is one
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
        plays = [play(replace(recipe, seed=seed), data, points=COUNTED) for seed in range(ring.seeds)]
        first, curves = plays[0], torch.stack([each.history for each in plays])  # (seeds, lines, 5)
        tensors = {
            "steps": torch.tensor(first.steps),
            "points": first.points[:, : ring.points].half(),
            "field": first.field.half(),
        }
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
    """Of each seed, of `COUNTED` points: the "modes" that it covers at the end, those at each moment, "modes_at", and
    the share of the points that is "near" one. Raises as `recorded`."""
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
