"""Answers that nobody wrote: of the shapes of AWS's own models, with values drawn from a seed.

Every operation that a collector calls is answered, with every member that there may be, or some of them. What is in them
means little; what a scan makes of the same answers with one of them missing means a lot.
"""

from __future__ import annotations

import json
from random import Random
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape
from tests.conformance.aws_shapes import operations

from phiward.pack.collectors import Compiled

_DEEPEST = 7
_TIME = "2026-11-01T00:00:00+00:00"
_ARN = "arn:aws:{}:us-east-1:111122223333:thing/{}"
_POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}],
    }
)
_WORDS = ("DISABLED", "ENABLED", "0.0.0.0/0", "TLSv1", "aws:kms", "AES256", "phi", "true", "false", "*", "ACTIVE")


class Inventor:
    """Answers of one service. The same seed gives the same ones."""

    def __init__(self, service: str, seed: int) -> None:
        self._service = service
        self._random = Random(f"{service}:{seed}")
        self._number = 0

    def answers(self, collector: Compiled) -> dict[str, Any]:
        """One for each operation that a collector calls."""
        known = operations(self._service)
        found: dict[str, Any] = {}
        todo = list(collector["steps"])
        while todo:
            step = todo.pop(0)
            todo += step["then"]
            if step["operation"] not in found:
                shape = known[step["operation"]].output_shape
                found[step["operation"]] = self._value(shape, "", 0) if shape is not None else {}
        return found

    def _value(self, shape: Shape, name: str, depth: int) -> Any:
        kind = shape.type_name
        if isinstance(shape, StructureShape):
            return self._members(shape, depth)
        if isinstance(shape, ListShape):
            return [self._value(shape.member, name, depth + 1) for _ in range(1 if depth > 3 else 2)]
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
            and (name in needed or depth < 2 or self._random.random() < 0.85)
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
        if lower.endswith(("name", "id", "identifier", "key")):
            return f"{lower}-{self._number}"
        return self._random.choice(_WORDS)
