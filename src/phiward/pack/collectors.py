"""`collectors/aws/<service>.yaml` -> the calls that read a service, and what of their answers becomes which attribute.

`arns` of a step are what a policy restricts its action to, where the action alone would allow more than is asked.
`absent` of a step are the codes of errors that say that there is none; a code that means several things stands with
words of its message: `AccessDeniedException: Macie is not enabled`. `gone` are the codes of what it asks about being
deleted.

A resource with `each` is there once for each element of what it names: of a mapping, for each `{key, value}`. Of
several, each goes over the elements of the one before.

An answer is read into the resource types and attributes that Terraform has for the same thing, as Terraform's own
provider reads it when it refreshes a state. So what runs and what is declared meet in one vocabulary, and every rule,
default and computed property speaks to both.

Compiled, a value is a list whose head says what it is:

    ["path", name, up, steps]   of the item; with `name` of the answer of the step of that name; `up` parents above
    ["about", word]             the account, region, partition
    ["text", [part, ...]]       texts and values put together
    ["constant", value]
    ["first", [value, ...]]     the first that is there
    ["block", {name: value}]    a Terraform block
    ["each", value, {name: value}, tests]  one block for each element of which the tests hold; of a mapping, for each
                                `{key, value}`
    ["when", tests, value]      where the tests hold
    ["unknown", reason]         what is not read, though it is there
    ["gather", value, value]    one value for each element; lists are joined
    ["tags", value]  ["json", value]  ["present", value]  ["redacted", value]  ["address", value]
    ["split", value, separator, index]
    ["entry", value, name]      of a list of names and values, or of a mapping, what stands beside a name
    ["parse", value, steps]     of JSON in a text, what stands at a path
    ["days_since", value]  ["days_until", value]   whole days between a time and the start of the collection
    ["values", value, {raw: normalised}]
    ["owner", type]             the resource of that type that is read from the same item, or from one above
    ["link", value, type, attribute]  the resource of that type, in the same account and region, that bears a value
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from phiward.errors import PackError, UsageError
from phiward.pack.paths import steps

Compiled = dict[str, Any]
SCOPES = ("regional", "global")
_OWN = frozenset({"arn", "tags_all"})
"""Attributes that need no line: an ARN is the address; the tags that a provider adds are among an account's own."""
ABOUT = ("account", "region", "partition", "service")
_FILE_KEYS = {"service", "iam", "scope", "region", "steps"}
_STEP_KEYS = {
    "operation", "params", "items", "action", "absent", "gone", "offered_in", "as", "when", "batch", "arns", "prepared",
    "resources",
    "then",
    "doc",
}  # fmt: skip
_RESOURCE_KEYS = {"type", "each", "id", "when", "from", "attributes", "once", "not_shown", "apart", "doc"}
_CONDITION_KEYS = {"path", "in", "not_in", "present", "is", "is_not"}
COMPARED = ("is", "is_not")
"""Operators whose operand is another value of the answer, or a word such as `@account`."""
_BATCH_KEYS = {"param", "size", "key", "items"}
_JOIN_KEYS = {"by", "key", "items"}
_PREPARED_KEYS = {"by", "while"}
_piece = re.compile(r"\{([^{}]+)\}")


def collector(document: Any, where: str) -> Compiled:
    """A file of `collectors/aws`, checked. Raises PackError."""
    _known(document, _FILE_KEYS, where)
    scope = document.get("scope", "regional")
    if scope not in SCOPES:
        raise PackError(f"scope is one of {', '.join(SCOPES)}", where=where)
    service = _text(document.get("service"), f"{where}.service")
    prefix = document.get("iam", service)
    return {
        "service": service,
        "prefix": prefix,
        "global": scope == "global",
        "region": document.get("region", "us-east-1"),
        "steps": [_step(step, (service, prefix), f"{where}.{step.get('operation')}") for step in document["steps"]],
    }


def native_types(step: Mapping[str, Any]) -> list[str]:
    """Every type that a compiled step and those inside of it give."""
    own = [resource["type"] for resource in step["resources"]]
    return own + [type_ for inner in step["then"] for type_ in native_types(inner)]


