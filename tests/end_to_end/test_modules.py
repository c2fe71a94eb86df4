"""Modules: judged through their callers, missing, outside, in circles; exceptions on a call of theirs."""

from __future__ import annotations

import pytest

CHILD = {
    "modules/db/main.tf": 'variable "on" {\n  default = false\n}\nresource "aws_db_instance" "a" {\n  storage_encrypted = var.on\n}\n'
}
TWICE = """module "first" {
  source = "./modules/db"
}

# phiward:ignore encryption-at-rest until=2027-01-31 owner=platform -- the second copy holds no records
module "second" {
  source = "./modules/db"
}
"""


def test_a12_an_exception_on_one_call_covers_that_call_only(scan):
    done = scan({"main.tf": TWICE, **CHILD})
    assert done.status == 1
    assert done.verdicts == {"module.first.aws_db_instance.a": "fail", "module.second.aws_db_instance.a": "waived"}
    [waived] = [f for f in done.record["findings"] if f["waiver"]]
    assert waived["waiver"]["owner"] == "platform"
    assert waived["waiver"]["expires"] == "2027-01-31"
    assert done.record["summary"]["waived"] == 1


@pytest.mark.parametrize(
    "comment, status, line",
    [
        ("# phiward:ignore encryption-at-rest until=2020-01-31 owner=platform -- over", 1, 5),
        ("# phiward:ignore encryption-at-rest owner=platform -- no end", 2, 5),
        ("# phiward:ignore encryption-at-rest until=2027-02-31 owner=a -- no such day", 2, 5),
        ("# phiward:ignore no-such-rule until=2027-01-31 owner=a -- unknown rule", 2, 5),
        ("# phiward:ignore encryption-at-rest until=2027-01-31 owner=a", 2, 5),
        ("# phiward:ignore", 2, 5),
    ],
    ids=["expired", "no-end", "no-day", "no-rule", "no-reason", "nothing"],
)
def test_an_exception_that_is_wrong_or_over_covers_nothing(scan, comment, status, line):
    done = scan({"main.tf": "\n".join(comment if "ignore" in row else row for row in TWICE.split("\n")), **CHILD})
    assert done.status == status
    assert set(done.verdicts.values()) == {"fail"}
    [said] = [d for d in done.record["diagnostics"] if d["code"].startswith("ignore")]
    assert (said["path"], said["line"]) == ("main.tf", line)


@pytest.mark.parametrize("source", ["terraform-aws-modules/rds/aws", "git::https://example.com/x.git", "./not-there"])
def test_a13_a_module_that_is_not_there_makes_the_scan_incomplete(scan, source):
    text = f'resource "aws_db_instance" "a" {{\n  storage_encrypted = true\n}}\nmodule "db" {{\n  source = "{source}"\n}}\n'
    done = scan({"main.tf": text})
    assert done.status == 4
    assert done.holes == [("module", "main.tf", 4)]
    assert done.verdicts["aws_db_instance.a"] == "pass"
    if not source.startswith("."):
        assert "terraform init" in done.message()


def test_a_missing_module_is_the_reason_even_where_its_arguments_lead_back_to_it(scan):
    text = """module "gone" {
  source = "example/gone/aws"
  sees   = aws_db_instance.a.storage_encrypted
}
resource "aws_db_instance" "a" {
  storage_encrypted = module.gone.on
}
"""
    done = scan({"main.tf": text})
    [finding] = done.record["findings"]
    assert finding["verdict"] == "unknown"
    assert "module 'gone' (example/gone/aws) is not downloaded" in finding["message"]


def test_a13_a_downloaded_module_is_judged(scan):
    manifest = '{"Modules": [{"Key": "", "Dir": "."}, {"Key": "db", "Dir": ".terraform/modules/db"}]}'
    files = {
        "main.tf": 'module "db" {\n  source = "example/db/aws"\n}\n',
        ".terraform/modules/modules.json": manifest,
        ".terraform/modules/db/main.tf": CHILD["modules/db/main.tf"],
    }
    done = scan(files)
    assert (done.status, done.verdicts) == (1, {"module.db.aws_db_instance.a": "fail"})
    broken = scan({".terraform/modules/modules.json": "[" * 5000})
    assert (broken.status, broken.holes) == (4, [("module", "main.tf", 1)])


@pytest.mark.parametrize("path", ["modules/db/main.tf", "modules/db"], ids=["file", "directory"])
def test_a15_a_child_module_alone_is_judged_as_it_is_called(scan, path):
    call = 'module "on" {\n  source = "./modules/db"\n  on     = true\n}\n'
    whole = scan({"main.tf": call, ".git/HEAD": "", **CHILD})
    alone = scan(None, path=path)
    assert (whole.status, alone.status) == (0, 0)
    assert whole.verdicts == alone.verdicts == {"module.on.aws_db_instance.a": "pass"}
    places = [[f["location"] for f in done.record["findings"]] for done in (whole, alone)]
    assert places[0] == places[1]


CIRCLES = {
    "directly": {"main.tf": 'module "again" {\n  source = "./"\n}\n'},
    "through its parent": {
        "main.tf": 'module "down" {\n  source = "./down"\n}\n',
        "down/main.tf": 'module "up" {\n  source = "../"\n}\n',
    },
    "beside": {
        "a/main.tf": 'module "b" {\n  source = "../b"\n}\n',
        "b/main.tf": 'module "a" {\n  count  = 3\n  source = "../a"\n}\nmodule "a2" {\n  source = "../a"\n}\n',
    },
}


@pytest.mark.parametrize("files", CIRCLES.values(), ids=CIRCLES.keys())
def test_a24_a_module_that_calls_itself_is_a_clear_error(scan, files):
    done = scan(files)
    assert done.status == 4
    assert "calls itself" in done.message()
    assert all(code == "module" and line for code, _, line in done.holes)


def test_a24_modules_that_double_at_each_level_end(scan):
    files = {
        f"m{i}/main.tf": f'module "a" {{\n  source = "../m{i + 1}"\n}}\nmodule "b" {{\n  source = "../m{i + 1}"\n}}\n'
        for i in range(8)
    }
    files["m8/main.tf"] = CHILD["modules/db/main.tf"]
    done = scan(files)
    assert done.status == 1
    assert len(done.verdicts) == 2**8


@pytest.mark.parametrize(
    "source",
    ["var.where", '"./${var.where}"', '"./a\\u0000b"', f'"./{"x" * 5000}"', '""', '"./main.tf"', "null", "[1]"],
)
def test_a_source_that_leads_nowhere_is_a_hole_with_its_place(scan, source):
    text = f'variable "where" {{}}\nmodule "m" {{\n  source = {source}\n}}\n'
    done = scan({"main.tf": text, "b/main.tf": 'resource "aws_db_instance" "a" {\n  storage_encrypted = true\n}\n'})
    assert done.status == 4
    assert done.holes == [("module", "main.tf", 2)]
