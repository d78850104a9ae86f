"""Which files a folder holds, at any depth."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Found:
    """What a walk through a folder met.

    Attributes:
        files: path below the folder, with "/" → (bytes, time of the last change in nanoseconds); sorted.
        hidden: files and folders whose names begin with a dot, and macOS's __MACOSX; nobody looked into them.
        nowhere: links to nothing, or in a circle, and what is neither file nor folder.
        closed: folders that cannot be read → why.
    """

    files: dict[str, tuple[int, int]] = field(default_factory=dict)
    hidden: int = 0
    nowhere: int = 0
    closed: dict[str, str] = field(default_factory=dict)


def find(root: Path) -> Found:
    """Walk through a folder, each folder once: links to folders are followed last, and not to one seen before.

    Args:
        root: an existing folder.
    """
    found, seen = Found(), set()
    folders, links = [(str(root), "")], []  # (where it lies, its name below root)
    while folders or links:
        path, name = folders.pop() if folders else links.pop()
        try:
            about = os.stat(path)
            if (about.st_dev, about.st_ino) in seen:
                found.nowhere += 1
                continue
            seen.add((about.st_dev, about.st_ino))
            with os.scandir(path) as listed:
                entries = sorted(listed, key=lambda entry: entry.name, reverse=True)  # pop takes the last
        except OSError as error:
            found.closed[name or "."] = error.strerror or str(error)
            continue
        for entry in entries:
            _note(entry, f"{name}/{entry.name}" if name else entry.name, found, folders, links)
    found.files = dict(sorted(found.files.items()))
    return found


def _note(entry: os.DirEntry, name: str, found: Found, folders: list, links: list) -> None:
    if entry.name.startswith(".") or entry.name == "__MACOSX":
        found.hidden += 1
        return
    try:
        if entry.is_dir():
            (links if entry.is_symlink() else folders).append((entry.path, name))
        elif entry.is_file():
            about = entry.stat()
            found.files[name] = about.st_size, about.st_mtime_ns
        else:
            found.nowhere += 1
    except OSError:  # a link in a circle
        found.nowhere += 1
