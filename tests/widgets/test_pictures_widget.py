"""Chapter 3 in the page: what its output holds, the file of pictures beside it, and the page's own arithmetic."""

from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
import zlib
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from safetensors.torch import load
from torch.nn.functional import softplus

from book._ext import training_pictures
from gan_lib import data, runs, widgets
from gan_lib.data import ImageSet
from gan_lib.data.pictures import png, sheet
from gan_lib.errors import BadData, BadInput
from gan_lib.networks.mlp import MLPDiscriminator, MLPGenerator
from gan_lib.widgets import face, pictures
from tests.outputs import spec_of
from tests.page_scripts import context

ROOT = Path(__file__).parents[2]
FILES = [name for name in face.SCRIPTS["pictures"] if name.startswith("pictures/")]


def discs(n: int = 256, side: int = 28, name: str = "discs") -> ImageSet:
    """Bright discs of many sizes on black: as quickly learned as clothes."""
    rng = torch.Generator().manual_seed(0)
    y, x = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
    radius = torch.rand(n, 1, 1, generator=rng) * side / 4 + side / 6
    level = torch.randint(150, 256, (n, 1, 1), generator=rng)
    inside = ((x - side / 2 + 0.5) ** 2 + (y - side / 2 + 0.5) ** 2)[None] < radius**2
    return ImageSet(name, (inside * level).to(torch.uint8)[:, None])


@pytest.fixture
def shown(monkeypatch):
    """A function that displays the widget and returns what was displayed."""

    def show(*given, **named) -> dict:
        calls = []
        monkeypatch.setattr(face, "display", lambda what, **how: calls.append(what))
        widgets.train_pictures(*given, **named)
        return calls[0]

    return show


def unpacked(packed: dict) -> np.ndarray:
    content = zlib.decompress(base64.b64decode(packed["content"]))
    return np.frombuffer(content, np.uint8).reshape(packed["n"], packed["d"])


# --------------------------------------------------------------------------------------------- the output


def test_on_a_page_of_the_book_the_output_is_small_and_names_the_file(shown):
    output = shown(seed=3)
    spec = spec_of(output["text/html"])
    assert spec["pictures"] == "training-pictures" and len(json.dumps(spec)) < 4000
    assert "MIT" in spec["credit"] and "Zalando" in spec["credit"]
    assert spec["recipe"]["seed"] == 3 and spec["recipe"]["batch_size"] == 64
    assert "recorded training" in output["text/plain"]


def test_the_still_picture_is_what_the_recorded_run_drew(shown):
    samples = runs.load("mlp-fashion").samples
    drawn = sheet(torch.cat([samples[step][:8] for step in pictures.MOMENTS]), 8)
    output = shown()
    assert output["image/png"] == face.base64_text(png(drawn, 2))
    assert all(f"{step:,}" in output["text/plain"] for step in pictures.MOMENTS[1:])


def test_in_a_notebook_the_output_carries_the_pictures(shown, monkeypatch):
    images = discs(5000, name="fashion-mnist")
    monkeypatch.setenv("GAN_LIB_STATIC", "0")
    monkeypatch.setattr(data, "load", lambda name: images)
    packed = spec_of(shown()["text/html"])["pictures"]
    assert (unpacked(packed) == images.pixels[:4096].flatten(1).numpy()).all()
    assert packed["licence"].startswith("The MIT License") and "Zalando" in packed["licence"]


def test_own_pictures_travel_too_and_are_fitted(shown):
    large = discs(80, side=56)
    packed = spec_of(shown(ImageSet("mine", large.pixels))["text/html"])["pictures"]
    assert (unpacked(packed) == large.fitted((1, 28, 28)).pixels.flatten(1).numpy()).all()
    assert packed["name"] == "mine" and packed["credit"] == "your own pictures" and packed["licence"] == ""
    floats = ImageSet("floats", data.to_range(discs(64).pixels))
    assert (unpacked(pictures.packed(floats)) == discs(64).pixels.flatten(1).numpy()).all()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"images": discs(63)}, "63 pictures, and one batch takes 64"),
        ({"images": ImageSet("colour", torch.zeros(64, 3, 28, 28, dtype=torch.uint8))}, "3×28×28"),
        ({"images": "fashion-mnist"}, "give an ImageSet"),
        ({"seed": -1}, "whole number"),
    ],
    ids=["few", "colour", "name", "seed"],
)
def test_what_cannot_be_trained_on_is_refused(given, said):
    with pytest.raises(BadInput, match=said):
        widgets.train_pictures(**given)


# ------------------------------------------------------------------------------------ the file beside the pages


def build(folder: Path, notebook: str = training_pictures.ASKS) -> SimpleNamespace:
    """What the extension sees of a build whose only notebook is this."""
    (folder / "book").mkdir(parents=True, exist_ok=True)
    (folder / "book" / "one.ipynb").write_text(notebook, encoding="utf-8")
    return SimpleNamespace(builder=SimpleNamespace(format="html"), srcdir=folder, outdir=folder / "out")


