"""Running accounts: calls, seconds and memory. `python bench/live.py [--largest N]`, with `phiward[test]` installed.

A made-up account that grows shows what is ours alone; a server on loopback (moto) with six tenants shows calls and the
time to the first of them. Beside the latter stand figures of Prowler 5.46 that were taken once, on another day and an
estate of the same kind: it brings 1.4 GB, so it is not run here.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from time import perf_counter, sleep

BENCH = Path(__file__).resolve().parent
sys.path.insert(0, str(BENCH.parent))

from tests.loaders.aws.estate import Estate  # noqa: E402
from tests.loaders.aws.proxy import Proxy  # noqa: E402
from tests.loaders.aws.server import Moto, credentials, started  # noqa: E402

SIZES = (100, 1_000, 10_000, 200_000)
TENANTS = 6
THIRTEEN = (
    "s3",
    "kms",
    "rds",
    "dynamodb",
    "ec2",
    "iam",
    "cloudtrail",
    "logs",
    "cloudwatch",
    "lambda",
    "sns",
    "sqs",
    "efs",
)
PROWLER = {"calls": 448, "seconds": "80 to 95", "megabytes": 441}
"""64 checks of 13 services on six tenants and one region."""
GOAL_MEGABYTES = 2_000


def account(resources: int, *rules: str) -> dict[str, float]:
    """A made-up account, in a process of its own."""
    done = subprocess.run(
        [sys.executable, BENCH / "account.py", str(resources), *rules], capture_output=True, text=True, check=True
    )
    return dict(json.loads(done.stdout))


def growth(largest: int) -> None:
    """Calls, seconds and memory by size."""
    taken = {size: account(size) for size in SIZES if size <= largest}
    for size, found in taken.items():
        times = f"read {found['read']} s, judged {found['judged']} s"
        print(f"{size:>9,} resources: {found['calls']:>8,.0f} calls, {times}, {found['megabytes']:,.0f} MB")
    for (small, first), (large, second) in pairwise(taken.items()):
        each = (second["calls"] - first["calls"]) / (large - small)
        print(f"          {small:,} -> {large:,}: {each:.2f} calls for each resource more")
    last = max(taken)
    met = "met" if taken[last]["megabytes"] < GOAL_MEGABYTES else "missed"
    print(
        f"          {last:,} resources in {taken[last]['megabytes']:,.0f} MB: goal under {GOAL_MEGABYTES:,} MB, {met}"
    )


def scan(moto: Moto, *options: str) -> tuple[float, float, Proxy]:
    """Seconds to the first call and to the end of a scan by the command line, and who was asked what."""
    with Proxy(moto.url) as proxy:
        given = {**credentials(), "AWS_ENDPOINT_URL": proxy.url, "AWS_REGION": moto.region, "AWS_MAX_ATTEMPTS": "1"}
        begun = perf_counter()
        process = subprocess.Popen(
            [sys.executable, "-m", "phiward", "scan", "--aws", "--quiet", *options],
            env={**os.environ, **given}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        first = 0.0
        while process.poll() is None:
            sleep(0.005)
            if proxy.seen and not first:
                first = perf_counter() - begun
        return first, perf_counter() - begun, proxy


def on_a_server() -> None:
    """An estate of six tenants: all services, the thirteen that Prowler was measured with, and one rule."""
    with started() as moto:
        estate = Estate(moto)
        for n in range(TENANTS):
            estate.tenant(f"tenant-{n}")
        services = [word for name in THIRTEEN for word in ("--service", name)]
        scan(moto)  # the server imports what it serves when it is first asked
        for what, options in (
            ("all services", ()),
            ("13 services", services),
            ("one rule", ("--rule", "key-rotation")),
        ):
            first, seconds, proxy = scan(moto, *options)
            print(f"{what:>14}: {len(proxy.seen)} calls, first after {first:.2f} s, {seconds:.1f} s")
    calls, seconds, megabytes = PROWLER.values()
    print(f" Prowler, once: {calls} calls, {seconds} s, {megabytes} MB: 64 checks of 13 services")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--largest", type=int, default=SIZES[-1], help="resources of the largest account")
    growth(parser.parse_args().largest)
    on_a_server()
