"""The small engine of the book's drawings: boxes, arrows, words and curves on a canvas, and SVG from them.

A canvas is 400 units wide, words are 12 units or larger: one still reads them on a phone of 360 px. Lines and words
have the colour of the page's text, and areas are translucent: a drawing fits light and dark, without a style sheet.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from math import atan2, cos, hypot, sin
from typing import NamedTuple

from gan_lib.show.plots import FAKE, GREY, REAL, THIRD

INK = "currentColor"
WIDTH = 400
SMALL, NORMAL = 12, 13  # sizes of words, in units
NAMES = {REAL: "real", FAKE: "fake", THIRD: "third", GREY: "grey"}
Point = tuple[float, float]
# What an arrow stands for → its colour, its dashes, its width.
KINDS = {
    "data": (INK, "", 1.5),
    "gradient": (FAKE, "6 4", 2.0),
    "faint": (GREY, "", 1.2),
}


@dataclass(frozen=True)
class Drawing:
    """A drawing that a notebook shows when it ends the cell.

    Attributes:
        name: of the function that draws it; every id in the SVG begins with it.
        title: a few words.
        caption: one sentence that says the point.
        desc: what is seen, for those who do not see it.
        svg: the drawing itself.
    """

    name: str
    title: str
    caption: str
    desc: str
    svg: str

    def _repr_html_(self) -> str:
        return (
            '<figure class="gan-drawing" style="max-width:520px;margin:1em auto;text-align:center">'
            f'{self.svg}<figcaption style="font-size:.9em;margin-top:.5em">{escape(self.caption)}</figcaption></figure>'
        )

    def __repr__(self) -> str:
        return f"{self.title}: {self.caption}"


class Box(NamedTuple):
    """Where something lies: its middle, its width and its height."""

    x: float
    y: float
    w: float
    h: float

    @property
    def left(self) -> Point:
        """The middle of its left side."""
        return self.x - self.w / 2, self.y

    @property
    def right(self) -> Point:
        """The middle of its right side."""
        return self.x + self.w / 2, self.y

    @property
    def top(self) -> Point:
        """The middle of its upper side."""
        return self.x, self.y - self.h / 2

    @property
    def bottom(self) -> Point:
        """The middle of its lower side."""
        return self.x, self.y + self.h / 2

    def up(self, shift: float) -> Point:
        """A point of the upper edge, so far to the right of its middle."""
        return self.x + shift, self.y - self.h / 2

    def down(self, shift: float) -> Point:
        """A point of the lower edge, so far to the right of its middle."""
        return self.x + shift, self.y + self.h / 2


class Canvas:
    """What is drawn on. x grows to the right, y downwards; everything is placed by its middle unless it says otherwise.

    Args:
        name: of the function that draws.
        height: in units; the width is 400.
    """

    def __init__(self, name: str, height: float):
        self.name, self.height, self.parts = name, height, []
        self.role = "img"  # to a screen reader; "group" if it holds links

    def drawing(self, title: str, caption: str, desc: str) -> Drawing:
        """What was drawn so far."""
        ids = f"{self.name}-title", f"{self.name}-desc"
        svg = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {self.height:g}" width="100%" '
            f'role="{self.role}" aria-labelledby="{ids[0]} {ids[1]}" font-family="system-ui, sans-serif" fill="none" '
            'stroke-linejoin="round" stroke-linecap="round" style="display:block;height:auto">'
            f'<title id="{ids[0]}">{escape(title)}</title><desc id="{ids[1]}">{escape(desc)}</desc>'
            f"{''.join(self.parts)}</svg>"
        )
        return Drawing(self.name, title, caption, desc, svg)

    def text(
        self, x: float, y: float, words: str, size: float = NORMAL, anchor: str = "middle", bold: bool = False
    ) -> None:
        """Words, y being the middle of their height. *Stars* make italics, a line break another line."""
        lines = words.split("\n")
        for i, line in enumerate(lines):
            base = y + 0.35 * size + (i - (len(lines) - 1) / 2) * 1.25 * size
            marked = re.sub(r"\*(.+?)\*", r'<tspan font-style="italic">\1</tspan>', escape(line, quote=False))
            weight = ' font-weight="600"' if bold else ""
            self.parts.append(
                f'<text x="{x:.4g}" y="{base:.4g}" font-size="{size:g}" text-anchor="{anchor}" '
                f'fill="currentColor"{weight}>{marked}</text>'
            )

    def rect(
        self,
        x: float,
        y: float,
        w: float,
        h: float,
        colour: str = GREY,
        opacity: float = 0.2,
        line: str | None = None,
        width: float = 1.5,
        dashed: bool = False,
        radius: float = 0,
    ) -> None:
        """A rectangle by its upper left corner. `line` is the colour of its edge, "" for none."""
        dash = ' stroke-dasharray="5 4"' if dashed else ""
        edge = f'stroke="{_paint(line or colour)}" stroke-width="{width:g}"{dash}' if line != "" else ""
        self.parts.append(
            f'<rect x="{x:.4g}" y="{y:.4g}" width="{w:.4g}" height="{h:.4g}" rx="{radius:g}" '
            f'fill="{_paint(colour)}" fill-opacity="{opacity:g}" {edge}/>'
        )

    def box(
        self,
        x: float,
        y: float,
        w: float,
        h: float,
        words: str = "",
        colour: str = GREY,
        frozen: bool | str = False,
        size: float = NORMAL,
        opacity: float = 0.2,
        bold: bool = False,
    ) -> Box:
        """A rounded box with words in it. A frozen one is dashed and says so, if need be in other words."""
        if frozen:
            words += "\nfrozen" if frozen is True else f"\n{frozen}"
        self.rect(x - w / 2, y - h / 2, w, h, colour, 0.06 if frozen else opacity, dashed=bool(frozen), radius=7)
        if words:
            self.text(x, y, words, size, bold=bold)
        return Box(x, y, w, h)

    def line(
        self, *points: Point, colour: str = INK, width: float = 1.2, dashed: bool = False, opacity: float = 1
    ) -> None:
        """A line through points."""
        self.curve(points, colour, width=width, dashed=dashed, opacity=opacity)

    def curve(
        self,
        points: Sequence[Point],
        colour: str = INK,
        width: float = 2,
        dashed: bool = False,
        filled: bool = False,
        opacity: float = 1,
    ) -> None:
        """A line through many points, or the area within them."""
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        dash = ' stroke-dasharray="5 4"' if dashed else ""
        if filled:
            self.parts.append(f'<polygon points="{path}" fill="{_paint(colour)}" fill-opacity="0.2"/>')
        else:
            faint = f' stroke-opacity="{opacity:g}"' if opacity < 1 else ""
            stroke = f'stroke="{_paint(colour)}" stroke-width="{width:g}"{dash}{faint}'
            self.parts.append(f'<polyline points="{path}" {stroke}/>')

    def dot(
        self, x: float, y: float, radius: float = 4, colour: str = INK, opacity: float = 1, line: str | None = ""
    ) -> None:
        """A filled circle."""
        edge = f' stroke="{_paint(line or colour)}" stroke-width="1.4"' if line != "" else ""
        self.parts.append(
            f'<circle cx="{x:.4g}" cy="{y:.4g}" r="{radius:.3g}" fill="{_paint(colour)}" '
            f'fill-opacity="{opacity:g}"{edge}/>'
        )

    def ring(
        self, x: float, y: float, rx: float, ry: float | None = None, colour: str = INK, dashed: bool = False,
        turn: float = 0, opacity: float = 0,
    ) -> None:  # fmt: skip
        """An ellipse, turned by some degrees."""
        dash = ' stroke-dasharray="5 4"' if dashed else ""
        turned = f' transform="rotate({turn:g} {x:.4g} {y:.4g})"' if turn else ""
        self.parts.append(
            f'<ellipse cx="{x:.4g}" cy="{y:.4g}" rx="{rx:.4g}" ry="{ry or rx:.4g}" stroke="{_paint(colour)}" '
            f'stroke-width="1.5" fill="{_paint(colour)}" fill-opacity="{opacity:g}"{dash}{turned}/>'
        )

    def arrow(
        self,
        *points: Point,
        kind: str = "data",
        words: str = "",
        shift: Point = (0, 0),
        anchor: str = "middle",
        bend: float = 0,
        colour: str | None = None,
        width: float | None = None,
        size: float = SMALL,
    ) -> None:
        """An arrow through points, to the last of them. Its words stand at its middle, moved by `shift`.

        Args:
            points: two or more; with `bend` two, joined by an arc that leaves their line by so much, to the left.
            kind: "data", "gradient" or "faint".
        """
        paint, dash, wide = KINDS[kind]
        paint, wide = _paint(colour or paint), width or wide
        head = 5 + 1.6 * wide
        if bend:
            (x0, y0), (x1, y1) = points
            far = hypot(x1 - x0, y1 - y0) or 1
            middle = (x0 + x1) / 2 + bend * (y1 - y0) / far, (y0 + y1) / 2 - bend * (x1 - x0) / far
            control = 2 * middle[0] - (x0 + x1) / 2, 2 * middle[1] - (y0 + y1) / 2
            angle = atan2(y1 - control[1], x1 - control[0])
            end = x1 - head * 0.8 * cos(angle), y1 - head * 0.8 * sin(angle)
            path = f"M{x0:.1f},{y0:.1f}Q{control[0]:.1f},{control[1]:.1f} {end[0]:.1f},{end[1]:.1f}"
        else:
            (x0, y0), (x1, y1) = points[-2:]
            angle = atan2(y1 - y0, x1 - x0)
            end = x1 - head * 0.8 * cos(angle), y1 - head * 0.8 * sin(angle)
            path = "M" + "L".join(f"{x:.1f},{y:.1f}" for x, y in (*points[:-1], end))
            middle = _half_way(points)
        tip = " ".join(
            f"{x1 - head * cos(angle + turn):.1f},{y1 - head * sin(angle + turn):.1f}" for turn in (0.42, -0.42)
        )
        dash = f' stroke-dasharray="{dash}"' if dash else ""
        self.parts.append(
            f'<path d="{path}" stroke="{paint}" stroke-width="{wide:g}"{dash}/>'
            f'<polygon points="{x1:.1f},{y1:.1f} {tip}" fill="{paint}"/>'
        )
        if words:
            self.text(middle[0] + shift[0], middle[1] + shift[1], words, size, anchor)

    def cross(self, x: float, y: float, size: float = 7, colour: str = FAKE) -> None:
        """Here nothing passes."""
        for way in (1, -1):
            self.line((x - size, y - way * size), (x + size, y + way * size), colour=colour, width=2.5)

    def block(self, x: float, y: float, w: float, h: float, deep: float, colour: str = GREY) -> Box:
        """A tensor as a block: (x, y) is the middle of its front, `deep` goes to the upper right. Its outline."""
        left, top, right, bottom = x - w / 2, y - h / 2, x + w / 2, y + h / 2
        up = 0.6 * deep
        roof = [(left, top), (left + deep, top - up), (right + deep, top - up), (right, top)]
        side = [(right, top), (right + deep, top - up), (right + deep, bottom - up), (right, bottom)]
        for face in (roof, side):
            self.curve(face, colour, filled=True)
            self.line(*face, face[0], colour=colour)
        self.rect(left, top, w, h, colour, 0.3, width=1.2)
        return Box(x + deep / 2, y - up / 2, w + deep, h + up)

    def grid(
        self,
        x: float,
        y: float,
        rows: int,
        columns: int,
        cell: float,
        shade: Callable[[int, int], tuple[str, float] | None] = lambda row, column: None,
        words: Callable[[int, int], str] = lambda row, column: "",
    ) -> Box:
        """Cells, (x, y) their upper left corner. `shade` gives a cell's colour and opacity, None for an empty one."""
        for row in range(rows):
            for column in range(columns):
                colour, opacity = shade(row, column) or (GREY, 0)
                left, top = x + column * cell, y + row * cell
                self.rect(left, top, cell, cell, colour, opacity, GREY, 0.8)
                if written := words(row, column):
                    self.text(left + cell / 2, top + cell / 2, written, SMALL)
        return Box(x + columns * cell / 2, y + rows * cell / 2, columns * cell, rows * cell)

    def picture(self, x: float, y: float, side: float, colour: str = GREY) -> Box:
        """A sign for a picture: a shirt in a frame."""
        self.rect(x - side / 2, y - side / 2, side, side, colour, 0.12, width=1.2, radius=2)
        shirt = [(-4, -3), (-1.5, -4), (0, -3.2), (1.5, -4), (4, -3), (3.3, -0.8), (2.1, -1.2)]
        shirt += [(2.1, 4), (-2.1, 4), (-2.1, -1.2), (-3.3, -0.8)]
        points = " ".join(f"{x + a * side / 10:.1f},{y + b * side / 10:.1f}" for a, b in shirt)
        self.parts.append(f'<polygon points="{points}" fill="{_paint(colour)}" fill-opacity="0.55"/>')
        return Box(x, y, side, side)

    @contextmanager
    def link(self, href: str) -> Iterator[None]:
        """What is drawn inside the `with` leads there."""
        self.role = "group"
        self.parts.append(f'<a href="{escape(href)}">')
        yield
        self.parts.append("</a>")


