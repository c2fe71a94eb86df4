"""What the pack says of itself names what exists, says something of everything, and is accepted by its schemas."""

from __future__ import annotations

from itertools import chain

import pytest
import yaml

from phiward.cli import COMMANDS
from phiward.errors import PackError
from phiward.pack import load_pack, pack_directory
from phiward.pack.activities import load_activities
from phiward.pack.controls import load_controls
from phiward.pack.reference import REASONS, Check, Concept, Gap, Practice, load_reference
from tests.pack.test_schemas import SCHEMAS, check

PACK = load_pack()
REFERENCE = load_reference(rule.id for rule in PACK.rules)
CONTROLS = load_controls()
FILES = ("themes", "concepts", "practices", "gaps", "crosswalk", "controls", "activities")
CONCEPTS = {concept.id: concept for concept in REFERENCE.concepts}
CHECKS = [(tool.id, check) for tool in REFERENCE.tools for check in tool.checks]
WITH_OUTCOME = [
    pytest.param(each, id=each.id) for each in chain(REFERENCE.concepts, REFERENCE.practices, REFERENCE.gaps)
]


@pytest.mark.parametrize("name", FILES)
def test_every_file_satisfies_its_schema(name):
    check(name, yaml.safe_load((pack_directory() / f"{name}.yaml").read_text()), f"{name}.yaml")


def test_the_reasons_of_the_schemas_are_ours():
    for name in ("concepts", "practices", "gaps"):
        reason = SCHEMAS[name]["items"]["properties"]["not_decided"]["properties"]["reason"]
        assert set(reason["enum"]) == set(REASONS)


def test_nothing_has_two_names():
    for group in (REFERENCE.themes, REFERENCE.concepts, REFERENCE.practices, REFERENCE.gaps):
        ids = [each.id for each in group]
        assert len(set(ids)) == len(ids)


def test_it_is_as_whole_as_it_claims():
    assert len(PACK.citations) == 126
    assert len(REFERENCE.themes) == 40
    assert len(REFERENCE.concepts) >= 181
    assert len(REFERENCE.gaps) >= 26
    assert len(REFERENCE.practices) >= 31


@pytest.mark.parametrize("each", WITH_OUTCOME)
def test_everything_ends_somewhere(each: Concept | Practice | Gap):
    outcome = each.outcome
    assert outcome.rules or outcome.answers or outcome.manual or outcome.reason
    assert not (outcome.rules and outcome.reason), "what the rules leave open is said in `part`"
    assert set(outcome.answers) <= set(COMMANDS)
    known = {rule.id for rule in PACK.rules}
    assert set(outcome.rules) <= known
    for text in (outcome.part, outcome.because):
        assert not text.endswith(".")


def test_citations_exist():
    checks = (check for _, check in CHECKS)
    cited = chain(REFERENCE.themes, REFERENCE.concepts, REFERENCE.gaps, checks, CONTROLS)
    unknown = {citation for each in cited for citation in each.citations if citation not in PACK.citations}
    assert unknown == set()


def test_controls_have_names_of_their_own_and_speak_to_all_that_configuration_cannot_show():
    assert len({control.id for control in CONTROLS}) == len(CONTROLS) >= 68
    assert {each for outcome in REFERENCE.practices for each in outcome.outcome.manual} <= set(CONTROLS)
    spoken = {citation for control in CONTROLS for citation in control.citations}
    people = ("manual", "inherited-from-cloud-provider")
    assert [id_ for id_, entry in PACK.citations.items() if entry["automatable"] in people and id_ not in spoken] == []
    for control in CONTROLS:
        assert not control.evidence.endswith(".")
        assert not control.cadence.endswith(".")
        assert control.control.endswith(".")


@pytest.mark.parametrize("concept", [pytest.param(each, id=each.id) for each in REFERENCE.concepts])
def test_a_concept_has_a_theme_and_a_check(concept: Concept):
    assert concept.theme in {theme.id for theme in REFERENCE.themes}
    ours = {each.id for _, each in CHECKS if concept.id in each.concepts}
    assert ours
    assert set(concept.unlike) <= ours


@pytest.mark.parametrize(("tool", "each"), [pytest.param(tool, each, id=f"{tool} {each.id}") for tool, each in CHECKS])
def test_a_check_belongs_to_a_concept_or_says_what_it_looks_at(tool: str, each: Check):
    assert each.concepts or each.checks
    assert set(each.concepts) <= set(CONCEPTS)


@pytest.mark.parametrize("rule", [pytest.param(rule, id=rule.id) for rule in PACK.rules])
def test_equivalents_are_known_checks_of_concepts_that_the_rule_decides(rule):
    known = {(tool, each.id): each for tool, each in CHECKS}
    for tool, ids in rule.equivalents.items():
        for id_ in ids:
            assert (tool, id_) in known, "crosswalk.yaml says what it looks at"
            concepts = [CONCEPTS[name] for name in known[tool, id_].concepts]
            assert not concepts or any(rule.id in concept.outcome.rules for concept in concepts)


@pytest.mark.parametrize("concept", [pytest.param(each, id=each.id) for each in REFERENCE.concepts])
def test_each_check_of_a_decided_concept_is_an_equivalent_or_says_why_not(concept: Concept):
    rules = [rule for rule in PACK.rules if rule.id in concept.outcome.rules]
    for tool, each in CHECKS:
        if rules and concept.id in each.concepts:
            same = [rule.id for rule in rules if each.id in rule.equivalents.get(tool, ())]
            assert bool(same) != (each.id in concept.unlike), f"{tool} {each.id}"


def test_a_rule_that_is_not_there_is_refused_by_name():
    with pytest.raises(PackError, match="names a rule that does not exist: '") as error:
        load_reference(rule.id for rule in PACK.rules if rule.id != "encryption-at-rest")
    assert error.value.where


def test_every_activity_of_nist_is_about_citations_that_there_are():
    activities = load_activities()
    assert [one.id for one in activities] == [f"hipaa-{number:03}" for number in range(1, 127)]
    known = load_pack().citations
    cited = {citation for one in activities for citation in one.citations}
    assert cited <= known.keys()
    specifications = {
        name
        for name, entry in known.items()
        if entry["kind"] == "specification" and name.startswith(("164.308", "164.310", "164.312"))
    }
    assert specifications <= cited
