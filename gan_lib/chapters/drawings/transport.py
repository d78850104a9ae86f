"""Drawings of chapter 7: earth that is carried, and ways to hold a critic's slope."""

from __future__ import annotations

from math import log

import torch

from gan_lib.chapters.divergences import best_discriminator, gaussian
from gan_lib.chapters.drawings.svg import FAKE, GREY, REAL, SMALL, THIRD, Canvas, Drawing, Frame
from gan_lib.chapters.transport import sorted_plan
from gan_lib.training import recipes

FROM, TO = (3, 2, 1, 0, 0, 0), (0, 0, 1, 1, 2, 2)  # shovels of earth at each place


def earth_cost() -> float:
    """What the drawn plan costs: shovels times steps."""
    plan = sorted_plan(torch.tensor(FROM), torch.tensor(TO))
    places = torch.arange(len(FROM)).double()
    return (plan * (places[:, None] - places).abs()).sum().item()


def earth_and_shovels() -> Drawing:
    """Two heaps on six places, and the cheapest way to make the one of the other."""
    plan, cost, total = sorted_plan(torch.tensor(FROM), torch.tensor(TO)), earth_cost(), sum(FROM)
    c = Canvas("earth_and_shovels", 380)
    cell, left = 40, 80
    for heap, base, colour, words in ((FROM, 112, REAL, "is"), (TO, 310, FAKE, "wanted")):
        for place, high in enumerate(heap):
            for k in range(high):
                c.rect(left + place * cell, base - (k + 1) * 26, cell, 26, colour, 0.3)
        c.line((left - 6, base), (left + len(heap) * cell + 6, base))
        c.text(38, base - 20, words, SMALL)
    for i, j in plan.nonzero().tolist():
        start, end = (left + (i + 0.5) * cell, 116), (left + (j + 0.5) * cell, 310 - TO[j] * 26 - 4)
        c.arrow(start, end, width=0.8 + 1.2 * plan[i, j].item())
    for place in range(len(FROM)):
        c.text(left + (place + 0.5) * cell, 324, str(place), SMALL)
    c.text(200, 346, f"shovels × places, added up: {cost:g}", SMALL)
    c.text(200, 367, f"W₁ = {cost:g} / {total} = {cost / total:.2f}", 14, bold=True)
    return c.drawing(
        "Earth and shovels",
        f"The cheapest plan carries {total} shovels over {cost:g} places in all. Where each heap weighs 1, that is "
        f"{cost:g} / {total} = {cost / total:.2f}, the earth mover's distance.",
        "Two heaps of earth on six places, one on the left of the row, one on the right. Arrows show which shovel goes "
        "where: none overtakes another.",
    )


def parallel_lines() -> Drawing:
    """Two parallel lines: JSD is log 2 as soon as they are apart, W₁ is their distance."""
    c = Canvas("parallel_lines", 236)
    c.line((60, 40), (60, 180), colour=REAL, width=4)
    c.line((130, 40), (130, 180), colour=FAKE, width=4)
    c.text(60, 24, "data", SMALL)
    c.text(130, 24, "made", SMALL)
    c.arrow((66, 110), (124, 110), kind="faint")
    c.text(95, 98, "θ", 14)
    frame = Frame(214, 30, 170, 150, (-1, 1), (0, 1.05))
    c.line(frame.at(-1, 0), frame.at(1, 0), colour=GREY)
    c.line(frame.at(0, 0), frame.at(0, 1.05), colour=GREY, width=0.8)
    c.curve([frame.at(-1, 1), frame.at(0, 0), frame.at(1, 1)], THIRD, 2.5)
    for low, high in ((-1, -0.03), (0.03, 1)):
        c.line(frame.at(low, log(2)), frame.at(high, log(2)), colour=FAKE, width=2.5)
    c.dot(*frame.at(0, 0), 4, FAKE)
    c.text(*frame.at(0, -0.09), "θ = 0", SMALL)
    c.line((176, 220), (200, 220), colour=THIRD, width=3)
    c.text(206, 220, "W₁ = |θ|", SMALL, "start")
    c.line((276, 220), (300, 220), colour=FAKE, width=3)
    c.text(306, 220, "JSD", SMALL, "start")
    return c.drawing(
        "Two parallel lines",
        f"JSD is {log(2):.2f}, log 2, wherever the lines are apart, and has no slope; W₁ falls with every step nearer.",
        "Left, two parallel lines at a distance θ. Right, over θ: W₁ is a V with its tip at 0, JSD a flat line with a "
        "single point at 0.",
    )


