"""Seconds and peak memory of commands, run turn about so that the machine's moods fall on all of them alike."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter

ANSWERS = (0, 1)
"""Exit statuses with which scanners say that they have scanned: without and with findings."""


@dataclass(frozen=True, slots=True)
class Figure:
    """The median of several runs. `megabytes` is the largest process of the command's tree, at its largest.

    `processor` are the seconds in which a core worked, whatever else the machine had to do.
    """

    seconds: float
    megabytes: float
    processor: float
    runs: tuple[float, ...]


def run(command: Sequence[str | Path], directory: Path) -> tuple[float, float, float]:
    """Run once; seconds, megabytes and seconds of a core. Raises RuntimeError where the command did not do its work."""
    started = perf_counter()
    with (directory / "stderr.txt").open("wb") as errors:
        process = subprocess.Popen(
            [str(part) for part in command], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors
        )
        # Unlike getrusage, wait4 answers for this child and its own children alone, and gives their largest.
        _, status, usage = os.wait4(process.pid, 0)
    seconds = perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    said = (directory / "stderr.txt").read_text(errors="replace")
    if process.returncode not in ANSWERS or "Traceback (most recent call last)" in said:  # 1 may also be a crash
        tail = said[-500:]
        raise RuntimeError(f"{' '.join(map(str, command))}: exit status {process.returncode}\n{tail}")
    return seconds, usage.ru_maxrss / 1024, usage.ru_utime + usage.ru_stime


def compare(commands: Mapping[str, Sequence[str | Path]], rounds: int, directory: Path) -> dict[str, Figure]:
    """Every command in turn, `rounds` times (A B A B), after a turn that is not counted."""
    for command in commands.values() if rounds > 1 else ():
        run(command, directory)
    taken: dict[str, list[tuple[float, float, float]]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            taken[name].append(run(command, directory))
    figures = {}
    for name, runs in taken.items():
        seconds, megabytes, processor = zip(*runs, strict=True)
        figures[name] = Figure(median(seconds), max(megabytes), median(processor), seconds)
    return figures
