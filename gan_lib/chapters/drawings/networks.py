"""Drawings of chapters 3 and 4: the networks with their sizes, the training loop, and walks through z."""

from __future__ import annotations

from itertools import pairwise
from math import log2, prod, sqrt

import torch
from torch import Tensor, nn

from gan_lib.chapters.drawings.svg import FAKE, GREY, INK, REAL, SMALL, THIRD, Canvas, Drawing, Frame
from gan_lib.networks.dcgan import DCGANDiscriminator, DCGANGenerator
from gan_lib.networks.mlp import MLPDiscriminator, MLPGenerator
from gan_lib.show.latent import linear, spherical
from gan_lib.training import recipes


def parameters(network: nn.Module) -> int:
    """How many numbers a network has learned."""
    return sum(p.numel() for p in network.parameters())


def on_paper(build: type[nn.Module], *args: object, **options: object) -> nn.Module:
    """A network that has sizes and no numbers, so that it costs nothing."""
    with torch.device("meta"):
        return build(*args, **options)


def shape_words(shape: tuple[int, ...]) -> str:
    """(1, 28, 28) → "1 × 28 × 28"."""
    return " × ".join(map(str, shape))


def mlp_generator() -> Drawing:
    """The generator of chapter 3 from z to the picture, with sizes and parameters."""
    g = on_paper(MLPGenerator)
    c = Canvas("mlp_generator", 356)
    rows = [(g.fc1.in_features, f"*z*: {g.fc1.in_features} numbers", GREY)]
    rows += [(g.fc1.out_features, f"hidden: {g.fc1.out_features}", FAKE)]
    rows += [(g.fc2.out_features, f"{g.fc2.out_features} numbers in −1…1", FAKE)]
    between = [
        f"Linear, {parameters(g.fc1):,} parameters\nLeakyReLU",
        f"Linear, {parameters(g.fc2):,} parameters\ntanh",
    ]
    low = _bars(c, rows, between)
    picture = c.picture(200, low + 78, 64, FAKE)
    c.arrow((200, low + 15), picture.top)
    c.text(240, low + 78, f"the same numbers as\na picture, {shape_words(g.image_shape)}", SMALL, "start")
    c.text(30, low + 78, f"{parameters(g):,}\nparameters", SMALL, "start", bold=True)
    return c.drawing(
        "The generator of two layers",
        f"Two linear layers, {parameters(g):,} parameters, turn {g.latent_dim} random numbers into "
        f"{prod(g.image_shape)} pixels.",
        f"Bars as long as the layers are wide: z with {g.fc1.in_features} numbers, a hidden layer of "
        f"{g.fc1.out_features}, the output of {g.fc2.out_features}, which is folded into a picture.",
    )


def mlp_discriminator() -> Drawing:
    """The discriminator of chapter 3 from the picture to one logit, with sizes and parameters."""
    d = on_paper(MLPDiscriminator)
    c = Canvas("mlp_discriminator", 380)
    picture = c.picture(200, 38, 64, REAL)
    c.text(240, 38, f"a picture,\n{shape_words(d.image_shape)}", SMALL, "start")
    rows = [(d.fc1.in_features, f"{d.fc1.in_features} numbers in a row", REAL)]
    rows += [(d.fc1.out_features, f"hidden: {d.fc1.out_features}", THIRD), (d.fc2.out_features, "", THIRD)]
    between = [f"Linear, {parameters(d.fc1):,} parameters\nLeakyReLU", f"Linear, {parameters(d.fc2):,} parameters"]
    low = _bars(c, rows, between, 110)
    c.arrow(picture.bottom, (200, 95))
    c.text(200, low + 26, "one logit; above 0 it means “looks real”", SMALL)
    c.text(200, low + 52, "the sigmoid stands in the loss, not here", SMALL)
    c.text(30, 38, f"{parameters(d):,}\nparameters", SMALL, "start", bold=True)
    return c.drawing(
        "The discriminator of two layers",
        f"Two linear layers, {parameters(d):,} parameters, turn {prod(d.image_shape)} pixels into one number.",
        f"A picture is unfolded into {d.fc1.in_features} numbers; then come a hidden layer of {d.fc1.out_features} and "
        "a single number, the logit.",
    )


