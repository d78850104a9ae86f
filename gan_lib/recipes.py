"""The book's named trainings."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace

import torch
from torch import nn

from gan_lib.errors import one_of
from gan_lib.games import ACGAN, CGAN, NON_SATURATING, Game, wgan, wgan_gp
from gan_lib.networks import normal_weights
from gan_lib.networks.conditional import ACGANDiscriminator, ACGANGenerator, CGANDiscriminator, CGANGenerator
from gan_lib.networks.dcgan import DCGANDiscriminator, DCGANGenerator
from gan_lib.networks.mlp import MLPDiscriminator, MLPGenerator


@dataclass(frozen=True)
class Recipe:
    """Everything that decides a training, so that the same recipe gives the same run (on the
    same device and number of threads: elsewhere random numbers or roundings differ).

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
    log_every: int = 10

    def build(self) -> tuple[nn.Module, nn.Module]:
        """A new generator and discriminator on the CPU; `seed` decides their first weights."""
        with torch.random.fork_rng(devices=[]):  # leave the caller's random numbers alone
            torch.manual_seed(self.seed)
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


MLP_MILESTONES = (0, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 30_000, 40_000, 50_000)

MLP_FASHION = Recipe("mlp-fashion", "the notes' two small MLPs on Fashion-MNIST", milestones=MLP_MILESTONES)


def _mlp(suffix: str, about: str, **changes) -> Recipe:
    """A variation of MLP_FASHION for chapter 3's comparisons; fewer milestones keep it small."""
    steps = changes.get("steps", MLP_FASHION.steps)
    few = tuple(step for step in (1_000, 5_000, 20_000) if step < steps)
    return replace(MLP_FASHION, name=f"mlp-fashion-{suffix}", about=about, milestones=(*few, steps), **changes)


EPOCH = 60_000  # training images


def _dcgan(name: str, about: str, *, features: int, **changes) -> Recipe:
    """DCGAN's networks and its advice: N(0, 0.02²) at the start, Adam with 2e-4 and β₁ = 0.5."""
    settings = {
        "image_size": 32,
        "generator": DCGANGenerator,
        "discriminator": DCGANDiscriminator,
        "generator_args": {"features": features},
        "discriminator_args": {"features": features},
        "init_std": 0.02,
        "bfloat16": True,
    }
    return Recipe(name, about, **(settings | changes))


def _steps(last: int, *first: int) -> tuple[int, ...]:
    """The first milestones by hand, then every eighth part of the training."""
    return tuple(sorted({*first, *(last * i // 8 for i in range(1, 9))}))


DCGAN_FASHION = _dcgan(
    "dcgan-fashion",
    "the notes' DCGAN on Fashion-MNIST",
    features=64,
    steps=4_000,
    ema=0.999,
    milestones=_steps(4_000, 0, 100, 250),
    keep_best=True,
)
DCGAN_MNIST = replace(
    DCGAN_FASHION,
    name="dcgan-mnist",
    about="the same networks on handwritten digits",
    dataset="mnist",
    steps=2_400,
    milestones=_steps(2_400, 100),
)
CGAN_MNIST = Recipe(
    "cgan-mnist",
    "the notes' conditional MLPs on handwritten digits",
    dataset="mnist",
    generator=CGANGenerator,
    discriminator=CGANDiscriminator,
    game=CGAN,
    bfloat16=True,
    steps=16_000,
    milestones=_steps(16_000, 500),
)
ACGAN_FASHION = _dcgan(
    "acgan-fashion",
    "DCGAN with an auxiliary classifier on Fashion-MNIST",
    features=32,
    generator=ACGANGenerator,
    discriminator=ACGANDiscriminator,
    game=ACGAN,
    ema=0.999,
    steps=4_000,
    milestones=_steps(4_000, 250),
)

# One architecture, one budget: each D or critic is shown 640,000 real images. It has no BatchNorm, which the
# gradient penalty forbids.
NS_FASHION = _dcgan(
    "ns-fashion",
    "the non-saturating game, to compare with the two Wasserstein runs",
    features=32,
    discriminator_args={"features": 32, "batch_norm": False},
    batch_size=64,
    steps=10_000,
    milestones=_steps(10_000),
)
WGAN_FASHION = replace(
    NS_FASHION,
    name="wgan-fashion",
    about="WGAN with clipped weights: RMSProp, five updates of the critic for each of G",
    game=wgan(0.01),
    d_steps=5,
    steps=2_000,
    optimizer=torch.optim.RMSprop,
    lr_g=5e-5,
    lr_d=5e-5,
    milestones=_steps(2_000),
    keeps=("generator", "discriminator"),
)
WGAN_GP_FASHION = replace(
    NS_FASHION,
    name="wgan-gp-fashion",
    about="WGAN with a gradient penalty, five updates of the critic for each of G",
    game=wgan_gp(10.0),
    d_steps=5,
    steps=2_000,
    betas=(0.0, 0.9),
    milestones=_steps(2_000),
    keeps=("generator", "discriminator"),
)


RECIPES = {
    recipe.name: recipe
    for recipe in (
        MLP_FASHION,
        *(_mlp(f"seed{s}", f"mlp-fashion with seed {s}", seed=s) for s in (1, 2, 3, 4)),
        _mlp("batch64", "20 epochs in batches of 64", batch_size=64, steps=20 * (EPOCH // 64), keeps=()),
        _mlp("batch10000", "20 epochs in batches of 10,000", batch_size=10_000, steps=20 * (EPOCH // 10_000), keeps=()),
        _mlp("k5", "five updates of D for each of G", d_steps=5, steps=20_000, keeps=()),
        _mlp("slow-g", "G learns at a quarter of D's rate", lr_g=5e-5, steps=20_000, keeps=()),
        _mlp(
            "k5-slow-g",
            "the notes' advice: five updates of D, then a smaller step of G",
            d_steps=5,
            lr_g=5e-5,
            steps=20_000,
            keeps=(),
        ),
        DCGAN_FASHION,
        DCGAN_MNIST,
        CGAN_MNIST,
        ACGAN_FASHION,
        NS_FASHION,
        WGAN_FASHION,
        WGAN_GP_FASHION,
    )
}


def recipe(name: str) -> Recipe:
    """The recipe of that name. BadInput if there is none."""
    one_of("recipe", name, RECIPES)
    return RECIPES[name]


def difference(recorded: dict, recipe: Recipe) -> str:
    """What a card's recipe and a recipe disagree on, in words; empty if nothing.

    A field that the card lacks is younger than the card: its standard value is what was trained.
    """
    standard = Recipe("", "").as_card()
    recorded, asked = standard | recorded, recipe.as_card()
    keys = [key for key in recorded | asked if recorded.get(key) != asked.get(key) and key != "about"]
    return "; ".join(f"{key}: recorded {recorded.get(key)!r}, asked {asked.get(key)!r}" for key in keys)
