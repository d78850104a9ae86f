"""Sphinx extension: the page of reference, from docstrings that are plain text and not reStructuredText.

Sphinx would read |a − b| as a substitution and a lone * as the beginning of emphasis, so both are escaped here; `names`
become code. Of a module's docstring only the first paragraph is taken.
"""

from __future__ import annotations

import dataclasses
import re

MARKUP = re.compile(r"[\\|*]|_(?!\w)")
CODE = re.compile(r"`([^`]+)`")
SEVERAL = re.compile(r"^( +)(\w+(?:, \w+)+)(?=: )", re.M)  # "generator, discriminator: network classes"


def setup(app) -> dict:
    app.connect("autodoc-process-docstring", plain, priority=400)  # before napoleon, which adds markup of its own
    app.connect("autodoc-process-signature", only_names)
    app.connect("autodoc-skip-member", says_nothing)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def plain(app, what: str, name: str, obj: object, options: object, lines: list[str]) -> None:
    """Change the lines in place, as autodoc wants it."""
    if what == "module" and "" in lines:
        del lines[lines.index("") + 1 :]
    text = SEVERAL.sub(lambda found: found[1] + found[2].replace(" ", ""), escaped("\n".join(lines)))
    lines[:] = text.split("\n")


def escaped(text: str) -> str:
    """`x` → ``x``; elsewhere a backslash before what reStructuredText would take for markup."""
    parts = CODE.split(text)  # text, code, text, …
    return "".join(f"``{part}``" if i % 2 else MARKUP.sub(r"\\\g<0>", part) for i, part in enumerate(parts))


def only_names(app, what: str, name: str, obj: object, *others: object) -> tuple[str, None] | None:
    """A dataclass's signature without types and defaults, which its list of attributes explains."""
    if what != "class" or not dataclasses.is_dataclass(obj):
        return None
    return f"({', '.join(field.name for field in dataclasses.fields(obj) if field.init)})", None


def says_nothing(app, what: str, name: str, obj: object, skip: bool, options: object) -> bool | None:
    """Leave out a NamedTuple's fields ("Alias for field number 0") and a dataclass's classes ("alias of …")."""
    return True if what == "class" and (isinstance(obj, type) or type(obj).__name__ == "_tuplegetter") else None
