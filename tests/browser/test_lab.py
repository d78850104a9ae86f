"""The live face in a real JupyterLab: run the cell, move the slider, the image changes."""

from __future__ import annotations

import contextlib
import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from statistics import median, quantiles

import nbformat
import pytest
from playwright.sync_api import Page, TimeoutError, expect

CODE = """from gan_lib import data, recipes, training
from gan_lib.training.state import State
from gan_lib.widgets import explore_latent
import dataclasses, torch

# a generator trained a moment ago, in this notebook
recipe = dataclasses.replace(recipes.recipe("mlp-fashion"), batch_size=16)
pixels = torch.randint(0, 255, (64, 1, 28, 28), dtype=torch.uint8)
state = State(recipe, 64)
training.train(state, data.ImageSet("noise", pixels, torch.arange(64) % 10, ()), steps=20, show_progress=False)
explore_latent(state.generator)"""

PICKY = """import matplotlib.pyplot as plt
from gan_lib.widgets import explore

def figure(mu):
    if mu > 1:
        raise ValueError("mu is too large for this figure")
    drawn, axis = plt.subplots(figsize=(3, 2))
    axis.plot([0, 1], [0, mu])
    return drawn

explore(figure, "a line", mu=(0, 1, 2))"""

PLAY = "from gan_lib.widgets import play_arithmetic\nplay_arithmetic(size=5)"

TRAIN = """from gan_lib import data
from gan_lib.widgets import be_the_discriminator, show_graph, train_pictures, train_plane
import torch

be_the_discriminator()
show_graph()
train_plane()
train_pictures(data.ImageSet("mine", torch.randint(0, 255, (64, 1, 28, 28), dtype=torch.uint8)))"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """The address of a JupyterLab whose only notebook has four cells."""
    tmp_path = tmp_path_factory.mktemp("lab")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    cells = [nbformat.v4.new_code_cell(code) for code in (CODE, PICKY, PLAY, TRAIN)]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), tmp_path / "explore.ipynb")
    settings = tmp_path / "config"
    settings.mkdir()
    (settings / "jupyter_server_config.json").write_text(
        json.dumps({"ServerApp": {"token": "", "password": "", "disable_check_xsrf": True}})
    )
    command = [
        sys.executable,
        "-m",
        "jupyterlab",
        "--no-browser",
        "--allow-root",
        f"--port={port}",
        f"--notebook-dir={tmp_path}",
    ]
    private = os.environ | {"JUPYTER_CONFIG_DIR": str(settings), "JUPYTER_DATA_DIR": str(tmp_path / "data")}
    del private["GAN_LIB_STATIC"]  # the kernel shows the live face
    log = (tmp_path / "lab.log").open("w")
    server = subprocess.Popen(command, env=private, stdout=log, stderr=log)
    try:
        address = f"http://127.0.0.1:{port}"
        wait_for(f"{address}/api", server)
        yield address
    finally:
        server.terminate()
        server.wait(20)
        log.close()


def wait_for(url: str, server: subprocess.Popen, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end and server.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=2)
            return
        except OSError:
            time.sleep(0.2)
    raise AssertionError(f"JupyterLab did not answer within {seconds} s")


def run_cell(page: Page, number: int):
    """Run a cell by keyboard, once more if JupyterLab, still starting, did not listen; returns the cell."""
    cell = page.locator(".jp-Notebook .jp-CodeCell").nth(number)
    asked = cell.locator(".jp-InputPrompt", has_text=re.compile(r"\[(\*|\d+)\]"))
    for _ in range(3):
        page.keyboard.press("Escape")  # out of the cell before
        cell.click(timeout=60_000)
        page.wait_for_selector('.jp-Notebook-ExecutionIndicator[data-status="idle"]', timeout=60_000)
        page.keyboard.press("Shift+Enter")
        with contextlib.suppress(TimeoutError):
            asked.wait_for(timeout=10_000)
            break
    return cell


def test_the_sliders_move_a_live_network_and_a_callbacks_error_is_seen(lab, open_page, measured):
    page = open_page(f"{lab}/lab/tree/explore.ipynb")
    run_cell(page, 0)
    picture = page.locator(".widget-image").first
    picture.wait_for(timeout=60_000)
    before = picture.get_attribute("src")
    page.evaluate(
        """() => {
          window.changes = [];
          new MutationObserver(() => changes.push(performance.now()))
            .observe(document.querySelector('.widget-image'), { attributes: true, attributeFilter: ['src'] });
          addEventListener('keydown', () => { window.pressed = performance.now(); }, true);
        }"""
    )
    page.locator(".noUi-handle").nth(1).focus()
    times = []
    for i in range(40):
        page.keyboard.press("ArrowRight" if i < 20 else "ArrowLeft")
        page.wait_for_function("window.changes.length && window.changes.at(-1) > window.pressed", timeout=5_000)
        times.append(page.evaluate("window.changes[0] - window.pressed"))
        page.evaluate("window.changes = []")
    assert picture.get_attribute("src") != before
    measured.append(
        f"JupyterLab: slider → new image, {len(times)} moves: "
        f"median {median(times):.0f} ms, p95 {quantiles(times, n=20)[-1]:.0f} ms"
    )

    handle = run_cell(page, 1).locator(".noUi-handle")
    handle.wait_for(timeout=60_000)
    handle.focus()
    page.keyboard.press("ArrowRight")
    page.get_by_text("ValueError: mu is too large for this figure").wait_for(timeout=20_000)
    page.keyboard.press("ArrowLeft")
    page.get_by_text("ValueError: mu is too large for this figure").wait_for(state="detached", timeout=20_000)

    run_cell(page, 2)
    play = page.locator('.gan-widget[data-kind="arithmetic"]')
    play.wait_for(timeout=60_000)
    play.scroll_into_view_if_needed()
    play.get_by_label("stride").focus()
    page.keyboard.press("ArrowRight")  # and not JupyterLab's "next cell"
    play.get_by_text("# (1, 1, 2, 2)").wait_for(timeout=20_000)


def test_what_trains_in_the_page_trains_there(lab, open_page):
    page = open_page(f"{lab}/lab/tree/explore.ipynb")
    run_cell(page, 3)
    for kind in ("be-d", "graph", "plane", "pictures"):
        figure = page.locator(f'.gan-widget[data-kind="{kind}"]')
        figure.wait_for(timeout=60_000)
        figure.scroll_into_view_if_needed()
        expect(figure).to_have_attribute("data-alive", "yes", timeout=20_000)
        stands = figure.get_by_role("status").first
        before = stands.inner_text()
        figure.get_by_role("button", name="Train", exact=True).click()
        expect(stands).not_to_have_text(before, timeout=20_000)
