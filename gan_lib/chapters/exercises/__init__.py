"""Exercises that check themselves: `check("spherical", my_spherical)` prints "right", or "not yet" and a hint.

Each chapter's reference answers stand in a file of their own.
"""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType

import torch

from gan_lib.chapters.exercises import (
    autograd,
    conditional,
    convolution,
    dcgan,
    evaluation,
    mlp_gan,
    modern,
    own_pictures,
    theory,
    wasserstein,
)
from gan_lib.chapters.exercises.exercise import Exercise, difference
from gan_lib.errors import one_of

_CHAPTERS = (
    theory,
    convolution,
    mlp_gan,
    dcgan,
    autograd,
    conditional,
    wasserstein,
    evaluation,
    modern,
    own_pictures,
)
EXERCISES: dict[str, Exercise] = {name: each for chapter in _CHAPTERS for name, each in chapter.EXERCISES.items()}


def check(name: str, answer: Callable) -> None:
    """Try an answer and print whether it is right; it never raises for a wrong one.

    Args:
        name: the exercise.
        answer: the reader's function.

    Raises:
        BadInput: there is no such exercise.
    """
    one_of("exercise", name, EXERCISES)
    exercise = EXERCISES[name]
    for arguments in exercise.tries:
        expected = exercise.reference(*exercise.arguments(arguments))
        try:
            given = answer(*exercise.arguments(arguments))
        except Exception as error:  # whatever a reader's function does
            print(f"not yet: your function stops with {type(error).__name__}: {error}{_tried(arguments)}")
            return
        if given is None:
            print("not yet: the function returns None")
            return
        if (why := difference(given, expected)) is not None:
            print(f"not yet: {exercise.hint(arguments, given) or why}{_tried(arguments)}")
            return
    print("right")


def _tried(arguments: tuple) -> str:
    return f"\n(tried on {_short(arguments)})" if arguments else ""


def _short(arguments: tuple) -> str:
    def words(argument: object) -> str:
        if isinstance(argument, torch.nn.Module):
            return type(argument).__name__
        if isinstance(argument, FunctionType):
            return "a function"
        large = torch.is_tensor(argument) and argument.numel() > 4
        if isinstance(argument, torch.Generator):
            return "a generator of random numbers"
        return f"tensor {tuple(argument.shape)}" if large else repr(argument)

    return ", ".join(map(words, arguments))
