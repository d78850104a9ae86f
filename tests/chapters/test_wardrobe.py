"""The folder to practise with: what is put in comes out, upright and on white."""

from __future__ import annotations

import pytest
import torch
from PIL import Image

from gan_lib import data
from gan_lib.chapters import wardrobe
from gan_lib.errors import BadInput

READ, LOST = (len(files) for files in wardrobe.AWKWARD.values())


@pytest.fixture(scope="module")
def shoes() -> data.ImageSet:
    """Bright in the lower half: what lies on its side is seen."""
    pixels = torch.zeros(40, 1, 28, 28, dtype=torch.uint8)
    pixels[:, :, 14:26, 4:24] = 200
    return data.ImageSet("shoes", pixels, torch.arange(40) % 4, ("a", "b", "c/d", "e"))


@pytest.fixture(scope="module")
def folder(shoes, tmp_path_factory):
    place = tmp_path_factory.mktemp("practice") / "wardrobe"
    return place, wardrobe.make(place, shoes, 40)


def test_the_folder_holds_what_is_said_of_it(folder):
    place, told = folder
    assert {str(path.relative_to(place).as_posix()) for path in place.rglob("*") if path.is_file()} >= set(told)
    assert len(told) == READ + LOST and sum(1 for path in place.rglob("*.png") if path.stem.isdigit()) == 40


def test_all_pictures_are_read_and_the_rest_is_counted(folder):
    report = data.folder(folder[0], 32, show_progress=False).report
    assert report.shape[0] == 40 + READ
    assert len(report.unreadable) == 2 and report.others == {".txt": 1} and report.hidden == 1


def test_the_awkward_ones_look_like_the_first(folder):
    place, _ = folder
    seven = data.folder(place / wardrobe.SPECIAL, 32, show_progress=False).pixels.float()  # (7, 3, 32, 32)
    first = Image.open(place / "a" / "0000.png").convert("L").resize((32, 32))
    shape = torch.tensor(list(first.tobytes())).view(32, 32) < 128
    for one in seven:
        assert torch.equal((one.mean(0) < 165)[shape], torch.ones(int(shape.sum()), dtype=torch.bool))
        assert (one.mean(0)[:12] > 240).all()  # white above, as the first


def test_each_class_has_its_folder(folder):
    named = data.folder(folder[0], 32, labels="folders", show_progress=False)
    assert set(named.classes) == {"a", "b", "c or d", "e", wardrobe.SPECIAL}


def test_what_cannot_be_made_is_refused(folder, shoes, tmp_path):
    with pytest.raises(BadInput, match="is there already"):
        wardrobe.make(folder[0], shoes, 10)
    with pytest.raises(BadInput, match="holds 40 pictures; ask for at most as many"):
        wardrobe.make(tmp_path / "more", shoes, 41)
    with pytest.raises(BadInput, match="give grey pictures of bytes"):
        wardrobe.make(tmp_path / "more", data.ImageSet("rgb", torch.zeros(20, 3, 28, 28, dtype=torch.uint8)), 10)
