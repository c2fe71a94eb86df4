"""What a cluster's objects say together: namespaces and their labels, pods, selectors.

One `Cluster` is made for a scope when a rule or property first asks for it, and everything in it is worked out once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from phiward.graph.tenancy import Surroundings
from phiward.model.value import Unknown, Value, undecided

if TYPE_CHECKING:
    from phiward.graph.access import Access
    from phiward.graph.mesh.meshes import Meshes
    from phiward.graph.network_policies.isolation import Policies
    from phiward.graph.resource_graph import ResourceGraph
    from phiward.graph.selectors import Selectors
    from phiward.graph.view import View
    from phiward.model.resource import Scope

Labels = Mapping[str, Value]
NAMESPACE = "Namespace"
DEFAULT_ACCOUNT = "default"
"""The service account of pods that name none; every namespace has one."""
SERVICE = "Service"
POD = "pod"
"""The part of a row (see `Row.parts`) in which a workload's pod template stands."""


class Cluster:
    """The objects of one scope. `holes` of the scope mean that any object may be missing here."""

    def __init__(self, graph: ResourceGraph, scope: Scope) -> None:
        self._graph = graph
        self.scope = scope
        self._surroundings: dict[str, Surroundings] = {}

    @cached_property
    def by_type(self) -> dict[str, list[View]]:
        """Objects by native type, in the loader's order."""
        found: dict[str, list[View]] = defaultdict(list)
        for view in self._graph.of_scope(self.scope):
            found[view.resource.native_type].append(view)
        return found

    @cached_property
    def _in_namespace(self) -> dict[tuple[str, str], list[View]]:
        found: dict[tuple[str, str], list[View]] = defaultdict(list)
        for native, views in self.by_type.items():
            for view in views:
                found[native, namespace_of(view)].append(view)
        return found

    def of(self, native_type: str, namespace: str | None = None) -> list[View]:
        """The objects of a type, of one namespace where that is told."""
        if namespace is None:
            return self.by_type.get(native_type, [])
        return self._in_namespace.get((native_type, namespace), [])

    @cached_property
    def workloads(self) -> list[View]:
        """Everything that makes pods."""
        return [view for view in self._graph.of_scope(self.scope) if POD in view.row.parts]

    @cached_property
    def accounts(self) -> dict[tuple[str, str], View]:
        """The service accounts that are declared, by namespace and name."""
        return {(namespace_of(view), str(view.name)): view for view in self.of("ServiceAccount")}

    @cached_property
    def account_users(self) -> dict[tuple[str, str], list[View]]:
        """The workloads that run as each service account, by its namespace and name."""
        found: dict[tuple[str, str], list[View]] = defaultdict(list)
        for view in self.workloads:
            name = account_of(view)
            if isinstance(name, str):
                found[namespace_of(view), name].append(view)
        return found

    @cached_property
    def access(self) -> Access:
        """Who is granted what."""
        from phiward.graph.access import Access

        return Access(self)

    @cached_property
    def namespaces(self) -> dict[str, View]:
        """The namespaces that are declared, by name."""
        return {str(view.name): view for view in self.of(NAMESPACE) if isinstance(view.name, str)}

    @cached_property
    def policies(self) -> Policies:
        """The network policies of every kind."""
        from phiward.graph.network_policies.isolation import Policies

        return Policies(self)

    @cached_property
    def meshes(self) -> Meshes:
        """The service meshes that are in use."""
        from phiward.graph.mesh.meshes import Meshes

        return Meshes(self)

    @cached_property
    def services(self) -> Selectors[View]:
        """The Services by the pods that they send to."""
        from phiward.graph.selectors import Selectors

        found: Selectors[View] = Selectors()
        for view in self.of(SERVICE):
            selector = view.get("spec.selector")
            if selector:  # one without a selector sends to what somebody lists by hand
                found.add(namespace_of(view), {"matchLabels": selector}, view)
        return found

    @property
    def hole(self) -> Unknown | None:
        """Why an object that is not here may exist all the same: something could not be read."""
        hole = self.scope.holes[0] if self.scope.holes else None
        return Unknown(hole.reason, hole.hint) if hole else None

    def surroundings(self, namespace: str) -> Surroundings:
        """A namespace with its labels, as tenancy asks for it."""
        found = self._surroundings.get(namespace)
        if found is None:
            labels = self.namespace_labels(namespace)
            tags = labels if namespace in self.namespaces else {}
            found = self._surroundings[namespace] = Surroundings(namespace, labels, tags)
        return found

    def namespace_labels(self, namespace: str) -> Labels | Unknown:
        """The labels of a namespace, with the one that every namespace has; unknown where it is not declared."""
        view = self.namespaces.get(namespace)
        if view is None:
            what = f"the namespace {namespace}" if namespace else "the namespace that it is applied to"
            return Unknown(f"{what} is not declared in what was scanned", "scan the manifest that declares it too")
        labels = labels_of(view)
        return labels if isinstance(labels, Unknown) else {"kubernetes.io/metadata.name": namespace, **labels}


