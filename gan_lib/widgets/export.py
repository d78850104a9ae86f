"""A generator, or a classifier, as plain data, for page/engine.js to run.

Not its class decides, but what it computes: it is followed from z to the picture, and each step becomes a layer of the
page (`layers.py`). Then what the page would draw is compared with what the generator draws.
"""

from __future__ import annotations

import hashlib
from copy import deepcopy
from dataclasses import dataclass, replace
from math import prod

import torch
from torch import Tensor, nn
from torch.nn import functional

from gan_lib.errors import BadInput, one_line
from gan_lib.machine.given import instance
from gan_lib.machine.rng import isolated_rng, z_from_seed
from gan_lib.networks.brought import Drawer, brought
from gan_lib.networks.checks import shape
from gan_lib.widgets.face import base64_text
from gan_lib.widgets.follow import follow
from gan_lib.widgets.layers import Layers, NotExportable

__all__ = ["Exported", "NotExportable", "export", "export_classifier", "layer_by_layer"]
PICTURES = 4  # at least as many are compared, and one of each class
GREY_LEVEL = 2 / 255  # of pictures in −1…1


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

    def whole(self) -> dict:
        """The spec with the weights in it, as base64 text: nothing has to lie beside the page."""
        return self.spec | {"data": base64_text(self.weights)}


def export(generator: object) -> Exported:
    """A generator as data: any that leads from z (and a label) to a picture by layers that a page knows.

    Args:
        generator: what `networks.brought` understands.

    Raises:
        NotExportable: the sentence names the first layer that a page cannot run, or says what else is in the way.
        BadInput: it is no generator.
    """
    drawer = brought(generator)
    who = getattr(drawer.network, "__name__", type(drawer.network).__name__)
    try:
        spec, numbers = _described(drawer, who)
    except NotExportable:
        raise
    except Exception as error:  # it is somebody else's code: anything may come
        said = (str(error).splitlines() or [type(error).__name__])[0]
        raise NotExportable(f"{who} could not be followed on the CPU, in float32 ({said.rstrip('.')}).") from error
    return _named(spec, numbers)


@torch.no_grad()
def export_classifier(classifier: nn.Module, image_shape: tuple[int, ...] = (1, 28, 28)) -> Exported:
    """A classifier as data: from a picture in −1…1 to one logit for each class.

    `layer_by_layer` runs it, too: (B, H · W · C), as a page has pictures → (B, classes, 1, 1).

    Args:
        classifier: (B, C, H, W) → logits (B, classes).
        image_shape: (C, H, W) of the pictures.

    Raises:
        NotExportable: the sentence names the first layer that a page cannot run, or says what else is in the way.
        BadInput: it is no network, or no shape of pictures.
    """
    instance("the classifier", classifier, nn.Module, "a network, from pictures to logits")
    picture, who = shape(image_shape), type(classifier).__name__
    if len(picture) != 3:
        raise BadInput(f"image_shape is {picture}; give (C, H, W), for example (1, 28, 28).")
    network = deepcopy(classifier).cpu().float().eval()
    x = 2 * z_from_seed(0, prod(picture), PICTURES).view(-1, *picture).sigmoid() - 1
    try:
        logits, steps = follow(network, network, x)
    except BadInput:
        raise
    except Exception as error:  # it is somebody else's code: anything may come
        raise NotExportable(f"{who} could not be followed on the CPU, in float32 ({one_line(error)}).") from error
    layers = Layers(x[0].numel(), 0, who, picture)
    for step in steps:
        layers.take(step)
    if not steps or not torch.equal(layers.place, torch.arange(layers.size)):
        raise NotExportable(f"{who} does not end in a row of logits that could be followed, so a page cannot run it.")
    spec, numbers = _spec(layers, (layers.size, 1, 1))
    said = layer_by_layer(spec, numbers, x.permute(0, 2, 3, 1).flatten(1)).flatten(1)
    if not torch.allclose(said, logits, atol=1e-3, rtol=1e-3):
        raise NotExportable(f"{who} does more than a page can follow: the page would give other answers.")
    return _named(spec, numbers)


def _named(spec: dict, numbers: Tensor) -> Exported:
    content = numbers.to(getattr(torch, spec["dtype"])).numpy().tobytes()
    name = hashlib.sha256(repr(spec).encode() + content).hexdigest()[:16]
    return Exported(spec | {"name": name}, content)