def content_of(path: Path) -> dict:
    text = path.read_text(encoding="utf-8")
    assert text.startswith('ganFile("training-pictures", ') and text.endswith(");\n")
    return json.loads(text[text.index(",") + 1 : text.rindex(")")])


def test_the_file_holds_the_first_pictures_and_says_whose_they_are(tmp_path, monkeypatch):
    path = tmp_path / "figures" / "training-pictures.js"
    for name, origin in (("digits", "UCI"), ("fashion-mnist", "Zalando")):  # without a network, then with one
        images = discs(4500, name=name)
        monkeypatch.setattr(data, "load", lambda asked, images=images: images)
        assert not training_pictures.is_whole(path)
        training_pictures.write(path)
        packed = content_of(path)
        assert (unpacked(packed) == images.pixels[:4096].flatten(1).numpy()).all()
        assert origin in packed["credit"]
    assert training_pictures.is_whole(path)
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_another_process_is_begun_only_if_a_notebook_asks_and_the_file_is_missing(tmp_path, monkeypatch):
    begun = []
    monkeypatch.setattr(subprocess, "Popen", lambda command, **how: begun.append(command))
    training_pictures.begin(build(tmp_path / "a", "{}"))
    assert begun == []
    app = build(tmp_path / "b")
    training_pictures.begin(app)
    ((python, script, path),) = begun
    assert (python, Path(script).name) == (sys.executable, "training_pictures.py")
    Path(path).parent.mkdir(parents=True)
    Path(path).write_text('ganFile("training-pictures", {"name": "fashion-mnist"});', encoding="utf-8")
    training_pictures.begin(app)
    assert len(begun) == 1 and app.training_pictures is None


def test_no_build_fails_for_want_of_pictures(tmp_path):
    app = build(tmp_path)
    for script in ("print('GAN_LIB_DATA has none.'); raise SystemExit(1)", "while True: pass"):
        app.training_pictures = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
        training_pictures.end(app, None, patience=0.5)
        assert app.training_pictures.poll() is not None
    app.training_pictures = None
    training_pictures.end(app, None)
    assert not (tmp_path / "out").exists()


def test_the_process_says_what_is_wrong(tmp_path, monkeypatch, capsys):
    def refuse(name):
        raise BadData("The folder lacks it.")

    monkeypatch.setattr(data, "load", refuse)
    assert training_pictures.main([str(tmp_path / "x.js")]) == 1
    assert capsys.readouterr().out == "The folder lacks it.\n"
    assert list(tmp_path.iterdir()) == []


# --------------------------------------------------------------------------------------------- the page's own


@pytest.fixture(scope="module")
def page():
    return context(*FILES, before="const addEventListener = () => {};")  # for links, which test_pages.py presses


def test_the_page_writes_what_safetensors_reads(page):
    torch.manual_seed(0)
    weights = MLPGenerator(5, 3, (1, 2, 2)).state_dict()
    listed = {name: {"data": w.flatten().tolist(), "shape": list(w.shape)} for name, w in weights.items()}
    page.eval("globalThis.TextEncoder = class { encode(s) { return Uint8Array.from(s, (c) => c.charCodeAt(0)); } };")
    page.eval(
        "const written = (tensors) => Array.from(safetensors(Object.fromEntries(Object.entries(tensors)"
        ".map(([name, { data, shape }]) => [name, { data: Float32Array.from(data), shape }]))));"
    )
    found = load(bytes(page.call("written", listed)))
    assert set(found) == set(weights)
    assert all(torch.equal(found[name], weight) for name, weight in weights.items())


def test_moments_are_bounded_spread_evenly_and_end_with_the_newest(page):
    found = page.eval(
        "(() => { const m = new Moments(16), steps = [];"
        "for (let step = 0; step < 5000; step += 7) { m.add({ step }); steps.push(m.all.length); }"
        "return JSON.stringify([Math.max(...steps), m.all.map((moment) => moment.step)]); })()"
    )
    most, steps = json.loads(found)
    gaps = np.diff(steps[:-1])
    assert most <= 18 and steps[0] == 0 and steps[-1] == 4998
    assert gaps.max() <= 2.1 * gaps.min() and len(steps) > 8


def test_sheet_and_measures_are_those_of_the_pictures(page):
    rng = np.random.default_rng(0)
    first, now = rng.integers(0, 256, (2, 16, 28, 28))
    now[:, :3, :3], now[:8] = 100, now[:8].clip(0, 1) * 255
    page.eval("const sheetOf = (grey, across) => Array.from(sideBySide(Uint8Array.from(grey), across));")
    page.eval("const measure = (a, b) => JSON.stringify(measured(Uint8Array.from(a), Uint8Array.from(b)));")
    found = np.array(page.call("sheetOf", now.ravel().tolist(), 4)).reshape(112, 112)
    assert (found == now.reshape(4, 4, 28, 28).transpose(0, 2, 1, 3).reshape(112, 112)).all()
    found = json.loads(page.call("measure", now.ravel().tolist(), first.ravel().tolist()))
    assert found["changed"] == pytest.approx(np.abs(now - first).mean())
    assert found["corner"] == pytest.approx(now[:, :3, :3].mean())
    assert found["extreme"] == pytest.approx(((now < 2) | (now > 253)).mean())


