"""Encodings: base64*, csvdecode, jsondecode, jsonencode, text*base64, urlencode, yaml*."""

from __future__ import annotations

import re
from collections.abc import Iterator

from phiward.loaders.terraform.convert import list_value
from phiward.loaders.terraform.functions.conversion import nfc, number_text, to_text
from phiward.loaders.terraform.functions.errors import CannotTell, FunctionError
from phiward.loaders.terraform.functions.function import Function, Parameter, typed
from phiward.loaders.terraform.functions.undecided import OpenList, unknown
from phiward.loaders.terraform.value_types import STRING, Type
from phiward.model import holed_json
from phiward.model.value import Partial, Reference, SetValue, Unknown, Value, join, like, undecided

_DEEPEST = holed_json.DEEPEST
_MOST_CELLS = 1_000_000
# What Go escapes beyond JSON's own rules, so that the text may stand in HTML and in JavaScript.
_ESCAPES = {
    ord("<"): "\\u003c",
    ord(">"): "\\u003e",
    ord("&"): "\\u0026",
    0x2028: "\\u2028",
    0x2029: "\\u2029",
}


def quoted(text: str) -> str:
    """The string as a JSON string, escaped as Terraform does it."""
    from json.encoder import encode_basestring

    encoded: str = encode_basestring(text)
    return encoded.translate(_ESCAPES)


def json_text(value: Value) -> str | Partial | Unknown | Reference:
    """The JSON text; a `Partial` where parts are undecided, which stand in place of their own text."""
    pieces: list[str | Unknown | Reference | Partial] = []
    _append(value, pieces, 0)
    return join(pieces)


def _append(value: Value, pieces: list[str | Unknown | Reference | Partial], depth: int) -> None:
    if depth > _DEEPEST:
        raise CannotTell("the value is nested too deeply")
    if isinstance(value, Partial):
        inner = [quoted(part)[1:-1] if isinstance(part, str) else part for part in value.parts]
        pieces.extend(['"', *inner, '"'])
    elif isinstance(value, list):
        _append_list(value, pieces, depth)
    elif isinstance(value, dict):
        _append_object(value, pieces, depth)
    elif undecided(value):
        pieces.append(value)
    else:
        pieces.append(_scalar(value))


def _append_list(value: list[Value], pieces: list[str | Unknown | Reference | Partial], depth: int) -> None:
    """A list; what may stand for any number of elements has no commas beside it, because they are part of it."""
    gaps = isinstance(value, (SetValue, OpenList)) and any(map(undecided, value))
    # Nothing in a set stands where it will once all of its elements are known.
    items = sorted(value, key=lambda item: not undecided(item)) if gaps and isinstance(value, SetValue) else value
    pieces.append("[")
    comma = False
    for item in items:
        if gaps and isinstance(item, (Unknown, Reference)):
            pieces.append(unknown(item))
            comma = False
            continue
        pieces.append("," if comma else "")
        _append(item, pieces, depth + 1)
        comma = True
    pieces.append("]")


def _append_object(value: dict[str, Value], pieces: list[str | Unknown | Reference | Partial], depth: int) -> None:
    for index, key in enumerate(sorted(value)):
        pieces.append(f"{',' if index else '{'}{quoted(key)}:")
        _append(value[key], pieces, depth + 1)
    pieces.append("}" if value else "{}")


def _scalar(value: Value) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    return quoted(value) if isinstance(value, str) else number_text(value)


def _jsonencode(value: Value) -> Value:
    return unknown(value) if isinstance(value, (Unknown, Reference)) else json_text(value)


def _jsondecode(text: Value) -> Value:
    if not isinstance(text, (str, Partial)):
        return unknown(text)
    try:
        return _normal_strings(holed_json.parse(text, open_list=OpenList))
    except holed_json.JsonError as error:
        if isinstance(text, Partial):
            return unknown(text)
        raise FunctionError(str(error)) from error


def _normal_strings(value: Value) -> Value:
    if isinstance(value, list):
        return like(value, list(map(_normal_strings, value)))
    if isinstance(value, dict):
        return {nfc(key): _normal_strings(item) for key, item in value.items()}
    return nfc(value) if isinstance(value, str) else value


def _base64encode(text: str) -> str:
    import base64

    return base64.b64encode(text.encode()).decode("ascii")


def decode_base64(text: str) -> bytes:
    """The bytes. Raises `FunctionError` where Go's strict decoder does."""
    import base64
    import binascii

    cleaned = text.replace("\r", "").replace("\n", "")
    try:
        return base64.b64decode(cleaned, validate=True)
    except (binascii.Error, ValueError) as error:
        raise FunctionError(f'failed to decode base64 data "{text[:40]}"') from error


