"""Verdicts that were wrong once: of stores, caches and settings that answer otherwise than their declarations read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.loaders.aws.answers import judged

from phiward.model.finding import Verdict

ACCOUNT, REGION = "111122223333", "us-east-1"


def test_snapshots_of_memorydb_are_those_that_somebody_made(tmp_path: Path) -> None:
    """`Source` is `system` or `user` in the question, and `automated` or `manual` in the answer."""
    arn = f"arn:aws:memorydb:{REGION}:{ACCOUNT}:snapshot/"
    snapshots = [
        {"Name": name, "ARN": f"{arn}{name}", "Source": name, "Status": "available"} for name in ("manual", "automated")
    ]
    by_question = [
        {"params": {"Source": "manual"}, "answer": {"error": "InvalidParameterValueException", "http": 400}},
        {"answer": {"Snapshots": snapshots}},
    ]
    found = judged({"memorydb": {"describe_snapshots": by_question}}, tmp_path)

    assert found[f"{arn}manual"]["customer-managed-key"] is Verdict.FAIL
    assert f"{arn}automated" not in found


@pytest.mark.parametrize(("mode", "verdict"), [("preferred", Verdict.FAIL), ("required", Verdict.PASS)])
def test_a_cache_that_takes_plain_connections_too_does_not_require_tls(
    mode: str, verdict: Verdict, tmp_path: Path
) -> None:
    arn = f"arn:aws:elasticache:{REGION}:{ACCOUNT}:cluster:sessions"
    cluster = {
        "CacheClusterId": "sessions",
        "ARN": arn,
        "TransitEncryptionEnabled": True,
        "TransitEncryptionMode": mode,
    }
    found = judged({"elasticache": {"describe_cache_clusters": {"CacheClusters": [cluster]}}}, tmp_path)

    assert found[arn]["encryption-in-transit"] is verdict


@pytest.mark.parametrize(("cache", "verdict"), [(True, Verdict.FAIL), (False, Verdict.NOT_APPLICABLE)])
def test_a_stage_without_a_cache_keeps_nothing(cache: bool, verdict: Verdict, tmp_path: Path) -> None:
    stage: dict[str, Any] = {
        "stageName": "live",
        "deploymentId": "d",
        "cacheClusterEnabled": cache,
        "methodSettings": {"*/*": {"cachingEnabled": True, "cacheDataEncrypted": False, "loggingLevel": "INFO"}},
    }
    answers = {"get_rest_apis": {"items": [{"id": "api", "name": "api"}]}, "get_stages": {"item": [stage]}}
    answers["get_deployment"] = {"apiSummary": {"/": {"GET": {"authorizationType": "AWS_IAM"}}}}
    found = judged({"apigateway": answers}, tmp_path)

    settings = f"arn:aws:apigateway:{REGION}::/restapis/api/stages/live/settings/*/*"
    assert found[settings]["api-cache-encrypted"] is verdict
