"""Athena, Bedrock, CodeBuild, Connect, Glue, Kendra, SageMaker: what AWS answers, and what is held against it."""

from __future__ import annotations

from gzip import decompress
from pathlib import Path
from typing import Any

import pytest
from tests.loaders.aws.answers import Answers, judged, rules

from phiward.loaders.aws.inventory_file import write
from phiward.loaders.aws.written import collect
from phiward.model.finding import Verdict
from phiward.pack import pack_directory
from phiward.pack.collectors import load_collectors

PASS, FAIL, UNKNOWN = Verdict.PASS, Verdict.FAIL, Verdict.UNKNOWN
DENIED = {"error": "AccessDeniedException", "http": 403}
KEY = "arn:aws:kms:us-east-1:111122223333:key/6f0a1b2c-3d4e-4f50-8a9b-0c1d2e3f4a5b"
KMS: Answers = {
    "kms": {
        "list_keys": {"Keys": [{"KeyId": KEY.rpartition("/")[2], "KeyArn": KEY}]},
        "describe_key": {
            "KeyMetadata": {"KeyId": KEY.rpartition("/")[2], "KeyManager": "CUSTOMER", "Origin": "AWS_KMS"}
        },
        "get_key_rotation_status": {"KeyRotationEnabled": True},
        "get_key_policy": {"Policy": "{}"},
        "list_resource_tags": {"Tags": []},
    }
}


def arn(service: str, rest: str) -> str:
    return f"arn:aws:{service}:us-east-1:111122223333:{rest}"


def workgroup(name: str, configuration: dict[str, Any]) -> Answers:
    return {
        "athena": {
            "list_work_groups": {"WorkGroups": [{"Name": name}]},
            "get_work_group": {"WorkGroup": {"Name": name, "Configuration": configuration}},
        }
    }


def model(answer: dict[str, Any]) -> Answers:
    listed = {"modelArn": arn("bedrock", "custom-model/m"), "modelName": "notes"}
    return {"bedrock": {"list_custom_models": {"modelSummaries": [listed]}, "get_custom_model": answer}}


def agent(answer: dict[str, Any]) -> Answers:
    return {
        "bedrock-agent": {
            "list_agents": {"agentSummaries": [{"agentId": "a", "agentName": "triage"}]},
            "get_agent": answer,
            "list_tags_for_resource": {"tags": {}},
        }
    }


def source(answer: dict[str, Any]) -> Answers:
    listed = {"knowledgeBaseId": "k", "dataSourceId": "d", "name": "notes"}
    return {
        "bedrock-agent": {
            "list_knowledge_bases": {"knowledgeBaseSummaries": [{"knowledgeBaseId": "k", "name": "notes"}]},
            "list_data_sources": {"dataSourceSummaries": [listed]},
            "get_data_source": answer,
        }
    }


def recordings(answer: dict[str, Any]) -> Answers:
    kind = {"ResourceType": "CALL_RECORDINGS"}
    return {
        "connect": {
            "list_instances": {"InstanceSummaryList": [{"Id": "i", "Arn": arn("connect", "instance/i")}]},
            "list_instance_storage_configs": [
                {"params": kind, "answer": answer},
                {"answer": {"StorageConfigs": []}},
            ],
        }
    }


def in_bucket(**config: Any) -> dict[str, Any]:
    bucket = {"BucketName": "calls", "BucketPrefix": "r", **config}
    return {"StorageConfigs": [{"AssociationId": "s", "StorageType": "S3", "S3Config": bucket}]}


def profiles(answer: dict[str, Any]) -> Answers:
    return {"customer-profiles": {"list_domains": {"Items": [{"DomainName": "patients"}]}, "get_domain": answer}}


def catalog(answer: dict[str, Any], *databases: str) -> Answers:
    listed = {"DatabaseList": [{"Name": name} for name in databases]}
    return {"glue": {"get_databases": listed, "get_data_catalog_encryption_settings": answer}}


def at_rest(**settings: Any) -> dict[str, Any]:
    return {"DataCatalogEncryptionSettings": {"EncryptionAtRest": settings}}


def index(answer: dict[str, Any]) -> Answers:
    return {"kendra": {"list_indices": {"IndexConfigurationSummaryItems": [{"Id": "x"}]}, "describe_index": answer}}


