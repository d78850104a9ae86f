"""Look inside a generator, on a page of its own from disk; its numbers beside the live module's."""

from __future__ import annotations

import re
from statistics import median, quantiles

import pytest
import torch
from playwright.sync_api import expect

from gan_lib import widgets
from gan_lib.data import to_pixels
from gan_lib.machine.rng import z_from_seed
from gan_lib.networks.brought import brought
from gan_lib.networks.conditional import ACGANGenerator
from gan_lib.networks.dcgan import DCGANGenerator
from gan_lib.widgets.stages import Opened, moved
from tests.browser.alone import PHONE, alive, assert_fits_and_accessible, grey, pages, status
from tests.widgets.test_inside import lively

SEED = 3


@pytest.fixture(scope="module")
def generators():
    return {
        "plain": lively(DCGANGenerator(latent_dim=20, features=4)),
        "labels": lively(ACGANGenerator(latent_dim=20, features=2, classes=3)),
    }


@pytest.fixture(scope="module")
def addresses(tmp_path_factory, generators) -> dict[str, str]:
    shows = {
        name: lambda generator=generator: widgets.look_inside(generator, [0, 5], seed=SEED)
        for name, generator in generators.items()
    }
    return pages(tmp_path_factory.mktemp("pages"), shows)


@pytest.fixture(scope="module")
def look(generators):
    return Opened(brought(generators["plain"]))


def off(look: Opened, z: torch.Tensor, changes: dict[tuple[int, int], float]) -> torch.Tensor:
    """The picture with these channels, (layer counted from 0, channel), so many times as strong."""
    strengths = {}
    for (stage, channel), strength in changes.items():
        factor = strengths.setdefault(stage, torch.ones(1, look.stages[stage].shape[0]))
        factor[0, channel] = strength
    return look.look(z, None, strengths)[-1]


def assert_shows(figure, look: Opened, z: torch.Tensor, changes: dict[tuple[int, int], float]) -> None:
    """The three pictures, and the sentence."""
    before, after = off(look, z, {}), off(look, z, changes)
    picture, beside, change = (grey(canvas) for canvas in figure.locator(".gan-trio canvas").all())
    assert (picture - to_pixels(after)[0, 0].int()).abs().max() <= 1
    assert (beside - to_pixels(before)[0, 0].int()).abs().max() <= 1
    moves = (after - before).abs()[0, 0]
    assert (change / 255 - moves / moves.max().clamp(min=1e-12)).abs().max() < 0.01
    if changes:
        mean, share = moved(before, after)[0].tolist()
        said = re.search(r"by ([\d.]+) of 255 grey levels on average, and (\d+) % of its pixels", status(figure))
        assert float(said[1]) == pytest.approx(mean, abs=0.051)
        assert float(said[2]) == pytest.approx(100 * share, abs=0.7)


def expect_said(figure, words: str) -> None:
    expect(figure.locator("[role=status]")).to_have_text(re.compile(f"^{re.escape(words)}"))


def wait_until_measured(figure) -> None:
    expect(figure.locator(".gan-floor", has_text="measured so far: ")).to_have_count(0, timeout=60_000)


def layer(figure, number: int):
    return figure.get_by_role("group", name=f"channels of layer {number}")


def order(figure, number: int) -> list[int]:
    names = layer(figure, number).get_by_role("button").evaluate_all("all => all.map((b) => b.ariaLabel)")
    return [int(re.match(r"channel (\d+):", name)[1]) for name in names]


def tile(figure, number: int, channel: int):
    return layer(figure, number).get_by_role("button", name=re.compile(rf"^channel {channel}:"))


def test_the_drawing_says_the_real_sizes(addresses, open_page, look):
    figure = alive(open_page(addresses["plain"]), "inside")
    rows = figure.locator(".gan-floor").all_inner_texts()
    assert "20 numbers" in rows[0] and "Layer 1: 32 channels of 4 × 4" in rows[1]
    assert "Layer 3: 8 channels of 16 × 16" in rows[3] and "Picture: 1 × 32 × 32" in rows[4]
    for row, stage in zip(rows[1:], look.stages, strict=True):
        assert f"{stage.weights:,} weights" in row
    wide = figure.locator(".gan-floor path").evaluate_all("all => all.map((p) => +/h([\\d.]+)/.exec(p.outerHTML)[1])")
    assert wide[1] / wide[2] == pytest.approx(2, abs=0.01) and wide[2] / wide[3] == pytest.approx(2, abs=0.01)


def test_tiles_show_the_activations_and_come_in_the_order_of_their_effects(addresses, open_page, look):
    figure = alive(open_page(addresses["plain"]), "inside")
    wait_until_measured(figure)
    z = z_from_seed(SEED, 20)
    for k, values in enumerate(look.look(z, None)[:-1]):
        effects = look.effects(z, None, k, range(values.shape[1]))
        found = order(figure, k + 1)
        assert len(found) == min(12, values.shape[1])
        means = effects[found, 0]
        assert (means[:-1] >= means[1:] - 0.02).all() and means[-1] >= effects[:, 0].sort().values[-len(found)] - 0.02
        for channel, button in zip(found, layer(figure, k + 1).get_by_role("button").all(), strict=True):
            expected = 255 * (values[0, channel].abs() / values.abs().max()).sqrt()
            assert (grey(button.locator("canvas")) - expected).abs().max() <= 1
            assert float(button.inner_text()) == pytest.approx(effects[channel, 0].item(), abs=0.06)


