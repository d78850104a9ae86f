"""The ring of Gaussians, and every game on it."""

import json
import math
from dataclasses import replace

import pytest
import torch
from sklearn.datasets import make_moons

from gan_lib import runs
from gan_lib.chapters import plane, two_classes
from gan_lib.data import ImageSet, toy
from gan_lib.errors import BadInput
from gan_lib.networks.points import PointDiscriminator, PointGenerator, waves_of
from gan_lib.training import games, train
from gan_lib.training.recipe import difference
from gan_lib.training.recipes import MLP_FASHION
from gan_lib.training.state import State

MODES = 8
TOLD = {"classes": MODES}
GAMES = plane.RECIPES | {
    "CGAN": replace(plane.RING, game=games.CGAN, generator_args=TOLD, discriminator_args=TOLD),
    "ACGAN": replace(plane.RING, game=games.ACGAN, generator_args=TOLD, discriminator_args=TOLD | {"auxiliary": True}),
}


def drawn(state, n=4000):
    z = torch.randn(n, state.generator.latent_dim, generator=torch.Generator().manual_seed(9))
    labels = (torch.arange(n) % MODES,) if state.recipe.game.conditional else ()
    with torch.no_grad():
        return state.drawing(z, *labels)


@pytest.mark.parametrize(
    "name", ["non-saturating", "R1 + R2", "ACGAN"]
)  # of the others, that they once did is recorded
def test_a_probability_a_penalty_and_labels_learn_the_ring(name):
    recipe, centres, ring = GAMES[name], toy.ring_centres(MODES), plane.EIGHT
    data, state = ring.data(), State(GAMES[name], ring.size)
    modes_before, near_before = ring.covered(drawn(state))
    train(state, data, show_progress=False)
    points = drawn(state)
    modes, near = ring.covered(points)
    print(f"{name}: {modes} of {MODES} modes, {near:.0%} of the points near one ({near_before:.0%} before)")
    assert modes_before <= 2 and near > 2 * near_before
    if not recipe.game.conditional:
        penalised = recipe.game.name == "r1-r2"
        assert modes >= (MODES if penalised else MODES / 2) and near > 0.6  # without it some may be missed
    else:  # each label its own mode
        asked = centres[torch.arange(len(points)) % MODES]
        assert ((points - asked).norm(dim=1) < 0.25).float().mean() > 0.9


def test_the_ring_is_what_it_says():
    data, centres = toy.ring(4000, 5, seed=2, radius=0.5, spread=0.02), toy.ring_centres(5, 0.5)
    torch.testing.assert_close(centres.norm(dim=1), torch.full((5,), 0.5))
    torch.testing.assert_close(centres[0], torch.tensor([0.5, 0.0]))
    assert data.labels.bincount().tolist() == [800] * 5
    for mode in range(5):
        mine = data.pixels[data.labels == mode]
        torch.testing.assert_close(mine.mean(0), centres[mode], atol=0.003, rtol=0)
        torch.testing.assert_close(mine.std(0), torch.full((2,), 0.02), atol=0.002, rtol=0)
    assert torch.equal(data.pixels, toy.ring(4000, 5, seed=2, radius=0.5, spread=0.02).pixels)


def off(points, curve):
    """How far each point lies from the nearest of the curve's."""
    return torch.cdist(points, curve).min(1).values


