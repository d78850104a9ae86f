"""Generators as people bring them: each is drawn, scored and explored as what it is, or refused in one sentence."""

import asyncio
import io
import time

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from gan_lib import runs, widgets
from gan_lib.data import to_pixels
from gan_lib.errors import BadInput, GanLibError
from gan_lib.machine.rng import z_from_seed
from gan_lib.networks.brought import brought
from gan_lib.networks.conditional import CGANGenerator
from gan_lib.networks.mlp import MLPGenerator
from gan_lib.scores import metrics
from gan_lib.show import latent
from gan_lib.widgets import face, latent_explorer
from gan_lib.widgets.moves import Newest

pytestmark = pytest.mark.usefixtures("no_running_loop")


class Own(nn.Module):
    """z (B, n) → pictures of the given shape, with one hidden layer."""

    def __init__(self, shape=(1, 28, 28), n=100, last=None):
        super().__init__()
        self.latent_dim, self.shape = n, shape
        self.net = nn.Sequential(nn.Linear(n, 8), nn.ReLU(), nn.Linear(8, int(np.prod(shape))), last or nn.Tanh())

    def forward(self, z):
        return self.net(z).reshape(len(z), *self.shape)


class Tutorial(nn.Module):
    """As PyTorch's DCGAN tutorial has it: z (B, n, 1, 1), and nothing said."""

    def __init__(self):
        super().__init__()
        self.main = nn.Sequential(
            nn.ConvTranspose2d(20, 4, 7, 1, 0, bias=False),
            nn.BatchNorm2d(4),
            nn.ReLU(True),
            nn.ConvTranspose2d(4, 1, 4, 4, 0, bias=False),
            nn.Tanh(),
        )

    def forward(self, x):
        return self.main(x)


class Labelled(nn.Module):
    """Takes a class number, or the label as one-hot, behind z or before it."""

    latent_dim, classes = 10, 3

    def __init__(self, one_hot=False, first=False):
        super().__init__()
        self.one_hot, self.first = one_hot, first
        self.table, self.out = nn.Embedding(3, 3), nn.Linear(13, 784)

    def forward(self, z, labels):
        z, labels = (labels, z) if self.first else (z, labels)
        told = labels if self.one_hot else self.table(labels)
        return self.out(torch.cat([z, told], 1)).tanh().view(-1, 1, 28, 28)


class Says(Own):
    """Gives something else than pictures."""

    def __init__(self, what):
        super().__init__()
        self.what = what

    def forward(self, z):
        return self.what(super().forward(z))


class Plain:
    """No module at all."""

    latent_dim = 4

    def __call__(self, z):
        return z.repeat(1, 196).tanh().view(-1, 1, 28, 28)


def with_(network, **attributes):
    for name, value in attributes.items():
        setattr(network, name, value)
    return network


def filled(network, value):
    nn.init.constant_(next(network.parameters()), value)
    return network


def half_sigmoid(x):
    return (x + 1) / 2


