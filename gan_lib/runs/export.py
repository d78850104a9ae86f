"""What leaves the library as a file: samples as .npy or .png, a generator as .pt2, .onnx or .safetensors."""

from __future__ import annotations

import io
import json
import math
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save as save_tensors
from torch import Tensor, nn
from torch.export import Dim

from gan_lib.data import to_pixels
from gan_lib.data.pictures import png, sheet
from gan_lib.errors import BadInput, BadRun, brief, one_sentence
from gan_lib.machine.given import instance, named_path, numbers, whole
from gan_lib.machine.progress import progress
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
    write_file(path, content)


def write_pictures(folder: Path, batches: Iterable[Tensor], n: int, show_progress: bool = True) -> None:
    """Pictures as single files, 0000.png, 0001.png, …: all of them or none.

    Args:
        folder: is made if it is missing; must hold no numbered picture yet.
        batches: the pictures in −1…1, some at a time: (B, C, H, W), with 1 to 4 channels.
        n: how many of them are written.
        show_progress: show a progress bar.

    Raises:
        BadInput: numbered pictures lie there already, or `batches` gives no pictures, or fewer than n.
        BadRun: the folder cannot be written; nothing is left behind.
    """
    folder, n = named_path("folder", folder), whole("n", n)
    steps = progress(n, "pictures", show_progress)
    check_no_pictures(folder)
    if not isinstance(batches, Iterable):
        raise BadInput(f"batches is {brief(batches)}; give tensors of pictures (B, C, H, W), one after the other.")
    pictures, written = _one_by_one(batches), []
    missing = [parent for parent in (folder, *folder.parents) if not parent.exists()]  # the innermost first
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for _, picture in zip(steps, pictures, strict=False):
            written.append(folder / f"{len(written):0{max(4, len(str(n - 1)))}d}.png")
            written[-1].write_bytes(png(picture))
        if len(written) < n:
            raise BadInput(f"{len(written):,} pictures came, and n is {n:,}; give as many.")
    except BaseException as error:
        for path in written:
            path.unlink(missing_ok=True)
        for made in missing:
            with suppress(OSError):
                made.rmdir()
        if isinstance(error, OSError):
            raise BadRun(f"{folder} could not be written ({error.strerror}); choose another place.") from error
        raise


def _one_by_one(batches: Iterable[Tensor]) -> Iterator[Tensor]:
    """uint8 (C, H, W) each."""
    for batch in batches:
        yield from to_pixels(numbers("a batch", batch, None, None, None, None, finite=False).detach().cpu())


def check_no_pictures(folder: Path) -> None:
    """BadInput where numbered pictures lie in `folder`, which new ones would replace or mix with."""
    found = sorted(path.name for path in folder.glob("*.png") if re.fullmatch(r"\d{4,}", path.stem))
    if found:
        raise BadInput(f"{folder} holds {found[0]} already; choose another folder, or move its pictures away.")


def export_generator(run: Run, path: Path) -> None:
    """Write the run's generator for use elsewhere.

    .pt2: the whole program, for any batch size; `torch.export.load(path).module()(z)` needs no gan_lib.
    .onnx: the same for other languages, z (and labels) → pictures; needs the packages onnx and onnxscript.
    .safetensors: the float32 state dict. In this file's header and in .onnx's metadata stands the card.

    Raises:
        BadInput: another ending, a run whose weights were not kept, or a package that is missing.
        BadRun: the file cannot be written; what was there before is kept.
    """
    path = named_path("path", path)
    check_suffix(path, (".pt2", ".onnx", ".safetensors"))
    instance("run", run, Run, "what runs.load(name) gives")
    generator = run.drawable()
    if path.suffix == ".safetensors":
        header = {"card": json.dumps(run.card), "generator": type(generator).__name__}
        write_file(path, save_tensors({k: v.contiguous() for k, v in generator.state_dict().items()}, header))
        return
    if path.suffix == ".onnx":
        write_file(path, _onnx(generator, run.card))
        return
    buffer = io.BytesIO()
    torch.export.save(_program(generator), buffer)
    write_file(path, buffer.getvalue())


def _program(generator: nn.Module) -> torch.export.ExportedProgram:
    inputs = (z_from_seed(0, generator.latent_dim, 2),)  # (2, latent_dim)
    if getattr(generator, "classes", 0):
        inputs += (torch.arange(2) % generator.classes,)  # (2,)
    with one_sentence(f"{type(generator).__name__} cannot become a program; export its weights (.safetensors)"):
        return torch.export.export(generator, inputs, dynamic_shapes=_any_batch(len(inputs)))


def _any_batch(inputs: int) -> tuple[dict[int, Dim], ...]:
    """For each input: its first axis may have any length, the same for all."""
    return ({0: Dim("batch")},) * inputs


def _onnx(generator: nn.Module, card: dict) -> bytes:
    """The program as ONNX. It says where its inputs come from, and not which lines of which files made it."""
    missing = [name for name in ("onnx", "onnxscript") if find_spec(name) is None]
    if missing:
        raise BadInput(f".onnx needs packages that are not installed; install them: pip install {' '.join(missing)}.")
    program, names, buffer = _program(generator), ["z", "labels"], io.BytesIO()
    names = names[: 1 + bool(getattr(generator, "classes", 0))]
    with one_sentence(f"{type(generator).__name__} cannot become an ONNX program; export it as .pt2"):
        made = torch.onnx.export(
            program,
            dynamo=True,
            input_names=names,
            output_names=["pictures"],
            dynamic_shapes=(*_any_batch(1), *({} for _ in names[1:])),
            verbose=False,
        )
        for node in made.model.graph:
            node.metadata_props.clear()  # folders of this machine
        made.model.metadata_props["card"] = json.dumps(card)
        made.save(buffer)
    return buffer.getvalue()


def write_file(path: Path, content: bytes) -> None:
    """The whole file or nothing. BadRun: it cannot be written; what was there before is kept."""
    try:
        replace_file(path, content)
    except OSError as error:
        raise BadRun(f"{path} could not be written ({error.strerror}); choose another place.") from error
