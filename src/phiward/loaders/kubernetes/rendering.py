"""Charts and kustomizations, rendered by their own tools on copies of their files.

The tools see nothing but the copy: no home, no configuration, no plugins, no way to the network, no programs on the
path, no cluster. So they render the same wherever they run, and leave nothing in the tree.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path

from phiward.loaders.programs import OFFLINE, Finished, Limits, run
from phiward.loaders.tree import Tree
from phiward.model.finding import Diagnostic
from phiward.record import dataclass

_MOST_FILES = 20_000
_MOST_BYTES = 256 * 1024 * 1024
_LIMITS = Limits(seconds=60, memory=8 * 1024**3)
_LONGEST = 400
_log = re.compile(r"[A-Z]\d{4} [\d:.]+ +\d+ [^\]]*\] .*?err=(?:\"(?P<reason>.*)\"|<\s*(?P<lines>.*?)\s*>)")
"""How kubectl reports a failure: with the time and its process before it."""


@dataclass(slots=True, eq=False)
class Job:
    """One run of a tool in a directory of its own."""

    directory: Path
    command: list[str]


class Workspace:
    """A directory of copies, laid out like the tree."""

    def __init__(self, top: Path, tree: Tree) -> None:
        self.top = top
        self._tree = tree
        self._files = 0
        self._bytes = 0

    def place(self, path: Path) -> Path:
        """Where the copy of a file or directory of the tree stands."""
        return self.top / "tree" / self._tree.relative(path)

    def original(self, path: Path) -> Path:
        """The file of the tree that a copy was made of."""
        return self._tree.base / Path(os.path.normpath(path)).relative_to(self.top / "tree")

    def copy(self, path: Path, place: Path | None = None) -> Diagnostic | None:
        """Copy a file of the tree; a problem says why that cannot be."""
        data = self._tree.content(path, keep=False)
        if isinstance(data, Diagnostic):
            return data
        self._files += 1
        self._bytes += len(data)
        if self._files > _MOST_FILES or self._bytes > _MOST_BYTES:
            return self._tree.problem("too-large", path, "there are more files than a tool should render")
        self.write(place or self.place(path), data)
        return None

    @staticmethod
    def write(place: Path, data: bytes) -> None:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)

    def render(self, job: Job) -> Finished | str:
        """What the tool says."""
        home = job.directory / "home"
        home.mkdir(parents=True, exist_ok=True)
        environment = {**OFFLINE, "HOME": str(home), "TMPDIR": str(home), "PATH": "", "KUBECONFIG": str(home / "none")}
        environment |= {f"HELM_{name}_HOME": str(home) for name in ("CACHE", "CONFIG", "DATA")}
        environment |= {"HELM_PLUGINS": str(home / "none"), "SYSTEMROOT": os.environ.get("SYSTEMROOT", "")}
        return run(job.command, job.directory, environment, _LIMITS)

    def explained(self, done: Finished | str, program: str) -> str:
        """Why there is nothing to judge, in the tool's words."""
        if isinstance(done, str):
            return f"{program} {done}"
        said = done.errors
        for copy in (str(self.top / "tree"), "../tree"):
            said = said.replace(f"{copy}{os.sep}", "").replace(copy, ".")
        lines = [line.strip() for line in said.splitlines() if line.strip()]
        first = next((n for n, line in enumerate(lines) if line.lower().startswith("error")), 0)
        reason = " ".join(lines[first:])
        logged = _log.fullmatch(reason)
        if logged:
            reason = logged["lines"] or logged["reason"].replace('\\"', '"')
        reason = reason[:_LONGEST] or "it gave no reason"
        return f"{program} cannot render it: {''.join(c if c.isprintable() else ' ' for c in reason)}"


def render_all(work: list[tuple[Workspace, Job]]) -> Iterable[Finished | str]:
    """What the tools say, in order; as many of them run at a time as there are processors."""
    if len(work) <= 1:
        return [workspace.render(job) for workspace, job in work]
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        return list(pool.map(lambda one: one[0].render(one[1]), work))
