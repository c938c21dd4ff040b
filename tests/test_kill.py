"""A slice of the kill matrix, with a few cases and mutants; `python -m tests.kill --check` runs all of it."""

from __future__ import annotations

import re

import pytest

from rtproto.conform.suite import home, read
from rtproto.protocol.tables import MACHINES
from rtproto.rules import RULES
from tests.kill.excuses import EXCUSED, excuse
from tests.kill.matrix import Killed, Subject, Suite, run
from tests.kill.mutants import all_mutants, traced


@pytest.fixture(scope="module")
def suite() -> Suite:
    return Suite.read(("cells/lifetime", "cells/transcription"))


def test_mutants_have_names_of_their_own_and_leave_nothing_behind(suite: Suite) -> None:
    machines, rules = dict(MACHINES), {code: dict(vars(rule)) for code, rule in RULES.items()}
    mutants = list(all_mutants())

    assert len({mutant.name for mutant in mutants}) == len(mutants) > 1000
    for mutant in mutants[::100]:
        with mutant.apply():
            pass
    assert dict(MACHINES) == machines
    assert {code: dict(vars(rule)) for code, rule in RULES.items()} == rules


def test_the_cases_of_a_machine_kill_its_mutants(suite: Suite) -> None:
    killed = {each.name: each for each in run(suite, "lifetime", 1)}

    assert not suite.failing
    assert killed["lifetime: expired / begun → legal, expired"].by.startswith("cells/lifetime/")
    assert killed["lifetime: running / expired → running"].by.startswith("cells/lifetime/")
    assert not [name for name, each in killed.items() if each.untold]


def test_what_no_case_asks_is_not_told() -> None:
    small = Suite([subject for subject in _subjects() if subject.case.id == "cells/lifetime/expired"])

    assert not small.failing
    assert [each.untold for each in run(small, "lifetime: expired / begun → legal, expired", 1)] == [True]


def test_cells_that_are_asked(suite: Suite) -> None:
    with traced() as asked:
        suite.subjects[0].findings()

    assert "session: awaiting / created" in asked
    assert ("lifetime: expired / begun", "SES015") not in set(suite.unasked())
    assert ("output item: absent / part", "OUT001") in set(suite.unasked())


def test_excuses_name_mutants() -> None:
    names = [mutant.name for mutant in all_mutants()]

    for pattern, why in EXCUSED.items():
        assert any(re.fullmatch(pattern, name) for name in names), pattern
        assert why.endswith(".")
    assert excuse("error > session → no error")
    assert not excuse("lifetime: running / begun → expired")
    assert Killed("cell", "", "", "").untold


def _subjects() -> list[Subject]:
    return Suite.read(("cells/lifetime",)).subjects


def test_the_suite_is_read_from_the_source_tree() -> None:
    assert len(_subjects()) == sum(case.id.startswith("cells/lifetime/") for _, case in read(home()))
