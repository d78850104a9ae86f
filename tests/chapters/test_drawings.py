"""The drawings: valid SVG that one can read, and numbers that are those of the networks and of the arithmetic."""

from __future__ import annotations

import re
from itertools import combinations
from xml.etree import ElementTree

import pytest
import torch
from scipy.stats import wasserstein_distance
from torch import nn
from torch.nn.functional import conv_transpose2d

from gan_lib.chapters.drawings import BY_CHAPTER, DRAWINGS, transport
from gan_lib.chapters.drawings.book_map import CHAPTERS, shown_edges
from gan_lib.chapters.drawings.scores import clouds, inside
from gan_lib.chapters.drawings.svg import WIDTH
from gan_lib.networks.any_side import AnySideDiscriminator
from gan_lib.networks.classifier import SmallClassifier
from gan_lib.networks.conditional import CGANDiscriminator, CGANGenerator
from gan_lib.networks.dcgan import DCGANDiscriminator, DCGANGenerator
from gan_lib.networks.mlp import MLPDiscriminator, MLPGenerator
from gan_lib.scores import metrics
from gan_lib.training import recipes

SVG = "{http://www.w3.org/2000/svg}"
WIDE = 0.58  # of a letter, in its size: a guess that is rather too large
NAMES = [
    "the_game",
    "step_of_d",
    "step_of_g",
    "autoencoder_and_gan",
    "xy_turns",
    "two_kls",
    "convolution_arrows",
    "transposed_arrows",
    "padding_and_stride",
    "zeros_between",
    "checkerboard",
    "receptive_field",
    "mlp_generator",
    "mlp_discriminator",
    "training_loop",
    "latent_walk",
    "dcgan_generator",
    "dcgan_discriminator",
    "batch_norm",
    "averaged_weights",
    "graph_of_a_step",
    "graph_freed",
    "graph_changed",
    "graph_detached",
    "graph_frozen",
    "graph_joint",
    "cgan",
    "acgan",
    "projection",
    "three_conditional_games",
    "earth_and_shovels",
    "parallel_lines",
    "limiting_a_slope",
    "where_the_penalty_looks",
    "critic_and_discriminator",
    "frechet_pipeline",
    "precision_and_recall",
    "kid_pairs",
    "two_judges",
    "slope_of_d",
    "residual_block",
    "truncation",
    "inversion",
    "augmentation",
    "relativistic_pairs",
    "from_folder_to_run",
    "crop_and_pad",
    "book_map",
]


def words(name: str) -> list[str]:
    """Every line of words in a drawing."""
    return ["".join(text.itertext()) for text in tree(name).iter(f"{SVG}text")]


def tree(name: str) -> ElementTree.Element:
    return ElementTree.fromstring(DRAWINGS[name]().svg)


def drawn_shapes(name: str) -> list[tuple[int, ...]]:
    """What stands in a drawing as "512 × 4 × 4"."""
    found = (re.search(r"(\d+) × (\d+) × (\d+)", line) for line in words(name))
    return [tuple(map(int, match.groups())) for match in found if match]


def size(network: nn.Module) -> int:
    return sum(p.numel() for p in network.parameters())


def shapes(network: nn.Module, *given: torch.Tensor) -> list[tuple[int, ...]]:
    """What comes out of each convolution in a real forward pass."""
    found: list[tuple[int, ...]] = []
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
            layer.register_forward_hook(lambda _layer, _given, output: found.append(tuple(output.shape[1:])))
    network(*given)
    return found


def test_every_drawing_that_was_promised_is_there():
    assert set(DRAWINGS) == set(NAMES)
    assert sum(map(len, BY_CHAPTER.values())) == len(NAMES)  # none twice


@pytest.mark.parametrize("name", NAMES)
def test_it_is_valid_and_says_what_it_shows(name):
    drawing = DRAWINGS[name]()
    root = ElementTree.fromstring(drawing.svg)
    ElementTree.fromstring(drawing._repr_html_())
    assert DRAWINGS[name].__doc__
    assert drawing.name == name
    assert root.find(f"{SVG}title").text == drawing.title
    assert root.find(f"{SVG}desc").text == drawing.desc
    assert drawing.desc.endswith(".") and drawing.caption.endswith(".")
    assert repr(drawing) == f"{drawing.title}: {drawing.caption}"
    assert not re.search("<(script|image|style)|url|http(?!://www.w3.org/2000/svg)", drawing.svg)
    named = root.get("aria-labelledby").split()
    ids = [element.get("id") for element in root.iter() if element.get("id")]
    assert len(set(ids)) == len(ids) and set(named) <= set(ids)
    assert all(each.startswith(f"{name}-") for each in ids)
    assert DRAWINGS[name]().svg == drawing.svg  # the same each time


@pytest.mark.parametrize("name", NAMES)
def test_its_words_can_be_read_on_a_phone_and_do_not_overlap(name):
    root = tree(name)
    left, top, width, height = map(float, root.get("viewBox").split())
    assert (left, top, width) == (0, 0, WIDTH)
    lines = []
    for text in root.iter(f"{SVG}text"):
        said, high = "".join(text.itertext()), float(text.get("font-size"))
        x, y, wide = float(text.get("x")), float(text.get("y")), WIDE * high * len(said)
        x -= {"start": 0, "middle": wide / 2, "end": wide}[text.get("text-anchor")]
        assert high >= 12, said
        assert x >= 0 and x + wide <= width and y - 0.75 * high >= 0 and y + 0.2 * high <= height, said
        lines.append((said, x, y - 0.75 * high, x + wide, y + 0.2 * high))
    assert lines
    for (one, *a), (other, *b) in combinations(lines, 2):
        assert a[0] >= b[2] or b[0] >= a[2] or a[1] >= b[3] or b[1] >= a[3], (one, other)


