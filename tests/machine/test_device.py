"""What a reader does with a GPU, on the device of tests/fake_device.py, which stands in for one."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import nbformat
import pytest
import torch
from packaging.version import Version
from torch import nn

from gan_lib import data, runs
from gan_lib.chapters import autoencoder, wardrobe
from gan_lib.data import ImageSet, to_range
from gan_lib.machine import device
from gan_lib.networks.points import PointDiscriminator, PointGenerator
from gan_lib.scores import metrics
from gan_lib.show import latent
from gan_lib.training import train
from gan_lib.training.state import State
from gan_lib.widgets import live_latent
from tests import fake_device
from tests.conftest import TINY, random_images
from tests.states import flat

ROOT = Path(__file__).parents[2]
if Version(torch.__version__).release < (2, 15):  # 2.8 does not have it; those between were not tried
    pytest.skip("the fake device is written for torch 2.15 and newer", allow_module_level=True)


@pytest.fixture(scope="module")
def elsewhere():
    """(function, *arguments) → its result, from a process that has a second device."""
    with fake_device.process() as run:
        yield run


def images_on(place: torch.device | str, size: int = 28) -> ImageSet:
    images = random_images()
    moved = ImageSet("fashion-mnist", images.pixels.to(place), images.labels.to(place), images.classes)
    return moved.resized(size)


# ------------------------------------------------------------------------------------ the device itself


def _evaluated(line: str) -> list[str]:
    """The operations that waited in one line, in which x lies on the device and c on the CPU."""
    names = {"x": torch.arange(3.0, device=fake_device.device), "c": torch.ones(3), "torch": torch}
    before = len(fake_device.waits)
    eval(line, names | {"device": fake_device.device})
    return fake_device.waits[before:]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("x + c", "same device"),
        ("c.add_(x)", "same device"),
        ("torch.nn.Linear(3, 1).to(device)(c)", "same device"),
        ("torch.stack([x.sum(), torch.tensor(1.0)])", "same device"),
        ("torch.tensor(1.0).add_(x.sum())", "same device"),
        ("torch.randn(3, device=device, generator=torch.Generator())", "its own device only"),
        ("torch.randn(3, generator=torch.Generator(device))", "its own device only"),
        ("x.numpy()", "numpy"),
    ],
)
def test_the_fake_device_refuses_what_a_gpu_refuses(elsewhere, line, says):
    with pytest.raises((RuntimeError, TypeError), match=says):
        elsewhere(_evaluated, line)


@pytest.mark.parametrize(
    "line",
    [
        "x.cpu()",
        "c.to(x)",
        "x.copy_(c)",
        "c.copy_(x)",
        "x.tolist()",
        "x.sum().item()",
        "bool(x.any())",
        "x[x > 1]",
        "x.nonzero()",
        "x.unique()",
        "torch.allclose(x, x)",
        "torch.equal(x, x)",
    ],
)
def test_the_fake_device_counts_what_waits_for_a_gpu(elsewhere, line):
    assert elsewhere(_evaluated, line)


@pytest.mark.parametrize(
    "line", ["x.sum() / 2", "torch.ones_like(x)", "x[x.long()]", "x.clamp_(0, 1).add_(x)", "x + torch.tensor(1.0)"]
)
def test_the_fake_device_counts_nothing_else(elsewhere, line):
    assert elsewhere(_evaluated, line) == []


# ------------------------------------------------------------------------------------------ training on it

# Without what the CPU computes in another way: dropout's mask, bfloat16.
ALIKE = {name: replace(recipe, bfloat16=False) for name, recipe in TINY.items()}
ALIKE["cgan"] = replace(ALIKE["cgan"], discriminator_args=TINY["cgan"].discriminator_args | {"dropout": 0.0})


def _trained(name: str, place: str, dtype: torch.dtype = torch.float32) -> dict[str, torch.Tensor]:
    """All tensors of a training's end, computed in that type."""
    images = images_on(place, ALIKE[name].image_size)
    torch.set_default_dtype(dtype)
    try:
        images = replace(images, pixels=to_range(images.pixels).to(dtype))
        state = State(ALIKE[name], len(images.pixels), place)
        train(state, images, show_progress=False)
    finally:
        torch.set_default_dtype(torch.float32)
    return flat(state.as_dict())


