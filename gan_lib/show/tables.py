"""Tables of numbers that a reader compares: a real table on a page, in JupyterLab and in Colab, aligned text elsewhere.

`table(rows)` ends a cell. A cell of several numbers, for example one of each seed, shows their mean and all of them as
dots on one scale for the column.
"""

from __future__ import annotations

import html
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from gan_lib.errors import BadInput, brief
from gan_lib.show.plots import GREY, REAL

Value = str | int | float | None | Sequence[float]
WIDTH, HEIGHT = 64, 10  # of a row of dots, in pixels
STYLE = (
    "<style>.gan-table{border-collapse:collapse;font-variant-numeric:tabular-nums;display:block;overflow-x:auto;"
    "max-width:100%;width:max-content;margin:0 auto 1em}"
    ".gan-table caption{caption-side:bottom;text-align:left;padding-top:.3em}"
    ".gan-table :is(th,td){padding:.2em .7em;text-align:right;border-bottom:1px solid #8884;white-space:nowrap;"
    "background:none;color:inherit}.gan-table :is(th,td).words{text-align:left;white-space:normal;min-width:7em}"
    ".gan-table thead th{vertical-align:bottom;white-space:normal}.gan-table svg{vertical-align:-1px;margin-left:.5em}"
    ".gan-table td.best{font-weight:bold}</style>"
)


@dataclass(frozen=True)
class Table:
    """A table that a notebook shows; `table` makes it.

    Attributes:
        head: the columns' names, the rows' own first.
        rows: what stands in each row, its name first; numbers as they came.
        forms: how a column writes its numbers, for example "{:.2f}".
        best: for each column the rows whose value is the best.
        caption: one sentence below it; "" for none.
    """

    head: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]
    forms: Mapping[str, str]
    best: Mapping[str, frozenset[int]]
    caption: str = ""

    def __repr__(self) -> str:
        """Aligned text: what PDF, terminal and nbval read. A star marks the best of a column."""
        lines = [list(self.head)]
        lines += [[self._text(i, k) for k in range(len(self.head))] for i in range(len(self.rows))]
        widths = [max(len(line[k]) for line in lines) for k in range(len(self.head))]
        aligned = [
            "  ".join(
                word.ljust(width) if self._is_words(k) else word.rjust(width)
                for k, (word, width) in enumerate(zip(line, widths, strict=True))
            ).rstrip()
            for line in lines
        ]
        return "\n".join(aligned + [self.caption] * bool(self.caption))

    def _repr_html_(self) -> str:
        """A real table, which needs no script and no style of a page."""
        head = "".join(
            f'<th scope="col"{" class=words" * self._is_words(k)}>{html.escape(name)}</th>'
            for k, name in enumerate(self.head)
        )
        body = "".join(
            f'<tr><th scope="row" class=words>{html.escape(str(row[0]))}</th>'
            + "".join(self._cell(i, k) for k in range(1, len(row)))
            + "</tr>\n"
            for i, row in enumerate(self.rows)
        )
        caption = f"<caption>{html.escape(self.caption)}</caption>" if self.caption else ""
        return f"{STYLE}<table class=gan-table>{caption}<thead><tr>{head}</tr></thead>\n<tbody>{body}</tbody></table>"

    def _cell(self, i: int, k: int) -> str:
        value, name = self.rows[i][k], self.head[k]
        kinds = " ".join(["words"] * self._is_words(k) + ["best"] * (i in self.best.get(name, ())))
        dots = self._dots(value, k) if _several(value) else ""
        return f"<td{f' class={kinds!r}' if kinds else ''}>{html.escape(self._written(value, name))}{dots}</td>"

    def _text(self, i: int, k: int) -> str:
        value, name = self.rows[i][k], self.head[k]
        star = " *" if i in self.best.get(name, ()) else ("  " if name in self.best and k else "")
        all_of_them = f" ({', '.join(self._written(v, name) for v in value)})" if _several(value) else ""
        return self._written(value, name) + all_of_them + star

    def _written(self, value: Value, name: str) -> str:
        if value is None:
            return "–"
        if isinstance(value, str):
            return value
        number = sum(value) / len(value) if _several(value) else value
        return (
            "–"
            if math.isnan(number)
            else self.forms.get(name, "{:,}" if isinstance(number, int) else "{:.2f}").format(number)
        )

    def _is_words(self, k: int) -> bool:
        return k == 0 or all(isinstance(row[k], str) for row in self.rows)

    def _dots(self, values: Sequence[float], k: int) -> str:
        """Each number as a dot, on the scale of the whole column."""
        column = [
            v for row in self.rows for v in (row[k] if _several(row[k]) else [row[k]]) if isinstance(v, (int, float))
        ]
        low, high = min(column), max(column)
        at = [3 + (WIDTH - 6) * (v - low) / ((high - low) or 1) for v in values]
        dots = "".join(f'<circle cx="{x:.1f}" cy="{HEIGHT / 2}" r="2.5" fill="{REAL}" fill-opacity=".7"/>' for x in at)
        said = html.escape(", ".join(self._written(v, self.head[k]) for v in values))
        return (
            f'<svg width="{WIDTH}" height="{HEIGHT}" role="img" aria-label="{said}"><title>{said}</title>'
            f'<path d="M0 {HEIGHT / 2}h{WIDTH}" stroke="{GREY}" stroke-opacity=".4"/>{dots}</svg>'
        )


