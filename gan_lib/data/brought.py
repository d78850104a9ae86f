"""What people bring as pixels and labels → the book's form; what cannot be told for sure is refused in one sentence."""

from __future__ import annotations

import warnings
from collections.abc import Iterable

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, IterableDataset

from gan_lib.errors import BadInput, brief

CHANNELS = 4  # at most: grey, grey and alpha, RGB, RGBA
SLACK = 1e-3  # floats that leave their range by this little were rounded
MANY = 100_000  # a label above this is no number of a class


def as_pixels(given: object, labels: object = None) -> Tensor:
    """Whatever somebody calls pixels → uint8 (N, C, H, W) in 0…255, float32 (N, C, H, W) or points (N, d) in −1…1.

    What has this form already is returned as it is, on its device. Taken as well: arrays, PIL images, lists of any of
    these; channels last or no axis for them; bool and masks of 0 and 1 (they become 0 and 255), 16 bits, any whole
    numbers in 0…255, floats of any precision in −1…1, in 0…1 as `ToTensor` gives them, or in 0…255.

    Args:
        given: the pixels.
        labels: those that came with them; a single one tells that (C, H, W) is one picture.

    Raises:
        BadInput: anything else.
    """
    return _in_range(_in_layout(_tensor(given, "pixels"), _count(labels)))


def as_labels(given: object, n: int, classes: object, device: torch.device) -> tuple[Tensor, tuple[str, ...]]:
    """Whatever somebody calls labels, and the names of the classes → int64 (n,) on `device`, and the names.

    Args:
        given: None (all 0), numbers from 0 in any container, (n,) or (n, 1), one-hot rows (n, K), or names.
        n: how many pictures there are.
        classes: the names; None takes the labels' own: their names, or their numbers, or "all" where all are 0.
        device: that of the pixels.

    Raises:
        BadInput: anything else, and labels that do not fit n or the classes.
    """
    names, words = _names(classes), _words(given)
    if given is None:
        labels = torch.zeros(n, dtype=torch.int64, device=device)
    elif words is not None:
        names = names or tuple(sorted(set(words)))
        number = {name: i for i, name in enumerate(names)}
        for word in words:
            if word not in number:
                raise BadInput(f"the label {word!r} is none of the classes {', '.join(names)}; add it to classes.")
        labels = torch.tensor([number[word] for word in words])
    else:
        labels = _whole(_column(_tensor(given, "labels"), n))
    if labels.shape != (n,):
        raise BadInput(
            f"the labels have the shape {tuple(labels.shape)}, and there are {n:,} pictures or points; "
            "bring one label for each."
        )
    labels = labels.to(device, torch.int64)
    low, high = torch.stack(labels.aminmax()).tolist()
    if low < 0:
        raise BadInput(f"the labels begin at {low}; count the classes from 0.")
    if names and high >= len(names):
        raise BadInput(
            f"the labels reach {high} and there are {len(names)} classes (the first is 0); "
            f"give at least {high + 1} names, or number the labels anew."
        )
    if high > MANY:
        raise BadInput(
            f"the labels reach {high:,}; number the classes 0, 1, 2, …, for example by "
            "torch.unique(labels, return_inverse=True)[1]."
        )
    return labels, names or (tuple(map(str, range(high + 1))) if high else ("all",))


# ---------------------------------------------------------------------------- containers


def _tensor(given: object, what: str) -> Tensor:
    """Anything that holds numbers → a strided tensor of bool, of whole numbers or of floats, detached."""
    if isinstance(given, Tensor):
        return _plain(given, what)
    if isinstance(given, Image.Image):
        return _picture(given)[None]  # (1, C, H, W)
    if isinstance(given, bool | int | float):
        return torch.tensor(given)
    if isinstance(given, list | tuple | range):
        return _stacked(given, what)
    if hasattr(given, "__array__"):  # NumPy, and what turns into it: memory maps, data frames, HDF5, JAX
        return _from_numpy(np.asarray(given), what)
    if what == "labels":
        todo = "one whole number or one name for each picture, in a list or a tensor"
    elif isinstance(given, DataLoader | IterableDataset):
        todo = "a tensor of all pictures, for example torch.cat([x for x, _ in yours])"
    elif isinstance(given, Dataset):
        todo = "a tensor of all pictures, for example torch.stack([x for x, _ in yours])"
    elif isinstance(given, dict):
        todo = f"one of its values ({', '.join(map(repr, list(given)[:5]))})"
    elif isinstance(given, str) or hasattr(given, "__fspath__"):
        todo = "a list of the opened pictures, for example by PIL.Image.open"
    elif isinstance(given, Iterable):
        todo = "list(yours)"
    else:
        todo = "a tensor, an array or a list"
    raise BadInput(f"the {what} come as {type(given).__name__}; bring {todo}.")


