"""Sphinx extension: no launch buttons as long as `_config.yml` has no address of the repository."""

from __future__ import annotations


def setup(app) -> dict:
    app.connect("config-inited", only_with_an_address)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def only_with_an_address(app, config) -> None:
    """The theme would warn of an address that is no repository's."""
    if not config.html_theme_options.get("repository_url"):
        config.html_theme_options["launch_buttons"] = {}
