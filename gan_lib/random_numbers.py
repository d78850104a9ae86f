"""torch's global random numbers. They are the caller's: code that needs them draws its own, and gives them back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import torch

CPU = torch.device("cpu")


@contextmanager
def own_numbers(seed: int = 0, device: torch.device = CPU) -> Iterator[None]:
    """Inside the `with` the numbers of the CPU and of `device` start at `seed`; afterwards the caller's go on."""
    with torch.random.fork_rng(devices=[]), _numbers_of(device):
        start_numbers(seed, device)
        yield


def start_numbers(seed: int, device: torch.device) -> None:
    """Seed the CPU and `device`, if that is the current one of its kind; torch.manual_seed seeds all, in 100 µs."""
    torch.default_generator.manual_seed(seed)
    if device.type != "cpu":
        torch.get_device_module(device).manual_seed(seed)


@contextmanager
def _numbers_of(device: torch.device) -> Iterator[None]:
    """`device` is the current one of its kind inside the `with`, and its numbers are as before afterwards."""
    if device.type == "cpu":
        yield
        return
    module = torch.get_device_module(device)
    with torch.cuda.device(device) if device.type == "cuda" else nullcontext():  # of the others there is only one
        before = module.get_rng_state()
        try:
            yield
        finally:
            module.set_rng_state(before)
