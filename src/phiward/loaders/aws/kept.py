"""Accounts as files: inventories that were kept, and answers that were written down."""

from __future__ import annotations

from pathlib import Path

from phiward.loaders.aws import inventory_file
from phiward.loaders.aws.loader import loaded_from, remarks
from phiward.loaders.aws.written import collect, parse
from phiward.loaders.loaded import Loaded
from phiward.loaders.tree import Tree
from phiward.model.finding import Diagnostic
from phiward.model.project import Project
from phiward.pack import Pack, pack_directory
from phiward.pack.collectors import load_collectors

INVENTORY, ANSWERS = ".jsonl.gz", ".aws.json"


def load_kept(path: Path, tree: Tree, pack: Pack, project: Project, wanted: frozenset[str] | None) -> Loaded:
    """What a file holds of an account. Raises UsageError where it holds nothing of one."""
    data = tree.content(path)
    if isinstance(data, Diagnostic):
        tree.diagnostics.append(data)
        return Loaded()
    collectors = load_collectors(pack_directory())
    name = tree.relative(path)
    if path.name.endswith(ANSWERS):
        inventory = collect(parse(data, name), collectors, wanted)
    else:
        inventory = inventory_file.read(data, name)
    tree.diagnostics += remarks(inventory)
    return loaded_from(inventory, collectors, pack, project)
