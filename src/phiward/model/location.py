"""Where something was written."""

from __future__ import annotations

from typing import NamedTuple

from phiward.record import dataclass

LIVE = "aws://"
"""How the path of what runs in an account begins."""


class Span(NamedTuple):
    """Lines and columns count from 1; columns count code points; `end_column` is after the last character."""

    line: int
    column: int
    end_line: int
    end_column: int


class Lines(NamedTuple):
    """Lines of a file, both ends among them."""

    path: str
    first: int
    last: int


class Answered(NamedTuple):
    """The call that brought a fact of a running account: `rds:describe_db_instances`; its time is UTC, RFC 3339."""

    operation: str
    time: str
    request_id: str


@dataclass(frozen=True, slots=True)
class Location:
    """`path` is relative to the repository root, with forward slashes, whatever the working directory is.

    What runs stands in no file: its path is `aws://<account>/<region>`, and `call` says what told of it.
    """

    path: str
    span: Span
    call: Answered | None = None

    @property
    def lines(self) -> Lines:
        """Its lines with the one above, where a comment about it stands."""
        return Lines(self.path, self.span.line - 1, self.span.end_line)

    @property
    def spot(self) -> Location:
        """Where it is, whatever told of it."""
        return self if self.call is None else Location(self.path, self.span)

    def __str__(self) -> str:
        if self.path.startswith(LIVE):
            return f"{self.path} ({self.call.operation})" if self.call is not None else self.path
        return f"{self.path}:{self.span.line}:{self.span.column}"
