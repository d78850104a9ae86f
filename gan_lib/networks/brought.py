"""How a generator that somebody brings wants its z and gives its pictures: found out once, by a small trial."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from copy import deepcopy
from dataclasses import dataclass, replace
from itertools import chain, product
from math import isqrt, prod
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot
from torch.overrides import TorchFunctionMode

from gan_lib.errors import BadInput, brief, one_line
from gan_lib.machine.given import counted
from gan_lib.machine.rng import isolated_rng
from gan_lib.networks.checks import at_least_float32, check_labels_without_waiting, check_z, evaluating

CPU = torch.device("cpu")
MOST_CHANNELS = 4  # an axis that is longer is no axis of channels, unless `image_shape` says so
NAMELESS = "{} does not say how long its z is; set it first, for example G.latent_dim = 100."
TOO_FAR = 2.0  # pictures run from −1 to 1; a generator without tanh may step a little over that


@dataclass(frozen=True)
class Drawer:
    """A generator, called as the book's own are: z (B, latent_dim), and labels → pictures (B, C, H, W) in −1…1.

    The call can be differentiated, and leaves the network's mode alone. Bits are those of the network itself wherever
    it is like the book's own.

    Attributes:
        network: what is called, on its own device and in its own precision.
        latent_dim: length of z.
        image_shape: (C, H, W).
        classes: how many labels there are; 0 if it takes none.
        names: what the classes are called; empty if the network does not say.
        maps: it wants z as (B, latent_dim, 1, 1).
        one_hot: it wants labels as (B, classes).
        channels_last: it gives (B, H, W, C).
        unit: it gives 0…1.
        odd_shape: it gives neither (B, C, H, W) nor (B, H, W, C).
        flaw: why its numbers are no pictures, in a sentence; empty if they are.
    """

    network: Callable[..., Tensor]
    latent_dim: int
    image_shape: tuple[int, ...]
    classes: int = 0
    names: tuple[str, ...] = ()
    maps: bool = False
    one_hot: bool = False
    channels_last: bool = False
    unit: bool = False
    odd_shape: bool = False
    flaw: str = ""

    def __call__(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """z float (B, latent_dim), labels int64 (B,) with classes only → float32 (float64 from a network in float64).

        Raises:
            BadInput: z has another shape, or labels are missing or not wanted.
        """
        check_z(z, self.latent_dim)
        if (labels is None) == bool(self.classes):
            wanted = f"one of 0…{self.classes - 1} for each z" if self.classes else "none"
            raise BadInput(
                f"{'no labels' if labels is None else 'labels'} were given, and {_name(self.network)} takes {wanted}."
            )
        if labels is not None:
            check_labels_without_waiting(labels, self.classes, len(z))
        images = at_least_float32(self.network(*self._inputs(z, labels)))
        if self.channels_last:
            channels, *sides = self.image_shape
            images = images.reshape(len(z), *sides, channels).movedim(3, 1)
        elif images.shape[1:] != self.image_shape:
            images = images.reshape(len(z), *self.image_shape)
        return images * 2 - 1 if self.unit else images

    def _inputs(self, z: Tensor, labels: Tensor | None) -> list[Tensor]:
        """On the network's device, in its precision and its shapes."""
        weight = _a_weight(self.network)
        if weight is not None:
            z, labels = z.to(weight.device, weight.dtype), None if labels is None else labels.to(weight.device)
        inputs = [z[:, :, None, None] if self.maps else z]
        if labels is not None:
            inputs.append(one_hot(labels, self.classes).to(z.dtype) if self.one_hot else labels)
        return inputs

    @torch.no_grad()
    def draw(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """The same in eval mode, without gradients."""
        with self.evaluating():
            return self(z, labels)

    @contextmanager
    def evaluating(self) -> Iterator[None]:
        """The network is in eval mode inside the `with`."""
        with evaluating(self.network) if isinstance(self.network, nn.Module) else nullcontext():
            yield

    def sound(self) -> Drawer:
        """Itself. BadInput: its numbers are no pictures (not finite, or far outside −1…1)."""
        if self.flaw:
            raise BadInput(self.flaw)
        return self

    def exact(self) -> Drawer:
        """A copy on the CPU, in float64 and eval mode: its pictures are the same on every machine."""
        if not isinstance(self.network, nn.Module):
            return self
        return replace(self, network=deepcopy(self.network).cpu().double().eval())

    def module(self) -> nn.Module:
        """The network itself, or, where it is not like the book's own, a module around it that is."""
        network, kept = self.network, {"latent_dim": self.latent_dim, "classes": self.classes}
        said = {name: getattr(network, name, 0) for name in kept}
        odd = self.odd_shape or self.maps or self.one_hot or self.channels_last or self.unit or said != kept
        return _Alike(self) if odd or not isinstance(network, nn.Module) else network

    def labels(self, label: int | None, n: int) -> Tensor | None:
        """One label n times, int64 (n,); None without classes.

        Raises:
            BadInput: a label that the network does not have, or none where it needs one.
        """
        if label is None and not self.classes:
            return None
        number = counted(label)
        if number is None or not 0 <= number < self.classes:
            allowed = f"choose 0…{self.classes - 1}" if self.classes else "this generator takes no labels"
            raise BadInput(f"label {brief(label)} is not possible; {allowed}.")
        return torch.full((n,), number)

    @property
    def device(self) -> torch.device:
        """Where its weights lie; the CPU if it has none."""
        weight = _a_weight(self.network)
        return CPU if weight is None else weight.device


class _Alike(nn.Module):
    """A drawer as a module that is called, and moved about, like the book's own."""

    def __init__(self, drawer: Drawer):
        super().__init__()
        self.network, self.drawer = drawer.network, replace(drawer, network=None)
        self.latent_dim, self.classes, self.image_shape = drawer.latent_dim, drawer.classes, drawer.image_shape
        self.__class__ = type(_name(drawer.network), (_Alike,), {})  # what is said of it names the network

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """As `Drawer.__call__`."""
        return replace(self.drawer, network=self.network)(z, labels)


def brought(generator: object) -> Drawer:
    """Any generator as one of the book's own: what it does not say of itself is tried out, on a copy and a few z.

    Args:
        generator: z (B, n) or (B, n, 1, 1), and class numbers or one-hot labels if it has `classes` (how many, or their
            names) → pictures (B, C, H, W), (B, H, W, C), (B, H, W), or flat; in any precision, in −1…1 or 0…1. It
            should say `latent_dim`; if not, its first layer decides. A run is taken for its generator.

    Raises:
        BadInput: it is no generator, or the trial failed; the sentence says what is missing.
    """
    if isinstance(generator, Drawer):
        return generator
    network = _callable(generator)
    said = network
    if isinstance(network, nn.DataParallel | nn.parallel.DistributedDataParallel):
        network = network.module  # the pictures of one reader need no second device

    def attribute(name: str) -> object:
        return getattr(said, name, getattr(network, name, None))

    classes, names = _classes(attribute("classes"), network)
    told = attribute("latent_dim")
    latent_dim = _first_layers(network, classes) if told is None else _whole(told, network)
    if latent_dim is None:
        raise BadInput(NAMELESS.format(_name(network)))
    drawer = Drawer(network, latent_dim, _shape(attribute("image_shape")), classes, names)
    by_the_book = type(network).__module__.startswith("gan_lib.") and told is not None and drawer.image_shape
    return drawer if by_the_book else _tried(drawer, guessed=told is None)


def _callable(generator: object) -> Callable[..., Tensor]:
    """What can be called, out of what was given."""
    if hasattr(generator, "drawable"):  # a recorded run
        generator = generator.drawable()
    if isinstance(generator, Mapping):
        cure = "build the network and fill it first, with G.load_state_dict(…)"
    elif isinstance(generator, type):
        cure = f"make one first, for example G = {generator.__name__}()"
    elif isinstance(generator, str | Path):
        cure = f"load the run first, runs.load({str(generator)!r}).generator"
    elif not callable(generator):
        cure = "give a network"
    else:
        return generator
    raise BadInput(f"a generator is needed and {type(generator).__name__} is none; {cure}.")


def _name(network: object) -> str:
    return getattr(network, "__name__", type(network).__name__)


def _classes(given: object, network: object) -> tuple[int, tuple[str, ...]]:
    """(how many, their names if they are known)."""
    if given is None:
        return 0, ()
    if isinstance(given, Sequence) and not isinstance(given, str):
        return len(given), tuple(map(str, given))
    count = counted(given)
    if count is None or count < 0:
        raise BadInput(f"{_name(network)}.classes is {brief(given)}; say how many classes there are, or name them.")
    return count, ()


def _shape(given: object) -> tuple[int, ...]:
    """What the network says of its pictures, (C, H, W); empty if nothing."""
    found = tuple(map(int, given)) if isinstance(given, Sequence) else ()
    return (1, *found) if len(found) == 2 else found


def _whole(latent_dim: object, network: object) -> int:
    length = counted(latent_dim)
    if length is None or length < 1:
        raise BadInput(f"{_name(network)}.latent_dim is {brief(latent_dim)}; it should be a whole number from 1 on.")
    return length


def _first_layers(network: object, classes: int) -> int | None:
    """How many numbers the first layer takes; None where labels may be among them, or it is of another kind."""
    layers = network.modules() if isinstance(network, nn.Module) else ()
    match next((layer for layer in layers if list(layer.parameters(recurse=False))), None):
        case nn.Linear(in_features=n) | nn.ConvTranspose2d(in_channels=n) if not classes:
            return n
    return None


def _a_weight(network: object) -> Tensor | None:
    """One that tells device and precision."""
    if not isinstance(network, nn.Module):
        return None
    return next((t for t in chain(network.parameters(), network.buffers()) if t.is_floating_point()), None)


# ------------------------------------------------------------------------------------------------- the trial


class LastActivation(TorchFunctionMode):
    """Notes the last function that decides a range, whether a layer or a line of `forward` called it."""

    name = ""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        name = getattr(func, "__name__", "").strip("_")
        if name in ("tanh", "sigmoid", "hardtanh", "hardsigmoid", "relu", "softmax", "clamp", "clip"):
            self.name = name
        return func(*args, **(kwargs or {}))


def _tried(drawer: Drawer, *, guessed: bool) -> Drawer:
    """The same with all that the trial shows, in the first way to call the network that works."""
    network, latent_dim, said = drawer.network, drawer.latent_dim, drawer.image_shape
    try:
        trial = deepcopy(network)  # so that nothing it keeps (statistics, lists) is changed
    except Exception:  # some modules cannot be copied
        trial = network
    n = 4 if latent_dim == 3 else 3  # not the length of z, so that nothing fits by chance
    z = torch.randn(n, latent_dim, generator=torch.Generator().manual_seed(0))  # (n, latent_dim)
    labels = torch.arange(n) % drawer.classes if drawer.classes else None
    ways = product((False, True), (False, True) if drawer.classes else (False,))
    errors, activation = [], LastActivation()
    drawer = replace(drawer, network=trial)
    with torch.no_grad(), isolated_rng(0, drawer.device), drawer.evaluating():
        for maps, one_hot_labels in sorted(ways, key=lambda way: way[0] != _convolves_first(trial)):
            drawer = replace(drawer, maps=maps, one_hot=one_hot_labels)
            try:
                with activation:
                    found = trial(*drawer._inputs(z, labels))
                break
            except Exception as error:  # it is somebody else's code: anything may come
                errors.append(error)
        else:
            raise BadInput(_why_not(drawer, z, labels, errors[0], guessed)) from errors[0]
    shape, channels_last = _layout(_pictures(found, network, n), said, network)
    low, high = found.min().item(), found.max().item()
    unit = 0 <= low < high <= 1 and activation.name != "tanh"
    flaw = ""
    if not found.isfinite().all():
        flaw = f"{_name(network)} draws numbers that are not finite (NaN or infinite); load other weights."
    elif max(-low, high) > TOO_FAR:
        flaw = (
            f"{_name(network)} draws numbers from {low:.3g} to {high:.3g}, and pictures run from −1 to 1; "
            "let it end with tanh, or scale what it gives."
        )
    odd = found.ndim != 1 + len(shape)
    return replace(
        drawer, network=network, image_shape=shape, channels_last=channels_last, unit=unit, odd_shape=odd, flaw=flaw
    )


def _convolves_first(network: object) -> bool:
    layers = network.modules() if isinstance(network, nn.Module) else ()
    first = next((layer for layer in layers if list(layer.parameters(recurse=False))), None)
    return isinstance(first, nn.ConvTranspose2d | nn.Conv2d)


def _why_not(drawer: Drawer, z: Tensor, labels: Tensor | None, error: Exception, guessed: bool) -> str:
    """The sentence for a network that could be called in no way: the likely cause, or torch's own words."""

    def works(*inputs: Tensor) -> bool:
        try:
            return isinstance(drawer.network(*inputs), Tensor)
        except Exception:
            return False

    name, vector = _name(drawer.network), replace(drawer, maps=False, one_hot=False)
    inputs = vector._inputs(z, labels)
    if labels is not None and works(*inputs[::-1]):
        return f"{name} takes (labels, z); the book calls generator(z, labels), so wrap it or swap them in its forward."
    if labels is not None and works(inputs[0]):
        return f"{name} says it has {drawer.classes} classes and takes no labels; delete its `classes`."
    if labels is None and works(inputs[0], torch.zeros(len(z), dtype=torch.int64, device=inputs[0].device)):
        return f"{name} wants labels and does not say how many classes it has; set it, for example G.classes = 10."
    if guessed:
        return NAMELESS.format(name)
    beside = " with labels" if drawer.classes else ""
    return (
        f"{name} could not draw from z of shape (B, {z.shape[1]}) or (B, {z.shape[1]}, 1, 1){beside} "
        f"({type(error).__name__}: {one_line(error)}); check its latent_dim and its forward."
    )


def _pictures(found: object, network: object, n: int) -> Tensor:
    """BadInput unless it is one tensor of floats that holds n pictures."""
    if not isinstance(found, Tensor):
        raise BadInput(f"{_name(network)} gives a {type(found).__name__}; let it give one tensor of pictures.")
    if not found.is_floating_point():
        raise BadInput(f"{_name(network)} gives {found.dtype}; let it give floats in −1…1.")
    if found.ndim < 2 or len(found) != n or not found.numel():
        raise BadInput(
            f"{_name(network)} gives shape {tuple(found.shape)} for {n} z; let it give one picture each, (B, C, H, W)."
        )
    return found


def _layout(images: Tensor, said: tuple[int, ...], network: object) -> tuple[tuple[int, ...], bool]:
    """((C, H, W), whether the channels come last)."""
    found = tuple(images.shape[1:])
    if said and prod(said) == prod(found) and (len(found) < 3 or found == said):
        found = said
    if len(found) == 1 and found != said:
        side = isqrt(found[0])
        if side * side != found[0]:
            raise BadInput(
                f"{_name(network)} gives {found[0]:,} numbers in a row and does not say what picture they are; "
                "set its shape first, for example G.image_shape = (3, 32, 32)."
            )
        found = (1, side, side)
    if len(found) == 2:
        found = (1, *found)
    if len(found) == 3:
        last = (found[2], *found[:2])
        if found[0] <= MOST_CHANNELS and last != said:
            return found, False
        if found[2] <= MOST_CHANNELS:
            return last, True
    if found == said:
        return found, False
    raise BadInput(
        f"{_name(network)} gives shape {tuple(images.shape)}; (B, C, H, W) with C up to {MOST_CHANNELS} is needed."
    )
