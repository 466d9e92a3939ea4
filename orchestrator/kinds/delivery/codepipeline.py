"""Pipelines: the stages that a push goes through until it runs."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, TypeAlias

from orchestrator.aws import tags
from orchestrator.aws.door import Aws
from orchestrator.aws.errors import unless_gone
from orchestrator.core.resource import Live, Resource, attr
from orchestrator.core.values import Join, Link, Ref, Secret
from orchestrator.kinds.base import Actions, Item, Named, NamedKind
from orchestrator.kinds.iam import Role, trust
from orchestrator.kinds.scope import Scope
from orchestrator.kinds.storage import Bucket

Text: TypeAlias = str | Ref[Any] | Join | Secret

_MASK = "****"


@dc.dataclass(frozen=True)
class Action:
    """A step of a stage. Steps of one ``run_order`` run together. Secrets in its configuration are never read back."""

    category: str
    provider: str
    configuration: Mapping[str, Text]
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    run_order: int = 1
    owner: str = "AWS"
    version: str = "1"
    role: Link[Role] = ""
    region: str = ""
    namespace: str = ""


@dc.dataclass(frozen=True)
class Stage:
    """A stage, with its actions by name."""

    name: str
    actions: Mapping[str, Action]


def _parse_stages(stages: Iterable[Mapping[str, Any]]) -> tuple[Stage, ...]:
    return tuple(Stage(s["name"], {a["name"]: _parse_action(a) for a in s["actions"]}) for s in stages)


def _parse_action(action: Mapping[str, Any]) -> Action:
    what = action["actionTypeId"]
    return Action(
        category=what["category"],
        provider=what["provider"],
        configuration=action.get("configuration") or {},
        inputs=tuple(a["name"] for a in action.get("inputArtifacts") or ()),
        outputs=tuple(a["name"] for a in action.get("outputArtifacts") or ()),
        run_order=action.get("runOrder") or 1,
        owner=what["owner"],
        version=what["version"],
        role=action.get("roleArn") or "",
        region=action.get("region") or "",
        namespace=action.get("namespace") or "",
    )


@dc.dataclass(frozen=True, kw_only=True)
class Pipeline(Named):
    """A pipeline, whose stages hand their artifacts on through a bucket."""

    kind: ClassVar[str] = "codepipeline"
    name_limit: ClassVar[int] = 100
    aws_name: str = attr("name", immutable=True)
    role: Link[Role] = attr("roleArn")
    bucket: Link[Bucket] = attr("artifactStore.location")
    key: Link[Any] | None = attr("artifactStore.encryptionKey.id", default=None)
    stages: tuple[Stage, ...] = attr("stages", parse=_parse_stages)
    type: str = attr("pipelineType || 'V1'", default="V2")
    mode: str = attr("executionMode || 'SUPERSEDED'", default="SUPERSEDED")


class PipelineKind(NamedKind[Pipeline]):
    """A change writes all of it, from the plan: AWS shows secrets as asterisks, and would take asterisks as secrets."""

    resource = Pipeline
    service = "codepipeline"
    outputs: ClassVar[Mapping[str, str]] = {"id": "arn", "arn": "arn", "name": "name"}
    actions = Actions(
        read=("codepipeline:GetPipeline", "codepipeline:ListTagsForResource"),
        create=("codepipeline:CreatePipeline", "codepipeline:TagResource", "iam:PassRole"),
        update=("codepipeline:UpdatePipeline", "codepipeline:TagResource", "iam:PassRole"),
        delete=("codepipeline:DeletePipeline",),
    )
    arns: ClassVar[Mapping[str, str]] = {"codepipeline:pipeline": "{aws_name}"}
    passes_to = "codepipeline.amazonaws.com"

    def items(self, aws: Aws, scope: Scope) -> list[Item]:
        """One call each; there are few."""
        wanted = {str(getattr(want, "aws_name", "")) for want in scope.of(self.resource.kind)}
        names = sorted(wanted | {arn.rpartition(":")[2] for arn in scope.proposed(aws, self.resource.kind)})
        client = aws.client("codepipeline")

        def ask(name: str) -> Item | None:
            found = unless_gone(lambda: client.get_pipeline(name=name))
            return {**found["pipeline"], "arn": found["metadata"]["pipelineArn"]} if found else None

        return [item for item in aws.each(ask, names) if item]

    def read_tags(self, aws: Aws, arn: str, item: Item) -> Mapping[str, str]:
        """One pipeline's."""
        listed = aws.pages("codepipeline", "list_tags_for_resource", "tags", resourceArn=arn)
        return tags.as_map(listed)

    def extra(self, aws: Aws, scope: Scope, item: Item) -> Mapping[str, Any]:
        """The stages, with the secrets that the plan has in place of what AWS shows of them."""
        stages = _parse_stages(item["stages"])
        wanted = self.meant(aws, scope, item)
        planned = {(s.name, n): a for want in wanted for s in want.stages for n, a in s.actions.items()}
        return {
            "stages": tuple(
                Stage(s.name, {n: _unmasked(a, planned.get((s.name, n))) for n, a in s.actions.items()}) for s in stages
            )
        }

    def predict(self, want: Pipeline, account: str, region: str, partition: str) -> Mapping[str, Any]:
        """Its ARN is made of its name."""
        arn = f"arn:{partition}:codepipeline:{region}:{account}:{want.aws_name}"
        return {"id": arn, "arn": arn, "name": want.aws_name}

    def create(self, aws: Aws, want: Pipeline) -> Item:
        """AWS runs it at once; without anything in its source that run fails, which does no harm."""
        client = aws.client("codepipeline")
        listed = tags.as_list(want.tags, "key", "value")
        made: Item = client.create_pipeline(pipeline=_declaration(want), tags=listed)["pipeline"]
        return {**made, "arn": self.predict(want, aws.account, aws.region, aws.partition)["arn"]}

    def update(self, aws: Aws, want: Pipeline, live: Live[Pipeline], changed: frozenset[str]) -> None:
        """A new version of the whole, unless only tags differ."""
        client = aws.client("codepipeline")
        if changed - {"tags"}:
            client.update_pipeline(pipeline=_declaration(want))
        if "tags" in changed:
            client.tag_resource(resourceArn=live.outputs["arn"], tags=tags.as_list(want.tags, "key", "value"))

    def delete(self, aws: Aws, live: Live[Pipeline]) -> None:
        """One that is gone already is no error to AWS."""
        aws.client("codepipeline").delete_pipeline(name=live.outputs["name"])

    @classmethod
    def example(cls) -> Sequence[Resource]:
        """Source and build."""
        roles = [
            Role(name=name, aws_name=f"contract-{name}", trust=trust("codepipeline.amazonaws.com"))
            for name in ("pipeline", "other")
        ]
        buckets = [Bucket(name=name, aws_name=f"contract-{name}-123456789012-us-east-1") for name in ("one", "two")]
        pipeline = Pipeline(
            name="main",
            aws_name="contract-main",
            role=roles[0].out("arn"),
            bucket=buckets[0].out("name"),
            stages=_stages("main"),
        )
        return [*roles, *buckets, pipeline]

    @classmethod
    def variations(cls) -> Mapping[str, Any]:
        """Everything otherwise."""
        _, other = (r for r in cls.example() if isinstance(r, Role))
        _, second = (r for r in cls.example() if isinstance(r, Bucket))
        return {
            "role": other.out("arn"),
            "bucket": second.out("name"),
            "key": "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab",
            "stages": _stages("release"),
            "type": "V1",
            "mode": "QUEUED",
        }


