"""Other people's programs: started with limits of time, memory and output, and without the user's environment."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from phiward.loaders.tree import Tree
from phiward.record import dataclass

NOWHERE = "http://127.0.0.1:9"
"""A proxy that answers nobody."""
OFFLINE = {name: NOWHERE for proxy in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY") for name in (proxy, proxy.lower())}
_ERRORS = 64 * 1024
_CHUNK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Finished:
    """How a program ended, and what it printed."""

    status: int
    output: bytes
    errors: str


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds, bytes of output, and bytes of memory where the system can hold a program to them."""

    seconds: int = 60
    output: int = 64 * 1024 * 1024
    memory: int | None = None


def find(tree: Tree, *names: str) -> Path | None:
    """The first of some programs that is installed; one that lies in the scanned tree is none."""
    for name in names:
        found = tree.outside.program(name)
        if found is not None and not tree.inside(found):
            return found
    return None


def run(command: list[str], directory: Path, environment: dict[str, str], limits: Limits) -> Finished | str:
    """Run a program to its end; a text says why it did not come to one."""
    import subprocess
    import tempfile

    with tempfile.TemporaryFile() as errors:
        try:
            process = subprocess.Popen(  # noqa: S603 - a program that the user installed, on files of the tree
                command,
                cwd=directory,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                start_new_session=True,
            )
        except OSError as error:
            return f"cannot be run: {error.strerror}"
        _hold(process.pid, limits)
        output, problem = _output(process, limits)
        if problem:
            return problem
        errors.seek(0)
        return Finished(process.returncode, output, errors.read(_ERRORS).decode("utf-8", "replace"))


def _hold(process: int, limits: Limits) -> None:
    """Hold a process to its memory and to small files, where the system knows how."""
    if sys.platform == "linux":
        import resource
        from contextlib import suppress

        with suppress(OSError, ValueError):
            resource.prlimit(process, resource.RLIMIT_FSIZE, (limits.output, limits.output))
            if limits.memory is not None:
                resource.prlimit(process, resource.RLIMIT_AS, (limits.memory, limits.memory))


def _output(process: Any, limits: Limits) -> tuple[bytes, str]:
    """All that a process prints, or why it was ended before."""
    from threading import Timer

    late: list[bool] = []

    def stop() -> None:
        late.append(True)
        _end(process)

    timer = Timer(limits.seconds, stop)
    timer.daemon = True
    timer.start()
    pieces: list[bytes] = []
    room = limits.output
    try:
        while room >= 0 and (piece := process.stdout.read1(_CHUNK)):
            pieces.append(piece)
            room -= len(piece)
        if room >= 0:
            process.wait()
    finally:
        timer.cancel()
        _end(process)
        process.stdout.close()
        process.wait()
    if late:
        return b"", f"did not end within {limits.seconds} seconds"
    if room < 0:
        return b"", f"printed more than {limits.output // 2**20} MB"
    return b"".join(pieces), ""


def _end(process: Any) -> None:
    """End a process with all that it started."""
    from contextlib import suppress

    with suppress(OSError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, 9)
        else:
            process.kill()
