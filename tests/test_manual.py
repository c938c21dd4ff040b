"""The pages that come along: each is printed, in the wheel, and there for whoever a message sends to it."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from rtproto import __main__ as commands
from rtproto import manual
from tests.command import Run, here, run

__all__ = ["here", "run"]

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"


@pytest.mark.parametrize("name", manual.PAGES)
def test_a_page_is_printed_as_it_is(run: Run, name: str) -> None:
    assert run("docs", name, main=commands.main) == (0, (DOCS / f"{name}.md").read_text(encoding="utf-8"), "")


def test_without_a_name_all_are_listed(run: Run) -> None:
    code, out, err = run("docs", main=commands.main)
    assert (code, err) == (0, "")
    assert [line.split()[0] for line in out.splitlines()] == list(manual.PAGES)
    assert "fleet          Many recordings, many machines\n" in out


def test_a_page_that_there_is_not(run: Run) -> None:
    code, out, err = run("docs", "nonsense", main=commands.main)
    assert (code, out) == (2, "")
    assert re.search(r"choose from '?inputs'?, ", err)


def test_in_a_wheel_the_pages_are_beside_the_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manual, "__file__", str(tmp_path / "rtproto" / "manual.py"))
    with pytest.raises(FileNotFoundError, match="came without its pages"):
        manual.page("inputs")
    (tmp_path / "rtproto" / "docs").mkdir(parents=True)
    (tmp_path / "rtproto" / "docs" / "inputs.md").write_text("# Of the wheel\n")
    assert manual.page("inputs") == "# Of the wheel\n"


def test_the_wheel_is_told_to_carry_them() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    carried = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    pages = {source: target for source, target in carried.items() if source.startswith("docs/")}
    assert pages == {f"docs/{name}.md": f"rtproto/docs/{name}.md" for name in manual.PAGES}


def test_messages_name_pages_that_there_are() -> None:
    """And name no file of the source tree, which a user of the wheel does not have."""
    named: set[str] = set()
    for path in (ROOT / "rtproto").rglob("*.py"):
        named.update(re.findall(r"python -m rtproto docs (\w+)", path.read_text(encoding="utf-8")))
    assert {"inputs", "fleet"} <= named <= set(manual.PAGES)
