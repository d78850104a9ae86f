"""Two bells: the page's points and trainings beside gan_lib's, and what the page gets."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from gan_lib import widgets
from gan_lib.chapters import two_classes
from gan_lib.errors import BadInput
from gan_lib.training import train
from gan_lib.training.state import State
from gan_lib.widgets import bells, face
from tests.outputs import spec_of
from tests.page_scripts import context

PAGE = """
const wasm = new WebAssembly.Module(readBytes(GEMM)), list = (values) => Array.from(values);
const drawnBy = (...setting) => {
  const { rows, labels } = twoClasses(...setting);
  return [list(rows), list(labels)];
};
const measured = (points) => {
  const xs = Float32Array.from(points);
  return [wrongSide(xs), [0, 1].map((label) => histogram(ofClass(xs, label)))];
};
function trainedAs({ recipe, n, width, seed, points }, game, weight, middle, updates) {
  const opening = { recipe: { ...RECIPE, ...recipe, seed, game, weight }, data: twoClasses(n, middle, width), wasm };
  const tasks = trainerTasks(opening), { history } = tasks.train({ updates });
  return [list(history), list(tasks.look({ samples: points }).samples)];
}
"""
UPDATES = 40


@pytest.fixture(scope="module")
def page():
    """V8 with the scripts of the figure."""
    engine = context(*face.SCRIPTS["bells"])
    engine.eval(PAGE)
    return engine


@pytest.mark.parametrize("middle", [0.0, 0.2, 0.6])
def test_the_pages_points_are_two_classes(page, middle):
    data = two_classes.data(500, middle)
    rows, labels = page.call("drawnBy", 500, middle, two_classes.WIDTH)
    np.testing.assert_allclose(np.reshape(rows, (500, 2)), data.pixels, atol=1e-6)
    assert labels == data.labels.tolist()


def test_the_pages_shares_and_histograms_are_numpys(page):
    data = two_classes.data(4000)
    wrong, outlines = page.call("measured", data.pixels.flatten().tolist())
    assert wrong == pytest.approx(two_classes.wrong_side(data.pixels, data.labels), abs=1e-6)
    assert 0.14 < wrong < 0.18
    for label, outline in enumerate(outlines):
        expected, edges = np.histogram(data.pixels[data.labels == label, 0], 40, (-1, 1), density=True)
        inside = np.array(outline[1:-1])
        assert outline[0] == [-1, 0] and outline[-1] == [1, 0]
        np.testing.assert_allclose(inside[::2, 0], edges[:-1], atol=1e-6)
        np.testing.assert_allclose(inside[1::2, 0], edges[1:], atol=1e-6)
        for side in (inside[::2, 1], inside[1::2, 1]):
            np.testing.assert_allclose(side, expected, atol=0.011)  # a point on an edge may count on either side of it


@pytest.mark.parametrize(("name", "weight", "middle"), [("CGAN", 1.0, 0.2), ("ACGAN", 1.0, 0.2), ("ACGAN", 0.1, 0.05)])
def test_the_pages_trainings_are_chapter_6s(page, shown, name, weight, middle):
    widgets.two_bells(0.2, 1.0, seed=3, steps=1)
    spec = json.loads(json.dumps(spec_of(shown[0]["text/html"])))
    lines, points = page.call("trainedAs", spec, name.lower(), weight, middle, UPDATES)
    recipe = bells.recipe_of(name, weight, 3, UPDATES)
    data = two_classes.data(middle=middle)
    state = State(recipe, len(data.pixels))
    history = train(state, data, show_progress=False)
    steps = history[:, 0].long() - 1  # the recipe keeps some of them
    np.testing.assert_allclose(np.reshape(lines, (UPDATES, 5))[steps], history, atol=5e-3, rtol=0)
    drawn = two_classes.drawn(recipe, middle)
    np.testing.assert_allclose(np.reshape(points, (-1, 2)), drawn, atol=5e-3)
    wrong, _ = page.call("measured", points)
    assert wrong == pytest.approx(two_classes.wrong_side(drawn, two_classes.labels()), abs=0.01)
    assert drawn.std() > 0.01  # it has begun to spread


def test_the_page_gets_chapter_6s_recipe_and_the_words_say_what_was_drawn(shown):
    widgets.two_bells(0.3, 3, seed=1, steps=2)
    (output,) = shown
    assert set(output) == {"text/html", "image/png", "text/plain"}
    spec, recipe = spec_of(output["text/html"]), two_classes.RECIPES["CGAN"]
    generator = recipe.build()[0]
    assert spec["recipe"] == {
        "generator": {"hidden": 2, "width": 128},
        "discriminator": {"hidden": 2, "width": 128},
        "lr_g": recipe.lr_g,
        "lr_d": recipe.lr_d,
        "batch_size": recipe.batch_size,
        "d_steps": recipe.d_steps,
        "ema": recipe.ema,
        "latent_dim": generator.latent_dim,
        "beta1": recipe.betas[0],
        "beta2": recipe.betas[1],
    }
    assert spec["bells"][spec["bell"]] == {"middle": 0.3, "overlap": two_classes.overlap(0.3)}
    assert (spec["weights"][spec["weight"]], spec["seed"], spec["steps"]) == (3.0, 1, 2)
    shares = [each["overlap"] for each in spec["bells"]]
    assert shares == sorted(shares) and shares[-1] == 0.5
    data = two_classes.data(middle=0.3)
    drawn = two_classes.drawn(bells.recipe_of("ACGAN", 3.0, 1, 2), 0.3)
    for name, points, labels in (("data", data.pixels, data.labels), ("ACGAN", drawn, two_classes.labels())):
        assert f"{name} {two_classes.wrong_side(points, labels):.1%}" in output["text/plain"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"middle": 0.22}, "middle is 0.22; choose one of 0.6, 0.5"),
        ({"weight": -1}, "weight is -1; choose one of 0, 0.01"),
        ({"weight": None}, "weight is None"),
        ({"seed": -1}, "seed is -1"),
        ({"steps": 2001}, "from 1 to 2,000"),
    ],
)
def test_what_cannot_be_trained_is_refused(shown, changes, said):
    with pytest.raises(BadInput, match=said):
        widgets.two_bells(**changes)
    assert shown == []


def test_torch_is_seeded_by_the_recipe_alone(shown):
    torch.manual_seed(5)
    state = torch.get_rng_state()
    widgets.two_bells(steps=1)
    assert torch.equal(state, torch.get_rng_state())
