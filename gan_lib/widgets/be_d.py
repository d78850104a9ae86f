"""Be the discriminator: the reader and D judge the same pictures.

It shows what was recorded, so it needs no live module: the same output serves the page, JupyterLab and Colab.
"""

from __future__ import annotations

from pathlib import Path

import matplotlib.pyplot as plt
import torch

from gan_lib.chapters import be_d
from gan_lib.chapters.be_d import ROUND, Moment
from gan_lib.data.pictures import figure_png, png, sheet
from gan_lib.widgets.face import base64_text, display_page

COLUMNS = 5


def be_the_discriminator(game: str | Path = be_d.NAME) -> None:
    """Display ten pictures to be judged, real or made, at each moment of a recorded game; D's answers and what they
    come from appear after the reader's own.

    Args:
        game: what `be_d.record_game` wrote; the book's own if nothing is given.

    Raises:
        BadRun: there is no such game, or it is damaged.
    """
    moments = be_d.recorded(game)
    data = {"side": moments[0].pixels.shape[-1], "moments": [_spec(moment) for moment in moments]}
    display_page("be-d", data, _poster(moments[-1]), _told(moments[-1]))


def _spec(moment: Moment) -> dict:
    """The pictures in one row, their maps below."""
    return {
        "step": moment.step,
        "hits": moment.hits,
        "real": moment.real.int().tolist(),
        "logits": [round(logit, 3) for logit in moment.logits.tolist()],
        "png": base64_text(png(sheet(torch.cat([moment.pixels, moment.levels]), len(moment.pixels)))),
    }


def _told(moment: Moment) -> str:
    def numbers(flags: torch.Tensor) -> str:
        return ", ".join(str(i + 1) for i in flags[:ROUND].nonzero().flatten().tolist()) or "none"

    return (
        f"Ten pictures after {moment.step:,} updates, numbered row by row. Real or made by G? "
        f"Real: {numbers(moment.real)}. D says real to: {numbers(moment.logits > 0)}."
    )


def _poster(moment: Moment) -> bytes:
    """The pictures alone: who reads the words below the picture has the answers."""
    figure, axes = plt.subplots(-(-ROUND // COLUMNS), COLUMNS, figsize=(6.5, 3))
    for i, (axis, picture) in enumerate(zip(axes.flat, moment.pixels[:ROUND, 0].numpy(), strict=True)):
        axis.imshow(picture, cmap="gray", vmin=0, vmax=255)
        axis.set_title(str(i + 1), fontsize=9)
        axis.axis("off")
    return figure_png(figure)
