"""The services: what runs, how it is reached, how many there are and when people are told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from orchestrator.plan.model.base import Arn, Name, Percent, Port, Says, Seconds, Section, Variable
from orchestrator.plan.model.strategy import Strategy

Cpu = Literal[256, 512, 1024, 2048, 4096, 8192, 16384]
Image = Annotated[
    str,
    Field(pattern=r"^(sha256:[0-9a-f]{64}|[A-Za-z0-9_][A-Za-z0-9._-]{0,127})$"),
    Says("a tag such as 1.4.2, or a digest such as sha256:…, in the service's own repository"),
]
PathPattern = Annotated[
    str,
    Field(pattern=r"^[/*][A-Za-z0-9_\-.$/~\"'@:+&*?]{0,127}$"),
    Says("a path such as /api/posts*, of at most 128 letters, digits and _-.$/~\"'@:+&*?"),
]
Header = Annotated[
    str,
    Field(pattern=r"^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,40}$"),
    Says("the name of a header such as X-Release, of at most 40 characters"),
]
HeaderValue = Annotated[
    str, Field(pattern=r"^[ -)+->@-~]{1,128}$"), Says("text without * and ?, which would match other values too")
]
HostPattern = Annotated[str, Field(pattern=r"^[A-Za-z0-9.\-*?]{1,128}$"), Says("a host name such as api.example.com")]
User = Annotated[
    str,
    Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]*(:[A-Za-z0-9_][A-Za-z0-9_.-]*)?$"),
    Says("a user such as 1001 or app:app"),
]
Codes = Annotated[
    str,
    Field(pattern=r"^[2-4][0-9]{2}(-[2-4][0-9]{2})?(,[2-4][0-9]{2}(-[2-4][0-9]{2})?)*$"),
    Says('HTTP codes such as "200", "200-299" or "200,301"'),
]


class Health(Section):
    """What proves that a task works, and for how long a new one may fail to."""

    path: str = Field(
        default="/", max_length=1024, pattern=r"^/", description="The path that the load balancer asks for."
    )
    codes: Codes = Field(default="200", description='HTTP codes that count as healthy, such as "200" or "200-299".')
    interval: int = Field(default=30, ge=5, le=300, description="Seconds between two checks.")
    timeout: int = Field(default=5, ge=2, le=120, description="Seconds to wait for an answer; less than the interval.")
    healthy_threshold: int = Field(
        default=2, ge=2, le=10, description="Checks passed before a target counts as healthy."
    )
    unhealthy_threshold: int = Field(
        default=3, ge=2, le=10, description="Checks failed before a target counts as unhealthy."
    )
    grace_period: Seconds = Field(
        default=60, description="Seconds after its start in which a task may fail its checks."
    )
    command: tuple[str, ...] | None = Field(
        default=None,
        min_length=1,
        description="A check run inside the container, such as [CMD-SHELL, curl -f localhost:8080], with the same "
        "interval, timeout, unhealthy threshold and grace period.",
    )


class Scaling(Section):
    """How many tasks there are, and what moves the number."""

    min: int = Field(ge=0, le=5000, description="The fewest tasks.")
    max: int = Field(ge=1, le=5000, description="The most tasks.")
    cpu: Percent | None = Field(default=None, description="The average CPU, in percent, that scaling keeps to.")
    memory: Percent | None = Field(default=None, description="The average memory, in percent, that scaling keeps to.")
    requests: float | None = Field(
        default=None, ge=1, description="Requests a minute and target that scaling keeps to."
    )
    scale_out_cooldown: Seconds = Field(default=60, description="Seconds after adding tasks before more are added.")
    scale_in_cooldown: Seconds = Field(
        default=300, description="Seconds after taking tasks away before more are taken."
    )


class Alarms(Section):
    """When people are told."""

    cpu: Percent | None = Field(default=None, description="Alarm when average CPU is above this percentage.")
    memory: Percent | None = Field(default=None, description="Alarm when average memory is above this percentage.")
    requests: float | None = Field(default=None, ge=0, description="Alarm at more requests than this in a period.")
    errors: float | None = Field(default=None, ge=0, description="Alarm at more 5xx answers than this in a period.")
    latency: float | None = Field(
        default=None, gt=0, description="Alarm when the slowest hundredth of answers takes longer than these seconds."
    )
    period: Literal[60, 120, 300, 600, 900, 3600] = Field(
        default=60, description="Seconds over which a value is averaged."
    )
    periods: int = Field(default=3, ge=1, le=100, description="Periods in a row that have to be above the threshold.")
    notify: tuple[Arn, ...] = Field(default=(), max_length=5, description="SNS topics that are told, by ARN.")


class TestTraffic(Section):
    """Requests that reach the idle side, whatever the weights are: by a header, or on a port of their own."""

    shorthand: ClassVar[str | None] = "header"
    header: Header | None = Field(default=None, description="The header that such a request carries.")
    value: HeaderValue = Field(default="true", description="The header's value.")
    port: Port | None = Field(default=None, description="A port of the load balancer that is only for tests.")


class Permission(Section):
    """What the tasks of a service may do on AWS."""

    actions: tuple[str, ...] = Field(min_length=1, description="IAM actions such as s3:GetObject.")
    resources: tuple[str, ...] = Field(
        min_length=1, description="ARNs that they are allowed on, such as ${bucket/media.arn}/* of this plan's."
    )


class Service(Section):
    """One service on Fargate. ``defaults`` has the same fields and holds for every service."""

    port: Port | None = Field(default=None, description="The port it listens on. A service without one is a worker.")
    image: Image = Field(default="latest", description="The tag or digest to run from the service's own repository.")
    cpu: Cpu = Field(default=256, description="CPU units of a task: 256 is a quarter of a virtual CPU.")
    memory: int = Field(
        default=512, ge=512, le=122880, description="Memory of a task in MiB; AWS takes certain pairs only."
    )
    architecture: Literal["X86_64", "ARM64"] = Field(
        default="X86_64", description="The processor its image is built for."
    )
    command: tuple[str, ...] | None = Field(default=None, description="Replaces the command of the image.")
    user: User | Annotated[int, Field(ge=0, le=65535)] | None = Field(
        default=None, description="The user it runs as, such as 1001."
    )
    read_only_root: bool = Field(default=False, description="Whether its root file system is read-only.")
    env: Mapping[Variable, str | int] = Field(
        default_factory=dict, description="Environment variables; no secrets here."
    )
    secrets: Mapping[Variable, Arn] = Field(
        default_factory=dict, description="Environment variables from Secrets Manager or Parameter Store, by ARN."
    )
    stop_timeout: int = Field(default=30, ge=1, le=120, description="Seconds a task has to end after being told to.")
    paths: tuple[PathPattern, ...] = Field(
        default=(), max_length=5, description="Paths that the load balancer sends here."
    )
    hosts: tuple[HostPattern, ...] = Field(
        default=(), max_length=5, description="Host names that the load balancer sends here."
    )
    priority: int | None = Field(
        default=None,
        ge=1,
        le=50000,
        description="Place of its rule, lowest first. Left out: 100 a service, in order of the file; what takes "
        "everything comes last.",
    )
    test: TestTraffic | None = Field(
        default=None, description="What reaches the side without traffic: a header, or a port of the load balancer."
    )
    discovery: bool | None = Field(
        default=None,
        description="Whether it has a name in the network's namespace. Left out: when it has a port but no paths.",
    )
    spread: Literal["round_robin", "least_outstanding_requests"] = Field(
        default="round_robin", description="How the load balancer chooses among its healthy tasks."
    )
    health: Health = Field(default_factory=Health, description="What proves that a task works.")
    drain: int = Field(default=30, ge=0, le=3600, description="Seconds for which a leaving task finishes its requests.")
    tasks: int | None = Field(
        default=None, ge=0, le=5000, description="How many tasks, for a service that does not scale."
    )
    scaling: Scaling | None = Field(default=None, description="How many tasks, and what moves the number.")
    capacity: Literal["FARGATE", "FARGATE_SPOT"] = Field(default="FARGATE", description="What the tasks run on.")
    strategy: Strategy = Field(default_factory=Strategy, description="How a new release takes over from the old one.")
    needs: tuple[Name, ...] = Field(
        default=(), description="Services of this plan that are rolled out before this one."
    )
    subnets: Name = Field(default="private", description="The tier of subnets that the tasks are in.")
    security_groups: tuple[Name, ...] = Field(
        default=("tasks",), min_length=1, max_length=5, description="The tasks' security groups."
    )
    public_ip: bool = Field(default=False, description="Whether tasks get public addresses.")
    alarms: Alarms = Field(default_factory=Alarms, description="When people are told about it.")
    permissions: tuple[Permission, ...] = Field(
        default=(), description="What the tasks may do on AWS; a service that states any has a task role of its own."
    )
    execute_command: bool = Field(default=False, description="Whether a shell can be opened in a task (ECS Exec).")

    @property
    def balanced(self) -> bool:
        """Whether the load balancer sends it requests."""
        return bool(self.paths or self.hosts)

    @property
    def desired(self) -> int:
        """How many tasks it begins with."""
        if self.scaling is not None:
            return self.scaling.min
        return 1 if self.tasks is None else self.tasks
