"""The syntax tree of HCL: what `parser` builds and `evaluation` reads.

Nodes carry the offsets of their text in code points, `[start, end)`; lines and columns are worked out when a report
needs them (`SourceFile.span`). One tree serves every instance of a module.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import Any, TypeAlias

from phiward.model.location import Location, Span
from phiward.record import dataclass, field


@dataclass(slots=True, eq=False)
class SourceFile:
    """One parsed file. `path` is repository-relative; `text` is kept for excerpts and spans."""

    path: str
    text: str
    body: Body
    line_starts: list[int] | None = None

    def span(self, start: int, end: int) -> Span:
        if self.line_starts is None:
            starts = [0]
            position = self.text.find("\n")
            while position >= 0:
                starts.append(position + 1)
                position = self.text.find("\n", position + 1)
            self.line_starts = starts
        starts = self.line_starts
        first = bisect_right(starts, start) - 1
        last = bisect_right(starts, max(start, end - 1)) - 1
        return Span(first + 1, start - starts[first] + 1, last + 1, end - starts[last] + 1)

    def location(self, start: int, end: int) -> Location:
        return Location(self.path, self.span(start, end))


@dataclass(slots=True, eq=False)
class Literal:
    start: int
    end: int
    value: str | int | float | bool | None


@dataclass(slots=True, eq=False)
class Template:
    """Literal text and expressions, joined into one string."""

    start: int
    end: int
    parts: list[Expression]


@dataclass(slots=True, eq=False)
class TemplateIf:
    start: int
    end: int
    condition: Expression
    then: Template
    otherwise: Template | None


@dataclass(slots=True, eq=False)
class TemplateFor:
    start: int
    end: int
    key: str | None
    value: str
    collection: Expression
    body: Template


@dataclass(slots=True, eq=False)
class TupleNode:
    start: int
    end: int
    items: list[Expression]


@dataclass(slots=True, eq=False)
class ObjectNode:
    """A bare-word key is a `Literal`."""

    start: int
    end: int
    items: list[tuple[Expression, Expression]]


@dataclass(slots=True, eq=False)
class Traversal:
    """`var.a.b[0]`: a root name and steps that are names, constant indexes, or expressions."""

    start: int
    end: int
    root: str
    steps: tuple[str | int | Expression, ...]


@dataclass(slots=True, eq=False)
class Index:
    """Steps into the value of any other expression: `f(x)[0].a`."""

    start: int
    end: int
    target: Expression
    steps: tuple[str | int | Expression, ...]


@dataclass(slots=True, eq=False)
class Splat:
    """`each` is evaluated for every element of the target, which it knows as a traversal of the root ELEMENT."""

    start: int
    end: int
    target: Expression
    each: Expression


@dataclass(slots=True, eq=False)
class Call:
    start: int
    end: int
    name: str
    arguments: list[Expression]
    expand: bool


@dataclass(slots=True, eq=False)
class Conditional:
    start: int
    end: int
    condition: Expression
    then: Expression
    otherwise: Expression


@dataclass(slots=True, eq=False)
class Binary:
    start: int
    end: int
    operator: str
    left: Expression
    right: Expression


@dataclass(slots=True, eq=False)
class Unary:
    start: int
    end: int
    operator: str
    operand: Expression


@dataclass(slots=True, eq=False)
class ForTuple:
    start: int
    end: int
    key: str | None
    value: str
    collection: Expression
    result: Expression
    condition: Expression | None


@dataclass(slots=True, eq=False)
class ForObject:
    start: int
    end: int
    key: str | None
    value: str
    collection: Expression
    result_key: Expression
    result: Expression
    condition: Expression | None
    group: bool


ELEMENT = "[*]"

Expression: TypeAlias = Any
"""One of the nodes above, `Literal` to `ForObject`."""


@dataclass(slots=True, eq=False)
class Attribute:
    """`start` is the name's; `end` is the value's. `file` is set where it is not the block's: in override files."""

    start: int
    end: int
    name: str
    value: Expression
    file: SourceFile | None = None


@dataclass(slots=True, eq=False)
class Block:
    """`header_end` is after the last label: the block's title in reports."""

    start: int
    header_end: int
    end: int
    type: str
    labels: tuple[str, ...]
    body: Body
    file: SourceFile | None = None


@dataclass(slots=True, eq=False)
class Body:
    attributes: dict[str, Attribute] = field(default_factory=dict)
    blocks: list[Block] = field(default_factory=list)
