"""Regular expressions that are compiled when they are first used.

Compiling one takes as long as importing a small module, and a scan uses few of those that it imports. For patterns that
every scan uses, `re.compile` says so.
"""

from __future__ import annotations

import re
from typing import Any, AnyStr, cast


class _Pattern:
    """Takes each method from the compiled pattern when it is first asked for, and has it at hand from then on."""

    def __init__(self, text: Any, flags: int) -> None:
        self._written = text, flags

    def __getattr__(self, name: str) -> Any:
        found = getattr(re.compile(*self._written), name)
        setattr(self, name, found)
        return found


def pattern(text: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """The pattern of a text, as `re.compile` would give it."""
    return cast("re.Pattern[AnyStr]", _Pattern(text, flags))
