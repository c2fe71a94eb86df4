"""Whole roots beside tfparse (Trivy's evaluator): every resource by address, every attribute by its value.

`agreement.py` says what counts as the same. Everything else stands in a table below with its reason, and a row that
no difference needs any more fails, too.
"""

from __future__ import annotations

import importlib
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from tests.conformance.agreement import Comparison, Difference
from tests.conformance.module_cases import CASES, UNKNOWN
from tests.conformance.tfparse_process import Reading, read
from tests.loaders.program import Root, root_of

from phiward.loaders.terraform.loader import load
from phiward.loaders.terraform.program import TerraformOrigin
from phiward.loaders.tree import Tree
from phiward.settings import Settings

REPOSITORY = Path(__file__).resolve().parents[2]
REST = ("pki", "rotation", "search", "sessions", "tenant_database", "tenant_documents", "tenant_secrets")
"""Calls that tfparse does not come to in the whole estate.

It evaluates what one module calls 32 times in all, an instance whose inputs have changed anew each time, and leaves out
the others without a word. A second root calls these alone, with what their inputs come from.
"""
KEPT = (*REST, "audit", "keys", "network")
TREES = ("sound", "sound: the rest", "flawed", "flawed: the rest", "64 resources", "150 resources")

_ONE_OF_A_TYPE = "of several blocks of one type repeated over other resources' instances, tfparse keeps one"
_COUNT_OF_UNKNOWNS = "tfparse does not know how many elements a list has that it does not know, and takes 1"
_UNKNOWN_KEYS = "the keys are known after apply: we keep one instance for all of them, tfparse none"
LEFT_OUT = {
    "module.edge.aws_route53_record.validation[*]": _UNKNOWN_KEYS,
    "module.integration.aws_efs_mount_target.imaging[1]": _COUNT_OF_UNKNOWNS,
    "module.integration.aws_efs_mount_target.imaging[2]": _COUNT_OF_UNKNOWNS,
    "module.messaging.aws_sqs_queue_policy.dead[*]": _ONE_OF_A_TYPE,
    "module.messaging.data.aws_iam_policy_document.dead[*]": _ONE_OF_A_TYPE,
    "module.network.aws_route_table_association.data[*]": _ONE_OF_A_TYPE,
    "module.network.aws_route_table_association.private[*]": _ONE_OF_A_TYPE,
}
"""Resources that we have and tfparse has not."""

_DYNAMIC_LAST = "tfparse leaves out the last of several instances of a dynamic block"
_DYNAMIC_DEEP = "tfparse leaves out a dynamic block that stands in another block"
_NULL_FOR_LISTS = "tfparse writes null for a list in jsonencode() of which a piece is not known"
_LENGTH = "tfparse takes what is not known for an object, and gives one null for each of its attributes"
DIFFERENT = {
    ("module.edge.aws_acm_certificate_validation.portal", "validation_record_fqdns"): _LENGTH,
    ("module.edge.aws_wafv2_web_acl.portal", "rule"): _DYNAMIC_LAST,
    ("module.integration.aws_vpclattice_auth_policy.partners", "policy.Statement"): _NULL_FOR_LISTS,
    ("module.mesh.aws_appmesh_virtual_node.service[*]", "spec.0.backend"): _DYNAMIC_DEEP,
    ("module.messaging.aws_sns_topic_policy.clinical_events", "policy.Statement"): _NULL_FOR_LISTS,
    ("module.network.aws_security_group.admin", "ingress"): _DYNAMIC_LAST,
}
"""Attributes that tfparse reads otherwise."""

_INVENTED = "tfparse invents what is not known, and goes on with that"
CASES_DIFFER = {
    "set_of_objects": "tfparse writes null for a set of objects",
    "nullable_false": "tfparse keeps the null of a variable that takes its default instead",
    "module_count_zero": "to tfparse a module without instances is null, not an empty list",
    "module_called_twice": "an output of a whole module has the arguments of the call, too, and they win",
    "override_files": "tfparse has no override files: it reads the resource twice",
    "splats": "the splat of null is null to tfparse, not an empty list",
    "templatefile": "tfparse has null for each templatefile()",
    "condition_on_computed": _INVENTED,
    "timestamp": "tfparse takes the time of its own run",
    "for_filtered_by_computed": _INVENTED,
    "function_of_computed": _INVENTED,
    "key_of_computed": _INVENTED,
}
"""Small modules that tfparse reads otherwise; `terraform plan` has them as we do (test_modules_against_terraform.py)."""


@dataclass(frozen=True)
class Beside:
    """One root, read twice: how much there was, and where the two readings differ."""

    compared: set[str]
    left_out: set[str]
    invented: set[str]
    different: list[Difference]


