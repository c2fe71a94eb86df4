"""AWS's own service models as an oracle: what a path of a collector may name in a call and in its answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

import botocore.session
from botocore.model import ListShape, MapShape, ServiceModel, Shape, StructureShape

from phiward.pack.collectors import COMPARED, Compiled

_SESSION = botocore.session.Session()


@cache
def service(name: str) -> ServiceModel:
    return ServiceModel(_SESSION.get_component("data_loader").load_service_model(name, "service-2"), name)


@cache
def operations(name: str) -> dict[str, Any]:
    """The operations of a service by the SDK's name in Python."""
    from botocore import xform_name

    model = service(name)
    return {xform_name(operation): model.operation_model(operation) for operation in model.operation_names}


class Entry:
    """What stands for an entry of a mapping, of which collectors read `key` and `value`."""

    type_name = "structure"

    def __init__(self, of: MapShape) -> None:
        self.members = {"key": of.key, "value": of.value}


def element_of(shape: Any) -> Any:
    """What `each` and `gather` go over."""
    if isinstance(shape, MapShape):
        return Entry(shape)
    return shape.member if isinstance(shape, ListShape) else shape


COLUMNS = (
    "user", "arn", "user_creation_time", "password_enabled", "password_last_used", "password_last_changed",
    "password_next_rotation", "mfa_active", "access_key_1_active", "access_key_1_last_rotated",
    "access_key_1_last_used_date", "access_key_1_last_used_region", "access_key_1_last_used_service",
    "access_key_2_active", "access_key_2_last_rotated", "access_key_2_last_used_date", "access_key_2_last_used_region",
    "access_key_2_last_used_service", "cert_1_active", "cert_1_last_rotated", "cert_2_active", "cert_2_last_rotated",
)  # fmt: skip
"""The columns of IAM's credential report, the one table as text among AWS's answers (IAM user guide, "Get credential
reports for your AWS account")."""


class Row:
    """What stands for a row of a table that an answer holds as text."""

    type_name = "structure"

    def __init__(self, cell: Shape) -> None:
        self.members = dict.fromkeys(COLUMNS, cell)


def elements_of(shape: Any) -> Any:
    """What a step lists; None where that is no list."""
    if isinstance(shape, ListShape):
        return shape.member
    return Row(shape) if getattr(shape, "type_name", "") == "blob" else None


def below(shape: Shape | None, path: Sequence[Any]) -> Shape | str | None:
    """The shape at a path, `"document"` where anything may stand; None where the path names nothing."""
    at: Any = shape
    for step in path:
        if isinstance(at, ListShape):
            at = at.member
            if step == "[]" or isinstance(step, int):
                continue
        if at is None:
            return None
        if isinstance(at, StructureShape) and getattr(at, "is_document_type", False):
            return "document"
        if isinstance(at, (StructureShape, Entry, Row)):
            if step not in at.members:
                return None
            at = at.members[step]
        elif isinstance(at, MapShape):
            at = at.value
        elif at.type_name == "string" and step == "[]":
            continue
        else:
            return "document" if at.type_name == "string" and "json" in str(at.serialization).lower() else None
    return at


_OF_ONE = frozenset(
    {"tags", "json", "present", "redacted", "address", "split", "entry", "parse", "values", "link"}
    | {"days_since", "days_until"}
)
"""Values that are made of one other."""


