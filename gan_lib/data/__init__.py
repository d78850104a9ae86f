"""Pictures and points as one tensor on the device, and the batches cut from it."""

from gan_lib.data.folder import NotKeptNotice, folder
from gan_lib.data.images import ImageSet, ResizedNotice, ShuffledIndices, resize, to_pixels, to_range
from gan_lib.data.official import DATASETS, FallbackNotice, load

__all__ = [
    "DATASETS",
    "FallbackNotice",
    "ImageSet",
    "NotKeptNotice",
    "ResizedNotice",
    "ShuffledIndices",
    "folder",
    "load",
    "resize",
    "to_pixels",
    "to_range",
]
