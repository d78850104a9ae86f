"""How the book gets online: the workflow and its two steps."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path
from zipfile import ZipFile

import pytest
import yaml

from book import publish

ROOT = Path(__file__).parents[2]
CONFIG = (ROOT / "_config.yml").read_text(encoding="utf-8")
PUBLIC = CONFIG.replace('  url: ""', '  url: "https://github.com/someone/gan-book"')


@pytest.fixture
def workflow() -> dict:
    return yaml.safe_load((ROOT / ".github/workflows/publish.yml").read_text(encoding="utf-8"))


@pytest.fixture
def html(tmp_path) -> Path:
    folder = tmp_path / "html"
    (folder / "book").mkdir(parents=True)
    (folder / "index.html").write_text('<meta http-equiv="Refresh" content="0; url=book/index.html">')
    (folder / "book" / "index.html").write_text("<h1>The book</h1>")
    return folder


def commands(workflow: dict) -> list[str]:
    return [step["run"] for job in workflow["jobs"].values() for step in job["steps"] if "run" in step]


def test_the_workflow_calls_what_exists(workflow):
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for command in commands(workflow):
        for target in re.findall(r"\bmake (\w+)", command):
            assert re.search(rf"^{target}:", makefile, re.M), target
        for module, what in re.findall(r"python -m (\S+) (\w+)", command):
            assert find_spec(module) and f'arguments == ["{what}"]' in Path(publish.__file__).read_text("utf-8")
    assert {"make book", "python -m book.publish check", ".venv/bin/python -m book.publish zip"} <= {
        *commands(workflow)
    }


def test_jobs_wait_for_an_address_and_for_one_another(workflow):
    jobs = workflow["jobs"]
    assert jobs["book"]["if"] == "needs.check.outputs.online == 'true'" and jobs["book"]["needs"] == "check"
    assert jobs["online"]["needs"] == jobs["release"]["needs"] == "book"  # skipped where it is skipped
    assert jobs["check"]["outputs"]["online"] == "${{ steps.check.outputs.online }}"


def test_only_who_writes_may_write(workflow):
    """What runs the book's own code has no right but to read it."""
    assert workflow["permissions"] == {"contents": "read"}
    assert {name for name, job in workflow["jobs"].items() if "permissions" in job} == {"online", "release"}
    assert not any(step.get("uses", "").startswith("actions/checkout") for name in ("online", "release")
                   for step in workflow["jobs"][name]["steps"])  # fmt: skip


def test_what_is_packed_is_what_is_uploaded(workflow):
    paths = [step["with"]["path"] for step in workflow["jobs"]["book"]["steps"] if "path" in step.get("with", {})]
    assert [ROOT / path for path in paths] == [publish.HTML, publish.ZIP]
    assert any(f" {publish.ZIP.name} " in command for command in commands(workflow))


@pytest.mark.parametrize("config", [CONFIG, PUBLIC, PUBLIC.replace('"https', "https").replace('book"', "book  # here")])
def test_the_address_is_read_as_yaml_reads_it(config):
    assert publish.address(config) == yaml.safe_load(config)["repository"]["url"]


@pytest.mark.parametrize(("config", "online"), [('repository:\n  url: ""', "false"), (PUBLIC, "true"), ("", "false")])
def test_without_an_address_it_says_so_and_goes_no_further(config, online, tmp_path, monkeypatch):
    monkeypatch.setenv("GITHUB_OUTPUT", str(tmp_path / "answers"))
    said = publish.check(config)
    assert (tmp_path / "answers").read_text() == f"online={online}\n"
    assert ("Not published" in said and "repository: url:" in said) == (online == "false")
    monkeypatch.delenv("GITHUB_OUTPUT")
    assert publish.check(config) == said  # and on the owner's own machine


def test_the_zip_opens_and_leads_in(html, tmp_path):
    with ZipFile(publish.pack(html, tmp_path / "gan-book.zip")) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["gan-book/book/index.html", "gan-book/index.html"]
        archive.extractall(tmp_path / "reader")
    first = (tmp_path / "reader/gan-book/index.html").read_text()
    target = tmp_path / "reader/gan-book" / re.search(r"url=([^\"]+)", first)[1]
    assert target.read_text() == "<h1>The book</h1>"
    assert not list(tmp_path.glob("*.part"))


def test_nothing_is_packed_before_the_pages_are_built(tmp_path):
    with pytest.raises(SystemExit, match="make book"):
        publish.pack(tmp_path, tmp_path / "gan-book.zip")
    assert not list(tmp_path.iterdir())


def test_an_unknown_step_is_refused():
    with pytest.raises(SystemExit, match=r"check\|zip"):
        publish.main(["upload"])
