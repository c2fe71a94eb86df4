"""What `rules:` in phiward.yaml makes of the pack's rules, and that every report shows what is let go."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from phiward.errors import SettingsError
from phiward.model.finding import Report, Verdict
from phiward.model.rule import Severity
from phiward.pipeline import scan
from phiward.record import replace
from phiward.reporters import REPORTERS, Style
from phiward.settings import Settings
from tests.conftest import TODAY

RULE = "encryption-at-rest"
OPEN = 'resource "aws_ebs_volume" "a" { encrypted = false }\n'
OFF = "rules: {encryption-at-rest: {enabled: false, reason: the disks are ciphered by the host}}\n"
LOWER = "rules: {encryption-at-rest: {severity: low, reason: no PHI}}\n"
HIGHER = "rules: {encryption-at-rest: {severity: critical, reason: board decision}}\n"


def report_of(tmp_path: Path, files: dict[str, str], *, severity: Severity = Severity.LOW) -> Report:
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    settings = Settings(paths=(tmp_path,), today=TODAY, rules=(RULE,), severity=severity)
    return scan(replace(settings, fail_on=severity))


def severities(report: Report) -> dict[str, str]:
    return {f.location.path: f.rule.severity.label for f in report.findings if f.verdict is Verdict.FAIL}


def test_a_rule_is_switched_off_for_one_root_only(tmp_path: Path) -> None:
    report = report_of(tmp_path, {"a/main.tf": OPEN, "b/main.tf": OPEN, "b/phiward.yaml": OFF})
    assert severities(report) == {"a/main.tf": "high"}
    assert [(one.parameter, one.default, one.value) for one in report.loosened] == [
        ("rules.encryption-at-rest", "high", "off: the disks are ciphered by the host")
    ]


@pytest.mark.parametrize("name", sorted(REPORTERS))
def test_every_report_shows_what_is_switched_off(name: str, tmp_path: Path) -> None:
    report = report_of(tmp_path, {"a/main.tf": OPEN, "b/main.tf": OPEN, "b/phiward.yaml": OFF})
    shown = REPORTERS[name](report, Style())
    assert "ciphered by the host" in " ".join(shown.split()), shown


def test_each_root_has_its_own_severity(tmp_path: Path) -> None:
    files = {"a/main.tf": OPEN, "b/main.tf": OPEN, "b/phiward.yaml": LOWER, "c/main.tf": OPEN, "c/phiward.yaml": HIGHER}
    report = report_of(tmp_path, files)
    assert severities(report) == {"a/main.tf": "high", "b/main.tf": "low", "c/main.tf": "critical"}
    assert [one.value for one in report.loosened] == ["low: no PHI"]


def test_the_least_severity_is_held_against_the_severity_that_the_settings_give(tmp_path: Path) -> None:
    files = {"a/main.tf": OPEN, "b/main.tf": OPEN, "b/phiward.yaml": LOWER, "c/main.tf": OPEN, "c/phiward.yaml": HIGHER}
    report = report_of(tmp_path, files, severity=Severity.CRITICAL)
    assert severities(report) == {"c/main.tf": "critical"}
    assert report.exit_status == 1


def test_a_rule_about_a_whole_root_is_switched_off(tmp_path: Path) -> None:
    files = {"main.tf": OPEN, "phiward.yaml": "rules: {trail-exists: {enabled: false, reason: elsewhere}}\n"}
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    settings = Settings(paths=(tmp_path,), today=TODAY, rules=("trail-exists",))
    assert not scan(settings).findings
    (tmp_path / "phiward.yaml").unlink()
    assert [f.verdict for f in scan(settings).findings] == [Verdict.UNKNOWN]


def test_a_rule_that_is_not_there_is_an_error_with_the_nearest_one(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="there is no rule 'encryption-at-rst'") as error:
        report_of(tmp_path, {"main.tf": OPEN, "phiward.yaml": "rules: {encryption-at-rst: {}}\n"})
    assert error.value.hint == "did you mean encryption-at-rest?"
    assert error.value.where == "phiward.yaml"


def test_the_cache_keeps_both_severities(tmp_path: Path) -> None:
    from phiward.cache.codec import decode, encode
    from phiward.loaders.loaded import Texts

    files = {"a/main.tf": OPEN, "b/main.tf": OPEN, "b/phiward.yaml": LOWER}
    report = report_of(tmp_path, files)
    again = decode(list(encode(report)), Texts())
    assert severities(again) == severities(report)
    assert json.loads(REPORTERS["json"](again, Style()))["findings"]
