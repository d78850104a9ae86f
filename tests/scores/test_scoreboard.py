"""The scoreboard: how it is sorted, the two spreads, and what is recorded beside the cards."""

import json
from statistics import stdev

import pytest
import torch

from gan_lib import runs
from gan_lib.errors import BadInput
from gan_lib.scores import metrics, scoreboard

CPU = torch.device("cpu")
A_RUN, ITS_SEED = "mlp-fashion", "mlp-fashion-seed1"


def row(side=28, **values):
    return values | {"dataset": "fashion-mnist", "side": side, "from_card": False}


def names(text):
    return [line.split()[0] for line in text.splitlines()[1:]]


TABLE = {
    "middling": row(frechet=20.0, recall=0.4, z=[20.0, 20.2]),
    "large": row(32, frechet=1.0, recall=0.9),
    "bad": row(frechet=300.0, recall=0.1),
    "good": row(frechet=5.0, recall=0.2, z=[5.0, 9.0], kid=0.25),
}


def test_the_smallest_distance_stands_first_and_the_floor_below_its_own_kind():
    assert names(scoreboard.as_text(TABLE)) == ["good", "middling", "bad", "real", "large", "real"]


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        ("recall", ["middling", "good", "bad"]),  # more is better
        ("z", ["middling", "good", "bad"]),  # less is better; what has none stands last
        ("kid", ["good", "middling", "bad"]),
    ],
)
def test_another_column_can_sort(by, expected):
    assert names(scoreboard.as_text(TABLE, by))[:3] == expected


def test_a_column_that_is_not_there_cannot():
    with pytest.raises(BadInput, match="column to sort by 'beauty' is not known; choose one of: frechet, z, seeds"):
        scoreboard.as_text(TABLE, "beauty")


def test_some_columns_can_be_shown_and_another_one_sorts():
    head, *lines = scoreboard.as_text(TABLE, "kid", ("recall", "frechet")).splitlines()
    assert head.split() == ["recall", "frechet"] and lines[0].split() == ["good", "0.200", "5.00"]
    with pytest.raises(BadInput, match="column 'beauty' is not known"):
        scoreboard.as_text(TABLE, columns=("beauty",))


def test_spreads_are_standard_deviations_and_of_trainings_it_says_how_many():
    line = scoreboard.as_text({"x": row(z=[1.0, 2.0, 3.0], seeds=[10.0, 14.0])}).splitlines()[1]
    assert line.split()[:5] == ["x", "-", "±1", f"±{stdev([10, 14]):.1f}", "(2)"]
    wide = scoreboard.as_text({"x": row(z=[1.0, 401.0], seeds=[0.5, 0.0])}).splitlines()[1]
    assert wide.split()[2:5] == ["±283", "±0.35", "(2)"]


def test_each_draw_is_of_its_own_z_and_the_first_is_the_score(monkeypatch):
    monkeypatch.setitem(metrics.evaluate.__kwdefaults__, "n", 40)
    monkeypatch.setitem(metrics.frechet_distance.__kwdefaults__, "n", 40)
    found = scoreboard.scores([A_RUN], CPU, z_seeds=3)[A_RUN]
    generator = runs.load(A_RUN).generator
    seeds = range(metrics.REPORT_SEED, metrics.REPORT_SEED + 3)
    assert found["z"] == pytest.approx([metrics.frechet_distance(generator, seed=seed) for seed in seeds], rel=1e-5)
    assert found["z"][0] == found["frechet"] and len(set(found["z"])) == 3
    assert "z" not in scoreboard.scores([A_RUN], CPU)[A_RUN]


def test_only_trainings_that_differ_in_the_seed_alone_are_seeds_of_one_another():
    together = [A_RUN, ITS_SEED, "mlp-fashion-k5", "ns-fashion", "ns-fashion-seed1"]  # the last: half as long
    found = scoreboard.recorded(together)
    both = [found[name]["frechet"] for name in (A_RUN, ITS_SEED)]
    assert found[A_RUN]["seeds"] == found[ITS_SEED]["seeds"] == both
    assert not [name for name in together[2:] if "seeds" in found[name]]
    assert "seeds" not in scoreboard.recorded([A_RUN])[A_RUN]


@pytest.fixture
def board(tmp_path, monkeypatch):
    """Where the recorded scoreboard lies."""
    monkeypatch.setattr(runs, "RECORDED", tmp_path)
    scoreboard._scored.cache_clear()
    yield tmp_path / scoreboard.NAME
    scoreboard._scored.cache_clear()


def test_what_is_recorded_stands_beside_the_cards_scores(board):
    assert "second" not in scoreboard.recorded([A_RUN])[A_RUN]  # there is no board
    scoreboard._scored.cache_clear()
    found = {A_RUN: row(frechet=1.0, z=[1.0, 2.0], second=3.0, kid=0.5, recall=0.1), "y": row() | {"from_card": True}}
    card = scoreboard.record(found, board)
    known = scoreboard.recorded([A_RUN])[A_RUN]
    assert (known["z"], known["second"], known["kid"]) == ([1.0, 2.0], 3.0, 0.5)
    evaluation = runs.load(A_RUN).card["evaluation"]
    assert (known["frechet"], known["recall"]) == (evaluation["frechet"], evaluation["recall"])
    stored = json.loads((board / "card.json").read_text())
    assert stored["rows"] == card["rows"] and set(stored["rows"]) == {A_RUN} and "seconds" not in stored["made"]


def test_a_row_of_other_weights_is_not_shown(board):
    card = scoreboard.record({A_RUN: row(frechet=1.0, second=3.0)}, board)
    card["rows"][A_RUN]["weights"] = "0" * 64
    (board / "card.json").write_text(json.dumps(card | {"files": {}}))
    assert "second" not in scoreboard.recorded([A_RUN])[A_RUN]


def test_what_is_no_table_is_not_recorded(board):
    with pytest.raises(BadInput, match="is no table of scores"):
        scoreboard.record({"x": {"frechet": 1.0}}, board)
    assert not board.exists()


def test_the_shipped_board_knows_every_run_that_keeps_weights():
    for name, each in scoreboard.recorded(scoreboard.shipped()).items():
        if not each["from_card"]:
            assert len(each["z"]) == scoreboard.Z_SEEDS and {"second", "kid"} <= set(each), name
            assert each["z"][0] == pytest.approx(each["frechet"], rel=5e-3)  # the card's
