"""Any two labels, and two bells, each on a page of its own from disk."""

from __future__ import annotations

import re

import pytest
import torch
from playwright.sync_api import Page, expect

from gan_lib import metrics, runs, widgets
from gan_lib.chapters import two_classes
from gan_lib.data import to_pixels
from gan_lib.machine.rng import z_from_seed
from gan_lib.show.blended import blended
from gan_lib.widgets import bells, latent_explorer
from tests.browser.alone import PHONE, alive, assert_fits_and_accessible, grey, pages, status, wait_for

STEPS = 30
DONE = re.compile(rf"^On the wrong side, after {STEPS} updates: data 15.9 %, CGAN [\d.]+ %, ACGAN [\d.]+ %.$")
TRAINED = 120_000  # milliseconds: the machine may have much else to do


@pytest.fixture(scope="module")
def generator():
    return runs.load("cgan-mnist").generator


@pytest.fixture(scope="module")
def classifier():
    return metrics.judge("mnist", 28).classifier


@pytest.fixture(scope="module")
def addresses(tmp_path_factory, generator, classifier) -> dict[str, str]:
    """kind → the address of a page that holds this widget alone."""
    shows = {
        "blend": lambda: widgets.blend_labels(generator, classifier, 3, 8, seed=22),
        "bells": lambda: widgets.two_bells(steps=STEPS),
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(latent_explorer, "TRAVELS", 10**8)  # nothing lies beside these pages
        return pages(tmp_path_factory.mktemp("pages"), shows)


# ------------------------------------------------------------------------------------------ any two labels

BARS = "all => all.map((bar) => [bar.getAttribute('height'), bar.getAttribute('fill')])"


def assert_shows(figure, generator, classifier, a: int, b: int, t: float, seed: int) -> torch.Tensor:
    """The picture, the bars and the words are those of torch; → its probabilities (10,)."""
    picture = figure.locator(".gan-picture")
    order = f"{1 - t:.2f} of {a} and {t:.2f} of {b}"
    expect(picture).to_have_attribute("aria-label", f"the picture of {order}, z from seed {seed}")
    drawn = blended(generator, z_from_seed(seed), a, b, t)
    assert (grey(picture) - to_pixels(drawn)[0, 0].int()).abs().max() <= 1
    answers = classifier(drawn).softmax(1)[0]
    bars = figure.locator(".gan-panel rect").evaluate_all(BARS)
    found = torch.tensor([(float(height) - 1) / 98 for height, _ in bars])
    torch.testing.assert_close(found, answers, atol=1e-3, rtol=0)
    colours = [colour for _, colour in bars]
    assert colours[b if a != b else a] == ("#d1602f" if a != b else "#2b7bb9") and colours[a] == "#2b7bb9"
    assert set(colours) - {"#2b7bb9", "#d1602f"} == {"#7a7a7a"}
    said = re.fullmatch(rf"{order}\. The classifier says (\d): (\d+) %, (\d): (\d+) %, (\d): (\d+) %\.", status(figure))
    best = [int(digit) for digit in said.groups()[::2]]
    for digit, share in zip(best, said.groups()[1::2], strict=True):
        assert float(share) / 100 == pytest.approx(answers[digit].item(), abs=0.006)
    assert answers[best[0]] > answers.max() - 1e-3
    return answers


def test_the_slider_blends_and_the_classifier_answers_by_keyboard(addresses, open_page, generator, classifier):
    page = open_page(addresses["blend"])
    figure = alive(page, "blend")
    assert_shows(figure, generator, classifier, 3, 8, 0.5, 22)
    slider = figure.get_by_label("t, the share of the second")
    slider.focus()
    for _ in range(7):
        page.keyboard.press("ArrowRight")
    assert_shows(figure, generator, classifier, 3, 8, 0.57, 22)
    assert slider.get_attribute("aria-valuetext") == "0.57"
    ends = []
    for key, t in (("Home", 0.0), ("End", 1.0)):
        page.keyboard.press(key)
        ends.append(assert_shows(figure, generator, classifier, 3, 8, t, 22).argmax().item())
    assert ends == [3, 8]


def test_other_labels_and_another_z_are_chosen(addresses, open_page, generator, classifier):
    figure = alive(open_page(addresses["blend"]), "blend")
    figure.get_by_label("from", exact=True).select_option("4")
    assert_shows(figure, generator, classifier, 4, 8, 0.5, 22)
    figure.get_by_label("to", exact=True).select_option("1")
    assert_shows(figure, generator, classifier, 4, 1, 0.5, 22)
    box = figure.get_by_label("seed", exact=True)
    box.fill("5")
    box.press("Enter")
    assert_shows(figure, generator, classifier, 4, 1, 0.5, 5)
    box.fill("-1")
    box.press("Enter")
    assert "Seed -1 is not possible" in figure.locator("[role=alert]").inner_text()
    figure.get_by_role("button", name="New z").click()
    expect(figure.locator("[role=alert]")).to_have_text("")
    assert_shows(figure, generator, classifier, 4, 1, 0.5, int(box.input_value()))


def test_the_chart_goes_through_torchs_answers(addresses, open_page, generator, classifier):
    figure = alive(open_page(addresses["blend"]), "blend")
    figure.get_by_label("from", exact=True).select_option("1")
    expect(figure.locator(".gan-marker")).to_have_attribute("x1", "150.0")
    ts = torch.linspace(0, 1, 21)
    answers = torch.cat([classifier(blended(generator, z_from_seed(22), 1, 8, t)).softmax(1) for t in ts.tolist()])

    def agrees() -> bool:  # soon: it is drawn after the picture
        lines = [line.get_attribute("points").replace(",", " ") for line in figure.locator("polyline").all()]
        drawn = torch.tensor([[float(v) for v in line.split()] for line in lines]).reshape(2, 21, 2)
        off = (98 - drawn[..., 1]) / 96 - answers[:, (1, 8)].T
        return bool(off.abs().max() < 2e-3 and (drawn[..., 0] - 300 * ts).abs().max() < 0.06)

    wait_for(agrees)


def test_a_finger_moves_t(addresses, open_page, generator, classifier):
    page = open_page(addresses["blend"], viewport=PHONE, has_touch=True)
    figure = alive(page, "blend")
    slider = figure.locator("input[type=range]")
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    page.touchscreen.tap(box["x"] + 0.2 * box["width"], box["y"] + box["height"] / 2)
    t = float(slider.input_value())
    assert 0.1 < t < 0.3
    assert_shows(figure, generator, classifier, 3, 8, t, 22)


FRAMES = """async (slider) => {
  const frames = [];
  for (let i = 0, last = await new Promise(requestAnimationFrame); i < 100; i++) {
    slider.value = i / 100;
    slider.dispatchEvent(new Event("input"));
    const now = await new Promise(requestAnimationFrame);
    frames.push(now - last);
    last = now;
  }
  return frames.sort((a, b) => a - b)[95];
}"""


def test_frames_while_t_moves_are_printed(addresses, open_page, measured):
    figure = alive(open_page(addresses["blend"]), "blend")
    p95 = figure.locator("input[type=range]").evaluate(FRAMES)
    measured.append(f"blend_labels, a frame while t moves: p95 {p95:.0f} ms")
    expect(figure.locator("output")).to_have_text("0.99")


# ------------------------------------------------------------------------------------------ two bells


def done(middle: float = 0.2) -> re.Pattern:
    """What is said at the end."""
    data = two_classes.data(middle=middle)
    share = f"{two_classes.wrong_side(data.pixels, data.labels):.1%}".replace("%", " %")
    return re.compile(rf"^On the wrong side, after {STEPS} updates: data {share}, CGAN .+ %, ACGAN .+ %\.$")


def shares(figure) -> dict[str, float]:
    """Of the data and of both games, on the wrong side."""
    return {name: float(share) / 100 for name, share in re.findall(r"(\w+) ([\d.]+) %", status(figure))}


def drawn(name: str, weight: float, middle: float, seed: int) -> float:
    points = two_classes.drawn(bells.recipe_of(name, weight, seed, STEPS), middle)
    return two_classes.wrong_side(points, two_classes.labels())


def test_both_games_train_as_chapter_6_does(addresses, open_page):
    figure = alive(open_page(addresses["bells"]), "bells")
    assert status(figure).startswith("On the wrong side, after 0 updates: data ")
    before = figure.locator("polyline").evaluate_all("all => all.map((line) => line.getAttribute('points'))")
    figure.get_by_role("button", name="Train").click()
    expect(figure.locator("[role=status]")).to_have_text(done(), timeout=TRAINED)
    expect(figure.get_by_role("button", name="Train")).to_be_visible()
    after = figure.locator("polyline").evaluate_all("all => all.map((line) => line.getAttribute('points'))")
    assert [old == new for old, new in zip(before, after, strict=True)] == [True] * 2 + [False] * 6
    for name in ("CGAN", "ACGAN"):
        assert shares(figure)[name] == pytest.approx(drawn(name, 1.0, 0.2, 0), abs=0.01)


def test_each_slider_trains_what_it_changes_anew_by_keyboard(addresses, open_page):
    page = open_page(addresses["bells"])
    figure = alive(page, "bells")
    weight = figure.get_by_label("lambda, the weight of the ACGAN's class term")
    assert weight.get_attribute("aria-valuetext") == "1"
    weight.focus()
    page.keyboard.press("ArrowRight")
    assert weight.get_attribute("aria-valuetext") == "3"
    expect(figure.locator("[role=status]")).to_have_text(done(), timeout=TRAINED)
    assert shares(figure)["ACGAN"] == pytest.approx(drawn("ACGAN", 3.0, 0.2, 0), abs=0.01)
    overlap = figure.get_by_label("overlap, the share of a class on the other side")
    overlap.focus()
    page.keyboard.press("Home")
    assert overlap.get_attribute("aria-valuetext") == "0.1 %"
    expect(figure.locator("[role=status]")).to_have_text(done(0.6), timeout=TRAINED)
    assert shares(figure)["CGAN"] == pytest.approx(drawn("CGAN", 1.0, 0.6, 0), abs=0.01)


HOLD = """() => {
  const [kept, waiting] = [requestAnimationFrame, []];
  window.requestAnimationFrame = (f) => waiting.push(f);
  window.release = () => {
    window.requestAnimationFrame = kept;
    for (const f of waiting) f();
  };
}"""


def test_a_training_can_be_stopped_and_goes_on(addresses, open_page):
    page = open_page(addresses["bells"])
    figure = alive(page, "bells")
    page.evaluate(HOLD)  # no frame comes, as in a hidden tab
    go = figure.locator(".gan-train")
    go.click()
    expect(go).to_have_text("Stop")
    go.click()
    expect(go).to_have_text("Train")
    page.evaluate("release()")
    stopped = re.compile(r"^On the wrong side, after (\d+)(?: and (\d+))? updates")
    expect(figure.locator("[role=status]")).not_to_have_text(re.compile("after 0 updates"), timeout=TRAINED)
    assert all(0 < int(step) <= STEPS for step in stopped.match(status(figure)).groups("1"))
    go.click()
    expect(figure.locator("[role=status]")).to_have_text(done(), timeout=TRAINED)
    assert shares(figure)["ACGAN"] == pytest.approx(drawn("ACGAN", 1.0, 0.2, 0), abs=0.01)


def test_another_seed_begins_elsewhere_and_an_impossible_one_is_told(addresses, open_page):
    figure = alive(open_page(addresses["bells"]), "bells")
    box = figure.get_by_label("seed", exact=True)
    box.fill("1.5")
    box.press("Enter")
    assert "Seed 1.5 is not possible" in figure.locator("[role=alert]").inner_text()
    box.fill("4")
    box.press("Enter")
    expect(figure.locator("[role=status]")).to_have_text(done(), timeout=TRAINED)
    assert figure.locator("[role=alert]").inner_text() == ""
    for name in ("CGAN", "ACGAN"):
        assert shares(figure)[name] == pytest.approx(drawn(name, 1.0, 0.2, 4), abs=0.01)


def test_a_finger_begins_the_training(addresses, open_page):
    figure = alive(open_page(addresses["bells"], viewport=PHONE, has_touch=True), "bells")
    figure.get_by_role("button", name="Train").tap()
    expect(figure.locator("[role=status]")).to_have_text(done(), timeout=TRAINED)


# ------------------------------------------------------------------------------------------ both


@pytest.mark.parametrize("kind", ["blend", "bells"])
@pytest.mark.parametrize(("scheme", "size"), [("light", {"width": 1280, "height": 800}), ("dark", PHONE)])
def test_both_fit_and_satisfy_axe(addresses, open_page, kind, scheme, size):
    page: Page = open_page(addresses[kind], color_scheme=scheme, viewport=size)
    alive(page, kind)
    assert_fits_and_accessible(page)
