"""The book as one PDF: `make pdf`. Sphinx makes one page of all pages, and a browser prints it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser.chromium import FLAGS, get

ROOT = Path(__file__).parents[1]
PAPER = {"format": "A4", "margin": dict.fromkeys(("top", "bottom", "left", "right"), "16mm")}
NUMBERS = '<p style="width: 100%; font-size: 8px; text-align: center"><span class="pageNumber"></span></p>'
STILL = "IntersectionObserver = class { observe() {} unobserve() {} disconnect() {} };"  # figures stay pictures


def one_page() -> Path:
    """All pages as one, in `_build/singlehtml`."""
    command = [Path(sys.executable).with_name("jupyter-book"), "build", ROOT, "-W", "--keep-going"]
    subprocess.run([*command, "--builder", "custom", "--custom-builder", "singlehtml"], check=True)
    return ROOT / "_build" / "singlehtml" / "index.html"


def print_page(page: Path, out: Path) -> None:
    """HTML → PDF, with bookmarks; everything folded is opened."""
    chromium = get()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        tab = browser.new_page()
        tab.set_default_timeout(300_000)
        tab.add_init_script(STILL)
        tab.emulate_media(media="print", color_scheme="light")
        tab.goto(page.as_uri())
        tab.wait_for_function("window.MathJax?.startup?.promise")
        tab.evaluate("() => MathJax.startup.promise.then(() => null)")
        tab.evaluate("() => document.querySelectorAll('details').forEach((part) => { part.open = true; })")
        tab.pdf(
            path=out, **PAPER, outline=True, tagged=True, display_header_footer=True,
            header_template="<span></span>", footer_template=NUMBERS,
        )  # fmt: skip
        browser.close()


if __name__ == "__main__":
    book = ROOT / "_build" / "book.pdf"
    print_page(one_page(), book)
    print(f"{book}: {book.stat().st_size / 1e6:.1f} MB")
