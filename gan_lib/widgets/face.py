"""The static face: one output of text/html, image/png and text/plain, and no widget state.

An output holds its data, and copies of the scripts and the style that bring it alive, so that it needs nothing beside
it. The pages of the book use no copies: they share the present scripts and style, see `shared` and `without_copies`.
"""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Collection, Iterable
from pathlib import Path

from IPython.display import display

PAGE = Path(__file__).parent / "page"
KERNEL = ("gemm.wasm", "gemm_relaxed.wasm", "kernel.js")  # the matrix product
TORCH = (  # the small torch of the page
    "random.js",
    *KERNEL,
    "torch/products.js",
    "torch/shapes.js",
    "torch/graph.js",
    "torch/tensor.js",
    "torch/operations.js",
    "torch/nn.js",
    "torch/optim.js",
    "torch/torch.js",
)
TRAIN = (  # a training in the page, after TORCH
    "train/recipe.js",
    "train/presets.js",
    "train/games.js",
    "train/networks.js",
    "train/toy.js",
    "train/state.js",
    "train/loop.js",
    "train/look.js",
    "train/tasks.js",
    "train/trainer.js",
)
DRAW = ("random.js", *KERNEL, "engine.js", "generators.js", "newest.js")  # pictures of a generator, the newest z first
SCRIPTS = {  # kind of widget → its files in page/; the last one mounts it. Of a .wasm file, a constant of its name
    "arithmetic": ("arithmetic.js", "playground.js"),
    "be-d": ("generators.js", "be_d/be_d.js"),
    "bells": (*TORCH, *TRAIN, "small_chart.js", "bells/bells.js"),
    "blend": (
        *DRAW,
        "labels.js",
        "small_chart.js",
        "blend/blend.js",
    ),
    "earth": ("earth/plans.js", "earth/board.js", "earth/merchant.js", "earth/earth.js"),
    "explore": ("explore.js",),
    "find": (
        *TORCH,
        "engine.js",
        "generators.js",
        "labels.js",
        "small_chart.js",
        "find/descent.js",
        "find/sketch.js",
        "find/find.js",
    ),
    "graph": (
        *TORCH,
        *TRAIN,
        "plane/stage.js",
        "ledger.js",
        "graph/lines.js",
        "graph/wiring.js",
        "graph/drawing.js",
        "graph/plays.js",
        "graph/graph.js",
    ),
    "inside": (
        *DRAW,
        "labels.js",
        "inside/floor.js",
        "inside/inside.js",
    ),
    "kernel": ("generators.js", "stack/boxes.js", "stack/kernel_bars.js"),
    "landscape": (
        *TORCH,
        *TRAIN,
        "plane/stage.js",
        "newest.js",
        "small_chart.js",
        "landscape/critic.js",
        "landscape/landscape.js",
    ),
    "latent": (
        *DRAW,
        "latent_view.js",
        "latent_link.js",
        "labels.js",
        "latent_explorer.js",
    ),
    "ledger": ("ledger.js",),
    "pictures": (
        *TORCH,
        *TRAIN,
        "plane/stage.js",
        "plane/curves.js",
        "engine.js",
        "generators.js",
        "newest.js",
        "latent_view.js",
        "latent_link.js",
        "labels.js",
        "latent_explorer.js",
        "pictures/training_set.js",
        "pictures/moments.js",
        "pictures/mistakes.js",
        "pictures/safetensors.js",
        "pictures/fresh_generator.js",
        "pictures/train_pictures.js",
    ),
    "plane": (
        *TORCH,
        *TRAIN,
        "plane/settings.js",
        "plane/stage.js",
        "plane/curves.js",
        "plane/diagram.js",
        "plane/brush.js",
        "plane/python.js",
        "plane/play_view.js",
        "plane/plane.js",
    ),
    "points": ("points/measures.js", "points/points.js"),
    "question": ("arithmetic.js", "playground.js", "stack/question.js"),
    "scrubber": ("scrubber.js",),
    "shrink": (
        *DRAW,
        "small_chart.js",
        "seeded.js",
        "shrink/shrink.js",
    ),
    "sort": ("sort/sort.js",),
    "stack": ("arithmetic.js", "stack/boxes.js", "stack/stack.js"),
    "sure": ("sure.js",),
    "walk": (
        *DRAW,
        "labels.js",
        "small_chart.js",
        "seeded.js",
        "walk/walk.js",
    ),
    "xy": ("xy.js",),
}
STYLES = (  # of every kind; joined into one text
    "widget.css",
    "be_d/be_d.css",
    "graph/graph.css",
    "plane/plane.css",
    "pictures/pictures.css",
    "find/find.css",
    "inside/inside.css",
    "points/points.css",
    "sort/sort.css",
)
COMMENTS = re.compile(r"^ *(?:/\*(?:(?!\*/).)*\*/|//[^\n]*)\n", re.M | re.S)  # lines of a script that hold nothing else
# As display_page writes them; "<" of the data is escaped, so nothing else looks like this. Also in tests/nbval.ini.
COPIES = re.compile(r"<style>.*?</style>\n|<script>.*</script>\n", re.S)


