from __future__ import annotations

import json
import time
from importlib.resources import files
from typing import Any

import pytest
from factory import HOSTILE, compared, estate, finding, hostile, many, report, values
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError

from phiward.model.finding import Evidence
from phiward.model.value import Partial, Reference, Sensitive, Unknown
from phiward.reporters import Style, render
from phiward.reporters.plain import dumps, plain

SCHEMA = json.loads(files("phiward.reporters").joinpath("report.schema.json").read_text())
VALIDATOR = Draft202012Validator(SCHEMA, format_checker=FormatChecker())


def record(of) -> dict[str, Any]:
    text = render(of, "json", Style())
    assert text.isascii()
    parsed = json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
    VALIDATOR.validate(parsed)
    return parsed


def test_the_schema_is_a_schema():
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("make", [report, estate, compared, values, lambda: many(10)])
def test_reports_are_valid(make):
    record(make())


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_reports_are_valid_and_lose_nothing(text):
    parsed = record(hostile(text))
    visible = text.encode("utf-8", "backslashreplace").decode()
    assert parsed["findings"][0]["resource"]["address"] == visible
    assert parsed["findings"][0]["evidence"][0]["observed"] == {visible: [visible]}


def test_the_shape_is_the_published_one():
    parsed = record(estate())
    assert parsed["schema"] == "phiward/report/v1"
    assert parsed["tool"] == {
        "name": "phiward",
        "version": "0.1.0",
        "pack": {"version": "2026.11", "digest": "sha256:" + "ab" * 32},
    }
    assert parsed["summary"] == {
        "pass": 5, "fail": 5, "unknown": 3, "not_applicable": 1, "waived": 1, "resources": 12, "unmodelled": 3,
        "exit_status": 1,
    }  # fmt: skip
    first = next(f for f in parsed["findings"] if f["resource"]["tenant"] == "mercy")
    assert first == {
        "rule": "encryption-at-rest",
        "verdict": "fail",
        "severity": "high",
        "citations": ["164.312(a)(2)(iv)"],
        "resource": {
            "address": 'module.db["mercy"].aws_db_instance.main', "type": "aws.rds.instance",
            "native_type": "aws_db_instance", "source": "terraform", "tenant": "mercy", "data_class": "phi",
            "called_from": [], "scope": "", "path": "",
        },
        "location": {"path": "modules/db/main.tf", "line": 6, "column": 3, "end_line": 6, "end_column": 30},
        "message": 'module.db["mercy"].aws_db_instance.main stores data unencrypted: encryption.at_rest is false',
        "evidence": [
            {
                "property": "encryption.at_rest", "observed": False, "expected": True,
                "location": {"path": "modules/db/main.tf", "line": 6, "column": 3, "end_line": 6, "end_column": 30},
                "by_default": False, "write": "storage_encrypted = true", "attribute": "storage_encrypted",
            }
        ],
        "fingerprint": "0462a230d1b053810f770dd971fe2d5c",
        "waiver": None,
    }  # fmt: skip


