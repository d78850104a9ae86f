"""Progress bars: tqdm's in a terminal and in a notebook, and none in a notebook that becomes a page."""

from __future__ import annotations

import os

from tqdm.auto import tqdm

from gan_lib.machine.given import flag, instance, whole


def is_static() -> bool:
    """Whether the notebook becomes a page: GAN_LIB_STATIC=1."""
    return os.environ.get("GAN_LIB_STATIC") == "1"


def progress(steps: int, name: str, show: bool = True, *, done: int = 0) -> tqdm:
    """The numbers done + 1…steps with a bar that shows rate and time left.

    Args:
        steps: how many in all.
        name: stands before the bar.
        show: no bar if False, nor where the notebook becomes a page: a stored bar is a widget without a kernel.
        done: how many were done before.

    Raises:
        BadInput: no whole numbers of 0 or more, or a name that is no text.
    """
    instance("name", name, str, "the word that stands before the bar")
    steps, done = whole("steps", steps, 0), whole("done", done, 0)
    hide = not flag("show", show) or is_static()
    return tqdm(range(done + 1, steps + 1), name, total=steps, initial=done, unit="step", disable=hide, mininterval=0.5)
