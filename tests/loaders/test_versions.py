"""Which major versions constraints leave, each held against releases one by one."""

from __future__ import annotations

import pytest
from tests.loaders.program import root_of

from phiward.loaders.terraform.versions import admitted, provider_majors


@pytest.mark.parametrize(
    ("constraint", "majors"),
    [
        ("5.31.0", {5}),
        ("= 6.0.0", {6}),
        ("~> 5.0", {5}),
        ("~> 5.31.0", {5}),
        (">= 4.9, < 6.0", {4, 5}),
        (">= 4.9, < 6.0.1", {4, 5, 6}),
        ("> 5.999, < 6", {5}),
        (">= 4.0, != 4.1.0, < 5", {4}),
        (">= 6, <= 6.0.0", {6}),
        ("v5.2", {5}),
        ("~> 4.0, >= 5.0", set()),
        ("< 5.0.0", {1, 2, 3, 4}),
    ],
)
def test_a_constraint_leaves_the_majors_of_which_a_release_satisfies_it(constraint, majors):
    assert admitted([constraint]) == majors


def test_an_open_end_leaves_versions_that_are_not_there_yet():
    assert {5, 6, 7, 8} <= admitted([">= 5.0"])
    assert 4 not in admitted([">= 5.0"])


def test_what_is_no_constraint_asks_for_nothing():
    assert admitted(["latest"]) == admitted([])


WANTED = 'terraform {{\n  required_providers {{\n    aws = {{ source = "hashicorp/aws", version = "{}" }}\n  }}\n}}\n'


def test_the_root_and_its_modules_ask_together(tmp_path):
    root = root_of(
        tmp_path,
        {"m/main.tf": WANTED.format("< 6.0"), "main.tf": WANTED.format(">= 5.0") + 'module "m" { source = "./m" }\n'},
    )
    assert provider_majors(root.program) == {5}


def test_the_lock_file_is_what_is_installed(tmp_path):
    lock = (
        'provider "registry.opentofu.org/hashicorp/aws" {\n  version = "6.2.0"\n}\n'
        'provider "registry.opentofu.org/hashicorp/random" {\n  version = "3.6.0"\n}\n'
    )
    root = root_of(tmp_path, {"main.tf": WANTED.format(">= 5.0"), ".terraform.lock.hcl": lock})
    assert provider_majors(root.program) == {6}


@pytest.mark.parametrize(
    ("text", "majors"),
    [
        ('terraform {\n  required_providers {\n    aws = "~> 3.0"\n  }\n}\n', {3}),
        (
            'terraform {\n  required_providers {\n    aws = { source = "example/aws", version = "~> 3.0" }\n  }\n}\n',
            None,
        ),
        (
            'terraform {\n  required_providers {\n    cloud = { source = "hashicorp/aws", version = "~> 5.0" }\n  }\n}\n',
            {5},
        ),
        ("terraform {}\n", None),
        ("", None),
    ],
)
def test_the_source_says_which_provider_is_meant(text, majors, tmp_path):
    assert provider_majors(root_of(tmp_path, text).program) == majors


def test_json_says_the_same(tmp_path):
    text = '{"terraform": {"required_providers": {"aws": {"source": "hashicorp/aws", "version": "~> 5.0"}}}}'
    assert provider_majors(root_of(tmp_path, {"main.tf.json": text}).program) == {5}
