"""How long a chapter is: `python -m book.minutes`, with `--against COMMIT` beside what it was there.

The main path is what a reader sees who unfolds nothing and skips the exercises and the further reading. The pages
promise these minutes under their titles (`book/_ext/reading_time.py`).
"""

from __future__ import annotations

import argparse
import ast
import json
import re
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass
from pathlib import Path

from gan_lib.show.tables import Table, table

BOOK = Path(__file__).parent
CHAPTERS = (*sorted(path.stem for path in BOOK.glob("[0-9]*.ipynb")), "your_own_pictures")
LONGEST = 2_500  # words of a main path
A_MINUTE = 200  # words, of someone who reads English as a second language and looks at what it says
LOOK, TOUCH = 30, 120  # seconds for a formula, a figure or an open cell; for something to touch
SKIPPED = ("## Exercises", "## Further reading")
UNSEEN = ("remove-cell", "remove-input")  # never on the page
FOLDED = ("hide-cell", "hide-input", "exercise-stub", "exercise-solution")

FOLD = re.compile(r"<details>.*?</details>", re.S)
FORMULA = re.compile(r"```\{math\}.*?```|\$\$.*?\$\$", re.S)
NO_WORDS = re.compile(
    r"^```.*?^```"  # code
    r"|^:::.*?$|^:\w+:.*?$"  # of directives
    r"|`[^`]*`|\$[^$]*\$"
    r"|\{[\w:]+\}"  # of roles, whose argument is code as well
    r"|(?<=\])\([^)]*\)"  # where a link leads
    r"|</?\w[^>]*>",
    re.S | re.M,
)
WORD = re.compile(r"\w+(?:[’'.,-]\w+)*")


@dataclass(frozen=True)
class Length:
    """What a reader meets.

    Attributes:
        words: of text; formulas, code, citations and addresses of links have none.
        formulas: those with a line of their own.
        figures: plots and pictures.
        diagrams: drawings of `gan_lib.chapters.drawings`.
        widgets: what can be touched.
        cells: code cells that stand open.
        lines: their lines of code.
    """

    words: int = 0
    formulas: int = 0
    figures: int = 0
    diagrams: int = 0
    widgets: int = 0
    cells: int = 0
    lines: int = 0

    def __add__(self, other: Length) -> Length:
        return Length(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))

    @property
    def minutes(self) -> float:
        """Of reading: words, a look at each formula, figure and cell, and a while with what can be touched."""
        looks = self.formulas + self.figures + self.diagrams + self.cells
        return self.words / A_MINUTE + (looks * LOOK + self.widgets * TOUCH) / 60


def lengths(notebook: dict) -> tuple[Length, Length]:
    """Of the main path and of everything, of a notebook as its file holds it."""
    main = everything = Length()
    skipped, names = False, set()
    for cell in notebook["cells"]:
        source, tags = "".join(cell["source"]), set(cell["metadata"].get("tags", ()))
        if cell["cell_type"] == "markdown":
            for part in re.split(r"^(?=## )", source, flags=re.M):
                skipped = part.startswith(SKIPPED) if part.startswith("## ") else skipped
                everything += of_text(part)
                main += of_text("" if skipped else FOLD.sub("", part))
        elif cell["cell_type"] == "code" and "remove-cell" not in tags:
            names |= imported(source)
            seen, code = of_outputs(cell, names), of_code(source)
            everything += seen + (Length() if "remove-input" in tags else code)
            if not skipped and "hide-cell" not in tags:
                main += Length() if "hide-output" in tags else seen
                main += Length() if tags & {*UNSEEN, *FOLDED} else code
    return main, everything


def of_text(markdown: str) -> Length:
    """Words and displayed formulas."""
    formulas = FORMULA.findall(markdown)
    return Length(words=len(WORD.findall(NO_WORDS.sub(" ", FORMULA.sub(" ", markdown)))), formulas=len(formulas))


def of_code(source: str) -> Length:
    """One cell, and its lines that are not empty."""
    return Length(cells=1, lines=sum(bool(line.strip()) for line in source.splitlines()))