def table(
    rows: Mapping[str, Mapping[str, Value]],
    *,
    first: str = "",
    forms: Mapping[str, str] | None = None,
    best: Mapping[str, Callable[[Sequence[float]], float]] | None = None,
    sort: str | None = None,
    caption: str = "",
) -> Table:
    """A table of what a reader compares; end the cell with it.

    Args:
        rows: name of the row → name of the column → a number, a word, several numbers (one of each seed), or None.
            Every row has the same columns, in the same order.
        first: what stands above the rows' names.
        forms: how a column writes its numbers: a format such as "{:.2f}" or "{:.0%}"; whole numbers with commas and
            others with two digits if left out.
        best: for a column `min` or `max`, which marks the best row; of several numbers their mean counts.
        sort: the column that orders the rows, from the smallest (or from the best where `best` has `max`).
        caption: one sentence below the table.

    Raises:
        BadInput: no rows, rows with other columns, or a column in `forms`, `best` or `sort` that is not there.
    """
    forms, best = dict(forms or {}), dict(best or {})
    if not isinstance(rows, Mapping) or not rows or not all(isinstance(row, Mapping) for row in rows.values()):
        raise BadInput(f"rows are {brief(rows)}; give at least one row: its name → its columns → their values.")
    columns = tuple(next(iter(rows.values())))
    for name, row in rows.items():
        if tuple(row) != columns:
            raise BadInput(
                f"the row {name!r} has the columns {list(row)}; all rows have those of the first, {list(columns)}."
            )
    for name in (*forms, *best, *([sort] if sort else [])):
        if name not in columns:
            raise BadInput(f"there is no column {name!r}; the columns are {list(columns)}.")
    if sort:
        turned = best.get(sort) is max
        rows = dict(sorted(rows.items(), key=lambda each: _order(each[1][sort], turned)))
    marked = {}
    for name, choose in best.items():
        means = {i: _mean(row[name]) for i, row in enumerate(rows.values()) if _mean(row[name]) is not None}
        top = choose(means.values()) if means else None
        marked[name] = frozenset(i for i, mean in means.items() if mean == top)
    whole = tuple((name, *row.values()) for name, row in rows.items())
    return Table((first, *columns), whole, forms, marked, caption)


def _several(value: Value) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _mean(value: Value) -> float | None:
    """The number that counts; None for words and for what is not there."""
    if value is None or isinstance(value, str):
        return None
    return sum(value) / len(value) if _several(value) else value


def _order(value: Value, turned: bool) -> tuple[bool, float]:
    mean = _mean(value)
    return mean is None, 0 if mean is None else -mean if turned else mean
