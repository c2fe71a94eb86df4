"""Calico's selector language: `has(a) && b in {'c', 'd'} || !(e == 'f')`.

Source: docs.tigera.io, "Network policy", Selectors.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from phiward.graph.network_policies.model import Answer
from phiward.graph.truth import all_of, any_of, negate
from phiward.model.value import Unknown, Value, undecided
from phiward.pattern import pattern

Expression = Callable[[Mapping[str, Value] | Unknown], Answer]
_token = pattern(
    r"\s*(?:(?P<word>all\(\)|global\(\)|has\(|not\s+in|in|contains|starts\s+with|ends\s+with|&&|\|\||==|!=|[!(){},])"
    r"|'(?P<single>[^']*)'|\"(?P<double>[^\"]*)\"|(?P<label>[\w./-]+))"
)
_DEEPEST = 50


def parse_selector(text: Value) -> Expression:
    """The test that a selector is. Raises ValueError for what is none."""
    if not isinstance(text, str):
        raise ValueError("the selector is not known")  # noqa: TRY004 - a value of the input, not of the program
    return _Parser(text).whole()


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens: list[tuple[str, str]] = []
        position = 0
        while text[position:].strip():
            found = _token.match(text, position)
            if found is None:
                raise ValueError(f"{text!r} is not a selector")
            kind = found.lastgroup or ""
            self._tokens.append(("text" if kind in ("single", "double") else kind, found.group(kind)))
            position = found.end()
        self._at = 0
        self._depth = 0

    def whole(self) -> Expression:
        found = self._either() if self._tokens else _everyone
        if self._at < len(self._tokens):
            raise ValueError(f"{self._text!r} is not a selector")
        return found

    def _take(self, *words: str) -> bool:
        if self._at < len(self._tokens) and self._tokens[self._at] in [("word", word) for word in words]:
            self._at += 1
            return True
        return False

    def _next(self, *kinds: str) -> str:
        if self._at >= len(self._tokens) or self._tokens[self._at][0] not in kinds:
            raise ValueError(f"{self._text!r} is not a selector")
        self._at += 1
        return self._tokens[self._at - 1][1]

    def _either(self) -> Expression:
        parts = [self._both()]
        while self._take("||"):
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else lambda labels: any_of(part(labels) for part in parts)

    def _both(self) -> Expression:
        parts = [self._one()]
        while self._take("&&"):
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else lambda labels: all_of(part(labels) for part in parts)

    def _one(self) -> Expression:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise ValueError("the selector is nested too deeply")
        try:
            return self._inner()
        finally:
            self._depth -= 1

    def _inner(self) -> Expression:
        if self._take("!"):
            inner = self._one()
            return lambda labels: negate(inner(labels))
        if self._take("("):
            inner = self._either()
            if not self._take(")"):
                raise ValueError(f"{self._text!r} is not a selector")
            return inner
        if self._take("all()", "global()"):
            return _everyone
        if self._take("has("):
            key = self._next("label", "text")
            self._take(")") or self._next("nothing")
            return _of(key, lambda value: value is not None)
        return self._comparison(self._next("label"))

    def _comparison(self, key: str) -> Expression:
        operator = re.sub(r"\s+", " ", self._next("word"))
        if operator in ("in", "not in"):
            values = self._set()
            return _of(key, lambda value: (value in values) is (operator == "in"))
        wanted = self._next("text")
        tests: dict[str, Callable[[str | None], bool]] = {
            "==": lambda value: value == wanted,
            "!=": lambda value: value != wanted,
            "contains": lambda value: value is not None and wanted in value,
            "starts with": lambda value: value is not None and value.startswith(wanted),
            "ends with": lambda value: value is not None and value.endswith(wanted),
        }
        if operator not in tests:
            raise ValueError(f"{self._text!r} is not a selector")
        return _of(key, tests[operator])

    def _set(self) -> set[str]:
        if not self._take("{"):
            raise ValueError(f"{self._text!r} is not a selector")
        found = {self._next("text")}
        while self._take(","):
            found.add(self._next("text"))
        if not self._take("}"):
            raise ValueError(f"{self._text!r} is not a selector")
        return found


def _everyone(_: object) -> Answer:
    return True


def _of(key: str, test: Callable[[str | None], bool]) -> Expression:
    def answer(labels: Mapping[str, Value] | Unknown) -> Answer:
        if isinstance(labels, Unknown):
            return labels
        value = labels.get(key)
        if undecided(value):
            return Unknown(f"the label {key} is not known")
        return test(None if value is None else str(value))

    return answer
