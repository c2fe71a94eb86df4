"""`rules/**/*.yaml` -> one plain structure that loads fast, checked for meaning on the way.

The structure is JSON: a wheel carries it compiled, a checkout compiles it when it starts. Paths become lists of steps,
predicates become nested lists whose head says what they are:

    ["all", [p, ...]]  ["any", [p, ...]]  ["none", [p, ...]]
    ["test", property, [[operator, operand], ...]]
    ["each", property, when or None, p]  ["some", property, p]  ["exists", {kind/type}, p]      (the last: scope rules)
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from phiward.errors import PackError
from phiward.model.rule import SEVERITIES
from phiward.pack.paths import steps
from phiward.pack.vocabulary import BUILT_IN, DIALECTS, OPERATORS, QUANTIFIED

_RULE_KEYS = {
    "id", "title", "severity", "citations", "resources", "when", "given", "assert", "graph", "message", "because",
    "fix", "fix_snippets", "equivalents", "examples", "never_unknown", "references", "needs",
}  # fmt: skip
_ROW_KEYS = {
    "type", "title", "kinds", "name", "satellites", "properties", "service", "doc", "parent", "like", "parts",
    "read_by", "words", "discriminator", *DIALECTS,
}  # fmt: skip
_DIALECT_KEYS = {"path", "values", "present", "inherits", "constant", "compute", "with", "default"}
_PROPERTY_KEYS = {"default", "doc", "fix", *DIALECTS}
_FEW = 40
"""Names that a hint lists."""
ENDLESS = 10**6
_OWN_NAME = {"kubernetes": "metadata.name"}
"""Where a dialect writes every resource's name, so that no row has to say it."""

Compiled = dict[str, Any]


