"""Small whole modules, generated: variables of any type, locals in any order, resources, a child module, outputs.

Expressions are written for a type and in a scope of names, so that Terraform takes nearly all of them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

from hypothesis import strategies as st

Kind = Any
"""A type as Terraform's JSON writes it: "string", ["list", Kind], ["object", {name: Kind}]."""

TEXTS = ("", "a", "b", "ab", "é", "x y", 'q"q', "10", "true", "$${", "a/b", "日本")
KEYS = ("a", "b", "c", "x-1")
SCALARS = ("string", "number", "bool")


@dataclass
class Scope:
    """Names with the types of what they hold."""

    names: dict[str, Kind] = field(default_factory=dict)
    unknown: set[str] = field(default_factory=set)
    """Those of which something is known only after apply."""
    bound: int = 0
    """How many `for` names are in use."""

    def within(self, names: Mapping[str, Kind]) -> Scope:
        return Scope({**self.names, **names}, self.unknown, self.bound + 1)

    def add(self, name: str, kind: Kind, value: str = "") -> None:
        """A name and what its attributes are; `value` is the expression that it stands for."""
        found = reachable(name, kind)
        self.names |= found
        if any(known_later in value for known_later in self.unknown):
            self.unknown |= found.keys()

    def decided(self) -> Scope:
        return Scope({name: kind for name, kind in self.names.items() if name not in self.unknown}, set(), self.bound)


