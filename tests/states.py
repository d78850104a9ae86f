"""A training's state as tensors by name, so that two of them can be compared bit by bit."""

from __future__ import annotations

import io

import torch


def flat(values, name: str = "") -> dict[str, torch.Tensor]:
    """Nested dicts and lists of tensors, numbers and None → tensors by their path; what is no number is left out."""
    if isinstance(values, dict):
        return {
            key: found for k, v in values.items() for key, found in flat(v, f"{name}.{k}" if name else str(k)).items()
        }
    if isinstance(values, (list, tuple)):
        return flat(dict(enumerate(values)), name)
    if torch.is_tensor(values) or isinstance(values, (bool, int, float)):
        return {name: torch.as_tensor(values)}
    return {}


def read(content) -> dict[str, torch.Tensor]:
    """The state in a checkpoint's file (a path, or its bytes)."""
    source = io.BytesIO(content) if isinstance(content, bytes) else content
    return flat(torch.load(source, weights_only=True)["state"])
