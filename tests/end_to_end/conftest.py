"""Fixtures of the end-to-end tests: every one of them runs the real command line in a process of its own."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from harness import REPOSITORY, RULE, Outcome, outcome, write_tree
from tests import kubernetes_tools
from tests.loaders.aws.server import alone, moto, moto_server, only_loopback

from phiward.pack.compile import Compiler
from phiward.pack.stored import write

__all__ = ["alone", "moto", "moto_server", "only_loopback"]
Scan = Callable[..., Outcome]


@pytest.fixture(scope="session", autouse=True)
def _as_shipped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The package with its pack compiled, as a wheel has it: hundreds of runs start three times faster."""
    top = tmp_path_factory.mktemp("shipped")
    shutil.copytree(REPOSITORY / "src" / "phiward", top / "phiward", ignore=shutil.ignore_patterns("_pack"))
    compiled = top / "phiward" / "_pack" / "pack.jsonl"
    compiled.parent.mkdir()
    compiled.write_text(write(Compiler(REPOSITORY / "rules").compile()))
    shutil.copytree(REPOSITORY / "rules", compiled.parent / "rules")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(top) + os.pathsep + os.environ.get("PYTHONPATH", ""))
        yield


@pytest.fixture
def scan(tmp_path: Path, phiward: Callable) -> Scan:
    """`scan(files, *options, path=".")`: write a tree, scan it for one rule, and read the JSON report."""

    def run(
        files: dict[str, str | bytes] | None = None,
        *options: object,
        path: str = ".",
        rules: tuple[str, ...] = RULE,
        cwd: str = "",
        **environment: str,
    ) -> Outcome:
        write_tree(tmp_path, files or {})
        arguments = ("scan", path, "--format", "json", *rules, *options)
        return outcome(phiward(*arguments, cwd=tmp_path / cwd, **environment))

    return run


@pytest.fixture
def tools() -> dict[str, str]:
    """An environment in which the real Helm and Kustomize are found."""
    if problem := kubernetes_tools.missing():
        pytest.skip(f"NOT PROVEN: {problem}, so nothing was rendered")
    return {"PATH": kubernetes_tools.search_path()}
