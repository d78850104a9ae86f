"""How even an untrained layer draws: its checkerboard, in one network and in the mean over many."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from gan_lib.errors import BadInput
from gan_lib.machine.given import instance, seeded, whole

SIDE, TRIES, MOST = 8, 200, 10_000


def strengths(layer: nn.Module, networks: int = 3_000, scale: int = 2, seed: int = 0) -> Tensor:
    """How strongly a layer with random weights draws at each position of its scale × scale blocks, for a flat input.

    Args:
        layer: it enlarges 8 × 8 cells `scale` times or a little more, has no buffers, and its input has 8 channels.
        networks: how many times the weights are chosen, each from N(0, 1).
        scale: the side of a block.
        seed: of the weights.

    Returns:
        (networks, scale, scale): the mean square of the output's first channel over the blocks away from the border.

    Raises:
        BadInput: something that is no such layer.
    """
    instance("layer", layer, nn.Module, "one that is built, for example nn.ConvTranspose2d(8, 1, 4, 2, 1)")
    networks, scale = whole("networks", networks, 1, MOST), whole("scale", scale, 1, SIDE)
    rng = torch.Generator().manual_seed(seeded(seed))
    flat = torch.ones(1, SIDE, SIDE, SIDE)
    try:
        shapes = {name: weight.shape for name, weight in layer.named_parameters()}
        weights = {name: torch.randn(networks, *shape, generator=rng) for name, shape in shapes.items()}
        out = torch.vmap(lambda one: torch.func.functional_call(layer, one, flat)[0, 0])(weights)
    except (RuntimeError, TypeError, IndexError, ValueError) as error:
        why = str(error).splitlines()[0]
        raise BadInput(f"{type(layer).__name__} does not enlarge 8 channels of 8 × 8 cells: {why}.") from error
    start, size = 2 * scale, SIDE // 2 * scale
    inside = out[:, start : start + size, start : start + size]
    if inside.shape[1:] != (size, size):
        raise BadInput(f"{type(layer).__name__} does not enlarge 8 × 8 cells {scale} times or more.")
    blocks = (inside**2).reshape(networks, SIDE // 2, scale, SIDE // 2, scale)
    return blocks.mean((1, 3))


def unevenness(layer: nn.Module, networks: int = 3_000) -> dict[str, float | str]:
    """Spread of the four positions of 2 × 2 blocks as a share of their mean.

    Args:
        layer, networks: as for `strengths`.

    Returns:
        "one network": the mean over the networks of each one's own; "mean of all": that of the mean strengths;
        "by chance": between what two numbers 90 % of "mean of all" lie if the positions do not matter.
    """
    alone = strengths(layer, networks).flatten(1)  # (networks, 4)
    rng = torch.Generator().manual_seed(0)
    means = [alone.mean(0)]
    for _ in range(TRIES):  # each network's positions shuffled: they no longer mean anything
        order = torch.rand(alone.shape, generator=rng).argsort(1)
        means.append(alone.gather(1, order).mean(0))
    spread = torch.stack([mean.std() / mean.mean() for mean in means])
    low, high = spread[1:].quantile(0.05), spread[1:].quantile(0.95)
    return {
        "one network": (alone.std(1) / alone.mean(1)).mean().item(),
        "mean of all": spread[0].item(),
        "by chance": f"{low:.2f}…{high:.2f}",
    }
