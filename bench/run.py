"""Phiward beside its peers, and over trees that grow: `python bench/run.py [PART...]`.

Every figure is a ratio of two things measured turn about in this one run. The peers are run for time and memory alone:
their output goes to nowhere.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import generate_templates
import peers
from measure import Figure, compare, run
from nested import generate as generate_nested

REPOSITORY = peers.BENCH.parent
WORK = peers.BENCH / "work"
ESTATE = REPOSITORY / "fixtures" / "ehr-saas" / "sound"
CHANGED = ESTATE / "modules" / "tenant-database" / "main.tf"
SMALL_TREE = 64
SIZES = (1_000, 10_000, 100_000)
EVALUATED = 10_000
"""Resources of the tree that is only evaluated."""
ATTESTED = 1_850
"""Resources of the tree whose record has some ten thousand findings."""


@dataclass(frozen=True, slots=True)
class Bench:
    """What every part gets."""

    phiward: Path
    rounds: int
    largest: int

    def scan(self, *targets: Path | str) -> list[str | Path]:
        """A scan as if it were the first: one that is remembered would be measured from the second turn on."""
        return [self.phiward, "scan", "--no-cache", *targets]

    def evaluation(self, target: Path) -> list[str | Path]:
        """Reads and evaluates, in the wheel's environment; judges nothing."""
        return [self.phiward.parent / "python", peers.BENCH / "evaluate.py", target]


def line(what: str, first: tuple[str, float], second: tuple[str, float], unit: str, goal: str, met: bool) -> None:
    """One row: two figures, how many times the larger is the smaller, and the goal."""
    (name, value), (other, beside) = first, second
    digits = 0 if unit == "MB" else 3
    times = value / beside if value >= beside else beside / value
    word = "x" if value >= beside else "x less"
    figures = f"{name} {value:.{digits}f} {unit}, {other} {beside:.{digits}f} {unit}"
    print(f"{what:<34} {figures:<58} {times:7.2f} {word:<7} {goal:<18} {'met' if met else 'MISSED'}", flush=True)


def at_most(what: str, ours: tuple[str, float], base: tuple[str, float], limit: float, unit: str = "s") -> None:
    """Ours may be this many times the other."""
    line(what, ours, base, unit, f"goal <= {limit:g} x", ours[1] <= limit * base[1])


def at_least(what: str, ours: tuple[str, float], peer: tuple[str, float], times: float, unit: str = "s") -> None:
    """Ours must be this many times less than a peer."""
    line(what, ours, peer, unit, f"goal >= {times:g} x less", ours[1] * times <= peer[1])


def start_up(bench: Bench) -> None:
    """`phiward --version` beside Click's own import in the same environment."""
    python = bench.phiward.parent / "python"
    commands = {
        "phiward --version": [bench.phiward, "--version"],
        "import click": [python, "-c", "import click"],
        "pass": [python, "-c", "pass"],
    }
    found = compare(commands, bench.rounds * 3, WORK)
    at_most("start-up", *_seconds(found, "phiward --version", "import click"), 1.5)
    print(f"{'':<34} python -c pass {found['pass'].seconds:.3f} s")


def hook(bench: Bench) -> None:
    """One changed file: of the estate (its module's callers are read too), and one that stands alone."""
    alone = WORK / "alone" / "main.tf"
    # A repository of its own: callers of a changed file's module are looked for in all of its repository.
    (alone.parent / ".git").mkdir(parents=True, exist_ok=True)
    tree = _tree(SMALL_TREE)
    alone.write_text((tree / "databases.tf").read_text() + (tree / "keys.tf").read_text())
    click = [bench.phiward.parent / "python", "-c", "import click"]
    for name, target in (("one file that stands alone", alone), ("one file of the estate", CHANGED)):
        ours = bench.scan("--changed", target)
        light = compare({"phiward": ours, "import click": click}, bench.rounds * 2, WORK)
        found = compare({"phiward": ours, "checkov -f": peers.checkov_scan(target)}, bench.rounds, WORK)
        at_most(f"hook: {name}", *_seconds(light, "phiward", "import click"), 2.5)
        at_least("", *_seconds(found, "phiward", "checkov -f"), 25)
        at_least("", *_memory(found, "phiward", "checkov -f"), 3, "MB")


def tree(bench: Bench) -> None:
    """A tree of 64 generated resources in 15 files, and the estate."""
    scanners = _scanners()
    goals = {"checkov": 20.0, "trivy": 15.0, "c7n-left": 4.0}
    for name, target in ((f"{SMALL_TREE} resources in 15 files", _tree(SMALL_TREE)), ("the estate", ESTATE)):
        commands = {"phiward": bench.scan(target), **{peer: scan(target) for peer, scan in scanners.items()}}
        found = compare(commands, bench.rounds, WORK)
        for peer in scanners:
            at_least("" if peer != "checkov" else f"tree: {name}", *_seconds(found, "phiward", peer), goals[peer])
        at_least("", *_memory(found, "phiward", "checkov"), 3, "MB")


