"""Which directories are root modules, and which roots a set of files affects."""

from __future__ import annotations

import re
from pathlib import Path

from phiward.loaders.terraform.module import is_terraform
from phiward.loaders.terraform.program import ModuleCache
from phiward.loaders.terraform.syntax import Literal
from phiward.loaders.tree import MAX_FILE_BYTES, Tree
from phiward.settings import OF_A_DIRECTORY

_local_source = re.compile(rb'\bsource"?\s*[=:]\s*"(\.{1,2}(?:/[^"\n]*)?)"')


def discover(paths: tuple[Path, ...], cache: ModuleCache) -> list[Path]:
    """The root directories to judge for the scanned paths, sorted.

    A directory that another one calls is judged through its callers, which are looked for in the whole tree; so a
    single file or a child module gives the same verdicts as the scan of everything.
    """
    tree = cache.tree
    wanted = _directories(paths, tree)
    if not wanted:
        return []
    callers = _callers(wanted, tree)
    roots: set[Path] = set()
    for directory in sorted(wanted):
        roots |= _top_callers(directory, callers)
    reach = {root: _reached(root, cache) for root in roots}
    roots = {root for root, found in reach.items() if found & wanted}  # a call in a comment reaches nothing
    reached = set().union(*(reach[root] for root in roots))
    for directory in sorted(wanted - reached):
        # Only a circle of calls, or a call in a file that does not parse, has no top: its first directory stands in.
        if directory not in reached:
            roots.add(directory)
            reached |= _reached(directory, cache)
    return sorted(roots)


def _directories(paths: tuple[Path, ...], tree: Tree) -> set[Path]:
    """The module directories of the scanned paths."""
    found: set[Path] = set()
    for path in paths:
        if tree.outside.is_directory(path):
            for directory, names in tree.directories(path):
                if any(map(is_terraform, names)):
                    found.add(directory)
        elif is_terraform(path.name) or ".tfvars" in path.name:
            found.add(path.parent)
        elif path.name in OF_A_DIRECTORY:
            found |= _directories((path.parent,), tree)
        else:
            found |= _nearest(path.parent, tree)
    return {d for d in found if tree.inside(d)}


def _nearest(directory: Path, tree: Tree) -> set[Path]:
    """The nearest directory upwards that holds Terraform: its `file` and `templatefile` may read what lies below it."""
    for above in (directory, *directory.parents):
        if not tree.inside(above):
            break
        if any(map(is_terraform, tree.files(above))):
            return {above}
    return set()


def _callers(wanted: set[Path], tree: Tree) -> dict[Path, set[Path]]:
    """Directory -> directories whose files call it by a local path.

    A search of the text is enough: it may find a call that is commented out, and then the directory is judged through
    a caller that does not reach it, which `discover` notices.
    """
    callers: dict[Path, set[Path]] = {}
    seen: set[Path] = set()
    for top in tree.boundary:
        for directory, names in tree.directories(top):
            if directory in seen:
                continue
            seen.add(directory)
            for name in names:
                if is_terraform(name):
                    for target in _called(directory / name, tree):
                        callers.setdefault(target, set()).add(directory)
    return {target: found - {target} for target, found in callers.items()} if wanted else {}


def _called(path: Path, tree: Tree) -> set[Path]:
    try:
        if not tree.outside.is_file(path) or not tree.inside(path):
            return set()
        text = tree.outside.read(path, MAX_FILE_BYTES)
    except OSError:
        return set()
    if b"source" not in text:
        return set()
    sources = {found.decode("utf-8", "replace") for found in _local_source.findall(text)}
    return {tree.outside.resolve(path.parent / source) for source in sources}


def _top_callers(directory: Path, callers: dict[Path, set[Path]]) -> set[Path]:
    """The directories at the top of every chain of calls that leads to this one; none where there are only circles."""
    tops: set[Path] = set()
    seen = {directory}
    stack = [directory]
    while stack:
        current = stack.pop()
        above = callers.get(current, set())
        if not above:
            tops.add(current)
        for caller in above - seen:
            seen.add(caller)
            stack.append(caller)
    return tops


def _reached(root: Path, cache: ModuleCache) -> set[Path]:
    """The local module directories that a root really calls, itself included."""
    tree = cache.tree
    seen = {root}
    stack = [root]
    while stack:
        directory = stack.pop()
        for call in cache.get(directory).calls.values():
            source = call.body.attributes.get("source")
            if source and isinstance(source.value, Literal) and isinstance(source.value.value, str):
                text = source.value.value
                target = tree.outside.resolve(directory / text)
                known = not text.startswith(".") or target in seen
                if not known and tree.inside(target) and tree.outside.is_directory(target):
                    seen.add(target)
                    stack.append(target)
    return seen
