"""What a reader gives to a function, as tensors, numbers and so on, or refused in one sentence."""

from __future__ import annotations

import math
from collections.abc import Callable
from operator import index
from pathlib import Path

import torch
from torch import Tensor

from gan_lib.errors import BadInput, brief

SEEDS = 2**64 - 1  # the largest that torch takes


def numbers(what: str, given: object, *shape: int | None, finite: bool = True) -> Tensor:
    """A tensor, a NumPy array or a list of any real dtype as a tensor of that shape, None being any length but 0:
    float32 stays, everything else becomes float64.

    Args:
        what: its name in the sentence.
        given: the reader's.
        shape: what is wanted.
        finite: refuse NaN and infinity.

    Raises:
        BadInput: no numbers, another shape, or one of them is NaN or infinite.
    """
    wanted = f"({', '.join('n' if size is None else str(size) for size in shape)}{',' * (len(shape) == 1)})"
    try:
        values = torch.as_tensor(given)
    except (TypeError, ValueError, RuntimeError):
        raise BadInput(f"{what} cannot be read as numbers; give a tensor, an array or a list, {wanted}.") from None
    if values.is_complex():
        raise BadInput(f"{what} holds complex numbers; give real ones.")
    values = values if values.dtype == torch.float32 else values.double()
    fits = (size in (None, found) and found > 0 for size, found in zip(shape, values.shape, strict=False))
    if values.ndim != len(shape) or not all(fits):
        raise BadInput(f"{what} has the shape {tuple(values.shape)}; give {wanted}.")
    if finite and not values.isfinite().all():
        raise BadInput(f"{what} holds NaN or an infinite number; give finite ones.")
    return values


def whole(what: str, given: object, least: int = 1, most: float = math.inf) -> int:
    """A whole number from `least` to `most`. BadInput: anything else."""
    number = counted(given)
    if number is None or not least <= number <= most:
        allowed = f"{least} or more" if most == math.inf else f"from {least} to {most:,}"
        raise BadInput(f"{what} is {brief(given)}; choose a whole number, {allowed}.")
    return number


def counted(given: object) -> int | None:
    """A whole number as Python's own; None for anything else, True and False among it."""
    try:
        return None if isinstance(given, bool) else index(given)
    except (TypeError, ValueError, RuntimeError):
        return None


def seeded(given: object) -> int:
    """A seed that torch takes. BadInput: anything else."""
    return whole("seed", given, 0, SEEDS)


def finite(what: str, given: object, above: float = -math.inf) -> float:
    """A finite number above `above`. BadInput: anything else."""
    try:
        number = float(given)
    except (TypeError, ValueError, RuntimeError):
        number = math.nan
    if not above < number < math.inf:
        limit = f" above {above:g}" if above > -math.inf else ""
        raise BadInput(f"{what} is {brief(given)}; choose a finite number{limit}.")
    return number


def positive(what: str, given: object) -> float:
    """A finite number above 0. BadInput: anything else."""
    return finite(what, given, above=0)


def fraction(what: str, given: object) -> float:
    """A number from 0 to 1, 1 left out. BadInput: anything else."""
    number = finite(what, given)
    if not 0 <= number < 1:
        raise BadInput(f"{what} is {brief(given)}; choose a number from 0 on and below 1.")
    return number


def flag(what: str, given: object) -> bool:
    """True or False. BadInput: anything else."""
    if not isinstance(given, bool | int) or given not in (0, 1):
        raise BadInput(f"{what} is {brief(given)}; choose True or False.")
    return bool(given)


def instance(what: str, given: object, kind: type | tuple[type, ...], wanted: str) -> None:
    """BadInput unless `given` is a `kind`; the sentence asks for what is `wanted`."""
    if not isinstance(given, kind):
        raise BadInput(f"{what} is {brief(given)}; give {wanted}.")


def called(what: str, given: object) -> Callable:
    """What can be called. BadInput: anything else."""
    if not callable(given) or isinstance(given, type):
        raise BadInput(f"{what} is {brief(given)}; give a function.")
    return given


def named_path(what: str, given: object) -> Path:
    """A path that ends in a name. BadInput: anything else."""
    if not isinstance(given, str | Path) or not Path(given).name:
        raise BadInput(f"{what} is {brief(given)}; give a path that ends in a name, for example runs/mine.")
    return Path(given)


def listed(what: str, given: object) -> list:
    """A list of what `given` holds. BadInput: it holds nothing one after the other, as None or a number."""
    try:
        return list(given)
    except TypeError:
        raise BadInput(f"{what} is {brief(given)}; give a list.") from None


def floats(what: str, given: object) -> None:
    """BadInput unless it is a tensor of floats; its values are not looked at, which would wait for a GPU."""
    if not isinstance(given, Tensor):
        raise BadInput(f"{what} is {brief(given)}; give a tensor of floats.")
    if not given.is_floating_point() or not given.numel():
        raise BadInput(f"{what} is {given.dtype} of shape {tuple(given.shape)}; give a tensor of one float or more.")
