"""What a reader does with a GPU, on the device of tests/fake_device.py, which stands in for one."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path

import nbformat
import pytest
import torch
from torch import nn
from torch.utils import backend_registration

from book.produce import chapters
from gan_lib import autoencoder, device, latent, metrics, parallel, recording, rng, runs, toy
from gan_lib.data import ImageSet
from gan_lib.errors import BadInput
from gan_lib.state import State
from gan_lib.training import train
from gan_lib.widgets import live_latent
from tests import fake_device
from tests.conftest import TINY, random_images

if not hasattr(backend_registration, "_setup_privateuseone_for_python_backend"):
    pytest.skip("this torch takes no device from Python", allow_module_level=True)


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


def _trained(name: str, place: str) -> dict[str, torch.Tensor]:
    images = images_on(place, ALIKE[name].image_size)
    state = State(ALIKE[name], len(images.pixels), place)
    train(state, images, show_progress=False)
    return state.tensors()


@pytest.mark.parametrize("name", sorted(TINY.keys() - {"wgan-gp"}))
def test_a_training_ends_with_the_cpus_bits(elsewhere, name):
    found, expected = elsewhere(_trained, name, "fake"), elsewhere(_trained, name, "cpu")
    assert found.keys() == expected.keys()
    assert [key for key, value in expected.items() if not torch.equal(found[key], value)] == []


def test_a_training_with_penalty_ends_as_on_the_cpu(elsewhere):
    """But for the last bits: torch takes a gradient of a gradient by other steps there."""
    ends = (elsewhere(_trained, "wgan-gp", place) for place in ("fake", "cpu"))
    # A bias in front of G's BatchNorm changes no picture, so those last bits alone move it.
    torch.testing.assert_close(*({key: end[key] for key in end if not key.endswith("bias")} for end in ends))


def _resumed(name: str) -> list[dict[str, torch.Tensor]]:
    """How 12 updates end, and 5 with 7 more after a pass through the tensors of a checkpoint."""
    images, ends = images_on(fake_device.device, TINY[name].image_size), []
    for parts in ((12,), (5, 12)):
        tensors = None
        for steps in parts:
            state = State(TINY[name], len(images.pixels), fake_device.device)
            if tensors:
                state.restore(tensors)
            train(state, images, steps=steps, show_progress=False)
            tensors = state.tensors()
        ends.append(tensors)
    return ends


@pytest.mark.parametrize("name", TINY)
def test_a_resumed_training_draws_the_same_numbers(elsewhere, name):
    """Dropout's and the penalty's, too, which come from the device's global generator."""
    at_once, in_two_parts = elsewhere(_resumed, name)
    assert at_once.keys() == in_two_parts.keys()
    assert [key for key, value in at_once.items() if not torch.equal(value, in_two_parts[key])] == []


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


def _waits_of_points() -> int:
    G, D = (network(classes=3).to(fake_device.device) for network in (toy.PointGenerator, toy.PointDiscriminator))
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


def test_the_second_cuda_device_is_the_current_one_while_its_numbers_are_ours(monkeypatch):
    """Without one: what torch.cuda is asked, and in which order."""
    said, state = [], torch.zeros(16, dtype=torch.uint8)

    @contextmanager
    def current(place):
        said.append(f"enter {place}")
        yield
        said.append(f"leave {place}")

    monkeypatch.setattr(torch.cuda, "device", current)
    monkeypatch.setattr(torch.cuda, "manual_seed", lambda seed: said.append(f"seed {seed}"))
    monkeypatch.setattr(torch.cuda, "get_rng_state", lambda place: said.append(f"get {place}") or state)
    monkeypatch.setattr(torch.cuda, "set_rng_state", lambda new, place: said.append(f"set {place} {new is state}"))
    with rng.isolated_rng(5, torch.device("cuda", 1)):
        said.append("work")
    assert said == ["enter cuda:1", "get cuda:1", "seed 5", "work", "set cuda:1 True", "leave cuda:1"]


def test_several_processes_are_refused_on_a_device_that_shares_no_gradients(monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    with (
        pytest.raises(BadInput, match=r"several processes were started on mps; they can share cpu or cuda"),
        parallel.joined(torch.device("mps")),
    ):
        pass


def test_kernels_lie_channels_last_but_not_on_mps():
    found = {kind: device.memory_format(torch.device(kind)) for kind in ("cpu", "cuda", "mps")}
    last = torch.channels_last
    assert found == {"cpu": last, "cuda": last, "mps": torch.contiguous_format}


# ------------------------------------------------------------------------------- what readers do with it


def _chapters_that_train() -> list[Path]:
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
        patch.setattr(device, "pick", lambda: fake_device.device)
        patch.setitem(metrics.frechet_distance.__kwdefaults__, "n", 60)
        exec(imports.source, names)
        exec(training.source, names)
    return [found.card for found in names.values() if isinstance(found, runs.Run)]


def test_five_chapters_train_on_a_device():
    assert len(_chapters_that_train()) == 5


@pytest.mark.parametrize("chapter", _chapters_that_train(), ids=lambda path: path.stem)
def test_a_chapter_trains_on_the_device_that_is_there(elsewhere, chapter, tmp_path):
    cards = elsewhere(_trained_by_its_cell, chapter, tmp_path)
    names = [card["recipe"]["name"] for card in cards]
    assert names and all(name in chapter.read_text(encoding="utf-8") for name in names)
    for card in cards:
        assert card["steps_done"] == 2
        assert card["made"]["hardware"].endswith("fake")


def _recorded(folder: Path, place: str) -> tuple[dict[int, float], dict[str, torch.Tensor]]:
    score = partial(metrics.frechet_distance, n=60)
    run = recording.record(ALIKE["acgan"], images_on(place), folder, score=score, save_every=0, show_progress=False)
    return run.scores, run.drawable().state_dict() | {str(step): shown for step, shown in run.samples.items()}


def test_a_run_is_recorded_as_on_the_cpu(elsewhere, tmp_path):
    found, expected = (elsewhere(_recorded, tmp_path / place, place) for place in ("fake", "cpu"))
    assert found[0] == expected[0]
    assert [key for key, value in expected[1].items() if not torch.equal(found[1][key], value)] == []


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
