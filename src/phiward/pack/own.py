"""An organisation's own rules: a directory of rule files in the pack's format, judged beside the bundled ones.

They come from outside, so each file is held to the schema that ships for editors and to the vocabulary of the pack
before anything of it is used, and an error names the line.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from phiward.errors import PackError, UsageError
from phiward.explosive import problem_of
from phiward.outside import Outside
from phiward.pack import Pack, pack_directory
from phiward.pack.compile import Compiler
from phiward.pack.placed_yaml import Placed, read_placed
from phiward.record import dataclass

_ENDINGS = (".yaml", ".yml")
_DEEPEST = 8
_PATTERNS = ("matches", "not_matches")
Named = Callable[[Path], str]


@dataclass(frozen=True, slots=True)
class OwnRule:
    """A rule file of an organisation: as it was written, and compiled."""

    path: Path
    document: Any
    compiled: dict[str, Any]


def own_rules(
    pack: Pack, directories: Collection[Path], outside: Outside, graph_rules: Collection[str]
) -> list[OwnRule]:
    """Every rule below some directories. Raises PackError at the first file that is wrong."""
    reader = _Reader(pack, graph_rules, outside)
    found: dict[str, OwnRule] = {}
    for directory in directories:
        for path in _files(directory, outside):
            rule = reader.rule(path, directory)
            id_ = rule.compiled["id"]
            if id_ in found or id_ in reader.bundled:
                where = found[id_].path if id_ in found else "the bundled pack"
                raise reader.wrong(path, f"the rule {id_!r} exists in {where} too", about=id_)
            found[id_] = rule
    if not found:
        raise PackError(f"there is no rule in {', '.join(map(str, directories))}", hint="a rule is a .yaml file")
    return list(found.values())


def with_own_rules(
    pack: Pack, directories: Collection[Path], outside: Outside, graph_rules: Collection[str]
) -> tuple[Pack, list[OwnRule]]:
    """The pack with an organisation's rules, and those. Its version and digest tell it apart. Raises PackError."""
    found = own_rules(pack, directories, outside, graph_rules)
    total = hashlib.sha256()
    for text in sorted(json.dumps(rule.document, sort_keys=True, default=str) for rule in found):
        total.update(f"{len(text)}\0{text}".encode())
    documents = {rule.compiled["id"]: rule.document for rule in found}
    return pack.extended([rule.compiled for rule in found], documents, total.hexdigest()), found


def _files(directory: Path, outside: Outside, depth: int = 0) -> Iterator[Path]:
    """The YAML files below a directory."""
    if not outside.is_directory(directory):
        raise PackError(f"there is no directory {str(directory)!r}")
    for name in outside.names(directory, _ENDINGS):
        if not name.endswith("/"):
            yield directory / name
        elif depth < _DEEPEST:
            yield from _files(directory / name.removesuffix("/"), outside, depth + 1)


class _Reader:
    def __init__(self, pack: Pack, graph_rules: Collection[str], outside: Outside) -> None:
        try:
            import jsonschema
        except ImportError as error:
            hint = "install them: pip install 'phiward[rules]'"
            raise UsageError("rules of your own need the packages of the extra `rules`", hint=hint) from error
        schema = json.loads((pack_directory() / "schema" / "rule.schema.json").read_text())
        self._validator = jsonschema.Draft202012Validator(schema)
        self._best = jsonschema.exceptions.best_match
        self._compiler = Compiler(pack_directory())
        self._compiler.properties = {name: {"type": type_} for name, type_ in pack.property_types.items()}
        self._compiler.parameters = dict(pack.parameters)
        self._compiler.citations = dict(pack.citations)
        self._compiler.kinds = {kind: {} for row in pack.rows() for kind in row.kinds}
        self._types = {row.type for row in pack.rows()}
        self._graph_rules = graph_rules
        self._outside = outside
        self._placed: dict[Path, Placed] = {}
        self.bundled = {outline.id for outline in pack.outlines}

    def rule(self, path: Path, directory: Path) -> OwnRule:
        placed = self._placed[path] = read_placed(path, self._outside)
        self._check_schema(placed.value, path)
        theme = path.parent.name if path.parent != directory else directory.resolve().name
        self._check_names(placed.value, path)
        try:
            compiled = self._compiler.rule(placed.value, path, str(path))
        except PackError as error:
            raise self.wrong(path, error.message, hint=error.hint, about=error.about) from error
        return OwnRule(path, placed.value, {**compiled, "theme": theme})

    def wrong(self, path: Path, message: str, *, hint: str = "", about: str = "", at: Any = ()) -> PackError:
        """An error with the line of the word that it is about, or of a place in the document."""
        placed = self._placed[path]
        line, column = placed.word(about) or placed.place(at)
        return PackError(message, hint=hint, where=f"{path}:{line}:{column}")

    def _check_schema(self, document: Any, path: Path) -> None:
        error = self._best(self._validator.iter_errors(document))
        if error is None:
            return
        at = list(error.absolute_path)
        if error.validator == "additionalProperties":
            unknown = next(key for key in error.instance if key not in error.schema["properties"])
            near = get_close_matches(str(unknown), error.schema["properties"], 1)
            hint = f"did you mean {near[0]!r}?" if near else f"known here: {', '.join(error.schema['properties'])}"
            raise self.wrong(path, f"unknown key {unknown!r}", hint=hint, about=str(unknown))
        if at[:1] in (["assert"], ["when"]):  # the compiler knows which word of a predicate is wrong
            try:
                self._compiler.predicate(document[at[0]], str(path))
            except PackError as wrong:
                raise self.wrong(path, wrong.message, hint=wrong.hint, about=wrong.about, at=at) from wrong
        where = ".".join(map(str, at)) or "the file"
        raise self.wrong(path, f"{where}: {error.message[:200]}", at=at)

    def _check_names(self, document: Any, path: Path) -> None:
        """What the compiler takes as it is: resource types, graph rules, patterns."""
        for key in ("type", "not_type"):
            for chosen in ("resources", "given"):
                listed = document.get(chosen, {}).get(key, [])
                for type_ in listed if isinstance(listed, list) else [listed]:
                    self._known("resource type", type_, self._types, path)
        if "graph" in document:
            self._known("graph rule", document["graph"], self._graph_rules, path)
        for pattern in _patterns({key: document.get(key) for key in ("when", "assert")}):
            if problem := problem_of(pattern):
                raise self.wrong(path, f"the pattern {pattern!r}: {problem}", about=pattern)

    def _known(self, what: str, name: Any, known: Collection[str], path: Path) -> None:
        if name not in known:
            near = get_close_matches(str(name), known, 1)
            hint = f"did you mean {near[0]!r}?" if near else ""
            raise self.wrong(path, f"unknown {what} {name!r}", hint=hint, about=str(name))


def _patterns(node: Any) -> Iterator[str]:
    """The operands of all `matches` in a predicate."""
    if isinstance(node, list):
        for item in node:
            yield from _patterns(item)
    elif isinstance(node, dict):
        for key, value in node.items():
            if key in _PATTERNS and isinstance(value, str):
                yield value
            else:
                yield from _patterns(value)
