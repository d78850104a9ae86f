"""Shrink z, and find the z of a picture: what the page gets, the page's descent beside torch's, the live faces."""

from __future__ import annotations

import base64
import io
import json

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from gan_lib import runs, widgets
from gan_lib.chapters.inversion import invert
from gan_lib.data import to_pixels
from gan_lib.errors import BadInput
from gan_lib.machine.rng import z_from_seed
from gan_lib.networks.conditional import CGANGenerator
from gan_lib.networks.dcgan import DCGANGenerator
from gan_lib.networks.mlp import MLPGenerator
from gan_lib.widgets import face, find, shrink
from gan_lib.widgets.export import export
from tests.outputs import spec_of
from tests.page_scripts import context

pytestmark = pytest.mark.usefixtures("no_running_loop")
MEASURED = {
    1.0: {"frechet": 10.25, "precision": 0.8, "recall": 0.5},
    0.5: {"frechet": 55, "precision": 0.95, "recall": 0.2},
}


@pytest.fixture
def mlp():
    torch.manual_seed(0)
    return MLPGenerator(latent_dim=6, hidden=8, image_shape=(1, 5, 4))


@pytest.fixture
def dcgan():
    torch.manual_seed(0)
    return DCGANGenerator(latent_dim=5, features=2).eval()


@pytest.fixture
def shown(shown, monkeypatch):
    """Boxes, too."""
    for module in (shrink, find):
        monkeypatch.setattr(module, "display", shown.append)
    return shown


@pytest.fixture
def live(monkeypatch):
    monkeypatch.setenv("GAN_LIB_STATIC", "0")


def decoded(png: bytes) -> np.ndarray:
    return np.array(Image.open(io.BytesIO(png)))


def pictures(n: int = 3, shape: tuple = (1, 5, 4)) -> torch.Tensor:
    return torch.randint(256, (n, *shape), generator=torch.Generator().manual_seed(1), dtype=torch.uint8)


# ------------------------------------------------------------------------------------------ shrink z


def test_the_page_gets_the_generator_and_what_was_measured_by_rising_psi(mlp, shown):
    widgets.shrink_z(mlp, MEASURED, psi=0.7, count=5, seed=3)
    (output,) = shown
    assert set(output) == {"text/html", "image/png", "text/plain"}
    assert "Measured at ψ = 0.50: precision 0.95, recall 0.20, Fréchet distance 55.0." in output["text/plain"]
    spec = spec_of(output["text/html"])
    assert [at["psi"] for at in spec["measured"]] == [0.5, 1.0] and spec["measured"][1]["frechet"] == 10.25
    assert (spec["psi"], spec["count"], spec["seed"], spec["most"]) == (0.7, 5, 3, 1.2)
    assert spec["generators"][0]["network"] == export(mlp).whole()


def test_without_measurements_the_still_picture_is_the_sheet(mlp, shown):
    widgets.shrink_z(mlp, count=4, seed=3)
    found = decoded(base64.b64decode(shown[0]["image/png"]))[::3, ::3]
    z = z_from_seed(3, 6, 4)
    with torch.no_grad():
        rows = [to_pixels(mlp(psi * z[:2]))[:, 0] for psi in (0, 0.5, 1)]
    assert np.abs(found.astype(int) - np.vstack([np.hstack([*row]) for row in rows])).max() <= 1
    assert spec_of(shown[0]["text/html"])["measured"] == []


def test_a_large_generator_of_the_book_lies_beside_the_page(shown):
    widgets.shrink_z(runs.load("ns-fashion").generator, count=1)
    assert "data" not in spec_of(shown[0]["text/html"])["generators"][0]["network"]


