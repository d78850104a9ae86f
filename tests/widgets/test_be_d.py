"""Be the discriminator: what is recorded, and that the page's pictures and numbers are those of the recording."""

import base64
import io
import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from gan_lib import runs, widgets
from gan_lib.chapters import be_d
from gan_lib.data import ImageSet, to_range
from gan_lib.errors import BadInput, BadRun
from gan_lib.networks.mlp import MLPDiscriminator
from tests.conftest import random_images
from tests.outputs import spec_of

TINY = replace(be_d.RECIPE, generator_args={"hidden": 4}, discriminator_args={"hidden": 4}, batch_size=4)


@pytest.fixture
def game(tmp_path, monkeypatch):
    """A tiny game, and the real pictures that it may show."""
    monkeypatch.setattr(be_d, "COUNTED", 8)
    held_back = random_images()
    folder = tmp_path / "game"
    be_d.record_game(random_images(), held_back, folder, recipe=TINY, moments=(0, 2), pictures=10)
    return folder, held_back


def levels(moment):
    """The pictures and maps as the page gets them."""
    return torch.cat([moment.pixels[:, 0], (moment.maps[:, 0] * 120 + 128).round().to(torch.uint8)])


# ------------------------------------------------------------------------------------------ what D looks at


def test_the_map_says_how_fast_the_logit_grows_with_each_pixel():
    torch.manual_seed(0)
    discriminator = MLPDiscriminator(hidden=8)
    pixels = torch.randint(256, (3, 1, 28, 28), dtype=torch.uint8)
    logits, maps = be_d.look(discriminator, pixels)
    network, step = discriminator.double(), 1e-6
    with torch.no_grad():
        images = to_range(pixels).double()
        torch.testing.assert_close(logits.double(), network(images)[:, 0], atol=1e-5, rtol=0)
        for picture, row, column in ((0, 3, 4), (1, 14, 14), (2, 27, 0)):
            up, down = images.clone(), images.clone()
            up[picture, 0, row, column] += step
            down[picture, 0, row, column] -= step
            slope = (network(up) - network(down))[:, 0] / (2 * step)
            assert slope[picture].item() == pytest.approx(maps[picture, 0, row, column].item(), abs=1e-5)
            assert slope.count_nonzero() == 1  # the logit of no other picture


def test_looking_leaves_d_as_it_was():
    discriminator = nn.Sequential(nn.Flatten(), nn.Dropout(0.5), nn.Linear(784, 1)).train()
    be_d.look(discriminator, torch.zeros(2, 1, 28, 28, dtype=torch.uint8))
    assert discriminator.training and all(p.grad is None for p in discriminator.parameters())


# ------------------------------------------------------------------------------------------ the recording


def test_a_game_shows_each_real_picture_once_and_as_many_made(game):
    folder, held_back = game
    first, second = be_d.recorded(folder)
    assert (first.step, second.step) == (0, 2)
    assert first.real.sum() == second.real.sum() == 5 and len(first.real) == 10
    real = torch.cat([moment.pixels[moment.real] for moment in (first, second)])
    rows = [next(i for i, other in enumerate(held_back.pixels) if torch.equal(picture, other)) for picture in real]
    assert len(set(rows)) == 10
    for moment in (first, second):
        assert moment.maps.abs().amax(dim=(1, 2, 3)).tolist() == [1] * 10
        assert len(moment.logits) == 10 and 0 <= moment.hits <= 1


def test_a_recorded_game_is_what_was_seen(tmp_path, monkeypatch):
    monkeypatch.setattr(be_d, "COUNTED", 8)
    seen = []
    plain = be_d.look

    def spy(discriminator, pixels):
        seen.append((pixels, *plain(discriminator, pixels)))
        return seen[-1][1:]

    monkeypatch.setattr(be_d, "look", spy)
    be_d.record_game(random_images(), random_images(), tmp_path / "game", recipe=TINY, moments=(1,), pictures=10)
    (moment,), ((pixels, logits, maps),) = be_d.recorded(tmp_path / "game"), seen
    assert torch.equal(moment.pixels, pixels)
    torch.testing.assert_close(moment.logits, logits, atol=6e-4, rtol=0)
    strongest = maps.abs().amax(dim=(1, 2, 3), keepdim=True)
    torch.testing.assert_close(moment.maps, maps / strongest, atol=1 / 29, rtol=0)


def test_the_books_game_has_four_moments_of_twenty_pictures_and_is_small():
    moments = be_d.recorded()
    assert tuple(moment.step for moment in moments) == be_d.MOMENTS and len(moments) == 4
    for moment in moments:
        assert moment.pixels.shape == (20, 1, 28, 28) and moment.real.sum() == 10
        assert 4 <= moment.real[:10].sum() <= 6  # of those that a reader sees first
    size = sum(path.stat().st_size for path in (runs.RECORDED / be_d.NAME).iterdir())
    assert size < 150_000


def test_d_is_clueless_at_first_and_later_right_more_often_than_not():
    hits = [moment.hits for moment in be_d.recorded()]
    assert hits[0] < 0.6 and min(hits[1:]) > 0.6


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"pictures": 8}, "pictures is 8; choose a whole number, 10 or more"),
        ({"pictures": 11}, "half of the pictures are real"),
        ({"moments": ()}, "the last moment lies behind an update"),
        ({"moments": (0,)}, "the last moment lies behind an update"),
        ({"pictures": 200}, "64 pictures are held back; give 200 or more"),
        ({"held_back": ImageSet("points", torch.rand(24, 2))}, "has the shape 2, and the network draws 1×28×28"),
    ],
)
def test_a_game_that_cannot_be_is_refused_in_a_sentence(tmp_path, wrong, said):
    options = {"held_back": random_images(), "recipe": TINY, "moments": (1,), "pictures": 10} | wrong
    with pytest.raises(BadInput, match=said):
        be_d.record_game(random_images(), options.pop("held_back"), tmp_path / "game", **options)
    assert not (tmp_path / "game").exists()


def test_another_kind_of_run_is_no_game():
    with pytest.raises(BadRun, match=r"holds no pictures to be judged; record some with be_d\.record_game"):
        be_d.recorded("mlp-fashion")


# ------------------------------------------------------------------------------------------ the widget


def test_the_page_gets_every_moment(shown):
    widgets.be_the_discriminator()
    (output,) = shown
    spec = spec_of(output["text/html"])
    assert spec["side"] == 28 and len(json.dumps(spec)) < 130_000
    for told, moment in zip(spec["moments"], be_d.recorded(), strict=True):
        assert (told["step"], told["hits"]) == (moment.step, moment.hits)
        assert told["real"] == moment.real.int().tolist()
        np.testing.assert_allclose(told["logits"], moment.logits, atol=1e-6)
        sheet = np.array(Image.open(io.BytesIO(base64.b64decode(told["png"]))))
        squares = sheet.reshape(2, 28, 20, 28).transpose(0, 2, 1, 3).reshape(40, 28, 28)
        assert np.array_equal(squares, levels(moment))


def test_the_words_under_the_picture_have_the_answers(shown):
    widgets.be_the_discriminator()
    last = be_d.recorded()[-1]
    told = shown[0]["text/plain"]
    real = [int(n) for n in told.split("Real: ")[1].split(".")[0].split(", ")]
    assert real == [i + 1 for i in range(10) if last.real[i]]
    assert f"after {last.step:,} updates" in told


def test_a_readers_own_game_can_be_shown(game, shown):
    widgets.be_the_discriminator(game[0])
    assert [moment["step"] for moment in spec_of(shown[0]["text/html"])["moments"]] == [0, 2]
