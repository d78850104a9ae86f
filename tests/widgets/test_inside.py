"""Look inside a generator: its stages, the live module's numbers beside hooks, and the page's beside the module's."""

from __future__ import annotations

import base64
import io
import json

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from gan_lib import runs, widgets
from gan_lib.data import to_pixels
from gan_lib.errors import BadInput
from gan_lib.machine.rng import z_from_seed
from gan_lib.networks.brought import brought
from gan_lib.networks.conditional import ACGANGenerator
from gan_lib.networks.dcgan import DCGANGenerator
from gan_lib.networks.mlp import MLPGenerator
from gan_lib.networks.residual import ResidualGenerator
from gan_lib.widgets import face, inside
from gan_lib.widgets.export import export
from gan_lib.widgets.live_inside import LiveInside
from gan_lib.widgets.stages import Opened, moved
from tests.outputs import spec_of
from tests.page_scripts import context

pytestmark = pytest.mark.usefixtures("no_running_loop")


def lively(generator: nn.Module, seed: int = 0) -> nn.Module:
    """With weights and statistics with which every layer says something."""
    rng = torch.Generator().manual_seed(seed)
    for layer in generator.modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
            layer.weight.data.normal_(0, 1.5 / layer.weight[0].numel() ** 0.5, generator=rng)
        if isinstance(layer, nn.BatchNorm2d):
            layer.running_mean.normal_(generator=rng)
            layer.running_var.uniform_(0.5, 2, generator=rng)
    return generator.eval()


class Colours(nn.Module):
    """Linear, then maps, then an enlargement; three colours."""

    latent_dim, image_shape = 6, (3, 8, 8)

    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Linear(6, 5 * 4 * 4), nn.Conv2d(5, 3, 3, padding=1)

    def forward(self, z):
        x = nn.functional.leaky_relu(self.first(z), 0.2).view(-1, 5, 4, 4)
        return self.second(nn.functional.interpolate(x, scale_factor=2)).tanh()


GENERATORS = {
    "linear layers, trained": lambda: runs.load("mlp-fashion").generator,
    "convolutions": lambda: lively(DCGANGenerator(latent_dim=7, features=2)),
    "labels": lambda: lively(ACGANGenerator(latent_dim=7, features=2, classes=3)),
    "residual blocks": lambda: lively(ResidualGenerator(latent_dim=7, features=2, blocks=1)),
    "colours": lambda: lively(Colours()),
}


@pytest.fixture
def shown(shown, monkeypatch):
    """Boxes, too."""
    monkeypatch.setattr(inside, "display", shown.append)
    return shown


def opened(name: str) -> tuple[nn.Module, Opened, Tensor, int | None]:
    """generator, opened, z (1, latent_dim), label"""
    generator = GENERATORS[name]()
    z = z_from_seed(3, generator.latent_dim)
    return generator, Opened(brought(generator)), z, 2 if getattr(generator, "classes", 0) else None


# ------------------------------------------------------------------------------------------ stages


def test_the_stages_of_dcgan_are_its_layers_with_their_real_sizes():
    stages = Opened(brought(DCGANGenerator())).stages
    assert [stage.shape for stage in stages] == [(512, 4, 4), (256, 8, 8), (128, 16, 16), (1, 32, 32)]
    assert stages[0].layers == "ConvTranspose2d, ReLU" and stages[3].layers == "ConvTranspose2d, Tanh"
    assert stages[1].layers == "ConvTranspose2d, BatchNorm2d, ReLU"
    assert [stage.weights for stage in stages] == [819_712, 2_097_920, 524_672, 2_049]
    assert sum(stage.weights for stage in stages) == sum(p.numel() for p in DCGANGenerator().parameters())


def test_a_residual_block_is_one_stage_and_every_weight_is_counted_once():
    generator = GENERATORS["residual blocks"]()
    stages = Opened(brought(generator)).stages
    assert [stage.layers for stage in stages].count("residual block") == 3
    assert sum(stage.weights for stage in stages) == sum(p.numel() for p in generator.parameters())


@pytest.mark.parametrize("name", GENERATORS)
def test_the_stages_lie_where_the_pages_layers_end(name):
    generator, look, *_ = opened(name)
    ends = [stage.end for stage in look.stages]
    assert ends == sorted(set(ends)) and ends[-1] == len(export(generator).spec["layers"]) - 1
    assert look.stages[-1].shape == tuple(generator.image_shape)


# ------------------------------------------------------------------------------------------ the live module


def test_activations_and_the_picture_without_a_channel_are_those_of_hooks():
    generator, look, z, _ = opened("convolutions")
    relus = [layer for layer in generator.model if isinstance(layer, nn.ReLU)]
    plain = look.look(z, None)
    for stage, strength in ((0, 0.0), (1, 2.5), (2, 0.0)):
        seen, channel = {}, plain[stage].sum((0, 2, 3)).argmax()  # one that is not 0

        def hook(layer, _, result, *, stage=stage, channel=channel, strength=strength, seen=seen):
            if layer is relus[stage]:
                result = result.clone()
                result[:, channel] *= strength
            seen[layer] = result
            return result

        handles = [relu.register_forward_hook(hook) for relu in relus]
        with torch.no_grad():
            picture = generator(z)
        for handle in handles:
            handle.remove()
        factors = torch.ones(1, look.stages[stage].shape[0])
        factors[0, channel] = strength
        *found, drawn = look.look(z, None, {stage: factors})
        for relu, values in zip(relus, found, strict=True):
            assert torch.equal(values, seen[relu])
        assert torch.equal(drawn, picture) and not torch.equal(drawn, plain[-1])


