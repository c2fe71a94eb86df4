"""Go's regular expressions (RE2): a parser from the pattern to a program for `regex_machine`.

Python's own `re` differs from them in syntax and meaning, and backtracks: a hostile pattern could stop a
scan.
"""

from __future__ import annotations

import re

from phiward.loaders.terraform.functions.errors import CannotTell, FunctionError
from phiward.record import dataclass, field

_LONGEST_PATTERN = 2000
_DEEPEST = 100
_MOST_REPEATS = 1000
_LAST_CODE = 0x10FFFF
_DIGIT, _SPACE, _WORD = "09", "\t\n\f\r  ", "09AZ__az"
_PERL = {"d": _DIGIT, "s": _SPACE, "w": _WORD}
_POSIX = {
    "alnum": "09AZaz",
    "alpha": "AZaz",
    "ascii": "\x00\x7f",
    "blank": "\t\t  ",
    "cntrl": "\x00\x1f\x7f\x7f",
    "digit": _DIGIT,
    "graph": "!~",
    "lower": "az",
    "print": " ~",
    "punct": "!/:@[`{~",
    "space": "\t\r  ",
    "upper": "AZ",
    "word": _WORD,
    "xdigit": "09AFaf",
}
_CONTROLS = {"a": "\a", "f": "\f", "t": "\t", "n": "\n", "r": "\r", "v": "\v"}
_CATEGORIES = frozenset(
    (
        *("C", "Cc", "Cf", "Co", "Cs", "L", "Ll", "Lm", "Lo", "Lt", "Lu", "M", "Mc", "Me", "Mn", "N", "Nd", "Nl"),
        *("No", "P", "Pc", "Pd", "Pe", "Pf", "Pi", "Po", "Ps", "S", "Sc", "Sk", "Sm", "So", "Z", "Zl", "Zp", "Zs"),
    )
)
# The two letters beyond ASCII that fold to ASCII ones.
_FOLDED_ABROAD = {"k": "\u212a", "s": "\u017f"}

Range = tuple[int, int]
Categories = tuple[tuple[str, bool], ...]


@dataclass(slots=True)
class CharSet:
    """A set of characters; `categories` are Unicode's, each with whether it is negated."""

    ranges: list[Range] = field(default_factory=list)
    categories: list[tuple[str, bool]] = field(default_factory=list)
    negated: bool = False
    known: dict[str, bool] = field(default_factory=dict)

    def matches(self, char: str) -> bool:
        found = self.known.get(char)
        if found is None:
            found = self.known[char] = self._compute(char) is not self.negated
        return found

    def _compute(self, char: str) -> bool:
        code = ord(char)
        if any(low <= code <= high for low, high in self.ranges):
            return True
        if not self.categories:
            return False
        from unicodedata import category

        name = category(char)
        return any(name.startswith(wanted) is not negated for wanted, negated in self.categories)


@dataclass(frozen=True, slots=True)
class Node:
    """A piece of a pattern: `op` is char, cat, alt, repeat, group or assert; it uses the fields that it needs."""

    op: str
    children: tuple[Node, ...] = ()
    chars: CharSet | None = None
    index: int = 0
    least: int = 0
    most: int | None = None
    greedy: bool = True
    place: str = ""


def ranges_of(pairs: str) -> list[Range]:
    """`"09AZ"` as `[(48, 57), (65, 90)]`."""
    return [(ord(pairs[index]), ord(pairs[index + 1])) for index in range(0, len(pairs), 2)]


def _inverted(ranges: list[Range]) -> list[Range]:
    result, following = [], 0
    for low, high in sorted(ranges):
        if low > following:
            result.append((following, low - 1))
        following = max(following, high + 1)
    return [*result, (following, _LAST_CODE)] if following <= _LAST_CODE else result


def _folded(ranges: list[Range]) -> list[Range]:
    """The ranges with the other case of each letter. Raises `FunctionError` for letters beyond ASCII."""
    result = list(ranges)
    for low, high in ranges:
        if high > ord("\x7f") and (low, high) != (ord("\x80"), _LAST_CODE) and high - low < _LAST_CODE // 2:
            raise CannotTell("letters without case beyond ASCII are not supported here")
        for code in range(max(low, ord("A")), min(high, ord("z")) + 1):
            char = chr(code)
            if char.isalpha():
                result.append((ord(char.swapcase()),) * 2)
                abroad = _FOLDED_ABROAD.get(char.lower())
                if abroad:
                    result.append((ord(abroad),) * 2)
    return result


