"""All that a training is at one moment, and its way into plain tensors and back: what a checkpoint holds."""

from __future__ import annotations

from copy import deepcopy

import torch
from torch import Tensor, nn

from gan_lib.data import ShuffledIndices
from gan_lib.device import memory_format
from gan_lib.recipe import Recipe


class State:
    """The networks, their optimizers, the order of the data, the random numbers and the history of one training.

    Attributes:
        step: updates of G done.
        generator, discriminator: on the device, channels last (not on MPS).
        average: G's exponential moving average, None if the recipe has none.
        g_optimizer, d_optimizer: fused where torch has it.
        rng: gives every z and the order of the data, on the device.
        rows: the batches' rows, from `rng`.
        history: (step, float32 (4,) on the device) for each line of the history.
    """

    def __init__(self, recipe: Recipe, n_images: int, device: str | torch.device = "cpu"):
        """The state before the first update. BadInput: a batch larger than the n_images."""
        self.recipe, self.device, self.step = recipe, torch.device(device), 0
        self.generator, self.discriminator = (
            network.to(self.device, memory_format=memory_format(self.device)) for network in recipe.build()
        )
        self.average = None if recipe.ema is None else deepcopy(self.generator).requires_grad_(False)
        self.g_optimizer = _optimizer(recipe, self.generator, recipe.lr_g)
        self.d_optimizer = _optimizer(recipe, self.discriminator, recipe.lr_d)
        self.rng = torch.Generator(self.device).manual_seed(recipe.seed)
        self.rows = ShuffledIndices(n_images, recipe.batch_size, self.rng)
        self.history: list[tuple[int, Tensor]] = []

    @property
    def drawing(self) -> nn.Module:
        """The generator to draw with, the average if there is one."""
        return self.generator if self.average is None else self.average

    @torch.no_grad()
    def update_average(self) -> None:
        """θ̄ ← a θ̄ + (1 − a) θ with a = min(ema, (1 + t) / (10 + t)): the noise of t = 0 is soon forgotten."""
        keep = min(self.recipe.ema, (1 + self.step) / (10 + self.step))
        torch._foreach_lerp_(list(self.average.parameters()), list(self.generator.parameters()), 1 - keep)
        for mine, current in zip(self.average.buffers(), self.generator.buffers(), strict=True):
            mine.copy_(current)

    def table(self) -> Tensor:
        """The history: float32 (lines, 5) on the CPU, columns `training.HISTORY_COLUMNS`; one copy from the device."""
        if not self.history:
            return torch.empty(0, 5)
        steps = torch.tensor([step for step, _ in self.history], dtype=torch.float32)[:, None]  # (lines, 1)
        return torch.cat([steps, torch.stack([row for _, row in self.history]).cpu()], dim=1)

    def is_finite(self) -> bool:
        """Whether no weight and no moment is NaN or infinite; waits for the device once."""
        values = [value for network in self._networks().values() for value in network.state_dict().values()]
        for optimizer in self._optimizers().values():
            values += [value for moments in optimizer.state.values() for value in moments.values() if value.ndim]
        return bool(torch.stack([value.isfinite().all() for value in values]).all())

    def tensors(self) -> dict[str, Tensor]:
        """Everything, as tensors on the CPU by name."""
        found = {"step": torch.tensor(self.step), "rng": self.rng.get_state(), "history": self.table()}
        found |= {"rows.order": self.rows.order, "rows.start": torch.tensor(self.rows.start)}
        for name, network in self._networks().items():
            found |= {f"{name}.{key}": value for key, value in network.state_dict().items()}
        for name, optimizer in self._optimizers().items():
            for i, values in optimizer.state_dict()["state"].items():
                found |= {f"{name}.{i}.{key}": value for key, value in values.items()}
        return {key: value.detach().cpu().contiguous() for key, value in found.items()}

    def restore(self, tensors: dict[str, Tensor]) -> None:
        """Become the state that `tensors` came from, to the bit.

        Raises:
            KeyError, IndexError, TypeError, RuntimeError, ValueError: they do not fit.
        """
        order = tensors["rows.order"]
        if len(order) not in (0, self.rows.n):
            raise ValueError(f"it was trained on {len(order):,} images, the data has {self.rows.n:,}")
        for name, network in self._networks().items():
            network.load_state_dict(_below(tensors, name))
        for name, optimizer in self._optimizers().items():
            _restore_optimizer(optimizer, _below(tensors, name), started=int(tensors["step"]) > 0)
        self.step = int(tensors["step"])
        self.rng.set_state(tensors["rng"].clone())
        self.rows.order, self.rows.start = order.to(self.device), int(tensors["rows.start"])
        self.history = [(int(line[0]), line[1:].to(self.device)) for line in tensors["history"].clone()]

    def _networks(self) -> dict[str, nn.Module]:
        found = {"generator": self.generator, "discriminator": self.discriminator}
        return found if self.average is None else found | {"average": self.average}

    def _optimizers(self) -> dict[str, torch.optim.Optimizer]:
        return {"g_optimizer": self.g_optimizer, "d_optimizer": self.d_optimizer}


def _optimizer(recipe: Recipe, network: nn.Module, lr: float) -> torch.optim.Optimizer:
    if recipe.optimizer is torch.optim.Adam:
        return torch.optim.Adam(network.parameters(), lr=lr, betas=recipe.betas, fused=True)
    return recipe.optimizer(network.parameters(), lr=lr)


def _below(tensors: dict[str, Tensor], name: str) -> dict[str, Tensor]:
    return {key.removeprefix(f"{name}."): value for key, value in tensors.items() if key.startswith(f"{name}.")}


def _restore_optimizer(optimizer: torch.optim.Optimizer, tensors: dict[str, Tensor], started: bool) -> None:
    """Give an optimizer its moments back, each laid out in memory as its weight is: fused updates rely on that."""
    weights = [weight for group in optimizer.param_groups for weight in group["params"]]
    state: dict[int, dict[str, Tensor]] = {}
    for name, value in tensors.items():
        i, key = name.split(".")
        if value.ndim and value.shape != weights[int(i)].shape:
            raise ValueError(f"moment {name} has shape {tuple(value.shape)}, its weight {tuple(weights[int(i)].shape)}")
        like = weights[int(i)] if value.ndim else value
        state.setdefault(int(i), {})[key] = torch.empty_like(like, dtype=value.dtype).copy_(value)
    if started != bool(state):
        raise ValueError(f"the optimizers' moments are {'missing' if started else 'older than the first step'}")
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})
