"""The style sheet's diet: what pages use stays as it is, what they do not use goes; fonts keep the letters shown."""

from __future__ import annotations

import base64
import io
import re
import shutil
from types import SimpleNamespace

import pytest
from fontTools.ttLib import TTFont

from book._ext.light_styles import FONTS_FIRST, lighten, one_sheet, relinked
from book._ext.light_styles.fonts import letters, with_fonts
from book._ext.light_styles.rules import lighter
from tests.book.test_formulas import STYLE

WORDS = {"here", "top", "data-theme", "dark"}


@pytest.mark.parametrize(
    "css, expected",
    [
        ("p, .here > a:hover { color: red; margin: 0 1px /* ! */ }", "p,.here > a:hover{color: red; margin: 0 1px}\n"),
        (".gone, #top { x: y }", "#top{x: y}\n"),
        (".here.gone { x: y } .here .gone { x: y } #gone a { x: y }", ""),
        (".here:not(.gone) { x: y }", ".here:not(.gone){x: y}\n"),
        ("html[data-theme=dark] a[title='.gone'] { x: y }", 'html[data-theme=dark] a[title=".gone"]{x: y}\n'),
        ("@media print { .here { x: y } .gone { x: y } }", "@media print {\n.here{x: y}\n}\n"),
        ("@media print { .gone { x: y } }", ""),
        ("@keyframes turn { from { x: y } }", "@keyframes turn { from { x: y } }\n"),
        (".bs-tooltip-auto { x: y }", ".bs-tooltip-auto{x: y}\n"),
    ],
)
def test_a_rule_stays_if_the_pages_have_all_that_it_asks_for(css, expected):
    assert lighter(css, WORDS) == expected


def test_a_pages_sheets_become_one_and_addresses_still_lead_there(tmp_path):
    (tmp_path / "styles").mkdir()
    (tmp_path / "base.css").write_text("a { x: y }", encoding="utf-8")
    (tmp_path / "styles" / "theme.css").write_text(
        "@import '../base.css'; .here { x: url('../fonts/a.woff2?v=1') url(\"data:a\") url(#top) }", encoding="utf-8"
    )
    name = one_sheet(("styles/theme.css", "base.css"), tmp_path, WORDS, set())
    expected = (
        '/* styles/theme.css base.css */\na{x: y}\n.here{x: url(fonts/a.woff2) url("data:a") url(#top)}\na{x: y}\n'
    )
    assert (tmp_path / name).read_text(encoding="utf-8") == f'@charset "utf-8";\n{expected}'
    first = '<link rel="stylesheet" href="../_static/theme.css?v=1" />'
    second = '<link href="../_static/b.css" rel="stylesheet">'
    page = relinked(f"<title>t</title>{first}\n{second}<link rel='icon' href='i.svg'>", name)
    assert page.count("stylesheet") == 1 and f'<title>t</title><link rel="stylesheet" href="../_static/{name}">' in page
    assert page.endswith("<link rel='icon' href='i.svg'>")


def drawn(face: str) -> set[str]:
    """The letters that the font inside a @font-face has."""
    font = TTFont(io.BytesIO(base64.b64decode(re.search("base64,([^)]+)", face)[1])))
    return set(map(chr, font.getBestCmap()))


def test_letters_of_formulas_are_those_drawn():
    inside = '<span class="m">a<span>&lt;<svg><path/></svg></span></span>b'
    formula = f'<span class="katex-html" aria-hidden="true">{inside}</span>'
    assert set(letters(f"<p>prose {formula} more prose {formula.replace('b<', 'c<')}</p>")) == set("a<bc")


def test_fonts_come_inside_with_the_letters_shown_and_no_other(tmp_path):
    shutil.copytree(STYLE, tmp_path / "katex")
    css = lighter((tmp_path / "katex" / "katex.min.css").read_text(encoding="utf-8"), {"katex", "mathnormal"})
    css = with_fonts(css + ":root{--font:KaTeX_Size1}", tmp_path / "katex", set("ab"))
    faces = re.findall(r"@font-face\s*{[^}]*}", css)
    assert [re.findall("family:([^;]+)|style:([^;]+)|weight:([^;]+)", face) for face in faces] == [
        [("KaTeX_Main", "", ""), ("", "normal", ""), ("", "", "400")],
        [("KaTeX_Math", "", ""), ("", "italic", ""), ("", "", "400")],
    ]
    assert ".katex .mathnormal" in css and "woff2)" not in css
    assert all(drawn(face) == {"a", "b"} for face in faces)


def test_icons_keep_the_signs_that_rules_name(tmp_path):
    shutil.copytree(STYLE, tmp_path / "katex")
    face = '@font-face{font-family:"Signs";src:url("katex/fonts/KaTeX_Main-Regular.woff2") format("woff2")}'
    css = with_fonts(face + '.here{font-family:Signs;content:"±"}', tmp_path, set("ab"))
    assert drawn(css) == {"±"}


def test_a_later_build_renews_pages_that_were_done_before(tmp_path):
    static, page = tmp_path / "_static", tmp_path / "index.html"
    static.mkdir()
    page.write_text('<link rel="stylesheet" href="_static/a.css"><p class="here">', encoding="utf-8")
    app = SimpleNamespace(outdir=tmp_path, builder=SimpleNamespace(format="html"))
    for value in ("old", "new", "new"):
        (static / "a.css").write_text(f".here {{ x: {value} }}", encoding="utf-8")
        lighten(app, None)
        (sheet,) = static.glob("pages-*.css")
        assert f".here{{x: {value}}}" in sheet.read_text(encoding="utf-8")
        assert page.read_text(encoding="utf-8").count(FONTS_FIRST) == 1 and sheet.name in page.read_text(
            encoding="utf-8"
        )


def test_an_import_that_would_be_lost_is_refused(tmp_path):
    (tmp_path / "a.css").write_text("@import url(b.css) print;", encoding="utf-8")
    with pytest.raises(ValueError, match=r"a\.css imports a sheet in another way"):
        one_sheet(("a.css",), tmp_path, WORDS, set())
