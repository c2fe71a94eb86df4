"""A cluster written as YAML, seen through the bundled catalog: what computed properties and graph rules read."""

from __future__ import annotations

import yaml

from phiward.graph.resource_graph import ResourceGraph
from phiward.graph.view import View
from phiward.loaders.kubernetes.manifest import Manifest
from phiward.loaders.kubernetes.reading import in_file, read_objects
from phiward.model.project import Project
from phiward.model.resource import Hole, Resource, Scope
from phiward.pack import load_pack

PACK = load_pack()


def cluster(text: str, *holes: Hole, project: Project | None = None, path: str = "manifests") -> list[Resource]:
    """The objects of a cluster."""
    scope = Scope("kubernetes", path, holes, project or Project(), kind="cluster")
    found = []
    for item in read_objects(text, in_file("m.yaml")):
        assert isinstance(item, Manifest), item
        found.append(Resource("kubernetes", item.native_type, item.address, item.value, item.origin, scope))
    return found


def view(address: str, text: str, *holes: Hole, project: Project | None = None) -> View:
    """One object of a cluster."""
    resources = cluster(text, *holes, project=project)
    found = ResourceGraph(resources, PACK).view(address, resources[0].scope)
    assert found is not None
    return found


def pod(spec: str, more: str = "", *holes: Hole, kind: str = "Pod") -> View:
    """A pod whose spec is written in flow style, beside other objects."""
    head = f"apiVersion: v1\nkind: {kind}\nmetadata: {{name: p, namespace: ns}}\nspec: {spec}\n"
    assert isinstance(yaml.safe_load(head), dict)
    return view(f"{kind}/ns/p", head + (f"---\n{more}" if more else ""), *holes)
