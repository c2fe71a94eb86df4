"""A template with its parameters: what it declares."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from phiward.loaders.cloudformation.evaluation import NO_VALUE, Evaluator
from phiward.loaders.cloudformation.parameters import declared
from phiward.loaders.cloudformation.template import Template
from phiward.model.location import Lines, Location
from phiward.model.resource import AttributePath
from phiward.model.value import Unknown, Value
from phiward.record import dataclass

PSEUDO = ("AccountId", "NotificationARNs", "Partition", "Region", "StackId", "StackName", "URLSuffix")
KEPT = ("DeletionPolicy", "UpdateReplacePolicy")
"""What a resource says beside its properties that is an attribute of it."""


@dataclass(slots=True, eq=False)
class Declared:
    """One resource of a stack."""

    address: str
    native_type: str
    attributes: dict[str, Value]
    origin: TemplateOrigin
    number: str = ""
    uncounted: Unknown | None = None


class Stack:
    """`prefix` stands before the logical ids of a nested one: `Network.`."""

    def __init__(self, template: Template, given: Mapping[str, Value], prefix: str = "") -> None:
        self.template = template
        self.prefix = prefix
        self.parameters: dict[str, Value] = {
            f"AWS::{name}": Unknown(f"AWS::{name} depends on where the stack is deployed") for name in PSEUDO
        }
        self.parameters |= declared(template, given)
        self.logical_ids = dict.fromkeys(template.sections["Resources"])

    def resources(self) -> Iterator[Declared]:
        """Everything that the template declares, in its order."""
        evaluator = Evaluator(self)
        for name, body in self.template.sections["Resources"].items():
            path = ("Resources", name)
            native = body.get("Type") if isinstance(body, dict) else None
            if not isinstance(native, str):
                self.template.problem(f"the resource {name} has no type", path)
                continue
            yield Declared(
                address=self.prefix + name,
                native_type=native,
                attributes=self._attributes(body, evaluator, path),
                origin=TemplateOrigin(self.template, path),
            )

    def _attributes(self, body: Mapping[str, Any], evaluator: Evaluator, path: AttributePath) -> dict[str, Value]:
        properties = evaluator.value(body.get("Properties") or {})
        if not isinstance(properties, dict):
            self.template.problem("Properties is not a mapping", (*path, "Properties"))
            properties = {}
        kept = {name: evaluator.value(body[name]) for name in KEPT if name in body}
        return {**properties, **{name: value for name, value in kept.items() if value is not NO_VALUE}}


class TemplateOrigin:
    """Finds the span of an attribute of a resource; `place` leads to the resource in its template."""

    __slots__ = ("_place", "_template")

    def __init__(self, template: Template, place: AttributePath) -> None:
        self._template = template
        self._place = place

    def header(self) -> Location:
        """Where its logical id stands, up to its type."""
        span = self._template.span(self._place)
        end = self._template.text.split("\n")[span.line - 1].rstrip()
        return Location(self._template.path, span._replace(end_line=span.line, end_column=len(end) + 1))

    def locate(self, path: AttributePath = ()) -> Location:
        if path and path[0] not in KEPT:
            path = ("Properties", *path)
        return self._template.location((*self._place, *path))

    def lines(self) -> tuple[Lines, ...]:
        return (self._template.location(self._place).lines,)
