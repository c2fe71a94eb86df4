"""`phiward.waivers.yaml`: every entry that is wrong is one problem at its place, as the schema for editors says it."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import jsonschema
import pytest
import yaml

from phiward.gate.selectors import WaiverFile
from phiward.gate.waiver_file import read_waiver_file
from phiward.loaders.tree import Tree
from phiward.model.finding import Diagnostic, WaiverType
from phiward.pack import load_pack, pack_directory

PACK = load_pack()
SCHEMA = jsonschema.Draft202012Validator(json.loads((pack_directory() / "schema" / "waivers.schema.json").read_text()))
GOOD = """waivers:
  - rule: encryption-at-rest
    type: waiver
    resources: {address: 'module.db["mercy"].*', tag: {tenant: mercy}}
    reason: it is migrated in January
    owner: platform
    approver: ciso
    approved: 2026-11-01
    expires: 2027-01-31
    compensating_controls: [the account is closed to everybody else]
    risk_analysis: RA-7
    ticket: OPS-118
"""
MEASURE = """waivers:
  - rule: encryption-at-rest
    type: alternative-measure
    resources: {path: infra/legacy}
    reason: the engine cannot encrypt its disks
    owner: platform
    approver: ciso
    expires: 2027-01-31
    unknown: true
    measure: fields are encrypted by the application
    equivalence: the keys stay outside of the account
