"""What every test shares: the static face, a tiny data set, tiny recipes and a tiny recorded run."""

import asyncio
import multiprocessing
import os
import re
from dataclasses import replace
from threading import RLock

os.environ["GAN_LIB_STATIC"] = "1"  # as when notebooks are produced; nbval's kernels inherit it
if "PYTEST_XDIST_WORKER" in os.environ:  # one core for each worker, and for the kernels that it starts
    os.environ.setdefault("OMP_NUM_THREADS", "1")

if "GAN_LIB_DATA" in os.environ:  # the chapters run in book/, where a relative folder means another one
    os.environ["GAN_LIB_DATA"] = os.path.abspath(os.environ["GAN_LIB_DATA"])

import pytest
import torch
from jupyter_client.provisioning import local_provisioner
from tqdm import tqdm

from gan_lib.data import ImageSet
from gan_lib.runs import recorder as recording
from gan_lib.training.recipes import (
    ACGAN_FASHION,
    CGAN_MNIST,
    MLP_FASHION,
    WGAN_FASHION,
    WGAN_GP_FASHION,
    for_pictures,
)

# Tiny tensors: more threads only wait for each other. CONTRIBUTING says how to try the tests with two.
THREADS = int(os.environ.get("TEST_THREADS", "1"))
torch.set_num_threads(THREADS)

# Processes that can be killed: forked from one that has imported torch and never trained, so that each starts at once.
FORKS = multiprocessing.get_context("forkserver")
# None of tests/ among them: the process may begin in a test's own folder, where `tests` would be torch-fidelity's.
FORKS.set_forkserver_preload(
    ["gan_lib.__main__", "pytest", "jupyter_client.provisioning", "torchvision.datasets", "ipykernel.kernelapp"]
)
tqdm.set_lock(RLock())  # its own is a semaphore, which a killed process would leave behind

FEW = {"about": "for tests", "batch_size": 8, "steps": 12, "milestones": (0, 5), "log_every": 5}
WIDTH_4 = {"generator_args": {"features": 4}, "discriminator_args": {"features": 4, "batch_norm": False}}
TINY = {
    "mlp": replace(MLP_FASHION, name="tiny", **FEW),
    "cgan": replace(
        CGAN_MNIST,
        **FEW,
        name="tiny-cgan",
        dataset="fashion-mnist",
        generator_args={"width": 8},
        discriminator_args={"width": 8},  # and dropout 0.3, as the recipe has it
    ),
    "acgan": replace(  # with an average of G, in bfloat16
        ACGAN_FASHION,
        **FEW,
        name="tiny-acgan",
        generator_args={"features": 4},
        discriminator_args={"features": 4},
        ema=0.9,
    ),
    "wgan": replace(WGAN_FASHION, **FEW, name="tiny-wgan", **WIDTH_4, d_steps=3, lr_g=1e-3, lr_d=1e-3, bfloat16=False),
    "few": replace(  # pictures that are seen otherwise each time
        for_pictures("dcgan", (1, 32, 32), 64, few=True),
        **FEW,
        name="tiny-few",
        dataset="fashion-mnist",
        generator_args={"side": 32, "features": 2, "channels": 1},
        discriminator_args={"side": 32, "features": 2, "channels": 1},
    ),
    "wgan-gp": replace(WGAN_GP_FASHION, **FEW, name="tiny-wgan-gp", **WIDTH_4, d_steps=2, bfloat16=False),
}


def random_images():
    """64 random pictures."""
    rng = torch.Generator().manual_seed(0)
    pixels = torch.randint(256, (64, 1, 28, 28), generator=rng, dtype=torch.uint8)
    return ImageSet("random", pixels, torch.arange(64) % 10, tuple("0123456789"))


@pytest.fixture
def no_running_loop():
    """No event loop runs here, as in a script; Playwright, where it was used before in this process, leaves its own."""
    running = asyncio._get_running_loop()
    asyncio._set_running_loop(None)
    yield
    asyncio._set_running_loop(running)


@pytest.fixture(scope="session")
def images():
    """64 random pictures."""
    return random_images()


@pytest.fixture(scope="session")
def tiny():
    """A recipe that takes a moment."""
    return TINY["mlp"]


@pytest.fixture
def run(tmp_path, images, tiny):
    """A recorded run in tmp_path / "tiny"."""
    return recording.record(tiny, images, tmp_path / "tiny", show_progress=False)


def pytest_configure(config):
    from tests.forked import Kernel  # which needs this module

    local_provisioner.launch_kernel = Kernel  # nbval's kernels start at once


# ------------------------------------------------------------------------------------------ two workers


TOGETHER = ("tests/chapters/test_autoencoder.py", "tests/machine/test_device.py")  # they share a training, a process


def unit(nodeid: str) -> str:
    """What one worker does in a row: a notebook, a file of browser tests with one kind of address, or one test."""
    path, _, test = nodeid.partition("::")
    if path.endswith(".ipynb"):
        return path  # its cells share a kernel
    address = re.search(r"\[(http|file)\b", test)
    if address and path.startswith("tests/browser/"):
        return f"{path} {address[1]}"  # they share pages
    return path if path in TOGETHER else nodeid


# The long units first, so that the workers end together; but before the pages are needed, the one that builds them.
# Notebooks before the browser: its event loop is not for a kernel's client.
ORDER = (
    r"book/.*ipynb",
    r".*test_every_page_of_the_contents_is_built",
    r".*test_the_chapter_trains_itself",
    r"tests/browser/test_explorers.* http$",
    r"tests/browser/.* (http|file)$",
    r"tests/browser/",
    r"tests/",
)


def pytest_collection_modifyitems(items):
    def place(item):
        return next((i for i, pattern in enumerate(ORDER) if re.match(pattern, unit(item.nodeid))), len(ORDER))

    items.sort(key=place)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    from xdist.scheduler import LoadScopeScheduling

    class Units(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            return unit(nodeid)

    return Units(config, log)


def pytest_terminal_summary(terminalreporter):
    """What the tests measured, and do not judge, in whichever process they ran."""
    properties = [pair for report in terminalreporter.getreports("") for pair in report.user_properties]
    lines = [text for name, text in properties if name == "measured"]
    if lines:
        terminalreporter.section("measured")
        for line in lines:
            terminalreporter.write_line(line)
