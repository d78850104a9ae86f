"""Kernel, stack, question, and the walk from a to b: what the page gets, the page's arithmetic beside torch's."""

from __future__ import annotations

import base64
import io
import json
import re

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn
from torch.nn.functional import conv_transpose1d

from gan_lib import widgets
from gan_lib.chapters.cost import cost
from gan_lib.chapters.receptive import receptive_fields
from gan_lib.data import to_pixels
from gan_lib.errors import BadInput
from gan_lib.machine.rng import z_from_seed
from gan_lib.networks.conditional import CGANGenerator
from gan_lib.networks.mlp import MLPGenerator
from gan_lib.show.latent import linear, spherical
from gan_lib.widgets import walk
from gan_lib.widgets.export import export
from tests.outputs import spec_of
from tests.page_scripts import context
from tests.widgets.test_shrink_and_find import Broken

pytestmark = pytest.mark.usefixtures("no_running_loop")


@pytest.fixture
def shown(shown, monkeypatch):
    """Boxes, too."""
    monkeypatch.setattr(walk, "display", shown.append)
    return shown


def decoded(png: bytes) -> np.ndarray:
    return np.array(Image.open(io.BytesIO(png)))


# ------------------------------------------------------------------------------------------ kernel


def test_the_page_gets_the_weights_and_the_words_say_what_they_make(shown):
    widgets.play_kernel([0.5, 1, 0.5], step=True)
    assert spec_of(shown[0]["text/html"]) == {"weights": [0.5, 1, 0.5], "step": True}
    y = ["0"] * 8 + ["0.5", *["1"] * 7, "0.5"]
    assert shown[0]["text/plain"].endswith(f"with stride 2, give {', '.join(y)}.")


def test_the_pages_row_is_torchs_and_the_sentence_says_how_uneven_it_is():
    page, rng = context("stack/kernel_bars.js"), torch.Generator().manual_seed(0)
    gone = 0
    for n in [2, 3, 4, 5, 6] * 20:
        weights = torch.randint(-10, 11, (n,), generator=rng).double() / 10
        for x in (torch.ones(8).double(), torch.tensor([0.0] * 4 + [1.0] * 4).double()):
            y = conv_transpose1d(x[None, None], weights[None, None], stride=2)[0, 0]
            np.testing.assert_allclose(page.call("transposedRow", x.tolist(), weights.tolist()), y, atol=1e-12)
        even, odd = y[12:14].tolist()  # there every weight meets a 1
        said = page.call("howUneven", even, odd)
        told = re.search(r"a = (.*), the orange ones b = (.*):", said).groups()
        sums = (weights[::2].sum().item(), weights[1::2].sum().item())
        assert [float(v.replace("−", "-")) for v in told] == pytest.approx(sums, abs=1e-9)
        apart = abs(even - odd)
        gone += apart < 1e-9
        if apart < 1e-9:
            assert said.endswith(": the checkerboard is gone.")
        else:
            share = float(re.search(r"= (\d+) %\.$", said)[1])
            assert share == pytest.approx(100 * apart / (abs(even) + abs(odd)), abs=0.51)
    assert 0 < gone < 50


@pytest.mark.parametrize("weights", [[1.0], [1.0] * 7, [2.0, 0.0], [[1.0, 1.0]], None, "ab"])
def test_other_weights_are_refused(shown, weights):
    with pytest.raises(BadInput, match="weights"):
        widgets.play_kernel(weights)
    assert shown == []


# ------------------------------------------------------------------------------------------ stack


def seen_by_torch(layers: list[nn.Module], size: int) -> int:
    """How far apart the first and the last input cell lie, along one axis, that an output cell's gradient reaches."""
    x = torch.ones(1, 1, size, dtype=torch.float64, requires_grad=True)
    y = x
    for layer in layers:
        weight = torch.ones(1, 1, layer.kernel_size[0], dtype=torch.float64)
        one = {"stride": layer.stride[0], "padding": layer.padding[0], "dilation": layer.dilation[0]}
        if isinstance(layer, nn.ConvTranspose2d):
            y = conv_transpose1d(y, weight, output_padding=layer.output_padding[0], **one)
        else:
            y = nn.functional.conv1d(y, weight, **one)
    most = 0
    for cell in y.flatten():
        (gradient,) = torch.autograd.grad(cell, x, retain_graph=True)
        places = gradient.flatten().nonzero().flatten()
        most = max(most, (places.max() - places.min() + 1).item() if len(places) else 0)
    return most


