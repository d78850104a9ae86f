"""Somebody's own network, game and data: what README and CONTRIBUTING promise, from the outside."""

from __future__ import annotations

import os
import re
import signal
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import gan_lib.__main__ as cli
from gan_lib import runs
from gan_lib.runs import checkpoints
from gan_lib.scores import metrics
from gan_lib.widgets.export import export
from tests.forked import python, start

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")

OWN = """
from pathlib import Path
import torch
from torch import nn
from torch.nn.functional import softplus
from gan_lib import data, games, runs
from gan_lib.networks import NETWORKS
from gan_lib.networks.dcgan import DCGANDiscriminator
from gan_lib.training.recipe import Recipe

class Tiny(nn.Module):
    latent_dim, classes, image_shape = 20, 0, (3, 32, 32)
    def __init__(self, width=8):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(20, width), nn.ReLU(), nn.Linear(width, 3 * 32 * 32), nn.Tanh())
    def forward(self, z, labels=None):
        return self.body(z).view(-1, 3, 32, 32)

def d_loss(D, batch):  # real ones shall look more real than fakes
    real, fake = D(batch.real), D(batch.fake)
    return games.DLoss(softplus(fake - real).mean(), real, fake)

def g_loss(D, batch):
    return softplus(D(batch.real) - D(batch.fake)).mean()

NETWORKS["tiny"] = Tiny
games.GAMES["pairs"] = games.Game("pairs", d_loss, g_loss)
numbers = torch.Generator().manual_seed(0)
images = data.ImageSet("seven", torch.randint(256, (64, 3, 32, 32), generator=numbers), torch.arange(64) % 7)
recipe = Recipe("own", "for a test", dataset="seven", image_size=32, game=games.GAMES["pairs"], batch_size=8,
                generator=Tiny, discriminator=DCGANDiscriminator, steps=6,
                discriminator_args={"features": 4, "channels": 3})
if __name__ == "__main__":
    for steps in (3, 6):  # the second goes on where the first was finished
        runs.record(recipe, images, Path("run"), steps=steps, resume=True, show_progress=False)
"""


@pytest.fixture
def command(monkeypatch, capsys, tmp_path):
    """Run the command line here, in an empty folder: (exit status, stdout, stderr)."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["gan_lib", *arguments])
        return cli.main(), *capsys.readouterr()

    return run


def test_a_network_a_game_and_a_data_set_in_forty_lines_train_go_on_reload_and_live_on_a_page(tmp_path, command):
    assert len(OWN.strip().splitlines()) <= 40
    (tmp_path / "own.py").write_text(OWN, encoding="utf-8")
    done = python("own.py", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    done = python(
        "-c",
        """if True:
        import own, torch  # another process: the tables are filled by the import
        from gan_lib import data, metrics, runs
        from gan_lib.runs.export import write_samples
        from gan_lib.widgets.export import export
        run = runs.load("run")
        print(run.card["steps_done"], run.recipe.game.name, type(run.generator).__name__, list(run.samples))
        write_samples(own.Path("x.png"), torch.cat(list(metrics.samples(run.generator, 9, 0))))
        print([layer["op"] for layer in export(run.generator).spec["layers"]])
        whole = runs.record(own.recipe, own.images, own.Path("whole"), show_progress=False)
        same = zip(whole.generator.parameters(), run.generator.parameters())
        print(all(torch.equal(a, b) for a, b in same))
    """,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "6 pairs Tiny [3, 6]",
        "['linear', 'leaky_relu', 'linear', 'tanh']",
        "True",
    ]
    assert Image.open(tmp_path / "x.png").size == (96, 96)
    status, _, said = command("sample", "run", "--out", "y.png")  # this process does not know them
    assert status == 2 and "is in no table; add it, gan_lib." in said and len(said.splitlines()) == 1


def snippet(steps: int) -> str:
    """README's own pictures, in colour as they stand there: smaller networks, fewer updates, always the same pictures,
    and a checkpoint after each update."""
    (example,) = re.findall(r"^```python\n(.*?)^```", README, re.M | re.S)
    shorter = example.replace('"features": 64', '"features": 4').replace("20_000", str(steps))
    assert shorter != example
    often = "import torch\ntorch.manual_seed(0)\nfrom gan_lib import runs\n"
    return often + 'runs.record.__kwdefaults__["save_every"] = 0.0\n' + shorter


def test_the_readmes_colour_training_is_stopped_and_killed_after_its_first_checkpoint_and_goes_on(tmp_path, command):
    steps = 80
    (tmp_path / "mine.py").write_text(snippet(steps), encoding="utf-8")
    path = checkpoints.path_of(tmp_path / "runs" / "mine")
    for how in (signal.SIGINT, signal.SIGKILL):
        seen = path.stat().st_mtime_ns if path.exists() else None
        process = start("mine.py", cwd=tmp_path)
        while process.is_alive() and (not path.exists() or path.stat().st_mtime_ns == seen):
            time.sleep(0.005)
        os.kill(process.pid, how)
        process.join()
        assert process.exitcode != 0 and path.exists()
    done = python("mine.py", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    run = runs.load(tmp_path / "runs" / "mine")
    assert run.card["steps_done"] == steps and not path.exists()
    assert run.samples[steps].shape == (run.recipe.pictures, 3, 32, 32)
    assert export(run.generator).spec["shape"] == [3, 32, 32]
    for arguments, file in (("sample", "x.npy"), ("sample", "x.png"), ("export", "g.safetensors")):
        assert command(arguments, "runs/mine", "--out", file)[0] == 0
    assert np.load("x.npy").shape == (64, 3, 32, 32)
    status, _, said = command("evaluate", "runs/mine")
    assert status == 2 and len(said.splitlines()) == 1 and "mine" in said


def test_a_run_with_another_batch_size_is_sampled_scored_and_exported(command, monkeypatch):
    monkeypatch.setitem(metrics.evaluate.__kwdefaults__, "n", 500)
    short = ("--batch-size", "8", "--steps", "20", "--seed", "5", "--device", "cpu")
    assert command("train", "mlp-fashion", *short, "--out", "r")[0] == 0
    assert command("sample", "r", "--out", "s.png")[0] == 0
    assert command("export", "r")[0] == 0 and torch.export.load("r.pt2")
    status, said, _ = command("evaluate", "r")
    is_real = runs.load(Path("r")).card["data"] == "fashion-mnist"  # not the digits, which no judge knows
    assert status == (0 if is_real else 2) and ("r " in said) == is_real
