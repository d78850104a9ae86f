"""MNIST and Fashion-MNIST, from the folder `GAN_LIB_DATA`, the cache, or the network.

Only `.gz` files whose md5 is the official one are read, straight into memory: the folder is never written to, and what
lies in the cache is whole.
"""

from __future__ import annotations

import errno
import gzip
import hashlib
import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import interpolate

from gan_lib.data.cache import cache_folder
from gan_lib.data.images import ImageSet
from gan_lib.errors import BadData, one_of
from gan_lib.machine.device import known

if TYPE_CHECKING:
    from torchvision.datasets import MNIST

DATASETS = {"fashion-mnist": "FashionMNIST", "mnist": "MNIST"}  # torchvision's names
CONNECT_SECONDS = 10  # a silent firewall must not hold the reader up for minutes


class FallbackNotice(UserWarning):
    """The real data could not be had; scikit-learn's bundled digits stand in for it."""


def load(name: str, split: str = "train", device: str | torch.device = "cpu") -> ImageSet:
    """Load a whole data set onto `device`.

    The files come from the folder `GAN_LIB_DATA` (torchvision's layout) if that is set, else from the
    cache, else from the network. Where none of these has them, the digits fallback is used and a
    `FallbackNotice` is shown.

    Args:
        name: "fashion-mnist" or "mnist".
        split: "train" (60,000 images) or "test" (10,000).
        device: where the tensors shall live.

    Raises:
        BadInput: unknown name, split or device.
        BadData: a file is missing in `GAN_LIB_DATA`, or damaged, or the cache cannot be written.
    """
    one_of("data set", name, DATASETS)
    one_of("split", split, ("train", "test"))
    device = known(device)
    from torchvision import datasets  # takes more than a second, and most chapters only draw

    official = getattr(datasets, DATASETS[name])
    try:
        files = {file: _content(official, file, md5) for file, md5 in official.resources}
    except ConnectionError as error:
        told = (
            f"{name} is not here ({error}), so scikit-learn's 8×8 digits, enlarged to 28×28, stand in for it: "
            "set GAN_LIB_DATA to a folder that holds the data, or run again with a network."
        )
        warnings.warn(told, FallbackNotice, stacklevel=2)
        pixels, labels = _digits(split)
        return ImageSet("digits", pixels.to(device), labels, tuple(map(str, range(10))))
    part = "train" if split == "train" else "t10k"
    pixels, labels = (_idx(files[f"{part}-{kind}-ubyte.gz"]) for kind in ("images-idx3", "labels-idx1"))
    return ImageSet(name, pixels[:, None].to(device), labels, tuple(official.classes))


def _content(official: type[MNIST], file: str, md5: str) -> bytes:
    """One of the four files, whole and official."""
    folder = os.environ.get("GAN_LIB_DATA")
    given = Path(folder or "").expanduser() / official.__name__ / "raw" / file
    path = given if folder else _downloaded(official, file, md5)
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise BadData(
            f"{path} does not exist; put the official {official.__name__} .gz files there "
            "or unset GAN_LIB_DATA to download them."
        ) from error
    except OSError as error:
        raise BadData(
            f"{path} cannot be read ({error.strerror}); make it readable or choose another folder."
        ) from error
    if hashlib.md5(content, usedforsecurity=False).hexdigest() != md5:
        raise BadData(
            f"{path} is damaged or not the official {official.__name__} file "
            f"({len(content):,} bytes, md5 is not {md5}); delete it and get it anew."
        )
    return content


def _downloaded(official: type[MNIST], file: str, md5: str) -> Path:
    """Where the file lies in the cache; it is downloaded if it is missing or damaged. ConnectionError: no network."""
    import pooch
    from requests import RequestException

    cache, damaged = cache_folder() / official.__name__ / "raw", None
    download = pooch.HTTPDownloader(progressbar=True, timeout=CONNECT_SECONDS)
    for mirror in official.mirrors:
        try:
            return Path(pooch.retrieve(mirror + file, f"md5:{md5}", file, cache, downloader=download))
        except RequestException:
            continue
        except ValueError as error:  # pooch's word for another md5
            damaged = error
        except OSError as error:
            reason = getattr(error.__cause__, "strerror", None) or error.strerror or error  # pooch wraps some
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                problem = f"has no room for {official.__name__} ({reason}); free some space, "
            else:
                problem = f"cannot be read or written ({reason}); "
            raise BadData(
                f"{cache} {problem}set XDG_CACHE_HOME to another folder, or GAN_LIB_DATA to one that holds the data."
            ) from error
    if damaged:
        raise BadData(f"The download of {official.__name__} came back damaged; try again later.") from damaged
    raise ConnectionError(f"no mirror of {official.__name__} could be reached")


def _idx(packed: bytes) -> Tensor:
    """A file in the official format (two zeros, the type, the number of axes, their lengths, the bytes) → uint8."""
    content = bytearray(gzip.decompress(packed))
    axes = content[3]
    shape = np.frombuffer(content, ">u4", axes, offset=4)
    return torch.from_numpy(np.frombuffer(content, np.uint8, offset=4 + 4 * axes).reshape(shape))


def _digits(split: str) -> tuple[Tensor, Tensor]:
    """scikit-learn's 1,797 digits as (N, 1, 28, 28) uint8: the first 1,500 to train, the rest to test."""
    from sklearn.datasets import load_digits  # slow to import, and hardly ever needed

    digits = load_digits()
    rows = slice(0, 1500) if split == "train" else slice(1500, None)
    small = torch.tensor(digits.images[rows], dtype=torch.float32)[:, None] * (255 / 16)  # (N, 1, 8, 8)
    large = interpolate(small, size=28, mode="bilinear")  # (N, 1, 28, 28)
    return large.round().to(torch.uint8), torch.tensor(digits.target[rows])
