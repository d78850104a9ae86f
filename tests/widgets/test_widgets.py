"""The widgets' Python side: what the page gets, and the live face over a live module."""

import base64
import copy
import io
import json
import re
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from gan_lib import runs, widgets
from gan_lib.chapters import plane
from gan_lib.data import toy
from gan_lib.errors import BadInput
from gan_lib.networks.conditional import ACGANGenerator, CGANGenerator
from gan_lib.networks.dcgan import DCGANGenerator
from gan_lib.networks.mlp import MLPGenerator
from gan_lib.show import latent
from gan_lib.training import games, train
from gan_lib.training.state import State
from gan_lib.widgets import face, latent_explorer
from gan_lib.widgets.export import NotExportable, export
from tests.outputs import spec_of

pytestmark = pytest.mark.usefixtures("no_running_loop")


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


def run_spec(spec, content, z, label=None):
    """page/engine.js in NumPy, and without its matrix product: each input adds its patch to the picture."""
    numbers = np.frombuffer(content, dtype=spec["dtype"]).astype(np.float64)

    def take(*shape):
        nonlocal numbers
        taken, numbers = np.split(numbers, [np.prod(shape)])
        return taken.reshape(shape)

    x = np.asarray(z, dtype=np.float64)
    if label is not None:
        x = np.concatenate([x, spec["labels"][label]])
    for layer in spec["layers"]:
        n, out, op = layer.get("in"), layer.get("out"), layer["op"]
        if op == "linear":
            x = take(out, n) @ x + take(out)
        elif op == "conv_transpose":
            side, k, stride, padding = (layer[name] for name in ("side", "kernel", "stride", "padding"))
            weight, x = take(n, out, k, k), x.reshape(n, side, side)
            full = np.zeros((out, (side - 1) * stride + k, (side - 1) * stride + k))
            for i, j in np.ndindex(side, side):
                full[:, i * stride : i * stride + k, j * stride : j * stride + k] += np.tensordot(x[:, i, j], weight, 1)
            end = full.shape[1] - padding
            x = full[:, padding:end, padding:end] + take(out)[:, None, None]
        elif op == "affine":
            x = x * np.array(layer["scale"])[:, None, None] + np.array(layer["shift"])[:, None, None]
        elif op == "leaky_relu":
            x = np.where(x > 0, x, layer["slope"] * x)
        else:
            assert op == "tanh"
            x = np.tanh(x)
    assert len(numbers) == 0
    return x.reshape(spec["shape"])


def buttons(box):
    """Every button in a box, by its text."""
    if hasattr(box, "children"):
        return {text: b for child in box.children for text, b in buttons(child).items()}
    return {box.description: box} if hasattr(box, "click") else {}


# ------------------------------------------------------------------------------------------ the exported weights


FAMILIES = {
    "mlp": MLPGenerator,
    "cgan": lambda: CGANGenerator(width=32),
    "dcgan": lambda: DCGANGenerator(features=4),
    "acgan": lambda: ACGANGenerator(features=4, channels=3),
}


@pytest.fixture(params=FAMILIES)
def network(request):
    """One generator of each family, its BatchNorm with statistics of its own."""
    torch.manual_seed(0)
    network = FAMILIES[request.param]()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_()
            module.running_var.uniform_(0.5, 2)
            nn.init.normal_(module.weight)
            nn.init.normal_(module.bias)
    return network.eval()


def test_exported_layers_compute_what_the_module_computes(network):
    exported, z = export(network), torch.randn(100, dtype=torch.float64)
    spec = json.loads(json.dumps(exported.spec))
    for label in range(network.classes) or [None]:
        expected = network.double()(z[None], *latent.labels_like(z[None], label))[0].detach()
        np.testing.assert_allclose(run_spec(spec, exported.weights, z, label), expected, atol=1e-5)


def test_weights_travel_in_half_precision_only_where_that_loses_nothing(network):
    assert export(network).spec["dtype"] == "float32"
    half = copy.deepcopy(network).half().float()
    assert export(half).spec["dtype"] == "float16" and len(export(network).weights) == 2 * len(export(half).weights)


def test_the_name_of_an_export_is_its_contents(network):
    name = export(network).spec["name"]
    assert export(copy.deepcopy(network)).spec["name"] == name
    next(network.parameters()).data.view(-1)[0] += 1
    assert export(network).spec["name"] != name