# ------------------------------------------------------------------------------- the loop, and its mistakes


def loop_of(page) -> dict[str, str]:
    return json.loads(page.eval("JSON.stringify(LOOP)"))


def mistakes_of(page) -> dict[str, dict]:
    return json.loads(page.eval("JSON.stringify(MISTAKES)"))


def test_the_loop_is_chapter_3s_with_the_numbers_of_the_recipe(page):
    cells = json.loads((ROOT / "book" / "03_mlp_gan.ipynb").read_text(encoding="utf-8"))["cells"]
    chapter = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    chapter = {line.split("#")[0].strip() for line in chapter.splitlines()}
    lr = f"{pictures.RECIPE.lr_g:.0e}".replace("e-0", "e-")
    assert pictures.RECIPE.lr_g == pictures.RECIPE.lr_d
    for line in loop_of(page).values():
        code = line.split("#")[0].strip()
        assert str(pictures.RECIPE.batch_size) in code or "64" not in code
        assert f"lr={lr}," in code or "lr=" not in code
        original = code.replace("(64,)", "(128,)").replace("(64, 100)", "(128, 100)").replace(f"lr={lr}", "lr=2e-4")
        assert original in chapter, code


def test_each_mistake_changes_lines_of_the_loop_and_is_known_to_the_training(page):
    known = (face.PAGE / "train" / "recipe.js").read_text(encoding="utf-8")
    loop = loop_of(page)
    assert len(mistakes_of(page)) == 10
    for name, mistake in mistakes_of(page).items():
        assert re.search(rf"\b{name}\b", known) and mistake["title"] and mistake["expect"].endswith(".")
        assert mistake["lines"] and all(loop[key] != line for key, line in mistake["lines"].items())


class Chapter:
    """Chapter 3's loop in torch, by the very lines that the page shows."""

    def __init__(self, loop: dict[str, str], images: ImageSet):
        torch.manual_seed(0)
        names = {"torch": torch, "data": data, "images": images, "softplus": softplus}
        forward = f"def forward(self, x):\n    h = self.act(self.fc1(x.flatten(1)))\n    {loop['forward'].strip()}\n"
        exec(forward, names)
        judge = type("Judge", (MLPDiscriminator,), {"forward": names["forward"]})
        self.names = names | {"G": MLPGenerator(), "D": judge()}
        lines = [line for line in loop.values() if line is not None]
        exec("\n".join(line for line in lines if "Adam(" in line), self.names)
        body = [line for line in lines if "Adam(" not in line and line != loop["forward"]]
        self.update = compile("\n".join(body), "the loop", "exec")
        self.first, self.step = self.grey(), 0

    @torch.no_grad()
    def grey(self) -> list[int]:
        return data.to_pixels(self.names["G"](runs.fixed_z(100))).flatten().tolist()

    def measures(self) -> dict:
        raised = ""
        try:
            exec(self.update, self.names)
        except RuntimeError as error:
            raised = str(error)
        self.step += 1
        of = self.names
        with torch.no_grad():
            d_real, d_fake = (of["D"](of[x]).sigmoid().mean().item() for x in ("real", "fake"))
        losses = {name: of[name].item() for name in ("d_loss", "g_loss") if name in of}
        return losses | {"step": self.step, "d_real": d_real, "d_fake": d_fake, "raised": raised}


QUICK = {  # the mistake → updates after which its symptom must be there
    "g_detached": 60,
    "d_attached": 1,
    "d_frozen": 80,
    "g_frozen": 60,
    "no_zero_grad": 200,
    "sigmoid_twice": 100,
    "rates": 200,
    "zero_to_one": 200,
    "labels_swapped": 60,
}


@pytest.mark.parametrize("name", QUICK)
def test_in_torch_the_lines_that_are_shown_have_the_symptom_that_is_promised(page, name):
    page.eval(
        "globalThis.symptomOf = (name, told, grey, first) => MISTAKES[name].seen("
        "{ ...told, ...measured(Uint8Array.from(grey), Uint8Array.from(first)) }) || null;"
    )
    chapter = Chapter(loop_of(page) | mistakes_of(page)[name]["lines"], discs(name="clothes"))
    for step in range(1, QUICK[name] + 1):
        told = chapter.measures()
        if (step % 20 == 0 or told["raised"]) and page.call("symptomOf", name, told, chapter.grey(), chapter.first):
            return
    pytest.fail(f"after {step} updates: {told}")
