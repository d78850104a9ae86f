"""Training on another device than the CPU, without having one: see tests/pretend.py."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path

import nbformat
import pytest
import torch
from torch import nn

from book.produce import chapters
from gan_lib import autoencoder, device, latent, metrics, recording, runs
from gan_lib.data import ImageSet
from gan_lib.state import State
from gan_lib.training import train
from gan_lib.widgets import live_latent
from tests import pretend
from tests.conftest import TINY, random_images


@pytest.fixture(scope="module")
def there():
    """(function, *arguments) → its result, computed in a process that has a second device."""
    with pretend.process() as run:
        yield run


def images_on(device: torch.device | str, size: int = 28) -> ImageSet:
    images = random_images()
    there = ImageSet("fashion-mnist", images.pixels.to(device), images.labels.to(device), images.classes)
    return there.resized(size)


# ------------------------------------------------------------------------------------ the device itself


def _mixes() -> None:
    nn.Linear(4, 2).to(pretend.PRETEND)(torch.randn(3, 4))


def _draws_with_the_others_numbers() -> None:
    torch.randn(3, device=pretend.PRETEND, generator=torch.Generator().manual_seed(0))


def _asks_numpy() -> None:
    torch.ones(3, device=pretend.PRETEND).numpy()


@pytest.mark.parametrize(
    ("wrong", "says"),
    [(_mixes, "same device"), (_draws_with_the_others_numbers, "on the other device only"), (_asks_numpy, "numpy")],
)
def test_the_pretended_device_refuses_what_a_gpu_refuses(there, wrong, says):
    with pytest.raises((RuntimeError, TypeError), match=says):
        there(wrong)


def _waits_for(question: str) -> list[str]:
    x = torch.arange(3.0, device=pretend.PRETEND)
    before = len(pretend.waits)
    eval(question, {"x": x, "torch": torch})
    return pretend.waits[before:]


@pytest.mark.parametrize(
    "question",
    ["x.cpu()", "x.tolist()", "x.sum().item()", "bool(x.any())", "x[x > 1]", "x.nonzero()", "torch.ones(3).to(x)"],
)
def test_the_pretended_device_counts_what_waits_for_a_gpu(there, question):
    assert there(_waits_for, question)


@pytest.mark.parametrize("question", ["x.sum() / 2", "torch.ones_like(x)", "x[x.long()]", "x.clamp_(0, 1).add_(x)"])
def test_the_pretended_device_counts_nothing_else(there, question):
    assert there(_waits_for, question) == []


# -------------------------------------------------------------------------------------------- training there

# Without what is computed another way on the CPU: dropout's mask, bfloat16.
ALIKE = {name: replace(recipe, bfloat16=False) for name, recipe in TINY.items()}
ALIKE["cgan"] = replace(ALIKE["cgan"], discriminator_args=TINY["cgan"].discriminator_args | {"dropout": 0.0})


def _recorded(name: str, folder: Path, device: str) -> tuple[dict[str, torch.Tensor], torch.Tensor]:
    """What a recorded run holds, scored: its weights and scores, and its pictures (3, 64, C, H, W)."""
    images, score = images_on(device), partial(metrics.frechet_distance, n=60)
    run = recording.record(ALIKE[name], images, folder, score=score, show_progress=False)
    weights = {name: value for name, value in run.drawable().named_parameters() if value.ndim > 1}
    scores = {f"score {step}": torch.tensor(value) for step, value in run.scores.items()}
    return weights | scores | {"history": run.history}, torch.stack(list(run.samples.values()))


@pytest.mark.parametrize("name", TINY)
def test_a_training_on_another_device_ends_as_on_the_cpu(there, name, tmp_path):
    elsewhere, here = (there(_recorded, name, tmp_path / device, device) for device in ("pretend", "cpu"))
    # The last bits may differ: a gradient of a gradient is taken by other steps of torch's; weights are stored in half.
    # Biases are left out, because under BatchNorm only those last bits move them.
    torch.testing.assert_close(elsewhere[0], here[0], rtol=2e-3, atol=1e-5)
    assert (elsewhere[1].int() - here[1]).abs().max() <= 1  # grey level of 255


def _resumed(name: str) -> list[dict[str, torch.Tensor]]:
    """How 12 updates end, and 5 with 7 more after a pass through the tensors of a checkpoint."""
    images, ends = images_on(pretend.PRETEND, TINY[name].image_size), []
    for parts in ((12,), (5, 12)):
        tensors = None
        for steps in parts:
            state = State(TINY[name], len(images.pixels), pretend.PRETEND)
            if tensors:
                state.restore(tensors)
            train(state, images, steps=steps, show_progress=False)
            tensors = state.tensors()
        ends.append(tensors)
    return ends


@pytest.mark.parametrize("name", TINY)
def test_a_training_on_another_device_resumes_to_the_bit(there, name):
    at_once, in_two_parts = there(_resumed, name)
    assert at_once.keys() == in_two_parts.keys()
    assert [key for key, value in at_once.items() if not torch.equal(value, in_two_parts[key])] == []


def _waits_in_training(name: str) -> list[int]:
    images = images_on(pretend.PRETEND, TINY[name].image_size)
    state, counts = State(TINY[name], len(images.pixels), pretend.PRETEND), []
    train(state, images, watch=lambda: counts.append(len(pretend.waits)), show_progress=False)
    return [after - before for before, after in pairwise(counts)]


@pytest.mark.parametrize("name", TINY)
def test_the_loop_waits_for_the_device_after_its_last_update_alone(there, name):
    *during, last = there(_waits_in_training, name)
    assert during == [0] * (TINY[name].steps - 1)
    assert last > 0  # the losses are looked at


def _next_numbers(trains: bool) -> torch.Tensor:
    torch.pretend.manual_seed(1)
    images = images_on(pretend.PRETEND)
    if trains:
        train(State(TINY["cgan"], 64, pretend.PRETEND), images, show_progress=False)
    return torch.randn(8, device=pretend.PRETEND).cpu()


def test_training_leaves_the_devices_random_numbers_alone(there):
    assert torch.equal(there(_next_numbers, True), there(_next_numbers, False))


# ------------------------------------------------------------------------------- what readers do with it


def chapters_that_train() -> list[Path]:
    """Those whose TRAIN=True picks a device."""
    return [path for path in chapters() if "device.pick()" in path.read_text(encoding="utf-8")]


def _trained_by_its_cell(chapter: Path, folder: Path) -> list[dict]:
    """Run a chapter's imports and its cell of TRAIN, with two updates; the cards of its runs."""
    cells = [cell for cell in nbformat.read(chapter, as_version=4).cells if cell.cell_type == "code"]
    imports = next(cell for cell in cells if "from gan_lib.exercises import" in cell.source)
    (training,) = (cell for cell in cells if "device.pick()" in cell.source)
    names = {"TRAIN": True, "STEPS": 2}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(device, "pick", lambda: pretend.PRETEND)
        patch.setitem(metrics.frechet_distance.__kwdefaults__, "n", 60)
        exec(imports.source, names)
        exec(training.source, names)
    return [found.card for found in names.values() if isinstance(found, runs.Run)]


