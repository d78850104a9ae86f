"""python -m gan_lib: what it does, and one line on stderr for what it cannot do."""

import errno
import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

import gan_lib.__main__ as cli
from gan_lib import runs
from gan_lib.errors import BadInput
from gan_lib.machine import device, rng
from gan_lib.networks.conditional import ACGANGenerator, CGANGenerator
from gan_lib.runs import export as files
from gan_lib.show import latent
from gan_lib.training import loop, recipes
from tests.forked import python

NOWHERE = "http://127.0.0.1:9"  # as a proxy: nothing can be reached


@pytest.fixture
def command(monkeypatch, capsys, images, tmp_path):
    """Run the command line here, on 64 random pictures and in an empty folder: (exit status, stdout, stderr)."""
    monkeypatch.setattr(cli.data, "load", lambda *_: replace(images, name="fashion-mnist"))
    monkeypatch.setattr(cli.metrics, "score_of", lambda *_: lambda _: 12.5)
    monkeypatch.setattr(cli.metrics, "evaluation_of", lambda *_: lambda _: {"frechet": 13.5})
    monkeypatch.setattr(cli.metrics, "evaluate", lambda *_, **__: {"frechet": 13.5})
    monkeypatch.setitem(recipes.RECIPES, "tiny", replace(recipes.MLP_FASHION, name="tiny", batch_size=8, milestones=()))
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["gan_lib", *arguments])
        status = cli.main()
        out, err = capsys.readouterr()
        return status, out, err

    return run


# ------------------------------------------------------------------------------------------ as a process


def test_an_unknown_recipe_exits_2_with_one_line_and_writes_nothing(tmp_path):
    command = [sys.executable, "-m", "gan_lib", "train", "mlp-fashon"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, encoding="utf-8", timeout=300)
    assert done.returncode == 2 and done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith("gan_lib: recipe 'mlp-fashon' is not known; choose one of: mlp-fashion, ")
    assert os.listdir(tmp_path) == []