def limiting_a_slope() -> Drawing:
    """Three ways to keep a critic from being steep: clip its weights, punish its slope, divide its layers."""
    clip = recipes.RECIPES["wgan-fashion"].game.clip
    c = Canvas("limiting_a_slope", 420)
    c.text(8, 16, "1  Clip", 14, "start", bold=True)
    c.text(8, 70, f"each weight stays\nwithin ±{clip:g}\nafter each update", SMALL, "start")
    axis = Frame(170, 40, 220, 40, (-2.2, 2.2), (0, 1))
    c.line(axis.at(-2.2, 0), axis.at(2.2, 0), colour=GREY)
    c.rect(*axis.at(-1, 0.7), 100, 28, REAL, 0.15, line="")
    for limit in (-1, 1):
        c.line(axis.at(limit, 0.85), axis.at(limit, -0.1), colour=REAL, width=2)
    for weight in (-1.9, -0.5, 0.2, 0.6, 1.7):
        inside = max(-1, min(1, weight))
        if inside != weight:
            c.dot(*axis.at(weight, 0.3), 4, GREY, 0.4)
            c.arrow(axis.at(weight, 0.3), axis.at(inside * 1.02, 0.3))
        c.dot(*axis.at(inside, 0.3), 4, FAKE)
    c.text(*axis.at(-1, -0.5), f"−{clip:g}", SMALL)
    c.text(*axis.at(1, -0.5), f"{clip:g}", SMALL)
    c.text(8, 148, "2  Penalty", 14, "start", bold=True)
    c.text(8, 208, "the slope at some\npoints is measured;\nwhat differs from 1\ncosts", SMALL, "start")
    plot = Frame(170, 150, 220, 110, (-3, 3), (-1.5, 1.5))
    xs = torch.linspace(-3, 3, 60)
    c.curve(plot.curve(xs, 1.3 * torch.tanh(xs)), THIRD)
    c.line(plot.at(-3, -1.5), plot.at(3, -1.5), colour=GREY)
    for place in (-1.2, 0.0, 1.2):
        value, slope = 1.3 * torch.tanh(torch.tensor(place)).item(), 1.3 / torch.cosh(torch.tensor(place)).item() ** 2
        c.line(
            plot.at(place - 0.6, value - 0.6 * slope), plot.at(place + 0.6, value + 0.6 * slope), colour=FAKE, width=3
        )
        c.dot(*plot.at(place, value), 3.5)
    c.text(8, 292, "3  Spectral norm", 14, "start", bold=True)
    c.text(8, 352, "each layer is divided\nby its largest stretch,\nso none makes\nanything longer", SMALL, "start")
    c.ring(200, 350, 26, colour=GREY)
    c.arrow((230, 350), (252, 350))
    c.ring(294, 350, 38, 18, FAKE, turn=-40, opacity=0.15)
    c.arrow((330, 350), (346, 350))
    c.ring(370, 350, 25, 12, REAL, turn=-40, opacity=0.2)
    c.text(200, 404, "before", SMALL)
    c.text(288, 404, "a layer *W*", SMALL)
    c.text(366, 404, "*W* / σ", SMALL)
    return c.drawing(
        "Three ways to limit a slope",
        "Clipping holds each weight, the penalty holds the slope at some points, the spectral norm holds the stretch "
        "of each layer.",
        f"Three panels. Clip: weights outside ±{clip:g} are moved to its edge. Penalty: tangents at three points of a "
        "curve. Spectral norm: a circle becomes an ellipse, which is shrunk until it reaches as far as the circle.",
    )


