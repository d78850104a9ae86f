"""A generator as plain data, for page/engine.js to run."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from gan_lib.networks.conditional import ACGANGenerator, CGANGenerator
from gan_lib.networks.dcgan import DCGANGenerator
from gan_lib.networks.mlp import MLPGenerator

SHORTEST_Z = 16  # page/random.js repeats torch's draw of 16 numbers and more; shorter ones are drawn differently


class NotExportable(TypeError):
    """The page cannot run this network; the live face can."""


@dataclass(frozen=True)
class Exported:
    """What the page needs.

    Attributes:
        spec: plain JSON values: "name" (of the weights' content), "latent_dim", "shape" [C, H, W], "dtype",
            "numbers" (how many weights), "labels" (what each label puts behind z, or None), "layers" [{"op": …}, …].
        weights: each layer's weight and bias in order, float16 if that loses nothing, else float32; little-endian.
    """

    spec: dict
    weights: bytes


def export(generator: nn.Module) -> Exported:
    """A generator of the book as data. NotExportable: another network; the sentence says which can be exported."""
    if type(generator) not in _PARTS:  # a subclass may compute something else
        known = ", ".join(kind.__name__ for kind in _PARTS)
        raise NotExportable(f"{type(generator).__name__} cannot run on a page (only {known} can).")
    if generator.latent_dim < SHORTEST_Z:
        raise NotExportable(f"A page cannot draw a z of {generator.latent_dim} numbers ({SHORTEST_Z} at least).")
    labels, modules = _PARTS[type(generator)](generator)
    layers, tensors, side = [], [], 1
    for module in modules:
        layer, weights, side = _layer(module, side)
        layers.append(layer)
        tensors += [t.detach().cpu().flatten() for t in weights]
    numbers = torch.cat(tensors)
    exact = bool((numbers == numbers.half()).all())
    content = numbers.to(torch.float16 if exact else torch.float32).numpy().tobytes()
    spec = {
        "latent_dim": generator.latent_dim,
        "shape": list(generator.image_shape),
        "dtype": "float16" if exact else "float32",
        "numbers": len(numbers),
        "labels": None if labels is None else labels.tolist(),
        "layers": layers,
    }
    name = hashlib.sha256(repr(spec).encode() + content).hexdigest()[:16]
    return Exported(spec | {"name": name}, content)


def _layer(module: nn.Module, side: int) -> tuple[dict, list[Tensor], int]:
    """One layer as data, its weights, and the side of the picture after it."""
    match module:
        case nn.Linear():
            layer = {"op": "linear", "in": module.in_features, "out": module.out_features}
            return layer, [module.weight, module.bias], side
        case nn.ConvTranspose2d():
            kernel, stride, padding = module.kernel_size[0], module.stride[0], module.padding[0]
            layer = {"op": "conv_transpose", "in": module.in_channels, "out": module.out_channels, "side": side}
            layer |= {"kernel": kernel, "stride": stride, "padding": padding}
            return layer, [module.weight, module.bias], (side - 1) * stride - 2 * padding + kernel
        case nn.BatchNorm2d():
            scale = module.weight.double() / (module.running_var.double() + module.eps).sqrt()
            shift = module.bias.double() - scale * module.running_mean.double()
            return {"op": "affine", "scale": _short(scale), "shift": _short(shift)}, [], side
        case nn.LeakyReLU() | nn.ReLU():
            return {"op": "leaky_relu", "slope": getattr(module, "negative_slope", 0)}, [], side
        case nn.Tanh():
            return {"op": "tanh"}, [], side
    raise NotExportable(f"{type(module).__name__} cannot run on a page.")


def _short(values: Tensor) -> list[float]:
    """Seven digits, as many as float32 has."""
    return [float(f"{v:.7g}") for v in values.tolist()]


_PARTS = {  # network → (what each label puts behind z, its layers in order)
    MLPGenerator: lambda g: (None, [g.fc1, g.act, g.fc2, nn.Tanh()]),
    DCGANGenerator: lambda g: (None, g.model),
    CGANGenerator: lambda g: (g.label_emb.weight, g.model),
    ACGANGenerator: lambda g: (torch.eye(g.classes), g.model),
}