def test_without_data_and_network_it_trains_on_the_digits_and_says_so(tmp_path):
    nothing = {"GAN_LIB_DATA": "", "http_proxy": NOWHERE, "https_proxy": NOWHERE, "no_proxy": ""}
    nothing |= {name.upper(): value for name, value in nothing.items()}
    nothing |= {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    train = ("-m", "gan_lib", "train", "mlp-fashion-k5", "--steps", "2", "--device", "cpu")
    done = python(*train, cwd=tmp_path, **nothing)
    assert done.returncode == 0 and "FallbackNotice: fashion-mnist is not here" in done.stderr
    assert "2 updates in" in done.stdout
    card = json.loads((tmp_path / "runs" / "mlp-fashion-k5" / "card.json").read_text(encoding="utf-8"))
    assert card["data"] == "digits" and card["steps_done"] == 2
    assert card["scores"] == {}  # a distance to Fashion-MNIST would say nothing about digits
    assert runs.load(tmp_path / "runs" / "mlp-fashion-k5").recipe.name == "mlp-fashion-k5"
    done = python("-m", "gan_lib", "evaluate", "runs/mlp-fashion-k5", cwd=tmp_path)
    assert done.returncode == 2 and len(done.stderr.splitlines()) == 1 and "digits" in done.stderr


# ------------------------------------------------------------------------------------------ train


def test_a_short_training_is_recorded_where_it_was_asked_for(command, tmp_path):
    status, out, _ = command("train", "tiny", "--steps", "3", "--out", "here", "--device", "cpu")
    run = runs.load(tmp_path / "here")
    assert status == 0 and out.startswith("here: 3 updates in ")
    assert run.card["steps_done"] == 3 and run.scores == {3: 12.5}
    assert os.listdir(tmp_path) == ["here"]


def test_a_run_goes_to_runs_and_its_name_if_no_folder_is_given(command, tmp_path):
    assert command("train", "tiny", "--steps", "2")[0] == 0
    assert (tmp_path / "runs" / "tiny" / "card.json").exists()


def test_another_seed_is_used_and_said_on_the_card(command, tmp_path):
    for seed in ("0", "1"):
        assert command("train", "tiny", "--steps", "2", "--seed", seed, "--out", seed)[0] == 0
    weights = [(tmp_path / seed / "weights.safetensors").read_bytes() for seed in ("0", "1")]
    assert weights[0] != weights[1]
    assert json.loads((tmp_path / "1" / "card.json").read_text())["recipe"]["decides"]["seed"] == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("train", "tiny", "--device", "tpu"), "device 'tpu' is not known; choose one of: cuda, mps, cpu."),
        (("train", "tiny", "--steps", "0"), "--steps"),
        (("train", "tiny", "--batch-size", "0"), "--batch-size"),
        (("train", "tiny", "--batch-size", "65"), "batch size 65 is not possible with 64 images; choose 1…64."),
        (("train", "tiny", "--steps", "many"), "--steps"),
        (("train", "tiny", "--seed", "-1"), "--seed"),
        (("train", "tiny", "--seed", "99999999999999999999"), "--seed"),
        (("train", "tiny", "--out", "."), ". is no name for a new folder"),
        (("train", "tiny", "--colour", "red"), "--colour"),
        (("train",), "recipe"),
        (("trian", "tiny"), "trian"),
        (("bench", "mlp-fashon"), "recipe 'mlp-fashon' is not known"),
        (("bench", "tiny", "--rounds", "0"), "--rounds"),
        (("sample", "mlp-fashion"), "--out"),
        (
            ("sample", "mlp-fashion", "--out", "x.jpg"),
            "x.jpg ends in '.jpg'; choose a name that ends in .npy or .png or /.",
        ),
        (("sample", "mlp-fashion", "--out", "x"), "x ends in 'nothing'; choose a name that ends in .npy or .png or /."),
        (("sample", "mlp-fashion", "--out", ""), "no --out was given"),
        (("sample", "mlp-fashion", "--label", "3", "--out", "x/"), "this generator takes no labels"),
        (("sample", "mlp-fashion", "-n", "0", "--out", "x.png"), "-n"),
        (("sample", "nowhere", "--out", "x.png"), "nowhere is not a recorded run"),
        (("sample", "mlp-fashion", "--label", "3", "--out", "x.png"), "this generator takes no labels"),
        (("export", "nowhere"), "nowhere is not a recorded run"),
        (
            ("export", "mlp-fashion", "--out", "g.zip"),
            "choose a name that ends in .html or .pt2 or .onnx or .safetensors",
        ),
        (("export", "mlp-fashion", "--title", "Mine"), "mlp-fashion.pt2 has no heading; leave --title out"),
        (("export", "mlp-fashion", "--title", "", "--out", "g.html"), "title is ''; give the words"),
        (("evaluate",), "name one or more runs, or give --all, not both"),
        (("evaluate", "mlp-fashion", "--all"), "name one or more runs, or give --all, not both"),
        (("evaluate", "mlp-fashion", "--by", "beauty"), "column to sort by 'beauty' is not known"),
        (("evaluate", "mlp-fashion", "nowhere"), "nowhere is not a recorded run"),
        (("classifier", "cifar"), "data set 'cifar' is not known"),
        (("judge", "cifar"), "data set 'cifar' is not known"),
    ],
)
def test_bad_input_exits_2_with_one_line_and_writes_no_run(command, tmp_path, arguments, said):
    status, out, err = command(*arguments)
    assert status == 2 and out == ""
    assert len(err.splitlines()) == 1 and err.startswith("gan_lib: ") and said in err
    assert not [path for path in tmp_path.rglob("*") if path.is_file() or path.name.startswith(".")]


def test_cuda_where_there_is_none_is_refused_with_what_there_is(command, monkeypatch, tmp_path):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    status, _, err = command("train", "tiny", "--device", "cuda")
    assert (status, err) == (2, "gan_lib: device 'cuda' is not on this machine; it has: cpu.\n")
    assert os.listdir(tmp_path) == []


