"""The house holds: imports go downwards only, start-up stays light, files stay small enough to read.

Every import counts, also those inside functions and under `TYPE_CHECKING`, and so does a module named to
`import_module`.
"""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "rtproto"
LONGEST = 500
LAYERS = ["findings", "events", "wire", "protocol", "rules", "checker"]
"""Lowest first; a module that is in none of them stands above all and may import whatever it needs."""


def modules() -> dict[str, Path]:
    """Every module of the package by its dotted name."""
    found: dict[str, Path] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


MODULES = modules()


def layer(module: str) -> int:
    """The layer of a module: `rtproto.wire_lines` belongs to `wire`, `rtproto.reports.text` to the top."""
    parts = module.split(".")
    family = parts[1].partition("_")[0] if len(parts) > 1 else ""
    return LAYERS.index(family) if family in LAYERS else len(LAYERS)


def imports(module: str, tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and absolute dotted name of everything that a module imports, wherever in it."""
    package = module if MODULES.get(module, Path()).name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                kept = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*kept, base] if base else kept)
            for alias in node.names:
                submodule = f"{base}.{alias.name}"
                yield node.lineno, submodule if submodule in MODULES else base
        elif isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in (
            "import_module",
            "__import__",
        ):
            for argument in node.args[:1]:
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                    yield node.lineno, argument.value


def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


@pytest.mark.parametrize("module", MODULES)
def test_imports_go_downwards(module: str) -> None:
    upwards = [
        f"{MODULES[module].relative_to(ROOT)}:{line} imports {name}"
        for line, name in imports(module, parse(MODULES[module]))
        if name.split(".")[0] == "rtproto" and layer(name) > layer(module)
    ]
    assert upwards == []


def test_an_upward_import_is_seen_in_every_form() -> None:
    source = """
import rtproto.checker
from rtproto import checker
from .. import checker
from ..checker import SessionChecker
def later():
    from rtproto.reports.text import Writer
    importlib.import_module("rtproto.checker")
"""
    seen = [name for _, name in imports("rtproto.events.base", ast.parse(source))]
    assert seen == ["rtproto.checker"] * 4 + ["rtproto.reports.text", "rtproto.checker"]
    assert all(layer(name) > layer("rtproto.events.base") for name in seen)
    assert (
        layer("rtproto") > layer("rtproto.checker") > layer("rtproto.wire_lines") > layer("rtproto.findings")
    )


def test_every_layer_exists() -> None:
    """A layer that was renamed would otherwise pass as one above all."""
    assert set(LAYERS) == {name.split(".")[1] for name in MODULES if name.count(".")} & set(LAYERS)


def core_dependencies() -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return {requirement.partition(">")[0] for requirement in project["dependencies"]}


AT_HOME = {"rtproto.testing.strategies": {"hypothesis"}, "rtproto.testing.plugin": {"pytest"}}
"""Modules that nobody imports without the package that they are for."""


@pytest.mark.parametrize("module", MODULES)
def test_only_core_dependencies_are_imported_on_import(module: str) -> None:
    """What an extra brings is imported inside the function that needs it."""
    tree = parse(MODULES[module])
    for node in ast.walk(tree):
        function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        if function or (isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")):
            node.body = [ast.Pass()]
    allowed = core_dependencies() | {"rtproto"} | sys.stdlib_module_names | AT_HOME.get(module, set())
    foreign = {name.split(".")[0] for _, name in imports(module, tree)} - allowed
    assert foreign == set()


def test_importing_the_package_imports_nothing_else_of_it() -> None:
    program = "import sys, rtproto; print(*(m for m in sys.modules if m.startswith(('rtproto.', 'msgspec'))))"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT)
    assert (ran.stdout.split(), ran.stderr) == ([], "")


def sources() -> list[Path]:
    return [
        path
        for top in ("rtproto", "conformance", "benchmarks")
        for path in sorted((ROOT / top).rglob("*.py"))
    ]


@pytest.mark.parametrize("path", sources(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_source_file_is_too_long_to_read(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST


def test_the_package_says_that_it_is_typed() -> None:
    assert (PACKAGE / "py.typed").is_file()
