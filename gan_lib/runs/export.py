"""What leaves the library as a file: samples as .npy or .png, a generator as .pt2 or .safetensors."""

from __future__ import annotations

import io
import json
import math
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save as save_tensors
from torch import Tensor, nn
from torch.export import Dim

from gan_lib.data import to_pixels
from gan_lib.data.pictures import png, sheet
from gan_lib.errors import BadInput, BadRun, one_sentence
from gan_lib.machine.given import instance, named_path, numbers
from gan_lib.machine.rng import z_from_seed
from gan_lib.runs import Run
from gan_lib.runs.folders import replace_file


def check_suffix(path: Path, allowed: tuple[str, ...]) -> None:
    """BadInput unless the file's ending says one of the allowed formats."""
    if path.suffix not in allowed:
        raise BadInput(
            f"{path} ends in {path.suffix or 'nothing'!r}; choose a name that ends in {' or '.join(allowed)}."
        )


def write_samples(path: Path, images: Tensor) -> None:
    """images (N, C, H, W) in −1…1 → .npy (float32, the same shape and range) or .png (a grid, nearly square).

    Raises:
        BadInput: another ending, or no such pictures.
        BadRun: the file cannot be written; what was there before is kept.
    """
    path = named_path("path", path)
    check_suffix(path, (".npy", ".png"))
    images = numbers("images", images, None, None, None, None, finite=False).detach().cpu()
    if path.suffix == ".png":
        content = png(sheet(to_pixels(images), math.ceil(math.sqrt(len(images)))))
    else:
        buffer = io.BytesIO()
        np.save(buffer, images.float().numpy())
        content = buffer.getvalue()
    _write(path, content)


def export_generator(run: Run, path: Path) -> None:
    """Write the run's generator for use elsewhere.

    .pt2: the whole program, for any batch size; `torch.export.load(path).module()(z)` needs no gan_lib.
    .safetensors: the float32 state dict; the card stands in the file's header.

    Raises:
        BadInput: another ending, or a run whose weights were not kept.
        BadRun: the file cannot be written; what was there before is kept.
    """
    path = named_path("path", path)
    check_suffix(path, (".pt2", ".safetensors"))
    instance("run", run, Run, "what runs.load(name) gives")
    generator = run.drawable()
    if path.suffix == ".safetensors":
        header = {"card": json.dumps(run.card), "generator": type(generator).__name__}
        _write(path, save_tensors({k: v.contiguous() for k, v in generator.state_dict().items()}, header))
        return
    buffer = io.BytesIO()
    torch.export.save(_program(generator), buffer)
    _write(path, buffer.getvalue())


def _program(generator: nn.Module) -> torch.export.ExportedProgram:
    inputs, batch = (z_from_seed(0, generator.latent_dim, 2),), Dim("batch")  # (2, latent_dim)
    if getattr(generator, "classes", 0):
        inputs += (torch.arange(2) % generator.classes,)  # (2,)
    with one_sentence(f"{type(generator).__name__} cannot become a program; export its weights (.safetensors)"):
        return torch.export.export(generator, inputs, dynamic_shapes=tuple({0: batch} for _ in inputs))


def _write(path: Path, content: bytes) -> None:
    try:
        replace_file(path, content)
    except OSError as error:
        raise BadRun(f"{path} could not be written ({error.strerror}); choose another place.") from error
