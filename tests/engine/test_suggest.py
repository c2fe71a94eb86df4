"""What is written instead is what the language takes, and no word of the pack's own."""

from __future__ import annotations

import pytest

from phiward.engine.suggest import suggestion


@pytest.mark.parametrize(
    ("dialect", "path", "written"),
    [
        ("terraform", ["kms_key_id"], "kms_key_id = aws_kms_key.<name>.arn"),
        (
            "terraform",
            ["encryption", "kms_key_id"],
            "encryption {\n  kms_key_id = aws_kms_key.<name>.arn\n}",
        ),
        ("cloudformation", ["KmsKeyId"], "KmsKeyId: !GetAtt <Key>.Arn"),
        ("kubernetes", ["parameters", "kmsKeyId"], ""),
    ],
)
def test_a_key_is_named_and_not_called_by_its_kind(dialect, path, written):
    assert suggestion({"paths": [path]}, "customer", dialect) == written


def test_a_word_that_stands_for_a_key_s_kind_in_the_source_is_written_as_it_is_there():
    spec = {"paths": [["encryption_type"]], "values": {"CUSTOMER_MANAGED": "customer"}}
    assert suggestion(spec, "customer", "terraform") == 'encryption_type = "CUSTOMER_MANAGED"'


def test_switches_and_numbers_are_no_texts():
    assert suggestion({"paths": [["Encrypted"]]}, expected=True, dialect="cloudformation") == "Encrypted: true"
    assert suggestion({"paths": [["retention_in_days"]]}, 2190, "terraform") == "retention_in_days = 2190"
