"""Runs a regular expression in time linear in the text, with Go's choice among matches (leftmost-first)."""

from __future__ import annotations

from phiward.loaders.terraform.functions.errors import CannotTell
from phiward.loaders.terraform.functions.regex_syntax import CharSet, Node, Parser
from phiward.record import dataclass

_MOST_INSTRUCTIONS = 5000
_MOST_STEPS = 2_000_000
Slots = tuple[int, ...]


@dataclass(slots=True)
class _Instruction:
    """`char` goes on to the next one; `split` prefers `first` over `second`; `jump` goes to `first`."""

    op: str
    chars: CharSet | None = None
    first: int = 0
    second: int = 0
    place: str = ""


class Regex:
    """A compiled pattern. `names` are those of its groups, `None` where they have none."""

    def __init__(self, pattern: str) -> None:
        parser = Parser(pattern)
        node = parser.parse()
        self.names = parser.names
        self.program: list[_Instruction] = []
        self._save(node, 0)
        self._add(_Instruction("match"))
        self.steps = 0

    def _add(self, instruction: _Instruction) -> int:
        if len(self.program) >= _MOST_INSTRUCTIONS:
            raise CannotTell("the pattern is too large")
        self.program.append(instruction)
        return len(self.program) - 1

    def _save(self, node: Node, index: int) -> None:
        self._add(_Instruction("save", first=2 * index))
        self._emit(node)
        self._add(_Instruction("save", first=2 * index + 1))

    def _emit(self, node: Node) -> None:
        match node.op:
            case "char":
                self._add(_Instruction("char", chars=node.chars))
            case "assert":
                self._add(_Instruction("assert", place=node.place))
            case "group":
                self._save(node.children[0], node.index)
            case "alt":
                self._emit_alternatives(node)
            case "repeat":
                self._emit_repeat(node)
            case _:
                for child in node.children:
                    self._emit(child)

    def _split(self, *, greedy: bool) -> tuple[int, str, str]:
        """A split whose first way is the preferred one; the names of the ways in and out."""
        at = self._add(_Instruction("split"))
        return (at, "first", "second") if greedy else (at, "second", "first")

    def _emit_alternatives(self, node: Node) -> None:
        jumps = []
        for child in node.children[:-1]:
            split = self._add(_Instruction("split"))
            self.program[split].first = len(self.program)
            self._emit(child)
            jumps.append(self._add(_Instruction("jump")))
            self.program[split].second = len(self.program)
        self._emit(node.children[-1])
        for jump in jumps:
            self.program[jump].first = len(self.program)

    def _emit_repeat(self, node: Node) -> None:
        (child,) = node.children
        if node.most is None:
            self._emit_unbounded(node)
            return
        for _ in range(node.least):
            self._emit(child)
        outs = []
        for _ in range(node.most - node.least):
            start, into, out = self._split(greedy=node.greedy)
            setattr(self.program[start], into, len(self.program))
            self._emit(child)
            outs.append((start, out))
        for start, out in outs:
            setattr(self.program[start], out, len(self.program))

    def _emit_unbounded(self, node: Node) -> None:
        """`x*` as a loop that may be skipped; as `(x+)?` where `x` may be empty, which is Go's way."""
        (child,) = node.children
        skipped = node.least == 0
        start, into, out = self._split(greedy=node.greedy) if skipped else (0, "", "")
        if skipped:
            setattr(self.program[start], into, len(self.program))
        for _ in range(node.least - 1):
            self._emit(child)
        if skipped and not _may_be_empty(child):
            self._emit(child)
            self._add(_Instruction("jump", first=start))
        else:
            body = len(self.program)
            self._emit(child)
            again, repeated, done = self._split(greedy=node.greedy)
            setattr(self.program[again], repeated, body)
            setattr(self.program[again], done, len(self.program))
        if skipped:
            setattr(self.program[start], out, len(self.program))

    def search(self, text: str, start: int = 0) -> Slots | None:
        """The offsets of the first match at or after `start` and of its groups; -1 for a group left out."""
        empty = (-1,) * (2 * len(self.names) + 2)
        threads: list[tuple[int, Slots]] = []
        best: Slots | None = None
        for position in range(start, len(text) + 1):
            if best is None:
                self._follow(threads, {at for at, _ in threads}, (0, empty), text, position)
            if not threads and best is not None:
                break
            following: list[tuple[int, Slots]] = []
            seen: set[int] = set()
            for at, slots in threads:
                instruction = self.program[at]
                if instruction.op == "match":
                    best = slots
                    break
                chars = instruction.chars
                if chars is not None and position < len(text) and chars.matches(text[position]):
                    self._follow(following, seen, (at + 1, slots), text, position + 1)
            threads = following
        return best

    def _follow(
        self,
        threads: list[tuple[int, Slots]],
        seen: set[int],
        begin: tuple[int, Slots],
        text: str,
        position: int,
    ) -> None:
        """Adds every place that is reached without reading a character, the preferred ones first."""
        stack = [begin]
        while stack:
            at, slots = stack.pop()
            if at in seen:
                continue
            seen.add(at)
            self.steps += 1
            if self.steps > _MOST_STEPS:
                raise CannotTell("matching the pattern takes too long")
            instruction = self.program[at]
            match instruction.op:
                case "jump":
                    stack.append((instruction.first, slots))
                case "split":
                    stack.append((instruction.second, slots))
                    stack.append((instruction.first, slots))
                case "save":
                    index = instruction.first
                    stack.append((at + 1, (*slots[:index], position, *slots[index + 1 :])))
                case "assert":
                    if _holds(instruction.place, text, position):
                        stack.append((at + 1, slots))
                case _:
                    threads.append((at, slots))


def _may_be_empty(node: Node) -> bool:
    if node.op == "char":
        return False
    if node.op == "repeat":
        return node.least == 0 or _may_be_empty(node.children[0])
    if node.op == "alt":
        return any(map(_may_be_empty, node.children))
    return all(map(_may_be_empty, node.children))


def _holds(place: str, text: str, position: int) -> bool:
    match place:
        case "start":
            return position == 0
        case "end":
            return position == len(text)
        case "line-start":
            return position == 0 or text[position - 1] == "\n"
        case "line-end":
            return position == len(text) or text[position] == "\n"
    before = position > 0 and _is_word(text[position - 1])
    after = position < len(text) and _is_word(text[position])
    return (before is not after) is (place == "boundary")


def _is_word(char: str) -> bool:
    return char == "_" or (char.isascii() and char.isalnum())
