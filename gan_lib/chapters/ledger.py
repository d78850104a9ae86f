"""Who gets which gradient: every way of wiring one GAN step, written out, really run, and watched."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, cosine_similarity

from gan_lib.errors import BadInput, brief, one_of
from gan_lib.machine.given import flag
from gan_lib.machine.rng import isolated_rng

ORDERS = {
    "turns": "D's turn, then G's",
    "together": "both losses, both backwards, both steps",
    "d_between": "both losses; D steps between the backwards",
    "g_between": "both losses, G's backward first; G steps between the backwards",
}


@dataclass(frozen=True)
class Wiring:
    """One choice of everything that chapter 5 turns on and off.

    Attributes:
        order: one of `ORDERS`.
        forwards: 2: fresh fakes for G's loss; 1: the same fakes, and where both losses come first the same logits.
        detach: cut the fakes off in D's loss.
        retain_graph: in the first backward.
        freeze: D.requires_grad_(False) while G's loss is built: the graph then has no way to D's weights.
    """

    order: str = "turns"
    forwards: int = 2
    detach: bool = True
    retain_graph: bool = False
    freeze: bool = False


@dataclass(frozen=True)
class Outcome:
    """What happened.

    Attributes:
        lines: the code that ran, one statement each.
        gradients: number of a line with a backward → what that backward added to the gradients, "G" and "D": norms.
        error: number of the line that raised and the first sentence of the message, or None.
        steps: "G" and "D" → what the optimizer's step used: "right", "none", "not reached", or "wrong" with the cosine
            between what it used and the gradient of the network's own loss.
    """

    lines: list[str]
    gradients: dict[int, dict[str, float]]
    error: tuple[int, str] | None
    steps: dict[str, str]


def every_wiring() -> list[Wiring]:
    """All combinations."""
    flags = (False, True)
    return [Wiring(*choice) for choice in product(ORDERS, (1, 2), flags, flags, flags)]


def code(wiring: Wiring) -> list[str]:
    """The step as Python, for networks G and D, their optimizers, a real batch and z.

    BadInput: no wiring, or one with an unknown order or number of forwards.
    """
    if not isinstance(wiring, Wiring):
        raise BadInput(f"{brief(wiring)} is no wiring; give one, for example Wiring(order='together', forwards=1).")
    one_of("order", wiring.order, ORDERS)
    for name in ("detach", "retain_graph", "freeze"):
        flag(name, getattr(wiring, name))
    if not isinstance(wiring.forwards, int) or wiring.forwards not in (1, 2):
        raise BadInput(f"forwards is {brief(wiring.forwards)}; choose 1 or 2.")
    cut = ".detach()" if wiring.detach else ""
    retain = "retain_graph=True" if wiring.retain_graph else ""
    freeze, thaw = (["D.requires_grad_(False)"], ["D.requires_grad_(True)"]) if wiring.freeze else ([], [])
    if wiring.order == "turns":
        return [
            "fake = G(z)",
            f"d_loss = bce(D(real), ones) + bce(D(fake{cut}), zeros)",
            "opt_d.zero_grad()",
            f"d_loss.backward({retain})",
            "opt_d.step()",
            *(["fake = G(z)"] if wiring.forwards == 2 else []),
            *freeze,
            "g_loss = bce(D(fake), ones)",
            *thaw,
            "opt_g.zero_grad()",
            "g_loss.backward()",
            "opt_g.step()",
        ]
    if wiring.forwards == 1:
        losses = [
            f"fake_logits = D(G(z){cut})",
            "d_loss = bce(D(real), ones) + bce(fake_logits, zeros)",
            *freeze,
            "g_loss = bce(fake_logits, ones)",
            *thaw,
        ]
    else:
        losses = [
            f"d_loss = bce(D(real), ones) + bce(D(G(z){cut}), zeros)",
            *freeze,
            "g_loss = bce(D(G(z)), ones)",
            *thaw,
        ]
    backwards = {
        "together": [f"d_loss.backward({retain})", "g_loss.backward()", "opt_d.step()", "opt_g.step()"],
        "d_between": [f"d_loss.backward({retain})", "opt_d.step()", "g_loss.backward()", "opt_g.step()"],
        "g_between": [f"g_loss.backward({retain})", "opt_g.step()", "d_loss.backward()", "opt_d.step()"],
    }
    return [*losses, "opt_d.zero_grad()", "opt_g.zero_grad()", *backwards[wiring.order]]


def run(wiring: Wiring) -> Outcome:
    """Run `code(wiring)` line by line on two small networks, always the same ones, and watch the gradients.

    BadInput: as for `code`.
    """
    names, lines = _names(), code(wiring)
    right = {"D": [_d_gradient(names)], "G": [_g_gradient(names)]}
    gradients, steps = {}, {"D": "not reached", "G": "not reached"}
    for number, line in enumerate(lines):
        before = {who: _gradient(names[who]) for who in "GD"}
        if line == "g_loss = bce(D(fake), ones)":  # D may have stepped since: G's right gradient is today's
            right["G"].append(_g_gradient(names))
        if line.endswith(".step()"):
            who = "D" if "opt_d" in line else "G"
            steps[who] = _verdict(before[who], right[who])
        try:
            exec(line, names)
        except RuntimeError as error:
            return Outcome(lines, gradients, (number, str(error).split(". ")[0].split("\n")[0]), steps)
        if ".backward(" in line:
            after = {who: _gradient(names[who]) for who in "GD"}
            gradients[number] = {who: round((after[who] - before[who]).norm().item(), 2) for who in "GD"}
    return Outcome(lines, gradients, None, steps)


def _names() -> dict[str, object]:
    """What the lines may use. Two layers each, so that an in-place change of a weight is noticed."""
    with isolated_rng():
        generator = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 2))
        discriminator = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1))
        z, real = torch.randn(16, 4), torch.randn(16, 2) + 2  # (B, 4), (B, 2)
    return {
        "G": generator,
        "D": discriminator,
        "opt_g": torch.optim.Adam(generator.parameters(), lr=0.05),
        "opt_d": torch.optim.Adam(discriminator.parameters(), lr=0.05),
        "bce": binary_cross_entropy_with_logits,
        "z": z,
        "real": real,
        "ones": torch.ones(16, 1),
        "zeros": torch.zeros(16, 1),
    }


def _d_gradient(names: dict) -> Tensor:
    """∂ d_loss / ∂ D's parameters, and nothing else, at this moment."""
    discriminator, fake = names["D"], names["G"](names["z"]).detach()
    loss = names["bce"](discriminator(names["real"]), names["ones"]) + names["bce"](discriminator(fake), names["zeros"])
    return _flat(torch.autograd.grad(loss, list(discriminator.parameters())))


def _g_gradient(names: dict) -> Tensor:
    """∂ g_loss / ∂ G's parameters, at this moment."""
    loss = names["bce"](names["D"](names["G"](names["z"])), names["ones"])
    return _flat(torch.autograd.grad(loss, list(names["G"].parameters())))


def _gradient(network: nn.Module) -> Tensor:
    """What lies in .grad, zeros where nothing does."""
    return _flat([torch.zeros_like(p) if p.grad is None else p.grad for p in network.parameters()])


def _flat(tensors) -> Tensor:
    return torch.cat([t.flatten() for t in tensors]).clone()


def _verdict(used: Tensor, right: list[Tensor]) -> str:
    if not used.any():
        return "none"
    if any(torch.allclose(used, gradient, rtol=1e-4, atol=1e-7) for gradient in right):
        return "right"
    return f"wrong {cosine_similarity(used, right[-1], dim=0).item():.2f}"
