"""Kernel, stack, question, and the walk from a to b, each on a page of its own from disk."""

from __future__ import annotations

import re
from statistics import median, quantiles

import pytest
import torch
from playwright.sync_api import Locator, Page, expect
from torch import nn
from torch.nn.functional import conv_transpose1d

from gan_lib import runs, widgets
from gan_lib.chapters.cost import cost
from gan_lib.chapters.receptive import receptive_fields
from gan_lib.data import to_pixels
from gan_lib.machine.rng import z_from_seed
from gan_lib.show.latent import linear, spherical
from tests.browser.alone import PHONE, alive, assert_fits_and_accessible, grey, pages, status

KINDS = ("kernel", "stack", "question", "walk")


@pytest.fixture(scope="module")
def generator():
    return runs.load("mlp-fashion").generator


@pytest.fixture(scope="module")
def addresses(tmp_path_factory, generator) -> dict[str, str]:
    """kind → the address of a page that holds this widget alone."""
    layers = nn.Sequential(
        nn.Conv2d(1, 32, 4, 2, 1, device="meta"),
        nn.Conv2d(32, 64, 4, 2, 1, bias=False, device="meta"),
        nn.ConvTranspose2d(64, 32, 4, 2, 1, device="meta"),
    )
    shows = (
        widgets.play_kernel,
        lambda: widgets.play_stack(layers),
        widgets.ask_arithmetic,
        lambda: widgets.walk_between(generator, seed=3),
    )
    return pages(tmp_path_factory.mktemp("pages"), dict(zip(KINDS, shows, strict=True)))


# ------------------------------------------------------------------------------------------ kernel


def numbers(text: str) -> list[float]:
    return [float(v.replace("−", "-")) for v in re.findall(r"−?\d+(?:\.\d+)?", text)]


def assert_kernel_shows(figure: Locator, weights: list[float], step: bool = False) -> None:
    """The output's bars and its picture are torch's; to be seen are the weights and how uneven they make it."""
    w, x = torch.tensor(weights, dtype=torch.float64), torch.ones(8, dtype=torch.float64)
    flat = conv_transpose1d(x[None, None], w[None, None], stride=2)[0, 0]
    if step:
        x[:4] = 0
    y = conv_transpose1d(x[None, None], w[None, None], stride=2)[0, 0]  # (14 + n,)
    assert numbers(" ".join(figure.locator("output").all_inner_texts())) == pytest.approx(weights)
    assert numbers(figure.locator("svg").get_attribute("aria-label")[2:]) == pytest.approx(y.tolist(), abs=0.006)
    assert figure.locator("rect").count() == len(y)
    heights = figure.locator("rect").evaluate_all("all => all.map((bar) => +bar.getAttribute('height'))")
    assert heights == pytest.approx((40 * y.abs()).tolist(), abs=1e-6)
    rows = flat[:, None] * y
    expected = 127.5 * (1 + rows / rows.abs().max())
    assert (grey(figure.locator("canvas")) - expected).abs().max() <= 1
    even, odd = w[::2].sum().item(), w[1::2].sum().item()
    told = status(figure)
    if abs(even - odd) < 1e-9:
        assert told.endswith("the checkerboard is gone.")
    else:
        share = 100 * abs(even - odd) / (abs(even) + abs(odd))
        assert numbers(told.split("= ")[-1]) == [pytest.approx(share, abs=0.51)]


def test_weights_are_moved_by_keyboard_until_the_checkerboard_is_gone(addresses, open_page):
    page = open_page(addresses["kernel"])
    figure = alive(page, "kernel")
    assert_kernel_shows(figure, [1, 1, 1])
    weights = [1.0, 1, 1]
    for tap in (0, 2):
        figure.get_by_label(f"w[{tap}]").focus()
        for _ in range(5):
            page.keyboard.press("ArrowDown")
            weights[tap] -= 0.1
            assert_kernel_shows(figure, weights)
    assert status(figure).endswith("the checkerboard is gone.")
    page.keyboard.press("Home")
    assert_kernel_shows(figure, [0.5, 1, -1])


