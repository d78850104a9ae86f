"""The built book as a reader meets it: over http and straight from disk, with no network."""

from __future__ import annotations

import time
from statistics import median, quantiles

import pytest
import torch
from playwright.sync_api import Page, expect

from gan_lib import runs
from gan_lib.show.latent import z_from_seed
from tests.browser.alone import comes_alive
from tests.browser.conftest import FROM_DISK, PATIENCE

CHAPTER = "book/03_mlp_gan.html"
SEED = 2  # of the z that the chapter shows first
EXPLORER = '.gan-widget[data-kind="latent"]'
PICTURE = f"{EXPLORER} .gan-picture"

# The painted frame: the next animation frame after an input event, and the message that follows it.
WATCH = """() => {
  window.frames_ms = [];
  addEventListener("input", () => {
    const start = performance.now(), channel = new MessageChannel();
    channel.port1.onmessage = () => frames_ms.push(performance.now() - start);
    requestAnimationFrame(() => channel.port2.postMessage(0));
  }, true);
}"""


@pytest.fixture(scope="module")
def opened(site, open_shared_page) -> Page:
    return open_shared_page(f"{site}/{CHAPTER}")


@pytest.fixture
def chapter(opened, generator) -> Page:
    """The chapter as it was when its page opened."""
    opened.evaluate("scrollTo(0, 0)")
    come_alive(opened)
    box = labelled(opened, "seed")
    for seed in (0, SEED):  # another one first, so that the second is a change
        box.fill(str(seed))
        box.press("Enter")
        assert_drawn(opened, generator, z_from_seed(seed))
    return opened


# How many sections wait to be laid out until the page has loaded.
SKIPPED = """() => [...document.querySelectorAll(".bd-article section > section")]
  .filter((section) => getComputedStyle(section).contentVisibility === "auto").length"""


def wait_until_laid_out(page: Page) -> None:
    """All of the page, also what is far below."""
    page.wait_for_function(f"({SKIPPED})() === 0")


def come_alive(page: Page) -> None:
    """Scroll to each widget; every one must start."""
    wait_until_laid_out(page)
    for widget in page.locator(".gan-widget").all():
        assert comes_alive(widget) == "yes"
    assert page.locator('.gan-widget > [role="alert"]').count() == 0


@pytest.fixture(scope="module")
def generator():
    return runs.load("mlp-fashion").generator


def grey_levels(page: Page, selector: str = PICTURE) -> torch.Tensor:
    """What the canvas holds: int (28, 28)."""
    pixels = page.eval_on_selector(
        selector, "c => Array.from(c.getContext('2d').getImageData(0, 0, c.width, c.height).data)"
    )
    return torch.tensor(pixels).reshape(28, 28, 4)[..., 0]


def assert_drawn(page: Page, generator, z: torch.Tensor, selector: str = PICTURE) -> None:
    """Soon, strip and map may come first, the canvas shows torch's picture of z (1, 100), to one grey level."""
    expected, end = runs.draw(generator, z)[0, 0].int(), time.monotonic() + PATIENCE
    while (difference := (grey_levels(page, selector) - expected).abs().max()) > 1 and time.monotonic() < end:
        page.wait_for_timeout(40)
    assert difference <= 1


def labelled(page: Page, name: str):
    """A box of the explorer; other figures of the page have such boxes, too."""
    return page.locator(EXPLORER).get_by_label(name, exact=True)


def button(page: Page, name: str):
    return page.locator(EXPLORER).get_by_role("button", name=name)


def slider(page: Page, k: int):
    return page.locator(f'.gan-sliders input[data-k="{k}"]')


def place(locator) -> dict:
    """Where it is once it is in view: a mouse does not scroll."""
    locator.scroll_into_view_if_needed()
    return locator.bounding_box()


WIDGETS = {  # on each page; on the others none
    "book/index": 1,
    "book/01_theory": 8,
    "book/02_convolution_arithmetic": 5,
    "book/03_mlp_gan": 4,
    "book/04_dcgan": 3,
    "book/05_autograd_pitfalls": 2,
    "book/06_conditional": 4,
    "book/07_wasserstein": 7,
    "book/08_evaluation": 3,
    "book/09_modern": 4,
    "book/your_own_pictures": 2,
    "book/plane": 2,
    "book/touch": 28,
}


@FROM_DISK
def test_the_address_of_the_folder_leads_to_the_first_page(site, open_page):
    page = open_page(f"{site}/index.html")
    page.wait_for_url("**/book/index.html")
    come_alive(page)
    assert page.locator(".gan-widget .gan-body").count() == WIDGETS["book/index"]


def test_what_is_far_below_waits_until_the_page_has_loaded(site, open_page, browser):
    wait_until_laid_out(open_page(f"{site}/book/06_conditional.html"))
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site}/book/06_conditional.html")
    assert page.evaluate(SKIPPED) > 10
    context.close()


