"""The trees that the benchmark measures are Terraform that we read wholly, and the same on every machine."""

from __future__ import annotations

import hashlib
import importlib
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from phiward.pipeline import scan
from phiward.settings import Settings

BENCH = Path(__file__).resolve().parents[2] / "bench"


@pytest.fixture
def generate(monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    monkeypatch.syspath_prepend(str(BENCH))
    return importlib.import_module("generate").generate


@pytest.fixture
def nested(monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    monkeypatch.syspath_prepend(str(BENCH))
    return importlib.import_module("nested").generate


def contents(directory: Path) -> dict[str, str]:
    return {
        path.relative_to(directory).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(directory.rglob("*.tf"))
    }


@pytest.mark.parametrize("resources", [60, 64])
def test_a_tree_has_as_many_resources_as_were_asked_for(generate, tmp_path, resources):
    assert generate(tmp_path, resources) == len(contents(tmp_path)) == 15
    report = scan(Settings(paths=(tmp_path,), today=date(2026, 11, 22)))
    assert report.diagnostics == ()
    assert report.summary.resources == resources
    assert report.summary.failed > 0


def test_a_large_tree_is_a_repository_of_roots_that_share_modules(generate, tmp_path):
    generate(tmp_path, 150, 60)
    report = scan(Settings(paths=(tmp_path,), today=date(2026, 11, 22)))
    assert report.diagnostics == ()
    assert report.roots == ("stacks/stack-000", "stacks/stack-001")
    assert report.summary.resources == 150


def test_a_root_may_have_few_tenants_and_more_that_is_written_out(generate, tmp_path):
    generate(tmp_path, 300, 300, 2)
    report = scan(Settings(paths=(tmp_path,), today=date(2026, 11, 22)))
    assert report.diagnostics == ()
    assert report.summary.resources == 300
    addresses = [finding.subject.address for finding in report.findings]
    assert {address.split(".")[1] for address in addresses if address.startswith("module.")} == {
        'tenant["clinic-0"]',
        'tenant["clinic-1"]',
    }


def test_modules_nest_seven_levels_deep_and_grow_with_the_tenants(nested, tmp_path):
    for tenants in (1, 2):
        root = tmp_path / str(tenants)
        assert nested(root, tenants) == 180 * tenants
        report = scan(Settings(paths=(root,), today=date(2026, 11, 22)))
        assert len(list(root.rglob("*.tf"))) == 71
        assert report.diagnostics == ()
        assert report.summary.resources == 360 * tenants + 1
    assert max(finding.subject.address.count("module.") for finding in report.findings) == 7


def test_the_same_bytes_every_time(generate, tmp_path):
    generate(tmp_path / "one", 300)
    generate(tmp_path / "two", 300)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_too_small_a_root_is_refused(generate, tmp_path):
    with pytest.raises(ValueError, match="at least 57"):
        generate(tmp_path, 20)


def test_generated_manifests_are_objects_that_we_read_wholly(monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(str(BENCH))
    made = importlib.import_module("generate_manifests").generate
    assert made(tmp_path, 40) == len(list(tmp_path.rglob("*.yaml"))) == 41
    report = scan(Settings(paths=(tmp_path,), today=date(2026, 1, 1)))
    assert not report.diagnostics
    assert report.summary.resources == 41 + 4  # each StatefulSet makes one claim
    assert report.summary.failed > report.summary.unknown > 0


def test_generated_templates_are_read_wholly(monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(str(BENCH))
    assert importlib.import_module("generate_templates").generate(tmp_path, 100) == 2
    report = scan(Settings(paths=(tmp_path,), today=date(2026, 11, 22)))
    assert report.diagnostics == ()
    assert report.summary.resources == 100
    assert {f.subject.source for f in report.findings} == {"cloudformation"}
    assert report.summary.failed > 0
