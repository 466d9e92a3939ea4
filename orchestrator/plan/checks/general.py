"""Names and tags that AWS refuses whatever they stand on."""

from __future__ import annotations

import re
from collections.abc import Iterator

from orchestrator.plan.checks.finding import Finding
from orchestrator.plan.model.plan import Plan

LONGEST_STACK = 32
_TAG_TEXT = re.compile(r"[\w\s_.:/=+\-@]*", re.UNICODE)


def check_general(plan: Plan, environment: str | None) -> Iterator[Finding]:
    """The stack's name, and the tags on everything."""
    stack = f"{plan.name}-{environment}" if environment else plan.name
    if stack.startswith(("internal-", "aws-")):
        begin = stack.partition("-")[0]
        yield ("name",), f"found {stack!r}, which AWS does not take for load balancers and roles: begins with {begin}-"
    if len(stack) > LONGEST_STACK:
        yield ("name",), f"the stack {stack!r} is longer than {LONGEST_STACK} characters"
    for key, value in plan.tags.items():
        yield from ((("tags", key), text) for text in _tag(key, value))


def _tag(key: str, value: str) -> Iterator[str]:
    if key.lower().startswith("aws:"):
        yield "begins with aws:, which AWS keeps for itself"
    if key.startswith("orchestrator:"):
        yield "begins with orchestrator:, which marks what belongs to a stack"
    if not 1 <= len(key) <= 128:
        yield f"a tag's key has 1 to 128 characters, found {len(key)}"
    if len(value) > 256:
        yield f"a tag's value has at most 256 characters, found {len(value)}"
    if not (_TAG_TEXT.fullmatch(key) and _TAG_TEXT.fullmatch(value)):
        yield "allowed: letters, digits, spaces and _.:/=+-@"
