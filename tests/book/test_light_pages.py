"""The pages' diet: what moves out of a page is whole elsewhere, and a second build changes nothing more."""

from __future__ import annotations

import base64
import json
import re

from book._ext.light_pages import SMALL, lighter
from gan_lib.data.pictures import png
from tests.conftest import random_images

PICTURE = png(random_images().pixels[:1, 0])  # 28 × 28
DATA = json.dumps({"moments": ["a < b"] * SMALL}).replace("<", "\\u003c")
SCRIPTS = ("theme", "scripts/fontawesome", "searchtools", "language_data", "../searchindex")
TAGS = "".join(f'<script src="../_static/{name}.js"></script>' for name in SCRIPTS)
PAGE = f"""<link rel="preload" as="script" href="../_static/theme.js" />
<script src="../_static/documentation_options.js?v=1"></script>{TAGS}
<img alt="noise" src="data:image/png;base64,{base64.b64encode(PICTURE).decode()}">
<script type="application/json">{DATA}</script><script type="application/json">{{"small": 1}}</script>"""


def test_data_and_pictures_move_into_files_and_scripts_wait(tmp_path):
    folders(tmp_path)
    page = lighter(PAGE, tmp_path)
    assert page.count(" src=") == 2 and '<script defer="" src="../_static/theme.js">' in page
    assert "<script>const OPTIONS = {};</script>" in page and "preload" not in page
    assert all(said in page for said in ('loading="lazy"', 'width="28"', 'height="28"', 'alt="noise"'))
    (picture,) = (tmp_path / "_images").iterdir()
    assert f'src="../_images/{picture.name}"' in page and picture.read_bytes() == PICTURE
    (figure,) = (tmp_path / "_static" / "figures").iterdir()
    name, content = re.fullmatch(r'ganFile\("(\w+)", (.*)\);\n', figure.read_text(encoding="utf-8")).groups()
    assert content == DATA and f'{{"beside": "{name}"}}' in page and '{"small": 1}' in page
    assert lighter(page, tmp_path) == page


def test_the_page_of_search_keeps_what_searches(tmp_path):
    folders(tmp_path)
    page = lighter(PAGE + '<div id="search-results"></div>', tmp_path)
    assert all((f"{name}.js" in page) == (name != "scripts/fontawesome") for name in SCRIPTS)


def folders(out):
    (out / "book").mkdir()
    (out / "_static").mkdir()
    (out / "_static" / "documentation_options.js").write_text("const OPTIONS = {};", encoding="utf-8")