def evaluate(bench: Bench) -> None:
    """Terraform parsed and every attribute evaluated, beside tfparse: two processes that do nothing else."""
    for size, rounds in ((SMALL_TREE, bench.rounds), (EVALUATED, min(bench.rounds, 2))):
        # tfparse evaluates no more than 32 instances of modules at one level: see its conformance test.
        target = _tree(size, per_root=size, tenants=20)
        commands = {"phiward": bench.evaluation(target), "tfparse": peers.tfparse_evaluation(target)}
        found = compare(commands, rounds, WORK)
        texts = [path.read_text(encoding="utf-8") for path in target.rglob("*.tf")]
        megabytes = sum(map(len, texts)) / 1e6
        at_most(f"evaluate: {megabytes:.2f} MB", *_seconds(found, "phiward", "tfparse"), 1.5)
        if size == EVALUATED:
            blocks = sum(len(re.findall(r"^\w.*\{$", text, re.MULTILINE)) for text in texts)
            speed = megabytes / found["phiward"].processor
            print(f"{'':<34} {blocks:,} blocks, {speed:.2f} MB for each second of a core, start included", end=" ")
            print(f"(goal >= 1): {'met' if speed >= 1 else 'MISSED'}", flush=True)


def nested(bench: Bench) -> None:
    """70 module directories, seven levels deep, each called with for_each; four times the instances."""
    trees = {n: WORK / f"nested-{n}" for n in (10, 40)}
    instances = {n: generate_nested(target, n) for n, target in trees.items()}
    for target in trees.values():
        (target / ".git").mkdir()
    for what, command in (("evaluated", bench.evaluation), ("scanned", bench.scan)):
        names = {n: f"{instances[n]:,} modules" for n in trees}
        found = compare({names[n]: command(target) for n, target in trees.items()}, bench.rounds, WORK)
        once, four = names.values()
        at_most(f"nested: {what}", *_seconds(found, four, once), 4.4)
        at_most("", *_memory(found, four, once), 4.4, "MB")


def kubernetes(bench: Bench) -> None:
    """A cluster of generated manifests beside Checkov and Trivy, and how it grows."""
    small, large = SIZES[0], min(SIZES[1], bench.largest)
    target = _manifests(large)
    scanners = {
        "checkov": peers.checkov_scan(target, "kubernetes"),
        "trivy": peers.trivy_scan(target),
    }
    found = compare({"phiward": bench.scan(target), **scanners}, 1, WORK)
    at_least(f"kubernetes: {large:,} manifests", *_seconds(found, "phiward", "checkov"), 20)
    at_least("", *_seconds(found, "phiward", "trivy"), 10)
    at_least("", *_memory(found, "phiward", "checkov"), 3, "MB")
    figures = {}
    for size in sorted({small, large, bench.largest}):
        name = f"{size:,}"
        figures[name] = compare({name: bench.scan(_manifests(size))}, 1, WORK)[name]
        print(f"{f'kubernetes: {name} manifests':<34} {figures[name].seconds:.2f} s, {figures[name].megabytes:.0f} MB")
    names = list(figures)
    for before, after in pairwise(names):
        at_most("", (after, figures[after].seconds), (before, figures[before].seconds), 11)
        at_most("", (after, figures[after].megabytes), (before, figures[before].megabytes), 11, "MB")


def cloudformation(bench: Bench) -> None:
    """Generated templates beside Checkov, and beside Guard with ten rules where the whole pack is ours."""
    target = WORK / "templates"
    generate_templates.generate(target, SIZES[0])
    scanners = {"checkov": peers.checkov_scan(target, "cloudformation"), "guard": peers.guard_scan(target)}
    found = compare({"phiward": bench.scan(target), **scanners}, min(bench.rounds, 3), WORK)
    at_least(f"templates: {SIZES[0]:,} resources", *_seconds(found, "phiward", "checkov"), 20)
    figure = found["guard"]
    print(f"{'':<34} guard, ten rules: {figure.seconds:.2f} s, {figure.megabytes:.0f} MB")
    at_least("", *_memory(found, "phiward", "checkov"), 3, "MB")


def memory(bench: Bench) -> None:
    """Peak memory beside Checkov's on a thousand resources; once each, for Checkov takes its time."""
    target = _tree(SIZES[0])
    found = compare({"phiward": bench.scan(target), "checkov": peers.checkov_scan(target)}, 1, WORK)
    at_least(f"memory: {SIZES[0]:,} resources", *_memory(found, "phiward", "checkov"), 3, "MB")
    at_least("", *_seconds(found, "phiward", "checkov"), 20)


