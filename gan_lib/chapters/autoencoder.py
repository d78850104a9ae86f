"""An auto-encoder with DCGAN's own layers, to hold against a GAN: what a point-wise loss learns from the same data."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from torch import Tensor, nn
from torch.nn.functional import mse_loss

from gan_lib import runs
from gan_lib.data import ImageSet, ShuffledIndices, to_pixels, to_range
from gan_lib.data.pictures import png, sheet
from gan_lib.errors import BadRun
from gan_lib.machine.device import has_bfloat16, memory_format
from gan_lib.machine.given import instance, named_path, seeded, whole
from gan_lib.machine.progress import progress
from gan_lib.machine.rng import isolated_rng
from gan_lib.networks import at_least_float32, check_images, normal_weights
from gan_lib.networks.checks import sizes
from gan_lib.networks.dcgan import DCGANGenerator, trunk
from gan_lib.runs import weights
from gan_lib.runs.folders import FORMAT, made, read_folder, write_folder
from gan_lib.scores import metrics

NAME, FEATURES, LATENT_DIM, BATCH, RATE = "autoencoder-fashion", 32, 100, 128, 1e-3


class Encoder(nn.Module):
    """32×32 image → code: the trunk of DCGAN's discriminator with as many outputs as the code has numbers."""

    def __init__(self, latent_dim: int = LATENT_DIM, features: int = FEATURES, channels: int = 1):
        super().__init__()
        latent_dim, features, channels = sizes(latent_dim=latent_dim, features=features, channels=channels)
        self.image_shape = (channels, 32, 32)
        self.model = nn.Sequential(*trunk(features, channels, True), nn.Conv2d(4 * features, latent_dim, 4, 2, 0))

    def forward(self, x: Tensor) -> Tensor:
        """x (B, C, 32, 32) in −1…1 → codes (B, latent_dim). BadInput: x has another shape."""
        check_images(x, self.image_shape, self)
        return at_least_float32(self.model(x).flatten(1))


class CodeSampler(nn.Module):
    """The decoder as a generator: z ~ N(0, 1) becomes a code with the mean and covariance of the training codes.

    An auto-encoder does not say where its codes lie; a Gaussian fitted to them is the plainest guess.
    """

    def __init__(self, decoder: DCGANGenerator, mean: Tensor, factor: Tensor):
        super().__init__()
        self.decoder, self.latent_dim, self.classes = decoder, decoder.latent_dim, 0
        self.image_shape = decoder.image_shape
        self.register_buffer("mean", mean)  # (latent_dim,)
        self.register_buffer("factor", factor)  # (latent_dim, latent_dim), factor @ factor.T is the covariance

    def forward(self, z: Tensor) -> Tensor:
        """z (B, latent_dim) → images (B, C, 32, 32) in −1…1."""
        return self.decoder(self.mean + z @ self.factor.T)


@dataclass(frozen=True)
class Autoencoder:
    """What `recorded` returns; in eval mode on the CPU. history: float32 (steps,), the loss of each batch."""

    encoder: Encoder
    sampler: CodeSampler
    history: Tensor
    card: dict

    @torch.no_grad()
    def reconstruct(self, x: Tensor) -> Tensor:
        """x (B, 1, 32, 32) in −1…1 → what is left of it after encoding and decoding, the same shape and range."""
        return self.sampler.decoder(self.encoder(x))


