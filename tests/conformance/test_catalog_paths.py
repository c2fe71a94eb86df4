"""Every path of the catalog stands in the schema of the type that it is read of, so that none is misspelt.

A misspelt path reads as one that nobody writes: the default would be judged, whatever stands in the configuration.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest
from tests.conformance.catalog_paths import (
    BACKENDS,
    LIVE_TYPES,
    OTHER_ARGUMENTS,
    OTHER_RELEASES,
    PATHS_IN_ARGUMENTS,
    PROVIDER,
    Place,
    attributes_to_name,
    has_type,
    in_provider,
    places,
    resource_schema,
    word_places,
    words_of,
)
from tests.conformance.computed_reads import texts
from tests.conftest import REPOSITORY

from phiward.graph.computed import SUBJECTS
from phiward.graph.view import TAGS
from phiward.pack import Row, load_pack
from phiward.pack.paths import steps

PACK = load_pack()
ROWS = [pytest.param(row, id=f"{row.type} {row.dialect}") for row in PACK.rows()]
CUSTOM = (
    "argoproj.io", "cert-manager.io", "cilium.io", "constraints.gatekeeper.sh", "consul.hashicorp.com", "external-secrets.io",
    "flagger.app", "gateway.networking.k8s.io", "install.istio.io", "kyverno.io", "linkerd.io",
    "monitoring.coreos.com", "networking.istio.io", "projectcalico.org", "sailoperator.io", "security.istio.io", "velero.io",
)  # fmt: skip
"""Groups of custom resources, and of the control plane's own files: the API's schemas do not describe them."""
CONTROL_PLANE = ("apiserver.config.k8s.io", "audit.k8s.io")


def described_elsewhere(row: Row, native: str) -> bool:
    group = native.rpartition("/")[0]
    return row.dialect == "kubernetes" and (group.endswith(CUSTOM) or group in CONTROL_PLANE)


@pytest.mark.parametrize("row", ROWS)
def test_every_type_exists(row: Row) -> None:
    natives = [*row.native_types, *(native for _, native, _ in row.satellites)]
    unknown = [n for n in natives if not has_type(row.dialect, n) and not described_elsewhere(row, n)]
    unknown = [native for native in unknown if row.dialect != "aws" or native not in LIVE_TYPES]
    assert unknown == []


def test_no_type_is_excused_that_is_described() -> None:
    excused = [n for row in PACK.rows() for n in row.native_types if described_elsewhere(row, n)]
    assert excused
    assert [native for native in excused if has_type("kubernetes", native)] == []


@pytest.mark.parametrize("row", [row for row in ROWS if row.values[0].dialect == "cloudformation"])  # type: ignore[attr-defined]
def test_tags_are_read_where_a_type_has_them(row: Row) -> None:
    """A tenant is known by a tag: one that is not read makes a tenant's store everybody's."""
    for native in row.native_types:
        schema = resource_schema(native)
        assert schema is not None
        holder = schema.get("tagging", {}).get("tagProperty", "").removeprefix("/properties/")
        assert holder in ("", *TAGS["cloudformation"]), native


def test_what_the_release_has_is_not_excused() -> None:
    assert [native for native, name in OTHER_RELEASES if in_provider(native, [name])] == []


@pytest.mark.parametrize("row", ROWS)
def test_every_path_stands_in_its_type(row: Row) -> None:
    missing = [
        str(place)
        for place in places(row)
        if not all(described_elsewhere(row, native) for native in place.natives)
        and not place.stands()
        and not any((native, place.path[0]) in OTHER_RELEASES for native in place.natives)
        and not LIVE_TYPES.intersection(place.natives)
    ]
    assert missing == []


TERRAFORM = {row.type: row for row in PACK.rows() if row.dialect == "terraform"}
WORDED = [pytest.param(row, id=row.type) for row in PACK.rows() if row.words]


@pytest.mark.parametrize("row", WORDED)
def test_every_word_is_one_of_both_dialects(row: Row) -> None:
    assert [str(place) for place in word_places(row, TERRAFORM[row.type]) if not place.stands()] == []


OF_OTHERS = {
    "balances_across_zones": frozenset({"enabled"}),  # the end of a setting's name
    "drops_invalid_headers": frozenset({"enabled"}),  # the end of a setting's name
    "mapped_volumes": frozenset({"enabled", "encrypted", "kms_key_id", "snapshot_id", "volume_id"}),  # of what it made
    "metadata_tokens_required": frozenset({"id", "name"}),  # of the template that a machine names
    "registry_scans": frozenset({"filter", "repository"}),  # of the registry, and in the name of a property
    "security_group_egress": frozenset({"name"}),  # of a prefix list
    "security_group_ingress": frozenset({"name"}),  # of a prefix list
}
"""Attributes' names that a function reads, but not of the type."""
TRANSLATED = [
    pytest.param(row, name, id=f"{row.type} {name}")
    for row in PACK.rows()
    if row.dialect == "cloudformation"
    for name, spec in row.properties.items()
    if "compute" in spec
]


