"""What parameter and option groups of databases hold, in whichever dialect they are written."""

from __future__ import annotations

from collections.abc import Mapping

from phiward.graph.computed.reading import Block, blocks
from phiward.graph.view import View
from phiward.model.value import Unknown, Value


def group_parameters(group: View) -> Value:
    """A group's parameters as blocks of `name` and `value`.

    CloudFormation has a mapping of them, and Redshift's groups there a list.
    """
    if group.row.dialect != "cloudformation":
        return group.get("parameter")
    written = group.get("Parameters")
    if isinstance(written, dict):
        return [{"name": name, "value": value} for name, value in written.items()]
    return [_renamed(block, {"name": "ParameterName", "value": "ParameterValue"}) for block in blocks(written)]


def group_options(group: View) -> list[Block]:
    """An option group's options as blocks of `option_name` and `option_settings`, these of `name` and `value`."""
    if group.row.dialect != "cloudformation":
        return blocks(group.get("option"))
    return [_option(block) for block in blocks(group.get("OptionConfigurations"))]


def _option(block: Block) -> Block:
    if isinstance(block, Unknown):
        return block
    settings = [_renamed(each, {"name": "Name", "value": "Value"}) for each in blocks(block.get("OptionSettings"))]
    return {"option_name": block.get("OptionName"), "option_settings": settings}


def group_family(group: View) -> Value:
    """The family of engine versions that a parameter group is for."""
    if group.row.dialect != "cloudformation":
        return group.get("family")
    written = group.get("Family")
    return group.get("ParameterGroupFamily") if written is None else written


def _renamed(block: Block, names: Mapping[str, str]) -> Block:
    return block if isinstance(block, Unknown) else {name: block.get(own) for name, own in names.items()}