def _step(spec: Any, of: tuple[str, str], where: str) -> Compiled:
    """A step of a service, with what its actions begin with."""
    _known(spec, _STEP_KEYS, where)
    operation = _text(spec.get("operation"), f"{where}.operation")
    prepared = spec.get("prepared")
    if prepared is not None:
        _known(prepared, _PREPARED_KEYS, f"{where}.prepared")
        prepared = {"by": prepared["by"], "while": condition(prepared["while"], f"{where}.prepared")}
    actions = spec.get("action", f"{of[1]}:{camel(of[0], operation)}")
    return {
        "operation": operation,
        "actions": actions if isinstance(actions, list) else [actions],
        "arns": spec.get("arns", []),
        "params": {name: value(given, f"{where}.params.{name}") for name, given in spec.get("params", {}).items()},
        "items": steps(spec["items"], where) if "items" in spec else None,
        "absent": [str(code) for code in spec.get("absent", [])],
        "gone": [str(code) for code in spec.get("gone", [])],
        "offered_in": [str(region) for region in spec.get("offered_in", [])],
        "as": spec.get("as", ""),
        "when": condition(spec.get("when"), f"{where}.when"),
        "batch": _batch(spec["batch"], f"{where}.batch") if "batch" in spec else None,
        "prepared": prepared,
        "resources": [_resource(given, f"{where}.{given.get('type')}") for given in spec.get("resources", [])],
        "then": [_step(inner, of, f"{where}.{inner.get('operation')}") for inner in spec.get("then", [])],
    }


def _batch(spec: Any, where: str) -> Compiled:
    """How items are found in an answer about many; one without `param` lists all there are, and is asked for once."""
    joined = isinstance(spec, dict) and "by" in spec
    _known(spec, _JOIN_KEYS if joined else _BATCH_KEYS, where)
    return {
        "param": "" if joined else spec["param"],
        "by": value(spec["by"], where) if joined else None,
        "size": 0 if joined else int(spec["size"]),
        "key": steps(spec["key"], where),
        "items": steps(spec["items"], where),
    }


def _resource(spec: Any, where: str) -> Compiled:
    _known(spec, _RESOURCE_KEYS, where)
    if "each" in spec and "id" not in spec:
        raise PackError("what there are many of in one item needs an id", where=where)
    return {
        "type": _text(spec.get("type"), f"{where}.type"),
        "each": [value(level, where) for level in _listed(spec.get("each", []))],
        "id": _id(spec["id"], where) if "id" in spec else None,
        "when": condition(spec.get("when"), f"{where}.when"),
        "from": spec.get("from", ""),
        "once": spec.get("once", False),
        "not_shown": spec.get("not_shown", []),
        "apart": spec.get("apart", []),
        "attributes": block(spec.get("attributes", {}), where),
    }


def _id(spec: Any, where: str) -> list[Any]:
    return text(spec, where) if isinstance(spec, str) else value(spec, where)


def _listed(spec: Any) -> list[Any]:
    return spec if isinstance(spec, list) else [spec]


def condition(spec: Any, where: str) -> list[Any]:
    """Tests, all of which must hold: `[value, operator, operand]`; that of `is` and `is_not` is another value."""
    found: list[Any] = []
    for one in spec if isinstance(spec, list) else [] if spec is None else [spec]:
        _known(one, _CONDITION_KEYS, where)
        read = value(one["path"], where)
        tests = [(name, one[name]) for name in ("in", "not_in", "present") if name in one]
        tests += [(name, value(one[name], where)) for name in COMPARED if name in one]
        if len(tests) != 1:
            raise PackError("a condition has one of in, not_in, present, is and is_not", where=where)
        found.append([read, *tests[0]])
    return found


def block(spec: Any, where: str) -> Compiled:
    if not isinstance(spec, dict):
        raise PackError(f"expected a mapping of attributes, found {spec!r}", where=where)
    return {name: value(given, f"{where}.{name}") for name, given in spec.items()}


def value(spec: Any, where: str) -> list[Any]:
    """How a value is written -> compiled: see the module."""
    if isinstance(spec, str):
        return _place(spec, where)
    if isinstance(spec, list):
        return ["first", [value(given, where) for given in spec]]
    if not isinstance(spec, dict):
        raise PackError(f"says no place of an answer: {spec!r}", where=where)
    known = set(spec)
    for head, needed in _FORMS.items():
        if head in known:
            if known - _ALSO.get(head, set()) != needed:
                raise PackError(f"a value of the form `{head}` has {', '.join(sorted(needed))}", where=where)
            return _form(head, spec, where)
    raise PackError(f"says no place of an answer: {spec!r}", where=where)