def test_five_chapters_train_on_a_device():
    assert len(chapters_that_train()) == 5


@pytest.mark.parametrize("chapter", chapters_that_train(), ids=lambda path: path.stem)
def test_a_chapter_trains_on_the_device_that_is_there(there, chapter, tmp_path):
    cards = there(_trained_by_its_cell, chapter, tmp_path)
    names = [card["recipe"]["name"] for card in cards]
    assert names and all(name in chapter.read_text(encoding="utf-8") for name in names)
    for card in cards:
        assert card["steps_done"] == 2
        assert card["made"]["hardware"].endswith("pretend")


def _judged(place: str) -> dict[str, object]:
    return metrics.evaluate(runs.load("cgan-mnist").generator.to(place), "mnist", n=60)


def test_a_generator_there_is_judged_as_on_the_cpu(there):
    assert there(_judged, "pretend") == there(_judged, "cpu")


def _explored(place: str) -> list[bytes]:
    """What an explorer shows of a generator on a device, before and after a slider moves. Its map is a difference
    here: torch.func takes no derivative on a device that was made in Python."""

    def moved(generator: nn.Module, k: int, z: torch.Tensor, label: int) -> torch.Tensor:
        there, labels = z.clone(), latent.labels_like(z, label)
        there[:, k] += 1
        return (generator(there, *labels) - generator(z, *labels)).abs().mean(0)

    generator, shown = TINY["cgan"].build()[0].to(place), []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(live_latent, "effect_map", torch.no_grad()(moved))
        explorer = live_latent.LatentExplorer(generator, dims=(5,), classes=tuple("0123456789"))
        (view,) = explorer.views
        for value in (0.0, 2.0):
            explorer.sliders[5].value = value
            shown += [bytes(image.value) for image in (view.picture, view.strip, view.map)]
    return shown


def test_an_explorer_draws_with_a_generator_there(there):
    elsewhere, here = there(_explored, "pretend"), there(_explored, "cpu")
    assert elsewhere == here
    assert here[0] != here[3]


def _reconstructs(place: str) -> torch.Tensor:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(autoencoder, "BATCH", 16)
        patch.setattr(autoencoder, "has_bfloat16", lambda device: False)
        return autoencoder.train_autoencoder(images_on(place, 32), 3)[2]


def test_an_autoencoder_trains_there(there):
    torch.testing.assert_close(there(_reconstructs, "pretend"), there(_reconstructs, "cpu"))
