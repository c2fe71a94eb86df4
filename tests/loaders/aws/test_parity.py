"""The same estate, declared in Terraform and created through boto3, gives the same verdicts.

Each type that the server has and a collector reads is created from its declaration by `creators.py`, which knows nothing
of collectors. Then the rules that decide on both sides must agree.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, ParamValidationError
from tests.conftest import TODAY
from tests.loaders.aws.creators import CREATORS, Call
from tests.loaders.aws.server import Moto

from phiward.graph.resource_graph import ResourceGraph
from phiward.loaders.collect import load
from phiward.model.finding import Report, Verdict
from phiward.model.resource import Resource
from phiward.model.value import Partial, Reference, Unknown, Value
from phiward.outside import Outside
from phiward.pack import load_pack
from phiward.pipeline import inputs, scan
from phiward.settings import Settings

FIXTURES = Path(__file__).resolve().parents[3] / "fixtures" / "ehr-saas"
MANY = 550
"""Verdicts that must agree, at least."""
DECIDED = (Verdict.PASS, Verdict.FAIL)


class Applied:
    """A declared estate as it is created: addresses, and what was made of them."""

    def __init__(self, moto: Moto, root: Path) -> None:
        self._moto = moto
        settings = Settings(paths=(root,), today=TODAY)
        read = inputs(settings, Outside())
        self._graph = ResourceGraph(load(read.paths, read.tree, settings, lambda _: None).resources, load_pack())
        self.declared = [r for r in self._all() if r.source == "terraform"]
        self.made: dict[str, Mapping[str, Any]] = {}
        self.failed: dict[str, str] = {}

    def _all(self) -> list[Resource]:
        views = {id(v.resource): v.resource for v in (*self._graph.views, *self._graph.alone)}
        return list({**views, **{id(r): r for r in self._graph._by_address.values()}}.values())

    def apply(self) -> None:
        for type_, create in CREATORS.items():
            own = [resource for resource in self.declared if resource.native_type == type_]
            for resource in own:
                self._create(create, resource)
            for resource in own:  # what refers to another of its type has it now
                if self.failed.pop(resource.address, None) is not None:
                    self._create(create, resource)

    def _create(self, create: Any, resource: Resource) -> None:
        attributes = {name: self._filled(value, resource) for name, value in resource.attributes.items()}
        given = {name: value for name, value in attributes.items() if value is not None}
        try:
            self.made[resource.address] = create(Call(self._moto, resource.address, given))
        except (ClientError, ParamValidationError, KeyError) as error:
            self.failed[resource.address] = f"{type(error).__name__}: {error}"

    def _filled(self, value: Value, of: Resource) -> Any:
        """A value with what it refers to, or None where that is not known before all is applied."""
        if isinstance(value, Reference):
            made = self.made.get(value.address)
            if made is not None and value.path and value.path[0] in made:
                return made[str(value.path[0])]
            return self._filled(self._graph.resolve_once(value, of.scope), of)
        if isinstance(value, Partial):
            return self._joined(value, of)
        if isinstance(value, Unknown):
            return None
        if isinstance(value, list):
            return [self._filled(one, of) for one in value]
        if isinstance(value, dict):
            return {name: self._filled(one, of) for name, one in value.items()}
        return value

    def _joined(self, value: Partial, of: Resource) -> str:
        """A text whose pieces are filled in; one that stands outside of quotes is a value of JSON."""
        text = ""
        for part in value.parts:
            if isinstance(part, str):
                text += part
                continue
            filled = self._filled(part, of)
            plain = "unknown" if filled is None else filled
            inside = text.replace(r"\"", "").count('"') % 2
            looks = text.lstrip()[:1] in ("{", "[")
            text += json.dumps(plain) if looks and not inside else str(plain)
        return text


ONLY_DECLARED = "only a declaration has it: what was left to a default, or how a thing would be deleted"
NOT_ECHOED = "the server takes the parameter, or has none for it, and does not tell of it"
NOT_THERE = "the server lacks the operation"
NOT_MADE = "what decides it is of a type that the server cannot make, so that it is missing there indeed"
LISTED: dict[tuple[str, str, str], str] = {
    ("encryption-declared", "aws_dynamodb_table", "pass -> nothing"): ONLY_DECLARED,
    ("encryption-declared", "aws_elasticache_replication_group", "pass -> nothing"): ONLY_DECLARED,
    ("encryption-declared", "aws_sqs_queue", "pass -> nothing"): ONLY_DECLARED,
    ("final-snapshot", "aws_db_instance", "pass -> nothing"): ONLY_DECLARED,
    ("final-snapshot", "aws_elasticache_replication_group", "pass -> nothing"): ONLY_DECLARED,
    ("final-snapshot", "aws_rds_cluster", "pass -> nothing"): ONLY_DECLARED,
    ("key-deletion-window", "aws_kms_key", "pass -> nothing"): ONLY_DECLARED,
    ("function-failures-kept", "aws_lambda_function", "pass -> fail"): NOT_ECHOED,
    ("log-store-deletion-protection", "aws_cloudwatch_log_group", "pass -> fail"): NOT_ECHOED,
    ("multi-zone", "aws_rds_cluster", "pass -> fail"): NOT_ECHOED,
    ("secret-customer-key", "aws_ssm_parameter", "pass -> nothing"): NOT_ECHOED,
    ("secret-not-in-plain-text", "aws_ssm_parameter", "pass -> nothing"): NOT_ECHOED,
    ("service-eligible", "aws_ssm_parameter", "pass -> nothing"): NOT_ECHOED,
    ("policy-not-public", "aws_backup_vault", "pass -> unknown"): NOT_THERE,
    ("tenant-key-shared", "aws_kms_key", "pass -> unknown"): NOT_THERE,
    ("bucket-copied", "aws_s3_bucket", "pass -> fail"): NOT_MADE,
    ("cache-authentication", "aws_elasticache_replication_group", "pass -> fail"): NOT_MADE,
    ("file-system-backups", "aws_efs_file_system", "pass -> fail"): NOT_MADE,
    ("log-data-protection", "aws_cloudwatch_log_group", "pass -> fail"): NOT_MADE,
    ("store-in-backup-plan", "aws_db_instance", "pass -> fail"): NOT_MADE,
    ("store-in-backup-plan", "aws_dynamodb_table", "pass -> fail"): NOT_MADE,
    ("store-in-backup-plan", "aws_ebs_volume", "pass -> fail"): NOT_MADE,
    ("store-in-backup-plan", "aws_efs_file_system", "pass -> fail"): NOT_MADE,
    ("store-in-backup-plan", "aws_rds_cluster", "pass -> fail"): NOT_MADE,
}
"""Differences in both estates, each with its reason: rule, type, declared and running."""
IN_THE_FLAWED_ONE = {
    ("backup-deletion-denied", "aws_backup_vault", "pass -> unknown"): NOT_THERE,
    ("customer-managed-key", "aws_kinesis_stream", "fail -> unknown"): NOT_THERE,
}


def compared(declared: Report, live: Report, made: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Rule, type and both verdicts, of each resource that is on both sides and that the declaration decides."""
    running = {(f.rule.id, f.subject.address): f.verdict for f in live.findings}
    for finding in declared.findings:
        address = made.get(finding.subject.address, {}).get("arn")
        if finding.subject.source == "terraform" and address is not None and finding.verdict in DECIDED:
            verdict = running.get((finding.rule.id, address))
            yield finding.rule.id, finding.subject.native_type, f"{finding.verdict} -> {verdict or 'nothing'}"


@pytest.mark.parametrize("name,listed", [("sound", LISTED), ("flawed", {**LISTED, **IN_THE_FLAWED_ONE})])
def test_what_runs_is_judged_as_what_is_declared(
    moto: Moto, monkeypatch: pytest.MonkeyPatch, name: str, listed: Mapping[tuple[str, str, str], str]
) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    root = FIXTURES / name
    applied = Applied(moto, root)
    applied.apply()
    assert applied.failed == {}
    declared = scan(Settings(paths=(root,), today=TODAY, settings_file=root / "phiward.yaml"))
    live = moto.scan(settings_file=root / "phiward.yaml")
    found = Counter(compared(declared, live, applied.made))
    same = {key for key in found if key[2] in ("pass -> pass", "fail -> fail")}
    assert set(found) - same == set(listed)
    assert sum(found[key] for key in same) > MANY
    assert ("fail -> fail" in {verdicts for _, _, verdicts in same}) is (name == "flawed")
