"""The text of a file -> the Kubernetes objects in it, one after another."""

from __future__ import annotations

import re
from collections.abc import Iterator

from phiward.loaders.kubernetes.manifest import Manifest, ManifestOrigin, native_type, readable
from phiward.loaders.located_yaml import Document, documents
from phiward.loaders.yaml_builder import YamlError
from phiward.model.resource import AttributePath
from phiward.model.value import Unknown, Value, join
from phiward.record import replace

_placeholder = re.compile(r"(\$\{[^}\n]*\}|\{\{[^\n]*?\}\})")
_LONGEST_TEXT = 300
"""Longer texts are scripts and files, in which `${...}` means something to others."""


def read_objects(text: str, path: str, directory: str) -> Iterator[Manifest | YamlError]:
    """Every object of a file; documents of other kinds are passed over. A problem has the line that it stands in."""
    for document in documents(text, scalar):
        if isinstance(document, YamlError):
            yield _explained(document, text)
        elif readable(document.value):
            yield from _objects(document.value, document, (), path, directory)


def _objects(
    value: dict[str, Value], document: Document, prefix: AttributePath, path: str, directory: str
) -> Iterator[Manifest | YamlError]:
    """One object, or those of a `List`."""
    kind = value["kind"]
    items = value.get("items")
    if kind.endswith("List") and isinstance(items, list):
        of = {"apiVersion": value["apiVersion"], "kind": kind.removesuffix("List")}
        for number, item in enumerate(items):
            inner = (*prefix, "items", number)
            whole = item if readable(item) else {**of, **item} if isinstance(item, dict) and of["kind"] else None
            if whole is None:
                yield _at(document, inner, "an element of the list is not a Kubernetes object")
            else:
                yield from _objects(whole, document, inner, path, directory)
        return
    metadata = value.get("metadata")
    name = _named(metadata) if isinstance(metadata, dict) else ""
    if not name and not _nameless(value):
        yield _at(document, prefix, f"the {kind} has no metadata.name")
        return
    namespace = metadata.get("namespace") if isinstance(metadata, dict) else None
    made = Manifest(
        native_type=native_type(value["apiVersion"], kind),
        kind=kind,
        namespace="" if namespace is None else str(namespace),
        name=name or kind.lower(),
        value=value,
        origin=ManifestOrigin(path, document, prefix),
        path=path,
        directory=directory,
    )
    yield made
    if kind == "StatefulSet":
        yield from _claims(made, document, prefix)


def _claims(owner: Manifest, document: Document, prefix: AttributePath) -> Iterator[Manifest]:
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
            origin=ManifestOrigin(owner.path, document, (*prefix, "spec", "volumeClaimTemplates", number)),
        )


def _labels(metadata: dict[str, Value]) -> dict[str, Value]:
    labels = metadata.get("labels")
    return labels if isinstance(labels, dict) else {}


def _named(metadata: dict[str, Value]) -> str:
    """An object's name; one that the server completes ends in `*`."""
    if metadata.get("name") not in (None, ""):
        return str(metadata["name"])
    prefix = metadata.get("generateName")
    return f"{prefix}*" if isinstance(prefix, str) and prefix else ""


def _nameless(value: dict[str, Value]) -> bool:
    """Whether it is configuration of a component, which is written as an object and never stored as one."""
    version = value["apiVersion"]
    return version.endswith("config.k8s.io") or ".config.k8s.io/" in version or version.startswith("audit.k8s.io/")


def _at(document: Document, path: AttributePath, message: str) -> YamlError:
    span = document.spans.find(document.value, path) or document.spans.whole
    return YamlError(message, span.line, span.column)


def _explained(problem: YamlError, text: str) -> YamlError:
    line = text.splitlines()[problem.line - 1 : problem.line]
    if "{{" in text and ("{{" in "".join(line) or "{" in problem.message or "key must be" in problem.message):
        message = f"it looks like a template that is not rendered ({problem.message})"
        return YamlError(message, problem.line, problem.column)
    return problem


def scalar(text: str) -> Value:
    """A text; what another tool is to fill in (`${NAME}`, `{{ name }}`) is unknown, and only that part of it."""
    if ("${" not in text and "{{" not in text) or len(text) > _LONGEST_TEXT or "\n" in text:
        return text
    pieces = [
        Unknown(f"{piece} is filled in by another tool", "scan what that tool puts out")
        if _placeholder.fullmatch(piece)
        else piece
        for piece in _placeholder.split(text)
    ]
    return join([piece for piece in pieces if piece != ""])
