"""A second device, "fake", in the CPU's memory: where no GPU is, it stands in for one.

Its tensors are computed by the CPU's own kernels, so a training there can end with the CPU's bits. But as on a GPU
- a tensor of one device is refused beside one of the other (a CPU number without dimensions passes as with CUDA),
- random numbers come from the device's own generators,
- a tensor of one device is refused beside one of the other (a CPU number without dimensions passes as with CUDA),
  as indices, and copies from one device to the other).

What it does not show: kernels (their speed, their rounding, types that they lack), autocast, updates of many weights in
one operation, several cards. It refuses some things that CUDA takes: CPU indices, torch.tensor(..., device="fake"), and
a tensor in a formatted text.

torch takes a device from Python once in a process, and before the process's first backward pass, so a test runs its
functions in a process of their own (`process`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from typing import ClassVar

import torch
from torch.utils import backend_registration
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map_only

from tests.conftest import FORKS

aten = torch.ops.aten
COPIES = {aten._to_copy.default, aten.copy_.default}  # may have a tensor of each device
# These give the program a number, or a shape that depends on values: it waits.
ASKS = {aten._local_scalar_dense, aten.equal, aten.allclose, aten.nonzero, aten.masked_select, aten.bincount}
ASKS |= {aten._unique2, aten.unique_dim, aten.unique_consecutive, aten.multinomial}
INDEXING = {aten.index, aten.index_put, aten.index_put_}  # wait for a mask
NEEDS_ALL = {aten.cat, aten.stack}  # CUDA takes not even a number from the CPU here

device = torch.device("cpu")  # until `set_up`
waits: list[str] = []  # the operations that waited, since the process began


class StandIn(torch.Tensor):
    """A tensor on the device; `on_cpu` holds its values."""

    @staticmethod
    def __new__(cls, on_cpu: torch.Tensor) -> StandIn:
        layout = {"strides": on_cpu.stride(), "storage_offset": on_cpu.storage_offset()}
        made = torch.Tensor._make_wrapper_subclass(cls, on_cpu.size(), **layout, dtype=on_cpu.dtype, device=device)
        made.on_cpu = on_cpu
        return made

    @classmethod
    def __torch_dispatch__(cls, operation, types, args=(), kwargs=None):
        return _run(operation, args, kwargs or {})

    def tolist(self) -> object:
        return self.cpu().tolist()  # torch has none for a subclass


class Generator(torch.Generator):
    """A generator on either device; the same numbers on both."""

    fakes: ClassVar[set[int]] = set()  # addresses, because an operation sees no more of its generator

    def __new__(cls, device="cpu"):
        made = super().__new__(cls, "cpu")
        is_fake = torch.device(device).type == "fake"
        (cls.fakes.add if is_fake else cls.fakes.discard)(made._cdata)  # another's address, perhaps, that is gone
        return made

    @property
    def device(self) -> torch.device:
        return device if self._cdata in self.fakes else torch.device("cpu")


class DeviceModule:
    """What torch asks of a device's module, such as torch.cuda; here it keeps the global generator's state."""

    def __init__(self):
        self.state = torch.default_generator.get_state()

    def is_initialized(self) -> bool:
        return True

    def is_available(self) -> bool:
        return True

    def current_device(self) -> int:
        return 0

    def device_count(self) -> int:
        return 1

    def _is_in_bad_fork(self) -> bool:
        return False

    def manual_seed(self, seed: int) -> None:
        self.state = Generator().manual_seed(seed).get_state()

    manual_seed_all = manual_seed  # what torch.manual_seed calls

    def get_rng_state(self, device: object = None) -> torch.Tensor:
        return self.state

    def set_rng_state(self, state: torch.Tensor, device: object = None) -> None:
        self.state = state

    def get_amp_supported_dtype(self) -> list[torch.dtype]:
        return [torch.bfloat16]

    @contextmanager
    def drawing(self) -> Iterator[None]:
        """Inside the `with` the CPU's generator gives this device's numbers."""
        before = torch.get_rng_state()
        torch.set_rng_state(self.state)
        try:
            yield
        finally:
            self.state = torch.get_rng_state()
            torch.set_rng_state(before)


class _Everything(TorchDispatchMode):
    """Sees also what makes a tensor on the device out of none there."""

    def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
        return _run(operation, args, kwargs or {})


def _run(operation: torch._ops.OpOverload, args: tuple, kwargs: dict) -> object:
    """One operation: refused if a GPU would refuse it, counted if the program would wait, then computed by the CPU."""
    tensors = [each for each in tree_leaves((args, kwargs)) if isinstance(each, torch.Tensor)]
    fakes = [isinstance(tensor, StandIn) for tensor in tensors]
    to = kwargs.get("device")
    ends_fake = any(fakes) if to is None else torch.device(to).type == "fake"
    if operation is aten.copy_.default:
        ends_fake = fakes[0]
    if operation not in COPIES:
        _refuse_a_mixture(operation, tensors, fakes)
    crosses = operation in COPIES and any(fake != ends_fake for fake in fakes)
    if crosses or (any(fakes) and _asks(operation, args)):
        waits.append(str(operation))
    generator = kwargs.get("generator")
    if generator is not None and (generator._cdata in Generator.fakes) != ends_fake:
        raise RuntimeError("a generator gives random numbers on its own device only.")

    args, kwargs = tree_map_only(StandIn, lambda tensor: tensor.on_cpu, (args, kwargs))
    if to is not None:
        kwargs = kwargs | {"device": torch.device("cpu")}
    if ends_fake and generator is None and torch.Tag.nondeterministic_seeded in operation.tags:
        with torch.fake.drawing():
            result = operation(*args, **kwargs)
    else:
        result = operation(*args, **kwargs)
    return _on_device(result, tensors) if ends_fake else result


def _asks(operation: torch._ops.OpOverload, args: tuple) -> bool:
    if operation.overloadpacket in INDEXING:  # how many are True decides the shape
        return any(index is not None and index.dtype in (torch.bool, torch.uint8) for index in args[1])
    return operation.overloadpacket in ASKS


def _refuse_a_mixture(operation: torch._ops.OpOverload, tensors: list[torch.Tensor], fakes: list[bool]) -> None:
    written = operation._schema.is_mutable and bool(tensors) and not fakes[0]
    for tensor, fake in zip(tensors, fakes, strict=True):
        passes = tensor.ndim == 0 and not written and operation.overloadpacket not in NEEDS_ALL
        if any(fakes) and not fake and not passes:
            raise RuntimeError(f"{operation} expected all tensors on the same device, fake, but found one on cpu.")


def _on_device(result: object, tensors: list[torch.Tensor]) -> object:
    """The result as tensors on the device; an operation in place gives the tensor back that it was given."""
    known = {id(tensor.on_cpu): tensor for tensor in tensors if isinstance(tensor, StandIn)}
    return tree_map_only(torch.Tensor, lambda new: known[id(new)] if id(new) in known else StandIn(new), result)


def set_up() -> None:
    """Give this process the device, in everything it does from now on."""
    global device
    torch.set_num_threads(1)
    torch.Generator = Generator
    backend_registration._setup_privateuseone_for_python_backend("fake", DeviceModule())
    device = torch.device("fake", 0)
    _Everything().__enter__()


@contextmanager
def process() -> Iterator[Callable[..., object]]:
    """Inside the `with`: (function, *arguments) → its result, from a process that has the device."""
    with ProcessPoolExecutor(1, mp_context=FORKS, initializer=set_up) as pool:
        yield lambda function, *arguments: pool.submit(function, *arguments).result()
