"""What each game asks of D and of G, as losses to descend.

Above, the equations on logits. Below, the games: each is two short functions, one that D descends and one that G
descends. Both see the whole batch, real and fake pictures and labels, and pass it through D themselves, because some
games ask for more than two logits.

With a logit ℓ the discriminator's probability is D = σ(ℓ), and

    −log D       = softplus(−ℓ)
    −log(1 − D)  = softplus(ℓ)

which stay finite where log(σ(ℓ)) would be −∞.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, softplus

from gan_lib.errors import BadInput, brief
from gan_lib.machine.given import called, floats, fraction

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

    Raises:
        BadInput: no tensors of floats, or another smoothing. So do all these losses.
    """
    floats("real_logits", real_logits), floats("fake_logits", fake_logits)
    smoothing = fraction("smoothing", smoothing)
    on_real = softplus(-real_logits) + smoothing * real_logits  # softplus(ℓ) = softplus(−ℓ) + ℓ
    return on_real.mean() + softplus(fake_logits).mean()


def minimax_generator_loss(fake_logits: Tensor) -> Tensor:
    """E[log(1 − D(G(z)))], Goodfellow et al. 2014, eq. 1. Its gradient fades where D is sure of a fake.

    Args:
        fake_logits: D's logits on generated images, any shape.

    Returns:
        A scalar ≤ 0.
    """
    floats("fake_logits", fake_logits)
    return -softplus(fake_logits).mean()


def non_saturating_generator_loss(fake_logits: Tensor) -> Tensor:
    """−E[log D(G(z))], Goodfellow et al. 2014, section 3: strong gradient where D is sure of a fake.

    Args:
        fake_logits: D's logits on generated images, any shape.

    Returns:
        A scalar ≥ 0.
    """
    floats("fake_logits", fake_logits)
    return softplus(-fake_logits).mean()


def critic_loss(real_values: Tensor, fake_values: Tensor) -> Tensor:
    """E[f(G(z))] − E[f(x)], Arjovsky et al. 2017, eq. 2, with its sign turned: minus the estimate of K · W₁.

    Args:
        real_values: the critic's values on real images, any shape.
        fake_values: the critic's values on generated images, any shape.

    Returns:
        A scalar of either sign, in units of the critic's value.
    """
    floats("real_values", real_values), floats("fake_values", fake_values)
    return fake_values.mean() - real_values.mean()


def critic_generator_loss(fake_values: Tensor) -> Tensor:
    """−E[f(G(z))], Arjovsky et al. 2017, algorithm 1. Any shape → a scalar of either sign."""
    floats("fake_values", fake_values)
    return -fake_values.mean()


def hinge_critic_loss(real_values: Tensor, fake_values: Tensor) -> Tensor:
    """E[max(0, 1 − f(x))] + E[max(0, 1 + f(G(z)))], Lim & Ye 2017; Miyato et al. 2018, section 4.

    What already lies beyond its margin of ±1 pulls no more. G lowers `critic_generator_loss` against it.

    Args:
        real_values: the critic's values on real images, any shape.
        fake_values: the critic's values on generated images, any shape.

    Returns:
        A scalar ≥ 0; 2 when the critic says 0 everywhere.
    """
    floats("real_values", real_values), floats("fake_values", fake_values)
    return (1 - real_values).relu().mean() + (1 + fake_values).relu().mean()


def least_squares_critic_loss(real_values: Tensor, fake_values: Tensor) -> Tensor:
    """½ E[(f(x) − 1)²] + ½ E[f(G(z))²], Mao et al. 2017, section 3.2 with a = 0, b = c = 1.

    The critic shall say 1 of real images and 0 of fakes; what lies far beyond is pulled back, too.

    Args:
        real_values: the critic's values on real images, any shape.
        fake_values: the critic's values on generated images, any shape.

    Returns:
        A scalar ≥ 0; ¼ when the critic says ½ everywhere.
    """
    floats("real_values", real_values), floats("fake_values", fake_values)
    return (real_values - 1).square().mean() / 2 + fake_values.square().mean() / 2


def least_squares_generator_loss(fake_values: Tensor) -> Tensor:
    """½ E[(f(G(z)) − 1)²], Mao et al. 2017, section 3.2. Any shape → a scalar ≥ 0."""
    floats("fake_values", fake_values)
    return (fake_values - 1).square().mean() / 2


