"""What the page "Everything you can touch" holds beside the explorers."""

from __future__ import annotations

import random
import re

import pytest
import torch
from playwright.sync_api import Page

from gan_lib.chapters import arithmetic, ledger
from gan_lib.errors import BadInput
from tests.browser.alone import comes_alive
from tests.browser.conftest import FROM_DISK

PAGE = "book/touch.html"
KNOBS = {
    "size": (1, 8),
    "kernel": (1, 5),
    "stride": (1, 4),
    "padding": (0, 4),
    "dilation": (1, 3),
    "outputPadding": (0, 3),
}


@pytest.fixture(scope="module")
def page(site, open_shared_page) -> Page:
    return open_shared_page(f"{site}/{PAGE}")


def widget(page: Page, kind: str, number: int = 0):
    found = page.locator(f'.gan-widget[data-kind="{kind}"]').nth(number)
    assert comes_alive(found) == "yes"
    return found


# ------------------------------------------------------------------------------------------ explore


@FROM_DISK
def test_the_figures_sliders_exchange_its_moving_parts(page):
    figure = widget(page, "explore")
    before = figure.locator("svg").inner_html()
    mu, sigma = figure.locator("input[type=range]").all()
    mu.focus()
    page.keyboard.press("ArrowRight")
    assert figure.locator("svg").inner_html() != before
    assert mu.get_attribute("aria-valuetext") == "0.6"
    assert "mean 0.6 and width 1.6" in figure.locator(".gan-frame").get_attribute("aria-label")
    mu.fill("0")
    sigma.fill("0")
    assert "mean −3 and width 0.4" in figure.locator(".gan-frame").get_attribute("aria-label")
    looks = figure.locator('[data-moves="d"]').evaluate_all("nodes => nodes.map((n) => n.getAttribute('d'))")
    mu.fill("10")
    after = figure.locator('[data-moves="d"]').evaluate_all("nodes => nodes.map((n) => n.getAttribute('d'))")
    assert looks and all(old != new for old, new in zip(looks, after, strict=True))


# ------------------------------------------------------------------------------------------ the playground


def answers(figure, settings):
    """What the playground says to one setting of all knobs after the other.

    Where there is an output: also which input cells light up, with which formula, when the pointer is on the output
    cell that lies `at`, in 0…1 of each side.
    """
    return figure.evaluate(
        """(figure, settings) => settings.map(({ transposed, knobs, at }) => {
          const radio = figure.querySelector(`[data-transposed=${transposed}]`);
          radio.checked = true;
          radio.dispatchEvent(new Event("change"));
          for (const [name, value] of Object.entries(knobs)) {
            const knob = figure.querySelector(`[data-knob=${name}]`);
            knob.value = value;
            knob.dispatchEvent(new Event("input"));
          }
          const cells = figure.querySelectorAll(".gan-output rect"), n = Math.sqrt(cells.length);
          const said = {
            refused: figure.querySelector("[role=alert]").textContent,
            formula: figure.querySelectorAll(".gan-formula")[1].textContent,
            line: figure.querySelector(".gan-line").textContent,
            cells: cells.length,
          };
          if (n === 0) return said;
          figure.querySelector(`.gan-output rect[data-cell="${at.map((part) => Math.floor(part * n))}"]`)
            .dispatchEvent(new PointerEvent("pointermove", { bubbles: true }));
          const lit = [...figure.querySelectorAll(".gan-input rect.gan-on:not(.gan-outside)")];
          said.lit = lit.map((rect) => rect.dataset.cell);
          said.sum = figure.querySelector("[role=status]").textContent;
          return said;
        })""",
        settings,
    )


def setting_of(knobs, transposed):
    names = {"kernel": "kernel_size", "outputPadding": "output_padding"}
    return {names.get(k, k): v for k, v in knobs.items() if transposed or k != "outputPadding"}


