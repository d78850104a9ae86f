"""What each story of the plane comes to, by the page's own scripts: `python -m tests.widgets.plane_stories [works …]`.

Run by hand, some seconds a seed; what page/train/presets.js promises was read from here. One line a play and seed: the
clouds found at ten looks, D(real) and D(fake) at the end, the mean length of the arrows at the first look and at the
last, and how often the samples' mean has changed sides.
"""

from __future__ import annotations

import json
import sys
from itertools import pairwise

from gan_lib.widgets.face import TORCH, TRAIN
from tests.page_scripts import context

UPDATES = {"works": 4_000, "D too strong": 1_500, "saturates": 300}  # of the others 3,000
SEEDS = (0, 1, 2, 3, 4, 5)
LOOK = """
const wasm = new WebAssembly.Module(readBytes(GEMM));
let tasks;
const mean = (values) => values.reduce((sum, v) => sum + v, 0) / values.length;
function begin(recipe, seed) {
  tasks = trainerTasks({ recipe: { ...RECIPE, ...recipe, seed }, wasm });
  return true; // undefined is no answer here
}
function looked(updates) {
  const { d_real, d_fake, ended } = tasks.train({ updates }), { modes, samples, arrows } = tasks.look({ arrows: 64 });
  const length = mean(Array.from({ length: 64 }, (_, i) => Math.hypot(arrows[4 * i + 2], arrows[4 * i + 3])));
  const x = mean(Array.from(samples).filter((_, i) => i % 2 === 0));
  return { found: modes.found, d_real, d_fake, length, x, ended: Boolean(ended) };
}
"""


def told(page, recipe: dict, seed: int, updates: int) -> str:
    """One play, looked at fifty times."""
    page.call("begin", recipe, seed)
    looks = [page.call("looked", updates // 50) for _ in range(50)]
    sides = [look["x"] > 0 for look in looks]
    swings = sum(one != other for one, other in pairwise(sides))
    found = " ".join(str(look["found"]) for look in looks[4::5])
    first, last = looks[0], looks[-1]
    return (
        f"seed {seed}: clouds {found}; D {last['d_real']:.2f} and {last['d_fake']:.2f}; arrows {first['length']:.3g} "
        f"to {last['length']:.3g}; {swings} swings{'; ended' if last['ended'] else ''}"
    )


def main(titles: list[str]) -> None:
    """The stories of these titles, or all."""
    page = context(*TORCH, *TRAIN)
    page.eval(LOOK)
    for story in json.loads(page.eval("JSON.stringify(PRESETS)")):
        if titles and story["title"] not in titles:
            continue
        for recipe in filter(None, (story["recipe"], story.get("beside"))):
            print(f"{story['title']} ({recipe.get('game', 'non-saturating')})", flush=True)
            for seed in SEEDS:
                print(" ", told(page, recipe, seed, UPDATES.get(story["title"], 3_000)), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