def test_a_set_of_clouds_has_as_many_points_around_each_centre():
    rows = [[x, y] for y in (-0.75, 0.0, 0.75) for x in (-0.75, 0.0, 0.75)]
    for data, centres, spread in (
        (toy.grid(1800, 3, seed=1), torch.tensor(rows), toy.SPREAD),
        (toy.two(1800, spread=0.05), torch.tensor([[-0.5, 0.0], [0.5, 0.0]]), 0.05),
        (toy.clouds(600, [[0, 0], [0.2, -0.7]], name="mine"), torch.tensor([[0, 0], [0.2, -0.7]]), toy.SPREAD),
    ):
        assert data.labels.bincount().tolist() == [len(data.pixels) // len(centres)] * len(centres)
        away = data.pixels - centres[data.labels]
        torch.testing.assert_close(away.std(0), torch.full((2,), spread), atol=0.1 * spread, rtol=0)
        assert toy.modes_covered(data.pixels, centres, spread)[0] == len(centres)
    assert toy.clouds(50, [[1.0, -1.0]]).pixels.abs().max() == 1  # what would leave the plane stays at its edge


def test_the_ring_is_clouds_around_its_centres():
    mine, same = toy.ring(300, 5, seed=4), toy.clouds(300, toy.ring_centres(5), seed=4)
    assert torch.equal(mine.pixels, same.pixels) and torch.equal(mine.labels, same.labels)


def test_line_circle_and_moons_lie_evenly_along_their_curves():
    t = torch.linspace(0, 1, 2001)
    line = (1.5 * t - 0.75)[:, None] * torch.tensor([1.0, 0.5])
    circle = 0.75 * torch.stack([(2 * torch.pi * t).cos(), (2 * torch.pi * t).sin()], dim=1)
    moons = torch.from_numpy(make_moons(2000)[0]).float()  # theirs, of radius 1
    moons = (moons - torch.tensor([0.5, 0.25])) / 2
    for make, curve in ((toy.line, line), (toy.circle, circle), (toy.moons, moons)):
        data = make(3000, seed=2, spread=0.01)
        distance = off(data.pixels, curve)
        assert 0.007 < distance.square().mean().sqrt() < 0.012  # across, not along
        nearest = torch.cdist(data.pixels, curve).argmin(1)
        shares = torch.histc(nearest.float(), bins=8, min=0, max=len(curve) - 1) / 3000
        torch.testing.assert_close(shares, torch.full((8,), 1 / 8), atol=0.025, rtol=0)
        assert torch.equal(data.pixels, make(3000, seed=2, spread=0.01).pixels)
    upper = toy.moons(4000, spread=0.01)
    assert (
        off(upper.pixels[upper.labels == 0], moons[:2000]).max() < 0.06
    )  # scikit-learn's first 2,000 are its upper one


@pytest.mark.parametrize("hidden", [1, 2, 4])
def test_networks_of_points_have_as_many_hidden_layers_as_asked(hidden):
    generator, discriminator = PointGenerator(3, 7, hidden=hidden), PointDiscriminator(6, hidden=hidden)
    assert [tuple(w.shape) for w in generator.parameters() if w.ndim == 2] == [(7, 3), *[(7, 7)] * (hidden - 1), (2, 7)]
    sizes = [tuple(w.shape) for w in discriminator.parameters() if w.ndim == 2]
    assert sizes == [(6, 2), *[(6, 6)] * (hidden - 1), (1, 6)]
    x = z = torch.randn(5, 3)
    for i in range(hidden):
        x = torch.nn.functional.leaky_relu(generator.model[2 * i](x), 0.2)
    torch.testing.assert_close(generator(z), generator.model[2 * hidden](x).tanh())
    if hidden == 2:  # the names in recorded runs
        assert list(generator.state_dict()) == [f"model.{i}.{part}" for i in (0, 2, 4) for part in ("weight", "bias")]
        assert list(PointGenerator(3, 7).state_dict()) == list(generator.state_dict())


def test_a_uniform_generator_sees_z_evenly_spread_over_minus_1_to_1():
    generator = PointGenerator(2, 4, uniform=True)
    seen = []
    generator.model.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    z = torch.randn(20_000, 2)
    generator(z)
    shares = torch.histc(seen[0], bins=10, min=-1, max=1) / seen[0].numel()
    torch.testing.assert_close(shares, torch.full((10,), 0.1), atol=0.005, rtol=0)
    torch.testing.assert_close(seen[0], 2 * torch.distributions.Normal(0, 1).cdf(z) - 1)


def test_modes_are_counted_by_hand():
    centres = torch.tensor([[0.0, 0.0], [1.0, 0.0]])
    points = torch.tensor([[0.0, 0.05], [0.05, 0.0], [0.0, -0.2], [0.95, 0.0]])
    assert toy.modes_covered(points, centres, 0.05) == (2, 0.75)  # within 0.1; half of a fair share is one point
    assert toy.modes_covered(points, centres, 0.15) == (2, 1.0)
    assert toy.modes_covered(points, centres, 0.02) == (0, 0.0)
    assert toy.modes_covered(points[[0, 1, 0, 1, 3]], centres, 0.05) == (1, 1.0)  # one of five is too few
    assert toy.modes_covered(torch.full((9, 2), 5.0), centres) == (0, 0.0)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: toy.ring_centres(0), "modes is 0; choose a whole number, 1 or more"),
        (lambda: toy.ring(0), "n is 0; choose a whole number, 1 or more"),
        (lambda: toy.ring(10, 0), "modes is 0"),
        (lambda: toy.modes_covered(torch.rand(0, 2), toy.ring_centres()), r"points has the shape \(0, 2\)"),
        (lambda: toy.modes_covered(torch.rand(5, 3), toy.ring_centres()), r"points has the shape \(5, 3\)"),
        (lambda: toy.modes_covered(torch.rand(5, 2), toy.ring_centres(), 0), "spread is 0"),
        (lambda: toy.ring(10, spread=float("nan")), "spread is nan"),
        (lambda: toy.ring(10, radius=0.9), "leaves −1…1; choose a smaller one"),
        (lambda: toy.clouds(10, torch.zeros(0, 2)), r"centres has the shape \(0, 2\)"),
        (lambda: toy.clouds(10, [[0.0, 1.5]]), "a centre lies at 1.5, outside −1…1"),
        (lambda: toy.grid(10, 1), "side is 1; choose a whole number, 2 or more"),
        (lambda: toy.moons(0), "n is 0"),
        (lambda: toy.line(10, spread=0), "spread is 0"),
        (lambda: PointGenerator(hidden=0), "hidden is 0; choose a whole number, 1 or more"),
        (lambda: PointGenerator(waves=-1), "waves is -1; choose a whole number"),
        (lambda: PointDiscriminator(waves=13), "waves is 13"),
        (lambda: waves_of(torch.zeros(3), 2), r"x has shape \(3,\); give rows of numbers"),
        (lambda: PointGenerator(uniform="yes"), "uniform is 'yes'; choose True or False"),
        (lambda: PointGenerator()(torch.zeros(3, 5)), r"z has shape \(3, 5\)"),
        (lambda: PointGenerator(classes=4)(torch.zeros(3, 2), torch.tensor([0, 1, 4])), "choose from 0…3"),
        (lambda: PointDiscriminator()(torch.zeros(3, 5)), r"images have shape \(3, 5\)"),
    ],
)
def test_what_does_not_fit_is_refused(call, said):
    with pytest.raises(BadInput, match=said):
        call()