def random_stack(rng: torch.Generator, dilated: bool = False) -> nn.Sequential:
    def pick(least: int, most: int) -> int:
        return int(torch.randint(least, most + 1, (1,), generator=rng))

    layers, channels = [], pick(1, 4)
    for _ in range(pick(1, 4)):
        kind, out = (nn.Conv2d, nn.ConvTranspose2d)[pick(0, 1)], pick(1, 5)
        given = {"kernel_size": pick(1, 5), "stride": pick(1, 3), "padding": pick(0, 2), "bias": bool(pick(0, 1))}
        if dilated:
            given |= {"dilation": pick(1, 2)}
        layers.append(kind(channels, out, **given, device="meta"))
        channels = out
    return nn.Sequential(*layers)


@pytest.mark.parametrize("dilated", [False, True])
def test_receptive_fields_are_as_wide_as_torchs_gradients_reach(dilated):
    rng, refused = torch.Generator().manual_seed(1), 0
    for _ in range(60):
        network, size = random_stack(rng, dilated), int(torch.randint(1, 14, (1,), generator=rng))
        try:
            found = receptive_fields(network, size)
        except BadInput:
            refused += 1
            with pytest.raises(BadInput):
                cost(network, (network[0].in_channels, size, size))
            continue
        assert found == [seen_by_torch(list(network)[: i + 1], size) for i in range(len(network))]
    assert 3 < refused < 40


def test_the_patches_of_pix2pix_are_70_wide():
    """Isola et al. 2017, section 6.1.2 of the appendix: C64-C128-C256-C512 and one more, kernel 4."""
    widths, strides = (3, 64, 128, 256, 512, 1), (2, 2, 2, 1, 1)
    layers = []
    for i, stride in enumerate(strides):
        layers += [nn.Conv2d(widths[i], widths[i + 1], 4, stride, 1, device="meta"), nn.LeakyReLU(0.2)]
    assert receptive_fields(nn.Sequential(*layers), 256) == [4, 10, 22, 46, 70]


def test_the_pages_table_is_torchs_cost_and_our_receptive_fields(shown):
    page, rng, refused = context("arithmetic.js", "stack/stack.js"), torch.Generator().manual_seed(2), 0
    page.eval("const told = (spec) => JSON.stringify(measureLayers(spec))")
    for _ in range(80):
        network, size = random_stack(rng), int(torch.randint(1, 20, (1,), generator=rng))
        shape = (network[0].in_channels, size, size)
        layers = [
            {
                "transposed": isinstance(layer, nn.ConvTranspose2d),
                "channels": layer.out_channels,
                "kernel_size": layer.kernel_size[0],
                "stride": layer.stride[0],
                "padding": layer.padding[0],
                "bias": layer.bias is not None,
            }
            for layer in network
        ]
        found = json.loads(page.call("told", {"size": size, "channels": shape[0], "layers": layers}))
        try:
            rows = cost(network, shape)
        except BadInput:
            refused += 1
            assert "why" in found[-1]
            with pytest.raises(BadInput):
                widgets.play_stack(network, size)
            continue
        fields = receptive_fields(network, size)
        for row, field, said in zip(rows, fields, found, strict=True):
            assert row.out_shape[1:] == (said["out"], said["out"]) and field == said["field"]
            assert (row.parameters, row.macs) == (said["parameters"], said["macs"])
        widgets.play_stack(network, size)
        output = shown.pop()
        assert spec_of(output["text/html"]) == {"size": size, "channels": shape[0], "layers": layers}
        assert f"{rows[-1].macs:,} MAC, receptive field {fields[-1]} × {fields[-1]}." in output["text/plain"]
    assert 3 < refused < 60


def test_what_comes_after_a_layer_that_cannot_be_is_not_computed():
    page = context("arithmetic.js", "stack/stack.js")
    page.eval("const told = (spec) => JSON.stringify(measureLayers(spec))")
    layer = {"transposed": False, "channels": 1, "kernel_size": 5, "stride": 1, "padding": 0, "bias": True}
    small, large = layer | {"kernel_size": 1}, layer | {"transposed": True, "kernel_size": 4, "stride": 4}
    found = json.loads(page.call("told", {"size": 4, "channels": 1, "layers": [small, layer, small]}))
    assert found[0]["out"] == 4 and found[1]["why"].startswith("Layer 2: A kernel that spans 5 cells does not fit")
    assert found[2] == {"why": found[1]["why"]}
    (far,) = json.loads(page.call("told", {"size": 257, "channels": 1, "layers": [large]}))
    assert far["why"] == "Layer 1: The output would be larger than 1024 × 1024."


