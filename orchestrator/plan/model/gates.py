"""Gates: what is asked about a new release before it goes on, and what answer lets it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar

from pydantic import Field

from orchestrator.plan.model.base import Arn, Name, Says, Seconds, Section

Url = Annotated[str, Field(pattern=r"^https?://[^/\s]+\S*$"), Says("an address such as https://checks.example.com/go")]
Percentile = Annotated[str, Field(pattern=r"^p[0-9]{1,2}(\.[0-9]{1,2})?$"), Says("a percentile such as p99 or p99.9")]
Statistic = Annotated[
    str,
    Field(pattern=r"^(Average|Maximum|Minimum|SampleCount|Sum|p[0-9]{1,2}(\.[0-9]{1,2})?)$"),
    Says("Average, Maximum, Minimum, SampleCount, Sum, or a percentile such as p99"),
]


class Judged(Section):
    """How often a question is asked, and how many answers of which sort it takes. Left out: what suits the question."""

    every: int | None = Field(default=None, ge=1, le=3600, description="Seconds between two times of asking.")
    samples: int | None = Field(
        default=None, ge=1, le=1000, description="Good answers without which it has not passed."
    )
    failures: int | None = Field(default=None, ge=0, le=1000, description="Bad answers that are forgiven.")
    errors: int | None = Field(
        default=None, ge=0, le=1000, description="Times in a row that it may be impossible to ask."
    )


class Http(Judged):
    """A request to the new side, through the test rule."""

    shorthand: ClassVar[str | None] = "path"
    path: str = Field(pattern=r"^/", max_length=1024, description="The path that is asked for.")
    status: int = Field(default=200, ge=100, le=599, description="The HTTP status that has to come back.")
    body: str = Field(default="", description="A regular expression that has to be found in the body.")
    within: float = Field(default=5.0, gt=0, le=60, description="Seconds in which the answer has to come.")
    headers: Mapping[str, str] = Field(default_factory=dict, description="Headers to send; no secrets here.")


class Errors(Judged):
    """The share of the new side's requests that its tasks answer with 5xx."""

    shorthand: ClassVar[str | None] = "max"
    max: float = Field(ge=0, le=100, description="The most, in percent.")
    requests: int = Field(default=20, ge=1, description="Requests without which nothing can be told.")
    worse_by: float | None = Field(
        default=None, ge=0, le=100, description="Percentage points by which it may be worse than the old side."
    )


class Latency(Judged):
    """The time in which the new side's tasks answer."""

    shorthand: ClassVar[str | None] = "max"
    max: float = Field(gt=0, le=3600, description="The most, in seconds.")
    percentile: Percentile = Field(default="p99", description="The percentile that is looked at.")
    requests: int = Field(default=20, ge=1, description="Requests without which nothing can be told.")
    slower_by: float | None = Field(
        default=None, ge=1, description="Times by which it may be slower than the old side: 1.2 is a fifth."
    )


class Metric(Judged):
    """Any CloudWatch metric, by its highest value a minute since the stage began."""

    namespace: str = Field(pattern=r"^[^:].{0,254}$", description="Its namespace, such as AWS/SQS.")
    name: str = Field(min_length=1, max_length=255, description="Its name.")
    dimensions: Mapping[str, str] = Field(default_factory=dict, max_length=30, description="Its dimensions.")
    statistic: Statistic = Field(default="Average", description="How values of a minute are summed up.")
    max: float = Field(description="The most.")


class AlarmsQuiet(Judged):
    """CloudWatch alarms, none of which may ring."""

    shorthand: ClassVar[str | None] = "names"
    names: tuple[str, ...] = Field(
        min_length=1,
        max_length=100,
        description="This service's own (cpu, memory, requests, errors, latency), or any by its name on CloudWatch.",
    )


class Scan(Judged):
    """What ECR's scan found in the image: findings that are put up with. What is left out does not matter."""

    critical: int | None = Field(default=0, ge=0, description="Critical findings.")
    high: int | None = Field(default=None, ge=0, description="Findings of high severity.")
    medium: int | None = Field(default=None, ge=0, description="Findings of medium severity.")
    low: int | None = Field(default=None, ge=0, description="Findings of low severity.")


class Task(Judged):
    """A task of its own with the new release, run once: a migration, a test from inside. Its exit code decides."""

    name: Name = Field(description="What it is called in messages.")
    command: tuple[str, ...] = Field(min_length=1, description="What it runs in the release's container.")
    timeout: Seconds = Field(default=600, ge=1, description="Seconds after which it is stopped and has failed.")


class Webhook(Judged):
    """Somebody else's judgement, asked for over HTTP."""

    shorthand: ClassVar[str | None] = "url"
    url: Url = Field(description="Where it is asked for; the question names the rollout, its image and its stage.")
    timeout: float = Field(default=10.0, gt=0, le=60, description="Seconds to wait for the answer.")
    secret: Arn | None = Field(default=None, description="A secret sent as bearer token, by ARN in Secrets Manager.")


class Gate(Section):
    """One question: exactly one of these."""

    http: Http | None = Field(default=None, description="A request to the new side has to be answered well.")
    errors: Errors | None = Field(default=None, description="Few 5xx answers of the new side.")
    latency: Latency | None = Field(default=None, description="Quick answers of the new side.")
    metric: Metric | None = Field(default=None, description="A CloudWatch metric stays low.")
    alarms: AlarmsQuiet | None = Field(default=None, description="No alarm rings.")
    scan: Scan | None = Field(default=None, description="ECR's scan found nothing bad in the image.")
    task: Task | None = Field(default=None, description="A task of its own ends well.")
    webhook: Webhook | None = Field(default=None, description="Somebody else agrees.")

    @property
    def asked(self) -> dict[str, Judged]:
        """What is stated, by its key; in a valid plan one question."""
        return {key: value for key in type(self).model_fields if (value := getattr(self, key)) is not None}


class Gates(Section):
    """Gates by the stage that asks them."""

    preflight: tuple[Gate, ...] = Field(default=(), description="Before anything of the release is started.")
    test: tuple[Gate, ...] = Field(
        default=(), description="On the new side before it gets traffic, or on new tasks once they are in place."
    )
    watch: tuple[Gate, ...] = Field(
        default=(), description="While it has traffic: at every step, while it bakes, and while the old side is held."
    )

    @property
    def by_stage(self) -> dict[str, tuple[Gate, ...]]:
        """The gates of each stage."""
        return {"preflight": self.preflight, "test": self.test, "watch": self.watch}
