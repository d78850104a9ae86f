"""A recorded run: recipe, weights, history, milestone samples, and a card that says how it was made.

A run is a folder:

    card.json             recipe, scores, where and how it was made, the sha256 of the other files
    weights.safetensors   the generator, in half precision where no picture changes by more than one grey level
    discriminator.safetensors   where the recipe keeps it
    history.safetensors   float32 (lines, 5), see training.HISTORY_COLUMNS
    samples/000100.png    the pictures of one fixed z after 100 updates: a grid of 8 columns
"""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors.torch import load as load_tensors
from torch import Tensor, nn

from gan_lib import weights
from gan_lib.data import to_pixels
from gan_lib.errors import BadInput, BadRun
from gan_lib.folders import read_folder
from gan_lib.latent import z_from_seed
from gan_lib.networks import evaluating
from gan_lib.recipe import Recipe, difference
from gan_lib.recipes import RECIPES

RECORDED = Path(__file__).parent / "recorded"
GRID = 8  # columns of a sheet of samples, and rows where the recipe keeps all pictures
Z_SEED = 1234  # the same z in every run, so that runs can be compared picture by picture


@dataclass(frozen=True)
class Run:
    """What `load` gives back.

    Attributes:
        recipe: the recipe that made it.
        generator: on the CPU, in eval mode, float32; None if the recipe keeps no weights.
        discriminator: the same; None unless the recipe keeps it.
        history: float32 (lines, 5), columns `training.HISTORY_COLUMNS`.
        samples: updates done → uint8 (recipe.pictures, C, H, W), always from `fixed_z`.
        scores: updates done → Fréchet distance, empty if the run was not scored.
        card: the whole card, as in card.json.
    """

    recipe: Recipe
    generator: nn.Module | None
    discriminator: nn.Module | None
    history: Tensor
    samples: dict[int, Tensor]
    scores: dict[int, float]
    card: dict

    def drawable(self) -> nn.Module:
        """The generator. BadInput if this run keeps no weights (a seed that is only there for its curves)."""
        if self.generator is None:
            raise BadInput(
                f"{self.recipe.name} keeps its curves and scores, not its weights; "
                f"train it yourself (python -m gan_lib train {self.recipe.name}) or choose another run."
            )
        return self.generator


def fixed_z(latent_dim: int) -> Tensor:
    """The 64 z of every run's milestone samples: float32 (64, latent_dim), drawn from N(0, 1)."""
    return z_from_seed(Z_SEED, latent_dim, GRID * GRID)


def fixed_labels(classes: int) -> tuple[Tensor, ...]:
    """The labels beside `fixed_z`, class after class: one int64 (64,), or none for a generator without classes."""
    return (torch.arange(GRID * GRID) * classes // (GRID * GRID),) if classes else ()


def load(name: str | Path, recipe: Recipe | None = None) -> Run:
    """Load a recorded run.

    Args:
        name: a run the book ships ("mlp-fashion"), or the folder of one of your own.
        recipe: the recipe it must have been made by; the book's recipe of the card's name if None.

    Raises:
        BadRun: missing, damaged, of another format version, or made by another recipe (the difference is named).
    """
    folder = find(name)
    card, files = read_folder(folder)
    try:
        recipe = recipe or _recipe_of(folder, card["recipe"])
        _check_recipe(folder, card["recipe"], recipe)
        generator, discriminator = recipe.build()
        return Run(
            recipe=recipe,
            generator=_network(files, "weights.safetensors", generator),
            discriminator=_network(files, "discriminator.safetensors", discriminator),
            history=load_tensors(files["history.safetensors"])["history"],
            samples={int(Path(f).stem): _from_png(files[f]) for f in sorted(files) if f.startswith("samples/")},
            scores={int(step): value for step, value in card["scores"].items()},
            card=card,
        )
    except (KeyError, TypeError, AttributeError) as error:  # the card is JSON, but not a run's
        raise BadRun(f"{folder}/card.json lacks what a run needs ({error}); record the run again.") from error


def find(name: str | Path) -> Path:
    """The folder of a run: a name that the book ships first, then a path; a `Path` is only a path. BadRun if none."""
    shipped = RECORDED / name
    by_name = isinstance(name, str) and (shipped / "card.json").exists()
    folder = shipped if by_name else Path(name)
    if not (folder / "card.json").exists():
        known = ", ".join(sorted(path.parent.name for path in RECORDED.glob("*/card.json")))
        raise BadRun(f"{name} is not a recorded run; give a folder that holds a card.json, or one of: {known}.")
    return folder


@torch.no_grad()
def draw(generator: nn.Module, z: Tensor, *labels: Tensor) -> Tensor:
    """The pictures of z (B, latent_dim), and labels (B,) if it has classes: uint8 (B, C, H, W) on the CPU.

    In eval mode; z and labels may lie on another device than the generator.
    """
    device = next(generator.parameters()).device
    with evaluating(generator):
        return to_pixels(generator(z.to(device), *(each.to(device) for each in labels))).cpu()


def _recipe_of(folder: Path, recorded: dict) -> Recipe:
    """The book's recipe of that name, with the recorded seed: `train --seed` may have chosen another."""
    name = recorded["name"]
    if name not in RECIPES:
        raise BadRun(f"{folder} was recorded by a recipe {name!r} that the book does not know; pass that recipe too.")
    return replace(RECIPES[name], seed=recorded["seed"])


def _check_recipe(folder: Path, recorded: dict, recipe: Recipe) -> None:
    """A card that does not match its recipe is refused, with every difference named."""
    if other := difference(recorded, recipe):
        raise BadRun(f"{folder} was recorded by another recipe ({other}); record it again.")


def _network(files: dict[str, bytes], name: str, network: nn.Module) -> nn.Module | None:
    """The network with its recorded weights; None if the recipe did not keep them."""
    return weights.fill(network, files[name]) if name in files else None


def _from_png(content: bytes) -> Tensor:
    """PNG of square pictures in 8 columns → uint8 (n, C, H, W)."""
    grid = torch.from_numpy(np.array(Image.open(io.BytesIO(content))))
    side = grid.shape[1] // GRID
    grid = grid.reshape(len(grid) // side, side, GRID, side, -1)  # (rows, H, 8, W, C)
    return grid.permute(0, 2, 4, 1, 3).flatten(0, 1)  # (n, C, H, W)
