"""torch's global random number generators. They belong to the caller: code that needs them isolates itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import torch

CPU = torch.device("cpu")


@contextmanager
def isolated_rng(seed: int = 0, device: torch.device = CPU) -> Iterator[None]:
    """Inside the `with` the generators of the CPU and of `device` start at `seed`; afterwards the caller's go on.

    On a machine with several CUDA devices, `device` is the current one meanwhile.
    """
    current = torch.cuda.device(device) if device.type == "cuda" else nullcontext()
    others = [] if device.type == "cpu" else [device]
    with current, torch.random.fork_rng(others, device_type=device.type):
        seed_rng(seed, device)
        yield


def seed_rng(seed: int, device: torch.device) -> None:
    """Seed the generators of the CPU and of the current device of that type; torch.manual_seed would seed all others
    too, and takes 100 µs."""
    torch.default_generator.manual_seed(seed)
    if device.type != "cpu":
        torch.get_device_module(device).manual_seed(seed)
