"""The plane: what the page gets, its links, and the PyTorch that it prints, which does what the page has done."""

from __future__ import annotations

import base64
import io
import json
import random

import pytest
import torch
from PIL import Image

from gan_lib import widgets
from gan_lib.errors import BadInput
from gan_lib.widgets import face
from gan_lib.widgets import plane as widget
from tests.outputs import spec_of
from tests.page_scripts import context

OWN = [f"plane/{name}.js" for name in ("settings", "stage", "curves", "python")]
PURE = ("train/recipe.js", "train/presets.js", *OWN)
PAINTED = torch.tensor([[-0.5, 0.5], [-0.45, 0.5], [0.3, -1.0], [1.0, 0.25]])
TRIED = """
const tried = (play, updates) => {
  const { settings, changes } = play, painted = Float32Array.from(unpackPoints(settings.points).flat(), (v) => v / 100);
  const tasks = trainerTasks({ recipe: { ...RECIPE, ...recipeOf(settings) }, data: { painted } });
  let step = 0;
  for (const at of [...new Set(changes.map((change) => change.at)), updates]) {
    if (at > step) ({ step } = tasks.train({ updates: at - step }));
    for (const change of changes.filter((each) => each.at === at)) tasks.change({ [change.name]: change.value });
  }
  const { samples, d_loss, g_loss, d_real, d_fake } = tasks.look({ samples: SAMPLES });
  return { python: planePython(play, updates), samples: [...samples], last: [step, d_loss, g_loss, d_real, d_fake] };
};
"""


@pytest.fixture(scope="module")
def page():
    return context(*PURE)


@pytest.fixture
def shown(monkeypatch):
    """What was displayed, after two updates instead of a thousand."""
    outputs = []
    monkeypatch.setattr(face, "display", lambda output, **how: outputs.append(output))
    monkeypatch.setattr(widget, "UPDATES", 2)
    return outputs


def play(settings=None, *changes):
    """As the page has it: changes are (at, name, value)."""
    named = [{"at": at, "name": name, "value": value} for at, name, value in changes]
    return {"settings": settings or {}, "changes": named}


# ------------------------------------------------------------------------------------------ settings and links


def start(page):
    """The settings that the page begins with."""
    return json.loads(page.eval("JSON.stringify(START)"))


def test_python_and_the_page_know_the_same_settings(page):
    defaults = start(page)
    known = {each["name"]: each["values"] for each in json.loads(page.eval("JSON.stringify(PLANE_SETTINGS)"))}
    assert set(known) == set(widget.SETTINGS) and list(known["data"]) == [*widget.DATA, "painted"]
    for name, (default, allowed) in widget.SETTINGS.items():
        assert defaults[name] == default
        if name != "data":
            least_and_most = (min(known[name]), max(known[name])) if not isinstance(default, str) else known[name]
            assert tuple(least_and_most) == tuple(allowed)


def some_play(page, rng, of=None):
    """Random settings; changes on the way where the numbers are above 0."""
    known = json.loads(page.eval("JSON.stringify(PLANE_SETTINGS)"))
    settings = dict(of or start(page))
    for each in rng.sample(known, rng.randint(0, 6)):
        settings[each["name"]] = rng.choice(each["values"])
    settings["points"] = page.call("packPoints", [[rng.randint(-100, 100) for _ in "xy"] for _ in range(3)])
    return settings


def test_a_link_reads_back_as_what_was_written(page):
    rng = random.Random(0)
    for _ in range(100):
        first = play(some_play(page, rng))
        plays = [first] if rng.random() < 0.5 else [first, play(some_play(page, rng, first["settings"]))]
        at = sorted(rng.sample(range(1, 5000), 3))
        for one in plays:
            one["changes"] = [{"at": k, "name": "lr_d", "value": rng.choice([1e-5, 0.002])} for k in rng.sample(at, 2)]
            one["changes"].sort(key=lambda change: change["at"])
        asked = {"plays": plays, "updates": rng.choice([at[-1], 9000]), "figure": rng.randint(1, 3)}
        link = page.call("writePlane", asked)
        assert page.call("readPlane", link) == asked | {"problem": ""}


