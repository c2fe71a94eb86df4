"""Whole modules against the real `terraform plan`: resources of the built-in provider and outputs, nothing downloaded."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tests.conformance import oracle
from tests.conformance.module_cases import CASES, UNKNOWN
from tests.conformance.oracle import write

from phiward.loaders.terraform.evaluation import materialise
from phiward.loaders.terraform.loader import load
from phiward.loaders.terraform.program import ModuleCache, Program
from phiward.loaders.tree import Tree
from phiward.model.value import Partial, Reference, Unknown, plain
from phiward.settings import Settings

pytestmark = pytest.mark.terraform

TODAY = date(2026, 11, 22)


@dataclass(frozen=True)
class Planned:
    """Theirs: what the plan says. Ours: the program, and the resources that the loader makes."""

    outputs: dict[str, Any]
    resources: dict[str, Any]
    program: Program
    loaded: dict[str, Any]

    def output(self, name: str) -> Any:
        return materialise(self.program.root.output(name), self.program.root.env)


def plan(directory: Path, settings: Settings, *options: str, **environment: str) -> Planned:
    """One run of Terraform and one of ours, over the same root."""
    theirs = oracle.plan(directory, *options, **environment)
    tree = Tree.around((directory,))
    loaded = load((directory,), tree, settings, lambda _: None)
    assert tree.diagnostics == []
    program = Program(directory, ModuleCache(tree), {}, "default")
    program.resource_instances()
    return Planned(
        theirs.outputs,
        theirs.resources,
        program,
        {resource.address: resource for resource in loaded.resources},
    )


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Planned:
    directory = tmp_path_factory.mktemp("cases").resolve()
    root = []
    for name, case in {**CASES, **UNKNOWN}.items():
        files = {"main.tf": case} if isinstance(case, str) else case
        write(files, directory / name)
        root.append(f'module "{name}" {{\n  source = "./{name}"\n}}\n')
        if any('"result"' in text for text in files.values()):
            hidden = "  sensitive = true\n" if "sensitive" in name else ""
            root.append(f'output "{name}" {{\n  value = module.{name}.result\n{hidden}}}\n')
    write({"main.tf": "".join(root)}, directory)
    return plan(directory, Settings(paths=(directory,), today=TODAY, workspace="default"))


def as_json(value: Any) -> Any:
    return json.loads(json.dumps(value)) if plain(value) else value


@pytest.mark.parametrize("name", CASES)
def test_a_module_is_read_as_terraform_plans_it(planned: Planned, name: str) -> None:
    if name in planned.outputs:
        assert as_json(planned.output(name)) == planned.outputs[name]
    prefix = f"module.{name}."
    theirs = {address: value for address, value in planned.resources.items() if address.startswith(prefix)}
    ours = {address: r for address, r in planned.loaded.items() if address.startswith(prefix)}
    assert set(ours) == set(theirs)
    env = planned.program.root.env
    for address, value in theirs.items():
        assert as_json(materialise(ours[address].attributes.get("input"), env)) == value, address


@pytest.mark.parametrize("name", UNKNOWN)
def test_what_terraform_does_not_know_is_not_known(planned: Planned, name: str) -> None:
    assert planned.outputs[name] is None
    value = planned.output(name)
    assert not plain(value)
    if not isinstance(value, list):
        assert isinstance(value, (Unknown, Partial, Reference))
        assert "apply" in str(value) or "applied" in str(value) or name == "timestamp"


def test_forty_modules_at_least() -> None:
    assert len(CASES) + len(UNKNOWN) >= 40


VARIABLES = 'variable "a" {}\nvariable "b" {}\nvariable "c" {}\nvariable "d" {}\nvariable "e" {}\nvariable "f" {}\n'
TYPED = (
    'variable "l" { type = list(string) }\nvariable "o" { type = any }\nvariable "n" { type = number }\n'
    'variable "t" {}\nvariable "z" { default = "dflt" }\n'
)


def test_variables_come_from_where_terraform_takes_them(tmp_path: Path) -> None:
    names = ["a", "b", "c", "d", "e", "f", "l", "o", "n", "t", "z"]
    write(
        {
            "main.tf": VARIABLES + TYPED + "".join(f'output "{n}" {{ value = var.{n} }}\n' for n in names),
            "terraform.tfvars": 'b = "tfvars"\nc = "tfvars"\nd = "tfvars"\ne = "tfvars"\nf = "tfvars"\n',
            "terraform.tfvars.json": '{"c": "json", "d": "json", "e": "json", "f": "json"}',
            "a.auto.tfvars": 'd = "auto-a"\ne = "auto-a"\nf = "auto-a"\n',
            "b.auto.tfvars.json": '{"e": "auto-b", "f": "auto-b"}',
            "given.tfvars": 'f = "given"\n',
            "other.tfvars": 'a = "never read"\n',
        },
        tmp_path,
    )
    environment = {n: f"env-{n}" for n in "abc"} | {"l": '["x", "y"]', "o": '{ k = [1, "a"] }', "n": "5", "t": '["x"]'}
    settings = Settings(
        paths=(tmp_path,),
        today=TODAY,
        environment_variables=environment,
        variable_files=(tmp_path / "given.tfvars",),
        variables={"e": "flag"},
    )
    options = ["-var-file=given.tfvars", "-var", "e=flag"]
    found = plan(tmp_path, settings, *options, **{f"TF_VAR_{k}": v for k, v in environment.items()})
    expected = {"a": "env-a", "b": "tfvars", "c": "json", "d": "auto-a", "e": "flag", "f": "given", "n": 5}
    expected |= {"l": ["x", "y"], "o": {"k": [1, "a"]}, "t": '["x"]', "z": "dflt"}
    assert found.outputs == expected  # so says Terraform
    assert outputs_of(tmp_path, settings) == expected


def outputs_of(directory: Path, settings: Settings) -> dict[str, Any]:
    """Our outputs of a root, through a resource for each: the loader alone puts the variables together."""
    main = directory / "main.tf"
    text = main.read_text(encoding="utf-8")
    names = [line.split('"')[1] for line in text.splitlines() if line.startswith("output")]
    main.write_text(text + "".join(f'resource "terraform_data" "{n}" {{ input = var.{n} }}\n' for n in names))
    loaded = load((directory,), Tree.around((directory,)), replace(settings, workspace="default"), lambda _: None)
    return {resource.address.split(".")[1]: resource.attributes["input"] for resource in loaded.resources}
