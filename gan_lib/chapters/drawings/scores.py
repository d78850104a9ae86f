"""Drawings of chapter 8: what each score looks at."""

from __future__ import annotations

from itertools import combinations, product

import torch
from torch import Tensor

from gan_lib.chapters.drawings.networks import on_paper, parameters
from gan_lib.chapters.drawings.svg import FAKE, GREY, REAL, SMALL, THIRD, Canvas, Drawing
from gan_lib.networks.classifier import SmallClassifier
from gan_lib.networks.self_taught import SelfTaught
from gan_lib.scores.metrics import NEIGHBOURS


def frechet_pipeline() -> Drawing:
    """From pictures to the Fréchet distance: judge, features, two Gaussians, a number."""
    judge = on_paper(SmallClassifier)
    n = judge.num_features
    c = Canvas("frechet_pipeline", 404)
    for x, colour, words in ((110, REAL, "real"), (290, FAKE, "made")):
        for k in (2, 1, 0):
            c.picture(x + 9 * k, 36 - 5 * k, 44, colour)
        c.text(x + (54 if x < 200 else -54), 36, words, SMALL)
        c.arrow((x, 60), (x, 88))
        c.arrow((x, 132), (x, 158), words=f"{n} features", shift=(10, 0) if x > 200 else (-10, 0),
                anchor="start" if x > 200 else "end")  # fmt: skip
        numbers = torch.Generator().manual_seed(x)
        tilt = -25 if x < 200 else 20
        turn = torch.tensor(-tilt).deg2rad()
        across = torch.tensor([[turn.cos(), -turn.sin()], [turn.sin(), turn.cos()]])
        cloud = torch.randn(40, 2, generator=numbers) * torch.tensor([26.0, 13.0]) @ across
        for a, b in cloud.tolist():
            c.dot(x + max(-80, min(80, a)), 204 + max(-42, min(42, b)), 2.2, colour, 0.8)
        c.ring(x, 204, 54, 27, colour, turn=tilt, opacity=0.12)
        c.text(x, 266, "mean μ, covariance Σ", SMALL)
        c.arrow((x, 280), (200 + (x - 200) * 0.4, 316))
    c.box(200, 110, 330, 42, f"the judge: a classifier, {parameters(judge):,} parameters", THIRD, size=SMALL)
    c.box(200, 340, 270, 44, "how far is one Gaussian\nfrom the other?", GREY)
    c.text(200, 386, "|μ₁ − μ₂|² + tr(Σ₁ + Σ₂ − 2 (Σ₁Σ₂)^½)", SMALL)
    return c.drawing(
        "The Fréchet distance",
        f"A judge turns pictures into {n} features, two Gaussians stand for the two clouds, and the score is the "
        "distance between these.",
        "Two columns, real and made pictures. Both go through one judge to clouds of features, each described by an "
        "ellipse, mean and covariance. A box below compares the two.",
    )


def clouds() -> tuple[Tensor, Tensor]:
    """Real points (8, 2) in two groups, made points (8, 2) near the first one alone."""
    real = torch.tensor([[40, 60], [62, 40], [78, 72], [54, 88], [120, 128], [140, 108], [150, 140], [118, 152]])
    fake = torch.tensor([[52, 58], [60, 70], [70, 54], [46, 76], [66, 84], [80, 60], [20, 150], [84, 46]])
    return real.double(), fake.double()


def inside(points: Tensor, centres: Tensor) -> tuple[Tensor, Tensor]:
    """Which points lie in a ball, (N,); a ball reaches from its centre to the third nearest other one: radii (N,)."""
    radii = torch.cdist(centres, centres).kthvalue(NEIGHBOURS + 1).values
    return (torch.cdist(points, centres) <= radii).any(1), radii


