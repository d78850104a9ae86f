"""The latent explorers of the page "Everything you can touch", one of each family of generators."""

from __future__ import annotations

import gzip
import re
import time
from pathlib import Path
from statistics import median, quantiles

import pytest
import torch
from nbconvert import HTMLExporter
from playwright.sync_api import Page, expect

from book._ext.shared_scripts import smaller
from gan_lib import runs, widgets
from gan_lib.data import to_pixels
from gan_lib.show import latent
from gan_lib.show.latent import z_from_seed
from gan_lib.widgets import face
from gan_lib.widgets.export import export
from tests.browser.alone import comes_alive
from tests.browser.conftest import FROM_DISK, PATIENCE
from tests.widgets.test_export_page import tutorial

PAGE = "book/touch.html"
SHOWN = [  # the runs in each explorer, the seed and the label that it starts with
    (["dcgan-fashion"], 3, None),
    (["mlp-fashion", "dcgan-fashion"], 2, None),
    (["cgan-mnist"], 1, 7),
    (["acgan-fashion"], 13, 9),
    (["modern-mnist"], 2, None),
]
EVERY = pytest.mark.parametrize("number", range(len(SHOWN)), ids=["dcgan", "two", "cgan", "acgan", "modern"])

# The grey levels of one canvas, a character each, and those of every view after each of many seeds. As text, because
# a list of numbers takes Playwright longer to bring than all the rest.
HELPERS = """
window.grey = (canvas) => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return String.fromCharCode(...data.filter((_, i) => i % 4 === 0));
};
window.afterSeeds = async (figure, seeds) => {
  const box = figure.querySelector("input[type=number]"), found = [];
  for (const seed of seeds) {
    const said = () => figure.querySelector(".gan-picture").getAttribute("aria-label").includes(`seed ${seed},`);
    box.value = seed;
    box.dispatchEvent(new Event("change"));
    while (!said()) await new Promise((resolve) => figure.addEventListener("drawn", resolve, { once: true }));
    found.push([...figure.querySelectorAll(".gan-picture")].map(grey));
  }
  return found;
};
window.times = [];
let asked = null;
addEventListener("input", () => { asked ??= performance.now(); }, true);
addEventListener("drawn", () => {
  if (asked === null) return;
  const start = asked, channel = new MessageChannel();
  asked = null;
  channel.port1.onmessage = () => times.push(performance.now() - start);
  requestAnimationFrame(() => channel.port2.postMessage(0));
}, true);
"""


@pytest.fixture(scope="module")
def generators():
    return {name: runs.load(name).generator for name in {name for names, *_ in SHOWN for name in names}}


def alive(page: Page, number: int):
    """The explorer, scrolled to and running."""
    figure = page.locator('.gan-widget[data-kind="latent"]').nth(number)
    comes_alive(figure)
    return figure


@pytest.fixture(scope="module")
def page(site, open_shared_page) -> Page:
    page = open_shared_page(f"{site}/{PAGE}")
    page.evaluate(HELPERS)
    return page


def at_start(page: Page, number: int):
    """The explorer as it was when the page opened."""
    figure = alive(page, number)
    _, seed, label = SHOWN[number]
    if label is not None:
        figure.get_by_label("label", exact=True).select_option(str(label))
    figure.get_by_label("seed", exact=True).fill("0")
    figure.evaluate("(figure, seeds) => afterSeeds(figure, seeds)", [seed])
    return figure


@pytest.fixture
def figure(page, number):
    return at_start(page, number)


def pixels(figure, selector: str, nth: int = 0) -> torch.Tensor:
    """The grey levels of a canvas: int (H, W)."""
    canvas = figure.locator(selector).nth(nth)
    height, width = canvas.evaluate("canvas => [canvas.height, canvas.width]")
    return levels(canvas.evaluate("canvas => grey(canvas)")).reshape(height, width)


def levels(text: str) -> torch.Tensor:
    """What grey() returns: int (pixels,)."""
    return torch.tensor([*text.encode("latin-1")])


def moved(figure, k: int, value: float, seed: int) -> torch.Tensor:
    """Set one slider; the z (1, 100) that is then in hand."""
    figure.locator(f'input[data-k="{k}"]').fill(str(value))
    z = z_from_seed(seed)
    z[0, k] = value
    return z


