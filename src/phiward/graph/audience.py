"""Whom a policy statement reaches: whether anyone at all, or only callers whom it names.

The measure is AWS's own, "The meaning of 'public'" in the S3 user guide (Blocking public access to your S3
storage): a policy is public unless it grants only to fixed values (without wildcard or policy variable) of a
principal, a narrow `aws:SourceIp`, or one of these keys. `as_s3` holds to that list; elsewhere an ARN with
a fixed account is fixed enough, because nobody else can own such a resource.
"""

from __future__ import annotations

from phiward.graph.policy import HOLE, REFERENCE, Condition, Statement, sketch
from phiward.graph.truth import Truth, all_of, any_of, negate, one_of, why
from phiward.model.value import Unknown, Value
from phiward.pattern import pattern

_S3_KEYS = frozenset(
    {
        "aws:principalorgid",
        "aws:sourcearn",
        "aws:sourcevpc",
        "aws:sourcevpce",
        "aws:sourceowner",
        "aws:sourceaccount",
        "aws:userid",
        "s3:dataaccesspointarn",
        "s3:dataaccesspointaccount",
    }
)
_IDENTIFYING_KEYS = _S3_KEYS | {
    "aws:principalaccount",
    "aws:principalarn",
    "aws:principalorgpaths",
    "aws:sourceorgid",
    "aws:sourceorgpaths",
    "aws:sourcevpcarn",
    "aws:vpceaccount",
    "aws:vpceorgid",
    "aws:vpceorgpaths",
    "kms:calleraccount",
}
_HARMLESS_KEYS = frozenset(
    {
        "aws:calledvia",
        "aws:calledviafirst",
        "aws:calledvialast",
        "aws:currenttime",
        "aws:epochtime",
        "aws:multifactorauthage",
        "aws:multifactorauthpresent",
        "aws:principalisawsservice",
        "aws:principaltype",
        "aws:referer",
        "aws:requestedregion",
        "aws:securetransport",
        "aws:tagkeys",
        "aws:tokenissuetime",
        "aws:useragent",
        "aws:viaawsservice",
        "kms:grantisforawsresource",
        "kms:viaservice",
        "sns:protocol",
    }
)
"""Keys that say how a request is made, not by whom: any account can satisfy them."""
_HARMLESS_PREFIXES = ("aws:principaltag/", "aws:requesttag/", "kms:encryptioncontext", "s3:")
_MATCHING = frozenset({"stringequals", "stringequalsignorecase", "stringlike", "arnequals", "arnlike"})
_REFUSING = frozenset({"stringnotequals", "stringnotequalsignorecase", "stringnotlike", "arnnotequals", "arnnotlike"})
_ROLE_SESSION = pattern(r"^AROA[A-Z0-9]{12,}:\*$")
"""Every session of one role, by the unique id that AWS never gives again."""
_COUNTED_AS_PUBLIC = Unknown("AWS counts the sessions of a role in aws:userid as public, although the role is fixed")
_ARN_ACCOUNT, _ARN_SERVICE, _ARN_RESOURCE = 4, 2, 5
_WIDEST_IPV4, _WIDEST_IPV6 = 8, 32


def grants_anyone(statement: Statement, *, as_s3: bool = False) -> Truth:
    """Whether it lets in callers of whom it asks nothing that identifies them."""
    if statement.effect == "Deny":
        return False
    effect: Truth = statement.effect if isinstance(statement.effect, Unknown) else True
    restricted = any_of(_restricts(condition, as_s3) for condition in statement.conditions)
    return all_of([effect, names_anyone(statement), negate(restricted)])


def names_anyone(statement: Statement) -> Truth:
    """Whether its Principal alone, conditions left aside, can be anyone."""
    if statement.not_principals is not None:
        return True
    if statement.principals is None:
        return False
    return any_of(_anyone(kind, value) for kind, values in statement.principals.items() for value in values)


