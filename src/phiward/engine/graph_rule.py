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


class GraphIndex:
    """What graph rules ask of a whole scan, worked out once."""

    def __init__(self, graph: ResourceGraph) -> None:
        self.graph = graph
        self._uses: dict[int, dict[str, list[View]]] = {}
        self._volumes: dict[int, list[View]] | None = None
        self._undecided: dict[int, list[tuple[View, Unknown]]] = {}

    def uses(self, scope: Scope) -> tuple[dict[str, list[View]], list[tuple[View, Unknown]]]:
        """Stores by the customer-managed key of a scope that they use, and the stores whose key is not known.

        Volumes of clusters that are on one of these keys are among them.
        """
        if id(scope) not in self._uses:
            by_key: dict[str, list[View]] = defaultdict(list)
            undecided: list[tuple[View, Unknown]] = []
            for view in (*self.graph.of_scope(scope), *self._volumes_on_keys_of(scope)):
                if "datastore" not in view.row.kinds:
                    continue
                use = view.key(KEY_PROPERTY) if KEY_PROPERTY in view.row.properties else KeyUse("none")
                if isinstance(use.custody, Unknown):
                    undecided.append((view, use.custody))
                elif use.custody == CUSTOMER:
                    by_key[use.identity].append(view)
            self._uses[id(scope)], self._undecided[id(scope)] = by_key, undecided
        return self._uses[id(scope)], self._undecided[id(scope)]

    def _volumes_on_keys_of(self, scope: Scope) -> Iterable[View]:
        """Stores of clusters whose key another scope declares; each stays among its own cluster's stores, too."""
        if self._volumes is None:
            clustered = [v for v in self.graph.views if v.row.dialect == "kubernetes" and "datastore" in v.row.kinds]
            self._volumes = defaultdict(list)
            for view in clustered:
                owner = view.key(KEY_PROPERTY).scope
                if owner is not None:
                    self._volumes[id(owner)].append(view)
        return self._volumes.get(id(scope), ())
