"""What is said of a credential in an address, without the credential."""

from __future__ import annotations

import pytest

from phiward.model.value import Sensitive
from tests.graph.properties import read, views_of


def source(location: str) -> str:
    return f'resource "aws_codebuild_project" "a" {{\n  source {{\n    location = "{location}"\n  }}\n}}'


@pytest.mark.parametrize("location", ["https://t0ken@github.com/a/b.git", "https://a:t0ken@host/b"])
def test_an_address_with_a_credential_is_judged_and_not_shown(location, tmp_path):
    found = read(tmp_path, source(location), "build.source")
    assert "t0ken" not in f"{found}"
    assert isinstance(found, Sensitive)
    assert str(found) == location


def test_any_other_address_is_shown(tmp_path):
    assert f"{read(tmp_path, source('https://github.com/a/b.git'), 'build.source')}" == "https://github.com/a/b.git"


def test_why_an_address_is_not_known_does_not_show_it_either(tmp_path):
    text = 'variable "t" {}\n' + source("https://t0ken${var.t}@host/b")
    assert "t0ken" not in views_of(tmp_path, text)["aws_codebuild_project.a"].property("build.source").reason