@pytest.mark.parametrize(
    ("network", "size", "said"),
    [
        (nn.Sequential(nn.Conv2d(1, 1, 3), nn.Linear(2, 2)), 8, "a Linear"),
        (nn.ReLU(), 8, "0 convolutions"),
        (nn.Sequential(*[nn.Conv2d(1, 1, 1)] * 9), 8, "the network has"),
        (nn.Conv2d(1, 1, 3, dilation=2), 8, "without dilation"),
        (nn.Conv2d(2, 2, 3, groups=2), 8, "without dilation"),
        (nn.Conv2d(1, 1, (3, 2)), 8, "not plain"),
        (nn.Conv2d(1, 1, 3, padding="same"), 8, "not plain"),
        (nn.Conv2d(1, 1, 3, padding=1, padding_mode="reflect"), 8, "not plain"),
        (nn.Conv2d(1, 1, 5), 4, "does not fit"),
        (nn.Sequential(nn.Conv2d(1, 2, 3), nn.Conv2d(3, 1, 3)), 8, "does not fit"),
        (nn.Conv2d(1, 1, 3), 257, "from 1 to 256"),
        (nn.Conv2d(1, 1, 9), 28, "kernel_size 1 to 8"),
        (None, 8, "built"),
    ],
)
def test_what_cannot_be_stacked_is_refused(shown, network, size, said):
    with pytest.raises(BadInput, match=said):
        widgets.play_stack(network, size)
    assert shown == []


# ------------------------------------------------------------------------------------------ question

ASK = """
let state = 1;
const nextRandom = () => (state = (state * 48271) % 2147483647) / 2147483647;
const asked = () => {
  const question = randomQuestion(nextRandom), answers = Array.from({ length: 100 }, (_, i) => i - 3);
  const right = answers.filter((answer) => !wrongAnswer(question, answer)), half = wrongAnswer(question, 1.5);
  return JSON.stringify({ ...question, right, half, empty: wrongAnswer(question, NaN) });
};
"""


def torchs_size(setting: dict) -> int | None:
    """None: torch refuses."""
    names = {"kernel": "kernel_size", "stride": "stride", "padding": "padding", "dilation": "dilation"}
    given = {name: setting[key] for key, name in names.items()}
    kind = nn.ConvTranspose2d if setting["transposed"] else nn.Conv2d
    if setting["transposed"]:
        given["output_padding"] = setting["outputPadding"]
    try:
        return kind(1, 1, **given, device="meta")(torch.empty(1, 1, *[setting["size"]] * 2, device="meta")).shape[-1]
    except (RuntimeError, ValueError):
        return None


def test_hundreds_of_questions_have_the_answers_that_torch_gives():
    page = context("arithmetic.js", "playground.js", "stack/question.js")
    page.eval(ASK)
    seen = set()
    for _ in range(300):
        question = json.loads(page.call("asked"))
        s, unknown = question["s"], question["unknown"]
        wanted = torchs_size(s)
        assert wanted is not None
        if unknown == "output":
            expected = [wanted]
        else:
            least = 1 if unknown in ("size", "kernel") else 0
            expected = [n for n in range(least, 97) if torchs_size(s | {unknown: n}) == wanted]
            assert s[unknown] in expected
        assert question["right"] == expected
        assert question["half"].startswith("Type a whole number") and question["empty"] == question["half"]
        seen.add((s["transposed"], unknown))
    assert len(seen) == 9  # four of a convolution, five of a transposed one


def test_the_question_needs_no_data(shown):
    widgets.ask_arithmetic()
    assert spec_of(shown[0]["text/html"]) == {} and "question mark" in shown[0]["text/plain"]
    line = shown[0]["text/plain"].split("? ", 1)[1]
    assert tuple(eval(line.split("  # ")[0], {"nn": nn, "torch": torch}).shape) == (1, 1, 3, 3)


# ------------------------------------------------------------------------------------------ from a to b


@pytest.fixture
def mlp():
    torch.manual_seed(0)
    return MLPGenerator(latent_dim=6, hidden=8, image_shape=(1, 5, 4))


def test_the_pages_ways_are_the_librarys():
    page = context("seeded.js", "walk/walk.js")
    page.eval("const ways = (a, b, t) => onTheWay(a, b, t)")
    for dim in (2, 6, 100):
        a, b = z_from_seed(dim, dim, 2)
        line, arc = linear(a, b, 11), spherical(a, b, 11)
        for i in range(11):
            found = page.call("ways", a.tolist(), b.tolist(), i / 10)
            np.testing.assert_allclose([*map(list, found)], torch.stack([line[i], arc[i]]), atol=2e-5)