def test_what_a_page_cannot_run_is_refused_and_named():
    with pytest.raises(NotExportable, match=r"sin cannot run on a page \(layer 2 of Other\)"):
        export(Other())


# ------------------------------------------------------------------------------------------ the static face


def test_the_static_explorer_is_one_output_of_html_png_and_text(shipped, shown):
    widgets.explore_latent(shipped.generator, dims=(5, 25), seed=3)
    output = the_one_output(shown)
    assert set(output) == {"text/html", "image/png", "text/plain"}  # no widget state, no view
    assert output["text/plain"].startswith("Pictures of z from seed 3; row by row, dimension 5, 25 of z")
    spec = spec_of(output["text/html"])
    assert (spec["dims"], spec["seed"], spec["classes"]) == ([5, 25], 3, None)
    exported = export(shipped.generator)
    data = base64.b64encode(exported.weights).decode()
    assert spec["generators"] == [{"title": "", "network": exported.spec | {"data": data}}]


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
    assert "sin cannot run on a page (layer 2 of Other). Run this cell in Jupyter" in output["text/html"]
    assert "<script" not in output["text/html"]
    z = latent.z_from_seed(2)
    z[0, 7] = 3.0
    tile = decoded(base64.b64decode(output["image/png"]), height=4)[:, 8:]
    assert np.abs(tile - grey(other, z)).max() <= 0.5 + 1e-3


def test_text_cannot_break_out_of_the_html(shown):
    data = {"text": "</script><b>"}
    face.display_page("ledger", data, b"png", 'a "quoted" <alt>', note="a < b & c")
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
    (panel,) = spec_of(output["text/html"])["panels"]
    moments = panel["moments"]
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
    moments = {
        moment["step"]: moment["text"] for moment in spec_of(the_one_output(shown)["text/html"])["panels"][0]["moments"]
    }
    lines = shipped.history.double().numpy()
    around = lines[np.argsort(np.abs(lines[:, 0] - 20_000), kind="stable")[:20]].mean(0)
    said = [float(number) for number in re.findall(r"-?\d+\.\d\d", moments[20_000])]
    assert moments[20_000].startswith("20,000 updates · D(real) ")
    np.testing.assert_allclose(said[:4], around[[3, 4, 1, 2]], atol=0.006)  # two digits are shown
    assert moments[20_000].endswith(f"Fréchet distance {shipped.scores[20_000]:.0f}")


def test_the_scrubbers_curves_are_means_of_equal_parts(shipped, shown):
    widgets.scrub_training(shipped)
    curves = spec_of(the_one_output(shown)["text/html"])["panels"][0]["history"]
    lines = shipped.history.double().numpy()
    for i, name in enumerate(("step", "d_loss", "g_loss", "d_real", "d_fake")):
        expected = [part[:, i].mean() for part in np.array_split(lines, 150)]
        np.testing.assert_allclose(curves[name], expected, rtol=1e-4, atol=1e-3)


def test_a_short_run_of_ones_own_can_be_scrubbed(run, shown):
    widgets.scrub_training(run)
    (panel,) = spec_of(the_one_output(shown)["text/html"])["panels"]
    assert [moment["step"] for moment in panel["moments"]] == [0, 5, 12]
    assert panel["history"]["step"] == [5, 10, 12]


@pytest.mark.parametrize(
    ("scores", "name"),
    [({"frechet": 12.0}, "Fréchet distance"), ({"sliced": 12.0, "fid": 3.0}, "sliced distance"), ({}, "score")],
)
def test_the_scrubber_names_the_score_that_it_shows(run, shown, scores, name):
    widgets.scrub_training(replace(run, scores={12: 12.34}, card=run.card | {"evaluation": scores}))
    (panel,) = spec_of(the_one_output(shown)["text/html"])["panels"]
    assert panel["moments"][-1]["text"].endswith(f"· {name} 12.3")


def test_several_runs_stand_side_by_side(shipped, run, shown):
    widgets.scrub_training({"long": shipped, "short": run})
    output = the_one_output(shown)
    assert [panel["title"] for panel in spec_of(output["text/html"])["panels"]] == ["long", "short"]
    assert output["text/plain"] == "32 pictures: long after 50,000 updates, short after 12 updates."
    with pytest.raises(BadInput, match="no training was given"):
        widgets.scrub_training({})