def test_a_play_keeps_the_points_and_the_field_of_each_moment():
    recipe, data = replace(plane.RING, steps=20, batch_size=16), toy.ring(64, 4)
    play = plane.play(recipe, data, moments=5)
    assert play.steps == (0, 5, 10, 15, 20) and len(play.history) == 2
    assert play.points.shape == (5, plane.POINTS, 2) and play.field.shape == (5, plane.SIDE, plane.SIDE)
    state = State(recipe, 64)
    train(state, data, steps=10, show_progress=False)
    z = torch.randn(plane.POINTS, 2, generator=torch.Generator().manual_seed(plane.POINTS_SEED))
    with torch.no_grad():
        torch.testing.assert_close(play.points[2], state.generator(z))
        corner, middle = torch.tensor([[-1.0, 1.0], [1.0, -1 + 2 / 39]])[:, None]  # top left; right, last but one
        assert play.field[2, 0, 0] == pytest.approx(state.discriminator(corner).sigmoid().item(), abs=1e-5)
        assert play.field[2, 38, 39] == pytest.approx(state.discriminator(middle).sigmoid().item(), abs=1e-5)


def test_the_field_of_a_critic_is_its_value():
    recipe, data = replace(plane.RECIPES["WGAN-GP"], steps=4, batch_size=16), toy.ring(64, 4)
    play, state = plane.play(recipe, data, moments=2), State(recipe, 64)
    train(state, data, show_progress=False)
    with torch.no_grad():
        values = state.discriminator(plane.grid())[:, 0]
    torch.testing.assert_close(play.field[-1].flatten(), values)
    assert not torch.allclose(values, values.sigmoid(), atol=0.1)


