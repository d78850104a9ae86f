"""Any two labels: the blend in torch, the classifier on a page, what the page gets, the live face."""

from __future__ import annotations

import base64
import io
import json

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from gan_lib import metrics, runs, widgets
from gan_lib.data import to_pixels
from gan_lib.errors import BadInput
from gan_lib.machine.rng import z_from_seed
from gan_lib.networks.classifier import SmallClassifier
from gan_lib.networks.conditional import ACGANGenerator, CGANGenerator
from gan_lib.networks.mlp import MLPGenerator
from gan_lib.show.blended import blended
from gan_lib.widgets import blend, face
from gan_lib.widgets.export import NotExportable, export, export_classifier, layer_by_layer
from tests.outputs import spec_of
from tests.page_scripts import context

pytestmark = pytest.mark.usefixtures("no_running_loop")
SMALL = {"latent_dim": 6, "classes": 3, "image_shape": (1, 8, 8), "width": 4}


@pytest.fixture
def cgan():
    torch.manual_seed(0)
    return CGANGenerator(**SMALL).eval()


class Judge(nn.Module):
    """(B, C, 8, 8) → logits, by all that a page can run of a classifier."""

    def __init__(self, classes: int = 3, channels: int = 1):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(channels, 5, 3, padding=1),  # (B, 5, 8, 8)
            nn.ReLU(),
            nn.MaxPool2d(2),  # (B, 5, 4, 4)
            nn.Dropout(0.5),
            nn.Conv2d(5, 4, 3),  # (B, 4, 2, 2)
            nn.BatchNorm2d(4),
            nn.LeakyReLU(0.1),
            nn.Flatten(),
        )
        self.head = nn.Linear(16, classes)

    def forward(self, x):
        return 3 * self.head(self.body(x))


@pytest.fixture
def judge():
    torch.manual_seed(1)
    network = Judge()
    network.body[5].running_mean.normal_()
    return network.eval()


@pytest.fixture
def shown(shown, monkeypatch):
    """Boxes, too."""
    monkeypatch.setattr(blend, "display", shown.append)
    return shown


def by_hand(network: CGANGenerator, z: torch.Tensor, a: int, b: int, t: float) -> torch.Tensor:
    """As chapter 6 has it."""
    table = network.label_emb.weight
    mixed = (1 - t) * table[a] + t * table[b]
    x = torch.cat([z, mixed.expand(len(z), -1)], dim=1)
    return network.model(x).reshape(len(z), *network.image_shape).detach()


# ------------------------------------------------------------------------------------------ the blend, in torch


@pytest.mark.parametrize("t", [0.0, 0.3, 1.0])
def test_a_blend_is_the_rows_of_the_table_blended(cgan, t):
    z = z_from_seed(3, 6, 4)
    torch.testing.assert_close(blended(cgan, z, 0, 2, t), by_hand(cgan, z, 0, 2, t))
    assert not torch.allclose(by_hand(cgan, z, 0, 2, 0.3), by_hand(cgan, z, 0, 1, 0.3))


def test_at_its_ends_a_blend_is_the_plain_order(cgan):
    z = z_from_seed(3, 6, 4)
    for t, label in ((0, 2), (1, 1)):
        torch.testing.assert_close(blended(cgan, z, 2, 1, t), cgan(z, torch.full((4,), label)).detach())


def test_one_hot_labels_are_blended_too():
    torch.manual_seed(0)
    network = ACGANGenerator(latent_dim=5, classes=4, features=2).eval()
    z = z_from_seed(1, 5, 3)
    code = torch.tensor([0.0, 0.25, 0.0, 0.75]).expand(3, 4)
    expected = network.model(torch.cat([z, code], dim=1)[:, :, None, None]).detach()
    torch.testing.assert_close(blended(network, z, 1, 3, 0.75), expected)


class Lookup(nn.Module):
    """A generator that finds what belongs to a label by an index of its own."""

    latent_dim, image_shape, classes = 2, (1, 2, 2), 2

    def __init__(self):
        super().__init__()
        self.table = nn.Parameter(torch.eye(2))

    def forward(self, z, labels):
        return torch.cat([z, self.table[labels]], dim=1).tanh().view(-1, 1, 2, 2)


