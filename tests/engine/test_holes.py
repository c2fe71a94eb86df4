"""What could not be read leaves every verdict open that it could turn: shown with what other examples declare."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from phiward.engine.judge import Selection, judge
from phiward.graph.resource_graph import ResourceGraph
from phiward.loaders.kubernetes.loader import addresses
from phiward.loaders.kubernetes.manifest import Manifest
from phiward.loaders.kubernetes.reading import in_file, read_objects
from phiward.model.finding import Verdict
from phiward.model.project import Project
from phiward.model.resource import Hole, Resource, Scope
from phiward.outside import Outside
from phiward.settings import Projects
from tests.clusters import pack, text_of
from tests.test_rules import RULES, files_of

Object = dict[str, Any]
HOLE = (Hole("a file could not be read", ""),)
DECIDED = (Verdict.PASS, Verdict.FAIL)
NOT_APPLIED = ("AdmissionConfiguration",)
"""A file of the API server itself, which few clusters have: a namespace is held to its own labels without it."""
ONE_OF_A_NAME = ("Namespace", "ConfigMap", "ServiceAccount")


def verdicts(rule: str, objects: list[Object], project: Project, holes: tuple[Hole, ...] = ()) -> dict[str, Verdict]:
    """What one rule says of each object of a cluster."""
    scope = Scope("kubernetes", ".", holes, project, kind="cluster")
    found = [each for each in read_objects(text_of(objects), in_file("a.yaml")) if isinstance(each, Manifest)]
    resources = [
        Resource("kubernetes", each.native_type, address, each.value, each.origin, scope)
        for each, address in zip(found, addresses(found), strict=True)
    ]
    compiled = pack().rule(rule)
    assert compiled is not None
    findings = judge(ResourceGraph(resources, pack()), [scope], Selection((compiled,), frozenset()), lambda _: None)
    return {finding.subject.address: finding.verdict for finding in findings}


def name_of(each: Object) -> str:
    metadata = each.get("metadata") or {}
    return json.dumps([each.get("kind"), metadata.get("name"), metadata.get("namespace")], default=str)


def besides(each: Object, objects: list[Object]) -> Object | None:
    """An object as one more of a cluster, under another name where its own is taken."""
    if each.get("kind") in NOT_APPLIED:
        return None
    if name_of(each) not in map(name_of, objects):
        return each
    if each.get("kind") in ONE_OF_A_NAME:
        return None
    each = copy.deepcopy(each)
    each["metadata"] = {**(each.get("metadata") or {}), "name": "another"}
    return each


def examples(rule: str, directory: Path) -> list[tuple[str, list[Object], Project]]:
    found = []
    for example in RULES[rule]["examples"]:
        text = files_of(example).get("manifests.yaml")
        if text:
            (directory / "phiward.yaml").write_text(yaml.safe_dump(example.get("settings") or {}))
            project = Projects(directory, Outside(), None).of(directory)
            found.append((example["title"], [o for o in yaml.safe_load_all(text) if isinstance(o, dict)], project))
    return found


@pytest.mark.parametrize("rule", RULES)
def test_a_verdict_that_more_would_turn_is_unknown_beside_what_was_not_read(rule: str, tmp_path: Path) -> None:
    known = examples(rule, tmp_path)
    more = list({json.dumps(o, default=str, sort_keys=True): o for _, objects, _ in known for o in objects}.values())
    wrong = []
    for title, objects, project in known:
        certain = {a: v for a, v in verdicts(rule, objects, project, HOLE).items() if v in DECIDED}
        for each in more if certain else ():
            other = besides(each, objects)
            after = verdicts(rule, [*objects, other], project) if other else {}
            turned = [a for a, v in certain.items() if after.get(a) in DECIDED and after[a] is not v]
            wrong += [f"{title}: {address} is {after[address]} with {other}" for address in turned]
    assert not wrong, "\n".join(wrong[:10])
