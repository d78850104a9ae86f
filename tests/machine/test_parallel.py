"""Several processes that train one network: as one would, to the same bits again, and none waits for a dead one."""

import os
import signal
import socket
import sys
import time
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file, save_file

import gan_lib.__main__ as cli
from gan_lib.errors import BadInput
from gan_lib.machine import parallel
from gan_lib.runs.recorder import record
from gan_lib.training import loop, recipes, train
from gan_lib.training.state import State
from tests.conftest import FORKS, TINY, random_images
from tests.forked import python
from tests.runs.test_checkpoints import digits, run_files, same_bits, score, scored  # noqa: F401 (a fixture)
from tests.states import flat

SECONDS = 60  # nothing here takes longer, but on a machine with much else to do


def one_rank(job, rank, size, port, folder, options):
    """What each process does: `job` among the others; what it raised or says on stderr stands in folder/RANK.txt."""
    torch.set_num_threads(1)
    os.environ |= {"RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": str(size)}
    os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    with open(folder / f"{rank}.txt", "w") as sys.stderr:
        try:
            if job is command_line:
                sys.exit(job(rank, folder, **options))
            with parallel.joined(torch.device("cpu")):
                job(folder, **options)
        except (Exception, KeyboardInterrupt) as error:
            print(f"{type(error).__name__}: {error}", file=sys.stderr)
            sys.exit(1)


