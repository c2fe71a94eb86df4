"""What else a root declares: settings of the account that stand beside the resources which they protect."""

from __future__ import annotations

from collections import defaultdict
from functools import lru_cache

from phiward.graph.resource_graph import ResourceGraph
from phiward.graph.view import View


def declared(view: View, native_type: str) -> list[View]:
    """Every catalogued resource of a native type in the same root."""
    return _by_type(view.graph).get((id(view.resource.scope), native_type), [])


@lru_cache(maxsize=1)
def _by_type(graph: ResourceGraph) -> dict[tuple[int, str], list[View]]:
    """One pass over a graph, so that ten thousand buckets do not each look through all of it."""
    index: dict[tuple[int, str], list[View]] = defaultdict(list)
    for view in graph.views:
        index[id(view.resource.scope), view.resource.native_type].append(view)
    return index
