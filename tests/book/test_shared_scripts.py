"""Notebooks hold data, pages hold scripts: a changed script changes the pages and makes no notebook stale."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
from nbval.plugin import get_sanitize_patterns

from book._ext import shared_scripts
from book._ext.light_styles.rules import lighter
from book.produce import chapters, stamp
from gan_lib import widgets
from gan_lib.widgets import face
from tests.outputs import spec_of

WORD = re.compile(r"[\w-]+")


FIGURE = '<figure class="gan-widget" data-kind="{}">'


def site(root: Path, **also) -> SimpleNamespace:
    return SimpleNamespace(builder=SimpleNamespace(format="html"), outdir=root, **also)


def written(root: Path) -> list[str]:
    """The style, and the script of a page with every widget, as the extension writes them."""
    app = site(root, add_js_file=lambda name, **how: None)
    shared_scripts.write_style(app)
    body = "".join(map(FIGURE.format, face.SCRIPTS))
    shared_scripts.add_script(app, "page", "page.html", {"body": body}, None)
    return [path.read_text(encoding="utf-8") for path in sorted((root / "_static").iterdir())]


@pytest.fixture
def changed(tmp_path, monkeypatch):
    """Another line in every script and in the style."""
    shutil.copytree(face.PAGE, tmp_path / "page")
    for path in (tmp_path / "page").rglob("*.[jc]s*"):
        line = "/* another */" if path.suffix == ".css" else '"another";'  # a comment does not reach a page
        path.write_text(f"{path.read_text(encoding='utf-8')}\n{line}\n", encoding="utf-8")
    monkeypatch.setattr(face, "PAGE", tmp_path / "page")


@pytest.fixture
def output(monkeypatch):
    """A function that displays a widget and returns its text/html."""
    calls = []
    monkeypatch.setattr(face, "display", lambda what, **how: calls.append(what["text/html"]))

    def show() -> str:
        widgets.play_arithmetic(size=4)
        return calls[-1]

    return show


def test_a_changed_script_makes_no_notebook_stale_and_reaches_the_pages(tmp_path, request):
    notebooks = [nbformat.read(path, as_version=4) for path in chapters()]
    before, files = [stamp(notebook) for notebook in notebooks], written(tmp_path / "before")
    request.getfixturevalue("changed")
    assert [stamp(notebook) for notebook in notebooks] == before
    for text, built in zip(files, written(tmp_path / "after"), strict=True):
        assert built != text and "another" in built


def test_a_changed_script_makes_no_difference_to_nbval(output, request):
    text = Path("tests/nbval.ini").read_text(encoding="utf-8")
    ((pattern, replacement),) = get_sanitize_patterns(text)
    assert pattern == f"(?s){face.COPIES.pattern}"
    before = output()
    request.getfixturevalue("changed")
    after = output()
    assert before != after and "another" in after
    assert re.sub(pattern, replacement, before) == re.sub(pattern, replacement, after)
    assert re.sub(pattern, replacement, before) != re.sub(
        pattern, replacement, before.replace('"size": 4', '"size": 5')
    )


def test_what_is_left_of_an_output_is_its_picture_and_its_data(output):
    html = output()
    bare = face.without_copies(html)
    assert spec_of(bare) == spec_of(html) and "gan-poster" in bare
    assert "<style" not in bare and bare.count("<script") == 1
    assert face.without_copies(bare) == bare


def test_the_outputs_of_every_notebook_lose_their_copies_on_the_way_to_a_page():
    app = SimpleNamespace(env=SimpleNamespace(doc2path=lambda page: f"{page}.ipynb"))
    for path in chapters():
        source = [path.read_text(encoding="utf-8")]
        shared_scripts.take_out_copies(app, path.stem, source)
        before, after = nbformat.read(path, as_version=4), nbformat.reads(source[0], as_version=4)
        for old, new in zip(before.cells, after.cells, strict=True):
            assert old.source == new.source
            for one, other in zip(old.get("outputs", ()), new.get("outputs", ()), strict=True):
                html = other.get("data", {}).pop("text/html", "")
                whole = one.get("data", {}).pop("text/html", "")
                assert one == other and "mount(" not in html
                assert html == (face.without_copies(whole) if "gan-widget" in whole else whole)


def test_a_page_has_the_scripts_of_its_own_widgets_and_no_others(tmp_path):
    asked = []
    app = site(tmp_path, add_js_file=lambda name, **how: asked.append((name, how)))
    for body in (FIGURE.format("ledger") * 2 + FIGURE.format("sure"), "<p>the class gan-widget</p>"):
        shared_scripts.add_script(app, "page", "page.html", {"body": body}, None)
    shared_scripts.add_script(app, "search", "search.html", {}, None)
    ((name, how),) = asked
    assert how == {"loading_method": "defer"}
    text = (tmp_path / "_static" / name).read_text(encoding="utf-8")
    assert [kind for kind in face.SCRIPTS if re.search(rf'\("{kind}",', text)] == ["ledger", "sure"]
    for names in face.SCRIPTS.values():  # the last one mounts it
        assert "mount(" in face.text_of(names[-1])


def test_changed_scripts_write_every_page_again(request):
    def value() -> str:
        found = {}
        app = SimpleNamespace(
            add_config_value=lambda name, default, rebuild, types: found.update({rebuild: default}),
            connect=lambda *args: None,
            add_css_file=lambda *args, **how: None,
        )
        shared_scripts.setup(app)
        return found["html"]

    before = value()
    assert value() == before
    request.getfixturevalue("changed")
    assert value() != before


def test_scripts_under_one_roof_share_no_name():
    names = []
    for name in {"mount.js", *(name for names in face.SCRIPTS.values() for name in names)}:
        if name.endswith(".js"):
            text = (face.PAGE / name).read_text(encoding="utf-8")
            names += re.findall(r"^(?:async )?(?:function|class|const|let) (\w+)", text, re.M)
    assert len(names) == len(set(names)) > 50
    assert {path.relative_to(face.PAGE).as_posix() for path in face.PAGE.rglob("*.js")} == {
        "mount.js",
        *(name for names in face.SCRIPTS.values() for name in names if name.endswith(".js")),
    }


def test_the_one_style_sheet_keeps_every_rule_for_widgets():
    words = {*WORD.findall(face.program_of(face.SCRIPTS)), "gan-widget", "gan-poster", "data-kind"}
    kept, plain = lighter(face.style(), words), re.sub(r"/\*.*?\*/", "", face.style(), flags=re.S)
    assert kept.count("{") == plain.count("{") and kept.count(",") == plain.count(",")


def test_comments_of_a_script_do_not_reach_a_page():
    code = 'a(); // stays\n\n/* one\n * two */\n  // three\n  b("/* c */");\n/* d */ e();\n'
    assert face.COMMENTS.sub("", code) == 'a(); // stays\n\n  b("/* c */");\n/* d */ e();\n'
    assert "\n/*" not in face.program_of(face.SCRIPTS)
