"""The hooks, run by the real pre-commit in a git repository made for it, from a clone of this project."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from harness import REPOSITORY, copy_project, write_tree

HOOKS = {hook["id"]: hook for hook in yaml.safe_load((REPOSITORY / ".pre-commit-hooks.yaml").read_text())}
ENDINGS = (
    "main.tf", "a/main.tf.json", "terraform.tfvars", "a.auto.tfvars.json", "phiward.yaml", "x.yml", "policy.json",
    "stack.template",
)  # fmt: skip
BUCKET = 'resource "aws_db_instance" "a" {\n  storage_encrypted = %s\n}\n'
CONFIGURATION = """repos:
  - repo: {source}
    rev: {revision}
    hooks:
      - id: phiward
        args: [--rule, encryption-at-rest, --format, console]
      - id: phiward-waivers
"""


def test_the_hooks_are_those_of_the_contract():
    assert set(HOOKS) == {"phiward", "phiward-all", "phiward-waivers"}
    for hook in HOOKS.values():
        assert (hook["language"], hook["require_serial"]) == ("python", True)
    assert HOOKS["phiward"].get("pass_filenames", True)
    assert not HOOKS["phiward-all"]["pass_filenames"]


@pytest.mark.parametrize("id_", sorted(HOOKS))
def test_the_hooks_see_every_ending_that_matters(id_):
    import re

    matches = re.compile(HOOKS[id_]["files"]).search
    assert all(map(matches, ENDINGS))
    assert not any(map(matches, ("README.md", "main.tf.bak", "tf", "x.py", "main_tf")))


@dataclass(frozen=True, slots=True)
class Repository:
    """A git repository whose commits run the hooks."""

    folder: Path
    environment: dict[str, str]

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            arguments, cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=300
        )

    def commit(self, files: dict[str, str]) -> tuple[int, str]:
        """Write, stage and try to commit some files: git's status, and what the hooks said."""
        write_tree(self.folder, files)
        self.run("git", "add", "--all")
        done = self.run("git", "commit", "-m", "change")
        return done.returncode, done.stdout + done.stderr

    def pre_commit(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.run(sys.executable, "-m", "pre_commit", *arguments)


@pytest.fixture(scope="module")
def repository(tmp_path_factory) -> Repository:
    top = tmp_path_factory.mktemp("hooks")
    identity = {f"GIT_{who}_{what}": "test@localhost" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    kept = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "VIRTUAL_ENV") and not k.startswith("GIT_")}
    environment = {**kept, **identity, "PRE_COMMIT_HOME": str(top / "home"), "GIT_CONFIG_GLOBAL": os.devnull}
    source = Repository(copy_project(top / "phiward"), environment)
    work = Repository(top / "work", environment)
    work.folder.mkdir()
    for one in (source, work):
        one.run("git", "init", "--quiet", "--initial-branch", "main")
    source.run("git", "add", "--all")
    assert source.run("git", "commit", "--quiet", "-m", "all").returncode == 0
    revision = source.run("git", "rev-parse", "HEAD").stdout.strip()
    text = CONFIGURATION.format(source=source.folder, revision=revision)
    write_tree(work.folder, {".pre-commit-config.yaml": text})
    work.run("git", "add", "--all")
    assert work.run("git", "commit", "-m", "hooks").returncode == 0
    installed = work.pre_commit("install", "--install-hooks")
    assert installed.returncode == 0, installed.stdout + installed.stderr
    return work


def test_a_bad_store_is_refused_and_a_fixed_one_is_not(repository):
    status, said = repository.commit({"bad/main.tf": BUCKET % "false"})
    assert status == 1
    assert "bad/main.tf:2:3" in said
    assert "encryption-at-rest" in said
    status, said = repository.commit({"bad/main.tf": BUCKET % "true"})
    assert status == 0, said
    assert "Passed" in said


def test_what_does_not_concern_us_runs_nothing_or_passes(repository):
    status, said = repository.commit({"README.md": "# Records\n", "app/main.py": "print(1)\n"})
    assert status == 0, said
    assert said.count("(no files to check)Skipped") == 2
    status, said = repository.commit({"app/package.json": "{}\n", "ci.yml": "a: 1\n"})
    assert status == 0, said
    status, said = repository.commit({"vpc/main.tf": 'resource "aws_vpc" "a" {}\n'})
    assert status == 0, said


def test_a_changed_child_module_is_judged_through_its_callers(repository):
    child = 'variable "on" {\n  default = true\n}\nresource "aws_db_instance" "a" {\n  storage_encrypted = var.on\n}\n'
    call = 'module "db" {\n  source = "../modules/db"\n  on     = false\n}\n'
    assert repository.commit({"modules/db/main.tf": child})[0] == 0
    status, said = repository.commit({"production/main.tf": call})
    assert status == 1
    assert "module.db.aws_db_instance.a" in said
    assert repository.commit({"production/main.tf": call.replace("false", "true")})[0] == 0
    inverted = child.replace("= var.on", "= !var.on")
    status, said = repository.commit({"modules/db/main.tf": inverted})
    assert status == 1
    assert "module.db.aws_db_instance.a" in said
    assert repository.commit({"modules/db/main.tf": f"{child}# as it was\n"})[0] == 0


def test_a_changed_file_of_values_is_judged_through_its_root(repository):
    text = 'variable "on" {\n  default = true\n}\n' + BUCKET % 'var.on && jsondecode(file("data/on.json"))'
    assert repository.commit({"values/main.tf": text, "values/data/on.json": "true\n"})[0] == 0
    assert repository.commit({"values/terraform.tfvars": "on = false\n"})[0] == 1
    assert repository.commit({"values/terraform.tfvars": "on = true\n"})[0] == 0
    assert repository.commit({"values/data/on.json": "false\n"})[0] == 1
    assert repository.commit({"values/data/on.json": "true \n"})[0] == 0


def test_an_exception_without_an_end_is_refused_and_a_complete_one_is_not(repository):
    comment = "# phiward:ignore encryption-at-rest{} owner=platform -- empty until the migration\n"
    status, said = repository.commit({"waived/main.tf": comment.format("") + BUCKET % "false"})
    assert status == 1
    assert "waived/main.tf:1" in said
    assert "no until" in said
    status, said = repository.commit(
        {"waived/main.tf": comment.format(f" until={datetime.now(UTC).date() + timedelta(days=30)}") + BUCKET % "false"}
    )
    assert status == 0, said


def test_the_whole_repository_is_judged_on_demand(repository):
    path = repository.folder / ".pre-commit-config.yaml"
    path.write_text(path.read_text().replace("- id: phiward\n", "- id: phiward-all\n", 1))
    done = repository.pre_commit("run", "phiward-all", "--all-files")
    assert done.returncode == 0, done.stdout