def sagemaker(what: str, listed: str, named: str, detail: str, answer: dict[str, Any]) -> Answers:
    address = arn("sagemaker", f"{what}/n")
    item = {f"{named}Arn": address, f"{named}Id" if named == "Domain" else f"{named}Name": "n"}
    return {"sagemaker": {f"list_{listed}s": {_LISTS[listed]: [item]}, f"describe_{detail}": answer}}


_LISTS = {
    "notebook_instance": "NotebookInstances",
    "endpoint_config": "EndpointConfigs",
    "domain": "Domains",
    "feature_group": "FeatureGroupSummaries",
}


def notebook(answer: dict[str, Any]) -> Answers:
    return sagemaker("notebook-instance", "notebook_instance", "NotebookInstance", "notebook_instance", answer)


def endpoint(answer: dict[str, Any]) -> Answers:
    return sagemaker("endpoint-config", "endpoint_config", "EndpointConfig", "endpoint_config", answer)


def domain(answer: dict[str, Any]) -> Answers:
    return sagemaker("domain", "domain", "Domain", "domain", answer)


def features(answer: dict[str, Any]) -> Answers:
    return sagemaker("feature-group", "feature_group", "FeatureGroup", "feature_group", answer)


def results(**encryption: Any) -> dict[str, Any]:
    result = {"OutputLocation": "s3://results/", "EncryptionConfiguration": encryption} if encryption else {}
    return {"EnforceWorkGroupConfiguration": True, "ResultConfiguration": result}


AGENT = arn("bedrock", "agent/a")
MANAGED = {"Enabled": True, "EncryptionConfiguration": {"KmsKey": KEY}}
KMS_CONFIG = {"EncryptionConfig": {"EncryptionType": "KMS", "KeyId": KEY}}
STORES = [
    # Who holds the key: the answer of a sound one, and of one that leaves it to the service.
    (
        arn("athena", "workgroup/notes"),
        workgroup("notes", results(EncryptionOption="SSE_KMS", KmsKey=KEY)),
        workgroup("notes", results()),
    ),
    (
        arn("athena", "workgroup/notes"),
        workgroup("notes", {"EnforceWorkGroupConfiguration": True, "ManagedQueryResultsConfiguration": MANAGED}),
        workgroup(
            "notes", {"EnforceWorkGroupConfiguration": True, "ManagedQueryResultsConfiguration": {"Enabled": True}}
        ),
    ),
    (arn("bedrock", "custom-model/m"), model({"modelKmsKeyArn": KEY}), model({})),
    (
        AGENT,
        agent({"agent": {"agentId": "a", "agentArn": AGENT, "customerEncryptionKeyArn": KEY}}),
        agent({"agent": {"agentId": "a", "agentArn": AGENT}}),
    ),
    (
        arn("bedrock", "knowledge-base/k/data-source/d"),
        source({"dataSource": {"serverSideEncryptionConfiguration": {"kmsKeyArn": KEY}}}),
        source({"dataSource": {"name": "notes"}}),
    ),
    (arn("profile", "domains/patients"), profiles({"DefaultEncryptionKey": KEY}), profiles({"DomainName": "patients"})),
    (
        arn("glue", "catalog"),
        catalog(at_rest(CatalogEncryptionMode="SSE-KMS", SseAwsKmsKeyId=KEY), "notes"),
        catalog(at_rest(CatalogEncryptionMode="SSE-KMS"), "notes"),
    ),
    (arn("kendra", "index/x"), index({"ServerSideEncryptionConfiguration": {"KmsKeyId": KEY}}), index({"Id": "x"})),
    (arn("sagemaker", "notebook-instance/n"), notebook({"KmsKeyId": KEY}), notebook({})),
    (arn("sagemaker", "endpoint-config/n"), endpoint({"KmsKeyId": KEY}), endpoint({})),
    (arn("sagemaker", "domain/n"), domain({"KmsKeyId": KEY}), domain({})),
    (
        arn("sagemaker", "feature-group/n"),
        features({"OnlineStoreConfig": {"EnableOnlineStore": True, "SecurityConfig": {"KmsKeyId": KEY}}}),
        features({"OnlineStoreConfig": {"EnableOnlineStore": True}}),
    ),
]


