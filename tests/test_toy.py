"""The ring of Gaussians, and every game on it."""

import json
from dataclasses import replace

import pytest
import torch

from gan_lib import games, plane, runs, toy
from gan_lib.errors import BadInput
from gan_lib.recipe import difference
from gan_lib.state import State
from gan_lib.training import train

MODES = 8
TOLD = {"classes": MODES}
GAMES = plane.RECIPES | {
    "CGAN": replace(plane.RING, game=games.CGAN, generator_args=TOLD, discriminator_args=TOLD),
    "ACGAN": replace(plane.RING, game=games.ACGAN, generator_args=TOLD, discriminator_args=TOLD | {"auxiliary": True}),
}


def drawn(state, n=4000):
    z = torch.randn(n, 2, generator=torch.Generator().manual_seed(9))
    labels = (torch.arange(n) % MODES,) if state.recipe.game.conditional else ()
    with torch.no_grad():
        return state.generator(z, *labels)


@pytest.mark.parametrize("name", GAMES)
def test_every_game_learns_the_ring(name):
    recipe, centres = GAMES[name], toy.ring_centres(MODES)
    data, state = toy.ring(8192, MODES), State(GAMES[name], 8192)
    modes_before, near_before = toy.modes_covered(drawn(state), centres)
    train(state, data, show_progress=False)
    points = drawn(state)
    modes, near = toy.modes_covered(points, centres)
    print(f"{name}: {modes} of {MODES} modes, {near:.0%} of the points near one ({near_before:.0%} before)")
    assert modes_before <= 2 and modes == MODES and near > 0.4 > 4 * near_before
    if recipe.game.conditional:  # each label its own mode
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


def test_modes_are_counted_by_hand():
    centres = torch.tensor([[0.0, 0.0], [1.0, 0.0]])
    points = torch.tensor([[0.0, 0.05], [0.05, 0.0], [0.0, -0.2], [0.95, 0.0]])
    assert toy.modes_covered(points, centres, within=0.1, share=0.2) == (2, 0.75)
    assert toy.modes_covered(points, centres, within=0.1, share=0.3) == (1, 0.75)
    assert toy.modes_covered(points, centres, within=0.3, share=0.3) == (1, 1.0)
    assert toy.modes_covered(torch.full((9, 2), 5.0), centres) == (0, 0.0)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: toy.ring_centres(0), "modes is 0; choose at least 1"),
        (lambda: toy.ring(10, radius=0.9), "leaves −1…1; choose a smaller one"),
        (lambda: toy.PointGenerator()(torch.zeros(3, 5)), r"z has shape \(3, 5\)"),
        (lambda: toy.PointGenerator(classes=4)(torch.zeros(3, 2), torch.tensor([0, 1, 4])), "choose from 0…3"),
        (lambda: toy.PointDiscriminator()(torch.zeros(3, 5)), r"images have shape \(3, 5\)"),
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
    play = plane.play(replace(plane.RECIPES["WGAN-GP"], steps=4, batch_size=16), toy.ring(64, 4), moments=2)
    assert play.field.min() < 0 or play.field.max() > 1


@pytest.mark.parametrize(
    ("ring", "name"),
    [(ring, name) for ring in plane.RINGS.values() for name in ring.recipes],
    ids=lambda value: getattr(value, "name", value),
)
def test_a_recorded_play_is_that_of_its_recipe_and_its_figures_are_counted_from_its_points(ring, name):
    card = json.loads((runs.RECORDED / ring.name / "card.json").read_text())
    assert difference(card["recipe"][name], ring.recipes[name]) == ""
    play, curves, found = (read(name, ring) for read in (plane.load, plane.histories, plane.evaluation))
    assert play.steps[0] == 0 and play.steps[-1] == play.recipe.steps and len(play.points) == len(play.field) == 17
    assert curves.shape[::2] == (ring.seeds, 5) and torch.equal(curves[0], play.history) and curves.isfinite().all()
    assert not torch.equal(curves[0], curves[1])
    modes, near = ring.covered(play.points[-1])
    assert found["modes"][0] == modes and found["near"][0] == pytest.approx(near, abs=0.01)
    assert len(found["modes"]) == len(found["near"]) == ring.seeds
    assert [of_seed[-1] for of_seed in found.get("modes_at", [])] in ([], found["modes"])


def test_recording_a_ring_trains_every_game_with_every_seed(tmp_path, monkeypatch):
    short = plane.Ring(
        "short",
        5,
        0.03,
        400,
        seeds=2,
        points=64,
        within=0.1,
        share=0.02,
        recipes={"game": replace(plane.RING, steps=20, batch_size=16)},
    )
    monkeypatch.setattr(runs, "RECORDED", tmp_path)
    card = plane.record_ring(tmp_path / short.name, short)
    assert card["seeds"] == 2 and plane.evaluation("game", short) == card["evaluation"]["game"]
    for seed, curves in enumerate(plane.histories("game", short)):
        own = plane.play(replace(short.recipes["game"], seed=seed), toy.ring(400, 5), points=64)
        torch.testing.assert_close(own.history, curves)
        assert len(card["evaluation"]["game"]["modes_at"][seed]) == 17
        if seed == 0:
            torch.testing.assert_close(plane.load("game", short).points, own.points, atol=1e-3, rtol=0)
    with pytest.raises(BadInput, match="game 'long' is not known"):
        plane.load("long", short)


def test_the_data_cover_all_25_clouds_and_a_circle_that_is_drawn_evenly_none():
    ring = plane.TWENTY_FIVE
    angles = torch.linspace(0, 2 * torch.pi, 5_001)[:-1]
    evenly = toy.RADIUS * torch.stack([angles.cos(), angles.sin()], dim=1)
    assert ring.covered(ring.data().pixels)[0] == 25
    assert ring.covered(evenly)[0] == 0
