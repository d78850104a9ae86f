"""The plane in a browser, straight from disk, from its output alone: it trains, and everything can be set."""

from __future__ import annotations

import re
from statistics import median, quantiles

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from gan_lib import widgets
from gan_lib.widgets import face
from gan_lib.widgets import plane as widget

PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>plane</title><style>
:root {{ color-scheme: light dark }} body {{ font: 16px/1.6 sans-serif; color: #323232; background: #fff }}
@media (prefers-color-scheme: dark) {{ body {{ color: #ced6dd; background: #14181e }} }}</style>
<main><h1>The plane</h1>{output}</main></html>"""
SMALL = {"g_width": 16, "d_width": 16, "batch_size": 32}  # a busy machine trains these, too


@pytest.fixture(scope="module")
def address(tmp_path_factory) -> str:
    """Of a page on disk that holds the widget's output and nothing else."""
    shown = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(face, "display", lambda output, **how: shown.append(output["text/html"]))
        patch.setattr(widget, "UPDATES", 1)
        widgets.train_plane(**SMALL)
    path = tmp_path_factory.mktemp("plane") / "plane.html"
    path.write_text(PAGE.format(output=shown[0]), encoding="utf-8")
    return path.as_uri()


def alive(page: Page) -> Locator:
    figure = page.locator('.gan-widget[data-kind="plane"]')
    expect(figure).to_have_attribute("data-alive", "yes")
    return figure


@pytest.fixture
def figure(open_page, address) -> Locator:
    return alive(open_page(address))


def press(figure: Locator, name: str) -> None:
    figure.get_by_role("button", name=name, exact=True).click()


def status(figure: Locator) -> Locator:
    return figure.locator("[role=status]")


def updates(figure: Locator) -> int:
    return int(re.match(r"([\d,]+) updates", status(figure).inner_text())[1].replace(",", ""))


def train(figure: Locator, least: int) -> int:
    """Press Train, wait for so many updates more, press Pause; where it stands then."""
    goal = updates(figure) + least
    press(figure, "Train")
    figure.page.wait_for_function(
        "([figure, goal]) => parseInt(figure.querySelector('[role=status]').textContent.replaceAll(',', '')) >= goal",
        arg=[figure.element_handle(), goal],
    )
    press(figure, "Pause")
    settled(figure)
    return updates(figure)


def settled(figure: Locator) -> None:
    """Until what was asked of the trainers is done."""
    figure.page.wait_for_timeout(50)
    expect(figure.get_by_role("button", name="Train", exact=True)).to_be_visible()
    last = None
    while last != (last := (status(figure).inner_text(), picture(figure))):
        figure.page.wait_for_timeout(150)


def picture(figure: Locator, number: int = 0) -> str:
    return figure.locator("canvas").nth(number).evaluate("canvas => canvas.toDataURL()")


def opened(figure: Locator, *groups: str) -> None:
    for group in groups:
        figure.locator("summary", has_text=group).click()


# ------------------------------------------------------------------------------------------ training


def test_train_pause_one_update_half_an_update_reset(figure, measured):
    page, first = figure.page, picture(figure)
    assert updates(figure) == 0
    page.evaluate("""() => {
      window.frames_ = [];
      let last = performance.now();
      const tick = (now) => { frames_.push(now - last); last = now; requestAnimationFrame(tick); };
      requestAnimationFrame(tick);
    }""")
    done = train(figure, 30)
    times = page.evaluate("frames_")
    measured.append(f"frames while it trains: median {median(times):.0f} ms, p95 {quantiles(times, n=20)[-1]:.0f} ms")
    assert done >= 30 and picture(figure) != first
    assert " of 8 clouds" in status(figure).inner_text()
    assert len(figure.locator("polyline").first.get_attribute("points").split()) > 10
    expect(figure.locator("canvas")).to_have_attribute("aria-label", re.compile(f"after {done:,} updates"))
    press(figure, "One update")
    expect(status(figure)).to_contain_text(f"{done + 1} updates")
    press(figure, "Half an update")
    expect(figure.locator(".gan-told")).to_contain_text("D’s turn")
    assert figure.locator("rect.gan-changed").get_attribute("data-part") == "D"
    assert updates(figure) == done + 1
    press(figure, "Half an update")
    expect(figure.locator(".gan-told")).to_contain_text("G’s turn")
    assert figure.locator("rect.gan-changed").get_attribute("data-part") == "G"
    expect(status(figure)).to_contain_text(f"{done + 2} updates")
    press(figure, "Reset")
    expect(status(figure)).to_contain_text("0 updates")
    settled(figure)
    assert picture(figure) == first


def test_a_setting_goes_on_or_begins_anew_and_the_pytorch_says_so(figure):
    done = train(figure, 10)
    opened(figure, "Learning", "Show the PyTorch")
    figure.get_by_label("learning rate of D").press("ArrowRight")
    expect(figure.locator("pre")).to_contain_text(f"train(state, data, steps={done})\nstate.d_optimizer")
    assert updates(figure) == done
    box = figure.get_by_label("batch").bounding_box()
    mouse = figure.page.mouse
    mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    mouse.down()
    mouse.move(box["x"] + 3, box["y"] + box["height"] / 2)
    mouse.up()
    expect(status(figure)).to_contain_text("0 updates")
    expect(figure.locator("pre")).to_contain_text("batch_size=8")
    expect(figure.locator("pre")).to_contain_text("lr_d=0.005")
    figure.locator("summary", has_text="z and seed").click()
    figure.get_by_label("seed", exact=True).fill("-1")
    figure.get_by_label("seed", exact=True).press("Enter")
    expect(figure.get_by_role("alert")).to_contain_text("seed is not possible")


def test_two_plays_side_by_side_train_as_many_updates(figure):
    figure.get_by_label("a second play beside it").check()
    settled(figure)
    assert picture(figure) == picture(figure, 1)
    figure.get_by_label("right", exact=True).check()
    opened(figure, "Game")
    figure.get_by_label("losses").select_option("WGAN-GP")
    expect(figure.locator(".gan-title").nth(1)).to_contain_text("right: WGAN-GP")
    train(figure, 12)
    said = figure.locator("canvas").evaluate_all("all => all.map((c) => c.getAttribute('aria-label'))")
    assert said[0] == said[1] and picture(figure) != picture(figure, 1)
    assert re.search(r"left \d of 8 clouds · right \d of 8 clouds", status(figure).inner_text())


def test_a_story_is_told_in_one_press(figure):
    press(figure, "saturates")  # in two plays
    expect(figure.get_by_role("button", name="Pause", exact=True)).to_be_visible()
    expect(figure.locator(".gan-about")).to_contain_text("saturates: ")
    expect(figure.locator("canvas")).to_have_count(2)
    expect(status(figure)).to_contain_text(re.compile(r"^[1-9].* updates · left .* · right "), timeout=60_000)
    press(figure, "works")
    expect(figure.locator("canvas")).to_have_count(1)
    expect(status(figure)).to_contain_text(re.compile(r"^[1-9].* updates · \d of 8 clouds"), timeout=60_000)
    press(figure, "Pause")


# ------------------------------------------------------------------------------------------ painting


def test_one_paints_ones_own_data_by_mouse_and_by_keys(figure):
    page = figure.page
    opened(figure, "Data")
    figure.get_by_label("data set").select_option("paint your own")
    expect(figure.get_by_role("alert")).to_contain_text("Nothing is painted yet")
    press(figure, "Train")
    expect(figure.get_by_role("button", name="Train", exact=True)).to_be_visible()
    figure.locator("canvas").click()
    expect(figure.get_by_role("alert")).to_contain_text("One point is painted")
    box = figure.locator("canvas").bounding_box()
    page.mouse.move(box["x"] + 30, box["y"] + 30)
    page.mouse.down()
    page.mouse.move(box["x"] + 120, box["y"] + 60, steps=4)
    page.mouse.up()
    expect(figure.get_by_role("alert")).to_be_empty()
    opened(figure, "Show the PyTorch")
    expect(figure.locator("pre")).to_contain_text("toy.clouds(8_192, painted)")
    before = figure.locator("pre").inner_text()
    figure.locator(".gan-easel").focus()
    for key in ("ArrowRight", "ArrowDown", "Space"):
        page.keyboard.press(key)
    expect(figure.locator("pre")).to_contain_text("[5, -5]")
    page.keyboard.press("Backspace")
    expect(figure.locator("pre")).to_have_text(before)
    train(figure, 5)
    press(figure, "Clear the painting")
    expect(figure.get_by_role("alert")).to_contain_text("Nothing is painted yet")


# ------------------------------------------------------------------------------------------ links


def test_a_link_trains_again_to_the_same_update(figure, open_page):
    opened(figure, "Learning")
    train(figure, 10)
    figure.get_by_label("learning rate of G").press("ArrowLeft")
    done = train(figure, 10)
    press(figure, "Link")
    expect(status(figure)).to_contain_text("the address of this page now leads here")
    assert re.search(rf"#plane=.*updates:\d+,lr_g:0.0005,updates:{done}$", figure.page.url)
    again = alive(open_page(figure.page.url))
    expect(status(again)).to_contain_text(f"{done} updates")
    settled(again)
    assert picture(again) == picture(figure)
    again.page.evaluate("location.hash = '#plane=seed:3,batch_size:8,g_width:8,d_width:8,updates:4'")  # on this page
    expect(status(again)).to_contain_text("4 updates")
    expect(again.locator("summary", has_text="z and seed")).to_contain_text("seed 3")


def test_a_link_edited_by_hand_does_what_it_can_and_an_explosion_offers_the_step_back(open_page, address):
    wild = "optimizer:sgd,game:least-squares,lr_g:1,lr_d:1,g_width:lots"
    figure = alive(open_page(f"{address}#plane={wild}"))
    alarm = figure.get_by_role("alert")
    expect(alarm).to_contain_text("The link asks for g_width:lots, which is not possible here")
    press(figure, "Train")
    expect(alarm).to_contain_text(re.compile(r"After \d+ updates the losses were .* of update 0 again\."))
    expect(figure.get_by_role("button", name="Train", exact=True)).to_be_visible()
    alarm.get_by_role("button", name="Go on from update 0 with a tenth of both rates").click()
    rates = "learning rate of G 0.1, learning rate of D 0.1"
    expect(figure.locator("summary", has_text="Learning")).to_contain_text(rates)
    expect(status(figure)).to_contain_text(re.compile(r"^[1-9]"))
    press(figure, "Pause")


# ------------------------------------------------------------------------------------------ where things are missing

MISSING = {
    "no WebAssembly": "delete window.WebAssembly",
    "no worker": "delete window.Worker",
    "neither": "delete window.WebAssembly; delete window.Worker",
}


@pytest.mark.parametrize("missing", MISSING)
def test_it_trains_without_webassembly_and_without_workers(browser, address, missing):
    context = browser.new_context()
    context.add_init_script(MISSING[missing])
    page = context.new_page()
    page.goto(address)
    figure = alive(page)
    assert train(figure, 3) >= 3
    context.close()


def test_a_hidden_page_and_a_figure_that_is_gone_train_no_more(figure):
    page = figure.page
    page.evaluate("""() => {
      window.asked = 0;
      const { postMessage } = Worker.prototype;
      Worker.prototype.postMessage = function (...data) { asked++; return postMessage.apply(this, data); };
      window.hide = (hidden) => {
        Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
        document.dispatchEvent(new Event("visibilitychange"));
      };
    }""")

    def comes_to_rest():
        page.wait_for_timeout(300)
        before = page.evaluate("asked")
        page.wait_for_timeout(300)
        assert page.evaluate("asked") == before

    press(figure, "Train")
    page.wait_for_function("asked > 4")
    page.evaluate("hide(true)")
    comes_to_rest()
    page.evaluate("hide(false); asked = 0")
    page.wait_for_function("asked > 4")
    figure.evaluate("figure => figure.remove()")
    comes_to_rest()


# ------------------------------------------------------------------------------------------ for everyone


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_360_pixels_and_satisfies_axe(open_page, address, scheme):
    page = open_page(address, viewport={"width": 360, "height": 800}, color_scheme=scheme, has_touch=True)
    figure = alive(page)
    figure.get_by_label("a second play beside it").check()
    for summary in figure.locator("summary").all():
        summary.click()
    figure.get_by_label("data set").select_option("paint your own")
    press(figure, "Half an update")
    settled(figure)
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def test_every_control_is_reached_by_keyboard(figure):
    for summary in figure.locator("summary").all():
        summary.click()
    seen = """figure => [...figure.querySelectorAll("button, select, input, summary, pre")]
      .filter((node) => node.checkVisibility()).map((node) => node.outerHTML)"""
    controls = figure.evaluate(seen)
    figure.get_by_role("button", name="Train", exact=True).focus()
    reached = set()
    for _ in controls:
        reached.add(figure.page.evaluate("document.activeElement.outerHTML"))
        figure.page.keyboard.press("Tab")
    assert len(controls) > 30 and reached == set(controls)


def test_a_finger_paints(open_page, address):
    page = open_page(address, viewport={"width": 360, "height": 800}, has_touch=True)
    figure = alive(page)
    opened(figure, "Data")
    figure.get_by_label("data set").select_option("paint your own")
    figure.locator("canvas").scroll_into_view_if_needed()
    for part in (0.3, 0.6):
        box = figure.locator("canvas").bounding_box()
        page.touchscreen.tap(box["x"] + part * box["width"], box["y"] + 40)
    expect(figure.get_by_role("alert")).to_be_empty()
    assert train(figure, 3) >= 3
