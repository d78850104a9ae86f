"""A critic of the plane that learns to tell two clouds apart which stand still, and how steep its layers make it."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from gan_lib.errors import BadInput, one_of
from gan_lib.machine.given import instance, numbers, positive, seeded, whole
from gan_lib.machine.rng import isolated_rng
from gan_lib.networks.points import PointDiscriminator
from gan_lib.training import games

LIMITS = ("nothing", "clip", "penalty")  # what holds the slope down
POINTS, MOST_POINTS = 24, 100  # in each cloud
WIDTH, MOST_LAYERS, RATE, UPDATES = 64, 12, 2e-3, 200  # as in page/landscape


def two_clouds() -> tuple[Tensor, Tensor]:
    """Chapter 7's two clouds, the same each time: float32 (24, 2) each, within −1…1."""
    rng = torch.Generator().manual_seed(0)
    left = 0.12 * torch.randn(POINTS, 2, generator=rng) + torch.tensor([-0.35, 0.0])
    right = 0.20 * torch.randn(POINTS, 2, generator=rng) + torch.tensor([0.35, 0.2])
    return left, right


def checked_clouds(real: Tensor, made: Tensor) -> tuple[Tensor, Tensor]:
    """float32 (n, 2) both. BadInput: something else than two lists of as many points, 2 to 100, within −1…1."""
    clouds = tuple(numbers(name, points, None, 2).float() for name, points in (("real", real), ("made", made)))
    n, m = map(len, clouds)
    if n != m or not 2 <= n <= MOST_POINTS:
        raise BadInput(f"real holds {n} points and made {m}; give as many of both, 2 to {MOST_POINTS}.")
    farthest = torch.cat(clouds).abs().max().item()
    if farthest > 1:
        raise BadInput(f"a point lies at {farthest:.3g}, outside −1…1; scale the clouds into it.")
    return clouds


def fit(
    real: Tensor,
    made: Tensor,
    limit: str = "penalty",
    *,
    weight: float = 10.0,
    clip: float = 0.1,
    layers: int = 3,
    updates: int = UPDATES,
    seed: int = 0,
) -> PointDiscriminator:
    """Train a critic f of `layers` linear layers, 64 wide, by E f(made) − E f(real) on all points, by Adam.

    The limit "penalty" adds weight · E[(‖∇f(x̂)‖ − 1)²] at places between pairs that are drawn anew for each update
    (Gulrajani et al. 2017, eq. 3); "clip" puts every weight back into ±clip after each (Arjovsky et al. 2017,
    algorithm 1). The page does the same with the same numbers (page/landscape/critic.js).

    Args:
        real: (n, 2) within −1…1, where f shall be high; n from 2 to 100.
        made: as many, where it shall be low.
        limit: "nothing", "clip" or "penalty".
        weight: λ, above 0.
        clip: above 0.
        layers: 2…12.
        updates: how many.
        seed: decides the first weights, the pairs and the places.

    Raises:
        BadInput: other clouds, an unknown limit, or a number out of range.
    """
    real, made = checked_clouds(real, made)
    one_of("limit", limit, LIMITS)
    weight, clip, layers = positive("weight", weight), positive("clip", clip), whole("layers", layers, 2, MOST_LAYERS)
    updates, seed = whole("updates", updates, 0), seeded(seed)
    with isolated_rng(seed), torch.enable_grad():
        critic = PointDiscriminator(WIDTH, hidden=layers - 1)
        adam = torch.optim.Adam(critic.parameters(), RATE)
        for _ in range(updates):
            fake = made[torch.randperm(len(made))]  # (n, 2)
            loss = games.critic_loss(critic(real), critic(fake))
            if limit == "penalty":
                loss = loss + weight * games.gradient_penalty(critic, real, fake)
            adam.zero_grad()
            loss.backward()
            adam.step()
            if limit == "clip":
                for parameter in critic.parameters():
                    parameter.data.clamp_(-clip, clip)
    return critic


def gradient_lengths(critic: PointDiscriminator, points: Tensor) -> Tensor:
    """‖∂f/∂h‖₂ at the input h of each linear layer, first to last; the first is the slope of f at the point itself.

    Args:
        critic: one without labels and waves, as `fit` gives it.
        points: (n, 2).

    Returns:
        float32 (n, layers).

    Raises:
        BadInput: another critic, or no points of the plane.
    """
    instance("critic", critic, PointDiscriminator, "one that critic.fit has trained")
    if critic.told or critic.waves or critic.class_head:
        raise BadInput("critic has labels or waves; give one of points alone, as critic.fit gives it.")
    h, inputs = numbers("points", points, None, 2).float().clone().requires_grad_(), []
    with torch.enable_grad():
        for layer in [*critic.trunk, critic.head]:
            if isinstance(layer, nn.Linear):
                inputs.append(h)
            h = layer(h)
        gradients = torch.autograd.grad(h.sum(), inputs)  # (n, 2), (n, width), …
    return torch.stack([gradient.norm(dim=1) for gradient in gradients], dim=1)
