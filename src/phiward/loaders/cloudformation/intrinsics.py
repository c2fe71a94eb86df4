"""CloudFormation's functions, by their long names.

Source: CloudFormation template reference, "Intrinsic function reference", and "AWS::LanguageExtensions transform".
"""

from __future__ import annotations

import base64
import ipaddress
import json
import re
from collections.abc import Callable, Mapping
from itertools import islice
from typing import Any

from phiward.loaders.cloudformation import conditions
from phiward.loaders.cloudformation.evaluation import NO_VALUE, Evaluator
from phiward.loaders.cloudformation.parameters import separated
from phiward.loaders.cloudformation.stored import with_stores
from phiward.model.value import Imported, Partial, Reference, Sensitive, Unknown, Value, join, plain, undecided

Function = Callable[[Evaluator, Any, Any], Value]
Piece = str | Unknown | Reference | Partial
_variable = re.compile(r"\$\{([^{}]*)\}")
_MOST_BLOCKS = 256
_BITS = 8
"""Of a subnet, where `Fn::Cidr` does not say it."""


def piece(value: Value) -> Piece:
    """A value as a piece of a text."""
    if isinstance(value, (str, Unknown, Reference, Partial)):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    return Unknown("what stands in a text is no text")


def joined(evaluator: Evaluator, parts: list[Piece]) -> Value:
    """One text of pieces, unless it grows beyond what a template may."""
    if not evaluator.stack.spend(sum(len(part) for part in parts if isinstance(part, str))):
        return Unknown("the texts of the template grow beyond what can be looked at")
    whole = join(parts)
    text = whole if isinstance(whole, str) else str(whole) if isinstance(whole, Partial) else ""
    return with_stores(whole) if "{{resolve:" in text else whole


def pair(argument: Any) -> tuple[Any, Any] | None:
    """The two elements of a list of two."""
    return tuple(argument) if isinstance(argument, list) and len(argument) == len("ab") else None


def elements(value: Value) -> list[Value] | Unknown | None:
    """The elements of a list; `Unknown` where they are not known, None for what is no list."""
    if isinstance(value, list):
        return value
    if isinstance(value, Unknown):
        return value
    return Unknown(f"{value} is a list that is known only once the stack is deployed") if undecided(value) else None


def ref(evaluator: Evaluator, argument: Any, node: Any) -> Value:
    if argument == "AWS::NoValue":
        return NO_VALUE
    name = argument if isinstance(argument, str) else evaluator.name(argument) if isinstance(argument, dict) else None
    if name is None:
        return evaluator.problem("Ref takes the name of a parameter or a resource", node)
    return name if isinstance(name, Unknown) else evaluator.ref(name, node)


def get_att(evaluator: Evaluator, argument: Any, node: Any) -> Value:
    parts = argument.split(".") if isinstance(argument, str) else argument
    if not isinstance(parts, list) or len(parts) <= 1:
        return evaluator.problem("Fn::GetAtt takes a resource and an attribute", node)
    names = [evaluator.name(part) for part in parts]
    unknown = next((name for name in names if isinstance(name, Unknown)), None)
    if unknown is not None:
        return unknown
    first, *path = ".".join(map(str, names)).split(".")
    while path and first not in evaluator.stack.logical_ids and f"{first}.{path[0]}" in evaluator.stack.logical_ids:
        first = f"{first}.{path.pop(0)}"
    return evaluator.attribute(first, tuple(path), node)


def sub(evaluator: Evaluator, argument: Any, node: Any) -> Value:
    text, own = pair(argument) or (argument, {})
    if not isinstance(text, str) or not isinstance(own, dict):
        return evaluator.problem("Fn::Sub takes a text, and a mapping of variables beside it", node)
    parts: list[Piece] = []
    start = 0
    for found in _variable.finditer(text):
        parts += (text[start : found.start()], _substitute(evaluator, found.group(1), own, node))
        start = found.end()
    return joined(evaluator, [*parts, text[start:]])


def _substitute(evaluator: Evaluator, name: str, own: Mapping[str, Any], node: Any) -> Piece:
    """What `${Name}` stands for; `${!Name}` is the text `${Name}`."""
    if name.startswith("!"):
        return f"${{{name[1:]}}}"
    name = name.strip()
    if name in own:
        return piece(evaluator.plain(own[name]))
    if "." in name and name not in evaluator.bindings:
        return piece(get_att(evaluator, name, node))
    return piece(evaluator.ref(name, node))