@pytest.mark.parametrize(("c", "n", "said"), [(1, 16, "16 pictures"), (3, 32, "32 pictures"), (1, 5, "5 pictures")])
def test_runs_with_pictures_of_other_size_number_and_colour_stand_side_by_side(run, shown, c, n, said):
    rng = torch.Generator().manual_seed(0)
    pictures = torch.randint(256, (n, c, 32, 32), generator=rng, dtype=torch.uint8)
    other = replace(run, samples={0: pictures, 12: pictures})
    widgets.scrub_training({"small": run, "large": other})
    output = the_one_output(shown)
    assert [panel["title"] for panel in spec_of(output["text/html"])["panels"]] == ["small", "large"]
    same, ends = n == 32, "after 12 updates"
    expected = f"{said}: small {ends}, large {ends}." if same else f"small: 32 pictures {ends}; large: {said} {ends}."
    assert output["text/plain"] == expected
    poster = np.array(Image.open(io.BytesIO(base64.b64decode(output["image/png"]))))
    columns, rows = min(n, 8), -(-n // 8)
    assert poster.shape[:2] == (max(4 * 28, rows * 32), 8 * 28 + columns * 32)
    drawn = poster[:32, 8 * 28 : 8 * 28 + 32].reshape(32, 32, c).transpose(2, 0, 1)
    assert np.array_equal(drawn, pictures[0])
    assert np.array_equal(poster[:28, :28].reshape(28, 28, c)[..., -1], run.samples[12][0, 0])


@pytest.mark.parametrize("given", [[], {}, "mlp-fashion", None, {"a": 1}])
def test_what_is_no_training_cannot_be_scrubbed(given, shown):
    for scrub in (widgets.scrub_training, widgets.scrub_plane):
        with pytest.raises(BadInput, match="no training"):
            scrub(given)
    assert shown == []


def test_a_list_of_trainings_is_numbered(run, shown):
    widgets.scrub_training([run, run])
    panels = spec_of(the_one_output(shown)["text/html"])["panels"]
    assert [panel["title"] for panel in panels] == ["training 1", "training 2"]


def test_a_play_in_the_plane_keeps_points_and_field_to_a_step_of_its_bytes(shown):
    recipe = replace(plane.RING, steps=20, batch_size=16)
    plays = {
        "GAN": plane.play(recipe, toy.ring(64, 4), moments=3),
        "critic": plane.play(replace(recipe, game=games.wgan_gp(1.0)), toy.ring(64, 4), moments=3),
    }
    widgets.scrub_plane(plays)
    panels = spec_of(the_one_output(shown)["text/html"])["panels"]
    assert [panel["probability"] for panel in panels] == [True, False]
    for panel, play in zip(panels, plays.values(), strict=True):
        real = np.frombuffer(base64.b64decode(panel["moments"][0]["real"]), np.int8).reshape(-1, 2) / 127
        np.testing.assert_allclose(real, play.real, atol=0.5 / 127 + 1e-6)
        for i, moment in enumerate(panel["moments"]):
            points = np.frombuffer(base64.b64decode(moment["points"]), np.int8).reshape(-1, 2) / 127
            np.testing.assert_allclose(points, play.points[i], atol=0.5 / 127 + 1e-6)
            field = np.frombuffer(base64.b64decode(moment["field"]), np.uint8).reshape(play.field[i].shape) / 255
            low, high = (0, 1) if panel["probability"] else (play.field[i].min(), play.field[i].max())
            np.testing.assert_allclose(field, (play.field[i] - low) / (high - low), atol=0.5 / 255 + 1e-5)
        assert panel["moments"][2]["text"].startswith(
            "20 updates · " + ("D(real)" if panel["probability"] else "critic")
        )


@pytest.mark.parametrize("start", ["turns", 0, {}])
def test_the_ledger_begins_with_a_wiring_only(start, shown):
    with pytest.raises(BadInput, match="give a Wiring"):
        widgets.show_ledger(start)
    assert shown == []


# ------------------------------------------------------------------------------------------ the playground


def test_the_playground_starts_with_the_setting_it_is_given(shown):
    widgets.play_arithmetic(transposed=True, size=4, kernel_size=3, stride=2, output_padding=1)
    output = the_one_output(shown)
    assert set(output) == {"text/html", "image/png", "text/plain"}
    assert output["text/plain"].startswith("A transposed convolution with size 4, kernel_size 3, stride 2, padding 0")
    assert output["text/plain"].endswith("the output has 10 × 10 cells.")
    spec = spec_of(output["text/html"])
    assert (spec["transposed"], spec["kernel"], spec["stride"], spec["outputPadding"]) == (True, 3, 2, 1)


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ({"size": 3, "kernel_size": 4}, "does not fit into a padded input of 3"),
        ({"size": 5.0}, "size 5.0 cannot be shown"),
        ({"output_padding": -1}, "output_padding -1 cannot be shown"),
        ({"size": 9}, "size 9 cannot be shown; choose a whole number from 0 to 8"),
        ({"transposed": True, "output_padding": 2}, "output_padding 2 is not possible"),
    ],
)
def test_a_setting_that_cannot_be_shown_is_refused(shown, setting, said):
    with pytest.raises(BadInput, match=said):
        widgets.play_arithmetic(**setting)
    assert shown == []


