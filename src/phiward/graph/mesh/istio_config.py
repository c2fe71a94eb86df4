"""How Istio was installed, as far as it is in what was scanned.

Sources: istio.io, reference "Global Mesh Options" (MeshConfig: rootNamespace, enableAutoMtls, defaultConfig), setup
"Installing the Sidecar" and the chart of istiod (`istio-sidecar-injector`: policy, neverInjectSelector and
alwaysInjectSelector; `enableNamespacesByDefault` is false; the webhooks of a revision carry its name as the label
`istio.io/rev`, and that of a tag as `istio.io/tag`; the injector's policy is `global.proxy.autoInject`).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any

from phiward.graph.cluster import Labels, labels_of, namespace_of, selects
from phiward.graph.mesh.embedded import embedded
from phiward.graph.reading import inner
from phiward.graph.truth import Truth, flag, why
from phiward.model.value import Unknown, Value, undecided

if TYPE_CHECKING:
    from phiward.graph.cluster import Cluster
    from phiward.graph.view import View

DEFAULT_ROOT = "istio-system"
DEFAULT_REVISION = "default"
CONFIG_MAP = "ConfigMap"
WEBHOOKS = "admissionregistration.k8s.io/MutatingWebhookConfiguration"
OPERATORS = {
    "install.istio.io/IstioOperator": ("spec",),
    "sailoperator.io/Istio": ("spec", "values"),
}
"""Objects that an operator installs Istio by, and where their `meshConfig` stands."""
_POLICIES = ("security.istio.io/PeerAuthentication", "security.istio.io/AuthorizationPolicy")
_SELECTORS = {"neverInjectSelector": False, "alwaysInjectSelector": True}
"""Which pods the injector never takes, and which ones it always does, whatever its policy is."""
_REVISION_LABELS = ("istio.io/rev", "istio.io/tag")


class IstioConfig:
    """Settings of the mesh as a whole; what nobody wrote has Istio's default."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster

    @cached_property
    def _written(self) -> list[tuple[dict[str, Any] | Unknown, View]]:
        """Every MeshConfig, with the object that holds it."""
        found: list[tuple[dict[str, Any] | Unknown, View]] = [
            (embedded(view.get("data.mesh")), view) for view in self._config_maps("istio")
        ]
        for native, place in OPERATORS.items():
            for view in self._by_address(native):
                value = inner(view.resource.attributes, *place, "meshConfig")
                found.append((value if isinstance(value, (dict, Unknown)) else {}, view))
        return found

    def _by_address(self, native: str) -> list[View]:
        """Objects of a type in an order that is not that of the files."""
        return sorted(self.cluster.of(native), key=lambda view: view.resource.address)

    def _config_maps(self, name: str) -> Iterator[View]:
        """ConfigMaps of a name, or of that and a revision: `istio`, `istio-1-20`."""
        for view in self._by_address(CONFIG_MAP):
            own = str(view.name)
            data = {"istio": "mesh", "istio-sidecar-injector": "config"}[name]
            if (own == name or own.startswith(f"{name}-")) and inner(view.resource.attributes, "data", data):
                yield view

    @property
    def installed(self) -> bool:
        """Whether its installation is among what was scanned."""
        return bool(self._written or self._control_planes)

    def setting(self, *path: str) -> tuple[Value, View | None]:
        """A setting of MeshConfig, and who writes it."""
        for config, view in self._written:
            value = inner(config, *path)
            if value is not None:
                return value, view
        return None, None

    def value(self, *path: str) -> tuple[Value, View | None]:
        """A value of the charts, and the object that hands it to them, or that the injector reads it from."""
        for values, view in self._values:
            value = inner(values, *path)
            if value is not None:
                return value, view
        return None, None

    @cached_property
    def _values(self) -> list[tuple[Value, View]]:
        """Every set of the charts' values, with the object that holds it."""
        injectors = [(embedded(view.get("data.values")), view) for view in self._config_maps("istio-sidecar-injector")]
        operated = [view for native in OPERATORS for view in self._by_address(native)]
        return [*injectors, *((inner(view.resource.attributes, "spec", "values"), view) for view in operated)]

    @cached_property
    def root(self) -> str:
        """The namespace whose policies hold for the whole mesh."""
        value, _ = self.setting("rootNamespace")
        if isinstance(value, str) and value:
            return value
        for _, view in self._written:
            own = inner(view.resource.attributes, "spec", "values", "global", "istioNamespace") or inner(
                view.resource.attributes, "spec", "namespace"
            )
            own = namespace_of(view) if view.resource.native_type == CONFIG_MAP else own
            if isinstance(own, str) and own:
                return own
        return DEFAULT_ROOT

    @property
    def root_doubt(self) -> Unknown | None:
        """Why the policies of the mesh may stand in another namespace."""
        named = [inner(config, "rootNamespace") for config, _ in self._written if isinstance(config, dict)]
        return next((why(value) for value in named if undecided(value)), None)

    @cached_property
    def root_seen(self) -> bool:
        """Whether what the root namespace holds was scanned, so that a policy that is not there does not exist."""
        return (
            self.installed
            or self.root in self.cluster.namespaces
            or any(self.cluster.of(native, self.root) for native in _POLICIES)
        )

    @cached_property
    def _control_planes(self) -> list[View]:
        return [
            view
            for view in self.cluster.of("apps/Deployment")
            if not isinstance(labels := labels_of(view), Unknown) and labels.get("app") == "istiod"
        ]

    @cached_property
    def trust_domain(self) -> str:
        value, _ = self.setting("trustDomain")
        return value if isinstance(value, str) and value else "cluster.local"

    @property
    def auto_mtls(self) -> Truth:
        """Whether clients use mutual TLS towards whatever accepts it, where no rule says otherwise."""
        return flag(self.setting("enableAutoMtls")[0], default=True)

    # -- injection

    def serves_revision(self, revision: str) -> Truth:
        """Whether a control plane of a revision injects proxies: unknown where only others were scanned."""
        known = self._revisions
        if not known or revision in known:
            return True
        return Unknown(
            f"Istio's control plane of revision {revision} is not in what was scanned",
            f"those that are: {', '.join(sorted(known))}",
        )

    @cached_property
    def _revisions(self) -> frozenset[str]:
        found: set[str] = set()
        for view in (*self.cluster.of(WEBHOOKS), *self._control_planes):
            labels = labels_of(view)
            if not isinstance(labels, Unknown) and labels.get("app") in ("sidecar-injector", "istiod"):
                found |= {str(labels[key]) for key in _REVISION_LABELS if isinstance(labels.get(key), str)}
        return frozenset(found)

    @cached_property
    def namespaces_by_default(self) -> Truth:
        """Whether namespaces without any label are injected."""
        value, _ = self.value("sidecarInjectorWebhook", "enableNamespacesByDefault")
        return flag(value, default=False)

    def injects(self, labels: Labels | Unknown) -> Truth:
        """What the injector does with a pod that says nothing of injection itself, once it is asked."""
        for config in self._injectors:
            if isinstance(config, Unknown):
                return config
            for key, answer in _SELECTORS.items():
                listed = config.get(key)
                for selector in listed if isinstance(listed, list) else ():
                    hit = selects(selector, labels) if selector else False
                    if hit is not False:
                        return hit if isinstance(hit, Unknown) else answer
            policy = config.get("policy")
            if undecided(policy) or policy == "disabled":
                return why(policy) if undecided(policy) else False
        return True

    @cached_property
    def _injectors(self) -> list[dict[str, Any] | Unknown]:
        """What the injector is told, and what the charts make of the values that an operator hands to them."""
        found = [embedded(view.get("data.config")) for view in self._config_maps("istio-sidecar-injector")]
        for values, view in self._values:
            if view.resource.native_type in OPERATORS:
                selectors = {key: inner(values, "sidecarInjectorWebhook", key) for key in _SELECTORS}
                found.append({"policy": inner(values, "global", "proxy", "autoInject"), **selectors})
        return found
