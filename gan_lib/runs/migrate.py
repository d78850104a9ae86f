"""Bring the folders of the first edition up to date: a new card beside the same weights, curves and pictures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from gan_lib.errors import BadRun
from gan_lib.machine.given import named_path
from gan_lib.networks import NETWORKS
from gan_lib.runs.folders import FORMAT, replace_file
from gan_lib.training.recipe import Recipe

GAMES = {  # what the first edition's cards call the games; the number of a game stands at the end
    "minimax": ("minimax", None),
    "non-saturating": ("non-saturating", None),
    "non-saturating, smoothing": ("smoothed", "smoothing"),
    "CGAN": ("cgan", None),
    "ACGAN": ("acgan", None),
    "Wasserstein loss, unbounded critic": ("wasserstein", None),
    "WGAN, clip": ("wgan", "clip"),
    "WGAN-GP, λ": ("wgan-gp", "weight"),
}
# Fingerprints of the official training pictures; of others no more is known than the name.
HASHES = {"fashion-mnist": "8251e8f462a250c3", "mnist": "51311e2ab0d62c84"}
STANDARD = {  # what a card lacks is younger than it
    "game": "non-saturating",
    "optimizer": "Adam",
    "betas": [0.5, 0.999],
    "generator_args": {},
    "discriminator_args": {},
}


def migrate(folder: Path) -> bool:
    """Rewrite the card of a folder of the first edition; nothing else changes.

    Returns:
        Whether there was something to do.

    Raises:
        BadRun: the folder holds no card, or none that can be read.
    """
    path = named_path("folder", folder) / "card.json"
    try:
        card = json.loads(path.read_bytes())
        if card["format"] == FORMAT:
            return False
        card["recipe"] = _recipe(card["recipe"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadRun(f"{path} is no card of the first edition ({error}); record the run again.") from error
    if "steps_done" in card:
        card["data_hash"] = HASHES.get(card["data"])
    replace_file(path, json.dumps(card | {"format": FORMAT}, indent=1, ensure_ascii=False).encode() + b"\n")
    return True


def _recipe(old: dict[str, Any]) -> dict[str, Any]:
    """The three parts of a flat recipe; of several recipes by their names (the plane's) each; others as they are."""
    if "dataset" in old:
        return _parts(old)
    parted = {key: _parts(value) for key, value in old.items() if isinstance(value, dict) and "generator" in value}
    return old | parted


def _parts(old: dict[str, Any]) -> dict[str, Any]:
    """What a card lacks is younger than it: the standard value is what was trained."""
    old = STANDARD | old
    card, names = Recipe("", "").as_card(), {network.__name__: name for name, network in NETWORKS.items()}
    for part in ("decides", "reported"):
        card[part] |= {key: old[key] for key in card[part] if key in old}
    text, number = old["game"], None
    if text not in GAMES:
        text, number = text.rsplit(" ", 1)
    name, argument = GAMES[text]
    card["decides"]["game"] = {"name": name, "args": {argument: float(number)} if argument else {}}
    for player, lr in (("generator", "lr_g"), ("discriminator", "lr_d")):
        learn = {"lr": old[lr]} | ({"betas": old["betas"]} if old["optimizer"] == "Adam" else {})
        network = names.get(old[player], old[player])
        card["players"][player] = {"network": network, "args": old[f"{player}_args"]} | {
            "optimizer": old["optimizer"],
            "optimizer_args": learn,
        }
    return card
