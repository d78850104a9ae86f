"""Spectral normalisation: each layer of D is divided by its largest stretch, so that D's slope stays small."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm
from torch.nn.utils.parametrize import is_parametrized

from gan_lib.errors import BadInput
from gan_lib.machine.given import instance

NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.SyncBatchNorm)
START = 15  # rounds of the power iteration, as torch itself begins with


def spectrally_normalised(network: nn.Module) -> nn.Module:
    """The network with W/σ(W) for the weight W of each convolution and linear layer, in place (Miyato et al. 2018, eqs.
    7 and 8). W is seen as a matrix, with a row for each output channel, and σ is its largest singular value.

    torch's `spectral_norm` estimates σ by one round of the power iteration at each pass in training. Its vectors are
    buffers: a checkpoint holds them.

    Raises:
        BadInput: no network, or one with BatchNorm, whose scales would undo it.
    """
    instance("network", network, nn.Module, "one that is built, for example DCGANDiscriminator(batch_norm=False)")
    if any(isinstance(layer, NORMS) for layer in network.modules()):
        raise BadInput(
            f"BatchNorm in {type(network).__name__} has scales of its own, which undo a spectral norm; "
            "build it without (batch_norm=False in ours)."
        )
    for layer in list(network.modules()):
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
            spectral_norm(layer, n_power_iterations=1)
    return network


def own_weight(layer: nn.Module) -> Tensor:
    """The weight that a layer learns: W, also where it multiplies by W/σ(W)."""
    return layer.parametrizations.weight.original if is_parametrized(layer, "weight") else layer.weight


def look_again(layer: nn.Module) -> None:
    """After new first weights: find σ again, from where the power iteration stands. A plain layer has none."""
    for _ in range(START if is_parametrized(layer, "weight") else 0):
        _ = layer.weight  # each look in training is a round of it
