"""Paths of the catalog: `ingress[].cidr_blocks`, `metadata.annotations["eks.amazonaws.com/role-arn"]`."""

from __future__ import annotations

import re
from functools import lru_cache

from phiward.errors import PackError

_path = re.compile(r'(?:@?[^.\[\]"]+|\[\d*\]|\["[^"]+"\]|\.)+')
_step = re.compile(r'\[(\d*)\]|\["([^"]+)"\]|@?[^.\[\]"]+')


@lru_cache(maxsize=4096)
def steps(path: str, where: str) -> list[str | int]:
    """`ingress[].cidr_blocks` -> `["ingress", "[]", "cidr_blocks"]`. The result is shared: do not change it."""
    if not _path.fullmatch(path):
        raise PackError(f"not a path: {path!r}", where=where)
    found: list[str | int] = []
    for part in _step.finditer(path):
        if part.group(2):
            found.append(part.group(2))
        elif part.group().startswith("["):
            found.append(int(part.group(1)) if part.group(1) else "[]")
        else:
            found.append(part.group())
    return found
