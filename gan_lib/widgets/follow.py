"""What a network computes, step by step: it runs once, and every call of torch on the way is written down."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

KEEP = "keep"  # the step at which a branch begins, whose sum will want what it began with
SUMS = ("add", "radd", "iadd")


@dataclass(frozen=True, eq=False)
class Step:
    """One call whose result depends on z.

    Attributes:
        name: of torch's function or method, without underscores: "linear", "getitem".
        who: the layer's class, or the function's name where no layer called it.
        function, args, kwargs: the call, with the actual tensors.
        sources: the steps whose results it took, in order; empty for z itself.
        result: what came out; a later step in place may have changed its numbers.
        idle: the same numbers came out in the same shape, and were not changed in place.
        call: which of all calls of this name it was, the first is 1; 0 for z, and for a step that is no call.
    """

    name: str
    who: str
    function: Callable
    args: tuple
    kwargs: dict
    sources: tuple[Step, ...]
    result: Tensor
    idle: bool = False
    call: int = 0


class _Recorder(TorchFunctionMode):
    def __init__(self, z: Tensor):
        super().__init__()
        # Steps keep their results, so no other tensor gets the same id meanwhile.
        self.steps = {id(z): Step("z", "z", torch.Tensor, (), {}, (), z)}
        self.kept: list[Step] = []
        self.running: list[str] = []  # classes of the layers at work
        self.calls: Counter[str] = Counter()

    def __torch_function__(self, function, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        taken = [t for t in _tensors((*args, *kwargs.values())) if id(t) in self.steps]
        sources, versions = tuple(self.steps[id(t)] for t in taken), [t._version for t in taken]
        result = function(*args, **kwargs)
        name = named(function)
        self.calls[name] += 1
        for tensor in _tensors((result,)) if sources else ():
            idle = len(taken) == 1 and taken[0]._version == versions[0] and _same(tensor, taken[0])
            who = self.running[-1] if self.running else {"getitem": "indexing"}.get(name, name)
            step = Step(name, who, function, args, kwargs, sources, tensor, idle, self.calls[name])
            self.kept.append(step)
            self.steps[id(tensor)] = step
        return result


def follow(draw: Callable[[Tensor], Tensor], network: object, z: Tensor) -> tuple[Tensor, list[Step]]:
    """What `draw` returns for z, and the steps that lead there, z itself first; layers of `network` lend their names.

    A residual sum, x + branch(x), is three things in a row: a step `KEEP` of x, the branch, the step of the sum. Where
    several paths meet otherwise, the steps go on along the first; the step where they meet has several `sources`.
    Without a path from z to the result, the list is empty.
    """
    recorder = _Recorder(z)
    hooks = []
    for layer in network.modules() if isinstance(network, nn.Module) else ():
        if layer is not network and not any(layer.children()):
            kind = type(layer).__name__
            hooks.append(layer.register_forward_pre_hook(lambda *_, kind=kind: recorder.running.append(kind)))
            hooks.append(layer.register_forward_hook(lambda *_: recorder.running.pop() and None))
    try:
        with recorder, torch.no_grad():
            result = draw(z)
    finally:
        for hook in hooks:
            hook.remove()
    last = recorder.steps.get(id(result))
    return result, (last and _way(last)) or []


def _way(last: Step, start: Step | None = None) -> list[Step] | None:
    """The steps from z, or from `start`, which is left out, to the last one; None if they do not begin there."""
    back = []
    while last is not start:
        back.append(last)
        if not last.sources:
            return back[::-1] if start is None else None
        following = last.sources[0]
        if last.name in SUMS and len(last.sources) == 2:
            for following, end in (last.sources, last.sources[::-1]):
                if (branch := _way(end, following)) is not None:
                    back += [*branch[::-1], Step(KEEP, last.who, last.function, (), {}, (following,), following.result)]
                    break
        last = following
    return back[::-1]


def named(function: Callable) -> str:
    """What a function of torch is called, without underscores."""
    return getattr(function, "__name__", "a call").strip("_")


def _tensors(values: tuple) -> Iterator[Tensor]:
    for value in values:
        if isinstance(value, Tensor):
            yield value
        elif isinstance(value, tuple | list):
            yield from _tensors(tuple(value))


def _same(a: Tensor, b: Tensor) -> bool:
    return a.shape == b.shape and torch.equal(a.double(), b.double())
