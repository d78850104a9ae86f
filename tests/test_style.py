"""What ruff does not look at: public names of gan_lib say what they are."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).parents[1]


def public(body: list[ast.stmt]) -> list[ast.FunctionDef | ast.ClassDef]:
    """Functions and classes of a module or of a class, and what the classes hold."""
    named = [node for node in body if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and node.name[0] != "_"]
    return named + [inner for node in named if isinstance(node, ast.ClassDef) for inner in public(node.body)]


def typed(node: ast.FunctionDef) -> bool:
    given = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
    return node.returns is not None and all(a.annotation for a in given if a.arg not in ("self", "cls"))


def test_every_public_name_is_documented_and_typed():
    poor = []
    for path in sorted((ROOT / "gan_lib").rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        poor += [] if ast.get_docstring(tree) else [str(path)]
        for node in public(tree.body):
            if not ast.get_docstring(node) or (isinstance(node, ast.FunctionDef) and not typed(node)):
                poor.append(f"{path.relative_to(ROOT)}: {node.name}")
    assert not poor


# A room imports only from itself and from those before it.
ROOMS = ("machine", "networks", "data", "training", "runs", "scores", "show", "chapters", "widgets", "bench")


def imported(tree: ast.AST) -> list[str]:
    """Full names of the modules that a module imports, anywhere in it."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found += [f"{node.module}.{alias.name}" for alias in node.names]
    return found


def test_no_room_imports_from_a_later_one_and_only_widgets_import_jupyter():
    wrong = []
    for path in sorted((ROOT / "gan_lib").rglob("*.py")):
        room = path.relative_to(ROOT / "gan_lib").parts[0]
        if room not in ROOMS:
            continue
        for name in imported(ast.parse(path.read_text(encoding="utf-8"))):
            package, _, rest = name.partition(".")
            target = rest.split(".")[0]
            upwards = package == "gan_lib" and target in ROOMS and ROOMS.index(target) > ROOMS.index(room)
            if upwards or (package in ("IPython", "ipywidgets") and room != "widgets"):
                wrong.append(f"{path.relative_to(ROOT)} imports {name}")
    assert not wrong
    assert {path.name for path in (ROOT / "gan_lib").iterdir() if (path / "__init__.py").exists()} == set(ROOMS)
