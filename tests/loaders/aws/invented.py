"""Answers that nobody wrote: of the shapes of AWS's own models, with values drawn from a seed.

Every operation that a collector calls is answered, with every member that there may be, or some of them. What is in them
means little; what a scan makes of the same answers with one of them missing means a lot.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from random import Random
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape
from tests.conformance.aws_shapes import operations

from phiward.loaders.aws.calls import Place
from phiward.loaders.aws.client import Answer, CallFailed
from phiward.pack.collectors import Compiled

_DEEPEST = 7
_TIME = "2026-11-01T00:00:00+00:00"
_ARN = "arn:aws:{}:us-east-1:111122223333:thing/{}"
_NAMES = ("name", "id", "identifier", "key", "arn")
_POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}],
    }
)
_WORDS = ("DISABLED", "ENABLED", "0.0.0.0/0", "TLSv1", "aws:kms", "AES256", "phi", "true", "false", "*", "ACTIVE")


class Invented:
    """An account of one service: what is asked twice is answered the same, and no two questions with one name."""

    def __init__(self, collector: Compiled, seed: int) -> None:
        self._service = collector["service"]
        self._seed = seed
        self._steps: dict[str, Compiled] = {}
        self._known: dict[str, Answer | CallFailed] = {}
        todo = list(collector["steps"])
        while todo:
            step = todo.pop()
            todo += step["then"]
            self._steps.setdefault(step["operation"], step)

    def call(self, place: Place, service: str, operation: str, params: Mapping[str, Any]) -> Answer:
        """The answer. Raises CallFailed where there is none of it."""
        assert service == self._service
        asked = f"{service} {operation} {sorted(params.items())} {place} {self._seed}"
        if asked not in self._known:
            step = self._steps.get(operation)  # none where it only has something made ready
            self._known[asked] = self._invent(step, params, asked) if step is not None else Answer({}, "", _TIME)
        known = self._known[asked]
        if isinstance(known, CallFailed):
            raise known
        return known

    def _invent(self, step: Compiled, params: Mapping[str, Any], asked: str) -> Answer | CallFailed:
        inventor = Inventor(self._service, asked)
        shape = operations(self._service)[step["operation"]].output_shape
        if step["absent"] and inventor.seldom():
            code, _, words = step["absent"][0].partition(": ")
            return CallFailed(code, 404, message=words)
        answer = inventor.value(shape) if shape is not None else {}
        if step["batch"] is not None and step["batch"]["param"]:
            (items,), key = step["batch"]["items"], step["batch"]["key"]
            elements = []
            for wanted in params[step["batch"]["param"]]:
                one = Inventor(self._service, f"{step['operation']} {self._seed} {wanted}").value(
                    shape.members[items].member
                )
                elements.append({**one, key[0]: wanted})
            answer[items] = elements
        return Answer(answer, "", _TIME)


class Inventor:
    """Values of shapes. The same seed gives the same ones."""

    def __init__(self, service: str, seed: str) -> None:
        self._service = service
        self._random = Random(seed)
        self._number = self._random.randrange(10**9) * 1000

    def seldom(self) -> bool:
        return self._random.random() < 0.15

    def value(self, shape: Shape) -> Any:
        return self._value(shape, "", 0)

    def _value(self, shape: Shape, name: str, depth: int) -> Any:
        kind = shape.type_name
        if isinstance(shape, StructureShape):
            return self._members(shape, depth)
        if isinstance(shape, ListShape):
            named = "Id" if depth < 2 and shape.member.type_name == "string" else name
            return [self._value(shape.member, named, depth + 1) for _ in range(1 if depth > 3 else 2)]
        if isinstance(shape, MapShape):
            return {f"key-{n}": self._value(shape.value, name, depth + 1) for n in range(2)}
        if kind == "boolean":
            return self._random.random() < 0.5
        if kind in ("integer", "long", "float", "double"):
            return self._random.choice((0, 1, 7, 30, 443, 3650))
        return _TIME if kind == "timestamp" else self._text(shape, name)

    def _members(self, shape: StructureShape, depth: int) -> dict[str, Any]:
        if depth > _DEEPEST:
            return {}
        needed = set(shape.required_members)
        return {
            name: self._value(member, name, depth + 1)
            for name, member in shape.members.items()
            if name.lower() not in ("nexttoken", "marker", "nextmarker", "position", "istruncated")
            and (name in needed or depth < 2 or name.lower().endswith(_NAMES) or self._random.random() < 0.85)
        }

    def _text(self, shape: Shape, name: str) -> str:
        enum = getattr(shape, "enum", None)
        if enum:
            return str(self._random.choice(enum))
        lower = name.lower()
        self._number += 1
        if lower.endswith("policy") or "policydocument" in lower:
            return _POLICY
        if lower.endswith("arn"):
            return _ARN.format(self._service, self._number)
        if lower.endswith(_NAMES):
            return f"{lower}-{self._number}"
        return self._random.choice(_WORDS)
