"""SAM's `Globals`: properties that all resources of a type have unless they say otherwise.

Source: SAM developer guide, "Globals section of the AWS SAM template": what is overridden, merged and added up.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from phiward.loaders.cloudformation.sam.made import Serverless, is_function
from phiward.model.resource import AttributePath

PREFIX = "AWS::Serverless::"


def serverless(name: str, body: Mapping[str, Any], sections: Mapping[str, Any], at: AttributePath) -> Serverless:
    """A SAM resource at a place, with what the template's globals say for its type."""
    kind = str(body.get("Type", "")).removeprefix(PREFIX)
    own = body.get("Properties")
    own = own if isinstance(own, dict) else {}
    common = sections.get(kind)
    common = dict(common) if isinstance(common, dict) else {}
    ignored = body.get("IgnoreGlobals")
    for key in list(common) if ignored == "*" else ignored if isinstance(ignored, list) else []:
        common.pop(key, None)
    properties = {**common, **{key: merged(common.get(key), value) for key, value in own.items()}}
    places: dict[str, AttributePath] = {key: ("Globals", kind, key) for key in common}
    places |= {key: (*at, "Properties", key) for key in own}
    return Serverless(name, body, properties, places)


def merged(common: Any, own: Any) -> Any:
    """Mappings entry by entry, lists one after the other, and of anything else the resource's own."""
    if isinstance(common, dict) and isinstance(own, dict) and not is_function(common) and not is_function(own):
        return {**common, **{key: merged(common.get(key), value) for key, value in own.items()}}
    if isinstance(common, list) and isinstance(own, list):
        return [*common, *own]
    return own
