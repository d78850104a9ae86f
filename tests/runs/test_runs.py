"""Recorded runs: whole or not at all, checked when loaded; and the runs the book ships."""

import errno
import hashlib
import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from gan_lib import data, recording, runs
from gan_lib.chapters import autoencoder, be_d, few, plane
from gan_lib.errors import BadInput, BadRun
from gan_lib.networks import NETWORKS
from gan_lib.networks.mlp import MLPGenerator
from gan_lib.runs.migrate import HASHES, migrate
from gan_lib.runs.recorder import record
from gan_lib.scores import metrics, scoreboard
from gan_lib.training import train
from gan_lib.training.games import smoothed
from gan_lib.training.recipes import RECIPES
from gan_lib.training.state import State
from tests.conftest import TINY


def below(folder):
    return {str(f.relative_to(folder)): f.read_bytes() for f in folder.rglob("*") if f.is_file()}


def same_card(recipe, other):
    """Whether two recipes say the same; two that make the same game hold functions of their own."""
    one, two = (json.loads(json.dumps(each.as_card())) for each in (recipe, other))
    for card in (one, two):
        del card["reported"]["about"]
    return one == two


def edit_card(folder, **changes):
    path = folder / "card.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


@pytest.fixture
def full_disk(monkeypatch):
    """The second file that is written no longer fits."""
    write_bytes, count = Path.write_bytes, iter(range(100))

    def write(path, content):
        if next(count) == 1:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write_bytes(path, content)

    monkeypatch.setattr(Path, "write_bytes", write)


# ------------------------------------------------------------------------------------------ record and load


def test_a_run_comes_back_as_it_was_recorded(tmp_path, images, tiny):
    scores = iter((30.0, 20.0, 10.0))
    data = replace(images, name=tiny.dataset)
    recorded = record(tiny, data, tmp_path / "new" / "tiny", score=lambda _: next(scores), show_progress=False)
    loaded = runs.load(tmp_path / "new" / "tiny")

    state = State(tiny, 64)
    history = train(state, images, show_progress=False)
    for found in (recorded, loaded):
        assert torch.equal(found.history, history)
        assert found.scores == {0: 30.0, 5: 20.0, 12: 10.0}  # the milestones and the end
        assert list(found.samples) == [0, 5, 12] and same_card(found.recipe, tiny)
        for key, value in found.generator.state_dict().items():
            torch.testing.assert_close(value, state.generator.state_dict()[key], rtol=1e-3, atol=1e-4)
    for step, expected in recorded.samples.items():
        assert torch.equal(loaded.samples[step], expected)
    assert os.listdir(tmp_path / "new") == ["tiny"]  # nothing beside it


def test_a_score_of_ones_own_is_called_whatever_the_data_is_called(tmp_path, images, tiny):
    run = record(tiny, images, tmp_path / "tiny", score=lambda _: 1.0, show_progress=False)
    assert run.card["data"] == "random" and run.scores == {0: 1.0, 5: 1.0, 12: 1.0}


def spread(generator):
    """A score that depends on the weights alone."""
    return runs.draw(generator, runs.fixed_z(100), *runs.fixed_labels(generator.classes)).float().std().item()


def test_the_plain_generator_is_scored_beside_its_average_where_that_is_asked_for(tmp_path, images):
    """Its scores are those of a training without an average, and nothing else changes."""

    def recorded(name, **changes):
        recipe = replace(TINY["acgan"], **changes)
        return record(recipe, images, tmp_path / name, score=spread, show_progress=False)

    both, averaged, plain = recorded("both", score_plain=True), recorded("averaged"), recorded("plain", ema=None)
    assert list(both.scores_plain) == [0, 5, 12] and both.scores_plain == runs.load(tmp_path / "both").scores_plain
    assert both.scores_plain == plain.scores != both.scores == averaged.scores
    assert torch.equal(both.history, averaged.history)
    assert averaged.scores_plain == {} and "scores_plain" not in averaged.card
    assert recorded("none", ema=None, score_plain=True).scores_plain == {}  # the score is the plain one's


def test_a_path_is_that_folder_also_where_a_shipped_run_has_the_name(tmp_path, images, tiny, monkeypatch):
    monkeypatch.chdir(tmp_path)
    named_alike = replace(tiny, name="mlp-fashion")
    assert record(named_alike, images, Path("mlp-fashion"), show_progress=False).recipe.name == "mlp-fashion"
    assert runs.load(Path("mlp-fashion")).card["data"] == "random"
    assert same_card(runs.load("mlp-fashion").recipe, RECIPES["mlp-fashion"])