def test_weights_are_moved_by_mouse_and_by_finger(addresses, open_page):
    page = open_page(addresses["kernel"], viewport=PHONE, has_touch=True)
    figure = alive(page, "kernel")
    fader = figure.get_by_label("w[1]")
    fader.scroll_into_view_if_needed()
    box = fader.bounding_box()
    assert box["height"] > 2 * box["width"]  # it stands upright
    x, top, high = box["x"] + box["width"] / 2, box["y"], box["height"]
    page.touchscreen.tap(x, top + 0.5 * high)
    weight = float(fader.input_value())
    assert -0.2 <= weight <= 0.2
    assert_kernel_shows(figure, [1, weight, 1])
    page.mouse.move(x, top + 0.5 * high)
    page.mouse.down()
    page.mouse.move(x, top + 0.8 * high, steps=4)
    page.mouse.up()
    lower = float(fader.input_value())
    assert lower < weight - 0.3
    assert_kernel_shows(figure, [1, lower, 1])


def test_another_kernel_size_a_step_and_random_weights(addresses, open_page):
    page = open_page(addresses["kernel"])
    figure = alive(page, "kernel")
    figure.get_by_label("x has a step").check()
    assert_kernel_shows(figure, [1, 1, 1], step=True)
    assert figure.get_by_text("x: 0 0 0 0 1 1 1 1, and y:").is_visible()
    size = figure.get_by_label("kernel_size")
    size.focus()
    page.keyboard.press("ArrowUp")
    assert_kernel_shows(figure, [1, 1, 1, 1], step=True)
    for asked, n in (("9", 6), ("1", 2), ("", 2), ("5", 5)):
        size.fill(asked)
        size.press("Enter")
        assert size.input_value() == str(n)
        assert_kernel_shows(figure, [1] * n, step=True)
    figure.get_by_label("x has a step").uncheck()
    for _ in range(5):
        figure.get_by_role("button", name="Random").click()
        assert_kernel_shows(figure, numbers(" ".join(figure.locator("output").all_inner_texts())))


# ------------------------------------------------------------------------------------------ stack


def boxes(figure: Locator, layer: int) -> dict[str, int]:
    names = ("channels", "kernel_size", "stride", "padding")
    return {name: int(figure.get_by_label(f"{name} of layer {layer}").input_value()) for name in names}


def assert_stack_shows(figure: Locator, biases: list[bool]) -> None:
    """The table is torch's, of the layers that the boxes say."""
    channels, size = (int(figure.get_by_label(f"{name} of the input").input_value()) for name in ("channels", "size"))
    layers, into = [], channels
    for i, bias in enumerate(biases, 1):
        given = boxes(figure, i)
        kind = nn.ConvTranspose2d if figure.get_by_label(f"transposed of layer {i}").is_checked() else nn.Conv2d
        layers.append(kind(into, (out := given.pop("channels")), **given, bias=bias, device="meta"))
        into = out
    network = nn.Sequential(*layers)
    rows, fields = cost(network, (channels, size, size)), receptive_fields(network, size)
    texts = figure.locator("td").all_inner_texts()
    assert len(texts) == 4 * len(rows)
    for i, (row, field) in enumerate(zip(rows, fields, strict=True)):
        shape = " × ".join(map(str, row.out_shape))
        assert texts[4 * i : 4 * i + 4] == [shape, f"{row.parameters:,}", f"{row.macs:,}", f"{field} × {field}"]
    parameters, macs = sum(row.parameters for row in rows), sum(row.macs for row in rows)
    assert status(figure) == f"All layers: {parameters:,} parameters, {macs:,} MAC."


def test_every_number_of_a_layer_changes_the_table_by_keyboard(addresses, open_page):
    page = open_page(addresses["stack"])
    figure = alive(page, "stack")
    biases = [True, False, True]
    assert_stack_shows(figure, biases)
    seen = {" ".join(figure.locator("td").all_inner_texts())}
    for name in ("channels", "kernel_size", "stride", "padding"):
        for layer in (1, 2, 3):
            figure.get_by_label(f"{name} of layer {layer}").focus()
            page.keyboard.press("ArrowUp")
            assert_stack_shows(figure, biases)
            seen.add(" ".join(figure.locator("td").all_inner_texts()))
    for name in ("channels", "size"):
        figure.get_by_label(f"{name} of the input").focus()
        for _ in range(5):
            page.keyboard.press("ArrowUp")
        assert_stack_shows(figure, biases)
        seen.add(" ".join(figure.locator("td").all_inner_texts()))
    figure.get_by_label("transposed of layer 2").focus()
    page.keyboard.press(" ")
    assert_stack_shows(figure, biases)
    seen.add(" ".join(figure.locator("td").all_inner_texts()))
    assert len(seen) == 1 + 12 + 2 + 1


