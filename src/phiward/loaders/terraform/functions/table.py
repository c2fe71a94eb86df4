"""Terraform's built-in functions, as of Terraform 1.11, by name.

Not among them, because they need the evaluator: `try` and `can` (their arguments are not evaluated
beforehand), `templatefile` and `templatestring` (they parse templates).
"""

from __future__ import annotations

from importlib import import_module

from phiward.loaders.terraform.functions.function import Function

SUBJECTS = {
    "collections": (
        "alltrue anytrue chunklist coalesce coalescelist compact concat contains distinct element flatten "
        "index keys length lookup matchkeys merge one reverse slice sort transpose values zipmap"
    ),
    "datetime": "formatdate plantimestamp timeadd timecmp timestamp",
    "encoding": (
        "base64decode base64encode base64gzip csvdecode jsondecode jsonencode textdecodebase64 "
        "textencodebase64 urlencode yamldecode yamlencode"
    ),
    "files": (
        "abspath basename dirname file filebase64 filebase64sha256 filebase64sha512 fileexists filemd5 "
        "fileset filesha1 filesha256 filesha512 pathexpand"
    ),
    "formatting": "format formatlist",
    "hashing": "base64sha256 base64sha512 bcrypt md5 rsadecrypt sha1 sha256 sha512 uuid uuidv5",
    "network": "cidrhost cidrnetmask cidrsubnet cidrsubnets",
    "numeric": "abs ceil floor log max min parseint pow range signum sum",
    "regexes": "regex regexall",
    "sets": "setintersection setproduct setsubtract setunion",
    "strings": (
        "chomp endswith indent join lower replace split startswith strcontains strrev substr title trim "
        "trimprefix trimspace trimsuffix upper"
    ),
    "types": "ephemeralasnull issensitive nonsensitive sensitive tobool tolist tomap tonumber toset tostring",
}
"""Module -> the names in its `FUNCTIONS`; a module is imported when the first of its functions is called."""
NAMES = {name: subject for subject, names in SUBJECTS.items() for name in names.split()}
_found: dict[str, Function] = {}


def function_named(name: str) -> Function | None:
    """The function of a name, None where Terraform has none."""
    found = _found.get(name)
    if found is None and name in NAMES:
        module = import_module(f"phiward.loaders.terraform.functions.{NAMES[name]}")
        _found.update(module.FUNCTIONS)
        found = _found[name]
    return found
