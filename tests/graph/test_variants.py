"""Native types that are several of ours: which row describes a resource, and what is said where that is not known."""

from __future__ import annotations

import pytest

from phiward.graph.resource_graph import ResourceGraph
from phiward.graph.view import View
from phiward.model.resource import Resource
from phiward.model.value import Reference, Unknown, Value
from phiward.pack import load_pack
from tests.graph.small import At, scope

PACK = load_pack()
VAR = Unknown("the parameter Kind has no value", "pass it")


def view(native: str, **attributes: Value) -> View | None:
    root = scope()
    resources = [
        Resource("cloudformation", native, "It", attributes, At("template.yaml", 1), root),
        Resource(
            "cloudformation", "AWS::RDS::DBCluster", "Cluster", {"Engine": "aurora-mysql"}, At("template.yaml", 1), root
        ),
    ]
    return ResourceGraph(resources, PACK).view("It", root)


@pytest.mark.parametrize(
    ("native", "attributes", "type_"),
    [
        ("AWS::FSx::FileSystem", {"FileSystemType": "WINDOWS"}, "aws.fsx.windows-file-system"),
        ("AWS::FSx::FileSystem", {"FileSystemType": "lustre"}, "aws.fsx.lustre-file-system"),
        ("AWS::KMS::Key", {}, "aws.kms.key"),
        ("AWS::KMS::Key", {"Origin": "AWS_KMS"}, "aws.kms.key"),
        ("AWS::KMS::Key", {"Origin": "EXTERNAL"}, "aws.kms.external-key"),
        ("AWS::RDS::DBInstance", {}, "aws.rds.instance"),
        ("AWS::RDS::DBInstance", {"DBClusterIdentifier": ""}, "aws.rds.instance"),
        ("AWS::RDS::DBInstance", {"DBClusterIdentifier": Reference("Cluster")}, "aws.rds.cluster-instance"),
    ],
)
def test_what_is_written_tells_which_row(native: str, attributes: dict[str, Value], type_: str) -> None:
    found = view(native, **attributes)
    assert found is not None
    assert found.row.type == type_
    assert found.doubt is None


def test_a_kind_that_no_row_describes_is_not_modelled() -> None:
    assert view("AWS::FSx::FileSystem", FileSystemType="NEWEST") is None


@pytest.mark.parametrize(
    ("native", "path", "type_", "name"),
    [
        ("AWS::FSx::FileSystem", "FileSystemType", "aws.fsx.windows-file-system", "encryption.at_rest"),
        ("AWS::KMS::Key", "Origin", "aws.kms.key", "key.rotation"),
        ("AWS::RDS::DBInstance", "DBClusterIdentifier", "aws.rds.instance", "backup.retention_days"),
    ],
)
def test_nothing_is_said_of_a_resource_that_may_be_of_another_kind(
    native: str, path: str, type_: str, name: str
) -> None:
    found = view(native, **{path: VAR})
    assert found is not None
    assert found.row.type == type_
    value = found.property(name)
    assert isinstance(value, Unknown)
    assert path in value.reason
    assert VAR.reason in value.reason
