"""Whether our reading of a root says the same as tfparse's, value by value, and where it does not.

Two readers of what is not yet decided: each may leave open what only a provider knows, and each shows it in its own way.
What counts as the same is all in `Comparison.differences`; nothing else is forgiven.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.conformance.tfparse_process import Written, handle

from phiward.loaders.terraform.program import Program
from phiward.model import holed_json
from phiward.model.resource import AttributePath, Origin
from phiward.model.value import Partial, Reference, Unknown, Value, plain

_IDENTIFIERS = frozenset({("id",), ("arn",), ("json",)})
"""Attributes for which tfparse has one identifier of the resource, so that they cannot be told apart."""
_ANSWERS = frozenset({"json", "minified_json", "tags_all"})
"""What we work out beside what is written: documents, and the provider's default tags."""


@dataclass(frozen=True)
class Difference:
    address: str
    path: str
    ours: Any
    theirs: Any

    def __str__(self) -> str:
        return f"{self.address} {self.path}\n    ours   {str(self.ours)[:300]}\n    theirs {str(self.theirs)[:300]}"


class Comparison:
    """One resource or output of ours beside theirs.

    `origin` and `sources` say what is written where; without an origin nobody asks.
    """

    def __init__(self, address: str, program: Program, origin: Origin | None = None, **sources: str) -> None:
        self.address = address
        self.program = program
        self.origin = origin
        self.sources = sources

    def attributes(self, ours: Mapping[str, Value], theirs: dict[str, Any]) -> Iterator[Difference]:
        """Where the attributes of a resource differ."""
        answers = _ANSWERS if ".aws_iam_policy_document." in f".{self.address}" else frozenset({"tags_all"})
        return self.differences({name: ours[name] for name in ours if name not in answers}, theirs, ())

    def differences(self, ours: Value, theirs: Any, path: AttributePath) -> Iterator[Difference]:
        """Where two values differ: the same plain values everywhere, or undecided here and there alike."""
        found = self.followed(ours)
        if isinstance(theirs, Written):
            agree = not self.decided(ours) and self.is_written(theirs.text, path)
        elif isinstance(found, dict) and isinstance(theirs, dict):
            yield from self.key_differences(found, theirs, path)
            return
        elif isinstance(found, list) and isinstance(theirs, list):
            agree = len(found) == len(theirs)
            for index, (mine, other) in enumerate(zip(found, theirs, strict=False)):
                yield from self.differences(mine, other, (*path, index))
        elif isinstance(theirs, str):
            yield from self.text_differences(found, theirs, path)
            return
        else:
            open_ = theirs is None and isinstance(found, (Unknown, Reference))
            agree = open_ or (type(found) is type(theirs) and found == theirs)
        if not agree:
            yield self.difference(ours, theirs, path)

    def key_differences(self, ours: Value, theirs: dict[str, Any], path: AttributePath) -> Iterator[Difference]:
        """Where two mappings differ. tfparse puts its own identifier in the place of every block's `id`."""
        for key in dict.fromkeys((*ours, *theirs)):
            if key in ours and key in theirs:
                yield from self.differences(ours[key], theirs[key], (*path, key))
            elif key != "id" or key in theirs:
                yield self.difference(ours.get(key, "(absent)"), theirs.get(key, "(absent)"), (*path, key))

    def text_differences(self, ours: Value, theirs: str, path: AttributePath) -> Iterator[Difference]:
        """Two strings: as JSON where both are; tfparse leaves out all that follows the first piece it does not know."""
        if isinstance(ours, (str, Partial)) and theirs.startswith(("{", "[")):
            try:
                mine, other = holed_json.parse(ours), json.loads(theirs)
            except ValueError:
                pass
            else:
                yield from self.differences(mine, other, path)
                return
        text = self.text(ours)
        if text is None or (text != theirs and ("⟨" not in text or theirs != text.partition("⟨")[0])):
            yield self.difference(ours, theirs, path)

    def difference(self, ours: Value, theirs: Any, path: AttributePath) -> Difference:
        return Difference(self.address, ".".join(map(str, path)), ours, theirs)

    def followed(self, value: Value) -> Value:
        """What is configured behind a reference; the last one of a chain that leads to what only the provider knows."""
        seen: set[Reference] = set()
        while isinstance(value, Reference) and value not in seen:
            seen.add(value)
            if value.path in _IDENTIFIERS:
                return self.bucket(value) or value
            behind = self.program._follow(value)
            if isinstance(behind, Unknown):
                return value
            value = behind
        return value

    def bucket(self, reference: Reference) -> str | None:
        """A bucket's identifier is its name, which tfparse knows, too."""
        instance = self.program.instances.get(reference.address)
        if instance is None or instance.type != "aws_s3_bucket":
            return None
        name = self.text(self.followed(instance.value("bucket")))
        return name if name is None or reference.path == ("id",) else f"arn:aws:s3:::{name}"

    def text(self, value: Value) -> str | None:
        """A string with `⟨⟩` around what is not decided; None for what is no string."""
        if isinstance(value, Partial):
            return "".join(self.text(self.followed(part)) or "" for part in value.parts)
        if isinstance(value, Reference):
            return handle(value.address if value.path in _IDENTIFIERS else str(value))
        if isinstance(value, Unknown):
            return handle("?")
        return value if isinstance(value, str) else None

    def decided(self, value: Value) -> bool:
        value = self.followed(value)
        if isinstance(value, list):
            return all(map(self.decided, value))
        if isinstance(value, dict):
            return all(map(self.decided, value.values()))
        return plain(value)

    def is_written(self, text: str, path: AttributePath) -> bool:
        """Whether their text stands where we say that the value stands."""
        if self.origin is None:
            return True
        location = self.origin.locate(path)
        span = location.span
        lines = self.sources[location.path].splitlines(keepends=True)[span.line - 1 : span.end_line]
        lines[-1] = lines[-1][: span.end_column - 1]
        return _spelling("".join(lines)[span.column - 1 :]).endswith(_spelling(text))


def _spelling(text: str) -> str:
    """A traversal as tfparse spells it: a dot before each step, no quotes."""
    return text.replace(".[", "[").replace('"', "")
