"""The one training loop, the games that it plays, and the recipes that it is given."""

from gan_lib.training.loop import HISTORY_COLUMNS, train

__all__ = ["HISTORY_COLUMNS", "train"]
