"""Recorded runs: made by `record`, opened by `load`."""

from gan_lib.runs.recorder import record
from gan_lib.runs.run import GRID, RECORDED, Run, draw, draw_fixed, find, fixed_labels, fixed_z, load

__all__ = ["GRID", "RECORDED", "Run", "draw", "draw_fixed", "find", "fixed_labels", "fixed_z", "load", "record"]
