"""The first page's small pictures are what the recorded networks and the code draw today."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from book import cards, minutes


def test_each_chapter_has_one():
    assert list(cards.PICTURES) == list(minutes.CHAPTERS)
    assert {path.stem for path in cards.CARDS.glob("*")} == set(minutes.CHAPTERS)


@pytest.mark.parametrize("name", minutes.CHAPTERS)
def test_it_is_what_is_drawn_today(name):
    kept = np.asarray(Image.open(cards.CARDS / f"{name}.png").convert("RGB"), dtype=float)
    drawn = cards.PICTURES[name]().astype(float)
    assert kept.shape == drawn.shape == (cards.SIDE, cards.SIDE, 3)
    assert drawn.std() > 15  # something is there
    assert np.abs(kept - drawn).mean() < 6  # 64 colours, and other fonts