def _plain(given: Tensor, what: str) -> Tensor:
    odd = given.is_quantized or given.is_complex() or given.is_meta or given.is_nested
    if odd or given.layout != torch.strided or given.dtype == torch.uint64:
        raise BadInput(
            f"the {what} are a tensor of {given.dtype} ({given.layout}, on {given.device}); bring plain numbers, "
            "for example torch.uint8 or torch.float32."
        )
    wider = {torch.uint16: torch.int32, torch.uint32: torch.int64}.get(given.dtype)  # torch cannot compare these
    if given.is_floating_point() and given.dtype != torch.float64:
        wider = torch.float32
    given = given.detach() if given.requires_grad else given
    return given if wider in (None, given.dtype) else given.to(wider)


def _from_numpy(array: np.ndarray, what: str) -> Tensor:
    if array.dtype.kind not in "buif":
        example = f", for example {str(array.flat[0])!r}" if array.size else ""
        raise BadInput(f"the {what} are an array of {array.dtype}{example}; bring numbers alone.")
    native = array.dtype.newbyteorder("=") if array.dtype.itemsize <= 8 else np.float64
    array = array.astype(native, copy=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a read-only array (a memory map, say) is fine: nobody writes into pixels
        try:
            return _plain(torch.from_numpy(array), what)
        except ValueError:  # negative strides
            return _plain(torch.from_numpy(array.copy()), what)


def _picture(image: Image.Image) -> Tensor:
    """PIL → (C, H, W); a palette, CMYK and the like become RGB or RGBA, one bit becomes grey."""
    try:
        if image.mode == "1":
            image = image.convert("L")
        elif image.mode not in ("L", "LA", "RGB", "RGBA", "F") and not image.mode.startswith("I"):
            has_alpha = "transparency" in image.info or image.mode in ("PA", "La", "RGBa")
            image = image.convert("RGBA" if has_alpha else "RGB")
        array = np.asarray(image)  # (H, W) or (H, W, C)
    except (OSError, ValueError) as error:
        name = getattr(image, "filename", "") or "a picture"
        raise BadInput(f"{name} cannot be decoded ({error}); leave it out, or get it anew.") from error
    return _from_numpy(array.reshape(*array.shape[:2], -1), "pixels").permute(2, 0, 1)


def _stacked(items: list | tuple | range, what: str) -> Tensor:
    first = items
    while isinstance(first, list | tuple | range) and len(first):
        first = first[0]
    if isinstance(first, list | tuple | range):
        raise BadInput(f"the {what} are an empty list; bring at least one.")
    if isinstance(first, bool | int | float | np.generic):
        try:
            array = np.array(items)
        except (ValueError, TypeError):
            pass  # not all of one length, which is said below
        else:
            return _from_numpy(array, what)
    if isinstance(items[0], tuple) and len(items[0]) == 2 and isinstance(items[0][1], int):
        raise BadInput(
            f"the {what} are pairs of picture and label; bring [x for x, _ in yours], and as labels the others."
        )
    parts = [_picture(item) if isinstance(item, Image.Image) else _tensor(item, what) for item in items]
    for i, part in enumerate(parts):
        for quality, mine, other in (("shape", part.shape, parts[0].shape), ("dtype", part.dtype, parts[0].dtype)):
            if mine != other:
                mine, other = (tuple(mine), tuple(other)) if quality == "shape" else (mine, other)
                raise BadInput(
                    f"the {what} differ: number 0 has the {quality} {other}, number {i} has {mine}; make them alike "
                    'first (for PIL images: image.convert("RGB").resize((64, 64))).'
                )
    return torch.stack([part.to(parts[0].device) for part in parts])


# ---------------------------------------------------------------------------- pixels


def _count(labels: object) -> int | None:
    try:
        return len(labels)
    except TypeError:
        return None


def _in_layout(pixels: Tensor, labels: int | None) -> Tensor:
    """→ (N, C, H, W) with 1…4 channels, or float points (N, d)."""
    shape = tuple(pixels.shape)
    if 0 in shape:
        raise BadInput(f"the pixels have the shape {shape}, so there is nothing in them; bring at least one picture.")
    if len(shape) == 4 and shape[1] <= CHANNELS:
        return pixels
    if len(shape) == 4 and shape[3] <= CHANNELS:
        return pixels.permute(0, 3, 1, 2).contiguous()
    if len(shape) == 3 and labels in (None, 1) and shape[2] <= CHANNELS < min(shape[:2]):
        return pixels.permute(2, 0, 1)[None].contiguous()  # one picture: nobody has pictures four pixels wide
    if len(shape) == 3:
        return pixels[None] if labels == 1 and shape[0] <= CHANNELS else pixels[:, None]
    if len(shape) == 2 and labels == 1 and shape[0] > 1:
        return pixels[None, None]
    if len(shape) == 2 and pixels.is_floating_point():
        return pixels
    if len(shape) == 4:
        todo = f"bring 1 to {CHANNELS} channels, as (N, C, H, W) or (N, H, W, C)"
    elif len(shape) == 2:
        todo = "make it (N, C, H, W): pixels[None, None] of one grey picture, reshape(-1, 1, 28, 28) of rows of 784"
    else:
        todo = "make it (N, C, H, W)"
    raise BadInput(f"the pixels have the shape {shape}; {todo}.")


def _in_range(pixels: Tensor) -> Tensor:
    """→ uint8 in 0…255, or float32 in −1…1."""
    if pixels.dtype == torch.bool:
        return pixels.to(torch.uint8) * 255
    if pixels.dtype == torch.uint8 and pixels[0].max() > 1:
        return pixels  # bytes, and no masks: one look at one picture says so
    points = pixels.ndim == 2
    low, high = torch.stack(pixels.aminmax()).tolist()  # NaN if there is one
    if not pixels.is_floating_point():
        return _bytes(pixels, low, high)
    if not np.isfinite([low, high]).all():
        bad = pixels.numel() - int(pixels.isfinite().sum())
        raise BadInput(f"of the {pixels.numel():,} pixel values {bad:,} are NaN or infinite; mend or leave those out.")
    if not points and low >= -SLACK and high <= 1 + SLACK:
        return pixels.to(torch.get_default_dtype()).mul(2).sub_(1).clamp_(-1, 1)
    if low >= -1 - SLACK and high <= 1 + SLACK:
        pixels = pixels.to(torch.get_default_dtype())
        return pixels if low >= -1 and high <= 1 else pixels.clamp(-1, 1)
    if points:
        raise BadInput(
            f"the points, {tuple(pixels.shape)}, reach from {low:.4g} to {high:.4g}; scale them into −1…1, "
            "for example by points / points.abs().max(), or reshape them to (N, C, H, W) if they are pictures."
        )
    if low >= -0.5 and 127 < high <= 255.5:
        return pixels.round().clamp_(0, 255).to(torch.uint8)
    raise BadInput(
        f"the pixels are floats from {low:.4g} to {high:.4g}; bring them in −1…1, in 0…1 as ToTensor does, "
        "or in 0…255 with something above 127."
    )


def _bytes(pixels: Tensor, low: int, high: int) -> Tensor:
    if (low, high) == (0, 1):
        return pixels.to(torch.uint8) * 255  # masks
    if low >= 0 and high <= 255:
        return pixels.to(torch.uint8)
    if low >= 0 and 2**15 <= high < 2**16:
        return pixels.float().div_(257).round_().to(torch.uint8)  # 16 bits: 65535 is white
    raise BadInput(
        f"the pixels are whole numbers from {low:,} to {high:,}; bring bytes in 0…255, or 16 bits in 0…65,535 of which "
        "the upper half is used."
    )


# ---------------------------------------------------------------------------- labels


def _names(classes: object) -> tuple[str, ...] | None:
    if classes is None:
        return None
    if isinstance(classes, str) or not isinstance(classes, Iterable) or getattr(classes, "ndim", 1) != 1:
        raise BadInput(f'classes is {brief(classes)}; give a list of names, for example ["cat", "dog"].')
    names = tuple(map(str, classes))
    for name in names:
        if names.count(name) > 1:
            raise BadInput(f"two classes are called {brief(name)}; give each its own name.")
    return names or None


def _words(given: object) -> list[str] | None:
    """The labels as names, or None if they are not names."""
    if hasattr(given, "__array__") and not isinstance(given, Tensor):
        array = np.asarray(given)
        given = array.tolist() if array.dtype.kind in "OTU" and array.ndim == 1 else None
    is_names = isinstance(given, list | tuple) and len(given) > 0 and all(isinstance(word, str) for word in given)
    return list(given) if is_names else None


def _column(labels: Tensor, n: int) -> Tensor:
    """(n, 1) and one-hot rows (n, K) → (n,)."""
    if labels.ndim != 2 or len(labels) != n:
        return labels
    if labels.shape[1] == 1:
        return labels[:, 0]
    one_hot = ((labels == 0) | (labels == 1)).all(1) & ((labels != 0).sum(1) == 1)  # (n,)
    if not one_hot.all():
        row = int(one_hot.int().argmin())
        raise BadInput(
            f"row {row} of the labels, {tuple(labels.shape)}, is not one 1 among zeros; bring one class each."
        )
    return labels.int().argmax(1)


def _whole(labels: Tensor) -> Tensor:
    if not labels.is_floating_point():
        return labels
    bad = ~(labels.isfinite() & (labels == labels.round()))
    if bad.any():
        raise BadInput(f"a label is {labels[bad].flatten()[0].item()}; bring whole numbers that count from 0.")
    return labels
