"""What an attribute refers to that is known only after apply, by the configuration that a plan carries.

The configuration names, for each expression, the objects that it mentions and not what it does with them. Since the
value is unknown, it is made of what is unknown among them: where that is a single attribute of a single resource, the
value is taken as a reference to it. Locals are not in a plan, nor are `dynamic` blocks; where an expression goes
through one, nothing is concluded.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any

from phiward.loaders.terraform.document_values import (
    KNOWN_AFTER_APPLY,
    ModulePath,
    instance_key,
    listing,
    mapping,
    text,
)
from phiward.loaders.terraform.expansion import key_text
from phiward.model.value import Reference, Unknown, Value, transform, unknowns
from phiward.record import dataclass, field, replace

_MAX_STEPS = 500
"""References followed for one attribute: hostile outputs may name two others each, level by level."""
_segment = re.compile(r'([^.\[\]]+)|\[(\d+|"(?:[^"\\]|\\.)*")\]')
_names_something = re.compile(r"(?:^|_)(?:arn|bucket|id|identifier|key|name|url)$")
_holds_document = re.compile(r"(?:^|_)(?:body|definition|document|json|pattern|policies|policy|template|user_data)$")
_KNOWN_ROOTS = frozenset({"path", "terraform", "count"})
_MAX_DOCUMENTS = 50
_MERGED = ("source_json", "source_policy_documents", "override_json", "override_policy_documents")
Key = str | int | None


@dataclass(slots=True)
class Planned:
    """A resource instance of a plan. `shapes` is the layer of what is sensitive, which has the types' outlines."""

    address: str
    mode: str
    type: str
    name: str
    attributes: dict[str, Value]
    module: ModulePath = field(default_factory=ModulePath)
    key: Key = None
    shapes: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class _Context:
    """Where an expression stands: its module, and the instance key that `each.key` is there, with its siblings'."""

    module: ModulePath
    key: Key = None
    siblings: frozenset[Key] = frozenset()


class _OpenQuestionError(Exception):
    """The configuration does not show what an expression is made of."""


