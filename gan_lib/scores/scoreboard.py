"""The scores of many runs side by side, each with its floor.

How sure a distance is stands beside it: `z` is its spread over draws of other z from the same weights, `seeds` its
spread over trainings that differ in nothing but the seed. `second` is the distance as the second judge sees it, `kid`
the kernel distance on the same features, so that from `frechet` to `second` only the network changes, and from `second`
to `kid` only the formula.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from math import inf
from pathlib import Path
from statistics import stdev

import torch
from torch import nn

from gan_lib import runs
from gan_lib.data.folder import folder as read_pictures
from gan_lib.data.images import ImageSet
from gan_lib.errors import BadInput, brief, one_line, one_of
from gan_lib.machine.device import known
from gan_lib.machine.given import instance, listed, named_path, whole
from gan_lib.machine.progress import progress
from gan_lib.networks.brought import brought
from gan_lib.runs.folders import FORMAT, made, read_card, read_folder, write_folder
from gan_lib.scores import metrics
from gan_lib.training.recipes import RECIPES

NAME = "scoreboard"  # the folder, among the recorded runs, of what `record` wrote
Z_SEEDS = 5  # draws of z for a spread; of 10,000 pictures each, because fewer have another distance
COLUMNS = (
    "frechet",
    "z",
    "seeds",
    "second",
    "kid",
    "precision",
    "recall",
    "classes",
    "evenness",
    "sharpness",
    "accuracy",
)
WEIGHTS = "weights.safetensors"
OWN = ("sliced", "fid", "kid", "pictures")  # of pictures that no judge knows
SORTS = tuple(dict.fromkeys(COLUMNS + OWN))  # the columns that can sort
SMALLER_IS_BETTER = ("frechet", "z", "seeds", "second", "kid", "sliced", "fid")
FORMS = {
    "frechet": ".2f",
    "second": ".2f",
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
    names: list[str],
    device: torch.device,
    folder: str | Path | None = None,
    network: nn.Module | None = None,
    *,
    z_seeds: int = 1,
) -> dict[str, dict]:
    """Run → its scores, the data set, and "from_card" where they are those of its card.

    Where there is more than one, "z" holds the Fréchet distances of all draws, the first being "frechet"; and "seeds"
    those of all runs among `names` that differ in the seed alone.

    Args:
        names: runs, by name or folder.
        device: where they draw.
        folder: of pictures to compare with (`own.OwnScore`), whatever the runs were trained on. Without it the judges
            score what they know (`metrics.evaluate`), and for the rest the card speaks, as it does for runs without
            weights.
        network: `inception.extractor()`, for FID and KID as well; only with a folder.
        z_seeds: how often 10,000 pictures are drawn; each draw but the first gives its Fréchet distance only.

    Raises:
        BadRun: one of the names is no run, or it is damaged.
        BadInput: one of them has no score, because no judge knows its pictures, and there is no folder; or the folder
            or its pictures cannot be taken.
    """
    device, z_seeds = known(device), whole("z_seeds", z_seeds)
    found = {name: runs.load(name) for name in _named(names)}  # a wrong name is refused before the first is scored
    for name, run in found.items():
        _check(name, run) if folder is None else run.drawable()
    rows = {}
    for _, (name, run) in zip(progress(len(found), "runs"), found.items(), strict=True):
        judged = folder is None
        rows[name] = _scores(run, device, z_seeds) if judged else _compared(name, run, device, folder, network)
    return _over_seeds(found, rows)


def recorded(names: list[str]) -> dict[str, dict]:
    """The same from the cards alone, and from the recorded scoreboard what they lack: at once, nothing is drawn. A test
    holds it against `scores`.

    Raises:
        BadRun: one of the names is no run, or it is damaged.
    """
    found = {name: runs.load(name) for name in _named(names)}
    for name, run in found.items():
        _check(name, run)
        if not run.card["evaluation"]:
            raise BadInput(f"the card of {name} holds no scores; let `evaluate` draw them.")
    return _over_seeds(
        found, {name: _row(run, run.card["evaluation"] | _beside(name, run)) for name, run in found.items()}
    )


def record(found: dict[str, dict], folder: str | Path) -> dict:
    """Write what `scores` found and no card holds: other z, and the second judge's scores; the new card.

    Args:
        found: what `scores` gives. Runs without weights are left out.
        folder: of the recorded scoreboard; the book's own is "gan_lib/recorded/scoreboard".

    BadInput: no such table, a run that is not there, or a folder without a name.
    """
    _check_table(found)
    folder, rows = named_path("folder", folder), {}
    for name, row in found.items():
        if not row["from_card"]:
            weights = read_card(runs.find(name))["files"].get(WEIGHTS)
            rows[name] = {"weights": weights} | {key: row[key] for key in ("z", "second", "kid") if key in row}
    recipe = {"name": folder.name, "pictures": metrics.SAMPLES, "first_z_seed": metrics.REPORT_SEED}
    card = {"format": FORMAT, "recipe": recipe, "rows": rows, "made": made(0)}
    del card["made"]["seconds"]  # `scores` took them
    write_folder(folder, card, {})
    return card


def floors(dataset: str, side: int) -> dict[str, float]:
    """What real training images reach against the test images: Fréchet distance, precision and recall by the first
    judge, Fréchet distance and KID by the second.

    BadInput: a data set or a side that no judge knows.
    """
    one_of("side", one_line(side), map(str, metrics.SIDES))
    first, second = (card(dataset)["floors"][str(side)] for card in (metrics.classifier_card, metrics.second_card))
    return first | {"second": second["frechet"], "kid": second["kid"]}


def as_text(found: dict[str, dict], by: str = "frechet", columns: Sequence[str] = COLUMNS) -> str:
    """As text: the runs of each data set and size, the best one first, then their floor; what no judge knows stands in
    a table of its own.

    Args:
        found: what `scores` or `recorded` gives.
        by: the column that sorts; runs without it stand last.
        columns: those to show of what the judges say.

    BadInput: no such table, or no such column.
    """
    _check_table(found)
    one_of("column to sort by", by, SORTS)
    columns = tuple(listed("columns", columns))
    for column in columns:
        one_of("column", column, COLUMNS)
    own = {name: row for name, row in found.items() if "sliced" in row}
    judged = {name: row for name, row in found.items() if name not in own}
    kinds = sorted({(row["dataset"], row["side"]) for row in judged.values()})
    lines = [_head(columns)] if judged or not own else []
    for kind in kinds:
        lines += _sorted(
            {name: row for name, row in judged.items() if (row["dataset"], row["side"]) == kind}, columns, by
        )
        lines.append(_line(f"real {kind[0]} {kind[1]}", floors(*kind), columns))
    if own:
        real = {
            f"real {row['dataset']} {row['side']}": row["floor"] | {"pictures": row["pictures"]} for row in own.values()
        }
        lines += [""] * bool(lines) + [_head(OWN), *_sorted(own, OWN, by if by in OWN else OWN[0])]
        lines += [_line(name, floor, OWN) for name, floor in real.items()]
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


def _check_table(found: object) -> None:
    rows = list(found.values()) if isinstance(found, dict) else [None]
    if not all(isinstance(row, dict) and {"dataset", "side", "from_card"} <= set(row) for row in rows):
        raise BadInput(f"{brief(found)} is no table of scores; give what scoreboard.recorded(names) gives.")


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


def _scores(run: runs.Run, device: torch.device, z_seeds: int) -> dict:
    if run.generator is None or not _is_judged(run):
        return _row(run, run.card["evaluation"]) | {"from_card": True}
    generator, dataset = run.generator.to(device), run.card["data"]
    found = metrics.evaluate(generator, dataset)
    others = range(metrics.REPORT_SEED + 1, metrics.REPORT_SEED + z_seeds)
    draws = [found["frechet"], *(metrics.frechet_distance(generator, seed=seed, dataset=dataset) for seed in others)]
    return _row(run, found | ({"z": draws} if len(draws) > 1 else {}))


def _over_seeds(found: dict[str, runs.Run], rows: dict[str, dict]) -> dict[str, dict]:
    """The rows, with "seeds" where several runs differ in the seed alone."""
    trainings: dict[str, dict[int, float]] = {}
    alike = {}  # name → all that decides the weights but the seed
    for name, run in found.items():
        decides = run.card["recipe"]["decides"] | {"seed": None}
        alike[name] = json.dumps([run.card["recipe"]["players"], decides, run.card["data"], run.card["steps_done"]])
        if "frechet" in rows[name]:
            trainings.setdefault(alike[name], {})[run.recipe.seed] = rows[name]["frechet"]
    for name, row in rows.items():
        distances = list(trainings.get(alike[name], {}).values())
        row |= {"seeds": distances} if len(distances) > 1 else {}
    return rows


@cache
def _scored(board: Path) -> dict[str, dict]:
    """The rows of the recorded scoreboard; none if there is no such folder."""
    return read_folder(board)[0]["rows"] if board.exists() else {}


def _beside(name: str, run: runs.Run) -> dict:
    """What the recorded scoreboard says about these very weights."""
    row = _scored(runs.RECORDED / NAME).get(name, {})
    known = row.get("weights") == run.card["files"].get(WEIGHTS)
    return {key: value for key, value in row.items() if key != "weights"} if known else {}


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


def _head(columns: tuple[str, ...]) -> str:
    return f"{'':24}" + "".join(f"{name:>10}" for name in columns)


def _sorted(rows: dict[str, dict], columns: tuple[str, ...], by: str) -> list[str]:
    """A line for each run, the best one first; * where the card speaks."""

    def place(name: str) -> float:
        value = rows[name].get(by)
        value = stdev(value) if isinstance(value, list) else value
        return inf if value is None else value if by in SMALLER_IS_BETTER else -value

    return [_line(name + " *" * rows[name]["from_card"], rows[name], columns) for name in sorted(rows, key=place)]


def _line(name: str, row: dict, columns: tuple[str, ...]) -> str:
    return f"{name:24}" + "".join(f"{_cell(row, column):>10}" for column in columns)


def _cell(row: dict, column: str) -> str:
    if column not in row:
        return "-"
    if isinstance(row[column], list):  # of distances
        spread, n = stdev(row[column]), len(row[column])  # of a few numbers, so two digits say all that is known
        return f"±{spread:{'.0f' if spread >= 100 else '.2g'}}" + (f" ({n})" if column == "seeds" else "")
    return f"{row[column]:{FORMS.get(column, '.3f')}}"
