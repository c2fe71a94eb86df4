"""What a graph rule gives, and what it may ask of a whole scan."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable

from phiward.engine.operators import Truth
from phiward.graph.keys import CUSTOMER, KeyUse
from phiward.graph.resource_graph import ResourceGraph
from phiward.graph.view import View
from phiward.model.location import Location
from phiward.model.resource import Scope
from phiward.model.value import Unknown, Value
from phiward.record import dataclass

KEY_PROPERTY = "encryption.key"


@dataclass(frozen=True, slots=True)
class Fact:
    """One piece of evidence of a graph rule."""

    property: str
    observed: Value
    expected: Value
    location: Location


@dataclass(frozen=True, slots=True)
class Judgement:
    """`truth` None is unknown; `applies` False means that the rule has nothing to say about this resource."""

    truth: Truth = True
    facts: tuple[Fact, ...] = ()
    message: str = ""
    applies: bool = True
    at: Location | None = None
    """Where the finding stands; the resource's opening line where this is not told."""


NOT_APPLICABLE = Judgement(applies=False)
GraphRule = Callable[[View, "GraphIndex"], Judgement]


@dataclass(slots=True)
class KeyUses:
    """Which stores of a scope use which key."""

    by_key: dict[str, list[View]]
    """The stores on each customer-managed key, by the key's identity."""
    undecided: list[tuple[View, Unknown]]
    """The stores whose key is not known, or may be another one than its name says."""
    elsewhere: dict[str | Unknown | None, View]
    """Tenants of those, and of the stores on keys that are not declared here; a store of each."""


_ANYWHERE = 0
"""Stands among the ids of scopes for all of them."""


class GraphIndex:
    """What graph rules ask of a whole scan, worked out once."""

    def __init__(self, graph: ResourceGraph) -> None:
        self.graph = graph
        self._uses: dict[int, KeyUses] = {}
        self._volumes: dict[int, list[View]] | None = None
        self._owners: dict[int, set[str | Unknown | None]] = {}

    def uses(self, scope: Scope) -> KeyUses:
        """Which stores use which key of a scope; volumes of clusters that are on one of its keys are among them."""
        found = self._uses.get(id(scope))
        if found is None:
            views = (*self.graph.of_scope(scope), *self._volumes_beside(scope))
            found = self._uses[id(scope)] = _key_uses(views)
        return found

    def owners(self, scope: Scope) -> set[str | Unknown | None]:
        """The tenants of the keys that a store of a scope may be on: a cluster's, on those of every scope."""
        views = self.graph.views if scope.kind == "cluster" else self.graph.of_scope(scope)
        if id(scope) not in self._owners:
            self._owners[id(scope)] = {view.tenancy.tenant for view in views if "key" in view.row.kinds}
        return self._owners[id(scope)]

    def _volumes_beside(self, scope: Scope) -> Iterable[View]:
        """Stores of clusters that are, or may be, on a key that another scope declares.

        Each stays among its own cluster's stores, too.
        """
        if self._volumes is None:
            clustered = [v for v in self.graph.views if v.row.dialect == "kubernetes" and "datastore" in v.row.kinds]
            self._volumes = defaultdict(list)
            for view in clustered:
                use = view.key(KEY_PROPERTY)
                if use.scope is not None:
                    self._volumes[id(use.scope)].append(view)
                elif use.doubt is not None or isinstance(use.custody, Unknown):
                    self._volumes[_ANYWHERE].append(view)
        anywhere = self._volumes.get(_ANYWHERE, []) if scope.kind != "cluster" else []
        return [*self._volumes.get(id(scope), ()), *anywhere]


def key_of(view: View) -> KeyUse:
    """Which key a store uses; custody `none` for a type of which the catalog says nothing."""
    return view.key(KEY_PROPERTY) if KEY_PROPERTY in view.row.properties else KeyUse("none")


def _key_uses(views: Iterable[View]) -> KeyUses:
    uses = KeyUses(defaultdict(list), [], {})
    names: dict[str, dict[str, list[View]]] = defaultdict(lambda: defaultdict(list))
    for view in views:
        if "datastore" not in view.row.kinds:
            continue
        use = key_of(view)
        doubt = use.custody if isinstance(use.custody, Unknown) else use.doubt
        if doubt is not None:
            uses.undecided.append((view, doubt))
        if use.custody == CUSTOMER:
            uses.by_key[use.identity].append(view)
            names[_bare(use.identity)][use.identity].append(view)
        if doubt is not None or (use.custody == CUSTOMER and not use.resource):
            uses.elsewhere.setdefault(view.tenancy.tenant, view)
    for name, written in names.items():
        if name in written and len(written) > 1:
            why = Unknown(f"whether {' and '.join(sorted(written))} are one key depends on region and account")
            uses.undecided += [(view, why) for stores in written.values() for view in stores]
    return uses


def _bare(identity: str) -> str:
    """The name of an alias without its region and account."""
    name = identity.rpartition(":alias/")[2]
    return identity if name == identity else f"alias/{name}"
