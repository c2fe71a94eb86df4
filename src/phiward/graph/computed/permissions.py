"""What identity policies grant, statement by statement.

Sources: IAM user guide, "IAM JSON policy elements"; service authorization reference (the actions that read data, and
those by which a principal widens its own rights); DynamoDB developer guide, "Using conditions for fine-grained access
control"; KMS developer guide, "Policy conditions based on the encryption context".

The catalog names each function by its key in `PERMISSIONS`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from phiward.graph.computed.policies import policy_statements, read_policy
from phiward.graph.computed.reading import blocks
from phiward.graph.policy import HOLE, Condition, OpenCondition, Statement, glob_covers, sketch
from phiward.graph.reading import MISSING
from phiward.graph.truth import Truth, all_of, any_of, listed, negate, why
from phiward.graph.view import ComputedProperty, Derived, View
from phiward.graph.words import translated
from phiward.model.resource import AttributePath, Resource
from phiward.model.value import Unknown, Value
from phiward.pattern import pattern

WIDENING = (
    "iam:createpolicyversion", "iam:setdefaultpolicyversion", "iam:attachuserpolicy", "iam:attachrolepolicy",
    "iam:attachgrouppolicy", "iam:putuserpolicy", "iam:putrolepolicy", "iam:putgrouppolicy", "iam:addusertogroup",
    "iam:updateassumerolepolicy", "iam:createaccesskey", "iam:createloginprofile", "iam:updateloginprofile",
)  # fmt: skip
"""Actions by which a principal gives itself, or another whose credentials it holds, further rights."""
DATA = {
    "dynamodb": ("dynamodb:getitem", "dynamodb:query", "dynamodb:scan", "dynamodb:putitem", "dynamodb:batchgetitem"),
    "kms": ("kms:decrypt",),
    "s3": ("s3:getobject", "s3:putobject"),
    "secretsmanager": ("secretsmanager:getsecretvalue",),
    "sqs": ("sqs:receivemessage",),
}
"""Service -> the actions that reach what is stored in it."""
READING = (
    "dynamodb:getitem", "dynamodb:scan", "s3:getobject", "secretsmanager:getsecretvalue", "ssm:getparameter",
    "sqs:receivemessage", "healthlake:readresource", "rds-data:executestatement",
)  # fmt: skip
_NARROWING = ("iam:passedtoservice", "iam:permissionsboundary", "iam:policyarn", "iam:associatedresourcearn")
_KEY_CONDITIONS = ("kms:", "aws:resourcetag/")
_TENANT_KEYS = ("dynamodb:leadingkeys", "kms:encryptioncontext:")
_TENANT_VARIABLES = ("${aws:principaltag/", "${aws:userid}", "${cognito-identity.amazonaws.com:sub}", "${saml:")
_TYPES = "cluster|db|domain|function|group|key|log-group|parameter|policy|repository|role|secret|stream|table|user"
_ALL_OF_A_TYPE = pattern(rf"^(\*+|({_TYPES})[/:]\*+|\*+/\*+)$")
"""What stands behind the account of an ARN that means everything of a type; a bucket's name stands there, too."""
_NAMED = pattern(rf"^[^{HOLE}]*[/:][^{HOLE}*?/:]")
_NAMED_IN_S3 = pattern(rf"^[^{HOLE}*?/]")
"""How the end of an ARN begins that surely names less than everything, whatever it goes on with."""
_WHOLE_SERVICE = pattern(r"^([a-z0-9-]+):\*+$")
_ARN_PARTS = 6
_MANAGED = ("aws_iam_policy", "AWS::IAM::ManagedPolicy")


def policy_grants(view: View, *, policy: str | list[str]) -> Derived:
    """`policy.grants`: what each Allow statement of a policy amounts to; the undecided ones stay in their places."""
    read = policy_statements(view, policy)
    paths = [path for path in listed(policy) if view.get(path) is not None][:1]
    return Derived(list(_described(read)), paths=paths)


def managed_policies(view: View, *, path: str) -> Value | Derived:
    """`policy.managed`: the ARNs of attached policies; one that the root declares goes by its address."""
    named = view.get(path)
    if named is None:
        return None
    return Derived([_declared_or(view, name) for name in listed(named)], paths=[path])


def _declared_or(view: View, name: Value) -> Value:
    target = view.follow(name)
    return target.resource.address if target and target.resource.native_type in _MANAGED else name


def role_grants(view: View) -> Derived:
    """`policy.grants` of the policies that a role writes inline."""
    found: list[Value] = []
    places: list[tuple[Resource, AttributePath]] = []
    written, (owner, at) = translated(view, ("inline_policy",))
    for index, block in enumerate(blocks(None if written is MISSING else written)):
        read = [block] if isinstance(block, Unknown) else read_policy(view, block.get("policy"))
        described = list(_described(read))
        found += described
        places += [(owner, (*at, index))] * len(described)
    return Derived(found, places=places)


def _described(read: Iterable[Statement | Unknown]) -> Iterator[Value]:
    for index, entry in enumerate(read):
        if isinstance(entry, Unknown):
            yield entry
        elif entry.effect != "Deny":
            yield entry.effect if isinstance(entry.effect, Unknown) else _grant(entry, index)


