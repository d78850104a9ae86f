"""Drawings of chapter 2: which cell goes where in a convolution, and in one turned round."""

from __future__ import annotations

import torch

from gan_lib.chapters.arithmetic import conv_size, conv_sources, conv_transpose_size, conv_transpose_sources, overlap
from gan_lib.chapters.drawings.svg import FAKE, GREY, REAL, SMALL, THIRD, Canvas, Drawing
from gan_lib.chapters.receptive import convolutions, receptive_fields
from gan_lib.networks.dcgan import DCGANDiscriminator

HEADING = 14
TAPS = (REAL, THIRD, FAKE)  # one colour for each cell of the kernel
LONG, KERNEL, STRIDE = 7, 3, 2


def convolution_arrows() -> Drawing:
    """Seven cells, a kernel of three, stride 2: which cells each output cell reads."""
    short = conv_size(LONG, KERNEL, STRIDE)
    links = [(i, o, tap) for o in range(short) for i, tap in _line(conv_sources, o, LONG)]
    c = Canvas("convolution_arrows", 240)
    _rows(c, LONG, short, links)
    return c.drawing(
        "A convolution as arrows",
        f"Each output cell reads {KERNEL} neighbours through the same {KERNEL} weights, so {LONG} cells become {short} "
        f"with stride {STRIDE}.",
        f"A row of {LONG} input cells above a row of {short} output cells. From each output's {KERNEL} input cells "
        "come arrows in the colours of the weights w0, w1 and w2.",
    )


def transposed_arrows() -> Drawing:
    """The same arrows turned round: three cells become seven, and where two arrows end, products are added."""
    short = conv_size(LONG, KERNEL, STRIDE)
    long = conv_transpose_size(short, KERNEL, STRIDE)
    links = [(i, o, tap) for o in range(long) for i, tap in _line(conv_transpose_sources, o, short)]
    c = Canvas("transposed_arrows", 240)
    _rows(c, short, long, links)
    return c.drawing(
        "A transposed convolution as arrows",
        f"Turn every arrow round and {short} cells become {long}; where two arrows meet, their products are added.",
        f"A row of {short} input cells above a row of {long} output cells. Each input cell sends {KERNEL} arrows, in "
        "the colours of the weights w0, w1 and w2; some output cells are reached by two of them.",
    )


def _line(sources, cell: int, size: int) -> list[tuple[int, int]]:
    """Along one axis: which input cells, by which cells of the kernel."""
    return [(at[1], tap[1]) for at, tap in sources((0, cell), (1, size), (1, KERNEL), (1, STRIDE))]


def _rows(c: Canvas, n_in: int, n_out: int, links: list[tuple[int, int, int]]) -> None:
    cell = 40
    place_in, place_out = ((lambda i, n=n: 200 + (i - (n - 1) / 2) * cell) for n in (n_in, n_out))
    if n_in > n_out:  # an output cell stands under the middle of what it reads
        place_out = lambda o: 200 + (o * STRIDE + (KERNEL - 1) / 2 - (n_in - 1) / 2) * cell  # noqa: E731
    else:
        place_in = lambda i: 200 + (i * STRIDE + (KERNEL - 1) / 2 - (n_out - 1) / 2) * cell  # noqa: E731
    tops = [c.box(place_in(i), 46, 32, 32, f"x{i}", GREY, size=SMALL) for i in range(n_in)]
    lows = [c.box(place_out(o), 172, 32, 32, f"y{o}", GREY, size=SMALL) for o in range(n_out)]
    many = {o: sorted(tap for _, other, tap in links if other == o) for o in range(n_out)}
    for i, o, tap in links:
        fan = (tap - 1) * 8
        start = tops[i].down(fan if n_in < n_out else 0)
        end = lows[o].up(fan if n_in > n_out else (0 if len(many[o]) == 1 else 7 * (1 if tap == 0 else -1)))
        c.arrow(start, end, colour=TAPS[tap])
    c.text(200, 14, "input", SMALL)
    c.text(200, 202, "output", SMALL)
    for tap, x in enumerate((110, 200, 290)):
        c.line((x - 34, 226), (x - 6, 226), colour=TAPS[tap], width=3)
        c.text(x + 14, 226, f"w{tap}", SMALL)


