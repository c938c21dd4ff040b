"""What all tests share: hypothesis profiles, and the real recordings where there are any.

Real recordings are not part of the repository.  `RTPROTO_RECORDINGS` names a folder of them; tests that need them ask
for `recordings` (the folder) or for `recording` (one file, a case for each), and are skipped where it is not set.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# The same examples on every run, and no clock: a slow machine is no failure.
settings.register_profile(
    "fast", derandomize=True, deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile(
    "nightly", settings.get_profile("fast"), derandomize=False, max_examples=5_000, print_blob=True
)
settings.load_profile("fast")  # `--hypothesis-profile nightly` comes after this and wins

ROOT = Path(__file__).parent.parent
NOT_SET = "RTPROTO_RECORDINGS names no folder of real recordings"


def recordings_folder() -> Path | None:
    """The folder that the environment names; one that does not exist is an error, not a reason to skip."""
    named = os.environ.get("RTPROTO_RECORDINGS")
    if not named:
        return None
    folder = Path(named).resolve()
    if not folder.is_dir():
        raise pytest.UsageError(f"RTPROTO_RECORDINGS: there is no folder {folder}")
    return folder


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A case for each recording, named by its path, for a test with the argument `recording`.

    `@pytest.mark.recordings("openai-ga", "azure-ga")` keeps those folders only.
    """
    if "recording" not in metafunc.fixturenames:
        return
    folder = recordings_folder()
    if folder is None:
        metafunc.parametrize("recording", [pytest.param(None, marks=pytest.mark.skip(NOT_SET), id="none")])
        return
    marker = metafunc.definition.get_closest_marker("recordings")
    chosen = [folder / name for name in marker.args] if marker else [folder]
    files = sorted(path for place in chosen for path in place.rglob("*.jsonl"))
    if not files:
        raise pytest.UsageError(f"RTPROTO_RECORDINGS: no *.jsonl under {', '.join(map(str, chosen))}")
    names = [path.relative_to(folder).with_suffix("").as_posix() for path in files]
    metafunc.parametrize("recording", files, ids=names)


@pytest.fixture(scope="session")
def recordings() -> Path:
    """The folder of real recordings."""
    folder = recordings_folder()
    if folder is None:
        pytest.skip(NOT_SET)
    return folder


@pytest.fixture(scope="session")
def root() -> Path:
    """The top of the source tree."""
    return ROOT