def test_a_pressed_channel_is_off_and_can_be_stronger_and_back(addresses, open_page, look):
    page = open_page(addresses["plain"])
    figure, z = alive(page, "inside"), z_from_seed(SEED, 20)
    assert status(figure).startswith("Press a tile") and figure.get_by_label("strength of the channel").is_hidden()
    assert_shows(figure, look, z, {})
    wait_until_measured(figure)
    first, second = order(figure, 1)[0], order(figure, 3)[1]
    tile(figure, 1, first).click()
    expect_said(figure, f"Channel {first} of layer 1 is off. This changes")
    expect(tile(figure, 1, first)).to_have_attribute("aria-pressed", "true")
    assert_shows(figure, look, z, {(0, first): 0})
    assert not grey(tile(figure, 1, first).locator("canvas")).any()
    tile(figure, 3, second).focus()
    page.keyboard.press("Enter")
    expect_said(figure, f"Channel {second} of layer 3 is off, and 1 more is changed.")
    assert_shows(figure, look, z, {(0, first): 0, (2, second): 0})
    slider = figure.get_by_label("strength of the channel")
    slider.focus()
    page.keyboard.press("End")
    expect_said(figure, f"Channel {second} of layer 3 is 4.0 times as strong")
    assert_shows(figure, look, z, {(0, first): 0, (2, second): 4})
    tile(figure, 3, second).click()
    expect_said(figure, f"Channel {second} of layer 3 is back as it was, and 1 more is changed.")
    assert_shows(figure, look, z, {(0, first): 0})
    figure.get_by_role("button", name="All channels back").click()
    expect_said(figure, "Press a tile")
    assert_shows(figure, look, z, {})
    expect(figure.locator("[aria-pressed=true]")).to_have_count(0)


def test_another_z_is_shown_and_measured_anew(addresses, open_page, look):
    page = open_page(addresses["plain"])
    figure, z = alive(page, "inside"), z_from_seed(SEED, 20)
    slider = figure.get_by_label("latent dimension 5")
    slider.focus()
    page.keyboard.press("End")
    z[0, 5] = 3
    wait_until_measured(figure)
    assert_shows(figure, look, z, {})
    found = order(figure, 2)
    assert found[0] == look.effects(z, None, 1, range(16))[:, 0].argmax()
    box = figure.get_by_label("seed", exact=True)
    box.fill("8")
    box.press("Enter")
    wait_until_measured(figure)
    assert_shows(figure, look, z_from_seed(8, 20), {})
    box.fill("-1")
    box.press("Enter")
    assert "Seed -1 is not possible" in figure.locator("[role=alert]").inner_text()
    figure.get_by_role("button", name="New z").click()
    wait_until_measured(figure)
    assert_shows(figure, look, z_from_seed(int(box.input_value()), 20), {})


def test_arrows_walk_among_all_channels(addresses, open_page):
    page = open_page(addresses["plain"])
    figure = alive(page, "inside")
    wait_until_measured(figure)
    figure.get_by_role("button", name="All 32").click()
    channels = order(figure, 1)
    assert sorted(channels) == list(range(32))
    tile(figure, 1, channels[0]).focus()
    page.keyboard.press("End")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press(" ")
    expect_said(figure, f"Channel {channels[-2]} of layer 1 is off")
    figure.get_by_role("button", name="The first 12").click()
    assert order(figure, 1) == [*channels[:12], channels[-2]]  # what is changed stays in sight
    assert layer(figure, 1).locator("[tabindex='0']").count() == 1


def test_a_label_draws_its_own_picture(addresses, open_page, generators):
    figure = alive(open_page(addresses["labels"]), "inside")
    figure.get_by_label("label", exact=True).select_option("2")
    wait_until_measured(figure)
    expected = to_pixels(Opened(brought(generators["labels"])).look(z_from_seed(SEED, 20), 2)[-1])[0, 0]
    assert (grey(figure.locator(".gan-trio canvas").first) - expected.int()).abs().max() <= 1


# From the input, or the press, to the frame after the new picture.
WATCH = """() => {
  let since;
  window.frames_ms = [];
  for (const kind of ["input", "click"]) addEventListener(kind, () => { since ??= performance.now(); }, true);
  addEventListener("drawn", () => requestAnimationFrame(() => {
    if (since) frames_ms.push(performance.now() - since);
    since = undefined;
  }));
}"""


def test_input_to_painted_frame(addresses, open_page, measured):
    """Printed, not judged: a busy machine must not fail the tests."""
    page = open_page(addresses["plain"])
    figure = alive(page, "inside")
    page.evaluate(WATCH)
    figure.get_by_label("latent dimension 5").focus()
    for i in range(30):
        page.keyboard.press("ArrowLeft" if i < 15 else "ArrowRight")
        page.wait_for_timeout(33)  # the rate of a key held down
    times = page.evaluate("frames_ms")
    assert len(times) > 15
    measured.append(
        f"look inside: input → painted frame, {len(times)} moves: "
        f"median {median(times):.1f} ms, p95 {quantiles(times, n=20)[-1]:.1f} ms"
    )


@pytest.mark.parametrize(("scheme", "size"), [("light", {"width": 1200, "height": 800}), ("dark", PHONE)])
def test_it_fits_and_satisfies_axe_and_a_finger_presses(addresses, open_page, look, scheme, size):
    page = open_page(addresses["plain"], color_scheme=scheme, viewport=size, has_touch=True)
    figure = alive(page, "inside")
    wait_until_measured(figure)
    assert_fits_and_accessible(page)
    first = order(figure, 2)[0]
    tile(figure, 2, first).tap()
    expect_said(figure, f"Channel {first} of layer 2 is off")
    assert_shows(figure, look, z_from_seed(SEED, 20), {(1, first): 0})
    assert_fits_and_accessible(page)
