"""Which service accounts of a cluster the trust policy of an IAM role lets in.

Sources: EKS user guide, "IAM roles for service accounts" and "Assign an IAM role to a Kubernetes service account" (the
conditions on the issuer's `sub` and `aud`), "Learn how EKS Pod Identity grants pods access to AWS services".
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from phiward.graph.policy import HOLE, Condition, OpenCondition, Read, Statement, glob_covers, sketch
from phiward.graph.truth import Truth, all_of, any_of, negate, why
from phiward.graph.view import View
from phiward.model.value import Partial, Reference, Unknown, Value, undecided
from phiward.record import dataclass

PREFIX = "system:serviceaccount:"
_WEB_IDENTITY = "sts:assumerolewithwebidentity"
_ONE_ACCOUNT = re.compile(rf"^{PREFIX}[^:]+:[^:]+$")
_OPEN = re.compile(f"[*?{HOLE}]")
_ISSUERS_OF_OTHERS = (
    "token.actions.githubusercontent.com",
    "gitlab.com",
    "api.bitbucket.org",
    "app.terraform.io",
    "oidc.circleci.com",
    "agent.buildkite.com",
    "accounts.google.com",
    "graph.facebook.com",
    "www.amazon.com",
    "cognito-identity.amazonaws.com",
    "login.microsoftonline.com",
    "sts.windows.net",
    "auth0.com",
    "okta.com",
)
_EKS = re.compile(r"(^|[/.])oidc(-eks)?\.(eks\.)?[a-z0-9-]+\.(amazonaws\.com(\.cn)?|api\.aws)/id/", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Trust:
    """One statement. `subjects` are what it asks of `sub`: literal names, or patterns where `exact` is not true."""

    statement: str
    subjects: tuple[Value, ...]
    exact: Truth
    audience: Truth
    literal: bool = True
    """Whether its subjects are compared letter by letter, so that none of them can be a pattern."""

    @property
    def accounts(self) -> list[tuple[str, str]]:
        """The service accounts that it names for certain, by namespace and name."""
        named = [subject for subject in self.subjects if isinstance(subject, str) and _ONE_ACCOUNT.match(subject)]
        if self.exact is False:
            return []
        return [(space, name) for space, _, name in (text.removeprefix(PREFIX).partition(":") for text in named)]

    @property
    def doubts(self) -> list[Unknown]:
        """Why it may let in other accounts than those: one doubt for each, two where it may be any number."""
        if isinstance(self.exact, Unknown) and not any(map(undecided, self.subjects)):
            return [self.exact, self.exact]
        doubtful = [subject for subject in self.subjects if undecided(subject)]
        return [
            why(subject)
            for subject in doubtful
            for _ in range(1 if self.literal and isinstance(subject, Partial) else 2)
        ]

    def names(self, namespace: str, name: str) -> Truth:
        """Whether it lets in one service account by its very name."""
        wanted = f"{PREFIX}{namespace}:{name}"
        return any_of(
            why(subject) if HOLE in sketch(subject) else sketch(subject) == wanted for subject in self.subjects
        )

    def matches(self, namespace: str, name: str) -> Truth:
        """Whether it lets in one service account, be it by a pattern or because it asks for none."""
        wanted = f"{PREFIX}{namespace}:{name}"
        if not self.subjects:
            return negate(self.exact)
        return any_of(
            why(subject) if HOLE in sketch(subject) else glob_covers(sketch(subject), wanted)
            for subject in self.subjects
        )


def trusts(read: Read, view: View) -> list[Trust | Unknown]:
    """The statements of a role's trust policy that let in service accounts through an OpenID Connect issuer."""
    found: list[Trust | Unknown] = []
    for index, entry in enumerate(read):
        if isinstance(entry, Unknown):
            found.append(entry)
            continue
        ours = _of_a_cluster(entry, view)
        if isinstance(ours, Unknown):
            found.append(ours)
        elif ours:
            found.append(_trust(entry, entry.label(index)))
    return found


def _trust(entry: Statement, label: str) -> Trust:
    subjects = [condition for condition in _asked(entry, ":sub") if not condition.if_exists]
    hidden = any_of(Unknown(each.reason, each.hint) for each in map(_hidden, entry.conditions) if each is not None)
    limits = sorted((c for c in subjects), key=lambda c: _exact(c) is not True)  # all hold: the narrowest decides
    exact = any_of([*(_exact(condition) for condition in subjects), hidden])
    audience = any_of([*(_fixed(condition) for condition in _asked(entry, ":aud") if not condition.if_exists), hidden])
    literal = bool(limits) and limits[0].operator == "stringequals"
    return Trust(label, limits[0].values if limits else (), exact, audience, literal)


