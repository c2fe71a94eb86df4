"""`phiward manual` on the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
import yaml

from phiward.pack.controls import load_controls
from tests.conftest import REPOSITORY

STATED = """statements:
  - control: breach-playbook-rehearsal
    stated_by: Jane Roe
    stated: 2026-10-14
    evidence: [{title: protocol, file: evidence/rehearsal.txt}]
"""


@pytest.fixture
def phiward(phiward: Callable) -> Callable:
    """With the pack's own files beside it, whatever another test of this process has put first."""
    return partial(phiward, PYTHONPATH=str(REPOSITORY / "src"))


def write_tree(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)


def test_the_template_states_nothing_and_names_every_control(phiward):
    done = phiward("manual", "template")
    assert done.returncode == 0
    assert yaml.safe_load(done.stdout) == {"statements": None}
    assert all(f"- control: {control.id}\n" in done.stdout for control in load_controls())
    for cadence in ("each quarter", "yearly", "for each incident", "monthly"):
        assert f"When: {cadence};" in done.stdout


def test_what_is_chosen_of_the_template(phiward):
    done = phiward("manual", "template", "--citation", "164.308(a)(8)", "--format", "json")
    assert [row["control"] for row in json.loads(done.stdout)] == ["security-evaluation", "penetration-test"]
    wrong = phiward("manual", "template", "no-such-control")
    assert wrong.returncode == 2
    assert wrong.stderr.startswith("phiward: there is no control 'no-such-control'")


def test_the_template_is_accepted_as_it_is_and_when_filled(tmp_path, phiward):
    write_tree(tmp_path, {"phiward.manual.yaml": phiward("manual", "template").stdout})
    assert phiward("manual", "check").returncode == 0
    text = phiward("manual", "template", "sanction-policy").stdout
    filled = [
        line.replace("  # ", "  ", 1) if "  # - " in line or "  #   " in line else line for line in text.split("\n")
    ]
    body = "\n".join(line for line in filled if "45 CFR" not in line and "Evidence:" not in line)
    body = body.replace("stated_by: ", "stated_by: Jane").replace("YYYY-MM-DD", "2026-11-01").replace("role:", "")
    body = body.replace("title: ,", "title: x,").replace("      - {title: x, file: evidence/..., sha256: }\n", "")
    write_tree(tmp_path, {"phiward.manual.yaml": body})
    done = phiward("manual", "check", "--format", "json")
    assert done.returncode == 0, (body, done.stdout, done.stderr)
    states = {one["control"]: one["assurance"] for one in json.loads(done.stdout)["controls"]}
    assert states["sanction-policy"] == "attested"
    assert sum(state == "attested" for state in states.values()) == 1


def test_check_says_what_does_not_count_and_where(tmp_path, phiward):
    write_tree(tmp_path, {"phiward.manual.yaml": STATED, "evidence/rehearsal.txt": "done"})
    fine = phiward("manual", "check")
    assert fine.returncode == 0
    assert "has no digest" in fine.stdout
    (tmp_path / "evidence/rehearsal.txt").unlink()
    gone = phiward("manual", "check")
    assert gone.returncode == 1
    assert "phiward.manual.yaml:2:5: breach-playbook-rehearsal is not assessed: its evidence" in gone.stdout
    later = phiward("manual", "check", SOURCE_DATE_EPOCH="1800000000")
    assert later.returncode == 1
    write_tree(tmp_path, {"phiward.manual.yaml": STATED.replace("2026-10-14", "2026-13-14")})
    wrong = phiward("manual", "check")
    assert wrong.returncode == 2
    assert wrong.stdout.startswith("phiward.manual.yaml:4:5: stated is not a date")


def test_no_file_and_no_such_path(phiward):
    done = phiward("manual", "check")
    assert done.returncode == 0
    assert "no phiward.manual.yaml was found" in done.stdout
    wrong = phiward("manual", "check", "nowhere")
    assert (wrong.returncode, wrong.stderr) == (2, "phiward: there is no file or directory 'nowhere'\n")


def test_hostile_names_stay_text(tmp_path, phiward):
    name = "\\e[31mred\\u202e"
    write_tree(
        tmp_path,
        {
            "phiward.manual.yaml": f'statements:\n  - control: "{name}"\n    stated_by: x\n    stated: 2026-10-14\n    evidence: [{{link: "https://x"}}]\n'
        },
    )
    done = phiward("manual", "check")
    assert done.returncode == 2
    assert "\x1b" not in done.stdout
    assert "\u202e" not in done.stdout


def test_the_schemas_of_what_people_keep_are_printed(phiward):
    for name in ("waivers", "manual"):
        assert json.loads(phiward("schema", name).stdout)["$id"].endswith(f"/{name}.schema.json")