def torch_result(setting, transposed):
    """torch's output of a random kernel, or None where torch refuses."""
    options = {k: v for k, v in setting.items() if k not in ("size", "kernel_size")}
    x = torch.zeros(1, 1, setting["size"], setting["size"], dtype=torch.float64, requires_grad=True)
    weight = torch.randn(1, 1, setting["kernel_size"], setting["kernel_size"], dtype=torch.float64)
    convolve = torch.nn.functional.conv_transpose2d if transposed else torch.nn.functional.conv2d
    try:
        return x, weight, convolve(x, weight, **options)
    except RuntimeError:
        return None


def test_hundreds_of_settings_agree_with_torch(site, open_page):
    figure, rng, refused = widget(open_page(f"{site}/{PAGE}"), "arithmetic"), random.Random(0), 0
    settings = [
        {
            "transposed": bool(i % 2),
            "knobs": {name: rng.randint(*limits) for name, limits in KNOBS.items()},
            "at": [rng.random(), rng.random()],
        }
        for i in range(300)
    ]
    for asked, said in zip(settings, answers(figure, settings), strict=True):
        transposed, setting = asked["transposed"], setting_of(asked["knobs"], asked["transposed"])
        result = torch_result(setting, transposed)
        size = arithmetic.conv_transpose_size if transposed else arithmetic.conv_size
        if result is None:
            refused += 1
            with pytest.raises(BadInput) as error:
                size(**setting)
            assert said["refused"].lower() == str(error.value).lower() and said["cells"] == 0
            continue
        x, weight, y = result
        n = y.shape[-1]
        assert said["refused"] == "" and said["cells"] == n * n == size(**setting) ** 2
        assert said["formula"].endswith(f"= {n}") and said["line"].endswith(f"# (1, 1, {n}, {n})")
        cell = tuple(int(part * n) for part in asked["at"])
        (gradient,) = torch.autograd.grad(y[0, 0][cell], x)
        assert said["lit"] == [f"{row},{column}" for row, column in gradient[0, 0].nonzero().tolist()]
        rebuilt = torch.zeros_like(x)
        for numbers in re.findall(r"w\[(\d+),(\d+)\]·x\[(\d+),(\d+)\]", said["sum"]):
            ky, kx, row, column = map(int, numbers)
            rebuilt[0, 0, row, column] += weight[0, 0, ky, kx]
        torch.testing.assert_close(rebuilt, gradient)
    assert 30 < refused < 270


def test_the_line_of_pytorch_does_what_it_says(page):
    figure = widget(page, "arithmetic", 1)
    line = figure.locator(".gan-line").inner_text()
    code, comment = line.split("  # ")
    assert tuple(eval(code, {"nn": torch.nn, "torch": torch}).shape) == eval(comment)


def test_the_step_slider_walks_the_kernel_by_keyboard(page):
    figure = widget(page, "arithmetic")
    step = figure.get_by_label("step of the kernel")
    step.focus()
    seen = set()
    for _ in range(9):
        seen.add(figure.locator(".gan-output rect.gan-on").get_attribute("data-cell"))
        page.keyboard.press("ArrowRight")
    assert len(seen) == 9  # 5 cells, kernel 3, stride 2, padding 1: 3 × 3 cells


@FROM_DISK
def test_the_arrow_keys_choose_an_output_cell(page):
    figure = widget(page, "arithmetic", 1)
    figure.get_by_label("output; the arrow keys choose a cell").focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowDown"):
        page.keyboard.press(key)
    assert figure.locator(".gan-output rect.gan-focus").get_attribute("data-cell") == "1,1"
    assert figure.locator("[role=status]").inner_text() == "y[1,1] = w[1,1]·x[0,0]"


def test_the_pointer_leaving_gives_the_step_back(page):
    figure = widget(page, "arithmetic", 1)
    cell = figure.locator('.gan-output rect[data-cell="2,2"]')
    cell.scroll_into_view_if_needed()
    cell.hover()
    assert figure.locator(".gan-output rect.gan-focus").count() == 1
    page.mouse.move(1, 1)
    assert figure.locator(".gan-output rect.gan-focus").count() == 0
    assert "times the kernel is added to 9 output cells" in figure.locator("[role=status]").inner_text()


