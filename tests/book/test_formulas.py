"""Formulas set at build time: nothing that KaTeX cannot set passes in silence, and no line begins with a full stop."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from bs4 import BeautifulSoup
from docutils import nodes

from book._ext import formulas
from book._ext.formulas import KATEX, breakable, hold_punctuation, typeset

STYLE = Path(__file__).parents[2] / "book" / "_static" / "katex"


def test_script_and_style_are_of_one_release_and_every_letter_is_there():
    style = (STYLE / "katex.min.css").read_text(encoding="utf-8")
    (version,) = re.findall(r'version:after\{content:"([\d.]+)"', style)
    assert f'"{version}"' in KATEX.read_text(encoding="utf-8")
    assert set(re.findall(r"url\(([^)]+woff2)\)", style)) == {
        f"fonts/{path.name}" for path in (STYLE / "fonts").iterdir()
    }


def test_a_formula_is_drawn_and_can_be_read_aloud():
    drawn = typeset(r"\frac{a}{b}")
    assert "<mfrac><mi>a</mi><mi>b</mi></mfrac>" in drawn and 'class="katex-html" aria-hidden="true"' in drawn
    assert "katex-display" in typeset("a", display=True) and "katex-display" not in drawn


@pytest.mark.parametrize("latex", [r"\frc{a}{b}", r"\frac{a", "a_b_c", "ß"])
def test_what_cannot_be_set_is_named(latex):
    with pytest.raises(ValueError, match=r"^KaTeX cannot set the formula .*: KaTeX parse error") as error:
        typeset(latex)
    assert repr(latex) in str(error.value)


def test_what_cannot_be_set_is_a_warning_of_the_build_and_stands_as_written(monkeypatch):
    said = []
    monkeypatch.setattr(formulas.logger, "warning", lambda text, *values, **place: said.append((text % values, place)))
    node = nodes.math("", r"a < \frc{b}")
    assert formulas.typeset_or_warn(node, display=False) == r"<code>a &lt; \frc{b}</code>"
    ((text, place),) = said
    assert r"Undefined control sequence: \frc" in text and place == {"location": node}


def test_a_formula_takes_the_signs_that_touch_it_and_no_more():
    sentence = nodes.paragraph("", "", nodes.Text("a ("), nodes.math("", "x"), nodes.Text("), which … "))
    sentence += [nodes.math("", "y"), nodes.strong("", "b ", nodes.math("", "z")), nodes.Text("’s end")]
    held = [("(", "),"), ("", ""), ("", "’")]
    for kind, expected, text in (
        ("text", [(None, None)] * 3, "a (x), which … yb z’s end"),
        ("html", held, "a x which … yb zs end"),
    ):
        hold_punctuation(SimpleNamespace(builder=SimpleNamespace(format=kind)), sentence, "page")
        assert [(math.get("before"), math.get("after")) for math in sentence.findall(nodes.math)] == expected
        assert sentence.astext() == text


@pytest.mark.parametrize(
    "latex", ["z", "a = b", "a = b + c", r"\underbrace{a + b}_{\text{so } c} \le \frac{a}{b}", r"\sqrt{a} = b"]
)
def test_a_formula_that_may_break_is_the_same_formula(latex):
    whole, parts = (BeautifulSoup(html, "html.parser") for html in (typeset(latex), breakable(typeset(latex))))
    assert whole.get_text() == parts.get_text() and len(parts("math")) == 1
    assert [base.decode() for base in whole.select(".katex-base")] == [
        base.decode() for base in parts.select(".katex-base")
    ]
    last = parts.select(".katex-html")[-1]
    assert len(last.select(".katex-base")) == 1 and not last.find_next_sibling()
