"""A template's values as far as they are decided: functions worked out, parameters put in place.

What only the deployment decides stays undecided, and only that part of a value: `Unknown`, `Reference`, `Partial`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from phiward.model.value import Reference, Unknown, Value

if TYPE_CHECKING:
    from phiward.loaders.cloudformation.stack import Stack

NO_VALUE: Any = object()
"""What `AWS::NoValue` is: the key or element that has it is not there."""
_NO_BINDINGS: Mapping[str, Value] = {}


class Evaluator:
    """Values of one stack. `bindings` are the variables of the loops around a value, by name."""

    __slots__ = ("bindings", "stack")

    def __init__(self, stack: Stack, bindings: Mapping[str, Value] = _NO_BINDINGS) -> None:
        self.stack = stack
        self.bindings = bindings

    def value(self, node: Any) -> Value:
        """What a node means; `NO_VALUE` where it is not there."""
        if isinstance(node, dict):
            if len(node) == 1:
                (name,) = node
                if name == "Ref" or name.startswith("Fn::"):
                    return self.call(name, node)
            return self.mapping(node)
        if isinstance(node, list):
            return [item for item in map(self.value, node) if item is not NO_VALUE]
        return node

    def mapping(self, node: Mapping[str, Any]) -> Value:
        found: dict[str, Value] = {}
        for key, item in node.items():
            if key.startswith("Fn::"):
                return self.problem(f"{key} stands beside other keys", node)
            value = self.value(item)
            if value is not NO_VALUE:
                found[key] = value
        return found

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

    def ref(self, name: str, node: Any) -> Value:
        """What `Ref` gives for a name."""
        if name in self.bindings:
            return self.bindings[name]
        stack = self.stack
        if name in stack.parameters:
            return stack.parameters[name]
        if name in stack.logical_ids:
            return Reference(stack.prefix + name)
        return self.problem(f"there is no parameter and no resource {name}", node)

    def attribute(self, name: str, path: tuple[str, ...], node: Any) -> Value:
        """What `Fn::GetAtt` gives for a resource and an attribute."""
        if name not in self.stack.logical_ids:
            return self.problem(f"there is no resource {name}", node)
        return Reference(self.stack.prefix + name, path)

    def problem(self, message: str, node: Any) -> Unknown:
        """Note what cannot be understood; only this value is unknown for it."""
        template = self.stack.template
        place = template.place_of(node)
        template.problem(message, place)
        return Unknown(f"{template.path}:{template.span(place).line}: {message}")