def test_layers_are_added_and_taken_away(addresses, open_page):
    page = open_page(addresses["stack"])
    figure = alive(page, "stack")
    count = figure.get_by_label("layers", exact=True)
    count.fill("5")
    count.press("Enter")
    assert boxes(figure, 5) == boxes(figure, 3) == {"channels": 32, "kernel_size": 4, "stride": 2, "padding": 1}
    assert_stack_shows(figure, [True, False, True, True, True])
    count.fill("2")
    count.press("Enter")
    assert figure.locator("tbody").count() == 2
    assert_stack_shows(figure, [True, False])


def test_a_layer_that_torch_refuses_is_named_and_the_others_stay(addresses, open_page):
    page = open_page(addresses["stack"])
    figure = alive(page, "stack")
    size = figure.get_by_label("size of the input")
    size.fill("3")
    size.press("Enter")
    assert status(figure).startswith("Layer 2: A kernel that spans 4 cells does not fit into a padded input of 3")
    assert figure.locator("td").all_inner_texts() == ["32 × 1 × 1", "544", "512", "3 × 3", *["–"] * 8]
    size.fill("4")
    size.press("Enter")
    assert_stack_shows(figure, [True, False, True])


# ------------------------------------------------------------------------------------------ question


def answered(line: str) -> tuple[int, int]:
    """What torch says fits in the place of the question mark, and a number that does not."""
    code, wanted = line.split("  # ")
    fits, other = None, None
    for n in range(60):
        try:
            tried = eval(code.replace("?", str(n)), {"nn": nn, "torch": torch})
        except (RuntimeError, ValueError):
            continue
        right = tuple(tried.shape) == eval(wanted.replace("?", str(n)))
        fits, other = (n if right and fits is None else fits), (n if not right else other)
    return fits, other


def test_questions_are_checked_at_once_with_a_hint(addresses, open_page):
    page = open_page(addresses["question"])
    figure = alive(page, "question")
    box, lines = figure.get_by_label("? ="), set()
    for number in range(12):
        line = figure.locator("code").inner_text()
        lines.add(line)
        assert line.count("?") in (1, 2) and status(figure) == "" and box.input_value() == ""
        fits, other = answered(line)
        box.fill(str(other))
        box.press("Enter")
        assert re.search(r"Hint: output = .*(n − 1|n \+ 2p)", status(figure)) and "Right" not in status(figure)
        box.fill(str(fits))
        if number % 2:
            box.press("Enter")
        else:
            figure.get_by_role("button", name="Check").click()
        assert status(figure).startswith("Right: ")
        figure.get_by_role("button", name="Another question").click()
    assert len(lines) > 8
    box.press("Enter")
    assert status(figure).startswith("Type a whole number")


def test_the_answer_is_shown(addresses, open_page):
    page = open_page(addresses["question"], viewport=PHONE, has_touch=True)
    figure = alive(page, "question")
    for _ in range(6):
        line = figure.locator("code").inner_text()
        figure.get_by_role("button", name="Show the answer").tap()
        shown = status(figure)
        assert shown.startswith("output = ")
        wanted = line.split("# ")[1]
        end = answered(line)[0] if "?" in wanted else eval(wanted)[2]
        assert shown.endswith(f"= {end}")
        figure.get_by_role("button", name="Another question").tap()


# ------------------------------------------------------------------------------------------ from a to b


def assert_walk_shows(figure: Locator, generator, t: float, seed: int) -> None:
    a, b = z_from_seed(seed, n=2)
    ways = [way(a, b, 101)[round(100 * t)] for way in (linear, spherical)]
    with torch.no_grad():
        expected = to_pixels(generator(torch.stack(ways)))[:, 0].int()
    for canvas, name, picture in zip(figure.locator("canvas").all(), ("line", "arc"), expected, strict=True):
        expect(canvas).to_have_attribute("aria-label", f"on the {name}: t = {t:.2f}, a and b from seed {seed}")
        assert (grey(canvas) - picture).abs().max() <= 1
    line, arc = (z.norm().item() for z in ways)
    assert status(figure) == f"|z| = {line:.1f} on the line, {arc:.1f} on the arc; random z have about 10.0."
    assert figure.locator(".gan-marker").get_attribute("x1") == f"{300 * t:.1f}"


