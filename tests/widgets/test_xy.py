"""The game x · y: its steps beside autograd and what the mathematics says of them, the page's beside Python's."""

from __future__ import annotations

import json
import math

import pytest
import torch

from gan_lib import widgets
from gan_lib.chapters.xy import STEPS, walk
from gan_lib.errors import BadInput
from gan_lib.training.games import critic_generator_loss
from gan_lib.widgets import face, xy
from tests.outputs import spec_of
from tests.page_scripts import context

pytestmark = pytest.mark.usefixtures("no_running_loop")
GAMES = [  # x, y, rate, damping, in turns
    (1.0, 0.0, 0.2, 0.0, False),
    (1.0, 0.0, 0.2, 0.0, True),
    (-0.3, 1.7, 0.5, 0.3, False),
    (-0.3, 1.7, 0.5, 0.3, True),
    (2.0, -2.0, 0.01, 2.0, True),
    (0.0, 0.0, 0.3, 1.0, False),
]


def named(game) -> dict:
    return dict(zip(("x", "y", "rate", "damping", "in_turns"), game, strict=True))


@pytest.fixture
def live(monkeypatch):
    """A function that shows the live face with these arguments."""
    monkeypatch.setenv("GAN_LIB_STATIC", "0")
    boxes, figures, make = [], [], xy.LiveXY
    monkeypatch.setattr(xy, "display", boxes.append)
    monkeypatch.setattr(xy, "LiveXY", lambda game: figures.append(make(game)) or figures[-1])

    def show(**how) -> xy.LiveXY:
        widgets.play_xy(**how)
        assert boxes == [figures[-1].box]
        return figures[-1]

    return show


# ------------------------------------------------------------------------------------------ the steps


class Line(torch.nn.Module):
    """A critic of slope −y, and G's one point is x."""

    def __init__(self, y: torch.Tensor):
        super().__init__()
        self.y = torch.nn.Parameter(y)

    def forward(self, samples):
        return -self.y * samples


