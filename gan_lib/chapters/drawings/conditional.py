"""Drawings of chapter 6: three ways to ask for a label."""

from __future__ import annotations

from math import prod

import torch
from torch import nn

from gan_lib.chapters.drawings.networks import on_paper, recorded_shapes, shape_words
from gan_lib.chapters.drawings.svg import FAKE, GREY, REAL, SMALL, THIRD, Box, Canvas, Drawing
from gan_lib.networks.any_side import AnySideDiscriminator
from gan_lib.networks.conditional import CGANDiscriminator, CGANGenerator
from gan_lib.training import recipes


def _linear(network: nn.Module) -> list[int]:
    """The sizes of an MLP from its input to its output."""
    layers = [layer for layer in network.modules() if isinstance(layer, nn.Linear)]
    return [layers[0].in_features, *(layer.out_features for layer in layers)]


def _seven(c: Canvas, x: float, y: float, colour: str) -> Box:
    """A sign for a picture of the digit that was ordered."""
    c.rect(x - 24, y - 24, 48, 48, colour, 0.12, width=1.2, radius=2)
    c.curve(((x - 11, y - 14), (x + 11, y - 14), (x - 4, y + 15)), colour, width=5)
    return Box(x, y, 48, 48)


def cgan() -> Drawing:
    """CGAN: both players are told the label; it stands beside z, and beside the picture."""
    g, d = on_paper(CGANGenerator), on_paper(CGANDiscriminator)
    into_g, into_d = _linear(g.model), _linear(d.model)
    told, pixels = g.label_emb.embedding_dim, prod(d.image_shape)
    c = Canvas("cgan", 424)
    z = c.box(82, 24, 130, 36, f"*z*: {g.latent_dim}")
    c.box(300, 24, 150, 36, "label: seven", REAL)
    c.box(125, 124, 220, 56, "*G*, told the label\n" + " → ".join(map(str, into_g)), FAKE, size=SMALL)
    made = _seven(c, 96, 214, FAKE)
    dis = c.box(150, 314, 270, 56, "*D*, told the label\n" + " → ".join(map(str, into_d)), THIRD, size=SMALL)
    says = c.box(150, 402, 270, 36, "a real seven, or not?")
    c.arrow(z.bottom, (82, 96))
    c.arrow((270, 42), (270, 66), (190, 66), (190, 96))
    c.text(198, 80, f"+ {told} numbers", SMALL, "start")
    c.arrow((96, 152), made.top)
    c.arrow(made.bottom, (96, 286))
    c.text(106, 260, f"{pixels} pixels", SMALL, "start")
    c.arrow((340, 42), (340, 300), (285, 300))
    c.text(334, 222, f"+ {told} numbers", SMALL, "end")
    c.arrow(dis.bottom, says.top)
    return c.drawing(
        "CGAN",
        f"Both players are told the label: {told} numbers for it stand beside z ({into_g[0]} in all) and beside the "
        f"pixels ({into_d[0]}).",
        f"z with {g.latent_dim} numbers and the label go into G, which makes a picture. The picture and the same label "
        "go into D, which says whether it is a real picture of that label.",
    )


def acgan() -> Drawing:
    """ACGAN: only G is told the label; D has a second head that guesses it. The chapter's convolutional one."""
    players = recipes.recipe("acgan-mnist").players.values()
    g, d = (on_paper(player.network, **player.args) for player in players)
    shapes = recorded_shapes(d, torch.zeros(2, *d.image_shape, device="meta"))
    trunk = next(shape for _, shape in reversed(shapes) if shape[-1] > 1)
    c = Canvas("acgan", 432)
    z = c.box(82, 24, 130, 36, f"*z*: {g.latent_dim}")
    y = c.box(300, 24, 150, 36, "label: seven", REAL)
    gen = c.box(200, 112, 240, 52, f"*G*, told the label\n{g.latent_dim} + {g.classes} numbers", FAKE, size=SMALL)
    made = _seven(c, 200, 192, FAKE)
    dis = c.box(200, 280, 240, 52, f"*D*, not told the label\nfeatures: {shape_words(trunk)}", THIRD, size=SMALL)
    one = c.box(104, 384, 170, 48, "first head, 1 logit:\nreal or fake?", GREY, size=SMALL)
    two = c.box(296, 384, 170, 48, f"second head, {d.classes} logits:\nwhich label?", REAL, size=SMALL)
    c.arrow(z.bottom, (120, 86))
    c.arrow(y.bottom, (270, 86))
    c.arrow(gen.bottom, made.top)
    c.arrow(made.bottom, dis.top)
    c.arrow((150, 306), one.up(20))
    c.arrow((250, 306), two.up(-20))

    c.arrow((385, 384), (392, 384), (392, 24), y.right, kind="faint")
    c.text(386, 200, "the same?", SMALL, "end")
    return c.drawing(
        "ACGAN",
        f"D is not told the label; a second head with {d.classes} logits guesses it, and both players want that guess "
        "to be right. Here: the convolutional ACGAN of the digits.",
        f"z and a label go into G. Its picture goes into D, which ends in two heads: one says real or fake, the other "
        f"which of {d.classes} labels. That guess is compared with the label that G was given.",
    )


