"""Which major versions of the AWS provider a root may be applied with.

The lock file decides where there is one; else what `required_providers` of the root and of its modules admits together.
Sources: developer.hashicorp.com/terraform/language, "Version constraints", "Dependency lock file".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from phiward.loaders.terraform.bodies import body_values
from phiward.loaders.terraform.lexical import HclSyntaxError
from phiward.loaders.terraform.module_instance import ModuleInstance
from phiward.loaders.terraform.parser import parse
from phiward.loaders.terraform.program import Program
from phiward.loaders.terraform.syntax import Block, Literal
from phiward.loaders.tree import Tree
from phiward.model.value import Value

LOCK_FILE = ".terraform.lock.hcl"
_PROVIDER = "hashicorp/aws"
_MAJORS = range(1, 100)
_LAST = 10**6
"""Stands for the newest minor and patch release of a major version, whichever that is."""
_term = re.compile(r"\s*(=|!=|>=|<=|>|<|~>)?\s*v?([0-9]{1,6})(?:\.([0-9]{1,6}))?(?:\.([0-9]{1,6}))?\s*")

Version = tuple[int, int, int]
Test = Callable[[Version], bool]


def provider_majors(program: Program) -> frozenset[int] | None:
    """The major versions that may be in use; None where nothing says."""
    locked = _locked(program.directory, program.tree)
    constraints = [locked] if locked is not None else list(required(program.module_instances()))
    return admitted(constraints) if constraints else None


def planned_majors(providers: Mapping[str, Any], directory: Path, tree: Tree) -> frozenset[int] | None:
    """The same for a plan: by the lock file beside it, else by the constraints that its configuration repeats."""
    locked = _locked(directory, tree)
    constraints = [locked] if locked is not None else [text for text in map(_constraint, providers.values()) if text]
    return admitted(constraints) if constraints else None


def _constraint(provider: Any) -> str:
    if not isinstance(provider, dict):
        return ""
    name = str(provider.get("full_name", _PROVIDER if provider.get("name") == "aws" else ""))
    wanted = provider.get("version_constraint")
    return wanted if isinstance(wanted, str) and name.endswith(_PROVIDER) else ""


def admitted(constraints: Iterable[str]) -> frozenset[int]:
    """The major versions of which some release satisfies every constraint; what is no constraint asks for nothing."""
    terms = [term for text in constraints for term in map(_term.fullmatch, text.split(",")) if term is not None]
    tests = [_test(term) for term in terms]
    mentioned = [_version(term) for term in terms]
    return frozenset(major for major in _MAJORS if _some(major, tests, mentioned))


def _some(major: int, tests: list[Test], mentioned: list[Version]) -> bool:
    """Whether a release of a major version passes: one of those that are named, their neighbours, or the outermost."""
    named = [v for v in mentioned if v[0] == major]
    candidates = [(major, 0, 0), (major, _LAST, _LAST), *named]
    candidates += [(major, minor, patch + 1) for _, minor, patch in named]
    candidates += [(major, minor, patch - 1) for _, minor, patch in named if patch]
    candidates += [(major, minor - 1, _LAST) for _, minor, _ in named if minor]
    return any(all(test(candidate) for test in tests) for candidate in candidates)


def _version(term: re.Match[str]) -> Version:
    return int(term[2]), int(term[3] or 0), int(term[4] or 0)


def _test(term: re.Match[str]) -> Test:
    bound = _version(term)
    comparisons: dict[str, Test] = {
        "=": lambda v: v == bound,
        "!=": lambda v: v != bound,
        ">": lambda v: v > bound,
        ">=": lambda v: v >= bound,
        "<": lambda v: v < bound,
        "<=": lambda v: v <= bound,
    }
    if term[1] != "~>":
        return comparisons[term[1] or "="]
    if term[4] is not None:  # the patch may grow
        return lambda v: v >= bound and v[:2] == bound[:2]
    if term[3] is not None:  # the minor version may
        return lambda v: v >= bound and v[0] == bound[0]
    return lambda v: v >= bound


def _locked(directory: Path, tree: Tree) -> str | None:
    """The version of the AWS provider that the lock file of a directory names."""
    path = directory / LOCK_FILE
    text = tree.read(path) if tree.inside(path) and tree.outside.is_file(path) else None
    if text is None:
        return None
    try:
        blocks = parse(text, LOCK_FILE).body.blocks
    except HclSyntaxError:
        return None
    for block in blocks:
        if block.type == "provider" and block.labels and block.labels[0].endswith(f"/{_PROVIDER}"):
            version = block.body.attributes.get("version")
            if version is not None and isinstance(version.value, Literal):
                return str(version.value.value)
    return None


def required(modules: Iterable[ModuleInstance]) -> Iterator[str]:
    """What the `terraform` blocks of modules ask of the AWS provider."""
    for module in modules:
        for block in module.source.settings:
            yield from _required(block, module)


def _required(block: Block, module: ModuleInstance) -> Iterator[str]:
    """What a `terraform` block asks of the AWS provider, in the native syntax or in JSON."""
    required = body_values(block.body, module.env).get("required_providers")
    for named in required if isinstance(required, list) else [required]:
        for name, wanted in named.items() if isinstance(named, dict) else ():
            version = _version_of(name, wanted)
            if isinstance(version, str):
                yield version


def _version_of(name: str, wanted: Value) -> Value:
    if isinstance(wanted, str):  # as before Terraform 0.13: the name alone says which provider
        return wanted if name == "aws" else None
    if not isinstance(wanted, dict):
        return None
    source = wanted.get("source", f"hashicorp/{name}")
    return wanted.get("version") if isinstance(source, str) and source.endswith(_PROVIDER) else None
