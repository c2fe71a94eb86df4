"""The review of the statements that apply to a path."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from phiward.errors import UsageError
from phiward.loaders.tree import Tree
from phiward.manual.reading import digests_of, find_statements
from phiward.manual.review import Review, review
from phiward.manual.states import assess, by_citation
from phiward.outside import Outside
from phiward.pack import load_pack
from phiward.pack.controls import load_controls


def reviewed(path: Path, today: date) -> Review:
    """Raises UsageError for a path that is not there."""
    outside = Outside()
    try:
        kind = outside.kind(path.absolute())
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error
    if not kind:
        raise UsageError(f"there is no file or directory {str(path)!r}")
    tree = Tree.around((path,), outside)
    resolved = outside.resolve(path.absolute())
    controls = load_controls()
    found = find_statements(resolved if kind == "directory" else resolved.parent, tree, controls)
    digests = digests_of(found, tree)
    states = assess(found.statements, controls, today, digests)
    return review(found, states, by_citation(states, load_pack().citations), digests, today)