@pytest.mark.parametrize(("address", "sound", "flawed"), STORES)
def test_whose_key_it_is(tmp_path: Path, address: str, sound: Answers, flawed: Answers) -> None:
    good = judged({**sound, **KMS}, tmp_path)[address]
    assert {"customer-managed-key", "encryption-at-rest", "service-eligible"} <= set(rules(good, PASS))
    assert set(rules(good, FAIL)) <= {"research-no-internet-path"}
    bad = judged({**flawed, **KMS}, tmp_path)[address]
    assert "customer-managed-key" in rules(bad, FAIL)
    assert "encryption-at-rest" in rules(bad, PASS)
    assert rules(bad, UNKNOWN) == rules(good, UNKNOWN) == []


@pytest.mark.parametrize(
    ("address", "answers"),
    [
        (arn("athena", "workgroup/notes"), {"athena": {**workgroup("notes", {})["athena"], "get_work_group": DENIED}}),
        (arn("bedrock", "custom-model/m"), model(DENIED)),
        (arn("bedrock", "knowledge-base/k/data-source/d"), source(DENIED)),
        (arn("profile", "domains/patients"), profiles(DENIED)),
        (arn("kendra", "index/x"), index(DENIED)),
        (arn("sagemaker", "notebook-instance/n"), notebook(DENIED)),
        (arn("sagemaker", "endpoint-config/n"), endpoint(DENIED)),
        (arn("sagemaker", "domain/n"), domain(DENIED)),
        (arn("sagemaker", "feature-group/n"), features(DENIED)),
        (arn("bedrock-agent", "aws_bedrockagent_agent[*]"), agent(DENIED)),
        (arn("glue", "aws_glue_data_catalog_encryption_settings[*]"), catalog(DENIED, "notes")),
        (arn("connect", "aws_connect_instance_storage_config[*]"), recordings(DENIED)),
    ],
)
def test_what_may_not_be_described_has_no_key_yet(tmp_path: Path, address: str, answers: Answers) -> None:
    assert "customer-managed-key" in rules(judged(answers, tmp_path)[address], UNKNOWN)


def test_results_of_queries_that_clients_may_write_otherwise(tmp_path: Path) -> None:
    free = {**results(EncryptionOption="SSE_KMS", KmsKey=KEY), "EnforceWorkGroupConfiguration": False}
    found = judged({**workgroup("notes", free), **KMS}, tmp_path)[arn("athena", "workgroup/notes")]
    assert "customer-managed-key" in rules(found, UNKNOWN)


def test_the_workgroup_of_every_region_is_judged_once_it_holds_something(tmp_path: Path) -> None:
    address = arn("athena", "workgroup/primary")
    assert address not in judged(workgroup("primary", {"EnforceWorkGroupConfiguration": False}), tmp_path)
    located = {"EnforceWorkGroupConfiguration": True, "ResultConfiguration": {"OutputLocation": "s3://results/"}}
    assert "customer-managed-key" in rules(judged(workgroup("primary", located), tmp_path)[address], FAIL)


def test_a_catalog_is_judged_once_it_holds_something(tmp_path: Path) -> None:
    off = at_rest(CatalogEncryptionMode="DISABLED")
    address = arn("glue", "catalog")
    assert address not in judged(catalog(off), tmp_path)
    assert "encryption-at-rest" in rules(judged(catalog(off, "notes"), tmp_path)[address], FAIL)


def jobs(s3: str, logs: str, bookmarks: str, **key: str) -> Answers:
    encryption = {
        "S3Encryption": [{"S3EncryptionMode": s3, **key}],
        "CloudWatchEncryption": {"CloudWatchEncryptionMode": logs, **key},
        "JobBookmarksEncryption": {"JobBookmarksEncryptionMode": bookmarks, **key},
    }
    listed = [{"Name": "jobs", "EncryptionConfiguration": encryption}]
    return {"glue": {"get_security_configurations": {"SecurityConfigurations": listed}}}


def test_what_jobs_write(tmp_path: Path) -> None:
    address = arn("glue", "securityConfiguration/jobs")
    found = judged({**jobs("SSE-KMS", "SSE-KMS", "CSE-KMS", KmsKeyArn=KEY), **KMS}, tmp_path)[address]
    assert {"customer-managed-key", "encryption-at-rest"} <= set(rules(found, PASS))
    found = judged(jobs("SSE-S3", "DISABLED", "DISABLED"), tmp_path)[address]
    assert "encryption-at-rest" in rules(found, FAIL)