def test_the_samples_are_the_pictures_of_the_fixed_z(run, tiny):
    z = runs.fixed_z(100)
    assert z.shape == (64, 100) and torch.equal(z, runs.fixed_z(100))
    assert run.samples[0].shape == (64, 1, 28, 28) and run.samples[0].dtype == torch.uint8
    with torch.no_grad():
        grey = (tiny.build()[0](z).double() + 1) * 127.5
    assert (run.samples[0] - grey).abs().max() <= 0.5 + 1e-3
    assert (run.samples[12].int() - runs.draw(run.generator, z).int()).abs().max() <= 1  # half precision


def test_the_loaded_generator_is_ready_to_draw(run):
    assert not run.generator.training
    assert all(p.dtype == torch.float32 and not p.requires_grad for p in run.generator.parameters())


def test_weights_are_kept_in_half_precision_only_where_no_picture_shows_it(tmp_path, images, tiny):
    wild = replace(tiny, lr_g=1.0, milestones=())  # large weights, for which half precision is too coarse
    calm, rough = (record(r, images, tmp_path / str(r.lr_g), show_progress=False) for r in (tiny, wild))
    sizes = [(tmp_path / str(r.lr_g) / "weights.safetensors").stat().st_size for r in (tiny, wild)]
    assert 2 * 114_064 < sizes[0] < 3 * 114_064 and sizes[1] > 4 * 114_064
    for run in (calm, rough):
        drawn = runs.draw(run.generator, runs.fixed_z(100))
        assert (run.samples[12].int() - drawn.int()).abs().max() <= 1


def test_the_card_says_how_the_run_was_made(run, tiny):
    assert run.card["recipe"] == json.loads(json.dumps(tiny.as_card())) and run.card["data"] == "random"
    made = run.card["made"]
    assert run.card["steps_done"] == 12 and made["real_images_seen"] == 12 * 8
    assert made["torch"] == torch.__version__ and made["seconds"] >= 0
    assert {"date", "gan_lib", "commit", "python", "hardware"} <= set(made)
    assert (made["multiplied_in"], made["processes"]) == ("float32", 1)
    assert run.card["kept_step"] == 12 and run.card["evaluation"] == {}


def test_fewer_steps_than_the_recipes_are_said_on_the_card(tmp_path, images, tiny):
    run = record(tiny, images, tmp_path / "short", steps=3, show_progress=False)
    assert run.card["steps_done"] == 3 and list(run.samples) == [0, 3]


def scored(recipe, images, folder, scores, **options):
    """A run on data of the recipe's name; the milestones get these scores one after the other."""
    scores, data = iter(scores), replace(images, name=recipe.dataset)
    return record(recipe, data, folder, score=lambda _: next(scores), show_progress=False, **options)


def test_the_best_milestone_is_kept_where_the_recipe_asks_for_it_and_the_first_of_two_equals(tmp_path, images, tiny):
    recipe = replace(tiny, milestones=(0, 3, 6, 9), keep_best=True)
    evaluated = []
    run = scored(recipe, images, tmp_path / "best", (9, 5, 2, 2, 3), evaluate=lambda g: evaluated.append(g) or {"n": 1})
    assert run.card["kept_step"] == 6 and run.card["steps_done"] == 12 and run.card["evaluation"] == {"n": 1}
    for generator in (run.generator, *evaluated):
        assert (runs.draw(generator, runs.fixed_z(100)).int() - run.samples[6].int()).abs().max() <= 1
    last = scored(replace(recipe, keep_best=False), images, tmp_path / "last", (9, 5, 2, 2, 3))
    assert last.card["kept_step"] == 12
    assert (runs.draw(last.generator, runs.fixed_z(100)).int() - run.samples[12].int()).abs().max() <= 1


def test_a_run_holds_the_networks_its_recipe_keeps(tmp_path, images, tiny):
    state = State(tiny, 64)
    train(state, images, show_progress=False)
    for keeps in ((), ("discriminator",), ("generator", "discriminator")):
        run = record(replace(tiny, keeps=keeps), images, tmp_path / str(len(keeps)), show_progress=False)
        for name in ("generator", "discriminator"):
            kept, full = getattr(run, name), getattr(state, name)
            assert (kept is not None) == (name in keeps)
            if kept:
                torch.testing.assert_close(kept.state_dict(), full.state_dict(), rtol=1e-3, atol=1e-4)
    assert not run.discriminator.training and all(p.dtype == torch.float32 for p in run.discriminator.parameters())


