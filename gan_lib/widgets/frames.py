"""Many drawings of one figure as one SVG: what stays is stored once, what moves once for each of its looks."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Sequence
from xml.etree import ElementTree

import matplotlib as mpl
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

SVG, XLINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
LOOK = {"svg.fonttype": "none", "svg.hashsalt": "gan_lib", "path.simplify_threshold": 0.3}
BLACK, TEXT = "#000000", "currentColor"  # black follows the page's own text colour, so that dark pages work


def merge(drawings: Sequence[bytes]) -> dict:
    """Drawings of one figure as plain data, for page/explore.js.

    Returns:
        {"svg": the first drawing, its moving parts marked by data-part="i"; "looks": every look of every part, each
        once; "frames": for each drawing, the look of part 0, 1, …}.
    """
    trees = [_tidy(ElementTree.fromstring(drawing)) for drawing in drawings]
    parts: list[list[str]] = []
    base = _merged(trees, parts)
    base.set("width", "100%")
    base.attrib.pop("height", None)
    table: dict[str, int] = {}
    frames = [[table.setdefault(part[i], len(table)) for part in parts] for i in range(len(trees))]
    mark = hashlib.sha256(drawings[0]).hexdigest()[:6]  # two figures on a page must not share names
    return {"svg": _renamed(_text(base), mark), "looks": [_renamed(look, mark) for look in table], "frames": frames}


def svg(figure: Figure) -> bytes:
    """A figure as SVG, the same bytes whenever it is drawn; the figure loses its grounds."""
    buffer = io.BytesIO()
    for axis in figure.axes:  # the page's own ground shows through
        if to_hex(axis.get_facecolor()) == "#ffffff":
            axis.set_facecolor("none")
    figure.set_facecolor("none")
    with mpl.rc_context(LOOK):  # savefig would draw everything twice, once without ink
        FigureCanvasSVG(figure).print_svg(buffer, metadata={"Date": None, "Creator": None})
    return buffer.getvalue()


def _merged(same: list[ElementTree.Element], parts: list[list[str]]) -> ElementTree.Element:
    """One element of all drawings: itself where all agree, else marked, as deep inside as possible.

    data-part is the number of the part, data-moves what its looks replace: the attribute d, the text, or the inside.
    """
    first, texts = same[0], [_text(element) for element in same]
    if len(set(texts)) == 1:
        return first
    children = {tuple(child.tag for child in element) for element in same}
    names = {name for element in same for name in element.attrib}
    moving = {name for name in names if len({element.get(name) for element in same}) > 1}
    words = {element.text for element in same}
    merged = ElementTree.Element(first.tag, first.attrib | {"data-part": str(len(parts))})
    if children == {()} and moving == {"d"} and len(words) == 1:
        merged.set("data-moves", "d")
        parts.append([element.get("d") for element in same])
    elif children == {()} and not moving:
        merged.set("data-moves", "text")
        parts.append([element.text or "" for element in same])
    elif len(children) == len(words) == 1 and len(first) and not moving and not first.tag.endswith("}text"):
        del merged.attrib["data-part"]
        merged.extend(_merged(list(alike), parts) for alike in zip(*same, strict=True))
    else:
        merged = ElementTree.Element(f"{{{SVG}}}g", {"data-part": str(len(parts)), "data-moves": "inside"})
        parts.append(texts)
    return merged


def _tidy(tree: ElementTree.Element) -> ElementTree.Element:
    """Tenths of a pixel, the page's colours, and neither matplotlib's description nor its style for the whole page."""
    for parent in list(tree.iter()):
        for element in list(parent):
            if element.tag.endswith(("}metadata", "}style")):
                parent.remove(element)
    tree.set("style", "stroke-linejoin: round; stroke-linecap: butt")  # what the style said
    for element in tree.iter():
        for name, value in element.attrib.items():
            if name in ("x", "y") or (name == "transform" and "matrix" not in value and "scale" not in value):
                value = re.sub(r"-?\d+\.\d+", lambda m: _short(float(m[0])), value)
            if name == "d":
                value = _path(value)
            if name == "style":
                value = value.replace(BLACK, TEXT)
            element.set(name, value)
        element.text = element.text.strip() if element.text and element.text.strip() else None
        element.tail = None
    return tree


def _renamed(text: str, mark: str) -> str:
    """Every id, and every use of one, with a mark in front."""
    return re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{mark}-", text)


def _path(d: str) -> str:
    """A path in tenths of a pixel; one of straight lines by the steps from point to point, which are shorter."""
    points = re.findall(r"([MLQCz])\s*([^MLQCz]*)", d)
    if not {command for command, _ in points} <= {"M", "L"}:
        return "".join(command + " ".join(_short(float(v)) for v in numbers.split()) for command, numbers in points)
    words, last = [], (0.0, 0.0)
    for command, numbers in points:
        here = tuple(round(float(v), 1) for v in numbers.split())
        step = here if command == "M" else (here[0] - last[0], here[1] - last[1])
        words.append((command if command == "M" else "l") + f"{_short(step[0])} {_short(step[1])}")
        last = here
    return "".join(words).replace(" -", "-")


def _short(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0").replace("-0.", "-.").removeprefix("0") or "0"


def _text(element: ElementTree.Element) -> str:
    ElementTree.register_namespace("", SVG)
    ElementTree.register_namespace("xlink", XLINK)
    text = ElementTree.tostring(element, encoding="unicode")
    return text if element.tag.endswith("}svg") else text.replace(f' xmlns="{SVG}"', "", 1)