FOUR_AXES = "z (B, n, 1, 1), length not said"
# what it is → (a maker, its pictures (B, C, H, W) in −1…1 from the network and z)
DRAWN = {
    FOUR_AXES: (Tutorial, lambda g, z: g(z[:, :, None, None])),
    "length not said": (lambda: with_(Own(), latent_dim=None), lambda g, z: g(z)),
    "flat": (lambda: Own((784,)), lambda g, z: g(z).view(-1, 1, 28, 28)),
    "flat, shape said": (
        lambda: with_(Own((2352,)), image_shape=(3, 28, 28)),
        lambda g, z: g(z).view(-1, 3, 28, 28),
    ),
    "no channel axis": (lambda: Own((28, 28)), lambda g, z: g(z)[:, None]),
    "channels last, grey": (lambda: Own((28, 28, 1)), lambda g, z: g(z).permute(0, 3, 1, 2)),
    "channels last, colour": (lambda: Own((28, 28, 3)), lambda g, z: g(z).permute(0, 3, 1, 2)),
    "sigmoid": (lambda: Own(last=nn.Sigmoid()), lambda g, z: g(z) * 2 - 1),
    "sigmoid in forward": (lambda: Says(lambda x: x.mul(4).sigmoid()), lambda g, z: g(z) * 2 - 1),
    "half": (lambda: Own().half(), lambda g, z: g(z.half()).float()),
    "bfloat16": (lambda: Own().bfloat16(), lambda g, z: g(z.bfloat16()).float()),
    "double": (lambda: Own().double(), lambda g, z: g(z.double())),
    "short z": (lambda: Own(n=2), lambda g, z: g(z)),
    "z of one number": (lambda: Own(n=1), lambda g, z: g(z)),
    "DataParallel": (lambda: nn.DataParallel(Own()), lambda g, z: g.module(z)),
    "DataParallel that says its length": (
        lambda: with_(nn.DataParallel(with_(Own(), latent_dim=None)), latent_dim=100),
        lambda g, z: g.module(z),
    ),
    "no module": (Plain, lambda g, z: g(z)),
    "no weights": (
        lambda: with_(nn.Sequential(nn.Tanh(), nn.Unflatten(1, (1, 2, 5))), latent_dim=10),
        lambda g, z: g(z),
    ),
    "two channels": (lambda: Own((2, 8, 8)), lambda g, z: g(z)),
    "four channels": (lambda: Own((4, 8, 8)), lambda g, z: g(z)),
    "not square": (lambda: Own((1, 20, 30)), lambda g, z: g(z)),
    "one pixel": (lambda: Own((1, 1, 1)), lambda g, z: g(z)),
    "dropped axes": (lambda: Says(torch.squeeze), lambda g, z: g(z).view(-1, 1, 28, 28)),
    "a little over 1": (lambda: Says(lambda x: 1.5 * x), lambda g, z: g(z)),
}
REFUSED = {
    "NaN": (lambda: filled(Own(), torch.nan), "not finite"),
    "0…255": (lambda: Says(lambda x: half_sigmoid(x) * 255), "pictures run from −1 to 1"),
    "bytes": (lambda: Says(to_pixels), "torch.uint8; let it give floats"),
    "a tuple": (lambda: Says(lambda x: (x, x)), "gives a tuple"),
    "a dict": (lambda: Says(lambda x: {"x": x}), "gives a dict"),
    "one number": (lambda: Says(torch.mean), r"gives shape \(\)"),
    "flat, no square": (lambda: Own((2352,)), "2,352 numbers in a row"),
    "seven channels": (lambda: Own((7, 28, 28)), "with C up to 4 is needed"),
    "an error": (lambda: Says(lambda x: x / "0"), r"Says could not draw .*TypeError"),
    "another length": (lambda: with_(Own(), latent_dim=99), "Own could not draw from z of shape"),
    "a length in words": (lambda: with_(Own(), latent_dim="100"), "latent_dim is '100'"),
    "no length": (lambda: lambda z: z, r"set it first, for example G.latent_dim = 100"),
    "labels before z": (lambda: Labelled(first=True), r"takes \(labels, z\)"),
    "classes and no labels": (lambda: with_(Own(), classes=3), "takes no labels; delete"),
    "labels and no classes": (lambda: with_(Labelled(), classes=0), "for example G.classes = 10"),
    "classes in words": (lambda: with_(Labelled(), classes="ten"), "classes is 'ten'"),
    "weights": (lambda: Own().state_dict(), "load_state_dict"),
    "a class": (lambda: Own, r"G = Own\(\)"),
    "a name": (lambda: "mlp-fashion", r"runs.load\('mlp-fashion'\)"),
    "nothing": (lambda: None, "NoneType is none"),
}


@pytest.fixture(autouse=True)
def shown(monkeypatch):
    calls = []
    monkeypatch.setattr(face, "display", lambda *what, **how: calls.append(what))
    monkeypatch.setattr(latent_explorer, "display", lambda *what: calls.append(what))
    torch.manual_seed(0)
    return calls


