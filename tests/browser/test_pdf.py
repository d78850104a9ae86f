"""The book as a PDF: of the whole, the page that is printed; of two chapters, the print."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pypdf

from book import pdf

NAMES = [Path(page).name for page in pdf.contents()]


def test_every_page_is_there_in_order_unfolded_and_every_link_and_picture_leads_somewhere(html):
    whole = pdf.one_page(html / "book", NAMES).article
    assert [section["id"] for section in whole.find_all("section", recursive=False)] == NAMES
    assert len(whole("h1")) == len(NAMES)
    assert whole("details") and all(folded.has_attr("open") for folded in whole("details"))
    assert not whole("script")
    ids = Counter(node["id"] for node in whole.find_all(id=True))
    for link in whole("a", href=True):
        assert link["href"].startswith("https://") or ids[link["href"][1:]] == 1, link
    for picture in whole("img"):
        assert (html / "book" / picture["src"]).is_file()


def test_the_print_has_bookmarks_and_formulas(browser, html, tmp_path):
    pdf.write(browser, html / "book", ["01_theory", "notation"], tmp_path / "two.pdf")
    book = pypdf.PdfReader(tmp_path / "two.pdf")
    outline = [entry.title for entry in book.outline if not isinstance(entry, list)]
    assert outline == ["1. The theory of the game", "Notation"]
    text = "".join(page.extract_text() for page in book.pages)
    assert "Exercise 1.1" in text and "Solution to" in text
    assert "\\frac" not in text
    fonts = {str(font["/BaseFont"]) for page in book.pages for font in page["/Resources"]["/Font"].values()}
    assert any("KaTeX_Math" in font for font in fonts), fonts
    assert not list((html / "book").glob("all-pages*"))
