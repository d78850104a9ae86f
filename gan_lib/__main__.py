"""Train, draw, score and time the book's generators: python -m gan_lib COMMAND --help."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import torch
import typer

from gan_lib import data, runs
from gan_lib.bench import memory, quality, reading, speed
from gan_lib.chapters import autoencoder as autoencoders
from gan_lib.chapters import few, plane
from gan_lib.data.pictures import png
from gan_lib.errors import BadInput, GanLibError, Stopped, one_of
from gan_lib.machine import device, parallel
from gan_lib.runs import export as export_files
from gan_lib.runs import migrate as migration
from gan_lib.runs.folders import check_writable
from gan_lib.scores import inception, metrics, scoreboard
from gan_lib.scores.judges import record_classifier
from gan_lib.scores.self_taught import record_second_judge
from gan_lib.training import recipes
from gan_lib.training.held_out import memorising

FEWEST, MOST_HELD = 50, 500  # of fewer pictures none is held out unasked, of more a tenth, at most so many
UsageError = typer.BadParameter.__base__  # wherever this release of typer keeps it
app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode=None, help=__doc__)


@app.command()
def train(
    recipe: Annotated[str, typer.Argument(help="The recipe's name; `python -m gan_lib runs` lists them.")],
    out: Annotated[Path | None, typer.Option(help="Folder of the new run; runs/NAME if left out.")] = None,
    folder: Annotated[Path | None, typer.Option("--data", help="Folder of your own pictures.")] = None,
    side: Annotated[int, typer.Option(help="--data: of the pictures, 32, 64, 128 or 256.")] = 64,
    channels: Annotated[int, typer.Option(help="--data: 3 for colour, 1 for grey.")] = 3,
    fit: Annotated[str, typer.Option(help="--data: crop to squares, or pad to squares.")] = "crop",
    ground: Annotated[str, typer.Option(help="--data: the colour behind transparent or padded ones.")] = "white",
    hold_out: Annotated[int | None, typer.Option(min=0, help="--data: pictures that D never learns from.")] = None,
    augment: Annotated[bool | None, typer.Option(help="--data: other looks of what D sees, flips among them.")] = None,
    flip: Annotated[bool | None, typer.Option(help="Mirrored pictures, too; not for letters.")] = None,
    steps: Annotated[int | None, typer.Option(min=1, help="Updates of G; the recipe's own if left out.")] = None,
    batch_size: Annotated[int | None, typer.Option(min=1, help="Images in a batch, over all processes.")] = None,
    lr: Annotated[float | None, typer.Option(help="Both learning rates; with --resume, from here on.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, max=2**32 - 1, help="Another seed than the recipe's.")] = None,
    device_name: Annotated[str | None, typer.Option("--device", help="cpu, cuda, cuda:N or mps.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from checkpoint or finished run.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the run in --out, once complete.")] = False,
    keep_state: Annotated[bool, typer.Option(help="Keep the last state in --out, so that it can go on later.")] = True,
) -> None:
    """Train a recipe and record the run: weights, history, samples and a card.

    With --data it learns your own pictures: dcgan, wgan-gp, modern, or, with a subfolder for each class, acgan or cgan;
    any other recipe gets networks of their size. What was found in the folder is said first, and RUN.pictures.png shows
    64.

    A checkpoint is kept beside the folder, every minute and when you press Ctrl-C; --resume goes on from it, on the
    CPU to the same bits (with one process or two, on the same machine and number of threads). Several processes:
    torchrun --nproc-per-node N -m gan_lib train RECIPE.
    """
    where, held_out = device.pick(parallel.local_device(device_name)), None
    if folder is not None:
        is_own = recipe in recipes.KINDS
        is_told = recipe in recipes.WITH_LABELS if is_own else _known(recipe).game.conditional
        labels = "folders" if is_told else None
        images = data.folder(folder, side, channels=channels, fit=fit, ground=ground, labels=labels, device=where)
        shape, n, classes = tuple(images.pixels.shape[1:]), len(images.pixels), len(images.classes)
        held = (0 if n < FEWEST else min(n // 10, MOST_HELD)) if hold_out is None else hold_out
        if held >= n:
            raise BadInput(f"--hold-out is {held:,} and there are {n:,} pictures; choose 0…{n - 1:,}.")
        images, held_out = images.split(held) if held else (images, None)
        if is_own:
            length = {} if steps is None else {"steps": steps}
            chosen = recipes.for_pictures(recipe, shape, n - held, classes, few=augment, dataset=images.name, **length)
        else:
            chosen = recipes.refit(_known(recipe), shape, classes, dataset=images.name)
            chosen = replace(chosen, name=f"{recipe}-{images.name}")
    else:
        chosen = _known(recipe)
        images = data.load(chosen.dataset, "train", where)
    changes = {"batch_size": batch_size, "seed": seed, "lr_g": lr, "lr_d": lr, "flip": flip}
    chosen = replace(chosen, **{key: value for key, value in changes.items() if value is not None})
    out = out or Path("runs") / chosen.name
    with parallel.joined(where):
        if images.report and parallel.rank() == 0:
            typer.echo(images.report)
            typer.echo(f"  64 of them: {_written_beside(out, images.report.sheet)}")
        run = runs.record(
            chosen,
            images,
            out,
            steps=steps,
            held_out=held_out,
            score=metrics.score_of(images, chosen.image_size, held_out),
            evaluate=metrics.evaluation_of(images, chosen.image_size, held_out),
            overwrite=overwrite,
            resume=resume,
            new_rates=resume and lr is not None,
            keep_state=keep_state,
        )
        if parallel.rank() == 0:
            typer.echo(f"{out}: {run.card['steps_done']:,} updates in {run.card['made']['seconds']} s")
            if held_out is not None:
                typer.echo(memorising(run.history))


def _known(recipe: str) -> recipes.Recipe:
    """A recipe of the book. BadInput: one for any pictures, or none."""
    if recipe in recipes.KINDS:
        raise BadInput(f"{recipe} is for any pictures; name the folder of yours (--data FOLDER).")
    return recipes.recipe(recipe)


def _written_beside(run: Path, sheet: torch.Tensor) -> Path:
    """runs/mine → runs/mine.pictures.png. BadRun: it cannot be written."""
    path = run.parent / f"{run.name}.pictures.png"
    export_files.write_file(path, png(sheet))
    return path


@app.command()
def classifier(
    dataset: Annotated[str, typer.Argument(help="fashion-mnist or mnist.")] = "fashion-mnist",
    out: Annotated[Path | None, typer.Option(help="Folder of the run; runs/classifier-… if left out.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the run in --out.")] = False,
) -> None:
    """Train and record the classifier behind every score of a data set (about 4 minutes on two cores)."""
    one_of("data set", dataset, metrics.CLASSIFIERS)
    out = out or Path("runs") / metrics.CLASSIFIERS[dataset]
    check_writable(out, overwrite)
    card = record_classifier(data.load(dataset), data.load(dataset, "test"), out)
    typer.echo(f"{out}: test accuracy {card['test_accuracy']:.1%}, floors {card['floors']}")


@app.command()
def judge(
    dataset: Annotated[str, typer.Argument(help="fashion-mnist or mnist.")] = "fashion-mnist",
    out: Annotated[Path | None, typer.Option(help="Folder of the run; runs/judge-… if left out.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the run in --out.")] = False,
) -> None:
    """Train and record the second judge of a data set, which learns without labels (about 6 minutes on one core)."""
    one_of("data set", dataset, metrics.SECOND)
    out = out or Path("runs") / metrics.SECOND[dataset]
    check_writable(out, overwrite)
    card = record_second_judge(data.load(dataset), data.load(dataset, "test"), out)
    typer.echo(f"{out}: accuracy of a linear layer {card['test_accuracy']:.1%}, floors {card['floors']}")


@app.command()
def autoencoder(
    out: Annotated[Path, typer.Option(help="Folder of the new run.")] = Path("runs") / autoencoders.NAME,
    steps: Annotated[int, typer.Option(min=1, help="Updates.")] = 4_000,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the run in --out.")] = False,
) -> None:
    """Train and record the auto-encoder that is held against a GAN."""
    check_writable(out, overwrite)
    autoencoders.record_autoencoder(data.load("fashion-mnist"), data.load("fashion-mnist", "test"), out, steps=steps)
    typer.echo(str(out))


@app.command()
def ring(
    name: Annotated[str, typer.Argument(help="ring, of eight clouds, or ring25.")] = plane.EIGHT.name,
    out: Annotated[Path | None, typer.Option(help="Folder of the new recording; runs/NAME if left out.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the recording in --out.")] = False,
) -> None:
    """Train and record the games in the plane (about 2 minutes each)."""
    one_of("ring", name, plane.RINGS)
    out = out or Path("runs") / name
    check_writable(out, overwrite)
    plane.record_ring(out, plane.RINGS[name])
    typer.echo(str(out))


@app.command("few")
def record_few(
    out: Annotated[Path, typer.Option(help="Where the runs' folders go; those that are there are kept.")] = Path(
        "runs"
    ),
    steps: Annotated[int | None, typer.Option(min=1, help="Updates of each; the book's own if left out.")] = None,
) -> None:
    """Train and record one recipe on 200 to 59,500 pictures, augmented and not (one to two hours of one core)."""
    images = data.load("fashion-mnist")
    score = metrics.score_of(images, 32)
    for n, augmented, seed in few.RUNS:
        folder = out / few.name(n, augmented, seed)
        if not (folder / "card.json").exists():
            length = few.STEPS[n] if steps is None else steps
            few.record(images, n, augmented, folder, seed=seed, steps=length, score=score, resume=True)
        typer.echo(str(folder))


@app.command()
def sample(
    run: Annotated[str, typer.Argument(help="A recorded run's name, or the folder of one of your own.")],
    out: Annotated[
        str | None, typer.Option(help="FILE.npy: float32 N×C×H×W in −1…1; FILE.png: a grid; FOLDER/: single PNG files.")
    ] = None,
    n: Annotated[int, typer.Option("-n", min=1, help="How many pictures.")] = 64,
    label: Annotated[int | None, typer.Option(help="One class; all in turn if left out.")] = None,
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Decides the z.")] = 0,
    device_name: Annotated[str | None, typer.Option("--device", help="cpu, cuda, cuda:N or mps.")] = None,
) -> None:
    """Draw pictures with a run's generator and write them to a file, or each to its own (FOLDER/0000.png, …)."""
    if not out:  # said here, because not every version of typer refuses an option that is missing
        raise BadInput("no --out was given; name a file for the pictures that ends in .npy or .png, or a folder/.")
    path = Path(out)
    single = out.endswith(("/", os.sep)) or path.is_dir()
    if single:
        export_files.check_no_pictures(path)
    else:
        export_files.check_suffix(path, (".npy", ".png", "/"))
    generator = runs.load(run).drawable().to(device.pick(device_name))
    batches = metrics.samples(generator, n, seed, label)
    if single:
        export_files.write_pictures(path, batches, n)
    else:
        export_files.write_samples(path, torch.cat(list(batches)))
    typer.echo(f"{out}: {n:,} pictures of {run}, seed {seed}")


