"""Other dialects' words for what computed properties read: those speak Terraform's, and the catalog translates.

A row's `words` are a tree: a Terraform name to the path of the dialect and, for a block, the words inside of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from phiward.graph.reading import MISSING, Resolve, Step, read_path
from phiward.graph.truth import why
from phiward.model.location import Lines, Location
from phiward.model.resource import AttributePath, Origin, Resource
from phiward.model.value import Unknown, Value, undecided
from phiward.record import replace

if TYPE_CHECKING:
    from phiward.graph.view import View

Words: TypeAlias = Mapping[str, Any]
"""Compiled: name -> `[path, words inside]`; the path is None where the dialect has no such attribute.

For the alias of a satellite, it is where the dialect writes that one into the resource: empty for the resource itself.
"""
Found: TypeAlias = tuple[Value, tuple[Resource, AttributePath]]


class Respelled(NamedTuple):
    """A path in the dialect's words, and the words for the names inside of what stands there."""

    path: list[Step]
    words: Words


def translated(view: View, path: Sequence[Step]) -> Found:
    """What stands at a path of Terraform's, or of the dialect itself.

    A satellite's attribute may stand in the resource, where the dialect writes it there, or beside it.
    """
    head = str(path[0])
    nowhere = view.resource, ()
    if head not in view.words:
        if head[0].islower() and _is_nameless(view):
            return Unknown(f"the catalog does not say what {head} is called in {view.row.dialect}"), nowhere
        return view.read(path)
    at, inner = view.words[head]
    spelled = respell(path, view.words) if at is not None else None
    value, where = view.read(spelled.path) if isinstance(spelled, Respelled) else (spelled or MISSING, nowhere)
    if value is MISSING and view.attaches(head[1:]):
        spelled = respell(path[1:], inner)
        if isinstance(spelled, Respelled):
            value, where = view.read([head, *spelled.path])
    words = spelled.words if isinstance(spelled, Respelled) else {}
    scope = view.resource.scope
    return in_terraform(value, words, lambda reference: view.graph.resolve(reference, scope)), where


def _is_nameless(view: View) -> bool:
    """Whether it is a resource of a dialect with names of its own, none of which any row says."""
    return view.row.dialect == "cloudformation" and not view.words and not view.is_described


def respell(path: Sequence[Step], words: Words) -> Respelled | Unknown | None:
    """Where a Terraform path stands in the dialect; None where the dialect has nothing like it."""
    found: list[Step] = []
    for step in path:
        if not isinstance(step, str) or step == "[]":
            found.append(step)
            continue
        entry = words.get(step)
        if entry is None:
            return Unknown(f"the catalog does not say what {'.'.join(map(str, path))} is called here")
        at, words = entry
        if at is None:
            return None
        found += at
    return Respelled(found, words)


def in_terraform(value: Value, words: Words, resolve: Resolve) -> Value:
    """A value with its blocks' names as Terraform has them; what has no name there is left out."""
    if not words or undecided(value):
        return value
    if isinstance(value, list):
        return [in_terraform(item, words, resolve) for item in value]
    if not isinstance(value, dict):
        return value
    found = {}
    for name, (at, inner) in words.items():
        read = MISSING if at is None else read_path(value, at, resolve)[0]
        if read is not MISSING:
            found[name] = in_terraform(read, inner, resolve)
    return found


def within(view: View, at: Sequence[Step]) -> Iterator[Resource | Unknown]:
    """The blocks at a path of a resource, each as a resource of its own; the resource itself where `at` is empty."""
    if not at:
        yield view.resource
        return
    value, (owner, path) = view.read(at)
    for index, block in enumerate(value if isinstance(value, list) else [] if value is MISSING else [value]):
        if isinstance(block, dict):
            origin = Within(owner.origin, (*path, index) if isinstance(value, list) else path)
            yield replace(owner, attributes=block, origin=origin)
        else:
            yield why(block) if undecided(block) else Unknown("it is not a block")


class Within:
    """The origin of a block that is read as a resource of its own."""

    def __init__(self, around: Origin, path: AttributePath) -> None:
        self.around = around
        self.path = path

    def locate(self, path: AttributePath = ()) -> Location:
        return self.around.locate((*self.path, *path))

    def header(self) -> Location:
        return self.around.locate(self.path)

    def lines(self) -> tuple[Lines, ...]:
        return self.around.lines()
