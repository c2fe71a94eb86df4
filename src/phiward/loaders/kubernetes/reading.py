"""The text of a file -> the Kubernetes objects in it, one after another."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from phiward.loaders.kubernetes.manifest import (
    OWN_GROUPS,
    Manifest,
    ManifestOrigin,
    PartOrigin,
    native_type,
    readable,
)
from phiward.loaders.located_yaml import Document, documents
from phiward.loaders.yaml_builder import Language, YamlError
from phiward.model.resource import AttributePath, Origin
from phiward.model.value import Partial, Unknown, Value, join
from phiward.record import replace

_placeholder = re.compile(r"(\$\{[^}\n]*\}|\{\{[^\n]*?\}\})")
_COMPONENTS = (
    "apiserver.k8s.io", "audit.k8s.io", "client.authentication.k8s.io", "install.istio.io", "kubeadm.k8s.io",
)  # fmt: skip
_FILLED_IN = " is filled in by another tool"
_FILES = ("Config", "Status")
"""Of version v1, and no objects: a kubeconfig, an answer of the server."""
_RENDER = "scan what its tool makes of it: `helm template CHART | phiward scan -`"
_LONGEST_TEXT = 300
"""Longer texts are scripts and files, in which `${...}` means something to others."""


Place = Callable[[Document, AttributePath], Origin]
"""What knows where the object at a path into a document stands."""


def read_objects(
    text: str, place: Place, scalar: Callable[[str], Value] | None = None
) -> Iterator[Manifest | YamlError]:
    """Every object of a text; documents of other kinds are passed over. A problem has the line that it stands in."""
    open_ = "${" in text or "{{" in text
    scalar = scalar or (filled_in if open_ else str)
    lines: list[str] = []
    strays: list[YamlError] = []
    objects = False
    for document in documents(text, Language(scalar)):
        if isinstance(document, YamlError):
            lines = lines or text.split("\n")
            yield _explained(document, lines[document.line - 1], open_=open_)
        elif readable(document.value):
            objects = True
            yield from _objects(document.value, document, (), place)
        elif _is_list_of_objects(document.value):
            yield _at(document, (), "a list of objects cannot be applied: they are written as documents, or as a List")
        elif document.value is not None and not _is_configuration(document.value):
            strays.append(_at(document, (), _lacking(document.value)))
    if objects:
        yield from strays  # a file with no object at all is another tool's


def _is_list_of_objects(value: Value) -> bool:
    return isinstance(value, list) and any(readable(item) for item in value)


def _is_configuration(value: Value) -> bool:
    """Whether a document says of which kind it is, as the files of other tools do."""
    return isinstance(value, dict) and isinstance(value.get("apiVersion"), str) and isinstance(value.get("kind"), str)


def _lacking(value: Value) -> str:
    """Why a document among objects is none."""
    if not isinstance(value, dict):
        return "it stands among Kubernetes objects and is none: it is no mapping"
    absent = [key for key in ("apiVersion", "kind") if not isinstance(value.get(key), str)]
    return f"it stands among Kubernetes objects and is none: it has no {' and no '.join(absent)}"


def in_file(path: str) -> Place:
    """Objects of a file, which stand where they are written."""
    return lambda document, prefix: ManifestOrigin(path, document, prefix)


def _objects(
    value: dict[str, Value], document: Document, prefix: AttributePath, place: Place
) -> Iterator[Manifest | YamlError]:
    """One object, or those of a `List`."""
    kind = value["kind"]
    if kind.endswith("List") and "items" in value:
        yield from _elements(value, document, prefix, place)
        return
    metadata = value.get("metadata")
    name = _named(metadata) if isinstance(metadata, dict) else ""
    if not name and not _nameless(value):
        if isinstance(metadata, dict) or _is_known(value):
            yield _at(document, prefix, f"the {kind} has no metadata.name")
        return  # else it is another tool's file, which only looks like an object
    namespace = metadata.get("namespace") if isinstance(metadata, dict) else None
    made = Manifest(
        native_type=native_type(value["apiVersion"], kind),
        kind=kind,
        namespace="" if namespace is None else as_written(namespace),
        name=name or kind.lower(),
        value=value,
        origin=place(document, prefix),
    )
    yield made
    if kind == "StatefulSet":
        yield from _claims(made)


def _elements(
    value: dict[str, Value], document: Document, prefix: AttributePath, place: Place
) -> Iterator[Manifest | YamlError]:
    """The objects of a list; those of a list of one kind need not say their own."""
    items = value["items"]
    of = {"apiVersion": value["apiVersion"], "kind": value["kind"].removesuffix("List")}
    if items is not None and not isinstance(items, list):
        yield _at(document, (*prefix, "items"), "the items of the list are not a list")
        return
    for number, item in enumerate(items or ()):
        inner = (*prefix, "items", number)
        whole = item if readable(item) else {**of, **item} if isinstance(item, dict) and of["kind"] else None
        if whole is None or not readable(whole):
            yield _at(document, inner, "an element of the list is not a Kubernetes object")
        else:
            yield from _objects(whole, document, inner, place)


def _claims(owner: Manifest) -> Iterator[Manifest]:
    """The claims that a StatefulSet makes for each of its pods: `<template>-<set>-<number>`."""
    spec = owner.value.get("spec")
    templates = spec.get("volumeClaimTemplates") if isinstance(spec, dict) else None
    for number, template in enumerate(templates if isinstance(templates, list) else []):
        own = template.get("metadata") if isinstance(template, dict) else None
        if not isinstance(own, dict):
            continue
        name = f"{own.get('name')}-{owner.name}-*"
        labels = {**_labels(owner.value["metadata"]), **_labels(own)}
        yield replace(
            owner,
            native_type="PersistentVolumeClaim",
            kind="PersistentVolumeClaim",
            name=name,
            value={**template, "metadata": {**own, "name": name, "namespace": owner.namespace, "labels": labels}},
            origin=PartOrigin(owner.origin, ("spec", "volumeClaimTemplates", number)),
        )


def _labels(metadata: dict[str, Value]) -> dict[str, Value]:
    labels = metadata.get("labels")
    return labels if isinstance(labels, dict) else {}


def _named(metadata: dict[str, Value]) -> str:
    """An object's name; one that the server completes ends in `*`."""
    if metadata.get("name") not in (None, ""):
        return as_written(metadata["name"])
    prefix = metadata.get("generateName")
    return f"{prefix}*" if isinstance(prefix, str) and prefix else ""


