"""The shape of the package: imports point down, files and functions stay small, facts about images are data."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import hardener

PACKAGE = Path(hardener.__file__).parent
FILES = sorted(file for file in PACKAGE.rglob("*.py"))
# From the bottom up; names beside each other do not know each other, unless the first column says so.
LAYERS = [
    ["shown"],
    ["errors", "evidence"],
    ["source"],
    ["model"],
    ["knowledge"],
    ["credentials"],
    ["graph"],
    ["split", "keeping"],
    ["transforms"],
    ["profile"],
    ["target", "sharing", "cases", "pipeline"],
    ["verify"],
    ["views"],
    ["engine"],
    ["api"],
    ["terminal", "inputs", "session", "cli", "__main__"],
]
HEIGHT = {name: height for height, layer in enumerate(LAYERS) for name in layer}
MAX_LINES, MAX_FUNCTION = 400, 50


def part(file: Path) -> str:
    """The part of the package a file belongs to: `source` for `source/parse.py`, `api` for `api.py`."""
    return file.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """The parts of this package that run-time code imports, wherever in the file, with the line."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        modules: list[str] = []
        if isinstance(node, ast.ImportFrom) and node.module:
            bare = node.module == "hardener"
            modules = [f"hardener.{alias.name}" for alias in node.names] if bare else [node.module]
        elif isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        for module in modules:
            if module.startswith("hardener."):
                yield module.split(".")[1], node.lineno
        yield from imports(node)


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_imports_point_down(file: Path) -> None:
    own = part(file)
    if own == "__init__":
        pytest.skip("the public names come from everywhere, when they are used")
    tree = ast.parse(file.read_text(encoding="utf-8"))
    upwards = [f"line {line}: {name}" for name, line in imports(tree) if name in HEIGHT and HEIGHT[name] > HEIGHT[own]]
    assert not upwards


def test_every_part_has_its_place() -> None:
    assert {part(file) for file in FILES} - {"__init__"} <= HEIGHT.keys()


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_files_and_functions_are_small(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert text.count("\n") <= MAX_LINES
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            assert length <= MAX_FUNCTION, f"{node.name} has {length} lines"


@pytest.mark.parametrize("file", sorted((PACKAGE / "transforms").glob("*.py")), ids=lambda file: file.stem)
def test_transforms_know_nothing_of_text(file: Path) -> None:
    """Data, paths, and files beside the document are the words of `source` that a transform may use."""
    if file.stem == "__init__":
        return
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("hardener.source"):
            assert {alias.name for alias in node.names} <= {"Companion", "Data", "Path"}
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in ("print", "open")


def test_no_code_has_a_table_of_images() -> None:
    """Names of images are data: two in one expression of code are a table."""
    images = re.compile(r"postgres|mysql|mariadb|redis|nginx|mongo|rabbitmq|elasticsearch|grafana|traefik|linuxserver")
    for file in FILES:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Dict | ast.Set | ast.List | ast.Tuple):
                texts = [item.value for item in ast.walk(node) if isinstance(item, ast.Constant)]
                named = {text for text in texts if isinstance(text, str) and images.fullmatch(text)}
                assert len(named) < 2, f"{file.name}:{node.lineno}: {sorted(named)}"
