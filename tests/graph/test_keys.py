"""Which key an argument names, and who holds custody of it."""

from __future__ import annotations

import pytest

from phiward.graph.keys import KeyUse, key_use
from phiward.model.value import Partial, Reference, Unknown
from tests.graph.properties import views_of
from tests.graph.small import database, graph_of, made, scope
from tests.graph.undecided import Undecided

VAR = Unknown("variable x has no value", "pass --var x")
UUID = "1234abcd-12ab-34cd-56ef-1234567890ab"


KEYS = [
    ("aws_kms_key.k", {}),
    ("aws_kms_external_key.k", {}),
    ("aws_kms_replica_key.k", {}),
    ("aws_kms_alias.mine", {"name": "alias/mine", "target_key_id": Reference("aws_kms_key.k", ("key_id",))}),
    ("aws_kms_alias.literal", {"name": "alias/lit", "target_key_id": UUID}),
    ("aws_kms_alias.broken", {"name": "alias/none"}),
    ("data.aws_kms_alias.managed", {"name": "alias/aws/s3"}),
    ("data.aws_kms_alias.mine", {"name": "alias/mine"}),
    ("data.aws_kms_alias.other", {"name": "alias/other"}),
    ("aws_kms_alias.partly", {"name": Partial(("alias/", VAR, "-phi")), "target_key_id": Reference("aws_kms_key.k")}),
    ("aws_kms_alias.east", {"name": "alias/twice", "target_key_id": Reference("aws_kms_key.k")}),
    ("aws_kms_alias.west", {"name": "alias/twice", "target_key_id": Reference("aws_kms_replica_key.k")}),
    ("aws_kms_alias.loop", {"name": "alias/loop", "target_key_id": "alias/loop"}),
    ("data.aws_kms_alias.open", {}),
    ("data.aws_kms_key.managed", {"key_id": "alias/aws/rds"}),
    ("data.aws_kms_key.mine", {"key_id": Reference("aws_kms_key.k", ("arn",))}),
    ("data.aws_kms_key.var", {"key_id": VAR}),
    ("data.aws_kms_key.none", {}),
    ("aws_database.p", {"kms_key_id": Reference("aws_kms_alias.mine", ("target_key_arn",))}),
    ("aws_database.bare", {}),
    ("terraform_data.loop", {"input": Reference("terraform_data.loop", ("input",))}),
]


