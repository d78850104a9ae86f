"""How sure is D: the page's arrows beside autograd, what the page gets, what is refused."""

from __future__ import annotations

import pytest
import torch

from gan_lib import widgets
from gan_lib.errors import BadInput
from gan_lib.training.games import critic_generator_loss, minimax_generator_loss, non_saturating_generator_loss
from tests.outputs import spec_of
from tests.page_scripts import context

pytestmark = pytest.mark.usefixtures("no_running_loop")
LOSSES = minimax_generator_loss, non_saturating_generator_loss, critic_generator_loss


@pytest.fixture
def page():
    engine = context("sure.js")
    engine.eval("const pullsAt = (logit) => PULLS.map(([, , pull]) => pull(logit));")
    return engine


@pytest.mark.parametrize("logit", [-7.0, -4.6, -0.3, 0.0, 2.0, 7.0])
def test_each_arrow_is_minus_the_gradient_that_autograd_finds(page, logit):
    for loss, pull in zip(LOSSES, page.call("pullsAt", logit), strict=True):
        at = torch.tensor(logit, dtype=torch.float64, requires_grad=True)
        (gradient,) = torch.autograd.grad(loss(at), at)
        assert pull == pytest.approx(-gradient.item(), rel=1e-12)


@pytest.mark.parametrize(
    ("value", "said"),
    [(0.00091105, "0.00091"), (0.99908895, "0.99909"), (0.5, "0.5"), (99.48, "99"), (-4.6, "−4.6"), (1, "1"), (0, "0")],
)
def test_numbers_are_short_and_never_said_to_be_0_or_1_when_they_are_not(page, value, said):
    assert page.call("shortNumber", value) == said


def test_the_page_gets_the_logit_and_words_say_the_pulls(shown):
    widgets.how_sure(-2.0)
    (output,) = shown
    assert set(output) == {"text/html", "image/png", "text/plain"}
    assert spec_of(output["text/html"]) == {"logit": -2.0}
    said = "At the logit -4.6, where D = 0.01, log(1 − D) pulls with 0.01, −log D pulls with 0.99, "
    assert said in output["text/plain"]


@pytest.mark.parametrize(
    ("logit", "said"), [(7.5, "from −7 to 7"), (float("nan"), "a finite number"), ("x", "logit is 'x'")]
)
def test_another_logit_is_refused(shown, logit, said):
    with pytest.raises(BadInput, match=said):
        widgets.how_sure(logit)
    assert shown == []
