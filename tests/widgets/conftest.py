"""What the tests of the widgets' kernel side share."""

import pytest

from gan_lib.widgets import face


@pytest.fixture
def shown(monkeypatch) -> list[dict]:
    """The outputs of pages that were displayed."""
    calls = []
    monkeypatch.setattr(face, "display", lambda what, **how: calls.append(what))
    return calls
