"""Strings: chomp, endswith, indent, join, lower, replace, split, startswith, substr, title, trim* ..."""

from __future__ import annotations

from phiward.loaders.terraform.functions.conversion import nfc, to_text, to_whole
from phiward.loaders.terraform.functions.errors import CannotTell, FunctionError
from phiward.loaders.terraform.functions.function import Function, Parameter, typed
from phiward.loaders.terraform.functions.graphemes import clusters
from phiward.loaders.terraform.functions.parameters import strings, to_strings
from phiward.loaders.terraform.functions.undecided import (
    changed_piece,
    closed,
    edges,
    known_length,
    map_pieces,
    unknown,
)
from phiward.model.value import Partial, Unknown, Value, join, undecided

_LONGEST = 1 << 24
_MOST_HOLES = 10_000
_LONGEST_SEARCH = 1_000
_SPACE = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))


def _bounded(size: int) -> None:
    if size > _LONGEST:
        raise CannotTell("the resulting string is too long")


def _upper_rune(char: str) -> str:
    changed = char.upper()
    return changed if len(changed) == 1 else char


def _title_rune(char: str) -> str:
    changed = char.title()
    return changed if len(changed) == 1 else char


def _lower_rune(char: str) -> str:
    changed = char.lower()
    return changed if len(changed) == 1 else changed[0]


def upper_text(text: str) -> str:
    """Upper case letter by letter, as Go has it: `ß` has no capital of one letter in it."""
    return text.upper() if text.isascii() else "".join(map(_upper_rune, text))


def lower_text(text: str) -> str:
    """Lower case letter by letter, without the rules for word ends that Python knows."""
    return text.lower() if text.isascii() else "".join(map(_lower_rune, text))


def _upper(text: Value) -> Value:
    return map_pieces(text, upper_text, "upper()") if _textual(text) else unknown(text)


def _lower(text: Value) -> Value:
    return map_pieces(text, lower_text, "lower()") if _textual(text) else unknown(text)


def _textual(value: Value) -> bool:
    return isinstance(value, (str, Partial))


def _title(text: str) -> str:
    result = []
    previous = " "
    for char in text:
        result.append(_title_rune(char) if _separates(previous) else char)
        previous = char
    return "".join(result)


def _separates(char: str) -> bool:
    if char.isascii():
        return not (char.isalnum() or char == "_")
    return char in _SPACE


def _chomp(text: Value) -> Value:
    if isinstance(text, str):
        return text.rstrip("\n\r")
    if not isinstance(text, Partial):
        return unknown(text)
    return _stripped_end(text, "\n\r", "chomp()")


def _stripped_end(text: Partial, characters: str, what: str) -> Value:
    *others, last = text.parts
    if isinstance(last, str):
        kept = last.rstrip(characters)
        if kept:
            return join([*others, kept])
        *others, last = others
    if isinstance(last, str):
        return join([*others, last])
    return join([*others, changed_piece(last, what)])


def _stripped_start(text: Partial, characters: str, what: str) -> Value:
    first, *others = text.parts
    if isinstance(first, str):
        kept = first.lstrip(characters)
        if kept:
            return join([kept, *others])
        first, *others = others
    if isinstance(first, str):
        return join([first, *others])
    return join([changed_piece(first, what), *others])


def _trimspace(text: Value) -> Value:
    if isinstance(text, str):
        return text.strip(_SPACE)
    if not isinstance(text, Partial):
        return unknown(text)
    start = _stripped_start(text, _SPACE, "trimspace()")
    return _stripped_end(start, _SPACE, "trimspace()") if isinstance(start, Partial) else start


def _trim(text: str, cutset: str) -> str:
    return text.strip(cutset) if cutset else text


def _trimprefix(text: Value, prefix: Value) -> Value:
    decided = _starts(text, prefix)
    if decided is False or prefix == "":
        return text
    if decided is None:
        return unknown(text, prefix)
    if isinstance(text, str):
        return text[len(prefix) :]
    first, *others = text.parts
    return join([first[len(prefix) :], *others])


def _trimsuffix(text: Value, suffix: Value) -> Value:
    decided = _ends(text, suffix)
    if decided is False or suffix == "":
        return text
    if decided is None:
        return unknown(text, suffix)
    if isinstance(text, str):
        return text[: -len(suffix)]
    *others, last = text.parts
    return join([*others, last[: -len(suffix)]])


def _starts(text: Value, prefix: Value) -> bool | None:
    if not isinstance(prefix, str) or not _textual(text):
        return None
    start, _ = edges(text)
    if start.startswith(prefix):
        return True
    if isinstance(text, str) or not prefix.startswith(start):
        return False
    return None


def _ends(text: Value, suffix: Value) -> bool | None:
    if not isinstance(suffix, str) or not _textual(text):
        return None
    _, end = edges(text)
    if end.endswith(suffix):
        return True
    if isinstance(text, str) or not suffix.endswith(end):
        return False
    return None


def _startswith(text: Value, prefix: Value) -> Value:
    decided = _starts(text, prefix)
    return unknown(text, prefix) if decided is None else decided


def _endswith(text: Value, suffix: Value) -> Value:
    decided = _ends(text, suffix)
    return unknown(text, suffix) if decided is None else decided


def _strcontains(text: Value, part: Value) -> Value:
    if isinstance(text, str) and isinstance(part, str):
        return part in text
    pieces = text.parts if isinstance(text, Partial) else ()
    if isinstance(part, str) and any(isinstance(piece, str) and part in piece for piece in pieces):
        return True
    return unknown(text, part)


