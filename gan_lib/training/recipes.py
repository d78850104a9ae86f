"""The book's named trainings."""

from __future__ import annotations

from dataclasses import replace
from inspect import signature

import torch
from torch import nn

from gan_lib.errors import BadInput, one_of
from gan_lib.machine.given import flag, instance, whole
from gan_lib.machine.rng import isolated_rng
from gan_lib.networks.ablated import AblatedDiscriminator, AblatedGenerator
from gan_lib.networks.any_side import AnySideDiscriminator, AnySideGenerator, check_side
from gan_lib.networks.checks import shape
from gan_lib.networks.conditional import (
    ACGANDiscriminator,
    ACGANGenerator,
    ACGANMLPDiscriminator,
    CGANDiscriminator,
    CGANGenerator,
)
from gan_lib.networks.dcgan import DCGANDiscriminator, DCGANGenerator
from gan_lib.networks.residual import ResidualDiscriminator, ResidualGenerator
from gan_lib.training.augment import AUGMENTATIONS
from gan_lib.training.games import ACGAN, CGAN, UNBOUNDED, r1, r1_r2, relativistic, wgan, wgan_gp
from gan_lib.training.recipe import Player, Recipe

MLP_MILESTONES = (0, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 30_000, 40_000, 50_000)

MLP_FASHION = Recipe("mlp-fashion", "the notes' two small MLPs on Fashion-MNIST", milestones=MLP_MILESTONES)


def _mlp(suffix: str, about: str, **changes) -> Recipe:
    """A variation of MLP_FASHION for chapter 3's comparisons; few milestones and no weights keep it small."""
    steps = changes.get("steps", MLP_FASHION.steps)
    few = tuple(step for step in (1_000, 5_000, 20_000) if step < steps)
    small = {"milestones": (*few, steps), "pictures": 16, "keeps": ()}
    return replace(MLP_FASHION, name=f"mlp-fashion-{suffix}", about=about, **(small | changes))


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
        "pictures": 32,
    }
    return Recipe(name, about, **(settings | changes))


