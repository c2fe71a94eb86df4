"""The JSON Schemas that ship for editors accept what the pack and the settings reader accept, and refuse the rest."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from phiward.errors import PackError, SettingsError
from phiward.pack import pack_directory
from phiward.pack.compile import Compiler
from phiward.settings import parse_project

SCHEMAS = {
    path.name.removesuffix(".schema.json"): json.loads(path.read_text())
    for path in (pack_directory() / "schema").glob("*.json")
}


def check(schema: str, document: Any, name: str) -> None:
    problems = sorted(jsonschema.Draft202012Validator(SCHEMAS[schema]).iter_errors(document), key=str)
    if problems:
        raise PackError(f"{problems[0].json_path}: {problems[0].message}", where=name)


def test_every_file_of_the_pack_satisfies_its_schema() -> None:
    compiled = Compiler(pack_directory(), check).compile()
    assert compiled["rules"]
    assert compiled["rows"]


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_schemas_are_schemas(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMAS[name])


GOOD_SETTINGS = [
    (
        "attestation: {entity: Mercy Health, role: covered-entity, systems: [EHR], cadence_days: 7,"
        " not_applicable: {164.308(a)(4)(ii)(A): no clearinghouse}, exclusions: [{what: sandbox, why: no data}],"
        " signatories: [{role: preparer, name: A, title: engineer}, {role: approver, name: B, title: officer}],"
        " remediation_days: {critical: 7}}"
    ),
    "",
    "profile: strict",
    "complete_roots: ['.', infra/prod]",
    "tenancy: {identify: [{tag: tenant}, {name: '^ehr-(?P<tenant>[a-z]+)'}]}",
    "tenancy: {tiers: {gold: {key: dedicated, database: shared}}, tenants: {mercy: gold}}",
    "data_classes: {default: phi, tag: data-class}",
    "parameters: {log_retention_days: 3000}",
    "rules: {backup-vault-lock: {enabled: false, reason: one account locks for all}}",
    "rules: {backup-vault-lock: {severity: critical, reason: board decision}, tls-listener: {}}",
    "waivers: {longest_days: 90, warn_days: 0, inline_approver: true}",
    "clusters: {dev: [k8s/base, k8s/dev], prod: [k8s/base, k8s/prod]}",
    "helm: {charts/ehr: {}}",
    "helm: {charts/ehr: {release: ehr, namespace: ehr, values: [prod.yaml], api_versions: [a/v1], kube_version: '1.34'}}",
    "helm: {charts/ehr: [{release: ehr-dev}, {release: ehr-prod, values: [../prod.yaml]}]}",
]
BAD_SETTINGS = [
    "attestation: {entity: ''}",
    "attestation: {role: hospital}",
    "attestation: {cadence_days: 0}",
    "attestation: {cadence_days: true}",
    "attestation: {remediation_days: {urgent: 1}}",
    "attestation: {exclusions: [{what: sandbox}]}",
    "attestation: {signatories: [{role: author, name: A, title: t}]}",
    "attestation: {signatories: [{role: preparer, name: A}]}",
    "attestation: {systems: EHR}",
    "attestation: {owner: A}",
    "tenants: {}",
    "[1, 2]",
    "profile: 3",
    "tenancy: {identify: {tag: tenant}}",
    "tenancy: {identify: [{tag: tenant, name: x}]}",
    "tenancy: {identify: [{name: 'ehr-.*'}]}",
    "tenancy: {tiers: {gold: {key: exclusive}}}",
    "tenancy: {tiers: {gold: {cache: shared}}}",
    "complete_roots: infra",
    "waivers: []",
    "waivers: {longest_days: 0}",
    "waivers: {longest_days: true}",
    "waivers: {warn_days: -1}",
    "waivers: {inline_approver: maybe}",
    "waivers: {longest: 90}",
    "clusters: [k8s]",
    "clusters: {prod: k8s}",
    "clusters: {prod: [1]}",
    "helm: [charts/ehr]",
    "helm: {charts/ehr: {value: [prod.yaml]}}",
    "helm: {charts/ehr: {values: prod.yaml}}",
    "helm: {charts/ehr: {release: --post-renderer=x}}",
    "helm: {charts/ehr: {namespace: Ehr}}",
    "helm: {charts/ehr: {kube_version: latest}}",
    "data_classes: {classes: [phi]}",
    "parameters: [1]",
    "rules: [backup-vault-lock]",
    "rules: {backup-vault-lock: false}",
    "rules: {backup-vault-lock: {enabled: false}}",
    "rules: {backup-vault-lock: {enabled: 'no', reason: x}}",
    "rules: {backup-vault-lock: {enabled: false, reason: ' '}}",
    "rules: {backup-vault-lock: {severity: low}}",
    "rules: {backup-vault-lock: {severity: urgent, reason: x}}",
    "rules: {backup-vault-lock: {off: true, reason: x}}",
]


@pytest.mark.parametrize("text", GOOD_SETTINGS)
def test_good_settings_are_accepted_by_the_reader_and_the_schema(text: str) -> None:
    document = yaml.safe_load(text)
    check("settings", document, "phiward.yaml")
    assert parse_project(document, "phiward.yaml").path == "phiward.yaml"


@pytest.mark.parametrize("text", BAD_SETTINGS)
def test_bad_settings_are_refused_by_the_reader_and_the_schema(text: str) -> None:
    document = yaml.safe_load(text)
    with pytest.raises(PackError):
        check("settings", document, "phiward.yaml")
    with pytest.raises(SettingsError) as error:
        parse_project(document, "phiward.yaml")
    assert "phiward.yaml" in str(error.value)


@pytest.mark.parametrize(
    "change, message",
    [
        ({"severity": "urgent"}, "severity is one of"),
        ({"citations": ["164.999"]}, "unknown citation"),
        ({"assert": {"encryption.at_rset": True}}, "unknown property"),
        ({"assert": {"encryption.at_rest": {"is": True}}}, "unknown operator"),
        ({"assert": {"logs.retention_days": {"at_least": {"parameter": "years"}}}}, "unknown parameter"),
        ({"resources": {"kind": "databse"}}, "unknown kind"),
        ({"fixes": "x"}, "unknown key 'fixes'"),
        ({"id": "another"}, "the file of rule"),
        ({"graph": "key_shared_by_tenants"}, "either `assert` or `graph`"),
    ],
)
def test_a_wrong_rule_is_refused_with_its_file(change: dict[str, Any], message: str) -> None:
    directory = pack_directory()
    path = directory / "hipaa" / "encryption-at-rest" / "encryption-at-rest.yaml"
    compiler = Compiler(directory)
    compiler.compile()
    with pytest.raises(PackError, match=message) as error:
        compiler.rule({**yaml.safe_load(path.read_text()), **change}, path, "hipaa/encryption-at-rest.yaml")
    assert "hipaa/encryption-at-rest.yaml" in str(error.value)


def test_the_digest_changes_with_any_file(tmp_path: Path) -> None:
    from phiward.pack.compile import digest

    (tmp_path / "a.yaml").write_text("a: 1")
    first = digest(tmp_path)
    (tmp_path / "a.yaml").write_text("a: 2")
    second = digest(tmp_path)
    (tmp_path / "a.yaml").rename(tmp_path / "b.yaml")
    assert len({first, second, digest(tmp_path)}) == 3


@pytest.mark.parametrize("name", ["settings", "rule", "report"])
def test_schemas_are_printed_for_editors(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    from phiward.__main__ import run

    assert run(["schema", name]) == 0
    jsonschema.Draft202012Validator.check_schema(json.loads(capsys.readouterr().out))