def _trained_contiguously(place: str) -> dict[str, torch.Tensor]:
    """With BatchNorm, and kernels that lie as on MPS."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("gan_lib.training.state.memory_format", lambda place: torch.contiguous_format)
        return _trained("acgan", place)


def _assert_same_bits(found: dict[str, torch.Tensor], expected: dict[str, torch.Tensor]) -> None:
    assert found.keys() == expected.keys()
    assert [key for key, value in expected.items() if not torch.equal(found[key], value)] == []


@pytest.mark.parametrize("name", sorted(TINY.keys() - {"wgan-gp"}))
def test_a_training_ends_with_the_cpus_bits(elsewhere, name):
    _assert_same_bits(elsewhere(_trained, name, "fake"), elsewhere(_trained, name, "cpu"))


def test_a_training_with_contiguous_kernels_ends_with_the_cpus_bits(elsewhere):
    _assert_same_bits(elsewhere(_trained_contiguously, "fake"), elsewhere(_trained_contiguously, "cpu"))


def test_a_training_with_penalty_ends_as_on_the_cpu(elsewhere):
    """But for the last bits, because torch takes a gradient of a gradient by other steps there: so in float64."""
    found, expected = (elsewhere(_trained, "wgan-gp", place, torch.float64) for place in ("fake", "cpu"))
    assert expected["generator.model.0.weight"].dtype == torch.float64
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-6)


def _resumed(name: str) -> list[dict[str, torch.Tensor]]:
    """How 12 updates end, and 5 with 7 more after a pass through the tensors of a checkpoint.

    Both after an update that does not count: torch orders a gradient of a gradient by numbers that each of its threads
    counts for itself from 0, so the sums of a process's first update may differ in their last bits.
    """
    images, ends = images_on(fake_device.device, TINY[name].image_size), []
    train(State(TINY[name], len(images.pixels), fake_device.device), images, steps=1, show_progress=False)
    for parts in ((12,), (5, 12)):
        values = None
        for steps in parts:
            state = State(TINY[name], len(images.pixels), fake_device.device)
            if values:
                state.restore(values)
            train(state, images, steps=steps, show_progress=False)
            values = state.as_dict()
        ends.append(flat(values))
    return ends


@pytest.mark.parametrize("name", ["cgan", "wgan-gp", "acgan"])
def test_a_resumed_training_draws_the_same_numbers(elsewhere, name):
    """The first two also dropout's and the penalty's, from the device's global generator; the third has an average."""
    _assert_same_bits(*elsewhere(_resumed, name))


def _waits_of_training(name: str) -> list[int]:
    recipe = replace(TINY[name], log_every=1)
    images = images_on(fake_device.device, recipe.image_size)
    state, counts = State(recipe, len(images.pixels), fake_device.device), []
    train(state, images, watch=lambda: counts.append(len(fake_device.waits)), show_progress=False)
    return [after - before for before, after in pairwise(counts)]


@pytest.mark.parametrize("name", TINY)
def test_the_loop_waits_after_its_last_update_alone(elsewhere, name):
    *during, last = elsewhere(_waits_of_training, name)
    assert during == [0] * (TINY[name].steps - 1)
    assert last > 0  # the losses are looked at


def _waits_in_backward() -> int:
    x = torch.ones(3, device=fake_device.device, requires_grad=True)
    x.register_hook(lambda gradient: gradient * gradient.sum().item())
    before = len(fake_device.waits)
    x.square().sum().backward()
    return len(fake_device.waits) - before


def test_a_wait_in_the_backward_pass_is_counted(elsewhere):
    assert elsewhere(_waits_in_backward) == 1


def _waits_of_points() -> int:
    G, D = (network(classes=3).to(fake_device.device) for network in (PointGenerator, PointDiscriminator))
    labels = torch.arange(6, device=fake_device.device) % 3
    before = len(fake_device.waits)
    D(G(torch.zeros(6, 2, device=fake_device.device), labels), labels)
    return len(fake_device.waits) - before


def test_the_networks_of_the_plane_wait_for_no_label(elsewhere):
    assert elsewhere(_waits_of_points) == 0


# ----------------------------------------------------------------------------------- random numbers, memory


def _train() -> None:
    images = images_on(fake_device.device)
    train(State(TINY["cgan"], len(images.pixels), fake_device.device), images, show_progress=False)


def _draw_first_weights() -> None:
    TINY["mlp"].build()


def _load_a_judge() -> None:
    metrics.judge.__wrapped__("fashion-mnist", 28)


def _seed_them() -> None:
    torch.manual_seed(0)


def _next_numbers(action: Callable[[], None] | None) -> list[torch.Tensor]:
    torch.manual_seed(1)
    if action:
        action()
    return [torch.randn(8), torch.randn(8, device=fake_device.device).cpu()]


@pytest.mark.parametrize("action", [_train, _draw_first_weights, _load_a_judge])
def test_the_random_numbers_of_both_devices_are_left_alone(elsewhere, action):
    for found, expected in zip(elsewhere(_next_numbers, action), elsewhere(_next_numbers, None), strict=True):
        assert torch.equal(found, expected)


def test_seeding_torch_would_be_noticed(elsewhere):
    for found, expected in zip(elsewhere(_next_numbers, _seed_them), elsewhere(_next_numbers, None), strict=True):
        assert not torch.equal(found, expected)


