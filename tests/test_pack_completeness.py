"""The pack is whole: nothing is named that does not exist, and nothing exists that nobody uses."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from fnmatch import filter as filter_names
from itertools import chain
from typing import Any

import pytest
import yaml

from phiward.engine.graph_rules import GRAPH_RULES, graph_rule
from phiward.engine.selecting import reach
from phiward.loaders.aws.written import collect
from phiward.model.rule import Rule
from phiward.pack import Row, load_pack, pack_directory
from phiward.pack.collectors import load_collectors
from phiward.pack.reference import load_reference
from phiward.pack.vocabulary import BUILT_IN
from phiward.rule_examples import FILE
from tests.test_rules import files_of

PACK = load_pack()
COLLECTORS = load_collectors(pack_directory())
SOURCES = {path: yaml.safe_load(path.read_text()) for path in sorted((pack_directory() / "hipaa").glob("*/*.yaml"))}
RULES = [pytest.param(path, rule, id=rule["id"]) for path, rule in SOURCES.items()]
FIXED_ELSEWHERE = {
    ("tenant-key-foreign", "kubernetes"): "an object names the key; what is put right is whose key it is"
}
"""Rules that judge a dialect in which nothing is to be put right."""
COMPILED = [pytest.param(rule, id=rule.id) for rule in PACK.rules]
TOOLS = {
    "checkov",
    "trivy",
    "prowler",
    "aws-config",
    "cfn-guard",
    "powerpipe",
    "tfsec",
}
REFERENCE = load_reference(rule.id for rule in PACK.rules)
THEMES = frozenset(theme.id for theme in REFERENCE.themes)


def texts_of(rule: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Every file that a rule shows, by name: its examples and its fix."""
    for example in rule["examples"]:
        yield from files_of(example).items()
    for dialect, text in rule.get("fix_snippets", {}).items():
        yield FILE[dialect], text


def dialect_of(name: str) -> str:
    if name.endswith(FILE["aws"]):
        return "aws"
    if name.endswith(FILE["cloudformation"]):
        return "cloudformation"
    return "kubernetes" if name.endswith((".yaml", ".yml")) else "terraform"


def types_in(name: str, text: str) -> set[str]:
    """The native types that a file declares, or that are read from the account that it holds."""
    if dialect_of(name) == "aws":
        return {type_ for _, type_, _ in collect(json.loads(text), COLLECTORS).found}
    if not name.endswith((".yaml", ".yml")):
        backends = re.findall(r'^\s*backend "([a-z0-9]+)"', text, re.MULTILINE)
        resources = re.findall(r'^\s*resource "([a-z0-9_]+)"', text, re.MULTILINE)
        return {*resources, *(f"terraform.backend.{name}" for name in backends)}
    if dialect_of(name) == "cloudformation":
        return set(re.findall(r"^ +Type: *(AWS::\S+)", text, re.MULTILINE))
    heads = re.findall(r"^apiVersion: *(\S+)\nkind: *(\S+)", text, re.MULTILINE)
    return {f"{version.rpartition('/')[0]}/{kind}".lstrip("/") for version, kind in heads}


SHOWN = {rule["id"]: set().union(*(types_in(name, text) for name, text in texts_of(rule))) for rule in SOURCES.values()}


def parameters_in(value: Any) -> Iterator[str]:
    """The parameters that a compiled predicate refers to."""
    if isinstance(value, dict):
        if isinstance(value.get("parameter"), str):
            yield value["parameter"]
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        for part in value:
            yield from parameters_in(part)


def properties_in(predicate: Any) -> Iterator[str]:
    """The properties that a compiled predicate reads; keys of a list's elements are not properties."""
    if not predicate:
        return
    head = predicate[0]
    if head in ("all", "any", "none"):
        for part in predicate[1]:
            yield from properties_in(part)
    elif head == "exists":
        yield from properties_in(predicate[2])
    else:
        yield predicate[1]


def spoken_by(id_: str) -> set[str]:
    """The dialects of which a rule judges something; what runs speaks Terraform's, and its own only where that cannot."""
    rule = PACK.rule(id_)
    reached = [row for row in PACK.rows() if reach(rule, row)]
    declared = {row.type for row in reached if row.dialect == "terraform"}
    return {row.dialect for row in reached if row.dialect != "aws" or row.type not in declared}


def speaks_to(rule: Rule, row: Row) -> bool:
    """Whether a rule can say something about a type: by its selection, or as what a rule about absence looks for."""
    select = rule.check[1] if "scope" in rule.select else rule.select
    kinds, types = select.get("kind", ()), select.get("type", ())
    if row.type in rule.select.get("not_type", ()) or row.kinds & set(rule.select.get("not_kind", ())):
        return False
    if not (row.kinds & set(kinds) or row.type in types):
        return False
    asked = set(properties_in(rule.check))
    return rule.graph is not None or not asked or any(name in row.properties or name in BUILT_IN for name in asked)


def test_it_is_as_large_as_it_claims() -> None:
    assert len(PACK.rules) >= 250
    assert len({row.type for row in PACK.rows() if row.type.startswith("aws.")}) >= 190
    assert {rule.theme for rule in PACK.rules} == THEMES


def test_every_graph_rule_is_a_function_and_every_function_is_named_by_a_rule() -> None:
    assert {rule.graph for rule in PACK.rules if rule.graph} == set(GRAPH_RULES)
    assert all(callable(graph_rule(name)) for name in GRAPH_RULES)


