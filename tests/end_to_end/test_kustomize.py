"""Kustomizations through the real Kustomize: judged as built (A28), found again in base and patch, incomplete without."""

from __future__ import annotations

import shutil
from typing import Any

import pytest
from harness import FORMATS

RULE = ("--rule", "pod-not-privileged")
POD = """apiVersion: v1
kind: Pod
metadata:
  name: api
spec:
  containers:
    - name: main
      image: a
      securityContext:
        privileged: false
    - name: side
      image: b
"""
PRIVILEGED = "{name: main, securityContext: {privileged: true}}"
MERGED = f"apiVersion: v1\nkind: Pod\nmetadata: {{name: api}}\nspec:\n  containers:\n    - {PRIVILEGED}\n"


def kustomization(**content: Any) -> str:
    return "".join(f"{key}: {value}\n" for key, value in content.items())


BASE = {"base/kustomization.yaml": kustomization(resources="[pod.yaml]"), "base/pod.yaml": POD, ".git/HEAD": ""}


def overlay(where: str = "prod", **content: Any) -> dict[str, str]:
    return BASE | {f"{where}/kustomization.yaml": kustomization(resources="[../base]", **content)}


def places(done: Any) -> dict[str, tuple[str, int, str]]:
    """Address -> file, line and verdict."""
    return {
        f["resource"]["address"]: (f["location"]["path"], f["location"]["line"], f["verdict"])
        for f in done.record["findings"]
    }


def test_a28_what_an_overlay_changes_decides_and_stands_in_its_patch(scan, tools):
    files = overlay(namespace="ehr", namePrefix="prod-", patches="[{path: patch.yaml}]")
    done = scan(files | {"prod/patch.yaml": MERGED}, rules=RULE, **tools)
    assert (done.status, places(done)) == (1, {"Pod/ehr/prod-api": ("prod/patch.yaml", 6, "fail")})


def test_what_no_patch_touches_stands_in_its_base(scan, tools):
    base = BASE | {"base/pod.yaml": POD.replace("privileged: false", "privileged: true")}
    files = base | overlay(nameSuffix="-x") | {"base/pod.yaml": base["base/pod.yaml"]}
    done = scan(files, rules=RULE, **tools)
    assert (done.status, places(done)) == (1, {"Pod//api-x": ("base/pod.yaml", 10, "fail")})


def test_a_base_is_judged_only_as_its_overlays_build_it(scan, tools):
    base = BASE | {"base/pod.yaml": POD.replace("privileged: false", "privileged: true")}
    mended = '[{target: {kind: Pod}, patch: \'[{"op": "replace", "path": "/spec/containers/0/securityContext/privileged", "value": false}]\'}]'
    files = base | {
        f"{name}/kustomization.yaml": kustomization(resources="[../base]", patches=mended) for name in ("dev", "prod")
    }
    done = scan(files, rules=RULE, **tools)
    assert done.status == 0
    found = {(f["resource"]["scope"], f["verdict"], f["location"]["path"]) for f in done.record["findings"]}
    assert {(scope, verdict) for scope, verdict, _ in found} == {("dev", "pass"), ("prod", "pass")}
    assert scan(None, rules=RULE, path="base/pod.yaml", **tools).status == 0


def test_an_operation_that_is_written_inline_stands_in_the_kustomization(scan, tools):
    patch = '[{target: {kind: Pod}, patch: \'[{"op": "add", "path": "/spec/containers/1/securityContext", "value": {"privileged": true}}]\'}]'
    done = scan(overlay(patches=patch), rules=RULE, **tools)
    assert (done.status, places(done)) == (1, {"Pod//api": ("prod/kustomization.yaml", 2, "fail")})


def test_components_and_replacements_are_applied(scan, tools):
    files = overlay(components="[../hardened]") | {
        "hardened/kustomization.yaml": "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\npatches: [{path: patch.yaml}]\n",
        "hardened/patch.yaml": MERGED,
    }
    done = scan(files, rules=RULE, **tools)
    assert (done.status, places(done)) == (1, {"Pod//api": ("hardened/patch.yaml", 6, "fail")})


def test_what_a_generator_makes_stands_at_its_entry(scan, tools):
    files = overlay(secretGenerator="\n- name: database\n  literals: [password=hunter2]")
    done = scan(files, rules=("--rule", "secret-not-in-manifest"), **tools)
    [(address, (path, line, verdict))] = places(done).items()
    assert address.startswith("Secret//database-")
    assert (path, line, verdict) == ("prod/kustomization.yaml", 3, "fail")
    assert "hunter2" not in done.stdout


def test_without_kustomize_it_is_incomplete_and_no_base_is_judged_as_it_stands(scan):
    done = scan(overlay(), rules=RULE, PATH="")
    assert (done.status, done.verdicts, done.holes) == (4, {}, [("kustomize", "prod/kustomization.yaml", 0)])
    assert "neither kustomize nor kubectl" in done.message()
    assert "kustomize build prod | phiward scan -" in done.message()


@pytest.mark.parametrize("format_", FORMATS)
def test_every_format_says_so(scan, phiward, format_):
    scan(overlay(), rules=RULE, PATH="")
    done = phiward("scan", ".", "--format", format_, PATH="")
    assert done.returncode == 4
    assert "kubectl" in done.stdout