def gradient_penalty(critic: Callable[[Tensor], Tensor], real: Tensor, fake: Tensor) -> Tensor:
    """E[(‖∇f(x̂)‖₂ − 1)²] at x̂ = ε x + (1 − ε) G(z), Gulrajani et al. 2017, eq. 3, without its weight λ.

    One ε and one norm for each example; in float32 even under autocast. ε comes from torch's global numbers.

    Args:
        critic: images (B, …) → values (B, 1), each depending on its own image alone: no BatchNorm.
        real: real images (B, …), any shape after the first dimension.
        fake: generated images, the same shape.

    Returns:
        A scalar ≥ 0 that can be differentiated again, finite also where the gradient is 0.

    Raises:
        BadInput: no critic, or images that are no tensors of floats of one shape (B, …).
    """
    called("critic", critic), floats("real", real), floats("fake", fake)
    if not real.ndim or real.shape != fake.shape or real.dtype != fake.dtype:
        raise BadInput(
            f"real images are {tuple(real.shape)} of {real.dtype}, fakes {tuple(fake.shape)} of {fake.dtype}; "
            "give as many of both, (B, …), alike."
        )
    with torch.autocast(real.device.type, enabled=False):
        epsilon = torch.rand(len(real), *[1] * (real.ndim - 1), dtype=real.dtype, device=real.device)  # (B, 1, 1, 1)
        between = (epsilon * real + (1 - epsilon) * fake).detach().requires_grad_()  # (B, C, H, W)
        (gradient,) = torch.autograd.grad(critic(between).sum(), between, create_graph=True)  # (B, C, H, W)
        norms = torch.linalg.vector_norm(gradient.flatten(1), dim=1)  # (B,)
        return (norms - 1).square().mean()


def zero_centred_penalty(critic: Callable[[Tensor], Tensor], images: Tensor) -> Tensor:
    """E[‖∇f(x)‖₂²], without its weight γ/2: R1 at real images, R2 at fakes (Mescheder et al. 2018, eqs. 9 and 10).

    One gradient for each example; in float32 even under autocast.

    Args:
        critic: images (B, …) → values (B, 1), each depending on its own image alone: no BatchNorm.
        images: where the slope is looked at, (B, …), any shape after the first dimension.

    Returns:
        A scalar ≥ 0 that can be differentiated again.

    Raises:
        BadInput: no critic, or images that are no tensor of floats (B, …).
    """
    called("critic", critic), floats("images", images)
    if not images.ndim:
        raise BadInput("images are one number without a shape; give (B, …), for example (64, 1, 32, 32).")
    return _values_and_slope(critic, images)[1]


def _values_and_slope(critic: Callable[[Tensor], Tensor], images: Tensor) -> tuple[Tensor, Tensor]:
    """The critic's values (B, 1) and its `zero_centred_penalty`: one pass through it is enough for both."""
    with torch.autocast(images.device.type, enabled=False):
        images = images.detach().requires_grad_()
        values = critic(images)  # (B, 1)
        (gradient,) = torch.autograd.grad(values.sum(), images, create_graph=True)  # (B, C, H, W)
        return values, gradient.flatten(1).square().sum(1).mean()


def relativistic_loss(values: Tensor, others: Tensor) -> Tensor:
    """E[softplus(f(other) − f(x))]: each of one kind shall look more real than its partner of the other kind.

    Jolicoeur-Martineau 2019, section 4.1; Huang et al. 2024, eq. 2. The pairs are those of the batch. D lowers it with
    the real images first, G with the fakes first.

    Args:
        values: the critic's values on images that shall look more real, any shape.
        others: on those that shall look less real, the same shape.

    Returns:
        A scalar ≥ 0; log 2 when the critic says the same of both.

    Raises:
        BadInput: no tensors of floats, or of two shapes.
    """
    floats("values", values), floats("others", others)
    if values.shape != others.shape:
        raise BadInput(
            f"values are {tuple(values.shape)}, others {tuple(others.shape)}; give pairs, as many of both, alike."
        )
    return softplus(others - values).mean()


# ----------------------------------------------------------------------------------------------- the games


