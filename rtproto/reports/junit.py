"""The report as JUnit XML, which every CI server shows as tests.

A file is a test suite, a rule that it breaks a test case; a file that breaks none has one case that passes.  A case
fails when the run does, by a finding at or above the fail level; what is less is the output of a case that passes.
Characters that XML cannot hold are escaped already, as in all our text.
"""

from __future__ import annotations

from collections.abc import Callable
from xml.etree import ElementTree as ET

from rtproto.findings import SessionReport, Severity, Unchecked
from rtproto.reports import Options
from rtproto.reports.gathered import Gathered, Told
from rtproto.reports.places import shown
from rtproto.reports.words import no_command, prose

_CLASS = "rtproto"


class JunitReporter:
    """Keeps the findings, and writes the document at the end."""

    def __init__(self, write: Callable[[str], object], options: Options) -> None:
        self._write = write
        self._fail_level = options.fail_level
        self._gathered = Gathered(options.min_severity or Severity.WARNING)

    def session(self, session: SessionReport) -> None:
        """Keep the findings of one session."""
        self._gathered.session(session)

    def unchecked(self, unchecked: Unchecked) -> None:
        """Keep one path that could not be checked."""
        self._gathered.not_checked(unchecked)

    def finish(self) -> None:
        """Write the document."""
        files: dict[str, dict[str, list[Told]]] = {path: {} for path in self._gathered.paths}
        for told in self._gathered.told:
            files[told.path].setdefault(told.finding.code, []).append(told)
        suites = ET.Element("testsuites", name=_CLASS)
        for path, rules in files.items():
            suite = ET.SubElement(suites, "testsuite")
            if not rules:
                ET.SubElement(suite, "testcase", classname=_CLASS, name="no findings", time="0")
            for code, findings in rules.items():
                self._case(suite, code, findings)
            _count(suite, path)
        for unchecked in self._gathered.unchecked:
            suite = ET.SubElement(suites, "testsuite")
            case = ET.SubElement(suite, "testcase", classname=_CLASS, name="not checked", time="0")
            ET.SubElement(
                case, "error", type="not-checked", message=no_command(prose(unchecked.reason, 1000))
            )
            _count(suite, unchecked.path)
        for name in ("tests", "failures", "errors"):
            suites.set(name, str(sum(int(suite.get(name, "0")) for suite in suites)))
        ET.indent(suites)
        document = ET.tostring(suites, encoding="unicode")
        self._write(f'<?xml version="1.0" encoding="UTF-8"?>\n{document}\n')

    def _case(self, suite: ET.Element, code: str, findings: list[Told]) -> None:
        name = findings[0].finding.name
        case = ET.SubElement(suite, "testcase", classname=_CLASS, name=f"{code} {name}", time="0")
        lines = [_line(told) for told in findings]
        worst = max(told.finding.severity for told in findings)
        if self._fail_level is not None and worst >= self._fail_level:
            ET.SubElement(case, "failure", type=code, message=lines[0]).text = "\n".join(lines)
        else:
            ET.SubElement(case, "system-out").text = "\n".join(lines)


def _line(told: Told) -> str:
    finding = told.finding
    place = f"{shown(told.path)}:{finding.line}" if finding.line else shown(told.path)
    return no_command(f"{place}: {finding.severity.label}: {told.sentence}")


def _count(suite: ET.Element, path: str) -> None:
    """Give the suite its name and its numbers."""
    suite.set("name", no_command(shown(path)))
    for name, tag in (("tests", "testcase"), ("failures", "failure"), ("errors", "error")):
        suite.set(name, str(len(list(suite.iter(tag)))))
    suite.set("skipped", "0")
    suite.set("time", "0")
