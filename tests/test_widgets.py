"""The widgets' Python side: what the page gets, and the live face over a live module."""

import base64
import io
import json
import re

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from gan_lib import latent, runs, widgets
from gan_lib.errors import BadInput
from gan_lib.networks.mlp import MLPGenerator
from gan_lib.state import State
from gan_lib.training import train
from gan_lib.widgets import face, latent_explorer
from gan_lib.widgets.export import NotExportable, export


class Other(nn.Module):
    """A generator that no page can run."""

    latent_dim = 100

    def __init__(self, channels=1):
        super().__init__()
        self.fc, self.shape = nn.Linear(100, channels * 16), (channels, 4, 4)

    def forward(self, z):
        return self.fc(z).sin().unflatten(1, self.shape)


@pytest.fixture
def generator():
    torch.manual_seed(0)
    return MLPGenerator()


@pytest.fixture
def shipped():
    return runs.load("mlp-fashion")


@pytest.fixture
def shown(monkeypatch):
    """What was displayed: a list of the arguments of `display`."""
    calls = []
    monkeypatch.setattr(face, "display", lambda *what, **how: calls.append((*what, how)))
    monkeypatch.setattr(latent_explorer, "display", lambda *what: calls.append(what))
    return calls


@pytest.fixture
def live(monkeypatch):
    monkeypatch.setenv("GAN_LIB_STATIC", "0")


def grey(generator, z):
    """The picture in other words: float64, grey levels rounded to the nearest."""
    with torch.no_grad():
        values = (generator(z)[0].double() + 1) * 127.5
    return values.numpy().squeeze()


def decoded(png, height):
    """The picture that was drawn `height` pixels high, whatever size it was sent in: grey levels."""
    sent = np.array(Image.open(io.BytesIO(png)))
    scale = len(sent) // height
    picture = sent[::scale, ::scale]
    assert np.array_equal(picture.repeat(scale, 0).repeat(scale, 1), sent)
    return picture


def the_one_output(shown):
    ((output, how),) = shown
    assert how == {"raw": True}
    return output


def spec_of(html):
    """What the page's script gets."""
    return json.loads(re.search(r'<script type="application/json">(.*?)</script>', html, re.S)[1])


def run_spec(spec, z):
    """page/network.js in NumPy."""
    x = np.asarray(z, dtype=np.float64)
    for layer in spec["layers"]:
        if layer["op"] == "linear":
            weight, bias = (np.frombuffer(base64.b64decode(layer[k]), dtype=spec["dtype"]) for k in ("weight", "bias"))
            x = weight.astype(np.float64).reshape(layer["out"], layer["in"]) @ x + bias
        elif layer["op"] == "leaky_relu":
            x = np.where(x > 0, x, layer["slope"] * x)
        else:
            assert layer["op"] == "tanh"
            x = np.tanh(x)
    return x.reshape(spec["shape"])


def buttons(box):
    """Every button in a box, by its text."""
    if hasattr(box, "children"):
        return {text: b for child in box.children for text, b in buttons(child).items()}
    return {box.description: box} if hasattr(box, "click") else {}


# ------------------------------------------------------------------------------------------ the exported weights


def test_exported_weights_are_the_same_numbers(shipped, generator):
    for network, dtype in ((shipped.generator, "float16"), (generator, "float32")):
        spec = json.loads(json.dumps(export(network)))
        assert (spec["dtype"], spec["latent_dim"], spec["shape"]) == (dtype, 100, [1, 28, 28])
        for layer, fc in zip(spec["layers"][::2], (network.fc1, network.fc2), strict=False):
            weight = np.frombuffer(base64.b64decode(layer["weight"]), dtype=dtype).astype(np.float32)
            bias = np.frombuffer(base64.b64decode(layer["bias"]), dtype=dtype).astype(np.float32)
            assert np.array_equal(weight.reshape(layer["out"], layer["in"]), fc.weight.detach())
            assert np.array_equal(bias, fc.bias.detach())


def test_exported_layers_compute_what_the_module_computes(shipped):
    spec, z = export(shipped.generator), torch.randn(100, dtype=torch.float64)
    expected = shipped.generator.double()(z[None])[0]
    np.testing.assert_allclose(run_spec(spec, z), expected, atol=1e-12)


def test_what_a_page_cannot_run_is_refused_and_named():
    class Changed(MLPGenerator):
        def forward(self, z):
            return super().forward(z).flip(3)

    for network, said in ((Other(), "Other"), (Changed(), "Changed"), (MLPGenerator(latent_dim=15), "15 numbers")):
        with pytest.raises(NotExportable, match=said):
            export(network)


