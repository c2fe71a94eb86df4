"""Where a property stands on a resource type, in words: the attribute of each source, and what holds without it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from phiward.docs.page import Inline, Line, Name, names, prose
from phiward.graph.computed import computed
from phiward.graph.words import Respelled, respell
from phiward.pack import Row
from phiward.pack.paths import steps

_READS = ("path", "key", "switch", "of", "policy", "group", "options", "exports", "mode", "by", "unit_path")
"""The arguments of computed properties that are paths."""


def place(row: Row, name: str) -> tuple[Line, Line]:
    """Where a property stands on a type, and what holds where nothing is written."""
    spec = row.properties[name]
    if "constant" in spec:
        return ("nowhere: the service does not let it be otherwise",), (Name(_value(spec["constant"])),)
    default = _default(spec)
    if "compute" in spec:
        return _computed(row, spec), default
    paths = [written(row, path) for path in spec["paths"]]
    line: list[Inline] = list(names(paths)) or ["nowhere"]
    if spec.get("present"):
        line.append(" is written")
    return tuple(line), default


def _computed(row: Row, spec: Mapping[str, Any]) -> Line:
    paths = [path for key in _READS for path in _listed(spec["with"].get(key))]
    said = (computed(spec["compute"]).__doc__ or "").strip().partition("\n")[0].rstrip(".")
    told: list[Inline] = ["worked out: ", *prose(said)]
    found = list(filter(None, (_spelled(row, path) for path in paths)))
    if found:
        told += ["; from ", *names(dict.fromkeys(found))]
    return tuple(told)


def _listed(value: Any) -> list[str]:
    return [each for each in (value if isinstance(value, list) else [value]) if isinstance(each, str)]


def _spelled(row: Row, text: str) -> str:
    """A path of Terraform's as the dialect of the row has it; nothing where the dialect has none like it."""
    path = steps(text, row.type)
    head = str(path[0])
    if head not in row.words:
        return "" if row.dialect == "cloudformation" and head.lstrip("@")[:1].islower() else written(row, path)
    at, inner = row.words[head]
    rest = respell(path[1:], inner)
    if at is None or not isinstance(rest, Respelled):
        return ""
    attached = head.startswith("@") and not at
    return written(row, [head if attached else "", *at, *rest.path][not attached :])


def _default(spec: Mapping[str, Any]) -> Line:
    if "default" not in spec:
        return ()
    default = spec["default"]
    if isinstance(default, dict) and "unknown" in default:
        return (f"not known: {default['unknown']}",)
    return (Name(_value(default)),)


def _value(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def written(row: Row, path: Sequence[str | int]) -> str:
    """A path as its source writes it; one that begins at a satellite or a part begins with its type or place."""
    first, *rest = path
    if isinstance(first, str) and first.startswith("@"):
        alias = first[1:]
        if alias in row.parts:
            return _dotted([*row.parts[alias], *rest])
        natives = list(dict.fromkeys(native for name, native, _ in row.satellites if name == alias))
        return f"{' or '.join(natives) or alias}{'.' if rest else ''}{_dotted(rest)}"
    return _dotted(path)


def _dotted(path: Sequence[str | int]) -> str:
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif step == "[]":
            text += "[]"
        elif "." in step or "/" in step:
            text += f'["{step}"]'
        else:
            text += f"{'.' if text else ''}{step}"
    return text or "."
