"""Which of several policies holds, where a mesh gives way to the one that was made first."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from phiward.graph.reading import inner

if TYPE_CHECKING:
    from phiward.graph.view import View


def oldest(policies: Iterable[View]) -> list[View]:
    """The one that was made first, where each says when that was; else all of them, for each may be it.

    Manifests do not say it; what was read from a cluster does, in RFC 3339 and UTC, which sorts as it stands.
    """
    found = sorted(policies, key=lambda view: view.resource.address)
    if len(found) > 1 and all(map(_made, found)):
        return [min(found, key=lambda view: (_made(view), str(view.name)))]
    return found


def _made(view: View) -> str:
    value = inner(view.resource.attributes, "metadata", "creationTimestamp")
    return value if isinstance(value, str) else ""
