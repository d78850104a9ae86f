"""Sphinx extension: `[mode collapse](glossary.md#term-mode-collapse)` leads to the glossary's entry.

The page has such a place for each of its terms, but MyST knows of headings alone. Where a notebook is opened by itself
the same link opens the glossary; the role {term} would show its source there.
"""

from __future__ import annotations

from docutils import nodes


def setup(app) -> dict:
    app.connect("doctree-read", name_terms)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def name_terms(app, doctree: nodes.document) -> None:
    """Add the places of a page's terms to those that MyST finds: name → line, id, text."""
    places = app.env.metadata[app.env.docname].setdefault("myst_slugs", {})
    for term in doctree.findall(nodes.term):
        places |= {name: (term.line, name, term.astext()) for name in term["ids"]}
