"""The pages about using rtproto, which come along so that a message can name one wherever it is installed."""

from __future__ import annotations

from pathlib import Path

PAGES = (
    *("inputs", "reports", "configuration", "profiles", "format", "ci", "events"),
    *("recorder", "guard", "resources", "testing", "fleet"),
)
"""Their names, in the order in which one comes to need them.  `pyproject.toml` puts them into the wheel."""


def home() -> Path:
    """Where the pages are: beside this module in an installed wheel, else at the source tree's top.

    Raises `FileNotFoundError` where they are in neither place.
    """
    here = Path(__file__).parent
    for folder in (here / "docs", here.parent / "docs"):
        if (folder / f"{PAGES[0]}.md").is_file():
            return folder
    raise FileNotFoundError("this rtproto came without its pages")


def page(name: str) -> str:
    """A page, as Markdown."""
    return (home() / f"{name}.md").read_text(encoding="utf-8")


def contents() -> str:
    """The pages' names and titles, a line each."""
    return "".join(f"{name:<15}{page(name).partition(chr(10))[0].removeprefix('# ')}\n" for name in PAGES)
