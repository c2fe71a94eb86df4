"""Which directories are roots, and which roots some files affect."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.loaders.program import root_of

from phiward.loaders.terraform.program import ModuleCache
from phiward.loaders.terraform.roots import discover
from phiward.loaders.tree import Tree

LEAF = 'resource "x" "r" {}\n'


def call(source: str) -> str:
    return f'module "m" {{\n  source = "{source}"\n}}\n'


def roots(directory: Path, files: dict[str, str], *paths: str) -> list[str]:
    """The roots for the paths, in a repository."""
    directory = directory.resolve()
    (directory / ".git").mkdir(exist_ok=True)
    for name, text in files.items():
        target = directory / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    asked = tuple(directory / path for path in paths or (".",))
    resolved = tuple(path.resolve() for path in asked)
    found = discover(resolved, ModuleCache(Tree.around(resolved)))
    return [path.relative_to(directory).as_posix() for path in found]


ESTATE = {
    "live/prod/main.tf": call("../../modules/app"),
    "live/test/main.tf": call("../../modules/app"),
    "live/other/main.tf": LEAF,
    "modules/app/main.tf": call("../db"),
    "modules/db/main.tf": LEAF,
    "modules/unused/main.tf": LEAF,
}


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        ((".",), ["live/other", "live/prod", "live/test", "modules/unused"]),
        (("live/prod",), ["live/prod"]),
        (("live/prod/main.tf",), ["live/prod"]),
        (("modules/db",), ["live/prod", "live/test"]),
        (("modules/db/main.tf",), ["live/prod", "live/test"]),
        (("modules/db/main.tf", "live/other/main.tf"), ["live/other", "live/prod", "live/test"]),
        (("modules",), ["live/prod", "live/test", "modules/unused"]),
    ],
)
def test_a_directory_that_is_called_is_judged_through_its_callers(
    tmp_path: Path, paths: tuple[str, ...], expected: list[str]
) -> None:
    assert roots(tmp_path, ESTATE, *paths) == expected


@pytest.mark.parametrize("comment", ["# {}", "// {}", "/* {} */"])
def test_a_call_in_a_comment_is_none(tmp_path: Path, comment: str) -> None:
    files = {"live/main.tf": comment.format(call("../m").replace("\n", " ")) + "\n" + LEAF, "m/main.tf": LEAF}
    assert roots(tmp_path, files) == ["live", "m"]
    assert roots(tmp_path, files, "m") == ["m"]


def test_calls_of_json_files(tmp_path: Path) -> None:
    files = {"live/main.tf.json": '{"module": {"m": {"source": "../m"}}}', "m/main.tf": LEAF}
    assert roots(tmp_path, files) == ["live"]
    assert roots(tmp_path, files, "m/main.tf") == ["live"]


def test_circles_have_one_root(tmp_path: Path) -> None:
    files = {"a/main.tf": call("../b"), "b/main.tf": call("../c"), "c/main.tf": call("../a"), "d/main.tf": call(".")}
    assert roots(tmp_path, files) == ["a", "d"]


def test_a_circle_below_a_root(tmp_path: Path) -> None:
    files = {"live/main.tf": call("../a"), "a/main.tf": call("../b"), "b/main.tf": call("../a")}
    assert roots(tmp_path, files) == ["live"]


def test_hidden_directories_hold_no_roots(tmp_path: Path) -> None:
    files = {"main.tf": LEAF, ".terraform/modules/v/main.tf": LEAF, ".terraform/modules/v/examples/e/main.tf": LEAF}
    assert roots(tmp_path, files) == ["."]


def test_a_caller_outside_of_what_was_asked_for(tmp_path: Path) -> None:
    files = {"m/main.tf": LEAF, "examples/complete/main.tf": call("../../m"), "wrapper/main.tf": call("../m")}
    assert roots(tmp_path, files, "m") == ["examples/complete", "wrapper"]


def test_a_caller_that_does_not_parse_hides_nothing(tmp_path: Path) -> None:
    files = {"live/main.tf": call("../m") + "oops {", "m/main.tf": LEAF}
    assert "m" in roots(tmp_path, files)
    assert "live" in roots(tmp_path, files)


def test_variable_files_affect_their_root(tmp_path: Path) -> None:
    files = {"live/main.tf": LEAF, "live/terraform.tfvars": "a = 1\n", "other/main.tf": LEAF}
    assert roots(tmp_path, files, "live/terraform.tfvars") == ["live"]


def test_files_of_opentofu(tmp_path: Path) -> None:
    assert roots(tmp_path, {"a/main.tofu": LEAF, "b/main.tofu.json": "{}", "c/main.tf": LEAF}) == ["a", "b", "c"]


def test_a_file_of_opentofu_replaces_its_namesake(tmp_path: Path) -> None:
    one = 'resource "x" "%s" {}\n'
    files = {
        "main.tf": one % "a",
        "main.tofu": one % "b",
        "other.tf": one % "c",
        "more.tf.json": "oops",
        "more.tofu.json": "{}",
    }
    files["x_override.tofu"] = 'resource "x" "c" { y = 1 }\n'
    root = root_of(tmp_path, files)
    assert sorted(root.resources) == ["x.b", "x.c"]
    assert root.attributes("x.c") == {"y": 1}
    assert not root.diagnostics


def test_nothing_of_terraform(tmp_path: Path) -> None:
    assert roots(tmp_path, {"README.md": "x"}) == []
    assert roots(tmp_path, {"main.tf~": "x", ".main.tf": "x"}) == []


def test_links_that_go_in_circles(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "loop").symlink_to(tmp_path, target_is_directory=True)
    assert roots(tmp_path, {"a/main.tf": LEAF}) == ["a"]