@pytest.mark.parametrize(
    ("make", "changes", "said"),
    [
        (lambda: CGANGenerator(**SMALL), {"t": 1.5}, "t is 1.5; choose a number from 0 to 1"),
        (lambda: CGANGenerator(**SMALL), {"a": 3}, "label 3 is not possible"),
        (lambda: CGANGenerator(**SMALL), {"z": torch.zeros(1, 5)}, "z has shape"),
        (lambda: MLPGenerator(latent_dim=6, hidden=4), {}, "takes no labels"),
        (Lookup, {"z": torch.zeros(1, 2)}, "no embedding and no one_hot"),
    ],
)
def test_what_cannot_be_blended_is_refused(make, changes, said):
    with pytest.raises(BadInput, match=said):
        blended(make(), **{"z": torch.zeros(1, 6), "a": 0, "b": 1, "t": 0.5} | changes)


# ------------------------------------------------------------------------------------------ the networks on a page

ANSWER = """
const opened = (spec, text) => engine(spec, text, new WebAssembly.Module(readBytes(GEMM)));
function looked(generator, classifier, ts) {
  const look = Blender.prototype.look, task = ([spec, text]) => {
    const { values } = opened(spec, text);
    return { values: async (given) => values(given) };
  };
  const { z, ends, classes } = generator[2];
  const self = { network: generator[0], ends, z: Float32Array.from(z), spec: { classes } };
  Object.assign(self, { generator: task(generator), classifier: task(classifier) });
  return look.call(self, ts).then((found) => JSON.stringify(
    found.map(({ grey, answers }) => [Array.from(grey), answers])));
}
"""


def looked(generator, classifier, z, ends, ts, classes: int):
    """What page/blend finds for each t: grey levels (n, C, H, W) and answers (n, classes)."""
    engine = context(*face.KERNEL, "engine.js", "blend/blend.js")
    engine.eval(ANSWER)
    given = []
    for exported in (generator, classifier):
        spec = json.loads(json.dumps(exported.spec))
        given.append([spec, base64.b64encode(exported.weights).decode()])
    given[0].append({"z": z.flatten().tolist(), "ends": list(ends), "classes": [str(i) for i in range(classes)]})
    asked = ", ".join(json.dumps(each) for each in (*given, list(ts)))
    found = json.loads(engine.eval(f"looked({asked})").get(timeout=60))
    channels, height, width = generator.spec["shape"]
    grey = [np.reshape(levels, (height, width, channels)).transpose(2, 0, 1) for levels, _ in found]
    return np.array(grey), np.array([answers for _, answers in found])


def test_the_pages_pictures_and_ten_answers_are_torchs():
    generator, classifier = runs.load("cgan-mnist").generator, metrics.judge("mnist", 28).classifier
    exported = export_classifier(classifier)
    assert exported.spec["dtype"] == "float16" and len(exported.weights) == 2 * 421_642  # recorded so: nothing is lost
    z, ts = z_from_seed(8), (0.0, 0.6, 1.0)
    grey, answers = looked(export(generator), exported, z, (3, 8), ts, 10)
    drawn = torch.cat([by_hand(generator, z, 3, 8, t) for t in ts])
    assert np.abs(grey - to_pixels(drawn).int().numpy()).max() <= 1
    expected = classifier(drawn).softmax(1)
    np.testing.assert_allclose(answers, expected, atol=1e-4)
    assert expected[0].argmax() == 3 and expected[:, 3].min() < 0.9  # there is something to see


