"""The training scrubber: one slider over the moments of one or several trainings.

It shows what was recorded, so it needs no live module: the same output serves the page, JupyterLab and Colab.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from gan_lib.errors import BadInput
from gan_lib.pictures import png, sheet
from gan_lib.plane import SIDE, Play
from gan_lib.runs import Run
from gan_lib.training import HISTORY_COLUMNS
from gan_lib.widgets.face import base64_text, display_page

PICTURES, COLUMNS = 32, 8
POINTS = 150  # of each curve, every one a mean over its part of the training


def scrub_training(runs: Run | Mapping[str, Run]) -> None:
    """Display the milestone samples, losses, D(real) and D(fake) of one run, or of several by title, under one slider.

    The slider goes from the start of each training to its end, whatever its number of updates; each run shows its last
    milestone before that place. BadInput: no run at all.
    """
    titled = _titled(runs)
    panels = [_panel(title, "pictures", run, _pictures(run)) for title, run in titled.items()]
    ends = [max(run.samples) for run in titled.values()]
    posters = [_sheet(run, end) for run, end in zip(titled.values(), ends, strict=True)]
    _display(titled, panels, png(torch.cat(posters, dim=2), 2 if len(posters) == 1 else 1), f"{PICTURES} pictures")


def scrub_plane(plays: Play | Mapping[str, Play]) -> None:
    """The same for trainings in the plane: G's points over D's field."""
    titled = _titled(plays)
    panels = [_panel(title, "plane", play, _points(play)) for title, play in titled.items()]
    poster = torch.cat([_picture(play) for play in titled.values()], dim=2)
    _display(titled, panels, png(poster, 4), "generated points (dark), the data (light) and D's field")


def _titled(runs) -> dict:
    titled = dict(runs) if isinstance(runs, Mapping) else {"": runs}
    if not titled:
        raise BadInput("no training was given; give one, or a mapping title → training.")
    return titled


def _display(titled: dict, panels: list[dict], poster: bytes, what: str) -> None:
    ends = ", ".join(
        f"{title or run.recipe.name} after {panel['moments'][-1]['step']:,} updates"
        for (title, run), panel in zip(titled.items(), panels, strict=True)
    )
    data = {"panels": panels, "what": what, "side": SIDE}
    display_page("scrubber", "scrubTraining", ("scrubber.js",), data, poster, f"{what}: {ends}.")


def _panel(title: str, kind: str, run: Run | Play, moments: list[dict]) -> dict:
    curves = _thin(run.history)
    return {
        "title": title,
        "kind": kind,
        "probability": run.recipe.game.has_probability,
        "moments": moments,
        "history": {name: [round(v, 3) for v in curves[:, i].tolist()] for i, name in enumerate(HISTORY_COLUMNS)},
    }


def _pictures(run: Run) -> list[dict]:
    moments = []
    for step in sorted(run.samples):
        text = _text(run, step)
        if step in run.scores:
            text += f" · Fréchet distance {run.scores[step]:,.{0 if run.scores[step] >= 100 else 1}f}"
        moments.append({"step": step, "text": text, "png": base64_text(png(_sheet(run, step)))})
    return moments


def _points(play: Play) -> list[dict]:
    """Points as int8 pairs, 127 = 1; the field as bytes, 0…255 from 0 to 1, or from the lowest value to the highest."""
    moments = []
    for i, step in enumerate(play.steps):
        points = (play.points[i] * 127).round().to(torch.int8).numpy().tobytes()
        field = _bytes(play.field[i], play.recipe.game.has_probability).numpy().tobytes()
        drawn = {"points": base64_text(points), "field": base64_text(field)}
        moments.append({"step": step, "text": _text(play, step)} | drawn)
    moments[0]["real"] = base64_text((play.real * 127).round().to(torch.int8).numpy().tobytes())
    return moments


def _bytes(field: Tensor, probability: bool) -> Tensor:
    low, high = (0.0, 1.0) if probability else (field.min(), field.max())
    return ((field - low) / max(high - low, 1e-9) * 255).round().to(torch.uint8)


def _text(run: Run | Play, step: int) -> str:
    """The history's means just around a moment."""
    if step == 0:
        return "before the first update"
    nearest = (run.history[:, 0] - step).abs().argsort(stable=True)[:20]  # 20 lines: single batches jump too much
    _, d_loss, g_loss, d_real, d_fake = run.history[nearest].mean(0).tolist()
    name = "D" if run.recipe.game.has_probability else "critic"
    return (
        f"{step:,} updates · {name}(real) {d_real:.2f} · {name}(fake) {d_fake:.2f} · "
        f"loss of {name} {d_loss:.2f}, of G {g_loss:.2f}"
    )


def _sheet(run: Run, step: int) -> Tensor:
    return sheet(run.samples[step][:PICTURES], COLUMNS)


def _picture(play: Play) -> Tensor:
    """The last field as uint8 (1, SIDE, SIDE); the data as white dots on it, the generated points as black ones."""
    picture = 80 + _bytes(play.field[-1], play.recipe.game.has_probability) // 3
    for points, shade in ((play.real, 255), (play.points[-1], 0)):
        column, row = ((points * torch.tensor([1, -1]) + 1) / 2 * (SIDE - 1)).round().long().clamp(0, SIDE - 1).T
        picture[row, column] = shade
    return picture[None]


def _thin(history: Tensor) -> Tensor:
    """(lines, 5) → at most (POINTS, 5), each line the mean of a part; step is the part's middle."""
    return torch.stack([part.mean(0) for part in history.tensor_split(min(POINTS, len(history)))])
