"""Generated CloudFormation templates with a chosen number of resources, the same bytes every time.

    python bench/generate_templates.py 1000 some/directory

Ten resources a tenant, five tenants a template, as CloudFormation's limit of 500 resources would have it; about one
setting in ten is wrong.
"""

from __future__ import annotations

import sys
from pathlib import Path
from random import Random

from generate import read, token

PER_TENANT = 10
TENANTS = 5
"""Of one template."""
HEAD = """\
AWSTemplateFormatVersion: "2010-09-09"
Parameters:
  Environment: {Type: String, Default: production, AllowedValues: [production, staging]}
  Network: {Type: "AWS::EC2::VPC::Id"}
Mappings:
  Sizes:
    production: {Database: db.r6g.large}
    staging: {Database: db.t4g.medium}
Conditions:
  Production: !Equals [!Ref Environment, production]
Resources:
"""


def generate(directory: Path, resources: int) -> int:
    """Write this many resources, rounded up to whole tenants; the number of templates."""
    random = Random(resources)
    body = read("stack")
    directory.mkdir(parents=True, exist_ok=True)
    tenants = range(-(-resources // PER_TENANT))
    templates = [tenants[start : start + TENANTS] for start in range(0, len(tenants), TENANTS)]
    for number, of in enumerate(templates):
        text = HEAD
        for tenant in of:
            values = {
                "i": lambda tenant=tenant: str(tenant),
                "tenant": lambda tenant=tenant: f"clinic-{tenant}",
                "flag": lambda: "true" if random.random() < 0.9 else "false",
                "days": lambda: str(random.choice([1, 30, 35, 2557])),
            }
            text += token.sub(lambda found, values=values: values[found[1]](), body)
        (directory / f"tenants-{number:04}.yaml").write_text(text, encoding="utf-8")
    return len(templates)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: generate_templates.py RESOURCES DIRECTORY")
    print(f"{sys.argv[1]} resources in {generate(Path(sys.argv[2]), int(sys.argv[1]))} templates")
