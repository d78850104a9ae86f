"""A recorded run: recipe, weights, history, milestone samples, and a card that says how it was made.

A run is a folder, and the folder is all that is needed to open it:

    card.json             recipe, scores, where and how it was made, the sha256 of the other files
    weights.safetensors   the generator, in half precision where no picture changes by more than one grey level
    discriminator.safetensors   where the recipe keeps it
    history.safetensors   float32 (lines, 5), see training.HISTORY_COLUMNS; (lines, 6) with held-out pictures
    samples/000100.png    the pictures of one fixed z after 100 updates: a grid of 8 columns
    state.pt              where the run can go on: everything that a checkpoint holds
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from weakref import WeakSet

import numpy as np
import torch
from PIL import Image
from safetensors.torch import load as load_tensors
from torch import Tensor, nn

from gan_lib.data.images import to_pixels
from gan_lib.errors import BadInput, BadRun, brief, one_line
from gan_lib.machine.given import whole
from gan_lib.machine.rng import isolated_rng, z_from_seed
from gan_lib.networks.brought import brought
from gan_lib.runs import weights
from gan_lib.runs.folders import STATE, read_folder
from gan_lib.training.recipe import Player, Recipe, from_card
from gan_lib.training.recipes import RECIPES

__all__ = ["GRID", "RECORDED", "STATE", "Run", "draw", "draw_fixed", "find", "fixed_labels", "fixed_z", "load"]

RECORDED = Path(__file__).parents[1] / "recorded"
GRID = 8  # columns of a sheet of samples, and rows where the recipe keeps all pictures
SHIPPED: WeakSet[nn.Module] = WeakSet()  # the book's own, and its classifiers: a built page has their weights beside it
Z_SEED = 1234  # the same z in every run, so that runs can be compared picture by picture


@dataclass(frozen=True)
class Run:
    """What `load` gives back.

    Attributes:
        recipe: the recipe that made it.
        generator: on the CPU, in eval mode, float32; None if the recipe keeps no weights.
        discriminator: the same; None unless the recipe keeps it.
        history: float32 (lines, 5), columns `training.HISTORY_COLUMNS`; a sixth, `training.held_out.HELD_OUT`, where
            pictures were held out.
        samples: updates done → uint8 (recipe.pictures, C, H, W), always from `fixed_z`.
        scores: updates done → Fréchet distance, empty if the run was not scored.
        card: the whole card, as in card.json.
        scores_plain: as scores, of the plain generator where those are its average's; empty unless the recipe asks.
    """

    recipe: Recipe
    generator: nn.Module | None
    discriminator: nn.Module | None
    history: Tensor
    samples: dict[int, Tensor]
    scores: dict[int, float]
    card: dict
    scores_plain: dict[int, float] = field(default_factory=dict)

    def drawable(self) -> nn.Module:
        """The generator. BadInput if this run keeps no weights (a seed that is only there for its curves)."""
        if self.generator is None:
            name = self.recipe.name
            again = f"train it yourself (python -m gan_lib train {name})" if name in RECIPES else "train it once more"
            raise BadInput(
                f'{name} keeps its curves and scores, not its weights; {again} with keeps=("generator",), or choose '
                "another run."
            )
        return self.generator


def fixed_z(latent_dim: int) -> Tensor:
    """The 64 z of every run's milestone samples: float32 (64, latent_dim), drawn from N(0, 1)."""
    return z_from_seed(Z_SEED, latent_dim, GRID * GRID)


