"""Answers that arrive cut off are no answers."""

from __future__ import annotations

import pytest
from botocore.parsers import ResponseParserError

from orchestrator.aws.answers import refuse_cut_json
from orchestrator.aws.errors import ErrorClass, classify


@pytest.mark.parametrize("body", [b'{"services": []}', b"{}", b" {}\n", b"", b"<xml>", b"plain text", None])
def test_whole_answers_and_those_of_other_protocols_pass(body: bytes | None) -> None:
    refuse_cut_json({"body": body})


@pytest.mark.parametrize("body", [b'{"services": [', b'{"__type": "NotFound", "mess', b"{"])
def test_json_that_breaks_off_may_have_been_carried_out(body: bytes) -> None:
    with pytest.raises(ResponseParserError) as caught:
        refuse_cut_json({"body": body})
    assert classify(caught.value) is ErrorClass.UNKNOWN
