"""A run as one HTML file: its explorer alive, without a network, with what the generator was trained on."""

from __future__ import annotations

import json
from html import escape
from pathlib import Path

import torch

from gan_lib.data import to_pixels
from gan_lib.data.official import DATASETS
from gan_lib.data.pictures import png, sheet
from gan_lib.errors import BadInput, brief
from gan_lib.machine.given import instance, named_path
from gan_lib.machine.rng import z_from_seed
from gan_lib.networks.brought import Drawer
from gan_lib.runs import Run, draw_fixed
from gan_lib.runs.export import check_suffix, write_file
from gan_lib.widgets.export import NotExportable, export
from gan_lib.widgets.face import SCRIPTS, base64_text, figure, program, text_of
from gan_lib.widgets.latent_explorer import data_of
from gan_lib.widgets.live_latent import setting

SLIDERS = 5
STEP = 2.0  # how far a number of z is moved to see what it changes
BUTTONS = 24  # as many labels get a button each; more of them stand in a list
SHOWN = 320  # CSS pixels that a picture may take: the width of the smallest phones
SHEET = 512  # pixels across of the sheet of more pictures
PAGE = """<!doctype html>
<html lang="en" style="{sizes}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="data:image/png;base64,{icon}">
<style>{style}</style>
</head>
<body>
<main>
<h1>{title}</h1>
<p>{lead}</p>
{figure}
<p class="gan-still">No script runs here, so the picture stays still. Open this file in a browser.</p>
<h2>More of its pictures</h2>
<img class="gan-sheet" alt="{alt}" width="{sheet_width}" height="{sheet_height}" src="data:image/png;base64,{sheet}">
<h2>Where it comes from</h2>
<dl>
{facts}
</dl>
<details>
<summary>All that its card says</summary>
<pre tabindex="0" aria-label="card">{card}</pre>
</details>
</main>
</body>
</html>
"""


def export_page(run: Run, path: Path, title: str | None = None) -> None:
    """Write one HTML file in which the run's generator draws: sliders over z, and labels if it has classes.

    It asks for nothing but itself, so it works from disk and on a phone. Sliders stand over the numbers of z that
    change a picture the most.

    Args:
        run: what `runs.load` gives.
        path: ends in .html.
        title: the page's heading; "Made-up pictures: " and the name of the data if None.

    Raises:
        BadInput: another ending, no title, a run whose weights were not kept, or a generator that a page cannot run.
        BadRun: the file cannot be written; what was there before is kept.
    """
    path = named_path("path", path)
    check_suffix(path, (".html",))
    instance("run", run, Run, "what runs.load(name) gives")
    title = f"Made-up pictures: {run.card['data']}" if title is None else title
    if not isinstance(title, str) or not title.strip():
        raise BadInput(f"title is {brief(title)}; give the words of the page's heading.")
    write_file(path, _page(run, title).encode())