def drawn(generator, z: torch.Tensor, label: int | None) -> torch.Tensor:
    """torch's grey levels of z (1, 100): int (H, W)."""
    with torch.no_grad():
        return to_pixels(generator(z, *latent.labels_like(z, label)))[0, 0].int()


def wait_until_drawn(figure, generator, z, label, selector=".gan-picture", nth=0):
    """Until the canvas shows torch's picture of z, to one grey level."""
    expected, end = drawn(generator, z, label), time.monotonic() + PATIENCE
    while (difference := (pixels(figure, selector, nth) - expected).abs().max()) > 1 and time.monotonic() < end:
        figure.page.wait_for_timeout(40)
    assert difference <= 1


@FROM_DISK
@EVERY
def test_random_z_are_drawn_as_torch_draws_them(figure, number, generators, measured, site):
    names, _, label = SHOWN[number]
    labels = [None] if label is None else range(10) if site.startswith("http") else [label]
    worst = 0
    count = 40 // len(labels) if site.startswith("http") else 10  # from disk the same script draws
    for i, label in enumerate(labels):
        if label is not None:
            figure.get_by_label("label", exact=True).select_option(str(label))
            name = figure.get_by_label("label", exact=True).locator("option").nth(label).inner_text()
            expect(figure.locator(".gan-picture")).to_have_attribute("aria-label", re.compile(f"label {name}$"))
        seeds = list(range(1000 + 100 * i, 1000 + 100 * i + count))
        found = figure.evaluate("(figure, seeds) => afterSeeds(figure, seeds)", seeds)
        for j, name in enumerate(names):
            generator = generators[name]
            z = torch.cat([z_from_seed(seed) for seed in seeds])
            expected = runs.draw(generator, z, *latent.labels_like(z, label))[:, 0].flatten(1).int()
            worst = max(worst, (torch.stack([levels(pictures[j]) for pictures in found]) - expected).abs().max().item())
    measured.append(f"{site[:4]}: {' + '.join(names)}, {count * len(labels)} z: at most {worst} grey levels from torch")
    assert worst <= 1


@EVERY
def test_the_strip_and_the_map_belong_to_the_dimension_in_hand(figure, number, generators):
    names, seed, label = SHOWN[number]
    z = moved(figure, 45, 1, seed)
    for view, name in enumerate(names):
        wait_until_drawn(figure, generators[name], z, label, nth=view)
        for i, value in enumerate((-3.0, 0.0, 3.0)):
            other = z.clone()
            other[0, 45] = value
            wait_until_drawn(figure, generators[name], other, label, ".gan-step", 3 * view + i)
        effect = latent.effect_map(generators[name], 45, z_from_seed(1234, n=16), label)[0]
        caption = figure.locator(".gan-pair p").nth(2 * view)
        expect(caption).to_contain_text("pixels that z[45] moves", timeout=10_000)
        strongest = int(re.search(r"white: (\d+) of 255", caption.inner_text())[1])
        assert abs(strongest - 127.5 * effect.max()) < 2
        # central differences against the derivative itself
        assert (pixels(figure, ".gan-map", view) - 255 * effect / effect.max()).abs().mean() < 2


@EVERY
def test_pin_keeps_a_picture_and_leads_back_to_it(figure, number, generators):
    names, seed, label = SHOWN[number]
    z = moved(figure, 5, 2, seed)
    for view, name in enumerate(names):
        wait_until_drawn(figure, generators[name], z, label, nth=view)
    figure.get_by_role("button", name="Pin", exact=True).click()
    figure.get_by_label("seed", exact=True).fill("77")
    figure.get_by_label("seed", exact=True).press("Enter")
    wait_until_drawn(figure, generators[names[0]], z_from_seed(77), label)
    for view, name in enumerate(names):
        wait_until_drawn(figure, generators[name], z, label, ".gan-pinned", view)
    figure.get_by_role("button", name="Back to the pin").click()
    wait_until_drawn(figure, generators[names[0]], z, label)


def test_a_label_is_chosen_with_the_keyboard(page, generators):
    figure = at_start(page, 3)
    box = figure.get_by_label("label", exact=True)
    assert box.locator("option").all_inner_texts()[9] == "Ankle boot"
    box.focus()
    page.keyboard.press("ArrowUp")
    wait_until_drawn(figure, generators["acgan-fashion"], z_from_seed(13), 8)
    assert "label Bag" in figure.locator(".gan-picture").get_attribute("aria-label")


