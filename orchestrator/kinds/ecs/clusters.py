"""Clusters: what services and tasks are grouped under, and what capacity they may use."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from orchestrator.aws import tags
from orchestrator.aws.door import Aws
from orchestrator.aws.errors import code_of
from orchestrator.core.health import Broken, Health, Pending, Ready
from orchestrator.core.resource import Live, Resource, attr
from orchestrator.kinds.base import Actions, Item, Named
from orchestrator.kinds.ecs.base import Capacity, EcsKind, parse_capacity, render_capacity
from orchestrator.kinds.scope import Scope

_A_CALL = 100


@dc.dataclass(frozen=True, kw_only=True)
class Cluster(Named):
    """A cluster. ``container_insights`` is ``disabled``, ``enabled`` or ``enhanced``."""

    kind: ClassVar[str] = "cluster"
    naming: ClassVar[str] = "{stack}"
    name_limit: ClassVar[int] = 255
    aws_name: str = attr("clusterName", immutable=True)
    container_insights: str = attr("settings[?name=='containerInsights'].value | [0] || 'disabled'", default="disabled")
    providers: frozenset[str] = attr("capacityProviders || `[]`", parse=frozenset, default=frozenset())
    default_capacity: frozenset[Capacity] = attr(
        "defaultCapacityProviderStrategy || `[]`", parse=parse_capacity, default=frozenset()
    )


class ClusterKind(EcsKind[Cluster]):
    """A deleted cluster stays in sight as INACTIVE; its name is free again at once."""

    resource = Cluster
    outputs: ClassVar[Mapping[str, str]] = {
        "id": "clusterArn",
        "arn": "clusterArn",
        "name": "clusterName",
        "state": "attachmentsStatus",
    }
    actions = Actions(
        read=("ecs:DescribeClusters",),
        create=("ecs:CreateCluster", "ecs:TagResource", "iam:CreateServiceLinkedRole"),
        update=("ecs:UpdateCluster", "ecs:PutClusterCapacityProviders", "ecs:TagResource"),
        delete=("ecs:DeleteCluster",),
    )
    arns: ClassVar[Mapping[str, str]] = {
        "ecs:cluster": "cluster/{aws_name}",
        "ecs:task": "task/{aws_name}/*",
        "cloudwatch:alarm": "alarm:TargetTracking-service/{aws_name}/*",
    }
    linked = "ecs.amazonaws.com"
    settles = True

    def items(self, aws: Aws, scope: Scope) -> list[Item]:
        """By name; those that the tagging API proposes beside them by ARN."""
        wanted = {want.aws_name for want in scope.of(self.resource.kind) if isinstance(want, Cluster)}
        proposed = {arn.rpartition("/")[2] for arn in scope.proposed(aws, self.resource.kind)}
        names = sorted(wanted | proposed)
        batches = [names[i : i + _A_CALL] for i in range(0, len(names), _A_CALL)]

        def ask(some: list[str]) -> Any:
            include = ["TAGS", "SETTINGS", "ATTACHMENTS"]
            return aws.client("ecs").describe_clusters(clusters=some, include=include)["clusters"]

        return [c for found in aws.each(ask, batches) for c in found if c["status"] != "INACTIVE"]

    def health(self, live: Live[Cluster]) -> Health:
        """Associating capacity providers takes a while, during which AWS refuses further changes."""
        match live.outputs["state"]:
            case "UPDATE_IN_PROGRESS":
                return Pending("the capacity providers to be associated")
            case "UPDATE_FAILED":
                return Broken("the capacity providers could not be associated")
        return Ready()

    def predict(self, want: Cluster, account: str, region: str, partition: str) -> Mapping[str, Any]:
        """Its ARN is made of its name."""
        arn = f"arn:{partition}:ecs:{region}:{account}:cluster/{want.aws_name}"
        return {"id": arn, "arn": arn, "name": want.aws_name}

    def create(self, aws: Aws, want: Cluster) -> Item:
        """An active cluster of the same name is returned as it is."""
        made: Item = aws.client("ecs").create_cluster(
            clusterName=want.aws_name,
            settings=_settings(want),
            capacityProviders=sorted(want.providers),
            defaultCapacityProviderStrategy=render_capacity(want.default_capacity),
            tags=tags.as_list(want.tags, "key", "value"),
        )["cluster"]
        return made

    def update(self, aws: Aws, want: Cluster, live: Live[Cluster], changed: frozenset[str]) -> None:
        """Capacity providers are written as a whole: what is left out is taken away."""
        client = aws.client("ecs")
        if "container_insights" in changed:
            client.update_cluster(cluster=want.aws_name, settings=_settings(want))
        if changed & {"providers", "default_capacity"}:
            client.put_cluster_capacity_providers(
                cluster=want.aws_name,
                capacityProviders=sorted(want.providers),
                defaultCapacityProviderStrategy=render_capacity(want.default_capacity),
            )
        self.retag(aws, want, live, changed)

    def delete(self, aws: Aws, live: Live[Cluster]) -> None:
        """Refused while services or tasks are left in it (ClusterContainsServicesException)."""
        try:
            aws.client("ecs").delete_cluster(cluster=live.outputs["arn"])
        except Exception as error:
            if code_of(error) != "ClusterNotFoundException":  # elsewhere it means: not known everywhere yet
                raise

    @classmethod
    def example(cls) -> Sequence[Resource]:
        """Fargate, with spot capacity at hand."""
        return [
            Cluster(
                name="main",
                aws_name="contract",
                container_insights="enabled",
                providers=frozenset({"FARGATE", "FARGATE_SPOT"}),
                default_capacity=frozenset({Capacity("FARGATE")}),
            )
        ]

    @classmethod
    def variations(cls) -> Mapping[str, Any]:
        """No insights, one provider, another mix."""
        return {
            "container_insights": "disabled",
            "providers": frozenset({"FARGATE"}),
            "default_capacity": frozenset({Capacity("FARGATE", 1, 1), Capacity("FARGATE_SPOT", 3)}),
        }


def _settings(want: Cluster) -> list[dict[str, str]]:
    return [{"name": "containerInsights", "value": want.container_insights}]
