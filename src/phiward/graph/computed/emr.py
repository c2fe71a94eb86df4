"""What the security configuration of an EMR cluster says, and where its machines stand.

The catalog names each function by its key in `EMR`.
"""

from __future__ import annotations

from collections.abc import Iterable

from phiward.graph.truth import Truth, all_of, any_of, flag, listed, why, written
from phiward.graph.view import ComputedProperty, Derived, View
from phiward.model.holed_json import JsonError, parse
from phiward.model.value import Partial, Unknown, Value, undecided

_NAMED = "security_configuration"
_SWITCHES = {"at_rest": "EnableAtRestEncryption", "in_transit": "EnableInTransitEncryption"}
_DISKS = ("EncryptionConfiguration", "AtRestEncryptionConfiguration", "LocalDiskEncryptionConfiguration")
_CONFIGURATIONS = {
    "aws_emr_security_configuration": "configuration",
    "AWS::EMR::SecurityConfiguration": "SecurityConfiguration",
}
"""Where each type of security configuration holds its document."""
_SUBNET = Unknown("its subnet decides whether it gets public addresses", "declare the subnet in the same root")


def emr_encrypts(view: View, *, where: str) -> Derived:
    """Whether the security configuration switches encryption on, `at_rest` or `in_transit`."""
    found = _stands(view, ("EncryptionConfiguration", _SWITCHES[where]))
    return Derived(found if isinstance(found, Unknown) else flag(found, default=False), paths=[_NAMED])


def emr_key(view: View) -> Derived:
    """The key of the cluster's local disks: one of one's own, the key provider's, or none."""
    switched = emr_encrypts(view, where="at_rest").value
    if switched is not True:
        return Derived("none" if switched is False else switched, paths=[_NAMED])
    named = _stands(view, (*_DISKS, "AwsKmsKey"))
    return Derived("none" if named is None else named, paths=[_NAMED])


def emr_authentication(view: View) -> Derived:
    """`kerberos` where the cluster has Kerberos attributes and its security configuration a KDC."""
    kdc = _stands(view, ("AuthenticationConfiguration", "KerberosConfiguration"))
    truth = all_of([written(view.get("kerberos_attributes")), written(kdc)])
    return Derived(truth if isinstance(truth, Unknown) else "kerberos" if truth else "none", paths=[_NAMED])


def _stands(view: View, path: Iterable[str]) -> Value:
    """A value of the security configuration's document: `None` where the document does not hold it."""
    named = view.get(_NAMED)
    if named is None:
        return None
    declared = view.follow(named)
    if declared is None or declared.resource.native_type not in _CONFIGURATIONS:
        return Unknown("its security configuration is not declared here", "refer to an aws_emr_security_configuration")
    value = _document(declared.get(_CONFIGURATIONS[declared.resource.native_type]))
    for step in path:
        if not isinstance(value, dict):
            return why(value) if undecided(value) else None
        value = value.get(step)
    return value


def _document(text: Value) -> Value:
    if not isinstance(text, (str, Partial)):
        return text
    try:
        return parse(text)
    except JsonError as error:
        return Unknown(f"the security configuration cannot be read: {error}")


def subnets_public(view: View, *, subnets: Iterable[str]) -> Derived:
    """Whether one of the subnets at these paths gives its machines public addresses."""
    paths = list(subnets)
    named = [subnet for path in paths for subnet in listed(view.get(path))]
    return Derived(any_of(map(_habit, [view] * len(named), named)) if named else _SUBNET, paths=paths)


def _habit(view: View, subnet: Value) -> Truth:
    target = view.follow(subnet)
    habit = target.property("network.public") if target is not None and target.models("network.public") else None
    return habit if isinstance(habit, (bool, Unknown)) else _SUBNET


EMR: dict[str, ComputedProperty] = {
    "emr_authentication": emr_authentication,
    "emr_encrypts": emr_encrypts,
    "emr_key": emr_key,
    "subnets_public": subnets_public,
}
