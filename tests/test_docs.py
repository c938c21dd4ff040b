"""The examples of the README and the docs are run, in the order in which a reader meets them.

- ```` ```python ```` blocks are executed, those of one page in one namespace, in the top of the source tree.
- ```` ```pycon ```` blocks are doctests.
- Blocks that begin with `$ ` are sessions at a prompt: a line `$ python -m rtproto…` is run and what it prints must be
  the lines below it, in which a line `...` stands for any number of lines and `...` in a line for any text.
- A block that cannot be run has the comment `<!-- not run: the reason -->` above it.
- ```` ```sh ```` blocks are commands that change the machine; `.ci/run` runs those that a comment `<!-- command: … -->`
  names.
"""

from __future__ import annotations

import doctest
import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
FENCE = re.compile(
    r"(?P<excuse><!-- not run: [^\n]+ -->\n\n?)?"
    r"^(?P<indent> *)```(?P<language>[\w-]*)[^\n]*\n(?P<text>.*?)^(?P=indent)```$",
    re.MULTILINE | re.DOTALL,
)
RUN_WITH = {
    "python": [sys.executable],
    "python3": [sys.executable],
    "rtproto": [sys.executable, "-m", "rtproto"],
}


@dataclass(frozen=True)
class Block:
    """A fenced block of a page that is to be run."""

    page: Path
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT).as_posix()}:{self.line}"


def blocks(page: Path, text: str) -> list[Block]:
    """The blocks of a page that can be run, in their order; `line` is that of their first line."""
    found: list[Block] = []
    for match in FENCE.finditer(text):
        if match["excuse"] is None:
            line = text.count("\n", 0, match.start("text")) + 1
            lines = [row.removeprefix(match["indent"]) for row in match["text"].splitlines(keepends=True)]
            found.append(Block(page, line, match["language"], "".join(lines)))
    return found


BLOCKS = [
    block for page in PAGES if page.exists() for block in blocks(page, page.read_text(encoding="utf-8"))
]
CONSOLE = [block for block in BLOCKS if block.text.startswith("$ ")]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_python_examples_run(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    namespace: dict[str, object] = {"__name__": "__example__"}
    for block in BLOCKS:
        if block.page == page and block.language == "python":
            # Blank lines before it make a traceback name the line of the page.
            exec(compile("\n" * (block.line - 1) + block.text, str(page), "exec"), namespace)
        elif block.page == page and block.language == "pycon":
            example = doctest.DocTestParser().get_doctest(
                block.text, namespace, str(block), str(page), block.line
            )
            report: list[str] = []
            doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(
                example, out=report.append, clear_globs=False
            )
            assert report == []


def exchanges(text: str) -> list[tuple[str, str]]:
    """The commands of a console block, each with what is shown below it."""
    _, *parts = re.split(r"^\$ (.*)\n", text, flags=re.MULTILINE)
    return list(zip(parts[::2], parts[1::2], strict=True))


def shown_as(expected: str) -> re.Pattern[str]:
    """What a command may print so that a page may show it like this."""
    rows = [
        re.escape(row.rstrip()).replace(re.escape("..."), ".*?") for row in expected.strip("\n").split("\n")
    ]
    pattern = "".join(r"(?:.*\n)*?" if row == ".*?" else row + r"[ ]*\n" for row in rows)
    return re.compile(pattern if expected.strip() else r"\s*")


@pytest.mark.parametrize("block", CONSOLE, ids=str)
def test_consoles_show_what_is_printed(block: Block) -> None:
    quiet = {"NO_COLOR": "1", "COLUMNS": "100", "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
    for command, expected in exchanges(block.text):
        program, *arguments = shlex.split(command)
        assert program in RUN_WITH, f"{block}: {command} is not a command of ours; say why it is not run"
        ran = subprocess.run(
            [*RUN_WITH[program], *arguments],
            cwd=ROOT,
            env=os.environ | quiet,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )
        printed = ran.stdout.strip("\n") + "\n"
        assert shown_as(expected).fullmatch(printed), f"{block}: {command} prints:\n{printed}"


@pytest.mark.parametrize("name", ["main", "tests"])
def test_readme_names_the_commands_that_ci_runs(name: str) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    [command] = re.findall(
        rf"^<!-- command: {name} -->\n+```sh\n(.+?)\n```$", readme, re.MULTILINE | re.DOTALL
    )
    assert "\n" not in command, "set-up and command are one line, to be copied at once"


def test_blocks_are_found_with_their_line_and_without_their_indent() -> None:
    page = "text\n\n- item\n\n  ```python\n  a = 1\n  ```\n\n<!-- not run: needs a socket -->\n```python\nb\n```\n"
    assert blocks(ROOT / "page.md", page) == [Block(ROOT / "page.md", 6, "python", "a = 1\n")]


def test_output_may_be_shown_in_part() -> None:
    pattern = shown_as("first\n...\nlast in ... ms\n")
    assert pattern.fullmatch("first\nlast in 3 ms\n")
    assert pattern.fullmatch("first\nsecond\nthird\nlast in 12 ms\n")
    assert not pattern.fullmatch("first\nlast in 12 s\n")
    assert exchanges("$ rtproto --version\n1\n2\n$ rtproto\n") == [
        ("rtproto --version", "1\n2\n"),
        ("rtproto", ""),
    ]
