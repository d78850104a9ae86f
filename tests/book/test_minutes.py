"""How long chapters are: what is counted, on a small notebook, and what each chapter may ask of its reader."""

from __future__ import annotations

import json
import re
import subprocess

import nbformat
import pytest

from book import minutes
from book._ext import reading_time
from book.minutes import CHAPTERS, LONGEST, Length, lengths

TEXT = """# Three words here

The loss $L_D = 1$ of [the critic](07_wasserstein.ipynb#a-long-anchor) is `item()`,
see {cite}`arjovsky2017` and {eq}`eq-w1`.

$$L = \\mathbb{E}\\, D(x)$$

```{math}
:label: eq-w1
W = \\sup f
```

<details>
<summary><b>Folded words.</b> Five more words come now.</summary>

Two words, and $$x = 1$$

</details>

It’s 0.95, n < 3 and m > 2."""
CODE = """```python
print("no words")
```

| a | table |
|---|---|
| 1 | 2 |"""
MAIN_WORDS = 3 + 8 + 7 + 4  # of the title, of the two paragraphs, of the table
FOLDED_WORDS = 2 + 5 + 3
EXERCISES = """## Exercises

:::{exercise-start}
:label: ex-one
:::
Four words of exercise."""


def code(source: str, *tags: str, outputs: tuple[dict, ...] = (), **metadata: object) -> dict:
    return {
        "cell_type": "code",
        "source": source.splitlines(keepends=True),
        "metadata": {"tags": [*tags], **metadata},
        "outputs": [{"output_type": "display_data", "data": data} for data in outputs],
    }


def text(source: str) -> dict:
    return {"cell_type": "markdown", "source": source, "metadata": {}}


PLOT = {"image/png": "iVBO", "text/plain": "<Figure>"}
ALIVE = {"text/html": ['<figure class="gan-widget">', "</figure>"], "image/png": "iVBO"}
CELLS = [
    text(TEXT),
    code("%pip install gan_lib", "colab", "remove-cell"),
    code(
        "from gan_lib.widgets import (\n    explore,\n    play_xy as turn,\n)\n\nprint(1)",
        outputs=({"text/plain": "1"},),
    ),
    code("explore(f)", outputs=(ALIVE,)),
    code("turn()", "hide-input"),  # not produced yet
    code("plot(x)", "hide-input", outputs=(PLOT, PLOT)),
    code("plot(y)", "hide-input", mystnb={"image": {"alt": "not produced yet"}}),
    code("drawings.the_game()", "hide-input"),
    code("plot(z)", "hide-cell", outputs=(PLOT,)),
    code("plot(z)", "remove-input", outputs=(PLOT,)),
    text(CODE),
    text(EXERCISES),
    code("def best():\n    ...\n\n\ncheck('one', best)", "exercise-stub"),
    code("plot(z)", outputs=(PLOT,)),
    text("Still exercises.\n\n## Is my run normal?\n\nYes.\n\n## Further reading\n\nGo on."),
]
MAIN = Length(MAIN_WORDS + 5, formulas=2, figures=4, diagrams=1, widgets=2, cells=2, lines=6)
EVERYTHING = Length(
    MAIN.words + FOLDED_WORDS + 1 + 4 + 2 + 4, formulas=3, figures=6, diagrams=1, widgets=2, cells=9, lines=15
)


def test_a_small_notebook_is_counted_as_by_hand():
    assert lengths({"cells": CELLS}) == (MAIN, EVERYTHING)


def test_minutes_are_words_looks_and_what_is_touched():
    assert Length(words=400).minutes == 2
    assert Length(formulas=1, figures=1, diagrams=1, cells=1).minutes == 2
    assert Length(widgets=2).minutes == 4
    assert Length(cells=1, lines=30).minutes == 0.5


def test_a_section_goes_on_in_the_next_cell_and_ends_at_the_next_heading():
    cells = [text("## Exercises"), text("one two"), text("### Deeper\n\nthree"), text("## After\n\nfour")]
    assert [length.words for length in lengths({"cells": cells})] == [2, 7]


def test_a_cell_that_calls_what_only_looks_like_a_widget_is_none():
    cells = [code("from somewhere import explore"), code("explore(f)"), code("widgets = 1; play_xy")]
    assert lengths({"cells": cells})[0].widgets == 0


@pytest.mark.parametrize(("minute", "said"), [(0, 5), (7, 5), (8, 10), (31, 30), (58.2, 60)])
def test_minutes_are_said_to_five(minute, said):
    assert minutes.rounded(minute) == said


@pytest.mark.parametrize("name", CHAPTERS)
def test_the_main_path_of_a_chapter_is_short(name):
    assert minutes.now(name)[0].words <= LONGEST


@pytest.mark.parametrize("name", CHAPTERS)
def test_the_page_says_what_the_script_counts(name):
    main, everything = minutes.now(name)
    said = reading_time.line(minutes.BOOK / f"{name}.ipynb")
    assert f" {main.words:,} words. Everything" in said
    first, second = (int(number) for number in re.findall(r"about (\d+) minutes", said))
    assert abs(first - main.minutes) <= 2.5 and abs(second - everything.minutes) <= 2.5


@pytest.mark.parametrize("name", CHAPTERS)
def test_the_first_page_says_the_same_minutes(name):
    index = nbformat.read(minutes.BOOK / "index.ipynb", as_version=4)
    (row,) = [
        line
        for cell in index.cells
        for line in cell.source.splitlines()
        if line.count(f"]({name}.ipynb)") and line[0] == "|"
    ]
    assert int(row.split("|")[4]) == minutes.rounded(minutes.now(name)[0].minutes)


def test_the_first_page_says_how_long_a_beginners_way_is():
    """3, then 1 and 4 to 9, to the half hour; chapter 2 is there to look things up."""
    text = "".join(cell.source for cell in nbformat.read(minutes.BOOK / "index.ipynb", as_version=4).cells)
    way = [name for name in CHAPTERS if name[0].isdigit() and not name.startswith("02")]
    hours = sum(minutes.now(name)[0].minutes for name in way) / 60
    assert len(way) == 8 and round(2 * hours) / 2 == 4.5 and "about four and a half hours" in " ".join(text.split())


def test_the_table_has_a_row_for_each_chapter_and_their_sum(capsys):
    minutes.main([])
    lines = capsys.readouterr().out.splitlines()
    assert [row.split()[0] for row in lines[1:]] == [*CHAPTERS, "together"]
    assert sum(minutes.now(name)[0].words for name in CHAPTERS) == minutes.report().rows[-1][1]


def test_against_a_commit_both_are_shown(monkeypatch):
    monkeypatch.setattr(minutes, "then", lambda name, commit: (Length(words=3_000), Length(words=4_000)))
    first = minutes.report("HEAD").rows[0]
    assert first[1] == f"3,000 → {minutes.now(CHAPTERS[0])[0].words:,}"


def test_a_chapter_that_was_not_there_had_nothing_and_an_unknown_commit_is_said(monkeypatch, capsys):
    answers = iter([128, 0])

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess:
        return subprocess.CompletedProcess(command, next(answers), json.dumps({"cells": CELLS}))

    monkeypatch.setattr(minutes.subprocess, "run", run)
    assert minutes.then("01_theory", "old") == (Length(), Length())
    assert minutes.then("01_theory", "old") == (MAIN, EVERYTHING)
    monkeypatch.undo()
    with pytest.raises(SystemExit):
        minutes.main(["--against", "no-such-commit"])
    assert "no-such-commit" in capsys.readouterr().err
