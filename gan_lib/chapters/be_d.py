"""Real or made? Pictures to be judged by a reader and by D, at a few moments of a training of chapter 3's two MLPs."""

from __future__ import annotations

import io
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from gan_lib import runs
from gan_lib.data import ImageSet, to_pixels, to_range
from gan_lib.data.pictures import png, sheet
from gan_lib.errors import BadInput, BadRun
from gan_lib.machine.given import instance, listed, named_path, whole
from gan_lib.machine.rng import z_from_seed
from gan_lib.networks import evaluating
from gan_lib.runs.folders import FORMAT, made, read_folder, write_folder
from gan_lib.training import train
from gan_lib.training.recipe import Recipe
from gan_lib.training.recipes import MLP_FASHION
from gan_lib.training.state import State

NAME = "be-the-discriminator"
MOMENTS = (100, 1_000, 5_000, 20_000)  # updates
PICTURES = 20  # of each moment, half of them real
ROUND = 10  # of them, judged one after the other
COUNTED = 1_000  # real ones, and as many made, by which D's hits are counted
SEED, ORDER_SEED = 20, 5  # decide which pictures are judged, and in which order
RECIPE = replace(MLP_FASHION, name=NAME, about="the notes' two MLPs, looked at with D's eyes")


@dataclass(frozen=True)
class Moment:
    """What is to be judged after `step` updates, in the order in which it is shown.

    Attributes:
        step: updates of G done.
        pixels: uint8 (n, 1, H, W).
        real: bool (n,): from the data, or made by G.
        logits: float32 (n,), D's; above 0 it says "real".
        maps: float32 (n, 1, H, W), ∂logit/∂pixel, each divided by its largest |value|; recorded to 1/15.
        hits: the share of 2 · COUNTED other pictures, half of them real, of which D is right.
    """

    step: int
    pixels: Tensor
    real: Tensor
    logits: Tensor
    maps: Tensor
    hits: float

    @property
    def levels(self) -> Tensor:
        """`maps` as grey levels, uint8 8…248, 0 being 128. Few, because such maps hardly get smaller as a PNG."""
        return (self.maps * 15).round().mul(8).add(128).to(torch.uint8)


def look(discriminator: nn.Module, pixels: Tensor) -> tuple[Tensor, Tensor]:
    """What D says of pictures uint8 (n, C, H, W), and where that comes from.

    Returns:
        logits float32 (n,), and ∂logit/∂pixel float32 (n, C, H, W): how fast the logit grows when the pixel gets
        brighter, per unit of −1…1.

    Raises:
        BadInput: no network, or no such pictures.
    """
    instance("discriminator", discriminator, nn.Module, "a network, image → logit")
    images = to_range(pixels).clone().requires_grad_(True)
    with evaluating(discriminator):
        logits = discriminator(images).flatten()  # (n,)
    (maps,) = torch.autograd.grad(logits.sum(), images)  # each logit depends on its own picture alone
    return logits.detach(), maps