# ------------------------------------------------------------------------------------------ the live face


def assert_shows(explorer, generator, z):
    """The large picture is the module's picture of z."""
    assert np.abs(decoded(explorer.views[0].picture.value, height=28) - grey(generator, z)).max() <= 0.5 + 1e-3
    assert explorer.message.value == ""


def test_in_a_kernel_the_explorer_is_made_of_core_widgets(generator, shown, live):
    widgets.explore_latent(generator, dims=(5, 25))
    ((box,),) = shown
    assert type(box).__module__.startswith("ipywidgets.")
    assert set(buttons(box)) == {"New z", "Reset", "Add slider", "Pin", "Back to the pin"}


def test_moving_a_slider_redraws_the_modules_picture(generator):
    explorer = widgets.LatentExplorer(generator, dims=(5, 25), seed=3)
    z = latent.z_from_seed(3)
    assert_shows(explorer, generator, z)
    before = explorer.views[0].picture.value
    for k, value in ((25, 2.0), (5, -1.5), (25, -3.0)):
        explorer.sliders[k].value = value
        z[0, k] = value
        assert torch.equal(explorer.z, z)
        assert_shows(explorer, generator, z)
        assert explorer.views[0].strip_title.value == f"z[{k}] at −3, 0, 3"
    assert explorer.views[0].picture.value != before


def test_the_strip_shows_the_dimension_in_hand_at_its_ends_and_middle(generator):
    explorer = widgets.LatentExplorer(generator, dims=(5, 25), seed=3)
    explorer.sliders[25].value = 1.0
    strip = decoded(explorer.views[0].strip.value, height=28)
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


def test_the_map_shows_the_pixels_that_the_dimension_moves(generator):
    explorer = widgets.LatentExplorer(generator, dims=(5, 25), seed=3)
    explorer.sliders[25].value = 1.0
    z, step = latent.z_from_seed(1234, n=16), torch.zeros(100)
    step[25] = 0.01
    with torch.no_grad():
        moved = ((generator(z + step) - generator(z - step)).abs().mean(0) / 0.02).squeeze().numpy()
    shown = decoded(explorer.views[0].map.value, height=28)
    assert np.abs(shown - 255 * moved / moved.max()).max() <= 1.5
    assert f"z[25] moves; white: {127.5 * moved.max():.0f} of 255 grey levels" in explorer.views[0].map_title.value


def test_a_pin_keeps_the_picture_and_leads_back(generator):
    explorer = widgets.LatentExplorer(generator, dims=(5,), seed=3)
    buttons(explorer.box)["Back to the pin"].click()  # nothing is pinned yet
    explorer.sliders[5].value = 2.0
    z, picture = explorer.z.clone(), explorer.views[0].picture.value
    buttons(explorer.box)["Pin"].click()
    explorer.seed.value = 77
    assert explorer.views[0].pinned.value == picture != explorer.views[0].picture.value
    buttons(explorer.box)["Back to the pin"].click()
    assert torch.equal(explorer.z, z) and explorer.views[0].picture.value == picture
    assert explorer.seed.value == 3
    buttons(explorer.box)["Reset"].click()
    assert torch.equal(explorer.z, latent.z_from_seed(3))


