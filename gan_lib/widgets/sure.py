"""How sure is D? Its answer to a fake under a slider, and the arrow that each loss gives G.

It needs no kernel: the same output serves the page, JupyterLab and Colab.
"""

from __future__ import annotations

from collections.abc import Callable

import matplotlib.pyplot as plt
import torch
from torch import Tensor

from gan_lib.data.pictures import figure_png
from gan_lib.errors import BadInput
from gan_lib.machine.given import finite
from gan_lib.training.games import critic_generator_loss, minimax_generator_loss, non_saturating_generator_loss
from gan_lib.widgets.face import display_page

SUREST = 7  # the logit at both ends of the slider
LOSSES = {  # name → loss and colour, as in page/sure.js
    "log(1 − D)": (minimax_generator_loss, "#2b7bb9"),
    "−log D": (non_saturating_generator_loss, "#d1602f"),
    "−f, of a critic": (critic_generator_loss, "#4d9a51"),
}


def how_sure(logit: float = 0.0) -> None:
    """Display a slider for D's logit on a fake, and how hard each loss of G pulls it up: minus the loss's slope there.

    Args:
        logit: where the slider begins, −7…7.

    Raises:
        BadInput: another logit.
    """
    logit = finite("logit", logit)
    if abs(logit) > SUREST:
        raise BadInput(f"logit is {logit:g}; choose a number from −{SUREST} to {SUREST}.")
    display_page("sure", {"logit": logit}, _poster(logit), " ".join(map(_told, dict.fromkeys([logit, -4.6]))))


def _told(logit: float) -> str:
    at = torch.tensor([logit], dtype=torch.float64)
    said = [f"{name} pulls with {_pulls(loss, at).item():.2f}" for name, (loss, _) in LOSSES.items()]
    return f"At the logit {logit:g}, where D = {at.sigmoid().item():.2f}, {', '.join(said)}."


def _poster(logit: float) -> bytes:
    """The losses over the logit, and how hard they pull; a line at this logit."""
    logits = torch.linspace(-SUREST, SUREST, 141, dtype=torch.float64)
    x = logits.tolist()
    figure, (left, right) = plt.subplots(1, 2, figsize=(7, 2.8), layout="constrained")
    for name, (loss, colour) in LOSSES.items():
        left.plot(x, [loss(each).item() for each in logits], color=colour, label=name)
        right.plot(x, _pulls(loss, logits).tolist(), color=colour)
    left.set(xlabel="D’s logit on a fake", title="loss of G")
    left.legend()
    right.axvline(logit, color="grey", linestyle=":")
    right.set(xlabel="D’s logit on a fake", title="how hard it pulls", ylim=(0, 1.05))
    return figure_png(figure)


def _pulls(loss: Callable[[Tensor], Tensor], logits: Tensor) -> Tensor:
    """Minus the slope of the loss at each logit, by autograd: (n,) → (n,)."""
    logits = logits.detach().requires_grad_()
    with torch.enable_grad():
        (slopes,) = torch.autograd.grad(loss(logits) * len(logits), logits)  # the loss is a mean
    return -slopes