class Frame(NamedTuple):
    """A rectangle of the canvas (upper left corner, width, height) that shows a range of numbers."""

    x: float
    y: float
    w: float
    h: float
    xs: tuple[float, float]
    ys: tuple[float, float]

    def at(self, a: float, b: float) -> Point:
        """Where the point (a, b) lies on the canvas."""
        (low, high), (least, most) = self.xs, self.ys
        return self.x + self.w * (a - low) / (high - low), self.y + self.h * (1 - (b - least) / (most - least))

    def curve(self, a: Sequence[float], b: Sequence[float]) -> list[Point]:
        """The points (a[i], b[i]) on the canvas."""
        return [self.at(float(p), float(q)) for p, q in zip(a, b, strict=True)]


def _paint(colour: str) -> str:
    """The colour, which a page may change by a variable of CSS: --gan-real, --gan-fake, --gan-third, --gan-grey."""
    return f"var(--gan-{NAMES[colour]},{colour})" if colour in NAMES else colour


def _half_way(points: Sequence[Point]) -> Point:
    """The middle of the longest piece of a path."""
    pieces = list(pairwise(points))
    (x0, y0), (x1, y1) = max(pieces, key=lambda piece: hypot(piece[1][0] - piece[0][0], piece[1][1] - piece[0][1]))
    return (x0 + x1) / 2, (y0 + y1) / 2