def projection() -> Drawing:
    """A projection: D adds to its logit how well the picture's features fit the label's row.

    Over the places the paper sums; the library's network takes their mean, which differs by a factor.
    """
    d = on_paper(AnySideDiscriminator, side=32, channels=1, classes=10)
    wide = d.told.in_features
    c = Canvas("projection", 400)
    picture = _seven(c, 110, 30, REAL)
    y = c.box(304, 30, 150, 40, "label: seven", REAL)
    trunk = c.box(110, 116, 180, 44, "convolutions of *D*", THIRD)
    rows = c.grid(244, 116, d.classes, 6, 15, lambda row, column: (REAL, 0.5) if row == 7 else (GREY, 0.1))
    c.text(289, 286, f"a row of {wide} numbers\nfor each of {d.classes} labels", SMALL)
    h = c.box(110, 214, 180, 44, f"sum over places:\n*h*, {wide} numbers", THIRD, size=SMALL)
    c.arrow(picture.bottom, trunk.top)
    c.arrow(trunk.bottom, h.top)
    c.arrow(y.bottom, rows.up(15))
    c.box(70, 320, 110, 40, "head: 1 number", GREY, size=SMALL)
    fit = c.box(250, 334, 200, 44, "*h* · row of seven:\ndo they fit?", REAL, size=SMALL)
    c.arrow((70, 236), (70, 300))
    c.arrow((150, 236), (190, 312))
    c.arrow((334, 228), (386, 228), (386, 334), fit.right)
    c.text(70, 380, "logit = head + fit", SMALL)
    return c.drawing(
        "The projection",
        f"D adds to its answer how well the picture's {wide} features fit the row of the label it was told.",
        f"A picture becomes {wide} features h in D's convolutions. The label chooses a row of a table with {d.classes} "
        "rows. The product of h and the row is added to the head's number: that is the logit.",
    )


def three_conditional_games() -> Drawing:
    """CGAN, ACGAN and projection over one another: what D is told, and what it is asked."""
    c = Canvas("three_conditional_games", 402)
    games = (
        ("CGAN", "picture", "*D*", "real picture\nof the label?"),
        ("ACGAN", "picture", "*D*", "real? and\nwhich label?"),
        ("Projection", "picture", "*D*", "real? + does\nthe label fit?"),
    )
    for i, (name, given, player, asked) in enumerate(games):
        y = 78 + 134 * i
        c.text(8, y - 62, name, 14, "start", bold=True)
        into = c.box(66, y, 116, 64, given, FAKE, size=SMALL)
        judge = c.box(206, y, 76, 52, player, THIRD)
        says = c.box(334, y, 116, 64, asked, GREY, size=SMALL)
        c.arrow(into.right, judge.left)
        c.arrow(judge.right, says.left)
        if i == 0:
            c.box(206, y - 60, 76, 24, "label", REAL, size=SMALL)
            c.arrow((206, y - 48), judge.top)
        if i == 1:
            c.text(206, y - 42, "never told", SMALL)
        if i == 2:
            c.box(206, y - 60, 76, 24, "label", REAL, size=SMALL)
            c.arrow((244, y - 60), (334, y - 60), says.top)
    return c.drawing(
        "Three games with labels",
        "CGAN tells D the label at the start, projection at the end, ACGAN never: there D has to guess it.",
        "Three rows. CGAN: picture and label go into D, which says whether the picture is a real one of that label. "
        "ACGAN: the picture alone goes in, and D says real or fake and which label. Projection: the picture goes in, "
        "and the label is compared with D's features at the end.",
    )
