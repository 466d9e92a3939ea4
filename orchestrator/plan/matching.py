"""Which paths and hosts the patterns of a load balancer's rules stand for."""

from __future__ import annotations

import re


def matcher(pattern: str) -> re.Pattern[str]:
    """What a pattern matches: ``*`` any text, ``?`` one character, but never another pattern's ``*``."""
    parts = {"*": ".*", "?": "[^*]"}
    return re.compile("".join(parts.get(c, re.escape(c)) for c in pattern))
