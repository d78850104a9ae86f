"""Stopped, killed, damaged, full: a training goes on from its checkpoint to the same bits, or says why it cannot."""

import errno
import json
import os
import pickle
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch

import gan_lib.__main__ as cli
from gan_lib import data, runs
from gan_lib.errors import BadInput, BadRun, Diverged, Stopped
from gan_lib.networks.residual import ResidualDiscriminator, ResidualGenerator
from gan_lib.runs import checkpoints, recorder, run
from gan_lib.runs.recorder import record
from gan_lib.training import loop, train
from gan_lib.training.games import relativistic
from gan_lib.training.recipes import MLP_FASHION, MODERN_FASHION
from gan_lib.training.state import OtherDevice, State
from tests.conftest import FEW, FORKS, THREADS, TINY, random_images
from tests.networks.test_spectral import SPECTRAL
from tests.states import flat, read

NOWHERE = "http://127.0.0.1:9"  # as a proxy: nothing can be reached


def same_bits(one, other):
    """Whether two dicts of tensors hold the same names, shapes, types and bytes."""
    assert one.keys() == other.keys()
    for key, value in one.items():
        assert (value.shape, value.dtype) == (other[key].shape, other[key].dtype), key
        assert value.contiguous().numpy().tobytes() == other[key].contiguous().numpy().tobytes(), key
    return True


def trained(recipe, images, state=None, **options):
    images = images.resized(recipe.image_size)
    state = state or State(recipe, len(images.pixels))
    train(state, images, show_progress=False, **options)
    return state


def score(generator):
    """Something that depends on the weights, and on nothing else."""
    return runs.draw(generator, runs.fixed_z(100), *runs.fixed_labels(generator.classes)).float().std().item()


def scored(recipe):
    """A recipe with much to lose: scores, the best milestone, both networks."""
    keeps = ("generator", "discriminator")
    return replace(recipe, milestones=(0, 2, 5, 9), keep_best=True, score_plain=True, keeps=keeps)


def recorded(recipe, folder, **options):
    images = replace(random_images(), name=recipe.dataset)
    return record(recipe, images, folder, score=score, show_progress=False, **options)


def run_files(folder):
    """What must be the same after every interruption: all files, and the card without date, seconds and commit."""
    files = {str(f.relative_to(folder)): f.read_bytes() for f in folder.rglob("*") if f.is_file()}
    card = json.loads(files.pop("card.json"))
    card["made"] = {key: value for key, value in card["made"].items() if key not in ("date", "seconds", "commit")}
    del card["files"]["state.pt"]  # it holds the seconds, too
    state = {key: value.numpy().tobytes() for key, value in read(files.pop("state.pt")).items()}
    return files | state | {"card": card}


@pytest.fixture
def path(tmp_path):
    """Where the checkpoint of the run tmp_path / "run" lies."""
    return checkpoints.path_of(tmp_path / "run")


def press(monkeypatch, at, number=signal.SIGINT, times=1):
    """Ctrl-C in the middle of a step: while the batch number `at` is being cut."""
    to_range, calls = loop.to_range, []

    def press_there(pixels):
        calls.append(1)
        if len(calls) == at:
            for _ in range(times):
                signal.raise_signal(number)
        return to_range(pixels)

    monkeypatch.setattr(loop, "to_range", press_there)


# ------------------------------------------------------------------------------------------ to the same bits


def through_a_file(state, path):
    """A new state from the checkpoint of that one."""
    checkpoints.write(path, {"recipe": state.recipe.as_card(), "data_hash": "1", "state": state.as_dict()})
    fresh = State(state.recipe, 64)
    fresh.restore(checkpoints.read(path, state.recipe, "1")["state"])
    return fresh


NARROW = {"features": 2, "blocks": 1}
STOPPED = TINY | {
    "spectral": SPECTRAL,
    "falling": replace(TINY["mlp"], lr_end=0.1, lr_g=1e-3),
    "modern": replace(
        MODERN_FASHION,
        **FEW,
        generator=ResidualGenerator,
        discriminator=ResidualDiscriminator,
        generator_args=NARROW,
        discriminator_args=NARROW,
        game=relativistic(0.5),
        init_std=None,
    ),
}


