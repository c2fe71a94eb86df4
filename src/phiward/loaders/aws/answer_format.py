"""Whether what came is an answer of the service at all: looked at before the SDK reads it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

_NOT_OK = 300
_PAGE = re.compile(rb"\s*<(?:!doctype\s+html|html)\b", re.IGNORECASE)


class NotAnAnswer(Exception):  # noqa: N818 - a state of the answer
    """What came is in no format of the service's."""


def held_to_format(operation_model: Any, response_dict: Mapping[str, Any], **_: Any) -> None:
    """Refuse an answer of another format than the service's: a page of a proxy, half a document, nothing at all.

    The SDK reads some of them as answers that have nothing in them, which would be an account without resources.
    """
    body, shape = response_dict["body"], operation_model.output_shape
    if response_dict["status_code"] >= _NOT_OK or shape is None or not isinstance(body, bytes):
        return
    if not body.strip():
        whole = all(member.serialization.get("location") for member in shape.members.values())
    elif _PAGE.match(body):
        whole = False
    else:
        whole = not _is_json(operation_model) or _is_object(body)
    if not whole:
        raise NotAnAnswer


def _is_json(operation_model: Any) -> bool:
    """Whether the body is one JSON object: not of a shape of which it is a single member, as it stands."""
    shape = operation_model.output_shape
    payload = shape.members.get(shape.serialization.get("payload"))
    plain = payload is not None and payload.type_name in ("blob", "string")
    return "json" in operation_model.service_model.resolved_protocol and not plain


def _is_object(body: bytes) -> bool:
    try:
        return isinstance(json.loads(body), dict)
    except (ValueError, RecursionError):
        return False
