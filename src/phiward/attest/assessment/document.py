"""`findings.json`: the assessment as canonical JSON, and back. Equal assessments give equal bytes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache
from json import JSONEncoder
from types import NoneType, UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from phiward import __version__
from phiward.attest.assessment.model import SCHEMA, Assessment
from phiward.attest.canonical import parse_mapping
from phiward.errors import UsageError

T = TypeVar("T")
_OTHER_MAKE = (ValueError, TypeError, LookupError, AttributeError)


def to_plain(value: Any) -> Any:
    """Records as dicts, tuples as lists."""
    names = getattr(type(value), "__match_args__", None)
    if names is not None:
        return {name: to_plain(getattr(value, name)) for name in names}
    if isinstance(value, (list, tuple)):
        return [to_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {key: to_plain(item) for key, item in value.items()}
    return value


def _shallow(record: Any) -> dict[str, Any]:
    return {name: getattr(record, name) for name in record.__match_args__}


_ENCODE = JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False, default=_shallow).encode
"""As `canonical` of `to_plain`, in a third of the time: there are a hundred thousand records."""


def render(assessment: Assessment) -> bytes:
    """The content of `findings.json`."""
    written = {"schema": SCHEMA, "written_by": {"name": "phiward", "version": __version__}}
    return _ENCODE(written | _shallow(assessment)).encode() + b"\n"


def read(content: bytes, where: str) -> Assessment:
    """The assessment that `render` wrote. Raises UsageError for anything else."""
    try:
        document = parse_mapping(content)
        check_writer(document, SCHEMA, document["written_by"]["version"], where)
        found: Assessment = _read(Assessment, document)
        _check_days(found)
    except _OTHER_MAKE as error:
        raise UsageError(
            "is not an assessment of Phiward", where=where, hint="give the folder of `phiward attest`"
        ) from error
    return found


def _check_days(found: Assessment) -> None:
    """Raises ValueError where something is no day that the next assessment counts from."""
    window = found.cover.window
    runs = (run.date for run in found.continuity.runs)
    for day in {window.start, window.end, window.as_of, *runs, *(row.first_seen for row in found.findings)}:
        date.fromisoformat(day)


def check_writer(document: Mapping[str, Any], schema: str, version: str, where: str) -> None:
    """Refuse what a newer version wrote: it may say what this one does not know of. Raises UsageError."""
    found = document["schema"]
    name, _, number = schema.rpartition("/v")
    if not isinstance(found, str) or not found.startswith(f"{name}/v"):
        raise ValueError(found)
    newer_shape = int(found.rpartition("/v")[2]) > int(number)
    if newer_shape or _numbers(version) > _numbers(__version__):
        raise UsageError(
            f"was written by phiward {version}, which is newer than this one, {__version__}",
            where=where,
            hint="use the version that wrote it, or a later one",
        )


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(piece) for piece in version.split(".")[:3])


@cache
def _types(cls: type) -> dict[str, Any]:
    return get_type_hints(cls)


def _read(kind: Any, value: Any) -> Any:
    """A plain value as an instance of a type. Raises ValueError where it is none."""
    if kind is Any:
        return value
    origin = get_origin(kind)
    if origin is tuple:
        return tuple([_read(get_args(kind)[0], item) for item in _checked(list, value)])
    if origin is UnionType:
        return None if value is None else _read(next(one for one in get_args(kind) if one is not NoneType), value)
    if origin is not None:
        inner = get_args(kind)[1]
        return {key: _read(inner, item) for key, item in _checked(dict, value).items()}
    if hasattr(kind, "__match_args__"):
        _checked(dict, value)
        return kind(**{name: _read(_types(kind)[name], value[name]) for name in kind.__match_args__})
    return _checked(kind, value)


def _checked(kind: type[T], value: Any) -> T:
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise ValueError(value)
    return value
