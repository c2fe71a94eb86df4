"""From rules and a graph to findings: verdicts, scopes, parameters, evidence and fingerprints."""

from __future__ import annotations

import pytest

from phiward.engine.evidence import MAX_EVIDENCE
from phiward.engine.judge import Selection, judge
from phiward.engine.selecting import reach, selects
from phiward.errors import PackError, SettingsError
from phiward.graph.resource_graph import ResourceGraph
from phiward.model.finding import Verdict
from phiward.model.project import Project
from phiward.model.resource import Hole
from phiward.model.value import Sensitive, Unknown
from tests.graph.small import made, scope, small_pack

VAR = Unknown("variable x has no value", "pass --var x")
KIND = {"resources": {"kind": "datastore"}}
ENCRYPTED = {"id": "encrypted", "resources": {"type": "t.database"}, "assert": {"encryption.at_rest": True}}


def findings(rules, *resources, tenants=(), scopes=None):
    rules = [rules] if isinstance(rules, dict) else rules
    pack = small_pack(*rules)
    graph = ResourceGraph(resources, pack)
    scopes = scopes or list({id(r.scope): r.scope for r in resources}.values())
    return judge(graph, scopes, Selection(pack.rules, frozenset(tenants)), lambda _: None)


def one(rule, where=None, /, **attributes):
    (finding,) = findings(rule, made("aws_database.a", where or scope(), **attributes))
    return finding


def verdict(rule, where=None, /, **attributes):
    return str(one(rule, where, **attributes).verdict)


def database_rule(**parts):
    return {"id": "r", "resources": {"type": "t.database"}, **parts}


# -- verdicts of one resource


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ({"storage_encrypted": True}, "pass"),
        ({"storage_encrypted": False}, "fail"),
        ({}, "fail"),
        ({"storage_encrypted": VAR}, "unknown"),
    ],
)
def test_a_verdict(written, expected):
    assert verdict(ENCRYPTED, **written) == expected


@pytest.mark.parametrize(
    ("engine", "encrypted", "expected"),
    [
        ("postgres", True, "pass"),
        ("postgres", False, "fail"),
        ("postgres", VAR, "unknown"),
        ("oracle", False, "not-applicable"),
        ("oracle", VAR, "not-applicable"),
        (VAR, True, "pass"),
        (VAR, False, "unknown"),
        (VAR, VAR, "unknown"),
    ],
)
def test_a_condition_that_is_not_known_leaves_only_a_pass(engine, encrypted, expected):
    rule = database_rule(when={"engine": "postgres"}, **{"assert": {"encryption.at_rest": True}})
    assert verdict(rule, engine=engine, storage_encrypted=encrypted) == expected


def test_an_unknown_condition_is_what_the_unknown_verdict_tells():
    rule = database_rule(when={"engine": "postgres"}, **{"assert": {"encryption.at_rest": True}})
    finding = one(rule, engine=VAR, storage_encrypted=False)
    assert "variable x has no value" in finding.message
    assert [item.property for item in finding.evidence] == ["engine"]


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ({"versioned": True}, []),  # a condition on what the type does not model cannot hold
        ({"versioned": {"not_equals": True}}, []),
        ({"any_of": [{"versioned": True}, {"engine": "mysql"}]}, ["fail"]),
        ({"any_of": [{"versioned": True}]}, []),
        ({"all_of": [{"versioned": True}, {"engine": "mysql"}]}, []),
        ({"none_of": [{"versioned": True}]}, ["fail"]),
        ({"none_of": [{"versioned": True}, {"engine": "mysql"}]}, ["not-applicable"]),
        ({"none_of": [{"none_of": [{"versioned": True}]}]}, []),
        ({"any_of": [{"none_of": [{"versioned": True}]}, {"engine": "x"}]}, ["fail"]),
    ],
)
def test_conditions_are_fitted_to_the_type(when, expected):
    rule = database_rule(when=when, **{"assert": {"encryption.at_rest": True}})
    assert [str(f.verdict) for f in findings(rule, made("aws_database.a", scope()))] == expected


def test_a_rule_of_which_a_type_models_nothing_says_nothing_of_it():
    rule = {"id": "r", **KIND, "assert": {"engine": "postgres"}}
    root = scope()
    found = findings(rule, made("aws_bucket.a", root), made("aws_database.a", root))
    assert [f.subject.address for f in found] == ["aws_database.a"]