@app.command()
def evaluate(
    names: Annotated[list[str] | None, typer.Argument(metavar="RUN...", help="Names or folders.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Every recorded recipe of the book.")] = False,
    folder: Annotated[Path | None, typer.Option("--data", help="Folder of pictures to compare with.")] = None,
    with_inception: Annotated[bool, typer.Option("--inception", help="With --data: FID and KID, too.")] = False,
    weights: Annotated[Path | None, typer.Option(help="Inception's, if not in torch's cache.")] = None,
    seeds: Annotated[int | None, typer.Option(min=1, help="Draws of z, for the spread; 1, and 5 with --all.")] = None,
    by: Annotated[str, typer.Option(help="The column that sorts.")] = "frechet",
    out: Annotated[Path | None, typer.Option(help="Folder for what the cards lack: z, second and kid.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Machine-readable.")] = False,
    device_name: Annotated[str | None, typer.Option("--device", help="cpu, cuda, cuda:N or mps.")] = None,
) -> None:
    """Score runs on 10,000 samples: Fréchet distance, precision, recall, class coverage, class accuracy.

    z is the distance's spread over draws, seeds its spread over the named runs that differ in the seed alone; second
    and kid are the distance and KID as a judge sees them that learned without labels.

    That is for MNIST and Fashion-MNIST. --data compares any run with a folder of pictures: by the sliced Wasserstein
    distance of patches, and by Inception where its weights are at hand. The last lines are the floors, real against
    real. A * marks scores from the card: of a run without weights, or of your own pictures without --data.
    """
    if bool(names) == every:
        raise BadInput("nothing to evaluate; name one or more runs, or give --all, not both.")
    if (with_inception or weights) and folder is None:
        raise BadInput("Inception compares with pictures; name their folder (--data).")
    place = device.pick(device_name)
    network = inception.extractor(weights, place) if with_inception or weights else None
    one_of("column to sort by", by, scoreboard.SORTS)
    out is None or check_writable(out, overwrite=True)
    seeds = seeds or (scoreboard.Z_SEEDS if every else 1)
    found = scoreboard.scores(names or scoreboard.shipped(), place, folder, network, z_seeds=seeds)
    out is None or scoreboard.record(found, out)
    typer.echo(json.dumps(found, indent=1) if as_json else scoreboard.as_text(found, by))


