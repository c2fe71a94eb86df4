"""`data.aws_iam_policy_document`: the JSON text that the AWS provider computes, without asking AWS.

Source: hashicorp/terraform-provider-aws, internal/service/iam, policy_document_data_source.go and
policy_model.go. What is not decided stays so, alone: a statement with an unknown resource still shows its
`Principal: "*"`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from phiward.loaders.terraform.functions.conversion import to_text
from phiward.loaders.terraform.functions.encoding import json_text, quoted
from phiward.loaders.terraform.functions.errors import FunctionError
from phiward.loaders.terraform.functions.undecided import OpenList, unknown
from phiward.model import holed_json
from phiward.model.value import OpenMap, Partial, Reference, Unknown, Value, join, undecided
from phiward.record import dataclass, field

_FIRST_VERSION = "2008-10-17"
_DEFAULT_VERSION = "2012-10-17"
_EFFECTS = ("Allow", "Deny")
_STATEMENT_KEYS = (
    "Sid",
    "Effect",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Principal",
    "NotPrincipal",
    "Condition",
)
_DEEPEST = 100

Statement = dict[str, Value]


@dataclass(slots=True)
class _Document:
    version: Value = ""
    id: Value = ""
    statements: list[Statement | Unknown] = field(default_factory=list)


def policy_json(attributes: Mapping[str, Value]) -> str | Partial | Unknown:
    """The data source's `json`, of its evaluated attributes; nested blocks are lists of mappings.

    An `Unknown` where Terraform or the provider would refuse the document.
    """
    try:
        text = _text(_merged(attributes))
    except (FunctionError, holed_json.JsonError) as error:
        return Unknown(f"the policy document is refused: {error}")
    return unknown(text) if isinstance(text, Reference) else text


def _merged(attributes: Mapping[str, Value]) -> _Document:
    result = _Document()
    sids: set[str] = set()
    sources = [attributes.get("source_json"), *_texts_of(attributes.get("source_policy_documents"))]
    for source in map(_parsed, filter(_is_given, sources)):
        for sid in _sids(source.statements):
            if sid in sids:
                raise FunctionError(f"duplicate Sid ({sid}) in source_policy_documents")
            sids.add(sid)
        _merge(result, source)
    _merge(result, _configured(attributes))
    overrides = [*_texts_of(attributes.get("override_policy_documents")), attributes.get("override_json")]
    for override in map(_parsed, filter(_is_given, overrides)):
        _merge(result, override)
    return result


def _is_given(text: Value) -> bool:
    return text is not None and text != ""


def _texts_of(documents: Value) -> list[Value]:
    if documents is None:
        return []
    return documents if isinstance(documents, list) else [unknown(documents)]


def _sids(statements: list[Statement | Unknown]) -> Iterator[str]:
    for statement in statements:
        sid = statement.get("Sid") if isinstance(statement, dict) else None
        if isinstance(sid, str) and sid:
            yield sid


# -- merging


def _merge(result: _Document, other: _Document) -> None:
    """Adds the other document; a statement takes the place of the one with its Sid."""
    result.id = other.id or result.id
    result.version = _later(result.version, other.version)
    before = len(result.statements)
    for statement in other.statements:
        _place(result.statements, statement, before)


def _later(left: Value, right: Value) -> Value:
    if not undecided(left) and not undecided(right):
        return max(left, right)
    if _DEFAULT_VERSION in (left, right):
        return _DEFAULT_VERSION
    return right if left == "" else left if right == "" else unknown(left, right)


def _place(statements: list[Statement | Unknown], added: Statement | Unknown, before: int) -> None:
    """Adds a statement; `before` counts those of other documents, whose Sids it may repeat."""
    sid = added.get("Sid", "") if isinstance(added, dict) else unknown(added)
    if sid == "":
        statements.append(added)
        return
    for index, existing in enumerate(statements):
        if isinstance(existing, Unknown) or not existing.get("Sid"):
            continue
        if undecided(sid) or undecided(existing["Sid"]):
            if index < before:
                # The added one may take its place.
                statements[index] = unknown(sid, existing["Sid"])
        elif existing["Sid"] == sid:
            statements[index] = added
            return
    statements.append(added)


# -- the blocks of the configuration


def _configured(attributes: Mapping[str, Value]) -> _Document:
    version = _or_default(attributes.get("version"), _DEFAULT_VERSION)
    document = _Document(version, _or_default(attributes.get("policy_id"), ""))
    seen: set[str] = set()
    for block in _blocks(attributes.get("statement")):
        statement = _statement(block, version) if isinstance(block, Mapping) else unknown(block)
        document.statements.append(statement)
        for sid in _sids([statement]):
            if sid in seen:
                raise FunctionError(f"duplicate Sid ({sid})")
            seen.add(sid)
    return document


def _blocks(value: Value) -> list[Value]:
    if value is None:
        return []
    if isinstance(value, list):
        return value
    return [value]


def _or_default(value: Value, default: str) -> Value:
    return default if value is None or value == "" else to_text(value)


def _statement(block: Mapping[str, Value], version: Value) -> Statement:
    effect = _or_default(block.get("effect"), "Allow")
    if not undecided(effect) and effect not in _EFFECTS:
        raise FunctionError(f'effect must be "Allow" or "Deny", not "{effect}"')

    def variables(text: Value) -> Value:
        return _with_variables(text, version)

    made = {
        "Sid": _or_default(block.get("sid"), ""),
        "Effect": effect,
        "Action": _strings(block.get("actions"), to_text),
        "NotAction": _strings(block.get("not_actions"), to_text),
        "Resource": _strings(block.get("resources"), variables),
        "NotResource": _strings(block.get("not_resources"), variables),
        "Principal": _principals(block.get("principals"), variables),
        "NotPrincipal": _principals(block.get("not_principals"), variables),
        "Condition": _conditions(block.get("condition"), variables),
    }
    return {key: value for key, value in made.items() if value not in (None, "")}


def _with_variables(text: Value, version: Value) -> Value:
    """The policy's own variables: `&{aws:username}` is written so to tell it from Terraform's `${}`."""
    value = to_text(text)
    parts = value.parts if isinstance(value, Partial) else (value,)
    if any(isinstance(part, str) and "&{" in part for part in parts):
        if version == _FIRST_VERSION:
            raise FunctionError(f"found &{{ in a value, which is not supported in document version {version}")
        parts = tuple(part.replace("&{", "${") if isinstance(part, str) else part for part in parts)
        return join(list(parts))
    return value


def _strings(value: Value, convert: Callable[[Value], Value]) -> Value:
    """A set of strings as the provider writes it: one alone as it is, several in descending order."""
    if value is None or undecided(value):
        return value
    if not isinstance(value, list):
        raise FunctionError("a list of strings is required")
    converted = [convert(element) for element in value if element is not None]
    known = sorted({element for element in converted if isinstance(element, str)}, reverse=True)
    ordered = known + [element for element in converted if not isinstance(element, str)]
    if len(ordered) == 1 and not _may_be_several(value, ordered[0]):
        return ordered[0]
    return ordered or None


def _may_be_several(value: list[Value], element: Value) -> bool:
    return isinstance(value, OpenList) and undecided(element)


def _principals(value: Value, convert: Callable[[Value], Value]) -> Value:
    blocks = _blocks(value)
    if not blocks:
        return None
    pairs: list[tuple[str, Value]] = []
    for block in blocks:
        kind = to_text(block.get("type")) if isinstance(block, Mapping) else block
        if not isinstance(kind, str) or not isinstance(block, Mapping):
            return unknown(kind)
        identifiers = _strings(block.get("identifiers"), convert)
        pairs.append((kind, [] if identifiers is None else identifiers))
    return _principal_element(pairs)


def _principal_element(pairs: list[tuple[str, Value]]) -> Value:
    """`{"AWS": [...]}`, or `"*"` where everyone is meant by the type, too."""
    if len(pairs) == 1 and pairs[0][0] == "*" and pairs[0][1] in ("*", ["*"]):
        return "*"
    result: dict[str, Value] = {}
    for kind, identifiers in sorted(pairs, key=lambda pair: pair[0]):
        if kind not in result:
            result[kind] = identifiers
            continue
        before = result[kind]
        result[kind] = [
            *(before if isinstance(before, list) else [before]),
            *(identifiers if isinstance(identifiers, list) else [identifiers]),
        ]
    return result


def _conditions(value: Value, convert: Callable[[Value], Value]) -> Value:
    blocks = _blocks(value)
    if not blocks:
        return None
    made: dict[str, dict[Value, list[Value]]] = {}
    for block in blocks:
        if not isinstance(block, Mapping):
            return unknown(block)
        test, variable = to_text(block.get("test")), to_text(block.get("variable"))
        if not isinstance(test, str) or isinstance(variable, Unknown):
            return unknown(test, variable)
        values = block.get("values")
        listed = [convert(item) for item in _blocks(values)]
        before = made.setdefault(test, {}).setdefault(variable, [])
        made[test][variable] = type(values)([*before, *listed]) if isinstance(values, OpenList) else before + listed
    return {test: _variables(made[test]) for test in sorted(made)}


def _variables(made: dict[Value, list[Value]]) -> Value:
    """The variables that one test looks at; of some only a part may be known: `${issuer}:sub`."""
    collapsed = {variable: _collapsed(values) for variable, values in made.items()}
    doubtful = next((variable for variable in made if not isinstance(variable, str)), None)
    if doubtful is None:
        return {variable: collapsed[variable] for variable in sorted(collapsed)}
    return OpenMap(unknown(doubtful).reason, entries=tuple(collapsed.items()))


def _collapsed(values: list[Value]) -> Value:
    return values[0] if len(values) == 1 and not _may_be_several(values, values[0]) else values


# -- documents that are merged in


def _parsed(text: Value) -> _Document:
    if not isinstance(text, (str, Partial)):
        return _Document(statements=[unknown(text)])
    try:
        document = holed_json.parse(text)
    except holed_json.JsonError:
        if isinstance(text, str):
            raise
        return _Document(statements=[unknown(text)])
    if undecided(document):
        return _Document(statements=[unknown(document)])
    if not isinstance(document, dict):
        raise FunctionError("a source document is not a JSON object")
    return _Document(
        _string_member(document, "Version"),
        _string_member(document, "Id"),
        _parsed_statements(_member(document, "Statement")),
    )


def _member(mapping: dict[str, Value], name: str) -> Value:
    """A member by its name in any case, as Go reads JSON; the exact name is preferred."""
    if name in mapping:
        return mapping[name]
    return next((value for key, value in mapping.items() if key.lower() == name.lower()), None)


def _string_member(mapping: dict[str, Value], name: str) -> Value:
    value = _member(mapping, name)
    if value is None:
        return ""
    if not isinstance(value, str) and not undecided(value):
        raise FunctionError(f"{name} must be a string")
    return value


def _parsed_statements(value: Value) -> list[Statement | Unknown]:
    if value is None:
        return []
    if undecided(value):
        return [unknown(value)]
    if not isinstance(value, list):
        raise FunctionError("Statement must be a list in a document that is merged")
    return [_parsed_statement(item) for item in value]


def _parsed_statement(value: Value) -> Statement | Unknown:
    if undecided(value):
        return unknown(value)
    if not isinstance(value, dict):
        raise FunctionError("a statement must be a JSON object")
    made: Statement = {}
    for name in _STATEMENT_KEYS:
        found = _string_member(value, name) if name in {"Sid", "Effect"} else _member(value, name)
        if name in {"Principal", "NotPrincipal"}:
            found = _parsed_principal(found)
        elif name == "Condition":
            found = _parsed_condition(found)
        if found not in (None, ""):
            made[name] = found
    return made


def _parsed_principal(value: Value) -> Value:
    if value is None or undecided(value):
        return value
    if isinstance(value, str):
        return "*"
    if not isinstance(value, dict):
        raise FunctionError("unsupported type of a Principal")
    pairs = []
    for kind, identifiers in value.items():
        if isinstance(identifiers, list):
            if not all(isinstance(item, str) or undecided(item) for item in identifiers):
                raise FunctionError("a principal must be a string")
            known = sorted((item for item in identifiers if isinstance(item, str)), reverse=True)
            pairs.append((kind, known + [item for item in identifiers if undecided(item)]))
        elif isinstance(identifiers, str) or undecided(identifiers):
            pairs.append((kind, identifiers))
        else:
            raise FunctionError("unsupported type of a Principal")
    return _principal_element(pairs) if pairs else None


def _parsed_condition(value: Value) -> Value:
    if value is None or undecided(value):
        return value
    if not isinstance(value, dict):
        raise FunctionError("unsupported type of a Condition")
    made: dict[str, Value] = {}
    for test in sorted(value):
        variables = value[test]
        if undecided(variables):
            made[test] = variables
        elif isinstance(variables, dict):
            made[test] = {variable: _parsed_values(variables[variable]) for variable in sorted(variables)}
        else:
            raise FunctionError("unsupported type of a Condition")
    return made or None


def _parsed_values(values: Value) -> Value:
    if isinstance(values, bool):
        return "true" if values else "false"
    if isinstance(values, list):
        if not all(isinstance(item, str) or undecided(item) for item in values):
            raise FunctionError("the values of a condition must be strings")
        return values[0] if len(values) == 1 else values
    if isinstance(values, str) or undecided(values):
        return values
    return Unknown("the provider leaves out a condition whose value is no string")


# -- the text


def _text(document: _Document) -> Value:
    members: dict[str, Value] = {
        "Version": document.version,
        "Id": document.id,
        "Statement": document.statements,
    }
    pieces: list[Value] = []
    _append({key: value for key, value in members.items() if value not in ("", [])}, pieces, 0)
    return join(pieces)


def _append(value: Value, pieces: list[Any], depth: int) -> None:
    """JSON as Go's MarshalIndent lays it out, members in the order in which they stand."""
    if depth > _DEEPEST:
        raise FunctionError("the document is nested too deeply")
    if isinstance(value, (list, dict)) and value:
        opening, closing = "{}" if isinstance(value, dict) else "[]"
        line = "\n" + "  " * (depth + 1)
        pieces.append(opening)
        for index, item in enumerate(value):
            pieces.append(("," if index else "") + line)
            if isinstance(value, dict):
                pieces.append(f"{quoted(item)}: ")
            _append(value[item] if isinstance(value, dict) else item, pieces, depth + 1)
        pieces.append("\n" + "  " * depth + closing)
        return
    pieces.append(json_text(value))
