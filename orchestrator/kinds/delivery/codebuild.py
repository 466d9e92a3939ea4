"""Build projects: what builds, tests and packages the source."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from orchestrator.aws import tags
from orchestrator.aws.door import Aws
from orchestrator.core.resource import Live, Resource, attr
from orchestrator.core.values import Join, Link, Ref
from orchestrator.kinds.base import Actions, Item, Kind, Named, NamedKind
from orchestrator.kinds.iam import Role, trust
from orchestrator.kinds.scope import Scope

_A_CALL = 100


@dc.dataclass(frozen=True)
class Source:
    """Where the source comes from: a pipeline that hands it over, or a repository at a ``location``."""

    type: str = "CODEPIPELINE"
    location: str | Ref[Any] | Join = ""


@dc.dataclass(frozen=True)
class Variable:
    """An environment variable: a value, or where CodeBuild finds it (``PARAMETER_STORE``, ``SECRETS_MANAGER``)."""

    value: str | Ref[Any] | Join
    type: str = "PLAINTEXT"


def _parse_source(source: Mapping[str, Any]) -> Source:
    return Source(source["type"], source.get("location") or "")


def _parse_variables(variables: Iterable[Mapping[str, Any]]) -> dict[str, Variable]:
    return {v["name"]: Variable(v["value"], v.get("type") or "PLAINTEXT") for v in variables}


@dc.dataclass(frozen=True, kw_only=True)
class BuildProject(Named):
    """A project. ``buildspec`` is the document itself, or its path in the source. Timeouts in minutes."""

    kind: ClassVar[str] = "codebuild-project"
    name_limit: ClassVar[int] = 150
    aws_name: str = attr("name", immutable=True)
    role: Link[Role] = attr("serviceRole")
    image: str = attr("environment.image")
    source: Source = attr("source", parse=_parse_source, default=Source())
    buildspec: str = attr("source.buildspec || ''", default="")
    compute: str = attr("environment.computeType", default="BUILD_GENERAL1_SMALL")
    container: str = attr("environment.type", default="LINUX_CONTAINER")
    privileged: bool = attr("environment.privilegedMode || `false`", default=False)
    variables: Mapping[str, Variable] = attr(
        "environment.environmentVariables || `[]`", parse=_parse_variables, factory=dict
    )
    log_group: Link[Any] = attr("logsConfig.cloudWatchLogs.groupName || ''", default="")
    key: Link[Any] | None = attr("encryptionKey", default=None)
    description: str = attr("description || ''", default="")
    timeout: int = attr("timeoutInMinutes", default=60)
    queued_timeout: int = attr("queuedTimeoutInMinutes", default=480)


class BuildProjectKind(NamedKind[BuildProject]):
    """Tags come with the project, and are written as a whole with it."""

    resource = BuildProject
    service = "codebuild"
    outputs: ClassVar[Mapping[str, str]] = {"id": "arn", "arn": "arn", "name": "name"}
    actions = Actions(
        read=("codebuild:BatchGetProjects",),
        create=("codebuild:CreateProject", "iam:PassRole"),
        update=("codebuild:UpdateProject", "iam:PassRole"),
        delete=("codebuild:DeleteProject",),
    )
    arns: ClassVar[Mapping[str, str]] = {"codebuild:project": "project/{aws_name}"}
    passes_to = "codebuild.amazonaws.com"

    def items(self, aws: Aws, scope: Scope) -> list[Item]:
        """By name; those that the tagging API proposes beside them."""
        wanted = {str(getattr(want, "aws_name", "")) for want in scope.of(self.resource.kind)}
        names = sorted(wanted | {arn.rpartition("/")[2] for arn in scope.proposed(aws, self.resource.kind)})
        batches = [names[i : i + _A_CALL] for i in range(0, len(names), _A_CALL)]

        def ask(some: list[str]) -> list[Item]:
            found: list[Item] = aws.client("codebuild").batch_get_projects(names=some)["projects"]
            return found

        return [item for found in aws.each(ask, batches) for item in found]

    def tags(self, aws: Aws, scope: Scope, items: list[Item]) -> list[Mapping[str, str]]:
        """Inline."""
        return Kind.tags(self, aws, scope, items)

    def predict(self, want: BuildProject, account: str, region: str, partition: str) -> Mapping[str, Any]:
        """Its ARN is made of its name."""
        arn = f"arn:{partition}:codebuild:{region}:{account}:project/{want.aws_name}"
        return {"id": arn, "arn": arn, "name": want.aws_name}

    def create(self, aws: Aws, want: BuildProject) -> Item:
        """Until the role is known everywhere AWS says InvalidInputException."""
        made: Item = aws.client("codebuild").create_project(**_input(want, want.tags))["project"]
        return made

    def update(self, aws: Aws, want: BuildProject, live: Live[BuildProject], changed: frozenset[str]) -> None:
        """As a whole. Tags that others put there go with ours, since AWS replaces them all."""
        everything = _input(want, {**live.resource.tags, **want.tags})
        aws.client("codebuild").update_project(**everything)

    def delete(self, aws: Aws, live: Live[BuildProject]) -> None:
        """One that is gone already is no error to AWS."""
        aws.client("codebuild").delete_project(name=live.outputs["name"])

    @classmethod
    def example(cls) -> Sequence[Resource]:
        """Builds images, for which it needs privileges."""
        roles = [
            Role(name=name, aws_name=f"contract-{name}", trust=trust("codebuild.amazonaws.com"))
            for name in ("build", "other")
        ]
        project = BuildProject(
            name="build",
            aws_name="contract-build",
            role=roles[0].out("arn"),
            image="aws/codebuild/standard:7.0",
            buildspec="version: 0.2\nphases:\n  build:\n    commands: [make image]\n",
            privileged=True,
            variables={"REGISTRY": Variable("123456789012.dkr.ecr.us-east-1.amazonaws.com")},
            log_group="/contract/build",
        )
        return [*roles, project]

    @classmethod
    def variations(cls) -> Mapping[str, Any]:
        """Everything otherwise."""
        _, other = (r for r in cls.example() if isinstance(r, Role))
        repository = "https://git-codecommit.us-east-1.amazonaws.com/v1/repos/contract-source"
        return {
            "role": other.out("arn"),
            "image": "aws/codebuild/amazonlinux2-aarch64-standard:3.0",
            "source": Source("CODECOMMIT", repository),
            "buildspec": "ci/buildspec.yml",
            "compute": "BUILD_GENERAL1_LARGE",
            "container": "ARM_CONTAINER",
            "variables": {"TOKEN": Variable("contract/token", "SECRETS_MANAGER")},
            "log_group": "/contract/other",
            "key": "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab",
            "description": "Builds all services",
            "timeout": 20,
            "queued_timeout": 60,
        }


def _input(want: BuildProject, marks: Mapping[str, str]) -> dict[str, Any]:
    """Both calls take the same. What is empty is sent too, since AWS keeps what is not named."""
    source = {"type": want.source.type, "buildspec": want.buildspec}
    if want.source.location:
        source["location"] = str(want.source.location)
    logs = {"status": "ENABLED", "groupName": want.log_group} if want.log_group else {"status": "ENABLED"}
    optional = {"encryptionKey": want.key} if want.key else {}
    return {
        "name": want.aws_name,
        "description": want.description,
        "source": source,
        "artifacts": {"type": "CODEPIPELINE" if want.source.type == "CODEPIPELINE" else "NO_ARTIFACTS"},
        "environment": {
            "type": want.container,
            "image": want.image,
            "computeType": want.compute,
            "privilegedMode": want.privileged,
            "environmentVariables": [
                {"name": name, "value": str(variable.value), "type": variable.type}
                for name, variable in sorted(want.variables.items())
            ],
        },
        "serviceRole": want.role,
        "timeoutInMinutes": want.timeout,
        "queuedTimeoutInMinutes": want.queued_timeout,
        "logsConfig": {"cloudWatchLogs": logs},
        "tags": tags.as_list(marks, "key", "value"),
        **optional,
    }