def together(job, folder, size=2, **options):
    """Run `job` in that many processes: each one's exit status, and what it said."""
    folder.mkdir(exist_ok=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    ranks = [FORKS.Process(target=one_rank, args=(job, r, size, port, folder, options)) for r in range(size)]
    for process in ranks:
        process.start()
    end = time.monotonic() + SECONDS
    for process in ranks:
        process.join(max(0.0, end - time.monotonic()))
        process.kill()  # nothing if it has ended
        process.join()
    return [process.exitcode for process in ranks], [(folder / f"{r}.txt").read_text() for r in range(size)]


def gradients(state):
    networks = {"g": state.generator, "d": state.discriminator}
    return {
        f"{n}.{key}": p.grad.contiguous() for n, network in networks.items() for key, p in network.named_parameters()
    }


def networks_of(state):
    found = flat({"generator": state.generator.state_dict(), "discriminator": state.discriminator.state_dict()})
    return {key: value.contiguous() for key, value in found.items()}


def weights(network_or_tensors):
    return {key: value for key, value in network_or_tensors.items() if "running" not in key and "batches" not in key}


# ------------------------------------------------------------------------------------------ what each rank does


def train_it(folder, name, **changes):
    recipe = replace(TINY[name], **changes)
    images = random_images().resized(recipe.image_size)
    state = State(recipe, len(images.pixels))
    train(state, images, show_progress=False)
    save_file(gradients(state), folder / f"gradients{parallel.rank()}.safetensors")
    save_file(
        networks_of(state),
        folder / f"weights{parallel.rank()}.safetensors",
    )


def record_it(folder, name, press_at=None, pressed=(), resume=False):
    """Ctrl-C in the middle of the step `press_at`, on the ranks `pressed`."""
    recipe = replace(scored(TINY[name]), d_steps=1)
    if parallel.rank() in pressed:
        at_batch(press_at, lambda: signal.raise_signal(signal.SIGINT))
    images = replace(random_images(), name=recipe.dataset)
    record(recipe, images, folder / "run", score=score, resume=resume, show_progress=False)


def at_batch(number, act):
    """Do `act` while the batch of that number is being cut."""
    to_range, calls = loop.to_range, []

    def acting(pixels):
        calls.append(1)
        if len(calls) == number:
            act()
        return to_range(pixels)

    loop.to_range = acting


def command_line(rank, folder, dying, how):
    """`python -m gan_lib train`, in which one rank dies in the middle of its 20th step."""
    if rank == dying:
        at_batch(20, lambda: os._exit(7) if how == "exit" else os.kill(os.getpid(), how))
    recipes.RECIPES["tiny"] = replace(TINY["mlp"], name="tiny", steps=10**6, milestones=())
    cli.data.load = lambda *_: random_images()
    sys.argv = ["gan_lib", "train", "tiny", "--device", "cpu", "--out", str(folder / "run")]
    return cli.main()


@pytest.fixture(scope="module", autouse=True)
def ready():
    """The process from which all are forked has started, and imported what they need."""
    process = FORKS.Process(target=int)
    process.start()
    process.join()


# ------------------------------------------------------------------------------------------ as one process


def test_the_averaged_gradient_of_two_is_that_of_the_whole_batch(tmp_path, images):
    recipe = replace(TINY["mlp"], lr_g=0.0, lr_d=0.0)  # so that G's step meets the same D
    assert together(train_it, tmp_path, name="mlp", steps=1, lr_g=0.0, lr_d=0.0) == ([0, 0], ["", ""])
    state = State(recipe, 64)
    train(state, images, steps=1, show_progress=False)
    for rank in (0, 1):
        found = load_file(tmp_path / f"gradients{rank}.safetensors")
        torch.testing.assert_close(found, gradients(state), rtol=0, atol=1e-6)
    assert max(value.abs().max() for value in gradients(state).values()) > 1e-3


def test_a_short_training_by_two_ends_where_that_by_one_does(tmp_path, images):
    recipe = replace(TINY["mlp"], d_steps=2)
    assert together(train_it, tmp_path, name="mlp", d_steps=2) == ([0, 0], ["", ""])
    state = State(recipe, 64)
    train(state, images, show_progress=False)
    alone = networks_of(state)
    found = [load_file(tmp_path / f"weights{rank}.safetensors") for rank in (0, 1)]
    torch.testing.assert_close(found[0], alone, rtol=0, atol=1e-5)
    assert same_bits(*found)
    moved = (alone["generator.fc1.weight"] - recipe.build()[0].fc1.weight).abs().max()
    assert moved > 1e-3


@pytest.mark.parametrize("name", ["cgan", "acgan", "wgan", "wgan-gp"])
def test_every_game_can_be_played_by_two_and_both_end_with_the_same_weights(tmp_path, name):
    assert together(train_it, tmp_path, name=name)[0] == [0, 0]
    found = [weights(load_file(tmp_path / f"weights{rank}.safetensors")) for rank in (0, 1)]
    assert same_bits(*found) and all(value.isfinite().all() for value in found[0].values())


# ------------------------------------------------------------------------------------------ stop and go on


@pytest.mark.parametrize(("name", "pressed"), [("mlp", (0,)), ("acgan", (0, 1))])
def test_two_that_were_stopped_and_go_on_end_with_the_same_bits(tmp_path, name, pressed):
    where = tmp_path / "stopped"
    assert together(record_it, tmp_path / "whole", name=name) == ([0, 0], ["", ""])
    codes, texts = together(record_it, where, name=name, press_at=7, pressed=pressed)
    assert codes == [1, 1] and texts[0].startswith("Stopped: stopped after 7 updates; go on with --resume.")
    assert "LostProcess: Another of the 2 processes ended" in texts[1] and not (where / "run").exists()
    assert together(record_it, where, name=name, resume=True) == ([0, 0], ["", ""])
    assert run_files(where / "run") == run_files(tmp_path / "whole" / "run")
    card = run_files(where / "run")["card"]
    assert card["made"]["processes"] == 2 and card["made"]["real_images_seen"] == 12 * 8


def test_ctrl_c_that_reaches_one_rank_alone_is_not_the_others_end(tmp_path):
    """torchrun passes the signal to one after the other: rank 0 alone says after which step they stop."""
    done = together(record_it, tmp_path, name="mlp", press_at=7, pressed=(1,))
    assert done == ([0, 0], ["", ""]) and (tmp_path / "run" / "card.json").exists()


# ------------------------------------------------------------------------------------------ what goes wrong


def test_a_batch_that_cannot_be_shared_equally_is_refused_by_all_with_one_sentence(tmp_path):
    codes, texts = together(train_it, tmp_path, name="mlp", batch_size=9)
    assert codes == [1, 1]
    for text in texts:
        assert text == (
            "BadInput: a batch of 9 cannot be shared equally by 2 processes; "
            "choose --batch-size 8 or another multiple of 2.\n"
        )


def test_alone_no_batch_is_too_odd():
    assert parallel.my_part(9) == slice(0, 9) and (parallel.rank(), parallel.size()) == (0, 1)


@pytest.mark.parametrize(("dying", "how"), [(1, "exit"), (1, signal.SIGKILL), (0, signal.SIGKILL)])
def test_when_one_dies_the_other_ends_too_and_says_so(tmp_path, dying, how):
    start = time.monotonic()
    codes, texts = together(command_line, tmp_path, dying=dying, how=how)
    alive = 1 - dying
    assert time.monotonic() - start < 20
    assert codes[dying] == (7 if how == "exit" else -how) and codes[alive] == 2
    assert texts[alive] == (
        f"gan_lib: Another of the 2 processes ended, so rank {alive} stopped too; start them again with --resume.\n"
    )


# ------------------------------------------------------------------------------------------ torchrun


def test_torchrun_records_one_run(tmp_path, digits):  # noqa: F811
    command = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    command += ["-m", "gan_lib", "train", "mlp-fashion-k5", "--steps", "3", "--device", "cpu", "--out", "run"]
    done = python(*command, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("3 updates in") == 1
    card = run_files(tmp_path / "run")["card"]
    assert card["made"]["processes"] == 2 and card["steps_done"] == 3


def test_several_processes_are_refused_on_a_device_that_shares_no_gradients(monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    with (
        pytest.raises(BadInput, match="several processes cannot train on mps; start one, or choose cpu or cuda"),
        parallel.joined(torch.device("mps")),
    ):
        pass


def test_under_torchrun_each_rank_has_a_card_of_its_own(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert parallel.local_device(None) is None and parallel.local_device("cuda") == "cuda"
    monkeypatch.setenv("LOCAL_RANK", "3")
    assert parallel.local_device(None) == parallel.local_device("cuda") == "cuda:3"
    assert (parallel.local_device("cpu"), parallel.local_device("cuda:1")) == ("cpu", "cuda:1")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert parallel.local_device(None) is None
