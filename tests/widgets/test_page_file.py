"""A run as one HTML file: what it says, what it holds, and what is refused; the browser's tests see it alive."""

from __future__ import annotations

import json
from dataclasses import replace
from html.parser import HTMLParser

import pytest
import torch
from torch import nn

from gan_lib import runs
from gan_lib.errors import BadInput
from gan_lib.networks.brought import brought
from gan_lib.widgets import page_file
from gan_lib.widgets.export import export
from gan_lib.widgets.page_file import export_page
from tests.page_files import made_up


class Parts(HTMLParser):
    """The words of a page, and the addresses that it names."""

    def __init__(self, text: str):
        super().__init__()
        self.words, self.addresses, self.data, self.inside = [], [], "", ""
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.inside = dict(attributes).get("type") or tag
        self.addresses += [value for name, value in attributes if name in ("src", "href", "srcset", "action")]

    def handle_data(self, data):
        if self.inside == "application/json":
            self.data += data
        elif self.inside not in ("script", "style"):
            self.words += [data.strip()] if data.strip() else []


@pytest.fixture
def page(tmp_path):
    """A function (run, title) → the parts of its page."""

    def page(run, title=None):
        export_page(run, tmp_path / "page.html", title)
        return Parts((tmp_path / "page.html").read_text(encoding="utf-8"))

    return page


@pytest.fixture(scope="module")
def shipped(tmp_path_factory):
    """(a run of the book whose weights lie beside the book's pages, the parts of its page)."""
    run, path = runs.load("acgan-fashion"), tmp_path_factory.mktemp("page") / "page.html"
    export_page(run, path)
    return run, Parts(path.read_text(encoding="utf-8"))


def test_it_says_what_was_trained_on_what_when_and_for_how_long(shipped):
    run, parts = shipped
    made, words = run.card["made"], " ".join(parts.words)
    assert parts.words[0] == parts.words[1] == "Made-up pictures: fashion-mnist"
    assert "out of 100 random numbers, z, and a label" in words
    for said in ("acgan-fashion", "4,000, with 512,000 looks", made["date"], made["hardware"], made["torch"]):
        assert said in words
    assert f"{made['seconds'] / 60:.3g} minutes" in words and "32×32, grey" in words
    assert json.loads(parts.words[-1]) == run.card


def test_a_milestone_that_was_the_best_is_told(page):
    run = made_up("colour")
    words = " ".join(page(replace(run, card=run.card | {"kept_step": 700, "pictures": 1906})).words)
    assert "Trained on my cats & dogs, 1,906 pictures" in words
    assert "shown as it was after 700, by its score the best" in words and "64×64, in colour" in words


def test_title_and_names_are_words_and_no_html(page):
    parts = page(made_up("labels"), "<script>alert(1)</script> & more")
    assert parts.words[0] == "<script>alert(1)</script> & more"
    assert "It learned that from my cats & dogs" in " ".join(parts.words)
    assert json.loads(parts.data)["classes"] == ["cat", "dog", "<b>"]


def test_the_weights_are_inside_and_nothing_else_is_named(shipped):
    run, parts = shipped
    (generator,) = json.loads(parts.data)["generators"]
    assert generator["network"] == export(run.generator).whole()
    assert parts.addresses and all(address.startswith("data:image/png;base64,") for address in parts.addresses)


def test_the_classes_of_the_books_data_have_their_names(shipped, page):
    data = json.loads(shipped[1].data)
    assert data["classes"][9] == "Ankle boot" and data["buttons"]
    assert json.loads(page(runs.load("mlp-fashion")).data)["classes"] is None
    run = made_up("labels")
    unnamed = replace(run, card={key: value for key, value in run.card.items() if key != "classes"})
    assert json.loads(page(unnamed).data)["classes"] == ["0", "1", "2"]


def test_many_classes_stand_in_a_list(page, monkeypatch):
    monkeypatch.setattr(page_file, "BUTTONS", 2)
    assert not json.loads(page(made_up("labels")).data)["buttons"]


class Few(nn.Module):
    """Only some of its numbers change a picture, the later ones more."""

    latent_dim, classes, image_shape = 12, 0, (1, 4, 4)

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(12, 16)
        strength = torch.tensor([0, 0, 0.3, 0, 0.2, 0, 0.01, 0, 0.4, 0.02, 0.5, 0.6])
        self.layer.weight.data, self.layer.bias.data = strength.expand(16, 12) * 0.5, torch.zeros(16)

    def forward(self, z):
        return self.layer(z).tanh().view(-1, 1, 4, 4)


def test_sliders_stand_over_the_numbers_that_change_the_most(page):
    assert json.loads(page(replace(made_up("colour"), generator=Few())).data)["dims"] == [2, 4, 8, 10, 11]


@pytest.mark.parametrize(
    ("shape", "sizes"),
    [
        ((1, 28, 28), "--wide: 308px; --high: 308px; --pixels: pixelated"),
        ((1, 32, 32), "--wide: 320px; --high: 320px; --pixels: pixelated"),
        ((3, 64, 64), "--wide: 320px; --high: 320px; --pixels: auto"),
        ((3, 256, 256), "--wide: 256px; --high: 256px; --pixels: auto"),
        ((3, 512, 512), "--wide: 320px; --high: 320px; --pixels: auto"),
        ((1, 16, 12), "--wide: 240px; --high: 320px; --pixels: pixelated"),
    ],
)
def test_a_pixel_is_a_square_of_whole_pixels_where_it_can_be(shape, sizes):
    assert page_file._sizes(shape) == sizes


def test_the_sheet_shows_every_class_and_stays_small():
    run = made_up("labels")
    assert page_file._sheet(run).shape == (1, 8 * 28, 8 * 28)
    assert page_file._sheet(made_up("colour")).shape == (3, 512, 512)


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.4, "0.4 seconds"), (119, "119 seconds"), (1010.9, "16.8 minutes"), (7300, "2.03 hours")]
)
def test_a_duration_in_its_own_unit(seconds, said):
    assert page_file._duration(seconds) == said


class Grouped(Few):
    def __init__(self):
        super().__init__()
        self.norm = nn.GroupNorm(4, 16)

    def forward(self, z):
        return self.norm(self.layer(z)).tanh().view(-1, 1, 4, 4)


def test_what_cannot_be_exported_is_said_and_writes_nothing(tmp_path):
    run, path = made_up("colour"), tmp_path / "page.html"
    for bad, said in (
        (lambda: export_page(run, tmp_path / "page.htm"), "choose a name that ends in .html"),
        (lambda: export_page(run, path, " "), "title is ' '; give the words of the page's heading"),
        (lambda: export_page(replace(run, generator=None), path), "keeps its curves and scores, not its weights"),
        (lambda: export_page(replace(run, generator=Grouped()), path), r"GroupNorm cannot run.* instead \(.pt2"),
        (lambda: export_page("mlp-fashion", path), "run is 'mlp-fashion'; give what runs.load"),
    ):
        with pytest.raises(BadInput, match=said):
            bad()
    assert not list(tmp_path.iterdir())


def test_the_generator_is_left_as_it_was(tmp_path):
    run = made_up("colour")
    before = {name: tensor.clone() for name, tensor in run.generator.state_dict().items()}
    state = torch.get_rng_state()
    export_page(run, tmp_path / "page.html")
    assert torch.equal(torch.get_rng_state(), state) and brought(run.generator).network is run.generator
    assert all(torch.equal(tensor, before[name]) for name, tensor in run.generator.state_dict().items())
