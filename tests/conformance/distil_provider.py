"""The attributes and blocks of the AWS provider's resource types that the pack names -> `aws_provider.json`.

Run by hand when the pack names a new type, or for another version of the provider:

    npm pack @cdktf/provider-aws@21.22.1 && tar xzf cdktf-provider-aws-21.22.1.tgz
    python tests/conformance/distil_provider.py package

The package holds classes that were generated from the schema of a release of the provider (6.25.0 for this version);
each reads its attributes by the name that Terraform gives them.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import TypeAlias

REPOSITORY = Path(__file__).resolve().parents[2]
DISTILLED = Path(__file__).with_name("aws_provider.json")
NAMING = ("rules/**/*.yaml", "src/phiward/**/*.py")
"""What may name a resource type that a path is read of."""

Shape: TypeAlias = "dict[str, Shape] | str"
"""A block's names; `""` for an attribute without any, `"*"` for one with keys of any name."""

_class = re.compile(r"^class (\w+) extends [\w.]+ \{\n(.*?)^\}$", re.MULTILINE | re.DOTALL)
_attribute = re.compile(r"this\.(get(?:\w*?)(Map|)Attribute|interpolationForAttribute)\(['\"](\w+)['\"]\)")
_nested = re.compile(r"new (\w+?)(?:Map|)(?:List|Map|OutputReference)\(this, ['\"](\w+)['\"]")
_native = re.compile(r"tfResourceType = ['\"](\w+)['\"]")


def named_types() -> set[str]:
    """The AWS resource types that the pack or the program names."""
    files = [path for pattern in NAMING for path in REPOSITORY.glob(pattern)]
    return {name for path in files for name in re.findall(r"\baws_[a-z0-9_]+", path.read_text())}


def shape(classes: dict[str, str], body: str) -> Shape:
    found: dict[str, Shape] = {
        name: "*" if map_ or how == "interpolationForAttribute" else "" for how, map_, name in _attribute.findall(body)
    }
    for class_, name in _nested.findall(body):
        inner = classes.get(f"{class_}OutputReference")
        found[name] = shape(classes, inner) if inner else "*"
    return dict(sorted(found.items()))


def distil(package: Path) -> dict[str, Shape]:
    """Every named type that the package has."""
    wanted = named_types()
    found: dict[str, Shape] = {}
    for path in sorted((package / "lib").glob("*/index.js")):
        if path.parent.name.startswith("data-aws-"):
            continue  # data sources go by the same names
        text = path.read_text()
        native = _native.search(text)
        if native is None or native[1] not in wanted:
            continue
        classes = dict(_class.findall(text))
        main = next(body for body in classes.values() if "synthesizeAttributes()" in body)
        found[native[1]] = shape(classes, main)
    return found


def version(package: Path) -> str:
    documented = re.search(
        r"providers/hashicorp/aws/([\d.]+)/", (package / "lib" / "s3-bucket" / "index.d.ts").read_text()
    )
    assert documented is not None
    return documented[1]


def main() -> None:
    package = Path(sys.argv[1])
    lines = [f'"version": {json.dumps(version(package))}']
    lines += [
        f"{json.dumps(name)}: {json.dumps(found, separators=(',', ':'))}" for name, found in distil(package).items()
    ]
    DISTILLED.write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
