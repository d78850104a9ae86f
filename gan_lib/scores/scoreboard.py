"""The scores of many runs side by side, each with its floor."""

from __future__ import annotations

import torch

from gan_lib import runs
from gan_lib.errors import BadInput, brief, one_line, one_of
from gan_lib.machine.device import known
from gan_lib.machine.given import instance, listed
from gan_lib.machine.progress import progress
from gan_lib.runs.folders import read_folder
from gan_lib.scores import metrics
from gan_lib.training.recipes import RECIPES

COLUMNS = ("frechet", "precision", "recall", "classes", "evenness", "sharpness", "accuracy")


def shipped() -> list[str]:
    """The names of the book's recipes that are recorded."""
    return [name for name in RECIPES if (runs.RECORDED / name / "card.json").exists()]


def scores(names: list[str], device: torch.device) -> dict[str, dict]:
    """Run → its scores (`metrics.evaluate`), the data set, and "from_card" where the weights were not kept.

    Raises:
        BadRun: one of the names is no run, or it is damaged.
        BadInput: one of them was trained on what no judge knows.
    """
    device = known(device)
    found = {name: runs.load(name) for name in _named(names)}  # a wrong name is refused before the first is scored
    for name, run in found.items():
        _check(name, run)
    return {name: _scores(found[name], device) for _, name in zip(progress(len(found), "runs"), found, strict=True)}


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
    """As text, with a line for each floor that is needed. BadInput: not what `scores` or `recorded` gives."""
    rows = list(found.values()) if isinstance(found, dict) else [None]
    if not all(isinstance(row, dict) and {"dataset", "side", "from_card"} <= set(row) for row in rows):
        raise BadInput(f"{brief(found)} is no table of scores; give what scoreboard.recorded(names) gives.")
    lines = [f"{'':24}" + "".join(f"{name:>10}" for name in COLUMNS)]
    lines += [_line(name + (" *" if row["from_card"] else ""), row) for name, row in found.items()]
    for dataset, side in sorted({(row["dataset"], row["side"]) for row in found.values()}):
        lines.append(_line(f"real {dataset} {side}", floors(dataset, side)))
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
    """BadInput unless there is a judge of such pictures. The card names the data that was there, which the recipe's may
    not have been."""
    data, (channels, *sides) = run.card["data"], next(iter(run.samples.values())).shape[1:]
    if data in metrics.CLASSIFIERS and channels == 1 and sides[0] == sides[1] and sides[0] in metrics.SIDES:
        if run.generator is None and not run.card["evaluation"]:
            raise BadInput(f"{name} keeps neither weights nor scores, so it cannot be scored; choose another run.")
        return
    told = f"{channels}×{'×'.join(map(str, sides))} pictures of {data!r}"
    raise BadInput(
        f"{name} draws {told}; the judges see grey pictures of {' and '.join(metrics.CLASSIFIERS)}, 28×28 or 32×32, "
        "so it has no score here."
    )


def _scores(run: runs.Run, device: torch.device) -> dict:
    if run.generator is None:
        return _row(run, run.card["evaluation"])
    return _row(run, metrics.evaluate(run.generator.to(device), run.card["data"]))


def _row(run: runs.Run, values: dict) -> dict:
    return values | {
        "dataset": run.card["data"],
        "side": next(iter(run.samples.values())).shape[-1],
        "from_card": run.generator is None,
    }


def _line(name: str, row: dict) -> str:
    forms = {"frechet": "10.2f", "classes": "10d", "evenness": "10.2f"}
    return f"{name:24}" + "".join(f"{row[c]:{forms.get(c, '10.3f')}}" if c in row else f"{'-':>10}" for c in COLUMNS)
