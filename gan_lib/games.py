"""What each game asks of D and of G, as losses to descend.

Above, the equations on logits. Below, the games: each is two short functions, one that D descends and one
that G descends, which pass the pictures through D themselves, because some games ask for more than two logits.

With a logit ℓ the discriminator's probability is D = σ(ℓ), and

    −log D       = softplus(−ℓ)
    −log(1 − D)  = softplus(ℓ)

which stay finite where log(σ(ℓ)) would be −∞.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, softplus

from gan_lib.errors import BadInput

# --------------------------------------------------------------------------------- the equations, on logits


def discriminator_loss(real_logits: Tensor, fake_logits: Tensor, smoothing: float = 0.0) -> Tensor:
    """−E[log D(x)] − E[log(1 − D(G(z)))], Goodfellow et al. 2014, eq. 1, with its sign turned.

    With smoothing s a real image is only asked to be real with probability 1 − s, so the first term becomes
    −E[(1 − s) log D(x) + s log(1 − D(x))] (one-sided label smoothing, Salimans et al. 2016, section 3.4).

    Args:
        real_logits: D's logits on real images, any shape.
        fake_logits: D's logits on generated images, any shape.
        smoothing: s, 0 ≤ s < 1.

    Returns:
        A scalar ≥ 0; 2 log 2 ≈ 1.386 when D says ½ everywhere.
    """
    on_real = softplus(-real_logits) + smoothing * real_logits  # softplus(ℓ) = softplus(−ℓ) + ℓ
    return on_real.mean() + softplus(fake_logits).mean()


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


def critic_loss(real_values: Tensor, fake_values: Tensor) -> Tensor:
    """E[f(G(z))] − E[f(x)], Arjovsky et al. 2017, eq. 2, with its sign turned: minus the estimate of K · W₁.

    Args:
        real_values: the critic's values on real images, any shape.
        fake_values: the critic's values on generated images, any shape.

    Returns:
        A scalar of either sign, in units of the critic's value.
    """
    return fake_values.mean() - real_values.mean()


def critic_generator_loss(fake_values: Tensor) -> Tensor:
    """−E[f(G(z))], Arjovsky et al. 2017, algorithm 1. Any shape → a scalar of either sign."""
    return -fake_values.mean()


def gradient_penalty(critic: Callable[[Tensor], Tensor], real: Tensor, fake: Tensor) -> Tensor:
    """E[(‖∇f(x̂)‖₂ − 1)²] at x̂ = ε x + (1 − ε) G(z), Gulrajani et al. 2017, eq. 3, without its weight λ.

    One ε and one norm for each example; in float32 even under autocast. ε comes from torch's global numbers.

    Args:
        critic: images (B, …) → values (B, 1), each depending on its own image alone: no BatchNorm.
        real: real images (B, …), any shape after the first dimension.
        fake: generated images, the same shape.

    Returns:
        A scalar ≥ 0 that can be differentiated again, finite also where the gradient is 0.
    """
    with torch.autocast(real.device.type, enabled=False):
        epsilon = torch.rand(len(real), *[1] * (real.ndim - 1), dtype=real.dtype, device=real.device)  # (B, 1, 1, 1)
        between = (epsilon * real + (1 - epsilon) * fake).detach().requires_grad_()  # (B, C, H, W)
        (gradient,) = torch.autograd.grad(critic(between).sum(), between, create_graph=True)  # (B, C, H, W)
        norms = torch.linalg.vector_norm(gradient.flatten(1), dim=1)  # (B,)
        return (norms - 1).square().mean()


# ----------------------------------------------------------------------------------------------- the games


class DLoss(NamedTuple):
    """What D descends, and its logits on the way there, for the history."""

    loss: Tensor  # scalar
    real_logits: Tensor  # (B, 1)
    fake_logits: Tensor  # (B, 1)


@dataclass(frozen=True)
class Game:
    """Two losses and what goes with them.

    Attributes:
        name: with the numbers that decide it.
        d_loss: (discriminator, real, fake) → `DLoss`; with labels (B,) as a fourth argument if `conditional`.
        g_loss: (discriminator, fake) → scalar; with labels as a third argument if `conditional`.
        conditional: the generator and both losses take labels.
        clip: after each update D's weights are cut off at ±clip.
        has_probability: σ(logit) is a probability; a critic's value is none.
    """

    name: str
    d_loss: Callable[..., DLoss]
    g_loss: Callable[..., Tensor]
    conditional: bool = False
    clip: float | None = None
    has_probability: bool = True


def _tell_apart(discriminator: nn.Module, real: Tensor, fake: Tensor, smoothing: float = 0.0) -> DLoss:
    real_logits, fake_logits = discriminator(real), discriminator(fake)  # (B, 1) each
    return DLoss(discriminator_loss(real_logits, fake_logits, smoothing), real_logits, fake_logits)


def _be_less_fake(discriminator: nn.Module, fake: Tensor) -> Tensor:
    return minimax_generator_loss(discriminator(fake))


def _look_real(discriminator: nn.Module, fake: Tensor) -> Tensor:
    return non_saturating_generator_loss(discriminator(fake))


MINIMAX = Game("minimax", _tell_apart, _be_less_fake)
NON_SATURATING = Game("non-saturating", _tell_apart, _look_real)


def smoothed(smoothing: float = 0.1) -> Game:
    """The non-saturating game with one-sided label smoothing. BadInput unless 0 ≤ smoothing < 1."""
    if not 0 <= smoothing < 1:
        raise BadInput(f"smoothing is {smoothing}; choose 0 ≤ smoothing < 1, for example 0.1.")

    def d_loss(discriminator: nn.Module, real: Tensor, fake: Tensor) -> DLoss:
        return _tell_apart(discriminator, real, fake, smoothing)

    return Game(f"non-saturating, smoothing {smoothing:g}", d_loss, _look_real)


def _cgan_d_loss(discriminator: nn.Module, real: Tensor, fake: Tensor, labels: Tensor) -> DLoss:
    """Mirza & Osindero 2014, eq. 2: D sees the label beside the image."""
    return _tell_apart(lambda x: discriminator(x, labels), real, fake)


def _cgan_g_loss(discriminator: nn.Module, fake: Tensor, labels: Tensor) -> Tensor:
    return non_saturating_generator_loss(discriminator(fake, labels))


CGAN = Game("CGAN", _cgan_d_loss, _cgan_g_loss, conditional=True)


def _acgan_d_loss(discriminator: nn.Module, real: Tensor, fake: Tensor, labels: Tensor) -> DLoss:
    """−(L_S + L_C), Odena et al. 2017, eqs. 2 and 3: right source, and right class of both kinds of image."""
    (real_logits, real_classes), (fake_logits, fake_classes) = discriminator(real), discriminator(fake)
    source = discriminator_loss(real_logits, fake_logits)
    classes = cross_entropy(real_classes, labels) + cross_entropy(fake_classes, labels)
    return DLoss(source + classes, real_logits, fake_logits)


def _acgan_g_loss(discriminator: nn.Module, fake: Tensor, labels: Tensor) -> Tensor:
    """L_S − L_C in its non-saturating form: look real, and look like the label."""
    fake_logits, fake_classes = discriminator(fake)
    return non_saturating_generator_loss(fake_logits) + cross_entropy(fake_classes, labels)


ACGAN = Game("ACGAN", _acgan_d_loss, _acgan_g_loss, conditional=True)


def _criticise(critic: nn.Module, real: Tensor, fake: Tensor) -> DLoss:
    real_values, fake_values = critic(real), critic(fake)  # (B, 1) each
    return DLoss(critic_loss(real_values, fake_values), real_values, fake_values)


def _please(critic: nn.Module, fake: Tensor) -> Tensor:
    return critic_generator_loss(critic(fake))


UNBOUNDED = Game("Wasserstein loss, unbounded critic", _criticise, _please, has_probability=False)


def wgan(clip: float = 0.01) -> Game:
    """Wasserstein GAN: the critic's weights are kept within ±clip (Arjovsky et al. 2017). BadInput unless clip > 0."""
    if not 0 < clip < math.inf:
        raise BadInput(f"clip is {clip}; choose a finite number above 0, for example 0.01.")
    return Game(f"WGAN, clip {clip:g}", _criticise, _please, clip=clip, has_probability=False)


def wgan_gp(weight: float = 10.0) -> Game:
    """Wasserstein GAN with gradient penalty of that weight λ (Gulrajani et al. 2017). BadInput unless weight > 0."""
    if not 0 < weight < math.inf:
        raise BadInput(f"the penalty's weight is {weight}; choose a finite number above 0, for example 10.")

    def d_loss(critic: nn.Module, real: Tensor, fake: Tensor) -> DLoss:
        plain = _criticise(critic, real, fake)
        return plain._replace(loss=plain.loss + weight * gradient_penalty(critic, real, fake))

    return Game(f"WGAN-GP, λ {weight:g}", d_loss, _please, has_probability=False)