class Compiler:
    """Reads a pack directory; `compile` gives the structure or raises PackError at the first thing that is wrong."""

    def __init__(self, directory: Path, check: Callable[[str, Any, str], None] | None = None) -> None:
        self.directory = directory
        self.check_schema = check
        self.properties: dict[str, dict[str, Any]] = {}
        self.parameters: dict[str, Any] = {}
        self.kinds: dict[str, Any] = {}
        self.citations: dict[str, Any] = {}
        self.shared: dict[str, Any] = {}

    def compile(self) -> Compiled:
        head = self.read("pack.yaml", "pack")
        parameters = self.read("parameters.yaml", "parameters")
        self.parameters = parameters["parameters"]
        self.kinds = self.read("catalog/kinds.yaml", "kinds")
        self.citations = {str(c["citation"]): c for c in self.read("citations.yaml", "citations")}
        for path in sorted((self.directory / "properties").glob("*.yaml")):
            self.properties.update(self.read(self.relative(path), "properties"))
        self.shared = self.read("catalog/shared.yaml", "shared")
        rows = self.rows()
        rules = self.rules()
        return {
            "name": head["name"],
            "title": head["title"],
            "version": str(head["version"]),
            "digest": digest(self.directory),
            "properties": {name: p["type"] for name, p in self.properties.items()},
            "parameters": self.parameters,
            "profiles": parameters["profiles"],
            "citations": self.citations,
            "services": self.services(),
            "rows": rows,
            "rules": rules,
        }

    def relative(self, path: Path) -> str:
        return path.relative_to(self.directory).as_posix()

    def read(self, name: str, schema: str) -> Any:
        document = read_yaml(self.directory / name, name)
        if self.check_schema is not None:
            self.check_schema(schema, document, name)
        return document

    def services(self) -> Compiled:
        """The list of eligible services; which types belong to each is looked up by `phiward.pack.services`."""
        raw = self.read("eligible-services.yaml", "eligible-services")
        for entry in raw["services"]:
            for limit in entry.get("limits", ()):
                if limit["property"] not in self.properties:
                    raise PackError(f"unknown property {limit['property']!r}", where="eligible-services.yaml")
        return {"listed_on": raw["listed_on"], "services": raw["services"]}

    # -- catalog

    def shared_by(self, folder: str, row: Compiled) -> Compiled:
        """The properties that every row of a folder has in the dialects that it speaks."""
        shared = self.shared.get(folder, {})
        return {name: spec for name, spec in shared.items() if any(dialect in row for dialect in spec)}

    def rows(self) -> list[Compiled]:
        rows: list[Compiled] = []
        seen: dict[str, str] = {}
        for path in sorted((self.directory / "catalog").glob("*/*.yaml")):
            where = self.relative(path)
            written = {row.get("type"): row for row in self.read(where, "catalog") or []}
            for row in written.values():
                likened = self.likened(row, written, where)
                properties = {**likened.get("properties", {}), **self.shared_by(path.parent.name, likened)}
                compiled = self.row({**likened, "properties": properties}, where)
                spoken = [dialect for dialect in compiled["dialects"].values() if dialect["discriminator"] is None]
                natives = (native for dialect in spoken for native in dialect["natives"])
                for native in dict.fromkeys([compiled["type"], *natives]):
                    if native in seen:
                        raise PackError(f"{native} has a row in {seen[native]} too", where=where)
                    seen[native] = where
                rows.append(compiled)
        return rows

    def likened(self, row: Any, written: dict[Any, Any], where: str) -> Any:
        """The row with the kinds and properties of the row that it is `like`; its own add to them."""
        if "like" not in row:
            return row
        other = written.get(row["like"])
        if other is None or "like" in other:
            raise PackError(f"there is no row {row['like']!r} in this file to be like", where=where)
        properties = {**other["properties"], **row.get("properties", {})}
        return {**row, "kinds": row.get("kinds", other["kinds"]), "properties": properties}

    def row(self, row: Any, where: str) -> Compiled:
        where = f"{where}: {row.get('type', '?')}"
        self.known(row, _ROW_KEYS, where)
        for kind in row["kinds"]:
            if kind not in self.kinds:
                raise no_such("kind", kind, self.kinds, where)
        dialects = {dialect: self.row_dialect(row, dialect, where) for dialect in DIALECTS if dialect in row}
        live = {name: spec for name, spec in row["properties"].items() if "aws" in spec}
        if live and "terraform" in dialects:
            dialects["aws"] = {**dialects["terraform"], "discriminator": None, "alone": {}}
            dialects["aws"]["properties"] = {
                name: self.property(name, spec, "aws", f"{where}.{name}") for name, spec in live.items()
            }
        if not dialects:
            raise PackError(f"a row names its type in one of {', '.join(DIALECTS)}", where=where)
        for name, spec in row["properties"].items():
            if not any(dialect in spec for dialect in dialects):
                raise PackError(f"says in no dialect of its row where {name} stands", where=where)
        return {
            "type": row["type"],
            "title": row["title"],
            "kinds": row["kinds"],
            "read_by": row.get("read_by", []),
            "dialects": dialects,
        }

    def row_dialect(self, row: Any, dialect: str, where: str) -> Compiled:
        """What a row says of one dialect: the types that it describes there, and where their properties stand."""
        names = as_list(row.get("name", {}).get(dialect, _OWN_NAME.get(dialect, [])))
        properties = {
            name: self.property(name, spec, dialect, f"{where}.{name}")
            for name, spec in row["properties"].items()
            if dialect in spec
        }
        for kind in row["kinds"]:
            for needed in self.kinds[kind].get("requires", []):
                if needed not in properties and dialect != "aws":
                    raise PackError(f"a {kind} must say {needed} in {dialect}", where=where)
        return {
            "natives": as_list(row[dialect]),
            "name": [steps(name, where) for name in names],
            "parts": {name: part_steps(path, where) for name, path in row.get("parts", {}).items()},
            "satellites": self.satellites(row.get("satellites", {}).get(dialect, {}), where),
            "alone": self.alone(row.get("satellites", {}).get(dialect, {}), properties, where),
            "words": self.words(row.get("words", {}).get(dialect, {}), f"{where}.words"),
            "discriminator": self.discriminator(row.get("discriminator", {}).get(dialect), f"{where}.discriminator"),
            "properties": properties,
        }

    def discriminator(self, spec: Any, where: str) -> Compiled | None:
        """What tells the resources of a native type that several rows describe apart."""
        if spec is None:
            return None
        self.known(spec, {"path", "in", "present"}, where)
        return {"path": steps(spec["path"], where), "in": None if spec.get("present") else [str(v) for v in spec["in"]]}

    def satellites(self, satellites: Any, where: str) -> list[list[Any]]:
        found = []
        for alias, spec in satellites.items():
            for by in as_list(spec["by"]):
                found += [[alias, native, steps(by, where)] for native in as_list(spec["type"])]
        return found

    def alone(self, satellites: Any, properties: Compiled, where: str) -> Compiled:
        """The properties that a satellite decides by itself, where what it belongs to is declared elsewhere."""
        found = {alias: spec["alone"] for alias, spec in satellites.items() if "alone" in spec}
        for alias, names in found.items():
            for name in names:
                if name not in properties:
                    raise no_such(f"property in `alone` of {alias}", name, properties, where)
        return found

    def words(self, words: Any, where: str) -> Compiled:
        """What computed properties call an attribute -> where it stands, and the words inside of it."""
        found: Compiled = {}
        for name, spec in words.items():
            if isinstance(spec, dict):
                self.known(spec, {"at", "words"}, where)
                at, inner = spec.get("at"), self.words(spec["words"], f"{where}.{name}")
            else:
                at, inner = spec, {}
            found[name] = [at if at is None else part_steps(at, where), inner]
        return found

    def property(self, name: str, spec: Any, dialect: str, where: str) -> Compiled:
        if name not in self.properties:
            raise no_such("property", name, self.properties, where)
        self.known(spec, _PROPERTY_KEYS, where)
        compiled: Compiled = self.dialect(spec[dialect], where)
        if "default" in spec:
            compiled.setdefault("default", spec["default"])
        default = compiled.get("default")
        if isinstance(default, dict) and "by_provider_major" in default:
            compiled["default"] = {"by_provider_major": majors(default["by_provider_major"], where)}
        if ("default" in compiled or "constant" in compiled) and not spec.get("doc"):
            raise PackError("a default or constant says in `doc` where it is documented", where=where)
        if dialect in spec.get("fix", {}):
            compiled["fix"] = spec["fix"][dialect]
        elif dialect == "aws":
            compiled["fix"] = ""  # what only an account shows stands in no declaration
        return compiled

    def dialect(self, spec: Any, where: str) -> Compiled:
        if isinstance(spec, str):
            return {"paths": [steps(spec, where)]}
        if isinstance(spec, list):
            return {"paths": [steps(p, where) for p in spec]}
        if not isinstance(spec, dict):
            raise PackError("is neither a path nor a mapping", where=where)
        self.known(spec, _DIALECT_KEYS, where)
        if "constant" in spec:
            return {"constant": spec["constant"]}
        own = {"default": spec["default"]} if "default" in spec else {}
        if "compute" in spec:
            return {"compute": spec["compute"], "with": spec.get("with", {}), **own}
        if "path" not in spec and "inherits" not in spec:
            raise PackError("says neither `path`, `inherits`, `constant` nor `compute`", where=where)
        compiled: Compiled = {**own, "paths": [steps(p, where) for p in as_list(spec.get("path", []))]}
        if "values" in spec:
            compiled["values"] = {text_key(raw): value for raw, value in spec["values"].items()}
        if spec.get("present"):
            compiled["present"] = True
        if "inherits" in spec:
            compiled["inherits"] = [steps(p, where) for p in spec["inherits"]]
        return compiled

    # -- rules

    def rules(self) -> list[Compiled]:
        rules: dict[str, Compiled] = {}
        for path in sorted((self.directory / "hipaa").glob("*/*.yaml")):
            where = self.relative(path)
            rule = self.rule(self.read(where, "rule"), path, where)
            if rule["id"] in rules:
                raise PackError(f"the rule {rule['id']!r} exists twice", where=where)
            rules[rule["id"]] = rule
        return [rules[id_] for id_ in sorted(rules)]

    def rule(self, rule: Any, path: Path, where: str) -> Compiled:
        self.known(rule, _RULE_KEYS, where)
        if rule["id"] != path.stem:
            raise PackError(f"the file of rule {rule['id']!r} must be {rule['id']}.yaml", where=where, about=rule["id"])
        if rule["severity"] not in SEVERITIES:
            raise PackError(f"severity is one of {', '.join(SEVERITIES)}", where=where)
        for citation in rule["citations"]:
            if citation not in self.citations:
                raise no_such("citation", citation, self.citations, where)
        for kind in as_list(rule["resources"].get("kind", [])) + as_list(rule["resources"].get("not_kind", [])):
            if kind not in self.kinds:
                raise no_such("kind", kind, self.kinds, where)
        if rule.get("needs") is not None:
            self.operand({"parameter": rule["needs"]}, where)
        fix = rule["fix"]
        return {
            "id": rule["id"],
            "title": rule["title"],
            "theme": path.parent.name,
            "severity": rule["severity"],
            "citations": rule["citations"],
            "message": rule["message"],
            "because": rule["because"].strip(),
            "fix": fix.strip(),
            "fix_snippets": rule.get("fix_snippets", {}),
            "equivalents": rule.get("equivalents", {}),
            "select": {key: as_list(value) for key, value in rule["resources"].items()},
            "given": {key: as_list(value) for key, value in rule.get("given", {}).items()},
            "when": self.predicate(rule["when"], where) if "when" in rule else None,
            "check": self.scope_check(rule, where) if "scope" in rule["resources"] else self.check(rule, where),
            "graph": rule.get("graph"),
            "needs": rule.get("needs"),
        }

    def check(self, rule: Any, where: str) -> Any:
        if ("graph" in rule) == ("assert" in rule):
            raise PackError("a rule has either `assert` or `graph`", where=where)
        return self.predicate(rule["assert"], where) if "assert" in rule else None

    def scope_check(self, rule: Any, where: str) -> Any:
        spec = rule["assert"].get("some") if isinstance(rule.get("assert"), dict) else None
        if not isinstance(spec, dict):
            raise PackError("a rule about a scope asserts `some: {kind or type, where}`", where=where)
        self.known(spec, {"kind", "type", "where"}, where)
        select = {key: as_list(spec[key]) for key in ("kind", "type") if key in spec}
        return ["exists", select, self.predicate(spec["where"], where) if "where" in spec else ["all", []]]

    def predicate(self, spec: Any, where: str, *, free: bool = False) -> Any:
        """`free`: inside `each` and `some` the names are keys of the element, not properties."""
        if not isinstance(spec, dict):
            raise PackError("a predicate is a mapping", where=where)
        parts: list[Any] = []
        for key, value in spec.items():
            if key in ("all_of", "any_of", "none_of"):
                parts.append([key[:-3], [self.predicate(p, where, free=free) for p in value]])
            elif key == "each":
                self.known(value, {"in", "when", "assert"}, where)
                when = self.predicate(value["when"], where, free=True) if "when" in value else None
                inner = self.predicate(value["assert"], where, free=True)
                parts.append(["each", self.named(value["in"], where, free), when, inner])
            elif key == "some":
                self.known(value, {"in", "assert"}, where)
                inner = self.predicate(value["assert"], where, free=True)
                parts.append(["some", self.named(value["in"], where, free), inner])
            else:
                parts.append(["test", self.named(key, where, free), self.test(value, where)])
        return parts[0] if len(parts) == 1 else ["all", parts]

    def named(self, name: str, where: str, free: bool) -> str:
        if not free and name not in self.properties and name not in BUILT_IN:
            raise no_such("property", name, (*self.properties, *BUILT_IN), where)
        return name

    def test(self, spec: Any, where: str) -> list[list[Any]]:
        if not isinstance(spec, dict) or set(spec) == {"parameter"}:
            return [["equals", self.operand(spec, where)]]
        tests = []
        for operator, operand in spec.items():
            if operator not in OPERATORS:
                raise no_such("operator", operator, OPERATORS, where)
            if operator in QUANTIFIED:
                tests.append([operator, self.test(operand, where)])
            else:
                tests.append([operator, self.operand(operand, where)])
        return tests

    def operand(self, operand: Any, where: str) -> Any:
        if isinstance(operand, dict):
            name = operand.get("parameter")
            if set(operand) != {"parameter"}:
                raise PackError(f"an operand is a value or {{parameter: name}}, not {operand!r}", where=where)
            if name not in self.parameters:
                raise no_such("parameter", name, self.parameters, where)
        return operand

    def known(self, mapping: Any, keys: set[str], where: str) -> None:
        if not isinstance(mapping, dict):
            raise PackError(f"expected a mapping, found {mapping!r}", where=where)
        for key in mapping:
            if key not in keys:
                raise no_such("key", key, sorted(keys), where)


