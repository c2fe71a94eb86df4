"""Terraform's built-in functions, as of Terraform 1.11, by name.

Not among them, because they need the evaluator: `try` and `can` (their arguments are not evaluated
beforehand), `templatefile` and `templatestring` (they parse templates).
"""

from __future__ import annotations

from phiward.loaders.terraform.functions import (
    collections,
    datetime,
    encoding,
    files,
    formatting,
    hashing,
    network,
    numeric,
    regexes,
    sets,
    strings,
    types,
)
from phiward.loaders.terraform.functions.errors import FunctionError
from phiward.loaders.terraform.functions.function import Files, Function

FUNCTIONS: dict[str, Function] = {
    **collections.FUNCTIONS,
    **datetime.FUNCTIONS,
    **encoding.FUNCTIONS,
    **files.FUNCTIONS,
    **formatting.FUNCTIONS,
    **hashing.FUNCTIONS,
    **network.FUNCTIONS,
    **numeric.FUNCTIONS,
    **regexes.FUNCTIONS,
    **sets.FUNCTIONS,
    **strings.FUNCTIONS,
    **types.FUNCTIONS,
}

__all__ = ["FUNCTIONS", "Files", "Function", "FunctionError"]
