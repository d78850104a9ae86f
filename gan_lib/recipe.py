"""A recipe: everything that decides a training."""

from __future__ import annotations

from dataclasses import dataclass, field, fields

import torch
from torch import nn

from gan_lib.games import NON_SATURATING, Game
from gan_lib.networks import normal_weights
from gan_lib.networks.mlp import MLPDiscriminator, MLPGenerator
from gan_lib.rng import isolated_rng


@dataclass(frozen=True)
class Recipe:
    """Everything that decides a training, so that the same recipe gives the same run (on the same CPU and number of
    threads: elsewhere random numbers or roundings differ).

    Attributes:
        name: the run's name.
        about: one line for the reader.
        dataset: "fashion-mnist" or "mnist".
        image_size: the pictures' side in pixels; they are resized if the data has another.
        generator, discriminator: network classes.
        generator_args, discriminator_args: what `build` calls them with.
        init_std: first weights from N(0, init_std²), as DCGAN has it; torch's own if None.
        game: the two losses.
        batch_size: images in a batch, over all processes together.
        steps: updates of G.
        d_steps: updates of D for each update of G.
        optimizer: torch.optim.Adam or torch.optim.RMSprop.
        lr_g, lr_d: learning rates.
        betas: Adam's β₁ and β₂.
        ema: G's exponential moving average keeps this part of itself at each update, and is what is
            drawn, scored and recorded; None for none.
        bfloat16: multiply in bfloat16 where the hardware can (weights and losses stay float32).
        seed: decides the first weights, the order of the data and every z.
        milestones: updates at which the fixed z are drawn and G is scored; 0 is before the first update.
        keep_best: record the weights of the milestone with the best score, not those of the last update.
        keeps: the networks whose weights are recorded: "generator", "discriminator", both or none.
        pictures: of how many of the 64 fixed z each milestone keeps the picture; a multiple of 8.
        log_every: updates between two lines of the history.
    """

    name: str
    about: str
    dataset: str = "fashion-mnist"
    image_size: int = 28
    generator: type[nn.Module] = MLPGenerator
    discriminator: type[nn.Module] = MLPDiscriminator
    generator_args: dict = field(default_factory=dict)
    discriminator_args: dict = field(default_factory=dict)
    init_std: float | None = None
    game: Game = NON_SATURATING
    batch_size: int = 128
    steps: int = 50_000
    d_steps: int = 1
    optimizer: type[torch.optim.Optimizer] = torch.optim.Adam
    lr_g: float = 2e-4
    lr_d: float = 2e-4
    betas: tuple[float, float] = (0.5, 0.999)
    ema: float | None = None
    bfloat16: bool = False
    seed: int = 0
    milestones: tuple[int, ...] = ()
    keep_best: bool = False
    keeps: tuple[str, ...] = ("generator",)
    pictures: int = 64
    log_every: int = 10

    def build(self) -> tuple[nn.Module, nn.Module]:
        """A new generator and discriminator on the CPU; `seed` decides their first weights."""
        with isolated_rng(self.seed):
            networks = self.generator(**self.generator_args), self.discriminator(**self.discriminator_args)
            if self.init_std is not None:
                networks = tuple(normal_weights(network, self.init_std) for network in networks)
        return networks

    def as_card(self) -> dict[str, object]:
        """What a run's card keeps of this recipe: plain JSON values, classes by their names."""
        values = {f.name: getattr(self, f.name) for f in fields(self)} | {"game": self.game.name}
        return {key: _plain(value) for key, value in values.items()}


def _plain(value: object) -> object:
    """As JSON has it: a class by its name, a tuple as a list, also inside a dict."""
    if isinstance(value, type):
        return value.__name__
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    return list(value) if isinstance(value, tuple) else value


def difference(recorded: dict, recipe: Recipe) -> str:
    """What a card's recipe and a recipe disagree on, in words; empty if nothing.

    A field that the card lacks is younger than the card: its standard value is what was trained.
    """
    standard = Recipe("", "").as_card()
    recorded, asked = standard | recorded, recipe.as_card()
    keys = [key for key in recorded | asked if recorded.get(key) != asked.get(key) and key != "about"]
    return "; ".join(f"{key}: recorded {recorded.get(key)!r}, asked {asked.get(key)!r}" for key in keys)
