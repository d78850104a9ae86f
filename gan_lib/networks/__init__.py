"""The networks, one family a file."""

from collections.abc import Iterator
from contextlib import contextmanager

from torch import nn


@contextmanager
def evaluating(network: nn.Module) -> Iterator[nn.Module]:
    """The network in eval mode inside the `with`, in its own mode again after it."""
    mode = network.training
    try:
        yield network.eval()
    finally:
        network.train(mode)
