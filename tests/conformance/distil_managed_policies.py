"""AWS's managed policies -> `rules/collectors/managed-policies.json`: what SecurityAudit allows, which read stored data.

Run by hand where moto bundles newer ones:

    python -m tests.conformance.distil_managed_policies
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

from phiward.graph.policy import glob_covers
from phiward.loaders.aws.data_reads import DATA_READS

DISTILLED = Path(__file__).resolve().parents[2] / "rules" / "collectors" / "managed-policies.json"


def bundled() -> dict[str, Any]:
    from moto.iam.aws_managed_policies import aws_managed_policies_data

    found: dict[str, Any] = json.loads(aws_managed_policies_data)
    return found


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def covers(statement: dict[str, Any], action: str) -> bool:
    def among(patterns: Any) -> bool:
        return any(glob_covers(pattern.lower(), action.lower()) for pattern in listed(patterns))

    return among(statement["Action"]) if "Action" in statement else not among(statement["NotAction"])


def allows(document: dict[str, Any], action: str) -> bool:
    """Whether a policy allows an action on anything, and nowhere denies it outright."""
    covering = [statement for statement in listed(document["Statement"]) if covers(statement, action)]
    outright = (s for s in covering if s["Effect"] == "Deny" and s.get("Resource") == "*" and "Condition" not in s)
    return any(s["Effect"] == "Allow" for s in covering) and not any(outright)


def reads_data(policies: dict[str, Any]) -> Iterator[tuple[str, list[str]]]:
    """What each policy that can be attached reads; those of service-linked roles cannot."""
    for name in sorted(name for name, policy in policies.items() if policy["Path"] != "/aws-service-role/"):
        read = [action for action in DATA_READS.values() if allows(policies[name]["Document"], action)]
        if read:
            yield name, ["*"] if len(read) == len(DATA_READS) else read


def distilled(policies: dict[str, Any]) -> dict[str, Any]:
    audit = policies["SecurityAudit"]
    actions, restricted = set(), {}
    for statement in audit["Document"]["Statement"]:
        if statement["Resource"] == "*":
            actions |= set(listed(statement["Action"]))
        else:
            restricted |= dict.fromkeys(listed(statement["Action"]), sorted(statement["Resource"]))
    return {
        "security_audit": {
            "version": audit["DefaultVersionId"],
            "updated": audit["UpdateDate"][:10],
            "actions": sorted(actions),
            "restricted": restricted,
        },
        "reads_data": dict(reads_data(policies)),
    }


def main() -> None:
    found = distilled(bundled())
    audit = found["security_audit"]
    services = groupby(audit.pop("actions"), lambda action: action.partition(":")[0])
    actions = ",\n".join(compact(list(of_service))[1:-1] for _, of_service in services)
    policies = ",\n".join(f"{json.dumps(name)}: {compact(read)}" for name, read in found["reads_data"].items())
    head = compact(audit)[:-1]
    DISTILLED.write_text(
        f'{{"security_audit": {head},"actions":[\n{actions}\n]}},\n"reads_data": {{\n{policies}\n}}}}\n'
    )


def compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


if __name__ == "__main__":
    main()