# ------------------------------------------------------------------------------- what readers do with it


def _chapters_that_train() -> list[Path]:
    """Those whose TRAIN=True picks a device."""
    return [path for path in sorted(ROOT.glob("book/*.ipynb")) if "device.pick()" in path.read_text(encoding="utf-8")]


def _trained_by_its_cell(chapter: Path, folder: Path) -> list[dict]:
    """Run a chapter's imports and its cell of TRAIN, with one update; the cards of its runs."""
    cells = [cell for cell in nbformat.read(chapter, as_version=4).cells if cell.cell_type == "code"]
    imports = next(cell for cell in cells if "from gan_lib.chapters.exercises import" in cell.source)
    (training,) = (cell for cell in cells if "device.pick()" in cell.source)
    names, whole = {"TRAIN": True, "STEPS": 1, "folder": folder / "wardrobe", "side": 32}, data.load
    if "wardrobe.make(" in chapter.read_text(encoding="utf-8"):  # a reader's own pictures
        wardrobe.make(names["folder"], whole("fashion-mnist", "test"), 60)

    def few(*arguments: str, **options: object) -> ImageSet:
        found = whole(*arguments, **options)
        return replace(found, pixels=found.pixels[:256], labels=found.labels[:256])

    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(data, "load", few)
        patch.setattr(device, "pick", lambda: fake_device.device)
        patch.setitem(metrics.frechet_distance.__kwdefaults__, "n", 20)
        exec(imports.source, names)
        exec(training.source, names)
    return [found.card for found in names.values() if isinstance(found, runs.Run)]


def test_seven_chapters_train_on_a_device():
    assert len(_chapters_that_train()) == 7


@pytest.mark.parametrize("chapter", _chapters_that_train(), ids=lambda path: path.stem)
def test_a_chapter_trains_on_the_device_that_is_there(elsewhere, chapter, tmp_path):
    cards = elsewhere(_trained_by_its_cell, chapter, tmp_path)
    names = [card["recipe"]["reported"]["name"] for card in cards]
    assert names == ["dcgan-wardrobe"] or (names and all(name in chapter.read_text(encoding="utf-8") for name in names))
    for card in cards:
        assert card["steps_done"] == 1
        assert card["made"]["hardware"].endswith("fake")


def _trained_by_readme(folder: Path) -> dict:
    (example,) = re.findall(r"^```python\n(.*?)^```", (ROOT / "README.md").read_text(encoding="utf-8"), re.M | re.S)
    names = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(device, "pick", lambda: fake_device.device)
        exec(example.replace("20_000", "2").replace('"features": 64', '"features": 4'), names)
    return names["run"].card


def test_the_readmes_training_on_own_pictures_works_there(elsewhere, tmp_path):
    card = elsewhere(_trained_by_readme, tmp_path)
    assert (card["data"], card["steps_done"]) == ("mine", 2)
    assert card["made"]["hardware"].endswith("fake")


def _judged(place: str) -> dict[str, object]:
    return metrics.evaluate(runs.load("cgan-mnist").generator.to(place), "mnist", n=60)


def test_a_generator_is_judged_as_on_the_cpu(elsewhere):
    assert elsewhere(_judged, "fake") == elsewhere(_judged, "cpu")


def _explored(place: str) -> list[bytes]:
    """What an explorer shows of a generator on a device, before and after a slider moves. Its map is a difference
    here: torch.func takes no derivative on a device that was made in Python."""

    def moved(generator: nn.Module, k: int, z: torch.Tensor, label: int) -> torch.Tensor:
        further, labels = z.clone(), latent.labels_like(z, label)
        further[:, k] += 1
        return (generator(further, *labels) - generator(z, *labels)).abs().mean(0)

    generator, shown = TINY["cgan"].build()[0].to(place), []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(live_latent, "effect_map", torch.no_grad()(moved))
        explorer = live_latent.LatentExplorer(generator, dims=(5,), classes=tuple("0123456789"))
        (view,) = explorer.views
        for value in (0.0, 2.0):
            explorer.sliders[5].value = value
            shown += [bytes(image.value) for image in (view.picture, view.strip, view.map)]
    return shown


def test_an_explorer_draws_with_the_generator_where_it_is(elsewhere):
    found, expected = elsewhere(_explored, "fake"), elsewhere(_explored, "cpu")
    assert found == expected
    assert expected[0] != expected[3]


def _reconstructed(place: str) -> torch.Tensor:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(autoencoder, "BATCH", 16)
        patch.setattr(autoencoder, "has_bfloat16", lambda place: False)
        return autoencoder.train_autoencoder(images_on(place, 32), 3)[2]


def test_an_autoencoder_trains_as_on_the_cpu(elsewhere):
    assert torch.equal(elsewhere(_reconstructed, "fake"), elsewhere(_reconstructed, "cpu"))