def _steps(last: int, *first: int) -> tuple[int, ...]:
    """The first milestones by hand, then every eighth part of the training."""
    return tuple(sorted({*first, *(last * i // 8 for i in range(1, 9))}))


DCGAN_FASHION = _dcgan(
    "dcgan-fashion",
    "the notes' DCGAN on Fashion-MNIST",
    features=64,
    steps=7_000,
    ema=0.999,
    milestones=(0, 100, 250, 500, *range(1_000, 7_001, 1_000)),
    keep_best=True,
)
DCGAN_MNIST = replace(
    DCGAN_FASHION,
    name="dcgan-mnist",
    about="the same networks on handwritten digits",
    dataset="mnist",
    steps=2_400,
    milestones=_steps(2_400, 100),
    keeps=(),
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
    pictures=64,  # all classes
)
ACGAN_MNIST = replace(
    ACGAN_FASHION,
    name="acgan-mnist",
    about="the same networks on handwritten digits",
    dataset="mnist",
)


def _conditional_mlps(name: str, about: str, **changes) -> Recipe:
    """Chapter 6's comparison: the notes' conditional MLPs, half as long as CGAN_MNIST, without weights."""
    small = {"steps": 8_000, "milestones": _steps(8_000), "pictures": 16, "keeps": ()}
    return replace(CGAN_MNIST, name=name, about=about, **(small | changes))


_AUXILIARY = {"discriminator": ACGANMLPDiscriminator, "game": ACGAN}
CONDITIONAL = (
    *(_conditional_mlps(f"cgan-mlp-{s}", f"the notes' conditional MLPs, seed {s}", seed=s) for s in range(3)),
    *(
        _conditional_mlps(
            f"acgan-mlp-{s}", f"the same with an auxiliary classifier in D, seed {s}", seed=s, **_AUXILIARY
        )
        for s in range(3)
    ),
    _conditional_mlps(
        "acgan-mlp-softmax",
        "acgan-mlp-0 with softmax before the cross-entropy, a famous mistake",
        discriminator_args={"softmax": True},
        **_AUXILIARY,
    ),
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


def _half(recipe: Recipe, seed: int) -> Recipe:
    """Half of that training from another start, for its curves and scores; without weights."""
    half = {"steps": recipe.steps // 2, "milestones": recipe.milestones[:4], "pictures": 16, "keeps": ()}
    about = f"half of {recipe.name} with seed {seed}"
    return replace(recipe, name=f"{recipe.name}-seed{seed}", about=about, seed=seed, **half)


# Chapter 9's ladder, and chapter 7's: one pair of networks and one budget of real pictures, and what holds D's slope
# down under each loss; three seeds. `RUNGS` says of each what is changed against the plain game, and nothing else is.
_NARROW = {"features": 16, "batch_norm": False}
_SPECTRAL = {"discriminator_args": _NARROW | {"spectral": True}}
_FIVE = {"d_steps": 5, "steps": 240, "milestones": (60, 120, 180, 240)}
RUNGS = {
    "ns": ("the non-saturating loss, and nothing holds D's slope down", {}),
    "ns-spectral": ("the non-saturating loss, spectral normalisation of D", _SPECTRAL),
    "ns-r1": ("the non-saturating loss and R1", {"game": r1(0.5)}),
    "ns-r1-r2": ("the non-saturating loss, R1 and R2", {"game": r1_r2(0.5)}),
    "loss": ("the Wasserstein loss, and nothing holds the critic's slope down", {"game": UNBOUNDED}),
    "clip": ("the Wasserstein loss, weights clipped to ±0.01", {"game": wgan(0.01)}),
    "clip-five": ("… and five updates of the critic for each of G", {"game": wgan(0.01)} | _FIVE),
    "clip-rmsprop": (
        "the Wasserstein loss, weights clipped to ±0.01, RMSProp",
        {"game": wgan(0.01), "optimizer": torch.optim.RMSprop},
    ),
    "penalty": ("the Wasserstein loss and the gradient penalty", {"game": wgan_gp(10.0)}),
    "penalty-five": ("… and five updates of the critic for each of G", {"game": wgan_gp(10.0)} | _FIVE),
    "spectral": ("the Wasserstein loss, spectral normalisation of the critic", {"game": UNBOUNDED} | _SPECTRAL),
    "pairs": ("the relativistic loss, and nothing holds the critic's slope down", {"game": relativistic(0)}),
    "pairs-r1-r2": ("the relativistic loss, R1 and R2", {"game": relativistic(0.5)}),
}


def _rung(rung: str, seed: int) -> Recipe:
    about, changes = RUNGS[rung]
    budget = {
        "generator_args": {"features": 16},
        "discriminator_args": _NARROW,
        "steps": 1_200,
        "milestones": (300, 600, 900, 1_200),
        "betas": (0.0, 0.99),
        "lr_g": 5e-4,
        "lr_d": 5e-4,
        "lr_end": 0.1,
        "ema": 0.99,
        "score_plain": True,
        "pictures": 1 if seed else 8,  # the first seed's are shown
        "keeps": (),
        "seed": seed,
    }
    if changes.get("optimizer"):
        del budget["betas"]
    return replace(NS_FASHION, name=f"slope-{rung}-{seed}", about=f"{about}, seed {seed}", **(budget | changes))


RESIDUAL = replace(
    _rung("ns-r1", 0),
    name="slope-residual-0",
    about="the non-saturating loss and R1, residual networks without BatchNorm, seed 0",
    generator=ResidualGenerator,
    generator_args={"features": 32},
    discriminator=ResidualDiscriminator,
    discriminator_args={"features": 32},
    init_std=None,
)

# Chapter 4's ablation: the same networks and budget, one of DCGAN's guidelines given up at a time, two seeds each.
_G, _D = {"generator": AblatedGenerator}, {"discriminator": AblatedDiscriminator}
_PLAIN = {"features": 32, "batch_norm": False}


def _both(without: str) -> dict:
    return _G | _D | {"generator_args": {"without": without}, "discriminator_args": {"without": without}}


GUIDELINES = {
    "all": ("the full recipe", {}),
    "no-norm": ("no BatchNorm anywhere", {"generator_args": _PLAIN, "discriminator_args": _PLAIN}),
    "no-norm-g": ("no BatchNorm in G", {"generator_args": _PLAIN}),
    "no-norm-d": ("no BatchNorm in D", {"discriminator_args": _PLAIN}),
    "pool": ("G enlarges and D pools, instead of strides", _both("strides")),
    "hidden": ("a fully connected hidden layer in G and in D", _both("convolutions-only")),
    "leaky-g": ("LeakyReLU in G", _G | {"generator_args": {"without": "relu"}}),
    "relu-d": ("ReLU in D", _D | {"discriminator_args": {"without": "leaky-relu"}}),
    "torch-init": ("torch's own first weights", {"init_std": None}),
    "beta": ("Adam with β₁ = 0.9", {"betas": (0.9, 0.999)}),
    "rate": ("learning rate 2e-3", {"lr_g": 2e-3, "lr_d": 2e-3}),
    "notes": ("the notes' 2e-3 and β₁ = 0.9", {"lr_g": 2e-3, "lr_d": 2e-3, "betas": (0.9, 0.999)}),
}


def _ablation(guideline: str, seed: int) -> Recipe:
    about, changes = GUIDELINES[guideline]
    small = {"milestones": (1_000, 2_000), "pictures": 16, "keeps": ()}
    budget = {"features": 32, "batch_size": 64, "steps": 2_000, "seed": seed}
    return _dcgan(f"ablation-{guideline}-{seed}", f"{about}, seed {seed}", **(budget | small | changes))


COLLAPSE = _dcgan(
    "dcgan-collapse",
    "a collapse on purpose: G learns a hundred times as fast as D",
    features=32,
    batch_size=64,
    lr_g=2e-3,
    lr_d=2e-5,
    steps=1_000,
    milestones=_steps(1_000),
    pictures=16,
    keeps=(),
)


# What ten years bought, as far as it paid here (chapter 9): D's slope is limited, by R1 or by spectral norms, Adam has
# no momentum, and both rates are large and fall to a twentieth.
_MODERN = {"betas": (0.0, 0.99), "lr_g": 1e-3, "lr_d": 1e-3, "lr_end": 0.05}
_SMOOTH = {"batch_norm": False, "spectral": True}

_ONE_MORE = {"side": 32, "channels": 1}  # with a layer of the picture's own side
MODERN_FASHION = replace(
    NS_FASHION,
    name="modern-fashion",
    about="what ten years bought: R1, large rates that fall, averaged weights; on Fashion-MNIST",
    game=r1(0.1),
    generator=AnySideGenerator,
    generator_args=_ONE_MORE | {"features": 64, "full_side": 24},
    discriminator=AnySideDiscriminator,
    discriminator_args=_ONE_MORE | {"features": 32, "full_side": 16, "batch_norm": False},
    steps=12_000,
    milestones=(0, 250, 500, *range(1_000, 12_001, 1_000)),
    ema=0.999,
    score_plain=True,
    keep_best=True,
    **_MODERN,
)
MODERN_SPECTRAL = replace(
    MODERN_FASHION,
    name="modern-spectral",
    about="modern-fashion with the spectral norm in place of R1, and 10,000 updates",
    game=NS_FASHION.game,
    discriminator_args=_ONE_MORE | {"features": 32, "full_side": 16} | _SMOOTH,
    steps=10_000,
    milestones=(0, 250, 500, *range(1_000, 10_001, 1_000)),
    pictures=1,
    keeps=(),
)
MODERN_MNIST = replace(
    MODERN_FASHION,
    name="modern-mnist",
    about="the same on handwritten digits, with a third of G's weights and half of the updates",
    dataset="mnist",
    generator_args=_ONE_MORE | {"features": 32, "full_side": 24},
    steps=5_000,
    milestones=(0, 250, 500, *range(1_000, 5_001, 1_000)),
    pictures=2,
)


def _again(recipe: Recipe, seed: int) -> Recipe:
    """The whole training from another start, for its curves and scores; without weights."""
    about = f"{recipe.name} with seed {seed}"
    return replace(recipe, name=f"{recipe.name}-seed{seed}", about=about, seed=seed, pictures=1, keeps=())


RECIPES = {
    recipe.name: recipe
    for recipe in (
        MLP_FASHION,
        *(_mlp(f"seed{s}", f"mlp-fashion with seed {s}", seed=s, keeps=("generator",)) for s in (1, 2, 3, 4)),
        _mlp("batch64", "20 epochs in batches of 64", batch_size=64, steps=20 * (EPOCH // 64)),
        _mlp("batch10000", "20 epochs in batches of 10,000", batch_size=10_000, steps=20 * (EPOCH // 10_000)),
        _mlp("k5", "five updates of D for each of G", d_steps=5, steps=20_000),
        _mlp("slow-g", "G learns at a quarter of D's rate", lr_g=5e-5, steps=20_000),
        _mlp(
            "k5-slow-g", "the notes' advice: five updates of D, a smaller step of G", d_steps=5, lr_g=5e-5, steps=20_000
        ),
        replace(
            MLP_FASHION,
            name="mlp-mnist",
            about="the same small MLPs on handwritten digits, for chapter 2",
            dataset="mnist",
            steps=20_000,
            milestones=(100, 300, 1_000, 3_000, 10_000, 20_000),
            pictures=32,
            keeps=(),
        ),
        DCGAN_FASHION,
        DCGAN_MNIST,
        CGAN_MNIST,
        ACGAN_FASHION,
        ACGAN_MNIST,
        *CONDITIONAL,
        NS_FASHION,
        WGAN_FASHION,
        WGAN_GP_FASHION,
        *(_half(whole, seed) for whole in (NS_FASHION, WGAN_FASHION, WGAN_GP_FASHION) for seed in (1, 2)),
        MODERN_FASHION,
        *(_again(MODERN_FASHION, seed) for seed in (1, 2)),
        MODERN_SPECTRAL,
        MODERN_MNIST,
        *(_rung(rung, seed) for seed in (0, 1, 2) for rung in RUNGS),
        RESIDUAL,
        COLLAPSE,
        *(_ablation(guideline, seed) for guideline in GUIDELINES for seed in (0, 1)),
        _ablation("all", 2),
    )
}


# ------------------------------------------------------------------------------------------------ for any pictures

KINDS = ("dcgan", "wgan-gp", "acgan", "cgan", "modern")  # trainings that are tied to no data set
WITH_LABELS = ("acgan", "cgan")
FEW = 5_000  # pictures; with fewer D soon knows them by heart, and changes of what it sees help
BATCH = {32: 64, 64: 64, 128: 32, 256: 16}  # by the side: a batch that a small machine holds
FEATURES = {32: 64, 64: 32, 128: 32, 256: 32}  # on two CPU cores; twice as many, where a GPU helps, draw finer


def for_pictures(
    kind: str,
    image_shape: tuple[int, int, int],
    n_pictures: int,
    classes: int = 1,
    *,
    steps: int = 5_000,
    few: bool | None = None,
    dataset: str = "pictures",
) -> Recipe:
    """A training of DCGAN's family for any pictures. `dataclasses.replace` changes what does not suit.

    Args:
        kind: "dcgan"; "wgan-gp", slower, of which none failed in the book; "acgan" and "cgan", which draw what a label
            says; "modern", with spectral normalisation of D, and large rates that fall.
        image_shape: (C, side, side) of the pictures; side 32, 64, 128 or 256.
        n_pictures: how many there are; a batch takes at most all of them.
        classes: how many labels they have; looked at where the kind takes labels.
        steps: updates of G.
        few: flips, and other looks of all that D sees (`augment`); where there are fewer than 5,000 pictures if None.
        dataset: the data's name.

    Raises:
        BadInput: an unknown kind, a shape that the family does not draw, no pictures, or a kind with labels and fewer
            than two classes.
    """
    one_of("kind", kind, KINDS)
    channels, side = _square(image_shape)
    n_pictures, classes, steps = whole("n_pictures", n_pictures), whole("classes", classes), whole("steps", steps)
    few = n_pictures < FEW if few is None else flag("few", few)
    if kind in WITH_LABELS and classes < 2:
        raise BadInput(
            f"{kind} learns what each label looks like, and the pictures have {classes} class; "
            "choose dcgan, wgan-gp or modern, or sort the pictures into a folder for each class."
        )
    told = {"classes": classes} if kind in WITH_LABELS else {}
    size = {"side": side, "features": FEATURES[side], "channels": channels} | told
    settings = {
        "dcgan": {},
        "wgan-gp": {"game": wgan_gp(10.0), "d_steps": 5, "lr_g": 1e-4, "lr_d": 1e-4, "betas": (0.0, 0.9)},
        "acgan": {"game": ACGAN},
        "cgan": {"game": CGAN},
        "modern": _MODERN,
    }[kind]
    plain = {"batch_norm": False}
    apart = {"acgan": {"auxiliary": True}, "wgan-gp": plain, "modern": _SMOOTH}.get(kind, {})
    return Recipe(
        name=f"{kind}-{dataset}",
        about=f"{kind} on {dataset}, {n_pictures:,} pictures of {side}×{side}",
        dataset=dataset,
        image_size=side,
        generator=AnySideGenerator,
        discriminator=AnySideDiscriminator,
        generator_args=size,
        discriminator_args=size | apart,
        batch_size=min(BATCH[side], n_pictures),
        steps=steps,
        milestones=_steps(steps, 0, *(steps // part for part in (64, 32, 16))),
        ema=0.999,
        init_std=0.02,
        bfloat16=True,
        keep_best=True,
        pictures=64 if side <= 64 or told else 16,  # 64 large ones weigh megabytes; all classes must be seen
        flip=few,
        augment=tuple(AUGMENTATIONS) if few else (),
        **settings,
    )


ANY_SIDE = {  # the book's networks of 32×32, and what stands for them at another side
    DCGANGenerator: (AnySideGenerator, {}),
    ACGANGenerator: (AnySideGenerator, {}),
    DCGANDiscriminator: (AnySideDiscriminator, {}),
    ACGANDiscriminator: (AnySideDiscriminator, {"auxiliary": True}),
}


def refit(recipe: Recipe, image_shape: tuple[int, ...], classes: int = 1, *, dataset: str | None = None) -> Recipe:
    """The same training with networks for other pictures: their size, channels and classes; the rest stays.

    MLPs take any size. DCGAN's networks are the book's own at 32×32, and of `AnySideGenerator`'s family elsewhere.

    Args:
        recipe: any training.
        image_shape: (C, H, W) of the pictures.
        classes: how many labels they have; looked at where the game takes labels.
        dataset: their name; the recipe's own if None.

    Raises:
        BadInput: networks that cannot be built for such pictures, or a game with labels and fewer than two classes.
    """
    instance("recipe", recipe, Recipe, "a Recipe, for example recipes.recipe('dcgan-fashion')")
    image_shape, classes = shape(image_shape), whole("classes", classes)
    if recipe.game.conditional and classes < 2:
        raise BadInput(
            f"{recipe.name} learns what each label looks like, and the pictures have {classes} class; "
            "choose a recipe without labels, or sort the pictures into a folder for each class."
        )
    fitted = {}
    for who, player in recipe.players.items():
        fitted[who], fitted[f"{who}_args"] = _refitted(recipe, player, image_shape, classes)
    same = {"dataset": recipe.dataset if dataset is None else dataset, "image_size": image_shape[-1]}
    return replace(recipe, **fitted, **same)


def _refitted(
    recipe: Recipe, player: Player, image_shape: tuple[int, ...], classes: int
) -> tuple[type[nn.Module], dict]:
    """A player's network for such pictures, and what it is called with."""
    network, args = player.network, player.args
    if network in ANY_SIDE and image_shape[1:] != (32, 32):
        network, extra = ANY_SIDE[network]
        args = args | extra
    told = {"classes": classes} if recipe.game.conditional else {}
    given = {"image_shape": image_shape, "channels": image_shape[0], "side": image_shape[-1]} | told
    takes = signature(network).parameters
    args = args | {name: value for name, value in given.items() if name in takes}
    with isolated_rng(), torch.device("meta"):
        draws = getattr(network(**args), "image_shape", None) if set(args) <= set(takes) else None
    if draws != image_shape:
        raise BadInput(
            f"{network.__name__} of {recipe.name} cannot be built for pictures of the shape {image_shape}; "
            f"choose a recipe for any pictures: {', '.join(KINDS)}."
        )
    return network, args


def _square(image_shape: tuple[int, ...]) -> tuple[int, int]:
    """(channels, side) of square pictures that the family draws. BadInput: others."""
    found = shape(image_shape)
    if len(found) != 3 or found[1] != found[2]:
        raise BadInput(f"the pictures have the shape {found}; bring squares, (channels, side, side).")
    return found[0], check_side(found[1])


def recipe(name: str) -> Recipe:
    """The recipe of that name. BadInput if there is none."""
    one_of("recipe", name, RECIPES)
    return RECIPES[name]
