"""Moves of a slider that come faster than a picture can be drawn: only the newest one is drawn."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from time import monotonic

TICK = 0.02  # seconds: messages that wait in a kernel's queue are handed over faster than this
FAST = 0.04  # seconds: a drawing that takes no longer keeps up with a hand


class Newest:
    """Calls `draw` after a move, which then draws whatever is the newest by then.

    At once, unless a slow drawing has only just ended: then other moves may wait behind this one, since a kernel does
    one thing after the other. It draws when they have all arrived, or when they take longer than a drawing. Where no
    event loop runs (a script, a test) nothing can wait, and each move is drawn.
    """

    def __init__(self, draw: Callable[[], object]):
        self.draw, self.seconds, self.ended = draw, 0.0, -FAST
        self.loop, self.timer, self.moved, self.since = None, None, False, 0.0

    def __call__(self) -> None:
        """There was a move."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            loop = None
        if self.timer is not None and self.loop is loop:
            self.moved = True
        elif loop is None or self.seconds < FAST or monotonic() - self.ended > FAST:
            self.now()
        else:
            self.loop, self.since = loop, monotonic()
            self._wait()

    def now(self) -> None:
        """Draw at once; what waits is drawn with it."""
        if self.timer is not None:
            self.timer.cancel()
        self.timer, start = None, monotonic()
        try:
            self.draw()
        finally:
            self.ended = monotonic()
            self.seconds = self.ended - start

    def _wait(self) -> None:
        self.moved, self.timer = False, self.loop.call_later(TICK, self._look)

    def _look(self) -> None:
        if self.moved and monotonic() - self.since < self.seconds:
            self._wait()
        else:
            self.now()
