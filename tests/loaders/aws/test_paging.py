"""Every page of an answer is read, also where the SDK has no paginator: what is not read would be taken for absent."""

from __future__ import annotations

from typing import Any

import botocore.session
import pytest
from botocore.stub import Stubber

from phiward.loaders.aws.calls import Place
from phiward.loaders.aws.client import Account, CallFailed, Sessions

PLACE = Place("111122223333", "us-east-1")


def asked(pages: list[tuple[dict[str, Any], dict[str, Any]]]) -> dict[str, Any]:
    """What `athena:ListWorkGroups` gives, of which no paginator knows, where the service has these pages."""
    client = botocore.session.Session().create_client(
        "athena", "us-east-1", aws_access_key_id="a", aws_secret_access_key="b"
    )
    sessions = Sessions()
    sessions.client = lambda *_: client  # type: ignore[method-assign]
    with Stubber(client) as stub:
        for params, answer in pages:
            stub.add_response("list_work_groups", answer, params)
        answer = Account(sessions, frozenset({("athena", "list_work_groups")})).call(
            PLACE, "athena", "list_work_groups", {}
        )
        stub.assert_no_pending_responses()
    return answer.value


def test_the_pages_are_one_answer() -> None:
    found = asked(
        [
            ({}, {"WorkGroups": [{"Name": "a"}], "NextToken": "1"}),
            ({"NextToken": "1"}, {"WorkGroups": [{"Name": "b"}], "NextToken": "2"}),
            ({"NextToken": "2"}, {"WorkGroups": [{"Name": "c"}]}),
        ]
    )
    assert [group["Name"] for group in found["WorkGroups"]] == ["a", "b", "c"]


def test_a_page_that_leads_to_itself_is_a_failure() -> None:
    again = {"WorkGroups": [{"Name": "a"}], "NextToken": "1"}
    with pytest.raises(CallFailed, match="PaginationError"):
        asked([({}, again), ({"NextToken": "1"}, again)])