def join_(evaluator: Evaluator, argument: Any, node: Any) -> Value:
    both = pair(argument)
    if both is None:
        return evaluator.problem("Fn::Join takes a delimiter and a list", node)
    delimiter, items = piece(evaluator.plain(both[0])), elements(evaluator.plain(both[1]))
    if items is None:
        return evaluator.problem("Fn::Join takes a delimiter and a list", node)
    if isinstance(items, Unknown):
        return items
    parts: list[Piece] = []
    for item in items:
        parts += [delimiter] if parts else []
        parts.append(piece(item))
    return joined(evaluator, parts)


def split(evaluator: Evaluator, argument: Any, node: Any) -> Value:
    both = pair(argument)
    if both is None:
        return evaluator.problem("Fn::Split takes a delimiter and a text", node)
    delimiter, text = map(evaluator.plain, both)
    if isinstance(delimiter, str) and delimiter and isinstance(text, str):
        parts = text.split(delimiter)
        return [Sensitive(part) for part in parts] if type(text) is Sensitive else parts
    for part in (delimiter, text):
        if isinstance(part, Unknown):
            return part
    if isinstance(text, Partial) and delimiter == ",":
        several = separated(text)
        if several is not None:
            return several
    if undecided(text):
        return Unknown(f"{text} is known only once the stack is deployed")
    return evaluator.problem("Fn::Split takes a delimiter and a text", node)


def select(evaluator: Evaluator, argument: Any, node: Any) -> Value:
    both = pair(argument)
    if both is None:
        return evaluator.problem("Fn::Select takes an index and a list", node)
    index, items = evaluator.plain(both[0]), evaluator.plain(both[1])
    if isinstance(index, Unknown):
        return index
    if isinstance(items, Reference) and str(index).isdigit():
        return Reference(items.address, (*items.path, int(index)))
    found = elements(items)
    if isinstance(found, Unknown):
        return found
    if found is None or not str(index).isdigit():
        return evaluator.problem("Fn::Select takes an index and a list", node)
    before = found[: int(index) + 1]
    doubt = next((item for item in before[:-1] if _perhaps_several(item)), None)
    if doubt is not None:
        return doubt
    if int(index) >= len(found):
        return evaluator.problem(f"Fn::Select takes element {index} of {len(found)}", node)
    return found[int(index)]


def _perhaps_several(item: Value) -> bool:
    """Whether an element of a list may not be there, so that those behind it have other places."""
    return isinstance(item, Unknown)


def find_in_map(evaluator: Evaluator, argument: Any, node: Any) -> Value:
    if not isinstance(argument, list) or len(argument) not in (3, 4):
        return evaluator.problem("Fn::FindInMap takes a mapping and two keys", node)
    default = argument[3].get("DefaultValue", NO_VALUE) if isinstance(argument[3:], list) and argument[3:] else NO_VALUE
    name, *keys = (evaluator.plain(part) for part in argument[:3])
    if undecided(name):
        return name if isinstance(name, Unknown) else Unknown("which mapping is meant is not known")
    found = _looked_up(evaluator.stack.mappings.get(str(name)), keys)
    if found:
        options = [evaluator.value(each) for each in found]
        open_key = next((key for key in keys if undecided(key)), None)
        if open_key is None:
            return options[0]
        options += [evaluator.value(default)] if default is not NO_VALUE else []
        why = (
            open_key
            if isinstance(open_key, Unknown)
            else Unknown(f"{open_key} is known only once the stack is deployed")
        )
        value = options[0]
        for other in options[1:]:
            value = conditions.either(value, other, why)
        return value
    if default is not NO_VALUE:
        return evaluator.value(default)
    unknown = next((key for key in keys if isinstance(key, Unknown)), None)
    shown = ".".join(map(str, (name, *keys)))
    return unknown or evaluator.missing(f"there is no {shown} in the mappings", node)


def _looked_up(mapping: Any, keys: list[Value]) -> list[Value]:
    """What may stand at two keys of a mapping; a key that is not known may be any of it."""
    level = [mapping]
    for key in keys:
        inner = [each for each in level if isinstance(each, dict)]
        if undecided(key):
            level = [item for each in inner for item in each.values()]
        else:
            text = str(piece(key))
            level = [each[text] for each in inner if text in each]
    return level


def if_(evaluator: Evaluator, argument: Any, node: Any) -> Value:
    if not isinstance(argument, list) or len(argument) != len(("condition", "then", "else")):
        return evaluator.problem("Fn::If takes a condition and two values", node)
    truth = conditions.named(evaluator, argument[0], node)
    if not isinstance(truth, Unknown):
        return evaluator.value(argument[1] if truth else argument[2])
    one, other = map(evaluator.value, argument[1:])
    if one is NO_VALUE and other is NO_VALUE:
        return NO_VALUE
    return conditions.either(one, other, truth)


