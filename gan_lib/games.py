"""What each game asks of D and of G, as losses to descend, on logits.

With a logit ℓ the discriminator's probability is D = σ(ℓ), and

    −log D       = softplus(−ℓ)
    −log(1 − D)  = softplus(ℓ)

which stay finite where log(σ(ℓ)) would be −∞.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor
from torch.nn.functional import softplus


def discriminator_loss(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """−E[log D(x)] − E[log(1 − D(G(z)))], Goodfellow et al. 2014, eq. 1, with its sign turned.

    Args:
        real_logits: D's logits on real images, any shape.
        fake_logits: D's logits on generated images, any shape.

    Returns:
        A scalar ≥ 0; 2 log 2 ≈ 1.386 when D says ½ everywhere.
    """
    return softplus(-real_logits).mean() + softplus(fake_logits).mean()


def minimax_generator_loss(fake_logits: Tensor) -> Tensor:
    """E[log(1 − D(G(z)))], Goodfellow et al. 2014, eq. 1. Its gradient fades where D is sure of a fake.

    Args:
        fake_logits: D's logits on generated images, any shape.

    Returns:
        A scalar ≤ 0.
    """
    return -softplus(fake_logits).mean()


def non_saturating_generator_loss(fake_logits: Tensor) -> Tensor:
    """−E[log D(G(z))], Goodfellow et al. 2014, section 3: strong gradient where D is sure of a fake.

    Args:
        fake_logits: D's logits on generated images, any shape.

    Returns:
        A scalar ≥ 0.
    """
    return softplus(-fake_logits).mean()


@dataclass(frozen=True)
class Game:
    """Two losses: `d_loss(real_logits, fake_logits)` for D and `g_loss(fake_logits)` for G."""

    name: str
    d_loss: Callable[[Tensor, Tensor], Tensor]
    g_loss: Callable[[Tensor], Tensor]


MINIMAX = Game("minimax", discriminator_loss, minimax_generator_loss)
NON_SATURATING = Game("non-saturating", discriminator_loss, non_saturating_generator_loss)
