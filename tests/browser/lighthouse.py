"""What Lighthouse says of every built page: `make lighthouse`. Needs Node.js, whose npx fetches it once."""

from __future__ import annotations

import contextlib
import functools
import gzip
import http.server
import json
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

from book.pdf import HTML, contents
from tests.browser.chromium import FLAGS, get

LIGHTHOUSE = ["npx", "--yes", "lighthouse@12"]
CATEGORIES = "performance,accessibility,best-practices"
PAGES = [*contents(), "genindex", "search"]
SIGNS = {  # of one load, as Lighthouse names them
    "FCP": "first-contentful-paint",
    "LCP": "largest-contentful-paint",
    "TBT": "total-blocking-time",
    "CLS": "cumulative-layout-shift",
    "bytes": "total-byte-weight",
}


class Host(http.server.SimpleHTTPRequestHandler):
    """Serves a folder as usual web hosts do: texts compressed, connections kept."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        path = Path(self.translate_path(self.path))
        if not path.is_file():
            return self.send_error(404)
        kind, content = self.guess_type(path), path.read_bytes()
        self.send_response(200)
        if kind.startswith(("text/", "application/json", "image/svg")) or "javascript" in kind:
            content = gzip.compress(content)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Type", f"{kind}; charset=utf-8" if kind.startswith("text/") else kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        with contextlib.suppress(ConnectionError):  # Lighthouse leaves as soon as it has seen enough
            self.wfile.write(content)

    def log_message(self, *args):
        pass


def judged(address: str, preset: str) -> dict:
    """Lighthouse's report on one page; preset "desktop", or "mobile": a slow phone and network, both simulated."""
    asked = ["--quiet", "--output=json"] + (["--preset=desktop"] if preset == "desktop" else [])
    asked += [f"--only-categories={CATEGORIES}", f"--chrome-flags={' '.join(FLAGS)} --headless=new"]
    environment = os.environ | {"CHROME_PATH": str(get())}
    done = subprocess.run([*LIGHTHOUSE, address, *asked], capture_output=True, text=True, env=environment, check=True)
    return json.loads(done.stdout)


def main(presets: list[str]) -> None:
    """A table of all pages."""
    if not shutil.which("npx"):
        sys.exit("There is no npx here; install Node.js, which brings it.")
    handler = functools.partial(Host, directory=HTML)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"{'':34}performance  accessibility  best practices  {'  '.join(SIGNS)}")
    for preset in presets or ["desktop"]:
        for name in PAGES:
            report = judged(f"http://127.0.0.1:{server.server_address[1]}/{name}.html", preset)
            scores = [f"{100 * category['score']:.0f}" for category in report["categories"].values()]
            signs = [report["audits"][audit].get("displayValue", "") for audit in SIGNS.values()]
            row = f"{Path(name).name:26}{preset:8}{scores[0]:>11}{scores[1]:>15}{scores[2]:>16}"
            print(row, *signs, sep="  ", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