def _hidden(condition: Condition | Unknown) -> Unknown | None:
    """A condition of which it is not known on what claim it is."""
    if isinstance(condition, Condition):
        return None
    known = isinstance(condition, OpenCondition) and ":" in condition.condition.key.rpartition(HOLE)[2]
    return None if known else condition


def _asked(entry: Statement, key: str) -> Iterable[Condition]:
    """The conditions on one claim of the token, whatever is not known of the issuer before it."""
    for each in entry.conditions:
        condition = each.condition if isinstance(each, OpenCondition) else each
        if isinstance(condition, Condition) and condition.key.endswith(key):
            yield condition


def _exact(condition: Condition) -> Truth:
    """Whether a condition on `sub` names accounts and no more."""
    return all_of([_fixed(condition), all_of(_one_account(value, condition) for value in condition.values)])


def _one_account(value: Value, condition: Condition) -> Truth:
    text = sketch(value)
    if HOLE in text:
        return why(value)
    return condition.operator == "stringequals" or bool(_ONE_ACCOUNT.match(text))


def _fixed(condition: Condition) -> Truth:
    """Whether a condition asks for fixed values, without wildcards."""
    if condition.qualifier == "forallvalues" or condition.operator not in ("stringequals", "stringlike"):
        return False
    if condition.operator == "stringequals":
        return True
    shapes = [(value, sketch(value)) for value in condition.values]
    return all_of(False if set("*?") & set(text) else why(value) if HOLE in text else True for value, text in shapes)


def _of_a_cluster(entry: Statement, view: View) -> Truth:
    """Whether a statement lets in tokens of a cluster's issuer."""
    providers = _federated(entry)
    if entry.effect == "Deny" or not providers:
        return False
    allows = entry.effect if isinstance(entry.effect, Unknown) else True
    acts = all_of([allows, any_of(_assumes(action) for action in entry.actions or ())])
    if acts is False:
        return False
    asked = [value for condition in _asked(entry, ":sub") for value in condition.values]
    if any(sketch(value).startswith(PREFIX) for value in asked):
        return acts
    if asked and not any(_may_be_an_account(sketch(value)) for value in asked):
        return False  # another kind of issuer: its subjects are not service accounts
    return all_of([acts, any_of(_issuer_of_a_cluster(provider, view) for provider in providers)])


def _federated(entry: Statement) -> list[Value]:
    """The providers that a statement names; a principal that is not known at all may be one."""
    principals = entry.principals or {}
    hidden = [value for kind, values in principals.items() if kind != "Federated" for value in values]
    return [*principals.get("Federated", []), *(value for value in hidden if isinstance(value, Unknown))]


def _may_be_an_account(text: str) -> bool:
    known = _OPEN.split(text, maxsplit=1)[0][: len(PREFIX)]
    return PREFIX.startswith(known)


def _assumes(action: Value) -> Truth:
    text = sketch(action).lower()
    return why(action) if HOLE in text else glob_covers(text, _WEB_IDENTITY)


def _issuer_of_a_cluster(provider: Value, view: View) -> Truth:
    if isinstance(provider, Reference):
        target = view.follow(provider)
        url = _url(target) if target is not None else None
        if isinstance(url, Reference) and _is_a_cluster(url, view):
            return True
        return _issuer(url) if isinstance(url, str) else Unknown(f"whose issuer {provider} is, is not known")
    return _issuer(sketch(provider))


def _url(provider: View) -> Value:
    """The issuer of an OpenID Connect provider."""
    attributes = provider.resource.attributes
    return attributes.get("Url" if provider.resource.source == "cloudformation" else "url")


def _is_a_cluster(url: Reference, view: View) -> bool:
    found = view.graph.find(url.address, view.resource.scope)
    return "aws_eks_cluster" in url.address or (found is not None and found.native_type == "AWS::EKS::Cluster")


def _issuer(text: str) -> Truth:
    if any(name in text for name in _ISSUERS_OF_OTHERS):
        return False
    if _EKS.search(text):
        return True
    return Unknown("whether the issuer that it trusts is a cluster's is not known", "write a condition on its sub")