def padding_and_stride() -> Drawing:
    """A 5 × 5 picture in a rim of zeros; a kernel of 3 × 3 goes over it in steps of two."""
    n, k, s, p = 5, 3, 2, 1
    out, padded, cell = conv_size(n, k, s, p), n + 2 * p, 28
    c = Canvas("padding_and_stride", 290)

    def is_rim(row: int, column: int) -> bool:
        return not (p <= row < p + n and p <= column < p + n)

    c.text(106, 14, f"input {n} × {n}, padding {p}", SMALL)
    c.grid(
        8, 34, padded, padded, cell,
        lambda row, column: None if is_rim(row, column) else (REAL, 0.2),
        lambda row, column: "0" if is_rim(row, column) else "",
    )  # fmt: skip
    c.text(330, 62, f"output {out} × {out}", SMALL)
    shades = {(0, 0): (FAKE, 0.35), (0, 1): (THIRD, 0.35)}
    c.grid(330 - 1.5 * cell, 82, out, out, cell, lambda row, column: shades.get((row, column)))
    for (row, column), (colour, _) in shades.items():
        left, top = 8 + column * s * cell, 34 + row * s * cell
        inset = 2 + 2 * column
        c.rect(left + inset, top + inset, k * cell - 2 * inset, k * cell - 2 * inset, colour, 0.12, width=3)
    start = (8 + (s + k) * cell, 34 + 1.5 * cell)
    c.arrow(start, (330 - 0.3 * cell, 80), bend=14, colour=THIRD)
    c.text(330, 196, f"the kernel, {k} × {k},\ngoes in steps of {s}", SMALL)
    c.text(200, 256, "(size + 2 · padding − kernel) / stride, rounded down, + 1", SMALL)
    c.text(200, 278, f"({n} + 2 · {p} − {k}) / {s} + 1 = {out}", HEADING, bold=True)
    return c.drawing(
        "Padding and stride",
        f"A rim of {p} and steps of {s} turn {n} cells a side into {out}.",
        f"A grid of {n} by {n} cells in a rim of zeros. The first place of a {k} by {k} kernel is orange, the next "
        f"one, {s} cells on, is green. Beside it the output of {out} by {out} cells, two of them in these colours.",
    )


