"""The answer of the cache is the answer of a scan: for every change of anything that a scan looks at, in every format."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from phiward import cache, pipeline
from phiward.errors import PhiwardError
from phiward.model.rule import Severity
from phiward.record import replace
from phiward.reporters import FORMATS, Style, render
from phiward.settings import Settings
from tests.conftest import REPOSITORY, TODAY
from tests.outside_tree import FILES, make
from tests.pack.test_own_rules import RULE

ESTATE = REPOSITORY / "fixtures" / "ehr-saas" / "flawed"


class Scans:
    """Scans by way of a cache of its own, which tell whether they were remembered."""

    def __init__(self, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PHIWARD_CACHE_DIR", str(directory))
        monkeypatch.delenv("PHIWARD_NO_CACHE", raising=False)
        self.fresh = 0
        scan = pipeline.scan

        def counted(*arguments: Any, **options: Any) -> Any:
            self.fresh += 1
            return scan(*arguments, **options)

        monkeypatch.setattr("phiward.pipeline.scan", counted)
        self._afresh = scan

    def afresh(self, settings: Settings) -> list[str]:
        return outputs(lambda: self._afresh(settings))

    def cached(self, settings: Settings, *, use: bool = True) -> list[str]:
        return outputs(lambda: cache.scan(settings, lambda _: None, use=use))

    def remembered(self, settings: Settings) -> bool:
        """Whether a scan is answered without scanning; its answer is held to that of a scan."""
        before = self.fresh
        assert self.cached(settings) == self.afresh(settings)
        return self.fresh == before


def outputs(scan: Callable[[], Any]) -> list[str]:
    try:
        report = scan()
    except PhiwardError as error:
        return [f"{type(error).__name__}: {error}"]
    style = Style(verbose=True, color=True)
    return [*(render(report, name, style) for name in FORMATS), f"{report.exit_status} {report.gate}"]


@pytest.fixture
def scans(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scans:
    return Scans(tmp_path / "cache", monkeypatch)


@pytest.fixture
def top(tmp_path: Path) -> Path:
    return make(tmp_path / "repository")


def of(top: Path, *paths: str, **more: Any) -> Settings:
    chosen = paths or (".", "plan.json", "state.tfstate")
    fields = {"variable_files": (top / "given.tfvars",), "today": TODAY}
    return Settings(paths=tuple(top / path for path in chosen), **(fields | more))


# -- every single change


def written(text: str) -> Callable[[Path], None]:
    return lambda path: (path.parent.mkdir(parents=True, exist_ok=True), path.write_text(text), None)[-1]


def linked(target: str) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        path.unlink(missing_ok=True)
        path.symlink_to(target)

    return change


STORE = 'resource "aws_ebs_volume" "new" {\n  encrypted = false\n}\n'
WAIVERS = (
    "waivers: [{rule: encryption-at-rest, resources: {address: '*'}, reason: it is migrated in January, owner: a,"
    " approver: b, expires: 2027-01-31}]\n"
)
CHANGES: list[tuple[str, Callable[[Path], None]]] = [
    *((name, written(text + " ")) for name, text in FILES.items()),
    *((name, written(text.replace("true", "false").replace("mercy", "stjude"))) for name, text in FILES.items()),
    *((name, Path.unlink) for name in FILES),
    *((f"{folder}/new.tf", written(STORE)) for folder in ("live", "other", "modules/store", "deep/er", ".")),
    *((f"live/{name}", written("encrypted = true\n")) for name in ("y.auto.tfvars", "terraform.tfvars.json", "zz.auto.tfvars")),
    *((f"{folder}/phiward.yaml", written("data_classes: {default: public}\n")) for folder in ("live", "modules", "broken")),
    *((f"{folder}/phiward.waivers.yaml", written(WAIVERS)) for folder in ("live", "modules", "k8s", ".")),
    ("live/flag", written("")),
    ("live/list/c.txt", written("")),
    ("live/list/c.md", written("")),
    ("live/main.tofu", written(STORE)),
    ("live/more.tf", lambda path: (path.unlink(), path.mkdir(), None)[-1]),
    ("more/linked.txt", written(STORE)),
    ("more/caller.tf", written('module "m" {\n  source = "../other"\n}\n')),
    ("linked", linked("modules/store")),
    ("linked", linked("nowhere")),
    ("linked", linked("linked")),
    ("live/linked.tf", linked("../modules/real/main.tf")),
    ("live/main.tf", linked("../modules/real/main.tf")),
    ("modules/store/main.tf", linked("/etc/hostname")),
    ("live/tenant.txt", linked("policy.json")),
    (".git", Path.rmdir),
    ("live/.git", Path.mkdir),
    ("latin.tf", written(STORE)),
    ("k8s/new.yaml", written(FILES["k8s/pod.yaml"].replace("name: a", "name: z"))),
    ("k8s/values.yml", written(FILES["k8s/pod.yaml"].replace("name: a", "name: z"))),
    ("k8s/pod.yaml", written(FILES["k8s/pod.yaml"].replace("true", "false"))),
    ("k8s/kustomization.yaml", written("resources: [pod.yaml]\n")),
    ("k8s/chart/Chart.yaml", Path.unlink),
    ("cfn/child.template", written(FILES["cfn/child.template"].replace("true", "!If [a, b]"))),
    ("cfn/new.json", written('{"Resources": {"V": {"Type": "AWS::EC2::Volume"}}}')),
    ("cfn/values.json", written('["Encrypted=false"]')),
    ("cfn/values.json", written("[]]")),
    ("plan.json", written("PK\x03\x04")),
    ("other", shutil.rmtree),
    ("live/node_modules/new.tf", written(STORE)),
    ("live/.hidden.tf", written(STORE)),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(CHANGES)), ids=lambda n: f"{n}-{CHANGES[n][0]}")
def test_one_change_is_noticed_or_makes_no_difference(scans, top, number):
    name, change = CHANGES[number]
    settings = of(top)
    before = scans.cached(settings)
    assert scans.remembered(settings)
    change(top / name)
    after = scans.cached(settings)
    assert after == scans.afresh(settings)
    if after != before:
        assert scans.fresh == 2


def test_what_has_nothing_to_do_with_it_is_not_looked_at(scans, top):
    settings = of(top)
    scans.cached(settings)
    for name in ("README.md", "notes.txt", "live/notes.txt", "node_modules/a.tf", ".venv/a.tf"):
        written("x")(top / name)
    assert scans.remembered(settings)


def test_what_was_changed_back_is_what_it_was(scans, top):
    settings = of(top)
    scans.cached(settings)
    (top / "live" / "main.tf").write_text("")
    (top / "live" / "main.tf").write_text(FILES["live/main.tf"])
    os.utime(top / "live" / "main.tf", (1, 1))
    assert scans.remembered(settings)


@pytest.mark.parametrize(
    "paths", [("live",), ("live/main.tf",), ("modules/store",), ("plan.json",), ("state.tfstate",)]
)
def test_every_kind_of_path_is_remembered(scans, top, paths):
    settings = of(top, *paths)
    assert not scans.remembered(settings)
    assert scans.remembered(settings)
    (top / "plan.json").write_text("{}")
    (top / "state.tfstate").write_text("{}")
    (top / "live" / "more.tf").write_text("")
    (top / "modules" / "store" / "main.tf").write_text("")
    assert not scans.remembered(settings)


def test_changed_files_of_a_commit_are_remembered(scans, top):
    settings = of(top, "README.md", "live/policy.json", changed=True)
    assert not scans.remembered(settings)
    assert scans.remembered(settings)
    (top / "live" / "policy.json").write_text("{}")
    assert not scans.remembered(settings)


TEXTS = ["", "encrypted = true\n", "encrypted = false\n", STORE, 'resource "x" {\n', *list(FILES.values())[:8]]
NAMES = [
    *FILES,
    "live/y.auto.tfvars",
    "live/phiward.yaml",
    "new/main.tf",
    "live/flag",
    "live/list/z.txt",
    "live/main.tofu",
]
steps = st.lists(
    st.tuples(st.sampled_from(["write", "delete", "link", "swap"]), st.sampled_from(NAMES), st.sampled_from(NAMES), st.sampled_from(TEXTS)),
    min_size=1,
    max_size=4,
)  # fmt: skip


def few_changes(scans: Scans, top: Path, changes: list[tuple[str, str, str, str]]) -> None:
    shutil.rmtree(top, ignore_errors=True)
    settings = of(make(top))
    for kind, name, other, text in changes:
        path, target = top / name, top / other
        path.parent.mkdir(parents=True, exist_ok=True)
        if kind == "write":
            path.write_text(text)
        elif kind == "delete":
            path.unlink(missing_ok=True)
        elif kind == "link":
            linked(str(target))(path)
        elif path.is_file() and target.is_file():
            content = path.read_bytes()
            path.write_bytes(target.read_bytes())
            target.write_bytes(content)
        scans.remembered(settings)
        scans.remembered(settings)


@hypothesis_settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps)
def test_any_few_changes(scans, tmp_path, changes):
    few_changes(scans, tmp_path / "repository", changes)


@pytest.mark.heavy
@hypothesis_settings(max_examples=500, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps)
def test_many_few_changes(scans, tmp_path, changes):
    few_changes(scans, tmp_path / "repository", changes)


@pytest.mark.parametrize("step", [19, pytest.param(1, marks=pytest.mark.heavy)])
def test_an_estate_in_which_any_one_file_changes(scans, tmp_path, step):
    top = tmp_path / "estate"
    shutil.copytree(ESTATE, top)
    (top / ".git").mkdir()
    settings = Settings(paths=(top,), today=TODAY)
    scans.cached(settings)
    assert scans.remembered(settings)
    for path in sorted(top.rglob("*.tf"))[::step]:
        text = path.read_text()
        path.write_text(text.replace("true", "false") if "true" in text else text + STORE)
        assert not scans.remembered(settings)
        path.write_text(text)
        assert not scans.remembered(settings)
    assert scans.remembered(settings)


# -- what is not a file


def test_exceptions_depend_on_the_date_and_nothing_else_does(scans, top):
    for number in range(-3, 80, 7):
        assert not scans.remembered(of(top, today=TODAY + timedelta(days=number)))
        assert scans.remembered(of(top, today=TODAY + timedelta(days=number)))
    (top / "live" / "more.tf").unlink()
    scans.cached(of(top))
    assert scans.remembered(of(top, today=date(2031, 1, 1)))


OTHERWISE: dict[str, Any] = {
    "paths": (),
    "settings_file": None,
    "variables": {"given": "true"},
    "variable_files": (),
    "environment_variables": {"encrypted": "false"},
    "template_parameters": {"Encrypted": "false"},
    "template_parameter_files": (),
    "workspace": "prod",
    "rule_directories": (),
    "rules": ("encryption-at-rest",),
    "severity": Severity.HIGH,
    "tenants": ("mercy",),
    "fail_on": Severity.CRITICAL,
    "fail_on_unknown": True,
    "allow_incomplete": True,
    "exit_zero": True,
    "changed": True,
    "baseline": None,
}


BASELINE = '{"schema": "phiward/baseline/v1", "target": ".", "pack": "", "taken": "2026-11-01", "findings": []}'


def test_every_setting_is_part_of_what_is_asked(scans, top):
    assert {*OTHERWISE, "today", "standard_input", "live"} == set(Settings.__match_args__)  # type: ignore[attr-defined]
    written(RULE)(top / "policy" / "disks" / "volume-is-large.yaml")
    written(BASELINE)(top / "phiward.baseline.json")
    keys = {cache.key_of(of(top))}
    assert cache.key_of(of(top, today=date(2031, 1, 1))) in keys
    for name, value in (
        OTHERWISE
        | {
            "paths": (top / "live",),
            "settings_file": top / "other/phiward.yaml",
            "template_parameter_files": (top / "cfn/given.json",),
            "rule_directories": (top / "policy",),
            "baseline": top / "phiward.baseline.json",
        }
    ).items():
        settings = replace(of(top), **{name: value})
        assert cache.key_of(settings) not in keys
        keys.add(cache.key_of(settings))
        assert not scans.remembered(settings)
        assert scans.remembered(settings)
    assert len(keys) == len(OTHERWISE) + 1


def test_standard_input_is_never_remembered(scans):
    settings = Settings(paths=(Path("-"),), today=TODAY, standard_input=FILES["k8s/pod.yaml"].encode())
    assert not scans.remembered(settings)
    assert not scans.remembered(settings)


def test_relative_paths_mean_what_they_mean_here(scans, top, monkeypatch):
    monkeypatch.chdir(top / "live")
    settings = Settings(paths=(Path(),), today=TODAY)
    scans.cached(settings)
    assert scans.remembered(settings)
    monkeypatch.chdir(top / "other")
    assert not scans.remembered(settings)


def test_another_program_remembers_nothing_of_ours(scans, top, monkeypatch, tmp_path):
    package = tmp_path / "phiward"
    (package / "__pycache__").mkdir(parents=True)
    (package / "judge.py").write_text("a = 1\n")
    monkeypatch.setattr(cache, "_PACKAGE", package)
    settings = of(top)
    keys = [cache.key_of(settings)]
    (package / "__pycache__" / "judge.pyc").write_text("")
    assert cache.key_of(settings) == keys[0]
    (package / "judge.py").write_text("a = 11\n")
    keys.append(cache.key_of(settings))
    os.utime(package / "judge.py", (1, 1))
    keys.append(cache.key_of(settings))
    (package / "more.py").write_text("")
    keys.append(cache.key_of(settings))
    monkeypatch.setattr("sys.version", "4.0")
    keys.append(cache.key_of(settings))
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "a.yaml").write_text("")
    monkeypatch.setattr(cache, "pack_source", lambda: rules)
    keys.append(cache.key_of(settings))
    (rules / "a.yaml").write_text("x")
    keys.append(cache.key_of(settings))
    assert len(set(keys)) == len(keys) == 7


# -- what is not kept, not used, not trusted


def test_it_is_neither_used_nor_kept_where_it_is_not_wanted(scans, top, tmp_path, monkeypatch):
    settings = of(top)
    scans.cached(settings, use=False)
    monkeypatch.setenv("PHIWARD_NO_CACHE", "1")
    scans.cached(settings)
    assert not (tmp_path / "cache").exists()
    monkeypatch.delenv("PHIWARD_NO_CACHE")
    scans.cached(settings)
    assert scans.remembered(settings)
    before = scans.fresh
    scans.cached(settings, use=False)
    monkeypatch.setenv("PHIWARD_NO_CACHE", "1")
    scans.cached(settings)
    assert scans.fresh == before + 2


@pytest.mark.parametrize("where", ["cache", "live/cache", "link"])
def test_a_cache_that_the_scanned_tree_may_have_written_is_not_used(scans, top, monkeypatch, where):
    (top / "link").symlink_to("modules")
    monkeypatch.setenv("PHIWARD_CACHE_DIR", str(top / where))
    for settings in (of(top), of(top, "live"), of(top, "live/main.tf")):
        assert not scans.remembered(settings)
        assert not scans.remembered(settings)
    monkeypatch.setenv("PHIWARD_CACHE_DIR", str(top.parent / "outside"))
    scans.cached(of(top))
    assert scans.remembered(of(top))


def test_what_changes_while_it_is_scanned_is_not_kept(scans, top, monkeypatch):
    settings = of(top, "plan.json")
    read = Path(top / "plan.json").read_bytes()
    scan = pipeline.scan

    def meanwhile(given_: Settings, progress: Any, outside: Any) -> Any:
        report = scan(given_, progress, outside)
        (top / "plan.json").write_bytes(read + b" ")
        outside.read(top / "plan.json")
        return report

    with monkeypatch.context() as patch:
        patch.setattr("phiward.pipeline.scan", meanwhile)
        scans.cached(settings)
    assert not scans.remembered(settings)


def test_a_binary_plan_is_never_kept(scans, top, monkeypatch, tmp_path):
    from zipfile import ZipFile

    with ZipFile(top / "saved.tfplan", "w") as archive:
        archive.writestr("tfplan", b"")
    settings = of(top, "saved.tfplan")
    for _ in range(2):
        assert not scans.remembered(settings)
    assert scans.remembered(replace(settings, changed=True)) is False
    assert scans.remembered(replace(settings, changed=True))  # a hook runs no terraform: nothing but the file decides


def test_an_entry_of_another_make_is_no_answer(scans, top, tmp_path, monkeypatch):
    settings = of(top)
    scans.cached(settings)
    [path] = (tmp_path / "cache").iterdir()
    store = cache.Store(tmp_path / "cache")
    lines = [line.decode() for line in store.lines(path.stem) or []]
    for number in range(len(lines)):
        for other in (
            "",
            "{}",
            "[]",
            "null",
            "[[]]",
            '{"trace": [], "sources": []}',
            lines[number][:-1],
            lines[number][1:],
        ):
            if other.startswith('{"trace"'):
                continue
            store.write(path.stem, [*lines[:number], other, *lines[number + 1 :]])
            assert not scans.remembered(settings), (number, other)
    store.write(path.stem, lines)
    assert scans.remembered(settings)
    store.write(path.stem, lines[:1])
    assert not scans.remembered(settings)


def test_errors_are_never_kept(scans, top):
    settings = of(top, rules=("no-such-rule",))
    assert not scans.remembered(settings)
    assert not scans.remembered(settings)
    (top / "phiward.yaml").write_text("nonsense: true\n")
    assert not scans.remembered(of(top))
    (top / "phiward.yaml").write_text(FILES["phiward.yaml"])
    assert not scans.remembered(of(top))
    assert scans.remembered(of(top))
