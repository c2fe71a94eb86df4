"""Which findings an exception of a file is about: patterns in linear time, for who writes them may be anybody."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from phiward.graph.tenancy import tag_of
from phiward.model.finding import Finding, Waiver
from phiward.model.value import Unknown, Value
from phiward.record import dataclass, field

T = TypeVar("T")
ARN = "arn:"


@dataclass(frozen=True, slots=True)
class Selector:
    """What is empty asks for nothing; what is not has to match, all of it.

    In `address`, `module` and `arn` a `*` stands for any characters and a `?` for one; brackets are what they are. In
    `path`, which is relative to the repository, a `*` stays inside of a name and `**` is any number of directories.
    """

    address: str = ""
    module: str = ""
    path: str = ""
    arn: str = ""
    tags: tuple[tuple[str, str], ...] = ()
    written: str = ""
    """As reports show it."""

    @property
    def literal(self) -> str:
        """The only address that it can match, where there is one."""
        only = self.address or self.arn
        return "" if "*" in only or "?" in only else only

    @property
    def live(self) -> bool:
        """Whether it can match only what runs."""
        return bool(self.arn) or self.address.startswith(ARN)

    def matches(self, finding: Finding, tags: Callable[[Finding], Value]) -> bool | None:
        """Whether it is about a finding; None where the resource's tags do not decide it."""
        subject = finding.subject
        address = subject.address
        if self.address and not glob(self.address, address):
            return False
        if self.module and not (glob(f"{self.module}.*", address) or glob(f"{self.module}[*", address)):
            return False
        if self.arn and not (address.startswith(ARN) and glob(self.arn, address)):
            return False
        if self.path and (address.startswith(ARN) or not glob_path(self.path, subject.path or finding.location.path)):
            return False
        return self._matches_tags(finding, tags) if self.tags else True

    def _matches_tags(self, finding: Finding, tags: Callable[[Finding], Value]) -> bool | None:
        known = tags(finding)
        found = [(wanted, tag_of(known, name)) for name, wanted in self.tags]
        if any(
            not isinstance(value, Unknown) and (value is None or not glob(wanted, value)) for wanted, value in found
        ):
            return False
        return None if any(isinstance(value, Unknown) for _, value in found) else True


@dataclass(frozen=True, slots=True)
class Listed:
    """An exception of a file with what it is about."""

    waiver: Waiver
    selector: Selector


@dataclass(frozen=True, slots=True)
class WaiverFile:
    """The exceptions of a file, for the scopes by whose path it was found; `directory` is repository-relative."""

    path: str
    directory: str
    scopes: frozenset[str]
    listed: tuple[Listed, ...] = ()
    named: dict[tuple[str, str], list[Listed]] = field(default_factory=dict)
    """Those that can match one address only, by rule and address; a file may list thousands of them."""
    patterns: dict[str, list[Listed]] = field(default_factory=dict)
    """The others, by rule."""

    def index(self) -> WaiverFile:
        for one in self.listed:
            if literal := one.selector.literal:
                self.named.setdefault((one.waiver.rule, literal), []).append(one)
            else:
                self.patterns.setdefault(one.waiver.rule, []).append(one)
        return self

    def about(self, finding: Finding) -> list[Listed]:
        """Those that may be about a finding, for its rule and address."""
        rule = finding.rule.id
        return [*self.named.get((rule, finding.subject.address), ()), *self.patterns.get(rule, ())]


def glob(pattern: str, text: str) -> bool:
    return _matches(pattern, text, "*", lambda wanted, found: wanted in ("?", found))


def glob_path(pattern: str, path: str) -> bool:
    """Whether a path, or a directory above it, matches."""
    steps = pattern.rstrip("/").split("/")
    return _matches([*steps, "**"], path.split("/"), "**", glob)


def _matches(pattern: Sequence[T], items: Sequence[T], star: T, alike: Callable[[T, T], bool]) -> bool:
    """Greedy, going back to the last star only: what came before it need not be tried again."""
    at = seen = 0
    back, taken = -1, 0
    while seen < len(items):
        if at < len(pattern) and pattern[at] == star:
            back, taken = at, seen
            at += 1
        elif at < len(pattern) and alike(pattern[at], items[seen]):
            at += 1
            seen += 1
        elif back >= 0:
            taken += 1
            at, seen = back + 1, taken
        else:
            return False
    return all(one == star for one in pattern[at:])
