"""Train by a recipe and record the run: draw and score on the way, keep checkpoints, write the folder at the end."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save as save_tensors
from torch import Tensor, nn

from gan_lib.data.folder import what_changed
from gan_lib.data.images import ImageSet
from gan_lib.data.pictures import png, sheet
from gan_lib.errors import BadInput, BadRun, Diverged, Stopped, brief, one_line
from gan_lib.machine import parallel
from gan_lib.machine.device import has_bfloat16
from gan_lib.machine.given import called, finite, flag, instance, whole
from gan_lib.runs import checkpoints, run, weights
from gan_lib.runs.checkpoints import StopRequest
from gan_lib.runs.folders import FORMAT, check_writable, made, read_card, read_file, write_folder
from gan_lib.training.loop import check_losses, train
from gan_lib.training.recipe import Recipe, join_tables, rates
from gan_lib.training.state import State

SAVE_EVERY = 60.0  # seconds between two checkpoints
Score = Callable[[nn.Module], float]
Evaluation = Callable[[nn.Module], dict[str, float]]


def record(
    recipe: Recipe,
    data: ImageSet,
    folder: Path,
    *,
    steps: int | None = None,
    held_out: ImageSet | None = None,
    score: Score | None = None,
    evaluate: Evaluation | None = None,
    overwrite: bool = False,
    resume: bool = False,
    new_rates: bool = False,
    keep_state: bool = True,
    save_every: float = SAVE_EVERY,
    show_progress: bool = True,
) -> run.Run | None:
    """Train by `recipe` on `data` and write the run to `folder`, all of it or nothing.

    Meanwhile a checkpoint lies beside the folder (`checkpoints.path_of`). It goes when the run is written.

    Args:
        recipe: what to train.
        data: the training set; its device is where the training happens.
        folder: must not hold anything yet, unless `overwrite` or `resume`.
        steps: updates of G; the recipe's own number if None.
        held_out: pictures that D never learns from, for the history's sixth column (`training.train`).
        score: generator → Fréchet distance or another number, lower is better; called at each milestone.
        evaluate: generator → scores for the card, called once, on the generator that is kept.
        overwrite: replace what `folder` holds once the new run is complete.
        resume: go on from the checkpoint, if there is one; a finished run goes on from its last state if more updates
            are asked for, and is left as it is otherwise.
        new_rates: what is gone on from may have had other learning rates; the card then says which rates began when.
        keep_state: keep the last state in the run's folder (`run.STATE`), so that it can go on later.
        save_every: seconds between two checkpoints.
        show_progress: show a progress bar.

    Returns:
        The run as it was written; None in all processes but the first, if there are several.

    Raises:
        BadInput: `folder` is not empty, or a checkpoint lies there and `resume` is not asked for; data that do not fit
            the recipe; or fewer updates than are done already.
        BadRun: `folder` cannot be written, or what it holds is damaged, another training's, or of other pictures.
        Diverged: a loss became NaN or exploded; the last good checkpoint is kept.
        Stopped: Ctrl-C; the checkpoint is kept.
    """
    _check_given(recipe, data, folder)
    for name, function in (("score", score), ("evaluate", evaluate)):
        function is None or called(name, function)
    overwrite, resume, keep_state = flag("overwrite", overwrite), flag("resume", resume), flag("keep_state", keep_state)
    new_rates = flag("new_rates", new_rates)
    held_out is None or instance("held_out", held_out, ImageSet, "an ImageSet, or None")
    instance("save_every", save_every, int | float, "seconds between two checkpoints")
    show_progress = flag("show_progress", show_progress)
    folder, path = Path(folder), checkpoints.path_of(Path(folder))
    steps = recipe.steps if steps is None else whole("steps", steps)
    data_hash, changed = data.fingerprint(), partial(what_changed, data)
    finished = resume and not overwrite and not path.exists() and (folder / "card.json").is_file()
    if finished and _done(folder, recipe, data, steps, new_rates):
        return run.load(folder) if parallel.rank() == 0 else None
    check_writable(folder, overwrite or resume)
    if path.exists() and not (resume or overwrite):
        raise BadInput(f"{path} holds an unfinished training; go on with it (--resume) or delete it.")
    state = State(recipe, len(data.pixels), data.device)
    image_shape = getattr(state.generator, "image_shape", data.pixels.shape[1:])
    data, held_out = data.fitted(image_shape), held_out and held_out.fitted(image_shape)
    with checkpoints.finishing_the_step() as request:
        watch = _Recorder(recipe, state, path, request, score, steps, save_every, data_hash)
        begun, cure = (folder / run.STATE, checkpoints.OVERWRITE) if finished else (path, checkpoints.DELETE)
        if resume and begun.exists():
            watch.restore(begun, checkpoints.read(begun, recipe, data_hash, cure, new_rates, changed), cure)
        try:
            train(state, data, steps=steps, watch=watch, held_out=held_out, show_progress=show_progress)
        except Diverged as error:
            raise Diverged(f"{error} {watch.where()}") from error
        if request.asked and state.step < steps:
            raise Stopped(f"stopped after {state.step:,} updates; go on with --resume. {watch.where()}")
    if parallel.rank() > 0:
        return None
    join_tables(recipe)
    last = checkpoints.to_bytes(watch.content())
    try:
        generator = watch.kept()
        scores = evaluate(generator) if evaluate else {}
        instance("what evaluate gives", scores, dict, "a dict of names and plain numbers")
        card = _card(recipe, data, watch, scores) | {"state_kept": keep_state}
        if held_out is not None:
            card["held_out"] = {"pictures": len(held_out.pixels), "data_hash": held_out.fingerprint()}
        files = {run.STATE: last} if keep_state else {}
        write_folder(folder, card, files | _run_files(recipe, generator, state, watch.samples))
    except Exception:  # a full disk, or somebody's own evaluation: the training can go on from here
        checkpoints.replace_file(path, last)
        raise
    checkpoints.remove(path)
    return run.load(folder)


def _check_given(recipe: Recipe, data: ImageSet, folder: Path) -> None:
    if not isinstance(recipe, Recipe):
        raise BadInput(f"recipe is a {type(recipe).__name__}; give a Recipe, as recipes.recipe('mlp-fashion') is.")
    if not isinstance(data, ImageSet):
        raise BadInput(
            f"data is a {type(data).__name__}; give an ImageSet, which takes pictures as one tensor or array: "
            'data.ImageSet("mine", pixels).'
        )
    if data.pixels.ndim != 4:
        raise BadInput(
            f"{data.name} holds points, and a run's folder keeps pictures; play them with plane.play or training.train."
        )
    if not isinstance(folder, (str, Path)):
        raise BadInput(f"folder is {brief(folder)}; give a path, for example runs/mine.")


def _done(folder: Path, recipe: Recipe, data: ImageSet, steps: int, new_rates: bool) -> bool:
    """Whether the finished run in `folder` is what is asked for; False if it can go on to it, else the sentence why."""
    card = read_card(folder)
    path, cure, changed = folder / "card.json", checkpoints.OVERWRITE, partial(what_changed, data)
    checkpoints.check_same(path, card, recipe, data.fingerprint(), cure, new_rates, changed)
    done = card["steps_done"]
    if steps < done:
        raise BadInput(f"{folder} has done {done:,} updates; ask for at least as many, or choose another folder.")
    if steps > done and not (card.get("state_kept") and (folder / run.STATE).is_file()):
        raise BadInput(
            f"{folder} has done {done:,} updates and did not keep its last state, so it cannot go on to {steps:,}; "
            "train it anew (--overwrite), or choose another folder."
        )
    if steps > done:
        read_file(folder, card, run.STATE)  # its sha256 is right
    return steps == done


@dataclass
class _Recorder:
    """Called before the first update and after each: draws and scores at milestones, saves now and then."""

    recipe: Recipe
    state: State
    path: Path
    request: StopRequest
    score: Score | None
    steps: int
    save_every: float
    data_hash: str
    samples: dict[int, Tensor] = field(default_factory=dict)
    scores: dict[int, float] = field(default_factory=dict)
    scores_plain: dict[int, float] = field(default_factory=dict)  # of the generator whose average is drawn
    rates: list[dict[str, float]] = field(default_factory=list)  # each player's, and after which update they began
    best: dict[str, Tensor] = field(default_factory=dict)
    seconds: float = 0.0
    saved_step: int | None = None

    def __post_init__(self):
        self.started = self.saved_at = time.perf_counter()
        self.rates = [{"after": 0} | rates(self.recipe.as_card())]

    def __call__(self) -> bool:
        if parallel.rank() > 0:
            return False  # rank 0 decides after which step to stop; the others end when it leaves
        step = self.state.step
        if step in self.recipe.milestones or step == self.steps:
            self.look()
        asked = self.request.asked
        if asked or time.perf_counter() - self.saved_at > self.save_every:
            self.save()
        return asked

    def look(self) -> None:
        """Draw the fixed z; score, and keep the weights if they are the best so far."""
        check_losses(self.state)  # a NaN has no picture and no score
        step, generator = self.state.step, self.state.drawing
        self.samples[step] = run.draw_fixed(generator)[: self.recipe.pictures]
        if self.score is None:
            return
        try:
            score = finite("the score", self.score(generator))
            if self.recipe.score_plain and self.state.average is not None:
                self.scores_plain[step] = finite("the score", self.score(self.state.generator))
        except Exception:  # somebody's own function: what is trained must not be lost
            self.save()
            raise
        if self.recipe.keep_best and score < min(self.scores.values(), default=torch.inf):
            self.best = {key: value.detach().cpu().clone() for key, value in generator.state_dict().items()}
        self.scores[step] = score

    def save(self) -> None:
        """Write the checkpoint, unless the losses say that it is not worth keeping."""
        check_losses(self.state)
        checkpoints.write(self.path, self.content())
        self.saved_at, self.saved_step = time.perf_counter(), self.state.step

    def content(self) -> dict[str, Any]:
        """Everything that a checkpoint holds."""
        return {
            "recipe": self.recipe.as_card(),
            "data_hash": self.data_hash,
            "state": self.state.as_dict(),
            "best": self.best,
            "samples": self.samples,
            "scores": self.scores,
            "scores_plain": self.scores_plain,
            "rates": self.rates,
            "seconds": self.spent(),
        }

    def restore(self, path: Path, content: dict[str, Any], cure: str) -> None:
        """Go on from a checkpoint. BadRun if its tensors do not fit the recipe; BadInput if it is beyond the end."""
        try:
            self.state.restore(content["state"])
            self.best, self.samples, self.scores = (dict(content[key]) for key in ("best", "samples", "scores"))
            self.samples = {step: drawn[: self.recipe.pictures] for step, drawn in self.samples.items()}
            self.scores_plain = dict(content.get("scores_plain", {}))
            self.seconds, self.saved_step = content["seconds"], self.state.step
            self.rates = content.get("rates") or [{"after": 0} | rates(content["recipe"])]
            now = {"after": self.state.step} | rates(self.recipe.as_card())
            if self.rates[-1] | {"after": self.state.step} != now:
                self.rates = [each for each in self.rates if each["after"] < self.state.step] + [now]
        except (KeyError, IndexError, TypeError, AttributeError, RuntimeError, ValueError) as error:
            raise BadRun(f"{path} does not fit its recipe ({one_line(error)}); {cure}.") from error
        fewest = min(map(len, self.samples.values()), default=self.recipe.pictures)
        if fewest < self.recipe.pictures:
            raise BadInput(
                f"{path} keeps {fewest} pictures of each milestone, and pictures is {self.recipe.pictures}; "
                f"go on with {fewest} or fewer."
            )
        if self.state.step > self.steps:
            raise BadInput(f"{path} already holds {self.state.step:,} updates; ask for as many or more, or delete it.")

    def spent(self) -> float:
        """Seconds of training, those before a stop included."""
        return self.seconds + time.perf_counter() - self.started

    def kept(self) -> nn.Module:
        """The generator that the run keeps: the last one, or the best."""
        if self.best:
            self.state.drawing.load_state_dict(self.best)
        return self.state.drawing

    def kept_step(self) -> int:
        return min(self.scores, key=self.scores.get) if self.best else self.state.step

    def where(self) -> str:
        if self.saved_step is None:
            return "There is no checkpoint yet."
        return f"The last good checkpoint, after {self.saved_step:,} updates, is {self.path}."


# ----------------------------------------------------------------------------------------- what is in a run


def _run_files(recipe: Recipe, generator: nn.Module, state: State, samples: dict[int, Tensor]) -> dict[str, bytes]:
    files = {"history.safetensors": save_tensors({"history": state.curves()})}
    if "generator" in recipe.keeps:
        files["weights.safetensors"] = save_tensors(_stored_weights(generator))
    if "discriminator" in recipe.keeps:
        files["discriminator.safetensors"] = weights.to_bytes(state.discriminator)
    return files | {f"samples/{step:06d}.png": png(sheet(drawn, run.GRID)) for step, drawn in samples.items()}


def _stored_weights(generator: nn.Module) -> dict[str, Tensor]:
    """The state dict on the CPU: half precision if no picture of the fixed z changes by more than one grey level."""
    full = weights.on_cpu(generator)
    half = weights.half(full)
    before = run.draw_fixed(generator).int()
    generator.load_state_dict(half)
    change = (run.draw_fixed(generator).int() - before).abs().max().item()
    generator.load_state_dict(full)
    return half if change <= 1 else full


def _card(recipe: Recipe, data: ImageSet, watch: _Recorder, evaluation: dict[str, float]) -> dict:
    steps, device = watch.state.step, watch.state.device
    return {
        "format": FORMAT,
        "recipe": recipe.as_card(),
        "data": data.name,
        **({"read_as": data.origin.listing.wanted} if data.origin and data.origin.listing else {}),
        "pictures": len(data.pixels),
        "classes": list(data.classes),
        "data_hash": watch.data_hash,
        "steps_done": steps,
        "kept_step": watch.kept_step(),
        "scores": watch.scores,
        **({"scores_plain": watch.scores_plain} if watch.scores_plain else {}),
        "evaluation": evaluation,
        **({"learning_rates": watch.rates} if len(watch.rates) > 1 else {}),
        "made": made(watch.spent())
        | {
            "hardware": _hardware(device),
            "multiplied_in": "bfloat16" if recipe.bfloat16 and has_bfloat16(device) else "float32",
            "processes": parallel.size(),
            "real_images_seen": steps * recipe.batch_size * recipe.d_steps,
        },
    }


def _hardware(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    if device.type == "cpu":
        return f"{platform.machine()} CPU, {torch.get_num_threads()} threads"
    return f"{platform.machine()} {device.type}"
