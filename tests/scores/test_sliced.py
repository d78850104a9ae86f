"""The sliced distance against SciPy and a rewrite in float64; and what it says of pictures that are spoiled."""

from functools import cache

import numpy as np
import pytest
import torch
from scipy.ndimage import convolve
from scipy.stats import wasserstein_distance

from gan_lib.data import ImageSet, to_range
from gan_lib.errors import BadInput
from gan_lib.scores import sliced
from gan_lib.scores.sliced import SlicedJudge, pyramid, sliced_wasserstein
from tests.scores.trials import shapes, table

KERNEL = np.outer([1, 4, 6, 4, 1], [1, 4, 6, 4, 1]) / 256


def levels_by_scipy(image):
    """(H, W) float64 → the levels of its pyramid, in float64; "mirror" is SciPy's word for torch's "reflect"."""
    found = [image]
    while -(-min(found[-1].shape) // 2) >= 16:
        half = convolve(found[-1], KERNEL, mode="mirror")[::2, ::2]
        between = np.zeros_like(found[-1])
        between[::2, ::2] = half
        found[-1:] = [found[-1] - convolve(between, 4 * KERNEL, mode="mirror"), half]
    return found


@pytest.mark.parametrize(
    ("height", "width", "sides"),
    [
        (16, 16, [(16, 16)]),
        (28, 28, [(28, 28)]),
        (30, 30, [(30, 30)]),
        (31, 31, [(31, 31), (16, 16)]),
        (64, 64, [(64, 64), (32, 32), (16, 16)]),
        (33, 70, [(33, 70), (17, 35)]),
    ],
)
def test_a_pyramid_is_scipys(height, width, sides):
    images = torch.rand(2, 3, height, width, generator=torch.Generator().manual_seed(0))
    levels = pyramid(images)
    assert [tuple(level.shape[2:]) for level in levels] == sides
    for i, channel in ((0, 0), (1, 2)):
        expected = levels_by_scipy(images[i, channel].double().numpy())
        for level, one in zip(levels, expected, strict=True):
            assert np.allclose(level[i, channel].numpy(), one, atol=1e-6)


def test_the_levels_add_up_to_the_pictures():
    images = torch.rand(3, 1, 64, 48, dtype=torch.float64)
    *details, total = pyramid(images)
    for detail in reversed(details):
        between = torch.zeros_like(detail)
        between[:, :, ::2, ::2] = total
        total = detail + torch.from_numpy(convolve(between.numpy(), 4 * KERNEL[None, None], mode="mirror"))
    assert torch.allclose(total, images, atol=1e-6)
    flat = pyramid(torch.full((1, 1, 64, 64), 0.3))
    assert [level.abs().max().item() for level in flat[:-1]] == pytest.approx([0, 0], abs=1e-6)
    assert flat[-1].mean().item() == pytest.approx(0.3)


def test_eq_sliced_is_scipys_distance_of_the_projections():
    rng = torch.Generator().manual_seed(1)
    x, y = torch.randn(2, 200, 5, generator=rng)
    y = 1.5 * y + torch.tensor([1.0, 0, 0, -2, 0])
    directions = torch.nn.functional.normalize(torch.randn(5, 7, generator=rng), dim=0)
    each = [wasserstein_distance((x @ d).numpy(), (y @ d).numpy()) for d in directions.T]
    assert sliced_wasserstein(x, y, directions) == pytest.approx(np.mean(each), rel=1e-5)
    assert sliced_wasserstein(x, x.flip(0), directions) == 0
    moved = x + 3 * directions[:, 0]  # along that direction by 3, along others by less
    assert sliced_wasserstein(x, moved, directions[:, :1]) == pytest.approx(3, rel=1e-5)


def distances_in_float64(real, fake):
    """As the docstrings say it, patch by patch: the same places and directions, and nothing else in common."""
    rng = [torch.Generator().manual_seed(sliced.SEED) for _ in range(2)]
    levels = len(levels_by_scipy(np.zeros(real.shape[2:])))
    taken = [[[] for _ in range(levels)] for _ in range(2)]  # real and fake, by level
    for pixels, mine, found in zip((real, fake), rng, taken, strict=True):
        owners = [i * len(pixels) // sliced.PATCHES for i in range(sliced.PATCHES)]
        for start in range(0, len(pixels), sliced.PART):
            part = pixels[start : start + sliced.PART].double().numpy() / 127.5 - 1
            here = [owner - start for owner in owners if start <= owner < start + sliced.PART]
            pyramids = [[levels_by_scipy(channel) for channel in image] for image in part]  # image, channel, level
            for k in range(levels):
                height, width = pyramids[0][0][k].shape
                ys, xs = (torch.randint(size - 6, (len(here),), generator=mine).tolist() for size in (height, width))
                for i, y, x in zip(here, ys, xs, strict=True):
                    found[k].append([channel[k][y : y + 7, x : x + 7] for channel in pyramids[i]])
    directions = torch.randn(real.shape[1] * 49, sliced.DIRECTIONS, generator=torch.Generator().manual_seed(0)).numpy()
    directions = directions / np.linalg.norm(directions, axis=0)
    result = []
    for a, b in zip(*(map(np.array, found) for found in taken), strict=True):
        mean, spread = a.mean((0, 2, 3), keepdims=True), a.std((0, 2, 3), keepdims=True, ddof=1)
        a, b = (((each - mean) / spread).reshape(len(each), -1) @ directions for each in (a, b))
        result.append(1_000 * np.mean([wasserstein_distance(u, v) for u, v in zip(a.T, b.T, strict=True)]))
    return result


@pytest.mark.parametrize(("channels", "side", "part"), [(3, 32, 100), (3, 32, 8), (1, 20, 100)])
def test_the_distances_are_those_of_a_rewrite_in_float64(monkeypatch, channels, side, part):
    monkeypatch.setattr(sliced, "PART", part)
    monkeypatch.setattr(sliced, "PATCHES", 300)
    monkeypatch.setattr(sliced, "DIRECTIONS", 9)
    real, fake = shapes(40, side)[:, :channels], shapes(50, side, seed=1)[:, :channels]
    found = SlicedJudge(real).distances(fake)
    assert list(found) == (["32", "16"] if side == 32 else ["20"])
    assert list(found.values()) == pytest.approx(distances_in_float64(real, fake), rel=1e-4)


# ---------------------------------------------------------------------------------------------- what it says


@cache
def judged():
    """What happened to pictures of discs → the mean distance of half of them to the other half."""
    return {what: np.mean([row["32"], row["16"]]) for what, row in table(shapes(800)).items()}


def test_pictures_are_at_no_distance_from_themselves_and_real_ones_are_near():
    pixels = shapes(100)
    assert set(SlicedJudge(pixels).distances(pixels).values()) == {0}
    assert all(judged()["real"] < value for what, value in judged().items() if what not in ALIKE)


ALIKE = (
    "real",
    "mirrored",
    "upside down",
    "red and blue changed",
    "200 pictures",
)  # as good as real ones, for this distance


@pytest.mark.parametrize("what", ALIKE)
def test_what_it_does_not_see(what):
    """These discs are of any colour at any place; and 200 of them, again and again, are as 400."""
    assert judged()[what] < 2 * judged()["real"]


@pytest.mark.parametrize(
    "what",
    [
        "darker by 25",  # the paper's own program, which scales either set by its own mean and spread, sees neither
        "contrast 0.8",  # of these two
        "grey",
        "blurred by 1",
        "checkerboard of 5 added",
        "blocks of 8 mixed",
        "one picture",
        "10 pictures",
    ],
)
def test_what_it_sees(what):
    assert judged()[what] > 2.5 * judged()["real"]


def test_the_more_they_are_spoiled_the_farther_they_are():
    rows = (
        ("real", "darker by 10 of 255", "darker by 25"),
        ("real", "blurred by 0.5 pixels", "blurred by 1", "blurred by 2", "noise"),
        ("real", "noise of 10 added", "half of them noise", "noise"),
        ("real", "blocks of 16 mixed", "blocks of 8 mixed"),
        ("real", "10 pictures", "one picture", "noise"),
    )
    for row in rows:
        values = [judged()[what] for what in row]
        assert values == sorted(values), row


def test_each_level_sees_its_own_coarseness():
    """Blur takes the finest details and leaves the coarse ones; a wrong colour is seen where all is blurred."""
    found = table(shapes(300, side=64))
    blur, dark, real = (found[what] for what in ("blurred by 1", "darker by 25", "real"))
    assert blur["64"] > 5 * real["64"] and blur["16"] < 1.5 * real["16"]
    assert dark["16"] > 2 * real["16"] and dark["64"] < 2 * real["64"]


def test_more_pictures_have_a_lower_floor():
    few, many = ([SlicedJudge(shapes(n, seed=s)).distance(shapes(n, seed=s + 1)) for s in (0, 2, 4)] for n in (50, 800))
    assert max(many) < min(few)


def test_flat_pictures_are_compared_by_grey_levels():
    """Without spread there is nothing to scale by; a grey level counts as one spread."""
    black = torch.zeros(3, 1, 16, 16, dtype=torch.uint8)
    judge = SlicedJudge(black)
    assert judge.distance(black) == 0
    assert judge.distance(black + 2) == pytest.approx(2 * judge.distance(black + 1), rel=1e-5)


# --------------------------------------------------------------------------------------------- what is given


def test_floats_are_taken_as_the_bytes_that_a_file_would_hold():
    real, fake = shapes(30), shapes(30, seed=1)
    of_bytes = SlicedJudge(real).distances(fake)
    assert SlicedJudge(to_range(real)).distances(to_range(fake) + 1e-4) == of_bytes
    assert SlicedJudge(ImageSet("mine", real)).distances(fake.permute(0, 2, 3, 1).numpy()) == of_bytes


def test_nothing_is_taken_from_torchs_own_random_numbers():
    before = torch.get_rng_state()
    SlicedJudge(shapes(10)).distances(shapes(10))
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize(
    ("pictures", "said"),
    [
        (torch.zeros(4, 1, 32, 32, dtype=torch.uint8), r"the pictures are 1×32×32 and the real ones 3×32×32"),
        (torch.zeros(4, 3, 16, 16, dtype=torch.uint8), r"are 3×16×16 and the real ones 3×32×32; bring both alike"),
        (torch.zeros(4, 3, 15, 32, dtype=torch.uint8), r"shape \(4, 3, 15, 32\) cannot be compared; .* from 16 on"),
        (torch.zeros(0, 3, 32, 32, dtype=torch.uint8), "nothing in them"),
        (torch.full((4, 3, 32, 32), torch.nan), "NaN"),
        (torch.rand(4, 7), "cannot be compared"),
        (None, "NoneType"),
    ],
)
def test_other_pictures_are_refused(pictures, said):
    with pytest.raises(BadInput, match=said):
        SlicedJudge(shapes(4)).distances(pictures)
    if "real ones" not in said:
        with pytest.raises(BadInput, match=said):
            SlicedJudge(pictures)


def test_what_has_no_pyramid_is_refused():
    with pytest.raises(BadInput, match="15×64; a pyramid needs sides from 16 on"):
        pyramid(torch.zeros(1, 1, 15, 64))