@FROM_DISK
def test_a_link_reproduces_what_one_sees(page, open_page, generators):
    figure = at_start(page, 2)
    figure.locator('input[data-k="5"]').fill("2.5")
    figure.get_by_label("dimension", exact=True).fill("70")
    figure.get_by_role("button", name="Add slider").click()
    figure.locator('input[data-k="70"]').fill("-1.25")
    figure.get_by_label("label", exact=True).select_option("4")
    figure.get_by_role("button", name="Link").click()
    assert page.url.endswith("#z=seed:1,5:2.5,70:-1.25,label:4,figure:3")
    page.wait_for_timeout(300)
    assert "address of this page now shows this picture" in figure.locator("[role=status]").inner_text()
    other = open_page(page.url)
    other.evaluate(HELPERS)
    again = other.locator('.gan-widget[data-kind="latent"]').nth(2)
    expect(again).to_be_in_viewport(timeout=20_000)  # the link leads there
    expect(again).to_have_attribute("data-alive", "yes", timeout=20_000)
    z = z_from_seed(1)
    z[0, 5], z[0, 70] = 2.5, -1.25
    wait_until_drawn(again, generators["cgan-mnist"], z, 4)
    assert again.locator('input[data-k="70"]').input_value() == "-1.25"


def test_a_link_edited_by_hand_shows_what_it_can_and_names_the_rest(site, open_page, generators):
    page = open_page(f"{site}/{PAGE}#z=seed:8,5:1.5,700:2,label:12,25:huge,<b>,5%,figure:3")
    page.evaluate(HELPERS)
    figure = alive(page, 2)
    z = z_from_seed(8)
    z[0, 5] = 1.5
    wait_until_drawn(figure, generators["cgan-mnist"], z, 7)
    assert (
        "700:2, label:12, 25:huge, <b>, 5%, which is not possible here" in figure.locator("[role=status]").inner_text()
    )


MISSING = {
    "no WebAssembly": "delete window.WebAssembly",
    "no worker": "delete window.Worker",
    "neither": "delete window.WebAssembly; delete window.Worker",
    "what came in 2025": "delete window.Worker; delete window.Float16Array; delete Uint8Array.fromBase64",
    "a worker that dies": "window.Worker = class { postMessage() { setTimeout(() => this.onerror()); } }",
}


@pytest.mark.parametrize(("site", "missing"), [("http", name) for name in MISSING], indirect=["site"])
def test_without_webassembly_or_workers_plain_javascript_draws_the_same(site, browser, missing, generators):
    context = browser.new_context()
    context.add_init_script(MISSING[missing])
    page = context.new_page()
    page.goto(f"{site}/{PAGE}")
    page.evaluate(HELPERS)
    wait_until_drawn(alive(page, 0), generators["dcgan-fashion"], z_from_seed(3), None)
    assert page.evaluate("typeof WebAssembly") == ("undefined" if "WebAssembly" in MISSING[missing] else "object")
    context.close()


@FROM_DISK
def test_weights_are_loaded_once_and_not_before_they_are_seen(site, browser, generators):
    context = browser.new_context(viewport={"width": 1200, "height": 500})
    page, asked = context.new_page(), []
    page.on("request", lambda request: asked.append(request.url) if "/generators/" in request.url else None)
    page.goto(f"{site}/{PAGE}")
    page.wait_for_timeout(300)
    assert len(asked) <= 1  # the first explorer's, at most
    for number in range(len(SHOWN)):
        alive(page, number)
    names = {export(generator).spec.get("name") for generator in generators.values()}
    of_explorers = [address for address in asked if Path(address).stem in names]  # the figure below may be near, too
    assert len(asked) == len(set(asked)) and len(of_explorers) == 4  # the DCGAN serves two, the MLP is in its output
    context.close()


@FROM_DISK
@pytest.mark.parametrize(
    ("body", "said"),
    [
        (None, "its weights are missing or of another version"),
        ('ganFile("NAME", "AAAA', "its weights are damaged"),
        ('ganFile("NAME", "AAAA");', "the weights are cut short"),
    ],
    ids=["missing", "truncated", "short"],
)
def test_bad_weights_are_told_where_the_picture_would_be_and_the_rest_works(site, browser, generators, body, said):
    name = export(generators["dcgan-fashion"]).spec["name"]
    context = browser.new_context()
    if body is None:
        context.route(f"**/{name}.js", lambda route: route.abort())
    else:
        text = body.replace("NAME", name)
        context.route(f"**/{name}.js", lambda route: route.fulfill(body=text, content_type="text/javascript"))
    page = context.new_page()
    page.goto(f"{site}/{PAGE}")
    page.evaluate(HELPERS)
    figure = alive(page, 0)
    assert said in figure.locator("[role=alert]").inner_text()
    assert figure.locator(".gan-poster").is_visible()
    wait_until_drawn(alive(page, 2), generators["cgan-mnist"], z_from_seed(1), 7)
    context.close()


