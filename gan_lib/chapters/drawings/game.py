"""Drawings of chapter 1: the game, its two steps, and what its theory speaks of."""

from __future__ import annotations

from itertools import pairwise
from math import ceil

import torch

from gan_lib.chapters.divergences import gaussian, kl
from gan_lib.chapters.drawings.svg import FAKE, GREY, INK, REAL, SMALL, THIRD, Canvas, Drawing, Frame
from gan_lib.chapters.xy import walk


def the_game() -> Drawing:
    """Two players: G turns random numbers into a picture, D says real or made, and both learn from its answer."""
    c = Canvas("the_game", 360)
    z = c.box(112, 28, 150, 36, "*z*: random numbers")
    g = c.box(112, 104, 150, 44, "*G*, the generator", FAKE)
    made = c.picture(112, 188, 52, FAKE)
    data = c.box(310, 104, 150, 44, "data", REAL)
    real = c.picture(310, 188, 52, REAL)
    d = c.box(211, 262, 270, 44, "*D*, the discriminator", THIRD)
    says = c.box(211, 338, 270, 34, "real or made?", GREY)
    c.arrow(z.bottom, g.top)
    c.arrow(g.down(14), made.up(14))
    c.arrow(data.bottom, real.top)
    c.arrow(made.down(14), d.up(-85))
    c.arrow(real.bottom, d.up(99))
    c.arrow(d.bottom, says.top)
    c.text(148, 188, "a made\npicture", SMALL, "start")
    c.text(274, 188, "a real\npicture", SMALL, "end")
    for below, above in ((says.up(-113), d.down(-113)), (d.up(-113), made.down(-14)), (made.up(-14), g.down(-14))):
        c.arrow(below, above, kind="gradient")
    c.text(106, 302, "gradient\nto *G*", SMALL, "start")
    c.arrow(says.up(99), d.down(99), kind="gradient")
    c.text(302, 302, "gradient\nto *D*", SMALL, "end")
    return c.drawing(
        "The game",
        "Both players learn from the same answer: D to be right about it, G, through D, to make it wrong.",
        "Random numbers z go into the generator G, which makes a picture. A made picture and a real one go to the "
        "discriminator D, which answers: real or made? From that answer one gradient leads back to D, another through "
        "D and the made picture to G.",
    )


def step_of_d() -> Drawing:
    """A step of D: its gradient ends at the made picture, because that was detached from G."""
    c = Canvas("step_of_d", 372)
    z = c.box(100, 24, 70, 32, "*z*")
    g = c.box(100, 92, 110, 48, "*G*", FAKE, frozen="stays as it is")
    fake = c.box(100, 192, 130, 36, "made pictures", FAKE)
    real = c.box(300, 192, 130, 36, "real pictures", REAL)
    d = c.box(200, 268, 180, 44, "*D*: its weights move", THIRD)
    loss = c.box(200, 346, 260, 36, "loss of *D*: real → 1, made → 0")
    c.arrow(z.bottom, g.top)
    c.arrow(g.bottom, fake.top)
    c.arrow(fake.bottom, (140, 246))
    c.arrow(real.bottom, (260, 246))
    c.arrow(d.down(-14), loss.up(-14))
    c.arrow(loss.up(14), d.down(14), kind="gradient", words="gradient", shift=(9, 0), anchor="start")
    c.cross(100, 145)
    c.text(116, 145, "detach: here the graph is cut,\nno gradient comes to *G*", SMALL, "start")
    return c.drawing(
        "A step of D",
        "In D's step the gradient of D's loss moves D alone, because the made pictures were detached from G.",
        "z goes through G, which stays as it is, to made pictures. These are cut off from G by detach. Made and real "
        "pictures go into D and on to the loss of D. The gradient goes back from the loss into D and ends there.",
    )


def step_of_g() -> Drawing:
    """A step of G: the gradient passes through D, which is frozen, and moves G."""
    c = Canvas("step_of_g", 384)
    z = c.box(150, 24, 70, 32, "*z*")
    g = c.box(150, 104, 190, 44, "*G*: its weights move", FAKE)
    fake = c.box(150, 188, 150, 36, "made pictures", FAKE)
    d = c.box(150, 276, 150, 48, "*D*", THIRD, frozen=True)
    loss = c.box(150, 360, 250, 36, "loss of *G*: low if *D* says real")
    for above, below in ((z, g), (g, fake), (fake, d), (d, loss)):
        c.arrow(above.down(-14), below.up(-14))
    for above, below in ((g, fake), (fake, d), (d, loss)):
        c.arrow(below.up(14), above.down(14), kind="gradient")
    c.text(175, 318, "gradient", SMALL, "start")
    c.text(236, 276, "the gradient passes\nthrough *D*, and *D*\nkeeps none of it", SMALL, "start")
    c.text(256, 104, "here it is kept:\n“so you would look\nmore real”", SMALL, "start")
    return c.drawing(
        "A step of G",
        "In G's step the gradient passes through the frozen D, which tells G how each pixel should change.",
        "z goes through G to made pictures, through D, which is frozen, to the loss of G. The gradient goes back from "
        "the loss through D and the pictures into G, and moves G's weights alone.",
    )