@pytest.fixture(scope="module")
def roots(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The trees, in repositories of their own."""
    top = tmp_path_factory.mktemp("trees").resolve()
    made = {}
    for number, name in enumerate(TREES):
        made[name] = root = top / str(number)
        if name.endswith("resources"):
            generate(root, int(name.split()[0]))
            continue
        shutil.copytree(REPOSITORY / "fixtures" / "ehr-saas" / name.partition(":")[0], root)
        if name.endswith("rest"):
            main = root / "main.tf"
            calls = r'^module "(\w+)" \{\n.*?^\}\n'
            kept = re.sub(
                calls, lambda m: m[0] if m[1] in KEPT else "", main.read_text(), flags=re.MULTILINE | re.DOTALL
            )
            main.write_text(kept)
    return made


def generate(root: Path, resources: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(REPOSITORY / "bench"))
        importlib.import_module("generate").generate(root, resources)


@pytest.fixture(scope="module")
def beside(roots: dict[str, Path]) -> dict[str, Beside]:
    """Every tree, read and compared."""
    variable_files = {name: ["terraform.tfvars"] if "resources" not in name else [] for name in TREES}
    return {name: compared(root, *read([root], *variable_files[name])) for name, root in roots.items()}


def compared(root: Path, theirs: Reading) -> Beside:
    assert not theirs.failure
    tree = Tree.around((root,))
    settings = Settings(paths=(root,), today=date(2026, 11, 22), workspace="default")
    loaded = load((root,), tree, settings, lambda _: None)
    assert tree.diagnostics == []
    # Modules that the root does not call are roots of their own to us.
    ours = {r.address: r for r in loaded.resources if r.scope.path == "."}
    different: list[Difference] = []
    both = ours.keys() & theirs.resources.keys()
    for address in sorted(both):
        resource = ours[address]
        program = resource.origin._instance.module.program  # type: ignore[attr-defined]
        comparison = Comparison(address, program, resource.origin, **loaded.sources)
        different += comparison.attributes(resource.attributes, theirs.resources[address])
    return Beside(both, ours.keys() - theirs.resources.keys(), theirs.resources.keys() - ours.keys(), different)


def matches(pattern: str, text: str) -> bool:
    """Whether a row of a table is about this; `*` stands for anything."""
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), text) is not None


def explained(found: Difference) -> bool:
    return any(matches(address, found.address) and matches(path, found.path) for address, path in DIFFERENT)


def not_reached(name: str, address: str) -> bool:
    """Whether it is a resource of a call that tfparse does not come to in this root."""
    return name in ("sound", "flawed") and address.split(".")[1].partition("[")[0] in REST


@pytest.mark.parametrize("name", TREES)
def test_the_resources_are_the_same(beside: dict[str, Beside], name: str) -> None:
    found = beside[name]
    assert len(found.compared) >= (60 if "64" in name else 140)
    assert found.invented == set()
    left_out = {a for a in found.left_out if not any(matches(row, a) for row in LEFT_OUT) and not not_reached(name, a)}
    assert left_out == set()


@pytest.mark.parametrize("name", TREES)
def test_the_attributes_are_the_same(beside: dict[str, Beside], name: str) -> None:
    different = [str(found) for found in beside[name].different if not explained(found)]
    assert not different, "\n".join(different)


@pytest.mark.parametrize("name", ["sound", "flawed"])
def test_all_of_the_estate_was_compared(beside: dict[str, Beside], name: str) -> None:
    whole, rest = beside[name], beside[f"{name}: the rest"]
    never = (whole.left_out | rest.left_out) - whole.compared - rest.compared
    assert {address for address in never if not any(matches(row, address) for row in LEFT_OUT)} == set()
    assert len(whole.compared | rest.compared) > 430


def test_every_row_explains_something(beside: dict[str, Beside]) -> None:
    left_out = set().union(*(found.left_out for found in beside.values()))
    assert [row for row in LEFT_OUT if not any(matches(row, address) for address in left_out)] == []
    different = {(found.address, found.path) for found_ in beside.values() for found in found_.different}
    rows = [
        (a, p) for a, p in DIFFERENT if not any(matches(a, address) and matches(p, path) for address, path in different)
    ]
    assert rows == []


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Root, Reading]]:
    """The small modules, each of them a root, read twice."""
    top = tmp_path_factory.mktemp("cases").resolve()
    ours = {name: root_of(top / name, case) for name, case in {**CASES, **UNKNOWN}.items()}
    return dict(zip(ours, zip(ours.values(), read([top / name for name in ours]), strict=True), strict=True))


def of_case(root: Root, theirs: Reading) -> Iterator[Difference]:
    sources = {file.path: file.text for module in root.program.modules() for file in module.files}
    assert root.resources.keys() == theirs.resources.keys()
    for address, values in theirs.resources.items():
        instance = root.resources[address]
        comparison = Comparison(address, root.program, TerraformOrigin(instance), **sources)
        yield from comparison.attributes(instance.attributes(), values)
    if "output.result" in theirs.outputs:
        comparison = Comparison("output.result", root.program)
        yield from comparison.differences(root.output("result"), theirs.outputs["output.result"], ())


@pytest.mark.parametrize("name", [*CASES, *UNKNOWN])
def test_a_module_is_the_same(cases: dict[str, tuple[Root, Reading]], name: str) -> None:
    root, theirs = cases[name]
    different = [f"process: {theirs.failure}"] if theirs.failure else [str(found) for found in of_case(root, theirs)]
    assert bool(different) == (name in CASES_DIFFER), "\n".join(different) or "it does not differ any more"


def test_what_aborts_tfparse_does_not_take_the_others_with_it(tmp_path: Path) -> None:
    texts = {
        "before": 'output "result" { value = 1 }\n',
        "aborts": 'resource "terraform_data" "a" {\n  dynamic "x" {\n    for_each = 5\n    content {}\n  }\n}\n',
        "after": 'output "result" { value = 2 }\n',
        "refused": 'output "result" { value = \n',
    }
    for name, text in texts.items():
        root_of(tmp_path / name, text)
    before, aborts, after, refused = read([tmp_path / name for name in texts])
    assert (before.outputs, after.outputs) == ({"output.result": 1}, {"output.result": 2})
    assert "panic" in aborts.failure
    assert refused.outputs == {}