def train_autoencoder(images: ImageSet, steps: int, seed: int = 0) -> tuple[Encoder, DCGANGenerator, Tensor]:
    """Descend E‖x − decode(encode(x))‖² / pixels with Adam; `images` 32×32. The networks and the losses (steps,).

    BadInput: no steps, pictures of another shape, or fewer than a batch of them.
    """
    instance("images", images, ImageSet, "an ImageSet, as data.load gives it")
    steps, seed, device = whole("steps", steps), seeded(seed), images.pixels.device
    with isolated_rng(seed):
        networks = [normal_weights(n, 0.02) for n in (Encoder(), DCGANGenerator(LATENT_DIM, FEATURES))]
    encoder, decoder = (n.to(device, memory_format=memory_format(device)).train() for n in networks)
    adam = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=RATE, fused=True)
    rows = ShuffledIndices(len(images.pixels), BATCH, torch.Generator(device).manual_seed(seed))
    amp = torch.autocast(device.type, torch.bfloat16, enabled=has_bfloat16(device))
    losses = []
    for _ in progress(steps, NAME):
        real = to_range(images.pixels[next(rows)])  # (B, 1, 32, 32)
        with amp:
            loss = mse_loss(decoder(encoder(real)), real)
        adam.zero_grad()
        loss.backward()
        adam.step()
        losses.append(loss.detach())
    return encoder.eval(), decoder.eval(), torch.stack(losses).cpu()


@torch.no_grad()
def record_autoencoder(
    train: ImageSet, test: ImageSet, folder: str | Path, *, steps: int = 4_000, seed: int = 0
) -> dict:
    """Train, fit the Gaussian of the codes, score reconstructions and samples, write the run; its card.

    BadInput: as `train_autoencoder`, or a folder without a name.
    """
    folder, start = named_path("folder", folder), time.perf_counter()
    for name, images in (("train", train), ("test", test)):
        instance(name, images, ImageSet, "an ImageSet, as data.load gives it")
    steps, seed = whole("steps", steps), seeded(seed)
    train, test = train.resized(32), test.resized(32)
    with torch.enable_grad():
        encoder, decoder, history = (part.cpu() for part in train_autoencoder(train, steps, seed))
    codes = torch.cat([encoder(to_range(part)) for part in train.pixels[: metrics.SAMPLES].cpu().split(1000)])
    sampler = CodeSampler(decoder, codes.mean(0), _root(codes.T.cov()))
    remade = (decoder(encoder(to_range(part))) for part in test.pixels.cpu().split(1000))
    scored = test.name == "fashion-mnist"  # not the fallback
    card = {
        "format": FORMAT,
        "recipe": {"name": NAME, "features": FEATURES, "latent_dim": LATENT_DIM, "batch_size": BATCH, "lr": RATE}
        | {"steps": steps, "seed": seed, "loss": "mean squared error"},
        "data": train.name,
        "reconstructions": metrics.evaluate_images(remade, "fashion-mnist") if scored else {},
        "samples": metrics.evaluate(sampler, "fashion-mnist") if scored else {},
        "made": made(time.perf_counter() - start),
    }
    shown = torch.stack([to_range(test.pixels[:32].cpu()), decoder(encoder(to_range(test.pixels[:32].cpu())))], dim=1)
    files = {
        "encoder.safetensors": weights.to_bytes(encoder),
        "sampler.safetensors": weights.to_bytes(sampler),
        "history.safetensors": save_tensors({"history": history}),
        "samples/reconstructions.png": png(sheet(to_pixels(shown.flatten(0, 1)), 8)),  # each beside its original
    }
    write_folder(folder, card, files)
    return card


def recorded(name: str | Path = NAME) -> Autoencoder:
    """The recorded auto-encoder. BadRun: missing, damaged, or another kind of run."""
    card, files = read_folder(runs.find(name))
    if not {"encoder.safetensors", "sampler.safetensors", "history.safetensors"} <= set(files):
        raise BadRun(f"{name} is no auto-encoder's run; open it with runs.load.")
    encoder = Encoder()
    sampler = CodeSampler(DCGANGenerator(LATENT_DIM, FEATURES), torch.zeros(LATENT_DIM), torch.eye(LATENT_DIM))
    weights.fill(encoder, files["encoder.safetensors"])
    weights.fill(sampler, files["sampler.safetensors"])
    return Autoencoder(encoder, sampler, load_tensors(files["history.safetensors"])["history"], card)


def _root(covariance: Tensor) -> Tensor:
    """F with F Fᵀ = covariance (n, n), also where some directions have no spread at all."""
    spread, directions = torch.linalg.eigh(covariance)
    return directions * spread.clamp(min=0).sqrt()
