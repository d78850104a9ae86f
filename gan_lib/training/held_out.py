"""Whether D knows its pictures by heart: its verdict on pictures that it never learns from, held against the others."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.func import functional_call

from gan_lib.data.images import ImageSet, to_range
from gan_lib.errors import BadInput
from gan_lib.machine.given import numbers
from gan_lib.training.games import ask

HELD_OUT = "d_held_out"  # the history's sixth column, where there are such pictures
LATE = 4  # the last quarter of the lines: what the end of a training says
FEWEST = 5  # lines there
SOME, MUCH = 0.1, 0.4  # of the way from D(real) to D(fake): what the tests find with 64 and with 16 pictures


@torch.no_grad()
def verdict(
    discriminator: nn.Module, held_out: ImageSet, n: int, labelled: bool, device: torch.device, see: Callable
) -> Tensor:
    """D's logits (B, 1) on n of the held-out pictures, or on all where there are fewer, without a trace in D.

    D is asked in its present mode: in training BatchNorm compares a batch with itself, as it does for real pictures,
    and what it would remember goes into a copy. The rows come from torch's global numbers.

    Args:
        discriminator: the one that is trained.
        held_out: pictures of the training set's shape and classes.
        n: how many.
        labelled: whether the game has labels, which D may want to be told.
        device: where D is.
        see: what else happens to pictures before D sees them.
    """
    rows = torch.randperm(len(held_out.pixels))[:n]  # (B,)
    pixels, labels = (each[rows.to(each.device)].to(device) for each in (held_out.pixels, held_out.labels))
    real = see(to_range(pixels))  # (B, C, H, W) in −1…1
    labels = labels if labelled else None  # (B,)
    remembered = {name: buffer.clone() for name, buffer in discriminator.named_buffers()}
    found = ask(lambda *given: functional_call(discriminator, remembered, given), real, labels)
    return found[0] if isinstance(found, tuple | list) else found


def by_heart(history: Tensor) -> float:
    """How far D's verdict on held-out pictures lies on the way from that on its own to that on made ones, late in a
    training: about 0 where D knows what real pictures have in common, 1 where held-out ones look made to it.

    It is r_v = (E[D(x)] − E[D(held out)]) / (E[D(x)] − E[D(G(z))]) of Karras et al. 2020 (limited data), eq. 1, over
    the last quarter of the lines. NaN where D does not tell real from made pictures there, or the lines are too few.

    Args:
        history: (lines, 6), as `train` gives it with held-out pictures.

    Raises:
        BadInput: a table of another shape.
    """
    d_real, d_fake, d_held_out = _late(history)
    apart, behind = d_real - d_fake, d_real - d_held_out  # (lines,) each
    enough = len(apart) >= FEWEST and _is_above_0(apart)
    return (behind.mean() / apart.mean()).item() if enough else float("nan")


def memorising(history: Tensor) -> str:
    """`by_heart` in a sentence, with the three verdicts it comes from and what helps. BadInput: as there."""
    share, late = by_heart(history), _late(history)
    if share != share:
        few = f"fewer than {LATE * FEWEST} lines of history" if len(late[0]) < FEWEST else "D does not tell them apart"
        return f"Whether D knows its pictures by heart cannot be said yet: {few}."
    d_real, d_fake, d_held_out = (column.mean().item() for column in late)
    told = f"late in the training D(real) is {d_real:.2f}, D(held out) {d_held_out:.2f}, D(fake) {d_fake:.2f}"
    if share < SOME or not _is_above_0(late[0] - late[2]):
        return f"D does not know its pictures by heart: {told}."
    found = "D knows its pictures by heart" if share >= MUCH else "D begins to know its pictures by heart"
    return f"{found}: {told}. More pictures, flips, augmentation or fewer updates help."


def _late(history: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """D(real), D(fake) and D(held out) on the last lines: (lines,) each."""
    lines = torch.as_tensor(numbers("the history", history, None, None, finite=False))
    if lines.shape[1] != 6:
        raise BadInput(
            f"the history has {lines.shape[1]} columns, and D's verdict on held-out pictures is the sixth; "
            "train with held_out=… first."
        )
    return tuple(lines[-(-len(lines) * (LATE - 1) // LATE) :, 3:].double().T)


def _is_above_0(values: Tensor) -> bool:
    """Whether the mean of noisy values is: by more than twice its standard error."""
    return bool(values.mean() > 2 * values.std() / len(values) ** 0.5)
