"""Sort the sets: the reader orders sets of pictures by eye, then sees the order of each score.

It shows what was measured, so it needs no kernel: the same output serves the page, JupyterLab and Colab.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from gan_lib.data import to_pixels, to_range
from gan_lib.data.pictures import png, sheet
from gan_lib.errors import BadInput, brief
from gan_lib.machine.given import finite, listed
from gan_lib.widgets.face import base64_text, display_page

MOST_SETS, MOST_PICTURES = 8, 12
Scores = Mapping[str, Mapping[str, float]]


def sort_sets(
    sets: Mapping[str, Tensor], scores: Scores, about: Mapping[str, str], *, high: Sequence[str] = ()
) -> None:
    """Display sets of pictures to be put in order, the best first; what they are and how each score orders them appears
    when the reader asks.

    Args:
        sets: name → a few pictures of it, (n, C, H, W) with 1 or 3 channels, n at most 12; uint8, or floats in −1…1.
            Two to eight sets, of pictures of one shape.
        scores: name of a score → name of each set → its value.
        about: name of each set → what it is, told at the end.
        high: names of the scores of which the largest value is best.

    Raises:
        BadInput: too many sets or pictures, pictures of several shapes, or a set without a score or a word.
    """
    shown = _pictures(sets)  # name → uint8 (n, C, H, W)
    told = {name: str(word) for name, word in _of_each("about", about, shown).items()}
    if not isinstance(scores, Mapping) or not scores:
        raise BadInput(f"scores is {brief(scores)}; give the name of a score → the name of each set → its value.")
    values = {
        str(score): {name: finite(f"{score} of {name}", v) for name, v in _of_each(str(score), found, shown).items()}
        for score, found in scores.items()
    }
    if isinstance(high, str) or not set(map(str, listed("high", high))) <= set(values):
        raise BadInput(f"high is {brief(high)}; give a list of some of these: {', '.join(values)}.")
    signs = {score: -1 if score in set(map(str, high)) else 1 for score in values}
    data = {
        "sets": [
            {"name": name, "about": told[name], "png": base64_text(png(sheet(pictures, len(pictures))))}
            for name, pictures in shown.items()
        ],
        "scores": [
            {"name": score, "sign": signs[score], "values": [*of.values()], "words": [*map(_short, of.values())]}
            for score, of in values.items()
        ],
    }
    orders = [
        f"{score}: {', '.join(sorted(of, key=lambda name: signs[score] * of[name]))}" for score, of in values.items()
    ]
    alt = (
        f"Rows of pictures, one for each set: {'; '.join(f'{name}, {word}' for name, word in told.items())}. "
        f"From best to worst by {'; by '.join(orders)}."
    )
    display_page("sort", data, png(_poster([*shown.values()]), 2), alt)


def _pictures(sets: object) -> dict[str, Tensor]:
    """Name → uint8 (n, C, H, W) on the CPU. BadInput: none that can be shown."""
    if not isinstance(sets, Mapping) or not 2 <= len(sets) <= MOST_SETS:
        raise BadInput(f"sets is {brief(sets)}; give name → pictures for 2 to {MOST_SETS} sets.")
    shapes = {tuple(images.shape[1:]) if isinstance(images, Tensor) else None for images in sets.values()}
    for name, images in sets.items():
        fits = isinstance(images, Tensor) and images.ndim == 4 and images.numel() and images.shape[1] in (1, 3)
        if not fits or len(images) > MOST_PICTURES or len(shapes) > 1:
            raise BadInput(
                f"set {brief(name)} is {_brief(images)}; give tensors (n, C, H, W) with 1 or 3 channels and at most "
                f"{MOST_PICTURES} pictures, of one shape in all sets."
            )
    return {str(name): to_pixels(to_range(images)).cpu() for name, images in sets.items()}


def _brief(images: object) -> str:
    return f"a tensor of shape {tuple(images.shape)}" if isinstance(images, Tensor) else brief(images)


def _of_each(what: str, given: object, sets: Mapping[str, Tensor]) -> dict[str, object]:
    """What is given for each set, in their order. BadInput: one is missing."""
    found = {str(name): value for name, value in given.items()} if isinstance(given, Mapping) else {}
    if set(found) != set(sets):
        raise BadInput(f"{what} is {brief(given)}; give one for each of the sets {', '.join(sets)}.")
    return {name: found[name] for name in sets}


def _short(value: float) -> str:
    """Two or three digits, so that six values fit a phone."""
    size = abs(value)
    return f"{value:.2g}" if size < 1 else f"{value:.1f}" if size < 100 else f"{value:,.0f}"


def _poster(rows: list[Tensor]) -> Tensor:
    """The sets, one below the other: uint8 (C, H, W); a shorter one ends in black."""
    columns = max(map(len, rows))
    filled = [torch.cat([row, row.new_zeros(columns - len(row), *row.shape[1:])]) for row in rows]
    return sheet(torch.cat(filled), columns)
