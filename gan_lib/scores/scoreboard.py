"""The scores of many runs side by side, each with its floor."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import torch
from torch import nn

from gan_lib import runs
from gan_lib.data.folder import folder as read_pictures
from gan_lib.data.images import ImageSet
from gan_lib.errors import BadInput, brief, one_line, one_of
from gan_lib.machine.device import known
from gan_lib.machine.given import instance, listed
from gan_lib.machine.progress import progress
from gan_lib.networks.brought import brought
from gan_lib.runs.folders import read_folder
from gan_lib.scores import metrics
from gan_lib.training.recipes import RECIPES

COLUMNS = ("frechet", "precision", "recall", "classes", "evenness", "sharpness", "accuracy")
OWN = ("sliced", "fid", "kid", "pictures")  # of pictures that no judge knows
FORMS = {
    "frechet": ".2f",
    "classes": "d",
    "evenness": ".2f",
    "sliced": ".1f",
    "fid": ".2f",
    "kid": ".4f",
    "pictures": ",d",
}


def shipped() -> list[str]:
    """The names of the book's recipes that are recorded."""
    return [name for name in RECIPES if (runs.RECORDED / name / "card.json").exists()]


def scores(
    names: list[str], device: torch.device, folder: str | Path | None = None, network: nn.Module | None = None
) -> dict[str, dict]:
    """Run → its scores, the data set, and "from_card" where they are those of its card.

    Args:
        names: runs, by name or folder.
        device: where they draw.
        folder: of pictures to compare with (`own.OwnScore`), whatever the runs were trained on. Without it the judges
            score what they know (`metrics.evaluate`), and for the rest the card speaks, as it does for runs without
            weights.
        network: `inception.extractor()`, for FID and KID as well; only with a folder.

    Raises:
        BadRun: one of the names is no run, or it is damaged.
        BadInput: one of them has no score, because no judge knows its pictures, and there is no folder; or the folder
            or its pictures cannot be taken.
    """
    device = known(device)
    found = {name: runs.load(name) for name in _named(names)}  # a wrong name is refused before the first is scored
    for name, run in found.items():
        _check(name, run) if folder is None else run.drawable()
    return {
        name: _scores(found[name], device) if folder is None else _compared(name, found[name], device, folder, network)
        for _, name in zip(progress(len(found), "runs"), found, strict=True)
    }


def recorded(names: list[str]) -> dict[str, dict]:
    """The same from the cards alone: at once, nothing is drawn. A test holds it against `scores`.

    Raises:
        BadRun: one of the names is no run, or it is damaged.
    """
    found = {name: runs.load(name) for name in _named(names)}
    for name, run in found.items():
        _check(name, run)
        if not run.card["evaluation"]:
            raise BadInput(f"the card of {name} holds no scores; let `evaluate` draw them.")
    return {name: _row(run, run.card["evaluation"]) for name, run in found.items()}


def floors(dataset: str, side: int) -> dict[str, float]:
    """What real training images reach against the test images: Fréchet distance, precision, recall.

    BadInput: a data set or a side that no judge knows.
    """
    one_of("side", one_line(side), map(str, metrics.SIDES))
    return metrics.classifier_card(dataset)["floors"][str(side)]


def as_text(found: dict[str, dict]) -> str:
    """As text, with a line for each floor that is needed; what no judge knows stands in a table of its own.

    BadInput: not what `scores` or `recorded` gives.
    """
    rows = list(found.values()) if isinstance(found, dict) else [None]
    if not all(isinstance(row, dict) and {"dataset", "side", "from_card"} <= set(row) for row in rows):
        raise BadInput(f"{brief(found)} is no table of scores; give what scoreboard.recorded(names) gives.")
    own = {name: row for name, row in found.items() if "sliced" in row}
    judged = {name: row for name, row in found.items() if name not in own}
    kinds = sorted({(row["dataset"], row["side"]) for row in judged.values()})
    lines = _table(judged, COLUMNS) if judged or not own else []
    lines += [_line(f"real {dataset} {side}", floors(dataset, side), COLUMNS) for dataset, side in kinds]
    if own:
        real = {
            f"real {row['dataset']} {row['side']}": row["floor"] | {"pictures": row["pictures"]} for row in own.values()
        }
        lines += [""] * bool(lines) + _table(own, OWN) + [_line(name, floor, OWN) for name, floor in real.items()]
    return "\n".join(lines)