def where_the_penalty_looks() -> Drawing:
    """The gradient penalty looks between real and made points, R1 at the real ones, R2 at the made ones."""
    numbers = torch.Generator().manual_seed(4)
    c = Canvas("where_the_penalty_looks", 286)
    real = torch.tensor([95.0, 70.0]) + torch.randn(7, 2, generator=numbers) * torch.tensor([34.0, 20.0])
    fake = torch.tensor([300.0, 172.0]) + torch.randn(7, 2, generator=numbers) * torch.tensor([34.0, 22.0])
    share = torch.rand(7, 1, generator=numbers) * 0.8 + 0.1
    between = share * real + (1 - share) * fake
    for a, b in zip(real.tolist(), fake.tolist(), strict=True):
        c.line(tuple(a), tuple(b), colour=GREY, dashed=True, width=1)
    for points, colour in ((real, REAL), (fake, FAKE), (between, THIRD)):
        for x, y in points.tolist():
            c.dot(x, y, 5, colour)
    for y, colour, words in (
        (238, THIRD, "gradient penalty: between pairs, slope 1"),
        (257, REAL, "R1: at real points, slope 0"),
        (276, FAKE, "R2: at made points, slope 0"),
    ):
        c.dot(60, y, 5, colour)
        c.text(74, y, words, SMALL, "start")
    return c.drawing(
        "Where a penalty looks",
        "The gradient penalty asks for slope 1 at random points between pairs. R1 and R2, two other penalties, of "
        "chapter 9, ask for slope 0 at the data and at the made points.",
        "Blue real points at the upper left, orange made points at the lower right, each joined to one of the other by "
        "a dashed line. A green point lies somewhere on each line.",
    )


def critic_and_discriminator() -> Drawing:
    """Over the same two bumps: the best discriminator is flat where one alone is, the best critic is a slope."""
    x = torch.linspace(-6, 6, 241, dtype=torch.float64)
    p, q = gaussian(x, 3, 0.7), gaussian(x, -3, 0.7)
    d = best_discriminator(p, q)
    c = Canvas("critic_and_discriminator", 290)
    bumps = Frame(10, 200, 380, 64, (-6, 6), (0, 0.6))
    for density, colour in ((p, REAL), (q, FAKE)):
        points = bumps.curve(x, density)
        c.curve(points, colour, filled=True)
        c.curve(points, colour)
    c.line(bumps.at(-6, 0), bumps.at(6, 0), colour=GREY)
    c.text(*bumps.at(-3, -0.13), "made", SMALL)
    c.text(*bumps.at(3, -0.13), "data", SMALL)
    above = Frame(10, 20, 380, 160, (-6, 6), (-6, 6))
    c.line(above.at(-6, 0), above.at(6, 0), colour=GREY, width=0.8)
    c.curve(above.curve(x, x), THIRD, 2.5)
    c.curve(Frame(10, 20 + 160 / 3, 380, 160 / 3, (-6, 6), (0, 1)).curve(x, d), FAKE, 2.5)
    c.text(*above.at(-3.5, 2.9), "best *D*: 0 or 1,\nflat at made points", SMALL)
    c.text(*above.at(2.6, -4.4), "best critic: slope 1\neverywhere", SMALL)
    c.arrow((bumps.at(-3, 0)[0], 190), (bumps.at(-1.4, 0)[0], 190), kind="gradient")
    c.text(bumps.at(-1.2, 0)[0], 190, "gradient of the critic", SMALL, "start")
    return c.drawing(
        "A critic and a discriminator",
        "Where the made points are the best D is flat, while the best critic has slope 1 and tells G where to go.",
        "Two bumps far apart, made on the left and data on the right. Above them the best discriminator is a step, "
        "flat on both sides; the best critic is a straight slope through both.",
    )