def _grant(entry: Statement, index: int) -> dict[str, Any]:
    everywhere = _everywhere(entry)
    whole = _whole_services(entry)
    everything = all_of([everywhere, _covers_all(entry)])
    return {
        "statement": entry.label(index),
        "everything": everything,
        "whole_service": all_of([everywhere, negate(everything), any_of(truth for _, truth in whole)]),
        "service": next((name for name, truth in whole if truth is not False), ""),
        "widens": _wide(entry, everywhere, WIDENING, _NARROWING),
        "passes_any_role": _wide(entry, everywhere, ("iam:passrole",), _NARROWING),
        "assumes_any_role": _wide(entry, everywhere, ("sts:assumerole",), ("aws:resourcetag/", "sts:externalid")),
        "decrypts_anything": _wide(entry, everywhere, ("kms:decrypt", "kms:reencryptfrom"), _KEY_CONDITIONS),
        "buys": _wide(entry, everywhere, ("aws-marketplace:subscribe",), ()),
        "reads_everything": _wide(entry, everywhere, READING, ("aws:resourcetag/", "s3:existingobjecttag/")),
        "data_services": _data_services(entry),
        "tenant_scoped": _tenant_scoped(entry),
    }


def _wide(entry: Statement, everywhere: Truth, actions: Iterable[str], narrowed_by: tuple[str, ...]) -> Truth:
    """Whether one of the actions is granted on everything, with no condition that narrows it down."""
    narrowed = any_of(_on_key(condition, narrowed_by) for condition in entry.conditions)
    return all_of([everywhere, any_of(covers(entry, action) for action in actions), negate(narrowed)])


def covers(entry: Statement, action: str) -> Truth:
    """Whether a statement speaks of an action, given in lower case."""
    if entry.not_actions is not None:
        return negate(any_of(_covers(shape, action) for shape in entry.not_actions))
    return any_of(_covers(shape, action) for shape in entry.actions or ())


def _covers(shape: Value, action: str) -> Truth:
    text = sketch(shape).lower()
    return why(shape) if HOLE in text else glob_covers(text, action)


def _covers_all(entry: Statement) -> Truth:
    return any_of(_only_stars(action) for action in entry.actions or ())


def _only_stars(value: Value) -> Truth:
    text = sketch(value)
    if text in ("*:*", "*") or (text and not text.strip("*")):
        return True
    return why(value) if text.strip(HOLE + "*") == "" and text else False


def _whole_services(entry: Statement) -> list[tuple[str, Truth]]:
    found: list[tuple[str, Truth]] = []
    for action in entry.actions or ():
        text = sketch(action).lower()
        if HOLE in text:
            found.append(("", why(action)))
        elif whole := _WHOLE_SERVICE.match(text):
            found.append((whole[1], True))
    return found


def _everywhere(entry: Statement) -> Truth:
    """Whether a statement holds for all resources, or for all of a type."""
    if entry.not_resources is not None:
        return True
    return any_of(_all_of_a_type(resource) for resource in entry.resources or ())


def _all_of_a_type(resource: Value) -> Truth:
    text = sketch(resource)
    if text and not text.strip("*"):
        return True
    parts = text.split(":", _ARN_PARTS - 1)
    if len(parts) < _ARN_PARTS:
        return why(resource) if HOLE in text else False
    named = bool(_NAMED_IN_S3.match(parts[-1])) if parts[2] == "s3" else bool(_NAMED.match(parts[-1]))
    if HOLE in parts[-1]:
        return False if named else why(resource)
    if parts[2] == "s3":
        return not parts[-1].strip("*/")
    return bool(_ALL_OF_A_TYPE.match(parts[-1]))


def _on_key(condition: Condition | Unknown, keys: tuple[str, ...]) -> Truth:
    """Whether a condition stands on one of the keys, given by how they begin."""
    if isinstance(condition, OpenCondition):
        return Unknown(condition.reason, condition.hint)
    if isinstance(condition, Unknown):
        return condition
    return condition.key.startswith(keys)


def _data_services(entry: Statement) -> list[Value] | Unknown:
    found: list[Value] = []
    for service, actions in DATA.items():
        reached = any_of(covers(entry, action) for action in actions)
        if isinstance(reached, Unknown):
            return reached
        if reached:
            found.append(service)
    return found


def _tenant_scoped(entry: Statement) -> Truth:
    """Whether a statement reaches only what belongs to the caller's tenant: by a key, a prefix or a context."""
    by_condition = any_of(_by_tenant(condition) for condition in entry.conditions)
    by_resource = all_of(_names_caller(resource) for resource in entry.resources or ()) if entry.resources else False
    return any_of([by_condition, by_resource])


def _by_tenant(condition: Condition | Unknown) -> Truth:
    if isinstance(condition, Unknown):
        return _on_key(condition, ())
    if not condition.values:
        return False
    if condition.key.startswith(_TENANT_KEYS):
        return all_of(_not_all(value) for value in condition.values)
    return all_of(_names_caller(value) for value in condition.values)


def _not_all(value: Value) -> Truth:
    text = sketch(value)
    if text.strip("*" + HOLE):
        return True
    return why(value) if HOLE in text else False


def _names_caller(value: Value) -> Truth:
    text = sketch(value).lower()
    if any(variable in text for variable in _TENANT_VARIABLES):
        return True
    return why(value) if HOLE in text else False


PERMISSIONS: dict[str, ComputedProperty] = {
    "managed_policies": managed_policies,
    "policy_grants": policy_grants,
    "role_grants": role_grants,
}
