"""What an exercise is, and what several chapters try answers on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Exercise:
    """A reference answer, the arguments it is tried on, and the mistakes one makes there.

    Attributes:
        reference: a right answer: a function that gives back numbers, a tensor, or, where one chooses, a letter.
        tries: the arguments of each try.
        mistakes: plausible wrong answers by the hint that helps who gives them.
        used: the networks among the arguments hold gradients of an earlier step.
    """

    reference: Callable
    tries: tuple[tuple, ...] = ((),)
    mistakes: Mapping[str, Callable] = field(default_factory=dict)
    used: bool = False

    def arguments(self, values: tuple) -> tuple:
        """A copy of one try's arguments, because networks are trained in place; with gradients of 1 if `used`."""
        copied = deepcopy(values)
        if self.used:
            for network in filter(lambda value: isinstance(value, nn.Module), copied):
                for weight in network.parameters():
                    weight.grad = torch.ones_like(weight)
        return copied

    def hint(self, values: tuple, given: object) -> str | None:
        """What helps who answered this for one try's arguments; None if it is no mistake we know."""
        for hint, mistake in self.mistakes.items():
            if difference(given, mistake(*self.arguments(values))) is None:
                return hint
        return None


def difference(given: object, expected: object) -> str | None:
    """In what two answers differ, in words; None if they are the same, to one part in a thousand."""
    if isinstance(expected, str) or isinstance(given, str):
        return None if str(given).strip().lower() == expected else "that is not the one. Look again, and say why."
    try:
        given, expected = torch.as_tensor(given).detach(), torch.as_tensor(expected).detach()
    except Exception:
        return f"the function should give back numbers, not {type(given).__name__}."
    if given.shape != expected.shape:
        return f"the answer should have the shape {tuple(expected.shape)}; yours has {tuple(given.shape)}."
    given, expected = given.double(), expected.double()
    if torch.allclose(given, expected, rtol=1e-3, atol=1e-4, equal_nan=True):
        return None
    if not given.isfinite().all():
        return "your answer is not finite."
    if expected.numel() == 1:
        return f"yours is {given.item():.4g}, and {expected.item():.4g} is right."
    wrong = (~torch.isclose(given, expected, rtol=1e-3, atol=1e-4)).sum().item()
    turned = " With the other sign it would be right." if torch.allclose(given, -expected, rtol=1e-3, atol=1e-4) else ""
    return f"{wrong} of {expected.numel()} numbers are wrong.{turned}"


def logits(*shape: int) -> Tensor:
    """Numbers around 0, always the same ones."""
    return 3 * torch.randn(*shape, generator=torch.Generator().manual_seed(3))


def recall(real: Tensor, fake: Tensor, radii_of_fake: Tensor) -> float:
    """The share of real points (n, d) within the radius (m,) of a fake one (m, d)."""
    return ((real[:, None] - fake[None]).norm(dim=2) <= radii_of_fake).any(1).double().mean().item()


HEAPS = (logits(1, 5)[0].softmax(0), logits(2, 5)[1].softmax(0)), (torch.ones(2) / 2, torch.tensor([0.1, 0.9]))