def picture(explorer):
    """What the live face shows: uint8 (C, H, W)."""
    found = np.array(Image.open(io.BytesIO(explorer.views[0].picture.value)))
    return torch.from_numpy(found.reshape(*found.shape[:2], -1)).permute(2, 0, 1)


# ------------------------------------------------------------------------------------------- what is drawn


@pytest.mark.parametrize("kind", DRAWN)
def test_each_kind_is_drawn_as_what_it_is(kind, shown):
    maker, by_hand = DRAWN[kind]
    generator = maker()
    drawer = brought(generator)
    z = z_from_seed(0, drawer.latent_dim, 5)
    if isinstance(generator, nn.Module):
        generator.eval()
    with torch.no_grad():
        expected = by_hand(generator, z)
        one = by_hand(generator, z_from_seed(0, drawer.latent_dim))
    assert drawer.image_shape == tuple(expected.shape[1:])
    torch.testing.assert_close(drawer.draw(z), expected)
    torch.testing.assert_close(next(metrics.samples(generator, 5, 0)), expected.float())
    torch.testing.assert_close(latent.sweep(generator, z[0], 0, [z[0, 0]]), expected[:1], rtol=1e-2, atol=1e-2)
    explorer = widgets.LatentExplorer(generator)
    assert explorer.message.value == ""
    assert (picture(explorer).int() - to_pixels(one)[0].int()).abs().max() <= 1
    assert bytes(explorer.views[0].map.value).startswith(b"\x89PNG")
    widgets.explore_latent(generator)
    assert len(shown) == 1


@pytest.mark.parametrize("kind", ["sigmoid", "channels last, colour", "no channel axis", "flat", FOUR_AXES])
def test_maps_of_effects_are_central_differences(kind):
    maker, by_hand = DRAWN[kind]
    generator = maker().eval()
    drawer = brought(generator)
    z, step = z_from_seed(0, drawer.latent_dim, 3), torch.zeros(drawer.latent_dim)
    step[1] = 0.01
    with torch.no_grad():
        expected = ((by_hand(generator, z + step) - by_hand(generator, z - step)) / 0.02).abs().mean(0)
    torch.testing.assert_close(latent.effect_map(generator, 1, z), expected, rtol=1e-2, atol=1e-3)
    torch.testing.assert_close(latent.effects(generator, z)[1], expected, rtol=1e-2, atol=1e-3)


@pytest.mark.parametrize("one_hot", [False, True])
def test_labels_are_numbers_or_one_hot_and_may_have_names(one_hot):
    generator = with_(Labelled(one_hot), classes=["cat", "dog", "cow"]).eval()
    z, labels = z_from_seed(0, 10, 4), torch.tensor([2, 0, 1, 2])
    told = nn.functional.one_hot(labels).float() if one_hot else labels
    drawer = brought(generator)
    assert (drawer.classes, drawer.names) == (3, ("cat", "dog", "cow"))
    torch.testing.assert_close(drawer.draw(z, labels), generator(z, told).detach())
    torch.testing.assert_close(latent.sweep(generator, z[0], 0, [z[0, 0]], 2), generator(z, told)[:1].detach())
    explorer = widgets.LatentExplorer(generator, label=1)
    assert explorer.label.options == (("cat", 0), ("dog", 1), ("cow", 2)) and explorer.message.value == ""
    for call in (
        lambda: drawer(z),
        lambda: latent.sweep(generator, z[0], 0),
        lambda: latent.effects(generator, z),
        lambda: latent.sweep(generator, z[0], 0, label=3),
        lambda: widgets.LatentExplorer(generator, label=3),
        lambda: widgets.LatentExplorer(generator, classes=["one"]),
    ):
        with pytest.raises(BadInput, match="label"):
            call()


# ----------------------------------------------------------------------------------------- what is refused