@pytest.mark.parametrize(
    ("link", "wrong"),
    [
        ("game:poker,lr_g:0.01", "game:poker"),
        ("lr_g:0.01,lr_d:1e9,seed:-1,d_steps:1.5,clip:,g_width:NaN", "lr_d:1e9,seed:-1,d_steps:1.5,clip:,g_width:NaN"),
        ("lr_g:0.01,points:0000zz00,points:0,points:00%3C,<b>,5%,x", "points:0000zz00,points:0,points:00%3C,<b>,5%,x"),
        ("lr_g:0.01,updates:-5,updates:12345678,figure:0,b.seed:x", "updates:-5,updates:12345678,figure:0,b.seed:x"),
        ("lr_g:0.01,updates:50,updates:20,seed:3", "updates:20,seed:3"),  # neither goes back, nor changes on the way
        ("lr_g:0.01,constructor:1,__proto__:2", "constructor:1,__proto__:2"),
    ],
)  # fmt: skip
def test_a_link_edited_by_hand_does_what_it_can_and_names_the_rest(page, link, wrong):
    read = page.call("readPlane", f"#plane={link}")
    said = ", ".join(wrong.split(","))
    assert read["problem"] == f"The link asks for {said}, which is not possible here; the rest is done."
    assert read["plays"][0]["settings"] == start(page) | {"lr_g": 0.01}
    assert len(page.call("readPlane", f"#plane=points:{'00' * 5000}")["problem"]) < 200
    assert page.call("readPlane", "#z=seed:1") is None and page.call("readPlane", "") is None


def test_a_change_goes_on_where_it_can_and_begins_anew_where_not(page):
    old = play(start(page))
    one = page.call("changedPlay", old, "lr_d", 0.01, 500)
    assert one == old | {"changes": [{"at": 500, "name": "lr_d", "value": 0.01}]}
    assert page.call("changedPlay", one, "lr_d", 0.02, 500)["changes"] == [{"at": 500, "name": "lr_d", "value": 0.02}]
    assert page.call("changedPlay", one, "seed", 3, 700) == play(old["settings"] | {"lr_d": 0.01, "seed": 3})
    assert page.call("changedPlay", old, "lr_d", 0.01, 0) == play(old["settings"] | {"lr_d": 0.01})


def test_the_curves_of_a_long_training_stay_small(page):
    page.eval("""
      class FakeChart { draw() {} }
      const grown = (n) => {
        const curves = Object.create(Curves.prototype);
        curves.clear();
        for (let step = 1; step <= n; step++) curves.add([step, step, 1, 0.5, 0]);
        return { bins: curves.bins, each: curves.each };
      };""")
    curves = page.call("grown", 50_000)
    assert len(curves["bins"]) <= 240 and curves["bins"][0] == [(curves["each"] + 1) / 2, 1, 0.5, 0]


# ------------------------------------------------------------------------------------------ the PyTorch that is printed

SMALL = {"g_width": 16, "d_width": 16, "batch_size": 32}
PLAYS = {
    "minimax": play({"game": "minimax", "data": "line", "latent_dim": 1}),
    "smoothed": play({"smoothing": 0.1, "data": "two", "uniform": True, "seed": 7}),
    "hinge": play({"game": "hinge", "data": "grid25", "ema": 0, "optimizer": "rmsprop"}),
    "least squares": play({"game": "least-squares", "data": "circle", "optimizer": "sgd", "lr_g": 0.1, "lr_d": 0.1}),
    "wgan": play({"game": "wgan", "clip": 0.05, "data": "moons", "optimizer": "rmsprop", "d_steps": 3}),
    "wgan-gp": play({"game": "wgan-gp", "weight": 5, "beta1": 0, "g_hidden": 1, "d_hidden": 3}),
    "r1": play({"game": "r1", "weight": 0.01}),
    "r1-r2": play({"game": "r1-r2", "weight": 2, "d_steps": 2}),
    "relativistic": play({"game": "relativistic", "weight": 0.1, "beta1": 0}),
    "painted": play({"data": "painted", "latent_dim": 3}),
    "changed on the way": play(
        {},
        (4, "lr_d", 0.01),
        (4, "game", "wgan"),
        (8, "clip", 0.5),
        (8, "d_steps", 2),
        (8, "lr_g", 0.005),
        (11, "game", "non-saturating"),
        (11, "smoothing", 0.2),
    ),
}