def zeros_between() -> Drawing:
    """A transposed convolution is an ordinary one on an input with zeros put between its cells."""
    n, k, s, p = 3, 3, 2, 1
    out = conv_transpose_size(n, k, s, p)
    rim = k - 1 - p
    spread = (n - 1) * s + 1 + 2 * rim
    c = Canvas("zeros_between", 392)

    def is_input(row: int, column: int) -> bool:
        return all(at >= rim and (at - rim) % s == 0 and (at - rim) // s < n for at in (row, column))

    cell = 22
    c.text(90, 14, f"input {n} × {n}", SMALL)
    c.grid(90 - n * cell / 2, 28, n, n, cell, lambda *_: (REAL, 0.4))
    c.arrow((134, 60), (190, 60))
    c.text(202, 52, f"put {s - 1} zero between two cells\nand a rim of {rim} around", SMALL, "start")
    left = 90 - spread * cell / 2
    c.grid(
        left, 126, spread, spread, cell,
        lambda *at: (REAL, 0.4) if is_input(*at) else None,
        lambda *at: "" if is_input(*at) else "0",
    )  # fmt: skip
    c.rect(left, 126, k * cell, k * cell, FAKE, 0.15, width=3)
    c.text(90, 110, f"{spread} × {spread}", SMALL)
    c.arrow((180, 204), (226, 204))
    c.text(310, 134, f"output {out} × {out}", SMALL)
    c.grid(310 - out * cell / 2, 148, out, out, cell, lambda *at: (FAKE, 0.4) if at == (0, 0) else (FAKE, 0.1))
    c.text(200, 306, f"an ordinary convolution, kernel {k} × {k}, steps of 1", SMALL)
    c.text(200, 326, "(its kernel turned by half a turn)", SMALL)
    c.text(200, 366, f"(size − 1) · stride − 2 · padding + kernel\n= ({n} − 1) · {s} − 2 · {p} + {k} = {out}", SMALL)
    return c.drawing(
        "Zeros between the cells",
        f"A transposed convolution with stride {s} and padding {p} is an ordinary one on an input spread out by zeros: "
        f"{n} cells a side become {spread}, and then {out}.",
        f"A grid of {n} by {n} cells; the same cells with zeros between and around them, {spread} by {spread}; a "
        f"{k} by {k} kernel goes over these and gives {out} by {out} cells.",
    )


def checkerboard() -> Drawing:
    """How often each output cell is touched: kernel 3 and kernel 4, both with stride 2."""
    c = Canvas("checkerboard", 262)
    size, stride, cell, inside = 4, 2, 19.4, {}
    for middle, kernel in ((98, 3), (302, 4)):
        counts = overlap(size, kernel, stride)
        most, side = counts.max().item(), len(counts)
        c.text(middle, 14, f"kernel {kernel}, stride {stride}", 14, bold=True)
        c.grid(
            middle - side * cell / 2, 32, side, side, cell,
            lambda *at, n=counts, m=most: (FAKE, 0.6 * n[at].item() / m),
            lambda *at, n=counts: str(n[at].item()),
        )  # fmt: skip
        inside[kernel] = inner = sorted(
            set(counts[kernel - 1 : 1 - kernel, kernel - 1 : 1 - kernel].flatten().tolist())
        )
        words = "inside, always " if len(inner) == 1 else "inside, "
        c.text(middle, 246, words + ", ".join(map(str, inner)), SMALL)
    return c.drawing(
        "Where the checkerboard comes from",
        f"With stride {stride} and kernel 3 the cells are touched {_or(inside[3])} times in turn; with kernel 4, which "
        f"the stride divides, all inner ones {_or(inside[4])} times.",
        "Two grids of numbers, how many products each output cell sums. Left, for kernel 3, a checkerboard. Right, for "
        "kernel 4, the same number everywhere inside, and fewer at the rim.",
    )


def _or(numbers: list[int]) -> str:
    *most, last = map(str, numbers)
    return f"{', '.join(most)} or {last}" if most else last


def receptive_field() -> Drawing:
    """How much of the picture one cell of each layer of the DCGAN discriminator sees."""
    with torch.device("meta"):
        network = DCGANDiscriminator()
    side = network.image_shape[-1]
    fields = receptive_fields(network, side)
    wanted = receptive_fields(network, 4 * side)[-1]  # with room enough
    kernel = convolutions(network)[0].kernel_size[0]
    c = Canvas("receptive_field", 260)
    scale = 228 / side
    colours = (REAL, THIRD, FAKE, GREY)
    c.picture(126, 126, 232, GREY)
    for depth in reversed(range(len(fields))):
        seen = fields[depth] * scale
        c.rect(126 - seen / 2, 126 - seen / 2, seen, seen, colours[depth], 0.18, width=2.5)
    for depth, field in enumerate(fields):
        y = 62 + depth * 40
        c.rect(262, y - 8, 16, 16, colours[depth], 0.3)
        words = f"layer {depth + 1}: {field} × {field}" if field < side else f"layer {depth + 1}: all"
        c.text(286, y, words, SMALL, "start")
    c.text(262, 24, "one cell sees", HEADING, "start", bold=True)
    c.text(126, 252, f"a picture of {side} × {side}", SMALL)
    return c.drawing(
        "The receptive field",
        f"Kernels of {kernel} × {kernel}, one layer after another, see {', '.join(map(str, fields[:-1]))} pixels a "
        f"side. The last would see {wanted}; the picture has only {fields[-1]}.",
        f"Nested squares on a picture of {side} by {side}: what one cell of each layer of the discriminator sees, "
        "larger from layer to layer.",
    )