class Writer:
    """Writes types, constants and expressions, by chance."""

    def __init__(self, random: Random) -> None:
        self.random = random

    def pick(self, *options: Any) -> Any:
        return self.random.choice(options)

    def shuffled(self, items: list[str]) -> list[str]:
        return self.random.sample(items, len(items))

    def number(self, least: int, most: int) -> int:
        return self.random.randint(least, most)

    def chance(self, one_in: int) -> bool:
        return self.number(1, one_in) == 1

    # -- types

    def kind(self, depth: int = 2) -> Kind:
        if depth == 0 or self.chance(3):
            return self.pick(*SCALARS)
        shape = self.pick("list", "set", "map", "object", "object", "tuple")
        if shape == "set":
            return ["set", self.pick("string", "number", "string")]
        if shape == "object":
            return ["object", {name: self.kind(depth - 1) for name in KEYS[: self.number(1, 3)]}]
        if shape == "tuple":
            return ["tuple", [self.kind(depth - 1) for _ in range(self.number(1, 2))]]
        return [shape, self.kind(depth - 1)]

    def constraint(self, kind: Kind) -> str:
        """The type as a variable writes it; some attributes of objects are optional."""
        if isinstance(kind, str):
            return kind
        shape, inner = kind
        if shape == "object":
            return f"object({{ {', '.join(f'{n} = {self.attribute(k)}' for n, k in inner.items())} }})"
        if shape == "tuple":
            return f"tuple([{', '.join(map(self.constraint, inner))}])"
        return f"{shape}({'any' if self.chance(8) else self.constraint(inner)})"

    def attribute(self, kind: Kind) -> str:
        written = self.constraint(kind)
        if not self.chance(3):
            return written
        return f"optional({written}, {self.constant(kind)})" if self.chance(2) else f"optional({written})"

    # -- constants

    def constant(self, kind: Kind, *, loose: bool = False) -> str:
        """A literal; a `loose` one may be of another type that Terraform converts."""
        if kind == "string":
            return self.pick("1", "true") if loose and self.chance(4) else self.quoted()
        if kind == "number":
            return (
                self.pick('"7"', '"2.50"') if loose and self.chance(4) else self.pick("0", "1", "2", "-3", "4.5", "10")
            )
        if kind == "bool":
            return '"true"' if loose and self.chance(4) else self.pick("true", "false")
        shape, inner = kind
        if shape == "tuple":
            return f"[{', '.join(self.constant(item, loose=loose) for item in inner)}]"
        if shape == "object":
            items = {name: self.constant(item, loose=loose) for name, item in inner.items()}
            if loose and self.chance(5):
                items["extra"] = "1"
            return written_object(items)
        many = self.number(0, 3)
        if shape == "map":
            return written_object({key: self.constant(inner, loose=loose) for key in KEYS[:many]})
        return f"[{', '.join(self.constant(inner, loose=loose) for _ in range(many))}]"

    def quoted(self) -> str:
        return json.dumps(self.pick(*TEXTS), ensure_ascii=False)

    # -- expressions

    def expression(self, kind: Kind, scope: Scope, depth: int) -> str:
        """Something that has the type, or another one that behaves alike: a tuple for a list, an object for a map."""
        named = [name for name, type_ in scope.names.items() if type_ == kind]
        if named and self.chance(2):
            return self.pick(*named)
        if depth == 0:
            return self.constant(kind)
        if self.chance(6):
            return self.conditional(kind, scope, depth)
        if isinstance(kind, str):
            return getattr(self, f"a_{kind}")(scope, depth - 1)
        shape, inner = kind
        return getattr(self, f"a_{shape}")(inner, scope, depth - 1)

    def conditional(self, kind: Kind, scope: Scope, depth: int) -> str:
        if isinstance(kind, list):
            scope = scope.decided()  # of a branch that is not known Terraform knows the type, which decides the other's
        condition, then, other = (self.expression(k, scope, depth - 1) for k in ("bool", kind, kind))
        return (
            f"({condition} ? {then} : {other})" if self.chance(2) else f"({condition} ? {then} : {self.constant(kind)})"
        )

    def filled(self, pattern: str, scope: Scope, depth: int, *kinds: Kind) -> str:
        """The pattern with an expression of each type for its `#`."""
        first, *rest = pattern.split("#")
        return first + "".join(self.expression(k, scope, depth) + text for k, text in zip(kinds, rest, strict=True))

    def one_of(self, scope: Scope, depth: int, *forms: tuple[Any, ...]) -> str:
        pattern, *kinds = self.pick(*forms)
        return self.filled(pattern, scope, depth, *kinds)

    def a_string(self, scope: Scope, depth: int) -> str:
        scalar, texts = self.pick(*SCALARS), self.pick(["list", "string"], ["set", "string"])
        return self.one_of(
            scope, depth,
            ('"<${#}-${#}>"', scalar, "string"), ("upper(#)", "string"), ('join("/", #)', texts), ("tostring(#)", scalar),
            ('format("%s|%v", #, #)', "string", scalar), ('"%{ if # }y${#}%{ else }n%{ endif }"', "bool", scalar),
            ('"%{ for i, x in # ~} ${i}=${x} %{ endfor ~} z"', texts), ("jsonencode(#)", self.kind(2)),
            ('lookup(#, "a", #)', ["map", "string"], "string"), ("try(#[1], #)", ["list", "string"], "string"),
            ("replace(#, #, #)", "string", "string", "string"), ('try(#["zz"], #)', ["map", "string"], "string"),
            ('coalesce(#, "c")', "string"), ("substr(#, 0, 2)", "string"), ("md5(#)", "string"),
        )  # fmt: skip

    def a_number(self, scope: Scope, depth: int) -> str:
        return self.one_of(
            scope, depth,
            ("(# + #)", "number", "number"), ("(# * 2)", "number"), ("-(#)", "number"), ("max(#, #)", "number", "number"),
            ("length(#)", ["list", self.kind(1)]), ("length(#)", ["map", self.kind(1)]), ("length(#)", ["set", "string"]),
            ("try(#[0], #)", ["list", "number"], "number"), ("(# % 3)", "number"), ("tonumber(#)", "number"),
            ("try(tonumber(#), 0)", "string"), ("try(index(#, #), -1)", ["list", "string"], "string"),
        )  # fmt: skip

    def a_bool(self, scope: Scope, depth: int) -> str:
        kind = self.kind(1)
        return self.one_of(
            scope, depth,
            ("(# < #)", "number", "number"), ("(# && #)", "bool", "bool"), ("(# || !#)", "bool", "bool"), ("(# == #)", kind, kind),
            ("(# != #)", kind, kind), ("contains(#, #)", ["list", "string"], "string"), ("can(#[2])", ["list", "string"]),
            ("(# == null)", kind), ("alltrue([#, #])", "bool", "bool"), ('can(regex("^a", #))', "string"), ("anytrue(#)", ["list", "bool"]),
        )  # fmt: skip

    def a_list(self, inner: Kind, scope: Scope, depth: int) -> str:
        kind = ["list", inner]
        choice = self.number(0, 8)
        if choice == 0:
            source = self.pick(["list", self.kind(1)], ["set", "string"], ["map", self.kind(1)])
            return self.loop(source, scope, depth, lambda s: (self.expression(inner, s, depth), ""), "[", "]")
        if choice == 1:
            return self.filled("[for x in # : x if #]", scope, depth, kind, "bool")
        if choice == 2:
            return self.filled("[{ v = # }, { v = # }][*].v", scope, depth, inner, inner)
        if choice == 3 and inner == "string":
            return self.one_of(
                scope,
                depth,
                ("keys(#)", ["map", "number"]),
                ("sort(#)", ["set", "string"]),
                ('split("/", #)', "string"),
            )
        return self.one_of(
            scope, depth, ("[#, #]", inner, inner), ("concat(#, #)", kind, kind), ("reverse(#)", kind), ("tolist(#)", kind),
            ("values(#)", ["map", inner]), ("distinct(#)", kind), ("slice(concat(#, [#]), 0, 1)", kind, inner),
        )  # fmt: skip

    def a_set(self, inner: Kind, scope: Scope, depth: int) -> str:
        sets, lists = ["set", inner], ["list", inner]
        return self.one_of(
            scope, depth, ("toset(#)", lists), ("setunion(#, #)", sets, lists), ("setintersection(#, #)", sets, sets),
            ("setsubtract(#, #)", sets, lists),
        )  # fmt: skip

    def a_map(self, inner: Kind, scope: Scope, depth: int) -> str:
        kind = ["map", inner]
        choice = self.number(0, 6)
        if choice == 0:
            source = self.pick(["set", "string"], ["map", self.kind(1)])
            return self.loop(source, scope, depth, lambda s: (self.expression(inner, s, depth), "KEY => "), "{", "}")
        if choice == 1:
            return self.filled("{ for k, v in # : k => v if # }", scope, depth, kind, "bool")
        return self.one_of(
            scope, depth, ("{ a = #, b = # }", inner, inner), ("merge(#, #)", kind, kind), ("tomap(#)", kind),
            ("{ (#) = # }", "string", inner), ('zipmap(["a", "b"], [#, #])', inner, inner), ("zipmap(keys({ a = 1 }), tolist([#]))", inner),
        )  # fmt: skip

    def loop(
        self, source: Kind, scope: Scope, depth: int, result: Callable[[Scope], tuple[str, str]], opening: str, end: str
    ) -> str:
        """A `for` expression over a collection, whose result may speak of the names that it binds."""
        key, value = f"k{scope.bound}", f"v{scope.bound}"
        names = {key: "number" if source[0] == "list" else "string", value: source[1]}
        made, prefix = result(scope.within(names))
        prefix = prefix.replace("KEY", key)
        return f"{opening}for {key}, {value} in {self.expression(source, scope, depth)} : {prefix}{made}{end}"

    def a_object(self, inner: dict[str, Kind], scope: Scope, depth: int) -> str:
        return written_object({name: self.expression(kind, scope, depth) for name, kind in inner.items()})

    def a_tuple(self, inner: list[Kind], scope: Scope, depth: int) -> str:
        return f"[{', '.join(self.expression(kind, scope, depth) for kind in inner)}]"


