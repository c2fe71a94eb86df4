"""What every kind of network policy comes to: which pods it selects, and whom it lets through in each direction."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable

from phiward.graph.cluster import Labels
from phiward.graph.truth import why
from phiward.graph.view import View
from phiward.model.resource import AttributePath
from phiward.model.value import Unknown, Value, undecided
from phiward.record import dataclass

Answer = bool | Unknown
INGRESS, EGRESS = "ingress", "egress"


@dataclass(frozen=True, slots=True)
class Pod:
    """A pod as selectors see it. `namespace_labels` is unknown where its namespace is not declared."""

    namespace: str
    labels: Labels | Unknown
    namespace_labels: Labels | Unknown


Selector = Callable[[Pod], Answer]


@dataclass(frozen=True, slots=True)
class Peer:
    """Whom one entry of a policy lets through.

    `anyone` is everything, inside and outside of the cluster; `everywhere` all pods of the cluster; `pods` those that
    it answers for; `cidr` an address range. `doubt` says why it is not known whom it means.
    """

    at: AttributePath
    anyone: bool = False
    everywhere: bool = False
    pods: Selector | None = None
    cidr: str = ""
    doubt: Unknown | None = None

    @property
    def open_to_world(self) -> bool:
        """Whether it takes in every address there is."""
        return self.anyone or whole_range(self.cidr)


@dataclass(frozen=True, slots=True)
class Policy:
    """What a policy does, or what it may do: one object is several of them where some of it is not known.

    `peers` holds, for each direction in which it isolates its pods, whom it still lets through.

    `opens` are those of the directions in which it isolates nobody itself, and lets through whom others would not.
    """

    view: View
    selects: Selector
    peers: dict[str, tuple[Peer, ...]]
    opens: frozenset[str] = frozenset()
    doubt: Unknown | None = None
    """Why it is not known whether it isolates in these directions at all."""


def unsure(chosen: Selector, doubt: Unknown) -> Selector:
    """A selector of the same pods that is sure of none of them."""
    return lambda pod: doubt if chosen(pod) is not False else False


def closed(view: View, chosen: Selector, written: Value, sides: Iterable[str]) -> Policy:
    """A policy of which nothing is known but whose pods it may select, and in which directions."""
    doubt = why(written)
    peers: dict[str, tuple[Peer, ...]] = {direction: (Peer(("spec",), doubt=doubt),) for direction in sides}
    return Policy(view, unsure(chosen, doubt), peers)


def ranged(cidr: Value, at: AttributePath) -> Peer:
    """An address range, which may not be known."""
    return Peer(at, doubt=why(cidr)) if undecided(cidr) else Peer(at, cidr=str(cidr or ""))


def whole_range(cidr: str) -> bool:
    """Whether a range is all addresses, or half of them or a quarter: the ways of writing all that people use."""
    try:
        return ipaddress.ip_network(cidr, strict=False).prefixlen <= 2  # noqa: PLR2004 - a quarter of all addresses
    except ValueError:
        return False


def entries(value: Value) -> list[Value]:
    """A list as it is; anything else as no entries."""
    return value if isinstance(value, list) else []
