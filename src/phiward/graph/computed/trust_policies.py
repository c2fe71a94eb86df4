"""Whom the trust policy of a role lets in from outside: pipelines by their tokens, and people with a second factor.

Sources: GitHub, "OpenID Connect reference" (the forms of `sub`); IAM user guide, "Create a role for OpenID Connect
federation" and "Secure API access with MFA".

The catalog names each function by its key in `TRUST_POLICIES`.
"""

from __future__ import annotations

from collections.abc import Iterator

from phiward.graph.computed.permissions import covers
from phiward.graph.computed.policies import policy_statements
from phiward.graph.policy import HOLE, Condition, OpenCondition, Statement, sketch
from phiward.graph.truth import Truth, all_of, any_of, negate, one_of, why
from phiward.graph.view import ComputedProperty, Derived, View
from phiward.model.value import Unknown, Value
from phiward.pattern import pattern

POLICY = "assume_role_policy"
_PROVIDERS = {"aws_iam_openid_connect_provider": "url", "AWS::IAM::OIDCProvider": "Url"}
"""Types of OpenID Connect providers, and the attribute that holds the issuer."""
_WEB_IDENTITY = "sts:assumerolewithwebidentity"
_GITHUB = "token.actions.githubusercontent.com"
_PIPELINES = (_GITHUB, "gitlab.", "api.bitbucket.org", "oidc.circleci.com", "agent.buildkite.com", "app.terraform.io")
_ONE_PLACE = pattern(r"^repo:[^*?/:]+/[^*?/:]+:(ref:refs/(heads|tags)/[^*?]+|environment:[^*?]+)$")


def trust_pipelines(view: View) -> Derived:
    """`trust.pipelines`: the statements that let in build pipelines by a token of their platform."""
    return Derived(list(_pipelines(view)), paths=[POLICY])


def _pipelines(view: View) -> Iterator[Value]:
    for index, entry in enumerate(policy_statements(view, POLICY)):
        if isinstance(entry, Unknown):
            yield entry
        elif entry.effect != "Deny" and covers(entry, _WEB_IDENTITY) is not False:
            platform = _platform(entry, view)
            if isinstance(platform, Unknown):
                yield platform
            elif platform:
                yield {
                    "statement": entry.label(index),
                    "issuer": platform,
                    "audience": any_of(_fixed(condition, ":aud") for condition in entry.conditions),
                    "limited": any_of(_limits(condition, platform) for condition in entry.conditions),
                }


def _platform(entry: Statement, view: View) -> str | Unknown:
    """The platform whose tokens a statement takes, "" where they are no pipeline's."""
    named = (entry.principals or {}).get("Federated", [])
    issuers = [_issuer(name, view) for name in named]
    keys = [c.key for c in map(_inner, entry.conditions) if isinstance(c, Condition)]
    texts = [*issuers, *keys]
    found = next((host for host in _PIPELINES for text in texts if host in text), "")
    if found or any(":" in key and HOLE not in key for key in keys):
        return found  # a condition on a claim names the issuer whose claim it is
    hidden = [condition for condition in entry.conditions if isinstance(condition, Unknown)]
    hidden += [why(name) for name, text in zip(named, issuers, strict=True) if HOLE in text]
    return hidden[0] if hidden and issuers else ""


def _issuer(principal: Value, view: View) -> str:
    """The text of a federated principal; the address of the issuer where it is one that is declared."""
    declared = view.follow(principal)
    attribute = _PROVIDERS.get(declared.resource.native_type) if declared is not None else None
    if declared is not None and attribute is not None:
        return sketch(declared.get(attribute))
    return sketch(principal)


def _inner(condition: Condition | Unknown) -> Condition | Unknown:
    return condition.condition if isinstance(condition, OpenCondition) else condition


def _claim(condition: Condition | Unknown, claim: str) -> bool:
    return isinstance(condition, Condition) and condition.key.endswith(claim) and not condition.if_exists


def _fixed(condition: Condition | Unknown, claim: str) -> Truth:
    inner = _inner(condition)
    if not isinstance(inner, Condition):
        return inner
    if not _claim(inner, claim) or inner.operator not in ("stringequals", "stringlike"):
        return False
    return all_of(_no_pattern(value, literal=inner.operator == "stringequals") for value in inner.values)


def _no_pattern(value: Value, *, literal: bool) -> Truth:
    text = sketch(value)
    if HOLE in text:
        return True if literal else why(value)
    return literal or not set("*?") & set(text)


def _limits(condition: Condition | Unknown, platform: str) -> Truth:
    """Whether a condition on `sub` lets in one branch, tag or environment of named repositories and no more."""
    inner = _inner(condition)
    if not isinstance(inner, Condition):
        return inner
    if not _claim(inner, ":sub") or inner.operator not in ("stringequals", "stringlike"):
        return False
    if inner.qualifier == "forallvalues":
        return False
    literal = inner.operator == "stringequals"
    return all_of(_one_place(value, platform, literal=literal) for value in inner.values)


def _one_place(value: Value, platform: str, *, literal: bool) -> Truth:
    text = sketch(value)
    if platform != _GITHUB:
        return _no_pattern(value, literal=literal)
    shown = text.replace(HOLE, "x")
    if _ONE_PLACE.match(shown):
        return _no_pattern(value, literal=literal)
    return why(value) if HOLE in text else False


def trust_mfa(view: View) -> Derived:
    """`trust.mfa`: whether every statement that lets somebody in asks for a second factor."""
    read = policy_statements(view, POLICY)
    asked = all_of(_asks_mfa(entry) for entry in read) if read else False
    return Derived(asked, paths=[POLICY])


def _asks_mfa(entry: Statement | Unknown) -> Truth:
    if isinstance(entry, Unknown):
        return entry
    denies = entry.effect if isinstance(entry.effect, Unknown) else entry.effect == "Deny"
    return any_of([denies, negate(covers(entry, "sts:assumerole")), *map(_mfa, entry.conditions)])


def _mfa(condition: Condition | Unknown) -> Truth:
    if isinstance(condition, OpenCondition):
        return Unknown(condition.reason, condition.hint)
    if isinstance(condition, Unknown):
        return condition
    if condition.key != "aws:multifactorauthpresent" or condition.if_exists or condition.operator != "bool":
        return condition.key == "aws:multifactorauthage" and condition.operator.startswith("numericlessthan")
    return all_of(one_of(value, ("true",)) for value in condition.values)


TRUST_POLICIES: dict[str, ComputedProperty] = {
    "trust_mfa": trust_mfa,
    "trust_pipelines": trust_pipelines,
}
