"""Train by a recipe and record the run: draw and score on the way, keep checkpoints, write the folder at the end."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import torch
from safetensors.torch import save as save_tensors
from torch import Tensor, nn

from gan_lib import checkpoints, parallel, runs, weights
from gan_lib.checkpoints import Checkpoint, StopRequest
from gan_lib.data import ImageSet
from gan_lib.device import has_bfloat16
from gan_lib.errors import BadInput, BadRun, Diverged, Stopped
from gan_lib.folders import FORMAT, check_writable, made, write_folder
from gan_lib.pictures import png, sheet
from gan_lib.recipe import Recipe
from gan_lib.state import State
from gan_lib.training import check_losses, train

SAVE_EVERY = 60.0  # seconds between two checkpoints
Score = Callable[[nn.Module], float]
Evaluation = Callable[[nn.Module], dict[str, float]]


def record(
    recipe: Recipe,
    data: ImageSet,
    folder: Path,
    *,
    steps: int | None = None,
    score: Score | None = None,
    evaluate: Evaluation | None = None,
    overwrite: bool = False,
    resume: bool = False,
    save_every: float = SAVE_EVERY,
    show_progress: bool = True,
) -> runs.Run | None:
    """Train by `recipe` on `data` and write the run to `folder`, all of it or nothing.

    Meanwhile a checkpoint lies beside the folder (`checkpoints.path_of`). It goes when the run is written.

    Args:
        recipe: what to train.
        data: the training set; its device is where the training happens.
        folder: must not hold anything yet, unless `overwrite`.
        steps: updates of G; the recipe's own number if None.
        score: generator → Fréchet distance, called at each milestone.
        evaluate: generator → scores for the card, called once, on the generator that is kept.
        overwrite: replace what `folder` holds once the new run is complete.
        resume: go on from the checkpoint, if there is one; a finished run is left as it is.
        save_every: seconds between two checkpoints.
        show_progress: show a progress bar.

    Returns:
        The run as it was written; None in all processes but the first, if there are several.

    Raises:
        BadInput: `folder` is not empty, or a checkpoint lies there and `resume` is not asked for.
        BadRun: `folder` cannot be written, or the checkpoint is damaged or another training's.
        Diverged: a loss became NaN or exploded; the last good checkpoint is kept.
        Stopped: Ctrl-C; the checkpoint is kept.
    """
    # Half of this function is its contract; the rest is one order of checks, training and writing that must not change.
    folder, path = Path(folder), checkpoints.path_of(Path(folder))
    if resume and not overwrite and not path.exists() and (folder / "card.json").is_file():
        return runs.load(folder, recipe)
    check_writable(folder, overwrite or (resume and path.exists()))
    if path.exists() and not (resume or overwrite):
        raise BadInput(f"{path} holds an unfinished training; go on with it (--resume) or delete it.")
    if data.name != recipe.dataset:
        score = evaluate = None  # they compare with the recipe's data, and this is the fallback
    data = data.resized(recipe.image_size)
    state = State(recipe, len(data.pixels), data.pixels.device)
    with checkpoints.finishing_the_step() as request:
        watch = _Recorder(recipe, state, path, request, score, recipe.steps if steps is None else steps, save_every)
        if resume and path.exists():
            watch.restore(checkpoints.load(path, recipe))
            if state.step > watch.steps:
                raise BadInput(
                    f"{path} already holds {state.step:,} updates; ask for more than {watch.steps:,} or delete it."
                )
        try:
            train(state, data, steps=watch.steps, watch=watch, show_progress=show_progress)
        except Diverged as error:
            raise Diverged(f"{error} {watch.where()}") from error
        if request.asked and state.step < watch.steps:
            raise Stopped(f"stopped after {state.step:,} updates; go on with --resume. {watch.where()}")
    if parallel.rank() > 0:
        return None
    generator = watch.kept()
    card = _card(recipe, data, watch, evaluate(generator) if evaluate else {})
    write_folder(folder, card, _run_files(recipe, generator, state, watch.samples))
    checkpoints.remove(path)
    return runs.load(folder, recipe)


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
    samples: dict[int, Tensor] = field(default_factory=dict)
    scores: dict[int, float] = field(default_factory=dict)
    best: dict[str, Tensor] = field(default_factory=dict)
    seconds: float = 0.0
    saved_step: int | None = None

    def __post_init__(self):
        self.z = runs.fixed_z(self.state.generator.latent_dim)
        self.labels = runs.fixed_labels(self.state.generator.classes)
        self.started = self.saved_at = time.perf_counter()

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
        self.samples[step] = runs.draw(generator, self.z, *self.labels)[: self.recipe.pictures]
        if self.score is None:
            return
        score = self.score(generator)
        if self.recipe.keep_best and score < min(self.scores.values(), default=torch.inf):
            self.best = {key: value.detach().cpu().clone() for key, value in generator.state_dict().items()}
        self.scores[step] = score

    def save(self) -> None:
        """Write the checkpoint, unless the losses say that it is not worth keeping."""
        check_losses(self.state)
        tensors = self.state.tensors() | {f"best.{key}": value.contiguous() for key, value in self.best.items()}
        tensors |= {f"samples.{step}": pictures for step, pictures in self.samples.items()}
        scores = {str(step): value for step, value in self.scores.items()}
        checkpoints.save(self.path, self.recipe, Checkpoint(tensors, {"scores": scores, "seconds": self.spent()}))
        self.saved_at, self.saved_step = time.perf_counter(), self.state.step

    def restore(self, checkpoint: Checkpoint) -> None:
        """Go on from a checkpoint. BadRun if its tensors do not fit the recipe."""
        try:
            tensors, notes = checkpoint.tensors, checkpoint.notes
            self.state.restore(tensors)
            self.best = {k.removeprefix("best."): v for k, v in tensors.items() if k.startswith("best.")}
            self.samples = {int(k.removeprefix("samples.")): v for k, v in tensors.items() if k.startswith("samples.")}
            self.scores = {int(step): value for step, value in notes["scores"].items()}
            self.seconds, self.saved_step = notes["seconds"], self.state.step
        except (KeyError, IndexError, TypeError, AttributeError, RuntimeError, ValueError) as error:
            text = " ".join(str(error).split())  # torch says it in several lines
            raise BadRun(f"{self.path} does not fit its recipe ({text}); delete it to start anew.") from error

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
    files = {"history.safetensors": save_tensors({"history": state.table()})}
    if "generator" in recipe.keeps:
        files["weights.safetensors"] = save_tensors(_stored_weights(generator))
    if "discriminator" in recipe.keeps:
        files["discriminator.safetensors"] = weights.to_bytes(state.discriminator)
    return files | {f"samples/{step:06d}.png": png(sheet(drawn, runs.GRID)) for step, drawn in samples.items()}


def _stored_weights(generator: nn.Module) -> dict[str, Tensor]:
    """The state dict on the CPU: half precision if no picture of the fixed z changes by more than one grey level."""
    z, labels = runs.fixed_z(generator.latent_dim), runs.fixed_labels(generator.classes)
    full = weights.on_cpu(generator)
    half = weights.half(full)
    before = runs.draw(generator, z, *labels).int()
    generator.load_state_dict(half)
    change = (runs.draw(generator, z, *labels).int() - before).abs().max().item()
    generator.load_state_dict(full)
    return half if change <= 1 else full


def _card(recipe: Recipe, data: ImageSet, watch: _Recorder, evaluation: dict[str, float]) -> dict:
    steps, device = watch.state.step, data.pixels.device
    return {
        "format": FORMAT,
        "recipe": recipe.as_card(),
        "data": data.name,
        "steps_done": steps,
        "kept_step": watch.kept_step(),
        "scores": watch.scores,
        "evaluation": evaluation,
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
