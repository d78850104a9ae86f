"""A critic as a landscape: two clouds, a critic that is trained between them, its height and its slope as maps.

The page trains by itself, so the same output serves the page, JupyterLab and Colab.
"""

from __future__ import annotations

import matplotlib.pyplot as plt
import torch
from torch import Tensor

from gan_lib.chapters import critic, transport
from gan_lib.data.pictures import figure_png
from gan_lib.errors import BadInput, brief
from gan_lib.machine.given import finite, whole
from gan_lib.networks.points import PointDiscriminator
from gan_lib.widgets.face import display_page
from gan_lib.widgets.plane import BLUE, FIELD, ORANGE

CHOICES = {  # of the page's sliders
    "weight": (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0),
    "clip": (0.01, 0.02, 0.05, 0.1, 0.2, 0.5),
    "layers": tuple(range(2, critic.MOST_LAYERS + 1)),
}
MOST_UPDATES = 2_000
SIDE = 64  # of the still picture's maps


def critic_landscape(
    real: Tensor | None = None,
    made: Tensor | None = None,
    *,
    limit: str = "penalty",
    weight: float = 10.0,
    clip: float = 0.1,
    layers: int = 3,
    updates: int = critic.UPDATES,
    seed: int = 0,
) -> None:
    """Train a critic by `chapters.critic.fit` for the still picture, and display it; the page trains the same one.

    Args:
        real: (n, 2) within −1…1, n from 2 to 100; `chapters.critic.two_clouds` where both are None.
        made: as many.
        limit: what the reader finds set: "nothing", "clip" or "penalty".
        weight: λ of the penalty, one of 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100.
        clip: the weights stay within ±clip, one of 0.01, 0.02, 0.05, 0.1, 0.2, 0.5.
        layers: linear layers of the critic, 2…12.
        updates: that are made before the reader comes, 0…2,000.
        seed: decides the first weights, the pairs and the penalty's places, 0…2³²−1.

    Raises:
        BadInput: what `fit` refuses, one cloud alone, two equal points, or a number out of range.
    """
    if (real is None) != (made is None):
        raise BadInput("one cloud is missing; give real and made, or none of both.")
    clouds = critic.two_clouds() if real is None else critic.checked_clouds(real, made)
    real, made = ((1e4 * cloud).round() / 1e4 for cloud in clouds)  # few digits say them exactly
    recipe = {"weight": weight, "clip": clip, "layers": layers}
    recipe = {name: _chosen(name, value) for name, value in recipe.items()}
    updates, seed = whole("updates", updates, 0, MOST_UPDATES), whole("seed", seed, 0, 2**32 - 1)
    trained = critic.fit(real, made, limit, updates=updates, seed=seed, **recipe)
    w1 = transport.wasserstein(real, made)
    data = {
        **{name: [round(v, 4) for v in cloud.flatten().tolist()] for name, cloud in (("real", real), ("made", made))},
        **recipe,
        "choices": CHOICES,
        "seed": seed,
        "limit": limit,
        "width": critic.WIDTH,
        "rate": critic.RATE,
        "updates": updates,
        "w1": round(w1, 6),
    }
    alt = _told(trained, real, made, f"{updates:,} updates, limit on the slope: {limit}", w1)
    display_page("landscape", data, _poster(trained, real, made), alt)


def _chosen(name: str, value: object) -> float:
    """The choice that equals `value`. BadInput: there is none."""
    number = finite(name, value)
    for choice in CHOICES[name]:
        if choice == number and not isinstance(value, bool):
            return choice
    raise BadInput(f"{name} is {brief(value)}; choose one of {', '.join(f'{choice:g}' for choice in CHOICES[name])}.")


def _told(trained: PointDiscriminator, real: Tensor, made: Tensor, how: str, w1: float) -> str:
    points = torch.cat([real, made])
    with torch.no_grad():
        values = trained(points)  # (2n, 1)
    value = (values[: len(real)].mean() - values[len(real) :].mean()).item()
    steepest, slope = transport.steepest(values, points), critic.gradient_lengths(trained, points)[:, 0].mean()
    return (
        f"A critic between real points, blue, and made ones, orange; {how}: value {value:.3g}, steepest pair K "
        f"{steepest:.3g}, W₁ = {w1:.3g}, slope at the points {slope:.3g} (mean). Left its height, right its slope."
    )


def _poster(trained: PointDiscriminator, real: Tensor, made: Tensor) -> bytes:
    """Height with a line for every 0.1, or some more; slope around 1."""
    along = torch.linspace(-1, 1, SIDE)
    y, x = torch.meshgrid(along, along, indexing="ij")
    places = torch.stack([x, y], dim=-1).reshape(-1, 2)  # (SIDE², 2)
    with torch.no_grad():
        height = trained(places).reshape(SIDE, SIDE).numpy()
    slope = critic.gradient_lengths(trained, places)[:, 0].reshape(SIDE, SIDE).numpy()
    figure, axes = plt.subplots(1, 2, figsize=(8, 4.2), layout="none")
    figure.subplots_adjust(0.01, 0.01, 0.99, 0.92, wspace=0.03)
    low, high = height.min().item(), height.max().item()
    middle, steps = (low + high) / 2, torch.arange(-12, 13).numpy() * max(0.1, (high - low) / 24)
    look = {"origin": "lower", "extent": (-1, 1, -1, 1), "interpolation": "bilinear"}
    axes[0].imshow(height, cmap=FIELD, vmin=middle - 1, vmax=middle + 1, **look)
    lines = {"colors": "black", "linestyles": "solid", "linewidths": 0.5, "alpha": 0.6}
    if high - low > 0.1:
        axes[0].contour(along.numpy(), along.numpy(), height - middle, levels=steps, **lines)
    axes[1].imshow(slope / (1 + slope), cmap="PRGn_r", vmin=0, vmax=1, **look)
    for axis, title in zip(axes, ("height f(x)", "length of the slope: 1 is white"), strict=True):
        axis.scatter(*real.T.numpy(), s=14, facecolors="none", edgecolors=BLUE)
        axis.scatter(*made.T.numpy(), s=10, color=ORANGE)
        axis.set(title=title, xlim=(-1, 1), ylim=(-1, 1), xticks=[], yticks=[])
        axis.grid(False)
    return figure_png(figure)
