"""Manifests as a graph, without files."""

from __future__ import annotations

from functools import cache
from typing import Any

import yaml

from phiward.graph.resource_graph import ResourceGraph
from phiward.graph.view import View
from phiward.loaders.kubernetes.reading import in_file, read_objects
from phiward.loaders.located_yaml import YamlError
from phiward.model.project import Project
from phiward.model.resource import Hole, Resource, Scope
from phiward.pack import Pack, load_pack


@cache
def pack() -> Pack:
    return load_pack()


def graph_of(text: str, *, project: Project | None = None, holes: tuple[Hole, ...] = ()) -> ResourceGraph:
    """The graph of one cluster's manifests."""
    scope = Scope("kubernetes", ".", holes, project or Project(), kind="cluster")
    resources = []
    for found in read_objects(text, in_file("manifests.yaml")):
        assert not isinstance(found, YamlError), found.message
        resources.append(Resource("kubernetes", found.native_type, found.address, found.value, found.origin, scope))
    return ResourceGraph(resources, pack())


def text_of(objects: list[dict[str, Any]]) -> str:
    return yaml.safe_dump_all(objects)


def view_of(graph: ResourceGraph, address: str) -> View:
    (view,) = [view for view in graph.views if view.resource.address == address]
    return view