def _nameless(value: dict[str, Value]) -> bool:
    """Whether it is configuration of a component, or a question to the server: written as an object, never stored."""
    group, _, rest = value["apiVersion"].partition("/")
    if not rest:
        return False
    return group.endswith("config.k8s.io") or group in _COMPONENTS or value["kind"].endswith("Review")


def _is_known(value: dict[str, Value]) -> bool:
    """Whether a kind is one of Kubernetes' own, all of which have a name."""
    group, _, version = value["apiVersion"].rpartition("/")
    if group:
        return group in OWN_GROUPS or group.endswith(".k8s.io")
    return version == "v1" and value["kind"] not in _FILES


def _at(document: Document, path: AttributePath, message: str) -> YamlError:
    span = document.spans.find(document.value, path) or document.spans.whole
    return YamlError(message, span.line, span.column)


def _explained(problem: YamlError, line: str, *, open_: bool) -> YamlError:
    if open_ and ("{{" in line or "{" in problem.message or "key must be" in problem.message):
        message = f"it looks like a template that is not rendered ({problem.message})"
        return YamlError(message, problem.line, problem.column, _RENDER)
    return problem


def filled_in(text: str) -> Value:
    """A text; what another tool is to fill in (`${NAME}`, `{{ name }}`) is unknown, and only that part of it."""
    if ("${" not in text and "{{" not in text) or len(text) > _LONGEST_TEXT or "\n" in text:
        return text
    pieces = [
        Unknown(f"{piece}{_FILLED_IN}", "scan what that tool puts out") if _placeholder.fullmatch(piece) else piece
        for piece in _placeholder.split(text)
    ]
    return join([piece for piece in pieces if piece != ""])


def as_written(value: Value) -> str:
    """A name as its file has it, with what another tool is to fill in; `?` stands for what nobody told."""
    pieces = value.parts if isinstance(value, Partial) else (value,)
    return "".join(str(piece) if isinstance(piece, str | int | float) else _placeholder_of(piece) for piece in pieces)


def _placeholder_of(piece: Value) -> str:
    told = isinstance(piece, Unknown) and piece.reason.endswith(_FILLED_IN)
    return piece.reason.removesuffix(_FILLED_IN) if told else "?"