@pytest.fixture(scope="module")
def trainer():
    """The pure functions, and all that trains."""
    engine = context(*dict.fromkeys([*face.TORCH, *face.TRAIN, *PURE]))
    engine.eval(TRIED)
    return engine


@pytest.mark.parametrize("name", PLAYS)
def test_the_pytorch_that_is_printed_does_what_the_page_has_done(page, trainer, name):
    settings = start(page) | SMALL | PLAYS[name]["settings"]
    if settings["data"] == "painted":
        settings["points"] = page.call("packPoints", (PAINTED * 100).round().int().tolist())
    done = trainer.call("tried", PLAYS[name] | {"settings": settings}, 15)
    found: dict = {}
    exec(done["python"], found)  # the page's own lines
    samples = torch.tensor(done["samples"]).reshape(-1, 2)
    assert (samples - found["samples"]).abs().max() < 2e-3
    torch.testing.assert_close(torch.tensor(done["last"]), found["history"][-1], rtol=1e-3, atol=1e-4)
    assert found["state"].step == 15


# ------------------------------------------------------------------------------------------ the output


def test_the_output_holds_a_real_picture_and_little_data(shown):
    widgets.train_plane(game="wgan", beside={"game": "hinge"}, seed=3, lr_g=1e-3, uniform=0)
    (output,) = shown
    first = {name: default for name, (default, _) in widget.SETTINGS.items()} | {"game": "wgan", "seed": 3}
    assert spec_of(output["text/html"]) == {"plays": [first, first | {"game": "hinge"}]}
    wide, high = Image.open(io.BytesIO(base64.b64decode(output["image/png"]))).size
    assert wide == 2 * high
    assert output["text/plain"].startswith("After 2 updates: ring of 8 in blue")
    assert "by the game wgan (clip 0.1); beside it: " in output["text/plain"]


def test_painted_points_travel_as_the_page_packs_them(shown, page):
    widgets.train_plane(data=PAINTED.tolist())
    (settings,) = spec_of(shown[0]["text/html"])["plays"]
    assert settings["data"] == "painted"
    assert page.call("unpackPoints", settings["points"]) == (PAINTED * 100).round().int().tolist()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"dat": "line"}, "the setting 'dat' is not known"),
        ({"data": "square"}, "data 'square' is not known"),
        ({"data": [[0.1, 0.2]]}, "data holds 1 points"),
        ({"data": [[0.1, 2.0], [0.0, 0.0]]}, "reach 2; give 2 to 300 points within −1…1"),
        ({"lr_g": 10}, "lr_g is 10; choose a number from 1e-05 to 1"),
        ({"d_steps": 0}, "d_steps is 0; choose a whole number, from 1 to 10"),
        ({"beside": "wgan"}, "beside is 'wgan'; give a dict"),
        ({"beside": {"seed": -1}}, "seed is -1"),
    ],
)
def test_bad_settings_are_refused_in_a_sentence(given, said):
    with pytest.raises(BadInput) as error:
        widgets.train_plane(**given)
    assert said in str(error.value)


def test_rates_that_explode_still_give_a_picture(shown, monkeypatch):
    monkeypatch.setattr(widget, "UPDATES", 30)
    widgets.train_plane(optimizer="sgd", game="least-squares", lr_d=1, lr_g=1, batch_size=32)
    assert shown[0]["text/plain"].startswith("After 30 updates")