class Batch(NamedTuple):
    """What a game sees. In D's turn the fakes are cut off from G (`detach`); in G's turn they are not, and D is frozen.

    Attributes:
        real: real images (B, C, H, W) in −1…1.
        fake: generated images, the same shape.
        labels: int64 (B,), of the real images, and what the fakes were drawn for; None in a game without labels.
    """

    real: Tensor
    fake: Tensor
    labels: Tensor | None = None


class DLoss(NamedTuple):
    """What D descends, and its logits on the way there, for the history."""

    loss: Tensor  # scalar
    real_logits: Tensor  # (B, 1)
    fake_logits: Tensor  # (B, 1)


@dataclass(frozen=True)
class Game:
    """Two losses and what goes with them.

    Attributes:
        name: short and stable: a run's card holds it, and `GAMES` finds the game by it again.
        d_loss: (discriminator, batch) → `DLoss`.
        g_loss: (discriminator, batch) → scalar.
        arguments: the numbers that decide it, by which `GAMES[name]` makes it again.
        conditional: the generator takes labels, and the batch holds them.
        clip: after each update D's weights are clipped to −clip…clip.
        has_probability: σ(logit) is a probability; a critic's value is none.
        per_example: D's loss asks for each example's own gradient, so that D may not mix them (no BatchNorm).
    """

    name: str
    d_loss: Callable[[nn.Module, Batch], DLoss]
    g_loss: Callable[[nn.Module, Batch], Tensor]
    arguments: dict[str, float] = field(default_factory=dict)
    conditional: bool = False
    clip: float | None = None
    has_probability: bool = True
    per_example: bool = False

    def __str__(self) -> str:
        numbers = ", ".join(f"{key} {value:g}" for key, value in self.arguments.items())
        return f"{self.name} ({numbers})" if numbers else self.name


def ask(discriminator: Callable[..., object], images: Tensor, labels: Tensor | None) -> object:
    """What D gives for pictures, told their labels if there are some and it takes them (an ACGAN's may not)."""
    try:
        return discriminator(images, *(() if labels is None else (labels,)))
    except TypeError:
        return discriminator(images)


def _told(discriminator: nn.Module, batch: Batch) -> Callable[[Tensor], Tensor]:
    """D as a function of the images alone: it is told the labels where there are some."""
    return lambda images: discriminator(images, *(() if batch.labels is None else (batch.labels,)))


def _both(discriminator: nn.Module, batch: Batch) -> tuple[Tensor, Tensor]:
    """D's logits on the real and the fake images, (B, 1) each."""
    told = _told(discriminator, batch)
    return told(batch.real), told(batch.fake)


def _on_fakes(discriminator: nn.Module, batch: Batch) -> Tensor:
    """D's logits on the fakes alone, (B, 1)."""
    return _told(discriminator, batch)(batch.fake)


def _tell_apart(discriminator: nn.Module, batch: Batch, smoothing: float = 0.0) -> DLoss:
    real_logits, fake_logits = _both(discriminator, batch)
    return DLoss(discriminator_loss(real_logits, fake_logits, smoothing), real_logits, fake_logits)


def _be_less_fake(discriminator: nn.Module, batch: Batch) -> Tensor:
    return minimax_generator_loss(_on_fakes(discriminator, batch))


def _look_real(discriminator: nn.Module, batch: Batch) -> Tensor:
    return non_saturating_generator_loss(_on_fakes(discriminator, batch))


MINIMAX = Game("minimax", _tell_apart, _be_less_fake)
NON_SATURATING = Game("non-saturating", _tell_apart, _look_real)
CGAN = Game("cgan", _tell_apart, _look_real, conditional=True)  # Mirza & Osindero 2014, eq. 2: D sees the label, too


def smoothed(smoothing: float = 0.1) -> Game:
    """The non-saturating game with one-sided label smoothing. BadInput unless 0 ≤ smoothing < 1."""
    if not (isinstance(smoothing, int | float) and 0 <= smoothing < 1):
        raise BadInput(f"smoothing is {brief(smoothing)}; choose 0 ≤ smoothing < 1, for example 0.1.")

    def d_loss(discriminator: nn.Module, batch: Batch) -> DLoss:
        return _tell_apart(discriminator, batch, smoothing)

    return Game("smoothed", d_loss, _look_real, {"smoothing": smoothing})


