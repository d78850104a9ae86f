"""The pages' diet: what moves out of a page is whole elsewhere, and a second build changes nothing more."""

from __future__ import annotations

import base64
import json
import re

from book._ext.light_pages import SMALL, lighter
from gan_lib.pictures import png
from tests.conftest import random_images

PICTURE = png(random_images().pixels[:1, 0])  # 28 × 28
DATA = json.dumps({"moments": ["a < b"] * SMALL}).replace("<", "\\u003c")
PAGE = f"""<script src="theme.js"></script><script src="documentation_options.js"></script>
<script>window.MathJax = {{}}</script><script defer="defer" src="../_static/mathjax/tex-chtml.js"></script>
<img alt="noise" src="data:image/png;base64,{base64.b64encode(PICTURE).decode()}">
<script type="application/json">{DATA}</script><script type="application/json">{{"small": 1}}</script>"""


def test_data_and_pictures_move_into_files_and_scripts_wait(tmp_path):
    (tmp_path / "book").mkdir()
    page = lighter(PAGE, tmp_path)
    assert '<script defer src="theme.js">' in page and '<script src="documentation_options.js">' in page
    assert 'loading="lazy" width="28" height="28"' in page and 'alt="noise"' in page
    (picture,) = (tmp_path / "_images").iterdir()
    assert f'src="../_images/{picture.name}"' in page and picture.read_bytes() == PICTURE
    (figure,) = (tmp_path / "_static" / "figures").iterdir()
    name, content = re.fullmatch(r'ganFile\("(\w+)", (.*)\);\n', figure.read_text(encoding="utf-8")).groups()
    assert content == DATA and f'{{"beside": "{name}"}}' in page and '{"small": 1}' in page
    assert "mathjax" not in page.lower()
    assert lighter(page, tmp_path) == page


def test_a_page_with_formulas_keeps_mathjax(tmp_path):
    (tmp_path / "book").mkdir()
    assert "mathjax/tex-chtml.js" in lighter(PAGE + '<span class="math notranslate">z</span>', tmp_path)