def test_sizes_of_the_dcgan_are_those_of_a_forward_pass():
    g, d = DCGANGenerator(), DCGANDiscriminator()
    assert drawn_shapes("dcgan_generator") == [(g.latent_dim, 1, 1), *shapes(g, torch.randn(2, g.latent_dim))]
    assert drawn_shapes("dcgan_discriminator") == [d.image_shape, *shapes(d, torch.randn(2, *d.image_shape))]
    for name, network in (("dcgan_generator", g), ("dcgan_discriminator", d)):
        assert f"{size(network):,} parameters" in DRAWINGS[name]().caption


def test_sizes_of_the_small_networks_are_theirs():
    for name, network in (("mlp_generator", MLPGenerator()), ("mlp_discriminator", MLPDiscriminator())):
        said = " ".join(words(name))
        assert f"{size(network):,}" in said
        for layer in (network.fc1, network.fc2):
            assert f"{size(layer):,} parameters" in said
    assert drawn_shapes("mlp_generator") == [MLPGenerator().image_shape]


def test_sizes_of_the_conditional_networks_are_theirs():
    for network in (CGANGenerator(), CGANDiscriminator()):
        linear = [layer for layer in network.model if isinstance(layer, nn.Linear)]
        chain = " → ".join(map(str, [linear[0].in_features, *(layer.out_features for layer in linear)]))
        assert chain in words("cgan")
    g, d = recipes.recipe("acgan-mnist").build()
    trunk = tuple(d.trunk(torch.randn(2, *d.image_shape)).shape[1:])
    assert drawn_shapes("acgan") == [trunk]
    told, numbers = g.model[0].in_channels, re.findall(r"(\d+) \+ (\d+) numbers", " ".join(words("acgan")))
    assert [sum(map(int, pair)) for pair in numbers] == [told]
    wide = AnySideDiscriminator(side=32, channels=1, classes=10).told.in_features
    assert f"*h*, {wide} numbers".replace("*", "") in words("projection")


@pytest.mark.parametrize(("kernel", "first"), [(3, True), (4, False)])
def test_the_checkerboard_counts_what_torch_adds_up(kernel, first):
    counts = conv_transpose2d(torch.ones(1, 1, 4, 4), torch.ones(1, 1, kernel, kernel), stride=2)[0, 0]
    drawn = [int(word) for word in words("checkerboard") if word.isdigit()]
    wanted = counts.flatten().int().tolist()
    assert (drawn[: len(wanted)] if first else drawn[-len(wanted) :]) == wanted


def test_the_receptive_field_is_where_the_gradient_goes():
    d = DCGANDiscriminator(batch_norm=False)
    x = torch.randn(1, *d.image_shape, dtype=torch.float64, requires_grad=True)
    d, fields, h = d.double(), [], x
    for layer in (*d.trunk, d.head):
        h = layer(h)
        if isinstance(layer, nn.Conv2d):
            middle = h.shape[-1] // 2
            (slope,) = torch.autograd.grad(h[0, :, middle, middle].sum(), x, retain_graph=True)
            rows = slope[0, 0].abs().sum(1).nonzero()
            fields.append((rows.max() - rows.min() + 1).item())
    drawn = [int(n) for n in re.findall(r"layer \d: (\d+) ×", " ".join(words("receptive_field")))]
    assert drawn == fields[:-1]
    assert fields[-1] == x.shape[-1] and "layer 4: all" in words("receptive_field")
    wanted = fields[-2] + 3 * 2**3  # a kernel of 4 behind three strides of 2
    assert f"The last would see {wanted}; the picture has only {x.shape[-1]}." in DRAWINGS["receptive_field"]().caption


def test_the_arithmetic_of_convolutions_is_torchs():
    x = torch.zeros(1, 1, 5, 5)
    assert f"output {nn.Conv2d(1, 1, 3, 2, 1)(x).shape[-1]} × 3" in words("padding_and_stride")
    y = nn.ConvTranspose2d(1, 1, 3, 2, 1)(x[..., :3, :3])
    assert f"output {y.shape[-1]} × {y.shape[-1]}" in words("zeros_between")
    assert "(5 + 2 · 1 − 3) / 2 + 1 = 3" in words("padding_and_stride")


def test_the_cost_of_earth_is_scipys():
    places = range(len(transport.FROM))
    cost = wasserstein_distance(places, places, transport.FROM, transport.TO)
    assert transport.earth_cost() / sum(transport.FROM) == pytest.approx(cost)
    assert any(line.endswith(f"= {cost:.2f}") for line in words("earth_and_shovels"))


def test_precision_and_recall_are_the_scores_own():
    real, fake = clouds()
    shares = [inside(fake, real)[0].sum().item(), inside(real, fake)[0].sum().item()]
    assert [f"{n} of 8" in DRAWINGS["precision_and_recall"]().caption for n in shares] == [True, True]
    judge = metrics.Judge(SmallClassifier(), {}, real)
    assert judge.precision_recall(fake) == pytest.approx([n / 8 for n in shares])
    assert shares[0] > shares[1]  # the made points miss a group of real ones


def test_the_map_knows_what_builds_on_what():
    assert all(before in CHAPTERS for place in CHAPTERS.values() for before in place.builds_on)
    assert ("4", "6") in shown_edges() and ("3", "6") not in shown_edges()  # 4 builds on 3 already
    links = [link.get("href") for link in tree("book_map").iter(f"{SVG}a")]
    assert [f"{place.page}.html" for place in CHAPTERS.values()] == links[: len(CHAPTERS)]


def test_drawing_leaves_the_random_numbers_alone():
    before = torch.get_rng_state()
    for draw in DRAWINGS.values():
        draw()
    assert torch.equal(torch.get_rng_state(), before)