def _page(run: Run, title: str) -> str:
    generator = run.drawable()
    try:
        network = export(generator).whole()
    except NotExportable as error:
        raise NotExportable(f"{error} Export it as a program instead (.pt2 or .onnx).") from error
    drawers, _, seed, label, names = setting(generator, None, 0, 0, _class_names(run))
    drawer, dims = drawers[""], _strongest(drawers[""], seed, label)
    start = _drawn(drawer, z_from_seed(seed, drawer.latent_dim), label)[0]  # (C, H, W)
    data = data_of({"": network}, dims, seed, label, names) | {"buttons": len(names) <= BUTTONS}
    told = f"The generator's picture of z from seed {seed}" + (f", label {names[label]}" if names else "")
    more = _sheet(run)  # (C, rows · H, columns · W)
    enlarged = max(1, SHEET // more.shape[2])
    parts = {
        "title": title,
        "icon": base64_text(png(start)),
        "sizes": _sizes(drawer.image_shape),
        "lead": _lead(drawer, run.card["data"]),
        "alt": "Pictures by the generator, side by side" + (", class after class" if names else ""),
        "sheet_width": str(more.shape[2] * enlarged),
        "sheet_height": str(more.shape[1] * enlarged),
        "card": json.dumps(run.card, indent=1, ensure_ascii=False),
    }
    facts = (f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in _facts(run, drawer))
    return PAGE.format(
        **{name: escape(text) for name, text in parts.items()},
        style=text_of("widget.css") + text_of("page_file/page_file.css"),
        figure=figure("latent", data, png(start), told, script=program(SCRIPTS["latent"])),
        sheet=base64_text(png(more)),
        facts="\n".join(facts),
    )


# ------------------------------------------------------------------------------------------- what it shows


def _drawn(drawer: Drawer, z: torch.Tensor, label: int) -> torch.Tensor:
    """z (B, latent_dim) → uint8 (B, C, H, W)."""
    return to_pixels(drawer.draw(z, drawer.labels(label if drawer.classes else None, len(z))))


def _strongest(drawer: Drawer, seed: int, label: int) -> list[int]:
    """The few numbers of z that change the first picture the most, in their order."""
    z = z_from_seed(seed, drawer.latent_dim)  # (1, 100)
    first, walk = _drawn(drawer, z, label).int(), z + STEP * torch.eye(drawer.latent_dim)  # (1, C, H, W), (100, 100)
    moved = [(_drawn(drawer, part, label).int() - first).abs().flatten(1).sum(1) for part in walk.split(16)]
    return torch.cat(moved).argsort(descending=True, stable=True)[:SLIDERS].sort().values.tolist()


def _sheet(run: Run) -> torch.Tensor:
    """Pictures of the fixed z, evenly over the classes, in a square: uint8 (C, rows · H, columns · W)."""
    pictures = draw_fixed(run.drawable())  # (64, C, H, W)
    columns = next(n for n in (8, 4, 2) if n == 2 or n * pictures.shape[3] <= SHEET)
    return sheet(pictures[:: len(pictures) // columns**2], columns)


def _sizes(image_shape: tuple[int, ...]) -> str:
    """CSS: each pixel of a small picture as a square of whole pixels of the screen; a large one is made smaller."""
    _, high, wide = image_shape
    longest = max(high, wide)
    scale = SHOWN // longest if longest <= SHOWN else SHOWN / longest
    smooth = "pixelated" if longest <= 32 else "auto"  # the strip and the map, which stand smaller
    return f"--wide: {round(wide * scale)}px; --high: {round(high * scale)}px; --pixels: {smooth}"


# ------------------------------------------------------------------------------------------- what it says


def _lead(drawer: Drawer, data: str) -> str:
    label, press = (", and a label", ", choose a label") if drawer.classes else ("", "")
    return (
        f"A neural network, the generator, makes a picture out of {drawer.latent_dim} random numbers, z{label}. It "
        f"learned that from {data}, and it runs here, inside this page. Move a slider{press}, or take a new z: "
        "the picture follows."
    )


def _facts(run: Run, drawer: Drawer) -> list[tuple[str, str]]:
    """What was trained on what, when, and how long: (name, value)."""
    card, made, done = run.card, run.card["made"], run.card["steps_done"]
    channels, high, wide = drawer.image_shape
    numbers = sum(weight.numel() for weight in run.drawable().parameters())
    many = f", {card['pictures']:,} pictures" if "pictures" in card else ""  # cards of the book's runs do not say it
    kept = card.get("kept_step", done)
    best = "" if kept == done else f"; shown as it was after {kept:,}, by its score the best"
    return [
        ("Trained on", card["data"] + many),
        ("Recipe", f"{run.recipe.name}: {run.recipe.about}"),
        ("Updates", f"{done:,}, with {made['real_images_seen']:,} looks at a real picture{best}"),
        ("When", made["date"]),
        ("How long", f"{_duration(made['seconds'])} on {made['hardware']}"),
        ("Generator", f"{numbers:,} weights; pictures of {wide}×{high}, {'in colour' if channels == 3 else 'grey'}"),
        ("Made with", f"gan_lib {made['gan_lib']}, torch {made['torch']}"),
    ]


def _duration(seconds: float) -> str:
    for unit, size in (("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds:.3g} seconds"


def _class_names(run: Run) -> list[str] | None:
    """What the classes are called, if the card or the data set says so."""
    if not getattr(run.drawable(), "classes", 0):
        return None
    if run.card["data"] not in DATASETS:
        return run.card.get("classes")
    from torchvision import datasets  # takes more than a second

    return getattr(datasets, DATASETS[run.card["data"]]).classes