def test_recordings_of_calls(tmp_path: Path) -> None:
    address = arn("connect", "instance/i/storage-config/s")
    found = judged({**recordings(in_bucket(**KMS_CONFIG)), **KMS}, tmp_path)[address]
    assert {"customer-managed-key", "encryption-at-rest"} <= set(rules(found, PASS))
    assert "customer-managed-key" in rules(judged(recordings(in_bucket()), tmp_path)[address], UNKNOWN)


@pytest.mark.parametrize(
    ("make", "what", "attribute", "good", "bad"),
    [
        (notebook, "notebook-instance/n", "DirectInternetAccess", "Disabled", "Enabled"),
        (domain, "domain/n", "AppNetworkAccessType", "VpcOnly", "PublicInternetOnly"),
    ],
)
def test_the_way_to_the_internet(tmp_path: Path, make: Any, what: str, attribute: str, good: str, bad: str) -> None:
    for value, verdict in ((good, PASS), (bad, FAIL)):
        found = judged(make({attribute: value}), tmp_path)[arn("sagemaker", what)]
        assert found["research-no-internet-path"] is verdict


LOGGED = {
    "loggingConfig": {"cloudWatchConfig": {"logGroupName": "models", "roleArn": "arn:aws:iam::111122223333:role/m"}}
}


@pytest.mark.parametrize(("answer", "verdict"), [(LOGGED, PASS), ({}, FAIL), (DENIED, UNKNOWN)])
def test_what_models_are_asked_is_logged(tmp_path: Path, answer: dict[str, Any], verdict: Verdict) -> None:
    answers = model({})["bedrock"]
    found = judged({"bedrock": {**answers, "get_model_invocation_logging_configuration": answer}}, tmp_path)
    assert {
        verdicts["model-invocations-logged"] for verdicts in found.values() if "model-invocations-logged" in verdicts
    } == {verdict}


PROJECT = arn("codebuild", "project/images")
TOKEN = "ghp_" + "A1b2C3d4" * 4
SECRET = "correct-horse-battery"


def project(**described: Any) -> Answers:
    return {
        "codebuild": {
            "list_projects": {"projects": ["images", "deleted-since"]},
            "batch_get_projects": {"projects": [{"name": "images", "arn": PROJECT, **described}]},
        }
    }


LEAKY = project(
    environment={
        "environmentVariables": [
            {"name": "DB_PASSWORD", "value": SECRET, "type": "PLAINTEXT"},
            {"name": "AWS_SECRET_ACCESS_KEY", "value": SECRET, "type": "PLAINTEXT"},
        ]
    },
    source={"type": "GITHUB", "location": f"https://{TOKEN}@github.com/example/images"},
    logsConfig={"cloudWatchLogs": {"status": "DISABLED"}},
)


def test_builds(tmp_path: Path) -> None:
    stored = [{"name": "DB_PASSWORD", "value": "prod/db:password", "type": "SECRETS_MANAGER"}]
    clean = "https://github.com/example/images"
    found = judged(project(environment={"environmentVariables": stored}, source={"location": clean}), tmp_path)
    assert rules(found[PROJECT], PASS) == [
        "build-credentials",
        "build-logging",
        "build-source-without-token",
        "secret-not-in-plain-text",
        "service-eligible",
    ]
    deleted = found[arn("codebuild", "project/deleted-since")]
    assert (rules(deleted, PASS), rules(deleted, FAIL)) == ([], [])
    assert rules(judged(LEAKY, tmp_path)[PROJECT], FAIL) == [
        "build-credentials",
        "build-logging",
        "build-source-without-token",
        "secret-not-in-plain-text",
    ]
    denied = {"codebuild": {**LEAKY["codebuild"], "batch_get_projects": DENIED}}
    assert "build-logging" in rules(judged(denied, tmp_path)[PROJECT], UNKNOWN)


def test_an_inventory_keeps_no_secret_of_a_build(tmp_path: Path) -> None:
    inventory = collect(LEAKY, load_collectors(pack_directory()))
    write(inventory, tmp_path / "account.jsonl.gz")
    kept = decompress((tmp_path / "account.jsonl.gz").read_bytes()).decode()
    assert SECRET not in kept
    assert TOKEN not in kept
    assert "github.com/example/images" in kept