def fixed_labels(classes: int) -> tuple[Tensor, ...]:
    """The labels beside `fixed_z`, class after class: one int64 (64,), or none for a generator without classes."""
    classes = whole("classes", classes, 0)
    return (torch.arange(GRID * GRID) * classes // (GRID * GRID),) if classes else ()


def load(name: str | Path) -> Run:
    """Open a recorded run. Its folder says which networks and which game it holds.

    Args:
        name: a run the book ships ("mlp-fashion"), or the folder of one of your own.

    Raises:
        BadRun: missing, damaged, of another format, or of a network or game that is in no table.
    """
    folder = find(name)
    card, files = read_folder(folder)
    if "history.safetensors" not in files or "players" not in card.get("recipe", {}):
        raise BadRun(f"{folder} holds no run of a generator and a discriminator; choose another one (gan_lib runs).")
    try:
        recipe = from_card(card["recipe"])
        generator = _network(files, "weights.safetensors", recipe.players["generator"])
        if generator is not None and folder.parent == RECORDED:
            SHIPPED.add(generator)
        return Run(
            recipe=recipe,
            generator=generator,
            discriminator=_network(files, "discriminator.safetensors", recipe.players["discriminator"]),
            history=load_tensors(files["history.safetensors"])["history"],
            samples={
                int(Path(f).stem): _from_png(files[f], recipe.pictures)
                for f in sorted(files)
                if f.startswith("samples/")
            },
            scores={int(step): value for step, value in card["scores"].items()},
            card=card,
            scores_plain={int(step): value for step, value in card.get("scores_plain", {}).items()},
        )
    except (BadRun, BadInput) as error:
        raise BadRun(f"{folder} cannot be opened: {error}") from error
    except (KeyError, TypeError, ValueError, AttributeError) as error:  # the card is JSON, but not a run's
        raise BadRun(f"{folder}/card.json lacks what a run needs ({error}); record the run again.") from error


def find(name: str | Path) -> Path:
    """The folder of a run: a name that the book ships first, then a path; a `Path` is only a path. BadRun if none."""
    if not isinstance(name, (str, Path)):
        raise BadInput(f"{brief(name)} is no run; give its name or its folder, for example runs/mine.")
    shipped = RECORDED / name
    by_name = isinstance(name, str) and (shipped / "card.json").exists()
    folder = shipped if by_name else Path(name)
    if not (folder / "card.json").exists():
        known = sorted(path.parent.name for path in RECORDED.glob("*/card.json"))
        near = get_close_matches(str(name), known, 3, 0.5) or known[:3]
        raise BadRun(
            f"{name} is not a recorded run; give a folder that holds a card.json, or the name of one that the book "
            f"ships, for example {', '.join(near)}."
        )
    return folder


@torch.no_grad()
def draw(generator: nn.Module, z: Tensor, *labels: Tensor) -> Tensor:
    """The pictures of z (B, latent_dim), and labels (B,) if it has classes: uint8 (B, C, H, W) on the CPU.

    In eval mode; z and labels may lie on another device than the generator, which may be anybody's (`brought`).
    """
    images = brought(generator).draw(z, *labels)
    if not images.isfinite().all():
        raise BadInput("the generator draws numbers that are not finite; load weights from before they broke.")
    return to_pixels(images).cpu()


def draw_fixed(generator: nn.Module) -> Tensor:
    """The pictures of `fixed_z`, class after class: uint8 (64, C, H, W)."""
    drawer = brought(generator)
    return draw(drawer, fixed_z(drawer.latent_dim), *fixed_labels(drawer.classes))


def _network(files: dict[str, bytes], name: str, player: Player) -> nn.Module | None:
    """The player's network with its recorded weights; None if the recipe did not keep them."""
    if name not in files:
        return None
    with isolated_rng():  # its first weights, soon overwritten, must not use up random numbers
        network = player.build()
    try:
        return weights.fill(network, files[name])
    except RuntimeError as error:
        raise BadRun(f"{name} does not fit {player.network.__name__} as it is now ({one_line(error)}).") from error


def _from_png(content: bytes, pictures: int) -> Tensor:
    """PNG of pictures in 8 columns → uint8 (pictures, C, H, W)."""
    grid = torch.from_numpy(np.array(Image.open(io.BytesIO(content))))
    rows = -(-pictures // GRID)
    h, w = grid.shape[0] // rows, grid.shape[1] // GRID
    grid = grid.reshape(rows, h, GRID, w, -1)  # (rows, H, 8, W, C)
    return grid.permute(0, 2, 4, 1, 3).flatten(0, 1)[:pictures]  # (n, C, H, W)
