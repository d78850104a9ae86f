"""A recorded run: recipe, weights, history, milestone samples, and a card that says how it was made.

A run is a folder:

    card.json             recipe, scores, where and how it was made, the sha256 of the other files
    weights.safetensors   the generator, in half precision where no picture changes by more than one grey level
    history.safetensors   float32 (lines, 5), see training.HISTORY_COLUMNS
    samples/000100.png    the pictures of one fixed z after 100 updates: an 8×8 grid
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import platform
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from torch import Tensor, nn

import gan_lib
from gan_lib.data import ImageSet, to_pixels
from gan_lib.errors import BadInput, BadRun
from gan_lib.latent import z_from_seed
from gan_lib.networks import evaluating
from gan_lib.pictures import png, sheet
from gan_lib.recipes import RECIPES, Recipe
from gan_lib.training import train

FORMAT = 1
RECORDED = Path(__file__).parent / "recorded"
GRID = 8  # samples are GRID × GRID pictures
Z_SEED = 1234  # the same z in every run, so that runs can be compared picture by picture


@dataclass(frozen=True)
class Run:
    """What `load` gives back.

    Attributes:
        recipe: the recipe that made it.
        generator: on the CPU, in eval mode, float32.
        history: float32 (lines, 5), columns `training.HISTORY_COLUMNS`.
        samples: updates done → uint8 (64, C, H, W), always from `fixed_z`.
        scores: updates done → Fréchet distance, empty if the run was not scored.
        card: the whole card, as in card.json.
    """

    recipe: Recipe
    generator: nn.Module
    history: Tensor
    samples: dict[int, Tensor]
    scores: dict[int, float]
    card: dict


def fixed_z(latent_dim: int) -> Tensor:
    """The 64 z of every run's milestone samples: float32 (64, latent_dim), drawn from N(0, 1)."""
    return z_from_seed(Z_SEED, latent_dim, GRID * GRID)


