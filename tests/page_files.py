"""Runs that nobody trained, with random weights, for pages that hold one explorer."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import torch
from torch import nn

from gan_lib import runs
from gan_lib.networks.any_side import AnySideGenerator
from gan_lib.networks.conditional import CGANGenerator


@cache
def made_up(kind: str) -> runs.Run:
    """A run of a card that the book ships, with another generator: "colour", 64×64, or "labels", of three classes."""
    torch.manual_seed(0)
    network = {
        "colour": lambda: AnySideGenerator(latent_dim=20, side=64, features=8),
        "labels": lambda: CGANGenerator(classes=3, width=8),
    }[kind]().train()
    for layer in network.modules():
        if isinstance(layer, nn.ConvTranspose2d | nn.Linear):
            nn.init.normal_(layer.weight, std=0.25)  # large enough for pictures of many greys
    with torch.no_grad():
        for _ in range(40):  # BatchNorm's running statistics
            labels = (torch.arange(16) % 3,) if network.classes else ()
            network(torch.randn(16, network.latent_dim), *labels)
    base = runs.load("mlp-fashion")
    card = base.card | {"data": "my cats & dogs"} | ({"classes": ["cat", "dog", "<b>"]} if network.classes else {})
    return replace(base, generator=network.half().float().eval(), card=card)
