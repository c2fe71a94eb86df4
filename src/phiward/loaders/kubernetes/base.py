"""Where an object stands that Kustomize built: in its base, or in the patch that wrote what it has now."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from phiward.loaders.kubernetes.kustomization import Kustomization, Overlay
from phiward.loaders.kubernetes.manifest import Manifest
from phiward.loaders.kubernetes.reading import in_file, read_objects
from phiward.loaders.located_yaml import Document, documents
from phiward.loaders.tree import Tree
from phiward.model.finding import Diagnostic
from phiward.model.location import Lines, Location, Span
from phiward.model.resource import AttributePath
from phiward.model.value import Value
from phiward.record import dataclass

_MISSING = object()


@dataclass(frozen=True, slots=True)
class Patch:
    """A document that changes others; `at` is where it stands as a whole if it stands inside of a kustomization."""

    path: str
    document: Document
    at: Location | None = None


class Bases:
    """The files that an overlay is made of, each read once and only when something in it is looked for."""

    def __init__(self, overlay: Overlay, tree: Tree) -> None:
        self._overlay = overlay
        self._tree = tree
        self._objects: dict[Path, list[Manifest]] = {}
        self._patches: list[Patch] | None = None

    def relative(self, file: Path) -> str:
        return self._tree.relative(file)

    def object_of(self, value: dict[str, Value], file: Path) -> Manifest | None:
        """The object of a file that a built one was made of: of its kind, and with the name that stands in its name."""
        if file not in self._objects:
            found = read_objects(self._text(file), in_file(self.relative(file)))
            self._objects[file] = [item for item in found if isinstance(item, Manifest)]
        name = _name(value)
        alike = [item for item in self._objects[file] if item.kind == value.get("kind") and item.name in name]
        return max(alike, key=lambda item: (len(item.name), item.name), default=None)

    def patches(self) -> list[Patch]:
        """Every patch, the one that is applied last first."""
        if self._patches is None:
            self._patches = [patch for part in self._overlay.parts for patch in self._of_part(part)]
        return self._patches

    def generated(self, file: Path, name: str) -> Location:
        """The entry of a generator that makes an object of this name; else the top of the file."""
        part = next((one for one in self._overlay.parts if one.file == file), None)
        if part is not None and part.document is not None:
            for key in ("configMapGenerator", "secretGenerator"):
                for number, entry in enumerate(part.content.get(key) or ()):
                    if isinstance(entry, dict) and entry.get("name") and str(entry["name"]) in name:
                        span = part.document.spans.find(part.content, (key, number))
                        return Location(self.relative(file), span or part.document.spans.whole)
        return Location(self.relative(file), Span(1, 1, 1, 1))

    def _of_part(self, part: Kustomization) -> Iterator[Patch]:
        assert part.document is not None
        entries = [(("patches", n), e) for n, e in _listed(part.content, "patches")]
        entries += [(("patchesJson6902", n), e) for n, e in _listed(part.content, "patchesJson6902")]
        entries += [(("patchesStrategicMerge", n), e) for n, e in _listed(part.content, "patchesStrategicMerge")]
        for place, entry in reversed(entries):
            inline = entry.get("patch") if isinstance(entry, dict) else entry if "\n" in str(entry) else None
            named = entry.get("path") if isinstance(entry, dict) else entry
            span = part.document.spans.find(part.content, place) or part.document.spans.whole
            if isinstance(inline, str):
                where = self.relative(part.file)
                for document in documents(inline):
                    if isinstance(document, Document):
                        yield Patch(where, document, Location(where, span))
            elif isinstance(named, str):
                file = self._tree.outside.resolve(part.directory / named)
                for document in documents(self._text(file)):
                    if isinstance(document, Document):
                        yield Patch(self.relative(file), document)

    def _text(self, file: Path) -> str:
        data = self._tree.content(file, keep=False)
        text = self._tree.decode(file, data) if isinstance(data, bytes) else data
        return "" if isinstance(text, Diagnostic) else text


class BaseOrigin:
    """Looks in the patches for what is written there, and else in the base."""

    __slots__ = ("_bases", "_file", "_found", "_value")

    def __init__(self, bases: Bases, value: dict[str, Value], file: Path) -> None:
        self._bases = bases
        self._value = value
        self._file = file
        self._found: list[Manifest | None] = []

    def header(self) -> Location:
        base = self._base()
        return self._generated() if base is None else base.origin.header()

    def locate(self, path: AttributePath = ()) -> Location:
        base = self._base()
        moved = path if base is None else self._moved(base.value, path)
        value = _dig(self._value, path)
        if path and value is not _MISSING and (base is None or _dig(base.value, moved) != value):
            found = self._in_patches(path, value)
            if found is not None:
                return found
        return self._generated() if base is None else base.origin.locate(moved)

    def lines(self) -> tuple[Lines, ...]:
        base = self._base()
        return (self._generated().lines,) if base is None else base.origin.lines()

    def _base(self) -> Manifest | None:
        if not self._found:
            self._found.append(self._bases.object_of(self._value, self._file))
        return self._found[0]

    def _generated(self) -> Location:
        return self._bases.generated(self._file, _name(self._value))

    def _in_patches(self, path: AttributePath, value: Value) -> Location | None:
        for patch in self._bases.patches():
            written = patch.document.value
            place = (
                self._by_operation(written, path, value) if isinstance(written, list) else self._merged(written, path)
            )
            if place is None or _dig(written, place) != value:
                continue
            span = patch.document.spans.find(written, place)
            if span is not None:
                return patch.at or Location(patch.path, span)
        return None

    def _merged(self, written: Value, path: AttributePath) -> AttributePath | None:
        """The path into a patch that is merged; nothing where it is about another object."""
        if not isinstance(written, dict) or written.get("kind") not in (None, self._value.get("kind")):
            return None
        return self._moved(written, path)

    def _by_operation(self, written: list[Value], path: AttributePath, value: Value) -> AttributePath | None:
        """The path into a list of JSON patch operations."""
        for number, operation in enumerate(written):
            if not isinstance(operation, dict) or "value" not in operation:
                continue
            pointer = [s.replace("~1", "/").replace("~0", "~") for s in str(operation.get("path")).split("/")[1:]]
            inner: AttributePath = (number, "value", *path[len(pointer) :])
            if [str(step) for step in path[: len(pointer)]] == pointer and _dig(written, inner) == value:
                return inner
        return None

    def _moved(self, other: Value, path: AttributePath) -> AttributePath:
        """A path into the built object as one into what it was made of: elements of lists are found by their names."""
        found: list[str | int] = []
        built: Value = self._value
        for step in path:
            built = _dig(built, (step,))
            if isinstance(step, int) and isinstance(other, list):
                step = _same(other, built, step)  # noqa: PLW2901 - the same element under another number
            found.append(step)
            other = _dig(other, (step,))
        return tuple(found)


def _name(value: dict[str, Value]) -> str:
    metadata = value.get("metadata")
    found = metadata.get("name") or metadata.get("generateName") if isinstance(metadata, dict) else ""
    return str(found)


def _same(others: list[Value], element: Value, number: int) -> int:
    name = element.get("name") if isinstance(element, dict) else None
    for other, candidate in enumerate(others):
        if name is not None and isinstance(candidate, dict) and candidate.get("name") == name:
            return other
    return number if name is None else len(others)


def _dig(value: Value, path: AttributePath) -> Value:
    for step in path:
        try:
            inside: Any = value if isinstance(value, (dict, list)) else ()
            value = inside[step]
        except (LookupError, TypeError):
            return _MISSING
    return value


def _listed(content: dict[str, Value], key: str) -> list[tuple[int, Value]]:
    entries = content.get(key)
    return list(enumerate(entries)) if isinstance(entries, list) else []
