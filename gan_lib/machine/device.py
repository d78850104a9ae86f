"""Which device to work on."""

from __future__ import annotations

import ctypes
import sys
from pathlib import Path

import psutil
import torch

from gan_lib.errors import BadInput, brief, one_of, one_sentence

CPU = torch.device("cpu")
CONTAINER = Path("/sys/fs/cgroup")  # where Linux tells a container its limits


def pick(name: str | None = None) -> torch.device:
    """The device of that name; the best one present if None (CUDA, then MPS, then the CPU).

    Args:
        name: "cpu", "cuda", "cuda:1", "mps", or None.

    Raises:
        BadInput: not a device's name, or this machine has no such device.
    """
    present = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    if name is None:
        return torch.device(next(kind for kind, here in present.items() if here))
    kind, colon, index = name.partition(":") if isinstance(name, str) else (name, "", "")
    one_of("device", kind, present)
    here = [k for k, is_here in present.items() if is_here]
    count = torch.cuda.device_count() if kind == "cuda" else 1
    if not present[kind] or (colon and index not in map(str, range(count))):
        raise BadInput(f"device {brief(name)} is not on this machine; it has: {', '.join(here)}.")
    return torch.device(name)


def known(given: str | torch.device) -> torch.device:
    """What somebody calls a device, as torch's. BadInput: torch does not know it, or this machine has none."""
    with one_sentence(f"device {brief(given)} cannot be used here; choose another, for example cpu"):
        return torch.empty(0, device=given).device


def has_bfloat16(device: torch.device) -> bool:
    """Whether the device multiplies bfloat16 matrices in hardware: then autocast pays, elsewhere it costs."""
    if device.type == "cuda":
        with torch.cuda.device(device):  # the question is about the current one
            return torch.cuda.is_bf16_supported(including_emulation=False)
    if device.type != "cpu":
        return False
    has = (getattr(torch.cpu, f"_is_{kind}_supported", lambda: False) for kind in ("avx512_bf16", "amx_tile"))
    return any(check() for check in has)  # torch has no public question for it


def memory_format(device: torch.device) -> torch.memory_format:
    """How kernels, and so the pictures that come out of them, lie in memory: channels last, which convolutions on the
    CPU and on CUDA like best. Not on MPS: there BatchNorm's backward pass crashed or was wrong for it until the summer
    of 2026 (pytorch/pytorch, issue 175189 and pull request 188371).
    """
    return torch.contiguous_format if device.type == "mps" else torch.channels_last


def memory_left(device: torch.device = CPU) -> int:
    """Bytes that are free in a device's memory; of anything but CUDA in this machine's, or in this container's."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    left = psutil.virtual_memory().available
    try:
        limit, used = (int((CONTAINER / f"memory.{what}").read_text()) for what in ("max", "current"))
    except (OSError, ValueError):  # no container of this kind, or "max"
        return left
    return max(0, min(left, limit - used))


def give_memory_back() -> None:
    """Return what malloc holds but nobody uses to the system; does nothing where the C library is not glibc.

    glibc keeps freed blocks. A backward pass frees and takes blocks of many sizes, its heaps fill with holes, and a
    DCGAN's training on the CPU grew by 0.1 MB an update without holding one tensor more.
    """
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # musl has none
        if trim is not None:
            trim(0)