@pytest.mark.parametrize("name", STOPPED)
def test_a_training_that_was_stopped_and_restored_ends_with_the_same_bits(images, path, name):
    recipe = STOPPED[name]
    whole = trained(recipe, images)
    for stop in (0, random.Random(name).randrange(1, recipe.steps), recipe.steps):
        state = State(recipe, 64)
        trained(recipe, images, state, watch=lambda state=state, stop=stop: state.step == stop)
        fresh = through_a_file(state, path)
        assert fresh.step == stop and same_bits(flat(fresh.as_dict()), flat(state.as_dict()))
        assert same_bits(flat(trained(recipe, images, fresh).as_dict()), flat(whole.as_dict()))


@pytest.mark.parametrize("name", ["acgan", "wgan"])
def test_restored_moments_lie_in_memory_as_their_weights_do(images, path, name):
    """A fused update reads both in the order in which they lie."""
    state = trained(TINY[name], images, steps=2)
    fresh = through_a_file(state, path)
    for optimizer in (fresh.g_optimizer, fresh.d_optimizer):
        weights = optimizer.param_groups[0]["params"]
        assert all(w.is_contiguous(memory_format=torch.channels_last) for w in weights if w.ndim == 4)
        assert any(not w.is_contiguous() for w in weights)
        for weight in weights:
            moments = [value for value in optimizer.state[weight].values() if value.ndim]
            assert moments and all(moment.stride() == weight.stride() for moment in moments)


def test_a_restored_state_no_longer_needs_the_file(tiny, images, path):
    state = trained(tiny, images, steps=9)
    fresh = through_a_file(state, path)
    path.write_bytes(bytes(path.stat().st_size))  # the same file, not a new one in its place
    assert same_bits(flat(fresh.as_dict()), flat(state.as_dict()))


# ------------------------------------------------------------------------------------------ record and resume


def test_ctrl_c_finishes_the_step_saves_and_resume_ends_as_if_nothing_had_been(tmp_path, path, tiny, monkeypatch):
    recipe, out = scored(tiny), tmp_path / "run"
    expected = recorded(recipe, tmp_path / "whole")
    for at in (3, 7):  # the batch of the third update, then of the seventh
        press(monkeypatch, at if at == 3 else 4, signal.SIGINT if at == 3 else signal.SIGTERM)
        with pytest.raises(
            Stopped, match=f"stopped after {at} updates; go on with --resume.* after {at} updates, is {path}"
        ):
            recorded(recipe, out, resume=at > 3)
        monkeypatch.undo()
        assert not out.exists() and int(read(path)["step"]) == at
    run = recorded(recipe, out, resume=True)
    assert run_files(out) == run_files(tmp_path / "whole") and run.scores == expected.scores
    assert sorted(os.listdir(tmp_path)) == ["run", "whole"]


def test_ctrl_c_before_the_first_update_is_no_loss_either(tmp_path, tiny, monkeypatch):
    recipe = scored(tiny)
    recorded(recipe, tmp_path / "whole")
    draw, presses = run.draw_fixed, iter([True])

    def pressed(*arguments):
        if next(presses, False):
            signal.raise_signal(signal.SIGINT)
        return draw(*arguments)

    monkeypatch.setattr(run, "draw_fixed", pressed)
    with pytest.raises(Stopped, match="stopped after 0 updates"):
        recorded(recipe, tmp_path / "run")
    monkeypatch.undo()
    recorded(recipe, tmp_path / "run", resume=True)
    assert run_files(tmp_path / "run") == run_files(tmp_path / "whole")


def test_a_second_ctrl_c_stops_at_once(tmp_path, path, tiny, monkeypatch):
    press(monkeypatch, 3, times=2)
    with pytest.raises(KeyboardInterrupt) as stopped:
        recorded(tiny, tmp_path / "run")
    assert stopped.type is KeyboardInterrupt and not path.exists()


def test_ctrl_c_during_the_last_update_still_writes_the_run(tmp_path, path, tiny, monkeypatch):
    press(monkeypatch, tiny.steps)
    assert recorded(tiny, tmp_path / "run").card["steps_done"] == tiny.steps and not path.exists()


def test_the_signals_mean_what_they_did_before_once_the_training_is_over(tmp_path, tiny, monkeypatch):
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    recorded(tiny, tmp_path / "run")
    press(monkeypatch, 3)
    with pytest.raises(Stopped):
        recorded(tiny, tmp_path / "other")
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_an_unfinished_training_is_not_begun_again_by_mistake(tmp_path, path, tiny, monkeypatch):
    press(monkeypatch, 3)
    with pytest.raises(Stopped):
        recorded(tiny, tmp_path / "run")
    before = path.read_bytes()
    with pytest.raises(
        BadInput, match=rf"{path} holds an unfinished training; go on with it \(--resume\) or delete it"
    ):
        recorded(tiny, tmp_path / "run")
    assert path.read_bytes() == before
    recorded(tiny, tmp_path / "run", overwrite=True)  # asked for
    assert sorted(os.listdir(tmp_path)) == ["run"]


