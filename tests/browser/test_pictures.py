"""Chapter 3 trains in the page: pressed, paused, broken, explored and saved, straight from disk."""

from __future__ import annotations

import gzip
import re

import pytest
import torch
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from book._ext.shared_scripts import smaller
from gan_lib import runs, widgets
from gan_lib.data import to_pixels
from gan_lib.networks.mlp import MLPGenerator
from gan_lib.show.latent import z_from_seed
from gan_lib.widgets import face, pictures
from tests.browser.alone import PHONE, grey, wait_for
from tests.browser.pictures_page import alive, loaded, press, saved, status, updates, written
from tests.widgets.test_pictures_widget import discs

SLOW = 60_000  # ms, on a busy machine


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return written(tmp_path_factory.mktemp("book"), discs(256, name="fashion-mnist"))


@pytest.fixture(scope="module")
def page(path, open_shared_page) -> Page:
    return open_shared_page(path.as_uri(), accept_downloads=True)


@pytest.fixture
def figure(page):
    """As it is before the first update, without a mistake; the page has loaded the pictures, or not."""
    figure = alive(page)
    if figure.get_by_role("button", name="Pause", exact=True).count():
        press(figure, "Pause")
    figure.get_by_label("mistake").select_option("")
    wait_for(lambda: "Before the first update" in status(figure))
    return figure


def sheet(figure) -> torch.Tensor:
    """The 64 pictures that are shown: int (64, 28, 28)."""
    return grey(figure.locator(".gan-sheet")).reshape(8, 28, 8, 28).transpose(1, 2).flatten(0, 1)


def drawn(generator: MLPGenerator, z: torch.Tensor) -> torch.Tensor:
    with torch.no_grad():
        return to_pixels(generator(z))[:, 0].int()


def trained(figure, more: int = 10) -> None:
    """Some updates further, paused."""
    before = updates(figure)
    press(figure, "Train")
    expect(figure.get_by_role("button", name="Pause", exact=True)).to_be_visible()
    wait_for(lambda: updates(figure) >= before + more)
    press(figure, "Pause")
    figure.page.wait_for_timeout(300)  # the last look


def test_it_opens_with_the_noise_of_torchs_first_weights(figure):
    assert (sheet(figure) - drawn(pictures.RECIPE.build()[0], runs.fixed_z(100))).abs().max() <= 1
    assert "Zalando" in figure.inner_text() and "Press Train" in figure.inner_text()
    for name in ("Explore this generator", "Save this generator"):
        expect(figure.get_by_role("button", name=name)).to_be_disabled()


def test_train_pause_go_on_and_scrub_back(figure):
    first = sheet(figure)
    trained(figure)
    done, then = updates(figure), sheet(figure)
    figure.page.wait_for_timeout(400)
    assert updates(figure) == done and not torch.equal(first, then)
    trained(figure)
    assert updates(figure) > done
    slider = figure.get_by_label("seen so far")
    slider.fill("0")
    assert torch.equal(sheet(figure), first) and "after 0 updates" in figure.inner_text()
    assert slider.get_attribute("aria-valuetext") == "0 updates"
    slider.fill(slider.get_attribute("max"))
    assert f"shown: after {updates(figure)} updates" in figure.inner_text()
    press(figure, "Start again")
    wait_for(lambda: not updates(figure))
    assert torch.equal(sheet(figure), first)


