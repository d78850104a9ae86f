"""The score of pictures that no judge knows: what is compared with what, and what a card says about it."""

import json
from dataclasses import replace

import pytest
import torch
from torch import nn

from gan_lib import runs
from gan_lib.__main__ import app
from gan_lib.data import ImageSet, ResizedNotice
from gan_lib.data.pictures import png
from gan_lib.errors import BadInput
from gan_lib.scores import metrics, own, scoreboard
from gan_lib.scores.own import OwnScore
from gan_lib.scores.sliced import SlicedJudge
from gan_lib.training import recipes
from tests.scores.trials import shapes

CPU = torch.device("cpu")


class Shows(nn.Module):
    """Draws the given pictures one after the other, whatever the z; with classes, keeps what it was asked for."""

    latent_dim = 3

    def __init__(self, pixels, classes=0):
        super().__init__()
        self.pictures, self.classes = nn.Parameter(pixels / 127.5 - 1), classes
        self.image_shape, self.shown, self.labels = tuple(pixels.shape[1:]), 0, []

    def forward(self, z, labels=None):
        self.labels.append(labels)
        rows = torch.arange(self.shown, self.shown + len(z)) % len(self.pictures)
        self.shown += len(z)
        return self.pictures[rows]


@pytest.fixture(scope="module")
def images():
    return ImageSet("mine", shapes(301), torch.arange(301) % 7 // 2, tuple("abcd"))


@pytest.fixture(scope="module")
def others():
    return ImageSet("mine", shapes(160, seed=9))


def test_half_of_the_pictures_stand_in_the_generators_place(images):
    """And the other half is compared with: no picture is in both, and sorted files are mixed."""
    score = OwnScore(images)
    place, against = score._real(images, score._rows), score._real(score._others, score._others_rows)
    assert (score.pictures, score.against) == (150, "150 of the training pictures")
    assert len({row.numpy().tobytes() for row in torch.cat([place, against])}) == 300
    assert score._rows.tolist() != sorted(score._rows.tolist())
    found = score.evaluate(Shows(shapes(150, seed=5)), seed=1)
    assert found["floor"]["sliced"] == SlicedJudge(against).distance(place)
    assert found["floor"].keys() == {"sliced", "sliced_by_side"} and found["pictures"] == 150
    assert (
        found["sliced"]
        == SlicedJudge(against).distance(shapes(150, seed=5))
        == OwnScore(images).score(Shows(shapes(150, seed=5)), 1)
    )


def test_held_out_pictures_are_compared_with_where_they_are_many(images, others):
    many, few = OwnScore(images, others), OwnScore(images, ImageSet("mine", others.pixels[:149]))
    assert (many.against, many.pictures) == ("160 held-out pictures", 301)
    assert few.against == "150 of the training pictures"
    found = many.evaluate(Shows(images.pixels), seed=0)
    order = many._rows
    assert sorted(order.tolist()) == list(range(301))
    assert found["floor"]["sliced"] == SlicedJudge(others.pixels).distance(images.pixels[order])


def test_no_more_pictures_are_drawn_than_are_needed(monkeypatch, images, others):
    monkeypatch.setattr(own, "PICTURES", 20)
    assert (OwnScore(images).pictures, OwnScore(images, others).pictures) == (20, 20)
    assert OwnScore(images, others).against == "20 held-out pictures"
    shows = Shows(images.pixels)
    metrics.score_of(images)(shows)
    before = shows.shown
    metrics.score_of(images)(shows)
    assert shows.shown - before == 20


def test_worse_pictures_have_a_worse_score(images):
    good, bad, noise = shapes(150, seed=3), shapes(150, seed=3) // 2, torch.randint(256, (150, 3, 32, 32)).byte()
    score = metrics.score_of(images)
    values = [score(Shows(pixels)) for pixels in (good, bad, noise)]
    assert values == sorted(values) and values[1] > 1.5 * values[0] and values[2] > 2 * values[1]


def test_the_classes_are_drawn_as_often_as_they_are_real(images):
    score, shows = OwnScore(images), Shows(images.pixels, classes=4)
    score.score(shows, seed=0)
    asked = torch.cat(shows.labels[-2:])  # of 100 and of 50
    assert torch.equal(asked, images.labels[score._rows])
    shows = Shows(images.pixels, classes=3)  # others than those of the pictures
    score.score(shows, seed=0)
    assert torch.cat(shows.labels[-2:]).bincount().tolist() == [50, 50, 50]


def test_real_pictures_are_compared_at_the_generators_size(images):
    score = metrics.score_of(images, side=16)
    with pytest.raises(BadInput, match="the pictures are 3×32×32 and the real ones 3×16×16"):
        score(Shows(images.pixels))
    with pytest.warns(ResizedNotice):
        small = images.resized(16)
    assert score(Shows(small.pixels)) == pytest.approx(metrics.score_of(small)(Shows(small.pixels)), rel=1e-3)


def test_the_training_is_not_disturbed_and_the_z_of_a_report_are_others(images):
    class Remembers(Shows):
        def forward(self, z, labels=None):
            self.z = z
            return super().forward(z)

    before, shows = torch.get_rng_state(), Remembers(images.pixels)
    shows.train()
    metrics.score_of(images)(shows)
    chosen = shows.z
    found = metrics.evaluation_of(images)(shows)
    assert not torch.equal(shows.z, chosen) and shows.training and torch.equal(torch.get_rng_state(), before)
    assert json.loads(json.dumps(found)) == found  # as a card has it


@pytest.mark.parametrize(
    ("held_out", "said"),
    [
        (ImageSet("mine", shapes(9)[:, :1]), "held-out pictures are 1×32×32, and the others 3×32×32"),
        (7, "held_out is 7"),
    ],
)
def test_other_held_out_pictures_are_refused_before_the_training(images, held_out, said):
    for ask in (metrics.score_of, metrics.evaluation_of):
        with pytest.raises(BadInput, match=said):
            ask(images, held_out=held_out)


def test_broken_generators_are_refused(images):
    with pytest.raises(BadInput, match="not finite"):
        metrics.score_of(images)(Shows(torch.full((2, 3, 32, 32), torch.nan)))


# ----------------------------------------------------------------------------------------------- on the card


@pytest.fixture(scope="module")
def folder(tmp_path_factory, images):
    """301 files."""
    place = tmp_path_factory.mktemp("data") / "discs"
    place.mkdir()
    for i, pixels in enumerate(images.pixels):
        (place / f"{i:03}.png").write_bytes(png(pixels))
    return place


@pytest.fixture(scope="module")
def recorded(tmp_path_factory, images):
    """A run of pictures of one's own: its folder."""
    path = tmp_path_factory.mktemp("run") / "discs"
    recipe = recipes.for_pictures("dcgan", (3, 32, 32), len(images.pixels), steps=2, dataset="mine")
    narrow = {"generator_args": recipe.generator_args | {"features": 4}}
    narrow["discriminator_args"] = recipe.discriminator_args | {"features": 4}
    recipe = replace(recipe, **narrow, batch_size=8, milestones=(0, 1))
    score, evaluate = metrics.score_of(images), metrics.evaluation_of(images)
    runs.record(recipe, images, path, score=score, evaluate=evaluate, show_progress=False)
    return path


def test_a_run_of_own_pictures_has_scores_and_says_which(recorded):
    card = runs.load(recorded).card
    assert set(card["scores"]) == {"0", "1", "2"} and all(value > 0 for value in card["scores"].values())
    said = card["evaluation"]
    assert said["measure"] == own.MEASURE and (said["pictures"], said["against"]) == (
        150,
        "150 of the training pictures",
    )
    assert 0 < said["floor"]["sliced"] < said["sliced"] and set(said["sliced_by_side"]) == {"32", "16"}


def test_the_scoreboard_shows_it_in_a_table_of_its_own(recorded):
    found = scoreboard.recorded(["mlp-fashion", str(recorded)])
    head, fashion, floor, empty, own_head, mine, own_floor = scoreboard.as_text(found).splitlines()
    assert head.split() == list(scoreboard.COLUMNS) and fashion.startswith("mlp-fashion ") and not empty
    assert floor.startswith("real fashion-mnist 28") and own_head.split() == ["sliced", "fid", "kid", "pictures"]
    row = found[str(recorded)]
    assert mine.split()[-4:] == [f"{row['sliced']:.1f}", "-", "-", "150"]
    assert own_floor.split() == ["real", "mine", "32", f"{row['floor']['sliced']:.1f}", "-", "-", "150"]
    assert scoreboard.as_text({"x": row}).splitlines()[0] == own_head


def test_without_the_pictures_the_card_speaks(recorded):
    found = scoreboard.scores([str(recorded)], CPU)[str(recorded)]
    assert found["from_card"] and found["sliced"] == runs.load(recorded).card["evaluation"]["sliced"]


def test_a_folder_gives_a_score_to_any_run(recorded, folder, monkeypatch, tmp_path, images):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    found = scoreboard.scores([str(recorded), "mlp-fashion"], CPU, folder)
    mine, fashion = found.values()
    assert (mine["dataset"], mine["side"], mine["from_card"]) == ("discs", 32, False)
    assert (fashion["dataset"], fashion["side"]) == ("discs", 28) and "frechet" not in fashion
    again = metrics.evaluation_of(ImageSet("discs", images.pixels))(runs.load(recorded).generator)
    assert mine == again | {"dataset": "discs", "side": 32, "from_card": False}
    assert fashion["sliced"] > 3 * fashion["floor"]["sliced"]  # a boot is no disc


def test_the_command_line_says_it(recorded, folder, monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    app(["evaluate", str(recorded), "--data", str(folder), "--json"], standalone_mode=False)
    assert json.loads(capsys.readouterr().out)[str(recorded)]["against"] == "150 of the training pictures"
    for arguments, said in (
        (["--inception"], r"name their folder \(--data\)"),
        (["--data", str(tmp_path / "nowhere")], "there is no folder"),
        (["--data", str(folder), "--weights", str(tmp_path / "no.pth")], r"no\.pth is not there"),
    ):
        with pytest.raises(BadInput, match=said):
            app(["evaluate", str(recorded), *arguments], standalone_mode=False)


def test_a_run_with_classes_takes_them_from_the_subfolders(monkeypatch, tmp_path, images):
    asked = []
    monkeypatch.setattr(scoreboard, "read_pictures", lambda *_, labels=None, **__: asked.append(labels) or images)
    monkeypatch.setattr(OwnScore, "evaluate", lambda *_, **__: {})
    scoreboard.scores(["cgan-mnist", "mlp-fashion"], CPU, tmp_path)
    assert asked == ["folders", None]


def test_a_run_without_weights_cannot_be_compared(tmp_path):
    with pytest.raises(BadInput, match="keeps its curves and scores, not its weights"):
        scoreboard.scores(["dcgan-collapse"], CPU, tmp_path)
