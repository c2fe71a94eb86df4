"""What a pod as a whole says: profiles, volumes, nodes, its service account.

Sources: Kubernetes API reference (PodSpec, Volume); kubernetes.io, "Pod Security Standards", "Restrict a Container's
Access to Resources with AppArmor", "Configure Service Accounts for Pods", "Assigning Pods to Nodes".
"""

from __future__ import annotations

from phiward.graph.cluster import DEFAULT_ACCOUNT, account_of, annotations_of, namespace_of
from phiward.graph.computed.pods import each_container, pod_spec
from phiward.graph.reading import inner, items
from phiward.graph.truth import Truth, any_of
from phiward.graph.view import ComputedProperty, Derived, View
from phiward.model.resource import AttributePath, Resource
from phiward.model.value import Unknown, Value, undecided

_APPARMOR = "container.apparmor.security.beta.kubernetes.io/"
_ANNOTATED = {"runtime/default": "RuntimeDefault", "unconfined": "Unconfined"}
_SECURITY = "securityContext"
_VOLUME_FIELDS: dict[str, AttributePath] = {"path": ("hostPath", "path"), "medium": ("emptyDir", "medium")}
_EVERYWHERE = ("kubernetes.io/os", "kubernetes.io/arch", "beta.kubernetes.io/os", "beta.kubernetes.io/arch")
"""Labels that say what a node can run, not whose it is."""


def pod_profiles(view: View, setting: str, fields: dict[str, str]) -> Value | Derived:
    """A setting of the security contexts wherever it is written, of the pod and of each container: its fields.

    The Pod Security Standards look at every place, also at one that no container takes over.
    """
    spec = pod_spec(view)
    if not isinstance(spec, dict):
        return spec
    found: list[Value] = []
    places: list[tuple[Resource, AttributePath]] = []
    top = view.resource, (*view.row.parts["pod"], "spec")
    for holder, role, (resource, path) in [(spec, "pod", top), *each_container(view, spec)]:
        written = inner(holder, _SECURITY, setting)
        if written is None:
            continue
        name = "the pod" if role == "pod" else inner(holder, "name")
        read = {key: inner(written, field) or None for key, field in fields.items()}
        found.append(written if isinstance(written, Unknown) else {"holder": name, **read})
        places.append((resource, (*path, _SECURITY, setting)))
    return Derived(found, places=places, fields={key: (field,) for key, field in fields.items()})


def pod_apparmor(view: View) -> Value | Derived:
    """AppArmor profiles wherever they are written: the fields, and the annotations that came before them."""
    found = pod_profiles(view, "appArmorProfile", {"profile": "type"})
    annotations = annotations_of(view, "@pod.metadata")
    if not isinstance(found, Derived):
        return found
    if isinstance(annotations, Unknown):
        return Derived([*found.value, annotations], places=found.places, fields=found.fields)
    at = (*view.row.parts["pod"], "metadata", "annotations")
    named = {key: value for key, value in annotations.items() if str(key).startswith(_APPARMOR) and value != ""}
    values = [{"holder": key.removeprefix(_APPARMOR), "profile": _annotated(value)} for key, value in named.items()]
    places = [(view.resource, (*at, key)) for key in named]
    return Derived([*found.value, *values], places=[*found.places, *places], fields=found.fields)


def _annotated(value: Value) -> Value:
    if undecided(value):
        return Unknown("the annotation is not known")
    text = str(value)
    return "Localhost" if text.startswith("localhost/") else _ANNOTATED.get(text, text)


def pod_volumes(view: View) -> Value | Derived:
    """Every volume: name, type, `path` of a host path and `medium` of an emptyDir."""
    spec = pod_spec(view)
    if not isinstance(spec, dict):
        return spec
    volumes = items(spec.get("volumes"))
    at = (*view.row.parts["pod"], "spec", "volumes")
    places = [(view.resource, (*at, number)) for number in range(len(volumes))]
    return Derived([_volume(volume) for volume in volumes], places=places, fields=_VOLUME_FIELDS)


