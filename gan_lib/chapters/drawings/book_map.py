"""Drawing of the first page: the chapters as a map."""

from __future__ import annotations

from typing import NamedTuple

from gan_lib.chapters.drawings.svg import FAKE, GREY, REAL, SMALL, THIRD, Canvas, Drawing


class Place(NamedTuple):
    """A chapter on the map."""

    x: float
    y: float
    words: str
    page: str
    builds_on: tuple[str, ...]


CHAPTERS = {
    "1": Place(68, 34, "The theory\nof the game", "01_theory", ()),
    "2": Place(332, 34, "Convolution\narithmetic", "02_convolution_arithmetic", ()),
    "3": Place(200, 34, "A GAN of two\nsmall MLPs", "03_mlp_gan", ()),
    "4": Place(332, 136, "DCGAN", "04_dcgan", ("2", "3")),
    "5": Place(68, 136, "Autograd\npitfalls", "05_autograd_pitfalls", ("1", "3")),
    "6": Place(200, 238, "Conditional\nGANs", "06_conditional", ("3", "4")),
    "7": Place(68, 238, "WGAN", "07_wasserstein", ("1", "4")),
    "8": Place(200, 136, "Evaluation", "08_evaluation", ("3",)),
    "9": Place(68, 340, "What ten\nyears bought", "09_modern", ("3", "7")),
    "": Place(332, 238, "Your own\npictures", "your_own_pictures", ("3", "4")),
}
MORE = ((200, "The plane", "plane"), (332, "All figures", "touch"))
PATHS = (
    "Never trained a GAN: 3, 1, 4, 5, 6, 7, 8, 9.",
    "You teach: the lessons, and all figures.",
    "You have pictures: 3, 4, 5, your own pictures.",
)


def shown_edges() -> list[tuple[str, str]]:
    """(before, after) without what follows from others: 6 builds on 4, which builds on 3."""

    def all_before(key: str) -> set[str]:
        return {one for other in CHAPTERS[key].builds_on for one in {other} | all_before(other)}

    return [
        (before, after)
        for after, place in CHAPTERS.items()
        for before in place.builds_on
        if not any(before in all_before(other) for other in place.builds_on)
    ]


def book_map() -> Drawing:
    """The chapters, which builds on which, and four ways through; each chapter's box leads to it."""
    c = Canvas("book_map", 476)
    high, wide = 50, 112
    for before, after in shown_edges():
        a, b = CHAPTERS[before], CHAPTERS[after]
        if a.x == b.x and b.y - a.y > 110:  # past the one that stands between
            edge = a.x - wide / 2
            c.arrow((edge, a.y), (edge - 9, a.y), (edge - 9, b.y), (edge, b.y))
        else:
            shift = (b.x - a.x) * 0.2
            c.arrow((a.x + shift, a.y + high / 2), (b.x - shift, b.y - high / 2))
    for key, place in CHAPTERS.items():
        colour = FAKE if key == "3" else THIRD if not key else REAL
        with c.link(f"{place.page}.html"):
            c.box(place.x, place.y, wide, high, f"{key}  {place.words}".strip(), colour, size=SMALL)
    for x, words, page in MORE:
        with c.link(f"{page}.html"):
            c.box(x, 340, wide, 40, words, GREY, size=SMALL)
    for i, words in enumerate(PATHS):
        c.text(14, 392 + 22 * i, words, SMALL, "start")
    return c.drawing(
        "A map of the book",
        "An arrow means “builds on”. Orange: start here if you have never "
        "trained a GAN. Green: practice. Grey: pages of figures to touch, for any time.",
        "The chapters as boxes. "
        + " ".join(
            f"{key or 'Your own pictures'} builds on {' and '.join(place.builds_on)}."
            for key, place in CHAPTERS.items() if place.builds_on
        ) + " Below them stand three ways through the book.",
    )  # fmt: skip
