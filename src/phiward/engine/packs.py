"""The pack that a run judges by: the bundled one, and an organisation's own rules beside it."""

from __future__ import annotations

from pathlib import Path

from phiward.engine.graph_rules import GRAPH_RULES
from phiward.outside import Outside
from phiward.pack import Pack, load_pack


def chosen_pack(directories: tuple[Path, ...], outside: Outside) -> Pack:
    """The bundled pack with the rules of some directories. Raises PackError."""
    pack = load_pack()
    if not directories:
        return pack
    from phiward.pack.own import with_own_rules

    return with_own_rules(pack, directories, outside, GRAPH_RULES)[0]
