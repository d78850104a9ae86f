"""What stands behind and before the chapters: contents, glossary, notation, reference, bibliography, front files."""

from __future__ import annotations

import json
import re
import tomllib
import unicodedata
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from docutils import nodes
from docutils.utils import new_document
from sphinx.util.nodes import _make_id

from book._ext.glossary_links import name_terms
from book._ext.plain_docstrings import escaped
from book.pdf import contents

ROOT = Path(__file__).parents[2]
BOOK = ROOT / "book"
PAGES = sorted([*BOOK.glob("*.ipynb"), *BOOK.glob("*.md")])
CHINESE = re.compile(r"[\u4e00-\u9fff]")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


@cache
def text_of(path: Path) -> str:
    """The Markdown of a page or notebook."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".md":
        return text
    cells = json.loads(text)["cells"]
    return "\n\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")


def slug(heading: str) -> str:
    """As myst_heading_anchors makes it (GitHub's way, and without formulas)."""
    return re.sub(r"\$[^$]*\$|[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


@cache
def sections(path: Path) -> set[str]:
    """The places that a link may name: headings, and the glossary's entries (book/_ext/glossary_links.py)."""
    places = {slug(heading) for heading in re.findall(r"^#{1,3} (.+)$", text_of(path), re.M)}
    if path.name == "glossary.md":
        places |= {_make_id(f"term-{name}") for names, _ in terms() for name in names[:-1]}
    return places


def terms() -> list[tuple[list[str], str]]:
    """The glossary's entries: names, the last one Chinese, and the sentence with its links."""
    (glossary,) = re.findall(r"^```\{glossary\}\n(.*?)^```", text_of(BOOK / "glossary.md"), re.M | re.S)
    entries = [entry.splitlines() for entry in glossary.strip().split("\n\n")]
    return [
        ([line for line in lines if line[0] != " "], " ".join(line.strip() for line in lines if line[0] == " "))
        for lines in entries
    ]


def bibliography() -> dict[str, str]:
    """key → the entry's text."""
    text = (BOOK / "references.bib").read_text(encoding="utf-8")
    return dict(re.findall(r"^@\w+\{([^,]+),\n(.*?)^\}", text, re.M | re.S))


# ------------------------------------------------------------------------------------------------- contents


@pytest.mark.parametrize("name", contents())
def test_every_entry_of_the_contents_is_a_file(name):
    assert [path for path in PAGES if path.with_suffix("") == ROOT / name]


def test_every_page_stands_in_the_contents():
    assert {str(path.with_suffix("").relative_to(ROOT)) for path in PAGES} == set(contents())


@pytest.mark.parametrize("page", ["book/index.ipynb", "README.md"])
def test_every_page_is_linked_from_the_first_page_and_from_the_readme(page):
    links = {Path(link).name for link in LINK.findall(text_of(ROOT / page))}
    assert {path.name for path in PAGES} - {"index.ipynb"} <= links


@pytest.mark.parametrize("path", [*PAGES, *ROOT.glob("*.md")], ids=lambda path: path.name)
def test_every_internal_link_has_a_file_and_a_section(path):
    for link in LINK.findall(text_of(path)):
        if ":" in link or link.startswith("#"):  # https://, mailto:
            continue
        file, _, section = link.partition("#")
        target = path.parent / file
        assert target.exists(), link
        assert not section or section in sections(target), f"{link}; there are {sorted(sections(target))}"


# ------------------------------------------------------------------------------------------------- glossary


def test_a_link_to_an_entry_of_the_glossary_is_one_that_myst_finds():
    page = new_document("glossary")
    page += nodes.term("", "WGAN-GP", ids=["term-WGAN-GP"])
    app = SimpleNamespace(env=SimpleNamespace(docname="glossary", metadata={"glossary": {}}))
    name_terms(app, page)
    assert app.env.metadata["glossary"]["myst_slugs"]["term-WGAN-GP"][1:] == ("term-WGAN-GP", "WGAN-GP")
    assert {"term-mode-collapse", "term-Frechet-distance", "term-retain_graph"} <= sections(BOOK / "glossary.md")


def test_terms_are_sorted_and_unique():
    def key(name: str) -> str:
        plain = unicodedata.normalize("NFKD", name.lower())
        return re.sub(r"[^a-z0-9 ]", " ", "".join(c for c in plain if not unicodedata.combining(c)))

    names = [names for names, _ in terms()]
    firsts = [key(first) for first, *_ in names]
    assert firsts == sorted(firsts)
    every = [name.lower() for group in names for name in group]
    assert len(set(every)) == len(every) and len(names) >= 60


def test_every_term_has_a_chinese_name_a_sentence_and_a_chapter():
    for names, sentence in terms():
        assert CHINESE.search(names[-1]) and not any(CHINESE.search(name) for name in names[:-1]), names
        assert LINK.search(sentence) and len(LINK.sub("", sentence).split()) >= 5, names


def test_every_term_that_a_page_names_is_in_the_glossary():
    known = {name.lower() for names, _ in terms() for name in names}
    for path in PAGES:
        for found in re.findall(r"\{term\}`([^`]+)`", text_of(path)):
            name = re.sub(r".*<(.*)>", r"\1", found)
            assert name.lower() in known, f"{path.name}: {name}"


# ---------------------------------------------------------------------------------- notation and reference


def test_every_equation_that_a_page_names_exists():
    labels = {label for path in PAGES for label in re.findall(r"^:label: (eq-\S+)$", text_of(path), re.M)}
    for path in PAGES:
        for name in re.findall(r"\{eq\}`([^`]+)`", text_of(path)):
            assert name in labels, f"{path.name}: {name}"


def test_every_row_of_the_notation_has_as_many_cells_as_its_head():
    for table in re.findall(r"(?:^\|.*\|\n)+", text_of(BOOK / "notation.md"), re.M):
        assert len({line.count("|") for line in table.splitlines()}) == 1, table


def test_the_reference_names_modules_that_exist():
    modules = re.findall(r"automodule:: (\S+)", text_of(BOOK / "reference.md"))
    assert len(modules) == len(set(modules)) > 20
    for module in modules:
        path = ROOT / module.replace(".", "/")
        assert path.with_suffix(".py").exists() or (path / "__init__.py").exists(), module


@pytest.mark.parametrize(
    ("plain", "markup"),
    [
        ("|a − b| ≤ 2 * c", r"\|a − b\| ≤ 2 \* c"),
        ("`load(a | b)` and fill_", r"``load(a | b)`` and fill\_"),
        ("lr_g stays", "lr_g stays"),
    ],
)
def test_a_docstring_is_no_markup_but_names_are_code(plain, markup):
    assert escaped(plain) == markup


# --------------------------------------------------------------------------------------------- bibliography


def test_every_citation_has_an_entry_and_every_entry_is_cited():
    cited = {
        key.strip()
        for path in PAGES
        for keys in re.findall(r"\{cite(?::\w+)?\}`([^`]+)`", text_of(path))
        for key in keys.split(",")
    }
    assert cited - set(bibliography()) == set()
    assert set(bibliography()) - cited == set()


@pytest.mark.parametrize("key", bibliography())
def test_every_entry_can_be_found(key):
    """By DOI or arXiv number; by an address where there is neither."""
    entry = dict(re.findall(r"^  (\w+) = \{(.*)\},?$", bibliography()[key], re.M))
    assert {"author", "title", "year"} <= set(entry)
    assert {"doi", "eprint", "url"} & set(entry)
    assert re.fullmatch(r"10\.\d{4,}/\S+", entry.get("doi", "10.1234/none"))
    assert re.fullmatch(r"\d{4}\.\d{4,5}", entry.get("eprint", "1234.5678"))
    if "eprint" in entry:
        assert entry.get("archiveprefix") == "arXiv" and entry.get("url", "").endswith(entry["eprint"])


# --------------------------------------------------------------------------------------------- front matter


def test_licence_version_and_title_are_the_same_everywhere():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    version = re.search(r'__version__ = "(.*)"', (ROOT / "gan_lib/__init__.py").read_text(encoding="utf-8"))[1]
    assert project["license"] == citation["license"] == "MIT"
    assert (ROOT / "LICENSE").read_text(encoding="utf-8").startswith("MIT License")
    assert "https://creativecommons.org/licenses/by/4.0/" in (ROOT / "LICENSE-text").read_text(encoding="utf-8")
    assert str(citation["version"]) == version
    assert f"## [{version}]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert citation["title"] == config["title"]
    assert [author["name"] for author in citation["authors"]] == [config["author"]]


@pytest.mark.parametrize(
    "name", [".pre-commit-config.yaml", *(f".github/workflows/{n}.yml" for n in ("test", "canary", "publish"))]
)
def test_the_machines_files_can_be_read(name):
    assert yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))


def test_the_workflow_runs_the_command_of_the_readme():
    assert "run: make test" in (ROOT / ".github/workflows/test.yml").read_text(encoding="utf-8")
