"""Generated Kubernetes manifests of a chosen number, the same bytes every time.

    python bench/generate_manifests.py 10000 some/directory

Ten objects a tenant, each in a file of its own below the tenant's directory; about one setting in ten is wrong. Every
tenant is in one cluster, so that the policies of all of them are judged together.
"""

from __future__ import annotations

import sys
from pathlib import Path
from random import Random

from generate import read, token

CLUSTER = """\
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata:
  name: records
provisioner: ebs.csi.aws.com
parameters:
  type: gp3
  encrypted: "true"
"""


def generate(directory: Path, objects: int) -> int:
    """Write this many objects, and the class of their volumes; the number of files."""
    random = Random(objects)
    texts = read("manifests").split("---\n")
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "storage-class.yaml").write_text(CLUSTER, encoding="utf-8")
    for number in range(objects):
        tenant, place = divmod(number, len(texts))
        values = {
            "i": lambda tenant=tenant: str(tenant),
            "tenant": lambda tenant=tenant: f"clinic-{tenant}",
            "flag": lambda: "true" if random.random() < 0.9 else "false",
        }
        text = token.sub(lambda found, values=values: values[found[1]](), texts[place])
        folder = directory / f"clinic-{tenant}"
        folder.mkdir(exist_ok=True)
        kind = text.partition("kind: ")[2].partition("\n")[0].lower()
        (folder / f"{kind}.yaml").write_text(text, encoding="utf-8")
    return objects + 1


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: generate_manifests.py OBJECTS DIRECTORY")
    print(f"{sys.argv[1]} objects in {generate(Path(sys.argv[2]), int(sys.argv[1]))} files")