def no_such(what: str, name: object, known: Iterable[str], where: str) -> PackError:
    """The error about a name that nothing has, with the nearest one that something has."""
    names = list(known)
    near = get_close_matches(str(name), names, 1)
    hint = f"did you mean {near[0]!r}?" if near else ""
    if not hint and len(names) <= _FEW:
        hint = f"known here: {', '.join(names)}"
    return PackError(f"unknown {what} {name!r}", where=where, hint=hint, about=str(name))


def part_steps(path: str, where: str) -> list[str | int]:
    """Where a part stands; `.` is the whole resource."""
    return [] if path == "." else steps(path, where)


def text_key(raw: Any) -> str:
    """How a raw value is looked up in `values`: booleans as Terraform writes them."""
    return str(raw).lower() if isinstance(raw, bool) else str(raw)


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def read_yaml(path: Path, name: str) -> Any:
    import yaml

    try:
        return yaml.load(path.read_bytes(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
    except OSError as error:
        raise PackError(f"cannot be read: {error.strerror}", where=name) from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        raise PackError(
            f"not valid YAML: {error.problem}", where=f"{name}:{mark.line + 1}:{mark.column + 1}" if mark else name
        ) from error


def majors(written: Any, where: str) -> list[list[Any]]:
    """`{"<6": false, ">=6": true}` -> where a value begins and where it ends, by major version, without a gap."""
    found = []
    for key, value in written.items() if isinstance(written, dict) else ():
        below, number = re.fullmatch(r"<([0-9]+)", str(key)), re.fullmatch(r"(>=)?([0-9]+)", str(key))
        if below:
            found.append([0, int(below[1]), value])
        elif number:
            first = int(number[2])
            found.append([first, ENDLESS if number[1] else first + 1, value])
    found.sort(key=lambda entry: entry[0])
    ends = [0, *(entry[1] for entry in found)]
    if not found or [entry[0] for entry in found] != ends[:-1] or ends[-1] != ENDLESS:
        raise PackError("by_provider_major names every major version once: <5, 5, >=6", where=where)
    return found


def digest(directory: Path) -> str:
    """SHA-256 over the relative path and content of every file of a pack, in order of path."""
    total = hashlib.sha256()
    for path in sorted(directory.rglob("*")):
        if path.is_file() and path.suffix in (".yaml", ".json"):
            content = path.read_bytes()
            total.update(f"{path.relative_to(directory).as_posix()}\0{len(content)}\0".encode())
            total.update(content)
    return f"sha256:{total.hexdigest()}"
