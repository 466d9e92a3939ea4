"""The rules that no type checker knows: who may import whom, how long a file may be, what may not be written down."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import grimp
import pytest
from importlinter.cli import lint_imports

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "orchestrator"
MODULES = sorted(PACKAGE.rglob("*.py"))
MOST_LINES = 400

# The sandbox itself, and the edges that start one on --sandbox.
MAY_ASK_FOR_SANDBOX = ("sandbox", "cli")

PUBLISHED = ("orchestrator", "plans", "tests", "docs", "scripts", ".ci")
TEXT = {"", ".css", ".html", ".js", ".json", ".md", ".py", ".toml", ".txt", ".yaml", ".yml"}
NOT_OURS = {"__pycache__", ".hypothesis"}


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def published() -> Iterator[Path]:
    """Every text file that the repository holds; tools' caches and the environment are no part of it."""
    yield from (path for path in ROOT.iterdir() if path.is_file() and path.suffix in TEXT and path.name != ".venv.lock")
    for top in PUBLISHED:
        for path in (ROOT / top).rglob("*"):
            if path.is_file() and path.suffix in TEXT and not NOT_OURS.intersection(path.parts):
                yield path


def conditions(tree: ast.AST) -> Iterator[ast.expr]:
    """What the code of a module branches on."""
    for node in ast.walk(tree):
        if isinstance(node, ast.If | ast.IfExp | ast.While):
            yield node.test
        elif isinstance(node, ast.comprehension):
            yield from node.ifs
        elif isinstance(node, ast.Match):
            yield node.subject


def offences(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{named(path)}:{number}: {line.strip()}"
        for path in published()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if pattern.search(line)
    ]


def test_every_import_contract_of_pyproject_is_kept(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(sys, "path", list(sys.path))  # the linter prepends to it
    status = lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True, no_logo=True)
    assert status == 0, capsys.readouterr().out


def test_core_imports_nothing_but_the_standard_library() -> None:
    graph = grimp.build_graph("orchestrator", include_external_packages=True, cache_dir=None)
    core = {"orchestrator.core"} | graph.find_descendants("orchestrator.core")
    imported = {name for module in core for name in graph.find_modules_directly_imported_by(module)} - core
    assert {name for name in imported if name.partition(".")[0] not in sys.stdlib_module_names} == set()


def test_no_module_is_longer_than_a_reader_can_hold() -> None:
    lines = {named(path): len(path.read_text(encoding="utf-8").splitlines()) for path in MODULES}
    assert {name: count for name, count in lines.items() if count > MOST_LINES} == {}


def test_every_module_says_why_it_exists() -> None:
    trees = {named(path): ast.parse(path.read_text(encoding="utf-8")) for path in MODULES}
    assert [name for name, tree in trees.items() if not ast.get_docstring(tree)] == []


def test_no_product_code_asks_whether_it_runs_on_the_sandbox() -> None:
    product = [path for path in MODULES if path.relative_to(PACKAGE).parts[0] not in MAY_ASK_FOR_SANDBOX]
    asked = [
        f"{named(path)}:{condition.lineno}: {ast.unparse(condition)}"
        for path in product
        for condition in conditions(ast.parse(path.read_text(encoding="utf-8")))
        if "sandbox" in ast.unparse(condition).lower()
    ]
    assert asked == []


def test_no_file_names_a_place_to_download_packages_from() -> None:
    hosts = re.compile(
        r"--(?:extra-)?index-(?:url)|--find-(?:links)|--trusted-(?:host)|\bfile:(?:///)|\bpy(?:pi)\.|python(?:hosted)"
    )
    assert offences(hosts) == []


def test_no_file_holds_a_path_of_somebodys_machine() -> None:
    homes = re.compile(r"(?<![\w.$}/*-])/(?:root|home|Users|work|workspace|private)/\w")
    assert offences(homes) == []
