"""A made-up account of so many resources, read and judged in this process: `python bench/account.py 10000 [RULE]`.

The answers are made when they are asked for, so that what is measured is ours: calls, seconds and the peak of memory.
"""

from __future__ import annotations

import json
import resource
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter
from typing import Any

from phiward.engine.judge import Selection, judge
from phiward.graph.resource_graph import ResourceGraph
from phiward.loaders.aws.calls import Place
from phiward.loaders.aws.client import Answer, CallFailed
from phiward.loaders.aws.crawl import Crawl
from phiward.loaders.aws.inventory import Inventory
from phiward.loaders.aws.loader import loaded_from
from phiward.loaders.aws.wanted import wanted_types
from phiward.loaders.aws.written import ACCOUNT, PLACES, REGION, TIME, absences
from phiward.model.project import Project
from phiward.pack import load_pack, pack_directory
from phiward.pack.collectors import load_collectors

THREADS = 16
TAGS = [{"Key": "tenant", "Value": "mercy"}, {"Key": "data-class", "Value": "phi"}]
Params = Mapping[str, Any]


def arn(service: str, rest: str) -> str:
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{rest}"


class MadeUp:
    """Of ten resources four are snapshots, two volumes, two queues, one is a log group and one a key."""

    def __init__(self, resources: int, absent: Mapping[tuple[str, str], str]) -> None:
        self._tenth = resources // 10
        self._absent = absent
        self.calls: Counter[str] = Counter()
        self._answers: dict[tuple[str, str], Callable[[Params], dict[str, Any]]] = {
            ("ec2", "describe_snapshots"): self._snapshots,
            ("ec2", "describe_volumes"): lambda _: {"Volumes": [self._volume(n) for n in range(2 * self._tenth)]},
            ("sqs", "list_queues"): lambda _: {"QueueUrls": [self._url(n) for n in range(2 * self._tenth)]},
            ("sqs", "get_queue_attributes"): self._queue,
            ("sqs", "list_queue_tags"): lambda _: {"Tags": {"tenant": "mercy", "data-class": "phi"}},
            ("logs", "describe_log_groups"): lambda _: {"logGroups": [self._log_group(n) for n in range(self._tenth)]},
            ("kms", "list_keys"): lambda _: {"Keys": [self._key(n) for n in range(self._tenth)]},
            ("kms", "describe_key"): lambda params: {"KeyMetadata": self._metadata(params)},
            ("kms", "get_key_rotation_status"): lambda p: {"KeyRotationEnabled": p["KeyId"].endswith("0")},
        }

    def call(self, place: Place, service: str, operation: str, params: Params) -> Answer:  # noqa: ARG002
        """The answer. Raises CallFailed."""
        self.calls[f"{service}:{operation}"] += 1
        made = self._answers.get((service, operation))
        if made is None and (service, operation) in self._absent:
            code, _, words = self._absent[service, operation].partition(": ")
            raise CallFailed(code, 404, message=words)
        return Answer({} if made is None else made(params), "request", TIME)

    def _snapshots(self, params: Params) -> dict[str, Any]:
        if "RestorableByUserIds" in params:
            return {"Snapshots": []}
        return {"Snapshots": [self._snapshot(n) for n in range(4 * self._tenth)]}

    def _snapshot(self, n: int) -> dict[str, Any]:
        volume = f"vol-{n % (2 * self._tenth):017x}"
        return {"SnapshotId": f"snap-{n:017x}", "VolumeId": volume, "Encrypted": n % 10 > 0, "OwnerId": ACCOUNT,
                "State": "completed", "Tags": TAGS}  # fmt: skip

    def _volume(self, n: int) -> dict[str, Any]:
        return {"VolumeId": f"vol-{n:017x}", "Encrypted": n % 10 > 0, "State": "available", "Size": 8, "Tags": TAGS}

    def _url(self, n: int) -> str:
        return f"https://sqs/{ACCOUNT}/q-{n}"

    def _queue(self, params: Params) -> dict[str, Any]:
        name = params["QueueUrl"].rpartition("/")[2]
        return {"Attributes": {"QueueArn": arn("sqs", name), "SqsManagedSseEnabled": "true"}}

    def _log_group(self, n: int) -> dict[str, Any]:
        return {"logGroupName": f"/ehr/{n}", "arn": arn("logs", f"log-group:/ehr/{n}:*"),
                "logGroupArn": arn("logs", f"log-group:/ehr/{n}"), "retentionInDays": 30}  # fmt: skip

    def _key(self, n: int) -> dict[str, Any]:
        number = f"{n:08x}-0000-4000-8000-000000000000"
        return {"KeyId": number, "KeyArn": arn("kms", f"key/{number}")}

    def _metadata(self, params: Params) -> dict[str, Any]:
        return {"KeyId": params["KeyId"], "KeyUsage": "ENCRYPT_DECRYPT", "KeySpec": "SYMMETRIC_DEFAULT",
                "Origin": "AWS_KMS", "KeyManager": "CUSTOMER", "Enabled": True}  # fmt: skip


def main(resources: int, rules: list[str]) -> dict[str, Any]:
    """What it took."""
    pack, collectors = load_pack(), load_collectors(pack_directory())
    chosen = [rule for rule in pack.outlines if not rules or rule.id in rules]
    api, inventory = MadeUp(resources, absences(collectors)), Inventory()
    inventory.asked = collectors.attributes
    wanted = wanted_types(pack, chosen) if rules else None
    started = perf_counter()
    with ThreadPoolExecutor(THREADS) as executor:
        Crawl(api, collectors.by_name, inventory, wanted=wanted).run(PLACES, executor)
    read = perf_counter()
    loaded = loaded_from(inventory, collectors, pack, Project())
    graph = ResourceGraph(loaded.resources, pack)
    findings = judge(graph, loaded.scopes, Selection(chosen), lambda _: None)
    return {
        "resources": graph.resources,
        "calls": api.calls.total(),
        "findings": len(findings),
        "read": round(read - started, 2),
        "judged": round(perf_counter() - read, 2),
        "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


if __name__ == "__main__":
    import gc

    gc.disable()  # as the command line does
    print(json.dumps(main(int(sys.argv[1]), sys.argv[2:])))