def layer_by_layer(spec: dict, numbers: Tensor, z: Tensor, labels: Tensor | None = None) -> Tensor:
    """What page/engine.js computes, in torch: z (B, latent_dim), labels int64 (B,) → (B, C, H, W).

    Between the layers stands what the engine has, too: (B, height · width · channels).
    """
    kept = []  # what each branch that is not at its end began with
    x = z if spec["labels"] is None else torch.cat([z, torch.tensor(spec["labels"])[labels]], dim=1)
    for layer in spec["layers"]:
        n, out, side = (layer.get(name) for name in ("in", "out", "side"))
        match layer["op"]:
            case "linear":
                weight, bias, numbers = numbers.split([out * n, out, len(numbers) - out * n - out])
                x = functional.linear(x, weight.view(out, n), bias)
            case "conv_transpose":
                size = n * out * layer["kernel"] ** 2
                weight, bias, numbers = numbers.split([size, out, len(numbers) - size - out])
                x = x.view(len(x), side, -1, n).permute(0, 3, 1, 2)
                weight, padding = weight.view(n, out, layer["kernel"], -1), layer["padding"]
                x = functional.conv_transpose2d(x, weight, bias, layer["stride"], padding, layer.get("more", 0))
                x = x.permute(0, 2, 3, 1).flatten(1)
            case "affine":
                each = x.view(len(x), -1, len(layer["scale"]))
                x = (each * torch.tensor(layer["scale"]) + torch.tensor(layer["shift"])).flatten(1)
            case "upsample":
                x = x.view(len(x), side, layer.get("width", side), -1)
                x = x.repeat_interleave(layer["factor"], 1).repeat_interleave(layer["factor"], 2).flatten(1)
            case "max_pool":
                x = x.view(len(x), side, layer.get("width", side), -1).permute(0, 3, 1, 2)
                x = functional.max_pool2d(x, layer["factor"]).permute(0, 2, 3, 1).flatten(1)
            case "keep":
                kept.append(x)
            case "add":
                x = x + kept.pop()
            case "leaky_relu":
                x = functional.leaky_relu(x, layer["slope"])
            case "tanh":
                x = x.tanh()
            case "sigmoid":
                x = x.sigmoid()
    channels, height, width = spec["shape"]
    return x.view(len(x), height, width, channels).permute(0, 3, 1, 2)


def _described(drawer: Drawer, who: str) -> tuple[dict, Tensor]:
    """Everything of the spec but the name, and all weights in a row; tried out."""
    if drawer.image_shape[0] not in (1, 3):
        raise NotExportable(f"{who} draws {drawer.image_shape[0]} channels, and a page shows 1 (grey) or 3 (colour).")
    if isinstance(drawer.network, nn.Module):
        drawer = replace(drawer, network=deepcopy(drawer.network).cpu().float().eval())
    z = z_from_seed(0, drawer.latent_dim, max(PICTURES, drawer.classes))
    labels = torch.arange(len(z)) % drawer.classes if drawer.classes else None  # the first are 0, 1, …: one of each
    with isolated_rng():
        pictures, steps = follow(lambda z: drawer(z, labels), drawer.network, z)
        again = drawer.draw(z, labels)
    if drawer.flaw or not pictures.isfinite().all():
        raise NotExportable(drawer.flaw or f"{who} draws numbers that are not finite (NaN or infinite).")
    if not torch.equal(pictures, again):
        raise NotExportable(f"{who} draws other pictures of the same z each time, which a page cannot repeat.")
    if not steps:
        raise NotExportable(f"No way from z to the pictures of {who} could be followed, so a page cannot run it.")
    layers = Layers(drawer.latent_dim, drawer.classes, who)
    for step in steps:
        layers.take(step)
    layers.channels_last()  # as the page paints
    spec, numbers = _spec(layers, drawer.image_shape)
    drawn = layer_by_layer(spec, numbers, z, labels).clamp(-1, 1)
    if not (drawn - pictures.clamp(-1, 1)).abs().max() < GREY_LEVEL:
        raise NotExportable(f"{who} does more than a page can follow: the page would draw other pictures.")
    return spec, numbers


def _spec(layers: Layers, shape: tuple[int, ...]) -> tuple[dict, Tensor]:
    numbers = torch.cat([torch.zeros(0), *(t.flatten() for weights in layers.weights for t in weights)])
    exact = bool((numbers == numbers.half()).all())
    spec = {
        "latent_dim": layers.latent_dim,
        "shape": list(shape),
        "dtype": "float16" if exact else "float32",
        "numbers": len(numbers),
        "labels": layers.codes.tolist() if len(layers.codes) else None,
        "layers": layers.layers,
    }
    return spec, numbers
