"""Which rules of a style sheet stay.

A rule stays if each class and id it asks for is a word somewhere in the built pages or their scripts. So what a script
adds later is kept, too, as long as the script spells its name.
"""

from __future__ import annotations

from collections.abc import Iterator

import tinycss2
from tinycss2.ast import Node

COMPOSED = ("bs-",)  # Bootstrap's script puts these names together: bs-tooltip-auto
HOLDERS = ("media", "supports")  # rules that hold rules


def lighter(css: str, words: set[str]) -> str:
    """The style sheet without comments, and without rules for what is not among the words."""
    return "".join(kept(tinycss2.parse_stylesheet(css, skip_comments=True, skip_whitespace=True), words))


def kept(rules: list[Node], words: set[str]) -> Iterator[str]:
    """The rules that stay, as CSS."""
    for rule in rules:
        if rule.type == "qualified-rule":
            used = [part for part in selectors(rule.prelude) if all(known(name, words) for name in names(part))]
            if used:
                yield f"{','.join(tinycss2.serialize(part).strip() for part in used)}{{{packed(rule.content)}}}\n"
        elif rule.type == "at-rule" and rule.lower_at_keyword in HOLDERS:
            inner = "".join(kept(tinycss2.parse_rule_list(rule.content, True, True), words))
            if inner:
                yield f"@{rule.lower_at_keyword}{tinycss2.serialize(rule.prelude)}{{\n{inner}}}\n"
        else:  # @font-face, @keyframes, …
            yield rule.serialize() + "\n"


def packed(content: list[Node]) -> str:
    """Declarations on one line."""
    parts = [part for part in content if part.type != "comment"]
    return "".join(" " if part.type == "whitespace" else part.serialize() for part in parts).strip()


def selectors(prelude: list[Node]) -> Iterator[list[Node]]:
    """What stands between the commas."""
    selector: list[Node] = []
    for part in prelude:
        if part == ",":
            yield selector
            selector = []
        else:
            selector.append(part)
    yield selector


def names(selector: list[Node]) -> Iterator[str]:
    """The classes and ids that an element must have; those in :not() and :is() are not asked for."""
    for before, part in zip([None, *selector], selector, strict=False):
        if part.type == "hash" or (part.type == "ident" and before == "."):
            yield part.value


def known(name: str, words: set[str]) -> bool:
    return name in words or name.startswith(COMPOSED)
