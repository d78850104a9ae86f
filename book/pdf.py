"""The whole book as one PDF: `make pdf`, or `python -m book.pdf` once the pages are built.

Sphinx's builders of a single page cannot take hidden cells. So the built pages are joined here, and a browser prints.
"""

from __future__ import annotations

from pathlib import Path

import yaml
from bs4 import BeautifulSoup, Tag
from playwright.sync_api import Browser, sync_playwright

from tests.browser.chromium import FLAGS, get

ROOT = Path(__file__).parents[1]
HTML = ROOT / "_build" / "html"
OUT = ROOT / "_build" / "gan-book.pdf"
ON_PAPER = """
article > section { break-before: page; }
article > section:first-child { break-before: auto; }
article h1 { display: block !important; } /* the theme prints the title of one page elsewhere */
.bd-main .bd-content .bd-article-container .bd-article { padding: 0; }
"""
FRAME = (
    '<main class="bd-main"><div class="bd-content"><div class="bd-article-container">'
    '<article class="bd-article"></article></div></div></main>'
)
MARGIN = {"top": "15mm", "bottom": "18mm", "left": "15mm", "right": "15mm"}
FOOT = '<p style="width: 100%; font-size: 8px; text-align: center"><span class="pageNumber"></span></p>'


def contents() -> list[str]:
    """The pages in their order: "book/index", …"""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    return [toc["root"], *(entry["file"] for part in toc["parts"] for entry in part["chapters"])]


def one_page(folder: Path, names: list[str]) -> BeautifulSoup:
    """The articles of these pages as one page beside them; ids and links between them carry the page's name."""
    articles = {name: soup(folder / f"{name}.html").article for name in names}
    whole = soup(folder / "index.html")
    whole.html["data-theme"] = "light"
    whole.title.string = whole.h1.get_text().rstrip("#")
    for script in whole("script"):
        script.decompose()
    whole.head.append(BeautifulSoup(f"<style>{ON_PAPER}</style>", "html.parser"))
    whole.body.clear()
    whole.body.append(BeautifulSoup(FRAME, "html.parser"))
    for name, article in articles.items():
        settle(article, name, articles)
        article.name, article["id"] = "section", name
        whole.article.append(article)
    return whole


def settle(article: Tag, name: str, articles: dict[str, Tag]) -> None:
    """Make an article a part of the whole, in place; on paper nothing is folded, waits or is alive."""
    for script in article("script"):
        script.decompose()
    for node in article.find_all(id=True):
        node["id"] = f"{name}.{node['id']}"
    for folded in article("details"):
        folded["open"] = ""
    for picture in article("img"):
        picture.attrs.pop("loading", None)
    for link in article("a", href=True):
        page, _, place = link["href"].partition("#")
        if "://" in page:
            continue
        other = page.removesuffix(".html") or name
        if other in articles and "=" not in place:
            link["href"] = f"#{other}.{place}" if place else f"#{other}"
        else:
            link.unwrap()  # to the index of names, which is not printed, or to a state of a living figure


def soup(page: Path) -> BeautifulSoup:
    """The page's tree."""
    return BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")


def write(browser: Browser, folder: Path, names: list[str], out: Path) -> None:
    """Print these pages of the built book to `out`, with bookmarks and page numbers."""
    page_file = folder / "all-pages.html"  # beside the pages, so that pictures and style are found
    page_file.write_text(str(one_page(folder, names)), encoding="utf-8")
    try:
        page = browser.new_page()
        page.goto(page_file.as_uri(), timeout=120_000)
        page.evaluate("document.fonts.ready.then(() => true)")
        marks = {"outline": True, "tagged": True}  # the first needs the second
        foot = {"display_header_footer": True, "header_template": "<p></p>", "footer_template": FOOT}
        page.pdf(path=out, format="A4", scale=0.75, margin=MARGIN, print_background=True, **foot, **marks)
        page.close()
    finally:
        page_file.unlink()


def main() -> None:
    """The whole book, to `OUT`."""
    chromium = get()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        write(browser, HTML / "book", [Path(page).name for page in contents()], OUT)
        browser.close()
    print(f"{OUT}: {OUT.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