@pytest.mark.parametrize("game", GAMES)
def test_eq_damped_is_a_descent_of_both_players_on_the_critics_losses_with_r1(game):
    given = named(game)
    x = torch.tensor([[given["x"]]], dtype=torch.float64, requires_grad=True)
    critic, rate, gamma = Line(torch.tensor(given["y"], dtype=torch.float64)), given["rate"], given["damping"]

    def slope_of_x():
        return torch.autograd.grad(critic_generator_loss(critic(x)), x)[0]

    def slope_of_y():
        data = torch.zeros(1, 1, dtype=torch.float64, requires_grad=True)
        (slope,) = torch.autograd.grad(critic(data).sum(), data, create_graph=True)
        loss = critic(x.detach()).mean() - critic(data).mean() + gamma / 2 * slope.square().sum(1).mean()
        return torch.autograd.grad(loss, critic.y)[0]

    for expected in walk(**given, steps=5)[1:]:
        before, old_x = slope_of_y(), slope_of_x()
        x.data -= rate * old_x
        critic.y.data -= rate * (slope_of_y() if given["in_turns"] else before)
        torch.testing.assert_close(torch.stack([x.squeeze(), critic.y]).detach(), expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("rate", [0.05, 0.2, 0.5])
def test_without_damping_both_at_once_goes_away_and_in_turns_stays(rate):
    away, around = (walk(1.2, -0.7, rate, in_turns=turns, steps=500) for turns in (False, True))
    grown = away.square().sum(1)
    torch.testing.assert_close(grown[1:] / grown[:-1], torch.full((500,), 1 + rate**2, dtype=torch.float64))
    kept = around.square().sum(1) - rate * around.prod(1)
    torch.testing.assert_close(kept, kept[0].expand(501))
    assert around.norm(dim=1).max() < 2


@pytest.mark.parametrize("rate", [0.1, 0.4])
@pytest.mark.parametrize("damping", [0.5, 1.0, 3.0])  # times the rate
@pytest.mark.parametrize("in_turns", [False, True])
def test_eq_damped_factor_is_below_1_if_the_damping_is_above_the_rate_and_in_turns_always(rate, damping, in_turns):
    gamma, told = damping * rate, {"rate": rate, "damping": damping * rate, "in_turns": in_turns}
    step = torch.stack([walk(*start, **told, steps=1)[1] for start in ((1, 0), (0, 1))], 1)  # (2, 2), of one step
    expected = math.sqrt(1 - rate * gamma + (0 if in_turns else rate**2))
    assert torch.linalg.eigvals(step).abs().tolist() == pytest.approx([expected] * 2)
    first, *_, end = walk(1, 0, **told, steps=2_000).norm(dim=1).tolist()
    if in_turns or damping > 1:
        assert expected < 1 and end < 0.01 * first
    else:
        assert expected >= 1 and end > 0.9 * first


@pytest.mark.parametrize("in_turns", [False, True])
def test_this_holds_for_all_values_of_the_sliders(in_turns):
    for rate in torch.linspace(*xy.RANGES["rate"], 8).tolist():
        for damping in torch.linspace(*xy.RANGES["damping"], 10)[1:].tolist():
            told = {"rate": rate, "damping": damping, "in_turns": in_turns}
            step = torch.stack([walk(*start, **told, steps=1)[1] for start in ((1, 0), (0, 1))], 1)  # (2, 2)
            arrives = torch.linalg.eigvals(step).abs().max().item() < 1
            assert arrives == (in_turns or damping > rate)


# ------------------------------------------------------------------------------------------ the page


@pytest.fixture
def page():
    return context("xy.js")


@pytest.mark.parametrize("game", GAMES)
def test_the_page_walks_as_python_does(page, game):
    given = named(game)
    page.eval("const walked = (...game) => JSON.stringify(walkXY(...game));")
    start = [given["x"], given["y"]]
    found = json.loads(page.call("walked", start, given["rate"], given["damping"], given["in_turns"]))
    found = torch.tensor(found, dtype=torch.float64)
    assert found.shape == (STEPS + 1, 2)
    assert torch.equal(found, walk(**given))


@pytest.mark.parametrize(
    ("far", "said"), [(0, "0.000"), (1e-9, "less than 0.001"), (0.3136, "0.314"), (1, "1.00"), (812.456, "812.46")]
)
def test_a_distance_is_said_alike_on_the_page_and_in_python(page, far, said):
    assert page.call("farXY", [far, 0]) == xy._short(far) == said


def test_the_ranges_and_names_are_those_of_the_page(page):
    assert json.loads(page.eval("JSON.stringify([XY_STEPS, XY_EDGE, XY_START])")) == [
        STEPS,
        100 * xy.EDGE,
        100 * xy.RANGES["x"][1],
    ]
    assert json.loads(page.eval("JSON.stringify(XY_WAYS)")) == [list(xy.WAYS[turns]) for turns in (False, True)]
    text = face.text_of("xy.js")
    for name in ("rate", "damping"):
        least, most = xy.RANGES[name]
        assert f", {least:g}, {most:g}, spec.{name})" in text


def test_the_page_gets_the_game_and_words_say_how_far(shown):
    widgets.play_xy(0.5, -1.234, rate=0.3, damping=0.1, in_turns=True)
    (output,) = shown
    assert set(output) == {"text/html", "image/png", "text/plain"}
    expected = {"start": [0.5, -1.23], "rate": 0.3, "damping": 0.1, "inTurns": True}
    assert spec_of(output["text/html"]) == expected
    first, *_, last = walk(0.5, -1.23, 0.3, 0.1, True).norm(dim=1).tolist()
    said = f"60 steps in turns from (0.5, −1.23): {first:.2f} away from (0, 0) at first, {last:.3f} at the end."
    assert output["text/plain"] == said


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"x": 2.5}, "x is 2.5; choose a number from −2 to 2."),
        ({"y": float("nan")}, "a finite number"),
        ({"rate": 0}, "rate is 0; choose a number from 0.01 to 0.5."),
        ({"damping": -0.1}, "damping is −0.1; choose a number from 0 to 2."),
        ({"in_turns": "x"}, "choose True or False"),
    ],
)
def test_another_game_is_refused(shown, wrong, said):
    with pytest.raises(BadInput, match=said):
        widgets.play_xy(**wrong)
    assert shown == []


# ------------------------------------------------------------------------------------------ the live face


def test_the_live_face_walks_anew_with_every_control(live):
    figure = live(x=0.5, damping=0.1)
    words, pictures = [figure.told.value], [figure.picture.value]
    assert words[0] == xy._Game(0.5, 0, 0.2, 0.1, False).told()
    for change in ({"x": -1.0}, {"y": 1.5}, {"rate": 0.4}, {"damping": 1.0}):
        ((name, value),) = change.items()
        figure.sliders[name].value = value
        words.append(figure.told.value)
        pictures.append(figure.picture.value)
    figure.in_turns.value = True
    assert figure.told.value == xy._Game(-1.0, 1.5, 0.4, 1.0, True).told()
    assert len({*words, figure.told.value}) == 6 and len({*pictures, figure.picture.value}) == 6