def _volume(volume: Value) -> Value:
    if not isinstance(volume, dict):
        return volume if isinstance(volume, Unknown) else Unknown("it is not a volume")
    sources = [key for key, value in volume.items() if key != "name" and value is not None]
    kind = "hostPath" if "hostPath" in sources else sources[0] if sources else "emptyDir"
    return {
        "name": volume.get("name"),
        "type": kind,
        "path": inner(volume, "hostPath", "path"),
        "medium": inner(volume, "emptyDir", "medium"),
    }


def pod_dedicated_nodes(view: View) -> Value | Derived:
    """Whether pods go to nodes set apart: they ask for nodes by a label, and tolerate a taint that keeps others off."""
    spec = pod_spec(view)
    if not isinstance(spec, dict):
        return spec or None
    selector = spec.get("nodeSelector")
    terms = inner(
        spec, "affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms"
    )
    wanted = items(terms)
    asks = any_of([_telling(selector), bool(wanted) and _every([_asks(term) for term in wanted])])
    tolerates = any_of(_tolerates(item) for item in items(spec.get("tolerations")))
    found = _every([asks, tolerates])
    return Derived(found, paths=["@pod.spec.nodeSelector", "@pod.spec.affinity", "@pod.spec.tolerations"])


def _every(parts: list[Truth]) -> Truth:
    if False in parts:
        return False
    return next((part for part in parts if isinstance(part, Unknown)), True)


def _telling(labels: Value) -> Truth:
    if undecided(labels):
        return Unknown("the node selector is not known")
    return isinstance(labels, dict) and any(key not in _EVERYWHERE for key in labels)


def _asks(term: Value) -> Truth:
    keys = [inner(expression, "key") for expression in items(inner(term, "matchExpressions"))]
    return any_of(key if isinstance(key, Unknown) else key not in (None, *_EVERYWHERE) for key in keys)


def _tolerates(toleration: Value) -> Truth:
    key = inner(toleration, "key")
    return key if isinstance(key, Unknown) else not str(key).startswith("node.kubernetes.io/")


def pod_service_account(view: View) -> Value | Derived:
    """The name of the service account that pods run as."""
    return Derived(account_of(view), paths=["@pod.spec.serviceAccountName", "@pod.spec.serviceAccount"])


def pod_mounts_token(view: View) -> Value | Derived:
    """Whether a token of the service account is mounted: the pod's word, else the account's, else it is."""
    spec = pod_spec(view)
    if not isinstance(spec, dict):
        return spec or None
    own = spec.get("automountServiceAccountToken")
    if own is not None:
        return Derived(own, paths=["@pod.spec.automountServiceAccountToken"])
    name = account_of(view)
    found = _account_mounts(view, name) if isinstance(name, str) else name
    return Derived(found, paths=["@pod.spec.serviceAccountName"])


def _account_mounts(view: View, name: str) -> Value:
    cluster = view.graph.cluster(view.resource.scope)
    namespace = namespace_of(view)
    account = cluster.accounts.get((namespace, name))
    if account is not None:
        mounts = account.get("automountServiceAccountToken")
        return True if mounts is None else mounts
    if name == DEFAULT_ACCOUNT and cluster.hole is None:
        return True  # every namespace has one, made without a word about tokens
    where = f"the ServiceAccount {namespace}/{name} is not declared in what was scanned"
    return cluster.hole or Unknown(where, "scan the manifest that declares it too")


def pod_account_granted(view: View) -> Truth:
    """Whether something in the scan grants rights to the service account of these very pods."""
    name = account_of(view)
    if not isinstance(name, str):
        return name if isinstance(name, Unknown) else False
    cluster = view.graph.cluster(view.resource.scope)
    granted = bool(cluster.access.of_account(namespace_of(view), name))
    return granted or cluster.access.hidden_subject or cluster.hole or False


POD_SETTINGS: dict[str, ComputedProperty] = {
    "pod_account_granted": pod_account_granted,
    "pod_apparmor": pod_apparmor,
    "pod_dedicated_nodes": pod_dedicated_nodes,
    "pod_mounts_token": pod_mounts_token,
    "pod_profiles": pod_profiles,
    "pod_service_account": pod_service_account,
    "pod_volumes": pod_volumes,
}