def test_in_a_kernel_the_slider_shrinks_z_of_the_live_module(mlp, shown, live):
    widgets.shrink_z(mlp, MEASURED, count=5, seed=3)
    assert type(shown[0]).__module__.startswith("ipywidgets.")
    face_ = shrink.LiveShrink(shrink._Setting(mlp, MEASURED, 1.0, 5, 3))
    for psi, seed in ((1.0, 3), (0.4, 3), (0.4, 8)):
        face_.seed.value, face_.slider.value = seed, psi
        with torch.no_grad():
            expected = to_pixels(mlp(psi * z_from_seed(seed, 6, 5)))[:, 0].numpy()
        sheet = decoded(face_.sheet.value)
        for i, picture in enumerate(expected):
            tile = sheet[5 * (i // 3) : 5 * (i // 3) + 5, 4 * (i % 3) : 4 * (i % 3) + 4]
            assert np.array_equal(tile, picture)
    assert face_.told.value.startswith("Measured at ψ = 0.50") and face_.message.value == ""
    before = face_.chart.value
    face_.slider.value = 1.1
    assert face_.chart.value != before and "ψ = 1.00" in face_.told.value


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"measured": [0.5]}, "measured is"),
        ({"measured": {0.5: {"precision": 1}}}, "without precision, recall, frechet"),
        ({"measured": {"x": MEASURED[1.0]}}, "a ψ is 'x'"),
        ({"psi": 1.3}, "from 0 to 1.2"),
        ({"count": 37}, "from 1 to 36"),
        ({"seed": -1}, "seed is -1"),
    ],
)
@pytest.mark.parametrize("static", ["0", "1"])
def test_what_cannot_be_shrunk_is_refused(mlp, shown, monkeypatch, static, changes, said):
    monkeypatch.setenv("GAN_LIB_STATIC", static)
    with pytest.raises(BadInput, match=said):
        widgets.shrink_z(mlp, **changes)
    assert shown == []


# ------------------------------------------------------------------------------------------ find z


def test_the_page_gets_the_pictures_their_names_and_the_settings(mlp, shown):
    given = pictures()
    widgets.find_z(mlp, given, ["a", "b", "c"], steps=7, starts=2, rate=0.2, weight=0.01, seed=4)
    spec = spec_of(shown[0]["text/html"])
    assert [base64.b64decode(each) for each in spec["pictures"]] == [each.numpy().tobytes() for each in given]
    assert spec["names"] == ["a", "b", "c"] and spec["classes"] is None
    assert {name: spec[name] for name in ("steps", "starts", "rate", "weight", "seed")} == {
        "steps": 7,
        "starts": 2,
        "rate": 0.2,
        "weight": 0.01,
        "seed": 4,
    }
    errors = invert(mlp, given, steps=7, starts=2, rate=0.2, weight=0.01, seed=4).curves[..., -1].min(1).values
    assert shown[0]["text/plain"].endswith(", ".join(f"{error:.3f}" for error in errors) + ".")


def test_through_convolutions_the_page_finds_no_way_back_and_a_kernel_does(dcgan, shown, monkeypatch):
    given = pictures(1, (1, 32, 32))
    widgets.find_z(dcgan, given, steps=2, starts=1)
    html = shown.pop()["text/html"]
    assert "DCGANGenerator has layers (conv_transpose) through which a page finds no way back." in html
    assert "<script" not in html
    monkeypatch.setenv("GAN_LIB_STATIC", "0")
    widgets.find_z(dcgan, given, steps=2, starts=1)
    assert type(shown[0]).__module__.startswith("ipywidgets.")


def test_in_a_kernel_the_button_looks_for_the_chosen_picture(dcgan):
    given = pictures(2, (1, 32, 32))
    live = find.LiveFind(dcgan, given, steps=6, starts=2, seed=1)
    live.choice.value = 1
    assert np.array_equal(decoded(live.target.value), given[1, 0]) and not decoded(live.found.value).any()
    live.go.click()
    z, curves = invert(dcgan, given[1:], steps=6, starts=2, seed=1)
    with torch.no_grad():
        assert np.array_equal(decoded(live.found.value), to_pixels(dcgan(z))[0, 0])
    assert live.told.value.startswith(f"Step 6 of 6: error {curves[0, :, -1].min():.3f}. |z| = {z.norm():.1f};")
    assert live.curve.layout.display is None
    live.choice.value = 0
    assert live.curve.layout.display == "none" and not decoded(live.found.value).any()


class Broken(nn.Module):
    latent_dim, image_shape, broken = 4, (1, 2, 2), False

    def forward(self, z):
        if self.broken:
            raise ValueError("it is broken")
        return z.cos().view(-1, 1, 2, 2)


