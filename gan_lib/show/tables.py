"""Tables of numbers that a reader compares: a real table on a page, in JupyterLab and in Colab, aligned text elsewhere.

`table(rows)` ends a cell. A cell of several numbers, for example one of each seed, shows their mean and all of them as
dots on one scale for the column.
"""

from __future__ import annotations

import html
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from gan_lib.errors import BadInput, brief, one_line
from gan_lib.show.plots import GREY, REAL

Value = str | int | float | None | Sequence[float]
WIDTH, HEIGHT = 64, 10  # of a row of dots, in pixels
STYLE = (
    "<style>.gan-table-box{overflow-x:auto}"
    ".gan-table{border-collapse:collapse;font-variant-numeric:tabular-nums;min-width:min(100%,24em);margin:0 auto 1em}"
    ".gan-table caption{color:inherit;caption-side:bottom;text-align:left;padding-top:.3em}"
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
            f'<th scope="col"{" class=words" * self._is_words(k)}>{html.escape(name)}</th>' if name else "<td></td>"
            for k, name in enumerate(self.head)
        )
        body = "".join(
            f'<tr><th scope="row" class=words>{html.escape(row[0])}</th>'
            + "".join(self._cell(i, k) for k in range(1, len(row)))
            + "</tr>\n"
            for i, row in enumerate(self.rows)
        )
        caption = f"<caption>{html.escape(self.caption)}</caption>" if self.caption else ""
        inside = f"{caption}<thead><tr>{head}</tr></thead>\n<tbody>{body}</tbody>"
        return f"{STYLE}<div class=gan-table-box><table class=gan-table>{inside}</table></div>"

    def _cell(self, i: int, k: int) -> str:
        value, name = self.rows[i][k], self.head[k]
        kinds = " ".join(["words"] * self._is_words(k) + ["best"] * (i in self.best.get(name, ())))
        dots = self._dots(value, k) if isinstance(value, tuple) else ""
        return f"<td{f' class={kinds!r}' if kinds else ''}>{html.escape(self._written(value, name))}{dots}</td>"

    def _text(self, i: int, k: int) -> str:
        value, name = self.rows[i][k], self.head[k]
        star = "" if name not in self.best or not k else " *" if i in self.best[name] else "  "
        all_of_them = f" ({', '.join(self._written(v, name) for v in value)})" if isinstance(value, tuple) else ""
        return self._written(value, name) + all_of_them + star

    def _written(self, value: Value, name: str) -> str:
        if value is None:
            return "–"
        if isinstance(value, str):
            return value
        number = sum(value) / len(value) if isinstance(value, tuple) else value
        if math.isnan(number):
            return "–"
        return self.forms.get(name, "{:,}" if isinstance(number, int) else "{:.2f}").format(number)

    def _is_words(self, k: int) -> bool:
        values = [row[k] for row in self.rows if row[k] is not None]
        return k == 0 or (values != [] and all(isinstance(value, str) for value in values))

    def _dots(self, values: tuple[float, ...], k: int) -> str:
        """Each number as a dot, on the scale of the whole column."""
        column = [v for row in self.rows for v in (row[k] if isinstance(row[k], tuple) else [row[k]]) if _finite(v)]
        low, high = min(column, default=0), max(column, default=0)
        at = [3 + (WIDTH - 6) * (v - low) / ((high - low) or 1) for v in values if _finite(v)]
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
            Every row has the same columns, in the same order. True and False are written yes and no.
        first: what stands above the rows' names.
        forms: how a column writes its numbers: a format such as "{:.2f}" or "{:.0%}"; whole numbers with commas and
            others with two digits if left out.
        best: for a column `min` or `max`, which marks the best row; of several numbers their mean counts.
        sort: the column that orders the rows, from the smallest (or from the best where `best` has `max`).
        caption: one sentence below the table.

    Raises:
        BadInput: no rows, rows with other columns, a value that is none of these, a column in `forms`, `best` or `sort`
            that is not there, a format that cannot write the column's numbers, or nothing to sort by.
    """
    columns = _checked_columns(rows)
    forms, best = _named("forms", forms, columns), _named("best", best, columns)
    if not all(isinstance(word, str) for word in (first, caption)):
        raise BadInput(f'first is {brief(first)} and caption is {brief(caption)}; give text, or "" for none.')
    if any(choose is not min and choose is not max for choose in best.values()):
        raise BadInput(f"best is {brief(best)}; give min or max for each column, the functions themselves.")
    if sort is not None and (not isinstance(sort, str) or sort not in columns):
        raise BadInput(f"sort is {brief(sort)}; the columns are {list(columns)}.")
    whole = [(str(name), *(_value(row[column], column) for column in columns)) for name, row in rows.items()]
    if sort is not None:
        k = 1 + columns.index(sort)
        if all(_mean(row[k]) is None for row in whole):
            raise BadInput(f"the column {sort!r} has no numbers; sort by one that has.")
        whole.sort(key=lambda row: _order(row[k], best.get(sort) is max))
    marked = {}
    for name, choose in best.items():
        means = [_mean(row[1 + columns.index(name)]) for row in whole]
        top = choose((mean for mean in means if mean is not None), default=None)
        marked[name] = frozenset(i for i, mean in enumerate(means) if mean is not None and mean == top)
    made = Table((first, *columns), tuple(whole), forms, marked, caption)
    try:
        repr(made)
    except (ValueError, IndexError, KeyError, TypeError, AttributeError) as error:
        raise BadInput(f'forms is {brief(forms)}: {one_line(error)}; a format is for example "{{:.2f}}".') from error
    return made


def _checked_columns(rows: object) -> tuple[str, ...]:
    """The names of the columns, which all rows must have."""
    if not isinstance(rows, Mapping) or not rows or not all(isinstance(row, Mapping) for row in rows.values()):
        raise BadInput(f"rows are {brief(rows)}; give at least one row: its name → its columns → their values.")
    columns = tuple(next(iter(rows.values())))
    if not columns or not all(isinstance(name, str) and name for name in columns):
        raise BadInput(f"the columns are {brief(list(columns))}; give at least one, each with a name that is text.")
    for name, row in rows.items():
        if tuple(row) != columns:
            raise BadInput(
                f"the row {name!r} has the columns {brief(list(row))}; the first has {brief(list(columns))}."
            )
    return columns


def _named(what: str, given: object, columns: tuple[str, ...]) -> dict:
    """`forms` or `best` as a dict: a column → something."""
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise BadInput(f"{what} is {brief(given)}; give a dict with columns as its keys.")
    for name in given:
        if name not in columns:
            raise BadInput(f"{what} names the column {brief(name)}; the columns are {list(columns)}.")
    return dict(given)


def _value(given: object, column: str) -> str | int | float | tuple[float, ...] | None:
    """A cell's value in Python's own types: arrays and tensors are several numbers, or one."""
    if hasattr(given, "tolist"):
        given = given.tolist()
    if isinstance(given, bool):
        return "yes" if given else "no"
    if given is None or isinstance(given, (str, int, float)):
        return given
    if isinstance(given, Sequence) and given and all(_is_number(number) for number in given):
        return tuple(given)
    raise BadInput(
        f"the column {column!r} has the value {brief(given)}; give a number, a word, a list of numbers, or None."
    )


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _finite(value: object) -> bool:
    return _is_number(value) and math.isfinite(value)


def _mean(value: Value) -> float | None:
    """The number that counts; None for words and for what is not there."""
    if value is None or isinstance(value, str):
        return None
    mean = sum(value) / len(value) if isinstance(value, tuple) else value
    return None if math.isnan(mean) else mean


def _order(value: Value, turned: bool) -> tuple[bool, float]:
    mean = _mean(value)
    return mean is None, 0 if mean is None else -mean if turned else mean
