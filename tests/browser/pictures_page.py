"""The figure that trains on pictures, on a page of its own straight from disk; and what it is measured by.

python -m tests.browser.pictures_page             every mistake and its symptom, the rate beside torch's, the
                                                  Fréchet distance after a minute, the memory over 5,000 updates
python -m tests.browser.pictures_page symptoms    one of them: symptoms, rate, distance, memory
"""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

import pytest
import torch
from playwright.sync_api import Page, expect, sync_playwright
from safetensors.torch import load_file

from gan_lib import data, widgets
from gan_lib.data import ImageSet
from gan_lib.networks.mlp import MLPGenerator
from gan_lib.training import train
from gan_lib.training.state import State
from gan_lib.widgets import face, pictures
from tests.browser.chromium import FLAGS, get

PAGE = """<!doctype html><html lang="en" data-content_root="../"><head><meta charset="utf-8"><title>Pictures</title>
<meta name="viewport" content="width=device-width"><style>
:root { color-scheme: light dark }
body { color: CanvasText; background: Canvas; font: 16px/1.5 sans-serif; margin: 8px }
</style></head><body><main><h1>Pictures</h1>%s</main></body></html>"""
LONGEST = 40  # seconds until a symptom must have been seen, on a busy machine


@cache
def output() -> str:
    """What the widget displays on a page of the book."""
    shown = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GAN_LIB_STATIC", "1")
        patch.setattr(face, "display", lambda what, **how: shown.append(what["text/html"]))
        widgets.train_pictures()
    return shown[0]


def written(folder: Path, images: ImageSet) -> Path:
    """A page of the book with the figure alone, and the file of pictures beside it: the page's path."""
    path, beside = folder / "book" / "page.html", folder / "_static" / "figures" / f"{pictures.FILE}.js"
    path.parent.mkdir(parents=True)
    beside.parent.mkdir(parents=True)
    path.write_text(PAGE % output(), encoding="utf-8")
    beside.write_text(f'ganFile("{pictures.FILE}", {json.dumps(pictures.packed(images))});\n', encoding="utf-8")
    return path


def alive(page: Page):
    """The figure, once it has come alive."""
    figure = page.locator('.gan-widget[data-kind="pictures"]')
    expect(figure).to_have_attribute("data-alive", "yes", timeout=LONGEST * 1000)
    return figure


def press(figure, name: str) -> None:
    figure.get_by_role("button", name=name, exact=True).click()


def status(figure) -> str:
    return figure.locator("[role=status]").first.inner_text()


def updates(figure) -> int:
    """How many there were."""
    found = re.match(r"([\d,]+) updates?\b", status(figure))
    return int(found[1].replace(",", "")) if found else 0


def saved(figure, folder: Path) -> Path:
    """The generator as the page saves it."""
    with figure.page.expect_download() as download:
        press(figure, "Save this generator")
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path


def loaded(path: Path) -> MLPGenerator:
    generator = MLPGenerator()
    generator.load_state_dict(load_file(path))
    return generator.eval()


# ------------------------------------------------------------------------------------------------ by hand


def symptoms(figure) -> None:
    """Each mistake, until its symptom is seen."""
    for value in figure.locator("select option").evaluate_all("options => options.map(o => o.value).filter(Boolean)"):
        figure.get_by_label("mistake").select_option(value)
        start = time.monotonic()
        press(figure, "Train")
        while "✓ Seen" not in status(figure) and time.monotonic() < start + LONGEST:
            figure.page.wait_for_timeout(100)
        seconds, told = time.monotonic() - start, status(figure).splitlines()
        print(f"{value:15} {seconds:5.1f} s  {told[-1]}   ({told[0]})", flush=True)
        if figure.get_by_role("button", name="Pause", exact=True).count():
            press(figure, "Pause")
    figure.get_by_label("mistake").select_option("")


def rate(figure, images: ImageSet) -> None:
    """The page's updates a second and torch's, by turns."""
    torch.set_num_threads(1)
    for _ in range(3):
        press(figure, "Train")
        while not updates(figure):
            figure.page.wait_for_timeout(50)
        start, before = time.monotonic(), updates(figure)
        figure.page.wait_for_timeout(8000)
        here = (updates(figure) - before) / (time.monotonic() - start)
        press(figure, "Pause")
        state, steps = State(pictures.RECIPE, len(images.pixels)), 300
        train(state, images, steps=20, show_progress=False)
        start = time.monotonic()
        train(state, images, steps=20 + steps, show_progress=False)
        there = steps / (time.monotonic() - start)
        print(f"updates a second: {here:.0f} in the page, {there:.0f} in torch: {here / there:.0%}", flush=True)


def distance(figure, folder: Path) -> None:
    """The Fréchet distance before the first update and after a minute."""
    from gan_lib.scores.metrics import frechet_distance

    press(figure, "Start again")
    press(figure, "Train")
    figure.page.wait_for_timeout(60_000)
    press(figure, "Pause")
    first = frechet_distance(pictures.RECIPE.build()[0])
    now = frechet_distance(loaded(saved(figure, folder)))
    print(f"Fréchet distance {first:.0f} → {now:.0f} ({now / first:.0%}) after {updates(figure):,} updates in 60 s")


def memory(figure) -> None:
    """The page's heap, and what all its processes hold, over 5,000 updates."""
    page = figure.page
    devtools = page.context.new_cdp_session(page)
    devtools.send("Performance.enable")
    press(figure, "Start again")
    press(figure, "Train")
    for wanted in (500, 1000, 2000, 3000, 4000, 5000):
        while updates(figure) < wanted:
            page.wait_for_timeout(200)
        devtools.send("HeapProfiler.collectGarbage")
        metrics = {m["name"]: m["value"] for m in devtools.send("Performance.getMetrics")["metrics"]}
        print(
            f"{updates(figure):6,} updates: heap {metrics['JSHeapUsedSize'] / 1e6:.1f} MB, "
            f"renderer {renderer() / 1e6:.0f} MB, {metrics['Nodes']:.0f} nodes",
            flush=True,
        )
    press(figure, "Pause")


def renderer() -> int:
    """Bytes of memory of the browser's largest renderer process (Linux)."""
    sizes = [0]
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if "--type=renderer" in (process / "cmdline").read_text() and os.getpid() in ancestors(process):
                sizes.append(4096 * int((process / "statm").read_text().split()[1]))
    return max(sizes)


def ancestors(process: Path) -> Iterator[int]:
    while (parent := int((process / "stat").read_text().rpartition(")")[2].split()[1])) > 1:
        yield parent
        process = Path("/proc") / str(parent)


def main(asked: list[str]) -> None:
    images = data.load("fashion-mnist")
    images = ImageSet(images.name, images.pixels[: pictures.MOST])
    with tempfile.TemporaryDirectory() as name, opened(written(Path(name), images)) as figure:
        print(f"{images}")
        for what in asked or ["symptoms", "rate", "distance", "memory"]:
            {
                "symptoms": lambda: symptoms(figure),
                "rate": lambda: rate(figure, images),
                "distance": lambda: distance(figure, Path(name)),
                "memory": lambda: memory(figure),
            }[what]()


@contextmanager
def opened(path: Path):
    executable = get()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        page = browser.new_page(accept_downloads=True)
        page.goto(path.as_uri())
        yield alive(page)
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1:])
