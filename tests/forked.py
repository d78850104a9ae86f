"""`python …` in a process of its own, but forked from one that has imported torch: it starts at once."""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from multiprocessing.process import BaseProcess
from pathlib import Path

import torch

from tests.conftest import FORKS


def start(*arguments: str, cwd: Path, **environment: str) -> BaseProcess:
    """`python -m module …`, `python file …` or `python -c code`, begun; it prints into cwd/.out and cwd/.err."""
    return _begun(arguments, cwd, {**os.environ, **environment}, (str(cwd / ".out"), str(cwd / ".err")))


def python(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess:
    """The same, done."""
    process = start(*arguments, cwd=cwd, **environment)
    process.join(300)
    process.kill()  # nothing if it has ended
    process.join()
    out, err = ((cwd / name).read_text(encoding="utf-8") for name in (".out", ".err"))
    for name in (".out", ".err"):
        (cwd / name).unlink()
    return subprocess.CompletedProcess(arguments, process.exitcode, out, err)


class Kernel:
    """A notebook's kernel, in place of jupyter_client's Popen: nbval starts one for each chapter."""

    stdin = stdout = stderr = None

    def __init__(self, command: Sequence[str], env: Mapping[str, str], cwd: str | None = None, **options: object):
        self.process = _begun(command[command.index("-m") :], cwd or ".", dict(env), (os.devnull, os.devnull))
        self.pid = self.process.pid
        while os.getpgid(self.pid) == os.getpgrp():  # until it has left: who ends a kernel ends its whole group
            time.sleep(0.001)

    def poll(self) -> int | None:
        return self.process.exitcode

    def wait(self) -> int | None:
        self.process.join()
        return self.process.exitcode

    def send_signal(self, number: int) -> None:
        if self.process.is_alive():
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.process.terminate()

    def kill(self) -> None:
        self.process.kill()


def _begun(arguments: Sequence[str], *others: object) -> BaseProcess:
    process = FORKS.Process(target=_become, args=(arguments, *others))
    process.start()
    return process


def _become(arguments: Sequence[str], cwd: Path | str, environment: dict[str, str], prints: tuple[str, str]) -> None:
    os.setsid()
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(environment)
    for number, name in enumerate(prints, 1):
        os.dup2(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666), number)
    sys.stdout, sys.stderr = (os.fdopen(number, "w", 1, encoding="utf-8", closefd=False) for number in (1, 2))
    sys.path.insert(0, str(cwd))
    torch.set_num_threads(int(environment.get("OMP_NUM_THREADS") or os.cpu_count() or 1))
    kind, *rest = arguments
    if kind == "-m":
        sys.argv = rest
        sys.modules.pop(f"{rest[0]}.__main__", None)
        runpy.run_module(rest[0], run_name="__main__", alter_sys=True)
    elif kind == "-c":
        sys.argv = [kind]
        exec(rest[0], {"__name__": "__main__"})
    else:
        sys.argv = list(arguments)
        runpy.run_path(kind, run_name="__main__")