def _bars(c: Canvas, rows: list[tuple[int, str, str]], between: list[str], top: float = 20) -> float:
    """Layers as bars, one below the other; the y of the last one."""
    widest = sqrt(max(n for n, _, _ in rows))
    for i, (n, words, colour) in enumerate(rows):
        y, wide = top + 98 * i, max(380 * sqrt(n) / widest, 14)
        c.box(200, y, wide, 30, words, colour)
        if i:
            c.arrow((200, y - 83), (200, y - 15), words=between[i - 1], shift=(10, 0), anchor="start")
    return top + 98 * (len(rows) - 1)


def training_loop() -> Drawing:
    """One round of the training loop: a batch, D's step, G's step, and again."""
    c = Canvas("training_loop", 420)
    steps = (
        ("take a batch of real pictures", REAL),
        ("draw *z*; *G* makes pictures", FAKE),
        ("*D* judges both, made ones detached", THIRD),
        ("loss of *D*, backward, step of *D*", THIRD),
        ("the new *D* judges the made ones again", FAKE),
        ("loss of *G*, backward, step of *G*", FAKE),
    )
    boxes = [c.box(184, 26 + 68 * i, 270, 40, words, colour) for i, (words, colour) in enumerate(steps)]
    for above, below in pairwise(boxes):
        c.arrow(above.bottom, below.top)
    c.arrow(boxes[-1].right, (372, boxes[-1].y), (372, 26), boxes[0].right)
    c.text(372, 386, "again", SMALL)
    for first, last, words in ((2, 3, "D"), (4, 5, "G")):
        top, low = boxes[first].y - 18, boxes[last].y + 18
        c.line((40, top), (32, top), (32, low), (40, low), colour=GREY, width=2)
        c.text(16, (top + low) / 2, f"*{words}*’s\nstep", SMALL)
    return c.drawing(
        "The training loop",
        "A round is one step of D and one step of G; the made pictures of the first are judged again in the second.",
        "Six boxes below one another: a batch of real pictures, made pictures, D judges both, D's step, the new D "
        "judges the made ones, G's step. An arrow leads from the last to the first.",
    )


def latent_walk() -> Drawing:
    """From one z to another: the straight line leaves the shell where z lie, the arc stays on it."""
    dimension = on_paper(MLPGenerator).latent_dim
    shell = sqrt(dimension)
    a, b = (torch.zeros(1, dimension, dtype=torch.float64) for _ in range(2))
    a[0, 0], b[0, 1] = shell, shell  # two random z are nearly perpendicular
    line, arc = linear(a[0], b[0], 9), spherical(a[0], b[0], 9)
    short = line.norm(dim=1).min().item()
    c = Canvas("latent_walk", 300)
    frame = Frame(40, 10, 270, 270, (0, 1.25 * shell), (0, 1.25 * shell))
    turn = torch.linspace(-0.08, torch.pi / 2 + 0.08, 60, dtype=torch.float64)
    c.curve(frame.curve(shell * turn.cos(), shell * turn.sin()), GREY, dashed=True)
    for path, colour in ((line, FAKE), (arc, REAL)):
        points = frame.curve(path[:, 0], path[:, 1])
        c.curve(points, colour)
        for point in points[1:-1]:
            c.dot(*point, 3.5, colour)
    for point in (a[0], b[0]):
        c.dot(*frame.at(point[0].item(), point[1].item()), 6, INK)
    c.dot(*frame.at(0, 0), 3, INK)
    x, y = frame.at(0, 0)
    c.text(x - 14, y, "0", SMALL)
    c.text(*frame.at(shell * 1.1, 0.05 * shell), "*a*", SMALL)
    c.text(*frame.at(0.06 * shell, 1.08 * shell), "*b*", SMALL)
    middle, top = line[4], arc[4]
    c.arrow(frame.at(0, 0), frame.at(middle[0].item() * 0.97, middle[1].item() * 0.97), kind="faint")
    c.text(*frame.at(0.3 * shell, 0.2 * shell), f"{short:.1f} long", SMALL, "start")
    x, y = frame.at(top[0].item(), top[1].item())
    c.text(x + 12, y - 16, f"the arc:\n{shell:g} long all the way", SMALL, "start")
    return c.drawing(
        "Two ways from a to b",
        f"Random z of {dimension} numbers are about {shell:g} long, and nearly at right angles to each other. Half-way "
        f"along the line the length is only {short:.1f}; along the arc it stays {shell:g}.",
        "A quarter of a circle on which two points lie, a and b. A straight line joins them through the inside, an "
        "arc along the circle.",
    )


