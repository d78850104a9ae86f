"""A critic as a landscape: what the page gets, and the page's critic beside torch's."""

from __future__ import annotations

import base64
import io
import json

import numpy as np
import pytest
import torch
from PIL import Image

from gan_lib import widgets
from gan_lib.chapters import critic, transport
from gan_lib.errors import BadInput
from gan_lib.widgets import face
from tests.outputs import spec_of
from tests.page_scripts import context

pytestmark = pytest.mark.usefixtures("no_running_loop")
REAL, MADE = critic.two_clouds()
GAMES = {"nothing": "wasserstein", "clip": "wgan", "penalty": "wgan-gp"}
SIDE = 9
TRIED = """
let tasks;
const plainLook = ({ heights, slopes, places, ...look }) =>
  JSON.stringify({ ...look, heights: [...heights], slopes: [...slopes], places: places && [...places] });
function opened(recipe, real, made, side) {
  tasks = criticTasks({ recipe, real, made, side, wasm: new WebAssembly.Module(readBytes(GEMM)) });
  return true;
}
const tried = (what) => plainLook(tasks.train(what));
"""


@pytest.fixture(scope="module")
def scripts():
    engine = context(*face.TORCH, *face.TRAIN, "landscape/critic.js")
    engine.eval(TRIED)
    return engine


def opened(engine, limit: str, real=REAL, made=MADE, **changes):
    recipe = {"game": GAMES[limit], "weight": 10, "clip": 0.1, "layers": 3, "seed": 0} | changes
    recipe |= {"width": critic.WIDTH, "rate": critic.RATE}
    engine.call("opened", recipe, real.flatten().tolist(), made.flatten().tolist(), SIDE)


def look(engine, **asked) -> dict:
    return json.loads(engine.call("tried", asked))


def grid() -> torch.Tensor:
    along = torch.linspace(-1, 1, SIDE)
    y, x = torch.meshgrid(-along, along, indexing="ij")
    return torch.stack([x, y], dim=-1).reshape(-1, 2)


@pytest.mark.parametrize(
    ("limit", "changes"),
    [
        ("nothing", {"layers": 2}),
        ("clip", {"clip": 0.05, "seed": 3}),
        ("clip", {"clip": 0.05, "layers": 8}),
        ("penalty", {"weight": 5}),
        ("penalty", {"weight": 0.5, "layers": 5, "seed": 1}),
    ],
)
def test_the_pages_critic_is_torchs(scripts, limit, changes):
    opened(scripts, limit, **changes)
    for step in (0, 1, 15):
        found = look(scripts, updates=step - (0 if step < 15 else 1))
        assert found["step"] == step
        trained = critic.fit(REAL, MADE, limit, updates=step, **changes)
        with torch.no_grad():
            values, heights = trained(torch.cat([REAL, MADE])), trained(grid())[:, 0]
        near = {"rtol": 5e-3, "atol": 1e-3 * heights.abs().max().item()}
        np.testing.assert_allclose(found["heights"], heights, **near)
        np.testing.assert_allclose(found["value"], values[:24].mean() - values[24:].mean(), **near)
        np.testing.assert_allclose(found["steepest"], transport.steepest(values, torch.cat([REAL, MADE])), rtol=1e-2)
        layers = critic.gradient_lengths(trained, torch.cat([REAL, MADE])).mean(0)
        np.testing.assert_allclose(found["layers"], layers, rtol=5e-3)
        slopes = critic.gradient_lengths(trained, grid())[:, 0]
        np.testing.assert_allclose(np.mean(found["slopes"]), slopes.mean(), rtol=5e-3)


def test_the_penalty_looks_between_a_real_point_and_a_made_one_and_the_others_look_nowhere(scripts):
    opened(scripts, "penalty")
    assert look(scripts, updates=0)["places"] is None
    places = torch.tensor(look(scripts, updates=1)["places"]).reshape(24, 2)
    for place, start in zip(places, REAL, strict=True):  # on the way to one of the made points
        to_end, to_place = MADE - start, place - start
        part = to_place.norm() / to_end.norm(dim=1)
        off = (start + part[:, None] * to_end - place).norm(dim=1)
        assert off.min() < 1e-5 and part[off.argmin()] <= 1
    assert look(scripts, updates=1, changes={"game": "wgan"})["places"] is None


def test_a_limit_changes_on_the_way_and_anew_begins_with_the_same_weights(scripts):
    opened(scripts, "penalty")
    first = look(scripts, updates=0)
    before = look(scripts, updates=4)
    assert look(scripts, updates=0, changes={"game": "wgan", "clip": 0.02}) == before  # from the next update on
    clipped = look(scripts, updates=1)
    assert clipped["step"] == 5 and clipped["layers"][-1] <= 0.02 * critic.WIDTH**0.5 + 1e-6 < before["layers"][-1]
    again = look(scripts, updates=0, changes={"anew": True, "game": "wgan-gp"})
    assert again == first
    deeper = look(scripts, updates=0, changes={"anew": True, "layers": 7})
    assert deeper["step"] == 0 and len(deeper["layers"]) == 7


def test_the_output_holds_a_picture_the_clouds_and_the_true_distance(monkeypatch):
    outputs = []
    monkeypatch.setattr(face, "display", lambda output, **how: outputs.append(output))
    widgets.critic_landscape(limit="clip", clip=0.01, layers=12, updates=1)  # as flat as can be
    assert "limit on the slope: clip" in outputs.pop()["text/plain"]
    widgets.critic_landscape(limit="clip", clip=0.05, layers=4, updates=3, seed=2)
    (output,) = outputs
    spec = spec_of(output["text/html"])
    assert {name: spec[name] for name in ("limit", "clip", "weight", "layers", "updates", "seed", "width")} == {
        "limit": "clip",
        "clip": 0.05,
        "weight": 10,
        "layers": 4,
        "updates": 3,
        "seed": 2,
        "width": 64,
    }
    for name, cloud in (("real", REAL), ("made", MADE)):
        np.testing.assert_allclose(np.reshape(spec[name], (24, 2)), cloud, atol=6e-5)
    assert spec["w1"] == pytest.approx(transport.wasserstein(REAL, MADE), abs=1e-4)
    rounded = [torch.tensor(spec[name]).reshape(24, 2) for name in ("real", "made")]
    trained = critic.fit(*rounded, "clip", clip=0.05, layers=4, updates=3, seed=2)
    slope = critic.gradient_lengths(trained, torch.cat(rounded))[:, 0].mean()
    assert "3 updates, limit on the slope: clip: value" in output["text/plain"]
    assert f"slope at the points {slope:.3g} (mean)" in output["text/plain"]
    wide, high = Image.open(io.BytesIO(base64.b64decode(output["image/png"]))).size
    assert wide > 1.5 * high


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"real": REAL}, "one cloud is missing"),
        ({"real": REAL, "made": REAL.flip(0)}, "two of the points are equal"),
        ({"weight": 3}, "weight is 3; choose one of 0.1, 0.2"),
        ({"clip": 2}, "clip is 2; choose one of 0.01, 0.02"),
        ({"updates": 2001}, "updates is 2001"),
        ({"seed": -1}, "seed is -1"),
        ({"layers": 1}, "layers is 1"),
    ],
)
def test_what_cannot_be_shown_is_refused(given, said):
    with pytest.raises(BadInput, match=said):
        widgets.critic_landscape(**{"updates": 0} | given)
