"""Nothing that looks like a secret, or is known to be one, is ever printed."""

from __future__ import annotations

import pytest

from orchestrator.aws.redact import Redactor


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("DB_PASSWORD=hunter22 next", "hunter22"),
        ('{"api_key": "k-1234567"}', "k-1234567"),
        ("postgres://app:s3cr3tpw@db:5432/x", "s3cr3tpw"),
        ("key AKIAABCDEFGHIJKLMNOP", "AKIAABCDEFGHIJKLMNOP"),
    ],
)
def test_what_looks_like_a_secret_is_hidden(text: str, hidden: str) -> None:
    assert hidden not in Redactor()(text)
    assert "***" in Redactor()(text)


def test_a_value_that_was_learnt_is_hidden_everywhere() -> None:
    redact = Redactor()
    redact.learn("correct horse")
    assert redact("said correct horse twice: correct horse") == "said *** twice: ***"


def test_ordinary_text_passes() -> None:
    text = "service posts: 2 of 2 tasks healthy (target-group/posts-blue)"
    assert Redactor()(text) == text