def record(
    recipe: Recipe,
    data: ImageSet,
    folder: Path,
    *,
    steps: int | None = None,
    score: Callable[[nn.Module], float] | None = None,
    overwrite: bool = False,
    show_progress: bool = True,
) -> Run:
    """Train by `recipe` on `data` and write the run to `folder`, all of it or nothing.

    Args:
        recipe: what to train.
        data: the training set; its device is where the training happens.
        folder: must not hold anything yet, unless `overwrite`.
        steps: updates of G; the recipe's own number if None.
        score: generator → Fréchet distance, called at each milestone.
        overwrite: replace what `folder` holds once the new run is complete.
        show_progress: show a progress bar.

    Raises:
        BadInput: `folder` is not empty.
        BadRun: `folder` cannot be written.
    """
    folder = Path(folder)
    check_writable(folder, overwrite)
    if data.name != recipe.dataset:
        score = None  # it compares with the recipe's data, and this is the fallback
    generator, discriminator = (network.to(data.pixels.device) for network in recipe.build())
    z, samples, scores = fixed_z(generator.latent_dim).to(data.pixels.device), {}, {}

    def at_milestone(step: int) -> None:
        samples[step] = draw(generator, z)
        if score is not None:
            scores[step] = score(generator)

    start = time.perf_counter()
    history = train(
        recipe,
        generator,
        discriminator,
        data.pixels,
        steps=steps,
        at_milestone=at_milestone,
        show_progress=show_progress,
    )
    seconds = time.perf_counter() - start
    steps_done = int(history[-1, 0])
    if steps_done not in samples:
        at_milestone(steps_done)
    card = _card(recipe, data, steps_done, seconds, scores)
    write_folder(folder, card, _run_files(generator, z, history, samples))
    return load(folder, recipe)


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
        generator = recipe.build()[0]
        weights = load_tensors(files["weights.safetensors"])
        generator.load_state_dict({key: value.float() for key, value in weights.items()})
        return Run(
            recipe=recipe,
            generator=generator.eval().requires_grad_(False),
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
def draw(generator: nn.Module, z: Tensor) -> Tensor:
    """The generator's pictures of z (B, latent_dim), in eval mode: uint8 (B, C, H, W) on the CPU."""
    with evaluating(generator):
        return to_pixels(generator(z)).cpu()


# ------------------------------------------------------------------------------- folders, whole or not at all


def check_writable(folder: Path, overwrite: bool) -> None:
    """Refuse early, before hours of training: a folder that is in use or cannot be written."""
    if not folder.name:
        raise BadInput(f"{folder} is no name for a new folder; choose one, for example runs/mine.")
    in_use = folder.exists() and (not folder.is_dir() or any(folder.iterdir()))
    if in_use and not (overwrite and (folder / "card.json").is_file()):  # overwrite a run, never anything else
        raise BadInput(
            f"{folder} already holds something; choose another folder, or, if it is a run, overwrite it (--overwrite)."
        )
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        part = _beside(folder)
        part.mkdir()
        part.rmdir()
    except OSError as error:
        raise BadRun(f"{folder} cannot be written ({error.strerror}); choose another folder.") from error


def write_folder(folder: Path, card: dict, files: dict[str, bytes]) -> None:
    """Write card.json and files beside `folder`, then rename: a killed process leaves the old folder as it was.

    Raises:
        BadRun: the disk is full or cannot be written; nothing is left behind.
    """
    part = _beside(folder)
    card = card | {"files": {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}}
    text = json.dumps(card, indent=1, ensure_ascii=False).encode() + b"\n"
    try:
        for name, content in (files | {"card.json": text}).items():
            path = part / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        _swap(part, folder)
    except OSError as error:
        raise BadRun(
            f"The run could not be written to {folder} ({error.strerror}); nothing was left behind: "
            "free some space or choose another folder."
        ) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _swap(part: Path, folder: Path) -> None:
    """Put `part` in the place of `folder`, which comes back if that fails.

    A process killed between the two renames leaves the old run beside, as `.NAME.old-PID`, and the new one whole.
    """
    if not folder.exists():
        part.rename(folder)
        return
    old = folder.with_name(f".{folder.name}.old-{os.getpid()}")
    folder.rename(old)
    try:
        part.rename(folder)
    except OSError:
        old.rename(folder)
        raise
    shutil.rmtree(old, ignore_errors=True)


def read_folder(folder: Path) -> tuple[dict, dict[str, bytes]]:
    """card.json and the files it lists, each checked against its sha256. BadRun if anything is off."""
    try:
        card = json.loads((folder / "card.json").read_bytes())
        version, sums = card["format"], dict(card["files"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadRun(f"{folder}/card.json cannot be read ({error}); the run is damaged, record it again.") from error
    if version != FORMAT:
        raise BadRun(f"{folder} has format {version}; this gan_lib reads format {FORMAT}: record it again.")
    files = {}
    for name, expected in sums.items():
        path = folder / name
        try:
            files[name] = path.read_bytes()
        except OSError as error:
            raise BadRun(f"{path} is missing or cannot be read; the run is damaged, record it again.") from error
        if hashlib.sha256(files[name]).hexdigest() != expected:
            raise BadRun(f"{path} is not what its card says (sha256 differs); the run is damaged, record it again.")
    return card, files


def _beside(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.part-{os.getpid()}")


# ----------------------------------------------------------------------------------------- what is in a run


def _run_files(generator: nn.Module, z: Tensor, history: Tensor, samples: dict[int, Tensor]) -> dict[str, bytes]:
    files = {
        "weights.safetensors": save_tensors(_stored_weights(generator, z)),
        "history.safetensors": save_tensors({"history": history}),
    }
    return files | {f"samples/{step:06d}.png": png(sheet(pictures, GRID)) for step, pictures in samples.items()}


def _stored_weights(generator: nn.Module, z: Tensor) -> dict[str, Tensor]:
    """The state dict on the CPU: half precision if no picture of z changes by more than one grey level."""
    full = {key: value.detach().cpu().contiguous().clone() for key, value in generator.state_dict().items()}
    half = {key: value.half() if value.is_floating_point() else value for key, value in full.items()}
    before = draw(generator, z).int()
    generator.load_state_dict(half)
    change = (draw(generator, z).int() - before).abs().max().item()
    generator.load_state_dict(full)
    return half if change <= 1 else full


def _card(recipe: Recipe, data: ImageSet, steps_done: int, seconds: float, scores: dict[int, float]) -> dict:
    images = steps_done * recipe.batch_size * recipe.d_steps
    return {
        "format": FORMAT,
        "recipe": recipe.as_card(),
        "data": data.name,
        "steps_done": steps_done,
        "scores": scores,
        "made": {
            "date": time.strftime("%Y-%m-%d"),
            "gan_lib": gan_lib.__version__,
            "commit": _commit(),
            "torch": torch.__version__,
            "python": platform.python_version(),
            "hardware": _hardware(data.pixels.device),
            "seconds": round(seconds, 1),
            "real_images_seen": images,
        },
    }


def _commit() -> str | None:
    """The commit of the code that made the run, if it runs from a checkout."""
    try:
        command = ["git", "-C", str(Path(__file__).parent), "rev-parse", "--short=12", "HEAD"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None


def _hardware(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"{platform.machine()} CPU, {torch.get_num_threads()} threads"


def _recipe_of(folder: Path, recorded: dict) -> Recipe:
    """The book's recipe of that name, with the recorded seed: `train --seed` may have chosen another."""
    name = recorded["name"]
    if name not in RECIPES:
        raise BadRun(f"{folder} was recorded by a recipe {name!r} that the book does not know; pass that recipe too.")
    return replace(RECIPES[name], seed=recorded["seed"])


def _check_recipe(folder: Path, recorded: dict, recipe: Recipe) -> None:
    """A card that does not match its recipe is refused, with every difference named."""
    asked = recipe.as_card()
    keys = [key for key in asked | recorded if recorded.get(key) != asked.get(key) and key != "about"]
    if keys:
        difference = "; ".join(f"{key}: recorded {recorded.get(key)!r}, asked {asked.get(key)!r}" for key in keys)
        raise BadRun(f"{folder} was recorded by another recipe ({difference}); record it again.")


def _from_png(content: bytes) -> Tensor:
    """PNG of an 8×8 grid → uint8 (64, C, H, W)."""
    grid = torch.from_numpy(np.array(Image.open(io.BytesIO(content))))
    height, width = grid.shape[:2]
    grid = grid.reshape(GRID, height // GRID, GRID, width // GRID, -1)  # (8, H, 8, W, C)
    return grid.permute(0, 2, 4, 1, 3).flatten(0, 1)  # (64, C, H, W)