def test_a_rule_reaches_what_its_parts_leave_of_it():
    pack = small_pack(
        {"id": "engine", **KIND, "assert": {"engine": "x"}},
        {"id": "when", **KIND, "when": {"engine": "x"}, "assert": {"encryption.at_rest": True}},
        {"id": "graph", "resources": {"kind": "key"}, "graph": "key_shared_by_tenants"},
        {"id": "scope", "resources": {"scope": "account"}, "assert": {"some": {"kind": "trail"}}},
    )
    reached = {rule.id: [row.type for row in pack.rows() if reach(rule, row)] for rule in pack.rules}
    assert reached == {
        "engine": ["t.database"], "when": ["t.database"], "graph": ["t.key"], "scope": ["t.trail", "t.lake"],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("select", "expected"),
    [
        ({"kind": ["datastore"]}, ["t.bucket", "t.database"]),
        ({"kind": ["datastore"], "not_kind": ["database"]}, ["t.bucket"]),
        ({"kind": ["datastore"], "not_type": ["t.bucket"]}, ["t.database"]),
        ({"type": ["t.key"]}, ["t.key"]),
        ({"type": ["t.key"], "kind": ["database"]}, ["t.database", "t.key"]),
        ({}, ["t.bucket", "t.database", "t.key", "t.trail", "t.lake"]),
    ],
)
def test_what_a_rule_selects(select, expected):
    assert [row.type for row in small_pack().rows() if selects(select, row)] == expected


# -- parameters and profiles

DAYS = database_rule(**{"assert": {"days": {"at_least": {"parameter": "least_days"}}}})


@pytest.mark.parametrize(
    ("settings", "days", "expected"),
    [
        ({}, 7, "pass"),
        ({}, 6, "fail"),
        ({"profile": "strict"}, 7, "fail"),
        ({"profile": "strict"}, 35, "pass"),
        ({"parameters": {"least_days": 1}}, 1, "pass"),
        ({"profile": "strict", "parameters": {"least_days": 14}}, 14, "pass"),
    ],
)
def test_a_roots_settings_set_what_is_asked(settings, days, expected):
    assert verdict(DAYS, scope("root", **settings), days=days) == expected


def test_two_roots_are_each_held_to_their_own():
    one_, two = scope("one"), scope("two", profile="strict")
    found = findings(DAYS, made("aws_database.a", one_, days=7), made("aws_database.a", two, days=7))
    assert {f.subject.scope: str(f.verdict) for f in found} == {"one": "pass", "two": "fail"}


@pytest.mark.parametrize(
    ("parameters", "loosened"),
    [
        ({}, []),
        ({"least_days": 8}, []),
        ({"least_days": 7}, []),
        ({"least_days": 3}, [("least_days", 7, 3)]),
        ({"engines": ["postgres"]}, []),
        ({"named": ["oracle"]}, []),
        ({"engines": ["postgres", "oracle"]}, [("engines", ["postgres", "mysql"], ["postgres", "oracle"])]),
    ],
)
def test_what_asks_for_less_is_told(parameters, loosened):
    values, found = small_pack().parameters_for(Project(parameters=parameters))
    assert [(item.parameter, item.default, item.value) for item in found] == loosened
    assert values == {"least_days": 7, "engines": ["postgres", "mysql"], "named": []} | parameters


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"profile": "lax"}, "no profile 'lax'"),
        ({"parameters": {"most_days": 1}}, "no parameter 'most_days'"),
        ({"parameters": {"least_days": "7"}}, "least_days must be like 7"),
        ({"parameters": {"least_days": True}}, "least_days must be like 7"),
        ({"parameters": {"engines": [1]}}, "engines must be like"),
        ({"parameters": {"named": [1]}}, "named must be like"),
    ],
)
def test_settings_that_are_wrong(settings, words):
    with pytest.raises(SettingsError, match=words):
        verdict(DAYS, scope("root", **settings), days=1)


def test_a_rule_is_silent_while_what_it_needs_is_not_named():
    rule = database_rule(needs="named", **{"assert": {"engine": {"in": {"parameter": "named"}}}})
    assert verdict(rule, engine="oracle") == "not-applicable"
    assert verdict(rule, scope("root", parameters={"named": ["oracle"]}), engine="oracle") == "pass"
    assert verdict(rule, scope("root", parameters={"named": ["oracle"]}), engine="pg") == "fail"
    with pytest.raises(PackError, match="unknown parameter"):
        small_pack({**rule, "needs": "unheard_of"})


# -- rules about absence

TRAIL = {
    "id": "trail",
    "resources": {"scope": "account"},
    "assert": {"some": {"kind": "trail", "where": {"versioned": True}}},
}
ANY_TRAIL = {**TRAIL, "assert": {"some": {"kind": "trail"}}}
GIVEN = {**TRAIL, "given": {"kind": "datastore"}}
COMPLETE = {"complete_roots": ("root",)}


def scoped(rule, *trails, where=None, **attributes):
    root = where or scope()
    resources = [made("aws_database.a", root), *[made(f"aws_trail.t{n}", root, **t) for n, t in enumerate(trails)]]
    found = findings(rule, *resources, **attributes)
    return [str(f.verdict) for f in found]


