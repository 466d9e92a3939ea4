"""Keeps secrets out of everything that is printed or stored."""

from __future__ import annotations

import re

_PATTERNS: tuple[re.Pattern[str], ...] = (
    re.compile(r"\b((?:AKIA|ASIA)[A-Z0-9]{12})[A-Z0-9]{4}\b"),
    re.compile(
        r"(?i)\b((?:[\w-]*(?:password|passwd|secret|token|api_?key|credential)[\w-]*)[\"']?\s*[=:]\s*[\"']?)([^\s\"',;&]+)"
    ),
    re.compile(r"(?i)(://[^/\s:@]*:)([^/\s@]+)(?=@)"),
)


class Redactor:
    """Replaces what looks like a secret, and every value it was told of, by ``***``."""

    def __init__(self) -> None:
        self._known: set[str] = set()

    def learn(self, secret: str) -> None:
        """Never let this value through; very short ones would hide half of every text and are not learnt."""
        if len(secret) >= 6:
            self._known.add(secret)

    def __call__(self, text: str) -> str:
        """The text without its secrets."""
        for secret in self._known:
            text = text.replace(secret, "***")
        for pattern in _PATTERNS:
            text = pattern.sub(r"\1***", text)
        return text