def record_game(
    images: ImageSet,
    held_back: ImageSet,
    folder: str | Path,
    *,
    recipe: Recipe = RECIPE,
    moments: Sequence[int] = MOMENTS,
    pictures: int = PICTURES,
) -> dict:
    """Train, let D look at the real pictures that it has never seen and at G's, write the folder; its card.

    Args:
        images: what is trained on, grey squares.
        held_back: where the real pictures come from.
        folder: pictures.png and maps.png, a row for each moment, and card.json.
        recipe: of networks of such pictures without labels; its `steps` are not looked at.
        moments: numbers of updates of G.
        pictures: of each moment, an even number from 10 on.

    Raises:
        BadInput: data or a recipe that do not fit each other, no moments, an odd number of pictures, too few real ones,
            or a folder without a name.
    """
    folder, start = named_path("folder", folder), time.perf_counter()
    instance("images", images, ImageSet, "an ImageSet, as data.load gives it")
    instance("held_back", held_back, ImageSet, "an ImageSet, as data.load gives it")
    instance("recipe", recipe, Recipe, "a Recipe, for example be_d.RECIPE")
    moments = sorted({whole("a moment", step, 0) for step in listed("moments", moments)})
    pictures, state = whole("pictures", pictures, ROUND), State(recipe, len(images.pixels))
    if pictures % 2 or not moments or moments[-1] < 1:
        told = "half of the pictures are real, and the last moment lies behind an update"
        raise BadInput(f"{told}; give an even number, and 1 or more.")
    shape = tuple(images.pixels.shape[1:])
    if len(shape) != 3 or shape != (1, shape[1], shape[1]):
        raise BadInput(f"a game shows grey squares, and the data has the shape {shape}; give such pictures.")
    real = to_pixels(to_range(held_back.fitted(shape).pixels)).cpu()
    parts = _parts(len(real), len(moments), pictures // 2)
    seen: list[Moment] = []

    def watch() -> None:
        if state.step in moments:
            seen.append(_moment(state, real, *parts[len(seen)]))

    train(state, images, steps=moments[-1], watch=watch)
    card = {
        "format": FORMAT,
        "recipe": recipe.as_card(),
        "data": images.name,
        "moments": [
            {
                "step": moment.step,
                "hits": round(moment.hits, 4),
                "real": moment.real.int().tolist(),
                "logits": [round(logit, 3) for logit in moment.logits.tolist()],
            }
            for moment in seen
        ],
        "made": made(time.perf_counter() - start),
    }
    rows = {
        "pictures.png": torch.cat([moment.pixels for moment in seen]),
        "maps.png": torch.cat([moment.levels for moment in seen]),
    }
    write_folder(folder, card, {name: png(sheet(shown, pictures)) for name, shown in rows.items()})
    return card


def recorded(name: str | Path = NAME) -> list[Moment]:
    """The moments of a recorded game, from the first on. BadRun: missing, damaged, or another kind of run."""
    folder = runs.find(name)
    card, files = read_folder(folder)
    if not {"pictures.png", "maps.png"} <= set(files) or "moments" not in card:
        raise BadRun(f"{folder} holds no pictures to be judged; record some with be_d.record_game.")
    pixels, maps = (_rows(files[name], len(card["moments"])) for name in ("pictures.png", "maps.png"))
    return [
        Moment(
            step=told["step"],
            pixels=pixels[i],
            real=torch.tensor(told["real"]).bool(),
            logits=torch.tensor(told["logits"]),
            maps=(maps[i].float() - 128) / 120,
            hits=told["hits"],
        )
        for i, told in enumerate(card["moments"])
    ]


def _parts(held_back: int, moments: int, half: int) -> list[tuple[Tensor, Tensor]]:
    """For each moment other rows of the data: those to be shown (half,), and those by which D's hits are counted."""
    if held_back < 2 * moments * half:
        raise BadInput(f"{held_back} pictures are held back; give {2 * moments * half} or more.")
    order = torch.randperm(held_back, generator=torch.Generator().manual_seed(SEED))
    shown, rest = order[: moments * half], order[moments * half :][:COUNTED]
    return [(rows, rest) for rows in shown.split(half)]


@torch.no_grad()
def _moment(state: State, real: Tensor, shown: Tensor, counted: Tensor) -> Moment:
    generator, rng = state.drawing, torch.Generator().manual_seed(ORDER_SEED + state.step)
    z = z_from_seed(SEED + state.step, generator.latent_dim, len(shown) + len(counted))
    with evaluating(generator), evaluating(state.discriminator):
        drawn = to_pixels(generator(z))  # (half + counted, 1, H, W)
        says_real = [state.discriminator(to_range(part)) > 0 for part in (real[counted], drawn[len(shown) :])]
    order = torch.randperm(2 * len(shown), generator=rng)
    pixels = torch.cat([real[shown], drawn[: len(shown)]])[order]
    with torch.enable_grad():
        logits, maps = look(state.discriminator, pixels)
    strongest = maps.abs().amax(dim=(1, 2, 3), keepdim=True).clamp(min=1e-12)
    hits = torch.cat([says_real[0], ~says_real[1]]).float().mean().item()
    return Moment(state.step, pixels, order < len(shown), logits, maps / strongest, hits)


def _rows(content: bytes, rows: int) -> Tensor:
    """PNG of squares → uint8 (rows, n, 1, H, W)."""
    grid = torch.from_numpy(np.array(Image.open(io.BytesIO(content))))
    side = grid.shape[0] // rows
    return grid.reshape(rows, side, -1, side).permute(0, 2, 1, 3)[:, :, None]