@pytest.mark.parametrize(
    ("trails", "settings", "holes", "expected"),
    [
        ([{"multi_region": True}], {}, [], "pass"),
        ([{"multi_region": False}, {"multi_region": True}], {}, [], "pass"),
        ([{"multi_region": VAR}, {"multi_region": True}], {}, [], "pass"),
        ([], {}, [], "unknown"),
        ([{"multi_region": False}], {}, [], "unknown"),
        ([], COMPLETE, [], "fail"),
        ([{"multi_region": False}], COMPLETE, [], "fail"),
        ([{"multi_region": VAR}], COMPLETE, [], "unknown"),
        ([{"multi_region": VAR}, {}], COMPLETE, [], "unknown"),
        ([], COMPLETE, [Hole("module x is not downloaded")], "unknown"),
        ([{"multi_region": True}], COMPLETE, [Hole("module x is not downloaded")], "pass"),
    ],
)
def test_a_root_that_must_declare_one(trails, settings, holes, expected):
    assert scoped(TRAIL, *trails, where=scope("root", *holes, **settings)) == [expected]


def test_one_that_may_not_be_there_satisfies_nobody():
    root = scope("root", **COMPLETE)
    (finding,) = findings(TRAIL, made("aws_trail.t[*]", root, multi_region=True))
    assert finding.verdict is Verdict.UNKNOWN
    assert "how many aws_trail.t[*] there are" in finding.message
    found = findings(
        TRAIL, made("aws_trail.t[*]", root, multi_region=True), made("aws_trail.u", root, multi_region=True)
    )
    assert found[0].verdict is Verdict.PASS
    assert findings(TRAIL, made("aws_trail.t[*]", root, multi_region=False))[0].verdict is Verdict.FAIL


def test_a_type_that_does_not_model_what_is_asked_for_is_not_the_one():
    root = scope("root", **COMPLETE)
    (finding,) = findings(TRAIL, made("aws_lake.l", root))
    assert finding.verdict is Verdict.FAIL
    both = {**TRAIL, "assert": {"some": {"kind": "trail", "where": {"versioned": True, "days": {"at_least": 1}}}}}
    assert [
        str(f.verdict) for f in findings(both, made("aws_lake.l", root), made("aws_trail.t", root, multi_region=True))
    ] == ["fail"]


def test_one_of_a_kind_is_enough_where_nothing_more_is_asked():
    (finding,) = findings(ANY_TRAIL, made("aws_lake.l", scope(), line=9))
    assert finding.verdict is Verdict.PASS
    assert [(e.property, e.observed) for e in finding.evidence] == [("trail", "aws_lake.l")]
    assert finding.location.span.line == 9


def test_only_roots_that_declare_the_given_kind_are_asked():
    assert scoped(GIVEN) == ["unknown"]
    assert findings(GIVEN, made("aws_kms_key.k", scope())) == []
    assert findings(TRAIL, made("aws_other.k", scope())) == []


def test_the_hole_and_the_missing_root_are_told():
    (finding,) = findings(
        TRAIL, made("aws_database.a", scope("root", Hole("module x is not downloaded", "terraform init")))
    )
    assert "module x is not downloaded" in finding.message
    (finding,) = findings(TRAIL, made("aws_database.a", scope()))
    assert "another root may declare one" in finding.message
    assert "complete_roots" in finding.evidence[0].observed.hint


def test_each_root_has_a_verdict_of_its_own():
    one_, two = scope("one"), scope("two", complete_roots=("two",))
    found = findings(TRAIL, made("aws_trail.t", one_, multi_region=True), made("aws_database.a", two))
    assert {f.subject.address: str(f.verdict) for f in found} == {"root one": "pass", "root two": "fail"}
    assert len({f.fingerprint for f in found}) == 2


# -- messages, evidence, places


def test_a_message_is_filled_in():
    finding = one(ENCRYPTED, storage_encrypted=False)
    assert finding.message == "aws_database.a: encryption.at_rest is false, not true"
    assert one(ENCRYPTED, storage_encrypted=True).message == "encrypted"


def test_a_message_does_not_fill_in_what_a_value_says():
    rule = database_rule(message="{resource} runs {observed}", **{"assert": {"engine": "postgres"}})
    assert one(rule, engine="{expected} {0}").message == "aws_database.a runs {expected} {0}"


@pytest.mark.parametrize(
    ("observed", "words"),
    [([], "empty"), (["a", True], "a, true"), (None, "not set"), ([Sensitive("s")], "(sensitive)")],
)
def test_values_in_words(observed, words):
    rule = database_rule(message="{observed}", **{"assert": {"ports": {"contains": 99}}})
    written = {} if observed is None else {"rule": [{"port": value} for value in observed]}
    assert one(rule, **written).message == words


