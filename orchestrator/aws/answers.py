"""Answers that arrive cut off: botocore takes a broken JSON body for an answer without fields, an empty list."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from botocore.parsers import ResponseParserError


def refuse_cut_json(response_dict: Mapping[str, Any], **_: Any) -> None:
    """Raise on JSON that breaks off, as botocore does on such XML. A handler of its event ``before-parse``."""
    body = response_dict.get("body")
    if not isinstance(body, bytes) or not body.lstrip().startswith(b"{"):
        return
    try:
        json.loads(body)
    except ValueError as error:
        raise ResponseParserError(f"the answer is no whole JSON document: {error}") from None
