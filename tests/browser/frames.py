"""What a move costs: `python -m tests.browser.frames` moves every slider and handle of the built page of touch.

A benchmark, not a test. For each control it prints how long the page's main thread was busy because of one move, layout
and painting included. The wait for the screen's next frame is left out.
"""

from __future__ import annotations

import sys
from statistics import median, quantiles

from playwright.sync_api import CDPSession, Locator, sync_playwright

from book.pdf import HTML
from tests.browser.chromium import FLAGS, get

MOVES = 40
NEXT = "requestAnimationFrame"
TWO_FRAMES = f"() => new Promise((done) => {NEXT}(() => {NEXT}(() => setTimeout(done))))"
MOVE = """(control, back) => {
  if (!control.matches('input')) {
    const key = back ? 'ArrowLeft' : 'ArrowRight';
    return void control.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
  }
  const low = Number(control.min || 0), high = Number(control.max || 100);
  const step = Math.max(Number(control.step) || 0, (high - low) / 30) * (back ? -1 : 1);
  control.value = Math.min(high, Math.max(low, Number(control.value) + step));
  control.dispatchEvent(new Event('input', { bubbles: true }));
}"""


def main() -> None:
    chromium = str(get())  # before the driver starts: it may start one of its own
    print(f"{'figure':12}{'control':34}{'median ms':>10}{'p95 ms':>8}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        session = page.context.new_cdp_session(page)
        session.send("Performance.enable")
        address = (HTML / "book/touch.html").as_uri()
        page.goto(address)
        kinds = page.locator(".gan-widget").evaluate_all("figures => figures.map((figure) => figure.dataset.kind)")
        for number, kind in enumerate(kinds):
            if sys.argv[1:] and kind not in sys.argv[1:]:
                continue
            page.goto(address)  # anew: what another figure still computes in the background is not this one's work
            figure = page.locator(".gan-widget").nth(number)
            for _ in range(3):  # what is laid out on the way moves it again
                figure.evaluate("figure => figure.scrollIntoView({ block: 'center' })")
                page.wait_for_timeout(200)
            figure.locator("xpath=self::*[@data-alive='yes']").wait_for()
            page.wait_for_timeout(1500)  # what trains at once has ended, or goes on: then its frames count, too
            for control in figure.locator("input[type=range]:visible, [role=slider]:visible").all()[:4]:
                times = [_cost(session, control, n) for n in range(MOVES)]
                said = control.get_attribute("aria-label") or control.evaluate("c => c.labels?.[0]?.innerText ?? c.id")
                print(f"{kind:12}{said[:32]:34}{median(times):>10.1f}{quantiles(times, n=20)[-1]:>8.1f}", flush=True)
        browser.close()


def _cost(session: CDPSession, control: Locator, n: int) -> float:
    """The main thread's work for one move, in ms, less that of as long a time without one."""
    page, work = control.page, []
    for moves in (False, True):
        before = _busy(session)
        control.evaluate(MOVE if moves else "(control, back) => {}", n // 15 % 2 == 1)
        page.evaluate(TWO_FRAMES)
        work.append(_busy(session) - before)
    return max(0.0, work[1] - work[0])


def _busy(session: CDPSession) -> float:
    """How long the main thread has worked since the page began, in ms."""
    found = session.send("Performance.getMetrics")["metrics"]
    return 1000 * next(row["value"] for row in found if row["name"] == "TaskDuration")


if __name__ == "__main__":
    main()