def _base64decode(text: str) -> str:
    try:
        return nfc(decode_base64(text).decode())
    except UnicodeDecodeError as error:
        raise FunctionError("the result of decoding the provided string is not valid UTF-8") from error


def _base64gzip(text: str) -> str:
    raise CannotTell(f"the compressed form of {len(text)} characters depends on Terraform's own compressor")


_CSV_FIELD = r'(?:"(?P<quoted>(?:[^"]|"")*)"|(?P<bare>[^",\n]*))(?P<end>,|\n|\Z)'
_CODECS = {
    "ascii": "ascii",
    "us-ascii": "ascii",
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "utf-16le": "utf-16-le",
    "utf-16be": "utf-16-be",
    "utf-16": "utf-16-be",
    "iso-8859-1": "cp1252",
    "latin1": "cp1252",
    "windows-1252": "cp1252",
    "iso-8859-15": "iso8859-15",
    "windows-1251": "cp1251",
    "shift_jis": "cp932",
    "euc-jp": "euc_jp",
    "gb18030": "gb18030",
}
_EXACT = {"ascii", "us-ascii", "utf-8", "utf8", "utf-16le", "utf-16be"}


def _codec(name: str) -> str:
    """Python's codec. Only those that agree with Terraform's byte for byte are known."""
    lowered = name.lower()
    if lowered not in _CODECS or lowered not in _EXACT:
        raise CannotTell(f'the encoding "{name}" is not supported here')
    return _CODECS[lowered]


def _textencodebase64(text: str, encoding: str) -> str:
    import base64

    try:
        return base64.b64encode(text.encode(_codec(encoding))).decode("ascii")
    except UnicodeEncodeError as error:
        raise FunctionError(f"the given string contains characters that cannot be represented in {encoding}") from error


def _textdecodebase64(source: str, encoding: str) -> str:
    try:
        return nfc(decode_base64(source).decode(_codec(encoding)))
    except UnicodeDecodeError as error:
        raise FunctionError("the given string contains characters that cannot be represented") from error


def _urlencode(text: str) -> str:
    from urllib.parse import quote_plus

    return quote_plus(text, safe="")


def _csvdecode(text: str) -> Value:
    rows = list(_csv_rows(text.replace("\r\n", "\n")))
    if not rows:
        raise FunctionError("missing header line")
    header, *records = rows
    if len(set(header)) != len(header):
        raise FunctionError("duplicate column name")
    if len(header) * len(rows) > _MOST_CELLS:
        raise CannotTell("the table is too large")
    if any(len(record) != len(header) for record in records):
        raise FunctionError("wrong number of fields")
    element = Type("object", attributes=dict.fromkeys(header, (STRING, False, None)))
    return list_value((dict(zip(header, record, strict=True)) for record in records), element)


def _csv_rows(text: str) -> Iterator[list[str]]:
    """The rows, empty lines left out. Raises `FunctionError` for quotes that Go's strict reader refuses."""
    row: list[str] = []
    position = 0
    while position < len(text):
        if not row and text[position] == "\n":
            position += 1
            continue
        match = re.compile(_CSV_FIELD).match(text, position)
        if match is None:
            raise FunctionError('parse error: bare or extraneous " in field')
        quoted_field = match["quoted"]
        row.append(nfc(match["bare"] if quoted_field is None else quoted_field.replace('""', '"')))
        position = match.end()
        if match["end"] != ",":
            yield row
            row = []
        elif position == len(text):
            yield [*row, ""]


def _yamldecode(text: str) -> Value:
    from phiward.loaders.terraform.functions.yaml import decode

    return decode(text)


def _yamlencode(value: Value) -> str:
    from phiward.loaders.terraform.functions.yaml import encode

    return encode(value)


def _anything(value: Value) -> Value:
    return value


_TEXT = Parameter("str", to_text)
_ENCODING = Parameter("encoding", to_text)

FUNCTIONS = {
    "base64decode": Function(typed(_base64decode, _TEXT)),
    "base64encode": Function(typed(_base64encode, _TEXT)),
    "base64gzip": Function(typed(_base64gzip, _TEXT)),
    "csvdecode": Function(typed(_csvdecode, _TEXT)),
    "jsondecode": Function(typed(_jsondecode, _TEXT), partial=True),
    "jsonencode": Function(typed(_jsonencode, Parameter("val", _anything, null=True)), partial=True, spells=True),
    "textdecodebase64": Function(typed(_textdecodebase64, Parameter("source", to_text), _ENCODING)),
    "textencodebase64": Function(typed(_textencodebase64, Parameter("string", to_text), _ENCODING)),
    "urlencode": Function(typed(_urlencode, _TEXT)),
    "yamldecode": Function(typed(_yamldecode, Parameter("src", to_text))),
    "yamlencode": Function(typed(_yamlencode, Parameter("value", _anything, null=True))),
}