def test_resume_begins_where_there_is_nothing_and_leaves_a_finished_run(tmp_path, tiny):
    recorded(tiny, tmp_path / "whole")
    recorded(tiny, tmp_path / "run", resume=True)
    assert run_files(tmp_path / "run") == run_files(tmp_path / "whole")
    before = {f: (f.read_bytes(), f.stat().st_mtime_ns) for f in (tmp_path / "run").rglob("*") if f.is_file()}
    assert recorded(tiny, tmp_path / "run", resume=True).card["steps_done"] == tiny.steps
    assert {f: (f.read_bytes(), f.stat().st_mtime_ns) for f in before} == before
    with pytest.raises(BadRun, match=r"another training \(seed: recorded 0, asked 1\)"):
        recorded(replace(tiny, seed=1), tmp_path / "run", resume=True)


def test_fewer_updates_than_are_done_are_refused(tmp_path, path, tiny, monkeypatch):
    press(monkeypatch, 7)
    with pytest.raises(Stopped):
        recorded(tiny, tmp_path / "run")
    with pytest.raises(BadInput, match=f"{path} already holds 7 updates; ask for as many or more"):
        recorded(tiny, tmp_path / "run", resume=True, steps=5)


# ------------------------------------------------------------------------------------------ killed


def child(name, folder, steps, save_every, kill_at=None):
    """What a process that may be killed does; at its file operation number `kill_at` it kills itself."""
    torch.set_num_threads(THREADS)
    if kill_at is not None:
        die_at(kill_at)
    recorded(replace(scored(TINY[name]), steps=steps), Path(folder), overwrite=True, resume=True, save_every=save_every)


