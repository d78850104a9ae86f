"""What every test shares: the static face, a tiny data set, a tiny recipe and a tiny recorded run."""

import os
from dataclasses import replace

os.environ["GAN_LIB_STATIC"] = "1"  # as when notebooks are produced; nbval's kernels inherit it

if "GAN_LIB_DATA" in os.environ:  # the chapters run in book/, where a relative folder means another one
    os.environ["GAN_LIB_DATA"] = os.path.abspath(os.environ["GAN_LIB_DATA"])

import pytest
import torch

from gan_lib import runs
from gan_lib.data import ImageSet
from gan_lib.recipes import MLP_FASHION

torch.set_num_threads(1)  # tiny tensors: more threads only wait for each other


@pytest.fixture(scope="session")
def images():
    """64 random pictures."""
    rng = torch.Generator().manual_seed(0)
    pixels = torch.randint(256, (64, 1, 28, 28), generator=rng, dtype=torch.uint8)
    return ImageSet("random", pixels, torch.arange(64) % 10, tuple("0123456789"))


@pytest.fixture(scope="session")
def tiny():
    """A recipe that takes a moment."""
    return replace(MLP_FASHION, name="tiny", about="for tests", batch_size=8, steps=12, milestones=(0, 5), log_every=5)


@pytest.fixture
def run(tmp_path, images, tiny):
    """A recorded run in tmp_path / "tiny"."""
    return runs.record(tiny, images, tmp_path / "tiny", show_progress=False)