def test_a_channel_before_a_residual_block_is_off_on_both_of_its_ways():
    generator, look, z, _ = opened("residual blocks")
    first, *rest = generator.model
    with torch.no_grad():
        x = first(z[:, :, None, None])
        x[:, 3] = 0
        for layer in rest:
            x = layer(x)
    off = torch.ones(1, look.stages[0].shape[0])
    off[0, 3] = 0
    torch.testing.assert_close(look.look(z, None, {0: off})[-1], x)


def test_an_effect_is_the_change_of_the_picture_without_the_channel():
    _, look, z, _ = opened("colours")
    before = look.look(z, None)[-1]
    found = look.effects(z, None, 0, [4, 1])
    for channel, (mean, share) in zip((4, 1), found.tolist(), strict=True):
        off = torch.ones(1, 5)
        off[0, channel] = 0
        change = (look.look(z, None, {0: off})[-1] - before).abs()[0] * 127.5
        assert mean == pytest.approx(change.mean().item(), rel=1e-5) and mean > 1
        assert share == pytest.approx((change.max(0).values > 10).float().mean().item()) and 0 < share < 1


def test_what_moved_counts_a_pixel_once_for_all_its_colours():
    before, after = torch.zeros(1, 3, 2, 2), torch.zeros(1, 3, 2, 2)
    after[0, :, 0, 0], after[0, 1, 1, 1] = 11 / 127.5, 9 / 127.5
    assert moved(before, after)[0].tolist() == pytest.approx([(33 + 9) / 12, 0.25])


def test_the_module_and_its_mode_stay_as_they_were():
    generator = GENERATORS["convolutions"]().train()
    before = {name: value.clone() for name, value in generator.state_dict().items()}
    look = Opened(brought(generator))
    look.effects(z_from_seed(0, 7), None, 1, range(3))
    assert generator.training
    assert all(torch.equal(value, before[name]) for name, value in generator.state_dict().items())


# ------------------------------------------------------------------------------------------ the page

LOOK = """
const opened = (spec, text) => engine(spec, text, new WebAssembly.Module(readBytes(GEMM)));
function looked(spec, text, inputs, ends, strengths) {
  const twice = Float32Array.from([...inputs, ...inputs]);
  const given = opened(spec, text).look({ inputs: twice, pictures: 2, ends, strengths });
  return JSON.stringify(given.map((value) => Array.from(value)));
}
function measured(spec, text, inputs, ends, stage, channels, some, colours) {
  const page = opened(spec, text);
  const given = page.look({ inputs: Float32Array.from(inputs), pictures: 1, ends, strengths: [] });
  return page.effects({ value: given[stage], end: ends[stage], channels, some, picture: given.at(-1), colours });
}
"""


@pytest.fixture
def page(no_running_loop):
    engine = context(*face.KERNEL, "engine.js")
    engine.eval(LOOK)
    return engine


def for_the_page(generator: nn.Module, look: Opened, z: Tensor, label: int | None) -> list:
    """spec, weights, z with the label's code, ends"""
    exported = export(generator)
    spec, code = json.loads(json.dumps(exported.spec)), exported.spec["labels"]
    inputs = z[0].tolist() + (code[label] if code else [])
    return [spec, base64.b64encode(exported.weights).decode(), inputs, [stage.end for stage in look.stages]]


def as_torch(values: list, shape: tuple[int, int, int]) -> np.ndarray:
    """Two pictures, channels last → (2, C, H, W)"""
    channels, height, width = shape
    return np.array(values).reshape(2, height, width, channels).transpose(0, 3, 1, 2)


@pytest.mark.parametrize("name", GENERATORS)
def test_the_pages_activations_and_its_changed_picture_are_torchs(page, name):
    generator, look, z, label = opened(name)
    given = for_the_page(generator, look, z, label)
    changes = {stage: (1, strength) for stage, strength in zip(range(len(look.stages) - 1), (0, 2.5) * 9, strict=False)}
    strengths = [
        {"end": given[3][k], "channels": look.stages[k].shape[0], "channel": channel, "strength": strength}
        for k, (channel, strength) in changes.items()
    ]
    found = json.loads(page.call("looked", *given, strengths))
    factors = {k: torch.ones(1, look.stages[k].shape[0]) for k in changes}
    for k, (channel, strength) in changes.items():
        factors[k][0, channel] = strength
    base, now = look.look(z, label), look.look(z, label, factors)
    for stage, values, without, changed in zip(look.stages, found, base, now, strict=True):
        expected = torch.cat([without, changed])
        atol = 1e-4 * max(1, expected.abs().max().item())
        np.testing.assert_allclose(as_torch(values, stage.shape), expected, atol=atol)
    assert (now[-1] - base[-1]).abs().max() > 0.01


