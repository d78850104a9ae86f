"""torch's steps as the layers of a page: which there are, and in which order the page keeps its numbers."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from gan_lib.errors import BadInput
from gan_lib.widgets.follow import KEEP, Step

# Steps that only put numbers in another place.
MOVES = {"flatten", "flip", "getitem", "movedim", "permute", "ravel", "reshape", "squeeze", "swapaxes", "transpose"}
MOVES |= {"unflatten", "unsqueeze", "view", "pixel_shuffle"}
ARGUMENTS = {
    "linear": "input weight bias",
    "conv2d": "input weight bias stride padding dilation groups",
    "conv_transpose2d": "input weight bias stride padding output_padding groups dilation",
    "batch_norm": "input running_mean running_var weight bias training momentum eps",
    "leaky_relu": "input negative_slope",
    "interpolate": "input size scale_factor mode",
    "max_pool2d": "input kernel_size stride padding dilation ceil_mode",
}
ARITHMETIC = {  # with a number b: x → scale · x + shift
    "add": lambda b: (1, b),
    "radd": lambda b: (1, b),
    "sub": lambda b: (1, -b),
    "rsub": lambda b: (-1, b),
    "mul": lambda b: (b, 0),
    "rmul": lambda b: (b, 0),
    "div": lambda b: (1 / b, 0),
    "truediv": lambda b: (1 / b, 0),
}


class NotExportable(BadInput):
    """The page cannot run this network; the live face can."""


class Layers:
    """The layers so far, for page/engine.js.

    Attributes:
        layers: [{"op": …}, …], plain JSON values.
        weights: weight and bias of each layer; none of one that has none.
        codes: (classes, …), what each label puts behind z.
        place: int64, of the shape that torch's result has without the batch: where the page has each of its numbers. A
            page keeps a picture in one row, channels last.
        size: how many numbers the page has now.
    """

    def __init__(self, latent_dim: int, classes: int, who: str, picture: tuple[int, ...] = ()):
        """picture: (C, H, W), if it begins with one instead of z."""
        self.latent_dim = latent_dim
        self.layers: list[dict] = []
        self.weights: list[list[Tensor]] = []
        self.codes = torch.zeros(classes, 0)
        self.place, self.size = _places(picture) if picture else torch.arange(latent_dim), latent_dim
        self.kept: list[tuple[Step, Tensor]] = []  # what branches that are not at their end began with, and its place
        self.who, self.moved = who, ""

    def take(self, step: Step) -> None:
        """Add what the step does. NotExportable: the page cannot."""
        if step.name == KEEP:
            self._keep(step)
        elif len(step.sources) > 1:
            self._sum(step)
        elif step.name in ("cat", "concat", "concatenate") and len(self.codes) and not self.layers:
            self._label(step)
        elif step.name in MOVES:
            self._move(step)
        elif step.sources and not self._layer(step) and not step.idle:
            self._refuse(step.who)

    def channels_last(self) -> None:
        """Let the last linear layer bring the numbers of a picture (C, H, W) into the page's order, if they are not."""
        wanted = _places(self.place.shape)
        if torch.equal(self.place, wanted):
            return
        self._order(self.place)
        order = self.place.flatten()[self._order(wanted)]  # which of the old numbers stands at each place
        for layer, weights in zip(reversed(self.layers), reversed(self.weights), strict=True):
            if layer["op"] == "linear":
                weights[:] = [t[order] for t in weights]
                self.place = wanted
                return
            if layer["op"] == "affine" and len(layer["scale"]) == self.size:
                layer |= {name: [layer[name][i] for i in order.tolist()] for name in ("scale", "shift")}
            elif layer["op"] in ("conv_transpose", "upsample", "keep", "add") or len(layer.get("scale", "1")) > 1:
                break
        self._refuse(self.moved)

    def _refuse(self, what: str) -> None:
        raise NotExportable(f"{what} cannot run on a page (layer {len(self.layers) + 1} of {self.who}).")

    def _layer(self, step: Step) -> bool:
        """Add the layer of this step; False: there is none that does the same."""
        given = dict(zip(ARGUMENTS.get(step.name, "input").split(), step.args, strict=False)) | step.kwargs
        match step.name, self.place.ndim:
            case "linear", 1:
                self._linear(given["weight"], given.get("bias"))
            case "conv2d" | "conv_transpose2d", 3:
                self._convolution(step, given)
            case "batch_norm", 1 | 3 if step.function is functional.batch_norm:
                self._batch_norm(step, given)
            case "interpolate", 3 if given.get("mode", "nearest") in ("nearest", "nearest-exact"):
                self._upsample(step)
            case "max_pool2d", 3:
                self._max_pool(step, given)
            case "relu", _:
                self._add({"op": "leaky_relu", "slope": 0})
            case "leaky_relu", _:
                self._add({"op": "leaky_relu", "slope": given.get("negative_slope", 0.01)})
            case "tanh" | "sigmoid", _:
                self._add({"op": step.name})
            case _ if step.name in ARITHMETIC and len(step.args) == 2 and isinstance(step.args[1], int | float):
                scale, shift = ARITHMETIC[step.name](step.args[1])
                self._add({"op": "affine", "scale": [scale], "shift": [shift]})
            case _:
                return False
        return True

    def _add(self, layer: dict, *weights: Tensor) -> None:
        self.layers.append(layer)
        self.weights.append([t.detach() for t in weights])

    def _keep(self, step: Step) -> None:
        if self.place.ndim == 3:
            self.channels_last()
        self.kept.append((step.sources[0], self.place))
        self._add({"op": "keep"})

    def _sum(self, step: Step) -> None:
        """Of a branch's end and what it began with."""
        start, place = self.kept.pop() if self.kept else (None, torch.zeros(0))
        if step.kwargs or not any(source is start for source in step.sources) or not torch.equal(place, self.place):
            self._refuse(step.who)
        self._add({"op": "add"})

    def _label(self, step: Step) -> None:
        """z, put together with what depends on the label alone."""
        tensors, dim = step.args[0], (*step.args[1:], *step.kwargs.values(), 0)[0]
        places, self.moved = [], step.who
        for tensor in tensors:
            if tensor is step.sources[0].result:
                places.append(self.place)
                continue
            code = tensor[: len(self.codes)]
            places.append(self.size + torch.arange(code[0].numel()).view(code.shape[1:]))
            self.codes = torch.cat([self.codes, code.flatten(1)], dim=1)
            self.size += code[0].numel()
        self.place = torch.cat(places, dim % step.result.ndim - 1)

    def _move(self, step: Step) -> None:
        """The same step, for the places."""
        batch = self.place.expand(len(step.sources[0].result), *self.place.shape)
        moved = step.function(batch, *step.args[1:], **step.kwargs)
        if len(moved) != len(batch) or not (moved == moved[:1]).all():
            self._refuse(step.who)
        self.place, self.moved = moved[0], step.who

    def _linear(self, weight: Tensor, bias: Tensor | None) -> None:
        out, own = len(weight), torch.zeros(len(weight), self.size)
        own[:, self.place] = weight.detach()
        self._add({"op": "linear", "in": self.size, "out": out}, own, torch.zeros(out) if bias is None else bias)
        self.place, self.size = torch.arange(out), out

    def _convolution(self, step: Step, given: dict) -> None:
        """One that is not transposed (its stride 1) is a transposed one with its kernels turned round."""
        weight, bias = given["weight"].detach(), given.get("bias")
        kernel = self._one(step, "kernel size", tuple(weight.shape[2:]))
        if given.get("padding") == "same" and kernel % 2:
            given["padding"] = kernel // 2
        usual = {"stride": 1, "padding": 0, "output_padding": 0, "dilation": 1, "groups": 1}
        one = {name: self._one(step, name, given.get(name, value)) for name, value in usual.items()}
        stride, padding, more = one["stride"], one["padding"], one["output_padding"]
        fixed = ["dilation", "groups"]
        if step.name == "conv2d":
            fixed.append("stride")
            if isinstance(padding, str) or padding >= kernel:
                self._refuse(f"{step.who} with padding {padding!r}")
            weight, padding = weight.flip(2, 3).transpose(0, 1).contiguous(), kernel - 1 - padding
        for name in fixed:
            if one[name] != 1:
                self._refuse(f"{step.who} with {name} {one[name]}")
        _, side, width = self.place.shape
        if side == width == 1:  # z, or a vector: in whatever order
            own = torch.zeros(self.size, *weight.shape[1:])
            own[self.place.flatten()] = weight
            weight = own
        else:
            self.channels_last()
        layer = {"op": "conv_transpose", "in": len(weight), "out": weight.shape[1], "side": side}
        layer |= {"kernel": kernel, "stride": stride, "padding": padding}
        layer |= ({"width": width} if width != side else {}) | ({"more": more} if more else {})
        self._add(layer, weight, torch.zeros(weight.shape[1]) if bias is None else bias)
        self._picture(step)

    def _upsample(self, step: Step) -> None:
        (_, side, width), (high, wide) = self.place.shape, step.result.shape[2:]
        if high % side or wide % width or high // side != wide // width:
            self._refuse(step.who)
        self.channels_last()
        self._add(
            {"op": "upsample", "side": side, "factor": high // side} | ({"width": width} if width != side else {})
        )
        self._picture(step)

    def _max_pool(self, step: Step, given: dict) -> None:
        """One whose windows lie side by side and leave nothing over."""
        _, side, width = self.place.shape
        factor = self._one(step, "kernel size", given["kernel_size"])
        stride, padding, dilation = (given.get(name) for name in ("stride", "padding", "dilation"))
        stride = factor if stride is None else self._one(step, "stride", stride)
        if (stride, padding or 0, dilation or 1, side % factor, width % factor) != (factor, 0, 1, 0, 0):
            self._refuse(f"{step.who} whose windows overlap, or do not fill the picture,")
        self.channels_last()
        self._add({"op": "max_pool", "side": side, "factor": factor} | ({"width": width} if width != side else {}))
        self._picture(step)

    def _batch_norm(self, step: Step, given: dict) -> None:
        mean, variance, weight, bias = (given.get(name) for name in ("running_mean", "running_var", "weight", "bias"))
        if given.get("training"):
            self._refuse(f"{step.who} without running statistics, with which a picture depends on its batch,")
        scale = torch.ones(()) if weight is None else weight.detach()
        scale = scale.double() / (variance.double() + given.get("eps", 1e-5)).sqrt()
        shift = (0 if bias is None else bias.detach().double()) - scale * mean.double()
        if self.place.ndim == 3:
            self.channels_last()
        else:
            order = self._order(self.place)
            scale, shift = scale[order], shift[order]
        self._add({"op": "affine", "scale": _short(scale), "shift": _short(shift)})

    def _one(self, step: Step, name: str, value: int | str | tuple[int, ...]) -> int | str:
        """A setting that must be the same for height and width."""
        values = set(value) if isinstance(value, tuple | list) else {value}
        if len(values) > 1:
            self._refuse(f"{step.who} with {name} {tuple(value)}")
        return values.pop()

    def _picture(self, step: Step) -> None:
        """After a layer that leaves the page with a picture."""
        self.place, self.size = _places(step.result.shape[1:]), step.result[0].numel()

    def _order(self, place: Tensor) -> Tensor:
        """Which of torch's numbers stands at each place of the page; each must be there once."""
        order = place.flatten().argsort()
        if not torch.equal(place.flatten()[order], torch.arange(self.size)):
            self._refuse(self.moved)
        return order


def _places(shape: tuple[int, ...]) -> Tensor:
    """Where the page has the numbers of a picture (C, H, W)."""
    channels, height, width = shape
    return torch.arange(channels * height * width).view(height, width, channels).permute(2, 0, 1)


def _short(values: Tensor) -> list[float]:
    """Seven digits, as many as float32 has."""
    return [float(f"{v:.7g}") for v in values.tolist()]