@pytest.mark.parametrize("kind", REFUSED)
def test_each_other_kind_is_refused_in_one_sentence_everywhere(kind, shown):
    maker, said = REFUSED[kind]
    given, z = maker(), torch.zeros(3, 100)
    calls = [
        lambda: metrics.samples(given, 5, 0),
        lambda: metrics.frechet_distance(given, n=20),
        lambda: metrics.class_shares(given, n=20),
        lambda: metrics.evaluate(given, n=30),
        lambda: widgets.explore_latent(given),
        lambda: widgets.LatentExplorer(given),
    ]
    if kind not in ("NaN", "0…255"):  # these can be moved about in
        calls += [
            lambda: latent.sweep(given, z[0], 0),
            lambda: latent.effect_map(given, 0, z),
            lambda: latent.effects(given, z),
        ]
    for call in calls:
        with pytest.raises(BadInput, match=said) as refused:
            call()
        assert "\n" not in str(refused.value)
    assert shown == []


@pytest.mark.parametrize("kind", DRAWN)
def test_no_raw_error_comes_from_any_score(kind):
    generator = DRAWN[kind][0]()
    for measure in (metrics.frechet_distance, metrics.class_shares, metrics.evaluate):
        try:
            found = measure(generator, n=20)
        except GanLibError as error:
            assert "\n" not in str(error)
        else:
            values = found.values() if isinstance(found, dict) else [found]
            assert all(np.isfinite(np.asarray(value, dtype=float)).all() for value in values)


# -------------------------------------------------------------------------------------------- side effects


def test_the_trial_leaves_no_trace():
    class Counting(Own):
        calls = 0

        def forward(self, z):
            self.calls += 1
            self.noise = torch.rand(3)
            return super().forward(z)

    generator, state = Counting().train(), torch.get_rng_state()
    drawer = brought(generator)
    assert generator.training and generator.calls == 0 and torch.equal(torch.get_rng_state(), state)
    drawer.draw(torch.zeros(1, 100))
    assert generator.training and generator.calls == 1


@pytest.mark.parametrize("make", [MLPGenerator, lambda: CGANGenerator(width=8)])
def test_the_books_own_generators_are_called_as_they_are(make, monkeypatch):
    generator = make().eval()
    labels = torch.arange(4) if generator.classes else None
    z = z_from_seed(0, 100, 4)
    expected = generator(z, labels)
    monkeypatch.setattr("gan_lib.networks.brought._tried", None)  # no trial
    drawer = brought(generator)
    assert torch.equal(drawer(z, labels), expected) and drawer.module() is generator
    assert brought(drawer) is drawer


def test_a_run_is_taken_for_its_generator():
    run = runs.load("mlp-fashion")
    assert brought(run).network is run.generator
    assert metrics.frechet_distance(run, n=50) == metrics.frechet_distance(run.generator, n=50)


# ------------------------------------------------------------------------------------------- the explorers


@pytest.mark.parametrize(
    ("n", "given", "expected"),
    [
        (100, None, [5, 25, 45, 65, 85]),
        (64, None, [5, 25, 45]),
        (3, None, [0, 1, 2]),
        (100, 7, [7]),
        (100, range(2, 5), [2, 3, 4]),
        (100, np.array([9, 1]), [9, 1]),
        (100, torch.tensor(3), [3]),
        (100, (4, 4, 2), [4, 2]),
    ],
)
def test_dimensions_are_those_that_z_has_or_what_is_asked_for(n, given, expected):
    assert list(widgets.LatentExplorer(Own(n=n), given).sliders) == expected


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"dims": (5, 64)}, "dimension 64 does not exist"),
        ({"dims": "05"}, "dims is '05'"),
        ({"dims": 1.5}, "dims is 1.5"),
        ({"dims": np.array([])}, "dims is empty"),
        ({"seed": True}, "seed True is not possible"),
        ({"label": "cat"}, "label 'cat'"),
        ({"classes": "cat"}, "classes is 'cat'"),
        ({"classes": ["cat"]}, "leave both out"),
    ],
)
def test_both_faces_refuse_the_same_arguments(options, said, shown):
    for call in (widgets.explore_latent, widgets.LatentExplorer):
        with pytest.raises(BadInput, match=said):
            call(Own(n=64), **options)
    assert shown == []