@app.command()
def export(
    run: Annotated[str, typer.Argument(help="A recorded run's name, or the folder of one of your own.")],
    out: Annotated[
        Path | None, typer.Option(help="FILE.html, .pt2, .onnx or .safetensors; RUN.pt2 if left out.")
    ] = None,
    title: Annotated[str | None, typer.Option(help="The heading of FILE.html.")] = None,
) -> None:
    """Write a run's generator as one file.

    .html: a page in which it draws, to open or to send; it needs nothing else, and no network. .pt2: a program for
    torch.export.load. .onnx: a program for other languages. .safetensors: its weights.
    """
    out = out or Path(f"{Path(run).name}.pt2")
    export_files.check_suffix(out, (".html", ".pt2", ".onnx", ".safetensors"))
    if title is not None and out.suffix != ".html":
        raise BadInput(f"{out} has no heading; leave --title out, or choose a name that ends in .html.")
    if out.suffix == ".html":
        from gan_lib.widgets.page_file import export_page  # Jupyter's widgets take a second, and no other command

        export_page(runs.load(run), out, title)
    else:
        export_files.export_generator(runs.load(run), out)
    typer.echo(f"{out}: {out.stat().st_size / 1e6:.1f} MB")


@app.command()
def migrate(folders: Annotated[list[Path], typer.Argument(help="Folders of runs of the first edition.")]) -> None:
    """Bring the cards of the first edition's runs up to date; weights, curves and pictures stay as they are."""
    for folder in folders:
        typer.echo(f"{folder}: {'migrated' if migration.migrate(folder) else 'up to date already'}")


