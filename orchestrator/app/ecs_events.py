"""ECS's events in the few words that a line has room for."""

from __future__ import annotations

import re
from collections.abc import Iterable

_SERVICE = re.compile(r"^(\w+: )?\(service ([^)]*)\) ")
_TARGET_GROUP = re.compile(r"arn:[\w-]+:elasticloadbalancing:[\w-]*:\d*:targetgroup/([\w-]+)/\w+")
_ID = re.compile(r"\b([0-9a-f]{8})[0-9a-f]{24}\b")


def in_short(texts: Iterable[str]) -> list[str]:
    """Each once, without the brackets around the service, ARNs, and the tails of long ids."""
    short = (_ID.sub(r"\1", _TARGET_GROUP.sub(r"\1", _SERVICE.sub(r"\1\2 ", text))) for text in texts)
    return list(dict.fromkeys(short))
