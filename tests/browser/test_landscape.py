"""A critic as a landscape, on a page of its own from disk."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch
from playwright.sync_api import expect

from gan_lib import widgets
from gan_lib.chapters import critic, transport
from tests.browser.alone import PHONE, alive, assert_fits_and_accessible, pages, pixels, status

UPDATES = 60
FRAMES = """() => new Promise((done) => {
  const times = [];
  const tick = (time) => (times.push(time) < 120 ? requestAnimationFrame(tick) : done(times));
  requestAnimationFrame(tick);
})"""


@pytest.fixture(scope="module")
def clouds():
    return tuple((1e4 * cloud).round() / 1e4 for cloud in critic.two_clouds())


@pytest.fixture(scope="module")
def address(tmp_path_factory) -> str:
    shows = {"landscape": lambda: widgets.critic_landscape(updates=UPDATES)}
    return pages(tmp_path_factory.mktemp("pages"), shows)["landscape"]


def told(figure) -> dict[str, float]:
    """The numbers of the status line."""
    line = status(figure).replace("−", "-").replace(",", "")
    pattern = r"(\d+) updates: value (\S+) · steepest pair K (\S+) · value / K (\S+) · W₁ (\S+)"
    names = "updates", "value", "K", "quotient", "w1"
    return dict(zip(names, map(float, re.fullmatch(pattern, line).groups()), strict=True))


def layers_told(figure) -> list[float]:
    """The gradient's length at each layer, as the chart's name says it."""
    heard = figure.locator(".gan-curves svg").get_attribute("aria-label").replace("−", "-")
    return [float(v) for v in heard.split(": ")[1].split(", ")]


def truth(clouds, limit: str, updates: int, **changes) -> tuple[dict[str, float], list[float]]:
    """What torch says: in place of the status line, and of the chart."""
    trained, both = critic.fit(*clouds, limit, updates=updates, **changes), torch.cat(clouds)
    with torch.no_grad():
        values = trained(both)
    value, k = (values[:24].mean() - values[24:].mean()).item(), transport.steepest(values, both)
    layers = critic.gradient_lengths(trained, both).mean(0).tolist()
    w1 = transport.wasserstein(*clouds)
    return {"updates": updates, "value": value, "K": k, "quotient": value / (k or 1), "w1": w1}, layers


def stopped(figure) -> None:
    figure.get_by_role("button", name="Stop").click()
    expect(figure.get_by_role("button", name="Train")).to_be_visible()
    settled(figure)


def settled(figure) -> None:
    """Until the status line stays as it is."""
    before = None
    for _ in range(100):
        figure.page.wait_for_timeout(300)
        if status(figure) == before:
            return
        before = status(figure)


def until(figure, updates: int) -> None:
    page = figure.page
    page.wait_for_function(
        "n => parseInt(document.querySelector('[role=status]').textContent.replace(',', '')) >= n", arg=updates
    )


def slider(figure, name: str):
    return figure.get_by_label(name, exact=True)


def inked(figure, which: int) -> np.ndarray:
    """(H, W, 4) of a map: 0 is the height, 1 the slope."""
    return pixels(figure.locator("canvas").nth(which)).numpy()


def test_it_opens_with_the_critic_that_torch_trains(address, open_page, clouds):
    page = open_page(address)
    figure = alive(page, "landscape")
    assert len(page.workers) == 1  # the page has the same program, and would train in its place
    expected, layers = truth(clouds, "penalty", UPDATES)
    assert told(figure) == pytest.approx(expected, rel=0.02)
    assert layers_told(figure) == pytest.approx(layers, rel=0.02)
    expect(figure.get_by_role("img", name=f"height of the critic after {UPDATES} updates")).to_be_visible()
    left, right = (inked(figure, 0)[:, half].astype(int) for half in (slice(0, 40), slice(-40, None)))
    for side, is_real in ((left, True), (right, False)):  # blue is high, and the real points lie on the left
        coloured = side[side[..., 3] > 60]
        assert ((coloured[:, 2] > coloured[:, 0]) == is_real).mean() > 0.9


def test_train_stop_and_again_by_mouse_and_by_keyboard(address, open_page, clouds):
    page = open_page(address)
    figure = alive(page, "landscape")
    figure.get_by_role("button", name="Train").click()
    until(figure, UPDATES + 5)
    stopped(figure)
    step = told(figure)["updates"]
    assert step > UPDATES
    page.wait_for_timeout(500)
    assert told(figure)["updates"] == step
    figure.get_by_role("button", name="Again").focus()
    page.keyboard.press("Enter")
    page.wait_for_function(f"parseInt(document.querySelector('[role=status]').textContent) < {step}")
    stopped(figure)
    now = told(figure)
    expected, _ = truth(clouds, "penalty", int(now["updates"]))  # the same weights, pairs and places
    assert now == pytest.approx(expected, rel=0.05, abs=0.01)


def test_a_clipped_critic_of_more_layers_dies_or_explodes(address, open_page, clouds):
    page = open_page(address)
    figure = alive(page, "landscape")
    figure.get_by_label("limit on the slope").select_option("clip")
    expect(slider(figure, "weights within ±")).to_be_visible()
    expect(slider(figure, "penalty’s λ")).to_be_hidden()
    depth, clip = slider(figure, "layers"), slider(figure, "weights within ±")
    slopes = {}
    for key, size in (("Home", 0.01), ("End", 0.5)):
        clip.focus()
        page.keyboard.press(key)
        assert clip.get_attribute("aria-valuetext") == str(size)
        depth.focus()
        for _ in range(5):
            page.keyboard.press("ArrowRight" if key == "Home" else "ArrowLeft")
        layers = int(depth.get_attribute("aria-valuetext"))
        assert layers == (8 if key == "Home" else 3)
        points = figure.locator(".gan-curves polyline").first
        expect(points).to_have_attribute("points", re.compile(rf"^(\S+ ){{{layers - 1}}}\S+$"))
        figure.get_by_role("button", name="Again").click()
        until(figure, 60)  # there the slopes are 1e-11 and 23
        stopped(figure)
        now = told(figure)
        _, expected = truth(clouds, "clip", int(now["updates"]), clip=size, layers=layers)
        found = layers_told(figure)
        np.testing.assert_allclose(np.log(found), np.log(expected), atol=0.3)
        slopes[layers] = found[0]
        colours = inked(figure, 1)[..., :3][inked(figure, 1)[..., 3] > 60].astype(int)
        is_green = colours[:, 1] > np.maximum(colours[:, 0], colours[:, 2])
        assert (is_green.mean() > 0.8) == (size == 0.01)
    assert slopes[8] < 1e-3 and slopes[3] > 10


def test_the_penaltys_places_are_marked_and_leave_with_it(address, open_page):
    figure = alive(open_page(address), "landscape")
    said = figure.get_by_text("where the penalty looked")
    expect(said).to_be_visible()
    weight = slider(figure, "penalty’s λ")
    weight.fill("0")
    assert weight.get_attribute("aria-valuetext") == "0.1"
    settled(figure)
    with_marks = inked(figure, 1)
    figure.get_by_label("limit on the slope").select_option("nothing")
    assert figure.get_by_role("slider").count() == 1  # the layers'
    figure.get_by_role("button", name="Train").click()
    until(figure, UPDATES + 1)
    stopped(figure)
    expect(said).to_have_count(0)
    dark = [(pixels[..., :3].sum(-1) < 60) & (pixels[..., 3] > 150) for pixels in (with_marks, inked(figure, 1))]
    assert dark[0].sum() > 100 > dark[1].sum()


def test_values_that_are_no_numbers_stop_the_training_and_the_last_good_look_stays(address, open_page):
    page = open_page("about:blank")
    changes = "{ rate: 1e20, updates: 0 }"
    page.add_init_script(f"const parse = JSON.parse; JSON.parse = (text) => Object.assign(parse(text), {changes})")
    page.goto(address)
    figure = alive(page, "landscape")
    figure.get_by_role("button", name="Train").click()
    expect(figure.get_by_role("alert")).to_contain_text("too large to be numbers")
    expect(figure.get_by_role("button", name="Train")).to_be_visible()
    assert told(figure)["updates"] == 0
    slider(figure, "layers").fill("0")  # begins anew
    expect(figure.get_by_role("alert")).to_have_text("")
    expect(figure.locator(".gan-curves polyline").first).to_have_attribute("points", re.compile(r"^\S+ \S+$"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone_it_fits_and_a_finger_trains_it(address, open_page, scheme):
    page = open_page(address, viewport=PHONE, has_touch=True, color_scheme=scheme)
    figure = alive(page, "landscape")
    figure.get_by_role("button", name="Train").tap()
    until(figure, UPDATES + 5)
    figure.get_by_role("button", name="Stop").tap()
    assert_fits_and_accessible(page)


def test_without_webassembly_or_workers_it_is_trained_all_the_same(address, open_page, clouds):
    page = open_page("about:blank")
    page.add_init_script("delete window.WebAssembly; delete window.Worker")
    page.goto(address)
    figure = alive(page, "landscape")
    expected, _ = truth(clouds, "penalty", UPDATES)
    assert told(figure) == pytest.approx(expected, rel=0.02)


def test_frames_while_it_trains(address, open_page, measured):
    page = open_page(address)
    figure = alive(page, "landscape")
    figure.get_by_role("button", name="Train").click()
    times = np.diff(page.evaluate(FRAMES))
    stopped(figure)
    measured.append(f"a critic as a landscape, frames while it trains: p95 {np.percentile(times, 95):.0f} ms")
    assert told(figure)["updates"] > UPDATES