# ------------------------------------------------------------------------------------------ the static face


def test_the_static_explorer_is_one_output_of_html_png_and_text(shipped, shown):
    widgets.explore_latent(shipped.generator, dims=(5, 25), seed=3)
    output = the_one_output(shown)
    assert set(output) == {"text/html", "image/png", "text/plain"}  # no widget state, no view
    assert output["text/plain"].startswith("Pictures of z from seed 3; row by row, dimension 5, 25 of z")
    spec = spec_of(output["text/html"])
    assert (spec["dims"], spec["seed"]) == ([5, 25], 3)
    assert spec["network"] == export(shipped.generator)


def test_the_static_picture_shows_the_sweeps_of_its_dimensions(shipped, shown):
    widgets.explore_latent(shipped.generator, dims=(5, 25), seed=3)
    picture = decoded(base64.b64decode(the_one_output(shown)["image/png"]), height=2 * 28)
    assert picture.shape == (2 * 28, 3 * 28)
    for row, k in enumerate((5, 25)):
        for column, value in enumerate((-3.0, 0.0, 3.0)):
            z = latent.z_from_seed(3)
            z[0, k] = value
            tile = picture[28 * row : 28 * row + 28, 28 * column : 28 * column + 28]
            assert np.abs(tile - grey(shipped.generator, z)).max() <= 0.5 + 1e-3


def test_the_picture_in_the_html_is_the_png_with_the_same_words(shipped, shown):
    widgets.explore_latent(shipped.generator)
    output = the_one_output(shown)
    poster = re.search(r'<img class="gan-poster" alt="(.*?)" src="data:image/png;base64,(.*?)">', output["text/html"])
    assert poster[1] == output["text/plain"] and poster[2] == output["image/png"]


@pytest.mark.parametrize("widget", ["explorer", "scrubber"])
def test_a_static_output_asks_for_nothing_outside_and_has_no_blank_line(shipped, shown, widget):
    if widget == "explorer":
        widgets.explore_latent(shipped.generator)
    else:
        widgets.scrub_training(shipped)
    html = the_one_output(shown)["text/html"]
    assert set(re.findall(r"https?://[^\"' ]*", html)) <= {"http://www.w3.org/2000/svg"}  # a name, not an address
    assert not re.search(r"<(script|img|link)[^>]*(src|href)=\"(?!data:)", html) and "@import" not in html
    assert all(line.strip() for line in html.split("\n"))
    assert "ipywidgets" not in html and "widget-view" not in html
    assert len(html) < 800_000


def test_drawing_the_static_face_leaves_the_module_as_it_was(generator, shown):
    before = {key: value.clone() for key, value in generator.state_dict().items()}
    widgets.explore_latent(generator.train())
    assert generator.training
    for key, value in generator.state_dict().items():
        assert torch.equal(value, before[key]) and value.dtype == torch.float32


def test_a_generator_no_page_can_run_keeps_its_picture_and_says_why(shown):
    torch.manual_seed(0)
    other = Other()
    widgets.explore_latent(other, dims=(7,), seed=2)
    output = the_one_output(shown)
    assert "Other cannot run on a page yet (only MLPGenerator can). Run this cell in Jupyter" in output["text/html"]
    assert "<script" not in output["text/html"]
    z = latent.z_from_seed(2)
    z[0, 7] = 3.0
    tile = decoded(base64.b64decode(output["image/png"]), height=4)[:, 8:]
    assert np.abs(tile - grey(other, z)).max() <= 0.5 + 1e-3


def test_text_cannot_break_out_of_the_html(shown):
    data = {"text": "</script><b>"}
    face.display_page("kind", "f", (), data, b"png", 'a "quoted" <alt>', note="a < b & c")
    html = the_one_output(shown)["text/html"]
    assert spec_of(html) == data and "<b>" not in html.replace("<\\/script><b>", "")
    assert 'alt="a &quot;quoted&quot; &lt;alt&gt;"' in html and "<p>a &lt; b &amp; c</p>" in html


@pytest.mark.parametrize("static", ["0", "1"])
def test_impossible_dimensions_and_seeds_are_refused_by_both_faces(generator, shown, monkeypatch, static):
    monkeypatch.setenv("GAN_LIB_STATIC", static)
    for options, said in (
        ({"dims": (5, 100)}, "latent dimension 100 does not exist; z has 100, counted from 0 to 99"),
        ({"dims": (-1,)}, "latent dimension -1 does not exist"),
        ({"dims": ()}, "dims is empty"),
        ({"seed": -1}, "seed -1 is not possible; choose a whole number from 0 to 4294967295"),
        ({"seed": 2**32}, "seed 4294967296 is not possible"),
        ({"seed": "one"}, "seed 'one' is not possible"),
    ):
        with pytest.raises(BadInput, match=said):
            widgets.explore_latent(generator, **options)
    assert shown == []


