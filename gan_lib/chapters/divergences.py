"""How far apart two densities are, on a grid: the quantities of chapter 1, in nats.

Densities are (n,), values p(xᵢ) ≥ 0 on an even grid of step `dx`, Σ p dx = 1; integrals are sums. Tensors, arrays and
lists are taken; float64 is best. Every function raises BadInput for two densities of different lengths, a negative
or infinite value, NaN, and a step that is not above 0.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from gan_lib.errors import BadInput
from gan_lib.machine.given import finite, numbers, positive


def gaussian(x: Tensor, mu: float, sigma: float) -> Tensor:
    """The density of N(mu, sigma²) at x (n,). BadInput: a mu that is not finite, or a sigma not above 0."""
    x, mu, sigma = numbers("x", x, None), finite("mu", mu), positive("sigma", sigma)
    return torch.exp(-(((x - mu) / sigma) ** 2) / 2) / (sigma * math.sqrt(2 * math.pi))


def best_discriminator(p_data: Tensor, p_g: Tensor) -> Tensor:
    """D*(x) = p_data / (p_data + p_g): (n,); ½ where neither has mass (Goodfellow et al. 2014, proposition 1)."""
    p_data, p_g = _densities(p_data, p_g)
    total = p_data + p_g
    return torch.where(total > 0, p_data / total.clamp(min=torch.finfo(total.dtype).tiny), 0.5)


def value(p_data: Tensor, p_g: Tensor, d: Tensor, dx: float) -> float:
    """V(G, D) = ∫ p_data log D + p_g log(1 − D) for D's probabilities d (n,) (the same, equation 1).

    Where d was rounded to 0 or 1, its logarithm is taken as that of 1e-300. BadInput also for a d outside 0…1.
    """
    p_data, p_g = _densities(p_data, p_g)
    d, dx = numbers("d", d, len(p_data)), positive("dx", dx)
    if d.min() < 0 or d.max() > 1:
        raise BadInput(f"d runs from {d.min():g} to {d.max():g}; give probabilities, 0…1 (of logits: d.sigmoid()).")
    real, fake = (torch.xlogy(p, q.clamp(min=1e-300)) for p, q in ((p_data, d), (p_g, 1 - d)))
    return (real + fake).sum().item() * dx


def kl(p: Tensor, q: Tensor, dx: float) -> float:
    """KL(p ‖ q) = ∫ p log(p / q); infinite where p has mass and q has none."""
    p, q = _densities(p, q)
    return (torch.xlogy(p, p) - torch.xlogy(p, q)).sum().item() * positive("dx", dx)


def jsd(p: Tensor, q: Tensor, dx: float) -> float:
    """JSD(p, q) = ½ KL(p ‖ m) + ½ KL(q ‖ m), m = (p + q) / 2: from 0 to log 2."""
    p, q = _densities(p, q)
    middle = (p + q) / 2
    return (kl(p, middle, dx) + kl(q, middle, dx)) / 2


def wasserstein(p: Tensor, q: Tensor, dx: float) -> float:
    """W₁(p, q) = ∫ |F_p − F_q|, the area between the cumulative distributions; on a line only (Vallender 1974)."""
    p, q = _densities(p, q)
    return (p - q).cumsum(0).abs().sum().item() * positive("dx", dx) ** 2


def _densities(p: Tensor, q: Tensor) -> tuple[Tensor, Tensor]:
    p, q = (numbers("a density", each, None) for each in (p, q))
    if len(p) != len(q):
        raise BadInput(f"the densities have {len(p)} and {len(q)} values; give two on the same grid, (n,).")
    if (p < 0).any() or (q < 0).any():
        raise BadInput("a density is negative somewhere; densities are 0 or more.")
    return p, q