def _stages(branch: str) -> tuple[Stage, ...]:
    source = {"RepositoryName": "contract-source", "BranchName": branch, "PollForSourceChanges": "false"}
    token = Secret("not-a-real-token")
    tools: Mapping[str, Text] = {"Owner": "contract", "Repo": "tools", "Branch": branch, "OAuthToken": token}
    sources = {
        "source": Action("Source", "CodeCommit", source, outputs=("source",)),
        "tools": Action("Source", "GitHub", tools, outputs=("tools",), owner="ThirdParty"),
    }
    build = Action("Build", "CodeBuild", {"ProjectName": "contract-build"}, inputs=("source",))
    return Stage("Source", sources), Stage("Build", {"build": build})


def _unmasked(live: Action, want: Action | None) -> Action:
    if want is None:
        return live
    known = dict(live.configuration)
    for name, value in want.configuration.items():
        if isinstance(value, Secret) and name in known:
            shown = str(known[name])
            known[name] = value if shown == _MASK else Secret(shown)
    return dc.replace(live, configuration=known)


def _declaration(want: Pipeline) -> dict[str, Any]:
    store: dict[str, Any] = {"type": "S3", "location": want.bucket}
    if want.key:
        store["encryptionKey"] = {"id": want.key, "type": "KMS"}
    return {
        "name": want.aws_name,
        "roleArn": want.role,
        "artifactStore": store,
        "pipelineType": want.type,
        "executionMode": want.mode,
        "stages": [
            {"name": s.name, "actions": [_action(name, s.actions[name]) for name in sorted(s.actions)]}
            for s in want.stages
        ],
    }


def _action(name: str, action: Action) -> dict[str, Any]:
    kind = {"category": action.category, "owner": action.owner, "provider": action.provider, "version": action.version}
    optional = {"roleArn": action.role, "region": action.region, "namespace": action.namespace}
    return {
        "name": name,
        "actionTypeId": kind,
        "runOrder": action.run_order,
        "configuration": {
            k: v.reveal() if isinstance(v, Secret) else str(v) for k, v in sorted(action.configuration.items())
        },
        "inputArtifacts": [{"name": artifact} for artifact in action.inputs],
        "outputArtifacts": [{"name": artifact} for artifact in action.outputs],
        **{key: value for key, value in optional.items() if value},
    }
