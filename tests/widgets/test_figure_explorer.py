"""explore(): the frames of a figure, stored once where they agree, and the live face."""

import base64
import io
import json
import re
from xml.etree import ElementTree

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.path import Path
from PIL import Image

from gan_lib import widgets
from gan_lib.errors import BadInput
from gan_lib.widgets import face, figure_explorer, frames
from tests.outputs import spec_of

pytestmark = pytest.mark.usefixtures("no_running_loop")

X = np.linspace(-3, 3, 50)


def drawing(mu=0.0, sigma=1.0):
    figure, axis = plt.subplots(figsize=(3, 2))
    axis.plot(X, np.cos(X), label="still")
    axis.plot(X, np.exp(-(((X - mu) / sigma) ** 2)))
    axis.set(xlim=(-3, 3), ylim=(-1, 1), title=f"mu {mu:.1f}")
    axis.legend(loc="upper right")  # "best" may wander with the curve
    return figure


@pytest.fixture
def shown(monkeypatch):
    calls = []
    monkeypatch.setattr(face, "display", lambda what, raw: calls.append(what))
    monkeypatch.setattr(figure_explorer, "display", calls.append)
    return calls


@pytest.fixture
def live(monkeypatch):
    monkeypatch.setenv("GAN_LIB_STATIC", "0")


def put_together(merged, frame):
    """page/explore.js in Python: the drawing with the looks of one frame."""
    tree = ElementTree.fromstring(merged["svg"])
    for part in tree.iter():
        if (number := part.attrib.pop("data-part", None)) is not None:
            look, moves = merged["looks"][merged["frames"][frame][int(number)]], part.attrib.pop("data-moves")
            if moves == "d":
                part.set("d", look)
            elif moves == "text":
                part.text = look
            else:
                spaces = f'xmlns="{frames.SVG}" xmlns:xlink="{frames.XLINK}"'  # the page has them around
                part.extend(ElementTree.fromstring(f"<g {spaces}>{look}</g>"))
    return tree


def everything(tree):
    """All that is drawn, in order; placeholders and the marks in front of names left out."""
    unmarked = {e: {name: re.sub(r"[0-9a-f]{6}-", "", value) for name, value in e.attrib.items()} for e in tree.iter()}
    return [(e.tag, sorted(unmarked[e].items()), e.text) for e in tree.iter() if e.attrib or e.text]


def test_the_merged_frames_are_the_drawings_themselves():
    drawings = []
    for mu in (-1.0, 0.0, 2.0):
        drawings.append(frames.svg(figure := drawing(mu)))
        plt.close(figure)
    merged = json.loads(json.dumps(frames.merge(drawings)))
    for i, one in enumerate(drawings):
        alone = ElementTree.fromstring(frames.merge([one])["svg"])
        assert everything(put_together(merged, i)) == everything(alone)
    assert len(merged["frames"][0]) == 2  # the curve and the title; axes, legend and the other curve are stored once
    assert sum(map(len, merged["looks"])) < 0.2 * len(merged["svg"]) * 3


def test_paths_keep_their_points_to_a_tenth_of_a_pixel():
    short = frames._path("M 10.04 20.06 L 10.96 18.5 L 9.9 18.44 L 120 0")
    here, points = np.zeros(2), []
    for command, x, y in re.findall(r"([Ml])(-?[\d.]+)[ ]?(-?[\d.]+)", short):
        here = np.array([float(x), float(y)]) + (here if command == "l" else 0)
        points.append(here)
    np.testing.assert_allclose(points, [(10, 20.1), (11, 18.5), (9.9, 18.4), (120, 0)], atol=1e-9)


def bumpy(clip, mu, formula="$\\mu = %.1f$"):
    """With a clip path of its own, a formula that moves, and something that is clipped only at first."""
    figure, axis = plt.subplots(figsize=(3, 2))
    axis.set(xlim=(-3, 3), ylim=(-1, 1), title=formula % mu)
    (line,) = axis.plot(X, np.cos(X + mu), clip_on=mu < 1)
    line.set_clip_path(Path(clip), axis.transData) if mu < 1 else None
    return figure


