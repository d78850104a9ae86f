"""The book's named trainings."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import torch
from torch import nn

from gan_lib.errors import one_of
from gan_lib.games import NON_SATURATING, Game
from gan_lib.networks.mlp import MLPDiscriminator, MLPGenerator


@dataclass(frozen=True)
class Recipe:
    """Everything that decides a training, so that the same recipe gives the same run (on the
    same device and number of threads: elsewhere random numbers or roundings differ).

    Attributes:
        name: the run's name.
        about: one line for the reader.
        dataset: "fashion-mnist" or "mnist".
        generator, discriminator: network classes; `build` calls them without arguments.
        game: the two losses.
        batch_size: images in a batch.
        steps: updates of G.
        d_steps: updates of D for each update of G.
        lr_g, lr_d: Adam's learning rates.
        betas: Adam's β₁ and β₂.
        seed: decides the first weights, the order of the data and every z.
        milestones: updates at which the fixed z are drawn; 0 is before the first update.
        log_every: updates between two lines of the history.
    """

    name: str
    about: str
    dataset: str = "fashion-mnist"
    generator: type[nn.Module] = MLPGenerator
    discriminator: type[nn.Module] = MLPDiscriminator
    game: Game = NON_SATURATING
    batch_size: int = 128
    steps: int = 50_000
    d_steps: int = 1
    lr_g: float = 2e-4
    lr_d: float = 2e-4
    betas: tuple[float, float] = (0.5, 0.999)
    seed: int = 0
    milestones: tuple[int, ...] = ()
    log_every: int = 10

    def build(self) -> tuple[nn.Module, nn.Module]:
        """A new generator and discriminator on the CPU; `seed` decides their first weights."""
        with torch.random.fork_rng(devices=[]):  # leave the caller's random numbers alone
            torch.manual_seed(self.seed)
            return self.generator(), self.discriminator()

    def as_card(self) -> dict[str, object]:
        """What a run's card keeps of this recipe: plain JSON values, classes by their names."""
        named = {"generator": self.generator.__name__, "discriminator": self.discriminator.__name__}
        values = {f.name: getattr(self, f.name) for f in fields(self)} | named | {"game": self.game.name}
        return {key: list(value) if isinstance(value, tuple) else value for key, value in values.items()}


MLP_MILESTONES = (0, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 30_000, 40_000, 50_000)

MLP_FASHION = Recipe("mlp-fashion", "the notes' two small MLPs on Fashion-MNIST", milestones=MLP_MILESTONES)


def _mlp(suffix: str, about: str, **changes) -> Recipe:
    """A variation of MLP_FASHION for chapter 3's comparisons; fewer milestones keep it small."""
    steps = changes.get("steps", MLP_FASHION.steps)
    few = tuple(step for step in (1_000, 5_000, 20_000) if step < steps)
    return replace(MLP_FASHION, name=f"mlp-fashion-{suffix}", about=about, milestones=(*few, steps), **changes)


EPOCH = 60_000  # training images
RECIPES = {
    recipe.name: recipe
    for recipe in (
        MLP_FASHION,
        *(_mlp(f"seed{s}", f"mlp-fashion with seed {s}", seed=s) for s in (1, 2, 3, 4)),
        _mlp("batch64", "20 epochs in batches of 64", batch_size=64, steps=20 * (EPOCH // 64)),
        _mlp("batch10000", "20 epochs in batches of 10,000", batch_size=10_000, steps=20 * (EPOCH // 10_000)),
        _mlp("k5", "five updates of D for each of G", d_steps=5, steps=20_000),
        _mlp("slow-g", "G learns at a quarter of D's rate", lr_g=5e-5, steps=20_000),
        _mlp(
            "k5-slow-g",
            "the notes' advice: five updates of D, then a smaller step of G",
            d_steps=5,
            lr_g=5e-5,
            steps=20_000,
        ),
    )
}


def recipe(name: str) -> Recipe:
    """The recipe of that name. BadInput if there is none."""
    one_of("recipe", name, RECIPES)
    return RECIPES[name]
