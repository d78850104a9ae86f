"""Drawings of chapter 9: what was tried on D's slope, and what came with it."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import nn

from gan_lib.chapters.drawings.networks import on_paper
from gan_lib.chapters.drawings.svg import FAKE, GREY, INK, REAL, SMALL, THIRD, Canvas, Drawing
from gan_lib.chapters.inversion import STARTS, STEPS
from gan_lib.networks.residual import Residual, ResidualGenerator
from gan_lib.training import recipes
from gan_lib.training.augment import HOLE, SHIFT


def slope_of_d() -> Drawing:
    """Five ways to hold D's slope down, and what each limits."""
    games = {name: recipes.RECIPES[f"slope-{name}-0"].game for name in ("clip", "penalty", "ns-r1")}
    rows = (
        ("clip", "each weight", f"within\n±{games['clip'].clip:g}", GREY),
        ("penalty", "the slope between pairs", f"1, weight {games['penalty'].arguments['weight']:g}", THIRD),
        ("spectral norm", "the stretch of each layer", "at most 1", GREY),
        ("R1", "the slope at real pictures", f"0, weight {games['ns-r1'].arguments['weight'] / 2:g}", REAL),
        ("R1 + R2", "… and at made ones", "0 at both", FAKE),
    )
    c = Canvas("slope_of_d", 372)
    c.text(76, 14, "name", SMALL, bold=True)
    c.text(150, 14, "what it limits", SMALL, "start", bold=True)
    c.text(316, 14, "to", SMALL, "start", bold=True)
    for i, (name, limits, to, colour) in enumerate(rows):
        y = 56 + 70 * i
        c.box(76, y, 130, 40, name, colour)
        c.text(150, y, _folded(limits), SMALL, "start")
        c.text(316, y, to.replace(", ", ",\n"), SMALL, "start")
        c.line((150, y + 35), (392, y + 35), colour=GREY, width=0.6) if i < 4 else None
    return c.drawing(
        "The slope of D",
        "Five answers to one question, how steep D may be; the numbers are those of this chapter's ladder.",
        "Five boxes below one another, clip, penalty, spectral norm, R1, R1 and R2; beside each stands what it limits, "
        "and to what.",
    )


def _folded(words: str) -> str:
    """In two lines if it is long."""
    cut = words.rfind(" ", 0, 18)
    return words if len(words) <= 22 else words[:cut] + "\n" + words[cut + 1 :]


def residual_block() -> Drawing:
    """A residual block: what comes in, plus a small correction."""
    generator = on_paper(ResidualGenerator)
    block = [module for module in generator.modules() if isinstance(module, Residual)][-1]
    wide = block.branch[0].in_channels
    c = Canvas("residual_block", 424)
    c.text(150, 16, f"*x*: {wide} channels", SMALL)
    steps = []
    for layer in block.branch:
        if isinstance(layer, nn.Conv2d):
            k = layer.kernel_size[0]
            steps.append((f"{k} × {k}: {layer.in_channels} → {layer.out_channels} channels", FAKE))
        else:
            steps.append((type(layer).__name__, GREY))
    boxes = [c.box(150, 86 + 58 * i, 210, 34, words, colour, size=SMALL) for i, (words, colour) in enumerate(steps)]
    c.arrow((150, 26), boxes[0].top)
    for above, below in pairwise(boxes):
        c.arrow(above.bottom, below.top)
    last = boxes[-1].y + 52
    c.ring(150, last, 14)
    c.text(150, last, "+", 18)
    c.arrow(boxes[-1].bottom, (150, last - 14))
    c.arrow((150, 46), (322, 46), (322, last), (164, last))
    c.text(332, 190, "past it:\n*x* as\nit is", SMALL, "start")
    c.arrow((150, last + 14), (150, last + 46))
    c.text(170, last + 36, "*x* + branch(*x*)", SMALL, "start")
    return c.drawing(
        "A residual block",
        f"What comes in goes past the block unchanged, and the branch adds a correction; its middle layer works on "
        f"{block.branch[2].in_channels} of {wide} channels, which costs a quarter.",
        "x splits: one way leads through three convolutions with LeakyReLU between them, the other past them. Both are "
        "added.",
    )


def truncation() -> Drawing:
    """z shrunk towards 0: each of its numbers is nearer to the middle."""
    psi = 0.5
    points = torch.randn(70, 2, generator=torch.Generator().manual_seed(3)).clamp(-2.4, 2.4)
    c = Canvas("truncation", 276)
    for middle, factor, name, says in (
        (100, 1.0, "ψ = 1", "all kinds,\nsome odd ones"),
        (300, psi, f"ψ = {psi:g}", "few odd ones,\nfewer kinds"),
    ):
        c.text(middle, 14, name, 14, bold=True)
        c.ring(middle, 120, 82, colour=GREY, dashed=True)
        for x, y in (factor * points).tolist():
            c.dot(middle + 32 * x, 120 + 32 * y, 3, FAKE, 0.8)
        c.dot(middle, 120, 3, INK)
        c.text(middle, 246, says, SMALL)
    c.arrow((186, 120), (215, 120))
    c.text(200, 102, "ψ · *z*", SMALL)
    return c.drawing(
        "Truncation",
        "Shrinking z moves each of its numbers towards 0: precision rises, recall falls. With 100 numbers "
        "instead of two, nearly all z lie near the rim.",
        "Left, a cloud of z around 0 that fills a circle. Right, the same cloud shrunk to half: the rim stays empty.",
    )


