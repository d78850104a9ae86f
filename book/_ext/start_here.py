"""Sphinx extension: "Next" on the first page leads where a beginner starts: not to the first chapter by number."""

from __future__ import annotations

FIRST_PAGE, START = "book/index", "book/03_mlp_gan"


def setup(app) -> dict:
    app.connect("html-page-context", lead, priority=900)  # after the theme has filled in its own
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def lead(app, page: str, template: str, context: dict, doctree) -> None:
    if page == FIRST_PAGE and START in app.env.titles:
        link = app.builder.get_relative_uri(page, START)
        context["next"] = {"link": link, "title": app.builder.render_partial(app.env.titles[START])["title"]}