def namespace_of(view: View) -> str:
    """The namespace that an object names; empty where its manifest leaves that open or its kind has none."""
    metadata = view.resource.attributes.get("metadata")
    value = metadata.get("namespace") if isinstance(metadata, dict) else None
    return "" if value is None else str(value)


def account_of(view: View) -> Value:
    """The name of the service account that a workload's pods run as; None where it makes no pods of its own."""
    spec = view.get(f"@{POD}.spec")
    if undecided(spec):
        return Unknown("the pods are not known")
    if not isinstance(spec, dict):
        return None
    for field in ("serviceAccountName", "serviceAccount"):
        name = spec.get(field)
        if undecided(name):
            return Unknown("the service account is not known")
        if name not in (None, ""):
            return str(name)
    return DEFAULT_ACCOUNT


def labels_of(view: View, part: str = "metadata") -> Labels | Unknown:
    """The labels of an object, or of its pods: `labels_of(view, "@pod.metadata")`."""
    return _mapping(view.get(f"{part}.labels"))


def annotations_of(view: View, part: str = "metadata") -> Labels | Unknown:
    """The annotations of an object, or of its pods."""
    return _mapping(view.get(f"{part}.annotations"))


def _mapping(value: Value) -> Labels | Unknown:
    if isinstance(value, Unknown):
        return value
    return value if isinstance(value, dict) else {}


def selects(selector: Value, labels: Labels | Unknown) -> bool | Unknown:
    """Whether a label selector (`matchLabels`, `matchExpressions`) takes in some labels; an empty one takes in all.

    Source: kubernetes.io, "Labels and Selectors", resources that support set-based requirements.
    """
    if undecided(selector):
        return Unknown("the selector is not known")
    if not isinstance(selector, dict):
        return selector is None
    pairs, expressions = selector.get("matchLabels") or {}, selector.get("matchExpressions") or []
    if not isinstance(pairs, dict) or not isinstance(expressions, list):
        return Unknown("the selector is not known")
    answers = [_has(labels, key, [value]) for key, value in pairs.items()]
    answers += [_satisfies(labels, expression) for expression in expressions]
    if any(answer is False for answer in answers):
        return False
    return next((answer for answer in answers if isinstance(answer, Unknown)), True)


def takes_all(selector: Value) -> bool | Unknown:
    """Whether a label selector takes in everything, whatever its labels are."""
    if undecided(selector):
        return Unknown("the selector is not known")
    if not isinstance(selector, dict):
        return selector is None
    parts = [selector.get("matchLabels"), selector.get("matchExpressions")]
    if any(part and not undecided(part) for part in parts):
        return False
    return Unknown("the selector is not known") if any(map(undecided, parts)) else True


def matches(wanted: Value, labels: Labels | Unknown) -> bool | Unknown:
    """Whether labels hold every pair of a plain selector, as a Service writes it."""
    return selects({"matchLabels": wanted} if wanted else {}, labels)


def _has(labels: Labels | Unknown, key: str, values: list[Value]) -> bool | Unknown:
    """Whether a label has one of some values."""
    if isinstance(labels, Unknown):
        return labels
    found = labels.get(key)
    if undecided(found) or any(undecided(value) for value in values):
        return Unknown(f"the label {key} is not known")
    return found is not None and str(found) in map(str, values)


def _satisfies(labels: Labels | Unknown, expression: Value) -> bool | Unknown:
    if not isinstance(expression, dict):
        return Unknown("the selector is not known")
    key, operator = expression.get("key"), expression.get("operator")
    if isinstance(labels, Unknown):
        return labels
    if not isinstance(key, str) or undecided(operator):
        return Unknown("the selector is not known")
    values = expression.get("values") or []
    if not isinstance(values, list):
        return Unknown(f"the values of {key} are not known")
    if operator in ("Exists", "DoesNotExist"):
        found = labels.get(key)
        return found if isinstance(found, Unknown) else (found is not None) is (operator == "Exists")
    answer = _has(labels, key, values)
    if operator == "In" or isinstance(answer, Unknown):
        return answer
    return not answer if operator == "NotIn" else Unknown(f"the operator {operator} is not one of a selector")