@pytest.mark.parametrize(("site", "number"), [("http", 0), ("http", 1)], indirect=["site"], ids=["dcgan", "two"])
def test_input_to_painted_frame(figure, page, number, measured, site):
    """Printed, not judged: a busy machine must not fail the tests."""
    slider = figure.locator('input[data-k="25"]')
    slider.evaluate("slider => slider.scrollIntoView({ block: 'center' })")
    box = slider.bounding_box()
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 10, y)
    page.mouse.down()
    page.wait_for_timeout(1000)  # strip and map are there
    page.evaluate("times.length = 0")
    for i in range(20):
        page.mouse.move(box["x"] + 10 + i * (box["width"] - 20) / 20, y)
        page.wait_for_timeout(16)
    page.mouse.up()
    times = page.evaluate("times")
    assert len(times) > 5
    measured.append(
        f"{site[:4]}: {' + '.join(SHOWN[number][0])}: input → painted frame, {len(times)} moves: "
        f"median {median(times):.1f} ms, p95 {quantiles(times, n=20)[-1]:.1f} ms"
    )


@pytest.mark.parametrize(("name", "alive_is"), [("03_mlp_gan", "yes"), ("touch", "no")])
def test_an_html_export_of_the_notebook(browser, tmp_path, name, alive_is):
    """The MLP travels in its output; a large generator is told to be missing, and its picture stays."""
    source = Path(__file__).parents[2] / "book" / f"{name}.ipynb"
    (tmp_path / "export.html").write_text(HTMLExporter().from_filename(source)[0], encoding="utf-8")
    context = browser.new_context(offline=True)  # the export's own template asks a CDN for its formulas
    page = context.new_page()
    page.goto((tmp_path / "export.html").as_uri())
    page.evaluate(HELPERS)
    figure = alive(page, 0)
    assert figure.get_attribute("data-alive") == alive_is
    if alive_is == "yes":
        wait_until_drawn(figure, runs.load("mlp-fashion").generator, moved(figure, 25, 2.5, 2), None)
    else:
        assert "its weights lie beside the book's pages" in figure.locator("[role=alert]").inner_text()
        assert figure.locator(".gan-poster").is_visible()
    context.close()


def test_a_readers_own_generator_in_colour_comes_alive_from_its_output_alone(open_page, tmp_path, monkeypatch):
    torch.manual_seed(0)
    network, shown = tutorial(), []
    monkeypatch.setattr(face, "display", lambda output, **how: shown.append(output["text/html"]))
    widgets.explore_latent(network, dims=(3,), seed=4)
    path = tmp_path / "own.html"
    path.write_text(f'<!doctype html><html lang="en"><meta charset="utf-8"><title>own</title>{shown[0]}')
    page = open_page(path.as_uri())
    figure = alive(page, 0)
    figure.locator('input[data-k="3"]').fill("2.5")
    z = z_from_seed(4)
    z[0, 3] = 2.5
    with torch.no_grad():
        expected = to_pixels(network.eval()(z[:, :, None, None]))[0].int()  # (3, 16, 16)
    expect(figure.locator(".gan-picture")).to_have_attribute("aria-label", re.compile(r"z\[3\] = 2.50"))
    found = figure.locator(".gan-picture").evaluate(
        "c => [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]"
    )
    found = torch.tensor(found).reshape(*expected.shape[1:], 4)[..., :3].permute(2, 0, 1)
    assert (found - expected).abs().max() <= 1


def test_the_scripts_are_small(measured):
    scripts, style = (
        len(gzip.compress(text.encode())) for text in (smaller(face.program_of(face.SCRIPTS)), face.style())
    )
    measured.append(f"all widgets together, gzipped: {scripts / 1000:.1f} kB of script, {style / 1000:.1f} kB of style")
    assert scripts < 80_000 and style < 5_000
