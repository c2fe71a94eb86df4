"""Answers of AWS that were written down, in place of an account: the examples of rules, and the tests of collectors.

    {"rds": {"describe_db_instances": {"DBInstances": [...]}}}

An answer is a mapping; a list of `{params: {...}, answer: {...}}` where it depends on what is asked; or
`{error: CODE, http: 403}`. What is not written down is absent: an empty list, or the error that says so.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from phiward.errors import UsageError
from phiward.loaders.aws.calls import Place
from phiward.loaders.aws.client import Answer, CallFailed
from phiward.loaders.aws.crawl import GLOBAL, Crawl
from phiward.loaders.aws.inventory import Inventory
from phiward.pack.collectors import Collectors

ACCOUNT, REGION, TIME = "111122223333", "us-east-1", "2026-11-26T00:00:00Z"
PLACES = (Place(ACCOUNT, GLOBAL), Place(ACCOUNT, REGION))
_NOT_FOUND = 404


class Written:
    """An API that answers as it is written. `absent` are the codes by which operations say that there is none."""

    def __init__(self, answers: Mapping[str, Any], absent: Mapping[tuple[str, str], str]) -> None:
        self._answers = answers
        self._absent = absent

    def call(self, place: Place, service: str, operation: str, params: Mapping[str, Any]) -> Answer:  # noqa: ARG002
        """The answer. Raises CallFailed."""
        written = self._answers.get(service, {}).get(operation)
        if isinstance(written, list):
            written = next((one["answer"] for one in written if _fits(one.get("params", {}), params)), None)
        if written is None:
            code = self._absent.get((service, operation))
            if code is not None:
                name, _, words = code.partition(": ")
                raise CallFailed(name, _NOT_FOUND, message=words)
            return Answer({}, "", TIME)
        if "error" in written:
            raise CallFailed(str(written["error"]), int(written.get("http", 400)), message=written.get("message", ""))
        return Answer(dict(written), "", TIME)


def _fits(wanted: Mapping[str, Any], params: Mapping[str, Any]) -> bool:
    """Whether a call asks what an answer is for; of a batch, one of what it asks is enough."""
    asked = {name: given if isinstance(given, list) else [given] for name, given in params.items()}
    return all(value in asked.get(name, ()) for name, value in wanted.items())


def absences(collectors: Collectors) -> dict[tuple[str, str], str]:
    """The first code by which each operation says that there is none."""
    steps = [(one["service"], step) for one, step in collectors.steps() if step["absent"]]
    return {(service, step["operation"]): step["absent"][0] for service, step in steps}


def collect(answers: Mapping[str, Any], collectors: Collectors, wanted: frozenset[str] | None = None) -> Inventory:
    """The inventory of an account that answers so."""
    inventory = Inventory()
    inventory.started, inventory.asked = TIME, collectors.attributes
    with ThreadPoolExecutor(1) as executor:
        crawl = Crawl(Written(answers, absences(collectors)), collectors.by_name, inventory, wanted=wanted)
        crawl.run(PLACES, executor)
    return inventory


def parse(data: bytes, name: str) -> Mapping[str, Any]:
    """A file of answers. Raises UsageError."""
    try:
        answers = json.loads(data)
        if all(isinstance(by_operation, dict) for by_operation in answers.values()):
            return dict(answers)
    except (ValueError, AttributeError, RecursionError):
        pass
    raise UsageError(f"{name} does not hold answers of AWS", hint='{"service": {"operation": {...}}}')
