"""Several processes that train one network: what `torchrun` starts, one process (rank) on each device.

Every rank draws the whole batch's indices and z from the same numbers and takes its own part of them, so that N
processes see together what one process sees alone; DistributedDataParallel averages their gradients. BatchNorm and the
history see one rank's part. With one process or two a resumed run on the CPU ends with the same bits; with more,
DistributedDataParallel adds in another order after its first step, which moves the last bits.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import torch
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel

from gan_lib.errors import BadInput, GanLibError, LostProcess

PATIENCE = timedelta(minutes=10)  # others wait this long while rank 0 scores or writes; then a rank counts as dead


def rank() -> int:
    """Which process this is, 0…size() − 1; 0 if there is only one."""
    return distributed.get_rank() if distributed.is_initialized() else 0


def size() -> int:
    """How many processes train together; 1 if torchrun did not start this one."""
    return distributed.get_world_size() if distributed.is_initialized() else 1


def local_device(name: str | None) -> str | None:
    """The name of this process's device: under torchrun "cuda" becomes this rank's own card."""
    wants_cuda = name == "cuda" or (name is None and torch.cuda.is_available())
    return f"cuda:{os.environ['LOCAL_RANK']}" if wants_cuda and "LOCAL_RANK" in os.environ else name


@contextmanager
def joined(device: torch.device) -> Iterator[None]:
    """Join the other processes inside the `with`, if torchrun started any: NCCL on CUDA, else gloo.

    Raises:
        BadInput: a device on which processes cannot share gradients.
        LostProcess: another process ended or no longer answers.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        yield
        return
    if device.type not in ("cpu", "cuda"):
        raise BadInput(f"several processes cannot train on {device.type}; start one, or choose cpu or cuda.")
    if device.type == "cuda":
        torch.cuda.set_device(device)
    distributed.init_process_group("nccl" if device.type == "cuda" else "gloo", timeout=PATIENCE)
    try:
        yield
    except GanLibError:
        raise
    except (RuntimeError, distributed.DistError) as error:  # what gloo and NCCL say when a neighbour is gone
        if not any(word in str(error) for word in ("onnection", "imed out", "Timeout", "reset by peer", "NCCL")):
            raise
        raise LostProcess(
            f"Another of the {size()} processes ended, so rank {rank()} stopped too; start them again with --resume."
        ) from error
    finally:
        distributed.destroy_process_group()


def my_part(batch_size: int) -> slice:
    """The part of the joined batch that is this rank's. BadInput unless the batch can be cut into equal parts."""
    part, rest = divmod(batch_size, size())
    if rest:
        raise BadInput(
            f"a batch of {batch_size} cannot be shared equally by {size()} processes; "
            f"choose --batch-size {max(part, 1) * size()} or another multiple of {size()}."
        )
    return slice(rank() * part, (rank() + 1) * part)


def shared(module: nn.Module) -> nn.Module:
    """The module itself, or, with several processes, a DistributedDataParallel that averages its gradients.

    Buffers (BatchNorm's running means) are rank 0's, as in the checkpoint.
    """
    return DistributedDataParallel(module) if size() > 1 else module
