"""The built book, a real browser that reaches nothing but this machine, and the figures it measures."""

from __future__ import annotations

import contextlib
import functools
import http.server
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from filelock import FileLock
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.browser.chromium import FLAGS, get

ROOT = Path(__file__).parents[2]
FROM_DISK = pytest.mark.from_disk  # a test of what may differ there: files beside the page, workers, addresses
PATIENCE = 20  # seconds until a picture must be there: the machine may have much else to do
expect.set_options(timeout=1000 * PATIENCE)


def pytest_generate_tests(metafunc):
    """A test of the site goes over http, and, if it is marked, from disk, too."""
    chosen = any("site" in mark.args[0] for mark in metafunc.definition.iter_markers("parametrize"))
    if "site" in metafunc.fixturenames and not chosen:
        too = ["file"] if metafunc.definition.get_closest_marker("from_disk") else []
        metafunc.parametrize("site", ["http", *too], indirect=True, scope="session")


@pytest.fixture(scope="session")
def html(tmp_path_factory) -> Path:
    """The folder of the built pages; a warning fails the build. The first worker that needs it builds it."""
    folder = tmp_path_factory.getbasetemp()
    out = (folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder) / "book"
    jupyter_book = shutil.which("jupyter-book", path=Path(sys.executable).parent)
    command = [jupyter_book, "build", str(ROOT), "--path-output", str(out), "-W", "--keep-going"]
    with FileLock(f"{out}.lock"):
        if not (out / "built").exists():
            result = subprocess.run(command, capture_output=True, text=True, check=False)
            assert result.returncode == 0, result.stderr[-3000:]
            (out / "built").touch()
    return out / "_build" / "html"


@pytest.fixture(scope="session")
def served(html) -> Iterator[str]:
    """The address of the built pages on a small server."""
    handler = functools.partial(QuietHandler, directory=html)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.fixture(scope="session")
def site(request, html, served) -> str:
    """The address of the built pages: from a small server, and straight from disk (`pytest_generate_tests`)."""
    return served if request.param == "http" else html.as_uri()


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = get()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser) -> Iterator[Callable[..., Page]]:
    """A function address → page. Anything from outside is refused; at the end there must have been no such
    request and no error in the console."""
    with opener(browser) as open_page:
        yield open_page


@pytest.fixture(scope="module")
def open_shared_page(browser) -> Iterator[Callable[..., Page]]:
    """The same for a page that several tests use: loading one takes longer than most tests."""
    with opener(browser) as open_page:
        yield open_page


@contextlib.contextmanager
def opener(browser) -> Iterator[Callable[..., Page]]:
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def refuse_others(route):
        url = urlsplit(route.request.url)
        if url.hostname in (None, "127.0.0.1", "localhost"):
            route.continue_()
        else:
            complaints.append(f"external request: {route.request.url}")
            route.abort()

    def open_page(address: str, **options) -> Page:
        context = browser.new_context(**options)
        context.set_default_timeout(120_000)  # half a minute is too little for a machine with much else to do
        contexts.append(context)
        context.route(lambda url: True, refuse_others)
        page = context.new_page()
        page.on("console", lambda m: complaints.append(f"console: {m.text}") if m.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(f"error: {error}"))
        page.goto(address)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not complaints, "\n".join(complaints)


@pytest.fixture
def measured(request) -> Iterator[list[str]]:
    """Lines put here are printed at the end of the tests."""
    lines: list[str] = []
    yield lines
    request.node.user_properties += [("measured", line) for line in lines]
