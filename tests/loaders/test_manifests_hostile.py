"""Manifests that are no such thing: whatever stands in a file, a scan ends with findings or says what it could not read."""

from __future__ import annotations

import copy
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from tests.conftest import TODAY
from tests.test_rules import RULES, files_of

from phiward.errors import NothingToScan
from phiward.model.finding import Report
from phiward.pipeline import scan
from phiward.settings import Settings

Object = dict[str, Any]
MANY = {"deadline": None, "suppress_health_check": list(HealthCheck)}


@pytest.fixture(autouse=True, scope="module")
def _deep() -> Iterator[None]:
    """A scan raises the limit itself, which Hypothesis takes amiss in the middle of a test."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, 20_000))
    yield
    sys.setrecursionlimit(before)


def clusters() -> list[list[Object]]:
    """The objects of every example of every rule."""
    texts = [files_of(e).get("manifests.yaml", "") for rule in RULES.values() for e in rule["examples"]]
    read = [list(yaml.safe_load_all(text)) for text in dict.fromkeys(filter(None, texts))]
    return [[o for o in objects if isinstance(o, dict)] for objects in read]


CLUSTERS = clusters()
JUNK = (
    None, "", "x", "*", "a/b:c@d", "${X}", "pre-${X}", 0, -1, 10**30, 1.5, float("inf"), True, [], {}, [[]], [None], ["x"],
    {"": None}, {"matchLabels": []}, [{}], {"name": {}}, "9" * 5000, ["${X}", 3], [{"name": []}], "2026-01-01",
)  # fmt: skip


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place inside of a value."""
    if path:
        yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inner:
        yield from places(each, (*path, key))


def spoil(objects: list[Object], choice: Any) -> list[Object]:
    """Objects of which some places hold something else."""
    objects = copy.deepcopy(objects)
    for _ in range(choice(st.integers(1, 4))):
        found = [(number, path) for number, each in enumerate(objects) for path in places(each)]
        number, path = choice(st.sampled_from(found))
        holder: Any = objects[number]
        for key in path[:-1]:
            holder = holder[key]
        holder[path[-1]] = copy.deepcopy(choice(st.sampled_from(JUNK)))
    return objects


def judged(directory: Path, files: dict[str, str | bytes]) -> Report | None:
    """A scan of some files by every rule; nothing where they hold nothing to judge."""
    for old in directory.iterdir():
        old.unlink()
    for name, content in files.items():
        (directory / name).write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "replace"))
    try:
        return scan(Settings(paths=(directory,), today=TODAY))
    except NothingToScan:
        return None


def verdicts(report: Report | None) -> list[tuple[str, str, str]]:
    return sorted((f.rule.id, f.subject.address, f.verdict) for f in report.findings) if report else []


def any_object(directory: Path, data: st.DataObject) -> None:
    objects = spoil(data.draw(st.sampled_from(CLUSTERS), label="cluster"), data.draw)
    judged(directory, {"a.yaml": yaml.safe_dump_all(objects)})


@given(data=st.data())
@settings(max_examples=150, **MANY)
def test_any_object_is_judged_or_refused(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    any_object(tmp_path_factory.mktemp("tree"), data)


@pytest.mark.heavy
@given(data=st.data())
@settings(max_examples=20_000, **MANY)
def test_any_object_at_length(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    any_object(tmp_path_factory.mktemp("tree"), data)


PIECES = (
    b"apiVersion: v1\n", b"kind: Pod\n", b"kind: List\nitems:\n", b"metadata: {name: a}\n", b"- ", b"spec:\n", b"  ", b"---\n",
    b"\t", b"\0", b"\xff", b"\xef\xbb\xbf", b"&x ", b"*x\n", b"<<: *x\n", b"{{ .Values.x }}", b"${X}", b"{", b"}", b"[", b"]", b"'", b'"',
    b"|\n", b"!!binary ", b"kind: ClusterList\n", b"name: ", b"containers: [{name: c}]\n", b"\r\n", b"\xe2\x80\xa8", b"null\n",
)  # fmt: skip


@given(content=st.lists(st.sampled_from(PIECES), max_size=20).map(b"".join))
@settings(max_examples=150, **MANY)
def test_any_bytes_end_in_findings_or_say_what_is_wrong(
    content: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    report = judged(tmp_path_factory.mktemp("tree"), {"a.yaml": b"apiVersion: v1\nkind: Pod\n" + content})
    assert report is None or report.findings or report.diagnostics


@given(data=st.data())
@settings(max_examples=40, **MANY)
def test_the_order_of_documents_and_files_changes_no_verdict(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    objects = data.draw(st.sampled_from(CLUSTERS))
    names = {(str(o.get("kind")), json.dumps(o.get("metadata"), default=str)) for o in objects}
    assume(len(names) == len(objects))  # of two objects of one name, the later one has a number
    directory = tmp_path_factory.mktemp("tree")
    expected = verdicts(judged(directory, {"a.yaml": yaml.safe_dump_all(objects)}))
    shuffled = data.draw(st.permutations(objects))
    assert verdicts(judged(directory, {"a.yaml": yaml.safe_dump_all(shuffled)})) == expected
    files: dict[str, str | bytes] = {f"{number}.yaml": yaml.safe_dump(each) for number, each in enumerate(shuffled)}
    assert verdicts(judged(directory, files)) == expected
