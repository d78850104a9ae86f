"""Inception's distances, FID and KID, where its packages and weights are at hand.

Inception was trained on a million photographs and gives each picture 2,048 numbers. FID is the Fréchet distance between
two Gaussians through them (Heusel et al. 2017, eq. 6); it is biased upwards for few pictures, and with fewer than 2,048
its covariances are not even of full rank. KID (`scores.kid`) is a mean over pairs of pictures, and unbiased: it may be
a little below 0. Nothing is downloaded here.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import torch
from torch import Tensor, nn

from gan_lib.errors import BadInput, one_sentence
from gan_lib.machine.device import known
from gan_lib.machine.given import instance, numbers
from gan_lib.machine.rng import isolated_rng
from gan_lib.scores.kid import kid
from gan_lib.scores.sliced import pictures_of

FILE = "weights-inception-2015-12-05-6726825d.pth"  # torch-fidelity's, in torch's cache
PACKAGES = ("torchmetrics", "torch_fidelity")
PART = 50  # pictures at once


class _Passed(nn.Module):
    """For torchmetrics: what it is given are the features already."""

    num_features = 2048

    def forward(self, features: Tensor) -> Tensor:
        return features


def extractor(weights: str | Path | None = None, device: str | torch.device = "cpu") -> nn.Module:
    """Inception as torchmetrics' FID has it: uint8 (B, 3, H, W) → float (B, 2048).

    Args:
        weights: the file with its weights; None for torch-fidelity's own in torch's cache.
        device: where it shall look.

    Raises:
        BadInput: a package or the weights are missing, or the file holds others.
    """
    weights is None or instance("weights", weights, str | Path, "the file with Inception's weights, or None")
    device = known(device)
    missing = [name.replace("_", "-") for name in PACKAGES if find_spec(name) is None]
    if missing:
        raise BadInput(f"Inception needs {' and '.join(missing)}; install them: pip install {' '.join(missing)}.")
    path = Path(torch.hub.get_dir()) / "checkpoints" / FILE if weights is None else Path(weights)
    if not path.is_file():
        raise BadInput(
            f"{path} is not there; put Inception's weights there (torch-fidelity's {FILE}), or name another file."
        )
    from torchmetrics.image.fid import FrechetInceptionDistance

    with one_sentence(f"{path} holds no weights that torchmetrics' Inception takes"), isolated_rng():
        return FrechetInceptionDistance(feature_extractor_weights_path=str(path)).inception.to(device)


@torch.no_grad()
def features(network: nn.Module, pictures: Tensor) -> Tensor:
    """What Inception sees in each picture: float32 (N, 2048) on the CPU.

    Args:
        network: the `extractor`, or another of uint8 (B, 3, H, W) → (B, d).
        pictures: (N, C, H, W), bytes or floats in −1…1, or what an `ImageSet` would take; grey or RGB.

    Raises:
        BadInput: other pictures, or no network.
    """
    instance("network", network, nn.Module, "what inception.extractor() gives")
    pictures = pictures_of(pictures)
    if pictures.shape[1] not in (1, 3):
        raise BadInput(f"the pictures have {pictures.shape[1]} channels; Inception sees grey or RGB, 1 or 3.")
    first = next(network.parameters(), pictures)
    parts = [part.expand(-1, 3, -1, -1).to(first.device) for part in pictures.split(PART)]  # (B, 3, H, W) each
    return torch.cat([network(part).float().cpu() for part in parts])


def distances(real: Tensor, fake: Tensor) -> dict[str, float]:
    """FID, as torchmetrics computes it, and KID between the `features` of real and of generated pictures, (N, d) and
    (M, d).

    KID is taken over all pictures at once, not as the mean over random parts of them: it has the same expectation, and
    varies less.

    Raises:
        BadInput: other shapes, numbers that are not finite, fewer than two pictures, or no torchmetrics.
    """
    real = numbers("real", real, None, None).float()
    fake = numbers("fake", fake, None, real.shape[1]).float()
    if min(len(real), len(fake)) < 2:
        raise BadInput(f"{len(real)} real and {len(fake)} generated pictures were given; give at least two of both.")
    if find_spec("torchmetrics") is None:
        raise BadInput("FID needs torchmetrics; install it: pip install torchmetrics.")
    from torchmetrics.image.fid import FrechetInceptionDistance

    passed = _Passed()
    passed.num_features = real.shape[1]
    with isolated_rng():
        fid = FrechetInceptionDistance(passed)
    fid.update(real, real=True)
    fid.update(fake, real=False)
    return {"fid": fid.compute().item(), "kid": kid(real, fake)}
