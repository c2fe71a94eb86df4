"""Generated Terraform trees of a chosen size, the same bytes every time.

    python bench/generate.py 10000 some/directory [RESOURCES_PER_ROOT [TENANTS_PER_ROOT]]

About half of the resources are written out in files of a root, the other half come from a module that is called for
each tenant and calls another one. A large tree is a repository of several roots that share the modules.

`templates/` holds the Terraform: `<i>` is the number of a group of resources, `<flag>` mostly true, `<days>` a
retention, `<key>` a reference to some key of the root, `<tenant>` a tenant's name.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from random import Random

TEMPLATES = Path(__file__).resolve().parent / "templates"
PER_ROOT = 2500
"""Resources of one root, unless asked otherwise."""
_GROUPS = {"keys": 2, "documents": 6, "databases": 7, "messaging": 5, "services": 9, "sessions": 3, "functions": 5}
"""Templates, and how many resources each declares."""
_NETWORK, _TENANT_MODULE, _STORE_MODULE = 7, 8, 5
_PER_FILE = 8
_PER_TENANT = _TENANT_MODULE + _STORE_MODULE
_ROUND = sum(_GROUPS.values())
_SMALLEST = _NETWORK + _ROUND + _PER_TENANT
_TENANT = '    "<tenant>" = { retention = <days>, encrypted = <flag> }'
token = re.compile(r"<(\w+)>")


@lru_cache
def read(template: str) -> str:
    """The text of a template."""
    return (TEMPLATES / f"{template}.tmpl").read_text(encoding="utf-8")


@dataclass(slots=True)
class Root:
    """One root in the making: its files, and how many resources are still to be written."""

    name: str
    left: int
    modules: str
    random: Random
    keys: int = 1
    files: dict[str, list[str]] = field(default_factory=dict)

    def add(self, file: str, template: str, size: int, number: int) -> None:
        """Write one group of resources."""
        self.left -= size
        self.files.setdefault(f"{file}.tf", []).append(self.fill(read(template), number))

    def fill(self, text: str, number: int, tenant: str = "") -> str:
        """Fill a template in; flaws are spread as they are in real trees, about one setting in ten."""
        values = {
            "i": lambda: str(number),
            "stack": lambda: self.name,
            "modules": lambda: self.modules,
            "tenant": lambda: tenant or f"clinic-{number % 40}",
            "flag": lambda: "true" if self.random.random() < 0.9 else "false",
            "days": lambda: str(self.random.choice((3653, 3653, 2557, 365, 30))),
            "key": lambda: f"aws_kms_key.key_{number % self.keys}.arn",
            "uuid": lambda: f"{number:08d}-0000-4000-8000-000000000000",
        }
        return token.sub(lambda found: values[found[1]]() if found[1] in values else found[0], text)


def generate(directory: Path, resources: int, per_root: int = PER_ROOT, tenants: int | None = None) -> int:
    """Write a tree of exactly this many managed resources; the number of files. At least 57 resources a root.

    With `tenants`, no root has more of them than that, and more of its resources are written out instead.
    """
    roots = max(1, resources // per_root)
    files = 0
    for number in range(roots):
        size = resources // roots + (number < resources % roots)
        if size < _SMALLEST:
            raise ValueError(f"a root has at least {_SMALLEST} resources")
        name = f"stack-{number:03d}"
        at = directory if roots == 1 else directory / "stacks" / name
        root = Root(name, size, "./modules" if roots == 1 else "../../modules", Random(name))
        _write_root(root, tenants)
        files += _save(at, {name: "\n".join(parts) for name, parts in root.files.items()})
    for module in ("tenant", "store"):
        files += _save(directory / "modules" / module, {"main.tf": read(f"module-{module}")})
    return files


def _write_root(root: Root, most: int | None) -> None:
    root.files["versions.tf"] = [read("versions")]
    root.files["variables.tf"] = [root.fill(read("variables"), 0)]
    root.add("network", "network", _NETWORK, 0)
    called = root.left - root.left // 2 if most is None else min(root.left - root.left // 2, most * _PER_TENANT)
    rounds = root.keys = max(1, (root.left - called) // _ROUND)
    for number in range(rounds):
        for name, size in _GROUPS.items():
            root.add(name if rounds <= _PER_FILE else f"{name}-{number // _PER_FILE:03d}", name, size, number)
    tenants = root.left // _PER_TENANT if most is None else min(root.left // _PER_TENANT, most)
    root.left -= tenants * _PER_TENANT
    entries = "\n".join(root.fill(_TENANT, n, f"clinic-{n}") for n in range(tenants))
    root.files["locals.tf"] = [read("locals").replace("<tenants>", entries)]
    root.files["tenants.tf"] = [root.fill(read("tenants"), 0)]
    for number in range(root.left):
        root.add("jobs", "jobs", 1, number)


def _save(directory: Path, files: dict[str, str]) -> int:
    directory.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (directory / name).write_text(text, encoding="utf-8")
    return len(files)


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4, 5):
        sys.exit("usage: generate.py RESOURCES DIRECTORY [RESOURCES_PER_ROOT [TENANTS_PER_ROOT]]")
    written = generate(Path(sys.argv[2]), int(sys.argv[1]), *map(int, sys.argv[3:]))
    print(f"{sys.argv[1]} resources in {written} files")
