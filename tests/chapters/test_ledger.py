"""The gradient ledger: what it reports against autograd used by hand."""

import re

import pytest
import torch
from torch.nn.functional import binary_cross_entropy_with_logits as bce

from gan_lib import widgets
from gan_lib.chapters import ledger
from gan_lib.chapters.ledger import Wiring
from gan_lib.errors import BadInput
from gan_lib.widgets import face
from tests.outputs import spec_of


def by_hand():
    names = ledger._names()
    return names["G"], names["D"], names["real"], names["z"], names["ones"], names["zeros"]


def norm(gradients):
    return torch.cat([g.flatten() for g in gradients]).norm().item()


def test_every_combination_is_there_once_and_really_runs_the_code_it_shows():
    wirings = ledger.every_wiring()
    assert len(set(wirings)) == len(wirings) == 4 * 2**4
    for wiring in wirings:
        outcome = ledger.run(wiring)
        text = "\n".join(outcome.lines)
        assert (".detach()" in text) == wiring.detach
        assert ("retain_graph=True" in text) == wiring.retain_graph
        assert ("D.requires_grad_(False)" in text) == wiring.freeze
        assert text.count("G(z)") == wiring.forwards
        assert sorted(re.findall(r"opt_.\.step", text)) == ["opt_d.step", "opt_g.step"]
        if outcome.error is None:
            assert "not reached" not in outcome.steps.values() and len(outcome.gradients) == 2


def test_the_textbook_wiring_gives_each_network_its_own_gradient():
    g, d, real, z, ones, zeros = by_hand()
    outcome = ledger.run(Wiring())
    assert outcome.error is None and outcome.steps == {"D": "right", "G": "right"}
    d_loss = bce(d(real), ones) + bce(d(g(z).detach()), zeros)
    first, second = outcome.gradients.values()
    assert first["G"] == 0
    assert first["D"] == pytest.approx(norm(torch.autograd.grad(d_loss, d.parameters())), abs=0.01)
    assert second["D"] > 0  # G's loss reaches D's .grad too, where the next zero_grad removes it
    assert ledger.run(Wiring(freeze=True)).gradients[10]["D"] == 0


def test_without_detach_ds_loss_reaches_g_and_changes_no_step():
    g, d, real, z, ones, zeros = by_hand()
    outcome = ledger.run(Wiring(detach=False))
    d_loss = bce(d(real), ones) + bce(d(g(z)), zeros)
    reached = outcome.gradients[3]["G"]
    assert reached == pytest.approx(norm(torch.autograd.grad(d_loss, g.parameters())), abs=0.01) and reached > 0
    assert outcome.steps == {"D": "right", "G": "right"}


def test_one_forward_without_detach_needs_retain_graph():
    failed = ledger.run(Wiring(forwards=1, detach=False))
    number, said = failed.error
    assert failed.lines[number] == "g_loss.backward()" and "second time" in said
    assert ledger.run(Wiring(forwards=1, detach=False, retain_graph=True)).error is None


def test_the_notes_first_method_descends_one_sum():
    """Both losses on one logit: the gradient each step uses is that of d_loss + g_loss."""
    g, d, real, z, ones, zeros = by_hand()
    logits = d(g(z))
    d_loss, g_loss = bce(d(real), ones) + bce(logits, zeros), bce(logits, ones)
    own = torch.cat([p.flatten() for p in torch.autograd.grad(g_loss, g.parameters(), retain_graph=True)])
    both = torch.cat([p.flatten() for p in torch.autograd.grad(d_loss + g_loss, g.parameters())])
    outcome = ledger.run(Wiring("together", forwards=1, detach=False, retain_graph=True))
    assert outcome.steps["G"] == f"wrong {torch.cosine_similarity(both, own, dim=0):.2f}"
    assert outcome.steps["D"].startswith("wrong")


@pytest.mark.parametrize("order", ["d_between", "g_between"])
def test_a_step_between_the_backwards_raises(order):
    outcome = ledger.run(Wiring(order, forwards=1, detach=False, retain_graph=True))
    assert "modified by an inplace operation" in outcome.error[1]
    assert "not reached" in outcome.steps.values()


def test_steps_at_the_same_moment_are_right_if_each_network_gets_its_own_gradient_alone():
    assert ledger.run(Wiring("together", freeze=True)).steps == {"D": "right", "G": "right"}
    assert ledger.run(Wiring("together", freeze=False)).steps["D"].startswith("wrong")


def test_an_unknown_order_is_refused():
    with pytest.raises(BadInput, match="order 'first' is not known; choose one of: turns, together"):
        ledger.run(Wiring("first"))
    with pytest.raises(BadInput, match="forwards is 3; choose 1 or 2"):
        ledger.run(Wiring(forwards=3))
    with pytest.raises(BadInput, match="'turns' is no wiring"):
        ledger.run("turns")


def test_running_leaves_the_callers_random_numbers_alone():
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    ledger.run(Wiring())
    assert torch.rand(1) == expected


def test_the_widget_holds_every_outcome(monkeypatch):
    shown = []
    monkeypatch.setattr(face, "display", lambda what, raw: shown.append(what))
    widgets.show_ledger(Wiring("together", forwards=1))
    data = spec_of(shown[0]["text/html"])
    assert len(data["outcomes"]) == 64 and data["start"]["order"] == "together"
    for wiring in ledger.every_wiring():
        key = f"{wiring.order} {wiring.forwards} {wiring.detach:d} {wiring.retain_graph:d} {wiring.freeze:d}"
        expected = ledger.run(wiring)
        assert data["outcomes"][key]["steps"] == expected.steps and data["outcomes"][key]["lines"] == expected.lines
    assert "line 7 raises: Trying to backward through the graph a second time" in shown[0]["text/plain"]
