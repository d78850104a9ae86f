"""What the sliced distance says of pictures that are spoiled in a known way: `python -m tests.scores.trials FOLDER`."""

import sys
import time

import torch
from torch import nn

from gan_lib.data.folder import folder
from gan_lib.scores.sliced import SlicedJudge


def shapes(n, side=32, seed=0):
    """n pictures of a disc on a ground, each in its own colour with a soft shade: uint8 (n, 3, side, side)."""
    rng = torch.Generator().manual_seed(seed)
    ground, colour = torch.rand(2, n, 3, 1, 1, generator=rng) * 255
    y, x, radius = torch.rand(3, n, 1, 1, 1, generator=rng) * torch.tensor([1, 1, 0.35])[:, None, None, None, None]
    along = (torch.arange(side) + 0.5) / side
    shade = 40 * (along[:, None] - along) * torch.randn(n, 1, 1, 1, generator=rng)
    inside = (along[:, None] - y).square() + (along - x).square() < (radius + 0.1).square()  # (n, 1, side, side)
    return (torch.where(inside, colour, ground) + shade).round().clamp(0, 255).to(torch.uint8)


def blurred(pixels, width):
    """With a Gaussian of that standard deviation, in pixels."""
    reach = int(3 * width + 1)
    bell = (-torch.arange(-reach, reach + 1).square() / (2 * width**2)).exp()
    x = pixels.float().flatten(0, 1)[:, None]
    for kernel in (bell[None, None, None] / bell.sum(), bell[None, None, :, None] / bell.sum()):
        beside = [reach if size > 1 else 0 for size in reversed(kernel.shape[2:]) for _ in range(2)]
        x = nn.functional.conv2d(nn.functional.pad(x, beside, mode="reflect"), kernel)
    return x.reshape(pixels.shape)


def blocks(pixels, size, rng):
    """Cut into squares, which change their places."""
    n, c, h, w = pixels.shape
    cut = pixels.reshape(n, c, h // size, size, w // size, size).permute(0, 2, 4, 1, 3, 5).flatten(1, 2)
    order = torch.rand(cut.shape[:2], generator=rng).argsort(1)
    mixed = cut[torch.arange(n)[:, None], order].reshape(n, h // size, w // size, c, size, size)
    return mixed.permute(0, 3, 1, 4, 2, 5).reshape(pixels.shape)


def spoiled(pixels):
    """What happened to the pictures → uint8 (n, 3, H, W)."""
    rng = torch.Generator().manual_seed(1)
    x, n = pixels.float(), len(pixels)
    spread, mean = torch.std_mean(x, (0, 2, 3), keepdim=True)
    odd = (torch.arange(x.shape[2])[:, None] + torch.arange(x.shape[3])) % 2 * 2 - 1
    noise, even = torch.randn(x.shape, generator=rng), torch.rand(x.shape, generator=rng) * 255
    found = {
        "real": x,
        "mirrored": x.flip(3),
        "upside down": x.flip(2),
        "moved by 4 pixels": x.roll((4, 4), (2, 3)),
        "darker by 10 of 255": x - 10,
        "darker by 25": x - 25,
        "contrast 0.8": mean + (x - mean) * 0.8,
        "grey": x.mean(1, keepdim=True).expand_as(x),
        "red and blue changed": x.flip(1),
        "blurred by 0.5 pixels": blurred(pixels, 0.5),
        "blurred by 1": blurred(pixels, 1.0),
        "blurred by 2": blurred(pixels, 2.0),
        "noise of 10 added": x + 10 * noise,
        "checkerboard of 5 added": x + 5 * odd,
        "blocks of 16 mixed": blocks(x, 16, rng),
        "blocks of 8 mixed": blocks(x, 8, rng),
        "one picture": x[:1].expand_as(x),
        "10 pictures": x[torch.arange(n) % 10],
        "50 pictures": x[torch.arange(n) % 50],
        "200 pictures": x[torch.arange(n) % 200],
        "the mean picture": x.mean(0, keepdim=True).expand_as(x),
        "half of them noise": torch.where((torch.arange(n) % 2 == 0)[:, None, None, None], x, even),
        "noise of their mean and spread": mean + spread * noise,
        "noise": even,
    }
    return {what: each.round().clamp(0, 255).to(torch.uint8) for what, each in found.items()}


def table(pixels):
    """What happened → the distance by side, half of the pictures against the other half, and the seconds."""
    order = torch.randperm(len(pixels), generator=torch.Generator().manual_seed(0))
    judge, found = SlicedJudge(pixels[order[::2]]), {}
    for what, each in spoiled(pixels[order[1::2]]).items():
        start = time.perf_counter()
        found[what] = judge.distances(each) | {"seconds": time.perf_counter() - start}
    return found


if __name__ == "__main__":
    torch.set_num_threads(1)
    found = table(folder(sys.argv[1], 64).pixels)
    sides = list(found["real"])[:-1]
    print(f"{'':32}" + "".join(f"{head:>9}" for head in ("mean", *sides, "seconds")))
    for what, row in found.items():
        cells = [sum(row[side] for side in sides) / len(sides), *(row[side] for side in sides)]
        print(f"{what:32}" + "".join(f"{cell:9.1f}" for cell in cells) + f"{row['seconds']:9.2f}")
