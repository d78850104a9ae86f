"""Many picture files read at once: by small processes, or by threads of this one where no process can be started."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from queue import SimpleQueue
from typing import Any

from gan_lib.data import reader

FEW = 64  # so many files are read here, before a process would have started
AT_ONCE = 16  # files that a process is asked for


def read_all(paths: list[str], wanted: tuple, workers: int | None = None) -> Iterator[dict[str, Any]]:
    """What `reader.read` says of each file, in their order.

    Args:
        paths: the files.
        wanted: the further arguments of `reader.read`.
        workers: processes; as many as there are cores for this one if None.
    """
    if len(paths) <= FEW:
        yield from (reader.read(path, *wanted) for path in paths)
        return
    chunks = [paths[start : start + AT_ONCE] for start in range(0, len(paths), AT_ONCE)]
    readers = [_Reader(wanted) for _ in range(min(workers or cores(), len(chunks)))]
    idle: SimpleQueue[_Reader] = SimpleQueue()
    for each in readers:
        idle.put(each)

    def work(chunk: list[str]) -> list[dict[str, Any]]:
        mine = idle.get()
        try:
            return mine.read(chunk)
        finally:
            idle.put(mine)

    with ThreadPoolExecutor(len(readers)) as threads:
        pending: deque[Future] = deque()
        try:
            for chunk in chunks:
                pending.append(threads.submit(work, chunk))
                if len(pending) > 4 * len(readers):  # no more than that waits in memory
                    yield from pending.popleft().result()
            while pending:
                yield from pending.popleft().result()
        finally:  # also where somebody stops early
            for future in pending:
                future.cancel()
            for each in readers:
                each.close()


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class _Reader:
    """One process that reads, started when it is first asked; used by one thread at a time."""

    def __init__(self, wanted: tuple):
        self.wanted, self.process, self.alone, self.closed = wanted, None, False, False

    def read(self, paths: list[str]) -> list[dict[str, Any]]:
        """What `reader.read` says of each. A file that ends the process is left out, and the others are not."""
        if not self.alone and self.process is None:
            self._start()
        if self.alone:
            return [reader.read(path, *self.wanted) for path in paths]
        process = self.process  # `close` may take it away
        try:
            process.stdin.write(json.dumps([paths, self.wanted]).encode() + b"\n")
            process.stdin.flush()
            found, lengths = json.loads(process.stdout.readline())
            pixels = [process.stdout.read(length) for length in lengths]
            if list(map(len, pixels)) == lengths:
                return [each | {"pixels": own} for each, own in zip(found, pixels, strict=True)]
        except (OSError, ValueError, AttributeError):
            pass
        self._end()  # it is gone
        if self.closed:
            return []
        if len(paths) > 1:
            return [found for path in paths for found in self.read([path])]
        return [reader.NOTHING | {"why": "ended the process that read it"}]

    def _start(self) -> None:
        command = [sys.executable, "-P", reader.__file__]  # -P: what lies beside it hides no module of Python's
        try:
            pipe = subprocess.PIPE
            self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL)
            self.alone = self.process.stdout.readline() != reader.READY
        except (OSError, ValueError):
            self.alone = True
        if self.alone or self.closed:
            self._end()

    def _end(self) -> None:
        process, self.process = self.process, None
        if process is not None:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                with suppress(OSError):
                    pipe.close()

    def close(self) -> None:
        """End the process, also in the middle of a file."""
        self.closed = True
        self._end()