def recorded_shapes(network: nn.Module, given: Tensor, *labels: Tensor) -> list[tuple[str, tuple[int, ...]]]:
    """What comes out of each convolution and linear layer in a forward pass: (layer in words, shape without batch)."""
    found, hooks = [], []

    def note(layer: nn.Module, _: object, output: Tensor) -> None:
        words = type(layer).__name__
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
            (k, _), (stride, _), (padding, _) = layer.kernel_size, layer.stride, layer.padding
            words += f" {k}×{k}, stride {stride}, padding {padding}"
        found.append((words, tuple(output.shape[1:])))

    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
            hooks.append(layer.register_forward_hook(note))
    try:
        network(given, *labels)
    finally:
        for hook in hooks:
            hook.remove()
    return found


def dcgan_generator() -> Drawing:
    """The generator of chapter 4: what each layer gives, as blocks of channels × side × side."""
    g = on_paper(DCGANGenerator)
    layers = recorded_shapes(g, torch.zeros(2, g.latent_dim, device="meta"))
    blocks = [("", (g.latent_dim, 1, 1)), *layers]
    c = Canvas("dcgan_generator", 0)
    _blocks(c, blocks, FAKE, "*z*, ", "a picture, ")
    return c.drawing(
        "DCGAN: the generator",
        f"From {g.latent_dim} numbers to {shape_words(g.image_shape)}: each layer but the first doubles the side and "
        f"has fewer channels than the one before; {parameters(g):,} parameters in all.",
        "Blocks below one another, each labelled channels × height × width: "
        + ", ".join(shape_words(shape) for _, shape in blocks) + ". Between them stand the transposed convolutions.",
    )  # fmt: skip


def dcgan_discriminator() -> Drawing:
    """The discriminator of chapter 4: what each layer gives, as blocks of channels × side × side."""
    d = on_paper(DCGANDiscriminator)
    layers = recorded_shapes(d, torch.zeros(2, *d.image_shape, device="meta"))
    blocks = [("", d.image_shape), *layers]
    c = Canvas("dcgan_discriminator", 0)
    _blocks(c, blocks, THIRD, "a picture, ", "the logit, ")
    return c.drawing(
        "DCGAN: the discriminator",
        f"The way back: each layer but the last halves the side, down to one number; {parameters(d):,} parameters.",
        "Blocks below one another, each labelled channels × height × width: "
        + ", ".join(shape_words(shape) for _, shape in blocks) + ". Between them stand convolutions with stride 2.",
    )  # fmt: skip