def test_the_page_gets_the_generator_and_the_still_picture_shows_both_ways(mlp, shown):
    widgets.walk_between(mlp, seed=3, t=0.25)
    (output,) = shown
    spec = spec_of(output["text/html"])
    assert spec["generators"][0]["network"] == export(mlp).whole()
    assert (spec["seed"], spec["t"], spec["count"], spec["label"], spec["classes"]) == (3, 0.25, 2, 0, None)
    a, b = z_from_seed(3, 6, 2)
    with torch.no_grad():
        rows = [to_pixels(mlp(way(a, b, 9)))[:, 0] for way in (linear, spherical)]
    found = decoded(base64.b64decode(output["image/png"]))[::2, ::2]
    assert np.abs(found.astype(int) - np.vstack([np.hstack([*row]) for row in rows])).max() <= 1
    middle = (a + b).norm() / 2
    assert output["text/plain"].split("on the line, where |z| is ")[1].split()[4] == f"{middle:.1f}"


def test_in_a_kernel_the_slider_walks_with_the_live_module(mlp, shown, monkeypatch):
    monkeypatch.setenv("GAN_LIB_STATIC", "0")
    widgets.walk_between(mlp)
    assert type(shown[0]).__module__.startswith("ipywidgets.")
    live = walk.LiveWalk(walk._Setting(mlp, 3, 0.5, 0))
    for t, seed in ((0.5, 3), (0.0, 3), (0.35, 8), (1.0, 8)):
        live.seed.value, live.slider.value = seed, t
        a, b = z_from_seed(seed, 6, 2)
        z = torch.stack([way(a, b, 101)[round(100 * t)] for way in (linear, spherical)])
        with torch.no_grad():
            expected = to_pixels(mlp(z))[:, 0].numpy()
        assert all(
            np.array_equal(decoded(image.value), want) for image, want in zip(live.pictures, expected, strict=True)
        )
        line, arc = z.norm(dim=1).tolist()
        assert live.told.value == f"|z| = {line:.1f} on the line, {arc:.1f} on the arc; random z have about 2.4."
        assert live.message.value == ""


def test_the_label_chooses_the_class_of_both_pictures(shown, monkeypatch):
    torch.manual_seed(0)
    cgan = CGANGenerator(latent_dim=20, classes=3, width=8).eval()
    widgets.walk_between(cgan, label=2)
    spec = spec_of(shown[0]["text/html"])
    assert spec["label"] == 2 and len(spec["classes"]) == 3
    live = walk.LiveWalk(walk._Setting(cgan, 1, 1.0, 2))
    before = [image.value for image in live.pictures]
    live.label.value = 0
    with torch.no_grad():
        expected = to_pixels(cgan(z_from_seed(1, 20, 2)[1:], torch.tensor([0])))[0, 0].numpy()
    assert live.message.value == "" and [image.value for image in live.pictures] != before
    assert all(np.abs(decoded(image.value).astype(int) - expected).max() <= 1 for image in live.pictures)


def test_a_generator_no_page_can_run_keeps_its_picture_and_an_error_is_seen(shown):
    network = Broken()
    widgets.walk_between(network)
    html = shown[0]["text/html"]
    assert "Run this cell in Jupyter to move the slider." in html and "<script" not in html
    live = walk.LiveWalk(walk._Setting(network, 0, 0.5, 0))
    network.broken = True
    live.slider.value = 0.6
    assert live.message.value == "ValueError: it is broken"


@pytest.mark.parametrize(
    ("changes", "said"),
    [({"t": 1.1}, "from 0 to 1"), ({"seed": -1}, "seed is -1"), ({"label": 1}, "takes none"), ({"t": "x"}, "t is")],
)
@pytest.mark.parametrize("static", ["0", "1"])
def test_what_cannot_be_walked_is_refused(mlp, shown, monkeypatch, static, changes, said):
    monkeypatch.setenv("GAN_LIB_STATIC", static)
    with pytest.raises(BadInput, match=said):
        widgets.walk_between(mlp, **changes)
    assert shown == []


def test_a_z_of_one_number_has_no_arc(shown):
    with pytest.raises(BadInput, match="there is no arc"):
        widgets.walk_between(MLPGenerator(latent_dim=1, hidden=4))
