"""The containers of an ECS task definition, from JSON text or from a template's structure.

Sources: ECS developer guide, "Task definition parameters"; ECS API, ContainerDefinition.

The catalog names each function by its key in `TASKS`.
"""

from __future__ import annotations

from phiward.graph.truth import Truth, equals, flag, listed, why
from phiward.graph.view import ComputedProperty, Derived, View
from phiward.model.holed_json import JsonError, parse
from phiward.model.value import Partial, Unknown, Value, undecided

_ROOT = ("", "root", "0", "root:root", "0:0", "0:root", "root:0")


def task_containers(view: View, *, path: str, network: str) -> Value | Derived:
    """`task.containers`: name, read_only_root, privileged, root (it runs as root), host_network."""
    written = view.get(path)
    if written is None:
        return None
    host = equals(view.get(network), "host")
    return Derived([_container(part, host) for part in listed(_document(written))], paths=[path])


def _document(value: Value) -> Value:
    if not isinstance(value, (str, Partial)):
        return value
    try:
        return parse(value)
    except JsonError as error:
        return Unknown(f"the container definitions cannot be read: {error}")


def _container(part: Value, host: Truth) -> Value:
    if not isinstance(part, dict):
        return why(part) if undecided(part) else Unknown("it is no container definition")
    small = {str(name)[:1].lower() + str(name)[1:]: value for name, value in part.items()}
    user = small.get("user")
    return {
        "name": small.get("name"),
        "read_only_root": flag(small.get("readonlyRootFilesystem"), default=False),
        "privileged": flag(small.get("privileged"), default=False),
        "root": why(user) if undecided(user) else user is None or str(user) in _ROOT,
        "host_network": host,
    }


TASKS: dict[str, ComputedProperty] = {
    "task_containers": task_containers,
}