@pytest.mark.parametrize("channels", [1, 3])
def test_convolutions_pooling_and_norms_of_a_classifier_run_on_a_page(channels):
    torch.manual_seed(2)
    generator = CGANGenerator(**SMALL | {"image_shape": (channels, 8, 8)}).eval()
    classifier = Judge(channels=channels).eval()
    exported = export_classifier(classifier, (channels, 8, 8))
    z = z_from_seed(1, 6)
    _, answers = looked(export(generator), exported, z, (0, 2), (0.0, 0.5, 1.0), 3)
    drawn = torch.cat([by_hand(generator, z, 0, 2, t) for t in (0.0, 0.5, 1.0)])
    np.testing.assert_allclose(answers, classifier(drawn).softmax(1).detach(), atol=1e-5)
    numbers = torch.from_numpy(np.frombuffer(exported.weights, exported.spec["dtype"]).copy()).float()
    same = layer_by_layer(exported.spec, numbers, drawn.permute(0, 2, 3, 1).flatten(1)).flatten(1)
    torch.testing.assert_close(same, classifier(drawn).detach(), atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize(
    ("layers", "said"),
    [
        ([nn.MaxPool2d(3, 1), nn.Flatten(), nn.Linear(36, 3)], "windows overlap"),
        ([nn.MaxPool2d(3), nn.Flatten(), nn.Linear(4, 3)], "do not fill the picture"),
        ([nn.Conv2d(1, 2, 3, stride=2), nn.Flatten(), nn.Linear(18, 3)], "with stride 2"),
        ([nn.Flatten(), nn.Linear(64, 3), nn.Softplus()], "Softplus cannot run on a page"),
        ([nn.Conv2d(1, 3, 3)], "does not end in a row of logits"),
        ([nn.Linear(5, 3)], "could not be followed"),
    ],
)
def test_a_classifier_that_a_page_cannot_run_is_named(layers, said):
    with pytest.raises(NotExportable, match=said):
        export_classifier(nn.Sequential(*layers), (1, 8, 8))


# ------------------------------------------------------------------------------------------ what is displayed


def test_the_page_gets_both_networks_and_the_words_say_the_answers(cgan, judge, shown):
    widgets.blend_labels(cgan, judge, 2, 1, t=0.25, seed=5)
    (output,) = shown
    assert set(output) == {"text/html", "image/png", "text/plain"}
    spec = spec_of(output["text/html"])
    networks = [each["network"] for each in spec["generators"]]
    assert networks == [export(cgan).whole(), export_classifier(judge, (1, 8, 8)).whole()]
    assert (spec["a"], spec["b"], spec["t"], spec["seed"], spec["classes"]) == (2, 1, 0.25, 5, ["0", "1", "2"])
    answers = judge(by_hand(cgan, z_from_seed(5, 6), 2, 1, 0.75)).softmax(1)[0]
    best = answers.argmax()
    assert f"0.25 of 2 and 0.75 of 1. The classifier says {best}: {answers[best]:.0%}"[:-1] in output["text/plain"]


def test_networks_of_the_book_lie_beside_the_page(shown):
    widgets.blend_labels(runs.load("cgan-mnist").generator, metrics.judge("mnist", 28).classifier, 3, 8)
    networks = [each["network"] for each in spec_of(shown[0]["text/html"])["generators"]]
    assert not any("data" in network for network in networks) and networks[0]["name"] != networks[1]["name"]


def test_a_classifier_that_a_page_cannot_run_leaves_the_picture(cgan, shown):
    odd = nn.Sequential(nn.Flatten(), nn.Linear(64, 3), nn.Softplus())
    widgets.blend_labels(cgan, odd)
    html = shown[0]["text/html"]
    assert "Softplus cannot run on a page" in html and "<script" not in html


def test_in_a_kernel_the_slider_blends_in_the_live_modules(cgan, judge, shown, monkeypatch):
    monkeypatch.setenv("GAN_LIB_STATIC", "0")
    widgets.blend_labels(cgan, judge)
    assert type(shown[0]).__module__.startswith("ipywidgets.")
    live = blend.LiveBlend(blend._Setting(cgan, judge, 0, 2, 0.5, 5))
    for t, a, seed in ((0.5, 0, 5), (0.8, 0, 5), (0.8, 1, 5), (0.8, 1, 6)):
        before = live.chart.value
        live.slider.value, live.lists[0].value, live.seed.value = t, a, seed
        drawn = by_hand(cgan, z_from_seed(seed, 6), a, 2, t)
        found = np.array(Image.open(io.BytesIO(live.picture.value)))
        assert np.array_equal(found, to_pixels(drawn)[0, 0])
        best = judge(drawn).argmax().item()
        assert live.told.value.startswith(f"{1 - t:.2f} of {a} and {t:.2f} of 2. The classifier says {best}: ")
        assert live.message.value == "" and (live.chart.value != before) == ((t, a, seed) != (0.5, 0, 5))
    cgan.label_emb.weight.data.zero_()  # it draws with the module as it is now
    live.slider.value = 0.1
    assert np.array_equal(
        np.array(Image.open(io.BytesIO(live.picture.value))),
        to_pixels(by_hand(cgan, z_from_seed(6, 6), 0, 0, 0))[0, 0],
    )


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"generator": MLPGenerator(latent_dim=6, hidden=4)}, "takes no labels"),
        ({"classifier": None}, "classifier is None"),
        ({"classifier": SmallClassifier()}, r"cannot look at pictures of shape \(1, 8, 8\)"),
        ({"classifier": Judge(4)}, "one logit a label"),
        ({"a": 3}, "a is 3; choose a whole number, from 0 to 2"),
        ({"b": -1}, "b is -1"),
        ({"t": 2}, "t is 2"),
        ({"seed": 2**32}, "seed is"),
    ],
)
@pytest.mark.parametrize("static", ["0", "1"])
def test_what_cannot_be_shown_is_refused(cgan, judge, shown, monkeypatch, static, changes, said):
    monkeypatch.setenv("GAN_LIB_STATIC", static)
    with pytest.raises(BadInput, match=said):
        widgets.blend_labels(**{"generator": cgan, "classifier": judge} | changes)
    assert shown == []