# ------------------------------------------------------------------------------------------ the scrubber


def test_the_scrubber_holds_every_moment_of_the_run(shipped, shown):
    widgets.scrub_training(shipped)
    output = the_one_output(shown)
    assert set(output) == {"text/html", "image/png", "text/plain"}
    moments = spec_of(output["text/html"])["moments"]
    assert tuple(moment["step"] for moment in moments) == shipped.recipe.milestones
    for moment in moments:
        pictures = shipped.samples[moment["step"]][:32, 0]
        sheet = np.vstack([np.hstack(list(pictures[row : row + 8])) for row in range(0, 32, 8)])
        assert np.array_equal(decoded(base64.b64decode(moment["png"]), height=4 * 28), sheet)
    assert moments[0]["text"].startswith("before the first update")
    poster = decoded(base64.b64decode(output["image/png"]), height=4 * 28)
    assert np.array_equal(poster, sheet)  # the last moment's


def test_the_scrubbers_figures_are_the_means_around_the_moment(shipped, shown):
    widgets.scrub_training(shipped)
    moments = {moment["step"]: moment["text"] for moment in spec_of(the_one_output(shown)["text/html"])["moments"]}
    lines = shipped.history.double().numpy()
    around = lines[np.argsort(np.abs(lines[:, 0] - 20_000), kind="stable")[:20]].mean(0)
    said = [float(number) for number in re.findall(r"-?\d+\.\d\d", moments[20_000])]
    assert moments[20_000].startswith("20,000 updates · D(real) ")
    np.testing.assert_allclose(said[:4], around[[3, 4, 1, 2]], atol=0.006)  # two digits are shown
    assert moments[20_000].endswith(f"Fréchet distance {shipped.scores[20_000]:.3g}")


def test_the_scrubbers_curves_are_means_of_equal_parts(shipped, shown):
    widgets.scrub_training(shipped)
    curves = spec_of(the_one_output(shown)["text/html"])["history"]
    lines = shipped.history.double().numpy()
    for i, name in enumerate(("step", "d_loss", "g_loss", "d_real", "d_fake")):
        expected = [part[:, i].mean() for part in np.array_split(lines, 150)]
        np.testing.assert_allclose(curves[name], expected, rtol=1e-4, atol=1e-3)


def test_a_short_run_of_ones_own_can_be_scrubbed(run, shown):
    widgets.scrub_training(run)
    spec = spec_of(the_one_output(shown)["text/html"])
    assert [moment["step"] for moment in spec["moments"]] == [0, 5, 12]
    assert spec["history"]["step"] == [5, 10, 12]


# ------------------------------------------------------------------------------------------ the live face


def assert_shows(explorer, generator, z):
    """The large picture is the module's picture of z."""
    assert np.abs(decoded(explorer.picture.value, height=28) - grey(generator, z)).max() <= 0.5 + 1e-3
    assert explorer.message.value == ""


def test_in_a_kernel_the_explorer_is_made_of_core_widgets(generator, shown, live):
    widgets.explore_latent(generator, dims=(5, 25))
    ((box,),) = shown
    assert type(box).__module__.startswith("ipywidgets.")
    assert set(buttons(box)) == {"New z", "Reset", "Add slider"}


def test_moving_a_slider_redraws_the_modules_picture(generator):
    explorer = widgets.LatentExplorer(generator, dims=(5, 25), seed=3)
    z = latent.z_from_seed(3)
    assert_shows(explorer, generator, z)
    before = explorer.picture.value
    for k, value in ((25, 2.0), (5, -1.5), (25, -3.0)):
        explorer.sliders[k].value = value
        z[0, k] = value
        assert torch.equal(explorer.z, z)
        assert_shows(explorer, generator, z)
        assert explorer.strip_title.value == f"z[{k}] at −3, 0, 3"
    assert explorer.picture.value != before


def test_the_strip_shows_the_dimension_in_hand_at_its_ends_and_middle(generator):
    explorer = widgets.LatentExplorer(generator, dims=(5, 25), seed=3)
    explorer.sliders[25].value = 1.0
    strip = decoded(explorer.strip.value, height=28)
    for column, value in enumerate((-3.0, 0.0, 3.0)):
        z = explorer.z.clone()
        z[0, 25] = value
        tile = strip[:, 28 * column : 28 * column + 28]
        assert np.abs(tile - grey(generator, z)).max() <= 0.5 + 1e-3


