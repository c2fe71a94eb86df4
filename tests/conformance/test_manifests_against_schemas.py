"""The estate's manifests are valid objects of the Kubernetes API, by the schemas of the API itself."""

from __future__ import annotations

from pathlib import Path

import kubernetes_validate
import pytest
import yaml
from tests.conftest import REPOSITORY

ESTATE = REPOSITORY / "fixtures" / "ehr-saas"
FILES = sorted(path for estate in ("sound", "flawed") for path in (ESTATE / estate / "kubernetes").rglob("*.yaml"))
CUSTOM = ("istio.io", "velero.io", "argoproj.io", "external-secrets.io")
"""Groups whose kinds are custom resources: the API's own schemas do not describe them."""


@pytest.mark.parametrize("path", FILES, ids=[path.relative_to(ESTATE).as_posix() for path in FILES])
def test_every_object_is_valid(path: Path) -> None:
    version = kubernetes_validate.latest_version()
    for document in yaml.safe_load_all(path.read_text()):
        try:
            kubernetes_validate.validate(document, version, strict=True)
        except kubernetes_validate.SchemaNotFoundError:
            assert any(group in document["apiVersion"] for group in CUSTOM), document["apiVersion"]


def test_an_invalid_object_is_told() -> None:
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(
            {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": {"containers": {}}},
            kubernetes_validate.latest_version(),
            strict=True,
        )
