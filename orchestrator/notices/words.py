"""A notice as text: the first line says where and what, the rest why, what was done, and what to run next.

Reasons come from containers, gates and people. Nothing in them may call a whole channel, make a link of itself or break
out of its line, and how a character is escaped differs between any two services; so what could be taken for more than
a character is replaced by one that looks like it and is taken for nothing.
"""

from __future__ import annotations

import dataclasses as dc
import re

from orchestrator.aws.redact import Redactor
from orchestrator.notices.notice import GOOD, Notice

_LONGEST_LINE = 400
_LONGEST_FIRST = 200
_ALIKE = str.maketrans({"<": "‹", ">": "›", "`": "'", "\u202e": " ", "\u2066": " ", "\u2067": " ", "\u2068": " "})
_MENTION = re.compile(r"(?<![\w.])@(?=\w)")
_KINDS = {"info": "info", "warning": "warning", "error": "failure"}


@dc.dataclass(frozen=True, kw_only=True)
class Message:
    """What a channel is given, in both ways of writing it. ``kind`` is apprise's word for how it is shown."""

    subject: str
    first: str
    plain: str
    markdown: str
    kind: str
    thread: str = ""


def message(notice: Notice, link: str = "") -> Message:
    """The text of a notice; ``link``: where there is more to see."""
    first = harmless(f"{notice.subject}: {notice.headline}", _LONGEST_FIRST)
    why = [harmless(line) for line in notice.why]
    done = [notice.done] if notice.done else []
    more = [f"See {link}"] if link else []
    runs = [_unbroken(command) for command in notice.next]
    return Message(
        subject=notice.subject,
        first=first,
        plain="\n".join([*why, *done, *(f"Next: {run}" for run in runs), *more]),
        markdown="\n\n".join([*why, *done, *(f"Next: `{run}`" for run in runs), *more]),
        kind="success" if notice.name in GOOD else _KINDS[notice.severity],
        thread=notice.thread,
    )


def harmless(text: str, longest: int = _LONGEST_LINE) -> str:
    """Text from anywhere as a piece of one line, without secrets and without meaning to any service."""
    line = _unbroken(Redactor()(text)).translate(_ALIKE).replace("](", "] (")
    line = _MENTION.sub("@\u200b", line)
    return line if len(line) <= longest else line[: longest - 1] + "…"


def _unbroken(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).replace("`", "'").split())