def test_an_average_of_g_is_what_is_drawn_and_recorded(tmp_path, images, tiny):
    recipe = replace(tiny, ema=0.999, lr_g=0.01)
    state = State(recipe, 64)
    train(state, images, show_progress=False)
    run = record(recipe, images, tmp_path / "ema", show_progress=False)
    torch.testing.assert_close(run.generator.state_dict(), state.average.state_dict(), rtol=1e-3, atol=1e-4)
    assert not torch.allclose(run.generator.fc2.weight, state.generator.fc2.weight, rtol=1e-3, atol=1e-3)
    assert torch.equal(run.samples[12], runs.draw(state.average, runs.fixed_z(100)))


def test_a_conditional_run_draws_class_after_class_in_its_own_size(tmp_path, images):
    run = record(TINY["acgan"], images, tmp_path / "acgan", show_progress=False)
    (labels,) = runs.fixed_labels(10)
    assert labels.dtype == torch.int64 and labels.tolist() == sorted(labels.tolist())
    assert labels.bincount().tolist() == [7, 6, 7, 6, 6, 7, 6, 7, 6, 6] and runs.fixed_labels(0) == ()
    assert run.samples[12].shape == (64, 1, 32, 32)  # the data is 28×28 and was enlarged
    assert (runs.draw(run.generator, runs.fixed_z(100), labels).int() - run.samples[12].int()).abs().max() <= 1


# ------------------------------------------------------------------------------------------ whole or not at all


def test_a_full_disk_leaves_nothing_behind(tmp_path, images, tiny, full_disk):
    with pytest.raises(BadRun, match=r"could not be written .*No space left on device.*nothing was left behind"):
        record(tiny, images, tmp_path / "tiny", show_progress=False)
    assert os.listdir(tmp_path) == ["tiny.checkpoint.pt"]  # the training is not lost


def test_a_full_disk_leaves_the_old_run_as_it_was(tmp_path, images, tiny, run, full_disk):
    before = below(tmp_path / "tiny")
    with pytest.raises(BadRun, match="No space left on device"):
        record(replace(tiny, seed=1), images, tmp_path / "tiny", overwrite=True, show_progress=False)
    assert below(tmp_path / "tiny") == before


def test_a_rename_that_fails_brings_the_old_run_back(tmp_path, images, tiny, run, monkeypatch):
    before, rename = below(tmp_path / "tiny"), Path.rename

    def refuse_the_new_one(path, target):
        if ".part-" in path.name:
            raise OSError(errno.EACCES, "Permission denied")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", refuse_the_new_one)
    with pytest.raises(BadRun, match="Permission denied"):
        record(tiny, images, tmp_path / "tiny", overwrite=True, show_progress=False)
    assert below(tmp_path / "tiny") == before


def test_a_stop_while_writing_leaves_the_old_run_as_it_was(tmp_path, images, tiny, run, monkeypatch):
    before = below(tmp_path)

    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "write_bytes", stop)
    with pytest.raises(KeyboardInterrupt):
        record(tiny, images, tmp_path / "tiny", overwrite=True, show_progress=False)
    assert below(tmp_path) == before


def test_a_folder_in_use_is_refused_before_the_training(tmp_path, images, tiny, run):
    before = below(tmp_path)
    with pytest.raises(BadInput, match=r"tiny already holds something; choose another folder"):
        record(tiny, images, tmp_path / "tiny", score=pytest.fail, show_progress=False)
    assert below(tmp_path) == before


def test_what_a_killed_process_of_the_same_number_left_does_not_matter(tmp_path, images, tiny):
    """In a container the same process number comes again at each start."""
    left = tmp_path / f".tiny.part-{os.getpid()}"
    left.mkdir()
    (left / "half.safetensors").write_bytes(b"half")
    assert set(record(tiny, images, tmp_path / "tiny", show_progress=False).card["files"]) == {
        *("weights.safetensors", "history.safetensors", "state.pt"),
        *("samples/000000.png", "samples/000005.png", "samples/000012.png"),
    }
    assert os.listdir(tmp_path) == ["tiny"]


def test_overwriting_replaces_the_run(tmp_path, images, tiny, run):
    other = replace(tiny, seed=1, milestones=(1,))
    record(other, images, tmp_path / "tiny", overwrite=True, show_progress=False)
    assert list(runs.load(tmp_path / "tiny").samples) == [1, 12]
    assert os.listdir(tmp_path) == ["tiny"]


def test_overwriting_never_replaces_what_is_not_a_run(tmp_path, images, tiny):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter1.tex").write_text("years of work")
    (tmp_path / "file").write_text("a file")
    before = below(tmp_path)
    for name in ("thesis", "file"):
        with pytest.raises(BadInput, match="already holds something"):
            record(tiny, images, tmp_path / name, overwrite=True, show_progress=False)
    assert below(tmp_path) == before