def die_at(number):
    """SIGKILL before the file operation of that number, counted from 0; before an fsync only half the file is there."""
    count = iter(range(10**9))

    def watched(operation):
        def call(*arguments, **options):
            if next(count) == number:
                if operation is fsync:
                    os.truncate(arguments[0], os.fstat(arguments[0]).st_size // 2)
                os.kill(os.getpid(), signal.SIGKILL)
            return operation(*arguments, **options)

        return call

    fsync = os.fsync
    os.fsync = watched(fsync)
    for name in ("mkdir", "write_bytes", "rename", "replace", "unlink", "rmdir"):
        setattr(Path, name, watched(getattr(Path, name)))


def written(path):
    """When the checkpoint was written, None if there is none."""
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return None


def killed_until_done(name, folder, steps, kills, rng, save_every=0.0):
    """Start, kill after a few checkpoints and a moment, start again …; how many updates each process found done."""
    path, found = checkpoints.path_of(folder), []
    while True:
        found.append(int(read(path)["step"]) if path.exists() else 0)
        process = FORKS.Process(target=child, args=(name, str(folder), steps, save_every))
        process.start()
        if len(found) <= kills:
            seen, wanted = {written(path)}, rng.randint(4, 6)  # none, update 0, 1, 2 …: past the first update
            while process.exitcode is None and len(seen) < wanted:
                seen.add(written(path))
                time.sleep(0.001)
            time.sleep(rng.uniform(0, 0.01))
            process.kill()
        process.join()
        if process.exitcode == 0:
            return found
        assert process.exitcode == -signal.SIGKILL


@pytest.mark.parametrize(("name", "kills"), [("acgan", 2), ("cgan", 2)])
def test_a_training_that_is_killed_again_and_again_ends_with_the_same_bits(tmp_path, name, kills):
    steps = 20 * (kills + 1)
    recorded(replace(scored(TINY[name]), steps=steps), tmp_path / "whole")
    found = killed_until_done(name, tmp_path / "run", steps, kills, random.Random())
    assert len(found) == kills + 1 and found == sorted(found) and found[-1] > 0
    assert run_files(tmp_path / "run") == run_files(tmp_path / "whole")
    assert sorted(os.listdir(tmp_path)) == ["run", "whole"]


def test_a_kill_at_any_file_operation_loses_nothing(tmp_path, path):
    """From the first checkpoint to the last deletion, while an older run lies in the folder."""
    recipe, out = replace(scored(TINY["mlp"]), steps=2), tmp_path / "run"
    recorded(recipe, tmp_path / "whole")
    recorded(replace(recipe, seed=5), tmp_path / "old")
    old, whole, states = run_files(tmp_path / "old"), run_files(tmp_path / "whole"), []
    for number in range(100):
        for left in (*tmp_path.glob("run*"), *tmp_path.glob(".run*")):
            shutil.rmtree(left) if left.is_dir() else left.unlink()
        shutil.copytree(tmp_path / "old", out)
        process = FORKS.Process(target=child, args=("mlp", str(out), 2, 0.0, number))
        process.start()
        process.join()
        if process.exitcode == 0:
            break
        assert process.exitcode == -signal.SIGKILL
        if path.exists():
            read(path)  # whole
        states.append("none" if not out.exists() else "old" if run_files(out) == old else "new")
        if states[-1] == "new":
            assert run_files(out) == whole
        recorded(recipe, out, resume=True, overwrite=path.exists() or states[-1] == "old")
        assert run_files(out) == whole
    assert process.exitcode == 0 and len(states) > 15
    assert states.count("none") == 1  # between the two renames
    assert states == sorted(states, key=["old", "none", "new"].index)


# ------------------------------------------------------------------------------------------ as a command


@pytest.fixture
def digits(tmp_path, monkeypatch):
    """The environment without data and network, where the training is on scikit-learn's digits and has no score."""
    nothing = {"GAN_LIB_DATA": "", "http_proxy": NOWHERE, "https_proxy": NOWHERE, "no_proxy": ""}
    nothing |= {name.upper(): value for name, value in nothing.items()}
    nothing |= {"XDG_CACHE_HOME": str(tmp_path / "cache"), "PYTHONIOENCODING": "utf-8", "OMP_NUM_THREADS": "1"}
    for name, value in nothing.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("GAN_LIB_STATIC", "0")  # so that there is a progress bar
    with pytest.warns(data.FallbackNotice):
        return data.load("fashion-mnist")


def test_the_command_line_stops_refuses_and_goes_on(tmp_path, digits, monkeypatch, capsys):
    out = tmp_path / "runs" / "mine"
    path = checkpoints.path_of(out)
    command = [sys.executable, "-m", "gan_lib", "train", "mlp-fashion", "--device", "cpu", "--out", str(out)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, cwd=tmp_path)
    said = b""
    while b"step/s" not in said:  # the bar: the training has begun
        said += os.read(process.stderr.fileno(), 1000) or pytest.fail(said.decode())
    process.send_signal(signal.SIGINT)
    printed, rest = process.communicate(timeout=60)
    assert process.returncode == 130 and printed == b""
    sentence = rest.decode().splitlines()[-1]
    done = re.fullmatch(r"gan_lib: stopped after ([\d,]+) updates; go on with --resume\. .*", sentence)
    assert done and str(path) in sentence and "Traceback" not in rest.decode()
    steps = int(done[1].replace(",", "")) + 20

    def here(*arguments):
        monkeypatch.setattr(sys, "argv", [*command[2:], *arguments])
        monkeypatch.setattr(cli.data, "load", lambda *_: digits)
        status = cli.main()
        return status, capsys.readouterr()

    status, said = here("--steps", str(steps))
    assert (
        status == 2
        and said.err == f"gan_lib: {path} holds an unfinished training; go on with it (--resume) or delete it.\n"
    )
    assert here("--steps", str(steps), "--resume")[0] == 0 and os.listdir(tmp_path / "runs") == ["mine"]
    record(MLP_FASHION, digits, tmp_path / "whole", steps=steps, show_progress=False)
    assert run_files(out) == run_files(tmp_path / "whole")
    before = (out / "card.json").stat().st_mtime_ns
    assert here("--steps", str(steps), "--resume")[0] == 0 and (out / "card.json").stat().st_mtime_ns == before


# ------------------------------------------------------------------------------------------ diverged


def all_finite(path):
    return all(value.isfinite().all() for value in read(path).values())


def test_a_nan_between_two_lines_of_the_history_is_not_saved(tmp_path, path, tiny):
    recipe = scored(replace(tiny, log_every=100))
    recorded(recipe, tmp_path / "whole")

    def plant(generator):
        if len(list(tmp_path.glob("run*"))) and int(read(path)["step"]) == 4:  # at milestone 5
            generator.fc1.weight.data[0, 0] = torch.nan
        return score(generator)

    images = replace(random_images(), name=recipe.dataset)
    with pytest.raises(Diverged) as said:
        record(recipe, images, tmp_path / "run", score=plant, save_every=0.0, show_progress=False)
    assert str(said.value) == (
        "After 5 updates a weight was NaN or infinite, so the training stopped; try smaller learning rates or "
        f"another seed. The last good checkpoint, after 4 updates, is {path}."
    )
    assert int(read(path)["step"]) == 4 and all_finite(path)
    recorded(recipe, tmp_path / "run", resume=True)
    assert run_files(tmp_path / "run") == run_files(tmp_path / "whole")


@pytest.mark.parametrize("log_every", [1, 100])
def test_rates_that_are_far_too_large_leave_the_last_good_checkpoint(tmp_path, path, tiny, log_every):
    recipe = replace(tiny, lr_g=1e30, lr_d=1e30, log_every=log_every)
    with pytest.raises(Diverged, match=f"After 1 updates .*The last good checkpoint, after 0 updates, is {path}"):
        recorded(recipe, tmp_path / "run", save_every=0.0)
    assert int(read(path)["step"]) == 0 and all_finite(path) and not (tmp_path / "run").exists()


def test_where_nothing_was_saved_yet_the_sentence_says_so(tmp_path, tiny):
    with pytest.raises(Diverged, match=r"After 12 updates .* There is no checkpoint yet\."):
        recorded(replace(tiny, lr_g=1e30, lr_d=1e30, log_every=100, milestones=()), tmp_path / "run")
    assert os.listdir(tmp_path) == []


# ------------------------------------------------------------------------------------------ damaged and foreign


@pytest.fixture
def stopped(tmp_path, path, tiny, monkeypatch):
    """The checkpoint of a training that was stopped after 7 updates."""
    press(monkeypatch, 7)
    with pytest.raises(Stopped):
        recorded(tiny, tmp_path / "run")
    monkeypatch.undo()
    return path


def refused(recipe, path, match):
    """`record` refuses to resume, in one line, and leaves the checkpoint as it was."""
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(BadRun, match=match) as said:
        recorded(recipe, path.with_name("run"), resume=True)
    assert "\n" not in str(said.value) and str(path) in str(said.value)
    assert os.listdir(path.parent) == [path.name] and (before is None or path.read_bytes() == before)
    return str(said.value)


@pytest.mark.parametrize("part", [0.0, 1e-6, 1e-3, 0.5, 0.999999])
def test_a_truncated_checkpoint_is_refused(tiny, stopped, part):
    content = stopped.read_bytes()
    stopped.write_bytes(content[: int(len(content) * part)])
    refused(tiny, stopped, r"is damaged or no checkpoint \(.*\); delete it or choose another folder")


@pytest.mark.parametrize("content", [b"nothing of the kind", b"{}" * 100, bytes(1000), b"PK\x03\x04" + bytes(100)])
def test_another_file_in_its_place_is_refused(tiny, stopped, content):
    stopped.write_bytes(content)
    refused(tiny, stopped, "is damaged")


def test_a_folder_in_its_place_is_refused(tiny, stopped):
    stopped.unlink()
    stopped.mkdir()
    refused(tiny, stopped, "is damaged")


def test_another_recipes_checkpoint_is_refused_and_every_difference_named(tiny, stopped):
    text = refused(replace(tiny, seed=3, lr_g=0.5, about="other words"), stopped, "belongs to another training")
    assert (
        "seed: recorded 0, asked 3" in text
        and "generator.optimizer_args: recorded {'lr': 0.0002" in text
        and "about" not in text
    )


def rewrite(path, change):
    """Change what the checkpoint holds."""
    content = torch.load(path, weights_only=True)
    change(content)
    torch.save(content, path)


@pytest.mark.parametrize("version", [99, None])
def test_another_formats_checkpoint_is_refused(tiny, stopped, version):
    rewrite(stopped, lambda content: content.update(format=version))
    refused(tiny, stopped, f"has format {version}; this gan_lib reads format 2: delete it")


@pytest.mark.parametrize(
    "change",
    [
        lambda c: c.pop("state"),
        lambda c: c.pop("recipe"),
        lambda c: c.update(recipe=None),
        lambda c: c.update(scores=7),
        lambda c: c["state"]["generator"].update({"fc1.weight": torch.zeros(128, 99)}),
        lambda c: c["state"]["generator"].pop("fc1.weight"),
        lambda c: c["state"]["g_optimizer"]["state"].update({99: {"exp_avg": torch.zeros(3)}}),
        lambda c: c["state"].update(rng=torch.zeros(3, dtype=torch.uint8)),
        lambda c: c["state"].pop("rng"),
        lambda c: c["state"].pop("step"),
        lambda c: c["state"].update(history=torch.zeros(())),
        lambda c: c["state"].update(order=torch.arange(1500)),
    ],
)
def test_what_does_not_fit_is_refused(tiny, stopped, change):
    rewrite(stopped, change)
    refused(tiny, stopped, "delete it or choose another folder")


def test_a_checkpoint_of_other_pictures_is_refused(tiny, stopped):
    """Other pixels of the same number, and the digits that stand in when the network is gone."""
    images = random_images()
    for other in (replace(images, pixels=255 - images.pixels), replace(images, pixels=images.pixels[:32], labels=None)):
        with pytest.raises(BadRun, match="was trained on other pictures or labels"):
            record(tiny, other, stopped.with_name("run"), resume=True, show_progress=False)


def test_a_training_goes_on_on_another_kind_of_device_and_says_that_the_bits_differ(tiny, images, path):
    """A GPU's generator has a state of 16 bytes, a CPU's of 5,056; the weights and the order of the data are kept."""
    state = trained(tiny, images, steps=7)
    values = state.as_dict() | {"device": "cuda", "rng": torch.zeros(16, dtype=torch.uint8)}
    fresh = State(tiny, 64)
    with pytest.warns(OtherDevice, match="begun on cuda and goes on on cpu"):
        fresh.restore(values)
    assert same_bits(flat(fresh.generator.state_dict()), flat(state.generator.state_dict()))
    assert torch.equal(fresh.rows.order, state.rows.order)
    assert trained(tiny, images, fresh).step == tiny.steps


# ------------------------------------------------------------------------------------------ finished is not final


@pytest.mark.parametrize("name", ["acgan", "wgan"])
def test_a_finished_run_goes_on_to_the_bits_of_one_that_never_stopped(tmp_path, name):
    recipe = replace(scored(TINY[name]), keep_best=False, log_every=1)
    recorded(recipe, tmp_path / "whole")
    recorded(recipe, tmp_path / "run", steps=5)
    run = recorded(recipe, tmp_path / "run", resume=True)
    assert run.card["steps_done"] == 12 and sorted(run.samples) == [0, 2, 5, 9, 12]
    assert run_files(tmp_path / "run") == run_files(tmp_path / "whole")
    recorded(replace(recipe, steps=15), tmp_path / "run", resume=True)  # a larger number in the recipe is no other one
    assert runs.load(tmp_path / "run").card["steps_done"] == 15 and sorted(os.listdir(tmp_path)) == ["run", "whole"]


def test_a_finished_run_that_cannot_be_what_is_asked_for_says_so(tmp_path, tiny):
    recorded(tiny, tmp_path / "run", steps=4)
    with pytest.raises(BadInput, match="has done 4 updates; ask for at least as many"):
        recorded(tiny, tmp_path / "run", resume=True, steps=3)
    other = replace(random_images(), pixels=255 - random_images().pixels)
    with pytest.raises(BadRun, match="was trained on other pictures or labels"):
        record(tiny, other, tmp_path / "run", resume=True, steps=8, show_progress=False)
    with pytest.raises(BadRun, match=r"belongs to another training .*; choose another folder .*--overwrite"):
        recorded(replace(tiny, seed=1), tmp_path / "run", resume=True, steps=8)
    state = tmp_path / "run" / "state.pt"
    content = bytearray(state.read_bytes())
    content[len(content) // 2] ^= 1  # one bit
    state.write_bytes(content)
    with pytest.raises(BadRun, match=r"state.pt is not what its card says"):
        recorded(tiny, tmp_path / "run", resume=True, steps=8)
    recorded(tiny, tmp_path / "short", steps=4, keep_state=False)
    card = runs.load(tmp_path / "short").card
    assert "state.pt" not in card["files"] and not card["state_kept"]
    with pytest.raises(BadInput, match="did not keep its last state, so it cannot go on to 8"):
        recorded(tiny, tmp_path / "short", resume=True, steps=8)


# ------------------------------------------------------------------------------------------ other learning rates


def rates(run):
    return [tuple(each.values()) for each in run.card.get("learning_rates", ())]


def test_other_learning_rates_are_refused_unless_asked_for(tmp_path, tiny):
    recorded(tiny, tmp_path / "run", steps=4)
    slower = replace(tiny, lr_g=1e-5)
    with pytest.raises(
        BadRun, match=r"has other learning rates \(generator.*'lr': 1e-05.* by new_rates=True \(--lr\), or choose"
    ):
        recorded(slower, tmp_path / "run", resume=True, steps=8)
    with pytest.raises(BadRun, match="belongs to another training"):
        recorded(replace(slower, seed=1), tmp_path / "run", resume=True, steps=8, new_rates=True)
    with pytest.raises(BadRun, match="belongs to another training"):
        recorded(replace(slower, betas=(0.0, 0.9)), tmp_path / "run", resume=True, steps=8, new_rates=True)


def test_the_card_says_which_rates_began_when_and_the_weights_learn_by_them(tmp_path, tiny):
    recorded(tiny, tmp_path / "run", steps=4)
    before = runs.load(tmp_path / "run")
    assert "learning_rates" not in before.card
    still = replace(tiny, lr_g=0.0, lr_d=0.0)
    run = recorded(still, tmp_path / "run", resume=True, steps=8, new_rates=True)
    assert same_bits(flat(run.generator.state_dict()), flat(before.generator.state_dict()))
    assert rates(run) == [(0, 2e-4, 2e-4), (4, 0.0, 0.0)]
    run = recorded(tiny, tmp_path / "run", resume=True, steps=12, new_rates=True)
    assert not all(map(torch.equal, run.generator.parameters(), before.generator.parameters()))
    assert rates(run) == [(0, 2e-4, 2e-4), (4, 0.0, 0.0), (8, 2e-4, 2e-4)]
    assert list(run.card["learning_rates"][0]) == ["after", "generator", "discriminator"] and run.recipe.lr_g == 2e-4
    run = recorded(tiny, tmp_path / "run", resume=True, steps=14)  # the last rates are the run's own now
    assert rates(run) == [(0, 2e-4, 2e-4), (4, 0.0, 0.0), (8, 2e-4, 2e-4)] and run.card["steps_done"] == 14


def test_a_stopped_training_goes_on_with_other_rates_too(tmp_path, path, tiny, monkeypatch):
    with monkeypatch.context() as patch:
        press(patch, at=5)
        with pytest.raises(Stopped):
            recorded(tiny, tmp_path / "run")
    done = torch.load(path, weights_only=True)["state"]["step"]
    faster = replace(tiny, lr_d=1e-3)
    run = recorded(faster, tmp_path / "run", resume=True, new_rates=True)
    assert rates(run) == [(0, 2e-4, 2e-4), (done, 2e-4, 1e-3)] and run.card["steps_done"] == tiny.steps


def test_rates_that_fall_fall_by_the_number_of_updates_and_another_number_is_other_rates(tmp_path, tiny):
    falling, longer = (replace(tiny, lr_end=0.1, steps=steps) for steps in (8, 16))
    recorded(falling, tmp_path / "run")
    with pytest.raises(
        BadRun, match=r"has other learning rates \(steps: recorded 8, asked 16\); go on with the new ones"
    ):
        recorded(longer, tmp_path / "run", resume=True)
    same = recorded(falling, tmp_path / "run", resume=True, steps=10)  # beyond: what is left stays
    assert same.card["steps_done"] == 10 and "learning_rates" not in same.card
    run = recorded(longer, tmp_path / "run", resume=True, new_rates=True)
    assert rates(run) == [(0, 2e-4, 2e-4, 0.1, 8), (10, 2e-4, 2e-4, 0.1, 16)] and run.card["steps_done"] == 16


def test_the_same_rates_change_nothing_where_new_ones_are_allowed(tmp_path, tiny):
    recorded(tiny, tmp_path / "whole")
    recorded(tiny, tmp_path / "run", steps=5)
    recorded(tiny, tmp_path / "run", resume=True, new_rates=True)
    whole, run = (runs.load(tmp_path / name) for name in ("whole", "run"))
    assert same_bits(flat(run.generator.state_dict()), flat(whole.generator.state_dict()))
    assert "learning_rates" not in run.card


def test_fewer_pictures_of_each_milestone_may_be_kept_later_but_not_more(tmp_path, tiny):
    few = replace(tiny, pictures=10)
    recorded(few, tmp_path / "run", steps=4)
    with pytest.raises(BadInput, match="keeps 10 pictures of each milestone, and pictures is 16"):
        recorded(replace(tiny, pictures=16), tmp_path / "run", resume=True)
    run = recorded(replace(tiny, pictures=3), tmp_path / "run", resume=True)
    assert {pictures.shape for pictures in run.samples.values()} == {(3, 1, 28, 28)}


@pytest.mark.parametrize(
    "changes",
    [
        {"optimizer": torch.optim.SGD},
        {"optimizer": torch.optim.SGD, "optimizer_args": {"momentum": 0.9}},
        {"optimizer": torch.optim.AdamW, "optimizer_args": {"weight_decay": 0.1}},
        {"optimizer": (torch.optim.RMSprop, torch.optim.Adam), "betas": (0.0, 0.9)},
        {"optimizer": torch.optim.Adagrad},
    ],
    ids=str,
)
def test_any_optimizer_resumes_to_the_same_bits(tmp_path, tiny, monkeypatch, changes):
    recipe = replace(tiny, lr_g=1e-3, lr_d=1e-3, **changes)
    recorded(recipe, tmp_path / "whole")
    press(monkeypatch, 5)
    with pytest.raises(Stopped):
        recorded(recipe, tmp_path / "run")
    monkeypatch.undo()
    recorded(recipe, tmp_path / "run", resume=True)
    assert run_files(tmp_path / "run") == run_files(tmp_path / "whole")


def test_what_somebodys_own_function_raises_loses_no_training(tmp_path, path, tiny):
    def fails(_):
        raise ZeroDivisionError("of the reader")

    images = replace(random_images(), name=tiny.dataset)
    for option in ("score", "evaluate"):
        with pytest.raises(ZeroDivisionError, match="of the reader"):
            record(replace(tiny, milestones=()), images, tmp_path / "run", show_progress=False, **{option: fails})
        assert int(read(path)["step"]) == 12
        path.unlink()
    with pytest.raises(BadInput, match="the score is None; choose a finite number"):
        record(tiny, images, tmp_path / "run", show_progress=False, score=lambda _: None)
    path.unlink()
    with pytest.raises(BadInput, match="no card can hold what the evaluation gives"):
        record(tiny, images, tmp_path / "run", show_progress=False, evaluate=lambda _: {"x": torch.ones(1)})
    assert path.exists() and not (tmp_path / "run").exists()


class Malicious:
    """Unpickled, it makes a file."""

    def __init__(self, file):
        self.file = file

    def __reduce__(self):
        return Path.touch, (self.file,)


@pytest.mark.parametrize("save", [torch.save, lambda value, path: path.write_bytes(pickle.dumps(value))])
def test_a_pickle_is_never_loaded(tmp_path, tiny, stopped, save):
    victim = tmp_path / "victim"
    save({"step": Malicious(victim)}, stopped)
    refused(tiny, stopped, "is damaged")
    assert not victim.exists()
    pickle.loads(pickle.dumps(Malicious(victim)))
    assert victim.exists()  # it would have worked


def test_no_code_of_the_library_loads_a_pickle():
    for source in Path(recorder.__file__).parents[1].rglob("*.py"):
        text = source.read_text(encoding="utf-8")
        assert not re.search(r"pickle\.loads?\(|allow_pickle=True|torch\.load\((?!.*weights_only=True)", text), source


# ------------------------------------------------------------------------------------------ full


def full_disk(monkeypatch, at):
    """The checkpoint number `at` does not fit."""
    fsync, count = os.fsync, iter(range(1, 100))

    def no_space(file):
        if next(count) == at:
            raise OSError(errno.ENOSPC, "No space left on device")
        return fsync(file)

    monkeypatch.setattr(os, "fsync", no_space)


def test_a_full_disk_keeps_the_checkpoint_before(tmp_path, path, tiny, monkeypatch):
    recipe = scored(tiny)
    recorded(recipe, tmp_path / "whole")
    full_disk(monkeypatch, at=5)  # after 4 updates
    with pytest.raises(
        BadRun, match=rf"{path} could not be written \(No space left on device\); the one before it is kept"
    ):
        recorded(recipe, tmp_path / "run", save_every=0.0)
    monkeypatch.undo()
    assert sorted(os.listdir(tmp_path)) == [path.name, "whole"] and int(read(path)["step"]) == 3
    recorded(recipe, tmp_path / "run", resume=True)
    assert run_files(tmp_path / "run") == run_files(tmp_path / "whole")


def test_a_disk_that_is_full_at_the_end_keeps_the_checkpoint_for_another_try(tmp_path, path, tiny, monkeypatch):
    recipe = scored(tiny)
    recorded(recipe, tmp_path / "whole")

    def no_space(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", no_space)
    with pytest.raises(BadRun, match="The run could not be written"):
        recorded(recipe, tmp_path / "run", save_every=0.0)
    monkeypatch.undo()
    assert sorted(os.listdir(tmp_path)) == [path.name, "whole"] and int(read(path)["step"]) == recipe.steps
    recorded(recipe, tmp_path / "run", resume=True)
    assert run_files(tmp_path / "run") == run_files(tmp_path / "whole")