@pytest.mark.parametrize(
    ("value", "custody", "identity"),
    [
        (Reference("aws_kms_key.k", ("arn",)), "customer", "aws_kms_key.k"),
        (Reference("aws_kms_key.k"), "customer", "aws_kms_key.k"),
        (Reference("aws_kms_external_key.k", ("id",)), "customer", "aws_kms_external_key.k"),
        (Reference("aws_kms_replica_key.k", ("key_id",)), "customer", "aws_kms_replica_key.k"),
        (Reference("aws_kms_alias.mine", ("arn",)), "customer", "aws_kms_key.k"),
        (Reference("aws_kms_alias.mine", ("name",)), "customer", "aws_kms_key.k"),
        (Reference("aws_kms_alias.literal", ("arn",)), "customer", UUID),
        (Reference("aws_kms_alias.broken", ("arn",)), Undecided("names no key"), ""),
        (Reference("data.aws_kms_alias.managed", ("target_key_arn",)), "aws", "alias/aws/s3"),
        (Reference("data.aws_kms_alias.mine", ("arn",)), "customer", "aws_kms_key.k"),
        (Reference("data.aws_kms_alias.other", ("arn",)), "customer", "alias/other"),
        (Reference("data.aws_kms_alias.open", ("arn",)), Undecided("no name"), ""),
        (Reference("data.aws_kms_key.managed", ("arn",)), "aws", "alias/aws/rds"),
        (Reference("data.aws_kms_key.mine", ("arn",)), "customer", "aws_kms_key.k"),
        (Reference("data.aws_kms_key.var", ("arn",)), VAR, ""),
        (Reference("data.aws_kms_key.none", ("arn",)), Undecided("read by the provider"), ""),
        (Reference("aws_database.p", ("kms_key_id",)), "customer", "aws_kms_key.k"),
        (Reference("aws_database.bare", ("kms_key_id",)), Undecided("only after apply"), ""),
        (Reference("aws_kms_key.gone", ("arn",)), Undecided("not in what was scanned"), ""),
        (Reference("terraform_data.loop", ("input",)), Undecided("circle"), ""),
        (UUID, "customer", UUID),
        ("mrk-1234abcd12ab34cd56ef1234567890ab", "customer", "mrk-1234abcd12ab34cd56ef1234567890ab"),
        ("alias/records", "customer", "alias/records"),
        ("alias/aws/rds", "aws", "alias/aws/rds"),
        ("arn:aws:kms:us-east-1:1:alias/aws/rds", "aws", "arn:aws:kms:us-east-1:1:alias/aws/rds"),
        ("arn:aws-us-gov:kms:r:1:key/" + UUID, "customer", UUID),
        ("arn:aws:kms:r:1:key/odd", "customer", "arn:aws:kms:r:1:key/odd"),
        # aliases that the root declares lead to their key by name too
        ("alias/mine", "customer", "aws_kms_key.k"),
        ("arn:aws:kms:us-east-1:1:alias/mine", "customer", "aws_kms_key.k"),
        (Partial(("alias/", VAR, "-phi")), "customer", "aws_kms_key.k"),
        ("alias/twice", "customer", "alias/twice"),
        ("alias/loop", Undecided("circle"), ""),
        ("arn:aws:s3:::x:kms:key/1", Undecided("not recognisable"), ""),
        ("arn:aws:kms:r:1:", Undecided("not recognisable"), ""),
        ("alias/", Undecided("not recognisable"), ""),
        ("records", Undecided("not recognisable"), ""),
        (VAR, VAR, ""),
        (True, Undecided("not a key"), ""),
        (["alias/x"], Undecided("not a key"), ""),
        (Partial(("arn:aws:kms:", VAR, ":1:key/", VAR)), "customer", None),
        (Partial(("arn:aws:kms:", VAR, ":1:alias/records")), "customer", None),
        (Partial(("arn:aws:kms:", VAR, ":1:alias/", VAR)), VAR, ""),
        (Partial(("arn:aws:kms:", VAR, ":1:alias/aws/s3")), "aws", None),
        (Partial(("arn:aws:kms:", VAR)), VAR, ""),
        (Partial(("alias/records-", VAR)), "customer", None),
        (Partial(("alias/", VAR)), VAR, ""),
        (Partial(("alias/a", VAR)), VAR, ""),  # alias/aws/rds?
        (Partial(("alias/", Reference("aws_other.x", ("name",)))), Undecided("only after apply"), ""),
        (Partial((VAR, "key/1")), VAR, ""),
        (Partial(("arn:aws:kms:", VAR, ":1:", Reference("data.aws_kms_alias.other", ("name",)))), "customer", None),
        (Partial(("arn:aws:kms:", VAR, ":1:", Reference("data.aws_kms_alias.managed", ("name",)))), "aws", None),
    ],
)
def test_who_holds_a_key(value, custody, identity):
    root = scope()
    use = key_use(value, graph_of(*[made(address, root, **values) for address, values in KEYS]), root)
    assert use.custody == custody
    assert identity is None or use.identity == identity
    assert use.resource == (identity is not None and identity.startswith("aws_kms"))


@pytest.mark.parametrize("word", ["customer", "aws", "service", "none"])
def test_a_word_of_ours_is_no_key_where_terraform_writes_it(word):
    assert database(kms_key_id=word).property("encryption.key") == Undecided("not recognisable")


@pytest.mark.parametrize("odd", [[], ["alias/records"], {}, 7, True])
def test_what_no_key_can_be_is_not_known(odd):
    assert database(kms_key_id=odd).property("encryption.key") == Undecided("not a key")


def test_the_key_of_a_property_that_is_not_written_is_its_default():
    assert database().key("encryption.key") == KeyUse("aws")
    assert database(kms_key_id=None).property("encryption.key") == "aws"
    assert database(kms_key_id=VAR).key("encryption.key") == KeyUse(VAR)


def test_a_key_through_a_modules_output(tmp_path):
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "main.tf").write_text(
        'resource "aws_kms_key" "k" {}\noutput "arns" { value = { records = aws_kms_key.k.arn } }\n'
    )
    views = views_of(
        tmp_path,
        """
module "keys" { source = "./keys" }
locals { key = module.keys.arns["records"] }
resource "aws_db_instance" "a" { kms_key_id = local.key }
""",
    )
    use = views["aws_db_instance.a"].key("encryption.key")
    assert use == KeyUse("customer", "module.keys.aws_kms_key.k", resource=True)