@pytest.mark.parametrize(
    ("ring", "name"),
    [(ring, name) for ring in plane.RINGS.values() for name in ring.recipes],
    ids=lambda value: getattr(value, "name", value),
)
def test_a_recorded_play_is_that_of_its_recipe_and_its_figures_are_counted_from_its_points(ring, name):
    card = json.loads((runs.RECORDED / ring.name / "card.json").read_text())
    assert difference(card["recipe"][name], ring.recipes[name]) == ""
    play, curves, found = (read(name, ring) for read in (plane.recorded, plane.histories, plane.evaluation))
    assert play.steps[0] == 0 and play.steps[-1] == play.recipe.steps and len(play.points) == len(play.field) == 17
    assert curves.shape[::2] == (ring.seeds, 5) and torch.equal(curves[0], play.history) and curves.isfinite().all()
    assert not torch.equal(curves[0], curves[1])
    counts, nears = zip(*map(ring.covered, play.points), strict=True)  # of some of the points that were counted
    off = [abs(count - modes) for count, modes in zip(counts, found["modes_at"][0], strict=True)]
    assert off[-1] <= ring.modes / 4 and sum(off) / len(off) <= ring.modes / 8  # chance: few points lie in a cloud
    assert found["near"][0] == pytest.approx(nears[-1], abs=0.1)
    assert len(found["modes"]) == len(found["near"]) == ring.seeds
    assert [of_seed[-1] for of_seed in found["modes_at"]] == found["modes"]


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: plane.play(plane.RING, toy.ring(64), moments=1), "moments is 1; choose a whole number, 2 or more"),
        (lambda: plane.play(plane.RING, toy.ring(64), points=0), "points is 0"),
        (lambda: plane.play(GAMES["CGAN"], toy.ring(512)), "a play has no labels, and the game cgan asks for them"),
        (lambda: plane.play(MLP_FASHION, toy.ring(512)), "mlp-fashion draws no points of the plane"),
        (lambda: plane.play("RING", toy.ring(512)), "'RING' is no recipe"),
        (lambda: two_classes.drawn("CGAN"), "'CGAN' is no recipe"),
        (lambda: plane.recorded("minimax", "ring25"), "'ring25' is no ring; give"),
        (lambda: plane.EIGHT.covered(torch.zeros(3, 3)), r"points has the shape \(3, 3\); give \(n, 2\)"),
        (lambda: two_classes.data(0), "n is 0; choose a whole number, 1 or more"),
        (lambda: two_classes.drawn(plane.RING), "the game non-saturating has no labels"),
        (lambda: two_classes.wrong_side(torch.zeros(3, 2), torch.zeros(2)), r"labels has the shape \(2,\)"),
    ],
)
def test_a_play_that_cannot_be_is_refused(call, said):
    with pytest.raises(BadInput, match=said):
        call()


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.float16])
def test_a_readers_own_points_can_be_played(dtype):
    points, labels = make_moons(256, noise=0.05, random_state=0)
    moons = ImageSet("moons", torch.tensor(points / 2.2, dtype=dtype), torch.tensor(labels), ("upper", "lower"))
    play = plane.play(replace(plane.RING, steps=4), moons, moments=3)
    assert torch.equal(play.points, plane.play(replace(plane.RING, steps=4), moons.pixels, moments=3).points)
    assert play.points.shape == (3, plane.POINTS, 2) and play.real.dtype == torch.float32