def _acgan_d_loss(discriminator: nn.Module, batch: Batch, weight: float = 1.0) -> DLoss:
    """−(L_S + λ L_C), Odena et al. 2017, eqs. 2 and 3: right source, and right class of both kinds of image."""
    real_logits, real_classes = discriminator(batch.real)  # (B, 1), (B, classes); D is not told the label
    fake_logits, fake_classes = discriminator(batch.fake)
    source = discriminator_loss(real_logits, fake_logits)
    classes = cross_entropy(real_classes, batch.labels) + cross_entropy(fake_classes, batch.labels)
    return DLoss(source + weight * classes, real_logits, fake_logits)


def _acgan_g_loss(discriminator: nn.Module, batch: Batch, weight: float = 1.0) -> Tensor:
    """L_S − λ L_C in its non-saturating form: look real, and look like the label."""
    fake_logits, fake_classes = discriminator(batch.fake)
    return non_saturating_generator_loss(fake_logits) + weight * cross_entropy(fake_classes, batch.labels)


ACGAN = Game("acgan", _acgan_d_loss, _acgan_g_loss, conditional=True)  # λ = 1


def weighted_acgan(weight: float = 1.0) -> Game:
    """`ACGAN` with another weight λ of the class term, in D's loss and in G's. BadInput unless weight ≥ 0."""
    if not (isinstance(weight, int | float) and 0 <= weight < math.inf):
        raise BadInput(f"the class term's weight is {brief(weight)}; choose a finite number, 0 or more, for example 1.")

    def d_loss(discriminator: nn.Module, batch: Batch) -> DLoss:
        return _acgan_d_loss(discriminator, batch, weight)

    def g_loss(discriminator: nn.Module, batch: Batch) -> Tensor:
        return _acgan_g_loss(discriminator, batch, weight)

    return Game("weighted-acgan", d_loss, g_loss, {"weight": weight}, conditional=True)


def _criticise(critic: nn.Module, batch: Batch) -> DLoss:
    real_values, fake_values = _both(critic, batch)
    return DLoss(critic_loss(real_values, fake_values), real_values, fake_values)


def _please(critic: nn.Module, batch: Batch) -> Tensor:
    return critic_generator_loss(_on_fakes(critic, batch))


def _criticise_within_margins(critic: nn.Module, batch: Batch) -> DLoss:
    real_values, fake_values = _both(critic, batch)
    return DLoss(hinge_critic_loss(real_values, fake_values), real_values, fake_values)


def _hit_1_and_0(critic: nn.Module, batch: Batch) -> DLoss:
    real_values, fake_values = _both(critic, batch)
    return DLoss(least_squares_critic_loss(real_values, fake_values), real_values, fake_values)


def _hit_1(critic: nn.Module, batch: Batch) -> Tensor:
    return least_squares_generator_loss(_on_fakes(critic, batch))


HINGE = Game("hinge", _criticise_within_margins, _please, has_probability=False)
LEAST_SQUARES = Game("least-squares", _hit_1_and_0, _hit_1, has_probability=False)
UNBOUNDED = Game("wasserstein", _criticise, _please, has_probability=False)  # the Wasserstein loss, an unbounded critic


def wgan(clip: float = 0.01) -> Game:
    """Wasserstein GAN: the critic's weights are kept within ±clip (Arjovsky et al. 2017). BadInput unless clip > 0."""
    if not (isinstance(clip, int | float) and 0 < clip < math.inf):
        raise BadInput(f"clip is {brief(clip)}; choose a finite number above 0, for example 0.01.")
    return Game("wgan", _criticise, _please, {"clip": clip}, clip=clip, has_probability=False)


def _check_weight(weight: float, least: str = "above 0") -> None:
    """BadInput unless a penalty's weight is finite and above 0, or as small as `least` says."""
    if not (isinstance(weight, int | float) and 0 <= weight < math.inf) or (weight == 0 and least == "above 0"):
        raise BadInput(f"the penalty's weight is {brief(weight)}; choose a finite number, {least}, for example 1.")