"""


def read(folder: Path, text: str | bytes, name: str = "phiward.waivers.yaml") -> tuple[WaiverFile, list[Diagnostic]]:
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_bytes(text.encode() if isinstance(text, str) else text)
    (folder / ".git").mkdir(exist_ok=True)
    return read_waiver_file(folder / name, frozenset({"."}), Tree.around((folder,)), PACK)


@pytest.mark.parametrize("text", [GOOD, MEASURE])
def test_what_is_right_is_right_for_editors_too(tmp_path, text):
    found, problems = read(tmp_path, text)
    assert problems == []
    assert len(found.listed) == 1
    document = yaml.load(text, Loader=yaml.BaseLoader)
    document["waivers"][0].pop("unknown", None)
    SCHEMA.validate(document)


def test_every_term_is_read(tmp_path):
    waiver = read(tmp_path, GOOD)[0].listed[0].waiver
    assert (waiver.kind, waiver.type, waiver.owner, waiver.approver) == ("file", WaiverType.WAIVER, "platform", "ciso")
    assert (waiver.approved, waiver.expires) == (date(2026, 11, 1), date(2027, 1, 31))
    assert waiver.selector == 'address module.db["mercy"].* and tag tenant=mercy'
    assert waiver.compensating_controls == ("the account is closed to everybody else",)
    assert (waiver.risk_analysis, waiver.ticket, waiver.covers_unknown) == ("RA-7", "OPS-118", False)
    assert str(waiver.location) == "phiward.waivers.yaml:2:5"
    measure = read(tmp_path, MEASURE)[0].listed[0].waiver
    assert measure.type is WaiverType.ALTERNATIVE_MEASURE
    assert measure.covers_unknown
    assert measure.measure == "fields are encrypted by the application"


def test_paths_are_relative_to_the_file(tmp_path):
    found, _ = read(tmp_path, MEASURE, "team/phiward.waivers.yaml")
    assert found.listed[0].selector.path == "team/infra/legacy"


@pytest.mark.parametrize(
    "text, old, new, message, line, told_to_editors",
    [
        (GOOD, "encryption-at-rest", "encryption", "a rule that does not exist: 'encryption'", 2, False),
        (GOOD, "    owner: platform\n", "", "has no owner", 2, True),
        (GOOD, "    approver: ciso\n", "", "has no approver", 2, True),
        (GOOD, "    expires: 2027-01-31\n", "", "has no expires", 2, True),
        (GOOD, "    reason: it is migrated in January\n", "", "has no reason", 2, True),
        (GOOD, "it is migrated in January", "later", "reason has fewer than 20 characters", 5, True),
        (GOOD, "approver: ciso", "approver: ' Platform '", "another person than the owner", 7, False),
        (GOOD, "2027-01-31", "2027-02-30", "expires is not a date", 9, False),
        (GOOD, "2027-01-31", "tomorrow", "expires is not a date", 9, True),
        (GOOD, "2026-11-01", "2027-11-01", "approved after its end", 8, False),
        (GOOD, "type: waiver", "type: accepted", "type is one of", 3, True),
        (GOOD, "ticket:", "tickets:", "unknown key 'tickets'", 12, True),
        (GOOD, "OPS-118", "118", "ticket is a text", 12, False),
        (GOOD, "{address: 'module.db[\"mercy\"].*', tag: {tenant: mercy}}", "{}", "resources says nothing", 4, True),
        (GOOD, "tag: {tenant: mercy}", "tags: {tenant: mercy}", "unknown key 'tags'", 4, True),
        (GOOD, "tag: {tenant: mercy}", "tag: mercy", "tag is a mapping", 4, True),
        (GOOD, "tag: {tenant: mercy}", "arn: 's3:::x'", "no ARN", 4, True),
        (GOOD, "tag: {tenant: mercy}", "path: ../other", "path is relative", 4, True),
        (GOOD, "tag: {tenant: mercy}", "path: /etc", "path is relative", 4, True),
        (GOOD, "ticket: OPS-118", "measure: something else", "a waiver has no measure", 12, True),
        (GOOD, "ticket: OPS-118", "compensating_controls: x", "not valid YAML", 12, False),
        (GOOD, "type: waiver", "type: false-positive\n    unknown: true", "is no false positive", 4, False),
        (MEASURE, "    equivalence: the keys stay outside of the account\n", "", "has equivalence", 3, True),
        (MEASURE, "    measure: fields are encrypted by the application\n", "", "has measure", 3, True),
        (MEASURE, "the keys stay outside of the account", "as good", "equivalence has fewer than 20", 11, True),
        (MEASURE, "encryption-at-rest", "backup-retention", "which is required", 3, False),
        (MEASURE, "encryption-at-rest", "api-authenticated", "nothing else admits", 3, False),
    ],
)
def test_what_is_wrong_is_one_problem_at_its_place(tmp_path, text, old, new, message, line, told_to_editors):
    assert old in text
    wrong = text.replace(old, new, 1)
    found, [problem] = read(tmp_path, wrong)
    assert found.listed == ()
    assert message in problem.message
    assert (problem.path, problem.line, problem.invalid) == ("phiward.waivers.yaml", line, True)
    assert "\n" not in problem.message
    if told_to_editors:
        assert not SCHEMA.is_valid(yaml.load(wrong, Loader=yaml.BaseLoader))


def test_what_rules_admit_an_alternative_measure(tmp_path):
    admitted = set()
    for rule in PACK.rules:
        found, problems = read(tmp_path, MEASURE.replace("encryption-at-rest", rule.id))
        designations = [PACK.citations[one]["designation"] for one in rule.citations]
        assert bool(problems) is ("required" in designations or "addressable" not in designations)
        admitted |= {one.waiver.rule for one in found.listed}
    assert "encryption-at-rest" in admitted
    assert 0 < len(admitted) < len(PACK.rules)


def test_the_right_ones_hold_beside_a_wrong_one(tmp_path):
    found, problems = read(tmp_path, GOOD + "  - rule: x\n")
    assert len(found.listed) == len(problems) == 1


@pytest.mark.parametrize(
    "text, message",
    [
        ("waivers: {", "not valid YAML"),
        ("waivers: x", "waivers is a list"),
        ("- rule: x", "the file is a mapping"),
        ("waiver: []", "unknown key 'waiver'"),
        ("waivers: []\n---\nwaivers: []\n", "a single document"),
        (b"\xff\xfe\x00", "not UTF-8"),
        (b"waivers:\n - rule: \0", "binary content"),
    ],
)
def test_a_file_that_cannot_be_taken_is_one_problem(tmp_path, text, message):
    _, [problem] = read(tmp_path, text)
    assert message in problem.message
    assert problem.invalid
    assert problem.line >= 1


def test_a_link_to_outside_is_not_followed(tmp_path):
    outside = tmp_path / "outside.yaml"
    outside.write_text(GOOD)
    folder = tmp_path / "repository"
    (folder / ".git").mkdir(parents=True)
    (folder / "phiward.waivers.yaml").symlink_to(outside)
    found, [problem] = read_waiver_file(folder / "phiward.waivers.yaml", frozenset(), Tree.around((folder,)), PACK)
    assert found.listed == ()
    assert "outside of the scanned tree" in problem.message
