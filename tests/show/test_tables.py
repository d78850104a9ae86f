"""Tables: what is written, what is marked, in which order, and that a page gets a real table."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from bs4 import BeautifulSoup, Tag

from gan_lib.errors import BadInput
from gan_lib.show.plots import REAL
from gan_lib.show.tables import Table, table

RUNS = {
    "minimax": {"distance": 31.25, "steps": 20_000, "seeds": [1.0, 3.0], "game": "JSD"},
    "wgan & <co>": {"distance": 12.5, "steps": 1_000_000, "seeds": [2.0, 2.5, 3.0], "game": "W1"},
    "untrained": {"distance": None, "steps": 0, "seeds": 4, "game": "none"},
}


def made(**arguments) -> Table:
    return table(RUNS, first="run", **arguments)


def parsed(shown: Table) -> Tag:
    (found,) = BeautifulSoup(shown._repr_html_(), "html.parser")("table")
    return found


def column(shown: Table, name: str) -> list[str]:
    """What a column of the page's table says, without its dots."""
    k = shown.head.index(name)
    return [row.find_all(["th", "td"])[k].find(string=True, recursive=False) for row in parsed(shown).tbody("tr")]


def of(*values: object, **arguments) -> Table:
    return table({f"row {i}": {"score": value} for i, value in enumerate(values)}, **arguments)


# ------------------------------------------------------------------------------------------------- numbers


def test_numbers_are_written_in_the_form_of_their_kind_or_in_the_one_that_is_given():
    shown = made(forms={"distance": "{:.1f} px", "seeds": "{:.3f}"})
    assert column(shown, "distance") == ["31.2 px", "12.5 px", "–"]
    assert column(shown, "steps") == ["20,000", "1,000,000", "0"]
    assert column(shown, "seeds") == ["2.000", "2.500", "4.000"]  # of several their mean
    assert column(shown, "game") == ["JSD", "W1", "none"]
    assert column(of(0.5, -2.0), "score") == ["0.50", "-2.00"]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (np.float32(0.25), "0.25"),
        (np.int64(1234), "1,234"),
        (torch.tensor(0.5), "0.50"),
        (torch.tensor([1.0, 2.0]), "1.50"),
        (np.array([3, 4]), "3.50"),
        ((1, 2), "1.50"),
        (math.nan, "–"),
        (math.inf, "inf"),
        (True, "yes"),
        (False, "no"),
    ],
)
def test_numbers_of_other_libraries_are_numbers(value, said):
    assert column(of(value), "score") == [said]


def test_several_seeds_are_dots_on_the_scale_of_their_column():
    drawings = parsed(made())("svg")
    assert [len(drawing("circle")) for drawing in drawings] == [2, 3]
    assert [drawing["aria-label"] for drawing in drawings] == ["1.00, 3.00", "2.00, 2.50, 3.00"]
    (a, b), (c, d, e) = ([float(dot["cx"]) for dot in drawing("circle")] for drawing in drawings)
    assert a < c < d < e == b  # 1 < 2 < 2.5 < 3 = 3, and 4, which has no dots, is the end of the scale
    assert (c - a) / (b - a) == pytest.approx(0.5, abs=0.01) and e < float(drawings[0]["width"]) * 0.75
    assert all(dot["fill"] == REAL for drawing in drawings for dot in drawing("circle"))


def test_a_seed_that_failed_has_no_dot_and_equal_seeds_lie_on_one_another():
    assert len(parsed(of([1.0, math.nan, math.inf]))("circle")) == 1
    assert len({dot["cx"] for dot in parsed(of([2.0, 2.0]))("circle")}) == 1
    assert parsed(of([math.nan, math.nan]))("circle") == []


# ---------------------------------------------------------------------------------------------- best and order


@pytest.mark.parametrize(
    ("values", "choose", "best"),
    [
        ((3, 1, 2), min, {1}),
        ((3, 1, 2), max, {0}),
        ((1, 2, 1), min, {0, 2}),  # a tie
        ((None, 2, 3), min, {1}),
        ((math.nan, 2, 3), max, {2}),
        (([1.0, 5.0], [2.0, 2.5], 2.6), min, {1}),  # means
        ((None, None), min, set()),
        (("a word", 2.0), min, {1}),
    ],
)
def test_the_best_row_is_marked(values, choose, best):
    shown = of(*values, best={"score": choose})
    assert shown.best == {"score": best}
    cells = [row.td for row in parsed(shown).tbody("tr")]
    assert {i for i, cell in enumerate(cells) if "best" in cell.get("class", ())} == best
    assert {i for i, line in enumerate(repr(shown).splitlines()[1:]) if line.endswith(" *")} == best


