"""Conditions of a template: true, false, or unknown with the reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from phiward.model.value import Partial, Reference, Unknown, Value, plain, undecided, unknowns

if TYPE_CHECKING:
    from phiward.loaders.cloudformation.evaluation import Evaluator

Truth = bool | Unknown
_DEEPEST = 100
_UNKNOWN = " is not known: "
_UNDER_WAY: Any = object()


class Conditions:
    """The conditions of one stack, each worked out once, when it is first asked for."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator
        self._known: dict[str, Truth] = {}
        self._depth = 0
        self._written: Mapping[str, tuple[Evaluator, Any]] | None = None

    def __getitem__(self, name: str) -> Truth:
        found = self._known.get(name)
        if found is _UNDER_WAY:
            return self._evaluator.problem(f"the condition {name} needs itself", self._bodies[name][1])
        if found is None:
            self._known[name] = _UNDER_WAY
            found = self._known[name] = self._worked_out(name)
        return found

    def _worked_out(self, name: str) -> Truth:
        evaluator, node = self._bodies[name]
        if self._depth >= _DEEPEST:
            return evaluator.problem(f"conditions need one another more than {_DEEPEST} times over", node)
        self._depth += 1
        found = truth(evaluator, node)
        self._depth -= 1
        if isinstance(found, Unknown):
            return Unknown(f"the condition {name}{_UNKNOWN}{found.reason.rpartition(_UNKNOWN)[2]}", found.hint)
        return found

    def __contains__(self, name: str) -> bool:
        return name in self._bodies

    @property
    def _bodies(self) -> Mapping[str, tuple[Evaluator, Any]]:
        if self._written is None:
            section = self._evaluator.stack.template.sections["Conditions"]
            section = {name: body for name, body in section.items() if name != "Fn::Transform"}
            entries = [entry for entry in self._evaluator.entries(section) if not isinstance(entry, Unknown)]
            self._written = {key: (evaluator, item) for key, evaluator, item, _ in entries}
        return self._written


def named(evaluator: Evaluator, name: Any, node: Any) -> Truth:
    """The truth of a condition that is asked for by its name."""
    if not isinstance(name, str):
        return evaluator.problem("a condition is named here", node)
    if name not in evaluator.stack.conditions:
        return evaluator.missing(f"there is no condition {name}", node)
    return evaluator.stack.conditions[name]


def truth(evaluator: Evaluator, node: Any) -> Truth:
    """Whether what a condition says holds."""
    if not isinstance(node, dict) or len(node) != 1:
        return evaluator.problem("a condition is one of the condition functions", node)
    ((name, argument),) = node.items()
    if name == "Condition":
        return named(evaluator, argument, node)
    items = argument if isinstance(argument, list) else []
    if name == "Fn::Equals" and len(items) == len("ab"):
        one, other = map(evaluator.plain, items)
        named_ = one if isinstance(one, Reference) else other
        if "" in (one, other) and isinstance(named_, Reference) and _is_text(named_, evaluator):
            return False
        return equal(one, other)
    if name == "Fn::Not" and len(items) == 1:
        found = truth(evaluator, items[0])
        return found if isinstance(found, Unknown) else not found
    if name in ("Fn::And", "Fn::Or") and items:
        return _together((truth(evaluator, item) for item in items), decisive=name == "Fn::Or")
    return evaluator.problem(f"{name} is not a condition that is understood here", node)


def _is_text(reference: Reference, evaluator: Evaluator) -> bool:
    """Whether a reference is to a resource's id or ARN, which is never empty."""
    known = reference.address not in evaluator.stack.program.custom
    return not reference.path or (known and reference.path == ("Arn",))


def _together(parts: Iterable[Truth], *, decisive: bool) -> Truth:
    doubt: Truth = not decisive
    for part in parts:
        if part is decisive:
            return decisive
        if isinstance(part, Unknown) and not isinstance(doubt, Unknown):
            doubt = part
    return doubt


def equal(one: Value, other: Value) -> Truth:
    """Whether two values are the same text, or the same structure."""
    if undecided(one) or undecided(other):
        for open_, text in ((one, other), (other, one)):
            if isinstance(open_, Partial) and isinstance(text, (str, int)) and not _may_be(open_, _text(text)):
                return False
        doubt = one if undecided(one) else other
        if isinstance(doubt, Unknown):
            return doubt
        return Unknown(f"{doubt} is known only once the stack is deployed")
    if isinstance(one, (list, dict)) or isinstance(other, (list, dict)):
        doubt = next(unknowns([one, other]), None)
        return doubt or (bool(one == other) if plain([one, other]) else Unknown("a list is not wholly known"))
    return _text(one) == _text(other)


def _text(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _may_be(partial: Partial, text: str) -> bool:
    """Whether a text of which pieces are open may turn out to be another one."""
    first, last = partial.parts[0], partial.parts[-1]
    if isinstance(first, str) and not text.startswith(first):
        return False
    return not isinstance(last, (str)) or text.endswith(last)


def either(one: Value, other: Value, why: Unknown) -> Value:
    """What is known of a value that is one of two: what both have, where both have it."""
    if type(one) is type(other):
        if isinstance(one, dict):
            keys = dict.fromkeys((*one, *other))
            return {key: either(one[key], other[key], why) if key in one and key in other else why for key in keys}
        if isinstance(one, list) and len(one) == len(other):
            return [either(a, b, why) for a, b in zip(one, other, strict=True)]
        if not isinstance(one, list) and one == other:
            return one
    return why