class Configuration:
    """The `configuration` of a plan, beside the resources that are planned."""

    def __init__(self, content: Any, planned: dict[str, Planned]) -> None:
        self.root = mapping(mapping(content).get("root_module"))
        self.providers = mapping(mapping(content).get("provider_config"))
        self.planned = planned
        self._resources: dict[tuple[str, ...], dict[tuple[str, str, str], dict[str, Any]]] = {}
        self.keys: dict[tuple[str, ...], set[Key]] = defaultdict(set)
        self.module_keys: dict[tuple[str, str], set[Key]] = defaultdict(set)
        for item in planned.values():
            self.keys[item.module.prefix, item.mode, item.type, item.name].add(item.key)
            path = item.module
            while path.steps:
                self.module_keys[path.parent.prefix, path.names[-1]].add(path.key)
                path = path.parent

    # -- lookups

    def module(self, names: tuple[str, ...]) -> dict[str, Any]:
        """The configuration of a module, by the names of the calls that lead to it."""
        current = self.root
        for name in names:
            current = mapping(mapping(mapping(current.get("module_calls")).get(name)).get("module"))
        return current

    def call(self, module: ModulePath, name: str) -> dict[str, Any]:
        return mapping(mapping(self.module(module.names).get("module_calls")).get(name))

    def entry(self, names: tuple[str, ...], mode: str, type_: str, name: str) -> dict[str, Any] | None:
        """What the configuration says of a resource block."""
        if names not in self._resources:
            self._resources[names] = {
                (text(entry.get("mode")), text(entry.get("type")), text(entry.get("name"))): entry
                for entry in map(mapping, listing(self.module(names).get("resources")))
            }
        return self._resources[names].get((mode, type_, name))

    def expressions(self, item: Planned) -> dict[str, Any] | None:
        """The expressions of a resource's block; None where the plan does not carry its configuration."""
        entry = self.entry(item.module.names, item.mode, item.type, item.name)
        if entry is None or entry.get("expressions", True) == {}:
            return None  # Terraform leaves the member out where a block is empty
        return mapping(entry.get("expressions"))

    def default_tags(self, item: Planned) -> bool:
        """Whether the resource's provider may add tags of its own."""
        entry = self.entry(item.module.names, item.mode, item.type, item.name) or {}
        provider = self.providers.get(text(entry.get("provider_config_key")))
        return not isinstance(provider, dict) or "default_tags" in mapping(provider.get("expressions"))

    def siblings(self, item: Planned) -> frozenset[Key]:
        return frozenset(self.keys[item.module.prefix, item.mode, item.type, item.name])

    # -- what is known only after apply

    def decide(self, item: Planned, name: str, value: Value) -> Value:
        """An attribute with references in the place of what is unknown in it, where its expression shows them."""
        expression = (self.expressions(item) or {}).get(name)
        return self._value(item, value, expression, (item.shapes or {}).get(name), name)

    def named(self, item: Planned) -> dict[str, Reference]:
        """Attributes that are known and name another resource, whose own name or ARN the configuration puts there.

        A reference to it says more than the text: `aws_db_parameter_group.a.name` is the group, "claims" may be any.
        """
        found: dict[str, Reference] = {}
        for name, expression in (self.expressions(item) or {}).items():
            value = item.attributes.get(name)
            if not isinstance(value, str) or not _is_expression(expression):
                continue
            search = _Search(self)
            try:
                undecided = search.candidates(expression, self._context(item))
            except _OpenQuestionError:
                continue
            equal = [reference for reference, known in search.known.items() if known == value]
            same = [reference for reference in equal if _names_something.search(str(reference.path[-1]))]
            if len(same) == 1 and not undecided:
                found[name] = same[0]
        return found

    def _context(self, item: Planned) -> _Context:
        return _Context(item.module, item.key, self.siblings(item))

    def _value(self, item: Planned, value: Value, expression: Any, shape: Any, name: str) -> Value:
        if isinstance(value, Unknown):
            several = shape in ([], {}) or (item.shapes is None and name.endswith("s") and not name.endswith("ss"))
            # What a list is made of may be one attribute, and its elements yet be more than that attribute's value.
            single = item.mode == "managed" and not several and _is_expression(expression)
            return self._referred(item, expression, name) if single else value
        if isinstance(value, dict) and isinstance(expression, dict) and not _is_expression(expression):
            return self._block(item, value, expression, mapping(shape) if isinstance(shape, dict) else None)
        if isinstance(value, list) and isinstance(expression, list) and len(expression) == len(value):
            shapes = shape if isinstance(shape, list) and len(shape) == len(value) else [None] * len(value)
            return [
                self._block(item, inner, block, part if isinstance(part, dict) else None)
                if isinstance(inner, dict) and (block := _block_of(inner, expression)) is not None
                else inner
                for inner, part in zip(value, shapes, strict=True)
            ]
        return value

    def _block(
        self, item: Planned, value: dict[str, Value], expressions: dict[str, Any], shape: dict[str, Any] | None
    ) -> dict[str, Value]:
        result = {}
        for name, inner in value.items():
            unwritten = item.mode == "managed" and name not in expressions
            if isinstance(inner, Unknown) and unwritten and shape is not None and shape.get(name, False) is False:
                continue  # nothing is written: the provider decides, as the catalog says
            result[name] = self._value(item, inner, expressions.get(name), (shape or {}).get(name), name)
        return result

    def _referred(self, item: Planned, expression: dict[str, Any], name: str) -> Value:
        mentioned = _mentioned(expression)
        if not mentioned:
            return KNOWN_AFTER_APPLY
        made_of = ", ".join(part if len(part) < 80 else f"{part[:77]}..." for part in mentioned[:4])  # noqa: PLR2004
        try:
            found = _Search(self).candidates(expression, self._context(item))
        except _OpenQuestionError as why:
            return replace(KNOWN_AFTER_APPLY, hint=f"it is made of {made_of}; {why}")
        reference = next(iter(found)) if len(found) == 1 else None
        names = str(reference.path[-1]) if reference and reference.path else ""
        if reference and not (_holds_document.search(name) and not _holds_document.search(names)):
            return reference
        return replace(KNOWN_AFTER_APPLY, hint=f"it is made of {made_of}; a plan beside its source shows how")

    def documents(self) -> None:
        """Compute policy documents that will be read only when the plan is applied, of what is known of them."""
        for item in self.planned.values():
            if item.type == "aws_iam_policy_document" and item.mode == "data":
                self._document(item, frozenset())

    def _document(self, item: Planned, within: frozenset[str]) -> Value:
        from phiward.loaders.terraform.iam_policy_document import policy_json

        attributes = item.attributes
        if not isinstance(attributes.get("json"), Unknown) or len(within) > _MAX_DOCUMENTS:
            return attributes.get("json")

        def merged(part: Value) -> Value:
            source = self.planned.get(part.address) if isinstance(part, Reference) and part.path == ("json",) else None
            if source is None or source.type != item.type or source.address in within:
                return part
            return self._document(source, within | {item.address})

        given = {k: transform(v, merged) if k in _MERGED else v for k, v in attributes.items() if k != "json"}
        attributes["json"] = policy_json(given)
        return attributes["json"]


