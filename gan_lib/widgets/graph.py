"""The computation graph of a GAN's step: choose the wiring, run it line by line, see what the graph holds.

The page runs the lines itself, on the networks and numbers of `gan_lib.chapters.ledger`, so it needs no kernel.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import matplotlib.pyplot as plt
from torch import Tensor, nn

from gan_lib.chapters import ledger
from gan_lib.chapters.ledger import ORDERS, Outcome, Wiring, every_wiring
from gan_lib.data.pictures import figure_png
from gan_lib.show.plots import FAKE, GREY
from gan_lib.widgets.face import display_page
from gan_lib.widgets.ledger import key_of, started

LAYERS = {"0": "Linear W₁", "1": "tanh", "2": "Linear W₂"}  # of both networks, by their names in a Sequential
TOP = {"G": 1, "D": 5}  # rows of their first layers in the picture
DETACH, LOSS, SUM = 4, 8, 9  # rows, too


@dataclass
class Called:
    """A layer, a loss, a detach or a sum that ran, and its place in the picture: three lanes, from the top down."""

    title: str
    lane: float
    row: int
    inputs: tuple[Tensor, ...]
    output: Tensor

    @property
    def name(self) -> str:
        """As a sentence has it."""
        who = [f"{who}'s " for who, top in TOP.items() if top <= self.row <= top + 2]
        return "".join(who) + self.title


def show_graph(start: Wiring | None = None) -> None:
    """Display the computation graph of every wiring, beginning with `start`; with the textbook's if None.

    Raises:
        BadInput: `start` is no wiring.
    """
    start = started(start)
    outcome = ledger.run(start)
    programs = {key_of(wiring): ledger.code(wiring) for wiring in every_wiring()}
    lines = list(dict.fromkeys(line for program in programs.values() for line in program))
    data = {
        "orders": ORDERS,
        "start": asdict(start),
        "right": ledger.code(Wiring()),
        "lines": lines,
        "wirings": {key: [lines.index(line) for line in program] for key, program in programs.items()},
    }
    calls, lit = _watched(outcome)
    through = ", ".join(call.name for call in calls if call.output.grad_fn in lit)
    end = f"Line {outcome.error[0] + 1} raises: {outcome.error[1]}" if outcome.error else "No error"
    alt = f"The code {'; '.join(outcome.lines)}. {end}. The last backward that ran went through {through}."
    display_page("graph", data, _poster(outcome, calls, lit), alt)


def _watched(outcome: Outcome) -> tuple[list[Called], set]:
    """Run the lines once more, up to the one that raised: what was called, and the nodes that the last backward went
    through."""
    names, calls, lit = ledger._names(), [], set()
    for who in "GD":
        for number, layer in names[who].named_children():

            def note(_: nn.Module, x: tuple, y: Tensor, who: str = who, number: str = number) -> None:
                calls.append(_layer(calls, names, who, number, x[0], y))

            layer.register_forward_hook(note)
    plain = names["bce"]

    def bce(logits: Tensor, target: Tensor) -> Tensor:
        loss = plain(logits, target)
        kind = "zeros" if target is names["zeros"] else "ones"
        lane = 0 if _lane(calls, logits) == 0 else 1 if kind == "zeros" else 2
        calls.append(Called(f"bce(·, {kind})", lane, LOSS, (logits,), loss))
        return loss

    names["bce"] = bce
    for line in outcome.lines[: outcome.error[0] if outcome.error else None]:
        if ".backward(" in line:
            lit = _below(names[line.split(".")[0]].grad_fn)
        exec(line, names)
        if line.startswith("d_loss = "):
            parts = tuple(call.output for call in calls if call.row == LOSS)
            calls.append(Called("+", 0.5, SUM, parts, names["d_loss"]))
    return calls, lit


def _layer(calls: list[Called], names: dict, who: str, number: str, x: Tensor, y: Tensor) -> Called:
    lane, top = _lane(calls, x), TOP[who]
    if number == "0":
        passes = sum(call.row == top and call.inputs[0] is not names["real"] for call in calls)
        lane = 0 if x is names["real"] else min(2, passes + 1)
        if who == "D" and lane and not x.requires_grad:
            fake = next(call for call in calls if call.output.data_ptr() == x.data_ptr())
            calls.append(Called("detach()", lane, DETACH, (fake.output,), x))
    return Called(LAYERS[number], lane, top + int(number), (x,), y)


def _lane(calls: list[Called], tensor: Tensor) -> float | None:
    return next((call.lane for call in calls if call.output is tensor), None)


def _below(node: object) -> set:
    """A node, and all that its gradient goes to."""
    found, waiting = set(), [node]
    while waiting:
        node = waiting.pop()
        if node is not None and node not in found:
            found.add(node)
            waiting += [following for following, _ in node.next_functions]
    return found


def _poster(outcome: Outcome, calls: list[Called], lit: set) -> bytes:
    """The code with what each backward added, and the graph with the way of the last one."""
    figure, (code, graph) = plt.subplots(1, 2, figsize=(9, 4.6), width_ratios=(1.25, 1), layout="constrained")
    code.axis("off")
    for i, line in enumerate(outcome.lines):
        added = outcome.gradients.get(i)
        note = f"\n    adds to the gradients: G {added['G']:.2f}, D {added['D']:.2f}" if added else ""
        note = "\n    raises RuntimeError" if outcome.error and outcome.error[0] == i else note
        code.text(0, 1 - (i + 0.5) / len(outcome.lines), line + note, family="monospace", fontsize=8, va="center")
    graph.set(xlim=(-0.9, 2.5), ylim=(SUM + 0.6, 0.4))
    graph.axis("off")
    for (who, top), lane in zip(TOP.items(), (1, 0), strict=True):
        graph.text(lane - 0.5, top + 1, who, ha="right", va="center", weight="bold", color=GREY)
    for call in calls:
        is_lit = call.output.grad_fn in lit
        for x in call.inputs:
            above = next((other for other in calls if other.output is x), None)
            if above:
                colour, width = (FAKE, 2.5) if is_lit and x.requires_grad else ("#555555", 1)
                graph.plot([above.lane, call.lane], [above.row, call.row], color=colour, lw=width, zorder=0)
        box = {"boxstyle": "round,pad=0.3", "facecolor": FAKE if is_lit else "#dddddd", "edgecolor": "#555555"}
        colour = "white" if is_lit else "black"
        graph.text(call.lane, call.row, call.title, ha="center", va="center", fontsize=8, bbox=box, color=colour)
    return figure_png(figure)
