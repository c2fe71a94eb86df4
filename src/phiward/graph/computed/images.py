"""What an image reference says: registry, tag, digest.

Source: the grammar of the OCI distribution project's `reference` package, `[registry/]path[:tag][@digest]`; what has
no registry comes from Docker Hub, and what has neither tag nor digest is `latest`.
"""

from __future__ import annotations

from phiward.graph.truth import why
from phiward.model.value import Partial, Value, undecided
from phiward.pattern import pattern

_digest = pattern(r"@sha256:[0-9a-f]{64}$")
_HUB, _OFFICIAL, _LATEST = "docker.io", "library", "latest"


def pinned(image: Value) -> Value:
    """Whether an image is named by its digest."""
    if isinstance(image, Partial):
        last = image.parts[-1]
        decided = isinstance(last, str) and any(mark in last for mark in "@/")
        return bool(_digest.search(str(last))) if decided else why(image)
    if undecided(image):
        return why(image)
    return bool(_digest.search(image)) if isinstance(image, str) else None


def tag(image: Value) -> Value:
    """The tag, `latest` where neither tag nor digest is written; None where a digest stands in its place."""
    if isinstance(image, Partial):
        last = image.parts[-1]
        if not isinstance(last, str) or not any(mark in last for mark in "/:@"):
            return why(image)
        image = last
    if undecided(image):
        return why(image)
    if not isinstance(image, str):
        return None
    name, _, digest = image.partition("@")
    written = name.rpartition("/")[2].partition(":")[2]
    return written or (None if digest else _LATEST)


def prefixes(image: Value) -> Value:
    """The registry, and the registry with each further piece of the path: `ghcr.io`, `ghcr.io/acme`, ...

    Ends in an `Unknown` where the end of the path is not known.
    """
    if isinstance(image, Partial) and isinstance(image.parts[0], str) and "/" in image.parts[0]:
        return [*_steps(image.parts[0].rpartition("/")[0] + "/"), why(image)]
    if undecided(image):
        return [why(image)]
    return _steps(image) if isinstance(image, str) else []


def _steps(image: str) -> list[Value]:
    name = image.partition("@")[0]
    head, slash, last = name.rpartition("/")
    pieces = [*head.split("/"), last.partition(":")[0]] if slash else [last.partition(":")[0]]
    if not slash or not (any(mark in pieces[0] for mark in ".:") or pieces[0] == "localhost"):
        pieces = [_HUB, *([] if slash else [_OFFICIAL]), *pieces]
    found = [piece for piece in pieces if piece]
    return ["/".join(found[: depth + 1]) for depth in range(len(found))]
