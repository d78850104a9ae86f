"""The scores of many runs side by side, each with its floor."""

from __future__ import annotations

import torch

from gan_lib import metrics, runs
from gan_lib.folders import read_folder
from gan_lib.progress import progress
from gan_lib.recipes import RECIPES

COLUMNS = ("frechet", "precision", "recall", "classes", "evenness", "sharpness", "accuracy")


def shipped() -> list[str]:
    """The names of the book's recipes that are recorded."""
    return [name for name in RECIPES if (runs.RECORDED / name / "card.json").exists()]


def scores(names: list[str], device: torch.device) -> dict[str, dict]:
    """Run → its scores (`metrics.evaluate`), the data set, and "from_card" where the weights were not kept.

    Raises:
        BadRun: one of the names is no run, or it is damaged.
    """
    found = {name: runs.load(name) for name in names}  # a wrong name is refused before the first is scored
    return {name: _scores(found[name], device) for _, name in zip(progress(len(found), "runs"), found, strict=True)}


def recorded(names: list[str]) -> dict[str, dict]:
    """The same from the cards alone: at once, nothing is drawn. A test holds it against `scores`.

    Raises:
        BadRun: one of the names is no run, or it is damaged.
    """
    found = {name: runs.load(name) for name in names}
    return {name: _row(run, run.card["evaluation"]) for name, run in found.items()}


def floors(dataset: str, side: int) -> dict[str, float]:
    """What real training images reach against the test images: Fréchet distance, precision, recall."""
    return metrics.classifier_card(dataset)["floors"][str(side)]


def table(found: dict[str, dict]) -> str:
    """As text, with a line for each floor that is needed."""
    lines = [f"{'':24}" + "".join(f"{name:>10}" for name in COLUMNS)]
    lines += [_line(name + (" *" if row["from_card"] else ""), row) for name, row in found.items()]
    for dataset, side in sorted({(row["dataset"], row["side"]) for row in found.values()}):
        lines.append(_line(f"real {dataset} {side}", floors(dataset, side)))
    return "\n".join(lines)


def cost(name: str) -> str:
    """Real images seen, minutes and megabytes of a shipped run, in columns of 12, 9 and 6; dashes if not there."""
    folder = runs.RECORDED / name
    if not (folder / "card.json").exists():
        return f"{'-':>12}{'-':>9}{'-':>6}"
    made = read_folder(folder)[0]["made"]
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6
    return f"{made['real_images_seen']:>12,}{made['seconds'] / 60:>9.0f}{size:>6.1f}"


def _scores(run: runs.Run, device: torch.device) -> dict:
    if run.generator is None:
        return _row(run, run.card["evaluation"])
    return _row(run, metrics.evaluate(run.generator.to(device), run.recipe.dataset))


def _row(run: runs.Run, values: dict) -> dict:
    return values | {
        "dataset": run.recipe.dataset,
        "side": run.recipe.image_size,
        "from_card": run.generator is None,
    }


def _line(name: str, row: dict) -> str:
    forms = {"frechet": "10.2f", "classes": "10d", "evenness": "10.2f"}
    return f"{name:24}" + "".join(f"{row[c]:{forms.get(c, '10.3f')}}" if c in row else f"{'-':>10}" for c in COLUMNS)
