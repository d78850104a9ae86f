"""torch's global random number generators. They belong to the caller: code that needs them isolates itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import torch

from gan_lib.machine.given import seeded, whole

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


def z_from_seed(seed: int, latent_dim: int = 100, n: int = 1) -> torch.Tensor:
    """n latent vectors decided by a seed: float32 (n, latent_dim) ~ N(0, 1).

    The explorer on the built page draws the same numbers from the same seed. BadInput: no seed or no sizes.
    """
    seed, latent_dim, n = seeded(seed), whole("latent_dim", latent_dim), whole("n", n)
    return torch.randn(n, latent_dim, generator=torch.Generator().manual_seed(seed))