def test_the_generator_is_explored_and_saved_and_torch_draws_the_same(figure, tmp_path, monkeypatch):
    trained(figure)
    press(figure, "Explore this generator")
    picture = figure.locator(".gan-picture")
    expect(picture).to_have_attribute("aria-label", re.compile("seed 2"))
    file = saved(figure, tmp_path)
    assert file.name == f"generator-{updates(figure)}.safetensors"
    monkeypatch.chdir(tmp_path)
    names: dict = {}
    exec(figure.locator("code.gan-line").inner_text(), names)  # the lines that the page shows
    generator = names["generator"]
    assert (sheet(figure) - drawn(generator, runs.fixed_z(100))).abs().max() <= 1
    z = z_from_seed(2)
    z[0, 45] = 2.5
    figure.get_by_label("latent dimension 45").fill("2.5")
    expect(picture).to_have_attribute("aria-label", re.compile(r"z\[45\] = 2.50"))
    assert (grey(picture) - drawn(generator, z)[0]).abs().max() <= 1
    trained(figure)  # the explorer keeps its generator until it is asked again
    assert (grey(picture) - drawn(generator, z)[0]).abs().max() <= 1
    press(figure, "Explore this generator")
    expect(figure.locator(".gan-fresh > .gan-title")).to_have_text(re.compile(f"after {updates(figure)} updates"))
    later = loaded(saved(figure, tmp_path))
    wait_for(lambda: (grey(picture) - drawn(later, z)[0]).abs().max() <= 1)
    assert figure.get_by_role("button", name="Link").count() == 0  # it could not lead back to these weights


@pytest.mark.parametrize(
    ("mistake", "seen", "lines"),
    [
        ("d_attached", "G’s backward has raised it", ["D(fake.detach())", "D(fake)"]),
        ("labels_swapped", "D(real) is 0.0", ["softplus(-D(real))", "softplus(D(real))"]),
        ("d_frozen", "the loss of G 0.", ["d_adam.step()"]),
    ],
)
def test_a_mistake_shows_its_line_and_its_symptom(figure, mistake, seen, lines):
    figure.get_by_label("mistake").select_option(mistake)
    changed = figure.locator(".gan-changed :is(del, ins)")
    for line, shown in zip(lines, changed.all_inner_texts(), strict=True):
        assert line in shown
    assert "Expect" in figure.inner_text() and "Not seen yet." in status(figure)
    press(figure, "Train")
    wait_for(lambda: "✓ Seen" in status(figure))
    assert seen in status(figure)
    if mistake == "d_attached":
        said = figure.locator("[role=alert]").inner_text()
        assert "RuntimeError" in said and "second time" in said
        expect(figure.get_by_role("button", name="Train", exact=True)).to_be_visible()
    else:
        press(figure, "Pause")
    figure.get_by_label("mistake").select_option("")
    expect(figure.locator(".gan-changed")).to_have_count(0)


def test_a_link_leads_to_a_mistake(page, figure):
    page.evaluate("location.hash = '#break=zero_to_one'")
    expect(figure.get_by_label("mistake")).to_have_value("zero_to_one")
    expect(figure.locator("ins")).to_have_text(re.compile(re.escape("/ 255")))
    page.evaluate("location.hash = '#break=nothing'")
    expect(figure.get_by_label("mistake")).to_have_value("zero_to_one")


def test_without_frames_nothing_trains(page, figure):
    """As in a hidden tab, which gets none."""

    def shown() -> str:
        return figure.locator(".gan-sheet").get_attribute("aria-label")

    trained(figure, more=1)
    before = shown()
    page.evaluate("() => { window.kept = requestAnimationFrame; window.requestAnimationFrame = () => 0; }")
    press(figure, "Train")
    wait_for(lambda: shown() != before)
    last = shown()
    page.wait_for_timeout(500)
    page.evaluate("() => { window.requestAnimationFrame = window.kept; }")
    assert shown() == last
    press(figure, "Start again")  # it still runs, and there are frames again
    wait_for(lambda: updates(figure) > 1)
    press(figure, "Pause")


def test_every_control_is_reached_and_worked_by_keyboard(page, figure):
    figure.get_by_role("button", name="Train", exact=True).focus()
    page.keyboard.press("Enter")
    wait_for(lambda: updates(figure) > 5)
    page.keyboard.press("Enter")
    page.wait_for_timeout(300)
    reached = []
    for _ in range(5):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.textContent || document.activeElement.tagName"))
    assert reached[0] == "Start again" and reached[1].startswith("none")
    assert reached[2:] == ["INPUT", "Explore this generator", "Save this generator"]
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Home")
    assert "after 0 updates" in figure.inner_text()