def test_sliders_follow_a_new_z_without_changing_it(generator):
    explorer = widgets.LatentExplorer(generator, dims=(5, 25), seed=3)
    z = latent.z_from_seed(8)
    z[0, 5] = 4.5  # beyond the slider's end
    explorer.set_z(z)
    assert torch.equal(explorer.z, z) and explorer.sliders[5].value == 3.0
    assert explorer.sliders[25].value == pytest.approx(z[0, 25].item())
    assert_shows(explorer, generator, z)


def test_the_seed_new_z_and_reset_do_what_they_say(generator):
    explorer = widgets.LatentExplorer(generator, dims=(5,), seed=3)
    explorer.seed.value = 11
    assert torch.equal(explorer.z, latent.z_from_seed(11))
    explorer.sliders[5].value = 2.5
    buttons(explorer.box)["Reset"].click()
    assert torch.equal(explorer.z, latent.z_from_seed(11))
    assert_shows(explorer, generator, latent.z_from_seed(11))
    buttons(explorer.box)["New z"].click()
    assert torch.equal(explorer.z, latent.z_from_seed(explorer.seed.value))
    assert_shows(explorer, generator, explorer.z)


def test_a_slider_can_be_added_for_any_dimension_once(generator):
    explorer = widgets.LatentExplorer(generator, dims=(5,), seed=3)
    for _ in range(2):
        explorer.dimension.value = 99
        buttons(explorer.box)["Add slider"].click()
    assert list(explorer.sliders) == [5, 99] and len(explorer.column.children) == 2
    explorer.sliders[99].value = -2.0
    assert explorer.z[0, 99] == -2.0
    assert_shows(explorer, generator, explorer.z)
    with pytest.raises(BadInput, match="latent dimension 100"):
        explorer.add_slider(100)


def test_an_error_in_a_callback_is_shown_and_goes_away(generator):
    explorer = widgets.LatentExplorer(generator, dims=(5,), seed=3)
    forward = generator.forward
    generator.forward = lambda z: 1 / 0
    explorer.sliders[5].value = 1.0
    assert explorer.message.value == "ZeroDivisionError: division by zero"
    generator.forward = forward
    explorer.sliders[5].value = 2.0
    assert_shows(explorer, generator, explorer.z)


def test_a_generator_just_trained_works_in_both_faces(tiny, images, shown):
    state = State(tiny, len(images.pixels))
    train(state, images, show_progress=False)
    generator = state.generator
    widgets.explore_latent(generator, dims=(5,), seed=0)
    spec = spec_of(the_one_output(shown)["text/html"])["network"]
    z = latent.z_from_seed(0)
    assert np.abs((run_spec(spec, z[0]) + 1).squeeze() * 127.5 - grey(generator, z)).max() < 1e-3

    explorer = widgets.LatentExplorer(generator, dims=(5,), seed=0)
    assert_shows(explorer, generator, z)
    assert generator.training  # as the training left it
    train(state, images, steps=2 * tiny.steps, show_progress=False)
    before = explorer.picture.value
    explorer.redraw()
    assert explorer.picture.value != before
    assert_shows(explorer, generator, z)


def test_the_live_face_takes_any_generator_even_one_in_colour():
    torch.manual_seed(0)
    other = Other(channels=3)
    explorer = widgets.LatentExplorer(other, dims=(0,), seed=1)
    picture = decoded(explorer.picture.value, height=4)
    assert picture.shape == (4, 4, 3)
    assert np.abs(picture.transpose(2, 0, 1) - grey(other, latent.z_from_seed(1))).max() <= 0.5 + 1e-3


def test_a_generator_that_does_not_say_how_long_z_is_is_refused_with_the_cure(generator, shown):
    del generator.latent_dim
    with pytest.raises(BadInput, match=r"set it first, for example G.latent_dim = 100"):
        widgets.explore_latent(generator)


def test_numpys_numbers_are_dimensions_too(shipped, shown):
    widgets.explore_latent(shipped.generator, dims=np.array([5, 7]))
    assert spec_of(shown[0][0]["text/html"])["dims"] == [5, 7]


def test_a_z_of_the_wrong_size_is_refused_and_the_sliders_still_work(generator):
    explorer = widgets.LatentExplorer(generator)
    with pytest.raises(BadInput, match=r"z has shape \(1, 50\) .* takes float \(B, 100\)"):
        explorer.set_z(torch.zeros(1, 50))
    explorer.sliders[5].value = 1.5
    assert explorer.z[0, 5] == 1.5
