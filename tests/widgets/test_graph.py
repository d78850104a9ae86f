"""The computation graph: the small torch runs every wiring in the page as torch ran it for the ledger."""

from __future__ import annotations

import json
import re
from dataclasses import asdict

import pytest

from gan_lib import widgets
from gan_lib.chapters import ledger
from gan_lib.chapters.ledger import Wiring, every_wiring
from gan_lib.errors import BadInput
from gan_lib.widgets import face
from tests.outputs import spec_of
from tests.page_scripts import context

RUN = """
const torch = smallTorch();
const ran = (lines) => {
  const { gradients, error, steps, walk } = runWiring(torch, lines);
  return JSON.stringify({ gradients, error, steps, stop: walk.stop?.name });
};
const assigned = (line, names) => { runLine(line, names); return JSON.stringify(names); };
"""
MESSAGE = re.compile(r"\[[\d, ]+\]|version \d")


@pytest.fixture(scope="module")
def engine():
    found = context(*face.TORCH, *face.TRAIN, *(f"graph/{name}.js" for name in ("lines", "wiring", "plays")))
    found.eval(RUN)
    return found


def test_every_wiring_runs_in_the_page_as_in_torch(engine):
    errors = set()
    for wiring in every_wiring():
        expected, found = ledger.run(wiring), json.loads(engine.call("ran", ledger.code(wiring)))
        assert {int(line) for line in found["gradients"]} == set(expected.gradients), wiring
        for line, added in expected.gradients.items():
            assert found["gradients"][str(line)] == pytest.approx(added, abs=0.0051), wiring  # rounded to two digits
        for who, said in expected.steps.items():
            word, *cosine = said.split(" ")
            told, *mine = found["steps"][who].split(" ")
            assert (told, len(mine)) == (word, len(cosine)) and (said == "not reached" or told != "not"), wiring
            if word == "wrong":
                assert float(mine[0]) == pytest.approx(float(cosine[0]), abs=0.011), wiring
        assert bool(found["error"]) == bool(expected.error) == ("stop" in found), wiring
        if expected.error:
            line, message = expected.error
            errors.add(message[:20])
            assert found["error"][0] == line and found["error"][1][:50] == message[:50], wiring
            assert MESSAGE.findall(found["error"][1]) == MESSAGE.findall(message), wiring  # which versions
    assert len(errors) == 2  # freed, and changed in place


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("c = f(a)", {"c": ["f", 1]}),
        ("c = f(a, b) ", {"c": ["f", 1, 2]}),
        ("c = f(f(a), flag=True)", {"c": ["f", ["f", 1], {"flag": True}]}),
        ("c = f(False)", {"c": ["f", False]}),
        ("f(a)", {}),
    ],
)
def test_a_line_of_python_means_in_the_page_what_it_means(engine, line, expected):
    told = engine.eval(f"assigned({json.dumps(line)}, {{ a: 1, b: 2, f: (...given) => ['f', ...given] }})")
    assert json.loads(told) == {"a": 1, "b": 2} | expected


def test_the_page_gets_the_code_of_every_wiring(shown):
    start = Wiring("together", 1, False, True)
    widgets.show_graph(start)
    spec = spec_of(shown[0]["text/html"])
    assert spec["start"] == asdict(start) and spec["orders"] == ledger.ORDERS and spec["right"] == ledger.code(Wiring())
    assert len(spec["wirings"]) == len(every_wiring())
    for wiring in every_wiring():
        key = f"{wiring.order} {wiring.forwards} {wiring.detach:d} {wiring.retain_graph:d} {wiring.freeze:d}"
        assert [spec["lines"][number] for number in spec["wirings"][key]] == ledger.code(wiring)


def test_the_words_for_where_no_script_runs_say_what_the_gradient_went_through(shown):
    widgets.show_graph(Wiring(detach=False, forwards=1))
    widgets.show_graph(Wiring("turns", 2, True, False, True))
    first, second = (output["text/plain"] for output in shown)
    assert "Line 8 raises: Trying to backward through the graph a second time" in first
    for way in ("G's Linear W₁", "G's Linear W₂", "D's tanh", "bce(·, ones)", "bce(·, zeros)", "+."):
        assert way in first.split("went through")[1]
    assert "No error" in second and "detach" not in second.split("went through")[1]


def test_another_start_is_refused():
    with pytest.raises(BadInput, match="start is 'turns'; give a Wiring"):
        widgets.show_graph("turns")