def _replace(text: Value, part: Value, replacement: Value) -> Value:
    if undecided(part) or not _textual(text):
        return unknown(text, part, replacement)
    if len(part) > 1 and part[0] == "/" and part[-1] == "/":
        from phiward.loaders.terraform.functions.regexes import replace_all

        decided = isinstance(text, str) and isinstance(replacement, str)
        return replace_all(text, part[1:-1], replacement) if decided else unknown(text, replacement)
    if isinstance(text, str):
        result = _replaced(text, part, replacement)
        return nfc(result) if isinstance(result, str) else result
    if not part or _may_span(text, part):
        return unknown(text)
    pieces = text.parts
    return join(
        [_replaced(p, part, replacement) if isinstance(p, str) else changed_piece(p, "replace()") for p in pieces]
    )


def _replaced(text: str, part: str, replacement: Value) -> Value:
    """The text with each `part` replaced; an undecided replacement becomes a hole in it."""
    if isinstance(replacement, str):
        _bounded(len(text) + (text.count(part) + 1) * len(replacement))
        return text.replace(part, replacement)
    between = text.split(part) if part else ["", *text, ""]
    if len(between) > _MOST_HOLES:
        raise CannotTell(f"a value that is not known replaces more than {_MOST_HOLES} pieces")
    return join([piece for known in between for piece in (replacement, known)][1:])


def _may_span(text: Partial, part: str) -> bool:
    """Whether `part` may stand partly in a known piece and partly in what is not known beside it."""
    if len(part) > _LONGEST_SEARCH:
        return True
    last = len(text.parts) - 1
    for place, piece in enumerate(text.parts):
        if not isinstance(piece, str):
            continue
        rest = piece.split(part)  # what a match inside of the piece takes, another one cannot
        if place > 0 and any(piece.startswith(part[-size:]) for size in range(1, len(part))):
            return True
        if place < last and any(rest[-1].endswith(part[:size]) for size in range(1, len(part))):
            return True
        if 0 < place < last and piece != part and piece in part:
            return True
    return False


def _split(separator: str, text: str) -> Value:
    return strings(text.split(separator) if separator else list(text))


def _join(separator: Value, *lists: Value) -> Value:
    if not lists:
        raise FunctionError("at least one list is required")
    pieces: list[Value] = []
    rest: Unknown | None = None
    for items in lists:
        if isinstance(items, list):
            if any(item is None for item in items):
                raise FunctionError("a list has a null element; cannot concatenate null values")
            pieces.extend(items[: known_length(items)])
        if undecided(items) or not closed(items):
            rest = unknown(items)
            break
    if undecided(separator) and len(pieces) > 1:
        return unknown(separator)
    _bounded(sum(len(piece) + len(separator) for piece in pieces if isinstance(piece, str)))
    spread = [part for piece in pieces for part in (separator, piece)][1:]
    # The first separator that follows belongs to what is not known: there may be nothing more.
    return join(spread if rest is None else [*spread, rest])


def _indent(spaces: int, text: str) -> str:
    if spaces < 0:
        raise FunctionError("the number of spaces must not be negative")
    _bounded(len(text) + text.count("\n") * spaces)
    return text.replace("\n", "\n" + " " * spaces)


def _substr(text: str, offset: int, length: int) -> str:
    characters = clusters(text)
    start = offset + len(characters) if offset < 0 else offset
    start = max(start, 0) if offset < 0 else start
    # Terraform takes no length at all for "to the end" where it counts from the end.
    end = len(characters) if length < 0 or (length == 0 and offset < 0) else start + length
    return "".join(characters[start:end])


def _strrev(text: str) -> str:
    return "".join(reversed(clusters(text)))


_TEXT = Parameter("str", to_text)

FUNCTIONS = {
    "chomp": Function(typed(_chomp, _TEXT), partial=True),
    "endswith": Function(typed(_endswith, _TEXT, Parameter("suffix", to_text)), partial=True),
    "indent": Function(typed(_indent, Parameter("spaces", to_whole), _TEXT)),
    "join": Function(typed(_join, Parameter("separator", to_text), rest=Parameter("lists", to_strings)), partial=True),
    "lower": Function(typed(_lower, _TEXT), partial=True),
    "replace": Function(
        typed(_replace, _TEXT, Parameter("substr", to_text), Parameter("replace", to_text)), partial=True
    ),
    "split": Function(typed(_split, Parameter("separator", to_text), _TEXT)),
    "startswith": Function(typed(_startswith, _TEXT, Parameter("prefix", to_text)), partial=True),
    "strcontains": Function(typed(_strcontains, _TEXT, Parameter("substr", to_text)), partial=True),
    "strrev": Function(typed(_strrev, _TEXT)),
    "substr": Function(typed(_substr, _TEXT, Parameter("offset", to_whole), Parameter("length", to_whole))),
    "title": Function(typed(_title, _TEXT)),
    "trim": Function(typed(_trim, _TEXT, Parameter("cutset", to_text))),
    "trimprefix": Function(typed(_trimprefix, _TEXT, Parameter("prefix", to_text)), partial=True),
    "trimspace": Function(typed(_trimspace, _TEXT), partial=True),
    "trimsuffix": Function(typed(_trimsuffix, _TEXT, Parameter("suffix", to_text)), partial=True),
    "upper": Function(typed(_upper, _TEXT), partial=True),
}
