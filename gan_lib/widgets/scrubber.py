"""The training scrubber: one slider over the moments of one or several trainings.

It shows what was recorded, so it needs no live module: the same output serves the page, JupyterLab and Colab.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor
from torch.nn.functional import pad

from gan_lib.chapters.plane import SIDE, Play
from gan_lib.data.pictures import png, sheet
from gan_lib.errors import BadInput, brief
from gan_lib.runs import Run
from gan_lib.training import HISTORY_COLUMNS
from gan_lib.widgets.face import base64_text, display_page

PICTURES, COLUMNS = 32, 8
POINTS = 150  # of each curve, every one a mean over its part of the training


def scrub_training(runs: Run | Mapping[str, Run] | Sequence[Run]) -> None:
    """Display the milestone samples, losses, D(real) and D(fake) of one run, or of several by title, under one slider.

    The slider goes from the start of each training to its end, whatever its number of updates; each run shows its last
    milestone before that place. Runs may differ in the size and the number of their pictures.

    Raises:
        BadInput: no run at all, or something else.
    """
    titled = _titled(runs, Run)
    counts = [_shown(run, max(run.samples)) for run in titled.values()]
    panels = [_panel(title, "pictures", run, _pictures(run)) for title, run in titled.items()]
    posters = [_sheet(run, max(run.samples)) for run in titled.values()]
    whats = [f"{len(shown)} picture{'' if len(shown) == 1 else 's'}" for shown in counts]
    _display(titled, panels, png(_side_by_side(posters), 2 if len(posters) == 1 else 1), whats)


def scrub_plane(plays: Play | Mapping[str, Play] | Sequence[Play]) -> None:
    """The same for trainings in the plane: G's points over D's field."""
    titled = _titled(plays, Play)
    panels = [_panel(title, "plane", play, _points(play)) for title, play in titled.items()]
    poster = torch.cat([_picture(play) for play in titled.values()], dim=2)
    what = "generated points (dark), the data (light) and D's field"
    _display(titled, panels, png(poster, 4), [what] * len(titled))


def _titled(given: object, kind: type) -> dict:
    """title → training; a single one has no title. BadInput: none, or something else."""
    if isinstance(given, list | tuple):
        given = {f"training {i}": each for i, each in enumerate(given, 1)}
    titled = {str(title): each for title, each in given.items()} if isinstance(given, Mapping) else {"": given}
    if not titled:
        raise BadInput("no training was given; give one, or a mapping title → training.")
    for each in titled.values():
        if not isinstance(each, kind):
            made_by = "runs.load(name)" if kind is Run else "plane.play(recipe, data)"
            raise BadInput(f"{brief(each)} is no training that can be shown here; give what {made_by} gives.")
    return titled


def _display(titled: dict, panels: list[dict], poster: bytes, whats: list[str]) -> None:
    ends = [
        (title or run.recipe.name, what, f"after {panel['moments'][-1]['step']:,} updates")
        for (title, run), panel, what in zip(titled.items(), panels, whats, strict=True)
    ]
    if len(set(whats)) == 1:
        what = whats[0]
        alt = f"{what}: {', '.join(f'{name} {when}' for name, _, when in ends)}."
    else:
        what = "pictures"
        alt = f"{'; '.join(f'{name}: {shown} {when}' for name, shown, when in ends)}."
    display_page("scrubber", {"panels": panels, "what": what, "side": SIDE}, poster, alt)


def _side_by_side(sheets: list[Tensor]) -> Tensor:
    """(C, H, W) each → one picture as high as the highest, black below the others; grey is RGB beside colours."""
    colours, high = max(map(len, sheets)), max(each.shape[1] for each in sheets)
    sheets = [each if len(each) == colours else each[:1].expand(3, -1, -1) for each in sheets]
    return torch.cat([pad(each, [0, 0, 0, high - each.shape[1]]) for each in sheets], dim=2)


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
            text += f" · {_score(run)} {run.scores[step]:,.{0 if run.scores[step] >= 100 else 1}f}"
        moments.append({"step": step, "text": text, "png": base64_text(png(_sheet(run, step)))})
    return moments


def _score(run: Run) -> str:
    """What the numbers at the milestones are; somebody's own may be anything."""
    scores = run.card["evaluation"]
    return "Fréchet distance" if "frechet" in scores else "sliced distance" if "sliced" in scores else "score"


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
    _, d_loss, g_loss, d_real, d_fake = run.history[nearest, :5].mean(0).tolist()
    name = "D" if run.recipe.game.has_probability else "critic"
    return (
        f"{step:,} updates · {name}(real) {d_real:.2f} · {name}(fake) {d_fake:.2f} · "
        f"loss of {name} {d_loss:.2f}, of G {g_loss:.2f}"
    )


def _shown(run: Run, step: int) -> Tensor:
    return run.samples[step][:PICTURES]


def _sheet(run: Run, step: int) -> Tensor:
    pictures = _shown(run, step)
    return sheet(pictures, min(COLUMNS, len(pictures)))


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
