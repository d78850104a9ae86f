"""How far apart two densities are, on a grid: the quantities of chapter 1, in nats.

Densities are float64 (n,), values p(xᵢ) ≥ 0 on an even grid of step `dx`, Σ p dx = 1; integrals are sums.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from gan_lib.errors import BadInput


def gaussian(x: Tensor, mu: float, sigma: float) -> Tensor:
    """The density of N(mu, sigma²) at x. BadInput: sigma is not above 0."""
    if sigma <= 0:
        raise BadInput(f"sigma is {sigma}; choose a width above 0.")
    return torch.exp(-(((x - mu) / sigma) ** 2) / 2) / (sigma * math.sqrt(2 * math.pi))


def best_discriminator(p_data: Tensor, p_g: Tensor) -> Tensor:
    """D*(x) = p_data / (p_data + p_g): (n,); ½ where neither has mass (Goodfellow et al. 2014, proposition 1)."""
    _check(p_data, p_g)
    total = p_data + p_g
    return torch.where(total > 0, p_data / total.clamp(min=torch.finfo(total.dtype).tiny), 0.5)


def value(p_data: Tensor, p_g: Tensor, d: Tensor, dx: float) -> float:
    """V(G, D) = ∫ p_data log D + p_g log(1 − D) for D's probabilities d (n,) (the same, equation 1).

    Where d was rounded to 0 or 1, its logarithm is taken as that of 1e-300.
    """
    _check(p_data, p_g)
    real, fake = (torch.xlogy(p, q.clamp(min=1e-300)) for p, q in ((p_data, d), (p_g, 1 - d)))
    return (real + fake).sum().item() * dx


def kl(p: Tensor, q: Tensor, dx: float) -> float:
    """KL(p ‖ q) = ∫ p log(p / q); infinite where p has mass and q has none."""
    _check(p, q)
    return (torch.xlogy(p, p) - torch.xlogy(p, q)).sum().item() * dx


def jsd(p: Tensor, q: Tensor, dx: float) -> float:
    """JSD(p, q) = ½ KL(p ‖ m) + ½ KL(q ‖ m), m = (p + q) / 2: from 0 to log 2."""
    middle = (p + q) / 2
    return (kl(p, middle, dx) + kl(q, middle, dx)) / 2


def wasserstein(p: Tensor, q: Tensor, dx: float) -> float:
    """W₁(p, q) = ∫ |F_p − F_q|, the area between the cumulative distributions; on a line only (Vallender 1974)."""
    _check(p, q)
    return (p - q).cumsum(0).abs().sum().item() * dx**2


def _check(p: Tensor, q: Tensor) -> None:
    if p.ndim != 1 or p.shape != q.shape:
        raise BadInput(
            f"the densities have shapes {tuple(p.shape)} and {tuple(q.shape)}; give two on the same grid, (n,)."
        )
    if (p < 0).any() or (q < 0).any():
        raise BadInput("a density is negative somewhere; densities are 0 or more.")