def growth(bench: Bench) -> None:
    """Ten times the resources, at most eleven times the time and memory."""
    before: tuple[str, Figure] | None = None
    for size in (s for s in SIZES if s <= bench.largest):
        target, name = _tree(size), f"{size:,}"
        figure = compare({name: bench.scan(target)}, bench.rounds if size < SIZES[-1] else 1, WORK)[name]
        print(f"{f'growth: {name} resources':<34} {figure.seconds:.2f} s, {figure.megabytes:.0f} MB", flush=True)
        if before is not None:
            at_most("", (name, figure.seconds), (before[0], before[1].seconds), 11)
            at_most("", (name, figure.megabytes), (before[0], before[1].megabytes), 11, "MB")
        if size == SIZES[-1]:
            print(f"{'':<34} {size:,} within 60 s: {'met' if figure.seconds <= 60 else 'MISSED'}")
        before = (name, figure)
    size = min(SIZES[1], bench.largest)
    seconds, megabytes, _ = run(bench.scan(_tree(size, size)), WORK)
    print(f"{f'growth: {size:,} in one root':<34} {seconds:.2f} s, {megabytes:.0f} MB")
    report = WORK / "report.json"
    seconds, megabytes, _ = run(bench.scan(_tree(size), "--format", "json", "--output", report), WORK)
    written = report.stat().st_size / 2**20
    print(f"{f'growth: {size:,} to JSON':<34} {seconds:.2f} s, {megabytes:.0f} MB, a report of {written:.0f} MB")


def attest(bench: Bench) -> None:
    """A record of ten thousand findings as every format that a wheel without extras writes."""
    record, folder = WORK / "record.json", WORK / "attestation"
    run(bench.scan(_tree(ATTESTED), "--format", "json", "--output", record), WORK)
    command = [bench.phiward, "attest", "--from", record, "--output", folder, "--replace", "--quiet"]
    figure = compare({"attest": command}, bench.rounds, WORK)["attest"]
    at_most(f"attest: {ATTESTED:,} resources", ("attest", figure.seconds), ("budget", 10), 1)
    at_most("", ("attest", figure.megabytes), ("budget", 500), 1, "MB")


def _seconds(found: dict[str, Figure], ours: str, other: str) -> tuple[tuple[str, float], tuple[str, float]]:
    return (ours, found[ours].seconds), (other, found[other].seconds)


def _memory(found: dict[str, Figure], ours: str, other: str) -> tuple[tuple[str, float], tuple[str, float]]:
    return (ours, found[ours].megabytes), (other, found[other].megabytes)


def _scanners() -> dict[str, Callable[[Path], list[str | Path]]]:
    """The peers that scan trees; c7n-left only where it can be installed."""
    found = {"checkov": peers.checkov_scan, "trivy": peers.trivy_scan}
    try:
        peers.c7n_left()
    except subprocess.CalledProcessError:
        print("c7n-left cannot be installed here: left out")
        return found
    return {**found, "c7n-left": peers.c7n_scan}


def _tree(resources: int, per_root: int = 2_500, tenants: int | None = None) -> Path:
    """A generated tree, in a process of its own: this one stays small, because its size is its children's floor."""
    target = WORK / f"{resources}-{per_root}-{tenants}"
    if not target.is_dir():
        limits = [str(limit) for limit in (per_root, tenants) if limit is not None]
        command = [sys.executable, peers.BENCH / "generate.py", str(resources), target, *limits]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        (target / ".git").mkdir()  # a repository of its own, or callers would be looked for in all of this one
    return target


def _manifests(objects: int) -> Path:
    """A generated cluster, made in a process of its own as `_tree` makes its trees."""
    target = WORK / f"manifests-{objects}"
    if not target.is_dir():
        command = [sys.executable, peers.BENCH / "generate_manifests.py", str(objects), target]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        (target / ".git").mkdir()
    return target


PARTS: dict[str, Callable[[Bench], None]] = {
    "start-up": start_up,
    "hook": hook,
    "tree": tree,
    "evaluate": evaluate,
    "nested": nested,
    "kubernetes": kubernetes,
    "cloudformation": cloudformation,
    "memory": memory,
    "growth": growth,
    "attest": attest,
}


def machine() -> str:
    """What it ran on, and what else ran there."""
    cpu = platform.processor() or platform.machine()
    information = Path("/proc/cpuinfo")
    if information.is_file():
        models = [row.partition(":")[2].strip() for row in information.read_text().splitlines() if "model name" in row]
        cpu = models[0] if models else cpu
    load = " ".join(f"{value:.2f}" for value in os.getloadavg())
    python = platform.python_version()
    return f"machine: {os.cpu_count()} x {cpu}, {platform.system()}, Python {python}; load before the run {load}"


def main(arguments: Sequence[str]) -> None:
    """Run the chosen parts in order."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(PARTS)}; all of them if none is named")
    parser.add_argument("--rounds", type=int, default=5, help="runs that a median is taken of (default 5)")
    parser.add_argument("--largest", type=int, default=SIZES[-1], help="the largest generated tree (default 100000)")
    options = parser.parse_args(arguments)
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"there is no part {', '.join(sorted(unknown))}: choose from {', '.join(PARTS)}")
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir()
    print(machine(), flush=True)
    bench = Bench(peers.phiward(), options.rounds, options.largest)
    for name, part in PARTS.items():
        if not options.parts or name in options.parts:
            part(bench)


if __name__ == "__main__":
    main(sys.argv[1:])
