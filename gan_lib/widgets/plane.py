"""The plane: a GAN of two small networks, trained in the page, of which everything can be seen and set.

The page trains by itself, so the same output serves the page, JupyterLab and Colab.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace

import matplotlib.pyplot as plt
import torch
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from torch import Tensor

from gan_lib.chapters import plane
from gan_lib.data import ImageSet, toy
from gan_lib.data.pictures import figure_png
from gan_lib.errors import BadInput, Diverged, brief, one_of
from gan_lib.machine.given import flag, numbers, whole
from gan_lib.machine.rng import z_from_seed
from gan_lib.training import games, train
from gan_lib.training.games import Game
from gan_lib.training.recipe import Recipe
from gan_lib.training.state import State
from gan_lib.widgets.face import display_page

POINTS = 8_192  # in each set
UPDATES = 1_500  # before the still picture
SAMPLES, MOST_PAINTED = 500, 300
BLUE, ORANGE = "#17609c", "#b5420f"  # real, made; as in page/plane/stage.js
FIELD = LinearSegmentedColormap.from_list("field", ["#efb79a", "#ffffff", "#97c0e0"])  # made … real
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"

DATA: dict[str, Callable[[], ImageSet]] = {
    "line": lambda: toy.line(POINTS),
    "two": lambda: toy.two(POINTS),
    "ring8": lambda: toy.ring(POINTS, 8),
    "grid25": lambda: toy.grid(POINTS, 5),
    "circle": lambda: toy.circle(POINTS),
    "moons": lambda: toy.moons(POINTS),
}
GAMES: dict[str, Callable[[dict], Game]] = {
    "minimax": lambda s: games.MINIMAX,
    "non-saturating": lambda s: games.smoothed(s["smoothing"]) if s["smoothing"] else games.NON_SATURATING,
    "hinge": lambda s: games.HINGE,
    "least-squares": lambda s: games.LEAST_SQUARES,
    "wgan": lambda s: games.wgan(s["clip"]),
    "wgan-gp": lambda s: games.wgan_gp(s["weight"]),
    "r1": lambda s: games.r1(s["weight"]),
    "r1-r2": lambda s: games.r1_r2(s["weight"]),
    "relativistic": lambda s: games.relativistic(s["weight"]),
}
OPTIMIZERS = {"adam": torch.optim.Adam, "rmsprop": torch.optim.RMSprop, "sgd": torch.optim.SGD}
SETTINGS = {  # name → what it is if nothing is said, and what is allowed; as in page/train/recipe.js, plane/settings.js
    "data": ("ring8", tuple(DATA)),
    "game": ("non-saturating", tuple(GAMES)),
    "smoothing": (0.1, (0.0, 0.4)),
    "clip": (0.1, (0.01, 1.0)),
    "weight": (1.0, (0.001, 10.0)),
    "d_steps": (1, (1, 10)),
    "lr_g": (1e-3, (1e-5, 1.0)),
    "lr_d": (2e-3, (1e-5, 1.0)),
    "optimizer": ("adam", tuple(OPTIMIZERS)),
    "beta1": (0.5, (0.0, 0.9)),
    "batch_size": (128, (8, 512)),
    "ema": (0.99, (0.0, 0.999)),
    "g_hidden": (2, (1, 4)),
    "g_width": (64, (4, 256)),
    "d_hidden": (2, (1, 4)),
    "d_width": (64, (4, 256)),
    "uniform": (False, (False, True)),
    "latent_dim": (2, (1, 32)),
    "seed": (0, (0, 2**32 - 1)),
}


def train_plane(beside: Mapping[str, object] | None = None, **settings: object) -> None:
    """Train `settings` with gan_lib for a moment, for the still picture, and display the plane, which begins anew.

    Args:
        beside: of a second play, what differs from the first one; None for one play alone.
        settings: what differs from the default. data: "line", "two", "ring8", "grid25", "circle", "moons", or points
            (n, 2) within −1…1, at most 300, as somebody would paint them. game: "minimax", "non-saturating", "hinge",
            "least-squares", "wgan", "wgan-gp", "r1", "r1-r2", "relativistic"; smoothing (of the second), clip (of
            WGAN), weight (of the last four's penalty), d_steps. lr_g, lr_d, optimizer ("adam", "rmsprop", "sgd"),
            beta1, batch_size, ema (0: none). g_hidden, g_width, d_hidden, d_width: hidden layers and the width of
            each. uniform (z in −1…1 instead of N(0, 1)), latent_dim, seed.

    Raises:
        BadInput: another name, or a value that the page cannot be set to.
    """
    if not (beside is None or isinstance(beside, Mapping)):
        raise BadInput(f"beside is {brief(beside)}; give a dict of what differs, for example {{'game': 'wgan-gp'}}.")
    given = [settings] if beside is None else [settings, settings | dict(beside)]
    plays = [_checked(each) for each in given]
    figure, axes = plt.subplots(1, len(plays), figsize=(4.2 * len(plays), 4.2), squeeze=False, layout="none")
    figure.subplots_adjust(0.01, 0.01, 0.99, 0.99, wspace=0.03)
    told = [_draw(axis, play) for axis, play in zip(axes[0], plays, strict=True)]
    alt = f"After {UPDATES:,} updates: {'; beside it: '.join(told)}."
    data = {"plays": [_for_page(play) for play in plays]}
    display_page("plane", data, figure_png(figure), alt, "Where scripts run, this figure trains by itself.")


def _checked(given: Mapping[str, object]) -> dict[str, object]:
    """All settings of a play. BadInput: a name or a value that is not allowed."""
    found = {name: default for name, (default, _) in SETTINGS.items()}
    for name, value in given.items():
        one_of("the setting", name, SETTINGS)
        default, allowed = SETTINGS[name]
        if name == "data" and not isinstance(value, str):
            found[name] = _painted(value)
        elif isinstance(default, str):
            one_of(name, value, allowed)
            found[name] = value
        elif isinstance(default, bool):
            found[name] = flag(name, value)
        elif isinstance(default, int):
            found[name] = whole(name, value, *allowed)
        else:
            found[name] = _between(name, value, *allowed)
    return found


def _between(name: str, value: object, least: float, most: float) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError, RuntimeError):
        number = math.nan
    if isinstance(value, bool) or not least <= number <= most:
        raise BadInput(f"{name} is {brief(value)}; choose a number from {least:g} to {most:g}.")
    return number


def _painted(given: object) -> Tensor:
    """float32 (n, 2), in hundredths as the page has them."""
    points = numbers("data", given, None, 2).float()
    if not 2 <= len(points) <= MOST_PAINTED or points.abs().max() > 1:
        raise BadInput(
            f"data holds {len(points)} points that reach {points.abs().max():.3g}; give 2 to {MOST_PAINTED} points "
            f"within −1…1, or one of {', '.join(DATA)}."
        )
    return (100 * points).round() / 100


def _for_page(play: dict[str, object]) -> dict[str, object]:
    """Plain JSON values; painted points as page/plane/settings.js packs them."""
    if not isinstance(play["data"], Tensor):
        return play
    hundredths = (100 * play["data"]).round().int().flatten() + 100
    points = "".join(DIGITS[v // 36] + DIGITS[v % 36] for v in hundredths.tolist())
    return play | {"data": "painted", "points": points}


def _recipe(settings: Mapping[str, object]) -> Recipe:
    """The recipe of all settings of a play, by the names in `SETTINGS`."""
    s = settings
    return replace(
        plane.RING,
        name="plane",
        game=GAMES[s["game"]](s),
        generator_args={
            "latent_dim": s["latent_dim"],
            "width": s["g_width"],
            "hidden": s["g_hidden"],
            "uniform": s["uniform"],
        },
        discriminator_args={"width": s["d_width"], "hidden": s["d_hidden"]},
        optimizer=OPTIMIZERS[s["optimizer"]],
        betas=(s["beta1"], 0.999),
        ema=s["ema"] or None,
        **{name: s[name] for name in ("lr_g", "lr_d", "batch_size", "d_steps", "seed")},
    )


def _draw(axis: Axes, play: dict[str, object]) -> str:
    """Train, and draw the data, the samples and what D says; in words."""
    data = toy.clouds(POINTS, play["data"]) if isinstance(play["data"], Tensor) else DATA[play["data"]]()
    state = State(_recipe(play), POINTS)
    with suppress(Diverged):  # the page says so, too
        train(state, data, steps=UPDATES, show_progress=False)
    with torch.no_grad():
        samples = state.drawing(z_from_seed(plane.POINTS_SEED, play["latent_dim"], SAMPLES))  # (SAMPLES, 2)
        field = state.discriminator(plane.grid()).reshape(plane.SIDE, plane.SIDE)
    field = field.sigmoid() if state.recipe.game.has_probability else field
    ends = {"vmin": 0, "vmax": 1} if state.recipe.game.has_probability else {}
    axis.imshow(field.numpy(), extent=(-1, 1, -1, 1), cmap=FIELD, interpolation="bilinear", **ends)
    axis.scatter(*data.pixels[:SAMPLES].T.numpy(), s=9, facecolors="none", edgecolors=BLUE, linewidths=0.8)
    axis.scatter(*samples.T.numpy(), s=5, color=ORANGE)
    axis.set(xlim=(-1, 1), ylim=(-1, 1), xticks=[], yticks=[])
    axis.grid(False)
    return f"{data.name} in blue, G's samples in orange, what D says as a map, by the game {state.recipe.game}"