_FORMS = {
    "constant": {"constant"},
    "text": {"text"},
    "block": {"block"},
    "each": {"each", "block"},
    "gather": {"gather", "value"},
    "tags": {"tags"},
    "json": {"json"},
    "present": {"present"},
    "redacted": {"redacted"},
    "address": {"address"},
    "days_since": {"days_since"},
    "days_until": {"days_until"},
    "split": {"split", "by", "index"},
    "entry": {"entry", "of"},
    "parse": {"parse", "at"},
    "values": {"path", "values"},
    "owner": {"owner"},
    "link": {"link", "type", "by"},
    "when": {"when", "value"},
    "unknown": {"unknown"},
}
_ALSO = {"each": {"when"}}
_WITHIN = ("block", "when", "unknown")
"""The forms of a value by the key that tells them, with all keys that each has, and those that it may have."""
_FORMS = {name: _FORMS[name] for name in sorted(_FORMS, key=lambda name: name in _WITHIN)}
"""What is a key of another form, too, comes last."""


def _form(head: str, spec: Any, where: str) -> list[Any]:
    make = _MADE.get(head)
    return [head, *(make(spec, where) if make is not None else [value(spec[head], where)])]


_MADE: dict[str, Callable[[Any, str], list[Any]]] = {
    "constant": lambda spec, _: [spec["constant"]],
    "unknown": lambda spec, _: [spec["unknown"]],
    "text": lambda spec, where: _text_of(spec["text"], where)[1:],
    "block": lambda spec, where: [block(spec["block"], where)],
    "each": lambda spec, where: [
        value(spec["each"], where), block(spec["block"], where), condition(spec.get("when"), where)
    ],
    "when": lambda spec, where: [condition(spec["when"], where), value(spec["value"], where)],
    "gather": lambda spec, where: [value(spec["gather"], where), value(spec["value"], where)],
    "split": lambda spec, where: [value(spec["split"], where), str(spec["by"]), int(spec["index"])],
    "entry": lambda spec, where: [value(spec["of"], where), str(spec["entry"])],
    "parse": lambda spec, where: [value(spec["parse"], where), steps(spec["at"], where)],
    "values": lambda spec, where: [value(spec["path"], where), {text_key(raw): v for raw, v in spec["values"].items()}],
    "owner": lambda spec, _: [spec["owner"]],
    "link": lambda spec, where: [value(spec["link"], where), spec["type"], spec["by"]],
}  # fmt: skip
"""What follows the head of a form that is more than one value."""


def _text_of(given: Any, where: str) -> list[Any]:
    """A text with values in braces, or its parts one by one where such a value is more than a path."""
    return ["text", [_part(one, where) for one in given]] if isinstance(given, list) else text(given, where)


def _part(given: Any, where: str) -> Any:
    return given if isinstance(given, str) and "{" not in given else _id(given, where)


def text_key(raw: Any) -> str:
    return str(raw).lower() if isinstance(raw, bool) else str(raw)


def text(written: str, where: str) -> list[Any]:
    """A path, or a text with values in braces: `arn:{@partition}:s3:::{Name}`."""
    if "{" not in written:
        return _place(written, where)
    parts: list[Any] = []
    at = 0
    for found in _piece.finditer(written):
        parts += [written[at : found.start()]] if found.start() > at else []
        parts.append(_place(found[1], where))
        at = found.end()
    return ["text", [*parts, written[at:]] if at < len(written) else parts]


def _place(written: str, where: str) -> list[Any]:
    if written.startswith("@"):
        if written[1:] not in ABOUT:
            raise PackError(f"{written!r} is none of {', '.join('@' + word for word in ABOUT)}", where=where)
        return ["about", written[1:]]
    up = len(written) - len(written.lstrip("^"))
    rest = written[up:].removeprefix(".") if up else written
    name = ""
    if rest.startswith("$"):
        name, _, rest = rest[1:].partition(".")
        if not name:
            raise PackError(f"{written!r} names no step", where=where)
    return ["path", name, up, [] if rest in ("", ".") else steps(rest, where)]


_ACL = {"acl": "ACL", "acls": "ACLs"}
_CAPITALS = {
    "cloudfront": _ACL,
    "healthlake": {"fhir": "FHIR"},
    "iam": {"mfa": "MFA"},
    "rds": {"db": "DB"},
    "storagegateway": {"iscsi": "iSCSI", "nfs": "NFS", "smb": "SMB"},
    "waf": _ACL,
    "waf-regional": _ACL,
    "wafv2": _ACL,
}
"""Words that a service spells in its own way; others have `DescribeNetworkAcls` and `ListDbInstances`."""


