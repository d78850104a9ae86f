"""python -m gan_lib: what it does, and one line on stderr for what it cannot do."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace

import pytest
import torch

import gan_lib.__main__ as cli
from gan_lib import device, recipes, runs, training
from gan_lib.errors import BadInput

NOWHERE = "http://127.0.0.1:9"  # as a proxy: nothing can be reached


@pytest.fixture
def command(monkeypatch, capsys, images, tmp_path):
    """Run the command line here, on 64 random pictures and in an empty folder: (exit status, stdout, stderr)."""
    monkeypatch.setattr(cli.data, "load", lambda *_: replace(images, name="fashion-mnist"))
    monkeypatch.setattr(cli, "frechet_distance", lambda _: 12.5)
    monkeypatch.setitem(recipes.RECIPES, "tiny", replace(recipes.MLP_FASHION, name="tiny", batch_size=8, milestones=()))
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["gan_lib", *arguments])
        status = cli.main()
        out, err = capsys.readouterr()
        return status, out, err

    return run


def in_a_process(*arguments, cwd, **environment):
    return subprocess.run(
        [sys.executable, "-m", "gan_lib", *arguments],
        cwd=cwd,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=300,
    )


# ------------------------------------------------------------------------------------------ as a process


def test_an_unknown_recipe_exits_2_with_one_line_and_writes_nothing(tmp_path):
    done = in_a_process("train", "mlp-fashon", cwd=tmp_path)
    assert done.returncode == 2 and done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith("gan_lib: recipe 'mlp-fashon' is not known; choose one of: mlp-fashion, ")
    assert os.listdir(tmp_path) == []


def test_without_data_and_network_it_trains_on_the_digits_and_says_so(tmp_path):
    nothing = {"GAN_LIB_DATA": "", "http_proxy": NOWHERE, "https_proxy": NOWHERE, "no_proxy": ""}
    nothing |= {name.upper(): value for name, value in nothing.items()}
    nothing |= {"XDG_CACHE_HOME": str(tmp_path / "cache"), "PYTHONIOENCODING": "utf-8"}
    done = in_a_process("train", "mlp-fashion-k5", "--steps", "2", "--device", "cpu", cwd=tmp_path, **nothing)
    assert done.returncode == 0 and "FallbackNotice: fashion-mnist is not here" in done.stderr
    assert "2 updates in" in done.stdout
    card = json.loads((tmp_path / "runs" / "mlp-fashion-k5" / "card.json").read_text(encoding="utf-8"))
    assert card["data"] == "digits" and card["steps_done"] == 2
    assert card["scores"] == {}  # a distance to Fashion-MNIST would say nothing about digits
    assert runs.load(tmp_path / "runs" / "mlp-fashion-k5").recipe == recipes.RECIPES["mlp-fashion-k5"]


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
    assert json.loads((tmp_path / "1" / "card.json").read_text())["recipe"]["seed"] == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("train", "tiny", "--device", "tpu"), "device 'tpu' is not known; choose one of: cuda, mps, cpu."),
        (("train", "tiny", "--steps", "0"), "steps is 0; choose at least 1."),
        (("train", "tiny", "--steps", "many"), "--steps"),
        (("train", "tiny", "--seed", "-1"), "--seed"),
        (("train", "tiny", "--seed", "99999999999999999999"), "--seed"),
        (("train", "tiny", "--out", "."), ". is no name for a new folder"),
        (("train", "tiny", "--colour", "red"), "--colour"),
        (("train",), "recipe"),
        (("trian", "tiny"), "trian"),
        (("bench", "mlp-fashon"), "recipe 'mlp-fashon' is not known"),
        (("bench", "tiny", "--rounds", "0"), "--rounds"),
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


def test_ctrl_c_during_training_exits_130_and_leaves_nothing(command, monkeypatch, tmp_path):
    to_range, calls = training.to_range, []

    def press_at_the_fifth_batch(pixels):
        calls.append(1)
        if len(calls) == 5:
            signal.raise_signal(signal.SIGINT)
        return to_range(pixels)

    monkeypatch.setattr(training, "to_range", press_at_the_fifth_batch)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's `&` would have it ignored
    try:
        status, out, err = command("train", "tiny", "--steps", "50", "--out", "run")
    finally:
        signal.signal(signal.SIGINT, before)
    assert status == 130 and out == "" and len(calls) == 5
    assert err.splitlines()[-1] == "gan_lib: stopped; nothing was written."
    assert os.listdir(tmp_path) == []


# ------------------------------------------------------------------------------------------ the other commands


def test_runs_lists_every_recipe_and_says_which_are_recorded(command):
    status, out, _ = command("runs")
    lines = {line.split()[0]: line for line in out.splitlines()}
    assert status == 0 and set(lines) == set(recipes.RECIPES)
    assert " recorded " in lines["mlp-fashion"] and " recorded " not in lines["tiny"]
    assert recipes.RECIPES["mlp-fashion-k5"].about in lines["mlp-fashion-k5"]


def test_bench_prints_the_table_it_was_asked_for(command, monkeypatch):
    monkeypatch.setattr(cli.benchmark, "table", lambda *asked: f"{asked[0].name} {asked[1:]}")
    assert command("bench", "tiny", "--seconds", "0.5", "--rounds", "2") == (0, "tiny (0.5, 2)\n", "")


def test_help_names_the_commands(command):
    status, out, _ = command("--help")
    assert status == 0 and all(name in out for name in ("train", "runs", "bench"))


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