def of_outputs(cell: dict, widgets: Iterable[str]) -> Length:
    """What stands below a code cell; of one that has not been produced yet, what will.

    Args:
        cell: as the notebook's file holds it.
        widgets: names of functions that show a widget.
    """
    source, outputs = "".join(cell["source"]), [output.get("data", {}) for output in cell["outputs"]]
    if source.startswith("drawings."):
        return Length(diagrams=1)
    if not outputs:
        touched = bool(called(source) & {*widgets})
        return Length(widgets=touched, figures=not touched and "image" in cell["metadata"].get("mystnb", {}))
    alive = ["gan-widget" in "".join(data.get("text/html", ())) for data in outputs]
    pictures = sum("image/png" in data and not touched for data, touched in zip(outputs, alive, strict=True))
    return Length(widgets=sum(alive), figures=pictures)


def imported(source: str) -> set[str]:
    """The names that a cell imports from `gan_lib.widgets`."""
    return {
        alias.asname or alias.name
        for node in statements(source)
        if isinstance(node, ast.ImportFrom) and node.module == "gan_lib.widgets"
        for alias in node.names
    }


def called(source: str) -> set[str]:
    """The names of the functions that a cell calls."""
    return {
        node.func.id for node in statements(source) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }


def statements(source: str) -> Iterator[ast.AST]:
    """The parts of a cell's code; none where it is no Python alone, as with %pip."""
    try:
        yield from ast.walk(ast.parse(source))
    except SyntaxError:
        return


def rounded(minutes: float) -> int:
    """As one says it: to five minutes."""
    return max(5, 5 * round(minutes / 5))


def line(notebook: dict) -> str:
    """What stands under a chapter's title."""
    main, everything = lengths(notebook)
    return (
        f"Main path: about {rounded(main.minutes)} minutes, {main.words:,} words. "
        f"Everything: about {rounded(everything.minutes)} minutes."
    )


def now(name: str) -> tuple[Length, Length]:
    """Of a chapter as it stands."""
    return lengths(json.loads((BOOK / f"{name}.ipynb").read_text(encoding="utf-8")))


def then(name: str, commit: str) -> tuple[Length, Length]:
    """Of a chapter as it was; nothing where it was not there yet."""
    git = ["git", "-C", str(BOOK), "show", f"{commit}:./{name}.ipynb"]
    found = subprocess.run(git, capture_output=True, text=True, encoding="utf-8", check=False)
    return lengths(json.loads(found.stdout)) if found.returncode == 0 else (Length(), Length())


def row(main: Length, everything: Length) -> dict[str, int]:
    """A chapter's line of the table; what is not said to be of everything is of the main path."""
    return {
        "words": main.words,
        "minutes": round(main.minutes),
        "formulas": main.formulas,
        "figures": main.figures,
        "diagrams": main.diagrams,
        "widgets": main.widgets,
        "open cells": main.cells,
        "their lines": main.lines,
        "all words": everything.words,
        "all minutes": round(everything.minutes),
    }


def total(pairs: Iterable[tuple[Length, Length]]) -> tuple[Length, Length]:
    """Of several chapters."""
    mains, everythings = zip(*pairs, strict=True)
    return sum(mains, Length()), sum(everythings, Length())


def report(commit: str | None = None) -> Table:
    """The table of all chapters, with what they were at a commit where one is given."""
    lengths_now = {name: now(name) for name in CHAPTERS}
    rows = {name: row(*pair) for name, pair in {**lengths_now, "together": total(lengths_now.values())}.items()}
    if commit:
        lengths_then = {name: then(name, commit) for name in CHAPTERS}
        before = {name: row(*pair) for name, pair in {**lengths_then, "together": total(lengths_then.values())}.items()}
        rows = {
            name: {column: f"{before[name][column]:,} → {number:,}" for column, number in columns.items()}
            for name, columns in rows.items()
        }
    return table(rows, first="main path of")


def main(arguments: list[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m book.minutes", description=__doc__.splitlines()[0])
    parser.add_argument("--against", metavar="COMMIT", help="show what the chapters were there, too")
    commit = parser.parse_args(arguments).against
    if (
        commit
        and subprocess.run(
            ["git", "-C", str(BOOK), "rev-parse", "-q", "--verify", f"{commit}^{{commit}}"],
            capture_output=True,
            check=False,
        ).returncode
    ):
        parser.error(f"there is no commit {commit!r}; `git log --oneline` names them.")
    print(report(commit))


if __name__ == "__main__":
    main()