def camel(service: str, operation: str) -> str:
    """An operation as the service calls it: of rds, `describe_db_instances` -> `DescribeDBInstances`."""
    capitals = _CAPITALS.get(service, {})
    return "".join(capitals.get(word) or word[:1].upper() + word[1:] for word in operation.split("_"))


def _text(given: Any, where: str) -> str:
    if not isinstance(given, str) or not given:
        raise PackError(f"a text is expected, not {given!r}", where=where)
    return given


def _known(mapping: Any, keys: set[str], where: str) -> None:
    if not isinstance(mapping, dict):
        raise PackError(f"expected a mapping, found {mapping!r}", where=where)
    for key in mapping:
        if key not in keys:
            raise PackError(f"unknown key {key!r}", where=where, hint=f"known here: {', '.join(sorted(keys))}")


class Collectors:
    """What a pack knows of live accounts: by the name of a service's file, what is asked and what comes of it.

    `once` are the types of which one serves all regions of an account. `elsewhere` are types that Terraform has and an
    account does not: what they declare is read as part of another one.
    """

    def __init__(self, by_name: Mapping[str, Compiled], elsewhere: frozenset[str]) -> None:
        self.by_name = by_name
        self.elsewhere = elsewhere

    def of(self, services: tuple[str, ...]) -> Collectors:
        """Those of some services; all of them where none is named. Raises UsageError for an unknown one."""
        for name in services:
            if name not in self.by_name:
                raise UsageError(f"there is no service {name!r}", hint=f"known: {', '.join(self.by_name)}")
        kept = {name: one for name, one in self.by_name.items() if not services or name in services}
        return Collectors(kept, self.elsewhere)

    def steps(self) -> Iterator[tuple[Compiled, Compiled]]:
        """Every step with its collector, those inside of others too."""
        for one in self.by_name.values():
            for step in one["steps"]:
                for inner in _within(step):
                    yield one, inner

    @property
    def operations(self) -> frozenset[tuple[str, str]]:
        """Every operation that may be called, by service."""
        called = [(one["service"], step["operation"]) for one, step in self.steps()]
        called += [(one["service"], step["prepared"]["by"]) for one, step in self.steps() if step["prepared"]]
        return frozenset(called)

    @property
    def types(self) -> frozenset[str]:
        """The native types that are read."""
        return frozenset(resource["type"] for resource in self._resources())

    @property
    def attributes(self) -> dict[str, frozenset[str]]:
        """The attributes that are read of each type, in it or, those `apart`, into resources beside it."""
        found: dict[str, frozenset[str]] = {}
        for resource in self._resources():
            names = _OWN.union(resource["attributes"], resource["apart"])
            found[resource["type"]] = found.get(resource["type"], names) & names
        return found

    @property
    def not_shown(self) -> dict[str, frozenset[str]]:
        """Properties by native type that a declaration has and a running resource does not: how it would be deleted."""
        found: dict[str, frozenset[str]] = {}
        for resource in self._resources():
            if resource["not_shown"]:
                found[resource["type"]] = found.get(resource["type"], frozenset()).union(resource["not_shown"])
        return found

    def _resources(self) -> Iterator[Compiled]:
        return (resource for _, step in self.steps() for resource in step["resources"])

    @property
    def once(self) -> frozenset[str]:
        return frozenset(
            resource["type"]
            for one, step in self.steps()
            for resource in step["resources"]
            if one["global"] or resource["once"]
        )


def _within(step: Compiled) -> Iterator[Compiled]:
    yield step
    for inner in step["then"]:
        yield from _within(inner)


def load_collectors(directory: Path) -> Collectors:
    """The collectors of a pack directory. Raises PackError.

    They are read where a live account is, and nowhere else: no other scan pays for them.
    """
    from phiward.pack.compile import read_yaml

    found = {}
    for path in sorted((directory / "collectors" / "aws").glob("*.yaml")):
        name = f"collectors/aws/{path.name}"
        found[path.stem] = collector(read_yaml(path, name), name)
    elsewhere = read_yaml(directory / "collectors" / "elsewhere.yaml", "collectors/elsewhere.yaml")
    return Collectors(found, frozenset(elsewhere))