def test_the_slider_walks_both_ways_by_keyboard(addresses, open_page, generator):
    page = open_page(addresses["walk"])
    figure = alive(page, "walk")
    assert_walk_shows(figure, generator, 0.5, 3)
    figure.get_by_label("t, how far from a to b").focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    assert_walk_shows(figure, generator, 0.53, 3)
    for key, t in (("Home", 0.0), ("End", 1.0)):
        page.keyboard.press(key)
        assert_walk_shows(figure, generator, t, 3)
        line, arc = (grey(canvas) for canvas in figure.locator("canvas").all())
        assert (line - arc).abs().max() <= 1  # both ways begin at a and end at b


def test_the_chart_shows_how_long_z_is(addresses, open_page):
    figure = alive(open_page(addresses["walk"]), "walk")
    a, b = z_from_seed(3, n=2)
    high = float(re.search(r"from 0 to (\d+)", figure.locator(".gan-curves").inner_text())[1])
    lines = figure.locator("polyline").evaluate_all("all => all.map((line) => line.getAttribute('points'))")
    for line, way in zip(lines, (linear, spherical), strict=True):
        places = torch.tensor([[float(v) for v in place.split(",")] for place in line.split()])
        lengths = way(a, b, 51).norm(dim=1)
        assert (places[:, 0] - 300 * torch.linspace(0, 1, 51)).abs().max() < 0.06
        assert (98 - places[:, 1] - 96 * lengths / high).abs().max() < 0.06


def test_other_ends_and_a_finger(addresses, open_page, generator):
    page = open_page(addresses["walk"], viewport=PHONE, has_touch=True)
    figure = alive(page, "walk")
    box = figure.get_by_label("seed", exact=True)
    box.fill("5")
    box.press("Enter")
    assert_walk_shows(figure, generator, 0.5, 5)
    box.fill("-1")
    box.press("Enter")
    assert "Seed -1 is not possible" in figure.locator("[role=alert]").inner_text()
    figure.get_by_role("button", name="New a and b").tap()
    expect(figure.locator("[role=alert]")).to_have_text("")
    seed = int(box.input_value())
    place = figure.locator("input[type=range]").bounding_box()
    page.touchscreen.tap(place["x"] + 0.2 * place["width"], place["y"] + place["height"] / 2)
    t = float(figure.locator("output").inner_text())
    assert 0 < t < 0.4
    assert_walk_shows(figure, generator, t, seed)


# ------------------------------------------------------------------------------------------ all


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("scheme", "size"), [("light", {"width": 1200, "height": 800}), ("dark", PHONE)])
def test_all_fit_and_satisfy_axe(addresses, open_page, kind, scheme, size):
    page: Page = open_page(addresses[kind], color_scheme=scheme, viewport=size)
    alive(page, kind)
    assert_fits_and_accessible(page)


MOVES = """async ({ label, named, n }) => {
  const range = document.querySelector(`[aria-label="${label}"]`), canvas = document.querySelector("canvas");
  const times = [];
  for (let i = 0; i < n; i++) {
    await new Promise(requestAnimationFrame);
    const painted = new Promise((resolve) => {
      const watcher = new MutationObserver(() => { watcher.disconnect(); resolve(); });
      watcher.observe(canvas, { attributes: true });
    });
    const start = performance.now();
    range.value = +range.min + (((i * 7) % 20) / 20) * (range.max - range.min);
    range.dispatchEvent(new Event("input"));
    if (named) await painted;
    await new Promise((resolve) => setTimeout(resolve));
    times.push(performance.now() - start);
  }
  return times;
}"""


@pytest.mark.parametrize(("kind", "label"), [("kernel", "w[1]"), ("walk", "t, how far from a to b")])
def test_how_long_a_move_takes_is_printed(addresses, open_page, measured, kind, label):
    """The walk's canvas gets a name of its own with each picture; the kernel's is painted in the slider's own event."""
    page = open_page(addresses[kind])
    alive(page, kind)
    times = page.evaluate(MOVES, {"label": label, "named": kind == "walk", "n": 60})
    assert len(times) == 60
    p95 = quantiles(times, n=20)[-1]
    measured.append(f"{kind}, from the slider to the picture: median {median(times):.1f} ms, p95 {p95:.1f} ms")