def precision_and_recall() -> Drawing:
    """Balls around the real points catch made ones: precision. Balls around the made points catch real ones: recall."""
    real, fake = clouds()
    c = Canvas("precision_and_recall", 300)
    shares = []
    sides = ((8, "Precision", real, fake, REAL, FAKE, "made"), (206, "Recall", fake, real, FAKE, REAL, "real"))
    for left, name, centres, points, around, colour, kind in sides:
        caught, radii = inside(points, centres)
        shares.append(f"{caught.sum().item()} of {len(points)}")
        c.text(left + 94, 14, name, 14, bold=True)
        c.parts.append(f'<svg x="{left}" y="32" width="188" height="196" viewBox="0 0 188 196">')
        for (x, y), radius in zip(centres.tolist(), radii.tolist(), strict=True):
            c.dot(x, y + 4, radius, around, 0.1)
        for x, y in centres.tolist():
            c.dot(x, y + 4, 4, around)
        for (x, y), hit in zip(points.tolist(), caught.tolist(), strict=True):
            c.dot(x, y + 4, 5, colour, 1 if hit else 0, None)
        c.parts.append("</svg>")
        c.rect(left, 32, 188, 196, GREY, 0, width=0.8)
        c.text(left + 94, 250, f"balls around {'real' if kind == 'made' else 'made'} points:", SMALL)
        c.text(left + 94, 268, f"{shares[-1]} {kind} ones inside", SMALL)
    c.text(200, 291, f"a ball reaches to the {NEIGHBOURS}rd nearest of its own kind", SMALL)
    return c.drawing(
        "Precision and recall",
        f"Precision asks how many made points lie among real ones (here {shares[0]}), recall how many real points lie "
        f"among made ones ({shares[1]}).",
        "Twice the same blue real and orange made points. Left, balls around the real points; most made points lie "
        "inside. Right, balls around the made points; the second group of real points, which G misses, lies outside.",
    )


def kid_pairs() -> Drawing:
    """KID compares points in pairs: real with real, made with made, real with made."""
    c = Canvas("kid_pairs", 300)
    real = [(92, 60), (58, 120), (118, 118), (74, 176)]
    fake = [(300, 64), (338, 118), (278, 124), (318, 180)]
    for a, b in product(real, fake):
        c.line(a, b, colour=GREY, width=0.8, dashed=True)
    for group, colour in ((real, REAL), (fake, FAKE)):
        for a, b in combinations(group, 2):
            c.line(a, b, colour=colour, width=1.8)
        for x, y in group:
            c.dot(x, y, 6, colour)
    c.text(86, 24, "real", SMALL)
    c.text(310, 24, "made", SMALL)
    rows = (
        ("real with real", REAL, "+ mean"),
        ("made with made", FAKE, "+ mean"),
        ("real with made", GREY, "− 2 · mean"),
    )
    for i, (words, colour, sign) in enumerate(rows):
        y = 222 + 22 * i
        c.line((70, y), (104, y), colour=colour, width=2, dashed=colour == GREY)
        c.text(114, y, words, SMALL, "start")
        c.text(250, y, sign, SMALL, "start")
    c.text(200, 288, "of how alike the two of a pair are", SMALL)
    return c.drawing(
        "KID in pairs",
        "If made points are like real ones, pairs across are as alike as pairs within, and the sum is about 0.",
        "Four real and four made points. Solid lines join each pair within a kind, dashed lines each pair across. KID "
        "is the mean likeness within both kinds minus twice that across.",
    )


def two_judges() -> Drawing:
    """Two networks learned different tasks, look at the same pictures, and mind different things."""
    one, two = on_paper(SmallClassifier), on_paper(SelfTaught)
    c = Canvas("two_judges", 352)
    c.picture(182, 36, 48, REAL)
    c.picture(218, 36, 48, FAKE)
    sides = (
        (102, one, REAL, "first", f"learned {one.head.out_features} labels", "a small shift,\nwhich people overlook"),
        (298, two, THIRD, "second", "learned to find a picture\nagain after a shift", "grain,\nwhich people forgive"),
    )
    for x, judge, colour, name, task, minds in sides:
        c.arrow((200 + (x - 200) * 0.2, 62), (x, 94))
        c.box(x, 120, 186, 50, f"the {name} judge\n{parameters(judge):,} parameters", colour, size=SMALL)
        c.text(x, 176, task, SMALL)
        c.arrow((x, 204), (x, 232), words=f"{judge.num_features} features", shift=(8, 0), anchor="start")
        c.box(x, 258, 186, 48, f"minds {minds}", GREY, size=SMALL)
        c.arrow((x, 282), (200 + (x - 200) * 0.5, 316))
    c.text(200, 332, "two distances, which may disagree", SMALL)
    return c.drawing(
        "Two judges",
        "A distance depends on the network that looks. These two learned different tasks, and mind different things.",
        "The same pictures go to two judges. The first learned labels and minds a small shift; the second learned to "
        "find shifted pictures again and minds grain. Each gives features and a distance of its own.",
    )
