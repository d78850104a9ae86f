"""A network's weights as bytes and back: safetensors, in half precision where that is asked for."""

from __future__ import annotations

from safetensors.torch import load, save
from torch import Tensor, nn


def on_cpu(network: nn.Module) -> dict[str, Tensor]:
    """A copy of the state dict on the CPU."""
    return {key: value.detach().cpu().contiguous().clone() for key, value in network.state_dict().items()}


def half(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Floats in half precision; counters stay as they are."""
    return {key: value.half() if value.is_floating_point() else value for key, value in tensors.items()}


def to_bytes(network: nn.Module) -> bytes:
    """The state dict in half precision."""
    return save(half(on_cpu(network)))


def fill(network: nn.Module, content: bytes) -> nn.Module:
    """The network with stored weights, in float32, ready to draw or judge: eval mode, no gradients.

    Raises:
        RuntimeError: the weights are another network's.
    """
    tensors = load(content).items()
    network.load_state_dict({key: value.float() if value.is_floating_point() else value for key, value in tensors})
    return network.eval().requires_grad_(False)