def test_an_address_of_a_section_far_below_leads_there(site, open_page):
    page = open_page(f"{site}/book/06_conditional.html#exercises")
    assert page.evaluate(SKIPPED) == 0
    expect(page.locator("#exercises > h2")).to_be_in_viewport()


@FROM_DISK
def test_a_slider_dragged_by_mouse_redraws_torchs_picture(chapter, generator):
    before = grey_levels(chapter)
    box = place(slider(chapter, 25))
    y = box["y"] + box["height"] / 2
    chapter.mouse.move(box["x"] + box["width"] / 2, y)
    chapter.mouse.down()
    chapter.mouse.move(box["x"] + box["width"] * 0.9, y, steps=5)
    chapter.mouse.up()
    z = z_from_seed(SEED)
    assert float(slider(chapter, 25).input_value()) > 2
    z[0, 25] = float(slider(chapter, 25).input_value())
    assert_drawn(chapter, generator, z)
    assert not torch.equal(grey_levels(chapter), before)


def test_a_slider_moved_by_keyboard_redraws_torchs_picture(chapter, generator):
    before = grey_levels(chapter)
    slider(chapter, 25).focus()
    for _ in range(8):
        chapter.keyboard.press("ArrowRight")
    z = z_from_seed(SEED)
    start = z[0, 25].item()
    z[0, 25] = float(slider(chapter, 25).input_value())
    assert z[0, 25] - start == pytest.approx(8 * 0.05, abs=0.05)
    assert_drawn(chapter, generator, z)
    assert not torch.equal(grey_levels(chapter), before)


@FROM_DISK
def test_a_slider_answers_a_touch(site, open_page, generator):
    page = open_page(f"{site}/{CHAPTER}", has_touch=True, viewport={"width": 360, "height": 740})
    come_alive(page)
    box = place(slider(page, 45))
    page.touchscreen.tap(box["x"] + 0.1 * box["width"], box["y"] + box["height"] / 2)
    z = z_from_seed(SEED)
    z[0, 45] = float(slider(page, 45).input_value())
    assert z[0, 45] < -2
    assert_drawn(page, generator, z)


def test_a_typed_seed_draws_the_z_that_torch_draws(chapter, generator):
    box = labelled(chapter, "seed")
    for seed in (1, 2, 77, 123456, 2**32 - 1, *range(100, 110)):
        box.fill(str(seed))
        box.press("Enter")
        assert_drawn(chapter, generator, z_from_seed(seed))


def test_an_impossible_seed_is_refused_with_a_sentence_and_the_picture_stays(chapter, generator):
    labelled(chapter, "seed").fill("-3")
    labelled(chapter, "seed").press("Enter")
    assert "whole number from 0" in chapter.locator(f"{EXPLORER} .gan-controls [role=status]").inner_text()
    assert_drawn(chapter, generator, z_from_seed(SEED))


@FROM_DISK
def test_reset_undoes_the_sliders_and_new_z_brings_another_picture(chapter, generator):
    slider(chapter, 5).fill("3")
    button(chapter, "Reset").click()
    assert_drawn(chapter, generator, z_from_seed(SEED))
    button(chapter, "New z").click()
    assert_drawn(chapter, generator, z_from_seed(int(labelled(chapter, "seed").input_value())))


def test_any_other_dimension_can_get_a_slider(chapter, generator):
    labelled(chapter, "dimension").fill("99")
    button(chapter, "Add slider").click()
    slider(chapter, 99).fill("-2.5")
    z = z_from_seed(SEED)
    z[0, 99] = -2.5
    assert_drawn(chapter, generator, z)


def test_a_dimension_that_does_not_exist_is_refused_with_a_sentence(chapter):
    labelled(chapter, "dimension").fill("100")
    button(chapter, "Add slider").click()
    assert "counted from 0 to 99" in chapter.locator(f"{EXPLORER} .gan-controls [role=status]").inner_text()
    assert slider(chapter, 100).count() == 0


def test_the_strip_shows_minus_three_zero_and_three(chapter, generator):
    slider(chapter, 65).fill("1")
    for i, value in enumerate((-3.0, 0.0, 3.0), start=1):
        z = z_from_seed(SEED)
        z[0, 65] = value
        assert_drawn(chapter, generator, z, f".gan-strip canvas:nth-of-type({i})")


@FROM_DISK
def test_the_scrubber_shows_every_recorded_moment(chapter):
    run = runs.load("mlp-fashion")
    scrubber = chapter.locator('.gan-widget[data-kind="scrubber"]')
    seen = set()
    for i, step in enumerate(sorted(run.samples)):
        scrubber.locator('input[type="range"]').fill(str(i))
        assert f"{step:,} updates" in scrubber.locator("img").get_attribute("alt")
        assert (f"{step:,} updates" if step else "before") in scrubber.locator(".gan-figures").inner_text()
        seen.add(scrubber.locator("img").get_attribute("src"))
    assert len(seen) == len(run.samples) == 12
    shown = chapter.evaluate(
        """async () => {
          const image = document.querySelector('.gan-samples'), canvas = document.createElement('canvas');
          await image.decode();
          canvas.width = image.naturalWidth; canvas.height = image.naturalHeight;
          const context = canvas.getContext('2d');
          context.drawImage(image, 0, 0);
          return Array.from(context.getImageData(0, 0, 28, 28).data);
        }"""
    )
    assert torch.equal(torch.tensor(shown).reshape(28, 28, 4)[..., 0], run.samples[50_000][0, 0].int())


