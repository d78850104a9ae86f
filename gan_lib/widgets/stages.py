"""A generator as a row of stages, and what happens in the picture when a channel of a stage is off or stronger.

A stage ends before the next layer with weights, wherever everything goes through one tensor: a residual block, whose
branches do not, is one stage. Both faces take the same stages; the page computes them by page/engine.js, this file by
the live module.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from copy import copy, deepcopy
from dataclasses import dataclass, replace
from itertools import groupby, pairwise

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from gan_lib.machine.rng import isolated_rng, z_from_seed
from gan_lib.networks.brought import Drawer
from gan_lib.widgets.follow import KEEP, Step, follow, named
from gan_lib.widgets.layers import MOVES, Layers, NotExportable

WEIGHTS = {"linear", "conv2d", "conv_transpose2d"}
SEEN = 10  # grey levels of 255: a pixel that changes by more counts as moved
AT_ONCE = 16  # pictures


@dataclass(frozen=True)
class Stage:
    """Some layers in a row.

    Attributes:
        shape: of what comes out, for one picture: (C, H, W); (C, 1, 1) where it is no map.
        layers: their names, in order.
        weights: how many numbers were learned.
        call: torch's call whose result comes out: its name, and which of that name it is.
        end: the last of the layers of the page, counted from 0; None where a page cannot run the generator.
    """

    shape: tuple[int, int, int]
    layers: str
    weights: int
    call: tuple[str, int]
    end: int | None


def stages(drawer: Drawer) -> list[Stage]:
    """From z to the picture, which is the last one; found by one run on a copy."""
    network = drawer.network
    if isinstance(network, nn.Module):
        drawer = replace(drawer, network=deepcopy(network).cpu().float().eval())
    z = z_from_seed(0, drawer.latent_dim, max(2, drawer.classes))  # (2, 100), or one of each class
    labels = torch.arange(len(z)) if drawer.classes else None
    with isolated_rng():
        _, steps = follow(lambda z: drawer(z, labels), drawer.network, z)
    ends = _ends(steps, Layers(drawer.latent_dim, drawer.classes, type(network).__name__))
    parts = [steps[i:j] for i, j in pairwise([0, *(i for i, _ in ends)])]
    found = [_stage(part, end) for part, (_, end) in zip(parts, ends, strict=True)]
    return [*found[:-1], replace(found[-1], shape=drawer.image_shape)]


def _ends(steps: list[Step], layers: Layers) -> list[tuple[int, int | None]]:
    """Where stages end: (number of steps so far, the page's last layer so far)."""
    ends, depth, weighty, page = [], 0, False, True
    for i, step in enumerate(steps):
        begins = step.name in WEIGHTS | {KEEP, "interpolate"} and steps[i - 1].name != "interpolate"
        if begins and depth == 0 and weighty:
            ends.append((i, len(layers.layers) - 1 if page else None))
            weighty = False
        depth += step.name == KEEP
        depth -= len(step.sources) > 1 and depth > 0
        weighty |= step.name in WEIGHTS
        if page:
            try:
                layers.take(step)
            except NotExportable:
                page, ends = False, [(at, None) for at, _ in ends]
    return [*ends, (len(steps), len(layers.layers) - 1 if page else None)]


def _stage(steps: list[Step], end: int | None) -> Stage:
    maps = [step for step in steps if step.result.ndim == 4 and step.call]
    last = maps[-1] if maps else next(step for step in reversed(steps) if step.call)
    result = last.result
    shape = tuple(result.shape[1:]) if result.ndim == 4 else (result[0].numel(), 1, 1)
    named = [step.who for step in steps if step.call and step.name not in {*MOVES, "cat"} and not step.idle]
    if any(step.name == KEEP for step in steps):
        named = ["residual block"]
    return Stage(shape, ", ".join(name for name, _ in groupby(named)), _learned(steps), (last.name, last.call), end)


def _learned(steps: list[Step]) -> int:
    given = [t for step in steps for t in (*step.args, *step.kwargs.values()) if isinstance(t, nn.Parameter)]
    return sum(t.numel() for t in {id(t): t for t in given}.values())


class _Touching(TorchFunctionMode):
    """Hands the results of some of torch's calls, by name and number, to a function that may change them in place."""

    def __init__(self, touch: Mapping[tuple[str, int], Callable[[Tensor], object]]):
        super().__init__()
        self.touch, self.calls = touch, Counter()

    def __torch_function__(self, function, types, args=(), kwargs=None):
        result = function(*args, **(kwargs or {}))
        name = named(function)
        self.calls[name] += 1
        if touch := self.touch.get((name, self.calls[name])):
            touch(result)
        return result


class Opened:
    """A generator that lets one look inside.

    Attributes:
        drawer: the generator.
        stages: the picture is the last one.
    """

    def __init__(self, drawer: Drawer):
        self.drawer, self.stages = drawer, stages(drawer)

    def exactly(self) -> Opened:
        """The same in float64, with the same numbers on every machine."""
        other = copy(self)
        other.drawer = self.drawer.exact()
        return other

    @torch.no_grad()
    def look(self, z: Tensor, label: int | None, strengths: Mapping[int, Tensor] | None = None) -> list[Tensor]:
        """What every stage gives, the picture last.

        Args:
            z: (B, latent_dim).
            label: the class, for a conditional generator.
            strengths: stage → (B or 1, C), by which its channels are multiplied.

        Returns:
            One tensor for each stage, (B, C, H, W), on the CPU.
        """
        seen: dict[int, Tensor] = {}

        def touch(k: int, result: Tensor) -> None:
            if k in (strengths or {}):
                factor = strengths[k].to(result)
                result *= factor.view(*factor.shape, *[1] * (result.ndim - 2))
            seen[k] = result.clone()

        calls = {stage.call: (lambda result, k=k: touch(k, result)) for k, stage in enumerate(self.stages[:-1])}
        with self.drawer.evaluating(), _Touching(calls):
            picture = self.drawer(z, self.drawer.labels(label, len(z)))
        inner = [seen[k].reshape(len(z), *stage.shape) for k, stage in enumerate(self.stages[:-1])]
        return [tensor.cpu() for tensor in (*inner, picture.clamp(-1, 1))]

    def effects(self, z: Tensor, label: int | None, stage: int, channels: Iterable[int]) -> Tensor:
        """How much the picture of z (1, latent_dim) changes when one channel is off: `moved` for each, (n, 2)."""
        *_, before = self.look(z, label)
        found, channels = [torch.zeros(0, 2)], torch.as_tensor(list(channels))
        for some in channels.split(AT_ONCE):
            off = torch.ones(len(some), self.stages[stage].shape[0])
            off[torch.arange(len(some)), some] = 0
            *_, after = self.look(z.expand(len(some), -1), label, {stage: off})
            found.append(moved(before, after))
        return torch.cat(found)


def moved(before: Tensor, after: Tensor) -> Tensor:
    """How much pictures (n, C, H, W) in −1…1 differ: the mean over all numbers in grey levels of 255, and which part of
    the pixels changes by more than `SEEN` of them; (n, 2)."""
    change = 127.5 * (after - before).abs()
    return torch.stack([change.mean((1, 2, 3)), (change.amax(1) > SEEN).to(change).mean((1, 2))], dim=1)
