"""Two bells: two classes that overlap, and a CGAN and an ACGAN that learn them side by side.

The page trains by itself, so the same output serves the page, JupyterLab and Colab. It is the experiment of
`chapters.two_classes`, number for number.
"""

from __future__ import annotations

from dataclasses import replace

import matplotlib.pyplot as plt
import torch

from gan_lib.chapters import two_classes
from gan_lib.chapters.two_classes import MIDDLE, POINTS, RECIPES, WIDTH
from gan_lib.data.pictures import figure_png
from gan_lib.errors import BadInput
from gan_lib.machine.given import finite, whole
from gan_lib.training.games import weighted_acgan
from gan_lib.training.recipe import Recipe
from gan_lib.widgets.face import display_page

N = 8192  # points that are learned
MIDDLES = (0.6, 0.5, 0.4, 0.3, 0.25, 0.2, 0.15, 0.1, 0.05, 0.0)  # of the slider: further right they overlap more
WEIGHTS = (0.0, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
MOST_STEPS = 2000
LEFT, RIGHT = "#2b7bb9", "#d1602f"  # as in page/bells


def two_bells(middle: float = MIDDLE, weight: float = 1.0, *, seed: int = 0, steps: int | None = None) -> None:
    """Train a CGAN and an ACGAN with gan_lib, for the still picture, and display the figure, which begins anew.

    Args:
        middle: the classes' first coordinates lie around ±middle with width 0.2: one of `MIDDLES`.
        weight: λ of the ACGAN's class term: one of `WEIGHTS`.
        seed: of the first weights, the batches and z, 0…2³²−1.
        steps: updates, at most 2,000; if None, those of chapter 6.

    Raises:
        BadInput: another value.
    """
    middle, weight = _one_of("middle", middle, MIDDLES), _one_of("weight", weight, WEIGHTS)
    seed = whole("seed", seed, 0, 2**32 - 1)
    steps = RECIPES["CGAN"].steps if steps is None else whole("steps", steps, 1, MOST_STEPS)
    recipes = {name: recipe_of(name, weight, seed, steps) for name in ("CGAN", "ACGAN")}
    learned = two_classes.data(N, middle)
    panels = {"data": (learned.pixels, learned.labels)}
    panels |= {name: (two_classes.drawn(recipe, middle), two_classes.labels()) for name, recipe in recipes.items()}
    figure, axes = plt.subplots(1, 3, figsize=(8, 2.6), sharey=True, layout="constrained")
    told = []
    for axis, (name, (points, labels)) in zip(axes, panels.items(), strict=True):
        for label, colour in enumerate((LEFT, RIGHT)):
            axis.hist(points[labels == label, 0].numpy(), 40, range=(-1, 1), density=True, color=colour, alpha=0.6)
        told.append(f"{name} {two_classes.wrong_side(points, labels):.1%}")
        axis.set(title=name, xlabel="first coordinate", ylim=(0, 6))
    alt = (
        f"Histograms of two classes around ±{middle:g}; λ = {weight:g}. After {steps} updates there lie on the wrong "
        f"side of 0: {', '.join(told)}."
    )
    data = {
        "recipe": _for_page(recipes["CGAN"]),
        "bells": [{"middle": each, "overlap": two_classes.overlap(each)} for each in MIDDLES],
        "bell": MIDDLES.index(middle),
        "weights": list(WEIGHTS),
        "weight": WEIGHTS.index(weight),
        "seed": seed,
        "steps": steps,
        "n": N,
        "width": WIDTH,
        "points": POINTS,
    }
    display_page("bells", data, figure_png(figure), alt)


def recipe_of(name: str, weight: float, seed: int, steps: int) -> Recipe:
    """What the page trains, as gan_lib has it; the weight is the ACGAN's."""
    game = {"game": weighted_acgan(weight)} if name == "ACGAN" else {}
    return replace(RECIPES[name], seed=seed, steps=steps, **game)


def _one_of(name: str, given: float, allowed: tuple[float, ...]) -> float:
    number = finite(name, given)
    if number not in allowed:
        raise BadInput(f"{name} is {number:g}; choose one of {', '.join(f'{each:g}' for each in allowed)}.")
    return number


def _for_page(recipe: Recipe) -> dict:
    """A recipe of points by the names of page/train/recipe.js, without game and seed."""
    generator, discriminator = recipe.build()
    networks = {"generator": generator.model, "discriminator": discriminator.trunk}
    linear = {name: [layer for layer in body if isinstance(layer, torch.nn.Linear)] for name, body in networks.items()}
    sizes = {name: {"hidden": len(layers), "width": layers[0].out_features} for name, layers in linear.items()}
    sizes["generator"]["hidden"] -= 1  # the last one is none
    rates = {name: getattr(recipe, name) for name in ("lr_g", "lr_d", "batch_size", "d_steps", "ema")}
    beta1, beta2 = recipe.betas
    return sizes | rates | {"latent_dim": generator.latent_dim, "beta1": beta1, "beta2": beta2}
