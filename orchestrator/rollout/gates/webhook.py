"""Somebody else's judgement, asked for over HTTP."""

from __future__ import annotations

import dataclasses as dc
import json
from typing import ClassVar

from orchestrator.rollout.gates.base import Judgement, Limits, Means, Reading, Window

_REFUSED = range(400, 500)
_GOOD = range(200, 300)


@dc.dataclass(frozen=True, kw_only=True)
class Webhook:
    """A URL that is told what is rolled out. It answers with a ``verdict``, or with nothing but a status."""

    name: ClassVar[str] = "webhook"
    actions: ClassVar[tuple[str, ...]] = ("secretsmanager:GetSecretValue",)
    url: str
    seconds: float = 10.0
    secret: str = ""
    """ARN of the secret whose value is sent as bearer token; the token itself is kept nowhere."""
    limits: Limits = dc.field(default_factory=Limits)

    @property
    def title(self) -> str:
        return f"webhook {self.url.partition('?')[0]}"

    def judge(self, means: Means, window: Window, memo: str) -> Reading:
        told = {
            key: getattr(window, key) for key in ("rollout", "stack", "service", "stage", "percent", "image", "since")
        }
        headers = {"Content-Type": "application/json"}
        if self.secret:
            held = means.aws.client("secretsmanager").get_secret_value(SecretId=self.secret)
            headers["Authorization"] = f"Bearer {held['SecretString']}"
        try:
            answer = means.ask("POST", self.url, headers, json.dumps(told).encode(), self.seconds)
        except OSError as error:
            return Reading(judgement=Judgement.ERROR, words=f"no answer: {error}")
        if answer.status in _REFUSED:
            return Reading(judgement=Judgement.FAIL, words=f"{answer.status} {answer.body[:200]}".strip())
        if answer.status not in _GOOD:
            return Reading(judgement=Judgement.ERROR, words=f"answered {answer.status}")
        return _said(answer.body)


def _said(body: str) -> Reading:
    try:
        said = json.loads(body) if body.strip() else {}
        judgement = Judgement(said.get("verdict", "pass"))
    except (ValueError, AttributeError):
        return Reading(judgement=Judgement.ERROR, words=f"its answer is not understood: {body[:200]}")
    return Reading(judgement=judgement, words=str(said.get("reason", "")) or judgement.value)