def mistake(page: Page):
    """The box of the figure that trains on pictures, once it is alive."""
    expect(page.locator('.gan-widget[data-kind="pictures"]')).to_have_attribute("data-alive", "yes", timeout=20_000)
    return page.get_by_label("mistake")


def assert_led_to(page: Page, name: str) -> None:
    """The mistake is switched on, can be seen, and is where the keyboard is."""
    box = mistake(page)
    expect(box).to_have_value(name)
    expect(box).to_be_focused()
    expect(box).to_be_in_viewport()
    expect(page.locator('.gan-widget[data-kind="pictures"] .gan-changed').first).to_be_attached()


@FROM_DISK
def test_a_link_of_the_table_of_symptoms_switches_its_mistake_on(site, open_page):
    page = open_page(f"{site}/{CHAPTER}#if-yours-looks-wrong")
    links = page.locator('td:first-child a[href^="#break="]')
    links.nth(3).click()  # the reader has not been at the figure: it was a picture
    assert_led_to(page, links.nth(3).get_attribute("href").removeprefix("#break="))
    page.go_back()
    expect(links.nth(3)).to_be_in_viewport()
    links.nth(4).press("Enter")  # now it is alive
    assert_led_to(page, other := links.nth(4).get_attribute("href").removeprefix("#break="))
    mistake(page).select_option("")
    links.nth(4).click()  # once more, which changes no address
    assert_led_to(page, other)


def test_every_mistake_has_its_link_in_the_table_of_symptoms(chapter):
    links = chapter.locator('td:first-child a[href^="#break="]').evaluate_all("links => links.map((a) => a.hash)")
    values = mistake(chapter).locator("option").evaluate_all("options => options.map((option) => option.value)")
    assert sorted(links) == sorted(f"#break={value}" for value in values if value)


@FROM_DISK
def test_an_address_that_names_a_mistake_opens_the_page_there(site, open_page):
    page = open_page(f"{site}/{CHAPTER}#break=labels_swapped", viewport={"width": 360, "height": 740})
    assert_led_to(page, "labels_swapped")


@FROM_DISK
def test_without_scripts_the_pictures_stay(site, open_page):
    page = open_page(f"{site}/{CHAPTER}", java_script_enabled=False)
    posters = page.locator(".gan-widget .gan-poster")
    assert posters.count() == WIDGETS["book/03_mlp_gan"]
    assert all(poster.get_attribute("alt") for poster in posters.all())


def test_a_narrow_phone_needs_no_sideways_scrolling(site, open_page):
    page = open_page(f"{site}/{CHAPTER}", viewport={"width": 360, "height": 740})
    come_alive(page)
    assert page.locator(PICTURE).bounding_box()["width"] >= 200
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_every_control_and_picture_of_a_widget_has_a_name(chapter):
    unnamed = chapter.evaluate(
        """() => [...document.querySelectorAll('.gan-widget :is(input, button, canvas, img, svg)')]
          .filter((node) => !(node.ariaLabel || node.alt || node.textContent || (node.labels && node.labels.length)))
          .map((node) => node.outerHTML)"""
    )
    assert unnamed == []


def test_input_to_painted_frame(chapter, site, measured):
    """Printed, not judged: a busy machine must not fail the tests."""
    range_ = slider(chapter, 25)
    box = place(range_)
    chapter.evaluate(WATCH)

    def drag():
        y = box["y"] + box["height"] / 2
        chapter.mouse.move(box["x"] + 10, y)
        chapter.mouse.down()
        for i in range(30):
            chapter.mouse.move(box["x"] + 10 + i * (box["width"] - 20) / 30, y)
            chapter.wait_for_timeout(16)
        chapter.mouse.up()

    def repeat_key():
        range_.focus()
        for i in range(30):
            chapter.keyboard.press("ArrowLeft" if i < 15 else "ArrowRight")
            chapter.wait_for_timeout(33)  # the rate of a key held down

    for name, act in (("mouse drag", drag), ("key held down, with the wait for the next frame", repeat_key)):
        chapter.evaluate("window.frames_ms = []")
        act()
        times = chapter.evaluate("frames_ms")
        assert len(times) > 25
        measured.append(
            f"{site.split(':')[0]}: input → painted frame, {name}, {len(times)} moves: "
            f"median {median(times):.1f} ms, p95 {quantiles(times, n=20)[-1]:.1f} ms"
        )
