"""Drawings of the page on your own pictures."""

from __future__ import annotations

from itertools import pairwise

from gan_lib.chapters.drawings.svg import FAKE, GREY, REAL, SMALL, THIRD, Canvas, Drawing
from gan_lib.networks.any_side import SIDES

WIDE, HIGH = 150, 100  # of the picture that is cropped and padded


def from_folder_to_run() -> Drawing:
    """From a folder of pictures to a page that draws, step by step."""
    c = Canvas("from_folder_to_run", 424)
    steps = (
        ("a folder of pictures", REAL, "of any size and kind"),
        ("report and sheet", GREY, "what was read, what was\nleft out: look first"),
        (f"squares of {SIDES[0]}…{SIDES[-1]} pixels", REAL, "cropped or padded;\na part is held out"),
        ("training", FAKE, "milestones: pictures\nand a score on the way"),
        ("a run", THIRD, "a folder: card, weights,\ncurves, samples"),
        ("a page that draws", FAKE, "one file, opens offline;\nor PNG, or ONNX"),
    )
    boxes = []
    for i, (words, colour, says) in enumerate(steps):
        boxes.append(c.box(108, 26 + 74 * i, 206, 44, words, colour))
        c.text(226, 26 + 74 * i, says, SMALL, "start")
    for above, below in pairwise(boxes):
        c.arrow(above.bottom, below.top)
    return c.drawing(
        "From a folder to a run",
        "Look at the report before the first update; everything after it is one command a step.",
        "Six boxes below one another: a folder, report and sheet, squares, training, a run, a page that draws; beside "
        "each stands what it holds.",
    )


def crop_and_pad() -> Drawing:
    """A wide picture made square: cropped it loses its ends, padded it keeps all and gets a ground."""
    lost = 1 - min(WIDE, HIGH) / max(WIDE, HIGH)
    c = Canvas("crop_and_pad", 316)

    def wide(x: float, y: float, scale: float = 1.0) -> None:
        w, h = WIDE * scale, HIGH * scale
        c.rect(x - w / 2, y - h / 2, w, h, REAL, 0.2)
        for at, radius in ((-0.36, 0.1), (0, 0.22), (0.36, 0.1)):
            c.dot(x + at * w, y, radius * h, REAL, 0.6)

    wide(200, 62)
    c.rect(200 - HIGH / 2, 62 - HIGH / 2, HIGH, HIGH, FAKE, 0, width=2.5)
    c.arrow((160, 118), (108, 152))
    c.arrow((240, 118), (292, 152))
    c.rect(100 - 50, 160, 100, 100, REAL, 0.2)
    c.dot(100, 210, 22, REAL, 0.6)
    c.rect(300 - 50, 160, 100, 100, GREY, 0.35)
    wide(300, 210, 100 / WIDE)
    c.text(100, 284, "crop", 14, bold=True)
    c.text(300, 284, "pad", 14, bold=True)
    c.text(100, 304, f"{lost:.0%} is cut away", SMALL)
    c.text(300, 304, "all is kept, on a ground", SMALL)
    return c.drawing(
        "Crop and pad",
        f"A picture of {WIDE} × {HIGH} becomes square in two ways: cropped it loses {lost:.0%}, padded it is smaller "
        "and stands on a ground.",
        "A wide picture with three discs and the square in its middle. Below left the square alone, with one disc; "
        "right the whole picture, smaller, with a ground above and below it.",
    )
