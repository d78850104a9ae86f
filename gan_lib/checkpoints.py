"""A training's checkpoint: one safetensors file beside the run's folder, replaced whole, loaded without pickle."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save as save_tensors
from torch import Tensor

from gan_lib.errors import BadRun
from gan_lib.folders import part_of, replace_file
from gan_lib.recipe import Recipe, difference

FORMAT = 1


@dataclass
class Checkpoint:
    """What the file holds.

    Attributes:
        tensors: of `State.tensors`, and what the recorder adds.
        notes: plain JSON values: scores, seconds.
    """

    tensors: dict[str, Tensor]
    notes: dict


def path_of(folder: Path) -> Path:
    """runs/mine → runs/mine.checkpoint.safetensors"""
    return folder.parent / f"{folder.name}.checkpoint.safetensors"


def save(path: Path, recipe: Recipe, checkpoint: Checkpoint) -> None:
    """Write beside, then rename: whoever is killed meanwhile keeps the checkpoint before this one.

    Raises:
        BadRun: the disk is full or cannot be written; the checkpoint before this one is kept.
    """
    header = {"format": str(FORMAT), "recipe": json.dumps(recipe.as_card()), "notes": json.dumps(checkpoint.notes)}
    try:
        replace_file(path, save_tensors(checkpoint.tensors, header))
    except OSError as error:
        raise BadRun(
            f"The checkpoint {path} could not be written ({error.strerror}); the one before it is kept: "
            "free some space and go on with --resume."
        ) from error


def load(path: Path, recipe: Recipe) -> Checkpoint:
    """Read a checkpoint of that recipe.

    Raises:
        BadRun: damaged, of another format, or of another recipe; the sentence names each difference.
    """
    try:
        with safe_open(path, "pt") as file:
            header = file.metadata() or {}
            if header.get("format") != str(FORMAT):
                raise BadRun(
                    f"{path} has format {header.get('format')}; this gan_lib reads format {FORMAT}: "
                    "delete it to start anew, or go on with the gan_lib that wrote it."
                )
            other = difference(json.loads(header["recipe"]), recipe)
            if other:
                raise BadRun(f"{path} belongs to another training ({other}); delete it or choose another --out.")
            # clone: what get_tensor gives still lies in the file
            tensors = {key: file.get_tensor(key).clone() for key in file.keys()}  # noqa: SIM118
            return Checkpoint(tensors, json.loads(header["notes"]))
    except (SafetensorError, OSError, ValueError, KeyError, TypeError) as error:
        raise BadRun(f"{path} is damaged ({error}); delete it to start anew.") from error


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
