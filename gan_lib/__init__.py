"""gan_lib: the training code behind the book. Start at `training.recipes`, then `training.loop`.

Each folder is a room, and a room imports only from those before it: machine, networks, data, training, runs, scores,
show, chapters, widgets, bench. What chapters and readers use most has a short way in as well: `from gan_lib import
plots` is `gan_lib.show.plots`.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

__version__ = "0.2.0"
SHORT = {
    "device": "machine.device",
    "parallel": "machine.parallel",
    "toy": "data.toy",
    "games": "training.games",
    "recipes": "training.recipes",
    "recording": "runs",  # its name in the first edition, for who copied README's lines from there
    "metrics": "scores.metrics",
    "scoreboard": "scores.scoreboard",
    "latent": "show.latent",
    "plots": "show.plots",
    "tables": "show.tables",
    "arithmetic": "chapters.arithmetic",
    "autoencoder": "chapters.autoencoder",
    "divergences": "chapters.divergences",
    "plane": "chapters.plane",
    "transport": "chapters.transport",
    "two_classes": "chapters.two_classes",
}


def __getattr__(name: str) -> ModuleType:
    """The module of a short name, imported when it is first asked for."""
    if name not in SHORT:
        raise AttributeError(f"module 'gan_lib' has no attribute {name!r}")
    return import_module(f"gan_lib.{SHORT[name]}")
