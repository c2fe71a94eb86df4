"""A root written below a directory and evaluated: what the tests of the Terraform loader share."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from phiward.loaders.terraform.evaluation import materialise
from phiward.loaders.terraform.program import ModuleCache, Program, RawText, ResourceInstance
from phiward.loaders.tree import Tree


@dataclass
class Root:
    program: Program
    resources: dict[str, ResourceInstance]

    def output(self, name: str) -> Any:
        """As the module gives it, references kept."""
        return self.program.root.output(name)

    def value(self, name: str) -> Any:
        """With what is configured in the place of references."""
        return materialise(self.output(name), self.program.root.env)

    def attributes(self, address: str) -> dict[str, Any]:
        return self.resources[address].attributes()

    @property
    def diagnostics(self) -> list[str]:
        return [d.message for d in self.program.tree.diagnostics]


def root_of(directory: Path, files: dict[str, str] | str, **variables: Any) -> Root:
    for name, text in ({"main.tf": files} if isinstance(files, str) else files).items():
        target = directory / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8", newline="")
    directory = directory.resolve()
    given = {name: RawText(value) if isinstance(value, str) else value for name, value in variables.items()}
    program = Program(directory, ModuleCache(Tree.around((directory,))), given, "default")
    return Root(program, {instance.address: instance for instance in program.resource_instances()})