def test_a_callbacks_error_is_seen():
    network = Broken()
    live = find.LiveFind(network, pictures(1, (1, 2, 2)), steps=3)
    network.broken = True
    live.go.click()
    assert live.told.value == "ValueError: it is broken"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"pictures": pictures(13)}, "give 12 or fewer"),
        ({"pictures": pictures(1, (1, 4, 4))}, r"draws \(n, 1, 5, 4\)"),
        ({"pictures": None}, "NoneType"),
        ({"names": ["a"]}, "give a list of 3"),
        ({"names": "abc"}, "give a list of 3"),
        ({"label": 1}, "takes none"),
        ({"steps": 1001}, "from 1 to 1,000"),
        ({"rate": 11}, "at most 10"),
        ({"seed": 2**32}, "seed is"),
    ],
)
def test_what_cannot_be_found_is_refused(mlp, shown, changes, said):
    with pytest.raises(BadInput, match=said):
        widgets.find_z(mlp, **{"pictures": pictures()} | changes)
    assert shown == []


# ------------------------------------------------------------------------------------------ the page's descent

DESCEND = """
function descended(spec, text, target, settings, label, steps) {
  const torch = smallTorch(new WebAssembly.Module(readBytes(GEMM))), { latent_dim } = spec;
  const generator = differentiable(torch, spec, text, label);
  const descent = new Descent(torch, generator, target, { ...settings, latent_dim });
  const [gradient] = torch.autograd.grad(descent.loss, [descent.z], { retain_graph: true });
  for (let i = 0; i < steps; i++) descent.step();
  const { curves, best } = descent, picture = Array.from(descent.picture(best)), length = descent.length(best);
  return JSON.stringify({ gradient: gradient.tolist(), curves, best, picture, length });
}
"""


@pytest.fixture
def page(no_running_loop):
    engine = context(*face.TORCH, "engine.js", "find/descent.js")
    engine.eval(DESCEND)
    return engine


def colours():
    return MLPGenerator(latent_dim=7, hidden=8, image_shape=(3, 4, 5))


def with_batch_norm():
    network = CGANGenerator(latent_dim=20, classes=3, width=8)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm1d):
            module.running_mean.normal_()
            module.running_var.uniform_(0.5, 2)
    return network


class Residual(nn.Module):
    latent_dim, image_shape = 6, (1, 3, 4)

    def __init__(self):
        super().__init__()
        self.first, self.other, self.last = nn.Linear(6, 9), nn.Linear(9, 9), nn.Linear(9, 12)

    def forward(self, z):
        x = self.first(z)
        return self.last(x + self.other(x).sigmoid()).tanh().view(-1, 1, 3, 4)


GENERATORS = {
    "trained": lambda: runs.load("mlp-fashion").generator,
    "colour": colours,
    "labels": with_batch_norm,
    "a branch": Residual,
}


@pytest.mark.parametrize("name", GENERATORS)
def test_the_pages_gradient_and_its_descent_are_torchs(page, name):
    torch.manual_seed(0)
    generator = GENERATORS[name]().eval()
    settings = {"starts": 3, "rate": 0.1, "weight": 0.01, "seed": 2}
    label, shape = (2 if getattr(generator, "classes", 0) else None), generator.image_shape
    target = pictures(1, shape)
    exported, levels = export(generator), target.permute(0, 2, 3, 1).flatten()
    numbers = (levels.float() / 127.5 - 1).tolist()
    text = base64.b64encode(exported.weights).decode()
    said = page.call("descended", json.loads(json.dumps(exported.spec)), text, numbers, settings, label or 0, 40)
    found = json.loads(said)

    z = z_from_seed(2, generator.latent_dim, 3).requires_grad_()
    drawn = generator(z, *([torch.full((3,), 2)] if label else []))
    loss = (drawn - (target / 127.5 - 1)).square().mean((1, 2, 3)) + 0.01 * z.square().mean(1)
    (gradient,) = torch.autograd.grad(loss.sum(), z)
    np.testing.assert_allclose(found["gradient"], gradient, atol=1e-4 * gradient.abs().max().item())

    best, curves = invert(generator, target, steps=40, label=label, **settings)
    np.testing.assert_allclose(found["curves"], curves[0], atol=2e-3)
    assert found["best"] == curves[0, :, -1].argmin()
    assert found["length"] == pytest.approx(best.norm().item(), rel=0.02)
    with torch.no_grad():
        nearest = generator(best, *([torch.tensor([2])] if label else []))[0].permute(1, 2, 0).flatten()
    np.testing.assert_allclose(found["picture"], nearest, atol=0.1)
    assert (curves[..., -1] < curves[..., 0] - 0.005).all()  # there was something to descend
