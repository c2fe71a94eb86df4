"""Terraform's `==`, three-valued: what is not decided may be equal, or may be seen to differ already."""

from __future__ import annotations

from typing import Any

from phiward.loaders.terraform.functions.conversion import identity, kind
from phiward.loaders.terraform.functions.undecided import closed, edges, never_null, pieces_of
from phiward.loaders.terraform.value_types import same_type, type_of
from phiward.model.value import Partial, Reference, SetValue, Unknown, Value, plain


def equal(left: Value, right: Value) -> bool | None:
    """Terraform's `==`; `None` where it is not decided. Values of two types are never equal: `[1]` is no list."""
    if isinstance(left, (list, dict)) and isinstance(right, (list, dict)):
        same = same_type(type_of(left), type_of(right))
        if same is False:
            return False
        found = _equal_parts(left, right)
        return None if found and same is None else found
    return _equal_parts(left, right)


def _equal_parts(left: Value, right: Value) -> bool | None:
    """Equality of two values whose types are one, as far as they are followed."""
    if isinstance(left, (Unknown, Reference)) or isinstance(right, (Unknown, Reference)):
        return _equal_undecided(left, right)
    if kind(left) != kind(right):
        return False
    if isinstance(left, Partial) or isinstance(right, Partial):
        return _equal_texts(left, right)
    if isinstance(left, list):
        if not (closed(left) and closed(right)) or (isinstance(left, SetValue) and not (plain(left) and plain(right))):
            return None
        return len(left) == len(right) and _all_equal(zip(left, right, strict=True))
    if isinstance(left, dict):
        return left.keys() == right.keys() and _all_equal((left[key], right[key]) for key in left)
    return identity(left) == identity(right)


def _equal_undecided(left: Value, right: Value) -> bool | None:
    if isinstance(left, Reference) and left == right:
        return True
    if (left is None and never_null(right)) or (right is None and never_null(left)):
        return False
    return None


def _all_equal(pairs: Any) -> bool | None:
    result: bool | None = True
    for left, right in pairs:
        one = _equal_parts(left, right)
        if one is False:
            return False
        if one is None:
            result = None
    return result


def _equal_texts(left: str | Partial, right: str | Partial) -> bool | None:
    if left == right and not any(isinstance(part, Unknown) for part in pieces_of(left)):
        return True
    (start, end), (other_start, other_end) = edges(left), edges(right)
    if not (start.startswith(other_start) or other_start.startswith(start)):
        return False
    if not (end.endswith(other_end) or other_end.endswith(end)):
        return False
    if isinstance(left, str) or isinstance(right, str):
        whole, pieces = (str(left), right) if isinstance(left, str) else (str(right), left)
        if len(whole) < sum(len(part) for part in pieces_of(pieces) if isinstance(part, str)):
            return False
    return None
