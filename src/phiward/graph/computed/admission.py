"""Whether what a cluster admits is held to its policies, or only written down.

The catalog names each function by its key in `ADMISSION`. Sources: kubernetes.io, "Pod Security Admission", "Enforce
Pod Security Standards by Configuring the Built-in Admission Controller" and "Validating Admission Policy"; kyverno.io,
"Validate Rules"; Gatekeeper's documentation, "Handling Constraint Violations" and "Enforcement points".
"""

from __future__ import annotations

from phiward.graph.cluster import labels_of
from phiward.graph.reading import inner, items
from phiward.graph.truth import Truth, all_of, any_of, equals, why
from phiward.graph.view import ComputedProperty, Derived, View
from phiward.model.value import Unknown, Value, undecided

_ENFORCE = "pod-security.kubernetes.io/enforce"
_CONFIGURATION = "apiserver.config.k8s.io/AdmissionConfiguration"
_AT_ADMISSION = ("*", "validation.gatekeeper.sh", "vap.k8s.io")


def namespace_pod_security(view: View, mode: str) -> Value | Derived:
    """The Pod Security level that a namespace enforces, or (`mode: version`) of which version.

    A namespace without the label has the level of the API server's configuration, where that is part of the scan.
    """
    labels = labels_of(view)
    if isinstance(labels, Unknown):
        return labels
    key = _ENFORCE if mode == "level" else f"{_ENFORCE}-version"
    written = labels.get(key)
    path = f'metadata.labels["{key}"]'
    configured = _configured(view)
    if mode == "level":
        exempt = any_of(equals(name, str(view.name)) for name in items(inner(configured, "exemptions", "namespaces")))
        if exempt is not False:
            return exempt if isinstance(exempt, Unknown) else "exempt"
    if written is not None:
        return Derived(why(written) if undecided(written) else str(written), paths=[path])
    return inner(configured, "defaults", "enforce" if mode == "level" else "enforce-version")


def _configured(view: View) -> Value:
    """What the API server's configuration says of Pod Security; None where the scan has none."""
    for each in view.graph.cluster(view.resource.scope).of(_CONFIGURATION):
        for plugin in items(each.get("plugins")):
            name = inner(plugin, "name")
            if name == "PodSecurity" or undecided(name):
                return why(name) if undecided(name) else inner(plugin, "configuration")
    return None


def bound_policy_enforces(view: View) -> Value:
    """Whether a binding of a ValidatingAdmissionPolicy refuses what that does not allow; without one it is idle."""
    cluster = view.graph.cluster(view.resource.scope)
    bindings = cluster.of("admissionregistration.k8s.io/ValidatingAdmissionPolicyBinding")
    own: list[Truth] = []
    for binding in bindings:
        named = equals(binding.get("spec.policyName"), str(view.name))
        denies = any_of(_word(action, "Deny") for action in items(binding.get("spec.validationActions")))
        own += [all_of([named, denies])] if named is not False else []
    if own:
        return any_of([*own, *([cluster.hole] if cluster.hole else [])])
    return cluster.hole or Unknown(
        "no binding of it is declared in what was scanned", "scan the ValidatingAdmissionPolicyBinding too"
    )


def kyverno_enforces(view: View) -> Value | Derived:
    """Whether every rule of a Kyverno policy that validates refuses; absent where none validates."""
    rules = items(view.get("spec.rules"))
    default = view.get("spec.validationFailureAction")
    actions = [action for rule in rules for action in _kyverno_actions(rule, default)]
    if not actions:
        return None
    overrides = [
        override
        for holder in (view.get("spec.validationFailureActionOverrides"), *_rule_overrides(rules))
        for override in items(holder)
    ]
    spared = any_of(equals(inner(override, "action"), "audit") for override in overrides)
    enforced = all_of([*actions, spared if isinstance(spared, Unknown) else not spared])
    return Derived(enforced, paths=["spec.validationFailureAction", "spec.rules"])


def _kyverno_actions(rule: Value, default: Value) -> list[Truth]:
    """Whether each check of a rule enforces; a rule that mutates or generates has none."""
    if isinstance(rule, Unknown):
        return [rule]
    checks = [inner(rule, "validate"), *items(inner(rule, "verifyImages"))]
    own = [inner(check, "failureAction") for check in checks if check is not None]
    return [equals(default if action is None else action, "enforce") for action in own]


def _rule_overrides(rules: list[Value]) -> list[Value]:
    return [inner(rule, "validate", "failureActionOverrides") for rule in rules if not isinstance(rule, Unknown)]


def kyverno_policy_enforces(view: View) -> Value | Derived:
    """Whether one of Kyverno's policies in CEL refuses what it does not allow."""
    actions = view.get("spec.validationActions")
    if actions is None:
        return Unknown("Kyverno does not document what a policy without validationActions does", "write [Deny]")
    return Derived(any_of(_word(action, "Deny") for action in items(actions)), paths=["spec.validationActions"])


def constraint_enforces(view: View) -> Value | Derived:
    """Whether a Gatekeeper constraint refuses at admission; it does unless it says otherwise."""
    action = view.get("spec.enforcementAction")
    if action != "scoped":
        return Derived(True if action is None else equals(action, "deny"), paths=["spec.enforcementAction"])
    scoped = items(view.get("spec.scopedEnforcementActions"))
    return Derived(any_of(map(_denies_at_admission, scoped)), paths=["spec.scopedEnforcementActions"])


def _denies_at_admission(scoped: Value) -> Truth:
    points = (inner(point, "name") for point in items(inner(scoped, "enforcementPoints")))
    there = any_of(why(name) if undecided(name) else name in _AT_ADMISSION for name in points)
    return all_of([equals(inner(scoped, "action"), "deny"), there])


def _word(value: Value, expected: str) -> Truth:
    return why(value) if undecided(value) else value == expected


ADMISSION: dict[str, ComputedProperty] = {
    "bound_policy_enforces": bound_policy_enforces,
    "constraint_enforces": constraint_enforces,
    "kyverno_enforces": kyverno_enforces,
    "kyverno_policy_enforces": kyverno_policy_enforces,
    "namespace_pod_security": namespace_pod_security,
}
