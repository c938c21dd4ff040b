"""The report of a run as JUnit XML: a suite for each area, a test case for each case."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from rtproto.conform.results import Run
from rtproto.reports.words import prose


def junit(run: Run) -> str:
    """The report.  A failure that the baseline knows is skipped, with its reason."""
    failed = run.failed()
    root = ET.Element("testsuites", name=f"rtproto conformance {run.suite}", tests=str(len(run.results)))
    root.set("failures", str(sum(not result.known for result in failed) + len(run.stale)))
    for area in sorted({result.case.area for result in run.results}):
        of = [result for result in run.results if result.case.area == area]
        suite = ET.SubElement(root, "testsuite", name=area, tests=str(len(of)))
        wrong = [result for result in of if not run.passed(result)]
        suite.set("failures", str(sum(not result.known for result in wrong)))
        suite.set("skipped", str(sum(bool(result.known) for result in wrong)))
        for result in of:
            test = ET.SubElement(suite, "testcase", classname=area, name=prose(result.case.id), time="0")
            if run.passed(result):
                continue
            if result.known:
                ET.SubElement(test, "skipped", message=prose(result.known))
            else:
                ET.SubElement(test, "failure", message=prose(result.why)).text = prose(result.case.title)
    if run.stale:
        suite = ET.SubElement(root, "testsuite", name="baseline", tests=str(len(run.stale)))
        suite.set("failures", str(len(run.stale)))
        for entry in run.stale:
            test = ET.SubElement(suite, "testcase", classname="baseline", name=prose(entry), time="0")
            what = "there is no such case" if entry in run.unknown else "no case of it fails"
            ET.SubElement(test, "failure", message=f"named by the baseline, and {what}")
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'
