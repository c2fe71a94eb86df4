"""Text as Markdown that shows it and nothing else: no mark-up, link, tag or table cell comes out of a value."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from phiward.reporters.text import clean

_SPECIAL = re.compile(r"([\\`*_\[\]<>|~&$])")
_SPACE = re.compile(r"\s+")
_FIRST = re.compile(r"^(?:([-+#=:])|(\d+)([.)]))")
_LANGUAGES = {"terraform": "hcl", "kubernetes": "yaml", "cloudformation": "yaml", "aws": "yaml", "yaml": "yaml"}


def plain(text: str) -> str:
    """A text on one line, with everything escaped that Markdown would read as mark-up."""
    return beginning(escaped(text.strip()))


def escaped(text: str) -> str:
    """A piece of a line: spaces at its ends stay."""
    return _SPECIAL.sub(r"\\\1", clean(_SPACE.sub(" ", text)))


def beginning(line: str) -> str:
    """A line that begins no list, heading or underline; its pieces are Markdown already."""
    return _FIRST.sub(lambda found: f"\\{found[1]}" if found[1] else f"{found[2]}\\{found[3]}", line)


def code(text: str) -> str:
    """A name as a code span, which also holds in a table's cell."""
    shown = clean(" ".join(text.split())) or " "
    ticks = "`" * (max(map(len, re.findall(r"`+", shown)), default=0) + 1)
    room = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{ticks}{room}{shown}{room}{ticks}".replace("|", "\\|")


def codes(texts: Iterable[str]) -> str:
    return ", ".join(map(code, texts))


def block(text: str, language: str) -> str:
    """A fenced block that no fence inside of it can close."""
    ticks = "`" * max(3, max(map(len, re.findall(r"`+", text)), default=0) + 1)
    lines = (clean(line.replace("\t", "  ")) for line in text.strip("\n").split("\n"))
    return "\n".join([f"{ticks}{_LANGUAGES.get(language, '')}", *lines, ticks])


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of cells that are Markdown already."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def link(text: str, target: str) -> str:
    """A link to a page of ours; the text is Markdown already."""
    return f"[{text}]({target})"


def anchor(title: str) -> str:
    """The fragment that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
