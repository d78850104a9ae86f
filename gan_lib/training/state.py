"""All that a training is at one moment, and its way into plain values and back: what a checkpoint holds."""

from __future__ import annotations

import warnings
from copy import deepcopy
from typing import Any
from zlib import crc32

import torch
from torch import Tensor, nn

from gan_lib.data.images import ShuffledIndices
from gan_lib.machine.device import known, memory_format
from gan_lib.machine.given import instance
from gan_lib.training.recipe import Recipe


class OtherDevice(UserWarning):
    """A training goes on on another kind of device, whose random numbers are others."""


class State:
    """The networks, their optimizers, the order of the data, the random numbers and the history of one training.

    Attributes:
        step: updates of G done.
        generator, discriminator: on the device, channels last (not on MPS).
        average: G's exponential moving average, None if the recipe has none.
        g_optimizer, d_optimizer: fused where torch has it.
        rng: gives every z and the order of the data, on the device.
        rows: the batches' rows, from `rng`.
        history: (step, float32 (4,) on the device, or (5,) with held-out pictures) for each line of the history.
    """

    def __init__(self, recipe: Recipe, n_images: int, device: str | torch.device = "cpu"):
        """The state before the first update. BadInput: a batch larger than the n_images, or networks and optimizers
        that do not take their arguments."""
        instance("recipe", recipe, Recipe, "a Recipe, for example recipes.recipe('mlp-fashion')")
        self.recipe, self.device, self.step = recipe, known(device), 0
        self.generator, self.discriminator = (
            network.to(self.device, memory_format=memory_format(self.device)) for network in recipe.build()
        )
        self.average = None if recipe.ema is None else deepcopy(self.generator).requires_grad_(False)
        players = recipe.players
        self.g_optimizer = players["generator"].optimizer_for(self.generator)
        self.d_optimizer = players["discriminator"].optimizer_for(self.discriminator)
        self.rng = torch.Generator(self.device).manual_seed(recipe.seed)
        self.rows = ShuffledIndices(n_images, recipe.batch_size, self.rng)
        self.history: list[tuple[int, Tensor]] = []

    @property
    def drawing(self) -> nn.Module:
        """The generator to draw with, the average if there is one."""
        return self.generator if self.average is None else self.average

    def set_rates(self, step: int) -> None:
        """The learning rates of update number `step`, if the recipe's fall; no state has to remember them."""
        if self.recipe.lr_end == 1:
            return
        for optimizer, rate in ((self.g_optimizer, self.recipe.lr_g), (self.d_optimizer, self.recipe.lr_d)):
            for group in optimizer.param_groups:
                group["lr"] = rate * self.recipe.rate_left(step)

    @torch.no_grad()
    def update_average(self) -> None:
        """θ̄ ← a θ̄ + (1 − a) θ with a = min(ema, (1 + t) / (10 + t)): the noise of t = 0 is soon forgotten."""
        keep = min(self.recipe.ema, (1 + self.step) / (10 + self.step))
        torch._foreach_lerp_(list(self.average.parameters()), list(self.generator.parameters()), 1 - keep)
        for mine, current in zip(self.average.buffers(), self.generator.buffers(), strict=True):
            mine.copy_(current)

    def curves(self) -> Tensor:
        """The history: float32 (lines, 5) on the CPU, columns `training.HISTORY_COLUMNS`, or (lines, 6) with
        `held_out.HELD_OUT`; one copy from the device."""
        if not self.history:
            return torch.empty(0, 5)
        steps = torch.tensor([step for step, _ in self.history], dtype=torch.float32)[:, None]  # (lines, 1)
        return torch.cat([steps, torch.stack([row for _, row in self.history]).cpu()], dim=1)

    def is_finite(self) -> bool:
        """Whether no weight and no moment is NaN or infinite; waits for the device once."""
        values = [value for network in self._networks().values() for value in network.state_dict().values()]
        for optimizer in self._optimizers().values():
            moments = (value for each in optimizer.state.values() for value in each.values())
            values += [value for value in moments if torch.is_tensor(value) and value.ndim]
        return bool(torch.stack([value.isfinite().all() for value in values]).all())

    def as_dict(self) -> dict[str, Any]:
        """Everything, as tensors on the CPU and plain values."""
        found = {name: part.state_dict() for name, part in (self._networks() | self._optimizers()).items()}
        found |= {"step": self.step, "history": self.curves(), "order": self.rows.order, "start": self.rows.start}
        return _on_cpu(found | {"rng": self.rng.get_state(), "device": self.device.type})

    def restore(self, values: dict[str, Any]) -> None:
        """Become the state that `values` came from: to the bit, or, from another kind of device, with random numbers of
        its own from here on (and an `OtherDevice` warning).

        Raises:
            KeyError, IndexError, TypeError, AttributeError, RuntimeError, ValueError: they do not fit.
        """
        order = values["order"]
        if len(order) not in (0, self.rows.n):
            raise ValueError(f"it was trained on {len(order):,} images, the data has {self.rows.n:,}")
        for name, network in self._networks().items():
            network.load_state_dict(values[name])
        for name, optimizer in self._optimizers().items():
            _restore_optimizer(optimizer, values[name]["state"])
        self.step = int(values["step"])
        self.set_rates(self.step)
        if values["device"] == self.device.type:
            self.rng.set_state(values["rng"].clone())
        else:
            self.rng.manual_seed(crc32(f"{self.recipe.seed} {self.step}".encode()))
            warnings.warn(
                f"this training was begun on {values['device']} and goes on on {self.device.type}: the weights are the "
                "same, but from here on the random numbers, and so the bits, differ.",
                OtherDevice,
                stacklevel=2,
            )
        self.rows.order, self.rows.start = order.to(self.device), int(values["start"])
        self.history = [(int(line[0]), line[1:].to(self.device)) for line in values["history"].clone()]

    def _networks(self) -> dict[str, nn.Module]:
        found = {"generator": self.generator, "discriminator": self.discriminator}
        return found if self.average is None else found | {"average": self.average}

    def _optimizers(self) -> dict[str, torch.optim.Optimizer]:
        return {"g_optimizer": self.g_optimizer, "d_optimizer": self.d_optimizer}


def _on_cpu(value: Any) -> Any:
    """A copy with every tensor on the CPU, also inside dicts and lists."""
    if torch.is_tensor(value):
        return value.detach().cpu().clone()
    if isinstance(value, dict):
        return {key: _on_cpu(inner) for key, inner in value.items()}
    return [_on_cpu(inner) for inner in value] if isinstance(value, list) else value


def _restore_optimizer(optimizer: torch.optim.Optimizer, state: dict[int, dict[str, Any]]) -> None:
    """Give an optimizer its moments back, each laid out in memory as its weight is: fused updates rely on that."""
    weights = [weight for group in optimizer.param_groups for weight in group["params"]]
    laid_out = {}
    for i, moments in state.items():
        laid_out[i] = dict(moments)
        for key, value in moments.items():
            if torch.is_tensor(value) and value.shape == weights[i].shape and value.ndim:
                laid_out[i][key] = torch.empty_like(weights[i], dtype=value.dtype).copy_(value)
    optimizer.load_state_dict({"state": laid_out, "param_groups": optimizer.state_dict()["param_groups"]})
