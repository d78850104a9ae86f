"""The training scrubber: one slider over the moments of a recorded training.

It shows what was recorded, so it needs no live module: the same output serves the page, JupyterLab and Colab.
"""

from __future__ import annotations

import torch

from gan_lib.pictures import png, sheet
from gan_lib.runs import Run
from gan_lib.training import HISTORY_COLUMNS
from gan_lib.widgets.face import base64_text, display_page

PICTURES, COLUMNS = 32, 8
POINTS = 150  # of each curve, every one a mean over its part of the training


def scrub_training(run: Run) -> None:
    """Display the run's milestone samples, losses, D(real) and D(fake) under one slider.

    Args:
        run: with samples at two milestones or more, to have something to slide over.
    """
    moments = [_moment(run, step) for step in sorted(run.samples)]
    last = max(run.samples)
    alt = f"The pictures of {PICTURES} fixed z after {last:,} updates of {run.recipe.name}."
    curves = _thin(run.history)
    data = {
        "moments": moments,
        "history": {name: [round(v, 3) for v in curves[:, i].tolist()] for i, name in enumerate(HISTORY_COLUMNS)},
        "curves": f"Mean D(real) and D(fake) over {last:,} updates.",
    }
    display_page("scrubber", "scrubTraining", ("scrubber.js",), data, _poster(run, last, 2), alt)


def _moment(run: Run, step: int) -> dict:
    """One stop of the slider: the samples, and the history's means just around it, as text."""
    nearest = (run.history[:, 0] - step).abs().argsort(stable=True)[:20]  # 20 lines: single batches jump too much
    _, d_loss, g_loss, d_real, d_fake = run.history[nearest].mean(0).tolist()
    text = f"{step:,} updates · D(real) {d_real:.2f} · D(fake) {d_fake:.2f} · loss of D {d_loss:.2f}, of G {g_loss:.2f}"
    if step == 0:
        text = "before the first update"
    if step in run.scores:
        text += f" · Fréchet distance {run.scores[step]:.3g}"
    return {"step": step, "text": text, "png": base64_text(_poster(run, step))}


def _poster(run: Run, step: int, scale: int = 1) -> bytes:
    return png(sheet(run.samples[step][:PICTURES], COLUMNS), scale)


def _thin(history: torch.Tensor) -> torch.Tensor:
    """(lines, 5) → at most (POINTS, 5), each line the mean of a part; step is the part's middle."""
    return torch.stack([part.mean(0) for part in history.tensor_split(min(POINTS, len(history)))])