def refuses_strangers(statement: Statement) -> Truth:
    """Whether it is a Deny to everyone outside a fixed account, organisation, VPC or address range."""
    if statement.effect == "Allow" or names_anyone(statement) is False or statement.not_principals:
        return False
    effect: Truth = statement.effect if isinstance(statement.effect, Unknown) else True
    # Conditions of a Deny narrow it: only a lone one that spares nobody but the named keeps all others out.
    telling = [condition for condition in statement.conditions if _spares_services(condition) is not True]
    spared = [spares for condition in telling if isinstance(spares := _spares_services(condition), Unknown)]
    if len(telling) - len(spared) == 1 and spared:
        return spared[0]
    if len(telling) != 1:
        return False
    condition = telling[0]
    if isinstance(condition, Unknown):
        return condition
    if condition.qualifier == "foranyvalue":
        return False  # it does not hold for callers without the key
    if condition.key == "aws:sourceip" and condition.operator == "notipaddress":
        return all_of([effect, names_anyone(statement), *map(_narrow, condition.values)])
    if condition.key in _IDENTIFYING_KEYS and condition.operator in _REFUSING:
        fixed = (identifies(condition.key, value) for value in condition.values)
        return all_of([effect, names_anyone(statement), *fixed])
    return False


def _spares_services(condition: Condition | Unknown) -> Truth:
    """Whether it spares nobody but AWS's own services, which are not strangers."""
    if isinstance(condition, Unknown):
        return False
    if condition.key != "aws:principalisawsservice" or condition.operator != "bool":
        return False
    return all_of(one_of(value, ("false",)) for value in condition.values)


def _anyone(kind: str, value: Value) -> Truth:
    text = sketch(value)
    if text == "*":
        return True if kind in ("*", "AWS") else Unknown(f"IAM gives no meaning to a {kind} principal of *")
    if HOLE in text and not text.strip(f"*{HOLE}"):
        return why(value)
    if kind == "AWS" and "*" in text:
        return Unknown("IAM takes no wildcard inside a principal")
    return False


def _restricts(condition: Condition | Unknown, as_s3: bool) -> Truth:
    if isinstance(condition, Unknown):
        return condition
    if condition.if_exists or condition.qualifier == "forallvalues":
        return False  # both hold when the request does not carry the key at all
    if condition.key == "aws:sourceip":
        return condition.operator == "ipaddress" and all_of(map(_narrow, condition.values))
    if condition.operator not in _MATCHING:
        return False
    if condition.key in (_S3_KEYS if as_s3 else _IDENTIFYING_KEYS):
        return all_of(identifies(condition.key, value, as_s3=as_s3) for value in condition.values)
    if condition.key in _IDENTIFYING_KEYS:
        return Unknown(f"AWS's list of what makes a bucket policy non-public does not name {condition.key}")
    if condition.key in _HARMLESS_KEYS or condition.key.startswith(_HARMLESS_PREFIXES):
        return False
    return Unknown(f"whether the condition key {condition.key} keeps strangers out is not known")


def identifies(key: str, value: Value, *, as_s3: bool = False) -> Truth:
    """Whether a condition's value names somebody, so that no stranger can match it."""
    text = sketch(value)
    if key == "aws:userid" and _ROLE_SESSION.match(text):
        return _COUNTED_AS_PUBLIC if as_s3 else True
    if HOLE not in text and not _open(text):
        return True
    enough = _identity(text, key)
    if HOLE in enough:
        return why(value)
    if _open(enough):
        return False
    if as_s3 and _open(text) and not key.startswith("s3:"):
        return Unknown(f"AWS counts a wildcard in {key} as public, although the account in it is fixed")
    return True


def _identity(text: str, key: str) -> str:
    """Cut out the part of a value that tells whose it is, or keep all of it where there is no such part."""
    if key.endswith("orgpaths"):
        return text.partition("/")[0]
    fields = text.split(":", _ARN_RESOURCE)
    if text == REFERENCE or text.startswith(REFERENCE):
        return REFERENCE
    if len(fields) <= _ARN_RESOURCE:
        return text
    if fields[_ARN_SERVICE] == "s3" and (not fields[_ARN_ACCOUNT] or _open(fields[_ARN_ACCOUNT])):
        return fields[_ARN_RESOURCE].partition("/")[0]
    return fields[_ARN_ACCOUNT] or text


def _open(text: str) -> bool:
    return any(mark in text for mark in ("*", "?", "${", "&{"))


def _narrow(value: Value) -> Truth:
    """Whether an address range is narrow enough: AWS calls anything wider than /8 (IPv6: /32) public."""
    from ipaddress import IPv4Network, ip_network

    text = sketch(value)
    if text == REFERENCE:
        return True
    if HOLE in text or REFERENCE in text:
        return why(value)
    try:
        network = ip_network(text, strict=False)
    except ValueError:
        return Unknown("what is written is not an address range")
    return network.prefixlen >= (_WIDEST_IPV4 if isinstance(network, IPv4Network) else _WIDEST_IPV6)
