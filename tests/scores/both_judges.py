"""What the two judges and the two formulas say of sets that are known to be good or bad:
`python -m tests.scores.both_judges [fashion-mnist]`, some minutes."""

import sys
from statistics import fmean, stdev

import torch
from torch import Tensor, nn

from gan_lib import data, runs
from gan_lib.scores import metrics

GENERATORS = {
    "fashion-mnist": ("mlp-fashion", "dcgan-fashion", "ns-fashion", "wgan-gp-fashion"),
    "mnist": ("cgan-mnist", "acgan-mnist"),
}
Z_SEEDS = (1, 2, 3)
SCORES = ("frechet 1", "frechet 2", "KID 1", "KID 2")  # KID × 1,000


def moved(images: Tensor, by: int) -> Tensor:
    """(n, 1, H, W) in −1…1, down and to the right; black comes in."""
    return nn.functional.pad(images, (by, 0, by, 0), value=-1.0)[..., :-by, :-by]


def sets(train: data.ImageSet, test: data.ImageSet, side: int) -> dict[str, Tensor]:
    """Name → (n, 1, side, side) in −1…1; what is damaged are the test pictures, which the judges compare with."""
    rng = torch.Generator().manual_seed(0)
    new, known = data.to_range(test.pixels), data.to_range(train.pixels[:20_000])
    noise = torch.randn(new.shape, generator=rng)
    blurred = nn.functional.avg_pool2d(new + 1, 3, stride=1, padding=1) - 1
    first = torch.stack([(train.labels == label).nonzero()[0, 0] for label in range(10)])
    found = {
        "copies: the first training pictures": known[:10_000],
        "the next 10,000 training pictures": known[10_000:],
        "moved by 1 pixel": moved(new, 1),
        "moved by 3 pixels": moved(new, 3),
        "noise 0.03": (new + 0.03 * noise).clamp(-1, 1),
        "noise 0.1": (new + 0.1 * noise).clamp(-1, 1),
        "blurred by 3 × 3": blurred,
        "upside down": new.flip(2),
        "halves of two pictures": torch.cat([new[..., :14], new.roll(1, 0)[..., 14:]], 3),
        "means of two pictures": (new + new.roll(1, 0)) / 2,
        "1,000 pictures, ten times each": known[:1_000].repeat(10, 1, 1, 1),
        "ten pictures, again and again": known[first].repeat(1_000, 1, 1, 1),
        "one class": data.to_range(train.pixels[train.labels == 9]),
        "half of them noise": torch.cat([new[::2], torch.rand(5_000, 1, 28, 28, generator=rng) * 2 - 1]),
        "noise": torch.rand(new.shape, generator=rng) * 2 - 1,
    }
    if side == 28:
        return found
    as_sharp = ("copies", "moved by 1", "noise 0.1", "blurred", "means")  # what enlarging changes
    return {name: data.resize(images, side) for name, images in found.items() if name.startswith(as_sharp)}


def scores(images: Tensor, judges: tuple[metrics.Judge, metrics.Judge]) -> list[float]:
    """The four numbers of `SCORES`."""
    seen = [metrics.look(judge.classifier, images.split(1_000))[0] for judge in judges]
    pairs = list(zip(judges, seen, strict=True))
    return [judge.distance(x) for judge, x in pairs] + [1_000 * judge.kid(x) for judge, x in pairs]


def main(dataset: str) -> None:
    """Print a table for each size."""
    train, test = data.load(dataset), data.load(dataset, "test")
    generators = {name: runs.load(name).generator for name in GENERATORS[dataset]}
    for side in metrics.SIDES:
        judges = metrics.judge(dataset, side), metrics.second_judge(dataset, side)
        print(f"\n{dataset}, {side} × {side}\n{'':36}" + "".join(f"{name:>20}" for name in SCORES), flush=True)
        for name, images in sets(train, test, side).items():
            print(f"{name:36}" + "".join(f"{value:20.2f}" for value in scores(images, judges)), flush=True)
        for name, generator in generators.items():
            if generator.image_shape[-1] != side:
                continue
            draws = [torch.cat(list(metrics.samples(generator, metrics.SAMPLES, seed))) for seed in Z_SEEDS]
            columns = zip(*(scores(images, judges) for images in draws), strict=True)
            cells = "".join(f"{fmean(column):12.2f} ± {stdev(column):<5.2f}" for column in columns)
            print(f"{name:36}{cells}", flush=True)


if __name__ == "__main__":
    torch.set_num_threads(1)
    main(*sys.argv[1:] or ["fashion-mnist"])