@pytest.mark.parametrize("name", GENERATORS)
def test_the_pages_effects_are_torchs(page, name):
    generator, look, z, label = opened(name)
    given = for_the_page(generator, look, z, label)
    pixels = look.stages[-1].shape[1] * look.stages[-1].shape[2]
    for k, stage in enumerate(look.stages[:-1]):
        some = list(range(min(6, stage.shape[0])))  # more than one pass
        colours = generator.image_shape[0]
        found = np.array([[*row] for row in page.call("measured", *given, k, stage.shape[0], some, colours)])
        expected = look.effects(z, label, k, some)
        np.testing.assert_allclose(found[:, 0] / 127.5, expected[:, 0] / 127.5, atol=1e-4)
        np.testing.assert_allclose(found[:, 1], expected[:, 1], atol=1.01 / pixels)  # one pixel at the very edge
        assert expected[:, 0].max() > 0


# ------------------------------------------------------------------------------------------ what is displayed


def test_the_page_gets_the_network_and_its_stages(shown):
    generator, look, z, _ = opened("convolutions")
    widgets.look_inside(generator, seed=3)
    spec = spec_of(shown[0]["text/html"])
    assert spec["generators"][0]["network"] == export(generator).whole()
    assert [stage["end"] for stage in spec["stages"]] == [stage.end for stage in look.stages]
    assert (spec["dims"], spec["seed"], spec["label"], spec["classes"]) == ([5], 3, 0, None)
    told = shown[0]["text/plain"]
    assert "Layer 1, 16 channels of 4 × 4: of the 8 brightest, channel " in told
    channel = int(told.split("brightest, channel ")[1].split()[0])
    mean = float(told.split("changes by ")[1].split()[0])
    assert mean == pytest.approx(look.effects(z, None, 0, [channel])[0, 0].item(), abs=0.06)


def test_what_a_page_cannot_run_has_a_picture_and_a_sentence(shown):
    class Odd(Colours):
        def forward(self, z):
            return super().forward(z).cos()

    widgets.look_inside(lively(Odd()))
    html = shown[0]["text/html"]
    assert "Run this cell in Jupyter to press the tiles." in html and "<script" not in html


@pytest.fixture
def live(monkeypatch):
    monkeypatch.setenv("GAN_LIB_STATIC", "0")


def decoded(png: bytes) -> np.ndarray:
    return np.array(Image.open(io.BytesIO(png)))


def test_in_a_kernel_a_channel_is_taken_away_and_its_layer_measured(shown, live):
    generator, look, z, _ = opened("convolutions")
    widgets.look_inside(generator, seed=3)
    assert type(shown[0]).__module__.startswith("ipywidgets.")
    face_ = LiveInside(look, [0, 2], 3, 0, [])
    face_.layer.value = 1
    face_.channel.value, face_.strength.value = 5, 0.0
    off = torch.ones(1, 8)
    off[0, 5] = 0
    before, after = look.look(z, None)[-1], look.look(z, None, {1: off})[-1]
    pictures = decoded(face_.pictures.value)
    assert np.array_equal(pictures[:, :32], to_pixels(after)[0, 0])
    assert np.array_equal(pictures[:, 32:64], to_pixels(before)[0, 0])
    mean, share = moved(before, after)[0].tolist()
    assert f"changes by {mean:.1f} of 255 grey levels on average, and {share:.0%} of" in face_.told.value
    face_.measure.click()
    effects = look.effects(z, None, 1, range(8))[:, 0]
    assert [k for _, k in face_.channel.options] == effects.argsort(descending=True, stable=True).tolist()
    assert face_.channel.value == 5 and face_.message.value == ""
    face_.sliders[2].value = -2.5
    z[0, 2] = -2.5
    assert np.array_equal(decoded(face_.pictures.value)[:, 32:64], to_pixels(look.look(z, None)[-1])[0, 0])


def test_in_a_kernel_labels_can_be_chosen_and_an_error_is_seen(live):
    _, look, z, _ = opened("labels")
    face_ = LiveInside(look, [0], 3, 0, ["a", "b", "c"])
    face_.label.value = 2
    assert np.array_equal(decoded(face_.pictures.value)[:, 32:64], to_pixels(look.look(z, 2)[-1])[0, 0])
    face_.opened.drawer.network.forward = None
    face_.strength.value = 2
    assert face_.message.value.startswith("TypeError")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"dims": [7]}, "7"),
        ({"seed": -1}, "seed -1"),
        ({"label": 1}, "do not fit"),
        ({"classes": ["a"]}, "do not fit"),
        ({"generator": [MLPGenerator(), MLPGenerator()]}, "2 generators; give one"),
    ],
)
def test_what_cannot_be_opened_is_refused(shown, changes, said):
    with pytest.raises(BadInput, match=said):
        widgets.look_inside(**{"generator": GENERATORS["convolutions"]()} | changes)
    assert shown == []
