"""What `.github/workflows/publish.yml` does: `python -m book.publish check`, and `python -m book.publish zip`.

Until `_config.yml` has an address of the repository there is nowhere to publish: the workflow says so, and ends well.
It needs nothing but Python, so that the first step has nothing to install.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

ROOT = Path(__file__).parents[1]
HTML = ROOT / "_build" / "html"
ZIP = ROOT / "_build" / "gan-book.zip"
URL = re.compile(r"^repository:\n  url: *[\"']?([^\"'#\s]*)", re.M)
NOWHERE = (
    "Not published: _config.yml has no address of the repository. Write https://github.com/OWNER/NAME into "
    "`repository: url:`, choose GitHub Actions under Settings → Pages, and push."
)
NOT_BUILT = "There are no pages in {}; run `make book` first."


def address(config: str) -> str:
    """The repository's address in the text of `_config.yml`; "" for none."""
    found = URL.search(config)
    return found[1] if found else ""


def check(config: str) -> str:
    """What the workflow's first step says; its other jobs read `online=true` or `online=false`."""
    to = address(config)
    answers = os.environ.get("GITHUB_OUTPUT")  # a file, on GitHub's machines
    if answers:
        with Path(answers).open("a", encoding="utf-8") as file:
            file.write(f"online={'true' if to else 'false'}\n")
    return f"The book of {to} is built and put online." if to else f"::notice::{NOWHERE}"


def pack(html: Path, out: Path) -> Path:
    """The built pages as one file, to be unpacked and read from disk: gan-book/index.html leads in.

    SystemExit: there are no pages.
    """
    if not (html / "index.html").exists():
        raise SystemExit(NOT_BUILT.format(html))
    part = out.with_suffix(".part")
    with ZipFile(part, "w", ZIP_DEFLATED) as archive:
        for path in sorted(path for path in html.rglob("*") if path.is_file()):
            archive.write(path, Path(out.stem) / path.relative_to(html))
    return part.replace(out)


def main(arguments: list[str]) -> None:
    """One of the workflow's two steps."""
    if arguments == ["check"]:
        print(check((ROOT / "_config.yml").read_text(encoding="utf-8")))
    elif arguments == ["zip"]:
        packed = pack(HTML, ZIP)
        print(f"{packed}: {packed.stat().st_size / 1e6:.1f} MB")
    else:
        raise SystemExit("usage: python -m book.publish check|zip")


if __name__ == "__main__":
    main(sys.argv[1:])