class Walk:
    """Follows the compiled steps of a collector and tells each path that its service cannot answer."""

    def __init__(self, collector: Compiled) -> None:
        self.collector = collector
        self.known = operations(collector["service"])

    def problems(self) -> Iterator[str]:
        for step in self.collector["steps"]:
            yield from self._step(step, [])

    def _step(self, step: Compiled, around: list[Any]) -> Iterator[str]:
        operation = self.known.get(step["operation"])
        where = f"{self.collector['service']}:{step['operation']}"
        if operation is None:
            yield f"{where}: there is no such operation"
            return
        yield from self._params(step, operation, around, where)
        item: Any = operation.output_shape
        for items in [step["items"], step["batch"] and step["batch"]["items"]]:
            if items is not None:
                item = elements_of(below(item, items))
                if item is None:
                    yield f"{where}: {'.'.join(map(str, items))} is no list of the answer"
                    return
        if step["batch"] is not None and below(item, step["batch"]["key"]) is None:
            yield f"{where}: no {step['batch']['key']} in an element"
        if step["batch"] is not None and step["batch"]["by"] is not None:
            yield from self._value(step["batch"]["by"], around, f"{where} by")
        if step["prepared"] is not None:
            made = self.known[step["prepared"]["by"]].output_shape
            yield from self._tests(step["prepared"]["while"], [(made, {})], f"{where} prepared")
        own = [*around, (item, {step["as"]: item} if step["as"] else {})]
        for inner in step["then"]:
            if inner["as"] and inner["operation"] in self.known:
                own[-1][1][inner["as"]] = self._answer(inner)
        for inner in step["then"]:
            yield from self._step(inner, own)
        yield from self._tests(step["when"], around or own, f"{where} when")
        for resource in step["resources"]:
            yield from self._resource(resource, own, f"{where} {resource['type']}")

    def _answer(self, step: Compiled) -> Any:
        """What `$name` of a step gives: its answer, or of a batch the element."""
        output = self.known[step["operation"]].output_shape
        if step["batch"] is None:
            return output
        return elements_of(below(output, step["batch"]["items"]))

    def _params(self, step: Compiled, operation: Any, around: list[Any], where: str) -> Iterator[str]:
        members = operation.input_shape.members if operation.input_shape else {}
        for name, value in step["params"].items():
            if name not in members:
                yield f"{where}: no parameter {name}"
            yield from self._value(value, around or [(None, {})], f"{where}.{name}")
        for required in operation.input_shape.required_members if operation.input_shape else ():
            if required not in step["params"]:
                yield f"{where}: the parameter {required} is mandatory"

    def _resource(self, resource: Compiled, frames: list[Any], label: str) -> Iterator[str]:
        for level in resource["each"]:
            yield from self._value(level, frames, f"{label} each")
            frames = [*frames, (element_of(self._shape(level, frames)), {})]
        yield from self._tests(resource["when"], frames, f"{label} when")
        if resource["id"] is not None:
            yield from self._value(resource["id"], frames, f"{label} id")
        for name, value in resource["attributes"].items():
            yield from self._value(value, frames, f"{label}.{name}")

    def _tests(self, tests: list[Any], frames: list[Any], where: str) -> Iterator[str]:
        for value, operator, operand in tests:
            yield from self._value(value, frames, where)
            if operator in COMPARED:
                yield from self._value(operand, frames, where)

    def _value(self, value: Any, frames: list[Any], where: str) -> Iterator[str]:
        """Problems of a compiled value read over frames: the item, what its calls brought, and those above."""
        head = value[0]
        if head == "path":
            yield from self._path(value, frames, where)
        elif head in ("text", "first"):
            for part in value[1]:
                if not isinstance(part, str):
                    yield from self._value(part, frames, where)
        elif head == "block":
            for name, inner in value[1].items():
                yield from self._value(inner, frames, f"{where}.{name}")
        elif head in ("each", "gather"):
            yield from self._value(value[1], frames, where)
            element = [*frames, (element_of(self._shape(value[1], frames)), {})]
            inside = value[2].items() if head == "each" else [("", value[2])]
            for name, inner in inside:
                yield from self._value(inner, element, f"{where}.{name}")
            yield from self._tests(value[3] if head == "each" else [], element, where)
        elif head == "when":
            yield from self._tests(value[1], frames, where)
            yield from self._value(value[2], frames, where)
        elif head in _OF_ONE:
            yield from self._value(value[1], frames, where)

    def _shape(self, value: Any, frames: list[Any]) -> Any:
        if value[0] == "first":
            return self._shape(value[1][0], frames)
        if value[0] != "path":
            return "document"
        _, name, up, path = value
        frame = frames[len(frames) - 1 - up] if up < len(frames) else (None, {})
        root = frame[0]
        if name:
            named = [known[name] for _, known in reversed(frames[: len(frames) - up]) if name in known]
            root = named[0] if named else None
        return below(root, path) if root != "document" else "document"

    def _path(self, value: Any, frames: list[Any], where: str) -> Iterator[str]:
        if self._shape(value, frames) is None:
            _, name, up, path = value
            yield f"{where}: {'^' * up}{'$' + name + '.' if name else ''}{'.'.join(map(str, path))} is nothing of the answer"
