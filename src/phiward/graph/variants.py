"""Which row of the catalog describes a resource, where a native type is several types in one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from phiward.graph.reading import MISSING, Resolve, read_path
from phiward.graph.truth import Truth, any_of, equals, written
from phiward.model.resource import Resource
from phiward.model.value import Reference, Unknown
from phiward.pack import Pack

if TYPE_CHECKING:
    from collections.abc import Mapping

    from phiward.pack import Row


def variant_of(resource: Resource, pack: Pack, resolve: Resolve) -> tuple[Row | None, Unknown | None]:
    """The row that describes a resource; with an `Unknown` where another one may be the right one."""
    row, doubt = pack.row(resource.native_type), None
    for variant in pack.variants(resource.native_type):
        assert variant.discriminator is not None
        answer = _tells(variant.discriminator, resource, resolve)
        if answer is True:
            return variant, None
        if isinstance(answer, Unknown):
            path = ".".join(map(str, variant.discriminator["path"]))
            reason = (
                f"which kind of {resource.native_type} it is depends on {path}, which is not known: {answer.reason}"
            )
            row, doubt = row or variant, doubt or Unknown(reason, answer.hint)
    return row, doubt


def _tells(discriminator: Mapping[str, Any], resource: Resource, resolve: Resolve) -> Truth:
    """Whether what a resource writes makes it one of those that a row describes."""
    value, _ = read_path(resource.attributes, discriminator["path"], resolve)
    if value is MISSING:
        return False
    if discriminator["in"] is None:
        return written(value)
    if isinstance(value, Reference):
        value = resolve(value)
    return any_of(equals(value, word) for word in discriminator["in"])
