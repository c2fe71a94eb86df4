"""Objects that have a controller apply what stands elsewhere: Argo CD's and Flux's.

What they bring is not in the tree, unless they point at a directory of this very repository; so the absence of an
object proves nothing where there is one. Sources: Argo CD, "Application specification"; Flux, "Kustomization" (v1) and
"HelmRelease" (v2).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from phiward.loaders.kubernetes.manifest import Manifest
from phiward.loaders.tree import Tree
from phiward.model.finding import Diagnostic, Level
from phiward.model.resource import Hole
from phiward.model.value import Value
from phiward.record import dataclass

_APPLICATION = "argoproj.io/Application"
_APPLICATION_SET = "argoproj.io/ApplicationSet"
_FLUX = ("kustomize.toolkit.fluxcd.io/Kustomization", "helm.toolkit.fluxcd.io/HelmRelease")
_REPOSITORY = "source.toolkit.fluxcd.io/GitRepository"
_url = re.compile(rb"^\s*url\s*=\s*(\S+)\s*$", re.MULTILINE)
_location = re.compile(r"^(?:[a-z+]+://)?(?:[^@/]+@)?([^:/]+)(?::\d+)?[:/](.+?)(?:\.git)?/?$")


@dataclass(frozen=True, slots=True)
class Deployed:
    """Something that a controller applies: the address of its repository, and a path in it. Both may be unknown."""

    repository: Value
    path: Value


def elsewhere(manifests: list[Manifest], tree: Tree) -> Iterator[tuple[Manifest, Diagnostic, Hole | None]]:
    """Each object that has something applied, with a note about it, and a hole where that is not in the tree."""
    own = _own_repositories(tree)
    flux = {(m.namespace, m.name): _dig(m.value, "spec", "url") for m in manifests if m.native_type == _REPOSITORY}
    for manifest in manifests:
        deployed = list(_deployed(manifest, flux))
        if not deployed:
            continue
        at = manifest.origin.header()
        missing = [one for one in deployed if not _is_here(one, own, tree)]
        if missing:
            message = f"what {manifest.address} has applied is not in what was scanned"
            hole = Hole(message, "scan the repository that it names, rendered, together with this one")
        else:
            paths = ", ".join(str(one.path) for one in deployed)
            message, hole = f"{manifest.address} has {paths} of this repository applied", None
        note = Diagnostic(Level.NOTE, "gitops", message, at.path, at.span.line, at.span.column)
        yield manifest, note, hole


def _deployed(manifest: Manifest, flux: dict[tuple[str, str], Value]) -> Iterator[Deployed]:
    spec = _dig(manifest.value, "spec")
    if manifest.native_type == _APPLICATION_SET:
        yield Deployed(None, None)  # generators decide
    elif manifest.native_type == _APPLICATION:
        sources = _dig(spec, "sources")
        for source in sources if isinstance(sources, list) else [_dig(spec, "source")]:
            yield Deployed(_dig(source, "repoURL"), _dig(source, "path"))
    elif manifest.native_type in _FLUX:
        chart = _dig(spec, "chart", "spec")
        source = _dig(spec if chart is None else chart, "sourceRef")
        path = _dig(spec, "path") if chart is None else _dig(chart, "chart")
        key = (str(_dig(source, "namespace") or manifest.namespace), str(_dig(source, "name")))
        yield Deployed(flux.get(key) if _dig(source, "kind") == "GitRepository" else None, path)


def _is_here(one: Deployed, own: set[tuple[str, str]], tree: Tree) -> bool:
    """Whether it is a directory of the repository that is scanned, by the address of one of its remotes."""
    if not isinstance(one.repository, str) or not isinstance(one.path, str) or _normal(one.repository) not in own:
        return False
    path = Path(os.path.normpath(tree.base / one.path.lstrip("/")))
    return tree.inside(path) and tree.outside.is_directory(path)


def _own_repositories(tree: Tree) -> set[tuple[str, str]]:
    """The remotes of the repository, as git's configuration lists them."""
    data = tree.peek(tree.base / ".git" / "config") or b""
    return {_normal(found.decode("utf-8", "replace")) for found in _url.findall(data)}


def _normal(address: str) -> tuple[str, str]:
    """Host and path of a repository, however its address is written."""
    found = _location.match(address)
    return (found[1].lower(), found[2].lower()) if found else ("", address)


def _dig(value: Value, *steps: str) -> Value:
    for step in steps:
        value = value.get(step) if isinstance(value, dict) else None
    return value
