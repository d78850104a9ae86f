"""Be the discriminator, and the computation graph, each on a page of its own from disk."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from gan_lib import widgets
from gan_lib.chapters import be_d, ledger
from gan_lib.chapters.ledger import Wiring
from tests.browser.alone import PHONE, alive, assert_fits_and_accessible, pages, status


@pytest.fixture(scope="module")
def addresses(tmp_path_factory) -> dict[str, str]:
    """kind → the address of a page that holds this widget alone."""
    shows = {"be-d": widgets.be_the_discriminator, "graph": widgets.show_graph}
    return pages(tmp_path_factory.mktemp("pages"), shows)


# ------------------------------------------------------------------------------------------ be the discriminator


@pytest.fixture(scope="module")
def game():
    return be_d.recorded()


def truth(moment, number: int) -> str:
    return "real" if moment.real[number] else "made"


def test_answers_are_scored_against_ds_by_keyboard_and_by_buttons(addresses, open_page, game):
    page = open_page(addresses["be-d"])
    figure, first = alive(page, "be-d"), game[0]
    assert status(figure) == "Real or made?\n\nmoment 1 of 4 · 100 updates · no answer yet"
    figure.get_by_role("button", name="Made", exact=True).focus()
    you = d = 0
    for number in range(10):
        said = ("made", "real")[number % 3 == 0]
        if number == 4:
            figure.get_by_role("button", name=said.capitalize(), exact=True).click()
        else:
            page.keyboard.press({"made": "ArrowLeft", "real": ("r" if number else "ArrowRight")}[said])
        you += said == truth(first, number)
        d += bool(first.logits[number] > 0) == bool(first.real[number])
        told = status(figure)
        percent = round(100 * first.logits[number].double().sigmoid().item())
        assert f"It is {truth(first, number)}. You said {said}" in told and f"D gave it {percent} % for real" in told
        assert f"you {you} of {number + 1}, D {d} of {number + 1}" in told
        page.keyboard.press(("Enter", "ArrowLeft")[number % 2])  # the next picture; at the end, Enter is not reached
    assert "moment 1 of 4 · 100 updates · you" in status(figure)
    marks = figure.locator(".gan-tiles button")
    assert marks.count() == 10
    expected = f"picture 2: {truth(first, 1)}; you were {'right' if truth(first, 1) == 'made' else 'wrong'}"
    assert marks.nth(1).get_attribute("aria-label").startswith(expected)


def test_train_goes_through_the_four_moments_and_start_again_back(addresses, open_page, game):
    page = open_page(addresses["be-d"], viewport=PHONE, has_touch=True)
    figure = alive(page, "be-d")
    train = figure.get_by_role("button", name="Train", exact=True)
    for number in (2, 3, 4):
        train.tap()
        assert f"moment {number} of 4 · {game[number - 1].step:,} updates · no answer yet" in status(figure)
    expect(train).to_be_disabled()
    assert figure.locator("tbody tr").last.locator("td").last.inner_text() == f"{round(100 * game[3].hits)} %"
    figure.get_by_role("button", name="Start again").tap()
    expect(train).to_be_enabled()
    assert "moment 1 of 4" in status(figure)


def test_the_page_shows_the_pictures_and_maps_that_were_recorded(addresses, open_page, game):
    figure = alive(open_page(addresses["be-d"]), "be-d")
    for _ in range(3):
        figure.get_by_role("button", name="Train", exact=True).click()
    look = """figure => [...figure.querySelectorAll(".gan-judged canvas")].map((canvas) =>
      [...canvas.getContext("2d").getImageData(0, 0, 28, 28).data])"""
    picture, hidden = figure.evaluate(look)
    assert picture[::4] == game[3].pixels[0, 0].flatten().tolist() and not any(hidden)
    figure.get_by_role("button", name="Real", exact=True).click()
    _, shown = figure.evaluate(look)
    for place, value in enumerate(game[3].maps[0, 0].flatten().tolist()):
        red, _, blue, alpha = shown[4 * place : 4 * place + 4]
        assert abs(alpha - 255 * abs(value)) <= 1
        assert alpha < 20 or (blue > red) == (value > 0)


@pytest.mark.parametrize("kind", ["be-d", "graph"])
@pytest.mark.parametrize(("scheme", "size"), [("light", {"width": 1200, "height": 800}), ("dark", PHONE)])
def test_both_fit_and_satisfy_axe(addresses, open_page, kind, scheme, size):
    page = open_page(addresses[kind], color_scheme=scheme, viewport=size)
    figure = alive(page, kind)
    figure.get_by_role("button", name="Real" if kind == "be-d" else "Run all", exact=True).click()
    assert_fits_and_accessible(page)


# ------------------------------------------------------------------------------------------ the graph


def choose(figure, wiring: Wiring) -> None:
    figure.get_by_label(ledger.ORDERS[wiring.order], exact=True).check()
    figure.get_by_label("one forward pass" if wiring.forwards == 1 else "two forward passes", exact=True).check()
    names = {"detach": "detach()", "retain_graph": "retain_graph=True", "freeze": "D.requires_grad_(False)"}
    for name, label in names.items():
        figure.get_by_label(label, exact=True).set_checked(getattr(wiring, name))


def boxes(figure, *names: str) -> list[str]:
    """The places of the boxes that have all these classes, as "lane,row"."""
    found = figure.locator("".join(f".gan-{name}" for name in names) + "[data-box]")
    return sorted(box.get_attribute("data-box") for box in found.all())


def test_the_graph_opens_at_the_first_backward_with_its_path_lit(addresses, open_page):
    figure = alive(open_page(addresses["graph"]), "graph")
    assert status(figure) == "line 4 of 10: d_loss.backward() adds to the gradients: G 0.00, D 1.47"
    column = ["5", "6", "7", "8"]  # of D and its loss, on the real points and on the fakes; G is not reached
    assert boxes(figure, "lit") == sorted([*(f"{lane},{row}" for lane in "01" for row in column), "0.5,10", "0.5,9"])
    assert figure.locator(".gan-port.gan-full").count() == 4
    assert "G’s" not in figure.locator("svg").get_attribute("aria-label")


def test_lines_run_by_buttons_and_by_keyboard_and_a_second_backward_finds_freed_nodes(addresses, open_page):
    page = open_page(addresses["graph"])
    figure, wiring = alive(page, "graph"), Wiring(forwards=1, detach=False)
    choose(figure, wiring)
    slider = figure.get_by_label("lines that have run")
    slider.focus()
    page.keyboard.press("Home")
    assert status(figure) == "no line has run" and boxes(figure, "freed") == []
    page.keyboard.press("ArrowRight")
    assert status(figure).startswith("line 1 of 9: fake = G(z)")
    for _ in range(4):
        figure.get_by_role("button", name="Next line").click()
    through_g = ["1,1", "1,2", "1,3"]
    assert set(through_g) < set(boxes(figure, "freed")) and boxes(figure, "lit") == []
    figure.get_by_role("button", name="Run all").click()
    expected = ledger.run(wiring)
    assert f"line {expected.error[0] + 1} of 9: g_loss.backward() raises RuntimeError" in status(figure)
    assert figure.locator("li .gan-error").inner_text()[:60] == f"RuntimeError: {expected.error[1]}"[:60]
    assert boxes(figure, "blamed") == ["1,3"]  # the last layer of G, as the first on the way back that is freed
    assert set(boxes(figure, "lit")) == {"2,10", "2,8", "2,7", "2,6", "2,5"}
    figure.get_by_role("button", name="Line back").click()
    assert boxes(figure, "blamed") == []


def test_a_step_in_place_raises_the_version_and_the_complaint_points_at_the_node(addresses, open_page):
    page = open_page(addresses["graph"])
    figure, wiring = alive(page, "graph"), Wiring("d_between", 1, False, True)
    choose(figure, wiring)
    version = figure.get_by_role("row", name=re.compile("^D ")).locator("td").nth(1)
    assert version.inner_text() == "1" and boxes(figure, "stale") == []
    figure.get_by_role("button", name="Next line").click()
    assert status(figure).endswith("opt_d.step() changes the weights of D in place")
    assert version.inner_text() == "2" and {"1,5", "1,7"} <= set(boxes(figure, "stale"))
    assert figure.locator('[data-box="1,7"] .gan-version').text_content() == "v1≠2"
    figure.get_by_role("button", name="Run all").click()
    assert boxes(figure, "blamed") == ["1,7"]
    figure.get_by_label("computation graph; the arrow keys choose a box").focus()
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    detail = figure.locator(".gan-graph [aria-live]")
    assert detail.inner_text().startswith("G’s Linear W₁ (AddmmBackward0")
    assert detail.inner_text().endswith("keeps (16, 4) of version 0.")  # z, for ∂/∂W₁
    figure.locator('[data-box="1,7"]').hover()
    assert "(8, 1) of version 1, now 2" in detail.inner_text()


SOME_UPDATES = re.compile(r"[1-9]\d updates · this wiring: ")
WITHOUT = {"as it is": "", "without workers and WebAssembly": "delete window.Worker; delete window.WebAssembly;"}


@pytest.mark.parametrize("lacking", WITHOUT.values(), ids=WITHOUT)
def test_points_are_trained_under_this_wiring_beside_the_right_loop(addresses, open_page, lacking):
    page = open_page("about:blank")
    page.add_init_script(lacking)
    page.goto(addresses["graph"])
    figure = alive(page, "graph")
    choose(figure, Wiring("together", 1, False, False))  # raises: the first backward frees what the second needs
    figure.get_by_role("button", name="Train", exact=True).click()
    expect(figure.locator("[role=status]")).to_contain_text(SOME_UPDATES, timeout=60_000)
    assert (
        figure.locator(".gan-wirings").inner_text().count("Line 7 raises in the first update: nothing is trained.") == 1
    )
    figure.get_by_role("button", name="Pause", exact=True).click()
    assert re.search(
        r"this wiring: 0 of 8 clouds, W₁ 0\.\d\d · the right loop: \d of 8 clouds, W₁ 0\.\d\d", status(figure)
    )
    choose(figure, Wiring("together", 1, False, True))
    expect(figure.locator(".gan-wirings")).to_be_hidden()  # another wiring: from the beginning


def test_the_right_wiring_trains_as_the_right_loop_does_until_it_is_paused(addresses, open_page):
    page = open_page(addresses["graph"])
    figure = alive(page, "graph")
    figure.get_by_role("button", name="Train", exact=True).click()
    expect(figure.locator("[role=status]")).to_contain_text(SOME_UPDATES, timeout=60_000)
    figure.get_by_role("button", name="Pause", exact=True).click()
    page.evaluate("new Promise((resolve) => setTimeout(resolve, 50))")
    told = status(figure)
    names = figure.locator(".gan-wirings canvas").evaluate_all("all => all.map((c) => c.getAttribute('aria-label'))")
    mine, right = (re.search(r"after (\d+) updates: (.*)", name).groups() for name in names)
    assert int(mine[0]) - int(right[0]) in (0, 1)
    assert mine == right or mine[0] != right[0]
    page.evaluate("new Promise((resolve) => setTimeout(resolve, 200))")
    assert status(figure) == told