def autoencoder_and_gan() -> Drawing:
    """Above an auto-encoder, which is compared with a picture; below a GAN, which is compared with none."""
    c = Canvas("autoencoder_and_gan", 330)
    xs = [36, 118, 200, 282, 364]

    def row(y: float, words: list[tuple[str, str]], first: int = 0) -> list:
        boxes = [
            c.box(x, y, 66, 40, word, colour, size=SMALL) for x, (word, colour) in zip(xs[first:], words, strict=False)
        ]
        for one, other in pairwise(boxes):
            c.arrow(one.right, other.left)
        return boxes

    c.text(3, 14, "An auto-encoder", 14, "start", bold=True)
    top = row(60, [("picture", REAL), ("encoder", THIRD), ("code", GREY), ("decoder", FAKE), ("copy", FAKE)])
    c.line(top[0].bottom, (36, 112), (364, 112), top[4].bottom, dashed=True)
    c.text(200, 129, "compared pixel by pixel: the error is squared", SMALL)
    c.text(3, 186, "A GAN", 14, "start", bold=True)
    low = row(232, [("random\n*z*", GREY), ("*G*", FAKE), ("made", FAKE)], first=1)
    c.box(364, 266, 66, 40, "*D*", THIRD, size=SMALL)
    real = c.box(282, 300, 66, 40, "real", REAL, size=SMALL)
    c.arrow(low[2].right, (340, 246))
    c.arrow(real.right, (340, 286))
    c.text(364, 312, "which is\nwhich?", SMALL)
    c.text(118, 300, "no picture belongs to a *z*:\nonly the crowd is compared", SMALL)
    return c.drawing(
        "An auto-encoder and a GAN",
        "A decoder is compared with one picture, pixel by pixel; G is asked only that its pictures look like the data.",
        "Above: a picture goes through an encoder to a code and through a decoder to a copy; copy and picture are "
        "compared. Below: a random z goes through G to a made picture; D gets it and real ones, and tells them apart.",
    )


def xy_turns() -> Drawing:
    """The smallest game, V = xy: both at once the steps spiral outwards, in turns they stay on a closed curve."""
    rate, steps = 0.2, 40
    once, turns = walk(rate=rate, steps=steps), walk(rate=rate, steps=steps, in_turns=True)
    far = once.norm(dim=1)
    c = Canvas("xy_turns", 254)
    limit = far.max().item() * 1.08
    for left, path, name, colour in ((4, once, "both at once", FAKE), (208, turns, "in turns", REAL)):
        frame = Frame(left, 30, 188, 188, (-limit, limit), (-limit, limit))
        c.text(left + 94, 14, name, 14, bold=True)
        c.line(frame.at(-limit, 0), frame.at(limit, 0), colour=GREY, width=1)
        c.line(frame.at(0, -limit), frame.at(0, limit), colour=GREY, width=1)
        points = frame.curve(*path.T.tolist())
        c.curve(points, colour, 1.5)
        for point in points[1:]:
            c.dot(*point, 2.4, colour)
        c.dot(*points[0], 5, INK)
        c.dot(*frame.at(0, 0), 3, GREY)
        c.text(*frame.at(limit * 0.93, -limit * 0.1), "*x*", SMALL)
        c.text(*frame.at(-limit * 0.1, limit * 0.9), "*y*", SMALL)
    c.text(98, 238, f"{steps} steps: {far[-1]:.1f} times as far", SMALL)
    most = ceil(100 * turns.norm(dim=1).max()) / 100
    c.text(302, 238, f"never beyond {most:.2f} times", SMALL)
    return c.drawing(
        "Two ways to take steps",
        f"With rate {rate}, {steps} steps of both at once lead {far[-1]:.1f} times as far from the equilibrium; "
        "in turns they stay near a closed curve.",
        "Two planes with x and y. Left, both players step at once: the points spiral outwards. Right, they step in "
        "turns: the points stay on a closed curve around the middle.",
    )


def two_kls() -> Drawing:
    """Data of two clouds, and the one bump that each KL likes best, found by a search through means and widths."""
    x = torch.linspace(-6, 6, 241, dtype=torch.float64)
    dx = (x[1] - x[0]).item()
    p = 0.5 * gaussian(x, -2, 0.6) + 0.5 * gaussian(x, 2, 0.6)
    bumps = [
        (mean, width) for mean in torch.arange(0, 3.01, 0.2).tolist() for width in torch.arange(0.4, 3, 0.1).tolist()
    ]
    drawn = [gaussian(x, mean, width) for mean, width in bumps]
    c = Canvas("two_kls", 322)
    covers, sits = min(drawn, key=lambda q: kl(p, q, dx)), min(drawn, key=lambda q: kl(q, p, dx))
    rows = (
        (covers, "KL(data ‖ bump): must cover all", "punished where data is and no bump"),
        (sits, "KL(bump ‖ data): may sit on one", "punished where the bump is and no data"),
    )
    for top, (q, title, pays) in zip((0, 168), rows, strict=True):
        frame = Frame(10, top + 48, 380, 96, (-6, 6), (0, 0.72))
        c.text(200, top + 12, title, 14, bold=True)
        c.text(200, top + 32, pays, SMALL)
        for density, colour in ((p, REAL), (q, FAKE)):
            points = frame.curve(x, density)
            c.curve([frame.at(-6, 0), *points, frame.at(6, 0)], colour, filled=True)
            c.curve(points, colour)
        c.line(frame.at(-6, 0), frame.at(6, 0), colour=GREY)
        c.text(*frame.at(-2, 0.42), "data", SMALL)
        peak = q.argmax()
        c.text(
            *frame.at(
                x[peak].item() + (0 if q is covers else 1.6), q[peak].item() * 0.8 + (0.11 if q is covers else 0)
            ),
            "bump",
            SMALL,
        )
    return c.drawing(
        "Two KLs, two wishes",
        "KL punishes a bump that leaves data out, so the best one covers both clouds; the reverse KL punishes a bump "
        "where no data is, so the best one sits on one cloud.",
        "Twice the same two clouds of data. Above, the bump with the least KL is wide and lies over both. Below, the "
        "bump with the least reverse KL is narrow and lies on the right cloud.",
    )