def test_everything_is_in_the_record():
    of = estate()
    parsed = record(of)
    assert [f["verdict"] for f in parsed["findings"]] == [f.verdict.value for f in of.findings]
    assert {f["verdict"] for f in parsed["findings"]} == {"pass", "fail", "unknown", "not-applicable"}
    assert [d["code"] for d in parsed["diagnostics"]] == ["syntax", "waiver-unused"]
    assert parsed["diagnostics"][0]["incomplete"] is True
    assert parsed["loosened"] == [{"parameter": "log_retention_days", "default": 2190, "value": 365}]
    assert parsed["roots"] == ["modules/db"]
    assert parsed["gate"] == of.gate
    assert parsed["unmodelled_types"] == {"aws_lightsail_instance": 2, "aws_sagemaker_domain": 1}
    accepted = [f["waiver"] for f in parsed["findings"] if f["waiver"]]
    assert accepted == [
        {
            "rule": "encryption-at-rest", "reason": "moved to the new cluster in January", "owner": "platform",
            "expires": "2027-01-31", "kind": "inline", "type": "waiver", "approver": None, "approved": None,
            "selector": None, "covers_unknown": True, "measure": None, "equivalence": None,
            "compensating_controls": [], "risk_analysis": None, "ticket": None,
            "location": {"path": "waivers.yaml", "line": 4, "column": 1, "end_line": 4, "end_column": 11},
        }
    ]  # fmt: skip
    assert [r["id"] for r in parsed["rules"]] == [
        "customer-managed-key", "encryption-at-rest", "no-plaintext-secret", "no-public-ingress",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "value, encoded",
    [
        (None, None),
        (True, True),
        (1, 1),
        ("text", "text"),
        (Unknown("computed", "apply it"), {"unknown": "computed", "hint": "apply it"}),
        (Reference("aws_kms_key.a", ("keys", 0, "arn")), {"reference": "aws_kms_key.a.keys[0].arn"}),
        (Partial(("a-", Reference("x.y"), "-b")), {"partial": "a-${x.y}-b"}),
        (Sensitive("hunter2"), {"sensitive": True}),
        ({"unknown": "a tag of that name"}, {"map": {"unknown": "a tag of that name"}}),
        ({"a": [Unknown("x")]}, {"a": [{"unknown": "x", "hint": ""}]}),
        ({1: True}, {"1": True}),
        (float("inf"), "inf"),
        (float("nan"), "nan"),
        (2**63, 2**63),
        (16**2000, hex(16**2000)),
    ],
)
def test_values(value, encoded):
    assert plain(value) == encoded
    assert (
        record(report([finding(evidence=[Evidence("p", value, value)])]))["findings"][0]["evidence"][0]["observed"]
        == encoded
    )


def test_a_value_nested_without_end_is_unknown():
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    assert "nested too deeply to print" in json.dumps(plain(deep))
    record(report([finding(evidence=[Evidence("p", deep, True)])]))


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(),
        lambda s: st.lists(s) | st.dictionaries(st.text(), s),
        max_leaves=15,
    )
)
def test_plain_values_come_back_as_they_were(value):
    def decode(encoded):
        if isinstance(encoded, list):
            return [decode(item) for item in encoded]
        if isinstance(encoded, dict):
            inner = encoded["map"] if set(encoded) == {"map"} else encoded
            return {key: decode(item) for key, item in inner.items()}
        return encoded

    assert decode(json.loads(dumps(plain(value)))) == value


@given(st.text(st.characters(categories=["Cs", "Lu", "So"]) | st.sampled_from(["\\", "\ud83d", "\ude00", "u"])))
def test_strings_are_what_a_strict_reader_takes(text):
    read = json.loads(dumps(text))
    assert read.encode().decode() == read
    if not any(0xD800 <= ord(c) <= 0xDFFF for c in text):
        assert read == text


@pytest.mark.parametrize(
    "break_it",
    [
        lambda r: r.pop("summary"),
        lambda r: r["findings"][0].update(verdict="skipped"),
        lambda r: r["findings"][0]["location"].update(line=0),
        lambda r: r["findings"][0]["resource"].pop("tenant"),
        lambda r: r["findings"][0]["evidence"][0].update(observed={"unknown": 3}),
        lambda r: r["findings"][0]["evidence"][0].update(observed={"reference": "a", "other": 1}),
        lambda r: r["diagnostics"][0].update(level="fatal"),
        lambda r: r["summary"].update(exit_status=9),
    ],
)
def test_the_schema_refuses_what_is_wrong(break_it):
    parsed = record(estate())
    parsed["findings"] = [f for f in parsed["findings"] if f["evidence"]]
    break_it(parsed)
    with pytest.raises(ValidationError):
        VALIDATOR.validate(parsed)


def test_readers_must_accept_keys_that_are_added_later():
    parsed = record(estate())
    parsed["findings"][0]["resource"]["region"] = "us-east-1"
    parsed["later"] = 1
    VALIDATOR.validate(parsed)


def test_a_finding_is_a_line():
    text = render(estate(), "json", Style())
    lines = [line for line in text.splitlines() if line.startswith('{"rule":')]
    assert len(lines) == len(estate().findings)
    assert json.loads(lines[0].rstrip(","))["rule"]


def test_work_grows_with_the_findings_and_no_faster():
    def seconds(number):
        of = many(number)
        times = []
        for _ in range(4):
            started = time.process_time()
            render(of, "json", Style())
            times.append(time.process_time() - started)
        return min(times)

    assert seconds(16_000) < 40 * seconds(2_000)  # eight times the findings; sixty-four times, were it quadratic
