"""The small picture of each chapter on the first page: `python -m book.cards` draws them into book/_static/cards."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.patches import Circle
from PIL import Image

from gan_lib import runs
from gan_lib.data import to_pixels
from gan_lib.data.pictures import sheet
from gan_lib.machine.rng import z_from_seed
from gan_lib.show.plots import FAKE, REAL, THIRD

CARDS = Path(__file__).parent / "_static" / "cards"
SIDE = 168  # pixels: drawn at half of that, for fine screens


def four(name: str, seed: int, labels: list[int] | None = None) -> Callable[[], np.ndarray]:
    """Four pictures of a recorded generator, two by two."""

    def draw() -> np.ndarray:
        generator = runs.load(name).generator
        z = z_from_seed(seed, generator.latent_dim, 4)  # (4, latent_dim)
        with torch.no_grad():
            pictures = generator(z) if labels is None else generator(z, torch.tensor(labels))
        whole = sheet(to_pixels(pictures), 2).permute(1, 2, 0).expand(-1, -1, 3).numpy()  # (2H, 2W, 3)
        return np.asarray(Image.fromarray(whole).resize((SIDE, SIDE), Image.Resampling.NEAREST))

    return draw


def plot(paint: Callable[[Axes], None]) -> Callable[[], np.ndarray]:
    """What `paint` draws, without axes."""

    def draw() -> np.ndarray:
        figure = plt.figure(figsize=(1.68, 1.68), dpi=100)
        paint(axis := figure.add_axes((0.02, 0.02, 0.96, 0.96)))
        axis.set_axis_off()
        content = io.BytesIO()
        figure.savefig(content)
        plt.close(figure)
        return np.asarray(Image.open(content).convert("RGB"))

    return draw


def two_densities(axis: Axes) -> None:
    x = np.linspace(-4, 4, 200)
    data, drawn = (np.exp(-((x - at) ** 2) / 2) for at in (-1.2, 1.2))
    for density, colour in ((data, REAL), (drawn, FAKE)):
        axis.fill_between(x, density, color=colour, alpha=0.25)
        axis.plot(x, density, color=colour)
    axis.plot(x, data / (data + drawn), color="black", linestyle="--", linewidth=1)  # the best D


def overlaps(axis: Axes) -> None:
    layer = torch.nn.ConvTranspose2d(1, 1, 3, stride=2, bias=False)
    with torch.no_grad():
        layer.weight.fill_(1)
        axis.imshow(layer(torch.ones(1, 1, 5, 5))[0, 0].numpy(), cmap="viridis")  # how many inputs meet at each place


def pitfall(axis: Axes) -> None:
    places = {"z": (0, 0), "G": (1, 0), "D": (2, 0), "loss": (3, 0)}
    for name, (x, y) in places.items():
        axis.add_patch(Circle((x, y), 0.34, color=FAKE if name == "G" else REAL if name == "D" else "#dddddd"))
        axis.text(x, y, name, ha="center", va="center", fontsize=9)
    for x in range(3):
        axis.annotate("", (x + 0.66, 0), (x + 0.34, 0), arrowprops={"arrowstyle": "->"})
    for start, end, colour in ((3, 2, "black"), (2, 1, THIRD)):
        axis.annotate(
            "",
            (end, -0.4),
            (start, -0.4),
            arrowprops={"arrowstyle": "->", "color": colour, "connectionstyle": "arc3,rad=-0.5"},
        )
    axis.text(1.5, 0.75, "detach?", ha="center", fontsize=10)
    axis.set(xlim=(-0.5, 3.5), ylim=(-2, 2))


def earth(axis: Axes) -> None:
    axis.bar(range(4), (1, 3, 4, 2), color=REAL, width=0.9)
    axis.bar(range(4, 8), (2, 4, 3, 1), color=FAKE, width=0.9)
    axis.annotate("", (5.5, 4.8), (1.5, 4.8), arrowprops={"arrowstyle": "->", "connectionstyle": "arc3,rad=-0.3"})
    axis.set(ylim=(0, 7))


def balls(axis: Axes) -> None:
    real = torch.randn(9, 2, generator=torch.Generator().manual_seed(3))
    made = torch.randn(7, 2, generator=torch.Generator().manual_seed(5)) * 0.6 + 0.4
    radius = torch.cdist(real, real).kthvalue(4, dim=1).values  # to the third neighbour, as chapter 8's
    for place, r in zip(real.tolist(), radius.tolist(), strict=True):
        axis.add_patch(Circle(place, r, color=REAL, alpha=0.08))
    axis.scatter(*real.T, color=REAL, s=14)
    axis.scatter(*made.T, color=FAKE, s=14)
    axis.set(aspect="equal", xlim=(-3, 3), ylim=(-3, 3))


PICTURES = {
    "01_theory": plot(two_densities),
    "02_convolution_arithmetic": plot(overlaps),
    "03_mlp_gan": four("mlp-fashion", 1),
    "04_dcgan": four("dcgan-fashion", 2),
    "05_autograd_pitfalls": plot(pitfall),
    "06_conditional": four("cgan-mnist", 3, [7, 7, 7, 7]),
    "07_wasserstein": plot(earth),
    "08_evaluation": plot(balls),
    "09_modern": four("modern-fashion", 0),
    "your_own_pictures": four("dcgan-emoji", 1),
}


def main() -> None:
    CARDS.mkdir(exist_ok=True)
    for name, draw in PICTURES.items():
        Image.fromarray(draw()).quantize(64).save(CARDS / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main()
