"""The values that configuration is made of.

Attributes are plain Python: `dict`, `list`, `str`, `int`, `float`, `bool` and `None`. Three more stand where plain
Python has nothing to say: `Unknown` (the source does not decide it), `Reference` (another resource's attribute) and
`Partial` (a string of which some pieces are one of those two).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

from phiward.record import dataclass

Scalar: TypeAlias = str | int | float | bool | None
Value: TypeAlias = Any
"""`Scalar | list[Value] | dict[str, Value] | Unknown | Reference | Partial`; recursive, so not spelled out."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """A value that the source does not decide.

    `reason` completes the sentence "unknown, because ..."; `hint` says what would decide it.
    """

    reason: str
    hint: str = ""

    def __str__(self) -> str:
        return f"(unknown: {self.reason})"


@dataclass(frozen=True, slots=True, eq=False)
class OpenMap(Unknown):
    """A mapping of which keys are not wholly known: unknown, but for who knows what to look for in it.

    `entries` are its keys, whole or in part, with their values.
    """

    reason: str
    hint: str = ""
    entries: tuple[tuple[Value, Value], ...] = ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, OpenMap) and (self.reason, self.entries) == (other.reason, other.entries)

    def __hash__(self) -> int:
        return hash(self.reason)


@dataclass(frozen=True, slots=True)
class Deployed(Unknown):
    """What the place of deployment decides: an account, a region. Not known, but the name of one, never a pattern."""

    reason: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Imported(Unknown):
    """What another stack puts out: not known, but never something that the stack declares which takes it over."""

    reason: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Reference:
    """An attribute of another resource: `Reference('aws_kms_key.a', ('arn',))`. The address is absolute.

    An empty `path` is the whole resource.
    """

    address: str
    path: tuple[str | int, ...] = ()

    def __str__(self) -> str:
        steps = "".join(f"[{s}]" if isinstance(s, int) else f".{s}" for s in self.path)
        return f"{self.address}{steps}"


def left_to_the_provider(reference: Reference) -> Unknown:
    """Why what a reference means is not known: no configuration says it."""
    if ".data." in f".{reference.address}":
        return Unknown(f"{reference} is read by the provider when it plans", "scan the plan to decide it")
    if "_" not in reference.address:  # a logical id of CloudFormation's; every type of Terraform's has one
        return Unknown(f"{reference} is known only once the stack is deployed")
    return Unknown(f"{reference} is known only after apply")


@dataclass(frozen=True, slots=True)
class Partial:
    """A string of which some pieces are not known: `"arn:aws:s3:::${aws_s3_bucket.a.id}/*"`.

    `parts` alternate freely; at least one is not a `str`. Build it with `join`.
    """

    parts: tuple[str | Unknown | Reference, ...]

    def __str__(self) -> str:
        return "".join(p if isinstance(p, str) else f"${{{p}}}" for p in self.parts)

    def __format__(self, format_spec: str) -> str:
        """As `str()`, but a sensitive piece is hidden as `Sensitive` hides itself."""
        return format("".join(f"{p}" if isinstance(p, str) else f"${{{p}}}" for p in self.parts), format_spec)


class Sensitive(str):
    """A string that its source marks as sensitive: judged like any other, printed only as `(sensitive)`.

    Formatting hides it, so that no reason or message quotes it by accident. `str()` gives the text, to be judged.
    """

    __slots__ = ()

    def __format__(self, format_spec: str) -> str:
        return format("(sensitive)", format_spec)

    def __repr__(self) -> str:
        return "(sensitive)"


def join(parts: list[str | Unknown | Reference | Partial]) -> str | Unknown | Reference | Partial:
    """One string of pieces: a plain `str` where all are known, else a `Partial` with neighbours merged.

    All of its text is sensitive where a piece of it is.
    """
    flat: list[str | Unknown | Reference] = []
    run: list[str] = []
    secret = False
    for part in parts:
        for piece in part.parts if isinstance(part, Partial) else (part,):
            if isinstance(piece, str):
                secret = secret or type(piece) is Sensitive
                run.append(piece)
                continue
            flat += _text(run)
            run.clear()
            flat.append(piece)
    flat += _text(run)
    if secret:
        flat = [Sensitive(piece) if isinstance(piece, str) else piece for piece in flat or [""]]
    if not flat:
        return ""
    if len(flat) == 1:
        return flat[0]
    return Partial(tuple(flat))


def _text(run: list[str]) -> list[str]:
    """Pieces as one, or none at all where they are empty; adding one to another would copy the text each time."""
    text = "".join(run)
    return [text] if text else []


_UNDECIDED = frozenset({Unknown, Deployed, Imported, OpenMap, Reference, Partial})


def undecided(value: Value) -> bool:
    """Whether the value as a whole is not a plain Python value (its parts are not looked at)."""
    return type(value) in _UNDECIDED


def unknowns(value: Value) -> Iterator[Unknown]:
    """Every `Unknown` anywhere inside the value, in order."""
    if isinstance(value, Unknown):
        yield value
    elif isinstance(value, Partial):
        for part in value.parts:
            if isinstance(part, Unknown):
                yield part
    elif isinstance(value, list):
        for item in value:
            yield from unknowns(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from unknowns(item)
        if isinstance(value, OpenAttributes):
            yield value.why


def plain(value: Value) -> bool:
    """Whether the value is wholly decided: no `Unknown`, `Reference` or `Partial` anywhere inside."""
    if isinstance(value, list):
        return all(map(plain, value))
    if isinstance(value, dict):
        return type(value) is not OpenAttributes and all(map(plain, value.values()))
    return not undecided(value)


def references_in(value: Value) -> set[str]:
    """Addresses of every resource that a value mentions."""
    if isinstance(value, Reference):
        return {value.address}
    if isinstance(value, Partial):
        return {part.address for part in value.parts if isinstance(part, Reference)}
    if isinstance(value, dict):
        return set().union(*map(references_in, value.values())) if value else set()
    if isinstance(value, list):
        return set().union(*map(references_in, value)) if value else set()
    return set()


def transform(value: Value, change: Callable[[Value], Value]) -> Value:
    """The value with `change` applied to every leaf (scalars, unknowns, references, partials)."""
    if isinstance(value, list):
        return like(value, [transform(item, change) for item in value])
    if isinstance(value, dict):
        return like(value, {key: transform(item, change) for key, item in value.items()})
    return change(value)


class ListValue(list[Any]):
    """A Terraform list: any number of elements of one type. A plain `list` is a tuple, as `[1, "a"]` is written.

    `element` is the type of the elements, as the loader that made the list describes types; a list that has elements
    may leave it out.
    """

    __slots__ = ("element",)
    element: Any


class SetValue(list[Any]):
    """A Terraform set: elements unique and in Terraform's order of iteration. `element` as in `ListValue`.

    Strings stand by code point, numbers by size, `null` last; undecided elements come at the very end, and each may
    turn out equal to another one, so that the number of elements is not known while there are any.
    """

    __slots__ = ("element",)
    element: Any


class MapValue(dict[str, Any]):
    """A Terraform map: any keys, and elements of one type. A plain `dict` is an object. `element` as in `ListValue`."""

    __slots__ = ("element",)
    element: Any


def like(value: Value, changed: Value) -> Value:
    """A changed copy of a list or dict as the kind of collection that `value` is, of the same type of elements."""
    cls = type(value)
    if cls is list or cls is dict:
        return changed
    if cls is OpenAttributes:
        return OpenAttributes(changed, value.why)
    made = cls(changed)
    element = getattr(value, "element", None)
    if element is not None:
        made.element = element
    return made


class OpenAttributes(dict[str, Any]):
    """A mapping that may have other entries than those that are known: any that is asked for may be one of them."""

    __slots__ = ("why",)

    def __init__(self, known: Mapping[str, Any], why: Unknown) -> None:
        super().__init__(known)
        self.why = why

    def get(self, key: str, _: Any = None) -> Any:
        """What is known of an entry: that it may be there."""
        return super().get(key, self.why)

    def __missing__(self, _: str) -> Any:
        return self.why