def test_the_label_chooses_the_class():
    torch.manual_seed(0)
    network = CGANGenerator(width=32).eval()
    explorer = widgets.LatentExplorer(network, seed=3, label=2, classes=[f"class {i}" for i in range(10)])
    assert explorer.label.options[2] == ("class 2", 2)
    for label in (2, 7):
        explorer.label.value = label
        shown = decoded(explorer.views[0].picture.value, height=28)
        assert np.abs(shown - grey(lambda z, n=label: network(z, torch.tensor([n])), explorer.z)).max() <= 0.5 + 1e-3


def test_two_generators_follow_one_set_of_sliders(generator):
    torch.manual_seed(1)
    both = {"first": generator, "second": DCGANGenerator(features=4).eval()}
    explorer = widgets.LatentExplorer(both, dims=(5,), seed=3)
    explorer.sliders[5].value = 2.0
    for view, (network, height) in zip(explorer.views, ((generator, 28), (both["second"], 32)), strict=True):
        assert np.abs(decoded(view.picture.value, height) - grey(network, explorer.z)).max() <= 0.5 + 1e-3


def test_generators_that_do_not_fit_together_are_refused(generator, shown):
    for options, said in (
        ({"generator": {"a": generator, "b": MLPGenerator(latent_dim=64)}}, "different z or labels"),
        ({"generator": {"a": generator, "b": CGANGenerator(width=32)}}, "different z or labels"),
        ({"generator": CGANGenerator(width=32), "label": 10}, "label 10 and 10 names do not fit .* of 10 classes"),
        ({"generator": CGANGenerator(width=32), "classes": ["a"]}, "name all 10 and choose a label from 0 to 9"),
        ({"generator": generator, "classes": ["a"]}, "1 names do not fit a generator of 0 classes"),
        ({"generator": {}}, "no generator was given"),
        ({"generator": {"a": generator, "b": MLPGenerator(image_shape=(3, 28, 28))}}, r"draw in \[1, 3\] channels"),
    ):
        with pytest.raises(BadInput, match=said):
            widgets.explore_latent(**options)
    assert shown == []


def test_large_weights_of_the_books_runs_lie_beside_the_page_and_a_readers_own_travel(shown):
    network = runs.load("wgan-fashion").generator
    widgets.explore_latent({"MLP": MLPGenerator(), "DCGAN": network}, dims=(5,))
    output = the_one_output(shown)
    small, large = spec_of(output["text/html"])["generators"]
    assert small["title"] == "MLP" and "data" in small["network"]
    assert large == {"title": "DCGAN", "network": export(network).spec}
    assert decoded(base64.b64decode(output["image/png"]), height=32).shape == (32, 6 * 32)
    shown.clear()
    widgets.explore_latent(DCGANGenerator(features=32).eval(), dims=(5,))
    (own,) = spec_of(the_one_output(shown)["text/html"])["generators"]
    assert "data" in own["network"]


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
    spec = spec_of(the_one_output(shown)["text/html"])["generators"][0]["network"]
    z = latent.z_from_seed(0)
    assert (
        np.abs((run_spec(spec, base64.b64decode(spec["data"]), z[0]) + 1).squeeze() * 127.5 - grey(generator, z)).max()
        < 1e-3
    )

    explorer = widgets.LatentExplorer(generator, dims=(5,), seed=0)
    assert_shows(explorer, generator, z)
    assert generator.training  # as the training left it
    train(state, images, steps=2 * tiny.steps, show_progress=False)
    before, mapped = explorer.views[0].picture.value, explorer.views[0].map.value
    explorer.redraw()
    assert explorer.views[0].picture.value != before and explorer.views[0].map.value != mapped
    assert_shows(explorer, generator, z)


def test_the_live_face_takes_any_generator_even_one_in_colour():
    torch.manual_seed(0)
    other = Other(channels=3)
    explorer = widgets.LatentExplorer(other, dims=(0,), seed=1)
    picture = decoded(explorer.views[0].picture.value, height=4)
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
