"""Files that leave the library: programs for other languages, and pictures one by one."""

from __future__ import annotations

import errno
import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from PIL import Image

from gan_lib import runs
from gan_lib.data import to_pixels
from gan_lib.errors import BadInput, BadRun
from gan_lib.machine.rng import z_from_seed
from gan_lib.networks.conditional import ACGANGenerator
from gan_lib.networks.dcgan import DCGANGenerator
from gan_lib.networks.mlp import MLPGenerator
from gan_lib.runs import export
from tests.page_files import made_up

# ------------------------------------------------------------------------------------------ .onnx

NETWORKS = {
    "the MLP": lambda: MLPGenerator(hidden=8),
    "the DCGAN": lambda: DCGANGenerator(features=4),
    "the CGAN": lambda: made_up("labels").generator,
    "the ACGAN": lambda: ACGANGenerator(features=4),
    "colour": lambda: made_up("colour").generator,
}


@pytest.fixture(params=NETWORKS, scope="module")
def exported(request, tmp_path_factory):
    """(a generator, its ONNX program in onnxruntime, the file); to make one takes some seconds."""
    torch.manual_seed(0)
    run = replace(runs.load("mlp-fashion"), generator=NETWORKS[request.param]().eval())
    path = tmp_path_factory.mktemp("onnx") / "g.onnx"
    export.export_generator(run, path)
    return run.generator, onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"]), path


def test_onnxruntime_draws_what_torch_draws_in_any_batch(exported):
    generator, session, _ = exported
    inputs = {put.name: put.shape for put in session.get_inputs()}
    assert list(inputs) == ["z", "labels"][: 1 + bool(generator.classes)]
    assert [shape[0] for shape in inputs.values()] == ["batch"] * len(inputs)
    assert [put.name for put in session.get_outputs()] == ["pictures"]
    for n in (1, 2, 5):
        z, labels = z_from_seed(n, generator.latent_dim, n), torch.arange(n) % max(generator.classes, 1)
        given = {"z": z.numpy(), "labels": labels.numpy()}
        (found,) = session.run(None, {name: given[name] for name in inputs})
        with torch.no_grad():
            expected = generator(z, *([labels] if generator.classes else []))
        np.testing.assert_allclose(found, expected, atol=1e-5)


def test_the_file_holds_the_card_and_no_folder_of_this_machine(exported):
    _, session, path = exported
    metadata = session.get_modelmeta().custom_metadata_map
    assert json.loads(metadata["card"]) == runs.load("mlp-fashion").card
    content = path.read_bytes()
    for folder in (Path(export.__file__).parents[2], Path(torch.__file__).parents[1], Path.cwd()):
        assert str(folder).encode() not in content


def test_a_missing_package_is_said_with_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr(export, "find_spec", lambda name: None if name == "onnxscript" else True)
    with pytest.raises(BadInput, match=r"not installed; install them: pip install onnxscript\.$"):
        export.export_generator(runs.load("mlp-fashion"), tmp_path / "g.onnx")
    assert not list(tmp_path.iterdir())


# ------------------------------------------------------------------------------------------ pictures one by one


def batches(*sizes, channels=3):
    return [torch.rand(n, channels, 6, 5) * 2 - 1 for n in sizes]


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_each_picture_is_a_file_of_its_own(tmp_path, channels):
    given = batches(3, 2, channels=channels)
    export.write_pictures(tmp_path / "a" / "b", given, 5, show_progress=False)
    assert sorted(os.listdir(tmp_path / "a" / "b")) == [f"000{i}.png" for i in range(5)]
    for i, expected in enumerate(to_pixels(torch.cat(given))):
        found = np.array(Image.open(tmp_path / "a" / "b" / f"000{i}.png")).reshape(6, 5, channels)
        assert np.array_equal(found, expected.permute(1, 2, 0))


def test_names_of_many_pictures_sort_in_their_order(tmp_path, monkeypatch):
    monkeypatch.setattr(export, "png", lambda picture: b"")
    export.write_pictures(tmp_path / "many", iter(batches(*[1000] * 11)), 10_001, show_progress=False)
    names = sorted(os.listdir(tmp_path / "many"))
    assert (len(names), names[0], names[-1]) == (10_001, "00000.png", "10000.png")


@pytest.mark.parametrize("name", ["0000.png", "0077.png", "123456.png"])
def test_numbered_pictures_are_never_replaced_or_mixed(tmp_path, name):
    (tmp_path / name).write_text("mine")
    with pytest.raises(BadInput, match=f"holds {name} already; choose another folder"):
        export.write_pictures(tmp_path, batches(2), 2, show_progress=False)
    assert os.listdir(tmp_path) == [name] and (tmp_path / name).read_text() == "mine"


def test_other_files_may_lie_there_and_stay(tmp_path):
    for name in ("notes.txt", "cat.png", "12.png"):
        (tmp_path / name).write_text("mine")
    export.write_pictures(tmp_path, batches(2), 2, show_progress=False)
    assert sorted(os.listdir(tmp_path)) == ["0000.png", "0001.png", "12.png", "cat.png", "notes.txt"]


def full(*_):
    raise OSError(errno.ENOSPC, "No space left on device")


def stopped(*_):
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("trouble", "error", "said"), [(full, BadRun, "No space left on device"), (stopped, KeyboardInterrupt, None)]
)
def test_what_ends_it_early_leaves_nothing(tmp_path, monkeypatch, trouble, error, said):
    write, count = Path.write_bytes, iter(range(9))
    monkeypatch.setattr(Path, "write_bytes", lambda *given: trouble() if next(count) == 2 else write(*given))
    with pytest.raises(error, match=said):
        export.write_pictures(tmp_path / "new" / "folder", batches(4), 4, show_progress=False)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([torch.zeros(3, 4, 4)], "a batch has the shape"),
        (batches(2, channels=5), "cannot be drawn"),
        (batches(1), "1 pictures came, and n is 2"),
        (3, "batches is 3; give tensors"),
    ],
)
def test_what_is_no_picture_is_said_and_leaves_nothing(tmp_path, given, said):
    with pytest.raises(BadInput, match=said):
        export.write_pictures(tmp_path / "new", given, 2, show_progress=False)
    assert os.listdir(tmp_path) == []


def test_a_folder_that_cannot_be_is_said(tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(BadRun, match="could not be written"):
        export.write_pictures(tmp_path / "file" / "below", batches(1), 1, show_progress=False)
    assert (tmp_path / "file").read_text() == "mine"