def test_it_fits_a_phone_and_axe_finds_nothing_in_both_schemes(page, figure):
    trained(figure)
    press(figure, "Explore this generator")
    figure.get_by_label("mistake").select_option("rates")
    size = page.viewport_size
    for scheme, viewport in (("light", size), ("dark", PHONE)):
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size(viewport)
        assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
        found = Axe().run(page, options={"preload": False, "resultTypes": ["violations"]}).response["violations"]
        assert [(v["id"], [n["html"][:160] for n in v["nodes"]]) for v in found] == []
    page.set_viewport_size(size)


MISSING = {"no worker": "delete window.Worker", "no WebAssembly": "delete window.WebAssembly"}


@pytest.mark.parametrize("missing", MISSING)
def test_without_workers_or_webassembly_it_trains_all_the_same(path, browser, missing):
    context = browser.new_context()
    context.add_init_script(MISSING[missing])
    page = context.new_page()
    page.goto(path.as_uri())
    figure = alive(page)
    trained(figure, more=2)
    assert not torch.equal(sheet(figure), drawn(pictures.RECIPE.build()[0], runs.fixed_z(100)))
    context.close()


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (None, "its pictures are missing"),
        (lambda text: text[:-4000], "its pictures are damaged"),
        (lambda text: text.replace('"content": "', '"content": "eJy', 1), "damaged or cut short"),
        (lambda text: text.replace('"n": 256', '"n": 300'), "damaged or cut short"),
    ],
    ids=["missing", "truncated", "spoilt", "short"],
)
def test_bad_pictures_are_told_and_the_noise_stays(browser, tmp_path, spoil, said):
    path = written(tmp_path, discs(256, name="fashion-mnist"))
    beside = tmp_path / "_static" / "figures" / f"{pictures.FILE}.js"
    text = beside.read_text(encoding="utf-8")
    beside.unlink()
    if spoil:
        beside.write_text(spoil(text), encoding="utf-8")
    page = browser.new_page()
    page.goto(path.as_uri())
    figure = alive(page)
    press(figure, "Train")
    expect(figure.locator("[role=alert]")).to_contain_text(said, timeout=SLOW)
    beside.write_text(text, encoding="utf-8")  # it can be tried again
    trained(figure, more=1)
    assert figure.locator("[role=alert]").inner_text() == ""
    page.close()


def test_an_explosion_is_told_and_the_last_good_weights_are_kept(browser, tmp_path):
    path = written(tmp_path, discs(256, name="fashion-mnist"))
    path.write_text(path.read_text(encoding="utf-8").replace('"lr_d": 0.002', '"lr_d": 1e30'), encoding="utf-8")
    page = browser.new_page(accept_downloads=True)
    page.goto(path.as_uri())
    figure = alive(page)
    press(figure, "Train")
    alarm = figure.locator("[role=alert]")
    expect(alarm).to_have_text(re.compile(r"After \d+ updates .*weights of update \d+ again"), timeout=SLOW)
    expect(figure.get_by_role("button", name="Train", exact=True)).to_be_visible()
    page.close()


def test_in_a_notebook_the_output_alone_is_enough(browser, tmp_path, monkeypatch):
    shown = []
    monkeypatch.setattr(face, "display", lambda what, **how: shown.append(what["text/html"]))
    widgets.train_pictures(discs(64))
    path = tmp_path / "own.html"
    path.write_text(f'<!doctype html><html lang="en"><meta charset="utf-8"><title>own</title>{shown[0]}')
    page = browser.new_page()
    page.goto(path.as_uri())
    figure = alive(page)
    assert "your own pictures" in figure.inner_text()
    trained(figure, more=2)
    assert "64 of your own pictures" in figure.inner_text()
    page.close()


def test_this_figure_adds_little_to_the_script_of_the_book(measured, monkeypatch):
    def size() -> int:
        return len(gzip.compress(smaller(face.program_of(face.SCRIPTS)).encode()))

    whole = size()
    monkeypatch.delitem(face.SCRIPTS, "pictures")
    measured.append(f"the figure that trains on pictures adds {(whole - size()) / 1000:.1f} kB of script, gzipped")
    assert whole - size() < 7_000
