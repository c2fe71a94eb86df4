"""Resources that are stacks of their own, and where their templates stand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

STACK: Final = "AWS::CloudFormation::Stack"
APPLICATION: Final = "AWS::Serverless::Application"
NESTED: Final[Mapping[str, str]] = {STACK: "TemplateURL", APPLICATION: "Location"}
"""By type, the property that says where the template is."""


def location(body: Mapping[str, Any]) -> Any:
    """What a nested stack's template is, as it is written; None for what is no nested stack.

    The CDK names a file of its output beside the bucket that it uploads it to.
    """
    name = NESTED.get(str(body.get("Type")))
    if name is None:
        return None
    metadata, properties = body.get("Metadata"), body.get("Properties")
    if isinstance(metadata, dict) and metadata.get("aws:asset:property") == name:
        return metadata.get("aws:asset:path")
    return properties.get(name) if isinstance(properties, dict) else None
