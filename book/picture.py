"""The README's moving picture: the first page's explorer, its sliders moved by a browser. `python -m book.picture`"""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from tests.browser.chromium import FLAGS, get

BOOK = Path(__file__).parent
PAGE = BOOK.parent / "_build" / "html" / "book" / "index.html"
OUT = BOOK / "_static" / "explorer.gif"
WAY = [0, 1, 2, 3, 2, 1, 0, -1, -2, -3, -2, -1, 0]
LABELS = ("Dress", "Bag", "Ankle boot")


def moments(page: Page) -> list[Image.Image]:
    """Screenshots while two sliders go to and fro, then while the label changes."""
    figure = page.locator('[data-kind="latent"] .gan-body')
    shots = []

    def shoot() -> None:
        page.wait_for_timeout(300)  # strip and map follow
        shots.append(Image.open(io.BytesIO(figure.screenshot())).convert("L"))

    for slider in page.locator(".gan-sliders input").all()[:2]:
        for value in WAY:
            slider.fill(str(value))
            shoot()
    for label in LABELS:
        page.get_by_label("label", exact=True).select_option(label=label)
        shoot()
        shots += shots[-1:] * 2  # three moments long
    return shots


def main() -> None:
    """Write the picture; needs the built pages."""
    chromium = get()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 900}, color_scheme="light")
        page.goto(PAGE.as_uri())
        page.wait_for_selector('[data-kind="latent"][data-alive="yes"]')
        first, *others = moments(page)
        browser.close()
    first.save(OUT, save_all=True, append_images=others, duration=300, loop=0, optimize=True)
    print(f"{OUT}: {len(others) + 1} moments, {OUT.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
