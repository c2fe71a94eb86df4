"""Where an attribute of a resource stands in its template."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from phiward.loaders.cloudformation.conditions import named
from phiward.loaders.cloudformation.evaluation import NO_VALUE, Evaluator
from phiward.loaders.cloudformation.template import Template
from phiward.model.location import Lines, Location
from phiward.model.resource import AttributePath
from phiward.model.value import Unknown

KEPT = ("DeletionPolicy", "UpdateReplacePolicy")
"""What a resource says beside its properties that is an attribute of it."""
OURS = "Metadata.phiward"
"""What it says to us, as an attribute of it: no property has such a name."""


class TemplateOrigin:
    """Finds the span of an attribute of a resource; `place` leads to the resource in its template."""

    __slots__ = ("_body", "_evaluator", "_place", "_template")

    def __init__(self, template: Template, evaluator: Evaluator, body: Any, place: AttributePath) -> None:
        self._template = template
        self._evaluator = evaluator
        self._body = body
        self._place = place

    def header(self) -> Location:
        """Where its logical id stands, to the end of that line."""
        span = self._template.span(self._place)
        if span.end_line == span.line:
            return Location(self._template.path, span)
        end = self._template.end_of_line(span.line)
        return Location(self._template.path, span._replace(end_line=span.line, end_column=end))

    def locate(self, path: AttributePath = ()) -> Location:
        if path and path[0] == OURS:
            path = ("Metadata", "phiward", *path[1:])
        elif path and path[0] not in KEPT:
            places = getattr(self._body, "places", None)
            if places is not None:
                return self._template.location(self._of_made(places, path))
            path = ("Properties", *path)
        return self._template.location((*self._place, *written(self._evaluator, self._body, path)))

    def _of_made(self, places: Mapping[Any, AttributePath], path: AttributePath) -> AttributePath:
        """The path to what a property, or an element of it, was made of."""
        node = self._body["Properties"].get(path[0])
        if place := places.get(path[:2]):
            inner = tuple(step for step in path[2:] if step != "PolicyDocument")
            return (*place, *inner)
        place = places.get(str(path[0]), ())
        return (*place, *written(self._evaluator, node, path[1:])) if place else self._place

    def lines(self) -> tuple[Lines, ...]:
        return (self._template.location(self._place).lines,)


def written(evaluator: Evaluator, node: Any, path: AttributePath) -> AttributePath:
    """The path in the template to what stands at a path of a value that was made of a node; as far as it goes."""
    at: AttributePath = ()
    for step in path:
        node, more = _chosen(evaluator, node)
        at += more
        found = _entry(evaluator, node, step)
        if found is None:
            return at
        evaluator, node, more = found
        at += more
    return at


def _chosen(evaluator: Evaluator, node: Any) -> tuple[Any, AttributePath]:
    """The branch of a decided `Fn::If`."""
    at: AttributePath = ()
    while isinstance(node, dict) and len(node) == 1 and isinstance(branches := node.get("Fn::If"), list):
        truth = named(evaluator, branches[0], node)
        if isinstance(truth, Unknown) or len(branches) != len(("condition", "then", "else")):
            break
        at += ("Fn::If", 1 if truth else 2)
        node = branches[1 if truth else 2]
    return node, at


def _entry(evaluator: Evaluator, node: Any, step: str | int) -> tuple[Evaluator, Any, AttributePath] | None:
    if isinstance(node, dict):
        if step in node:
            return evaluator, node[step], (step,)
        return _made_entry(evaluator, node, step)
    if isinstance(node, list) and isinstance(step, int):
        left = step
        for number, item in enumerate(node):
            if isinstance(item, dict) and len(item) == 1 and evaluator.value(item) is NO_VALUE:
                continue
            if left == 0:
                return evaluator, item, (number,)
            left -= 1
    return None


def _made_entry(
    evaluator: Evaluator, node: Mapping[str, Any], step: str | int
) -> tuple[Evaluator, Any, AttributePath] | None:
    """An entry that a loop makes, or that is included."""
    if not any(key.startswith("Fn::ForEach::") or key == "Fn::Transform" for key in node):
        return None
    for entry in evaluator.entries(node):
        if not isinstance(entry, Unknown) and entry[0] == step:
            return entry[1], entry[2], entry[3]
    return None
