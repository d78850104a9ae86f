"""Find a Chromium, or get one: `python tests/browser/chromium.py` prints the path that the tests will use."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

# The first is Chromium without a window, what Playwright, too, takes for tests: a sixth less work for the processor.
NAMES = (
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "msedge",
)
MAC = ("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",)
# Quiet: no first-run page, no updates, no look-ups; no-sandbox because containers run tests as root.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
INSTALLERS = {
    "apt-get": "apt-get update -qq && apt-get install -y -qq chromium-headless-shell || apt-get install -y chromium",
    "dnf": "dnf install -y chromium",
    "pacman": "pacman -S --noconfirm chromium",
    "apk": "apk add chromium",
    "brew": "brew install --cask chromium",
}


def find() -> str | None:
    """The browser of $CHROMIUM, of the PATH, or of Playwright's own download, in that order."""
    given = os.environ.get("CHROMIUM")
    if given and not Path(given).exists():
        sys.exit(f"CHROMIUM is {given}, which does not exist; give the path of a Chromium or Chrome.")
    with sync_playwright() as playwright:
        candidates = [given, *map(shutil.which, NAMES), *MAC, playwright.chromium.executable_path]
    return next((path for path in candidates if path and Path(path).exists()), None)


def get() -> str:
    """`find`, else Playwright's download, else the system's package manager. One sentence says what is tried, one more
    if all of it fails."""
    if found := find():
        return found
    managers = [manager for manager in INSTALLERS if shutil.which(manager)]
    tried = ", then ".join(["Playwright's own download", *(f"{manager}'s package" for manager in managers)])
    print(f"No Chromium was found on this machine; trying {tried}, which can take some minutes.", flush=True)
    sudo = ["sudo"] if getattr(os, "geteuid", int)() != 0 and shutil.which("sudo") else []
    commands = [[sys.executable, "-m", "playwright", "install", "chromium"]]
    commands += [[*(sudo if manager != "brew" else []), "/bin/sh", "-c", INSTALLERS[manager]] for manager in managers]
    for command in commands:
        subprocess.run(command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if found := find():
            return found
    sys.exit("No Chromium could be installed; install one yourself and set CHROMIUM to its path.")


if __name__ == "__main__":
    print(f"browser: {get()}")