def merged_of(clip):
    drawings = [frames.svg(bumpy(clip, mu)) for mu in (0.5, 1.0, 1.5, 2.0)]
    plt.close("all")
    return frames.merge(drawings), drawings


SQUARE = ((0, 0), (1, 0), (1, 1), (0, 1), (0, 0))


def test_what_is_put_together_can_be_rendered():
    merged, drawings = merged_of(SQUARE)
    for i, one in enumerate(drawings):
        whole, alone = put_together(merged, i), ElementTree.fromstring(one)
        for text in (e for e in whole.iter() if e.tag.endswith("}text")):
            assert not [child for child in text.iter() if child.tag.endswith("}g")]
        said = [
            "".join("".join(e.itertext()).split())
            for tree in (whole, alone)
            for e in tree.iter()
            if e.tag.endswith("}text")
        ]
        assert len(said) % 2 == 0 and said[: len(said) // 2] == said[len(said) // 2 :]
        clipped = [sum("clip-path" in e.attrib for e in tree.iter()) for tree in (whole, alone)]
        assert clipped[0] == clipped[1]


def wordy(digits):
    """One panel or, from two digits on, two; the more digits, the longer the words beside the first."""
    figure, axes = plt.subplots(1, min(int(digits), 2), figsize=(3, 2), squeeze=False, layout="constrained")
    axes[0, 0].plot([0, 10.0**digits])
    return figure


def with_a_place_of_its_own(left):
    figure = plt.figure(figsize=(3, 2), layout="none")
    figure.add_axes((left, 0.1, 0.2, 0.2))
    return figure


def places(figure):
    figure.draw_without_rendering()
    found = [axis.get_position().bounds for axis in figure.axes]
    plt.close(figure)
    return found


def test_axes_stand_where_they_stood_in_the_first_figure_unless_they_are_arranged_in_another_way():
    still = figure_explorer._StandingStill(wordy)
    assert places(still(digits=3)) == places(wordy(3)) == places(still(digits=6)) != places(wordy(6))
    assert places(still(digits=1)) == places(wordy(1))
    own = figure_explorer._StandingStill(with_a_place_of_its_own)
    assert places(own(left=0.1)) != places(own(left=0.5)) == places(with_a_place_of_its_own(0.5))


def test_axes_stand_still_on_a_page(shown):
    widgets.explore(wordy, "a line", digits=(2, 4, 6))
    (output,) = shown
    drawn = ElementTree.fromstring(spec_of(output["text/html"])["svg"])
    frames_of_panels = [g for g in drawn.iter() if "-patch_" in g.get("id", "")]
    assert len(frames_of_panels) >= 7  # of the figure, and of each panel its ground and the axes that it shows
    assert not [part for panel in frames_of_panels for part in panel.iter() if part.get("data-part")]


def test_axes_stand_still_in_a_kernel(monkeypatch):
    drawn = []
    monkeypatch.setattr(figure_explorer, "figure_png", lambda figure: drawn.append(places(figure)) or b"")
    explorer = figure_explorer.LiveFigure(wordy, {"digits": [2.0, 4.0, 6.0]})
    explorer.sliders["digits"].value = 6.0
    assert drawn[0] == drawn[1] == places(wordy(4)) != places(wordy(6))


def test_two_figures_on_a_page_share_no_name_and_no_style():
    names = []
    for clip in (SQUARE, tuple((2 * x, y) for x, y in SQUARE)):
        merged, _ = merged_of(clip)
        text = merged["svg"] + "".join(merged["looks"])
        names.append(set(re.findall(r'\bid="([^"]+)"', text)))
        assert set(re.findall(r"url\(#([^)]+)\)", text)) <= names[-1] and "<style" not in text
    assert len(names[0]) > 5 and not names[0] & names[1]


def test_scales_are_not_rounded():
    figure, axis = plt.subplots(figsize=(3, 2))
    axis.imshow(np.eye(7), interpolation="none")
    drawn = frames.svg(figure)
    plt.close(figure)
    scales = [e.get("transform") for e in ElementTree.fromstring(drawn).iter() if "matrix" in e.get("transform", "")]
    assert scales and all(scale in frames.merge([drawn])["svg"] for scale in scales)


def test_frames_of_another_structure_are_kept_whole():
    def bars(n):
        figure, axis = plt.subplots(figsize=(2, 2))
        axis.bar(range(int(n)), range(1, int(n) + 1))
        return figure

    drawings = [frames.svg(bars(n)) for n in (2, 4)]
    plt.close("all")
    merged = frames.merge(drawings)
    for i, one in enumerate(drawings):
        found = sum(e.tag.endswith("path") for e in put_together(merged, i).iter())
        assert found == sum(e.tag.endswith("path") for e in ElementTree.fromstring(one).iter())


def test_the_static_face_holds_every_frame_and_starts_in_the_middle(shown):
    widgets.explore(drawing, "A bump at {mu}, {sigma} wide.", mu=(-1, 0, 2), sigma=(0.5, 1))
    (output,) = shown
    assert set(output) == {"text/html", "image/png", "text/plain"}
    assert output["text/plain"] == "A bump at 0, 1 wide."
    data = spec_of(output["text/html"])
    assert len(data["frames"]) == 6
    assert data["sliders"] == [{"name": "mu", "values": ["−1", "0", "2"]}, {"name": "sigma", "values": ["0.5", "1"]}]
    titles = [e.text for i in range(6) for e in put_together(data, i).iter() if e.text and e.text.startswith("mu")]
    assert titles == ["mu -1.0", "mu -1.0", "mu 0.0", "mu 0.0", "mu 2.0", "mu 2.0"]
    assert Image.open(io.BytesIO(base64.b64decode(output["image/png"]))).width > 100


def test_both_faces_start_where_they_are_told_to(shown, monkeypatch):
    called = []

    def noted(mu, sigma):
        called.append((mu, sigma))
        return drawing(mu, sigma)

    widgets.explore(noted, "A bump at {mu}, {sigma} wide.", start={"mu": 2}, mu=(-1, 0, 2), sigma=(0.5, 1))
    output = shown.pop()
    sliders = spec_of(output["text/html"])["sliders"]
    assert sliders[0] == {"name": "mu", "values": ["−1", "0", "2"], "at": 2} and "at" not in sliders[1]
    assert output["text/plain"] == "A bump at 2, 1 wide." and called[0] == (2, 1)
    monkeypatch.setenv("GAN_LIB_STATIC", "0")
    widgets.explore(noted, "alt", start={"sigma": 0.5}, mu=(-1, 0, 2), sigma=(0.5, 1))
    assert type(shown[0]).__module__.startswith("ipywidgets.") and called[-1] == (0, 0.5)


@pytest.mark.parametrize("start", [{"nu": 1}, {"mu": 0.5}, {"mu": None}, [2], "mu"])
def test_a_start_that_no_slider_can_take_is_refused(shown, start):
    with pytest.raises(BadInput, match="start"):
        widgets.explore(drawing, "alt", start=start, mu=(-1, 0, 2))
    assert shown == []


def test_the_live_face_calls_the_function_at_every_move(shown, live):
    called = []

    def noted(mu):
        called.append(mu)
        return drawing(mu)

    widgets.explore(noted, "alt", mu=(-1, 0, 2))
    assert type(shown[0]).__module__.startswith("ipywidgets.") and called == [0]
    explorer = widgets.LiveFigure(noted, {"mu": [-1.0, 0.0, 2.0]})
    before = explorer.picture.value
    explorer.sliders["mu"].value = 2.0
    assert called[-1] == 2 and explorer.picture.value != before
    assert not plt.get_fignums()


def test_an_error_of_the_function_is_shown_and_goes_away(live):
    def picky(mu):
        if mu > 1:
            raise ValueError("too far")
        return drawing(mu)

    explorer = widgets.LiveFigure(picky, {"mu": [0.0, 1.0, 2.0]})
    picture = explorer.picture.value
    explorer.sliders["mu"].value = 2.0
    assert explorer.message.value == "ValueError: too far" and explorer.picture.value == picture
    explorer.sliders["mu"].value = 0.0
    assert explorer.message.value == ""


def test_what_a_failing_function_left_open_is_closed(live):
    def leaky(mu):
        plt.subplots()
        raise ValueError("halfway")

    explorer = widgets.LiveFigure(leaky, {"mu": [0.0, 1.0, 2.0]})
    explorer.sliders["mu"].value = 2.0
    assert explorer.message.value == "ValueError: halfway" and plt.get_fignums() == []


def test_a_forgotten_return_is_named(shown, live):
    explorer = widgets.LiveFigure(lambda mu: None, {"mu": [0.0, 1.0]})
    assert "gave back None; let it return its matplotlib figure" in explorer.message.value


def test_the_live_face_says_what_it_shows(live):
    explorer = widgets.LiveFigure(drawing, {"mu": [-1.0, 0.0, 2.0]}, "A bump at {mu}, $\\{x\\}$.")
    explorer.sliders["mu"].value = -1.0
    assert explorer.told.value == "A bump at −1, $\\{x\\}$."


def test_values_are_told_apart_with_few_digits():
    words = figure_explorer._words
    assert words(list(np.arange(-1, 1.01, 0.5))) == ["−1", "−0.5", "0", "0.5", "1"]
    assert words([-0.1, -0.1 + 0.1 + 1e-17, 0.1]) == ["−0.1", "0", "0.1"]
    assert words([1000.0, 1001.0]) == ["1000", "1001"] and words([1.0001, 1.0002]) == ["1.0001", "1.0002"]


def test_an_error_while_the_page_is_made_is_not_swallowed(shown):
    with pytest.raises(ZeroDivisionError):
        widgets.explore(lambda mu: 1 / 0, "alt", mu=(0, 1))


def wild(mu):
    figure, axis = plt.subplots(figsize=(3, 2))
    axis.plot(np.random.default_rng(int(mu)).normal(size=1000), ".")
    return figure


@pytest.mark.parametrize("static", ["0", "1"])
def test_bad_sliders_are_refused_by_both_faces(shown, monkeypatch, static):
    monkeypatch.setenv("GAN_LIB_STATIC", static)
    for sliders, said in (
        ({}, "explore was given 0 sliders; give one or two"),
        ({"a": (0, 1), "b": (0, 1), "c": (0, 1)}, "3 sliders"),
        ({"mu": range(62)}, "slider mu has 62 values; 2 to 61 are possible with 1 sliders"),
        ({"mu": (0, 1), "sigma": range(16)}, "slider sigma has 16 values; 2 to 15"),
        ({"mu": (1,)}, "slider mu has 1 values"),
        ({"mu": 5}, "slider mu is 5; give numbers"),
        ({"mu": ("a", "b")}, "slider mu is .*; give numbers"),
        ({"mu": (0, float("nan"))}, "not finite"),
    ):
        with pytest.raises(BadInput, match=said):
            widgets.explore(drawing, "alt", **sliders)
    assert shown == []


def test_a_function_and_a_sentence_are_needed(shown):
    for given in ((drawing(), "alt"), (drawing, None)):
        with pytest.raises(BadInput, match="give a function that returns a figure, then a sentence"):
            widgets.explore(*given, mu=(0, 1))
    plt.close("all")
    assert shown == []


def test_too_many_bytes_for_a_page_are_refused_with_the_figure(shown, monkeypatch):
    monkeypatch.setattr(figure_explorer, "BYTES", 20_000)
    with pytest.raises(BadInput, match=r"the frames take [\d,]+ bytes, 20,000 are allowed"):
        widgets.explore(wild, "alt", mu=range(3))
