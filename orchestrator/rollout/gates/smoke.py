"""A request to the new side, through the load balancer's test rule, before anybody else's gets there."""

from __future__ import annotations

import dataclasses as dc
import re
from collections.abc import Mapping
from typing import ClassVar

from orchestrator.rollout.gates.base import Judgement, Limits, Means, Reading, Unreachable, Window


@dc.dataclass(frozen=True, kw_only=True)
class Smoke:
    """A path, and what has to come back: status, body (a regular expression), time."""

    name: ClassVar[str] = "smoke"
    actions: ClassVar[tuple[str, ...]] = ()
    path: str
    status: int = 200
    body: str = ""
    seconds: float = 5.0
    headers: Mapping[str, str] = dc.field(default_factory=dict)
    limits: Limits = dc.field(default_factory=lambda: Limits(every=10.0, samples=3, failures=1))

    @property
    def title(self) -> str:
        return f"GET {self.path}"

    def judge(self, means: Means, window: Window, memo: str) -> Reading:
        if not window.url:
            return Reading(judgement=Judgement.ERROR, words="there is no load balancer to ask")
        headers = {**window.test_headers, **self.headers}
        try:
            answer = means.ask("GET", f"{window.url}{self.path}", headers, None, self.seconds)
        except Unreachable as error:
            words = f"{window.url} cannot be reached from here: {error}"
            return Reading(judgement=Judgement.INCONCLUSIVE, words=words)
        except OSError as error:
            return Reading(judgement=Judgement.FAIL, words=f"no answer: {error}")
        words = f"{answer.status} in {answer.seconds:.2f} s"
        if answer.status != self.status:
            return Reading(judgement=Judgement.FAIL, words=f"{words}, wanted {self.status}")
        if self.body and not re.search(self.body, answer.body):
            return Reading(judgement=Judgement.FAIL, words=f"{words}, and nothing in it matches {self.body!r}")
        if answer.seconds > self.seconds:
            return Reading(judgement=Judgement.FAIL, words=f"{words}, wanted at most {self.seconds:g} s")
        return Reading(judgement=Judgement.PASS, words=words)