def condition(evaluator: Evaluator, _: Any, node: Any) -> Value:
    return conditions.truth(evaluator, node)


def base64_(evaluator: Evaluator, argument: Any, node: Any) -> Value:
    value = evaluator.plain(argument)
    if isinstance(value, str):
        encoded = base64.b64encode(str(value).encode("utf-8", "surrogatepass")).decode("ascii")
        return Sensitive(encoded) if type(value) is Sensitive else encoded
    if isinstance(value, Unknown):
        return value
    if undecided(value):
        return Unknown("what is encoded is known only in part")
    return evaluator.problem("Fn::Base64 takes a text", node)


def cidr(evaluator: Evaluator, argument: Any, node: Any) -> Value:
    wrong = "Fn::Cidr takes an address block, a number of blocks and their bits"
    if not isinstance(argument, list) or len(argument) not in (2, 3):
        return evaluator.problem(wrong, node)
    block, count, *bits = (evaluator.plain(part) for part in argument)
    for part in (block, count, *bits):
        if undecided(part):
            return part if isinstance(part, Unknown) else Unknown(f"{part} is known only once the stack is deployed")
    try:
        network = ipaddress.ip_network(str(block), strict=False)
        prefix = network.max_prefixlen - int(bits[0] if bits else _BITS)
        number = int(count)
        found = [str(each) for each in islice(network.subnets(new_prefix=prefix), min(number, _MOST_BLOCKS))]
    except (ValueError, TypeError):
        return evaluator.problem(wrong, node)
    return found if len(found) == number else evaluator.problem(f"{block} has no {number} such blocks", node)


def length(evaluator: Evaluator, argument: Any, node: Any) -> Value:
    items = elements(evaluator.plain(argument))
    if items is None:
        return evaluator.problem("Fn::Length takes a list", node)
    if isinstance(items, Unknown):
        return items
    return next((item for item in items if isinstance(item, Unknown)), len(items))


def to_json(evaluator: Evaluator, argument: Any, node: Any) -> Value:
    value = evaluator.plain(argument)
    if isinstance(value, (str, int, float)) or value is None:
        return evaluator.problem("Fn::ToJsonString takes a mapping or a list", node)
    return value if isinstance(value, Unknown) else joined(evaluator, _json(value))


def _json(value: Value) -> list[Piece]:
    """A value as the pieces of a JSON text; undecided ones keep their places."""
    if plain(value):
        return [json.dumps(value, separators=(",", ":"), ensure_ascii=False)]
    if isinstance(value, Partial):
        inner = [json.dumps(part)[1:-1] if isinstance(part, str) else part for part in value.parts]
        return ['"', *inner, '"']
    if isinstance(value, Reference):
        return ['"', value, '"']
    if isinstance(value, Unknown):
        return [value]
    brackets = "{}" if isinstance(value, dict) else "[]"
    parts: list[Piece] = [brackets[0]]
    for number, entry in enumerate(value):
        parts += [","] if number else []
        parts += [json.dumps(entry), ":", *_json(value[entry])] if isinstance(value, dict) else _json(entry)
    return [*parts, brackets[1]]


def elsewhere(reason: str, what: str = "", kind: type[Unknown] = Unknown) -> Function:
    """A function whose value no template holds."""

    def function(evaluator: Evaluator, argument: Any, _: Any) -> Value:
        value = evaluator.plain(argument)
        return kind(reason.format(name=value if isinstance(value, (str, Partial, Reference)) and value else what))

    return function


def transform(evaluator: Evaluator, argument: Any, node: Any) -> Value:
    """A macro: a piece of a template that is included, or what only the account knows."""
    made = evaluator.stack.expanded(evaluator, argument, node)
    return made if isinstance(made, Unknown) else evaluator.value(made)


FUNCTIONS: Mapping[str, Function] = {
    "Ref": ref,
    "Fn::And": condition,
    "Fn::Base64": base64_,
    "Fn::Cidr": cidr,
    "Fn::Equals": condition,
    "Fn::FindInMap": find_in_map,
    "Fn::GetAZs": elsewhere("which availability zones {name} has depends on the account", "the region"),
    "Fn::GetAtt": get_att,
    "Fn::GetStackOutput": elsewhere("it is an output of another stack", kind=Imported),
    "Fn::If": if_,
    "Fn::ImportValue": elsewhere("another stack exports {name}", "it", Imported),
    "Fn::Join": join_,
    "Fn::Length": length,
    "Fn::Not": condition,
    "Fn::Or": condition,
    "Fn::Select": select,
    "Fn::Split": split,
    "Fn::Sub": sub,
    "Fn::ToJsonString": to_json,
    "Fn::Transform": transform,
}