def test_rows_are_ordered_from_the_smallest_or_from_the_best():
    def order(**arguments) -> list[str]:
        return [row[0] for row in of(2, [1.0, 0.0], None, 3, math.nan, **arguments).rows]

    assert order() == ["row 0", "row 1", "row 2", "row 3", "row 4"]
    assert order(sort="score") == ["row 1", "row 0", "row 3", "row 2", "row 4"]
    assert order(sort="score", best={"score": min}) == order(sort="score")
    assert order(sort="score", best={"score": max}) == ["row 3", "row 0", "row 1", "row 2", "row 4"]


def test_the_mark_moves_with_its_row():
    shown = of(3, 1, 2, sort="score", best={"score": max})
    assert shown.rows[0][0] == "row 0" and shown.best == {"score": {0}}


# ------------------------------------------------------------------------------------------------- the page


def test_it_is_a_real_table():
    found = parsed(made(caption="Lower is better."))
    assert [(cell.name, cell["scope"], cell.string) for cell in found.thead("th")] == [
        ("th", "col", name) for name in ("run", "distance", "steps", "seeds", "game")
    ]
    rows = found.tbody("tr")
    assert len(rows) == 3 and all(row.th["scope"] == "row" and len(row("td")) == 4 for row in rows)
    assert found.caption.string == "Lower is better." and found.contents[0] is found.caption
    assert parsed(made()).caption is None


def test_a_corner_without_a_name_is_no_heading():
    assert [cell.name for cell in parsed(of(1)).thead.tr.contents] == ["td", "th"]


def test_text_is_escaped():
    name = '<script>alert("a & b")</script>'
    shown = table({name: {name: name}}, first=name, caption=name)
    found = parsed(shown)
    assert found.script is None and shown._repr_html_().count("<script") == 0
    assert [cell.string for cell in found(["caption", "th", "td"])] == [name] * 5


def test_columns_of_words_stand_left_and_others_right():
    found = parsed(table({"a": {"word": None, "none": None}, "b": {"word": "yes", "none": None}}))
    assert ["words" in cell.get("class", ()) for cell in found.tbody.tr(["th", "td"])] == [True, True, False]


PLAIN = """\
run          distance      steps                    seeds  game
minimax       31.25       20,000        2.00 (1.00, 3.00)  JSD
wgan & <co>   12.50 *  1,000,000  2.50 (2.00, 2.50, 3.00)  W1
untrained         –            0                        4  none
Lower is better."""


def test_the_plain_text_is_aligned():
    assert repr(made(best={"distance": min}, caption="Lower is better.")) == PLAIN


# ------------------------------------------------------------------------------------------------ bad input


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ({}, "at least one row"),
        ([], "at least one row"),
        ({"a": 3}, "at least one row"),
        ({"a": {}}, "the columns are"),
        ({"a": {3: 1}}, "the columns are"),
        ({"a": {"x": 1}, "b": {"y": 1}}, r"the row 'b' has the columns \['y'\]"),
        ({"a": {"x": 1, "y": 2}, "b": {"y": 1, "x": 2}}, "the row 'b'"),
        ({"a": {"x": object()}}, "the column 'x' has the value"),
        ({"a": {"x": []}}, "the column 'x' has the value"),
        ({"a": {"x": [1, None]}}, "the column 'x' has the value"),
        ({"a": {"x": torch.ones(2, 2)}}, "the column 'x' has the value"),
        ({"a": {"x": {"mean": 1}}}, "the column 'x' has the value"),
    ],
)
def test_rows_that_are_none_are_refused(rows, said):
    with pytest.raises(BadInput, match=said):
        table(rows)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"forms": {"speed": "{:.1f}"}}, "forms names the column 'speed'; the columns are"),
        ({"forms": "{:.1f}"}, "forms is"),
        ({"forms": {"distance": "{:.1q}"}}, "a format is for example"),
        ({"forms": {"distance": "{1}"}}, "a format is for example"),
        ({"forms": {"distance": "{0.real.x}"}}, "a format is for example"),
        ({"forms": {"distance": 2}}, "a format is for example"),
        ({"best": {"speed": min}}, "best names the column 'speed'"),
        ({"best": "distance"}, "best is"),
        ({"best": {"distance": "min"}}, "give min or max"),
        ({"best": {"distance": sum}}, "give min or max"),
        ({"sort": "speed"}, "sort is 'speed'; the columns are"),
        ({"sort": ["distance"]}, "sort is"),
        ({"sort": "game"}, "has no numbers"),
        ({"first": 3}, "first is 3"),
        ({"caption": None}, "caption is None"),
    ],
)
def test_arguments_that_fit_no_column_are_refused(arguments, said):
    with pytest.raises(BadInput, match=said):
        table(RUNS, **arguments)
