"""One configured thing, as its source wrote it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Protocol

from phiward.model.location import Lines, Location
from phiward.model.project import Project
from phiward.model.value import Unknown, Value
from phiward.record import dataclass

_DEFAULTS = Project()
_NOTHING: Mapping[str, frozenset[str]] = MappingProxyType({})
_OF_A_ROOT = ("terraform-plan", "terraform-state")
"""Sources that are one file and stand for the root module in whose directory they lie."""
AttributePath = tuple[str | int, ...]
"""Keys and list indexes from a resource's attributes down to a value: `('ingress', 0, 'cidr_blocks')`."""


class Origin(Protocol):
    """Knows where each attribute stands. Spans are looked up when a report needs them, not stored by value."""

    def locate(self, path: AttributePath = ()) -> Location:
        """The location of an attribute; of its nearest written ancestor where it is not written."""
        ...

    def header(self) -> Location:
        """The location of the resource's opening line (a block's type and labels)."""
        ...

    def lines(self) -> tuple[Lines, ...]:
        """Where a comment stands that is about this resource."""
        ...


@dataclass(frozen=True, slots=True)
class Hole:
    """Something of a scope that could not be read, so that absence proves nothing there.

    `references` are the addresses that the unread part was given; empty when it may hold anything.
    """

    reason: str
    hint: str = ""
    references: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, eq=False)
class Scope:
    """What was declared together: a Terraform root, a cluster's manifests. Rules about absence range over one."""

    source: str
    path: str
    holes: tuple[Hole, ...] = ()
    project: Project = _DEFAULTS
    kind: str = "account"
    """`account` for what an account and region holds, `cluster` for what a Kubernetes cluster holds."""
    once: frozenset[str] = frozenset()
    """Of a running account, the native types of which one serves all of its regions."""
    not_shown: Mapping[str, frozenset[str]] = _NOTHING
    """Of a running account, by native type the properties that only a declaration has."""
    majors: frozenset[int] | None = None
    """The major versions of the AWS provider that may be in use; None where nothing says."""

    @property
    def complete(self) -> bool:
        """Whether the settings say that everything of this account and region, or cluster, is declared here."""
        if self.source == "aws":
            return True  # what could not be read of an account stands in it as unread
        if self.source in _OF_A_ROOT and self.project.is_complete(self.path.rpartition("/")[0] or "."):
            return True
        return self.project.is_complete(self.path)


@dataclass(frozen=True, slots=True, eq=False)
class Resource:
    """`address` is canonical (Terraform's own); `native_type` is the source's word, `aws_db_instance`."""

    source: str
    native_type: str
    address: str
    attributes: Mapping[str, Value]
    origin: Origin
    scope: Scope
    provider: str = ""
    """The provider configuration that manages it: resources of one name stand in one account and region."""
    module_calls: tuple[Location, ...] = ()
    """The module blocks that instantiate it, outermost first: an ignore on one of them applies here."""
    number: str = ""
    """What decides how many there are of it, as its source writes it, where that is not known.

    In CloudFormation the undecided conditions that it stands under, one a line.
    """
    uncounted: Unknown | None = None
    """Why that is not known."""
    unread: bool = False
    """Whether it stands for what could not be read of a running account: nothing passes for it."""
    context: bool = False
    """Whether it was read only to judge others: it stands outside of what a scan was asked about."""

    @property
    def counted(self) -> bool:
        """Whether it is known how many there are of it; else there may be none."""
        return self.uncounted is None and "[*]" not in self.address