REMOTE = (
    "https://github.com/example/ehr//deploy?ref=v1", "github.com/example/ehr", "git@github.com:example/ehr.git",
    "https://example.org/pod.yaml", "ssh://git@example.org/ehr",
)  # fmt: skip


@pytest.mark.parametrize("remote", REMOTE)
def test_a_remote_base_is_not_fetched_and_is_a_hole(scan, tools, remote):
    files = BASE | {"prod/kustomization.yaml": f"resources:\n- ../base\n- '{remote}'\n", "own.yaml": POD}
    done = scan(files, rules=RULE, **tools)
    assert (done.status, done.holes) == (4, [("kustomization", "prod/kustomization.yaml", 3)])
    assert "nothing is fetched" in done.message()
    assert done.verdicts == {"Pod//api": "pass"}  # of own.yaml


@pytest.mark.parametrize(
    "key", ["generators", "transformers", "validators", "helmCharts", "helmChartInflationGenerator"]
)
def test_what_may_start_a_program_is_not_run(scan, tools, key):
    files = overlay(**{key: "[{name: x}]"}) | {"prod/run.sh": "#!/bin/sh\ntouch ran\n"}
    done = scan(files, rules=RULE, **tools)
    assert (done.status, done.holes) == (4, [("kustomization", "prod/kustomization.yaml", 2)])
    assert key in done.message()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("resources: [nothing.yaml]", "'nothing.yaml' is not in the scanned tree"),
        ("resources: [../../etc/passwd]", "is not in the scanned tree"),
        ("resources: [/etc/passwd]", "is not in the scanned tree"),
        ("resources: [../empty]", "there is no kustomization in empty"),
        ("resources: [", "did not find"),
        ("resources: [../base]\nbogus: 1", "bogus"),
        ("resources: [../base]\npatches: [{target: {kind: Pod}, patch: '[{op: remove, path: /a/b}]'}]", "kustomize"),
        ("resources: [../base]\nresources: []", "second time"),
        ("resources: [../prod]", "cycle"),
    ],
)
def test_what_cannot_be_built_is_incomplete_and_the_rest_is_judged(scan, tools, text, said):
    files = BASE | {
        "prod/kustomization.yaml": f"{text}\n",
        "empty/readme": "",
        "own/pod.yaml": POD.replace("name: api", "name: own"),
    }
    done = scan(files, rules=RULE, **tools)
    assert done.status == 4
    assert done.verdicts["Pod//own"] == "pass"
    assert said in done.message()
    assert "/tmp/" not in done.message()


def test_a_base_that_links_to_the_outside_is_not_read(scan, tools, tmp_path, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside")
    (outside / "kustomization.yaml").write_text("resources: [pod.yaml]\n")
    (outside / "pod.yaml").write_text(POD)
    (tmp_path / "base").symlink_to(outside)
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked" / "pod.yaml").symlink_to(outside / "pod.yaml")
    files = {
        "prod/kustomization.yaml": "resources: [../base]\n",
        "linked/kustomization.yaml": "resources: [pod.yaml]\n",
    }
    done = scan(files | {".git/HEAD": ""}, rules=RULE, **tools)
    assert (done.status, done.verdicts) == (4, {})
    assert {path for _, path, _ in done.holes} == {
        "prod/kustomization.yaml", "linked/kustomization.yaml", "linked/pod.yaml",
    }  # fmt: skip


def test_nothing_is_written_into_the_tree(scan, tools, tmp_path):
    files = overlay()
    scan(files, rules=RULE, **tools)
    assert {str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*") if p.is_file()} == set(files)


def test_a_program_that_lies_in_the_tree_is_not_run(scan, tmp_path):
    files = overlay() | {"bin/kustomize": "#!/bin/sh\ntouch ran\n", "bin/kubectl": "#!/bin/sh\ntouch ran\n"}
    scan(files, rules=RULE, PATH="")
    for name in ("kustomize", "kubectl"):
        (tmp_path / "bin" / name).chmod(0o755)
    assert scan(None, rules=RULE, PATH=str(tmp_path / "bin")).status == 4
    assert not list(tmp_path.rglob("ran"))


def test_a_file_beside_a_kustomization_that_does_not_name_it_is_judged_apart(scan, tools):
    files = overlay() | {"prod/left.yaml": POD.replace("name: api", "name: left")}
    done = scan(files, rules=RULE, **tools)
    assert {f["resource"]["address"]: f["resource"]["scope"] for f in done.record["findings"]} == {
        "Pod//api": "prod",
        "Pod//left": "prod/left.yaml",
    }


def test_a_changed_base_is_judged_in_a_commit_hook(scan, tools):
    files = overlay(patches="[{path: patch.yaml}]") | {"prod/patch.yaml": MERGED, "other/pod.yaml": POD}
    done = scan(files, "--changed", rules=RULE, path="base/pod.yaml", **tools)
    assert (done.status, done.verdicts) == (1, {"Pod//api": "fail"})


def test_a_scan_is_the_same_wherever_it_runs(scan, tools, tmp_path):
    files = {f"k8s/{name}": text for name, text in overlay(namespace="ehr").items()} | {".git/HEAD": ""}
    first = scan(files, rules=RULE, **tools)
    shutil.rmtree(tmp_path / "k8s" / ".git")
    second = scan(None, rules=RULE, path="..", cwd="k8s", **tools)
    assert first.record["findings"] == second.record["findings"]