def display_page(kind: str, data: dict | None, poster: bytes, alt: str, note: str = "") -> None:
    """Display a widget that lives on its own page.

    Args:
        kind: names the widget in the page, and its scripts in `SCRIPTS`.
        data: what its function in the page gets; None leaves the picture alone.
        poster: PNG, seen where no script runs.
        alt: what the picture shows.
        note: one sentence under the picture.
    """
    copy = "" if data is None else program(SCRIPTS[kind])
    text = f"<style>{style()}</style>\n{figure(kind, data, poster, alt, note, copy)}"
    # A blank line would end the HTML block where a notebook becomes Markdown.
    text = "\n".join(line for line in text.splitlines() if line.strip())
    display({"text/html": text, "image/png": base64_text(poster), "text/plain": alt}, raw=True)


def figure(kind: str, data: dict | None, poster: bytes, alt: str, note: str = "", script: str = "") -> str:
    """The HTML of a widget, with the script that brings it alive; the other arguments are those of `display_page`."""
    parts = [
        f'<figure class="gan-widget" data-kind="{kind}">',
        f'<img class="gan-poster" alt="{html.escape(alt)}" src="data:image/png;base64,{base64_text(poster)}">',
    ]
    if note:
        parts.append(f"<p>{html.escape(note)}</p>")
    if data is not None:
        content = json.dumps(data, ensure_ascii=False, allow_nan=False).replace("<", "\\u003c")
        parts.append(f'<script type="application/json">{content}</script>')
        parts.append(f"<script>{script}</script>")
    return "\n".join([*parts, "</figure>"])


def without_copies(text: str) -> str:
    """A widget's text/html without its scripts and style: picture, words and data."""
    return COPIES.sub("", text)


def program_of(kinds: Collection[str]) -> str:
    """The script of a page with these kinds of widget: each file that they need, once."""
    return program(dict.fromkeys(name for kind, names in SCRIPTS.items() if kind in kinds for name in names))


def base64_text(content: bytes) -> str:
    """Bytes → base64 text."""
    return base64.b64encode(content).decode()


def text_of(name: str) -> str:
    """A file in page/ as a page gets it: of a .wasm file, a constant of its name."""
    if name.endswith(".wasm"):
        return f'const {Path(name).stem.upper()} = "{base64_text((PAGE / name).read_bytes())}";'
    return (PAGE / name).read_text(encoding="utf-8")


def program(names: Iterable[str]) -> str:
    """Files in page/, without their comments, as one script that leaves no names in the page."""
    code = COMMENTS.sub("", "\n".join(text_of(name) for name in ("mount.js", *names)))
    return f"(() => {{\n{code}\n}})();"


def style() -> str:
    """The style of every kind of widget."""
    return "\n".join(map(text_of, STYLES))
