"""python -m gan_lib: train, runs, bench."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from gan_lib import bench as benchmark
from gan_lib import data, device, recipes, runs
from gan_lib.errors import GanLibError
from gan_lib.metrics import CLASSIFIER, frechet_distance, record_classifier

UsageError = typer.BadParameter.__base__  # wherever this release of typer keeps it
app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode=None, help=__doc__)


@app.command()
def train(
    recipe: Annotated[str, typer.Argument(help="The recipe's name; `python -m gan_lib runs` lists them.")],
    out: Annotated[Path | None, typer.Option(help="Folder of the new run; runs/RECIPE if left out.")] = None,
    steps: Annotated[int | None, typer.Option(help="Updates of G; the recipe's own number if left out.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, max=2**32 - 1, help="Another seed than the recipe's.")] = None,
    device_name: Annotated[str | None, typer.Option("--device", help="cpu, cuda, cuda:N or mps.")] = None,
    overwrite: Annotated[bool, typer.Option(help="Replace what the folder holds, once the run is complete.")] = False,
):
    """Train a recipe and record the run: weights, history, samples and a card."""
    chosen = recipes.recipe(recipe)
    if seed is not None:
        chosen = replace(chosen, seed=seed)
    folder, where = out or Path("runs") / recipe, device.pick(device_name)
    runs.check_writable(folder, overwrite)
    images = data.load(chosen.dataset, "train", where)
    score = frechet_distance if chosen.dataset == "fashion-mnist" else None
    run = runs.record(chosen, images, folder, steps=steps, score=score, overwrite=overwrite)
    typer.echo(f"{folder}: {run.card['steps_done']:,} updates in {run.card['made']['seconds']} s")


@app.command()
def classifier(
    out: Annotated[Path, typer.Option(help="Folder of the new classifier.")] = Path("runs") / CLASSIFIER,
    overwrite: Annotated[bool, typer.Option(help="Replace what the folder holds.")] = False,
):
    """Train and record the classifier behind the Fréchet distance (about 3 minutes on two cores)."""
    runs.check_writable(out, overwrite)
    card = record_classifier(data.load("fashion-mnist"), data.load("fashion-mnist", "test"), out)
    typer.echo(f"{out}: test accuracy {card['test_accuracy']:.1%}, floor {card['floor']:.2f}")


@app.command("runs")
def list_runs():
    """List the recipes and which of them the book ships as a recorded run."""
    for recipe in recipes.RECIPES.values():
        shipped = (runs.RECORDED / recipe.name / "card.json").exists()
        typer.echo(f"{recipe.name:24} {'recorded' if shipped else '-':9} {recipe.about}")


@app.command()
def bench(
    recipe: Annotated[str, typer.Argument(help="The recipe to time.")] = "mlp-fashion",
    seconds: Annotated[float, typer.Option(help="How long each loop runs in a round.")] = 5.0,
    rounds: Annotated[int, typer.Option(min=1, help="Rounds; the median of each loop counts.")] = 3,
):
    """Images per second of our loop and of a textbook loop on the same networks and batch."""
    typer.echo(benchmark.table(recipes.recipe(recipe), seconds, rounds))


def main() -> int:
    """Run the command line; 2 and one sentence on bad input, 130 when stopped."""
    status, text = 0, ""
    try:
        status = (
            app(sys.argv[1:] or ["--help"], standalone_mode=False) or 0
        )  # on Ctrl-C one release of typer returns 130, another raises Abort
    except GanLibError as error:
        status, text = 2, str(error)
    except UsageError as error:
        status, text = 2, error.format_message()
    except (KeyboardInterrupt, typer.Abort):
        status = 130
    if status == 130:
        text = "stopped; nothing was written."
    if text:  # printed only here, where the error is gone and its progress bar with it
        print(f"gan_lib: {text}", file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main())
