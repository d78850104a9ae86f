"""Errors a reader meets: one sentence that says what was given, what is allowed, what to do."""


class GanLibError(Exception):
    """Base of every error this library raises on purpose."""


class BadInput(GanLibError, ValueError):
    """An argument has a value, shape or range that is not allowed."""


class BadData(GanLibError, RuntimeError):
    """A data file is missing, damaged or not the official one."""


class BadRun(GanLibError, RuntimeError):
    """A recorded run is missing, damaged, or was made by another recipe."""


class Diverged(GanLibError, RuntimeError):
    """A training's loss became NaN or exploded."""


class Stopped(GanLibError):
    """Ctrl-C was pressed and the checkpoint is written. Not a KeyboardInterrupt: command-line libraries swallow it."""


class LostProcess(GanLibError, RuntimeError):
    """Another process of the same training ended."""


def one_of(what: str, given: object, allowed) -> None:
    """Raise BadInput unless `given` is one of `allowed` (an iterable of strings)."""
    allowed = list(allowed)
    if given not in allowed:
        raise BadInput(f"{what} {given!r} is not known; choose one of: {', '.join(allowed)}.")
