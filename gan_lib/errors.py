"""Errors a reader meets: one sentence that says what was given, what is allowed, what to do."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from difflib import get_close_matches

MANY = 40  # names that a sentence may list


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


@contextmanager
def expect_error(kind: type[Exception], said: str) -> Iterator[None]:
    """For a cell that shows a failure: print the error's first line, and fail if it does not come.

    Args:
        kind: the error that the lines inside must raise.
        said: a part of its message.

    Raises:
        AssertionError: nothing was raised, or the message is another one.
        BadInput: `kind` is no class of errors, or `said` no text.
    """
    if not (isinstance(kind, type) and issubclass(kind, BaseException)) or not isinstance(said, str):
        raise BadInput(f"{brief(kind)} and {brief(said)} were given; give a class of errors, then what it must say.")
    try:
        yield
    except kind as error:
        if said not in str(error):
            raise AssertionError(f"{kind.__name__} came, but without {said!r}: {error}") from error
        print(f"{type(error).__name__}: {str(error).splitlines()[0]}")
    else:
        raise AssertionError(f"this was to raise {kind.__name__} ({said!r}), and it did not")


def one_of(what: str, given: object, allowed: Iterable[str]) -> None:
    """Raise BadInput unless `given` is one of `allowed`; of many it names those that are most like it."""
    allowed = list(allowed)
    if not isinstance(given, str) or given not in allowed:
        named = allowed if len(allowed) <= MANY else get_close_matches(brief(given), allowed, n=8, cutoff=0)
        more = f" and {len(allowed) - len(named)} more" if len(named) < len(allowed) else ""
        raise BadInput(f"{what} {brief(given)} is not known; choose one of: {', '.join(named)}{more}.")


def brief(given: object) -> str:
    """What was given, for a sentence about it: its repr in one line, of at most 60 characters."""
    text = " ".join(repr(given).split())
    return text if len(text) <= 60 else text[:59] + "…"


def one_line(error: Exception) -> str:
    """What an error says, in one line and at most 200 characters."""
    text = " ".join(str(error).split())
    return text if len(text) <= 200 else text[:199] + "…"


@contextmanager
def one_sentence(what: str) -> Iterator[None]:
    """What another library raises inside the `with` becomes a BadInput that begins with `what`."""
    try:
        yield
    except GanLibError:
        raise
    except Exception as error:
        raise BadInput(f"{what} ({type(error).__name__}: {one_line(error)}).") from error