@app.command("runs")
def list_runs() -> None:
    """List the recipes and, of those that the book ships as recorded runs, what they cost."""
    typer.echo(f"{'':22}{'real images':>12}{'minutes':>9}{'MB':>6}")
    for recipe in recipes.RECIPES.values():
        typer.echo(f"{recipe.name:22}{scoreboard.cost(recipe.name)}  {recipe.about}")


class Bench(StrEnum):
    """What `bench` can measure."""

    speed = "speed"
    memory = "memory"
    quality = "quality"
    precision = "precision"
    reading = "reading"


@app.command()
def bench(
    names: Annotated[list[str] | None, typer.Argument(metavar="[RECIPE]...", help="What to train.")] = None,
    what: Annotated[Bench, typer.Option(help="What to measure.")] = Bench.speed,
    seconds: Annotated[float, typer.Option(min=0.1, help="speed: how long each loop runs in a round.")] = 5.0,
    rounds: Annotated[int, typer.Option(min=1, help="speed: rounds; the median of each loop counts.")] = 3,
    steps: Annotated[int, typer.Option(min=1, help="memory, precision: updates of G.")] = 3_000,
    pictures: Annotated[int, typer.Option(min=300, help="reading: how many.")] = 20_000,
    against: Annotated[str | None, typer.Option(help="quality: a recorded recipe to be as good as.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Machine-readable.")] = False,
) -> None:
    """Measure our loop against a textbook loop on the same networks and batch.

    speed: real images per second (without a name: one recipe of each kind). memory: of the process, at the start and at
    the end. quality: seconds to the Fréchet distance that the textbook loop has after two epochs; with --against, that
    loop and the recorded run of another recipe. precision: the distance with float32 and with bfloat16, three seeds
    each. reading: pictures per second of a folder, by us and by torchvision's ImageFolder, and real images per second
    of a training from disk and from memory; it takes no recipe.
    """
    if what is Bench.reading and names:
        raise BadInput(f"--what reading trains a small network of its own; leave {names[0]} out.")
    names = names or (list(speed.KINDS) if what is Bench.speed else ["dcgan-fashion"])
    measure = {
        Bench.speed: lambda recipe: speed.measure(recipe, seconds, rounds),
        Bench.memory: lambda recipe: memory.measure(recipe, steps),
        Bench.quality: lambda recipe: quality.time_to_quality(recipe, against=against and recipes.recipe(against)),
        Bench.precision: lambda recipe: quality.precision(recipe, steps),
    }.get(what)
    if what is Bench.reading:
        found = [reading.measure(pictures, seconds, rounds)]
    else:
        found = [measure(chosen) for chosen in map(recipes.recipe, names)]
    text = speed.as_text if what is Bench.speed else _lines
    typer.echo(json.dumps(found, indent=1) if as_json else "\n\n".join(map(text, found)))


def _lines(found: dict) -> str:
    return "\n".join(f"{key:16}{value}" for key, value in found.items())


def main() -> int:
    """Run the command line; 2 and one sentence on bad input, 130 when stopped."""
    status, text = 0, ""
    try:
        status = (
            app(sys.argv[1:] or ["--help"], standalone_mode=False) or 0
        )  # on Ctrl-C one release of typer returns 130, another raises Abort
    except Stopped as stop:
        status, text = 130, str(stop)
    except GanLibError as error:
        status, text = 2, str(error)
    except UsageError as error:
        status, text = 2, error.format_message()
    except (KeyboardInterrupt, typer.Abort):
        status = 130
    if status == 130 and not text:
        text = "stopped; nothing was written."
    if text:  # printed only here, where the error is gone and its progress bar with it
        print(f"gan_lib: {text}", file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main())