def cost(name: str) -> str:
    """Real images seen, minutes and megabytes of a shipped run, in columns of 12, 9 and 6; dashes if not there."""
    instance("name", name, str, "a run's name")
    folder = runs.RECORDED / name
    if not (folder / "card.json").exists():
        return f"{'-':>12}{'-':>9}{'-':>6}"
    made = read_folder(folder)[0]["made"]
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6
    return f"{made['real_images_seen']:>12,}{made['seconds'] / 60:>9.0f}{size:>6.1f}"


def _named(names: list[str]) -> list[str]:
    if isinstance(names, str):
        raise BadInput(f"names is {brief(names)}; give a list of them, [{names!r}].")
    names = listed("names", names)
    for name in names:
        instance("a name", name, str, "a run's name or its folder")
    return names


def _check(name: str, run: runs.Run) -> None:
    """BadInput unless there is a judge of such pictures, or a score on the card. The card names the data that was
    there, which the recipe's may not have been."""
    if _is_judged(run):
        if run.generator is None and not run.card["evaluation"]:
            raise BadInput(f"{name} keeps neither weights nor scores, so it cannot be scored; choose another run.")
        return
    if "sliced" in run.card["evaluation"]:
        return
    told = f"{'×'.join(map(str, _shape(run)))} pictures of {run.card['data']!r}"
    raise BadInput(
        f"{name} draws {told}; the judges see grey pictures of {' and '.join(metrics.CLASSIFIERS)}, 28×28 or 32×32, "
        "so it has no score here: give `evaluate` the folder of its pictures (--data)."
    )


def _is_judged(run: runs.Run) -> bool:
    channels, height, width = _shape(run)
    return run.card["data"] in metrics.CLASSIFIERS and channels == 1 and height == width in metrics.SIDES


def _shape(run: runs.Run) -> tuple[int, ...]:
    """(C, H, W) of what it draws."""
    return tuple(next(iter(run.samples.values())).shape[1:])


def _scores(run: runs.Run, device: torch.device) -> dict:
    if run.generator is None or not _is_judged(run):
        return _row(run, run.card["evaluation"]) | {"from_card": True}
    return _row(run, metrics.evaluate(run.generator.to(device), run.card["data"]))


def _compared(name: str, run: runs.Run, device: torch.device, folder: str | Path, network: nn.Module | None) -> dict:
    """Scores of a run against the pictures of a folder."""
    channels, height, width = _shape(run)
    if height != width or channels not in (1, 3):
        raise BadInput(f"{name} draws {channels}×{height}×{width}, and a folder is read as grey or colour squares.")
    images = _read(folder, height, channels, run)
    evaluate = metrics.evaluation_of(images, network=network)
    if evaluate is None:
        raise BadInput(
            f"{name} draws {height}×{width}, and pictures can be compared from 16×16 on; choose another run."
        )
    return _row(run, evaluate(run.generator.to(device))) | {"dataset": images.name}


def _read(folder: str | Path, side: int, channels: int, run: runs.Run) -> ImageSet:
    """The pictures as the run draws them, and cut or padded as those it learned from; where it has classes, with those
    of the subfolders, if there are some."""
    options, read_as = {"channels": channels}, run.card.get("read_as")  # not of pictures that came as a tensor
    if read_as:
        options |= {"fit": read_as["fit"], "ground": "#{:02x}{:02x}{:02x}".format(*read_as["ground"])}
    if brought(run.generator).classes:
        with suppress(BadInput):  # what is wrong with more than the subfolders is said below
            return read_pictures(folder, side, labels="folders", **options)
    return read_pictures(folder, side, **options)


def _row(run: runs.Run, values: dict) -> dict:
    return values | {"dataset": run.card["data"], "side": _shape(run)[-1], "from_card": run.generator is None}


def _table(rows: dict[str, dict], columns: tuple[str, ...]) -> list[str]:
    """A line of heads, and one for each run."""
    head = f"{'':24}" + "".join(f"{name:>10}" for name in columns)
    return [head, *(_line(name + (" *" if row["from_card"] else ""), row, columns) for name, row in rows.items())]


def _line(name: str, row: dict, columns: tuple[str, ...]) -> str:
    cells = (f"{row[c]:{FORMS.get(c, '.3f')}}" if c in row else "-" for c in columns)
    return f"{name:24}" + "".join(f"{cell:>10}" for cell in cells)
