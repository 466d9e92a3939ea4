"""The whole plan: every section that a file may have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from orchestrator.plan.model.base import Account, Arn, Name, Region, RoleArn, Says, Section
from orchestrator.plan.model.network import Network
from orchestrator.plan.model.notifications import Notifications
from orchestrator.plan.model.services import Service

AddressText = Annotated[
    str,
    Field(pattern=r"^[a-z][a-z0-9-]*/\S+$"),
    Says("an address such as bucket/media"),
]
StackName = Annotated[
    str,
    Field(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=24),
    Says("a name of at most 24 lower-case letters, digits and single hyphens, beginning with a letter"),
]
Origin = Annotated[
    str,
    Field(pattern=r"^https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?$"),
    Says("a scheme and a host such as https://shop.example.com"),
]
Route = Annotated[
    str,
    Field(pattern=r"^/[A-Za-z0-9_\-./~%:@+?=&]{0,1023}$"),
    Says("a path such as /api/health"),
]
Retention = Literal[
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653
]


class VariableInput(Section):
    """A value that the file leaves open."""

    shorthand: ClassVar[str | None] = "default"
    default: str | int | bool | None = Field(default=None, description="Its value when none is given.")
    type: Literal["text", "number", "flag"] | None = Field(
        default=None, description="What a given value is taken for. Left out: what the default is, or text."
    )
    description: str = Field(default="", description="What it is for.")


class Images(Section):
    """The repositories, one a service."""

    keep: int = Field(default=20, ge=1, le=10000, description="How many images a repository keeps.")
    scan_on_push: bool = Field(default=True, description="Whether an image is scanned when it is pushed.")
    immutable_tags: bool = Field(default=False, description="Whether a tag can never be moved to another image.")
    kms_key: Arn | None = Field(
        default=None, description="The key that encrypts them. Left out: AES-256 with ECR's own."
    )


class Entry(Section):
    """The load balancer in front of the services."""

    certificate: Arn | None = Field(
        default=None, description="The certificate for HTTPS on 443; 80 then redirects to it. Left out: served on 80."
    )
    ssl_policy: str = Field(
        default="ELBSecurityPolicy-TLS13-1-2-2021-06", description="Protocols and ciphers of HTTPS."
    )
    address: Origin | None = Field(
        default=None,
        description="Where it is reached, such as https://shop.example.com; gates ask there. "
        "Left out: by its own DNS name.",
    )
    scheme: Literal["internet-facing", "internal"] = Field(default="internet-facing", description="Who can reach it.")
    subnets: Name = Field(default="public", description="The tier of subnets that it stands in.")
    security_groups: tuple[Name, ...] = Field(
        default=("alb",), min_length=1, max_length=5, description="Its security groups."
    )
    idle_timeout: int = Field(
        default=60, ge=1, le=4000, description="Seconds after which an idle connection is closed."
    )
    deletion_protection: bool = Field(default=False, description="Whether AWS refuses to delete it.")


class Build(Section):
    """How images are built from the source, that of each service from the directory of its name."""

    image: str = Field(
        default="aws/codebuild/amazonlinux-x86_64-standard:5.0", description="The image that builds run in."
    )
    compute: Literal["BUILD_GENERAL1_SMALL", "BUILD_GENERAL1_MEDIUM", "BUILD_GENERAL1_LARGE"] = Field(
        default="BUILD_GENERAL1_SMALL", description="The size of the build machine."
    )
    timeout: int = Field(default=30, ge=5, le=480, description="Minutes after which a build is given up.")
    test: tuple[str, ...] = Field(default=(), description="Commands that test the source, before anything is packaged.")
    package: tuple[str, ...] = Field(default=(), description="Commands that package it, before the images are built.")
    buildspec: str | None = Field(default=None, description="A buildspec in place of the one made from the services.")


class Delivery(Section):
    """From a push to running: repository, build, deployment."""

    repository: Name | None = Field(
        default=None, description="The CodeCommit repository. Left out: named as the stack."
    )
    branch: str = Field(
        default="main", pattern=r"^[A-Za-z0-9._/-]{1,255}$", description="The branch whose pushes are delivered."
    )
    build: Build = Field(default_factory=Build, description="How images are built.")
    verify: tuple[Route, ...] = Field(
        default=(), description="Paths that have to answer well through the load balancer after every deployment."
    )


class Operations(Section):
    """What operators look at."""

    container_insights: bool = Field(default=True, description="Whether ECS reports detailed metrics.")
    log_retention: Retention = Field(default=30, description="Days for which logs are kept.")
    trail: bool = Field(default=False, description="Whether CloudTrail records API calls into a bucket of this stack.")


class Limits(Section):
    """What one apply may do without being asked again."""

    deletions: int | None = Field(
        default=None, ge=0, description="The most deletions and replacements. Left out: 5, or a fifth of what lives."
    )


DaemonMode = Literal["observe", "enforce", "off"]


class Daemon(Section):
    """What the daemon does with the stack."""

    mode: DaemonMode = Field(
        default="observe",
        description="observe: report drift, and go on with rollouts that were left. enforce: also put it back.",
    )
    interval: int = Field(default=300, ge=30, le=86400, description="Seconds between two looks.")


class Plan(Section):
    """A system on AWS."""

    name: StackName = Field(description="The system's name. The stack is called so, or name-environment.")
    region: Region = Field(description="The AWS region it is in.")
    account: Account | None = Field(
        default=None, description="The account it must be in; other credentials are refused."
    )
    role: RoleArn | None = Field(default=None, description="A role to assume before anything is done.")
    tags: Mapping[str, str] = Field(default_factory=dict, max_length=40, description="Tags on everything.")
    environments: Mapping[Name, Any] = Field(
        default_factory=dict, description="What is different in each environment; one is chosen with -e."
    )
    variables: Mapping[str, VariableInput] = Field(
        default_factory=dict, description="Values that are given with --var; written ${var.name} where they belong."
    )
    network: Network | None = Field(default=None, description="The network.")
    images: Images = Field(default_factory=Images, description="The repositories of images, one a service.")
    entry: Entry | None = Field(default=None, description="The load balancer.")
    defaults: Service = Field(
        default_factory=Service, description="What holds for every service unless it says otherwise."
    )
    services: Mapping[Name, Service] = Field(default_factory=dict, description="The services by name.")
    delivery: Delivery | None = Field(default=None, description="From a push to running.")
    operations: Operations = Field(default_factory=Operations, description="Logs, metrics, audit.")
    resources: Mapping[AddressText, Mapping[str, Any]] = Field(
        default_factory=dict, description="Anything else, as kind/name with the kind's own fields."
    )
    adopt: tuple[AddressText, ...] = Field(
        default=(), description="What exists without our tags and may be taken over."
    )
    limits: Limits = Field(default_factory=Limits, description="How much one apply may take away unasked.")
    daemon: Daemon = Field(default_factory=Daemon, description="What the daemon does with the stack, and how often.")
    notifications: Notifications = Field(
        default_factory=Notifications, description="Who is told of rollouts, drift and what is broken."
    )