def test_evidence_says_what_was_read_and_where():
    (item,) = one(ENCRYPTED, storage_encrypted=False).evidence
    assert (item.property, item.observed, item.expected, item.by_default, item.attribute) == (
        "encryption.at_rest", False, True, False, "storage_encrypted",
    )  # fmt: skip
    assert item.location.span.line == 2
    assert item.write == "storage_encrypted = true"
    (item,) = one(ENCRYPTED).evidence
    assert item.by_default
    assert one(ENCRYPTED, storage_encrypted=True).evidence[0].write == ""


def test_evidence_hides_what_is_sensitive_and_is_not_endless():
    rule = database_rule(**{"assert": {"engine": "postgres"}})
    assert one(rule, engine=Sensitive("s3cret")).evidence[0].observed == "(sensitive)"
    each = database_rule(**{"assert": {"each": {"in": "rules", "assert": {"port": 1}}}})
    assert len(one(each, rule=[{"port": 2}] * 500).evidence) == MAX_EVIDENCE
    long = database_rule(**{"assert": {"ports": {"contains": 1}}})
    assert len(one(long, rule=[{"port": 2}] * 500).evidence[0].observed) == 21


def test_a_finding_stands_at_what_decided_it():
    assert one(ENCRYPTED, storage_encrypted=False).location.span.line == 2
    assert one(ENCRYPTED).location.span.line == 1


def test_an_undecided_tenant_or_class_is_shown_as_such():
    subject = one(ENCRYPTED, tags=VAR).subject
    assert (subject.tenant, subject.data_class) == ("(unknown)", "(unknown)")
    assert one(ENCRYPTED).subject.tenant is None


def test_only_the_asked_tenants_and_what_may_be_theirs_are_judged():
    root = scope()
    resources = [
        made(f"aws_database.{n}", root, tags=tags)
        for n, tags in (("a", {"tenant": "mercy"}), ("b", {"tenant": "x"}), ("c", VAR), ("d", {}))
    ]
    judged = {f.subject.address for f in findings([ENCRYPTED, TRAIL], *resources, tenants=("mercy",))}
    assert judged == {"aws_database.a", "aws_database.c"}


# -- fingerprints and order


def test_a_fingerprint_is_stable_when_lines_move_and_not_when_anything_else_does():
    def print_of(address="aws_database.a", line=1, file="main.tf", root="root", rule=ENCRYPTED, **attributes):
        (finding,) = findings(rule, made(address, scope(root), line=line, file=file, **attributes))
        return finding.fingerprint

    base = print_of()
    assert print_of(line=400) == base
    assert print_of(days=3) == base
    others = [
        print_of("aws_database.b"),
        print_of("module.m.aws_database.a"),
        print_of('aws_database.a["x"]'),
        print_of(file="other.tf"),
        print_of(root="other"),
        print_of(rule={**ENCRYPTED, "id": "other"}),
    ]
    assert len({base, *others}) == 7


def test_two_roots_that_share_a_module_have_fingerprints_of_their_own():
    address, file = "module.db.aws_database.a", "modules/db/main.tf"
    found = findings(ENCRYPTED, *[made(address, scope(root), file=file) for root in ("prod", "staging")])
    assert len({f.fingerprint for f in found}) == 2
    assert len({f.location for f in found}) == 1


def test_failures_of_different_properties_differ():
    rule = database_rule(**{"assert": {"encryption.at_rest": True, "engine": "postgres"}})
    prints = {
        one(rule, engine="postgres").fingerprint,
        one(rule, storage_encrypted=True).fingerprint,
        one(rule).fingerprint,
    }
    assert len(prints) == 3


def test_findings_do_not_depend_on_the_order_of_resources():
    root = scope()
    resources = [made(f"aws_database.{n}", root, line=line) for n, line in (("c", 5), ("a", 9), ("b", 5))]
    forward = findings([ENCRYPTED, DAYS], *resources)
    assert forward == findings([DAYS, ENCRYPTED], *reversed(resources))
    assert [f.subject.address for f in forward][::2] == ["aws_database.b", "aws_database.c", "aws_database.a"]


def test_a_finding_names_the_module_calls_behind_it(scan_files):
    report = scan_files(
        {
            "main.tf": 'module "a" {\n  source = "./m"\n  encrypted = false\n}\n',
            "m/main.tf": 'variable "encrypted" {}\nresource "aws_ebs_volume" "v" { encrypted = var.encrypted }\n',
        },
        rules=("encryption-at-rest",),
    )
    (finding,) = report.findings
    assert [(call.path, call.span.line) for call in finding.subject.called_from] == [("main.tf", 1)]