class _Search:
    """What one expression is made of, through variables, outputs and modules."""

    def __init__(self, configuration: Configuration) -> None:
        self.configuration = configuration
        self.steps = 0
        self.known: dict[Reference, Value] = {}

    def candidates(self, expression: Any, context: _Context) -> set[Reference]:
        """The undecided attributes that an expression names. Raises _OpenQuestionError where that is not shown."""
        mentioned = _mentioned(mapping(expression))
        repeated = Counter(mentioned)
        own_key = repeated["each.key"] + repeated["count.index"] == 1 and max(repeated.values()) == 1
        found: set[Reference] = set()
        for name in mentioned:
            self.steps += 1
            if self.steps > _MAX_STEPS:
                raise _OpenQuestionError("the configuration goes through too many modules")
            found |= self._of(name, context if own_key else replace(context, key=None))
        return found

    def _of(self, name: str, context: _Context) -> set[Reference]:
        segments = _segments(name)
        root = segments[0] if segments else ""
        if root in _KNOWN_ROOTS or name == "each.key":
            return set()
        if root == "var" and len(segments) > 1:
            return self._variable(str(segments[1]), context)
        if root == "module" and len(segments) > 1:
            return self._output(segments[1:], context)
        if root == "data":
            return self._attribute("data", segments[1:], context)
        if root in ("each", "local", "self", "ephemeral"):
            raise _OpenQuestionError(f"a plan does not show {name[:80]}; scan it beside its source")
        return self._attribute("managed", segments, context)

    def _variable(self, name: str, context: _Context) -> set[Reference]:
        path = context.module
        if not path.steps:
            return set()  # a plan is only made when the root's variables have values
        call = self.configuration.call(path.parent, path.names[-1])
        expression = mapping(call.get("expressions")).get(name)
        if expression is None and "expressions" not in call:
            return set()
        siblings = frozenset(self.configuration.module_keys[path.parent.prefix, path.names[-1]])
        return self.candidates(expression, _Context(path.parent, path.key, siblings))

    def _output(self, segments: list[str | _Key], context: _Context) -> set[Reference]:
        name, *rest = segments
        call = self.configuration.call(context.module, str(name))
        outputs = mapping(mapping(call.get("module")).get("outputs"))
        known = self.configuration.module_keys[context.module.prefix, str(name)]
        key, rest = _taken_key(rest, _expanded(call), known, context)
        output = rest[0] if rest else next(iter(outputs)) if len(outputs) == 1 else None
        if not isinstance(output, str) or output not in outputs:
            raise _OpenQuestionError(f"a plan does not show which output of module.{str(name)[:60]}")
        expression = mapping(outputs[output]).get("expression")
        return self.candidates(expression, _Context(context.module.child(str(name), key)))

    def _attribute(self, mode: str, segments: list[str | _Key], context: _Context) -> set[Reference]:
        if len(segments) < 2 or isinstance(segments[0], _Key) or isinstance(segments[1], _Key):  # noqa: PLR2004
            raise _OpenQuestionError("the configuration refers to something that is not known here")
        type_, name, rest = segments[0], str(segments[1]), segments[2:]
        entry = self.configuration.entry(context.module.names, mode, type_, name)
        if entry is None:
            raise _OpenQuestionError("the configuration refers to something that is not in it")
        known = self.configuration.keys[context.module.prefix, mode, type_, name]
        key, rest = _taken_key(rest, _expanded(entry), known, context)
        data = "data." if mode == "data" else ""
        address = f"{context.module.prefix}{data}{type_}.{name}{key_text(key)}"
        target = self.configuration.planned.get(address)
        if target is None:
            raise _OpenQuestionError("the configuration refers to something that is not planned")
        path = tuple(step.value if isinstance(step, _Key) else step for step in rest)
        value = _at(target.attributes, path)
        reference = Reference(address, path)
        if next(unknowns(value), None) is None and value is not None:
            if path:
                self.known[reference] = value
            return set()  # it is known, so it is not what makes the value unknown
        return {reference}


