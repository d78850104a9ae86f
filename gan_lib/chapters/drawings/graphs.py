"""Drawings of chapter 5: the graph that a forward pass writes down, and what backward does with it."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch.nn.functional import softplus

from gan_lib.chapters.drawings.svg import FAKE, GREY, REAL, SMALL, THIRD, Box, Canvas, Drawing


def graph_of_a_step() -> Drawing:
    """The graph of softplus(−(w · z + b)): the names are those that torch gives its nodes."""
    w, b = torch.ones(1, requires_grad=True), torch.zeros(1, requires_grad=True)
    product = w * torch.ones(1)
    logit = product + b
    loss = softplus(-logit)
    times, plus, minus = (node.grad_fn.name() for node in (product, logit, -logit))
    keeps = logit.grad_fn.next_functions[1][0].name().rpartition("::")[2]
    c = Canvas("graph_of_a_step", 400)
    weight = c.box(60, 26, 76, 36, "*w*: leaf", REAL)
    noise = c.box(160, 26, 76, 36, "*z*: data", GREY)
    bias = c.box(270, 26, 76, 36, "*b*: leaf", REAL)
    nodes = [
        c.box(x, y, 150, 34, name, THIRD) for x, y, name in ((110, 126, times), (190, 206, plus), (190, 284, minus))
    ]
    end = c.box(190, 370, 200, 44, f"loss\n{loss.grad_fn.name()}", FAKE)
    c.arrow(weight.bottom, (84, 109))
    c.arrow(noise.bottom, (134, 109))
    c.arrow(nodes[0].bottom, (150, 189))
    c.arrow(bias.bottom, (256, 189))
    for above, below in ((nodes[1], nodes[2]), (nodes[2], end)):
        c.arrow(above.down(-14), below.up(-14))
        c.arrow(below.up(14), above.down(14), kind="gradient")
    c.arrow((184, 189), (124, 143), kind="gradient")
    c.arrow((100, 109), (74, 44), kind="gradient")
    c.arrow((272, 189), (286, 44), kind="gradient")
    c.text(294, 122, f"{keeps}:\nadds to\n*b*’s .grad", SMALL, "start")
    c.text(218, 322, "gradient: loss.backward()", SMALL, "start")
    return c.drawing(
        "The graph of a step",
        "The forward pass writes down one node for each operation. Backward walks them the other way, up to the leaves "
        "w and b: weights, which no operation made. It adds to their .grad, and gives the data none.",
        f"The leaves w and b and the data z at the top. w and z go into {times}, its result and b into {plus}, then "
        f"{minus} and the loss. Orange arrows lead back from the loss to w and b, and none to z.",
    )


def _chain(c: Canvas, words: list[tuple[str, str]], x: float = 110, top: float = 26, step: float = 76, w: float = 150):
    """Boxes below one another with arrows of the forward pass; "~" before the words makes one dashed."""
    boxes = []
    for i, (said, colour) in enumerate(words):
        boxes.append(c.box(x, top + step * i, w, 40, said.lstrip("~"), colour, frozen=said.startswith("~")))
    for above, below in pairwise(boxes):
        c.arrow(above.down(-16), below.up(-16))
    return boxes


def _back(c: Canvas, below: Box, above: Box, words: str = "") -> None:
    c.arrow(below.up(16), above.down(16), kind="gradient", words=words, shift=(8, 0), anchor="start")


def graph_freed() -> Drawing:
    """Two losses on one graph: the first backward frees what the second one would need."""
    c = Canvas("graph_freed", 330)
    z = c.box(200, 22, 70, 32, "*z*")
    g = c.box(200, 98, 300, 44, "graph of *G*: its numbers are freed", GREY)
    fake = c.box(200, 178, 150, 36, "made pictures", FAKE)
    c.box(104, 280, 150, 40, "loss of *D*", THIRD)
    c.box(296, 280, 150, 40, "loss of *G*", FAKE)
    c.arrow(z.bottom, g.top)
    c.arrow(g.down(-60), fake.up(-60))
    c.arrow((160, 196), (110, 260))
    c.arrow((240, 196), (290, 260))
    c.arrow((84, 260), (72, 200), (72, 120), kind="gradient")
    c.text(64, 166, "1st\ngradient", SMALL, "end")
    c.arrow((316, 260), (328, 200), (328, 134), kind="gradient")
    c.cross(328, 130)
    c.text(336, 166, "2nd\ngradient", SMALL, "start")

    c.text(200, 318, "1st backward frees, 2nd finds nothing: an error", SMALL)
    return c.drawing(
        "A graph walked twice",
        "The first backward frees the numbers that G's graph has kept, so a second one through G fails.",
        "From z through G to made pictures, and from these to two losses. The gradient of D's loss has walked back "
        "into G's graph; that of G's loss comes second and ends at a cross before G.",
    )


def graph_changed() -> Drawing:
    """A step between forward and backward changes a weight in place, and backward notices by its version."""
    weight = torch.ones(1, requires_grad=True)
    seen = weight._version
    with torch.no_grad():
        weight.add_(1)
    now = weight._version
    c = Canvas("graph_changed", 330)
    boxes = [
        c.box(120, 28, 200, 44, f"forward pass: keeps *w*,\nversion {seen}", GREY, size=SMALL),
        c.box(120, 118, 200, 44, f"g_adam.step(): *w* changes\nin place, version {now}", FAKE, size=SMALL),
        c.box(120, 208, 200, 44, f"d_loss.backward(): wants\n*w* at version {seen}", THIRD, size=SMALL),
        c.box(120, 298, 200, 40, "RuntimeError: modified by\nan inplace operation", FAKE, size=SMALL, opacity=0.35),
    ]
    for above, below in pairwise(boxes):
        c.arrow(above.bottom, below.top)
    c.box(330, 28, 110, 40, f"*w*, version {seen}", REAL, size=SMALL)
    c.box(330, 118, 110, 40, f"*w*, version {now}", FAKE, size=SMALL)
    c.arrow((330, 48), (330, 98))
    c.arrow((220, 208), (330, 208), (330, 138), kind="gradient")
    c.cross(330, 168)
    c.text(394, 238, f"{seen} was noted,\n{now} is there", SMALL, "end")
    c.text(276, 196, "gradient", SMALL)
    return c.drawing(
        "A weight changed in place",
        "A step between forward and backward changes a weight that the graph still needs, and torch notices by the "
        "weight's version.",
        f"Four boxes below one another: the forward pass keeps the weight at version {seen}; a step of G makes it "
        f"version {now}; backward wants version {seen}; an error.",
    )


def graph_detached() -> Drawing:
    """With detach D's graph begins at the made pictures: nothing of G hangs on it."""
    c = Canvas("graph_detached", 356)
    _chain(c, [("*z*", GREY), ("*G*", FAKE), ("made pictures", FAKE)], top=22)
    leaf = c.box(110, 250, 150, 36, "the same numbers", GREY)
    loss = c.box(110, 334, 150, 36, "*D*, loss of *D*", THIRD)
    c.line((110, 194), (110, 232), dashed=True)
    c.line((10, 213), (390, 213), colour=FAKE, width=2)
    c.text(216, 204, "fake.detach() cuts here", SMALL, "start")
    c.arrow(leaf.down(-16), loss.up(-16))
    c.arrow(loss.up(16), leaf.down(16), kind="gradient", words="gradient", shift=(8, 0), anchor="start")
    c.text(206, 98, "this graph stays whole:\n*G*’s step can walk it later", SMALL, "start")
    c.text(206, 250, "a tensor without history:\nthe gradient ends here", SMALL, "start")
    return c.drawing(
        "Detached",
        "After detach the same numbers have no history, so D's gradient ends at them and G's graph stays whole for "
        "G's own step.",
        "Above a line: z, G and made pictures. Below it: the same numbers without their history, and D with its loss. "
        "The gradient goes from the loss back to the numbers and not over the line.",
    )