def test_recording_a_ring_trains_every_game_with_every_seed(tmp_path, monkeypatch):
    short = plane.Ring(
        "short",
        5,
        0.03,
        400,
        seeds=2,
        points=64,
        recipes={"game": replace(plane.RING, steps=20, batch_size=16)},
    )
    monkeypatch.setattr(runs, "RECORDED", tmp_path)
    card = plane.record_ring(tmp_path / short.name, short)
    assert card["seeds"] == 2 and plane.evaluation("game", short) == card["evaluation"]["game"]
    for seed, curves in enumerate(plane.histories("game", short)):
        own = plane.play(replace(short.recipes["game"], seed=seed), toy.ring(400, 5), points=plane.COUNTED)
        torch.testing.assert_close(own.history, curves)
        assert card["evaluation"]["game"]["modes_at"][seed] == [short.covered(points)[0] for points in own.points]
        if seed == 0:
            torch.testing.assert_close(plane.recorded("game", short).points, own.points[:, :64], atol=1e-3, rtol=0)
    with pytest.raises(BadInput, match="game 'long' is not known"):
        plane.recorded("long", short)


@pytest.mark.parametrize("ring", plane.RINGS.values(), ids=lambda ring: ring.name)
def test_the_data_cover_all_clouds_also_few_of_them_and_a_circle_that_is_drawn_evenly_none(ring):
    data = ring.data().pixels
    few = data[torch.randperm(len(data), generator=torch.Generator().manual_seed(0))[: plane.COUNTED]]
    assert ring.covered(data)[0] == ring.covered(few)[0] == ring.modes
    assert ring.covered(toy.even_circle(5_000))[0] == 0


def test_an_even_circle_is_as_far_from_one_place_to_the_next():
    points = toy.even_circle(7, radius=0.5)
    sides = (points - points.roll(1, 0)).norm(dim=1)
    torch.testing.assert_close(points.norm(dim=1), torch.full((7,), 0.5))
    torch.testing.assert_close(sides, torch.full((7,), 2 * 0.5 * math.sin(math.pi / 7)))


def test_waves_are_sines_and_cosines_that_double_their_speed():
    x = torch.tensor([[0.3, -1.2], [0.0, 0.7]], dtype=torch.float64)
    found = waves_of(x, 3)
    expected = [
        [f(2**k * math.pi * v) for f in (math.sin, math.cos) for v in row for k in range(3)] for row in x.tolist()
    ]
    assert found.shape == (2, 12) and found.dtype == torch.float64
    torch.testing.assert_close(found.sort(1).values, torch.tensor(expected, dtype=torch.float64).sort(1).values)
    turn = 2.0 ** (2 - 3)  # the length of the fastest
    torch.testing.assert_close(waves_of(x + turn, 3).reshape(2, 2, 2, 3)[..., 2], found.reshape(2, 2, 2, 3)[..., 2])


def test_networks_that_see_waves_answer_as_those_that_are_given_them():
    generator, discriminator = PointGenerator(3, 7, uniform=True, waves=2), PointDiscriminator(6, waves=4)
    z, x = torch.randn(5, 3), 2 * torch.rand(5, 2) - 1
    even = (z / math.sqrt(2)).erf()
    torch.testing.assert_close(generator(z), generator.model(torch.cat([even, waves_of(even, 2)], 1)))
    told = discriminator.head(discriminator.trunk(torch.cat([x, waves_of(x, 4)], 1)))
    torch.testing.assert_close(discriminator(x), told)
    sizes = [tuple(network[0].weight.shape) for network in (generator.model, discriminator.trunk)]
    assert sizes == [(7, 3 + 12), (6, 2 + 16)]