def written_object(items: Mapping[str, str]) -> str:
    return f"{{ {', '.join(f'{json.dumps(name)} = {value}' for name, value in items.items())} }}"


def reachable(name: str, kind: Kind) -> dict[str, Kind]:
    """A name and what its attributes are."""
    found = {name: kind}
    if isinstance(kind, list) and kind[0] == "object":
        found |= {f"{name}.{key}": inner for key, inner in kind[1].items() if "-" not in key}
    if isinstance(kind, list) and kind[0] == "tuple":
        found |= {f"{name}[{index}]": inner for index, inner in enumerate(kind[1])}
    return found


@dataclass
class _Module:
    """What is written of one module so far."""

    writer: Writer
    scope: Scope = field(default_factory=Scope)
    known: Scope = field(default_factory=Scope)
    """Names of what is known before anything is applied, as the number of instances must be."""
    blocks: list[str] = field(default_factory=list)
    outputs: dict[str, str] = field(default_factory=dict)

    def variables(self, prefix: str, *, required: bool) -> dict[str, Kind]:
        """Declares some variables; gives those that the caller may pass."""
        writer, declared = self.writer, {}
        for number in range(writer.number(1, 3)):
            name, kind = f"{prefix}{number}", writer.kind()
            lines = [] if writer.chance(6) else [f"type = {writer.constraint(kind)}"]
            nullable = writer.pick("true", "false") if writer.chance(4) else ""
            default = "null" if writer.chance(6) and nullable != "false" else writer.constant(kind, loose=bool(lines))
            if not required or writer.chance(2):
                lines.append(f"default = {default}")
            if nullable:
                lines.append(f"nullable = {nullable}")
            self.blocks.append(f'variable "{name}" {{\n  ' + "\n  ".join(lines) + "\n}\n")
            declared[name] = kind
            if default != "null":
                self.scope.add(f"var.{name}", kind)
            self.outputs[f"var_{name}"] = f"var.{name}"
        return declared

    def locals(self, prefix: str) -> None:
        """Some locals, each of which may use those before it, written down in any order."""
        writer, items = self.writer, []
        for number in range(writer.number(1, 3)):
            name, kind = f"{prefix}{number}", writer.kind()
            value = writer.expression(kind, self.scope, 3)
            items.append(f"  {name} = {value}\n")
            self.scope.add(f"local.{name}", kind, value)
            self.outputs[f"local_{name}"] = f"local.{name}"
        shuffled = writer.shuffled(items)
        cut = writer.number(0, len(shuffled))
        self.blocks += [f"locals {{\n{''.join(part)}}}\n" for part in (shuffled[:cut], shuffled[cut:]) if part]

    def repetition(self, kind: str) -> tuple[str, dict[str, Kind]]:
        """A `count` or `for_each` argument, or none, and the names that it binds."""
        writer = self.writer
        if kind == "count":
            count = writer.pick("0", "1", "2", writer.filled("(# ? 1 : 0)", self.known, 2, "bool"))
            return f"  count = {count}\n", {"count.index": "number"}
        if kind == "for_each":
            if writer.chance(2):
                each = writer.expression(["set", "string"], self.known, 2)
                return f"  for_each = toset({each})\n", {"each.key": "string", "each.value": "string"}
            inner = writer.kind(1)
            each = writer.expression(["map", inner], self.known, 2)
            return f"  for_each = {each}\n", {"each.key": "string", **reachable("each.value", inner)}
        return "", {}

    def resources(self) -> None:
        writer = self.writer
        for number in range(writer.number(1, 2)):
            repeated = writer.pick("count", "for_each", "for_each", "")
            argument, names = self.repetition(repeated)
            kind = writer.kind()
            value = writer.expression(kind, Scope({**self.scope.names, **names}, self.scope.unknown), 3)
            name = f"terraform_data.r{number}"
            self.blocks.append(f'resource "terraform_data" "r{number}" {{\n{argument}  input = {value}\n}}\n')
            self.outputs[f"input_r{number}"] = {
                "count": f"{name}[*].input", "for_each": f"{{ for k, r in {name} : k => r.input }}", "": f"{name}.input",
            }[repeated]  # fmt: skip
            if repeated == "":
                self.scope.add(f"{name}.input", kind, value)
                later = {f"{name}.id": "string", f"{name}.output": kind}
                self.scope.names |= later
                self.scope.unknown |= later.keys()
            else:
                self.outputs[f"length_r{number}"] = f"length({name})"

    def call(self, child: dict[str, Kind], outputs: dict[str, str]) -> None:
        """One call of the child module, and outputs of what it gives."""
        writer = self.writer
        repeated = writer.pick("count", "for_each", "")
        argument, names = self.repetition(repeated)
        scope = Scope({**self.scope.names, **names}, self.scope.unknown)
        passed = "".join(f"  {name} = {writer.expression(kind, scope, 2)}\n" for name, kind in child.items())
        self.blocks.append(f'module "c" {{\n  source = "./c"\n{argument}{passed}}}\n')
        output = writer.pick(*outputs)
        self.outputs["child"] = {
            "count": f"module.c[*].{output}", "for_each": f"{{ for k, c in module.c : k => c.{output} }}", "": "module.c",
        }[repeated]  # fmt: skip

    def text(self) -> str:
        shuffled = self.writer.shuffled(self.blocks)
        return "\n".join(
            [*shuffled, *(f'output "{name}" {{\n  value = {value}\n}}\n' for name, value in self.outputs.items())]
        )


def module(random: Random) -> dict[str, str]:
    """The files of a module that calls another one."""
    writer = Writer(random)
    child = _Module(writer)
    passed = child.variables("p", required=True)
    child.locals("l")
    child.resources()
    child.locals("m")
    caller = _Module(writer)
    caller.variables("v", required=False)
    caller.locals("l")
    caller.known = Scope(dict(caller.scope.names))
    caller.resources()
    caller.locals("m")
    caller.call(passed, child.outputs)
    return {"main.tf": caller.text(), "c/main.tf": child.text()}


MODULES = st.integers(0, 2**64).map(lambda seed: module(Random(seed)))
"""Hypothesis chooses the seed alone: its own choices, some hundred a module, would take longer than Terraform."""
