"""A second device, "pretend", in the CPU's memory: where no GPU is, it refuses what a GPU refuses.

Its tensors are computed by the CPU's own kernels, so that a training there must end with the CPU's bits. But a tensor
of one device never meets one of the other, random numbers come from the device's own generators, and everything that
would make a program wait for the device is counted. torch takes a device from Python once in a process, and before the
process's first backward pass, so a test asks `there` to run a function in a process of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from typing import ClassVar

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map_only
from torch.utils.backend_registration import _DummyBackendModule, _setup_privateuseone_for_python_backend

from tests.conftest import FORKS

aten = torch.ops.aten
CROSSING = {aten._to_copy.default, aten.copy_.default}  # what may have a tensor of each device
# What gives the program a number or a shape that depends on values, for which it waits.
ASKING = {aten._local_scalar_dense, aten.equal, aten.nonzero, aten.masked_select, aten.bincount, aten._unique2}
PRETEND = torch.device("cpu")  # until `set_up`
waits: list[str] = []  # operations for which the program waited, since the process began


class There(torch.Tensor):
    """A tensor on the device; `here` is the CPU's tensor that holds its values."""

    @staticmethod
    def __new__(cls, here: torch.Tensor) -> There:
        made = torch.Tensor._make_wrapper_subclass(
            cls,
            here.size(),
            strides=here.stride(),
            storage_offset=here.storage_offset(),
            dtype=here.dtype,
            device=PRETEND,
        )
        made.here = here
        return made

    @classmethod
    def __torch_dispatch__(cls, operation, types, args=(), kwargs=None):
        return _run(operation, args, kwargs or {})

    def tolist(self) -> object:
        return self.cpu().tolist()  # torch has none for a subclass


class Generator(torch.Generator):
    """Random numbers of either device; the same numbers on both."""

    theirs: ClassVar[set[int]] = set()  # addresses, because an operation sees no more of its generator

    def __new__(cls, device="cpu"):
        made = super().__new__(cls, "cpu")
        is_theirs = torch.device(device).type == "pretend"
        (cls.theirs.add if is_theirs else cls.theirs.discard)(made._cdata)  # another's address, perhaps, that is gone
        return made

    @property
    def device(self) -> torch.device:
        return PRETEND if self._cdata in self.theirs else torch.device("cpu")


class Module(_DummyBackendModule):
    """What torch asks of a device's module, torch.cuda for example: here its global random numbers."""

    def __init__(self):
        self.numbers = torch.default_generator.get_state()

    def manual_seed(self, seed: int) -> None:
        self.numbers = Generator().manual_seed(seed).get_state()

    def get_rng_state(self, device: object = None) -> torch.Tensor:
        return self.numbers

    def set_rng_state(self, state: torch.Tensor, device: object = None) -> None:
        self.numbers = state

    def get_amp_supported_dtype(self) -> list[torch.dtype]:
        return [torch.bfloat16]

    @contextmanager
    def drawing(self) -> Iterator[None]:
        """Inside the `with` the CPU's generator gives this device's numbers."""
        before = torch.get_rng_state()
        torch.set_rng_state(self.numbers)
        try:
            yield
        finally:
            self.numbers = torch.get_rng_state()
            torch.set_rng_state(before)


class _Everywhere(TorchDispatchMode):
    """Sees also what makes a tensor on the device out of none there."""

    def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
        return _run(operation, args, kwargs or {})


def _run(operation: torch._ops.OpOverload, args: tuple, kwargs: dict) -> object:
    """One operation: refused if a GPU would, counted if a GPU's program would wait, then computed by the CPU."""
    tensors = [each for each in tree_leaves((args, kwargs)) if isinstance(each, torch.Tensor)]
    there = [isinstance(tensor, There) for tensor in tensors]
    device = kwargs.get("device")
    goes_there = any(there) if device is None else torch.device(device).type == "pretend"
    if operation is aten.copy_.default:
        goes_there = there[0]
    if operation in CROSSING:
        crosses = any(here_too != goes_there for here_too in there)
    else:
        crosses = any(there) and _asks(operation, tensors)
        _refuse_a_mixture(operation, tensors, there)
    if crosses:
        waits.append(str(operation))
    _refuse_others_numbers(kwargs.get("generator"), goes_there)

    args, values = tree_map_only(There, lambda tensor: tensor.here, (args, kwargs))
    if device is not None:
        values = values | {"device": torch.device("cpu")}
    draws = torch.Tag.nondeterministic_seeded in operation.tags and values.get("generator") is None
    if goes_there and draws:
        with torch.pretend.drawing():
            result = operation(*args, **values)
    else:
        result = operation(*args, **values)
    return _given_back(operation, tensors, result) if goes_there else result


def _asks(operation: torch._ops.OpOverload, tensors: list[torch.Tensor]) -> bool:
    if operation.overloadpacket in (aten.index, aten.index_put, aten.index_put_):
        return any(index.dtype == torch.bool for index in tensors[1:])  # how many are True decides the shape
    return operation.overloadpacket in ASKING


def _refuse_a_mixture(operation: torch._ops.OpOverload, tensors: list[torch.Tensor], there: list[bool]) -> None:
    alone = [tensor for tensor, is_there in zip(tensors, there, strict=True) if not is_there and tensor.ndim]
    if any(there) and alone:  # a number alone, of no dimension, is let through by a GPU too
        raise RuntimeError(f"{operation} expected all tensors to be on the same device, pretend, but found one on cpu.")


def _refuse_others_numbers(generator: torch.Generator | None, goes_there: bool) -> None:
    if generator is not None and (generator._cdata in Generator.theirs) != goes_there:
        raise RuntimeError("a generator gives random numbers on the other device only.")


def _given_back(operation: torch._ops.OpOverload, tensors: list[torch.Tensor], result: object) -> object:
    """The result as tensors on the device; an operation in place gives the tensor back that it was given."""
    known = {id(tensor.here): tensor for tensor in tensors if isinstance(tensor, There)}
    return tree_map_only(torch.Tensor, lambda new: known[id(new)] if id(new) in known else There(new), result)


def set_up() -> None:
    """Give this process the device, and everything it does from now on."""
    global PRETEND
    torch.set_num_threads(1)
    torch.Generator = Generator
    _setup_privateuseone_for_python_backend("pretend", Module())
    PRETEND = torch.device("pretend", 0)
    _Everywhere().__enter__()


@contextmanager
def process() -> Iterator[Callable[..., object]]:
    """Inside the `with`: (function, *arguments) → its result, from a process that has the device."""
    with ProcessPoolExecutor(1, mp_context=FORKS, initializer=set_up) as pool:
        yield lambda function, *arguments: pool.submit(function, *arguments).result()
