"""What ruff does not look at: public names of gan_lib say what they are, and long functions why they are long."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MODULES = sorted((ROOT / "gan_lib").rglob("*.py"))
LONG = 60


def functions(node: ast.AST) -> list[ast.FunctionDef]:
    return [child for child in ast.walk(node) if isinstance(child, ast.FunctionDef)]


def public(body: list[ast.stmt]) -> list[ast.FunctionDef | ast.ClassDef]:
    """Functions and classes of a module or of a class, and what the classes hold."""
    named = [node for node in body if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and node.name[0] != "_"]
    return named + [inner for node in named if isinstance(node, ast.ClassDef) for inner in public(node.body)]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_public_name_is_documented_and_typed(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree), path
    for node in public(tree.body):
        assert ast.get_docstring(node), node.name
        if isinstance(node, ast.FunctionDef):
            given = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
            assert all(a.annotation for a in given if a.arg not in ("self", "cls")) and node.returns, node.name


def test_a_long_function_says_why():
    for path in (*MODULES, *(ROOT / "book").rglob("*.py"), *(ROOT / "tests").rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        for node in functions(ast.parse(text)):
            lines = text.splitlines()[node.lineno - 1 : node.end_lineno]
            after = (node.body[0].end_lineno if ast.get_docstring(node) else node.lineno) - node.lineno + 1
            assert len(lines) <= LONG or lines[after].lstrip().startswith("# "), f"{path}: {node.name}"
