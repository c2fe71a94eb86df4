"""The texts of manifests and templates, which reports quote: kept only where an exception may be written in one."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path

from phiward.gate.foreign_ignores import MARKERS
from phiward.gate.ignores import MARKER
from phiward.loaders.kubernetes.unit import Unit
from phiward.loaders.loaded import Texts
from phiward.loaders.tree import Tree, text_again


def remember(texts: Texts, unit: Unit, files: Iterable[Path], tree: Tree) -> None:
    """Have the texts of the files that a unit was rendered from at hand. What is packed has none."""
    for path in files:
        text = tree.decode(path, tree.peek(path) or b"")
        if isinstance(text, str):
            remember_text(texts, unit, path, text, tree)


def remember_text(texts: Texts, unit: Unit, path: Path, text: str, tree: Tree) -> None:
    """Keep a text in which an exception may be written; another one is read again when it is asked for."""
    if unit.judged and any(marker in text for marker in (MARKER, *MARKERS)):
        texts.kept[tree.relative(path)] = text
    else:
        texts.later(tree.relative(path), partial(text_again, tree.outside, path))
