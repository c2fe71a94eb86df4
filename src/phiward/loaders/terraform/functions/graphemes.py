"""What Terraform counts as one character: an extended grapheme cluster of Unicode.

The standard library does not segment text, so this covers letters with combining marks, Hangul syllables in
normal form, line ends, and plain symbols. Text with emoji sequences, flags or scripts that join in other
ways raises `CannotTell` rather than being counted wrongly.
"""

from __future__ import annotations

from phiward.loaders.terraform.functions.errors import CannotTell

# Joiners, variation selectors, emoji modifiers, tags, regional indicators, conjoining jamo.
_JOINING = (
    (0x0600, 0x0605),
    (0x06DD, 0x06DD),
    (0x070F, 0x070F),
    (0x0890, 0x0891),
    (0x08E2, 0x08E2),
    (0x0E33, 0x0E33),
    (0x0EB3, 0x0EB3),
    (0x1100, 0x11FF),
    (0x200B, 0x200F),
    (0x2028, 0x202E),
    (0x2060, 0x206F),
    (0xA960, 0xA97F),
    (0xD7B0, 0xD7FF),
    (0xFE00, 0xFE0F),
    (0xFEFF, 0xFEFF),
    (0x1F1E6, 0x1F1FF),
    (0x1F3FB, 0x1F3FF),
    (0xE0000, 0xE0FFF),
)
_INDIC = (0x0900, 0x0DFF)


def clusters(text: str) -> list[str]:
    """The characters, as Terraform counts them. Raises `CannotTell` for text that it cannot split."""
    if text.isascii() and "\r" not in text:
        return list(text)
    from unicodedata import category

    result: list[str] = []
    for char in text:
        code = ord(char)
        if any(low <= code <= high for low, high in _JOINING):
            raise CannotTell("the text has characters that are joined in a way that is not supported here")
        kind = category(char)
        if kind in {"Mn", "Me", "Mc"} and _INDIC[0] <= code <= _INDIC[1]:
            raise CannotTell("the text is in a script whose characters are not told apart here")
        if result and (
            (kind in {"Mn", "Me"} and result[-1][-1] not in "\r\n") or (char == "\n" and result[-1] == "\r")
        ):
            result[-1] += char
        elif kind == "Mc":
            raise CannotTell("the text is in a script whose characters are not told apart here")
        else:
            result.append(char)
    return result
