"""One property of one resource, read from Terraform text as a scan reads it."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from phiward.graph.resource_graph import ResourceGraph
from phiward.graph.view import View
from phiward.loaders.terraform.loader import load
from phiward.loaders.tree import Tree
from phiward.model.value import Unknown, Value
from phiward.pack import Pack, load_pack
from phiward.settings import Settings
from tests.conftest import TODAY


@lru_cache(maxsize=1)
def pack() -> Pack:
    return load_pack()


def views_of(directory: Path, text: str) -> dict[str, View]:
    (directory / "main.tf").write_text(text)
    loaded = load((directory,), Tree.around((directory,)), Settings(paths=(directory,), today=TODAY), lambda _: None)
    return {view.resource.address: view for view in ResourceGraph(loaded.resources, pack()).views}


def read(directory: Path, text: str, name: str, address: str = "") -> Value:
    """The property of an address; of the only resource that models it where no address is given.

    An `Unknown` is returned as the string `unknown`, so that a table of cases stays a table.
    """
    views = views_of(directory, text)
    if not address:
        (view,) = [view for view in views.values() if name in view.row.properties]
    else:
        view = views[address]
    value = view.property(name)
    return "unknown" if isinstance(value, Unknown) else value