def inversion() -> Drawing:
    """Inversion: G is frozen, and the gradient moves z until the picture is the wanted one."""
    c = Canvas("inversion", 356)
    z = c.box(120, 28, 170, 44, "*z*: this moves", FAKE)
    g = c.box(120, 124, 130, 48, "*G*", GREY, frozen=True)
    made = c.picture(120, 216, 52, FAKE)
    wanted = c.picture(310, 216, 52, REAL)
    c.box(215, 318, 250, 44, "error: mean (*G*(*z*) − *x*)²")
    c.arrow(z.down(-14), g.up(-14))
    c.arrow(g.down(-14), made.up(-14))
    c.arrow(made.down(-14), (134, 296))
    c.arrow(wanted.bottom, (290, 296))
    c.arrow((160, 296), made.down(14), kind="gradient")
    c.arrow(made.up(14), g.down(14), kind="gradient")
    c.arrow(g.up(14), z.down(14), kind="gradient")
    c.text(158, 270, "gradient", SMALL, "start")
    c.text(310, 172, "the wanted\npicture *x*", SMALL)
    c.text(222, 28, f"{STARTS} random starts,\n{STEPS} steps each;\nthe best one is kept", SMALL, "start")
    return c.drawing(
        "Inversion",
        f"To find a picture's z, freeze G and let the gradient move z: {STARTS} starts of {STEPS} steps each.",
        "z goes through a frozen G to a made picture, which is compared with a wanted one. The gradient of the error "
        "goes back through G and moves z.",
    )


def augmentation() -> Drawing:
    """Real and made pictures are changed at random before D sees them, and the gradient passes through the change."""
    c = Canvas("augmentation", 366)
    g = c.box(86, 26, 130, 40, "*G*", FAKE)
    data = c.box(314, 26, 130, 40, "data", REAL)
    made, real = c.picture(86, 104, 50, FAKE), c.picture(314, 104, 50, REAL)
    c.box(
        200,
        184,
        384,
        50,
        f"changed at random: colour, place (up to {SHIFT:g} of\nthe side), a square of {HOLE:g} of the side cut out",
        GREY,
        size=SMALL,
    )
    c.rect(61, 246, 50, 50, FAKE, 0.12, radius=2)
    c.picture(94, 265, 34, FAKE)
    c.rect(289, 246, 50, 50, REAL, 0.12, radius=2)
    c.picture(306, 278, 34, REAL)
    c.box(200, 342, 150, 40, "*D*", THIRD)
    c.arrow(g.down(-14), made.up(-14))
    c.arrow(data.bottom, real.top)
    for x in (86, 314):
        shift = -14 if x == 86 else 0
        c.arrow((x + shift, 129), (x + shift, 159))
        c.arrow((x + shift, 209), (x + shift, 244))
    c.arrow((92, 298), (122, 334))
    c.arrow((314, 298), (278, 334))
    c.arrow((140, 322), (106, 296), kind="gradient")
    c.arrow((100, 246), (100, 211), kind="gradient")
    c.arrow((100, 159), (100, 131), kind="gradient")
    c.arrow((100, 79), (100, 48), kind="gradient")
    c.text(120, 62, "gradient, through\nthe change to *G*", SMALL, "start")
    c.text(200, 270, "*D* sees nothing\nunchanged", SMALL)
    return c.drawing(
        "Augmentation of what D sees",
        "Real and made pictures are changed in the same way before D sees them, so D learns them by heart more slowly, "
        "and G has no reason to draw the changes.",
        "Made and real pictures go through the same box of random changes and then into D. The gradient for G goes "
        "back through the changes.",
    )


def relativistic_pairs() -> Drawing:
    """Ordinary D: each picture by itself. Relativistic: each real picture against a made one."""
    c = Canvas("relativistic_pairs", 346)
    c.text(100, 14, "each by itself", 14, bold=True)
    c.text(300, 14, "in pairs", 14, bold=True)
    for row in range(3):
        y = 64 + 72 * row
        c.picture(50, y, 44, REAL)
        c.picture(150, y, 44, FAKE)
        c.picture(242, y, 44, REAL)
        c.picture(358, y, 44, FAKE)
        c.arrow((268, y), (332, y), kind="faint")
        c.text(300, y - 12, "more real?", SMALL)
    c.line((200, 4), (200, 316), colour=GREY, width=0.8, dashed=True)
    c.text(50, 258, "logit\nabove 0?", SMALL)
    c.text(150, 258, "logit\nbelow 0?", SMALL)
    c.text(300, 252, "the difference counts", SMALL)
    c.text(100, 302, "no made one is compared\nwith a real one", SMALL)
    c.text(300, 290, "*D* lowers\nsoftplus(*f*(made) − *f*(real)),\n*G* the same turned round", SMALL)
    return c.drawing(
        "Judged in pairs",
        "A relativistic D is asked whether a real picture looks more real than a made one; each made picture has a "
        "real one to measure itself by.",
        "Left, real and made pictures each by themselves, their logits compared with 0. Right, a real and a made "
        "picture in each of three pairs, and an arrow between them.",
    )