def test_an_empty_folder_may_be_used(tmp_path, images, tiny):
    (tmp_path / "empty").mkdir()
    assert record(tiny, images, tmp_path / "empty", show_progress=False).history.shape == (3, 5)


def test_a_folder_without_a_name_or_below_a_file_is_refused_before_the_training(tmp_path, images, tiny, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadInput, match="no name for a new folder"):
        record(tiny, images, Path("."), score=pytest.fail, show_progress=False)
    (tmp_path / "file").write_text("a file")
    with pytest.raises(BadRun, match="cannot be written"):
        record(tiny, images, tmp_path / "file" / "run", score=pytest.fail, show_progress=False)


# ------------------------------------------------------------------------------------------ damaged and foreign


def test_a_run_that_does_not_exist_is_refused_with_the_shipped_ones(tmp_path):
    with pytest.raises(BadRun, match=r"mlp-fashon is not a recorded run; .* for example .*mlp-fashion"):
        runs.load("mlp-fashon")
    with pytest.raises(BadRun, match="is not a recorded run"):
        runs.load(tmp_path)


@pytest.mark.parametrize("name", ["weights.safetensors", "history.safetensors", "samples/000005.png"])
def test_a_damaged_file_is_named(tmp_path, tiny, run, name):
    path = tmp_path / "tiny" / name
    content = bytearray(path.read_bytes())
    content[-1] ^= 1  # one bit
    path.write_bytes(content)
    with pytest.raises(BadRun, match=f"{name} is not what its card says"):
        runs.load(tmp_path / "tiny")


@pytest.mark.parametrize("name", ["weights.safetensors", "samples/000000.png"])
def test_a_missing_file_is_named(tmp_path, tiny, run, name):
    (tmp_path / "tiny" / name).unlink()
    with pytest.raises(BadRun, match=f"{name} is missing or cannot be read; the run is damaged"):
        runs.load(tmp_path / "tiny")


@pytest.mark.parametrize("text", ['{"format": 1, "fil', "", "[]", '{"format": 1}', "null"])
def test_a_card_that_cannot_be_read_is_named(tmp_path, tiny, run, text):
    (tmp_path / "tiny" / "card.json").write_text(text)
    with pytest.raises(BadRun, match=r"card.json cannot be read .*the run is damaged"):
        runs.load(tmp_path / "tiny")


def test_a_run_of_another_format_is_refused(tmp_path, tiny, run):
    edit_card(tmp_path / "tiny", format=99)
    with pytest.raises(BadRun, match="has format 99; this gan_lib reads format 2"):
        runs.load(tmp_path / "tiny")


def test_a_card_that_lost_something_is_refused(tmp_path, tiny, run):
    for part, key in (("reported", "name"), ("decides", "game"), ("players", "generator")):
        card = tiny.as_card()
        card[part] = {k: v for k, v in card[part].items() if k != key}
        edit_card(tmp_path / "tiny", recipe=card)
        with pytest.raises(BadRun, match=r"lacks what a run needs|cannot be opened"):
            runs.load(tmp_path / "tiny")


def test_a_run_opens_without_its_recipe_whatever_it_was_trained_with(tmp_path, images, tiny):
    other = replace(tiny, name="nobody knows it", batch_size=4, seed=9, pictures=10, log_every=3, game=smoothed(0.2))
    made = record(other, images, tmp_path / "run", steps=3, show_progress=False)
    assert made.recipe.as_card() == other.as_card()
    assert made.samples[3].shape == (10, 1, 28, 28)


class Own(MLPGenerator):
    """Somebody's own network."""


def test_a_network_of_ones_own_stands_on_the_card_by_its_name_and_must_be_in_the_table(
    tmp_path, images, tiny, monkeypatch
):
    record(replace(tiny, generator=Own), images, tmp_path / "run", show_progress=False)
    assert (
        json.loads((tmp_path / "run" / "card.json").read_text())["recipe"]["players"]["generator"]["network"] == "Own"
    )
    assert type(runs.load(tmp_path / "run").generator) is Own
    monkeypatch.delitem(NETWORKS, "Own")  # as in another process
    with pytest.raises(BadRun, match=r"the network 'Own' is in no table; add it, gan_lib.networks.NETWORKS\['Own'\]"):
        runs.load(tmp_path / "run")
    monkeypatch.setitem(NETWORKS, "Own", lambda: MLPGenerator(hidden=7))
    with pytest.raises(BadRun, match="cannot be opened"):
        runs.load(tmp_path / "run")


