"""What was read of an account, kept: judged again without it, taken up where an interruption left it."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from harness import command, environment, outcome
from tests.loaders.aws.proxy import Fault, Proxy
from tests.loaders.aws.server import Moto

Run = Callable[..., subprocess.CompletedProcess[str]]
SERVICES = ("kms", "s3", "sqs", "sns", "dynamodb")
ASKED = ("scan", "--aws", "--format", "json", *(word for name in SERVICES for word in ("--service", name)))
NAMES = ["+=,.@-_", "a.b-c", "0"]


@pytest.fixture
def estate(moto: Moto) -> Moto:
    for n in range(8):
        key = moto.client("kms").create_key(KeyUsage="ENCRYPT_DECRYPT", MultiRegion=False)["KeyMetadata"]["KeyId"]
        moto.client("s3").create_bucket(Bucket=f"records-{n}")
        moto.client("sqs").create_queue(QueueName=f"intake-{n}", Attributes={"KmsMasterKeyId": key})
        moto.client("sns").create_topic(Name=f"alerts-{n}")
        if n % 2:
            moto.client("kms").enable_key_rotation(KeyId=key)
            moto.client("s3").put_bucket_versioning(
                Bucket=f"records-{n}", VersioningConfiguration={"Status": "Enabled"}
            )
    return moto


def verdicts(report: dict[str, Any]) -> list[tuple[str, ...]]:
    """All of a report that does not depend on when it was asked for."""
    return [(f["rule"], f["resource"]["address"], f["verdict"], f["message"]) for f in report["findings"]]


def interrupted(proxy: Proxy, kept: Path, moto: Moto, calls: int) -> subprocess.Popen[str]:
    """A scan that is told to stop when it has made some calls."""
    given = environment(**{**moto.environment, "AWS_ENDPOINT_URL": proxy.url})
    process = subprocess.Popen(
        command(*ASKED, "--save-inventory", kept),
        env={**given, "PYTHONPATH": os.environ["PYTHONPATH"]},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=kept.parent,
    )
    while len(proxy.seen) < calls and process.poll() is None:
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)
    return process


def test_an_inventory_is_judged_again_without_its_account(estate: Moto, phiward: Run, tmp_path: Path) -> None:
    kept, again = tmp_path / "kept.jsonl.gz", tmp_path / "again.jsonl.gz"
    live = outcome(phiward(*ASKED, "--save-inventory", kept, **estate.environment))
    offline = outcome(phiward("scan", kept, "--format", "json"))
    assert verdicts(offline.record) == verdicts(live.record)
    assert offline.status == live.status
    resumed = outcome(phiward(*ASKED, "--resume", kept, "--save-inventory", again, **estate.environment))
    assert verdicts(resumed.record) == verdicts(live.record)
    assert again.read_bytes() == kept.read_bytes(), "nothing was left to ask, and the same inventory is the same bytes"


def test_an_interrupted_scan_is_taken_up_where_it_was_left(estate: Moto, phiward: Run, tmp_path: Path) -> None:
    kept, whole = tmp_path / "kept.jsonl.gz", outcome(phiward(*ASKED, **estate.environment))
    with Proxy(estate.url, [Fault("slow")], slow=0.05) as proxy:
        process = interrupted(proxy, kept, estate, calls=60)
        output, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert errors.splitlines()[-1] == "phiward: interrupted"
    assert output == ""
    lines = [json.loads(line) for line in gzip.decompress(kept.read_bytes()).splitlines()]
    finished = [line["step"][-1] for line in lines if "step" in line]
    assert {True, False} == set(finished)
    before = outcome(phiward("scan", kept, "--format", "json")).record
    decided = {(rule, address): verdict for rule, address, verdict, _ in verdicts(whole.record)}
    for rule, address, verdict, _ in verdicts(before):
        assert verdict in ("unknown", "not-applicable", decided.get((rule, address)))
    with Proxy(estate.url) as proxy:
        resumed = outcome(phiward(*ASKED, "--resume", kept, **{**estate.environment, "AWS_ENDPOINT_URL": proxy.url}))
    assert verdicts(resumed.record) == verdicts(whole.record)
    assert resumed.status == whole.status


@pytest.mark.parametrize("harm", ["cut", "swapped", "text", "empty", "newer", "endless"])
def test_an_inventory_that_is_none(estate: Moto, phiward: Run, tmp_path: Path, harm: str) -> None:
    kept = tmp_path / "kept.jsonl.gz"
    phiward(*ASKED, "--save-inventory", kept, **estate.environment)
    data = kept.read_bytes()
    text = gzip.decompress(data)
    spoilt = {
        "cut": data[: len(data) // 2],
        "swapped": gzip.compress(text.replace(b'"call"', b'"cell"')),
        "text": b"not compressed",
        "empty": b"",
        "newer": gzip.compress(text.replace(b"inventory/v1", b"inventory/v9", 1)),
        "endless": gzip.compress(b"[" * 100_000),
    }
    kept.write_bytes(spoilt[harm])
    run = outcome(phiward("scan", kept, "--format", "json"))
    assert run.status == 2
    assert len(run.stderr.splitlines()) <= 2


def test_a_place_that_cannot_be_written(estate: Moto, phiward: Run, tmp_path: Path) -> None:
    run = outcome(phiward(*ASKED, "--save-inventory", tmp_path / "no" / "kept.jsonl.gz", **estate.environment))
    assert run.status == 2
    assert "cannot be written" in run.stderr


def test_names_of_every_legal_character(moto: Moto, phiward: Run) -> None:
    """Each stands in the report as it is, in every format."""
    moto.client("kms").create_key(
        KeyUsage="ENCRYPT_DECRYPT", MultiRegion=False,
        Tags=[{"TagKey": "tenant", "TagValue": "Saint Œdipe / Nº+=.:@-_\u2028\u3000"}],
    )  # fmt: skip
    document = json.dumps({"Version": "2012-10-17", "Statement": []})
    for name in NAMES:
        moto.client("iam").create_role(
            RoleName=f"role{name}", Path="/!#$%&'()*+,-.~/", AssumeRolePolicyDocument=document
        )
        moto.client("secretsmanager").create_secret(Name=f"db/_+=.@-{name}", SecretString="hunter2")
        moto.client("logs").create_log_group(logGroupName=f"/aws/_.-#{name.replace('+=,', '').replace('@', '')}")
    asked = ("scan", "--aws", *(w for n in ("kms", "iam", "secretsmanager", "logs") for w in ("--service", n)))
    for form in ("json", "sarif", "junit", "console"):
        done = phiward(*asked, "--verbose", "--format", form, AWS_MAX_ATTEMPTS="1", **moto.environment)
        assert "Traceback" not in done.stderr
        assert done.returncode in (1, 4)
        assert "hunter2" not in done.stdout
        if form == "json":
            addresses = {f["resource"]["address"] for f in json.loads(done.stdout)["findings"]}
            assert all(any(a.endswith(f"/role{name}") for a in addresses) for name in NAMES)
