"""Folders of checked files, written whole or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import torch

import gan_lib
from gan_lib.errors import BadInput, BadRun

FORMAT = 2
STATE = "state.pt"  # of a run that can go on; read only then


def check_writable(folder: Path, overwrite: bool) -> None:
    """Refuse early, before hours of training: a folder that is in use or cannot be written."""
    if not folder.name:
        raise BadInput(f"{folder} is no name for a new folder; choose one, for example runs/mine.")
    in_use = folder.exists() and (not folder.is_dir() or any(folder.iterdir()))
    if in_use and not (overwrite and (folder / "card.json").is_file()):  # overwrite a run, never anything else
        raise BadInput(
            f"{folder} already holds something; choose another folder, or, if it is a run, overwrite it (--overwrite)."
        )
    ancestor = next(parent for parent in folder.absolute().parents if parent.exists())
    try:
        with tempfile.TemporaryDirectory(dir=ancestor, prefix=".gan_lib-"):
            pass
    except OSError as error:
        raise BadRun(f"{folder} cannot be written ({error.strerror}); choose another folder.") from error


def write_folder(folder: Path, card: dict, files: dict[str, bytes]) -> None:
    """Write card.json and files beside `folder`, then rename: a killed process leaves the old folder as it was.

    Raises:
        BadRun: the disk is full or cannot be written; nothing is left behind.
    """
    part = _beside(folder)
    card = card | {"files": {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}}
    try:
        text = json.dumps(card, indent=1, ensure_ascii=False).encode() + b"\n"
    except (TypeError, ValueError) as error:
        raise BadInput(f"no card can hold what the evaluation gives ({error}); let it give plain numbers.") from error
    try:
        for name, content in (files | {"card.json": text}).items():
            path = part / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        _swap(part, folder)
    except OSError as error:
        raise BadRun(
            f"The run could not be written to {folder} ({error.strerror}); nothing was left behind: "
            "free some space or choose another folder."
        ) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _swap(part: Path, folder: Path) -> None:
    """Put `part` in the place of `folder`, which comes back if that fails.

    A process killed between the two renames leaves the old run beside, as `.NAME.old-PID`, and the new one whole.
    """
    if not folder.exists():
        part.rename(folder)
        return
    old = folder.with_name(f".{folder.name}.old-{os.getpid()}")
    folder.rename(old)
    try:
        part.rename(folder)
    except OSError:
        old.rename(folder)
        raise
    shutil.rmtree(old, ignore_errors=True)


def read_card(folder: Path) -> dict:
    """card.json alone. BadRun if it is missing, damaged, or of another format."""
    try:
        card = json.loads((folder / "card.json").read_bytes())
        version = card["format"]
        dict(card["files"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadRun(f"{folder}/card.json cannot be read ({error}); the run is damaged, record it again.") from error
    if version == 1:
        raise BadRun(f"{folder} is from the first edition; bring it up to date: python -m gan_lib migrate {folder}.")
    if version != FORMAT:
        raise BadRun(f"{folder} has format {version}; this gan_lib reads format {FORMAT}: record it again.")
    return card


def read_folder(folder: Path) -> tuple[dict, dict[str, bytes]]:
    """card.json and the files it lists but the state, each checked against its sha256. BadRun if anything is off."""
    card, files = read_card(folder), {}
    for name in card["files"]:
        if name != STATE:
            files[name] = read_file(folder, card, name)
    return card, files


def read_file(folder: Path, card: dict, name: str) -> bytes:
    """A file that the card lists. BadRun if it is missing, or not what the card says."""
    path = folder / name
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BadRun(f"{path} is missing or cannot be read; the run is damaged, record it again.") from error
    if hashlib.sha256(content).hexdigest() != card["files"].get(name):
        raise BadRun(f"{path} is not what its card says (sha256 differs); the run is damaged, record it again.")
    return content


def made(seconds: float) -> dict[str, object]:
    """What every card says about its making."""
    return {
        "date": time.strftime("%Y-%m-%d"),
        "gan_lib": gan_lib.__version__,
        "commit": _commit(),
        "torch": torch.__version__,
        "python": platform.python_version(),
        "seconds": round(seconds, 1),
    }


def replace_file(path: Path, content: bytes) -> None:
    """Write a file beside, then rename: whoever is killed meanwhile keeps the old one. An OSError leaves nothing."""
    part = part_of(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(part, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError:
        part.unlink(missing_ok=True)
        raise


def part_of(path: Path) -> Path:
    """Where `replace_file` writes first; a process that was killed may have left one."""
    return path.with_name(f".{path.name}.part")


def _commit() -> str | None:
    """The commit of the code that made the run, if it runs from its own checkout."""
    root = Path(__file__).resolve().parents[2]
    if not (root / ".git").exists():  # installed somewhere inside another project's repository
        return None
    try:
        command = ["git", "-C", str(root), "rev-parse", "--short=12", "HEAD"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None


def _beside(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.part-{os.getpid()}")