@dataclass(frozen=True, slots=True)
class _Key:
    """An index in a reference: `["mercy"]`, `[0]`."""

    value: str | int


def _segments(name: str) -> list[str | _Key]:
    found: list[str | _Key] = []
    for match in _segment.finditer(name):
        key = instance_key(match[2])
        found.append(match[1] if match[1] is not None else _Key(key if key is not None else ""))
    return found


def _taken_key(rest: list[Any], expanded: bool, known: Iterable[Key], context: _Context) -> tuple[Key, list[Any]]:
    """The instance key that a reference means, and what follows it.

    An index that is not constant is left out of references. `X, each.key` is taken as `X[each.key]` where the block
    that says so has the same keys as X: what else could be made of the key, `"${each.key}-logs"`, would lead nowhere.
    """
    if not expanded:
        return None, rest
    if rest and isinstance(rest[0], _Key):
        return rest[0].value, rest[1:]
    known = set(known)
    if not rest and context.key is not None and context.key in known and context.siblings == known:
        return context.key, rest
    raise _OpenQuestionError("a plan does not show of which instance; scan it beside its source")


def _expanded(entry: dict[str, Any]) -> bool:
    return "count_expression" in entry or "for_each_expression" in entry


def _at(value: Value, path: tuple[str | int, ...]) -> Value:
    """The planned value at a path; `Unknown` where it leads to nothing that is known."""
    for key in path:
        if isinstance(value, list):
            value = value[key] if isinstance(key, int) and key < len(value) else KNOWN_AFTER_APPLY
        else:
            value = value.get(key, KNOWN_AFTER_APPLY) if isinstance(value, dict) else KNOWN_AFTER_APPLY
    return value


def _is_expression(expression: Any) -> bool:
    return isinstance(expression, dict) and expression.keys() <= {"references", "constant_value"}


def _mentioned(expression: dict[str, Any]) -> list[str]:
    """The references of an expression without those that the one before implies (`a.b` after `a.b.c`)."""
    found: list[str] = []
    for name in listing(expression.get("references")):
        cleaned = text(name)
        if cleaned and not (found and found[-1].startswith((f"{cleaned}.", f"{cleaned}["))):
            found.append(cleaned)
    return found


def _block_of(value: dict[str, Value], blocks: list[Any]) -> dict[str, Any] | None:
    """The block that a planned element was written as: sets are planned in another order than they are written."""
    if len(blocks) == 1:
        return blocks[0] if isinstance(blocks[0], dict) else None
    fitting = [block for block in blocks if isinstance(block, dict) and _fits(value, block)]
    first = fitting[0] if fitting else None
    return first if all(block == first for block in fitting) else None


def _fits(value: dict[str, Value], block: dict[str, Any]) -> bool:
    constants = {k: e["constant_value"] for k, e in block.items() if isinstance(e, dict) and "constant_value" in e}
    return all(name in value and value[name] == constant for name, constant in constants.items())