def wgan_gp(weight: float = 10.0) -> Game:
    """Wasserstein GAN with gradient penalty of that weight λ (Gulrajani et al. 2017). BadInput unless weight > 0."""
    _check_weight(weight)

    def d_loss(critic: nn.Module, batch: Batch) -> DLoss:
        plain = _criticise(critic, batch)
        penalty = gradient_penalty(_told(critic, batch), batch.real, batch.fake)
        return plain._replace(loss=plain.loss + weight * penalty)

    return Game("wgan-gp", d_loss, _please, {"weight": weight}, has_probability=False, per_example=True)


def _both_with_slopes(discriminator: nn.Module, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
    """D's logits on the real and the fake images, (B, 1) each, and R1 + R2, a scalar."""
    told = _told(discriminator, batch)
    real_logits, r1_slope = _values_and_slope(told, batch.real)
    fake_logits, r2_slope = _values_and_slope(told, batch.fake)
    return real_logits, fake_logits, r1_slope + r2_slope


def r1(weight: float = 1.0) -> Game:
    """The non-saturating game + γ/2 R1, a penalty on D's slope at real images (Mescheder et al. 2018, eq. 9).

    BadInput unless weight, γ, is above 0.
    """
    _check_weight(weight)

    def d_loss(discriminator: nn.Module, batch: Batch) -> DLoss:
        real_logits, slope = _values_and_slope(_told(discriminator, batch), batch.real)
        fake_logits = _on_fakes(discriminator, batch)
        return DLoss(discriminator_loss(real_logits, fake_logits) + weight / 2 * slope, real_logits, fake_logits)

    return Game("r1", d_loss, _look_real, {"weight": weight}, per_example=True)


def cgan_r1(weight: float = 1.0) -> Game:
    """`r1` with labels: D is told them, in the penalty, too. BadInput as there."""
    return replace(r1(weight), name="cgan-r1", conditional=True)


def r1_r2(weight: float = 1.0) -> Game:
    """The non-saturating game + γ/2 (R1 + R2), a penalty on D's slope at real images and one at fakes (Mescheder et
    al. 2018, eqs. 9 and 10). BadInput unless weight, γ, is above 0."""
    _check_weight(weight)

    def d_loss(discriminator: nn.Module, batch: Batch) -> DLoss:
        real_logits, fake_logits, slopes = _both_with_slopes(discriminator, batch)
        return DLoss(discriminator_loss(real_logits, fake_logits) + weight / 2 * slopes, real_logits, fake_logits)

    return Game("r1-r2", d_loss, _look_real, {"weight": weight}, per_example=True)


def relativistic(weight: float = 1.0) -> Game:
    """Each real image shall look more real than a fake, + γ/2 (R1 + R2): R3GAN (Huang et al. 2024, section 2).

    With weight 0 there is no penalty: the game of Jolicoeur-Martineau 2019. BadInput unless weight, γ, is 0 or more.
    """
    _check_weight(weight, least="0 or more")

    def d_loss(critic: nn.Module, batch: Batch) -> DLoss:
        real_values, fake_values, slopes = _both_with_slopes(critic, batch) if weight else (*_both(critic, batch), 0.0)
        return DLoss(relativistic_loss(real_values, fake_values) + weight / 2 * slopes, real_values, fake_values)

    facts = {"has_probability": False, "per_example": weight > 0}
    return Game("relativistic", d_loss, _look_more_real, {"weight": weight}, **facts)


def _look_more_real(critic: nn.Module, batch: Batch) -> Tensor:
    real_values, fake_values = _both(critic, batch)
    return relativistic_loss(fake_values, real_values)


# What a run's card calls each game, and how it is made again. One of your own joins by GAMES["mine"] = MINE, or by
# GAMES["mine"] = a function of the game's arguments.
GAMES: dict[str, Game | Callable[..., Game]] = {
    **{game.name: game for game in (MINIMAX, NON_SATURATING, CGAN, ACGAN, HINGE, LEAST_SQUARES, UNBOUNDED)},
    "smoothed": smoothed,
    "weighted-acgan": weighted_acgan,
    "wgan": wgan,
    "wgan-gp": wgan_gp,
    "r1": r1,
    "cgan-r1": cgan_r1,
    "r1-r2": r1_r2,
    "relativistic": relativistic,
}