@pytest.mark.parametrize(("row", "name"), TRANSLATED)
def test_what_a_computed_property_reads_has_a_word(row: Row, name: str) -> None:
    if row.type not in TERRAFORM:
        return  # what its functions read stands in their arguments
    read = texts(row.properties[name]["compute"]) & attributes_to_name(row, TERRAFORM[row.type])
    assert read - words_of(row) - OF_OTHERS.get(row.properties[name]["compute"], frozenset()) == set()


def test_every_argument_is_sorted_into_paths_and_words() -> None:
    arguments = {name for row in PACK.rows() for spec in row.properties.values() for name in spec.get("with", ())}
    assert arguments <= PATHS_IN_ARGUMENTS | OTHER_ARGUMENTS


@pytest.mark.parametrize(
    ("dialect", "native", "path"),
    [
        ("terraform", "aws_db_instance", "storage_encryptd"),
        ("terraform", "aws_db_instance", "storage_encrypted.enabled"),
        ("terraform", "aws_dynamodb_table", "server_side_encryption.kms_master_key_id"),
        ("cloudformation", "AWS::RDS::DBInstance", "StorageEncryptd"),
        ("cloudformation", "AWS::S3::Bucket", "VersioningConfiguration.State"),
        ("cloudformation", "AWS::S3::Bucket", "Arn"),
        ("cloudformation", "AWS::S3::Bucket", "DeletionPolicy.Retain"),
        ("kubernetes", "apps/Deployment", "spec.template.spec.container[].image"),
        ("kubernetes", "Pod", "spec.hostNetworks"),
    ],
)
def test_a_misspelt_path_is_told(dialect: str, native: str, path: str) -> None:
    assert not Place("", dialect, [native], steps(path, "")).stands()


@pytest.mark.parametrize(
    ("dialect", "native", "path"),
    [
        ("terraform", "aws_dynamodb_table", "server_side_encryption.kms_key_arn"),
        ("terraform", "aws_db_instance", "tags.Name"),
        ("terraform", "aws_security_group", "ingress[].cidr_blocks"),
        ("cloudformation", "AWS::S3::Bucket", "VersioningConfiguration.Status"),
        ("cloudformation", "AWS::S3::Bucket", "BucketEncryption.ServerSideEncryptionConfiguration[0].BucketKeyEnabled"),
        ("cloudformation", "AWS::S3::BucketPolicy", "PolicyDocument.Statement"),
        ("cloudformation", "AWS::S3::Bucket", "DeletionPolicy"),
        ("kubernetes", "apps/Deployment", "spec.template.spec.containers[].image"),
        ("kubernetes", "Pod", 'metadata.annotations["a.io/b"]'),
    ],
)
def test_a_path_that_stands_is_found(dialect: str, native: str, path: str) -> None:
    assert Place("", dialect, [native], steps(path, "")).stands()


# Paths that computed properties write down themselves

READERS = (
    *(
        f"computed/{name}"
        for name in (
            "databases",
            "disks",
            "edge",
            "emr",
            "key_policies",
            "keys",
            "logs",
            "network",
            "permissions",
            "policies",
            "services",
            "storage",
            "stores",
            "trust_policies",
        )
    ),
    "computed/terms",
    "keys",
    "trusts",
)
"""The modules that read Terraform's attributes."""


def literals(source: str) -> Iterator[tuple[int, str]]:
    """What a module gives to `.get("...")`, dotted or not."""
    for node in ast.walk(ast.parse(source)):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "get"
            and node.args
        ):
            first = node.args[0]
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield node.lineno, first.value


def names(shape: object) -> Iterator[str]:
    if isinstance(shape, dict):
        for name, inner in shape.items():
            yield name
            yield from names(inner)


TYPES = {native: shape for native, shape in (PROVIDER | BACKENDS).items() if isinstance(shape, dict)}
NAMES = frozenset(name for shape in TYPES.values() for name in names(shape))
AWS_WORDS = frozenset({"eventCategory", "resources.type", "resources.ARN", "readOnly", "Federated"})
"""Fields of CloudTrail's event selectors and of policies, which are values in Terraform."""


@pytest.mark.parametrize("module", READERS)
def test_what_a_computed_property_reads_is_an_attribute_of_some_type(module: str) -> None:
    assert set(SUBJECTS) >= {name.partition("/")[2] for name in READERS if "/" in name}
    source = (REPOSITORY / "src" / "phiward" / "graph" / f"{module}.py").read_text()
    assert [f"{line}: {text}" for line, text in literals(source) if not readable(text)] == []


def readable(text: str) -> bool:
    if text in AWS_WORDS or text[0].isupper():
        return True  # CloudFormation's names: the rows' arguments and words are held against its schemas
    path = steps(text, text)
    if str(path[0]).startswith("@"):
        natives = [native for row in PACK.rows() for alias, native, _ in row.satellites if alias == str(path[0])[1:]]
        return any(in_provider(native, path[1:]) for native in natives)
    if len(path) == 1:
        return text in NAMES
    return any(in_provider(native, path) for native in TYPES)