def test_a_folder_in_use_is_refused_unless_its_run_is_to_be_replaced(command, tmp_path):
    assert command("train", "tiny", "--steps", "2")[0] == 0
    before = (tmp_path / "runs" / "tiny" / "card.json").read_bytes()
    status, _, err = command("train", "tiny", "--steps", "3")
    assert status == 2 and len(err.splitlines()) == 1 and "already holds something" in err
    assert (tmp_path / "runs" / "tiny" / "card.json").read_bytes() == before
    assert command("train", "tiny", "--steps", "3", "--overwrite")[0] == 0
    assert runs.load(tmp_path / "runs" / "tiny").card["steps_done"] == 3


def press_ctrl_c_at_batch(number, monkeypatch):
    to_range, calls = loop.to_range, []

    def press(pixels):
        calls.append(1)
        if len(calls) == number:
            signal.raise_signal(signal.SIGINT)
        return to_range(pixels)

    monkeypatch.setattr(loop, "to_range", press)


def test_ctrl_c_finishes_the_update_saves_and_exits_130(command, monkeypatch, tmp_path):
    assert command("train", "tiny", "--steps", "9", "--out", "whole")[0] == 0
    with monkeypatch.context() as patch:
        press_ctrl_c_at_batch(5, patch)
        status, out, err = command("train", "tiny", "--steps", "9", "--out", "run")
    assert status == 130 and out == ""
    assert err.splitlines()[-1].startswith("gan_lib: stopped after 5 updates; go on with --resume.")
    assert sorted(os.listdir(tmp_path)) == ["run.checkpoint.pt", "whole"]

    status, _, err = command("train", "tiny", "--steps", "9", "--out", "run")
    assert status == 2 and "run.checkpoint.pt holds an unfinished training; go on with it (--resume)" in err
    assert command("train", "tiny", "--steps", "9", "--out", "run", "--resume")[0] == 0
    assert sorted(os.listdir(tmp_path)) == ["run", "whole"]
    for name in ("weights.safetensors", "history.safetensors"):
        assert (tmp_path / "run" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_resume_where_there_is_nothing_starts_and_where_all_is_done_leaves_it(command, tmp_path):
    assert command("train", "tiny", "--steps", "2", "--resume")[0] == 0
    before = (tmp_path / "runs" / "tiny" / "card.json").read_bytes()
    assert command("train", "tiny", "--steps", "2", "--resume")[0] == 0
    assert (tmp_path / "runs" / "tiny" / "card.json").read_bytes() == before


# ------------------------------------------------------------------------------------------ sample, export, evaluate


def test_samples_are_written_as_numbers(command, tmp_path):
    assert command("sample", "mlp-fashion", "-n", "5", "--seed", "3", "--out", "here/x.npy")[0] == 0
    found = np.load(tmp_path / "here" / "x.npy")
    assert found.shape == (5, 1, 28, 28) and found.dtype == np.float32 and abs(found).max() <= 1
    with torch.no_grad():
        expected = runs.load("mlp-fashion").generator(latent.z_from_seed(3, 100, 5))
    torch.testing.assert_close(torch.from_numpy(found), expected)


def test_samples_are_written_as_a_grid(command, tmp_path):
    status, out, _ = command("sample", "mlp-fashion", "-n", "5", "--out", "x.png")
    assert status == 0 and out == "x.png: 5 pictures of mlp-fashion, seed 0\n"
    picture = np.array(Image.open(tmp_path / "x.png"))
    assert picture.shape == (2 * 28, 3 * 28)
    assert picture[28:, 56:].max() == 0 and picture[28:, :56].max() > 100  # the sixth place is black


def test_an_exported_program_draws_the_same_without_gan_lib(command, tmp_path):
    assert command("export", "mlp-fashion")[0] == 0
    z = latent.z_from_seed(1, 100, 7)
    torch.save(z, tmp_path / "z.pt")
    code = (
        "import sys, torch; p = torch.export.load('mlp-fashion.pt2').module(); "
        "torch.save(p(torch.load('z.pt')), 'x.pt'); assert 'gan_lib' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)
    torch.testing.assert_close(torch.load(tmp_path / "x.pt"), runs.load("mlp-fashion").generator(z))


@pytest.mark.parametrize("network", [CGANGenerator(), ACGANGenerator(features=4)], ids=["CGAN", "ACGAN"])
def test_a_program_with_labels_takes_any_batch(network):
    network.eval()
    z, labels = latent.z_from_seed(1, 100, 5), torch.arange(5)
    torch.testing.assert_close(files._program(network).module()(z, labels), network(z, labels))


def test_exported_weights_are_the_runs(command, tmp_path):
    assert command("export", "mlp-fashion", "--out", "g.safetensors")[0] == 0
    expected = runs.load("mlp-fashion").generator.state_dict()
    torch.testing.assert_close(load_file(tmp_path / "g.safetensors"), dict(expected))


def test_samples_are_written_one_by_one_into_a_folder_and_never_over_others(command, tmp_path, monkeypatch):
    monkeypatch.setenv("GAN_LIB_STATIC", "0")  # with the bar
    status, out, err = command("sample", "mlp-fashion", "-n", "3", "--seed", "5", "--out", "here/all/")
    assert status == 0 and out == "here/all/: 3 pictures of mlp-fashion, seed 5\n" and "3/3" in err
    z = latent.z_from_seed(5, 100, 3)
    for i, expected in enumerate(runs.draw(runs.load("mlp-fashion").generator, z)):
        assert np.array_equal(np.array(Image.open(tmp_path / "here" / "all" / f"000{i}.png")), expected[0])
    before = sorted((tmp_path / "here" / "all").iterdir())
    for folder in ("here/all", "here/all/"):  # a folder that is there needs no /
        status, out, err = command("sample", "mlp-fashion", "-n", "3", "--out", folder)
        assert status == 2 and out == "" and "all holds 0000.png already; choose another folder" in err
    assert sorted((tmp_path / "here" / "all").iterdir()) == before
    assert command("sample", "mlp-fashion", "-n", "2", "--out", "here")[0] == 0
    assert sorted(os.listdir(tmp_path / "here")) == ["0000.png", "0001.png", "all"]


def test_an_exported_page_has_its_title(command, tmp_path):
    status, out, err = command("export", "mlp-fashion", "--out", "here/my page.html", "--title", "Shoes & shirts")
    size = (tmp_path / "here" / "my page.html").stat().st_size
    assert (status, out, err) == (0, f"here/my page.html: {size / 1e6:.1f} MB\n", "")
    assert "<h1>Shoes &amp; shirts</h1>" in (tmp_path / "here" / "my page.html").read_text(encoding="utf-8")


def test_an_onnx_program_is_written_in_silence(command, tmp_path, recwarn):
    status, out, err = command("export", "cgan-mnist", "--out", "g.onnx")
    assert status == 0 and out.startswith("g.onnx: ") and err == "" and not recwarn.list
    assert os.listdir(tmp_path) == ["g.onnx"]


def test_a_file_that_cannot_be_written_keeps_the_old_one(command, monkeypatch, tmp_path):
    (tmp_path / "x.png").write_text("old")

    def full(number):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    status, _, err = command("sample", "mlp-fashion", "--out", "x.png")
    assert status == 2 and "x.png could not be written (No space left on device)" in err
    assert os.listdir(tmp_path) == ["x.png"] and (tmp_path / "x.png").read_text() == "old"


def test_evaluate_gives_a_table_with_floors_and_the_same_as_json(command, monkeypatch, tmp_path):
    values = {"frechet": 12.345, "precision": 0.5, "recall": 0.25, "classes": 9, "evenness": 8.5, "sharpness": 0.1}
    monkeypatch.setattr(cli.metrics, "evaluate", lambda *_: values)
    status, out, _ = command("evaluate", "mlp-fashion")
    head, line, floor = out.splitlines()
    assert status == 0 and head.split() == list(cli.scoreboard.COLUMNS)
    assert line.split() == ["mlp-fashion", "12.35", *"----", "0.500", "0.250", "9", "8.50", "0.100", "-"]
    assert floor.startswith("real fashion-mnist 28") and float(floor.split()[3]) < 1
    found = json.loads(command("evaluate", "mlp-fashion", "--json")[1])
    assert found == {"mlp-fashion": values | {"dataset": "fashion-mnist", "side": 28, "from_card": False}}


def test_evaluate_all_is_every_shipped_run(monkeypatch, command):
    monkeypatch.setattr(cli.metrics, "evaluate", lambda *_: {"frechet": 1.0})
    monkeypatch.setattr(cli.metrics, "frechet_distance", lambda *_, seed, dataset: float(seed))
    found = json.loads(command("evaluate", "--all", "--json")[1])
    recorded = {folder.parent.name for folder in runs.RECORDED.glob("*/history.safetensors")}
    assert set(found) == recorded & set(recipes.RECIPES) and found["mlp-fashion"]["z"] == [1, 2, 3, 4, 5]
    assert "z" not in json.loads(command("evaluate", "mlp-fashion", "--json")[1])["mlp-fashion"]


# ------------------------------------------------------------------------------------------ the other commands


def test_runs_lists_every_recipe_and_what_the_recorded_ones_cost(command):
    status, out, _ = command("runs")
    lines = {line.split()[0]: line for line in out.splitlines()[1:]}
    assert status == 0 and set(lines) == set(recipes.RECIPES)
    assert lines["mlp-fashion"].split()[1:4] == ["6,400,000", "4", "0.8"]
    assert lines["tiny"].split()[1:4] == ["-", "-", "-"]
    assert recipes.RECIPES["mlp-fashion-k5"].about in lines["mlp-fashion-k5"]


def test_bench_measures_what_it_was_asked_for(command, monkeypatch):
    monkeypatch.setattr(cli.speed, "measure", lambda *asked: {"asked": [asked[0].name, *asked[1:]]})
    monkeypatch.setattr(cli.memory, "measure", lambda *asked: {"recipe": asked[0].name, "steps": asked[1]})
    monkeypatch.setattr(cli.speed, "as_text", str)
    status, out, _ = command("bench", "tiny", "mlp-fashion", "--seconds", "0.5", "--rounds", "2", "--json")
    assert status == 0 and json.loads(out) == [{"asked": ["tiny", 0.5, 2]}, {"asked": ["mlp-fashion", 0.5, 2]}]
    assert command("bench", "tiny")[1] == "{'asked': ['tiny', 5.0, 3]}\n"
    assert len(json.loads(command("bench", "--json")[1])) == len(cli.speed.KINDS)
    assert command("bench", "--what", "memory", "--steps", "7")[1].split() == ["recipe", "dcgan-fashion", "steps", "7"]
    monkeypatch.setattr(cli.reading, "measure", lambda *asked: {"asked": asked})
    assert command("bench", "--what", "reading", "--pictures", "400")[1].split(maxsplit=1) == [
        "asked",
        "(400, 5.0, 3)\n",
    ]
    status, _, err = command("bench", "tiny", "--what", "reading")
    assert status == 2 and "leave tiny out" in err


def test_help_names_the_commands(command):
    status, out, _ = command("--help")
    assert status == 0
    assert all(
        name in out for name in ("train", "sample", "evaluate", "export", "bench", "runs", "classifier", "judge")
    )


# ------------------------------------------------------------------------------------------ devices


def test_a_device_is_picked_by_name_or_the_best_there_is(monkeypatch):
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    for here in (False, True):
        monkeypatch.setattr(torch.cuda, "is_available", lambda here=here: here)
        assert device.pick() == torch.device("cuda" if here else "cpu")
        assert device.pick("cpu") == torch.device("cpu")
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert device.pick("cuda:1") == torch.device("cuda", 1)


@pytest.mark.parametrize("name", ["cuda:2", "cuda:", "cuda:-1", "cuda:x", "cpu:1", "cpu:", "mps", "gpu", "", "cpu:²"])
def test_a_device_that_is_not_here_is_refused(monkeypatch, name):
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    with pytest.raises(BadInput, match="device") as refused:
        device.pick(name)
    assert repr(name) in str(refused.value)


def test_kernels_lie_channels_last_but_not_on_mps():
    found = {kind: device.memory_format(torch.device(kind)) for kind in ("cpu", "cuda", "mps")}
    last = torch.channels_last
    assert found == {"cpu": last, "cuda": last, "mps": torch.contiguous_format}


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
