"""expect_error: a cell that shows a failure fails itself when the failure stays away."""

import pytest

from gan_lib.errors import expect_error


def test_the_first_line_of_the_expected_error_is_printed(capsys):
    with expect_error(ValueError, "second"):
        raise ValueError("a second time\nand more")
    assert capsys.readouterr().out == "ValueError: a second time\n"


def test_nothing_raised_is_a_failure():
    with pytest.raises(AssertionError, match="this was to raise ValueError"), expect_error(ValueError, "x"):
        pass


def test_another_message_is_a_failure():
    with pytest.raises(AssertionError, match="without 'x'"), expect_error(ValueError, "x"):
        raise ValueError("y")


def test_another_error_passes_through():
    with pytest.raises(KeyError), expect_error(ValueError, "x"):
        raise KeyError("y")
