"""Plans and states through the real command line: A5, A17 and A27, broken documents, secrets, binary plans."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest
from harness import FORMATS, RULE, command, environment, write_tree
from tests.planning import configured, plan, planned, refers, resource

SOURCE = """resource "aws_kms_key" "x" {}

module "records" {
  source = "./records"
  key    = aws_kms_key.x.arn
}

resource "aws_db_instance" "open" {
  engine            = "postgres"
  storage_encrypted = false
}
"""
MODULE = """variable "key" {}
resource "aws_db_instance" "a" {
  storage_encrypted = true
  kms_key_id        = var.key
}
"""
STORE = "module.records.aws_db_instance.a"
OPEN = plan([(resource("aws_db_instance.open", {"storage_encrypted": False}), {})])


def estate(folder: Path, *, at: str = "") -> dict[str, Any]:
    """The source in a folder, and its plan as a file beside it or below."""
    write_tree(folder, {"main.tf": SOURCE, "records/main.tf": MODULE})
    content = planned(folder)
    write_tree(folder, {f"{at}plan.json": json.dumps(content)})
    return content


def test_a5_known_after_apply_is_unknown_and_no_failure(scan):
    content = plan([(resource("aws_db_instance.a", {}), {"storage_encrypted": True})])
    done = scan({"plan.json": json.dumps(content)}, path="plan.json")
    assert (done.status, done.verdicts) == (0, {"aws_db_instance.a": "unknown"})
    assert scan(None, "--unknown", "fail", path="plan.json").status == 4


def test_a27_a_key_that_is_known_after_apply_and_shown_by_the_configuration(scan):
    stores = [
        (resource("aws_kms_key.x", {}), {"arn": True}),
        (resource("aws_db_instance.a", {"storage_encrypted": True}), {"kms_key_id": True}),
    ]
    shown = configured(
        ("aws_kms_key.x", {}), ("aws_db_instance.a", {"kms_key_id": refers("aws_kms_key.x.arn", "aws_kms_key.x")})
    )
    content = json.dumps(plan(stores, configuration=shown))
    done = scan({"plan.json": content}, path="plan.json", rules=("--rule", "customer-managed-key"))
    assert (done.status, done.verdicts) == (0, {"aws_db_instance.a": "pass"})


@pytest.mark.parametrize("at", ["", "build/", "build/ci/"])
def test_a17_findings_of_a_plan_beside_its_source_point_at_the_source(tmp_path, phiward, at):
    (tmp_path / ".git").mkdir()
    estate(tmp_path, at=at)
    done = phiward("scan", f"{at}plan.json", *RULE, "--format", "sarif")
    assert done.returncode == 1
    [result] = [r for r in json.loads(done.stdout)["runs"][0]["results"] if r.get("kind", "fail") == "fail"]
    place = result["locations"][0]["physicalLocation"]
    assert (place["artifactLocation"]["uri"], place["region"]["startLine"]) == ("main.tf", 10)
    shown = phiward("scan", f"{at}plan.json", *RULE, "--format", "console")
    assert "main.tf:10:3" in shown.stdout
    assert "storage_encrypted = false" in shown.stdout


def test_findings_in_modules_point_into_the_module_and_name_its_call(tmp_path, scan):
    content = estate(tmp_path)
    content["planned_values"]["root_module"]["child_modules"][0]["resources"][0]["values"]["storage_encrypted"] = False
    done = scan({"plan.json": json.dumps(content)}, path="plan.json")
    [found] = [f for f in done.record["findings"] if f["resource"]["address"] == STORE]
    assert (found["location"]["path"], found["location"]["line"]) == ("records/main.tf", 3)
    assert "terraform-plan" in json.dumps(found["resource"])


def test_without_the_source_findings_point_into_the_plan(scan):
    done = scan({"plan.json": json.dumps(OPEN, indent=1)}, path="plan.json")
    [found] = done.record["findings"]
    line = json.dumps(OPEN, indent=1).split("\n")[found["location"]["line"] - 1]
    assert found["location"]["path"] == "plan.json"
    assert "aws_db_instance.open" in line


def test_source_that_does_not_declare_what_is_planned_is_not_the_plans(scan):
    other = 'resource "aws_db_instance" "other" {}\n'
    done = scan({"main.tf": other, "plan.json": json.dumps(OPEN)}, path="plan.json")
    assert [f["location"]["path"] for f in done.record["findings"]] == ["plan.json"]


def test_source_that_has_moved_on_decides_nothing(scan):
    key = '"alias/aws/rds"'
    stale = f'resource "aws_kms_key" "x" {{}}\nresource "aws_db_instance" "a" {{\n  kms_key_id = {key}\n}}\n'
    stores = [
        (resource("aws_kms_key.x", {}), {"arn": True}),
        (resource("aws_db_instance.a", {"storage_encrypted": True}), {"kms_key_id": True}),
    ]
    shown = configured(("aws_kms_key.x", {}), ("aws_db_instance.a", {"kms_key_id": refers("local.key")}))
    files = {"main.tf": stale, "plan.json": json.dumps(plan(stores, configuration=shown))}
    done = scan(files, path="plan.json", rules=("--rule", "customer-managed-key"))
    assert done.verdicts == {"aws_db_instance.a": "unknown"}


def test_exceptions_in_the_source_cover_findings_of_the_plan(tmp_path, scan):
    estate(tmp_path)
    comment = "# phiward:ignore encryption-at-rest until=2027-01-31 owner=platform -- migration\n"
    done = scan(
        {"main.tf": SOURCE.replace('resource "aws_db_instance"', comment + 'resource "aws_db_instance"')},
        path="plan.json",
    )
    assert (done.status, done.verdicts["aws_db_instance.open"]) == (0, "waived")


def test_a_directory_is_not_searched_for_plans_and_states(tmp_path, scan):
    estate(tmp_path)
    sources = {f["resource"]["source"] for f in scan({"terraform.tfstate": "{"}).record["findings"]}
    assert sources == {"terraform"}


def test_a_plan_and_the_source_named_together_are_both_judged(tmp_path, phiward):
    estate(tmp_path)
    done = phiward("scan", "main.tf", "plan.json", *RULE, "--format", "json")
    found = [f["resource"]["source"] for f in json.loads(done.stdout)["findings"]]
    assert sorted(found) == ["terraform", "terraform", "terraform-plan", "terraform-plan"]


def test_settings_beside_the_plan_apply(scan):
    settings = "tenancy:\n  identify:\n    - name: '^ehr-(?P<tenant>[a-z]+)'\n"
    content = plan([(resource("aws_db_instance.a", {"identifier": "ehr-mercy"}), {})])
    done = scan({"phiward.yaml": settings, "plan.json": json.dumps(content)}, path="plan.json")
    assert [f["resource"]["tenant"] for f in done.record["findings"]] == ["mercy"]


# -- broken documents


def zipped(name: str) -> bytes:
    """A zip file with one member, which binary plans and function packages are."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        archive.writestr(name, "x")
    return written.getvalue()