@pytest.mark.parametrize("name", ["ring", "classifier-mnist", "judge-mnist", "scoreboard", "autoencoder-fashion"])
def test_what_is_no_run_of_two_networks_is_told_apart(name):
    with pytest.raises(BadRun, match="holds no run of a generator and a discriminator"):
        runs.load(name)


def test_record_is_found_by_its_old_name_too():
    assert recording.record is runs.record


def test_the_hashes_of_the_first_editions_data_are_right():
    for name, expected in HASHES.items():
        images = data.load(name)
        assert images.is_fallback or images.fingerprint() == expected


OLD = {  # a card of the first edition, shortened
    "format": 1,
    "recipe": {
        "name": "tiny",
        "about": "for tests",
        "dataset": "fashion-mnist",
        "image_size": 28,
        "generator": "MLPGenerator",
        "discriminator": "MLPDiscriminator",
        "generator_args": {},
        "discriminator_args": {},
        "game": "WGAN-GP, λ 10",
        "batch_size": 8,
        "steps": 12,
        "optimizer": "RMSprop",
        "lr_g": 2e-4,
        "lr_d": 1e-4,
        "betas": [0.5, 0.999],
        "seed": 3,
        "milestones": [0, 5],
        "keeps": ["generator"],
    },
}


def test_a_run_of_the_first_edition_is_refused_until_it_is_migrated(tmp_path, run):
    before = runs.draw_fixed(run.generator)
    edit_card(tmp_path / "tiny", **OLD)
    with pytest.raises(BadRun, match="is from the first edition; bring it up to date: python -m gan_lib migrate"):
        runs.load(tmp_path / "tiny")
    assert migrate(tmp_path / "tiny") and not migrate(tmp_path / "tiny")
    found = runs.load(tmp_path / "tiny")
    assert torch.equal(runs.draw_fixed(found.generator), before)
    recipe = found.recipe
    assert (recipe.game.name, recipe.game.arguments, recipe.seed, recipe.ema) == ("wgan-gp", {"weight": 10.0}, 3, None)
    assert recipe.players["discriminator"].optimizer_args == {"lr": 1e-4}
    assert recipe.players["discriminator"].optimizer is torch.optim.RMSprop
    edit_card(tmp_path / "tiny", format=1, recipe={"dataset": "x"})
    with pytest.raises(BadRun, match="is no card of the first edition"):
        migrate(tmp_path / "tiny")


def test_a_weights_file_is_never_a_pickle(tmp_path, tiny, run):
    """safetensors starts with the length of a JSON header; nothing in it can be run."""
    content = (tmp_path / "tiny" / "weights.safetensors").read_bytes()
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    assert set(header) >= {"fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias"}


# ------------------------------------------------------------------------------------------ what the book ships


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_is_shipped_as_a_run_that_matches_it(name):
    run = runs.load(name)  # compares every file with its sha256
    recipe = RECIPES[name]
    assert same_card(run.recipe, recipe)
    assert run.card["data"] == recipe.dataset and run.card["steps_done"] == recipe.steps
    assert tuple(run.samples) == recipe.milestones == tuple(run.scores)
    assert run.history[-1, 0] == recipe.steps and run.history.isfinite().all()
    assert len(run.history) == -(-recipe.steps // recipe.log_every)
    assert {name for name in ("generator", "discriminator") if getattr(run, name)} == set(recipe.keeps)
    best = min(run.scores, key=run.scores.get) if recipe.keep_best else recipe.steps
    assert run.card.get("kept_step", recipe.steps) == best
    if run.generator:
        drawn = runs.draw(run.generator, runs.fixed_z(100), *runs.fixed_labels(run.generator.classes))
        drawn = drawn[: recipe.pictures]
        assert (drawn.int() - run.samples[best].int()).abs().max() <= 2  # half precision, another machine's rounding


def test_nothing_else_is_shipped_and_all_of_it_is_small_and_whole():
    names = {folder.name for folder in runs.RECORDED.iterdir() if folder.is_dir()}
    judges = {*metrics.CLASSIFIERS.values(), *metrics.SECOND.values()}
    others = {scoreboard.NAME, autoencoder.NAME, be_d.NAME, *plane.RINGS, *(few.name(*run) for run in few.RUNS)}
    assert names == {*RECIPES, *judges, *others, "dcgan-emoji"}
    for name in names:
        card = json.loads((runs.RECORDED / name / "card.json").read_text())
        files = below(runs.RECORDED / name)
        files.pop("card.json")
        assert {file: hashlib.sha256(content).hexdigest() for file, content in files.items()} == card["files"]
    size = sum(f.stat().st_size for f in runs.RECORDED.rglob("*") if f.is_file())
    assert size < 48e6