class Parser:
    """Reads one pattern. Raises `FunctionError` with Go's reason, or with what is not supported."""

    def __init__(self, pattern: str) -> None:
        if len(pattern) > _LONGEST_PATTERN:
            raise CannotTell("the pattern is too long")
        self.pattern = pattern
        self.position = 0
        self.names: list[str | None] = []
        self.flags = frozenset("")
        self.depth = 0

    def error(self, what: str) -> FunctionError:
        return FunctionError(f"error parsing regexp: {what}: `{self.pattern}`")

    def parse(self) -> Node:
        node = self._alternatives()
        if self.position < len(self.pattern):
            raise self.error("unexpected )")
        return node

    def _alternatives(self) -> Node:
        flags = self.flags
        branches = [self._sequence()]
        while self._taken("|"):
            branches.append(self._sequence())
        self.flags = flags
        return branches[0] if len(branches) == 1 else Node("alt", tuple(branches))

    def _taken(self, text: str) -> bool:
        if self.pattern.startswith(text, self.position):
            self.position += len(text)
            return True
        return False

    def _sequence(self) -> Node:
        items: list[Node] = []
        repeated = False
        while self.position < len(self.pattern) and self.pattern[self.position] not in "|)":
            repeat = _REPEAT.match(self.pattern, self.position)
            if repeat is None:
                items.extend(self._atom())
                repeated = False
                continue
            if not items or repeated:
                kind = "invalid nested repetition operator" if repeated else "missing argument to repetition operator"
                raise self.error(kind)
            items[-1] = self._repeated(items[-1], repeat)
            self.position = repeat.end()
            repeated = True
        return Node("cat", tuple(items))

    def _repeated(self, node: Node, match: re.Match[str]) -> Node:
        least, most = {"*": (0, None), "+": (1, None), "?": (0, 1)}.get(match["op"], (0, None))
        if match["least"]:
            least = int(match["least"][:6])
            most = least if match["comma"] is None else int(match["most"][:6]) if match["most"] else None
        if least > _MOST_REPEATS or (most is not None and (most > _MOST_REPEATS or most < least)):
            raise self.error("invalid repeat count")
        greedy = (match["lazy"] == "") is not ("U" in self.flags)
        return Node("repeat", (node,), least=least, most=most, greedy=greedy)

    def _atom(self) -> list[Node]:
        char = self.pattern[self.position]
        if char == "(":
            return self._group()
        if char == "[":
            return [Node("char", chars=self._bracket())]
        if char == "\\":
            return self._escape()
        self.position += 1
        if char == ".":
            return [Node("char", chars=CharSet([] if "s" in self.flags else ranges_of("\n\n"), negated=True))]
        if char in "^$":
            lines = {"^": "line-start", "$": "line-end"}
            texts = {"^": "start", "$": "end"}
            return [Node("assert", place=(lines if "m" in self.flags else texts)[char])]
        return [self._literal(char)]

    def _literal(self, char: str) -> Node:
        return Node("char", chars=CharSet(self._cased(ranges_of(char * 2))))

    def _cased(self, ranges: list[Range]) -> list[Range]:
        return _folded(ranges) if "i" in self.flags else ranges

    def _group(self) -> list[Node]:
        match = _GROUP.match(self.pattern, self.position)
        if match is None:
            raise self.error("invalid or unsupported Perl syntax")
        self.position = match.end()
        outer = self.flags
        if match["flags"] is not None:
            self._set_flags(match["flags"])
            if match["end"] == ")":
                return []
        index = 0
        if match["flags"] is None:
            self.names.append(match["name"])
            index = len(self.names)
        self.depth += 1
        if self.depth > _DEEPEST:
            raise self.error("expression nests too deeply")
        inner = self._alternatives()
        self.depth -= 1
        if not self._taken(")"):
            raise self.error("missing closing )")
        self.flags = outer
        return [Node("group", (inner,), index=index) if index else Node("cat", (inner,))]

    def _set_flags(self, text: str) -> None:
        added, minus, removed = text.partition("-")
        if minus and not removed:
            raise self.error("invalid or unsupported Perl syntax")
        self.flags = (self.flags | frozenset(added)) - frozenset(removed)

    def _escape(self) -> list[Node]:
        following = self.pattern[self.position + 1 : self.position + 2]
        places = {"A": "start", "z": "end", "b": "boundary", "B": "no-boundary"}
        if following and following in places:
            self.position += 2
            return [Node("assert", place=places[following])]
        if following == "Q":
            end = self.pattern.find("\\E", self.position + 2)
            text = self.pattern[self.position + 2 : end if end >= 0 else None]
            self.position = end + 2 if end >= 0 else len(self.pattern)
            return [self._literal(char) for char in text]
        chars = CharSet()
        if not self._class_escape(chars):
            chars.ranges = self._cased(ranges_of(self._character() * 2))
        return [Node("char", chars=chars)]

    def _class_escape(self, chars: CharSet) -> bool:
        r"""Adds `\\d`, `\\W`, `\\pL` and the like; whether there was one."""
        match = _CLASS_ESCAPE.match(self.pattern, self.position)
        if match is None:
            return False
        self.position = match.end()
        if match["perl"]:
            ranges = self._cased(ranges_of(_PERL[match["perl"].lower()]))
            chars.ranges += _inverted(ranges) if match["perl"].isupper() else ranges
            return True
        name = match["one"] or match["name"]
        if name not in _CATEGORIES or "i" in self.flags:
            raise CannotTell(f"the character class {name} is not supported here")
        chars.categories.append((name, (match["p"] == "P") is not bool(match["not"])))
        return True

    def _character(self) -> str:
        """One character, which may be escaped."""
        char = self.pattern[self.position : self.position + 1]
        if char != "\\":
            self.position += 1
            return char
        following = self.pattern[self.position + 1 : self.position + 2]
        if not following:
            raise self.error("trailing backslash at end of expression")
        code = _HEXADECIMAL.match(self.pattern, self.position)
        if code and int(code[1] or code[2], 16) <= _LAST_CODE:
            self.position = code.end()
            return chr(int(code[1] or code[2], 16))
        if following in _CONTROLS or (following.isascii() and not following.isalnum()):
            self.position += 2
            return _CONTROLS.get(following, following)
        raise self.error(f"invalid escape sequence: `\\{following}`")

    def _bracket(self) -> CharSet:
        self.position += 1
        chars = CharSet(negated=self._taken("^"))
        first = True
        while first or not self.pattern.startswith("]", self.position):
            if self.position >= len(self.pattern):
                raise self.error("missing closing ]")
            first = False
            if not (self._posix(chars) or self._class_escape(chars)):
                chars.ranges += self._cased([self._span()])
        self.position += 1
        return chars

    def _span(self) -> Range:
        low = high = self._character()
        after = self.pattern[self.position + 1 : self.position + 2]
        if self.pattern.startswith("-", self.position) and after not in {"]", ""}:
            self.position += 1
            high = self._character()
        if high < low:
            raise self.error("invalid character class range")
        return ord(low), ord(high)

    def _posix(self, chars: CharSet) -> bool:
        match = _POSIX_CLASS.match(self.pattern, self.position)
        if match is None:
            return False
        if match[2] not in _POSIX:
            raise self.error("invalid character class range")
        self.position = match.end()
        ranges = self._cased(ranges_of(_POSIX[match[2]]))
        chars.ranges += _inverted(ranges) if match[1] else ranges
        return True


_REPEAT = re.compile(r"(?P<op>[*+?]|\{(?P<least>[0-9]+)(?P<comma>,(?P<most>[0-9]*))?\})(?P<lazy>\??)")
_GROUP = re.compile(r"\((?:\?(?:P?<(?P<name>[A-Za-z0-9_]+)>|(?P<flags>[imsU]*(?:-[imsU]*)?)(?P<end>[:)]))|(?!\?))")
_CLASS_ESCAPE = re.compile(r"\\(?:(?P<perl>[dDsSwW])|(?P<p>[pP])(?:(?P<one>[A-Z])|\{(?P<not>\^?)(?P<name>\w+)\}))")
_HEXADECIMAL = re.compile(r"\\x(?:([0-9A-Fa-f]{2})|\{([0-9A-Fa-f]{1,8})\})")
_POSIX_CLASS = re.compile(r"\[:(\^?)([a-z]+):\]")
