"""A generator as plain data, for page/network.js to run."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from gan_lib.networks.mlp import MLPGenerator
from gan_lib.widgets.face import base64_text

SHORTEST_Z = 16  # page/random.js repeats torch's draw of 16 numbers and more; shorter ones are drawn differently


class NotExportable(TypeError):
    """The page cannot run this network; the live face can."""


def export(generator: nn.Module) -> dict:
    """The generator's layers in order, weights as base64: float16 if that loses nothing, else float32.

    Returns:
        {"latent_dim", "shape": [C, H, W], "dtype", "layers": [{"op": …}, …]}, ready for JSON.

    Raises:
        NotExportable: not a network this knows; the sentence says which it knows.
    """
    if type(generator) is not MLPGenerator:  # a subclass may compute something else
        raise NotExportable(f"{type(generator).__name__} cannot run on a page yet (only MLPGenerator can).")
    if generator.latent_dim < SHORTEST_Z:
        raise NotExportable(f"A page cannot draw a z of {generator.latent_dim} numbers ({SHORTEST_Z} at least).")
    exact = all(bool((p == p.half().float()).all()) for p in generator.parameters())
    dtype = torch.float16 if exact else torch.float32
    return {
        "latent_dim": generator.latent_dim,
        "shape": list(generator.image_shape),
        "dtype": str(dtype).removeprefix("torch."),
        "layers": [
            _linear(generator.fc1, dtype),
            {"op": "leaky_relu", "slope": generator.act.negative_slope},
            _linear(generator.fc2, dtype),
            {"op": "tanh"},
        ],
    }


def _linear(layer: nn.Linear, dtype: torch.dtype) -> dict:
    def text(tensor: Tensor) -> str:
        return base64_text(tensor.detach().cpu().to(dtype).numpy().tobytes())  # little-endian, row by row

    return {
        "op": "linear",
        "in": layer.in_features,
        "out": layer.out_features,
        "weight": text(layer.weight),
        "bias": text(layer.bias),
    }
