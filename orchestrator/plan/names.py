"""What things are called on AWS: the same for the same plan on every machine, and never longer than AWS takes."""

from __future__ import annotations

import hashlib

from orchestrator.kinds.base import Named

TARGET_GROUP_LIMIT = 32
_CUT_DIGITS, _FIXED_DIGITS = 8, 6


def physical(kind: type[Named], name: str, *, stack: str, account: str, region: str) -> str:
    """What AWS calls the thing of a kind that a stack calls ``name``."""
    return cut(kind.naming.format(stack=stack, name=name, account=account, region=region), kind.name_limit)


def target_group(stack: str, service: str, colour: str, *fixed: object) -> str:
    """A target group's name. It carries a hash of what AWS cannot change, so that a replacement fits beside the old."""
    tail = f"-{colour}-{_digest(_FIXED_DIGITS, stack, service, colour, *fixed)}"
    return f"{stack}-{service}"[: TARGET_GROUP_LIMIT - len(tail)].rstrip("-") + tail


def cut(text: str, limit: int) -> str:
    """The text, or as much of its head as leaves room for a hash of the whole."""
    if len(text) <= limit:
        return text
    return f"{text[: limit - _CUT_DIGITS - 1].rstrip('-/._')}-{_digest(_CUT_DIGITS, text)}"


def _digest(digits: int, *parts: object) -> str:
    return hashlib.sha256("\x00".join(map(str, parts)).encode()).hexdigest()[:digits]
