"""What a loader brings to the pipeline."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from phiward.model.finding import CallCount
from phiward.model.resource import Resource, Scope
from phiward.record import dataclass, field


class Texts(Mapping[str, str]):
    """The text of each file that was read, by path.

    Those in `kept` are at hand. The others are read again when a report quotes them, so that a large tree is never in
    memory as a whole.
    """

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}
        self._later: dict[str, Callable[[], str]] = {}

    def later(self, path: str, read: Callable[[], str]) -> None:
        """Have a text read by `read`, which gives an empty one where the file has changed."""
        self._later[path] = read

    def update(self, others: Texts) -> None:
        self.kept.update(others.kept)
        self._later.update(others._later)

    def __getitem__(self, path: str) -> str:
        text = self.kept.get(path)
        return self._later[path]() if text is None else text

    def __iter__(self) -> Iterator[str]:
        return iter(self.kept.keys() | self._later.keys())

    def __len__(self) -> int:
        return len(self.kept.keys() | self._later.keys())


@dataclass(frozen=True, slots=True)
class Loaded:
    """Resources, the scopes that they were declared in, and the texts of the files read."""

    resources: list[Resource] = field(default_factory=list)
    scopes: list[Scope] = field(default_factory=list)
    sources: Texts = field(default_factory=Texts)
    calls: list[CallCount] = field(default_factory=list)
    """What was asked of running accounts."""
    callers: list[str] = field(default_factory=list)
    """Who asked."""

    left_out: list[str] = field(default_factory=list)
    """The native types that running accounts were not asked for, or not to the end."""

    def extend(self, more: Loaded) -> None:
        """Take in what another loader brings."""
        self.resources.extend(more.resources)
        self.scopes.extend(more.scopes)
        self.sources.update(more.sources)
        self.calls.extend(more.calls)
        self.left_out.extend(more.left_out)
        self.callers.extend(more.callers)
