"""No raw error of torch, PIL or Python reaches a reader: every public function is tried with a table of odd values.

Whoever writes a new public function adds it to one of two tables: `GOOD`, with arguments that work, or `INSIDE`.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import shutil
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import fields, replace
from functools import cache
from pathlib import Path

import matplotlib.pyplot as plt
import pytest
import torch
from torch import Tensor

import gan_lib
from gan_lib import data, runs
from gan_lib.chapters import autoencoder, be_d, few, ledger, plane, two_classes
from gan_lib.chapters.plane import Play, Ring
from gan_lib.data import kept, official
from gan_lib.data.pictures import png
from gan_lib.errors import GanLibError
from gan_lib.networks import NETWORKS
from gan_lib.networks.classifier import SmallClassifier
from gan_lib.networks.conditional import CGANGenerator
from gan_lib.networks.mlp import MLPDiscriminator, MLPGenerator
from gan_lib.networks.points import PointDiscriminator
from gan_lib.networks.self_taught import SelfTaught
from gan_lib.scores import judges, scoreboard, self_taught
from gan_lib.scores.sliced import SlicedJudge
from gan_lib.training.recipe import Recipe
from gan_lib.training.recipes import MLP_FASHION
from gan_lib.training.state import State
from gan_lib.widgets import ledger as ledger_widget
from gan_lib.widgets import plane as plane_widget
from tests.conftest import TINY, random_images

# ------------------------------------------------------------------------------------------------ what is given


def _like(good: object) -> Tensor:
    return good if torch.is_tensor(good) else torch.arange(4.0)


ODD: dict[str, Callable[[object], object]] = {  # what it is called → made of the value that works
    "None": lambda good: None,
    "a letter": lambda good: "x",
    "an empty text": lambda good: "",
    "-1": lambda good: -1,
    "0": lambda good: 0,
    "1.5": lambda good: 1.5,
    "NaN": lambda good: float("nan"),
    "infinity": lambda good: float("inf"),
    "True": lambda good: True,
    "an empty list": lambda good: [],
    "a list of None": lambda good: [None],
    "an empty dict": lambda good: {},
    "a dict": lambda good: {"x": 1},
    "an object": lambda good: object(),
    "a class": type,
    "an empty tensor": lambda good: torch.zeros(0),
    "NaNs": lambda good: torch.full((2, 2), float("nan")),
    "five axes": lambda good: torch.zeros(2, 3, 4, 5, 6),
    "a tensor without axes": lambda good: torch.tensor(3),
    "whole numbers": lambda good: torch.ones_like(_like(good), dtype=torch.int64),
    "half precision": lambda good: _like(good).half(),
    "complex numbers": lambda good: torch.ones_like(_like(good), dtype=torch.complex64),
    "an array": lambda good: _like(good).double().numpy(),
    "a list of numbers": lambda good: _like(good).tolist(),
    "one too many": lambda good: torch.cat([_like(good), _like(good)[:1]]) if _like(good).ndim else torch.ones(3),
}
HUGE = {"k", "seed", "label", "batch_size"}  # what is also tried with a billion: nothing is as large as it says
CALLBACKS = {"figure", "answer", "score", "evaluate", "critic", "watch"}  # a reader's own may raise what it likes
WORDS = {"title", "titles", "xlabel", "ylabel", "player", "alt"}  # anything is a word: a few values are enough
FEW = ("None", "an object", "NaNs", "a tensor without axes")
MOMENT = 3.0  # seconds for a refusal
LONGEST = 1_500  # letters of a sentence

# ---------------------------------------------------------------------------------------------- what is tried

LINE = torch.tensor([0.1, 0.2, 0.3, 0.4])
POINTS = torch.tensor([[0.0, 0.1], [0.2, 0.5], [-0.3, 0.4], [0.7, -0.2]])
SMALL = {"generator_args": {"width": 4}, "discriminator_args": {"width": 4}, "batch_size": 2, "steps": 1}
DOTS = replace(plane.RING, **SMALL)
CLASSES = replace(
    two_classes.RECIPES["CGAN"],
    generator_args={"width": 4, "classes": 2},
    discriminator_args={"width": 4, "classes": 2},
    steps=1,
)
RING = Ring("ring", 2, 0.03, 16, seeds=1, points=4, recipes={"minimax": DOTS})
CONV = {"size": 4, "kernel_size": 3, "stride": 1, "padding": 1, "dilation": 1}
MEASURED = {"precision": 0.9, "recall": 0.3, "frechet": 20.0}
SEEDED = "mlp-fashion-seed3"  # a recorded run of 0.2 MB


@cache
def _generator() -> MLPGenerator:
    return MLPGenerator(hidden=4).eval()


def _two_layers() -> torch.nn.Module:
    return torch.nn.Sequential(torch.nn.Conv2d(1, 2, 4, 2, 1), torch.nn.ConvTranspose2d(2, 1, 3))


@cache
def _with_labels() -> CGANGenerator:
    return CGANGenerator(width=4).eval()


@cache
def _run() -> runs.Run:
    return runs.load(SEEDED)


@cache
def _play() -> Play:
    return plane.play(DOTS, POINTS, 2, 4)


def _table() -> Tensor:
    return torch.rand(6, 5)


def _z(n: int = 2) -> Tensor:
    return torch.randn(n, 100)


@cache
def _some_pictures() -> Path:
    folder = Path(tempfile.mkdtemp())
    for level in (0, 128, 255):
        (folder / f"{level}.png").write_bytes(png(torch.full((1, 8, 8), level, dtype=torch.uint8)))
    return folder


def _pictures(n: int = 2, side: int = 28) -> Tensor:
    return torch.rand(n, 1, side, side) * 2 - 1


def _many_images() -> data.ImageSet:
    return data.ImageSet("many", _bytes(few.HELD_OUT + 20, 1, 28, 28))


def _bytes(*shape: int) -> Tensor:
    return torch.zeros(*shape, dtype=torch.uint8)


def _clouds_of_points() -> dict[str, Tensor]:
    return {"real": torch.rand(3, 2), "made": -torch.rand(3, 2)}


def _gauss() -> dict[str, Tensor]:
    return {"mean_1": torch.zeros(2), "cov_1": torch.eye(2), "mean_2": torch.ones(2), "cov_2": torch.eye(2)}


GOOD: dict[str, Callable[[], dict]] = {
    "chapters.arithmetic.conv_size": lambda: dict(CONV),
    "chapters.arithmetic.conv_transpose_size": lambda: CONV | {"output_padding": 0},
    "chapters.arithmetic.conv_sources": lambda: CONV | {"cell": (0, 0)},
    "chapters.arithmetic.conv_transpose_sources": lambda: CONV | {"cell": (0, 0), "output_padding": 0},
    "chapters.arithmetic.overlap": lambda: CONV | {"output_padding": 0},
    "chapters.arithmetic.conv_matrix": lambda: {"weight": torch.ones(2, 2), "size": 3},
    "chapters.arithmetic.conv_transpose_matrix": lambda: {"weight": torch.ones(2, 2), "size": 3},
    "chapters.autoencoder.train_autoencoder": lambda: {"images": random_images().resized(32), "steps": 1},
    "chapters.autoencoder.record_autoencoder": lambda: {
        "train": random_images(),
        "test": random_images(),
        "folder": "new",
        "steps": 1,
    },
    "chapters.autoencoder.recorded": lambda: {"name": autoencoder.NAME},
    "chapters.be_d.look": lambda: {"discriminator": MLPDiscriminator(hidden=4), "pixels": _bytes(2, 1, 28, 28)},
    "chapters.be_d.record_game": lambda: {
        "images": random_images(),
        "held_back": random_images(),
        "folder": "new",
        "recipe": replace(be_d.RECIPE, generator_args={"hidden": 4}, discriminator_args={"hidden": 4}, batch_size=4),
        "moments": [1],
        "pictures": 10,
    },
    "chapters.be_d.recorded": lambda: {"name": be_d.NAME},
    "chapters.checkerboard.strengths": lambda: {"layer": torch.nn.ConvTranspose2d(8, 1, 4, 2, 1), "networks": 2},
    "chapters.checkerboard.unevenness": lambda: {"layer": torch.nn.ConvTranspose2d(8, 1, 4, 2, 1), "networks": 2},
    "chapters.broken.four_trainings": lambda: {"images": random_images(), "steps": 1},
    "chapters.cost.cost": lambda: {"module": MLPGenerator(hidden=4), "shape": (100,)},
    "chapters.cost.cost_table": lambda: {"rows": []},
    "chapters.critic.two_clouds": dict,
    "chapters.critic.checked_clouds": _clouds_of_points,
    "chapters.critic.fit": lambda: _clouds_of_points() | {"limit": "clip", "layers": 2, "updates": 1},
    "chapters.critic.gradient_lengths": lambda: {"critic": PointDiscriminator(4), "points": torch.rand(3, 2)},
    "chapters.cheats.scores_of": lambda: {"real": torch.cat([POINTS, POINTS / 2]), "made": POINTS},
    "chapters.divergences.gaussian": lambda: {"x": LINE, "mu": 0.0, "sigma": 1.0},
    "chapters.divergences.best_discriminator": lambda: {"p_data": LINE, "p_g": LINE},
    "chapters.divergences.value": lambda: {"p_data": LINE, "p_g": LINE, "d": LINE, "dx": 1.0},
    "chapters.divergences.kl": lambda: {"p": LINE, "q": LINE, "dx": 1.0},
    "chapters.divergences.jsd": lambda: {"p": LINE, "q": LINE, "dx": 1.0},
    "chapters.divergences.wasserstein": lambda: {"p": LINE, "q": LINE, "dx": 1.0},
    "chapters.few.name": lambda: {"n": 200, "augmented": True, "seed": 1},
    "chapters.few.recipe": lambda: {"n": 200, "augmented": True, "seed": 1, "steps": 60},
    "chapters.few.parts": lambda: {"images": _many_images(), "n": 20},
    "chapters.few.record": lambda: {
        "images": _many_images(),
        "n": 20,
        "augmented": True,
        "folder": "new",
        "seed": 1,
        "steps": 6,
    },
    "chapters.receptive.receptive_fields": lambda: {"network": _two_layers(), "size": 8},
    "chapters.slopes.seeds": lambda: {"rung": "ns"},
    "chapters.inversion.invert": lambda: {
        "generator": _generator(),
        "pictures": _pictures(),
        "steps": 1,
        "starts": 1,
        "watch": lambda step, z, error: None,
    },
    "chapters.wardrobe.make": lambda: {"folder": "new", "images": random_images(), "n": 10},
    "chapters.xy.walk": lambda: {"x": 0.5, "steps": 3},
    "chapters.exercises.check": lambda: {"name": "best-d", "answer": lambda p, q: p},
    "chapters.ledger.every_wiring": dict,
    "chapters.ledger.code": lambda: {"wiring": ledger.Wiring()},
    "chapters.ledger.run": lambda: {"wiring": ledger.Wiring()},
    "chapters.loops.four_loops": lambda: {"steps": 1},
    "chapters.plane.play": lambda: {"recipe": DOTS, "data": POINTS, "moments": 2, "points": 4},
    "chapters.plane.record_ring": lambda: {"folder": "new", "ring": RING},
    "chapters.plane.recorded": lambda: {"name": "minimax"},
    "chapters.plane.histories": lambda: {"name": "minimax"},
    "chapters.plane.evaluation": lambda: {"name": "minimax"},
    "chapters.plane.data": dict,
    "chapters.plane.grid": dict,
    "chapters.transport.cheapest_plan": lambda: {"cost": torch.ones(4, 4), "p": LINE, "q": LINE},
    "chapters.transport.sorted_plan": lambda: {"p": LINE, "q": LINE},
    "chapters.transport.best_prices": lambda: {"p": LINE, "q": LINE},
    "chapters.transport.wasserstein": lambda: {"x": POINTS, "y": POINTS},
    "chapters.transport.steepest": lambda: {"values": LINE, "points": POINTS},
    "chapters.two_classes.data": lambda: {"n": 4, "middle": 0.3},
    "chapters.two_classes.overlap": lambda: {"middle": 0.3},
    "chapters.two_classes.labels": dict,
    "chapters.two_classes.drawn": lambda: {"recipe": CLASSES, "middle": 0.3},
    "chapters.two_classes.wrong_side": lambda: {"points": POINTS, "labels": torch.arange(4) % 2},
    "data.folder.folder": lambda: {"path": _some_pictures(), "side": 4},
    "data.folder.what_changed": lambda: {"images": random_images(), "fingerprint": "0" * 16},
    "data.images.resize": lambda: {"images": _pictures(), "side": 32},
    "data.images.to_range": lambda: {"pixels": _bytes(2, 1, 4, 4)},
    "data.images.to_pixels": lambda: {"images": _pictures()},
    "data.official.load": lambda: {"name": "mnist", "split": "test"},
    "data.pictures.png": lambda: {"pixels": _bytes(1, 4, 4)},
    "data.pictures.figure_png": lambda: {"figure": plt.figure()},
    "data.pictures.sheet": lambda: {"pictures": _bytes(3, 1, 4, 4), "columns": 2},
    "data.toy.ring_centres": lambda: {"modes": 8},
    "data.toy.even_circle": lambda: {"n": 8},
    "data.toy.grid_centres": lambda: {"side": 3},
    "data.toy.clouds": lambda: {"n": 16, "centres": POINTS},
    "data.toy.ring": lambda: {"n": 16},
    "data.toy.two": lambda: {"n": 16},
    "data.toy.grid": lambda: {"n": 16},
    "data.toy.line": lambda: {"n": 16},
    "data.toy.circle": lambda: {"n": 16},
    "data.toy.moons": lambda: {"n": 16},
    "data.toy.modes_covered": lambda: {"points": POINTS, "centres": POINTS},
    "errors.expect_error": lambda: {"kind": ValueError, "said": "x"},
    "machine.device.pick": lambda: {"name": "cpu"},
    "machine.device.give_memory_back": dict,
    "machine.progress.is_static": dict,
    "machine.progress.progress": lambda: {"steps": 2, "name": "two"},
    "machine.rng.z_from_seed": lambda: {"seed": 0},
    "networks.brought.brought": lambda: {"generator": _generator()},
    "networks.checks.normal_weights": lambda: {"network": MLPGenerator(hidden=4), "std": 0.02},
    "networks.points.waves_of": lambda: {"x": torch.zeros(3, 2), "waves": 2},
    "networks.spectral.spectrally_normalised": lambda: {"network": MLPDiscriminator(hidden=4)},
    "runs.export.write_samples": lambda: {"path": Path("x.png"), "images": _pictures()},
    "runs.export.write_pictures": lambda: {"folder": Path("new"), "batches": [_pictures()], "n": 2},
    "runs.export.export_generator": lambda: {"run": _run(), "path": Path("x.safetensors")},
    "runs.migrate.migrate": lambda: {"folder": runs.RECORDED / SEEDED},
    "runs.recorder.record": lambda: {
        "recipe": TINY["mlp"],
        "data": random_images(),
        "folder": "new",
        "steps": 1,
        "score": lambda generator: 0.0,
        "evaluate": lambda generator: {},
    },
    "runs.run.fixed_z": lambda: {"latent_dim": 100},
    "runs.run.fixed_labels": lambda: {"classes": 10},
    "runs.run.load": lambda: {"name": SEEDED},
    "runs.run.find": lambda: {"name": SEEDED},
    "runs.run.draw": lambda: {"generator": _generator(), "z": _z()},
    "runs.run.draw_fixed": lambda: {"generator": _generator()},
    "scores.judges.record_classifier": lambda: {
        "train": random_images(),
        "test": random_images(),
        "folder": Path("new"),
        "epochs": 1,
    },
    "scores.inception.features": lambda: {"network": torch.nn.Flatten(), "pictures": _bytes(2, 3, 16, 16)},
    "scores.inception.distances": lambda: {"real": torch.rand(4, 8), "fake": torch.rand(4, 8)},
    "scores.kid.kid": lambda: {"x": POINTS, "y": POINTS},
    "scores.metrics.frechet": _gauss,
    "scores.metrics.sums": lambda: {"points": POINTS},
    "scores.metrics.mean_and_covariance": lambda: {
        "total": torch.ones(2),
        "squares": torch.eye(2),
        "n": torch.tensor(2),
    },
    "scores.metrics.look": lambda: {"classifier": SmallClassifier().eval(), "images": _pictures()},
    "scores.metrics.judge": lambda: {"dataset": "mnist", "side": 28},
    "scores.metrics.second_judge": lambda: {"dataset": "mnist", "side": 28},
    "scores.metrics.second_card": lambda: {"dataset": "mnist"},
    "scores.metrics.classifier_card": lambda: {"dataset": "mnist"},
    "scores.metrics.frechet_distance": lambda: {"generator": _generator(), "n": 2},
    "scores.metrics.class_shares": lambda: {"generator": _generator(), "n": 2},
    "scores.metrics.evaluate": lambda: {"generator": _generator(), "n": 4},
    "scores.metrics.score_of": lambda: {"images": random_images()},
    "scores.metrics.evaluation_of": lambda: {"images": random_images()},
    "scores.metrics.evaluate_images": lambda: {"images": _pictures(4), "dataset": "mnist"},
    "scores.metrics.inception_score": lambda: {"class_logits": torch.randn(4, 10)},
    "scores.metrics.sharpness": lambda: {"images": _pictures()},
    "scores.metrics.samples": lambda: {"generator": _generator(), "n": 2, "seed": 0},
    "scores.shrunk.scores_by_psi": lambda: {"generator": _generator(), "psis": [0.5], "n": 4},
    "scores.self_taught.contrastive_loss": lambda: {"anchors": POINTS, "same": POINTS, "others": POINTS},
    "scores.self_taught.changed": lambda: {"images": _pictures()},
    "scores.self_taught.record_second_judge": lambda: {
        "train": random_images(),
        "test": random_images(),
        "folder": Path("new"),
        "steps": 1,
    },
    "scores.sliced.pyramid": lambda: {"images": _pictures(side=32)},
    "scores.sliced.sliced_wasserstein": lambda: {"x": POINTS, "y": POINTS, "directions": torch.eye(2)},
    "scores.scoreboard.shipped": dict,
    "scores.scoreboard.scores": lambda: {"names": ["cgan-mlp-0"], "device": torch.device("cpu"), "z_seeds": 1},
    "scores.scoreboard.recorded": lambda: {"names": ["cgan-mlp-0"]},
    "scores.scoreboard.floors": lambda: {"dataset": "mnist", "side": 28},
    "scores.scoreboard.as_text": lambda: {"found": scoreboard.recorded(["cgan-mlp-0"]), "by": "kid", "columns": ["z"]},
    "scores.scoreboard.record": lambda: {"found": scoreboard.recorded(["cgan-mlp-0"]), "folder": Path("new")},
    "scores.scoreboard.cost": lambda: {"name": SEEDED},
    "show.blended.blended": lambda: {"generator": _with_labels(), "z": _z(1), "a": 0, "b": 1, "t": 0.5},
    "show.latent.sweep": lambda: {"generator": _generator(), "z": _z(1), "k": 0},
    "show.latent.linear": lambda: {"a": LINE, "b": 2 * LINE, "steps": 3},
    "show.latent.spherical": lambda: {"a": LINE, "b": LINE.flip(0), "steps": 3},
    "show.latent.effect_map": lambda: {"generator": _generator(), "k": 0, "z": _z()},
    "show.latent.effects": lambda: {"generator": _generator(), "z": _z(1)},
    "show.plots.use_style": dict,
    "show.plots.pictures": lambda: {"images": _bytes(2, 1, 4, 4), "columns": 2},
    "show.plots.matrix": lambda: {"values": POINTS, "title": "a title"},
    "show.plots.history": lambda: {"table": _table()},
    "show.plots.band": lambda: {"tables": [_table()], "names": ["d_real", "d_fake"], "highlight": _table()},
    "show.plots.maps": lambda: {"values": torch.rand(2, 4, 4), "titles": ["a", "b"]},
    "show.plots.ranking": lambda: {"values": LINE, "marked": [0], "xlabel": "x", "ylabel": "y"},
    "show.plots.column": lambda: {"table": _table(), "name": "d_loss"},
    "show.plots.running_mean": lambda: {"values": LINE, "window": 2},
    "show.plots.gradient_paths": lambda: {"rows": {"a step of G": ("z", "G")}},
    "show.tables.table": lambda: {
        "rows": {"one": {"score": 1.0, "runs": [1.0, 2.0]}},
        "best": {"score": min},
        "sort": "score",
    },
    "training.augment.flipped": lambda: {"images": _pictures()},
    "training.augment.colour": lambda: {"images": _pictures()},
    "training.augment.translation": lambda: {"images": _pictures()},
    "training.augment.cutout": lambda: {"images": _pictures()},
    "training.augment.augmented": lambda: {"images": _pictures(), "kinds": ["colour"]},
    "training.held_out.by_heart": lambda: {"history": torch.rand(40, 6)},
    "training.held_out.memorising": lambda: {"history": torch.rand(40, 6)},
    "training.games.discriminator_loss": lambda: {"real_logits": torch.randn(4, 1), "fake_logits": torch.randn(4, 1)},
    "training.games.minimax_generator_loss": lambda: {"fake_logits": torch.randn(4, 1)},
    "training.games.non_saturating_generator_loss": lambda: {"fake_logits": torch.randn(4, 1)},
    "training.games.critic_loss": lambda: {"real_values": torch.randn(4, 1), "fake_values": torch.randn(4, 1)},
    "training.games.critic_generator_loss": lambda: {"fake_values": torch.randn(4, 1)},
    "training.games.hinge_critic_loss": lambda: {"real_values": torch.randn(4, 1), "fake_values": torch.randn(4, 1)},
    "training.games.least_squares_critic_loss": lambda: {
        "real_values": torch.randn(4, 1),
        "fake_values": torch.randn(4, 1),
    },
    "training.games.least_squares_generator_loss": lambda: {"fake_values": torch.randn(4, 1)},
    "training.games.gradient_penalty": lambda: {
        "critic": lambda x: x.flatten(1).square().sum(1, keepdim=True),
        "real": _pictures(),
        "fake": _pictures(),
    },
    "training.games.zero_centred_penalty": lambda: {
        "critic": lambda x: x.flatten(1).square().sum(1, keepdim=True),
        "images": _pictures(),
    },
    "training.games.relativistic_loss": lambda: {"values": torch.randn(4, 1), "others": torch.randn(4, 1)},
    "training.games.smoothed": lambda: {"smoothing": 0.1},
    "training.games.weighted_acgan": lambda: {"weight": 0.5},
    "training.games.wgan": lambda: {"clip": 0.01},
    "training.games.wgan_gp": lambda: {"weight": 10.0},
    "training.games.r1": lambda: {"weight": 1.0},
    "training.games.cgan_r1": lambda: {"weight": 1.0},
    "training.games.r1_r2": lambda: {"weight": 1.0},
    "training.games.relativistic": lambda: {"weight": 1.0},
    "training.loop.train": lambda: {
        "state": State(DOTS, 4),
        "images": data.ImageSet("dots", POINTS),
        "held_out": data.ImageSet("dots", POINTS),
    },
    "training.recipes.recipe": lambda: {"name": "mlp-fashion"},
    "training.recipes.for_pictures": lambda: {
        "kind": "acgan",
        "image_shape": (3, 64, 64),
        "n_pictures": 100,
        "classes": 3,
        "steps": 10,
        "few": True,
        "dataset": "mine",
    },
    "training.recipes.refit": lambda: {
        "recipe": MLP_FASHION,
        "image_shape": (1, 8, 8),
        "classes": 3,
        "dataset": "mine",
    },
    "widgets.be_d.be_the_discriminator": lambda: {"game": be_d.NAME},
    "widgets.earth.move_earth": lambda: {"first": [1, 0, 2], "second": [0, 3, 0], "merchant": True},
    "widgets.bells.two_bells": lambda: {"middle": 0.3, "weight": 0.1, "steps": 1},
    "widgets.blend.blend_labels": lambda: {"generator": _with_labels(), "classifier": SmallClassifier(), "t": 0.5},
    "widgets.export.export": lambda: {"generator": _generator()},
    "widgets.export.export_classifier": lambda: {"classifier": SmallClassifier(), "image_shape": (1, 28, 28)},
    "widgets.figure_explorer.explore": lambda: {"figure": lambda mu: plt.figure(), "alt": "a figure", "mu": [0.0, 1.0]},
    "widgets.find.find_z": lambda: {"generator": _generator(), "pictures": _pictures(), "steps": 1, "starts": 1},
    "widgets.inside.look_inside": lambda: {"generator": _generator(), "dims": [0]},
    "widgets.graph.show_graph": lambda: {"start": ledger.Wiring()},
    "widgets.landscape.critic_landscape": lambda: _clouds_of_points() | {"limit": "clip", "layers": 2, "updates": 1},
    "widgets.kernel_bars.play_kernel": lambda: {"weights": [0.5, 1.0], "step": True},
    "widgets.latent_explorer.explore_latent": lambda: {"generator": _generator(), "dims": [0]},
    "widgets.ledger.show_ledger": lambda: {"start": ledger.Wiring()},
    "widgets.pictures.train_pictures": lambda: {"images": random_images(), "seed": 0},
    "widgets.pictures.packed": lambda: {"images": random_images()},
    "widgets.page_file.export_page": lambda: {"run": _run(), "path": Path("x.html"), "title": "a title"},
    "widgets.plane.train_plane": lambda: {
        "data": "line",
        "game": "wgan",
        "clip": 0.1,
        "batch_size": 8,
        "uniform": True,
    },
    "widgets.playground.play_arithmetic": dict,
    "widgets.question.ask_arithmetic": dict,
    "widgets.points.play_scores": lambda: {"real": torch.cat([POINTS, POINTS / 2]), "made": POINTS},
    "widgets.sort.sort_sets": lambda: {
        "sets": {"A": _pictures(), "B": _pictures()},
        "scores": {"distance": {"A": 1.0, "B": 2.0}},
        "about": {"A": "real", "B": "made"},
        "high": ["distance"],
    },
    "widgets.shrink.shrink_z": lambda: {"generator": _generator(), "measured": {0.5: MEASURED}, "count": 2},
    "widgets.sure.how_sure": lambda: {"logit": -1.0},
    "widgets.stack.play_stack": lambda: {"network": _two_layers(), "size": 8},
    "widgets.walk.walk_between": lambda: {"generator": _generator(), "seed": 1, "t": 0.25, "label": 0},
    "widgets.xy.play_xy": lambda: {"x": 0.5, "damping": 0.3},
    "widgets.scrubber.scrub_training": lambda: {"runs": _run()},
    "widgets.scrubber.scrub_plane": lambda: {"plays": _play()},
}

INSIDE = {  # functions, or all of a module, that only the library calls → why no reader does
    "bench": "the command line measures with them, for minutes, and checks what it is given",
    "chapters.drawings": "they take nothing, and are drawn from the library's own numbers",
    "chapters.exercises.conditional.four_classifiers": "an exercise's curves; it takes nothing",
    "chapters.exercises.evaluation.four_sets": "an exercise's pictures; it takes nothing",
    "chapters.exercises.exercise": "they make the arguments that answers are tried on",
    "chapters.exercises.modern.four_walks": "an exercise draws them, with the numbers it has",
    "chapters.exercises.own_pictures.four_discriminators": "an exercise's curves; it takes nothing",
    "chapters.receptive.convolutions": "`receptive_fields` and `play_stack` find the layers by it",
    "chapters.receptive.one_number": "`receptive_fields` and `play_stack` read the layers by it",
    "data.cache": "what is kept is found by them",
    "data.files": "`folder` finds the files by it",
    "data.images.fingerprints": "the fingerprint of an ImageSet",
    "data.images.split_fingerprint": "the fingerprint of a part of an ImageSet",
    "data.kept": "`folder` keeps what it read by them",
    "data.reader": "`folder` reads by it what people have, of which tests/data/test_folder.py has 70 kinds",
    "data.readers": "`folder` reads by it",
    "data.report": "the words of a report",
    "data.brought": "an ImageSet brings what it is given to them, and is tried below",
    "errors.brief": "the checks' own words",
    "errors.one_of": "the checks' own words",
    "errors.one_line": "the checks' own words",
    "errors.one_sentence": "the checks' own words",
    "machine.device.has_bfloat16": "asked of a device that `pick` has chosen",
    "machine.device.known": "the check of a device",
    "machine.device.memory_left": "asked of a device that `pick` has chosen",
    "machine.device.memory_format": "asked of a device that `pick` has chosen",
    "machine.given": "these are the checks",
    "machine.parallel": "`train` and `record` share their work by them",
    "machine.rng.isolated_rng": "whoever trains or builds is put into it",
    "machine.rng.seed_rng": "whoever trains or builds is put into it",
    "networks.checks": "the networks' own checks, tried below with each network",
    "networks.dcgan.trunk": "layers of two networks",
    "networks.residual.first_weights": "the residual networks begin with it",
    "networks.spectral.own_weight": "`normal_weights` finds a layer's weight by it",
    "networks.spectral.look_again": "`normal_weights` ends with it",
    "runs.checkpoints": "`record` writes and reads them",
    "runs.export.check_no_pictures": "the export's own check",
    "runs.export.check_suffix": "the export's own check",
    "runs.export.write_file": "how every export ends",
    "runs.folders": "`record` and `load` write and read by them",
    "runs.weights": "`record` and `load` write and read by them",
    "scores.inception.extractor": "it opens a file of 90 MB, and is tried in a test of its own",
    "scores.judges.record_judge": "the two recorders of judges end with it",
    "scores.own.own_score": "`score_of` and `evaluation_of` find the score by it",
    "scores.sliced.pictures_of": "the check of the pictures that are compared",
    "show.blended.share": "the check of t",
    "show.latent.check_dimension": "the check of k in the functions beside it",
    "show.latent.labels_like": "what the functions beside it give a generator",
    "training.loop.check_losses": "`train` and `record` look at their own state",
    "training.meeting": "`train` looks by it before the first update",
    "networks.any_side": "the sizes of the networks, tried below with each",
    "training.augment.known_kinds": "a Recipe's check of its augment, tried below",
    "training.games.ask": "the loop asks D by it",
    "widgets.bells.recipe_of": "`two_bells` trains by it what it has checked",
    "training.held_out.verdict": "the loop asks D by it",
    "training.recipe": "a run's card is written, read and compared by them; a Recipe is tried below",
    "widgets.export.layer_by_layer": "`export` compares by it",
    "widgets.face": "each widget hands its own data to it",
    "widgets.follow": "`export` follows a generator by it",
    "widgets.frames": "`explore` stores its figures by them",
    "widgets.latent_explorer.data_of": "the pages' data, out of what is checked",
    "widgets.latent_explorer.travelling": "the pages' data, of a generator that is checked",
    "widgets.ledger.key_of": "the two figures of the wirings name their data by it",
    "widgets.ledger.started": "the check of the two figures of the wirings, which are tried",
    "widgets.stages": "`look_inside` opens a generator by them",
    "widgets.live_latent.setting": "`explore_latent` understands its arguments by it",
}


def _nothing(*_: object) -> bytes:
    raise ConnectionError("in a test")  # the digits stand in


def _expect(kind: object, said: object) -> None:
    with gan_lib.errors.expect_error(kind, said):
        raise ValueError("x")


CALLED = {"errors.expect_error": _expect}  # where a call alone does not say everything
CALLS_OF_CLASSES: dict[str, tuple[Callable, Callable[[], dict]]] = {
    "ImageSet": (
        data.ImageSet,
        lambda: {"name": "mine", "pixels": _bytes(4, 1, 4, 4), "labels": torch.arange(4), "classes": tuple("abcd")},
    ),
    "ImageSet.fitted": (random_images().fitted, lambda: {"image_shape": (1, 32, 32)}),
    "ImageSet.split": (random_images().split, lambda: {"n": 4}),
    "ImageSet.resized": (random_images().resized, lambda: {"side": 32}),
    "ShuffledIndices": (data.ShuffledIndices, lambda: {"n": 4, "batch_size": 2, "rng": torch.Generator()}),
    "State": (State, lambda: {"recipe": DOTS, "n_images": 4, "device": "cpu"}),
    "Recipe": (
        lambda **changes: replace(MLP_FASHION, **changes),
        lambda: {f.name: getattr(MLP_FASHION, f.name) for f in fields(Recipe)},
    ),
    "Ring.covered": (RING.covered, lambda: {"points": POINTS}),
    "Wiring": (
        lambda **changes: ledger.code(ledger.Wiring(**changes)),
        lambda: {"order": "turns", "forwards": 2, "detach": True, "retain_graph": False, "freeze": False},
    ),
    "LatentExplorer": (gan_lib.widgets.LatentExplorer, lambda: {"generator": _generator(), "dims": [0]}),
    "SlicedJudge": (SlicedJudge, lambda: {"real": _bytes(2, 1, 16, 16)}),
    "SlicedJudge.distances": (SlicedJudge(_bytes(2, 1, 16, 16)).distances, lambda: {"pictures": _bytes(3, 1, 16, 16)}),
    "SmallClassifier.features": (SmallClassifier().eval().features, lambda: {"x": _pictures()}),
    "SmallClassifier.forward": (SmallClassifier().eval(), lambda: {"x": _pictures()}),
    "Encoder": (autoencoder.Encoder, lambda: {"latent_dim": 4, "features": 4, "channels": 1}),
    "Encoder.forward": (autoencoder.Encoder(4, 4), lambda: {"x": _pictures(side=32)}),
}
ARGUMENTS = {  # of small networks
    "hidden": 4,
    "features": 4,
    "width": 4,
    "widths": (4, 4),
    "classes": 3,
    "latent_dim": 5,
    "without": "strides",
}


def _network_calls() -> dict[str, tuple[Callable, Callable[[], dict]]]:
    """The constructor and the call of each network in the table."""
    found = {}
    for network in NETWORKS.values():
        given = {k: p.default for k, p in inspect.signature(network).parameters.items()}
        given |= {k: value for k, value in ARGUMENTS.items() if k in given}
        built = network(**given).eval()
        inputs = {"z": torch.randn(2, getattr(built, "latent_dim", 1))}
        if "Generator" not in network.__name__:
            inputs = {"x": torch.rand(2, *built.image_shape) * 2 - 1}
        if given.get("classes"):
            inputs["labels"] = torch.tensor([0, 2])
        found[network.__name__] = network, given.copy
        found[f"{network.__name__}.forward"] = built, inputs.copy
    return found


CALLS_OF_CLASSES |= _network_calls()


def _public() -> dict[str, Callable]:
    """room.module.function → function, of the whole library."""
    found = {}
    for module in pkgutil.walk_packages(gan_lib.__path__, "gan_lib."):
        if module.name.endswith("__main__"):
            continue
        for name, value in vars(importlib.import_module(module.name)).items():
            own = callable(value) and getattr(value, "__module__", "") == module.name and not inspect.isclass(value)
            if own and not name.startswith("_") and name == getattr(value, "__name__", ""):
                found[f"{module.name.removeprefix('gan_lib.')}.{name}"] = value
    return found


PUBLIC = _public()


def test_each_public_function_stands_in_one_of_the_two_tables():
    inside = {name for name in PUBLIC for part in INSIDE if name == part or name.startswith(f"{part}.")}
    assert set(PUBLIC) - inside - set(GOOD) == set(), "new functions: add them to GOOD or INSIDE"
    assert set(GOOD) - set(PUBLIC) == set(), "these are gone"
    assert not [part for part in INSIDE if not any(name == part or name.startswith(f"{part}.") for name in PUBLIC)]


@pytest.fixture(autouse=True)
def _cheap(tmp_path, monkeypatch):
    """In an empty folder, with short cuts where only the checks are of interest."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(autoencoder, "BATCH", 2)
    monkeypatch.setattr(autoencoder, "normal_weights", lambda network, _: network)
    monkeypatch.setattr(kept, "cache_folder", lambda: _some_pictures().with_suffix(".cache"))
    monkeypatch.setattr(official, "_content", _nothing)
    monkeypatch.setattr(judges, "_train", lambda *_: SmallClassifier().eval())
    monkeypatch.setattr(self_taught, "_train", lambda *_: SelfTaught().eval().requires_grad_(False))
    monkeypatch.setattr(ledger_widget, "every_wiring", lambda: [ledger.Wiring()])
    monkeypatch.setattr(plane_widget, "UPDATES", 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
    plt.close("all")


def _called(function: Callable, arguments: dict) -> None:
    """Call it, and begin what it gives back."""
    result = function(**arguments)
    if isinstance(result, AbstractContextManager) and not isinstance(result, plt.Figure):
        return
    if isinstance(result, Iterator):
        next(result)


def _complaint(function: Callable, arguments: dict) -> str:
    """What is wrong with the answer to these arguments; empty if nothing."""
    before, start = set(Path().rglob("*")), time.perf_counter()
    try:
        _called(function, arguments)
    except GanLibError as error:
        said, seconds = str(error), time.perf_counter() - start
        if len(said.splitlines()) != 1 or not said.rstrip().endswith((".", "!", "?")) or len(said) > LONGEST:
            return f"no sentence: {said[:200]!r}"
        if seconds > MOMENT:
            return f"took {seconds:.1f} s to say: {said}"
        return "refused, and left files" if set(Path().rglob("*")) != before else ""
    except BaseException as error:
        return f"{type(error).__name__}: {str(error)[:160]!r}"
    finally:
        plt.close("all")
        for path in set(Path().rglob("*")) - before:
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
    return ""


CASES = {name: (CALLED.get(name, PUBLIC.get(name)), good) for name, good in GOOD.items()} | CALLS_OF_CLASSES


@pytest.mark.parametrize("name", CASES)
def test_odd_values_are_refused_in_one_sentence_or_work(name):
    function, good = CASES[name]
    defaults = {
        key: parameter.default
        for key, parameter in inspect.signature(function).parameters.items()
        if parameter.default is not inspect.Parameter.empty
    }
    _called(function, defaults | good())
    complaints = []
    for parameter in defaults | good():
        values = {what: ODD[what] for what in FEW} if parameter in WORDS else ODD
        values = values | ({"a billion": lambda good: 10**9} if parameter in HUGE else {})
        for what, odd in values.items():
            arguments = defaults | good()
            arguments[parameter] = odd(arguments[parameter])
            if parameter in CALLBACKS and callable(arguments[parameter]):
                continue
            if complaint := _complaint(function, arguments):
                complaints.append(f"{parameter} = {what}: {complaint}")
    if complaints:
        pytest.fail("\n".join([f"{name}: {len(complaints)} complaints", *complaints]), pytrace=False)
