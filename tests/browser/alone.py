"""A widget alone on a page of its own, opened from disk."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from gan_lib.widgets import face

PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A widget</title>
<meta name="viewport" content="width=device-width"><style>
:root { color-scheme: light dark }
body { color: CanvasText; background: Canvas; font: 16px/1.5 sans-serif; margin: 8px }
</style></head><body><main><h1>A widget</h1>%s</main></body></html>"""
PHONE = {"width": 360, "height": 740}
# As text: an array of a million numbers would take the browser's wire a minute.
PIXELS = """canvas => {
  const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  let text = "";
  for (let i = 0; i < data.length; i += 8192) text += String.fromCharCode(...data.subarray(i, i + 8192));
  return [canvas.height, canvas.width, text];
}"""


def pages(folder: Path, shows: dict[str, Callable[[], object]]) -> dict[str, str]:
    """name → the address of a page that holds what its function displays, alone."""
    found = {}
    for name, show in shows.items():
        shown = []
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(face, "display", lambda what, shown=shown, **how: shown.append(what["text/html"]))
            show()
        path = folder / f"{name}.html"
        path.write_text(PAGE % shown[0], encoding="utf-8")
        found[name] = path.as_uri()
    return found


def alive(page: Page, kind: str):
    figure = page.locator(f'figure.gan-widget[data-kind="{kind}"]')
    expect(figure).to_have_attribute("data-alive", "yes", timeout=20_000)
    return figure


def comes_alive(figure) -> str:
    """What becomes of a widget that is looked at, "yes" or "no": what comes alive above it may push it out of sight."""

    def settled() -> bool:
        figure.evaluate("node => node.scrollIntoView({ block: 'center' })")
        return figure.get_attribute("data-alive") in ("yes", "no")

    wait_for(settled)
    return figure.get_attribute("data-alive")


def status(figure) -> str:
    return figure.locator("[role=status]").inner_text()


def pixels(canvas) -> torch.Tensor:
    """int (H, W, 4)"""
    height, width, text = canvas.evaluate(PIXELS)
    return torch.tensor([*text.encode("latin-1")]).reshape(height, width, 4)


def grey(canvas) -> torch.Tensor:
    """int (H, W)"""
    return pixels(canvas)[..., 0]


def wait_for(condition, patience: float = 60) -> None:
    end = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def assert_fits_and_accessible(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
    result = Axe().run(page, options={"preload": False, "resultTypes": ["violations"]})
    assert [(v["id"], [n["html"][:160] for n in v["nodes"]]) for v in result.response["violations"]] == []
