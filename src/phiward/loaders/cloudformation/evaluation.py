"""A template's values as far as they are decided: functions worked out, parameters put in place.

What only the deployment decides stays undecided, and only that part of a value: `Unknown`, `Reference`, `Partial`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from phiward.loaders.cloudformation.loops import Loop, is_loop, names_filled_in
from phiward.loaders.cloudformation.stored import with_stores
from phiward.model.resource import AttributePath
from phiward.model.value import OpenAttributes, Partial, Reference, Unknown, Value

if TYPE_CHECKING:
    from phiward.loaders.cloudformation.stack import Stack

NO_VALUE: Any = object()
"""What `AWS::NoValue` is: the key or element that has it is not there."""
MACRO = "Fn::Transform"
Bindings = Mapping[str, Value]
Entry: TypeAlias = "tuple[str, Evaluator, Any, AttributePath]"
"""Of a mapping: its key, who evaluates it, what stands there, and the path to it."""
_NO_BINDINGS: Bindings = {}


class Evaluator:
    """Values of one stack. `bindings` are the variables of the loops around a value, by name."""

    __slots__ = ("bindings", "stack")

    def __init__(self, stack: Stack, bindings: Bindings = _NO_BINDINGS) -> None:
        self.stack = stack
        self.bindings = bindings

    def value(self, node: Any) -> Value:
        """What a node means; `NO_VALUE` where it is not there."""
        if isinstance(node, str):
            return with_stores(node) if "{{resolve:" in node else node
        if isinstance(node, dict):
            if len(node) == 1:
                (name,) = node
                if name == "Ref" or (name.startswith("Fn::") and not is_loop(name)):
                    return self.call(name, node)
            return self.mapping(node)
        if isinstance(node, list):
            return [item for item in map(self.value, node) if item is not NO_VALUE]
        return node

    def mapping(self, node: Mapping[str, Any]) -> Value:
        """A mapping that is no function."""
        found: dict[str, Value] = {}
        unread: Unknown | None = None
        for entry in self.entries(node):
            if isinstance(entry, Unknown):
                unread = entry
                continue
            key, evaluator, item, _ = entry
            if key.startswith("Fn::"):
                return self.problem(f"{key} stands beside other keys", node)
            value = evaluator.value(item)
            if value is not NO_VALUE:
                found[key] = value
        return found if unread is None else OpenAttributes(found, unread)

    def entries(self, node: Mapping[str, Any]) -> Iterator[Unknown | Entry]:
        """The entries of a mapping: key, who evaluates it, what stands there, and the path to it.

        Loops are unrolled, and pieces of templates included. An `Unknown` stands for those that are not known.
        """
        for key, item in node.items():
            if is_loop(key):
                yield from Loop(self, key, item).entries()
            elif key == MACRO:
                made = self.stack.expanded(self, item, item)
                if isinstance(made, dict):
                    yield from ((k, e, i, (key,)) for k, e, i, _ in self._known(made))
                else:
                    yield made if isinstance(made, Unknown) else self.problem("a mapping is included here", node)
            else:
                yield names_filled_in(key, self.bindings), self, item, (key,)

    def _known(self, node: Mapping[str, Any]) -> Iterator[Entry]:
        return (entry for entry in self.entries(node) if not isinstance(entry, Unknown))

    def bound(self, name: str, value: Value) -> Evaluator:
        """An evaluator for one round of a loop."""
        return Evaluator(self.stack, {**self.bindings, name: value})

    def call(self, name: str, node: Mapping[str, Any]) -> Value:
        from phiward.loaders.cloudformation.intrinsics import FUNCTIONS

        function = FUNCTIONS.get(name)
        if function is None:
            return self.problem(f"{name} is not a function that is known here", node)
        return function(self, node[name], node)

    def plain(self, node: Any) -> Value:
        """As `value`, where nothing must not stand: a missing value is unknown."""
        value = self.value(node)
        return Unknown("AWS::NoValue stands where a value must be") if value is NO_VALUE else value

    def name(self, node: Any) -> str | Unknown:
        """The name of something in the template; what a loop over the unknown leaves open in it is a `*`."""
        value = self.plain(node)
        if isinstance(value, Partial):
            loops = list(self.bindings.values())
            parts = [part if isinstance(part, str) else "*" if part in loops else part for part in value.parts]
            if all(isinstance(part, str) for part in parts):
                return "".join(map(str, parts))
        if isinstance(value, str):
            return value
        return value if isinstance(value, Unknown) else Unknown("a name that only the deployment decides")

    def ref(self, name: str, node: Any) -> Value:
        """What `Ref` gives for a name."""
        if name in self.bindings:
            return self.bindings[name]
        stack = self.stack
        if name in stack.parameters:
            return stack.parameters[name]
        if name in stack.logical_ids:
            return Reference(stack.prefix + name)
        if name in stack.synonyms:
            return Reference(stack.prefix + stack.synonyms[name])
        return self.missing(f"there is no parameter and no resource {name}", node)

    def attribute(self, name: str, path: tuple[str, ...], node: Any) -> Value:
        """What `Fn::GetAtt` gives for a resource and an attribute."""
        stack = self.stack
        if path[0] == "Outputs" and name in stack.nested:
            return stack.output_of(name, path[1:])
        if name in stack.logical_ids:
            return Reference(stack.prefix + name, path)
        return self.missing(f"there is no resource {name}", node)

    def missing(self, message: str, node: Any) -> Unknown:
        """Something that is named and not there: a problem, unless it may be in what could not be read."""
        why = self.stack.open
        return (
            self.problem(message, node) if why is None else Unknown(f"{message} that was read: {why.reason}", why.hint)
        )

    def problem(self, message: str, node: Any) -> Unknown:
        """Note what cannot be understood; only this value is unknown for it."""
        template = self.stack.template
        place = template.place_of(node)
        template.problem(message, place)
        return Unknown(f"{template.path}:{template.span(place).line}: {message}")