def test_several_generators_may_come_as_a_list_and_have_other_sizes(shown):
    explorer = widgets.LatentExplorer([Own(), Own((1, 20, 30))])
    assert [view.picture.height for view in explorer.views] == ["252", "168"]
    widgets.explore_latent([Own(), Own((1, 20, 30))], dims=3)
    assert "Side by side: generator 1, generator 2." in shown[0][0]["text/plain"]
    mixed = ([], "no generator"), ([Own(), Own(n=64)], "different z"), ([Own(), Own((3, 8, 8))], "channels")
    for others, said in mixed:
        with pytest.raises(BadInput, match=said):
            widgets.explore_latent(others)


def test_a_generator_that_breaks_later_shows_a_sentence():
    generator = Own()
    explorer = widgets.LatentExplorer(generator)
    filled(generator, torch.nan)
    explorer.sliders[5].value = 2.0
    assert explorer.message.value.startswith("the generator draws numbers that are not finite")


# ------------------------------------------------------------------------------------ moves in between


async def at_rest(newest):
    while newest.timer:
        await asyncio.sleep(0.01)


def moves(seconds, gap, count=8):
    """The values that are drawn, of `count` moves in an event loop; a drawing takes so long."""
    now, drawn = [0], []

    def draw():
        time.sleep(seconds)
        drawn.append(now[0])

    async def user():
        newest = Newest(draw)
        for now[0] in range(1, count + 1):
            newest()
            await asyncio.sleep(gap)
        await at_rest(newest)

    asyncio.run(user())
    return drawn


def test_moves_behind_a_slow_drawing_are_skipped_but_the_newest():
    drawn = moves(seconds=0.1, gap=0)
    assert (drawn[0], drawn[-1]) == (1, 8) and len(drawn) < 5  # 2, unless the machine paused just then


def test_a_slow_hand_skips_nothing():
    assert moves(seconds=0.05, gap=0.1, count=3) == [1, 2, 3]


def test_a_fast_drawing_skips_nothing(monkeypatch):
    monkeypatch.setattr("gan_lib.widgets.moves.FAST", 60)  # whatever a busy machine calls fast
    assert moves(seconds=0, gap=0) == list(range(1, 9))


def test_a_hand_that_never_rests_still_sees_something():
    drawn = moves(seconds=0.06, gap=0.01, count=60)
    assert drawn[-1] == 60 and 3 <= len(drawn) < 40


def test_without_a_loop_each_move_is_drawn():
    drawn = []
    newest = Newest(lambda: drawn.append(time.sleep(0.05)))
    newest(), newest()
    assert len(drawn) == 2


@pytest.mark.parametrize("kind", ["latent", "figure"])
def test_the_sliders_of_a_slow_explorer_draw_the_newest_value(kind):
    def slow(x):
        time.sleep(0.05)
        return x

    async def drag():
        if kind == "latent":
            explorer = widgets.LatentExplorer(Says(slow), dims=0)
            slider, calls = explorer.sliders[0], explorer._newest
        else:
            explorer = widgets.LiveFigure(lambda mu: slow(None), {"mu": [0.0, 1.0, 2.0, 3.0, 4.0]})
            slider, calls = explorer.sliders["mu"], explorer._newest
        count, draw = [], calls.draw
        calls.draw = lambda: count.append(slider.value) or draw()
        for value in (1.0, 0.0, 2.0, 3.0, 1.0):
            slider.value = value
        await at_rest(calls)
        return count

    drawn = asyncio.run(drag())
    assert drawn[-1] == 1.0 and len(drawn) < 4  # 1, unless the machine paused just then