def _blocks(c: Canvas, blocks: list[tuple[str, tuple[int, ...]]], colour: str, first: str, last: str) -> None:
    """Tensors as blocks from top to bottom; sets the canvas's height."""
    y, before = 0.0, None
    for i, (words, (channels, side, _)) in enumerate(blocks):
        high, wide = 9 + 1.7 * side, 12 + 16 * log2(channels)
        deep = 4 + 0.5 * side
        if before is not None:
            c.arrow((100, before + 4), (100, before + 34), words=words, shift=(12, 0), anchor="start")
            y = before + 40
        y += 0.6 * deep + high / 2 + (4 if before is None else 0)
        c.block(100 - deep / 2, y, wide, high, deep, colour if i else GREY)
        said = (first if not i else last if i == len(blocks) - 1 else "") + f"{channels} × {side} × {side}"
        c.text(218, y - 0.3 * deep, said, 14, "start", bold=True)
        before = y + high / 2
    c.height = round(before + 6)


def batch_norm() -> Drawing:
    """Which numbers BatchNorm averages: one channel, over all pictures of the batch and all places."""
    norm = next(m for m in on_paper(DCGANGenerator).modules() if isinstance(m, nn.BatchNorm2d))
    channels = norm.num_features
    c = Canvas("batch_norm", 330)
    pictures, shown, cell = 4, 4, 12
    c.text(222, 14, f"channels (here {channels})", SMALL)
    c.text(40, 166, "pictures\nof the\nbatch", SMALL)
    for row in range(pictures):
        for column in range(shown):
            x, y = 92 + column * 68, 32 + row * 66
            chosen = column == 1
            c.grid(x, y, 4, 4, cell, lambda *_, chosen=chosen: (FAKE, 0.45) if chosen else (GREY, 0.12))
    c.text(372, 166, "…", 20)
    c.rect(92 + 68 - 8, 24, 4 * cell + 16, pictures * 66 + 2, FAKE, 0, width=2.5, radius=8)
    c.text(200, 312, "these all together: one mean, one standard deviation", SMALL)
    return c.drawing(
        "What BatchNorm averages",
        f"Each of the {channels} channels has one mean and one spread, over all pictures of the batch and all places, "
        "so the pictures of a batch depend on each other.",
        "Small maps in rows and columns: a row for each picture of the batch, a column for each channel. One whole "
        "column is marked: over its numbers mean and standard deviation are taken.",
    )


def averaged_weights() -> Drawing:
    """A weight that jumps in training, and its exponential moving average."""
    keep = recipes.RECIPES["dcgan-fashion"].ema
    updates, shown = 4_000, 10  # every tenth is drawn
    noise = torch.randn(updates, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    weights, averages, average = [], [], 0.0
    for step in range(updates):
        weight = 1 - torch.exp(torch.tensor(-step / 600)).item() + 0.16 * noise[step].item()
        decay = min(keep, (1 + step) / (10 + step))
        average = decay * average + (1 - decay) * weight
        weights.append(weight), averages.append(average)
    c = Canvas("averaged_weights", 246)
    frame = Frame(14, 16, 372, 160, (0, updates), (-0.3, 1.5))
    c.line(frame.at(0, -0.3), frame.at(updates, -0.3), colour=GREY)
    c.line(frame.at(0, -0.3), frame.at(0, 1.5), colour=GREY)
    c.curve(frame.curve(range(0, updates, shown), weights[::shown]), REAL, 1, opacity=0.7)
    c.curve(frame.curve(range(0, updates, shown), averages[::shown]), FAKE, 3)
    c.text(386, 188, "updates", SMALL, "end")
    c.line((20, 208), (44, 208), colour=REAL)
    c.text(52, 208, "a weight in training", SMALL, "start")
    c.line((208, 208), (232, 208), colour=FAKE, width=3)
    c.text(240, 208, "its average: it draws", SMALL, "start")
    c.text(200, 234, f"average ← {keep:g} · average + {1 - keep:.2g} · weight", SMALL)
    return c.drawing(
        "Averaged weights",
        f"The generator that draws has averaged weights: each update moves them by {1 - keep:.1%} towards the trained "
        "ones, and the noise of single updates falls away.",
        "A curve that rises and jumps up and down, a weight in training (an example), and within it a smooth curve, "
        "the moving average.",
    )