def graph_frozen() -> Drawing:
    """With requires_grad_(False) for D the gradient passes through D, and D keeps none."""
    c = Canvas("graph_frozen", 336)
    boxes = _chain(
        c,
        [("*z*", GREY), ("*G*: .grad filled", FAKE), ("made pictures", FAKE), ("~*D*", THIRD), ("loss of *G*", FAKE)],
        top=22,
        step=73,
    )
    for below, above in zip(boxes[:1:-1], boxes[-2:0:-1], strict=True):
        _back(c, below, above, "gradient" if below is boxes[-1] else "")
    c.text(200, 241, "requires_grad_(False):\nits weights get no .grad,\nthe pictures still do", SMALL, "start")
    c.text(200, 95, "here the gradient was\nmeant to arrive", SMALL, "start")
    return c.drawing(
        "Frozen, and still passed through",
        "Freezing D stops the gradient of D's weights, and not the one that passes through D to the pictures and G.",
        "z, G, made pictures, D, dashed and frozen, and the loss of G below one another. The gradient goes from the "
        "loss through D and the pictures to G. D's weights get none of it.",
    )


def graph_joint() -> Drawing:
    """One loss for both: what it means for each player that both losses send their gradient everywhere."""
    c = Canvas("graph_joint", 352)
    z = c.box(130, 22, 70, 32, "*z*")
    g = c.box(130, 96, 170, 40, "*G* gets both", FAKE)
    d = c.box(130, 180, 170, 40, "*D* gets both", THIRD)
    one = c.box(80, 276, 130, 40, "loss of *G*", FAKE)
    two = c.box(240, 276, 130, 40, "loss of *D*", THIRD)
    c.box(160, 334, 160, 32, "their sum, backward")
    c.arrow(z.bottom, g.top)
    c.arrow(g.down(-30), d.up(-30))
    c.arrow((80, 200), (64, 256))
    c.arrow((150, 200), (208, 256))
    c.arrow((88, 256), (102, 200), kind="gradient")
    c.arrow((234, 256), (178, 200), kind="gradient")
    c.arrow(d.up(10), g.down(10), kind="gradient")
    c.arrow(d.up(30), g.down(30), kind="gradient")
    c.arrow(one.down(20), (110, 318), kind="faint")
    c.arrow(two.down(-20), (212, 318), kind="faint")
    c.text(232, 96, "“look more real” and\n“look more made”", SMALL, "start")
    c.text(232, 180, "“call it real” and\n“call it made”", SMALL, "start")
    c.text(230, 138, "both gradients", SMALL, "start")
    return c.drawing(
        "One loss for both",
        "Two backwards add up to one of the sum. So G and D lower the same number together: no player is left who "
        "plays against the other.",
        "z goes through G and D to two losses, whose sum is walked back at once. Two gradients, one of each loss, "
        "enter D and go on into G.",
    )