TEXT = json.dumps(OPEN)


@pytest.mark.parametrize("name", ["plan.json", "x.tfplan", "terraform.tfstate"])
@pytest.mark.parametrize(
    "content, code, words",
    [
        (TEXT[: len(TEXT) // 2], "syntax", ["offset", "cut off"]),
        (TEXT[:-1], "syntax", ["ends too early"]),
        (TEXT.replace(":", "=", 1), "syntax", ["offset 17"]),
        ("", "syntax", ["ends too early"]),
        ("[" * 100_000, "syntax", ["nested too deeply"]),
        ('{"a":' * 5000, "syntax", ["nested too deeply"]),
        ('{"format_version": NaN}', "syntax", ["NaN"]),
        (b'{"format_version": "1.2", "x": "\xff"}', "encoding", ["UTF-8"]),
        ('{"@level":"info","type":"version"}\n{"@level":"info"}\n', "syntax", ["terraform plan -json"]),
        ('{"planned_values": 5}', "not-a-plan", ["parts of a plan"]),
        ("{}", "not-a-plan", ["neither a Terraform plan nor a state"]),
        ('{"encrypted_data": "x", "version": 4}', "not-a-plan", ["encrypted"]),
        (b"PK\x03\x04 not really", "not-a-plan", ["begins like a binary plan"]),
        (zipped("tfplan"), "binary-plan", ["no terraform here", "show -json"]),
        (zipped("index.js"), "not-a-plan", ["is none"]),
    ],
)
def test_what_is_no_plan_is_an_error_with_its_place(scan, name, content, code, words):
    done = scan({name: content}, path=name, PATH="/nowhere")
    assert done.status == 4
    [(found, path, _)] = done.holes
    assert (found, path) == (code, name)
    assert all(word in done.message() for word in words), done.message()


def test_the_place_in_a_plan_of_many_lines(scan):
    lines = json.dumps(OPEN, indent=1).split("\n")
    done = scan({"plan.json": "\n".join(lines[:9])}, path="plan.json")
    assert done.record["diagnostics"][0]["line"] == 9


def test_utf_16_as_shells_write_it_is_read(scan):
    done = scan({"plan.json": TEXT.encode("utf-16")}, path="plan.json")
    assert (done.status, done.verdicts) == (1, {"aws_db_instance.open": "fail"})


@pytest.mark.parametrize("version", ["2.0", "17.3", "x", 2, None, []])
def test_a_newer_format_is_said_and_what_can_be_read_is_judged(scan, version):
    done = scan({"plan.json": json.dumps({**OPEN, "format_version": version})}, path="plan.json")
    assert (done.status, done.verdicts) == (4, {"aws_db_instance.open": "fail"})
    assert "the newest known one is 1" in done.message()
    assert scan(None, "--allow-incomplete", path="plan.json").status == 1


def test_a_plan_that_ended_with_an_error_is_incomplete(scan):
    done = scan({"plan.json": json.dumps({**OPEN, "errored": True})}, path="plan.json")
    assert done.status == 4
    assert [code for code, _, _ in done.holes] == ["errored-plan"]


def test_other_json_below_terraform_is_the_sources(scan):
    files = {
        "main.tf": SOURCE.replace("false", 'jsondecode(file("on.json"))'),
        "records/main.tf": MODULE,
        "on.json": "true",
    }
    assert scan(files, path="on.json").verdicts["aws_db_instance.open"] == "pass"


@pytest.mark.parametrize(
    "content", ["{", "", b"\xff", "[" * 100_000, zipped("index.js"), b"PK\x03\x04", "{}", '{"a": NaN}'], ids=range(8)
)
def test_a_commit_may_change_any_file_that_is_no_plan(scan, content):
    for name in ("package.json", "function.zip"):
        assert scan({name: content}, "--changed", path=name).status == 0


@pytest.mark.parametrize("content, status", [(TEXT, 1), (TEXT[:-9], 4), (zipped("tfplan"), 4)])
def test_a_plan_in_a_commit_is_judged_and_never_run(scan, content, status):
    assert scan({"plan.json": content}, "--changed", path="plan.json").status == status


def test_secrets_of_plans_and_states_are_in_no_report(tmp_path, phiward):
    entry = resource("aws_db_instance.a", {"identifier": "hunter2", "username": "hunter2", "storage_encrypted": False})
    entry["sensitive_values"] = {"identifier": True, "username": True}
    state = {"format_version": "1.0", "values": {"root_module": {"resources": [entry]}}}
    write_tree(tmp_path, {"plan.json": json.dumps(plan([(entry, {})])), "state.json": json.dumps(state)})
    for name in ("plan.json", "state.json"):
        for form in FORMATS:
            done = phiward("scan", name, "--format", form)
            assert done.returncode in (0, 1)
            assert "hunter2" not in done.stdout + done.stderr
        assert "hunter2" not in phiward("explain", "aws_db_instance.a", name).stdout


# -- the real Terraform

BUILT_IN = """variable "word" {
  default   = "hunter2"
  sensitive = true
}
resource "terraform_data" "a" {
  for_each = toset(["x", "y"])
  input    = { word = var.word, other = terraform_data.b.id }
}
resource "terraform_data" "b" {}
"""


def terraform(folder: Path, *arguments: str) -> str:
    program = shutil.which("terraform")
    if program is None:
        pytest.skip("NOT PROVEN: the terraform binary is not on the PATH, so no binary plan was read")
    done = subprocess.run(
        [program, *arguments],
        cwd=folder,
        env=environment(CHECKPOINT_DISABLE="1"),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.terraform
def test_plans_and_states_of_the_real_terraform(tmp_path, phiward):
    write_tree(tmp_path, {"main.tf": BUILT_IN})
    terraform(tmp_path, "init", "-no-color")
    terraform(tmp_path, "plan", "-no-color", "-out=p.tfplan")
    (tmp_path / "plan.json").write_text(terraform(tmp_path, "show", "-json", "p.tfplan"))
    for name in ("plan.json", "p.tfplan"):
        text = phiward("explain", 'terraform_data.a["x"]', name).stdout
        assert "main.tf:5:1" in text
        assert '"word": "(sensitive)"' in text
        assert '"other": "terraform_data.b.id"' in text
    shutil.copy(tmp_path / "p.tfplan", tmp_path / "no-suffix")
    assert json.loads(phiward("scan", "no-suffix", "--format", "json").stdout)["summary"]["resources"] == 3
    terraform(tmp_path, "apply", "-no-color", "p.tfplan")
    (tmp_path / "state.json").write_text(terraform(tmp_path, "show", "-json"))
    for name in ("terraform.tfstate", "state.json"):
        text = phiward("explain", 'terraform_data.a["x"]', name).stdout
        assert '"word": "(sensitive)"' in text.partition("output")[0]
    terraform(tmp_path, "plan", "-no-color", "-destroy", "-out=d.tfplan")
    done = phiward("scan", "d.tfplan", "--format", "json")
    assert done.returncode == 3
    assert "destroys 3 resources" in done.stdout


# -- large plans


@pytest.mark.heavy
def test_a_plan_of_20_mb_in_seconds_and_without_several_copies(tmp_path):
    entries = []
    for number in range(13_000):
        tags = {f"tag-{n}": "x" * 40 for n in range(10)}
        values = {"storage_encrypted": bool(number % 2), "identifier": f"db-{number}", "tags": tags}
        entries.append((resource(f"aws_db_instance.a{number}", values), {"id": True, "arn": True}))
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(plan(entries)))
    size = path.stat().st_size
    assert size > 20_000_000
    began = time.monotonic()
    measured = ["import resource, subprocess, sys", "done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL)"]
    measured += ["print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, done.returncode)"]
    python, *arguments = command("scan", path, *RULE)
    done = subprocess.run(
        [python, "-c", "\n".join(measured), python, *arguments], env=environment(), capture_output=True, text=True
    )
    kilobytes, status = map(int, done.stdout.split())
    assert status == 1
    assert time.monotonic() - began < 30
    assert kilobytes * 1024 < 15 * size