def test_the_counts_are_the_overlap(page):
    figure = widget(page, "arithmetic", 1)
    figure.get_by_label("count the products of each output cell").check()
    counts = [int(text) for text in figure.locator(".gan-output text").all_text_contents()]
    assert counts == arithmetic.overlap(4, 3, 2).flatten().tolist()
    assert "The output cells sum 1 to 4 products each." in figure.locator("[role=status]").inner_text()


# ------------------------------------------------------------------------------------------ scrubbers and ledger


@FROM_DISK
@pytest.mark.parametrize("number", [0, 1])
def test_several_trainings_follow_one_slider(page, number):
    figure = widget(page, "scrubber", number)
    panels = figure.locator(".gan-panel")
    assert panels.count() == (3, 2)[number]
    looks = "panels => panels.map((p) => (p.querySelector('canvas')?.toDataURL() || p.querySelector('img').src))"
    before, texts = panels.evaluate_all(looks), figure.locator(".gan-figures").all_inner_texts()
    slider = figure.get_by_label("moment of the training")
    slider.focus()
    page.keyboard.press("End")
    for old, new in zip(before, panels.evaluate_all(looks), strict=True):
        assert old != new
    for old, new in zip(texts, figure.locator(".gan-figures").all_inner_texts(), strict=True):
        assert old != new and "updates" in new


@FROM_DISK
def test_the_ledger_shows_what_was_run(page):
    figure = widget(page, "ledger")

    def shown():
        lines = figure.locator(".gan-code li > code").all_inner_texts()
        return lines, figure.locator("[role=status]").inner_text()

    assert shown()[0] == ledger.run(ledger.Wiring()).lines
    figure.get_by_label("one forward pass", exact=True).check()
    figure.get_by_label("detach()").uncheck()
    lines, said = shown()
    expected = ledger.run(ledger.Wiring(forwards=1, detach=False))
    assert lines == expected.lines and f"Line {expected.error[0] + 1} raises an error" in said
    assert figure.locator("li .gan-error").inner_text() == f"RuntimeError: {expected.error[1]}"
    figure.get_by_label("retain_graph=True").check()
    figure.get_by_label("both losses, both backwards, both steps").check()
    lines, said = shown()
    assert lines == ledger.run(ledger.Wiring("together", 1, False, True)).lines
    assert said.count("uses another gradient than that of its own loss") == 2


def test_every_kind_of_control_answers_a_touch(site, open_page):
    page = open_page(f"{site}/{PAGE}", has_touch=True, viewport={"width": 360, "height": 740})

    def tap(locator, part=0.5):
        locator.evaluate("node => node.scrollIntoView({ block: 'center' })")
        box = locator.bounding_box()
        page.touchscreen.tap(box["x"] + part * box["width"], box["y"] + box["height"] / 2)

    figure = widget(page, "explore")
    before = figure.locator(".gan-frame").get_attribute("aria-label")
    tap(figure.locator("input[type=range]").first, 0.9)
    assert figure.locator(".gan-frame").get_attribute("aria-label") != before
    play = widget(page, "arithmetic", 1)
    tap(play.locator('.gan-output rect[data-cell="1,1"]'))
    assert play.locator("[role=status]").inner_text() == "y[1,1] = w[1,1]·x[0,0]"
    scrubber = widget(page, "scrubber")
    tap(scrubber.get_by_label("moment of the training"), 0.95)
    assert scrubber.get_by_label("moment of the training").get_attribute("aria-valuetext").startswith("100 percent")
    wiring = widget(page, "ledger")
    tap(wiring.get_by_label("one forward pass", exact=True))
    assert wiring.locator(".gan-code li").count() == len(ledger.run(ledger.Wiring(forwards=1)).lines)
