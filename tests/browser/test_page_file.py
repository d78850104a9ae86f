"""A run as one HTML file, opened from disk on a phone without a network."""

from __future__ import annotations

import re
import time

import pytest
import torch
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from gan_lib import runs
from gan_lib.data import to_pixels
from gan_lib.machine.rng import z_from_seed
from gan_lib.networks.brought import brought
from gan_lib.widgets.page_file import export_page
from tests.browser.conftest import PATIENCE
from tests.page_files import made_up

PHONE = {"viewport": {"width": 360, "height": 640}, "has_touch": True, "offline": True}
SHOWN = """canvas => Array.from(canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data)"""
RUNS = {
    "colour": lambda: made_up("colour"),
    "labels": lambda: made_up("labels"),
    "own pictures": lambda: runs.load("dcgan-emoji"),
    "shipped": lambda: runs.load("acgan-fashion"),  # its weights lie beside the book's pages, but not beside this one
}
EVERY = pytest.mark.parametrize("kind", RUNS)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """kind → (the file's address, its generator)."""
    folder, found = tmp_path_factory.mktemp("a folder with spaces é"), {}
    for kind, run in RUNS.items():
        export_page(run(), folder / f"{kind}.html")
        found[kind] = (folder / f"{kind}.html").as_uri(), run().generator
    return found


@pytest.fixture
def alive(files, open_page):
    """A function kind → (page, explorer, generator)."""

    def alive(kind, **options):
        address, generator = files[kind]
        page = open_page(address, **(PHONE | options))
        figure = page.locator(".gan-widget")
        expect(figure).to_have_attribute("data-alive", "yes", timeout=PATIENCE * 1000)
        return page, figure, generator

    return alive


def expected(generator, z, label):
    """torch's grey levels: int (C, H, W)."""
    drawer = brought(generator)
    return to_pixels(drawer.draw(z, drawer.labels(label, 1)))[0].int()


def wait_until_drawn(figure, generator, z, label=None):
    """Until the page shows torch's picture, to one grey level in each channel."""
    wanted, end = expected(generator, z, label), time.monotonic() + PATIENCE
    height, width = wanted.shape[1:]
    while True:
        found = torch.tensor(figure.locator(".gan-picture").evaluate(SHOWN)).reshape(height, width, 4).permute(2, 0, 1)
        difference = (found[:3] - wanted.expand(3, -1, -1)).abs().max()
        if difference <= 1 or time.monotonic() > end:
            break
        figure.page.wait_for_timeout(40)
    assert difference <= 1 and (found[3] == 255).all()


@EVERY
def test_on_a_phone_it_asks_for_nothing_and_its_pictures_are_torchs(alive, files, open_page, kind):
    requests = []
    page, figure, generator = alive(kind)
    page.on("request", lambda request: requests.append(request.url))
    page.reload()
    expect(figure).to_have_attribute("data-alive", "yes", timeout=PATIENCE * 1000)
    label, z = 0 if generator.classes else None, z_from_seed(0, generator.latent_dim)
    wait_until_drawn(figure, generator, z, label)
    assert expected(generator, z, label).float().std() > 20  # there is something to see
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    others = [url for url in requests if not url.startswith(("data:", "blob:"))]
    assert others == [files[kind][0]]
    assert figure.locator("input[type=range]").count() == 5


@EVERY
def test_every_slider_moves_the_picture(alive, kind):
    _, figure, generator = alive(kind)
    label, z = 0 if generator.classes else None, z_from_seed(0, generator.latent_dim)
    for slider in figure.locator("input[type=range]").all():
        before, k = expected(generator, z, label), int(slider.get_attribute("data-k"))
        z[0, k] = -2.5 if z[0, k] > 0 else 2.5
        slider.fill(f"{z[0, k]:.2f}")
        assert (expected(generator, z, label) - before).abs().max() > 20
        wait_until_drawn(figure, generator, z, label)


def test_while_a_slider_moves_the_picture_stays_in_sight(alive):
    page, figure, _ = alive("colour")
    for slider in figure.locator("input[type=range]").all():
        slider.focus()  # as the tabulator does
        top, left = (figure.locator(".gan-picture").bounding_box()[side] for side in ("y", "x"))
        assert top >= 0 and left >= 0
        assert top + 320 <= slider.bounding_box()["y"] and slider.bounding_box()["y"] + 28 <= 640
    assert page.evaluate("scrollY") > 0


def test_a_label_is_a_button_for_finger_mouse_and_keyboard(alive):
    page, figure, generator = alive("labels")
    z, buttons = z_from_seed(0, generator.latent_dim), figure.get_by_role("radio")
    assert [figure.locator(".gan-labels span").nth(i).inner_text() for i in range(3)] == ["cat", "dog", "<b>"]
    expect(buttons.nth(0)).to_be_checked()
    figure.get_by_role("radio", name="dog").tap()
    wait_until_drawn(figure, generator, z, 1)
    expect(figure.locator(".gan-picture")).to_have_attribute("aria-label", re.compile("label dog$"))
    page.keyboard.press("ArrowRight")
    wait_until_drawn(figure, generator, z, 2)
    figure.get_by_role("button", name="Pin", exact=True).click()
    figure.get_by_role("radio", name="cat").tap()
    wait_until_drawn(figure, generator, z, 0)
    figure.get_by_role("button", name="Back to the pin").click()  # which presses the button of its label, too
    wait_until_drawn(figure, generator, z, 2)
    expect(buttons.nth(2)).to_be_checked()


def test_a_link_to_what_one_sees_works_from_disk(alive, open_page):
    page, figure, generator = alive("labels")
    figure.get_by_label("seed", exact=True).fill("7")
    figure.get_by_label("seed", exact=True).press("Enter")
    figure.get_by_role("radio", name="dog").tap()
    figure.get_by_role("button", name="Link").click()
    again = open_page(page.url, **PHONE).locator(".gan-widget")
    expect(again).to_have_attribute("data-alive", "yes", timeout=PATIENCE * 1000)
    wait_until_drawn(again, generator, z_from_seed(7, generator.latent_dim), 1)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_axe_finds_nothing_and_the_page_is_as_wide_as_its_window(alive, scheme, width):
    page, *_ = alive("labels", color_scheme=scheme, viewport={"width": width, "height": 640})
    page.locator("summary").click()  # the card, too
    assert page.evaluate("document.documentElement.scrollWidth") == width
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (max(map(int, re.findall(r"\d+", ground))) < 64) == (scheme == "dark")
    result = Axe().run(page, options={"resultTypes": ["violations"]})
    assert [(v["id"], [n["html"][:160] for n in v["nodes"]]) for v in result.response["violations"]] == []


def test_where_no_script_runs_there_are_pictures_and_a_sentence(files, browser):
    context = browser.new_context(java_script_enabled=False, viewport=PHONE["viewport"])
    page = context.new_page()
    page.goto(files["colour"][0])
    poster = page.locator("img.gan-poster").bounding_box()
    assert (poster["width"], poster["height"]) == (320, 320)  # as the living one: nothing jumps
    expect(page.get_by_text("No script runs here")).to_be_visible()
    expect(page.locator("img.gan-sheet")).to_be_visible()
    context.close()
