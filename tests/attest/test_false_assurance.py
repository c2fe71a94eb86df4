"""What would make an assessment say more than was shown, tried."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

from phiward.__main__ import run
from phiward.attest.assessment.inputs import Previous
from phiward.attest.assessment.model import Window
from phiward.attest.assessment.record import of_report
from phiward.model.finding import Loosened, Verdict
from phiward.record import replace
from tests.attest.assessments import ENCRYPTED, assessed, assessment, control, made_by_the_pack, one, pack
from tests.attest.test_command import findings, on, record, refused, tree
from tests.reporters.factory import report

__all__ = ["tree"]


def citing_encryption() -> str:
    """A rule of the pack that cites what `control` looks at, and that is not the one of the findings."""
    spoke = one("a").rule.id
    return next(rule.id for rule in pack().rules if ENCRYPTED in rule.citations and rule.id != spoke)


def test_a_citation_is_not_satisfied_while_a_rule_on_it_is_switched_off():
    off = Loosened(f"rules.{citing_encryption()}", "high", "off: takes too long")
    row = control(assessment(one("a", Verdict.PASS), loosened=(off,)))
    assert (row.status, row.technical) == ("not-assessed", "not-assessed")
    assert row.basis == f"the rule {citing_encryption()} is switched off somewhere: takes too long"
    assert control(assessment(one("a"), loosened=(off,))).status == "not-satisfied"


def test_what_passes_against_less_than_the_packs_defaults_satisfies_nothing():
    retention = next(one for one in pack().rules if one.id == "backup-retention")
    passing = one("a", Verdict.PASS, of=retention)
    weaker = Loosened("backup_retention_days", 35, 1)
    for citation in retention.citations:
        assert control(assessment(passing), citation).technical == "satisfied"
        row = control(assessment(passing, loosened=(weaker,)), citation)
        assert row.technical == "not-assessed"
        assert "is held against less than the pack asks for: backup_retention_days" in row.basis
    assert control(assessment(one("a", Verdict.PASS), loosened=(weaker,))).status == "satisfied", "of another rule"


def test_nothing_is_satisfied_by_a_record_whose_counts_do_not_add_up():
    whole = made_by_the_pack(report([one("a", Verdict.PASS), one("b")]))
    edited = replace(whole, findings=whole.findings[:1])
    row = control(assessed(edited).assessment)
    assert (row.status, row.basis) == ("not-assessed", "the counts of the scan's record do not add up")


def test_a_run_of_a_part_closes_no_gap():
    window = Window("period", "2026-10-01", "2026-12-31", "2026-11-26")
    part = made_by_the_pack(report([one("a")]), scanned_on=date(2026, 11, 1), partial=True)
    before = assessed(replace(part, scanned_on=date(2026, 10, 20)), window).assessment
    of = made_by_the_pack(report([one("a")]))
    earlier, previous = (of_report(part),), Previous(before, "ab")
    found = assessed(of, window, earlier=earlier, previous=previous).assessment
    assert [run.date for run in found.continuity.runs] == ["2026-11-26"]
    assert [gap.days for gap in found.continuity.gaps] == [56]


def test_an_attestation_of_another_entity_is_none_before(tree, capsys):
    kept = record()
    assert run(["attest", "--from", kept, "--output", "first", "-q"]) == 0
    Path("phiward.yaml").write_text(Path("phiward.yaml").read_text().replace("Mercy Health", "Grace Health"))
    said = refused(capsys, "--from", kept, "--previous", "first")
    assert "is of 'Mercy Health', and this one is of 'Grace Health'" in said


def test_an_old_record_that_is_told_today_stays_old(tree, capsys, monkeypatch):
    monkeypatch.setenv("PHIWARD_KEY_PASSPHRASE", "correct horse")
    on(monkeypatch, "2024-01-10")
    kept = record()
    on(monkeypatch, "2026-11-26")
    assert run(["keys", "generate", "--output", "k"]) == 0
    sign = ["attest", "--from", kept, "--as-of", "2026-11-26", "--output", "out", "--sign", "k.key", "-q"]
    assert run(sign) == 0
    assert json.loads(Path("out/statement.json").read_bytes())["predicate"]["assessment"]["scanned"].startswith("2024")
    capsys.readouterr()
    assert run(["verify", "out", "--key", "k.pub", "--max-age", "7"]) == 1
    assert "what it is about was read on 2024-01-10" in capsys.readouterr().out


def test_a_commit_is_not_said_against_what_the_work_tree_says(tree, capsys):
    assert "the work tree stands at 0123456789ab" in refused(capsys, "infra", "--commit", "f" * 40)


def test_a_plan_that_leaves_things_out_satisfies_nothing(tree):
    plan = {
        "format_version": "1.2",
        "terraform_version": "1.9.0",
        "complete": False,
        "errored": False,
        "planned_values": {
            "root_module": {
                "resources": [
                    {
                        "address": "aws_db_instance.closed",
                        "mode": "managed",
                        "type": "aws_db_instance",
                        "name": "closed",
                        "provider_name": "registry.terraform.io/hashicorp/aws",
                        "values": {"storage_encrypted": True},
                    }
                ]
            }
        },
        "resource_changes": [],
        "configuration": {},
    }
    Path("plan.json").write_text(json.dumps(plan))
    assert run(["attest", "plan.json", "--output", "out", "-q"]) == 0
    found = findings("out")
    assert found["scope"]["partial"]
    assert "satisfied" not in {row["technical"] for row in found["controls"]}


def test_what_could_not_be_read_is_said_at_once(tree, capsys):
    Path("infra/main.tf").write_text('resource "aws_db_instance" "x" {')
    assert run(["attest", "infra", "--format", "ocsf"]) == 0
    assert "1 input could not be read: nothing is satisfied by rules" in capsys.readouterr().out
    assert findings("attestation-2026-11-26")["summary"]["result"] == "WARNED"


def test_every_weaker_value_is_told_not_one_for_all_roots(tree):
    for name, days in (("a", 1), ("b", 2)):
        Path(f"infra/{name}").mkdir()
        Path(f"infra/{name}/main.tf").write_text(Path("infra/main.tf").read_text())
        Path(f"infra/{name}/phiward.yaml").write_text(f"parameters: {{backup_retention_days: {days}}}\n")
    assert run(["attest", "infra/a", "infra/b", "--format", "ocsf", "--output", "out", "-q"]) == 0
    told = findings("out")["method"]["deviations"]
    assert [(one["parameter"], one["value"]) for one in told] == [
        ("backup_retention_days", 1), ("backup_retention_days", 2),
    ]  # fmt: skip