def test_escapes_into_code_stay_rare() -> None:
    graph = [rule.id for rule in PACK.rules if rule.graph is not None]
    assert len(graph) < 0.15 * len(PACK.rules), graph


@pytest.mark.parametrize(("path", "rule"), RULES)
def test_a_rule_stands_where_it_says(path: Any, rule: dict[str, Any]) -> None:
    assert rule["id"] == path.stem
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", rule["id"])
    assert path.parent.name in THEMES


@pytest.mark.parametrize("rule", COMPILED)
def test_a_rule_cites_what_exists(rule: Rule) -> None:
    assert rule.citations
    assert len(set(rule.citations)) == len(rule.citations)
    assert [citation for citation in rule.citations if citation not in PACK.citations] == []


@pytest.mark.parametrize("rule", COMPILED)
def test_a_rule_explains_itself_in_sentences(rule: Rule) -> None:
    assert rule.because.endswith(".")
    assert rule.fix.endswith(".")
    assert not rule.title.endswith(".")
    assert not rule.message.endswith(".")
    assert "{resource}" in rule.message
    named = set(re.findall(r"{(\w+)}", rule.message)) - {"resource", "property", "observed", "expected"}
    assert not named or "each" in str(rule.check), f"{named} are keys of an element, and no element decides"


@pytest.mark.parametrize(("path", "rule"), RULES)
def test_a_rule_is_shown_failing_passing_and_undecided(path: Any, rule: dict[str, Any]) -> None:
    shown = {example["expect"] for example in rule["examples"]}
    needed = {"fail", "pass"} if rule.get("never_unknown") else {"fail", "pass", "unknown"}
    assert needed <= shown, f"{path.name} shows no {needed - shown}"
    titles = [example["title"] for example in rule["examples"]]
    assert len(set(titles)) == len(titles)
    assert rule.get("fix_snippets") or spoken_by(rule["id"]) == {"aws"}  # what runs and nobody declares has no snippet
    assert all(text.strip() for text in rule.get("fix_snippets", {}).values())


@pytest.mark.parametrize(("path", "rule"), RULES)
def test_a_rule_is_shown_failing_and_passing_in_every_dialect_that_it_speaks(path: Any, rule: dict[str, Any]) -> None:
    spoken = spoken_by(rule["id"])
    for dialect in spoken:
        shown = {
            example["expect"]
            for example in rule["examples"]
            if any(dialect_of(name) == dialect for name in files_of(example))
        }
        assert {"fail", "pass"} <= shown, f"{path.name} in {dialect}"
    unfixed = spoken - {"aws"} - set(rule.get("fix_snippets", {}))
    assert {dialect for dialect in unfixed if (rule["id"], dialect) not in FIXED_ELSEWHERE} == set()


@pytest.mark.parametrize("rule", COMPILED)
def test_equivalents_name_known_tools_and_nothing_twice(rule: Rule) -> None:
    assert set(rule.equivalents) <= TOOLS
    for tool, ids in rule.equivalents.items():
        assert len(set(ids)) == len(ids), tool
    for id_ in rule.equivalents.get("checkov", ()):
        assert re.fullmatch(r"CKV2?_[A-Z0-9]+_\d+", id_)
    for id_ in rule.equivalents.get("trivy", ()):
        assert re.fullmatch(r"(AVD-)?[A-Z]+-\d{4}", id_)


@pytest.mark.parametrize("rule", COMPILED)
def test_a_rule_speaks_to_a_type_of_the_catalog(rule: Rule) -> None:
    assert [row.type for row in PACK.rows() if speaks_to(rule, row)], "no row has what this rule selects and asks"


@pytest.mark.parametrize("row", [pytest.param(row, id=f"{row.type} {row.dialect}") for row in PACK.rows()])
def test_every_type_is_shown_in_an_example(row: Row) -> None:
    shown = {
        native: [id_ for id_, types in SHOWN.items() if filter_names(types, native)] for native in row.native_types
    }
    assert [native for native, rules in shown.items() if not rules] == [], "no example of any rule has this type"


@pytest.mark.parametrize("row", [pytest.param(row, id=f"{row.type} {row.dialect}") for row in PACK.rows()])
def test_every_type_is_judged_by_a_rule(row: Row) -> None:
    assert row.read_by or [rule.id for rule in PACK.rules if speaks_to(rule, row)], "nothing speaks to it: dead weight"
    for id_ in row.read_by:
        assert PACK.rule(id_) is not None, f"{id_} does not exist"


def test_every_kind_of_satellite_is_shown() -> None:
    shown = set().union(*SHOWN.values())
    natives: dict[str, set[str]] = {}
    for row in PACK.rows():
        for alias, native, _ in row.satellites:
            natives.setdefault(f"{row.type} @{alias}", set()).add(native)
    assert [alias for alias, types in natives.items() if not types & shown] == []


def test_every_parameter_is_asked_for_and_every_profile_knows_its_parameters() -> None:
    asked = set(chain.from_iterable(parameters_in([rule.when, rule.check]) for rule in PACK.rules))
    assert {rule.needs for rule in PACK.rules if rule.needs} <= asked
    assert asked == set(PACK.parameters)
    for values in PACK.profiles.values():
        assert set(values) <= set(PACK.parameters)


def test_every_property_of_the_vocabulary_is_mapped_by_some_type() -> None:
    mapped = set(chain.from_iterable(row.properties for row in PACK.rows()))
    built_in = {"name", "tags", "tenant", "tier", "data.class", "type", "address", "declared"}
    assert sorted(set(PACK.property_types) - mapped - built_in) == []
