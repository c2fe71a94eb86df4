"""Generated whole modules: our values, types and instances beside those of the real `terraform plan`.

Many modules are planned in one run, each called by one root. Terraform refuses a few; they are left out.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.conformance.module_grammar import MODULES
from tests.conformance.oracle import run, terraform, write
from tests.conformance.test_types_against_terraform import conforms, nulls_in, written

from phiward.loaders.terraform.evaluation import materialise
from phiward.loaders.terraform.program import ModuleCache, Program
from phiward.loaders.terraform.value_types import type_of
from phiward.loaders.tree import Tree
from phiward.model.value import Partial, Reference, Unknown

pytestmark = pytest.mark.terraform

BATCH = 40
Files = dict[str, str]


class _NotKnown:
    """Stands for a value that is not known."""

    def __repr__(self) -> str:
        return "(not known)"


NOT_KNOWN = _NotKnown()


def plan_of(cases: list[Files], directory: Path) -> tuple[dict[str, Any], set[int]]:
    """The JSON of a plan that calls every module, and which of them Terraform takes."""
    kept = set(range(len(cases)))
    for number, files in enumerate(cases):
        write({f"m{number}/{name}": text for name, text in files.items()}, directory)
    for _ in range(5):
        root = []
        for number in sorted(kept):
            root.append(f'module "m{number}" {{\n  source = "./m{number}"\n}}\n')
            root += [
                f'output "m{number}_{n}" {{\n  value = module.m{number}.{n}\n}}\n' for n in outputs_of(cases[number])
            ]
        write({"main.tf": "".join(root)}, directory)
        run("init", "-no-color", directory=directory)
        done = run("plan", "-no-color", "-out=p", directory=directory)
        if done.returncode == 0:
            return json.loads(terraform("show", "-json", "p", directory=directory)), kept
        refused = {int(found) for found in re.findall(r"\bm(\d+)\b", done.stderr)}
        assert refused & kept, done.stderr
        kept -= refused
    raise AssertionError(done.stderr)


def outputs_of(files: Files) -> list[str]:
    return re.findall(r'^output "(\w+)"', files["main.tf"], re.MULTILINE)


def with_gaps(after: Any, unknown: Any) -> Any:
    """A planned value with NOT_KNOWN where the plan says so; what it says is left out of the value."""
    if unknown is True:
        return NOT_KNOWN
    if isinstance(unknown, dict) and isinstance(after, dict):
        return {key: with_gaps(after.get(key), unknown.get(key)) for key in {**after, **unknown}}
    if isinstance(unknown, list) and isinstance(after, list):
        wide = max(len(after), len(unknown))
        after, unknown = after + [None] * (wide - len(after)), unknown + [None] * (wide - len(unknown))
        return list(map(with_gaps, after, unknown))
    return after


def as_planned(value: Any) -> Any:
    """Our value in the same form."""
    if isinstance(value, (Unknown, Reference, Partial)):
        return NOT_KNOWN
    if isinstance(value, list):
        return [as_planned(item) for item in value]
    if isinstance(value, dict):
        return {key: as_planned(item) for key, item in value.items()}
    return value


def agree(ours: Any, theirs: Any) -> bool:
    """Whether we say nothing else than Terraform; either may not know what the other knows."""
    if theirs is NOT_KNOWN or ours is NOT_KNOWN:
        return True
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return ours.keys() == theirs.keys() and all(agree(ours[key], theirs[key]) for key in theirs)
    if isinstance(ours, list) and isinstance(theirs, list):
        if len(ours) != len(theirs):  # elements of a set that are not known may be one and the same
            return gaps_in(ours)
        return all(map(agree, ours, theirs))
    numbers = {type(ours), type(theirs)} == {int, float}
    return bool(ours == theirs) and (type(ours) is type(theirs) or numbers)


def addresses_in(module: dict[str, Any]) -> set[str]:
    found = {resource["address"] for resource in module.get("resources", ())}
    return found.union(*map(addresses_in, module.get("child_modules", ())))


def gaps_in(value: Any) -> bool:
    if isinstance(value, (list, dict)):
        return any(map(gaps_in, value.values() if isinstance(value, dict) else value))
    return value is NOT_KNOWN


def compare(cases: list[Files], directory: Path) -> Counter[str]:
    """Every output and address of the modules beside the plan. Counts what was compared."""
    shown, kept = plan_of(cases, directory)
    planned, changes = shown["planned_values"], shown.get("output_changes", {})
    program = Program(directory, ModuleCache(Tree.around((directory,))), {}, "default")
    instances = {instance.address for instance in program.resource_instances()}
    planned_instances = addresses_in(planned["root_module"])
    counts: Counter[str] = Counter(modules=len(cases), taken=len(kept), instances=len(planned_instances))
    wrong = [f"only we have {address}" for address in sorted(instances - planned_instances)]
    wrong += [f"only Terraform has {address}" for address in sorted(planned_instances - instances)]
    for number in sorted(kept):
        for name in outputs_of(cases[number]):
            output = f"m{number}_{name}"
            change = changes.get(output, {})
            theirs = with_gaps(change.get("after"), change.get("after_unknown"))
            value = materialise(program.root.output(output), program.root.env)
            ours = as_planned(value)
            counts["outputs"] += 1
            counts["decided"] += not gaps_in(theirs)
            counts["lost"] += gaps_in(ours) and not gaps_in(theirs)
            if not agree(ours, theirs):
                wrong.append(f"{output}\n  Terraform: {theirs!r}\n  ours:      {ours!r}")
            elif not (gaps_in(ours) or gaps_in(theirs) or nulls_in(theirs)):
                type_, our_type = planned["outputs"][output]["type"], written(type_of(value))
                if not conforms(our_type, type_):
                    wrong.append(f"{output} = {theirs}\n  Terraform: {type_}\n  ours:      {our_type}")
    assert not wrong, "\n".join([*wrong, *sources(wrong, cases)])
    return counts


def sources(wrong: list[str], cases: list[Files]) -> Iterator[str]:
    """The text of the first module that something is wrong with."""
    found = re.search(r"\bm(\d+)", wrong[0])
    for name, text in cases[int(found.group(1))].items() if found else ():
        yield f"\n# {name}\n{text}"


def check(batches: int, directory: Path, **how: bool) -> None:
    counts: Counter[str] = Counter()

    @settings(
        max_examples=batches,
        phases=[Phase.generate],
        deadline=None,
        suppress_health_check=list(HealthCheck),
        database=None,
        **how,
    )
    @given(st.lists(MODULES, min_size=BATCH, max_size=BATCH))
    def compare_batch(cases: list[Files]) -> None:
        counts.update(compare(cases, directory / str(counts["modules"])))

    compare_batch()
    assert counts["taken"] > 0.8 * counts["modules"]
    assert 0.8 * counts["outputs"] < counts["decided"] < counts["outputs"]
    # Terraform sees some differences of what is not known by its type or by how long it may be.
    assert counts["lost"] <= 0.01 * counts["decided"]
    assert counts["instances"] > counts["taken"]


def test_a_few_modules(tmp_path: Path) -> None:
    check(3, tmp_path.resolve(), derandomize=True)


@pytest.mark.heavy
def test_many_modules(tmp_path: Path) -> None:
    check(60, tmp_path.resolve())
