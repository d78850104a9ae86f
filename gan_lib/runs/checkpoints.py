"""A training's checkpoint: one file beside the run's folder, replaced whole. Only tensors and plain values are read
back, so that a file from somewhere else cannot run code."""

from __future__ import annotations

import io
import pickle
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from gan_lib.errors import BadRun, one_line
from gan_lib.runs.folders import part_of, replace_file
from gan_lib.training.recipe import Recipe, difference

FORMAT = 2
DELETE = "delete it or choose another folder (--out)"  # the cure for a checkpoint
OVERWRITE = "choose another folder (--out), or train the run anew (--overwrite)"  # and for a finished run


def path_of(folder: Path) -> Path:
    """runs/mine → runs/mine.checkpoint.pt"""
    return folder.parent / f"{folder.name}.checkpoint.pt"


def to_bytes(content: dict[str, Any]) -> bytes:
    """Tensors and plain values as the file has them."""
    buffer = io.BytesIO()
    torch.save(content | {"format": FORMAT}, buffer)
    return buffer.getvalue()


def write(path: Path, content: dict[str, Any]) -> None:
    """Write beside, then rename: whoever is killed meanwhile keeps the checkpoint before this one.

    Raises:
        BadRun: the disk is full or cannot be written; the checkpoint before this one is kept.
    """
    try:
        replace_file(path, to_bytes(content))
    except OSError as error:
        raise BadRun(
            f"The checkpoint {path} could not be written ({error.strerror}); the one before it is kept: "
            "free some space and go on with --resume."
        ) from error


def read(
    path: Path,
    recipe: Recipe,
    data_hash: str,
    cure: str = DELETE,
    new_rates: bool = False,
    changed: Callable[[str], str] = lambda earlier: "",
) -> dict[str, Any]:
    """Read a checkpoint of that recipe on that data; `cure` says what to do where there is none. With `new_rates` its
    learning rates may be others.

    Raises:
        BadRun: damaged, of another format, of another recipe or other data; the sentence names each difference.
    """
    try:
        content = torch.load(path, weights_only=True, map_location="cpu")
        version = content["format"]
    except (OSError, RuntimeError, EOFError, ValueError, KeyError, TypeError, pickle.UnpicklingError) as error:
        raise BadRun(f"{path} is damaged or no checkpoint ({one_line(error)}); {cure}.") from error
    if version != FORMAT:
        raise BadRun(
            f"{path} has format {version}; this gan_lib reads format {FORMAT}: "
            f"{cure}, or go on with the gan_lib that wrote it."
        )
    check_same(path, content, recipe, data_hash, cure, new_rates, changed)
    return content


def check_same(
    path: Path,
    content: dict[str, Any],
    recipe: Recipe,
    data_hash: str,
    cure: str,
    new_rates: bool,
    changed: Callable[[str], str],
) -> None:
    """BadRun unless what `path` holds, a checkpoint or a card, was made by that recipe on those pictures; `changed`
    says of another hash what is different, or nothing."""
    try:
        other = difference(content["recipe"], recipe, new_rates=new_rates)
        rates_alone = other and not difference(content["recipe"], recipe, new_rates=True)
    except (KeyError, TypeError, AttributeError) as error:
        raise BadRun(f"{path} is damaged (it lacks {error}); {cure}.") from error
    earlier = content.get("data_hash")
    are_others = earlier not in (None, data_hash)
    why = changed(earlier) if are_others else ""  # known, it explains a recipe that was fitted to them, too
    if rates_alone and not why:
        raise BadRun(
            f"{path} has other learning rates ({other}); go on with the new ones by new_rates=True (--lr), or {cure}."
        )
    if other and not why:
        raise BadRun(f"{path} belongs to another training ({other}); {cure}.")
    if are_others:
        why = why or f"their hash was {earlier}, yours is {data_hash}"
        raise BadRun(f"{path} was trained on other pictures or labels ({why}); give it the same ones, or {cure}.")


def remove(path: Path) -> None:
    """Delete a checkpoint, and what a process that was killed left of its next one."""
    for file in (path, part_of(path)):
        file.unlink(missing_ok=True)


class StopRequest:
    """Whether Ctrl-C was pressed."""

    asked = False


@contextmanager
def finishing_the_step() -> Iterator[StopRequest]:
    """Inside the `with` the first Ctrl-C (or SIGTERM) only sets `asked`, so that the step in hand is finished; a
    second one stops at once."""
    request, before = StopRequest(), {}

    def note(number, frame):
        if request.asked:
            raise KeyboardInterrupt
        request.asked = True

    if threading.current_thread() is threading.main_thread():
        before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield request
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
