"""A rule file that comes from outside, as plain values with the line of each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from phiward.errors import PackError
from phiward.outside import Outside
from phiward.record import dataclass

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DEEPEST = 100
_MOST_NODES = 200_000
_MOST_BYTES = 4 * 2**20
Place = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Placed:
    """`value` as it was written. Lines and columns count from 1."""

    value: Any
    root: Any

    def place(self, path: Sequence[str | int] = ()) -> Place:
        """Where a value stands; where its nearest ancestor does, if there is none."""
        node = self.root
        for step in path:
            inner = _child(node, step)
            if inner is None:
                break
            node = inner
        return _of(node)

    def word(self, word: str) -> Place | None:
        """Where a key or value is written that reads so; None where none is."""
        return next((_of(node) for node in _scalars(self.root) if node.value == word), None) if word else None


def read_placed(path: Path, outside: Outside) -> Placed:
    """Read one document. Raises PackError: not YAML, a key twice, nested or repeated beyond any rule."""
    try:
        data = outside.read(path, _MOST_BYTES)
        _check_depth(path, data)
        node = yaml.compose(data, Loader=_LOADER)
        _check_keys(path, node)
        return Placed(yaml.load(data, Loader=_LOADER), node)  # noqa: S506 - both are safe loaders
    except OSError as error:
        raise PackError(f"cannot be read: {error.strerror}", where=str(path)) from error
    except yaml.MarkedYAMLError as error:
        raise PackError(f"not valid YAML: {error.problem}", where=_at(path, error.problem_mark)) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise PackError("not valid YAML", where=str(path)) from error


def _check_depth(path: Path, data: bytes) -> None:
    depth = 0
    for event in yaml.parse(data, Loader=_LOADER):  # the C loader would overflow the stack
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            raise PackError(f"nested deeper than {_DEEPEST} levels", where=_at(path, event.start_mark))


def _check_keys(path: Path, root: Any) -> None:
    """Every key once in its mapping, and not more in all than any rule holds: aliases can make it endless."""
    left, seen = [root], 0
    while left:
        node = left.pop()
        seen += 1
        if seen > _MOST_NODES:
            raise PackError("its aliases make it too large", where=str(path))
        if isinstance(node, yaml.MappingNode):
            keys = set()
            for key, value in node.value:
                if not isinstance(key, yaml.ScalarNode):
                    raise PackError("a key is a text", where=_at(path, key.start_mark))
                if key.value in keys:
                    raise PackError(f"the key {key.value!r} stands here twice", where=_at(path, key.start_mark))
                keys.add(key.value)
                left.append(value)
        elif isinstance(node, yaml.SequenceNode):
            left += node.value


def _child(node: Any, step: str | int) -> Any:
    if isinstance(node, yaml.MappingNode):
        return next((value for key, value in node.value if key.value == str(step)), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step]
    return None


def _scalars(root: Any) -> Iterator[Any]:
    left = [root]
    while left:
        node = left.pop()
        if isinstance(node, yaml.ScalarNode):
            yield node
        elif isinstance(node, yaml.MappingNode):
            left += [part for pair in reversed(node.value) for part in reversed(pair)]
        elif isinstance(node, yaml.SequenceNode):
            left += reversed(node.value)


def _of(node: Any) -> Place:
    return (node.start_mark.line + 1, node.start_mark.column + 1) if node is not None else (1, 1)


def _at(path: Path, mark: Any) -> str:
    return f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else str(path)
