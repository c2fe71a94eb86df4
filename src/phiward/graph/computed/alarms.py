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
from phiward.graph.truth import Truth, all_of, any_of, flag, listed, why, written
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


def filter_acts(view: View, *, own: str, namespace: str, enabled: str, acting: str) -> Value | Derived:
    """`alarm.acts` of a metric filter: whether an alarm of its metric, in its namespace, is on and does anything.

    `own` is the path of the filter's namespace, `acting` that of what its alarms do; the others are their attributes.
    """
    found: list[Truth] = []
    for alarm in view.satellites("alarms"):
        if isinstance(alarm, Unknown):
            found.append(alarm)
            continue
        beside = view.resource.source != "aws" or alarm.resource.provider == view.resource.provider
        on = flag(alarm.get(enabled), default=True)
        acts = any_of(written(action) for action in listed(alarm.get(acting.rpartition(".")[2])))
        found.append(all_of([beside, _same(view.get(own), alarm.get(namespace)), on, acts]))
    return Derived(any_of(found), paths=[acting])


def _same(own: Value, other: Value) -> Truth:
    """Whether two namespaces are one, as far as both are written."""
    if own is None or other is None:
        return True
    return why(own) if undecided(own) else why(other) if undecided(other) else own == other


_SENT_ON = Unknown(
    "events of AWS reach its event bus only where a rule of the default bus sends them on",
    "look for them on the default bus",
)


def rule_signals(view: View, *, path: str, bus: str) -> Value | Derived:
    """`alarm.signals` of an event rule: the names of events in its pattern, and what else it looks for.

    `bus` is the path of its event bus. AWS sends what a trail records to the default one.
    """
    text = view.get(path)
    if text is None:
        return None
    found = _of_pattern(_document(text))
    named = view.get(bus)
    default = named is None or (isinstance(named, str) and named.rpartition("/")[2] == "default")
    return Derived(found if default or not found else [_SENT_ON], paths=[path])


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
    "filter_acts": filter_acts,
    "filter_signals": filter_signals,
    "route_notifies": route_notifies,
    "rule_signals": rule_signals,
}
