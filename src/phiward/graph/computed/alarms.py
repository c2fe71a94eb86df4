"""What metric filters and event rules look for in the events of a trail, and whether a cluster's alerts reach somebody.

Sources: CloudWatch Logs user guide, "Filter pattern syntax for metric filters"; EventBridge user guide, "Event
patterns"; CloudTrail user guide, "Record contents" (`eventName`, `userIdentity.type`); prometheus-operator, API
reference (`AlertmanagerConfig`: `route`, `receivers`), Prometheus, "Alertmanager configuration".

The catalog names each function by its key in `ALARMS`.
"""

from __future__ import annotations

from collections.abc import Iterator

from phiward.graph.policy import HOLE, sketch
from phiward.graph.reading import inner, items
from phiward.graph.truth import Truth, any_of, listed, why, written
from phiward.graph.view import ComputedProperty, Derived, View
from phiward.model.holed_json import JsonError, parse
from phiward.model.value import Partial, Reference, Unknown, Value, undecided
from phiward.pattern import pattern

ROOT_USE, SIGN_IN_FAILURE, ACCESS_DENIED = "root-use", "sign-in-failure", "access-denied"
_event = pattern(r"\$\.eventName\s*=\s*\"?([A-Za-z]+)\"?(?![A-Za-z*])")
_root = pattern(r"\$\.userIdentity\.type\s*=\s*\"?Root\b")
_failure = pattern(r"\$\.errorMessage\s*=\s*\"?Failed authentication")
_denied = pattern(r"\$\.errorCode\s*=\s*\"?\*?(AccessDenied|UnauthorizedOperation|Client\.Unauthorized)")


def filter_signals(view: View, *, path: str) -> Value | Derived:
    """`alarm.signals` of a metric filter: the names of events in its pattern, and what else it looks for."""
    text = view.get(path)
    if text is None:
        return None
    shown = sketch(text)
    found: list[Value] = list(dict.fromkeys(_event.findall(shown)))
    if _root.search(shown):
        found.append(ROOT_USE)
    if "ConsoleLogin" in found and _failure.search(shown):
        found.append(SIGN_IN_FAILURE)
    if _denied.search(shown):
        found.append(ACCESS_DENIED)
    return Derived([*found, *([why(text)] if HOLE in shown else [])], paths=[path])


def rule_signals(view: View, *, path: str) -> Value | Derived:
    """`alarm.signals` of an event rule: the names of events in its pattern, and what else it looks for."""
    text = view.get(path)
    if text is None:
        return None
    return Derived(_of_pattern(_document(text)), paths=[path])


def _document(text: Value) -> Value:
    if not isinstance(text, (str, Partial)):
        return text
    try:
        return parse(text)
    except JsonError as error:
        return Unknown(f"the event pattern cannot be read: {error}")


def _of_pattern(document: Value) -> Value:
    if undecided(document) and not isinstance(document, (dict, list)):
        return [why(document)]
    detail = document.get("detail") if isinstance(document, dict) else None
    if not isinstance(detail, dict):
        return [why(detail)] if detail is not None and undecided(detail) else []
    found: list[Value] = [name if isinstance(name, str) else _hidden(name) for name in listed(detail.get("eventName"))]
    who = detail.get("userIdentity")
    if isinstance(who, dict) and "Root" in listed(who.get("type")):
        found.append(ROOT_USE)
    if "ConsoleLogin" in found and "Failed authentication" in listed(detail.get("errorMessage")):
        found.append(SIGN_IN_FAILURE)
    return [*found, *(_hidden(value) for value in detail.values() if isinstance(value, (Unknown, Reference)))]


def _hidden(value: Value) -> Value:
    return why(value) if undecided(value) else ""


# -- alerts of Prometheus


def route_notifies(view: View) -> Value | Derived:
    """Whether what an AlertmanagerConfig routes reaches a receiver that notifies anybody: an empty one drops alerts."""
    route = view.get("spec.route")
    if route is None:
        return Unknown("it routes no alerts itself", "scan the AlertmanagerConfig that does")
    receivers = items(view.get("spec.receivers"))
    reached = any_of(_notifies(name, receivers) for name in _named(route))
    return Derived(reached, paths=["spec.receivers", "spec.route"])


def _named(route: Value) -> Iterator[Value]:
    """The receivers that a route and those below it name; one that names none hands on to the route above."""
    name = inner(route, "receiver")
    if name not in (None, ""):
        yield name
    for below in items(inner(route, "routes")):
        yield from [below] if isinstance(below, Unknown) else _named(below)


def _notifies(name: Value, receivers: list[Value]) -> Truth:
    if undecided(name):
        return why(name)
    found: list[Truth] = []
    for receiver in receivers:
        own = inner(receiver, "name")
        if undecided(own):
            found.append(why(own))
        elif own == name and isinstance(receiver, dict):
            found += [written(value) for key, value in receiver.items() if key.endswith("Configs")]
    return any_of(found)


ALARMS: dict[str, ComputedProperty] = {
    "filter_signals": filter_signals,
    "route_notifies": route_notifies,
    "rule_signals": rule_signals,
}
